"""Every block of Python and every command on the pages runs as printed, or stands in a list with the reason why not."""

import re
import shlex
import shutil
import warnings
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import pytest
import typer

from sincviz.cli import main as cli
from tests.printed_files import recordings, write_files

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
if not DOCS.is_dir():
    pytest.skip("there is no docs/ here: the pages are not part of every package", allow_module_level=True)

BUILT = {"_build", "api", "jupyter_execute", "tutorials"}
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    if path.exists() and not BUILT & set(path.relative_to(ROOT).parts)
}
RUN = ["README.md"]
RUN += [f"docs/{name}.md" for name in ("first_steps", "command_line", "groups", "seeds_and_people")]
RUN += [name for name in PAGES if name.startswith(("docs/how_to/", "docs/explanation/"))]
PROGRAMS = ("sincviz", "python", "python3", "pip", "make", "pytest", "dask", "git", "conda", "mamba", "time")

INSTALLS = "it installs something, or changes the shell"
DEMO = "tests/cli/test_demonstration.py runs it"
BENCHMARK = "it trains and explains networks for an hour; tests/cli/test_benchmark.py runs it on few"
CLUSTER = "it waits for a cluster; tests/population runs groups on dask"
LONG = "it trains on recordings of several people for minutes; `make figures` trains such networks"
VENV = "python3 -m venv .venv && . .venv/bin/activate"
NOT_RUN = {
    ("README.md", "make demo"): DEMO,
    ("README.md", "make test"): "this is part of it",
    ("README.md", VENV): INSTALLS,
    ("README.md", 'pip install ".[test]"'): INSTALLS,
    ("README.md", "sincviz demo"): DEMO,
    ("README.md", "pytest -q"): "this is part of it",
    ("docs/first_steps.md", VENV): INSTALLS,
    ("docs/first_steps.md", "pip install ."): INSTALLS,
    ("docs/command_line.md", "sincviz benchmark"): BENCHMARK,
    ("docs/command_line.md", "sincviz demo"): DEMO,
    ("docs/command_line.md", "sincviz --install-completion"): INSTALLS,
    ("docs/groups.md", 'pip install "sincviz[cluster]"'): INSTALLS,
    ("docs/groups.md", "dask scheduler"): CLUSTER,
    ("docs/groups.md", "dask worker"): CLUSTER,
    ("docs/groups.md", "sincviz group manifest.csv --out population --backend dask"): CLUSTER,
    ("docs/groups.md", "from dask_jobqueue import SLURMCluster"): CLUSTER,
    (
        "docs/groups.md",
        'ch_names=["Fz", "C3", "Cz", "C4"],',
    ): "it is for checkpoints that lack these; ours have them",
    ("docs/explanation/example.md", "sincviz train eegbci"): LONG,
    ("docs/explanation/example.md", "epochs = sincviz.datasets.eegbci("): LONG,
}
"""What is not run: a command, or a block of Python with such a line, by the beginning of it."""

EEGNET = "docs/how_to/which_bands_does_my_eegnet_use.md"
BRAINDECODE = {
    (EEGNET, 'model = sincviz.load_checkpoint("eegnet.pt", epochs=epochs)'),
    (EEGNET, "sincviz inspect eegnet.pt --epochs my-epo.fif --held-out"),
}
"""What is run where braindecode is installed."""

RECORDED = {"docs/explanation/example.md", "docs/explanation/relevance.md"}
"""What is run where the recordings are."""

ALTERNATIVES = {"docs/command_line.md", "docs/groups.md"}
"""Pages whose blocks and commands do not follow each other."""

