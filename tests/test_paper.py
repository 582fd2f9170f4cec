"""The paper: its numbers are those of their sources, and it has the form that the journal asks for."""

import re
from datetime import datetime
from pathlib import Path

import pytest

try:
    from paper import numbers, sources
except ModuleNotFoundError as missing:
    if missing.name not in ("paper", "benchmarks"):
        raise
    pytest.skip("there is no paper/ here: it is not part of every package", allow_module_level=True)

ROOT = Path(__file__).parents[1]
PAPER = ROOT / "paper"
SECTIONS = [
    "Summary",
    "Statement of need",
    "State of the field",
    "Software design",
    "Validation and limits",
    "Research impact statement",
    "AI usage disclosure",
    "Acknowledgements",
    "References",
]
NOT_MEASURED = ("95 %", "below 4 Hz")
"""Digits in the text that choose what is measured."""


@pytest.fixture(scope="module")
def found():
    return sources.all_numbers()


@pytest.fixture(scope="module")
def text():
    return (PAPER / "paper.md").read_text("utf-8")


@pytest.fixture(scope="module")
def template():
    return (PAPER / "template.md").read_text("utf-8")


@pytest.fixture(scope="module")
def entries():
    """Return the fields of each reference by its key."""
    parts = re.split(r"^@\w+\{", (PAPER / "paper.bib").read_text("utf-8"), flags=re.MULTILINE)[1:]
    keys = [part.partition(",")[0] for part in parts]
    assert len(set(keys)) == len(keys)
    return {
        key: dict(re.findall(r"^  (\w+) = \{(.*)\},?$", part, re.MULTILINE))
        for key, part in zip(keys, parts, strict=True)
    }


def without_front_matter(text):
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


def figures(text):
    """Return the captions and paths of figures, each of which stands alone in its paragraph."""
    return re.findall(r"(?:^|\n\n)!\[([^\]]+)\]\(([^)]+)\)(?=\n\n)", text)


def test_the_text_has_the_numbers_of_the_sources(found, template, text):
    assert text == numbers.rendered(template, found), "run: python -m paper.numbers --write"


def test_another_number_in_the_text_is_found(found, text, tmp_path, monkeypatch, capsys):
    measured = found["measured_width"].text
    assert f"pass {measured} Hz" in text
    changed = tmp_path / "paper.md"
    changed.write_text(text.replace(f"pass {measured} Hz", "pass 4.0 Hz"), encoding="utf-8")
    monkeypatch.setattr(numbers, "PAPER", changed)
    monkeypatch.setattr(numbers, "all_numbers", lambda: found)
    monkeypatch.setattr("sys.argv", ["numbers"])
    with pytest.raises(SystemExit, match=r"python -m paper\.numbers --write"):
        numbers.main()
    assert "pass 4.0 Hz" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["numbers", "--write"])
    numbers.main()
    assert changed.read_text("utf-8") == text


def test_every_number_is_of_a_source(template):
    rest = numbers.NAME.sub("", without_front_matter(template))
    rest = re.sub(r"\]\([^)]+\)|@\w+", "", rest)
    for phrase in NOT_MEASURED:
        assert phrase in " ".join(rest.split())
        rest = rest.replace(phrase, "")
    assert not re.findall(r".*\d.*", rest)


def test_a_name_without_a_source_and_a_number_that_is_not_used_are_errors():
    one = {"one": sources.Number("1", "here", ("true",))}
    assert numbers.rendered("{{one}} Hz", one) == "1 Hz"
    with pytest.raises(ValueError, match="No source gives two"):
        numbers.rendered("{{one}} {{two}}", one)
    with pytest.raises(ValueError, match="does not use one"):
        numbers.rendered("none", one)


def test_what_measures_a_number_exists(found):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for number in found.values():
        assert (
            not number.source.startswith(("benchmarks", "docs", "tests")) or (ROOT / number.source).exists()
        )
        assert number.commands
    for command in {command for number in found.values() for command in number.commands}:
        if command.startswith("rm -r "):
            assert (ROOT / command.removeprefix("rm -r ")).is_dir()
        elif command.startswith("make "):
            assert command.removeprefix("make ") in targets
        elif command.startswith("python -m "):
            path = ROOT / command.split()[2].replace(".", "/")
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
        else:
            assert (ROOT / re.fullmatch(r"python (\S+)( .*)?", command)[1]).is_file()


def test_the_table_names_every_number_with_its_source_and_command(found):
    table = numbers.table(found)
    for name, number in found.items():
        part = next(part for part in table.split("\n\n") if part.startswith(f"{number.source}\n"))
        assert re.search(rf"^ +{re.escape(number.text)}  {name}$", part, re.MULTILINE)
        assert all(f"\n    {command}\n" in part for command in number.commands)


