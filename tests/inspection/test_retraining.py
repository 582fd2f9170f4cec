"""Networks trained anew: what a filter takes away is found, and what changes nothing is not called a change."""

import numpy as np
import pandas as pd
import pytest
import torch

from sincviz import EpochsError
from sincviz.inspection import preparation_sensitivity, retraining
from sincviz.inspection.retraining import _settings
from sincviz.preparation import EuclideanAlignment, Filter
from tests.inspection.retraining_examples import QUICK, drifting, of_mu, small


@pytest.fixture(scope="module")
def of_drift():
    return preparation_sensitivity(small(), drifting(60, 1), drifting(48, 0, "abc"), **QUICK)


@pytest.fixture(scope="module")
def of_rhythm():
    return preparation_sensitivity(small(8.0), of_mu(60, 1), of_mu(64, 0), **QUICK)


def test_without_slow_frequencies_nothing_of_a_drift_is_left(of_drift):
    first, cut = of_drift.loc["as trained"], of_drift.loc["high-pass at 4 Hz"]
    assert first["accuracy"] > 0.95
    assert first["below_4_hz"] > 0.9
    assert first["region"] in ("left frontal", "right frontal")
    assert cut["ci_low"] < 0.5 < cut["ci_high"]
    assert not cut["above_chance"]
    assert cut["accuracy_changed"]
    assert cut["change_ci_high"] < -0.1
    assert cut["roc_auc_ci_low"] < 0.5
    assert cut["highpass_hz"] == 4


def test_every_variation_has_a_row_of_its_kind(of_drift):
    assert of_drift["changed"].value_counts().to_dict() == {
        **{"nothing": 1, "highpass": 3, "reference": 1, "alignment": 1, "person": 3}
    }
    assert (of_drift["n_seeds"] == 2).all()
    assert of_drift.loc["without person a", "n_training_trials"] == 48 - 16
    assert of_drift.attrs["not_varied"] == {}
    assert of_drift.attrs["max_epochs"] == 5
    shares = of_drift.filter(regex="^share_")
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(
        of_drift["below_4_hz"], shares["share_other"] + shares["share_delta"], rtol=1e-6
    )


def test_nothing_changes_what_a_rhythm_within_all_edges_tells(of_rhythm):
    assert of_rhythm["accuracy"].min() > 0.9
    assert not of_rhythm["accuracy_changed"].any()
    edges = of_rhythm["changed"] == "highpass"
    assert edges.sum() == 3
    assert (of_rhythm.loc[edges, "bands_changed"] == "").all()
    assert of_rhythm["below_4_hz"].max() < 0.2
    assert set(of_rhythm.attrs["not_varied"]) == {"alignment", "person"}


def test_the_same_seeds_give_the_same_table_whatever_the_weights_of_the_network(of_rhythm):
    model = small(8.0)
    with torch.no_grad():
        for parameter in model.final_layer.parameters():
            parameter.fill_(7.0)
    other = preparation_sensitivity(model, of_mu(60, 1), of_mu(64, 0), **QUICK)
    pd.testing.assert_frame_equal(other, of_rhythm)


def test_aligned_networks_are_read_person_by_person():
    model = small(8.0)
    model.preparation = [Filter(4, 38), EuclideanAlignment()]
    table = preparation_sensitivity(
        model, of_mu(30, 1, "xy"), of_mu(48, 0, "ab"), **(QUICK | {"max_epochs": 3})
    )
    assert table.loc["as trained", "accuracy"] > 0.8
    assert "without Euclidean alignment" in table.index
    assert "this needs 3" in table.attrs["not_varied"]["person"]
    assert table.attrs["preparation"] == "band-pass 4–38 Hz, Euclidean alignment of each person"


def test_passes_and_validation_are_those_of_the_network():
    history = {"cutoff_history_hz": [[[1, 2]]] * 31, "learning_curves": {"train_loss": [0.5]}}
    assert _settings(history, None, 64, 1e-3, None).max_epochs == 30
    assert _settings(history, None, 64, 1e-3, None).validation == 0
    curves = {"learning_curves": {"train_loss": [0.5], "valid_loss": [0.6]}}
    assert _settings(curves, None, 64, 1e-3, None).validation == 0.2
    assert _settings({}, None, 64, 1e-3, None).max_epochs == 200
    assert _settings(history, 5, 64, 1e-3, 0.3).max_epochs == 5
    assert _settings(history, 5, 64, 1e-3, 0.3).validation == 0.3


def test_trials_that_are_in_the_training_are_refused():
    trials = of_mu(40, 0)
    with pytest.raises(EpochsError, match="10 of the 20 trials to be read are among the training trials"):
        preparation_sensitivity(small(), trials[:20], trials[10:], **(QUICK | {"max_epochs": 1}))


def test_what_cannot_be_trained_anew_is_refused():
    trials = of_mu(20, 0)
    with pytest.raises(TypeError, match=r"`training` must be mne\.Epochs"):
        preparation_sensitivity(small(), trials, trials.get_data())
    with pytest.raises(TypeError, match=r"`epochs` must be mne\.Epochs"):
        preparation_sensitivity(small(), trials.get_data(), trials)
    with pytest.raises(TypeError, match="needs a SincShallowNet"):
        preparation_sensitivity(
            torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(768, 2)), trials, trials
        )
    with pytest.raises(ValueError, match="`seeds` must be 2 or more"):
        preparation_sensitivity(small(), trials, trials, seeds=1)
    with pytest.raises(ValueError, match="`max_epochs` must be at least 1"):
        preparation_sensitivity(small(), trials, trials, max_epochs=0)
    with pytest.raises(ValueError, match="of one class"):
        preparation_sensitivity(small(), of_mu(20, 1)["left"], trials, **(QUICK | {"max_epochs": 1}))


def test_an_interruption_returns_nothing(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(retraining, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        preparation_sensitivity(small(), of_mu(20, 1), of_mu(20, 0), **QUICK)