GIVEN = """
import mne, pandas as pd, sincviz, torch
from sincviz import attribution, statistics
from my_networks import MyNetwork
epochs, test = mne.read_epochs("train-epo.fif"), mne.read_epochs("test-epo.fif")
model = sincviz.load_checkpoint("network.safetensors")
classifier = MyNetwork(3, 2).eval()
"""
NUMBERS = """
epochs.metadata = pd.DataFrame({"age": torch.linspace(20, 60, len(epochs))})
model = sincviz.network(MyNetwork(4, 1).eval(), output_names=["age"], ch_names=epochs.info["chs"], sfreq=250, scale=1e6)
"""
"""What the pages that explain take as given."""


class Block(NamedTuple):
    """Code on a page: where it begins, ``python`` or ``shell``, and its text."""

    line: int
    kind: str
    text: str


def blocks_of(page):
    """Return the code on a page in its order; a file that is included counts as what it holds."""
    blocks, text = [], PAGES[page]
    for found in re.finditer(r"^(`{3,})([^\n`]*)\n(.*?)^\1\s*$", text, re.DOTALL | re.MULTILINE):
        info, body, line = found[2].strip(), found[3], text[: found.start()].count("\n") + 1
        if included := re.match(r"\{literalinclude\} (\S+\.py)", info):
            body = ((ROOT / page).parent / included[1]).read_text("utf-8")
            blocks.append(Block(line, "python", body))
        elif info == "python":
            blocks.append(Block(line, "python", body))
        elif info == "" and all(one.split()[0] in PROGRAMS for one in commands_of(body)):
            blocks.append(Block(line, "shell", body))
    return blocks


def commands_of(text):
    """Return the lines of a block of commands, without comments."""
    lines = (re.sub(r"(^|\s)#.*", "", one).strip() for one in text.replace("\\\n", " ").splitlines())
    return [one for one in lines if one]


def printed_commands():
    """Return page and line of every command of sincviz that is printed in a block."""
    return [
        (page, line)
        for page in PAGES
        for block in blocks_of(page)
        if block.kind == "shell"
        for line in commands_of(block.text)
        if line.split()[0] == "sincviz"
    ]


def options_of(command):
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def test_there_are_pages_with_code():
    assert {"README.md", "docs/first_steps.md", "docs/how_to/index.md"} <= set(PAGES)
    assert all(blocks_of(page) for page in RUN if page.startswith("docs/how_to/") and "index" not in page)
    assert len(printed_commands()) > 20


@pytest.mark.parametrize(("page", "line"), printed_commands())
def test_the_command_line_takes_what_is_printed(page, line):
    command = typer.main.get_command(cli.app)
    _, *words = shlex.split(line, comments=True)
    name = next((word for word in words if not word.startswith("-")), None)
    if name is None:
        assert set(words) <= options_of(command)
    else:
        # Parses without running: an unknown option, a missing file or a value of the wrong kind is an error.
        assert command.commands[name].make_context(name, words[words.index(name) + 1 :])


def test_commands_in_the_text_exist_with_their_options():
    command, n_seen = typer.main.get_command(cli.app), 0
    for page, text in PAGES.items():
        for code in re.findall(r"`(sincviz [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            words = code.replace("\n", " ").split()[1:]
            name = next((word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)), None)
            here = command if name is None else command.commands.get(name)
            assert here is not None, f"{page}: {code}"
            used = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
            assert used <= options_of(here) | {"--help"}, f"{page}: {code}"
            n_seen += 1
    assert n_seen > 20


def test_the_targets_of_make_on_the_pages_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page, text in PAGES.items():
        named = set(re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )?make ([a-z-]+)", text, re.MULTILINE))
        assert named <= targets, page


