"""A relevance that ignores the network fails; one that reads it passes."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from sincviz import randomization_test
from sincviz.analysis.evidence import randomization
from sincviz.analysis.evidence.randomization import _outcome, chance_size
from sincviz.analysis.statistics.ranks import spearman
from sincviz.attribution import sum_over_bands
from tests.analysis.conftest import single_thread

LAYERS = 5


def quietly(model, epochs, y=None, **settings):
    return randomization_test(model, epochs, y, progress=False, **settings)


def input_power(model, x, y):
    """A relevance that never looks at the network: the power of every cell."""
    power = np.abs(np.fft.rfft(x)).mean(0) ** 2
    frequency_hz = np.fft.rfftfreq(x.shape[2], 1 / 128)
    values = xr.DataArray(power, {"channel": np.arange(x.shape[1]), "frequency": frequency_hz}, name="power")
    return sum_over_bands(values).expand_dims(target=["left", "right"])


@pytest.fixture(scope="module")
def table(healthy, fresh):
    """The test of a relevance that reads the network."""
    with single_thread():
        return quietly(healthy, fresh, n_draws=4)


@pytest.fixture
def few(fresh):
    """As many trials as it takes to run."""
    return fresh[:16]


def test_a_relevance_that_reads_the_network_passes(table):
    assert table.attrs["outcome"] == "differs"
    assert table.attrs["size_ci_high"] < 0.5
    assert table["kind"].tolist() == ["cascading"] * LAYERS + ["independent"] * LAYERS + ["wrong class"]
    assert table["layer"].tolist()[:LAYERS] == table["layer"].tolist()[LAYERS:-1]
    assert table["layer"].tolist()[0] == "final_layer"
    assert table["layer"].tolist()[LAYERS - 1] == "sinc_filter_layer"
    assert (table["ci_low"] <= table["similarity"]).all()
    assert (table["similarity"] <= table["ci_high"]).all()


def test_the_sinc_layer_alone_changes_the_relevance(table):
    assert table.set_index(["kind", "layer"]).loc[("independent", "sinc_filter_layer"), "similarity"] < 0.9


@pytest.mark.usefixtures("one_thread")
def test_the_wrong_class_has_another_relevance(healthy, fresh, monkeypatch):
    # No layers are drawn for this row.
    monkeypatch.setattr(randomization, "layers_with_weights", lambda *_: ["final_layer"])
    for trials in ("contrast", "all"):
        wrong = quietly(healthy, fresh, n_draws=2, trials=trials, method="gradient_x_activation").iloc[-1]
        assert wrong["similarity"] < 0


@pytest.mark.usefixtures("one_thread")
def test_the_power_of_the_input_fails(healthy, few):
    table = quietly(healthy, few, n_draws=2, method=input_power)
    np.testing.assert_allclose(table["similarity"], 1)
    assert table.attrs["outcome"] == "stays"
    assert table.attrs["method"] == "the user's own"


@pytest.mark.usefixtures("one_thread")
def test_any_network_can_be_tested():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv1d(3, 8, 9),
        nn.BatchNorm1d(8),
        nn.ELU(),
        nn.AdaptiveAvgPool1d(4),
        nn.Flatten(),
        nn.Linear(32, 2),
    )
    x = np.random.default_rng(0).standard_normal((40, 3, 64)).astype(np.float32)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    table = quietly(module, x, np.resize([0, 1], 40), sfreq=64, n_draws=2)
    assert table["layer"].tolist()[:3] == ["5", "1", "0"]
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert module.training


@pytest.mark.usefixtures("one_thread")
def test_without_a_change_the_similarity_is_one(healthy, few, monkeypatch):
    monkeypatch.setattr(
        "sincviz.analysis.evidence.randomization.with_random_layers", lambda module, *_: module
    )
    table = quietly(healthy, few, n_draws=2)
    np.testing.assert_allclose(table["similarity"][:-1], 1)
    assert table.attrs["outcome"] == "stays"


@pytest.mark.usefixtures("one_thread")
def test_the_seed_decides_and_attributes_are_plain(healthy, few):
    settings = {"n_draws": 2, "method": "gradient_x_input"}
    one, same = (quietly(healthy, few, **settings) for _ in range(2))
    assert one.equals(same)
    assert all(isinstance(value, str | int | float) for value in one.attrs.values())
    assert one.attrs["method"] == "gradient_x_input"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "nonsense"}, "`method` must be one of"),
        ({"n_draws": 1}, "n_draws"),
        ({"trials": "some"}, "`trials` must be one of"),
        ({"explain": "some"}, "`explain` must be one of"),
    ],
)
def test_bad_settings_are_refused(healthy, few, settings, message):
    with pytest.raises(ValueError, match=message):
        quietly(healthy, few, **settings)


def test_unlabelled_arrays_are_refused(network):
    with pytest.raises(ValueError, match="`y` is missing"):
        quietly(network(), np.zeros((4, 6, 128)))


@pytest.mark.usefixtures("one_thread")
def test_bands_of_your_own(healthy, few):
    table = quietly(healthy, few, n_draws=2, bands={"mu": (8, 13)}, method="gradient_x_input")
    assert len(table) == 2 * LAYERS + 1


def signed_power(model, x, y):
    """A relevance that takes nothing but its sign from the network."""
    weight = next(model.parameters()).double().sum()
    return input_power(model, x, y) * float(torch.sign(torch.sin(1e4 * weight)))


@pytest.mark.usefixtures("one_thread")
def test_the_same_picture_with_its_sign_turned_stays(healthy, few):
    table = quietly(healthy, few, n_draws=3, method=signed_power)
    last = table[table["kind"] == "cascading"].iloc[-1]
    assert last["ci_low"] > -1.0 + 1e-9  # both signs came
    assert last["ci_high"] < 1.0
    assert table.attrs["size"] == pytest.approx(1)
    assert table.attrs["outcome"] == "stays"


@pytest.mark.parametrize(
    ("signed", "n_cells", "outcome"),
    [
        ([0.1, -0.2, 0.05, 0.0, -0.1, 0.15], 100, "differs"),
        ([0.9, 0.8, 0.95, 0.85, 0.9, 0.8], 100, "stays"),
        ([0.9, -0.8, 0.95, -0.85, 0.9, 0.8], 100, "stays"),
        ([-0.24, 0.34, 0.04], 6, "inconclusive"),
        ([0.9, -0.2, 0.6, 0.1, 0.5, -0.3], 6, "inconclusive"),
        ([0.5, -0.5, 1.0, 0.5, 0.5, -1.0, 0.5, 0.5, 0.5, -1.0, 0.5, -0.5], 3, "inconclusive"),
        ([1.0, -1.0, 1.0, 1.0], 3, "stays"),
        ([np.nan, 0.1], 100, "inconclusive"),
    ],
)
def test_three_outcomes_each_only_where_the_interval_says_so(signed, n_cells, outcome):
    assert _outcome(np.array(signed), chance_size(n_cells))["outcome"] == outcome


@pytest.mark.parametrize("n_cells", [3, 6, 12, 60])
def test_independent_orders_hardly_ever_stay(n_cells):
    rng = np.random.default_rng(0)
    draws = np.array(
        [spearman(rng.permutation(n_cells), np.arange(n_cells)) for _ in range(200 * 12)]
    ).reshape(200, 12)
    assert chance_size(n_cells) == pytest.approx(np.abs(draws).mean(), abs=0.03)
    outcomes = [_outcome(draw, chance_size(n_cells))["outcome"] for draw in draws]
    assert outcomes.count("stays") <= 12
    assert (outcomes.count("differs") > 190) == (n_cells > 6)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("n_chans", [1, 2, 3])
def test_few_channels_are_no_reason_to_say_that_it_stays(network, n_chans):
    x = np.random.default_rng(n_chans).standard_normal((40, n_chans, 128)).astype(np.float32)
    y = np.resize([0, 1], 40)
    table = quietly(network(n_chans=n_chans), x, y, n_draws=2, method="gradient_x_input")
    assert table.attrs["outcome"] in ("differs", "inconclusive")
