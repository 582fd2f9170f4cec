"""How far the cut-offs moved, and what the training remembers of their way."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sincviz import learned_bands, load_checkpoint, save_checkpoint
from sincviz.filters import cutoff_drift, cutoff_history
from sincviz.networks import front_end
from sincviz.networks.cutoff_table import cutoff_table
from sincviz.training import fit


def test_an_untrained_network_has_not_moved(network):
    drift = cutoff_drift(network())
    assert (drift["verdict"] == "unmoved").all()
    assert (drift[["center_shift_hz", "width_change_hz"]] == 0).all(axis=None)
    assert drift.attrs["initial_from"] == "the settings of the network"


def moved_by(model, low_hz, bandwidth_hz):
    """Move the cut-offs of the first filter."""
    with torch.no_grad():
        model.sinc_filter_layer.low_freqs[0, 0] += low_hz
        model.sinc_filter_layer.bandwidths[0, 0] += bandwidth_hz
    return model


@given(low_hz=st.floats(-5, 20, width=32), bandwidth_hz=st.floats(-3.5, 10, width=32))
def test_shift_and_change_are_those_of_the_parameters(network, low_hz, bandwidth_hz):
    drift = cutoff_drift(moved_by(network(), low_hz, bandwidth_hz)).loc[0]
    assert drift["center_shift_hz"] == pytest.approx(low_hz + bandwidth_hz / 2, abs=1e-5)
    assert drift["width_change_hz"] == pytest.approx(bandwidth_hz, abs=1e-5)
    assert (drift["initial_low_hz"], drift["initial_high_hz"]) == (8, 12)
    assert drift["low_hz"] == pytest.approx(8 + low_hz, abs=1e-5)
    assert drift["high_hz"] == pytest.approx(12 + low_hz + bandwidth_hz, abs=1e-5)


BARELY = [
    (0.2, 0.0, "unmoved"),
    (-0.2, 0.0, "unmoved"),
    (0.25, 0.0, "moved"),
    (-0.3, 0.0, "moved"),
    (0.0, 0.3, "moved"),
    (0.2, 0.1, "moved"),
    (0.3, -0.3, "moved"),
    (0.2, -0.4, "unmoved"),
]


@pytest.mark.parametrize(("low_hz", "bandwidth_hz", "verdict"), BARELY)
def test_a_filter_has_moved_if_one_of_its_cutoffs_has(network, low_hz, bandwidth_hz, verdict):
    drift = cutoff_drift(moved_by(network(), low_hz, bandwidth_hz))
    assert drift["verdict"].tolist() == [verdict, *["unmoved"] * 3]
    assert drift.attrs["unmoved_below_hz"] == 0.25


def test_a_negative_parameter_is_not_a_move(network):
    model = network()
    with torch.no_grad():
        model.sinc_filter_layer.low_freqs *= -1
    assert (cutoff_drift(model)["verdict"] == "unmoved").all()


def test_where_filters_are_free_nothing_is_known(network):
    parts = dataclasses.replace(front_end(network()), cutoffs=None, initial_cutoffs=None)
    drift = cutoff_drift(parts)
    assert drift["verdict"].tolist() == ["unknown"] * 4
    assert drift.drop(columns="verdict").isna().all(axis=None)


def test_where_the_start_is_not_known_the_cutoffs_are_still_told(network):
    drift = cutoff_drift(dataclasses.replace(front_end(network()), initial_cutoffs=None))
    assert drift["verdict"].tolist() == ["unknown"] * 4
    assert drift["low_hz"].tolist() == [8, 9, 10, 11]


def test_cutoffs_that_are_not_finite_are_unknown(network):
    assert cutoff_drift(moved_by(network(), np.nan, 0.0))["verdict"][0] == "unknown"


def test_the_table_is_labelled(network):
    drift = cutoff_drift(network())
    assert (drift.index.name, drift.index.tolist()) == ("filter", [0, 1, 2, 3])
    assert drift.columns.tolist() == [
        "initial_low_hz", "initial_high_hz", "low_hz", "high_hz", "center_shift_hz", "width_change_hz", "verdict",
    ]  # fmt: skip
    assert drift.attrs["weights_sha256"] == front_end(network()).weights_sha256


def test_it_agrees_with_the_table_of_bands(network, moved):
    model = moved(network())
    drift, bands = cutoff_drift(model), learned_bands(model)
    for name in ("initial_low_hz", "initial_high_hz", "low_hz", "high_hz"):
        pd.testing.assert_series_equal(drift[name], bands[name])


@pytest.fixture(scope="module")
def trained(network, simulation):
    """A network that did not start where its settings say, trained for three passes."""
    epochs = simulation[0]
    start = moved_by(network(chs_info=epochs.info["chs"]), 3.0, 0.0)
    return fit(start, epochs, max_epochs=3, sinc_lr=0.5, validation=0, progress=False)


def test_what_the_training_recorded_goes_before_the_settings(trained):
    drift = cutoff_drift(trained)
    assert drift["initial_low_hz"].tolist() == [11, 9, 10, 11]
    assert drift.attrs["initial_from"] == "recorded by the training"


def test_the_history_is_that_of_the_training(trained):
    # Rounded, as it stands in the checkpoint.
    pd.testing.assert_frame_equal(
        cutoff_history(trained), trained.cutoff_history_, check_dtype=False, rtol=0, atol=1e-4
    )


def test_the_history_runs_from_the_first_cutoffs_to_the_last(trained):
    history, bands = cutoff_history(trained), learned_bands(trained)
    assert history["epoch"].unique().tolist() == [0, 1, 2, 3]
    for name in ("low_hz", "high_hz"):
        by_epoch = history.sort_values("filter", kind="stable").groupby("epoch")[name]
        np.testing.assert_allclose(by_epoch.get_group(0), bands[f"initial_{name}"], atol=1e-4)
        np.testing.assert_allclose(by_epoch.get_group(3), bands[name], atol=1e-4)


def test_the_history_survives_a_checkpoint(trained, tmp_path):
    save_checkpoint(trained, tmp_path / "network.safetensors")
    again = load_checkpoint(tmp_path / "network.safetensors")
    pd.testing.assert_frame_equal(cutoff_history(again), cutoff_history(trained))
    pd.testing.assert_frame_equal(cutoff_drift(again), cutoff_drift(trained))


def test_without_a_record_there_is_no_history(network):
    assert cutoff_history(network()) is None


@given(st.integers(1, 4), st.integers(1, 5))
def test_a_table_has_a_row_for_every_epoch_and_filter(n_epochs, n_filters):
    cutoffs = np.random.default_rng(n_epochs).random((n_epochs, n_filters, 2)).cumsum(2)
    table = cutoff_table(cutoffs)
    assert len(table) == n_epochs * n_filters
    for row in table.itertuples():
        low, high = cutoffs[row.epoch, row.filter]
        assert (row.low_hz, row.high_hz, row.bandwidth_hz) == (low, high, high - low)
        assert row.center_hz == pytest.approx((low + high) / 2)


def test_a_file_of_a_network_that_was_never_trained_does_not_claim_a_training(network, tmp_path):
    save_checkpoint(network(), tmp_path / "network.safetensors")
    drift = cutoff_drift(load_checkpoint(tmp_path / "network.safetensors"))
    assert drift.attrs["initial_from"] == "the settings of the network"
