"""What is kept of a network adds up to what its scores say."""

import json

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz import EpochsError, inspect, load_checkpoint, temporal_relevance
from sincviz.evidence import accuracies, predictions
from sincviz.population.manifest import read_manifest
from sincviz.population.rows.inspection import binned, inspect_row, row_dataset, score_deviation
from sincviz.population.rows.settings import RowSettings
from sincviz.population.rows.windows import in_windows
from sincviz.trials.identity import trial_fingerprints
from sincviz.trials.recordings import recording_facts


@pytest.fixture(scope="module")
def row(manifest):
    return read_manifest(manifest).iloc[0].to_dict()


@pytest.fixture(scope="module")
def dataset(row):
    return inspect_row(row, RowSettings())


def test_cells_add_up_to_the_distance_of_the_classes(dataset, row, people):
    table = predictions(load_checkpoint(row["checkpoint"]), people["ann"])
    for name in ("left", "right"):
        own = table["true"] == name
        inside, outside = table.loc[own, f"score_{name}"], table.loc[~own, f"score_{name}"]
        variance = (11 * inside.var() + 11 * outside.var()) / 22
        distance = (inside.mean() - outside.mean()) / np.sqrt(variance)
        for cells in (dataset["band_contrast"], dataset["frequency_contrast"], dataset["time_contrast"]):
            assert float(cells.sel(target=name).sum()) == pytest.approx(distance, abs=1e-3)


def test_all_that_is_compared_is_there(dataset):
    assert dict(dataset["pattern"].sizes) == {"filter": 4, "depth": 2, "channel": 6}
    np.testing.assert_allclose((dataset["amplitude"] ** 2).sum("response_frequency"), 1.0)
    np.testing.assert_allclose(dataset["occupancy"].sum("band"), 1.0, atol=1e-6)
    assert dict(dataset["importance"].sizes) == {"filter": 4, "depth": 2}
    assert (dataset["measured_low_hz"] < dataset["measured_high_hz"]).all()
    own = np.einsum("iib->ib", dataset["exchanged_occupancy"].to_numpy()).mean(0)
    np.testing.assert_allclose(own, dataset["occupancy"].sel(training="after"), atol=1e-5)
    assert not np.isnan(dataset["x"]).any()
    assert dataset.attrs["held_out"] == "unknown"
    assert json.loads(dataset.attrs["network"])["n_filters"] == 4


def test_windows_of_time_hold_what_relevance_in_time_says(dataset, row, people):
    model = load_checkpoint(row["checkpoint"])
    course = temporal_relevance(model, people["ann"], trials="contrast", progress=False)  # left against right
    deviation = score_deviation(predictions(model, people["ann"]))
    margin = (dataset["time_contrast"] * deviation).sum("target")
    assert dataset["time_contrast"].dims == ("target", "channel", "time")
    assert dataset["time_contrast"].attrs["units"] == dataset["band_contrast"].attrs["units"]
    np.testing.assert_array_equal(dataset["time_high_s"][:-1], dataset["time_low_s"][1:])
    expected = in_windows(course.isel(target=0))
    np.testing.assert_allclose(margin, expected, atol=2e-3 * np.abs(expected).max())


def test_chance_is_what_it_is_for_one_network(dataset, row, people):
    table = accuracies(predictions(load_checkpoint(row["checkpoint"]), people["ann"])).loc["all"]
    for name in ("accuracy", "majority", "balanced_accuracy", "chance_level", "p", "above_chance"):
        assert dataset.attrs[name] == table[name]
    assert "unknown_trials" in json.loads(dataset.attrs["not_readable_because"])


def test_naming_the_frequent_class_is_chance(row, people):
    model = load_checkpoint(row["checkpoint"])
    model.final_layer.bias.data[0] += 1e3
    trials = mne.concatenate_epochs([people["ann"]["left"], people["ann"]["right"][:3]], verbose="error")
    attrs = row_dataset(_parts(model), inspect(model, trials, only=["relevance"], progress=False)).attrs
    assert attrs["accuracy"] == attrs["majority"] == 0.8
    assert attrs["balanced_accuracy"] == attrs["chance_level"] == 0.5


