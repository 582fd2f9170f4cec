"""The methods of sincviz in the benchmark are its functions, and the references need no network."""

import numpy as np
import pytest
import torch

from sincviz import spectral_relevance, temporal_relevance
from sincviz.benchmark import own_methods
from sincviz.benchmark.calls import attributions
from sincviz.benchmark.methods import named_method
from sincviz.benchmark.own_methods import OWN_METHODS
from sincviz.benchmark.scores.grid import cells_of, true_cells_of
from tests.benchmark.fake_cases import frequency_case, time_case


@pytest.fixture(scope="module")
def cases():
    return {"frequency": frequency_case(), "time": time_case()}


def found(name, case):
    return attributions(named_method(f"sincviz.benchmark.own_methods:{name}"), case.model, case.x, case.y)


def test_every_name_is_a_method_with_label_and_domain():
    for name in OWN_METHODS:
        method = named_method(f"sincviz.benchmark.own_methods:{name}")
        assert method.label != name
        assert method.domain in ("frequency", "time")


@pytest.mark.filterwarnings("ignore:The shares of 'gradient_x_input'")
def test_they_are_the_functions_of_the_package(cases):
    case = cases["frequency"]
    ours = found("gradient_x_input_by_frequency", case)
    theirs = spectral_relevance(case.model, case.x.numpy(), method="gradient_x_input", per_trial=True)
    np.testing.assert_allclose(ours.values, theirs.transpose("target", "trial", ...), rtol=1e-4, atol=1e-3)
    case = cases["time"]
    ours = found("integrated_gradients_over_time", case)
    theirs = temporal_relevance(case.model, case.x.numpy(), per_trial=True)
    np.testing.assert_allclose(ours.values, theirs.transpose("target", "trial", ...), rtol=1e-4, atol=1e-4)


def test_all_classes_are_computed_at_once_and_never_from_another_network():
    seen = []

    def compute(model, x):
        seen.append(1)
        return np.stack([x.numpy() + float(model.bias[0].detach()), x.numpy()])

    method, network, x = own_methods.of_all_classes(compute), torch.nn.Linear(3, 2), torch.randn(4, 2, 3)
    first = method(network, x, 0)
    method(network, x, 1)
    assert len(seen) == 1
    network.bias.data += 1
    np.testing.assert_allclose(method(network, x, 0), first + 1, rtol=1e-5)
    method(network, x + 1, 1)
    assert len(seen) == 3


def test_ablation_of_a_linear_network_is_the_loss_of_each_cell(cases):
    """There a window's loss is its weights times the difference to the donor: all windows add up to the change."""
    case = cases["time"]
    x = case.x[:6]
    lost = own_methods._ablation_over_time(case.model, x)
    donors = own_methods._donors(6)
    assert sorted(donors) == list(range(6))
    assert (donors != np.arange(6)).all()
    with torch.no_grad():
        change = (case.model(x) - case.model(x[donors])).T
    np.testing.assert_allclose(lost.sum((2, 3)), change, rtol=1e-3, atol=1e-3)
    assert np.abs(lost[:, :, 0]).max() < 1e-4 or case.ch_names[0] == "Pz"


def test_ablation_by_frequency_ranks_the_band_of_the_network_first(cases):
    case = cases["frequency"]
    lost = own_methods._ablation_by_frequency(case.model, case.x)
    cells = np.abs(cells_of(case, np.abs(lost).mean((0, 1))))
    channel, band = np.unravel_index(cells.argmax(), cells.shape)
    assert case.ch_names[channel] in ("C3", "C4")
    assert band == 2


@pytest.mark.parametrize("domain", ["frequency", "time"])
def test_the_contrast_of_the_data_finds_the_sources_without_the_network(domain, cases):
    case = cases[domain]
    name = "class_contrast_by_frequency" if domain == "frequency" else "class_contrast_over_time"
    values = found(name, case).values
    cells, true = cells_of(case, values.mean(0)), true_cells_of(case)
    assert cells[true].mean() > 2 * cells[~true].mean()


def test_random_numbers_say_nothing_of_the_class(cases):
    one, other = found("random", cases["time"]).values
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02
