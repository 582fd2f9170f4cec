"""What every test shares: small networks, simulated epochs, figures that close themselves."""

import gc
import os
import shutil
from pathlib import Path

os.environ["MPLBACKEND"] = "Agg"

import matplotlib.pyplot as plt
import mne
import numpy as np
import pytest
import torch
from hypothesis import settings
from matplotlib.text import Text

from sincviz import SincShallowNet
from sincviz.datasets import simulate_motor_imagery
from sincviz.inspection import evidence
from sincviz.opening import network as opened
from sincviz.plotting.canvas import figure_file

mne.set_log_level("ERROR")
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("repeatable")


# With two workers, what takes minutes must not begin when the other has nothing left to do.
LONGEST = [
    *("test_checkpoint_fuzzing", "test_kills", "test_figures", "test_tutorials", "test_known_sources"),
    *("test_null_of_the_pipeline", "test_browser", "test_in_browser"),
    *("test_in_jupyter", "test_main", "test_inspection", "test_import_boundaries", "test_false_statements"),
]

N_RANDOM_NETWORKS = evidence.N_RANDOM_NETWORKS


def pytest_collection_modifyitems(items):
    """The longest files first, in this order, which `make` keeps."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


def pytest_collection_finish():
    """What imports and collection made stays until the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _small_pictures():
    """Folders and pages hold pictures of few pixels, which are written ten times as fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(figure_file._DPI, ".png", 90)
        yield


@pytest.fixture(autouse=True, scope="session")
def _few_random_networks():
    """Inspections draw as few networks as a mean can be taken of; they spend half of their time on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "N_RANDOM_NETWORKS", 2)
        yield


@pytest.fixture
def networks_of_users(monkeypatch):
    """Inspections draw as many random networks as those of users."""
    monkeypatch.setattr(evidence, "N_RANDOM_NETWORKS", N_RANDOM_NETWORKS)


@pytest.fixture
def pixels_of_print(monkeypatch):
    """Pictures as users get them."""
    monkeypatch.setitem(figure_file._DPI, ".png", 300)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def _seeded():
    """Weights that a test draws do not depend on which tests ran before it in the same process."""
    # `torch.manual_seed` keeps the stack of every call for accelerators that are not there.
    torch.default_generator.manual_seed(int(os.environ.get("SINCVIZ_TEST_SEED", "0")))


@pytest.fixture(autouse=True)
def _nothing_said_yet():
    """What is said once in a process is said in each test."""
    opened._SAID.clear()


@pytest.fixture(scope="session")
def test_data():
    """The folder with reference arrays and recordings, which is no part of the project."""
    folder = os.environ.get("SINCVIZ_TEST_DATA")
    if not folder:
        pytest.skip("SINCVIZ_TEST_DATA does not say where the reference data are")
    path = Path(folder).resolve()
    if not path.is_dir():
        pytest.skip(f"SINCVIZ_TEST_DATA is no folder: {path}")
    return path


@pytest.fixture(scope="session")
def simulation():
    """40 trials of 1 s over 6 sensorimotor channels, and what is known of their sources."""
    return simulate_motor_imagery(40, n_chans=6, sfreq=128, duration=1.0, seed=1)


@pytest.fixture
def epochs(simulation):
    return simulation[0].copy()


@pytest.fixture(scope="session")
def network():
    """Build a small network, the same for the same settings; ``chs_info`` tells the number of channels."""

    def build(seed=0, **settings):
        small = {
            "num_time_filters": 4,
            "time_filter_len": 17,
            "first_freq": 7.0,
            "pool_size": 32,
            "pool_stride": 16,
            "n_outputs": 2,
            "n_times": 128,
            "sfreq": 128,
        }
        if "chs_info" not in settings:
            small["n_chans"] = 6
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            return SincShallowNet(**(small | settings))

    return build


@pytest.fixture(scope="session")
def moved():
    """Move parameters and running statistics off their initial values, as training does."""

    def move(model, seed=0):
        rng = np.random.default_rng(seed)

        def noise(tensor):
            return torch.from_numpy(rng.standard_normal(tuple(tensor.shape))).to(tensor.dtype)

        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.3 * noise(parameter)
            for name, buffer in model.named_buffers():
                if name.endswith("running_mean"):
                    buffer += 0.3 * noise(buffer)
                elif name.endswith("running_var"):
                    buffer *= torch.exp(0.5 * noise(buffer))
        return model

    return move


@pytest.fixture(scope="session")
def misplaced_text():
    """Draw a figure and list the texts that leave the canvas or run into one another."""

    def find(figure):
        figure.draw_without_rendering()  # places everything; the pixels are not looked at
        hidden = _labels_of_ticks_out_of_view(figure)
        texts = [t for t in figure.findobj(Text) if t.get_text() and t.get_visible() and t not in hidden]
        names = [text.get_text() for text in texts]
        boxes = np.array([text.get_window_extent().extents for text in texts])
        low, high = boxes[:, :2], boxes[:, 2:]
        outside = ((low < figure.bbox.min - 0.5) | (high > figure.bbox.max + 0.5)).any(1)
        common = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        pairs = np.argwhere(np.triu((common > 0.5).all(-1), 1))
        return [f"{names[index]!r} leaves the canvas" for index in np.flatnonzero(outside)] + [
            f"{names[one]!r} runs into {names[other]!r}" for one, other in pairs
        ]

    return find


def _labels_of_ticks_out_of_view(figure):
    """Return the labels of ticks outside the limits, which Matplotlib keeps but does not draw."""
    return {
        label
        for ax in figure.axes
        for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim()))
        for tick in axis.get_major_ticks()
        if not min(limits) <= tick.get_loc() <= max(limits)
        for label in (tick.label1, tick.label2)
    }


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser():
    """Return a headless browser; what needs one is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()