@pytest.mark.parametrize(("highpass_hz", "held_out"), [(0.0, "yes"), (8.0, "unknown")])
def test_trials_that_were_prepared_otherwise_are_not_called_held_out(row, people, highpass_hz, held_out):
    model = load_checkpoint(row["checkpoint"])
    known = trial_fingerprints(people["bea"].get_data(verbose="error"))
    model.provenance |= recording_facts(people["ann"]) | {"training_trials": known}
    model.provenance["highpass_hz"] += highpass_hz
    dataset = inspect(model, people["ann"], only=["relevance"], progress=False)
    assert row_dataset(_parts(model), dataset).attrs["held_out"] == held_out


def test_a_network_of_unknown_history_is_read_where_the_user_says_that_trials_are_new(dataset, row):
    said = inspect_row(row, RowSettings(held_out=True))
    assert said.attrs["held_out"] == "said"
    reasons, said_reasons = (json.loads(one.attrs["not_readable_because"]) for one in (dataset, said))
    assert set(reasons) - set(said_reasons) == {"unknown_trials"}
    xr.testing.assert_allclose(said["band_contrast"], dataset["band_contrast"])
    assert RowSettings().facts | {"held_out": True} == RowSettings(held_out=True).facts


def test_trials_of_the_training_stay_known_whatever_the_user_says(row, people):
    model = load_checkpoint(row["checkpoint"])
    model.provenance["training_trials"] = trial_fingerprints(people["ann"].get_data(verbose="error"))
    dataset = inspect(model, people["ann"], only=["relevance"], held_out=True, progress=False)
    assert row_dataset(_parts(model), dataset).attrs["held_out"] == "no"


def test_a_file_holds_the_same(dataset, tmp_path):
    dataset.to_netcdf(tmp_path / "row.nc", engine="scipy")
    again = xr.load_dataset(tmp_path / "row.nc", engine="scipy")
    xr.testing.assert_equal(again, dataset)
    assert again.attrs == dataset.attrs


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=6), st.floats(0.1, 10), st.floats(-5, 5))
def test_the_deviation_is_of_the_scale_and_not_of_the_names(scores, factor, shift):
    table = pd.DataFrame({"true": list("ababab"), "score_a": scores})
    swapped = table.assign(true=list("bababa"))
    moved = table.assign(score_a=factor * table["score_a"] + shift)
    deviation = score_deviation(table).item()
    assert score_deviation(swapped).item() == pytest.approx(deviation, abs=1e-9)
    assert score_deviation(moved).item() == pytest.approx(factor * deviation, abs=1e-6)


@given(st.integers(2, 40), st.floats(0.05, 3))
def test_bins_keep_the_sum(n_frequencies, step_hz):
    rng = np.random.default_rng(n_frequencies)
    values = xr.DataArray(
        rng.standard_normal((2, n_frequencies, 3)),
        {"frequency": step_hz * np.arange(n_frequencies)},
        ("target", "frequency", "channel"),
    )
    summed = binned(values)
    assert summed.dims == values.dims
    np.testing.assert_allclose(summed.sum("frequency"), values.sum("frequency"), atol=1e-9)
    assert (np.diff(summed["frequency"]) >= 0.99 * min(1.0, step_hz)).all()


def test_trials_of_one_class_have_no_contrast(row, people):
    model = load_checkpoint(row["checkpoint"])
    left = people["ann"]["left"]
    with pytest.raises(EpochsError, match="no trial is of class right"):
        row_dataset(_parts(model), inspect(model, left, only=["relevance"], progress=False))


def test_unknown_classes_are_said(row, people):
    model = load_checkpoint(row["checkpoint"])
    trials = people["ann"].get_data(verbose="error") * 1e6
    with pytest.raises(EpochsError, match="class of every trial"):
        row_dataset(_parts(model), inspect(model, trials, only=["relevance"], progress=False))


def test_a_network_that_says_nothing_has_no_deviation(row, people):
    model = load_checkpoint(row["checkpoint"])
    for parameter in model.final_layer.parameters():
        parameter.data.zero_()
    with pytest.raises(ValueError, match="do not vary"):
        row_dataset(_parts(model), inspect(model, people["ann"], only=["relevance"], progress=False))


def _parts(model):
    from sincviz.networks import front_end

    return front_end(model)