@pytest.mark.parametrize(
    ("value", "written"),
    [(4.107e-7, r"$4 \times 10^{-7}$"), (1e-5, "$10^{-5}$"), (0.02, r"$2 \times 10^{-2}$")],
)
def test_small_numbers_are_written_as_formulas(value, written):
    assert sources.power_of_ten(value) == written


def test_it_is_as_long_as_the_journal_allows(text):
    assert 750 <= numbers.words(text) <= numbers.MAX_WORDS == 1000


def test_captions_code_references_and_front_matter_are_no_words_of_the_text():
    text = (
        "---\ntitle: one two\n---\n\n# Three\n\nFour `five` [@six2006; @seven2007], $8 + 8$ – nine.\n\n"
        "![Ten\neleven `twelve`.](figure.png)\n\n```\nthirteen\n```\n\n# References\n\nfourteen\n"
    )
    assert numbers.words(text) == len(["Three", "Four", "five", "8 + 8", "nine"])
    assert numbers.words("As @six2006 say.\n") == len(["As", "Six", "et", "al.", "(2006)", "say."])


def test_it_has_the_sections_of_the_journal(text):
    assert re.findall(r"^#+ (.+)$", text, re.MULTILINE) == SECTIONS


def test_the_front_matter_is_complete_and_says_what_must_be_filled_in(text):
    front = text.split("---\n")[1]
    for field in ("title", "tags", "authors", "affiliations", "date", "bibliography"):
        assert re.search(rf"^{field}:", front, re.MULTILINE)
    assert (PAPER / re.search(r"^bibliography: (.+)$", front, re.MULTILINE)[1]).is_file()
    assert datetime.strptime(re.search(r"^date: (.+)$", front, re.MULTILINE)[1], "%d %B %Y")
    open_places = [line for line in front.splitlines() if "TO FILL IN" in line]
    if "The sincviz developers" in front:
        assert len(open_places) == 2
        assert "`TO FILL IN`" in (PAPER / "README.md").read_text("utf-8")
    assert "orcid:" not in front or not open_places


def test_the_use_of_ai_is_disclosed_in_two_sentences(text):
    disclosure = text.partition("# AI usage disclosure\n")[2].partition("\n#")[0]
    assert "Generative AI wrote" in disclosure
    assert len(re.findall(r"\.(?:\s|$)", disclosure)) == 2


def test_what_is_cited_has_a_reference_and_what_has_a_reference_is_cited(text, entries):
    assert set(re.findall(r"@(\w+)", without_front_matter(text))) == set(entries)


def test_references_have_authors_titles_years_and_addresses(entries):
    addresses = []
    for key, fields in entries.items():
        assert {"author", "title", "year"} <= set(fields), key
        assert key.endswith(fields["year"])
        assert "doi" in fields or fields.get("url", "").startswith("https://"), key
        if "doi" in fields:
            assert re.fullmatch(r"10\.\d{4,9}/[\w.;()/:-]+", fields["doi"]), key
        addresses.append(fields.get("doi") or fields["url"])
    assert len(set(addresses)) == len(addresses)
    assert list(entries) == sorted(entries)


def test_references_are_those_of_the_page_on_what_comes_from_whom(entries):
    page = ROOT / "docs" / "lineage.md"
    if not page.exists():
        pytest.skip("there is no docs/ here: the pages are not part of every package")
    listed = re.findall(r"^- (.+)$", page.read_text("utf-8").partition("\n## References\n")[2], re.MULTILINE)
    same = 0
    for fields in entries.values():
        surname = fields["author"].partition(",")[0].replace(r"{\"a}", "ä")
        for reference in listed:
            if reference.startswith(f"{surname}, ") and f"({fields['year']})" in reference:
                same += 1
                title = re.sub(r"[{}]", "", fields["title"])
                assert title.casefold() in reference.casefold()
                address = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields["url"]
                assert reference.endswith(f"<{address}>")
    assert same >= 8


def test_figures_exist_have_captions_and_are_referred_to(text):
    shown = figures(text)
    assert len(shown) == text.count("![") == 2
    for caption, path in shown:
        picture = PAPER / path
        assert picture.read_bytes().startswith(b"\x89PNG")
        label = re.search(r"\\label\{(fig:\w+)\}$", caption)[1]
        assert rf"\autoref{{{label}}}" in numbers.body(text)
        target = re.search(r"Made by `make ([\w-]+)`\.", caption)[1]
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
