"""Importance against the network's own layers: what each unit adds to the scores, and how much of it counts."""

import copy
import dataclasses
from functools import partial

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from sincviz import EpochsError, learned_bands, spatial_filters
from sincviz.analysis.maps import unit_importance as importance_module
from sincviz.maps import importance, most_important
from sincviz.networks import front_end
from sincviz.trials.epochs import input_batches


@pytest.fixture
def model(network, moved, epochs):
    """A network in microvolts with three classes for the channels of the epochs."""
    model = moved(network(chs_info=epochs.info["chs"], n_outputs=3)).eval()
    model.scale = 1e6
    return model


def added_by_units(model, x):
    """What each unit adds to each score, class mean removed, shape (trials, classes, filters, depth)."""
    with torch.no_grad():
        pooled = model.feature_maps(torch.as_tensor(x, dtype=torch.float32))["pooled"].double()
    shape = (model.num_time_filters, model.depth_multiplier, -1)
    head = model.final_layer.weight.detach().double().reshape(len(model.final_layer.weight), *shape)
    return torch.einsum("kfdw,bfdw->bkfd", head - head.mean(0), pooled.reshape(len(x), *shape)).numpy()


@pytest.fixture
def trials(epochs):
    return epochs.get_data() * 1e6


def test_the_contribution_is_the_standard_deviation_of_what_the_unit_adds(model, epochs, trials):
    found = importance(model, epochs)
    np.testing.assert_allclose(found["contribution"], added_by_units(model, trials).std(0), rtol=1e-5)


def test_importance_is_the_root_mean_square_over_classes(model, epochs, trials):
    variance = added_by_units(model, trials).var(0)
    np.testing.assert_allclose(importance(model, epochs)["importance"], np.sqrt(variance.mean(0)), rtol=1e-5)


def test_units_of_a_filter_are_added_before_their_variance_is_taken(model, epochs, trials):
    variance = added_by_units(model, trials).sum(3).var(0)
    found = importance(model, epochs)["filter_importance"]
    np.testing.assert_allclose(found, np.sqrt(variance.mean(0)), rtol=1e-5)


def test_what_the_units_add_is_the_score_relative_to_the_mean_over_classes(model, trials):
    with torch.no_grad():
        scores = model(torch.as_tensor(trials, dtype=torch.float32)).double().numpy()
    bias = model.final_layer.bias.detach().double().numpy()
    added = added_by_units(model, trials).sum((2, 3)) + bias - bias.mean()
    np.testing.assert_allclose(added, scores - scores.mean(1, keepdims=True), rtol=1e-5, atol=1e-5)


def test_the_spread_of_the_features_is_the_root_mean_square_over_windows(model, epochs, trials):
    with torch.no_grad():
        pooled = model.feature_maps(torch.as_tensor(trials, dtype=torch.float32))["pooled"]
    variance = pooled.double().numpy().var(0).reshape(4, 2, -1)
    found = importance(model, epochs)["feature_std"]
    np.testing.assert_allclose(found, np.sqrt(variance.mean(2)), rtol=1e-5)


def test_without_epochs_weights_count_alone(model):
    found = importance(model)
    weights = model.final_layer.weight.detach().double().numpy().reshape(3, 4, 2, -1)
    weights = weights - weights.mean(0)
    energy = (weights**2).sum(3)
    np.testing.assert_allclose(found["contribution"], np.sqrt(energy))
    np.testing.assert_allclose(found["importance"], np.sqrt(energy.mean(0)))
    np.testing.assert_allclose(found["filter_importance"], np.sqrt(energy.sum(2).mean(0)))
    np.testing.assert_allclose(found["weight_norm"], np.sqrt(energy.sum(0)))
    assert "feature_std" not in found


@settings(max_examples=8)
@given(common=arrays(np.float32, (56,), elements=st.floats(-5, 5, width=32)))
def test_what_all_classes_have_in_common_decides_nothing(network, simulation, common):
    model = network(n_outputs=3)
    trials = simulation[0].get_data(copy=False) * 1e6
    expected, expected_of_weights = importance(model, trials), importance(model)
    with torch.no_grad():
        model.final_layer.weight += torch.from_numpy(common)
    found, found_of_weights = importance(model, trials), importance(model)
    for name in ("contribution", "importance", "filter_importance", "weight_norm"):
        size = float(abs(expected[name]).max())
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5 * size)
        np.testing.assert_allclose(found_of_weights[name], expected_of_weights[name], atol=1e-5)