def test_the_lists_name_what_is_on_the_pages():
    for page, line in [*NOT_RUN, *BRAINDECODE]:
        code = [one.strip() for block in blocks_of(page) for one in block.text.splitlines()]
        assert any(one.startswith(line) for one in code), (page, line)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("printed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_files(folder)
    return folder


def is_listed(listing, page, text):
    lines = [one.strip() for one in text.splitlines()]
    return any(of == page and any(one.startswith(line) for one in lines) for of, line in listing)


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_a_page_runs_from_top_to_bottom(page, files, tmp_path, monkeypatch):
    if page in RECORDED and recordings() is None:
        pytest.skip("SINCVIZ_TEST_DATA does not say where the recordings are")
    if recordings() is not None:
        monkeypatch.setenv("MNE_DATASETS_EEGBCI_PATH", str(recordings()))
    monkeypatch.setattr("sincviz.cli.compare.open_page", lambda page: False)
    known = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, (kind, code) in enumerate(pieces_of(page)):
            if number == 0 or page in ALTERNATIVES:
                folder = tmp_path / str(number)
                shutil.copytree(files, folder)
                monkeypatch.chdir(folder)
                monkeypatch.syspath_prepend(str(folder))
            if number == 0 and page.startswith(("docs/explanation/", "docs/seeds_and_people", "docs/groups")):
                exec(GIVEN + NUMBERS if "numbers" in page else GIVEN, known)
            if kind == "python":
                exec(compile(code, str(ROOT / page), "exec"), known)
                plt.close("all")
            else:
                run(code)
    if page in CLAIMS:
        assert CLAIMS[page](known), "the results are not what the page says of them"


def pieces_of(page):
    """Yield blocks of Python and single commands of a page that are to be run here."""
    for block in blocks_of(page):
        python = block.kind == "python"
        for code in ["\n" * block.line + block.text] if python else commands_of(block.text):
            if not is_listed(NOT_RUN, page, code) and (
                find_spec("braindecode") or not is_listed(BRAINDECODE, page, code)
            ):
                yield block.kind, code


def run(line):
    """Run a command of sincviz in this process; it must end well."""
    program, *words = shlex.split(line, comments=True)
    assert program == "sincviz", f"{line!r} is not run; name it in NOT_RUN with the reason"
    if words[:1] == ["train"] and "--out" in words:
        Path(words[words.index("--out") + 1]).unlink(missing_ok=True)  # it is not there yet
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as errors:
        try:
            cli.main(words)
            code = 0
        except SystemExit as stopped:
            code = stopped.code or 0
    allowed = (0, 1) if words[:1] == ["check"] else (0,)  # 1: safe, but with something else in it
    assert code in allowed, f"{line}: {errors.getvalue()}"


def used_bands(known):
    return set(known["inspection"].leading_bands.index.get_level_values("band")[:2])


HOW_TO = "docs/how_to/"
CLAIMS = {
    EEGNET: lambda known: known["inspection"].verdict["readable"] and used_bands(known) == {"alpha", "beta"},
    f"{HOW_TO}where_on_the_scalp.md": lambda known: (
        known["roles"].role.squeeze("target").sel(band="beta", channel=["C3", "C4"]) == "used and informative"
    ).all(),
    f"{HOW_TO}when_in_the_trial.md": lambda known: (
        known["peaks"].nlargest(1, "relevance").eval("ci_low < 0.375 < ci_high").item()
        and known["shares"]["evoked_share"].item() > 0.9
    ),
    f"{HOW_TO}is_my_network_using_the_eyes.md": lambda known: (
        known["audit"].status["eye"] == "found"
        and known["audit"].status["subject"] == "could not be checked"
        and known["audit"].accuracy_without["eye"] < known["audit"].accuracy["eye"] - 0.1
    ),
    f"{HOW_TO}is_it_above_chance.md": lambda known: (
        known["verdicts"]
        == {
            "training trials": ["seen_trials"],
            "new trials": ["chance"],
        }
    ),
    f"{HOW_TO}explain_a_number.md": lambda known: (
        known["inspection"].verdict["readable"] and "alpha" in used_bands(known)
    ),
    f"{HOW_TO}many_subjects.md": lambda known: len(known["clusters"]) > 0,
    f"{HOW_TO}my_own_network.md": lambda known: "spatio-temporal" in repr(known["inspection"]),
}
"""What the text of a page says of its results."""
