"""The section on seeds: what holds over trainings, and one line where there is only one."""

import numpy as np
import pytest

from sincviz import inspect
from sincviz.cli import terminal
from sincviz.datasets import simulate_motor_imagery
from sincviz.inspection.seeds import ONE_TRAINING, cells_over_seeds, seed_words
from sincviz.networks import Ensemble, members
from sincviz.training import fit_many


@pytest.fixture(scope="module")
def trials():
    return [
        simulate_motor_imagery(120, n_chans=6, sfreq=128, duration=1.0, snr_db=20, seed=seed)[0]
        for seed in (1, 2)
    ]


@pytest.fixture(scope="module")
def trained(network, trials):
    model = network(chs_info=trials[0].info["chs"])
    settings = {"max_epochs": 8, "lr": 0.01, "batch_size": 16, "validation": 0}
    return fit_many(model, trials[0], seeds=4, progress=False, **settings)


@pytest.fixture(scope="module")
def inspection(trained, trials):
    return inspect(trained, trials[1], only=["seeds"], progress=False)


def test_the_words_say_how_far_seeds_agree_and_which_cells_hold(inspection):
    assert inspection.verdict["readable"]
    first, second = seed_words(inspection)
    row = inspection.seed_agreement.iloc[0]
    start = (
        "For left against right, stable over seeds"
        if row["stable"]
        else "Unstable over seeds, for left against right"
    )
    assert first.startswith(start)
    table = cells_over_seeds(inspection)
    holds = table[table["established"] & table["holds"]]
    assert f"{len(holds)} hold" in second
    for name in (holds["channel"] + " " + holds["band"]).head(3):
        assert name in second


def test_below_the_limit_the_word_is_unstable_on_screen_and_page(inspection, monkeypatch, tmp_path):
    monkeypatch.setitem(inspection.seed_agreement, "stable", [False])
    assert seed_words(inspection)[0].startswith("Unstable over seeds")
    assert "Unstable over seeds" in " ".join(repr(inspection).split())
    inspection.report(tmp_path / "page.html", progress=False)
    page = (tmp_path / "page.html").read_text("utf-8")
    # Above the question that it belongs to, and above what the decision rests on.
    assert page.index("Unstable over seeds, for left against right: what 4 seeds") < page.index(
        "Shares are of the class"
    )
    assert "Unstable over seeds, for left against right: see above." in page
    with terminal.console.capture() as printed:
        terminal.print_summary(inspection)
    assert "Unstable over seeds" in printed.get()


def test_files_have_every_cell_and_every_seed(inspection, tmp_path):
    names = inspection.save(tmp_path / "folder", progress=False)
    assert {"tables/seeds.csv", "tables/seed_agreement.csv", "arrays/seeds.nc", "figures/seeds.png"} <= set(
        names
    )
    assert dict(inspection.seeds.sizes) == {"seed": 4, "target": 1, "band": 6, "channel": 6}


def test_a_single_network_is_told_what_would_show_more(trained, trials):
    alone = inspect(members(trained)[0], trials[1], only=["seeds"], progress=False)
    assert alone.seeds is None
    assert "seeds" not in alone.missing
    assert seed_words(alone) == [ONE_TRAINING]
    assert seed_words(inspect(Ensemble(members(trained)[:1]), only=["seeds", "bands"], progress=False)) == [
        ONE_TRAINING
    ]


def test_without_trials_it_says_that_it_needs_them(trained):
    found = inspect(trained, only=["seeds", "bands"], progress=False)
    assert "needs trials" in found.missing["seeds"]
    assert seed_words(found) == []


def test_trials_of_the_training_show_nothing(trained, trials):
    found = inspect(trained, trials[0], only=["seeds"], progress=False)
    assert "seen_trials" in found.verdict["reasons"]
    assert seed_words(found) == []


@pytest.mark.slow
def test_a_whole_inspection_of_an_ensemble_lacks_nothing_but_a_learning_curve(trained, trials, tmp_path):
    found = inspect(trained, trials[1][:60], progress=False)
    assert set(found.missing) == {"learning_curves"}
    assert "file by file" in found.missing["learning_curves"]
    assert np.unique(found.bands["seed"]).tolist() == [0, 1, 2, 3]
    found.report(tmp_path / "page.html", progress=False)