def set_head(model, change):
    with torch.no_grad():
        change(model.final_layer.weight.view(3, 4, 2, -1))
    return model


@pytest.mark.parametrize("with_epochs", [False, True])
def test_a_unit_without_weights_in_the_head_has_no_importance(model, epochs, with_epochs):
    set_head(model, lambda weights: weights[:, 1, 0].zero_())
    found = importance(model, epochs if with_epochs else None)
    assert found["importance"].sel(filter=1, depth=0) == 0
    assert (found["contribution"].sel(filter=1, depth=0) == 0).all()
    assert (found["importance"] > 0).sum() == 7


def test_a_unit_with_the_same_weights_for_all_classes_has_no_importance(model, epochs):
    set_head(model, lambda weights: weights[:, 2].copy_(weights[:1, 2].clone().expand(3, -1, -1)))
    found = importance(model, epochs)
    assert found["filter_importance"].sel(filter=2) < 1e-6 * found["filter_importance"].max()


def test_a_unit_whose_feature_does_not_vary_has_no_importance(model, epochs):
    with torch.no_grad():
        model.temporal_aggregation[0].weight[3] = 0
    found = importance(model, epochs)
    for name in ("importance", "feature_std"):
        assert found[name].sel(filter=1, depth=1) < 1e-6 * found[name].max()
    assert importance(model)["importance"].sel(filter=1, depth=1) > 0


def test_units_that_cancel_leave_their_filter_without_importance(model, epochs):
    with torch.no_grad():
        model.depthwiseconv[1].weight[5] = model.depthwiseconv[1].weight[4]
        for values in model.temporal_aggregation[0].state_dict().values():
            if values.ndim:
                values[5] = values[4]
    set_head(model, lambda weights: weights[:, 2, 1].copy_(-weights[:, 2, 0]))
    found = importance(model, epochs)
    assert (found["importance"].sel(filter=2) > 0).all()
    assert found["filter_importance"].sel(filter=2) < 1e-6 * found["importance"].sel(filter=2).max()


