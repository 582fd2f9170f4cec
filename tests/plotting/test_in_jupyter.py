"""Drawing leaves a notebook's display of figures, and a user's settings, as they were; in a real kernel."""

import warnings

import pytest

DRAWN, EMPTY = ["image/png"], []
IMPORTS = """
import matplotlib as mpl
from matplotlib import pyplot as plt
import pandas as pd
from sincviz.plotting import journal, plot_drift, save_figure
row = {"before": 0.2, "after": 0.4, "change": 0.2, "ci_low": 0.1, "ci_high": 0.3, "by_chance": 0.0, "p": 0.004}
drift = pd.DataFrame([row], index=pd.Index(["alpha"], name="band"))
"""


@pytest.fixture(scope="module")
def shown_by():
    """Return a function that runs cells in a fresh kernel in which nobody typed ``%matplotlib inline``.

    It returns the printed words and the kinds of pictures of each cell.
    """

    def run(*cells):
        with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
            warnings.simplefilter("ignore")  # Jupyter's and its sockets' own
            pytest.importorskip("ipykernel", reason="a kernel needs sincviz[notebooks]")
            nbclient = pytest.importorskip("nbclient", reason="a kernel needs sincviz[notebooks]")
            nbformat = pytest.importorskip("nbformat", reason="a kernel needs sincviz[notebooks]")
            patch.delenv("MPLBACKEND", raising=False)
            notebook = nbformat.v4.new_notebook()
            notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in (IMPORTS, *cells)]
            nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
        found = []
        for cell in notebook.cells[1:]:
            words = "".join(output.get("text", "") for output in cell.outputs)
            kinds = [kind for output in cell.outputs for kind in output.get("data", {}) if "image" in kind]
            found.append((words.strip(), kinds))
        return found

    return run


def test_figures_are_still_shown_after_one_of_ours_and_who_switched_display_off_keeps_it_off(shown_by):
    cells = (
        "mpl.rcParams['lines.linewidth'] = 3.5",
        "figure = plot_drift(drift)",
        "figure = plot_drift(drift)",
        "line = plt.plot([1, 2])[0]",
        "print(plt.isinteractive(), line.get_linewidth(), mpl.rcParams['lines.linewidth'], plt.get_fignums())",
        "mpl.rcParams['lines.linewidth'] = 2.5\nfigure = plot_drift(drift)",
        "print(plt.isinteractive(), mpl.rcParams['lines.linewidth'])",
        "plt.ioff()",
        "figure = plot_drift(drift)",
        "print(plt.isinteractive())",
    )
    assert shown_by(*cells) == [
        ("", EMPTY),
        ("", DRAWN),
        ("", DRAWN),
        ("", DRAWN),
        ("True 3.5 3.5 []", EMPTY),
        ("", DRAWN),
        ("True 2.5", EMPTY),
        ("", EMPTY),
        ("", EMPTY),
        ("False", EMPTY),
    ]


def test_settings_and_display_end_as_without_us(shown_by):
    settings = "print({name: mpl.rcParams[name] for name in mpl.rcParams if name != 'backend'})"
    ours, nothing_of_ours = (
        shown_by(first, settings) for first in ("figure = plot_drift(drift)", "figure = plt.figure()")
    )
    assert ours[1] == nothing_of_ours[1]


def test_figures_are_shown_after_a_journals_block_and_a_saved_figure(shown_by):
    cells = (
        "with journal('nature'):\n    figure, _ = plt.subplots()",
        "line = plt.plot([1, 2])",
        "print(plt.isinteractive())",
    )
    assert shown_by(*cells) == [("", DRAWN), ("", DRAWN), ("True", EMPTY)]
    cells = (
        "import io, tempfile\nfrom matplotlib.figure import Figure\n"
        "with tempfile.TemporaryDirectory() as folder:\n    save_figure(Figure(), folder + '/a.png')",
        "line = plt.plot([1, 2])",
    )
    assert shown_by(*cells) == [("", EMPTY), ("", DRAWN)]


@pytest.mark.parametrize("missing", ["", "import sys\nsys.modules['ipywidgets'] = None\n"])
def test_an_inspection_shows_its_pictures_once(shown_by, missing):
    found = missing + (
        "from sincviz import SincShallowNet, inspect\n"
        "inspect(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128), only=['bands'], progress=False)"
    )
    assert shown_by(found, "print(plt.get_fignums())") == [("", EMPTY), ("[]", EMPTY)]
