"""Two classes are one target: what separates the first from the second, all of it and once."""

import numpy as np
import pytest
import torch
import xarray as xr

from sincviz import relevance, spectral_relevance
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.statistics.two_classes import against, first_minus_second
from sincviz.attribution import sum_over_bands
from sincviz.evidence import band_power_contrast
from sincviz.statistics import bootstrap_intervals, corrected_p

CODES = np.resize([0, 1, 1], 30)


@pytest.fixture(scope="module")
def model(network, moved):
    built = moved(network(n_outputs=2)).double()
    built.class_names = ["left", "right"]
    return built.eval()


@pytest.fixture(scope="module")
def x():
    trials = np.random.default_rng(0).standard_normal((30, 6, 128))
    trials[CODES == 0, 1] *= 4
    return trials


@pytest.fixture(scope="module")
def distance(model, x):
    """How much the difference of the scores, left minus right, differs between the trials of left and right."""
    with torch.no_grad():
        scores = model(torch.from_numpy(x)).numpy()
    difference = scores[:, 0] - scores[:, 1]
    return difference[CODES == 0].mean() - difference[CODES == 1].mean()


@pytest.mark.parametrize("measure", [relevance, spectral_relevance])
@pytest.mark.parametrize("explain", ["score", "margin", "log_probability"])
def test_shares_add_up_to_the_distance_between_the_classes(model, x, distance, measure, explain):
    found = measure(model, x, CODES, trials="contrast", explain=explain, n_steps=32)
    assert found.target.to_numpy().tolist() == ["left against right"]
    assert (found.first_class.item(), found.second_class.item()) == ("left", "right")
    assert float(found.sum()) == pytest.approx(distance, rel=5e-3)
    assert found.attrs["completeness_error"] == found.completeness_error.item() < 1e-3
    assert found.attrs["contrast_of"] == "left minus right"


@pytest.mark.parametrize("measure", [relevance, spectral_relevance])
def test_it_is_that_of_single_trials(model, x, measure):
    singles = measure(model, x, CODES, per_trial=True, n_steps=2)
    assert singles.target.to_numpy().tolist() == ["left", "right"]
    difference = singles.sel(target="left") - singles.sel(target="right")
    expected = difference[CODES == 0].mean("trial") - difference[CODES == 1].mean("trial")
    found = measure(model, x, CODES, trials="contrast", n_steps=2)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-9)
    middles = bootstrap_intervals(singles, trials="contrast", n_resamples=20)
    assert middles.target.item() == found.target.item()
    np.testing.assert_allclose(middles, found, rtol=1e-5, atol=1e-9)


@pytest.mark.filterwarnings("ignore:The shares of")
def test_the_completeness_error_is_that_of_the_difference(model, x):
    coarse = spectral_relevance(model, x, CODES, trials="contrast", method="gradient_x_input")
    singles = spectral_relevance(model, x, CODES, per_trial=True, method="gradient_x_input")
    with torch.no_grad():
        change = (model(torch.from_numpy(x)) - model(torch.zeros(1, 6, 128, dtype=torch.float64))).numpy()
    missed = singles.sum(("channel", "frequency")).to_numpy() - change
    expected = abs(missed[:, 0] - missed[:, 1]).sum() / abs(change[:, 0] - change[:, 1]).sum()
    assert coarse.attrs["completeness_error"] == pytest.approx(expected, rel=1e-4)


def test_the_order_of_the_classes_does_not_matter(model, x):
    """First minus second, trials of the first minus those of the second: twice turned round."""
    cells = sum_over_bands(spectral_relevance(model, x, CODES, per_trial=True, n_steps=2))
    turned = cells.isel(target=[1, 0])
    one, other = (bootstrap_intervals(of, trials="contrast", n_resamples=20) for of in (cells, turned))
    assert other.target.item() == "right against left"
    np.testing.assert_allclose(one.to_numpy(), other.to_numpy(), rtol=1e-9)


def test_probabilities_are_of_the_difference(model, x):
    rng = np.random.default_rng(1)
    names = np.array(["left", "right"] * 20)
    values = xr.DataArray(
        rng.standard_normal((40, 2, 5)),
        {"target": ["left", "right"], "class_name": ("trial", names)},
        ("trial", "target", "band"),
    )
    # What raises both scores in the trials of the first class separates nothing.
    values[::2, :, 1] += 4
    values[::2, 0, 2] += 4
    p = corrected_p(values, trials="contrast", n_permutations=199)
    assert p.target.item() == "left against right"
    assert (p[0] < 0.05).to_numpy().tolist() == [False, False, True, False, False]


@pytest.mark.parametrize("n_outputs", [3, 4])
def test_more_classes_stay_as_they_are(network, moved, x, n_outputs):
    built = moved(network(n_outputs=n_outputs)).eval()
    found = spectral_relevance(built, x, np.arange(30) % n_outputs, trials="contrast", n_steps=16)
    assert found.sizes["target"] == n_outputs
    assert "first_class" not in found.coords
    assert band_power_contrast(built, x, np.arange(30) % n_outputs).sizes["target"] == n_outputs


def test_two_of_three_classes_are_no_pair(network, moved, x):
    built = moved(network(n_outputs=3)).eval()
    singles = cell_relevance(built, x, np.arange(30) % 3).isel(target=[0, 1])
    assert first_minus_second(singles) is singles


def test_averages_over_all_trials_stay_of_each_class(model, x):
    assert spectral_relevance(model, x, CODES, n_steps=16).target.to_numpy().tolist() == ["left", "right"]
    assert spectral_relevance(model, x, n_steps=16).target.to_numpy().tolist() == ["left", "right"]


def test_sizes_are_not_subtracted(model, x):
    found = relevance(model, x, CODES, method="gradient", trials="contrast")
    assert found.target.to_numpy().tolist() == ["left", "right"]


def test_what_is_one_already_stays():
    pair = xr.DataArray(
        [[1.0], [2.0]], {"target": ["a", "b"]}, ("target", "band"), attrs={"trials": "contrast"}
    )
    one = against(pair)
    assert against(one) is one
    assert one.item() == 3.0
