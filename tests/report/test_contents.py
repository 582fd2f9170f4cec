"""The engine: what sections declare is measured, shown, written and said, for any kind of results."""

import dataclasses
import json
from types import SimpleNamespace

import matplotlib.figure
import pandas as pd
import pytest
import xarray as xr

from sincviz.inspection import contents as of_inspections
from sincviz.inspection.results import InspectionResults
from sincviz.population import contents as of_groups
from sincviz.population.results import GroupResults
from sincviz.report.contents import (
    Contents,
    Figure,
    Paragraph,
    Rows,
    Section,
    Sentence,
    Step,
    Summary,
    Table,
    chosen_sections,
    measure,
    reasons_of,
    steps_of,
)
from sincviz.report.folder import check_folder, write_folder, write_page
from sincviz.report.methods import methods_paragraph
from tests.shown import drawings

KINDS = pytest.mark.parametrize(
    ("contents", "results"),
    [(of_inspections.CONTENTS, InspectionResults), (of_groups.CONTENTS, GroupResults)],
    ids=["inspection", "group"],
)


def drawn(results, case=""):
    figure = matplotlib.figure.Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, f"{results.counts['n'].sum()} {case}")
    return figure


def counted(run):
    if run.broken:
        raise ValueError("Nothing to count. Pass something.")
    return (pd.DataFrame({"n": [1, 2]}, index=pd.Index(["a", "b"], name="what")),)


COUNTS = Section(
    name="counts",
    heading="Counted",
    steps=(Step("Counting", ("counts",), counted),),
    figures=(
        Figure("all", "All of them", ("counts",), drawn, lambda results: "Everything."),
        Figure(
            "each",
            "One of them",
            ("counts",),
            drawn,
            lambda results: "One.",
            cases=lambda results: list(results.counts.index),
        ),
        Figure(
            "never",
            "None of them",
            ("counts",),
            drawn,
            lambda results: "Nothing.",
            applies=lambda results: False,
        ),
    ),
    tables=(
        Table(
            "counts",
            ("counts",),
            lambda results: results.counts,
            title="In numbers",
            rows=lambda results: Rows(("What", "n"), results.counts.reset_index().to_numpy().tolist(), ""),
        ),
    ),
    arrays=("numbers",),
    summary=(Summary("sum", "How many?", lambda results: ["Three."] if results.counts is not None else []),),
    methods=lambda results: [Sentence("They were counted (Maris and Oostenveld, 2007).", ("maris",))],
)
NUMBERS = Section(
    name="numbers",
    heading="Numbers",
    steps=(
        COUNTS.steps[0],
        Step("Numbers", ("numbers",), lambda run: (xr.DataArray([1.0], dims="x", name="numbers"),)),
        Step("Never", ("never",), counted, applies=lambda run: False),
    ),
)
CONTENTS = Contents(
    sections=(COUNTS, NUMBERS),
    title=lambda results: "Of two things",
    lead_title="What was counted",
    lead=lambda results: [Paragraph("Two things.", "lead")],
    settings=lambda results: [("seed", "7")],
    facts=lambda results: {"n": 2},
    facts_file="counts.json",
)
FINDINGS = pd.DataFrame(columns=["severity", "check", "finding", "evidence", "remedy"])


def results_of(broken=False, sections=CONTENTS.sections):
    run = SimpleNamespace(results={}, missing={}, broken=broken)
    for step in steps_of(sections, run):
        measure(step, run)
    nothing = {"counts": None, "numbers": None}
    return SimpleNamespace(**(nothing | run.results), missing=run.missing, findings=FINDINGS)


def test_a_step_of_two_sections_is_taken_once_and_one_that_does_not_apply_never():
    run = SimpleNamespace(broken=False)
    assert [step.words for step in steps_of(CONTENTS.sections, run)] == ["Counting", "Numbers"]
    assert [step.words for step in steps_of((NUMBERS,), run)] == ["Counting", "Numbers"]