@settings(max_examples=8)
@given(factor=st.floats(0.01, 100))
def test_importance_is_in_units_of_the_score(network, simulation, factor):
    model = network()
    trials = simulation[0].get_data(copy=False) * 1e6
    expected = importance(model, trials)["importance"]
    with torch.no_grad():
        model.final_layer.weight *= factor
    np.testing.assert_allclose(importance(model, trials)["importance"], factor * expected, rtol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_the_size_of_the_batches_does_not_matter(model, epochs, monkeypatch, batch_size):
    expected = importance(model, epochs)
    monkeypatch.setattr(importance_module, "input_batches", partial(input_batches, batch_size=batch_size))
    xr.testing.assert_allclose(importance(model, epochs), expected, rtol=1e-5)


def test_the_order_of_the_trials_does_not_matter(model, trials):
    order = np.random.default_rng(0).permutation(len(trials))
    xr.testing.assert_allclose(importance(model, trials[order]), importance(model, trials), rtol=1e-5)


def test_features_far_from_zero_keep_their_digits(network, trials):
    # The second normalisation adds 1e7 to all maps; only the small part above varies.
    model = network(activation=nn.Identity).double().eval()
    expected = importance(model, trials)["importance"]
    with torch.no_grad():
        model.temporal_aggregation[0].bias += 1e7
    np.testing.assert_allclose(importance(model, trials)["importance"], expected, rtol=1e-5)


def test_one_trial_varies_not_at_all(model, epochs):
    assert (importance(model, epochs[:1])["importance"] == 0).all()


@pytest.mark.parametrize("missing", ["head", "features"])
def test_replacing_units_with_their_mean_is_the_same_where_the_head_is_linear(model, epochs, missing):
    parts = dataclasses.replace(front_end(model), **{missing: None})
    replaced, added = importance(parts, epochs), importance(model, epochs)
    for name in ("contribution", "importance", "filter_importance"):
        np.testing.assert_allclose(replaced[name], added[name], rtol=1e-3, atol=1e-5)
    assert "weight_norm" not in replaced
    assert replaced.attrs["method"].endswith("its mean")


def test_weights_alone_need_a_linear_head(model):
    parts = dataclasses.replace(front_end(model), head=None)
    with pytest.raises(
        TypeError, match=r"only be measured on trials.*`sincviz\.importance\(model, epochs\)`"
    ):
        importance(parts)


def test_epochs_that_do_not_fit_are_refused(model, epochs):
    with pytest.raises(EpochsError, match="missing"):
        importance(model, epochs.drop_channels(["C3"]))


def test_the_network_is_not_changed(model, epochs):
    before = copy.deepcopy(model.state_dict())
    importance(model.train(), epochs)
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_arrays_and_axes_are_labelled(model, epochs):
    model.class_names = ["left", "right", "feet"]
    found = importance(model, epochs)
    assert found["contribution"].dims == ("target", "filter", "depth")
    assert found["target"].to_numpy().tolist() == ["left", "right", "feet"]
    assert found["importance"].dims == found["weight_norm"].dims == ("filter", "depth")
    assert found["filter_importance"].dims == ("filter",)
    assert found["peak_hz"].to_numpy().tolist() == learned_bands(model)["peak_hz"].tolist()
    assert "channel" not in found.coords


def test_classes_without_names_are_numbered(model):
    assert importance(model)["target"].to_numpy().tolist() == ["0", "1", "2"]


@pytest.mark.parametrize("with_epochs", [False, True])
def test_it_survives_a_file(model, epochs, tmp_path, with_epochs):
    found = importance(model, epochs if with_epochs else None)
    found.to_netcdf(tmp_path / "importance.nc", engine="scipy")
    assert xr.load_dataset(tmp_path / "importance.nc", engine="scipy").identical(found)


def test_attributes_tell_where_the_spread_comes_from(model, epochs):
    with_epochs, without = importance(model, epochs).attrs, importance(model).attrs
    assert (with_epochs["spread"], with_epochs["n_trials"]) == ("over trials", 40)
    assert (with_epochs["units"], without["units"]) == ("class score", "norm of weights")
    assert "n_trials" not in without


def test_maps_come_in_the_order_of_importance(model, epochs):
    found, filters = importance(model, epochs), spatial_filters(model)
    ordered = most_important(filters, found)
    assert ordered.dims == ("unit", "channel")
    assert ordered.sizes["unit"] == 8
    assert (np.diff(ordered["importance"]) <= 0).all()
    for one in ordered:
        unit = {"filter": int(one["filter"]), "depth": int(one["depth"])}
        np.testing.assert_array_equal(one, filters.sel(unit))
        assert one["importance"] == found["importance"].sel(unit)
        assert one["peak_hz"] == filters["peak_hz"].sel(filter=unit["filter"])


@given(values=arrays(float, (3, 2), elements=st.sampled_from([0.0, 1.0, 2.0])), most=st.integers(1, 9))
def test_the_first_of_equals_comes_first_and_no_more_are_kept_than_asked(values, most):
    found = xr.Dataset({"importance": (("filter", "depth"), values)}, {"filter": range(3), "depth": range(2)})
    maps = found["importance"].expand_dims(channel=["a"], axis=2).rename("maps")
    ordered = most_important(maps, found, most)
    expected = sorted(range(6), key=lambda unit: (-values.flat[unit], unit))[:most]
    assert (2 * ordered["filter"] + ordered["depth"]).to_numpy().tolist() == expected


def test_other_dimensions_stay_in_their_order(model):
    filters = spatial_filters(model).expand_dims(trial=[0, 1, 2], axis=0)
    assert most_important(filters, importance(model)).dims == ("unit", "trial", "channel")


@pytest.mark.parametrize(("most", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError)])
def test_fewer_than_one_is_refused(model, most, error):
    with pytest.raises(error, match="`most`"):
        most_important(spatial_filters(model), importance(model), most)


def test_maps_of_other_units_are_refused(model, network):
    with pytest.raises(ValueError, match="same units"):
        most_important(spatial_filters(network(num_time_filters=3)), importance(model))


def test_maps_of_one_filter_are_refused(model):
    with pytest.raises(ValueError, match="same units"):
        most_important(spatial_filters(model).sel(filter=0), importance(model))
