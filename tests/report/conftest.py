"""Inspections of small networks, with names as they come and names that mean harm."""

import copy
import dataclasses

import numpy as np
import pytest

from sincviz import inspect
from tests.group_examples import group_of, manifest, row

HOSTILE = ["<script>alert(1)</script>", 'a "quoted" & <b>bold</b> one']
HOSTILE_CHANNELS = [
    "<img src=x onerror=alert(2)>",
    "C3",
    "左手",
    "Ωβ",
    "a_channel_of_thirty_characters_x",
    "$x^2$",
]


@pytest.fixture(scope="session")
def trained(network, moved, simulation):
    """A network that knows its channels and its past."""
    built = moved(network(chs_info=simulation[0].info["chs"]))
    built.scale, built.class_names = 1e6, ["left", "right"]
    built.provenance = {
        "cutoff_history_hz": [built.cutoffs().tolist()] * 3,
        "learning_curves": {
            "train_loss": [0.7, 0.6],
            "valid_loss": [0.7, 0.65],
            "valid_accuracy": [0.5, 0.6],
        },
        "reference": "average",
        "highpass_hz": 1.0,
        "lowpass_hz": 40.0,
    }
    return built.eval()


@pytest.fixture(scope="session")
def whole(trained, simulation):
    """With trials: everything is there."""
    return inspect(trained, simulation[0], progress=False)


@pytest.fixture(scope="session")
def saved(whole, tmp_path_factory):
    """A folder with everything, and the names of its files."""
    folder = tmp_path_factory.mktemp("inspection") / "new" / "deep"
    return folder, whole.save(folder, progress=False)


@pytest.fixture(scope="session")
def weights_only(trained):
    return inspect(trained, progress=False)


@pytest.fixture(scope="session")
def small(weights_only):
    """With few figures: quick to draw."""
    return dataclasses.replace(
        weights_only, response=None, spatial_filters=None, overlap=None, cutoff_history=None
    )


@pytest.fixture(scope="session")
def hostile(network, moved, simulation):
    """With names that would run, or break out of their place."""
    epochs = simulation[0].copy()
    epochs.rename_channels(dict(zip(epochs.ch_names, HOSTILE_CHANNELS, strict=True)))
    epochs.event_id = dict(zip(HOSTILE, epochs.event_id.values(), strict=True))
    built = moved(network(chs_info=epochs.info["chs"])).eval()
    built.scale, built.class_names = 1e6, HOSTILE
    return inspect(built, epochs, only=["bands", "relevance"], progress=False)


@pytest.fixture(scope="session")
def made():
    """The groups that tests have made so far; do not change them."""
    return {}


@pytest.fixture
def make(made, tmp_path, monkeypatch):
    """Group networks that exist nowhere; people share ``effect`` in alpha at C3 and C4."""

    def build(table=None, effect=1.0, replaced=None, **settings):
        table = manifest() if table is None else table
        if replaced is not None:
            return group(table, effect, replaced, settings)
        key = repr((table.to_dict("list"), effect, sorted(settings.items())))
        if key not in made:
            made[key] = group(table, effect, {}, settings)
        return copy.deepcopy(made[key])

    def group(table, effect, replaced, settings):
        rng = np.random.default_rng(1)
        subjects = dict.fromkeys(table["subject"])
        shared = {name: effect + 0.2 * rng.standard_normal() for name in subjects}
        rows = [
            row(rng, shared[name] if condition in ("", "do") else 0.0, **settings)
            for name, condition in zip(table["subject"], table["condition"], strict=True)
        ]
        for place, one in replaced.items():
            rows[place] = one
        return group_of(table, rows, tmp_path, monkeypatch)

    return build
