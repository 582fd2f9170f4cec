"""The notebooks: stored as a reader should see them, and running from top to bottom."""

import json
import os
import re
import shutil
import warnings
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "tutorials"
if not FOLDER.is_dir():
    pytest.skip("the notebooks are not here", allow_module_level=True)

NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
RECORDED = "04_real_motor_imagery.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS = 1500  # for one cell, on a machine that does other things too
LARGEST_BYTES = 1_000_000
PATH_OF_A_MACHINE = re.compile(
    r"(?<![\w.:/-])/(home|tmp|Users|root|mnt|opt|private|srv|var)/|\b[A-Z]:\\\\?Users|site-packages|"
    + re.escape(str(FOLDER.parent))
)
PROGRESS = re.compile(r"\d+%\|| \[\d+:\d\d[<,]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def cells_of(name, kind):
    """Return the cells of a notebook as they are in the file; no package of Jupyter's is needed."""
    notebook = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def joined(lines):
    return lines if isinstance(lines, str) else "".join(lines)


def outputs_of(name):
    return [output for cell in cells_of(name, "code") for output in cell["outputs"]]


def words_of(output):
    """Return what an output says; pictures are left out."""
    data = output.get("data", {})
    return [
        joined(output.get("text", "")),
        *(joined(data[kind]) for kind in data if kind.startswith("text/")),
    ]


def warnings_in(outputs):
    """Return the lines that went to the standard error, without progress bars, which are shown where work is slow."""
    said = [joined(output["text"]) for output in outputs if output.get("name") == "stderr"]
    lines = [line for text in said for line in re.split(r"[\r\n]+", text)]
    return [line for line in lines if line.strip() and not PROGRESS.search(line)]


def told():
    path = FOLDER / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize("name", NOTEBOOKS)
class TestAsStored:
    def test_it_is_a_notebook_for_python(self, name):
        notebook = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"

    def test_it_was_run_from_top_to_bottom_without_an_error(self, name):
        counts = [cell["execution_count"] for cell in cells_of(name, "code")]
        assert counts == list(range(1, len(counts) + 1))
        assert outputs_of(name)
        assert not [one["evalue"] for one in outputs_of(name) if one["output_type"] == "error"]

    def test_no_warning_and_no_progress_bar_is_left(self, name):
        assert not [joined(one["text"]) for one in outputs_of(name) if one.get("name") == "stderr"]
        assert not [one for one in outputs_of(name) if WIDGET in one.get("data", {})]
        assert "widgets" not in json.loads((FOLDER / name).read_text(encoding="utf-8"))["metadata"]

    def test_it_is_the_same_file_when_it_shows_the_same(self, name):
        assert not [cell for cell in cells_of(name, "code") if "execution" in cell["metadata"]]  # when it ran

    def test_no_path_of_a_machine_is_in_it(self, name):
        said = [joined(cell["source"]) for kind in ("markdown", "code") for cell in cells_of(name, kind)]
        said += [text for one in outputs_of(name) for text in words_of(one)]
        assert not [text for text in said if PATH_OF_A_MACHINE.search(text)]

    def test_every_figure_is_a_picture(self, name):
        bare = [one["data"] for one in outputs_of(name) if set(one.get("data", {})) == {"text/plain"}]
        assert not [data for data in bare if "Figure" in joined(data["text/plain"])]

    def test_it_is_small(self, name):
        assert (FOLDER / name).stat().st_size < LARGEST_BYTES

    def test_it_begins_with_what_you_will_be_able_to_do(self, name):
        first = json.loads((FOLDER / name).read_text(encoding="utf-8"))["cells"][0]
        assert first["cell_type"] == "markdown"
        assert joined(first["source"]).startswith("# ")
        assert "What you will be able to do" in joined(first["source"])

    def test_it_ends_with_something_to_change(self, name):
        said = "\n".join(joined(cell["source"]) for cell in cells_of(name, "markdown"))
        assert "Change something and look" in said
        assert "Where next" in said

    def test_the_table_of_tutorials_names_it(self, name):
        assert f"({name})" in told()


def test_the_table_of_tutorials_names_no_other():
    assert set(re.findall(r"\(([^)]+\.ipynb)\)", told())) <= set(NOTEBOOKS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/home/me/x", True),
        ("in /tmp/a.fif", True),
        (r"C:\Users\me", True),
        ("https://a.org/home/x", False),
        ("x/.venv/lib/site-packages/y.py", True),
        ("a/home/b", False),
        ("µV/trial, left/right", False),
    ],
)
def test_paths_of_a_machine_are_told_from_others(text, found):
    assert bool(PATH_OF_A_MACHINE.search(text)) is found


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_from_top_to_bottom(name, tmp_path, monkeypatch):
    data = os.environ.get("SINCVIZ_TEST_DATA")
    recordings = Path(data).resolve() / "mne_data" if data else None
    chosen = {"data": "simulated"}
    if recordings and recordings.is_dir():
        chosen = {}
        monkeypatch.setenv("MNE_DATASETS_EEGBCI_PATH", str(recordings))
    assert not warnings_in(outputs_when_run(name, tmp_path, monkeypatch, chosen))


@pytest.mark.slow
@pytest.mark.skipif(RECORDED not in NOTEBOOKS, reason="the notebook is not here")
@pytest.mark.parametrize("kind", ["simulated", "own epochs"])
def test_the_notebook_on_recordings_runs_without_them(kind, tmp_path, monkeypatch):
    chosen = {"data": "simulated", "max_epochs": 5}
    if kind == "own epochs":
        from sincviz.datasets import simulate_motor_imagery

        epochs, _ = simulate_motor_imagery(100, n_chans=20, sfreq=128, duration=2.0)
        epochs.save(tmp_path / "mine-epo.fif", verbose="error")
        chosen["data"] = str(tmp_path / "mine-epo.fif")
    assert not warnings_in(outputs_when_run(RECORDED, tmp_path, monkeypatch, chosen))


def outputs_when_run(name, tmp_path, monkeypatch, chosen):
    """Run a copy of a notebook in a copy of its folder, with these values of its parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # Jupyter's and its sockets' own; those of the notebook are in its outputs
        pytest.importorskip("ipykernel", reason="notebooks need sincviz[notebooks]")
        nbclient = pytest.importorskip("nbclient", reason="notebooks need sincviz[notebooks]")
        nbformat = pytest.importorskip("nbformat", reason="notebooks need sincviz[notebooks]")
        folder = tmp_path / "tutorials"
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints", ".jupyter_cache"))
        notebook = nbformat.read(folder / name, as_version=4)
        set_parameters(notebook, chosen, nbformat)
        # A kernel shows no figure if its backend is chosen outside.
        monkeypatch.delenv("MPLBACKEND", raising=False)
        client = nbclient.NotebookClient(
            notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        )
        try:
            client.execute()
        except nbclient.exceptions.CellExecutionError as error:
            pytest.fail(f"{name}:\n{COLOURS.sub('', str(error))}")
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def set_parameters(notebook, chosen, nbformat):
    """Insert a cell after the one that is tagged ``parameters``, with those values that the notebook has."""
    for number, cell in enumerate(notebook.cells):
        if "parameters" in cell.metadata.get("tags", []):
            own = [key for key in chosen if re.search(rf"^{key} = ", cell.source, re.MULTILINE)]
            lines = [f"{key} = {chosen[key]!r}" for key in own]
            notebook.cells.insert(number + 1, nbformat.v4.new_code_cell("\n".join(lines)))
            return
