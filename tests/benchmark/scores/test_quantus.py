"""Where Quantus has the same quantity, it is the same number.

``SINCVIZ_QUANTUS_PYTHON`` names an interpreter with quantus; it is GPL, so that it has an environment of its own.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from sincviz.benchmark.scores.completeness import completeness_error
from sincviz.benchmark.scores.recovery import best_rank, mass, rank_accuracy, roc_area
from sincviz.benchmark.scores.sensitivity import largest_change

SCRIPT = Path(__file__).with_name("quantus_scores.py")
N_MAPS = 20


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(0)
    whole = rng.integers(-4, 5, (N_MAPS, 6, 200))
    weight = rng.integers(-3, 4, (2, 6 * 200))
    complete = whole * weight[0].reshape(6, 200)
    return {
        "values": rng.standard_normal((N_MAPS, 6, 12)),
        "true": rng.random((N_MAPS, 6, 12)) < 0.2,
        "x": rng.standard_normal((N_MAPS, 6, 50)),
        "changes": 0.1 * rng.uniform(-1, 1, (7, N_MAPS, 6, 50)),
        "whole": whole,
        "weight": weight,
        "complete": complete.astype(float),
        "incomplete": complete + 1.0,
    }


@pytest.fixture(scope="module")
def theirs(given, tmp_path_factory):
    python = os.environ.get("SINCVIZ_QUANTUS_PYTHON")
    if not python:
        pytest.skip("SINCVIZ_QUANTUS_PYTHON does not name an interpreter with quantus")
    folder = tmp_path_factory.mktemp("quantus")
    np.savez(folder / "arrays.npz", **given)
    command = [python, SCRIPT, folder / "arrays.npz", folder / "scores.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "scores.npz") as scores:
        return dict(scores)


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("area", roc_area),
        ("mass", mass),
        ("rank_accuracy", rank_accuracy),
        ("pointing", lambda values, true: best_rank(values, true) == 1),
    ],
)
def test_localisation(given, theirs, name, score):
    ours = [score(values, true) for values, true in zip(given["values"], given["true"], strict=True)]
    np.testing.assert_allclose(ours, theirs[name], atol=1e-6)
    assert len(set(ours)) > 1


def test_sensitivity(given, theirs):
    ours = largest_change(given["x"] ** 3, [(given["x"] + change) ** 3 for change in given["changes"]])
    np.testing.assert_allclose(ours, theirs["sensitivity"], rtol=1e-6)


@pytest.mark.parametrize("name", ["complete", "incomplete"])
def test_completeness(given, theirs, time_case, name):
    """Theirs is yes or no for each trial, ours a share over trials: no trial misses anything where ours is zero."""
    time_case.x = torch.from_numpy(given["whole"]).float()
    time_case.y = torch.arange(N_MAPS) % 2
    time_case.model.linear.weight.data = torch.from_numpy(given["weight"]).float()
    other = given["whole"] * given["weight"][1].reshape(6, 200)
    ours = completeness_error(time_case, {0: given[name], 1: other.astype(float)})
    assert theirs[name].all() == (ours == 0)
    assert theirs[name].any() == (ours == 0)