def test_what_a_section_declares_is_written(tmp_path):
    written = write_folder(
        results_of(), CONTENTS, CONTENTS.sections, tmp_path,
        formats=["png"], title=None, style="sincviz", overwrite=False, progress=False,
    )  # fmt: skip
    figures = ["figures/all.png", "figures/each_1.png", "figures/each_2.png"]
    others = ["arrays/numbers.nc", "counts.json", "report.html", "tables/counts.csv"]
    assert sorted(written) == sorted([*figures, *others])
    facts = json.loads((tmp_path / "counts.json").read_text())
    assert facts["summary"] == {"sum": ["Three."]}
    assert facts["n"] == 2
    page = (tmp_path / "report.html").read_text()
    for words in (
        "Of two things",
        "Counted",
        "One of them, a",
        "One of them, b",
        "How many?",
        "Three.",
        "Maris",
    ):
        assert words in page
    assert "None of them" not in page
    assert "Numbers</" not in page, "a section that shows nothing has no heading"
    with pytest.raises(FileExistsError, match="already holds"):
        check_folder(tmp_path, CONTENTS)
    (tmp_path / "tables" / "of_others.csv").write_text("mine")
    less = results_of(broken=True)
    write_folder(
        less, CONTENTS, CONTENTS.sections, tmp_path,
        formats=["png"], title=None, style="sincviz", overwrite=True, progress=False,
    )  # fmt: skip
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"arrays/numbers.nc", "counts.json", "report.html", "tables/of_others.csv"}


def test_what_is_missing_is_said_once_for_each_thing_that_shows_it(tmp_path):
    results = results_of(broken=True)
    why = "Nothing to count. Pass something."
    assert results.missing == {"counts": why}
    assert list(reasons_of(COUNTS, results)) == ["All of them", "One of them", "None of them"]
    write_page(
        results, CONTENTS, (COUNTS,), tmp_path / "page.html", title="Mine", style="sincviz", overwrite=False
    )
    page = (tmp_path / "page.html").read_text()
    assert page.count(why) == 3
    assert "How many?" not in page, "a question without an answer is not asked"


def test_a_case_that_is_missing_is_named():
    results = SimpleNamespace(counts=1, missing={"counts: b": "Too few."})
    assert reasons_of(COUNTS, results)["One of them, b"] == "Too few."


def test_a_required_step_that_fails_ends_everything():
    step = dataclasses.replace(COUNTS.steps[0], required=True)
    with pytest.raises(ValueError, match="Nothing to count"):
        measure(step, SimpleNamespace(results={}, missing={}, broken=True))


def test_the_methods_cite_what_their_sentences_name():
    text, references = methods_paragraph(results_of(), CONTENTS.sections)
    assert text == "They were counted (Maris and Oostenveld, 2007)."
    assert [one.split(",")[0] for one in references] == ["Maris"]


@pytest.mark.parametrize("only", [["counts"], ["numbers", "counts"], None])
def test_sections_come_in_their_own_order(only):
    names = [section.name for section in chosen_sections(CONTENTS.sections, only)]
    assert names == (["counts"] if only == ["counts"] else ["counts", "numbers"])


@pytest.mark.parametrize("only", [[], "counts", ["count"]])
def test_an_unknown_section_is_refused_with_those_that_there_are(only):
    with pytest.raises(ValueError, match="`only` must be a list of sections out of counts, numbers"):
        chosen_sections(CONTENTS.sections, only)


@KINDS
def test_names_are_given_once_and_mean_results(contents, results):
    fields = {field.name for field in dataclasses.fields(results)}
    for names in (
        [section.name for section in contents.sections],
        [figure.name for section in contents.sections for figure in section.figures],
        [table.name for section in contents.sections for table in section.tables if table.frame],
        [name for section in contents.sections for name in section.arrays],
        [one.name for section in contents.sections for one in section.summary],
    ):
        assert len(names) == len(set(names))
    for section in contents.sections:
        yielded = [name for step in section.steps for name in step.fields]
        needed = [name for one in (*section.figures, *section.tables) for name in one.needs]
        assert {*yielded, *needed, *section.arrays} <= fields, section.name


@KINDS
def test_every_result_is_in_a_file(contents, results):
    """What is measured can be had without Python."""
    kept = {name for section in contents.sections for name in section.arrays}
    kept |= {
        name
        for section in contents.sections
        for table in section.tables
        if table.frame
        for name in table.needs
    }
    of_facts = {"network", "trials", "verdict", "missing", "sections", "seed", "facts"}
    kept |= {"explorer"} if contents.live else set()  # the page holds it
    assert {field.name for field in dataclasses.fields(results)} - of_facts == kept


def test_the_page_of_nothing_names_no_figure():
    bare = GroupResults(pd.DataFrame({"status": []}), {}, FINDINGS)
    assert drawings(bare, of_groups.CONTENTS) == []
