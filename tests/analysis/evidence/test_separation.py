"""Separating properties: each kind of difference between classes is named as what it is."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfiltfilt
from torch import nn

from sincviz import network as dressed
from sincviz import training
from sincviz.datasets import simulate_motor_imagery
from sincviz.evidence import separating_properties

N_TIMES, RATE_HZ = 300, 100
ALPHA = butter(4, [8, 13], "band", fs=RATE_HZ, output="sos")


class Scores(nn.Module):
    """A network that scores what a function returns, and the opposite."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        score = self.function(x)
        return torch.stack([score, -score], 1)


def trials(kind, seed, n=100):
    """Trials of two classes that differ in one property, and a network that uses it."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.resize([0, 1], n))
    sign = np.where(y == 0, 1.0, -1.0)[:, None]
    x = sosfiltfilt(ALPHA, rng.standard_normal((n, 4, N_TIMES)))
    time_s = np.arange(N_TIMES) / RATE_HZ
    match kind:
        case "evoked response":
            template = np.sin(2 * np.pi * 10 * time_s)
            x[:, 0] += sign * template
            weights = torch.from_numpy(template).float()
            return x, y, Scores(lambda x: (x[:, 0] * weights).mean(1))
        case "power of channels":
            x[:, 0] *= 1 + 0.3 * sign
            return x, y, Scores(lambda x: x[:, 0].square().mean(1))
        case "power in time":
            x[:, 0] *= 1 + 0.5 * sign * np.where(time_s < 1.5, 1, -1)
            return x, y, Scores(lambda x: (x[:, 0, :150].square() - x[:, 0, 150:].square()).mean(1))
        case "power of a short burst":
            x[:, 0, 50:56] *= 1 + 0.8 * sign
            return x, y, Scores(lambda x: (x[:, 0, 50:56].square().mean(1) + 0.05).log())
        case "log power":
            x[:, 0] *= 1 + 0.5 * sign
            return x, y, Scores(lambda x: x[:, 0].square().mean(1).log())
        case "coupling of channels":
            x[:, 1] = sign * x[:, 0]
            return x, y, Scores(lambda x: (x[:, 0] * x[:, 1]).mean(1))
        case "lagged coupling":
            x[:, 1] = np.where(sign > 0, np.roll(x[:, 0], 3, 1), np.roll(x[:, 0], -3, 1))
            return x, y, Scores(lambda x: (x[:, 0, :-3] * x[:, 1, 3:] - x[:, 0, 3:] * x[:, 1, :-3]).mean(1))
        case _:
            phase = 2 * np.pi * 10 * time_s + rng.uniform(0, 2 * np.pi, (n, 4, 1))
            x = np.cos(phase) + 0.5 * sign[:, None] * np.cos(2 * phase)
            return x, y, Scores(lambda x: (x[:, 0] ** 3).mean(1))


NAMED = {
    "evoked response": "evoked response",
    "power of channels": "power of channels",
    "power in time": "power of channels",
    "log power": "power of channels",
    "power of a short burst": "power of channels",
    "coupling of channels": "coupling of channels",
    "lagged coupling": "coupling of channels",
    "waveform": "rest of channels",
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", NAMED)
def test_what_differs_is_named(kind, seed):
    x, y, model = trials(kind, seed)
    table = separating_properties(model, x, y, sfreq=RATE_HZ, seed=seed)
    rows = table.loc["class 0 against class 1"]
    named = NAMED[kind]
    assert rows["share"].idxmax() == named
    assert rows.loc[named, "share"] > 0.85
    assert (rows["share"].drop(named).abs() < 0.1).all()
    assert rows.loc[named, "ci_low"] > 0
    np.testing.assert_allclose(rows["share"].sum(), 1)


@pytest.mark.slow
def test_intervals_cover():
    """Of a network that uses three properties: each separation lies in its interval about as often as stated."""
    time_s = np.arange(N_TIMES) / RATE_HZ
    template = np.sin(2 * np.pi * 10 * time_s)
    weights = torch.from_numpy(template).float()

    def mixed(seed, n):
        x, y, _ = trials("power of channels", seed, n)
        sign = np.where(y == 0, 1.0, -1.0)[:, None]
        x[:, 0] += 0.2 * sign * template
        x[:, 1] = np.where(sign > 0, x[:, 0], 0.5 * (x[:, 0] + x[:, 1]))
        return x, y

    model = Scores(
        lambda x: (x[:, 0] * weights).mean(1) + x[:, 0].square().mean(1) + (x[:, 0] * x[:, 1]).mean(1)
    )
    truth = separating_properties(model, *mixed(9999, 3000), sfreq=RATE_HZ)["separation"]
    tables = [separating_properties(model, *mixed(seed, 80), sfreq=RATE_HZ, seed=seed) for seed in range(60)]
    covered = np.mean([(table["ci_low"] <= truth) & (truth <= table["ci_high"]) for table in tables], 0)
    assert (covered >= 0.87).all()
    assert np.mean(covered) <= 0.995


def test_one_artefact_does_not_change_what_is_named():
    x, y, _ = trials("log power", 0)
    x[1] *= 20
    model = Scores(lambda x: x[:, 0].square().mean(1).log())
    rows = separating_properties(model, x, y, sfreq=RATE_HZ).loc["class 0 against class 1"]
    assert rows["share"].idxmax() == "power of channels"
    assert 0.85 < rows.loc["power of channels", "share"] < 1.15


@pytest.mark.parametrize("n", [20, 130])
def test_no_channels_stay_together(n):
    x, y, model = trials("coupling of channels", 0, n)
    rows = separating_properties(model, x, y, sfreq=RATE_HZ).loc["class 0 against class 1"]
    assert abs(rows.loc["rest of channels", "share"]) < (0.2 if n == 20 else 0.05)


def test_nothing_of_nothing():
    x, y, model = trials("power of channels", 0)
    table = separating_properties(model, x, np.random.default_rng(5).permutation(y), sfreq=RATE_HZ)
    assert table["share"].isna().all()
    assert np.isfinite(table["separation"]).all()


def test_trials_are_read_class_by_class_and_left_alone():
    x, y, model = trials("power of channels", 0, n=300)
    before = x.copy()
    table = separating_properties(model, x, y, sfreq=RATE_HZ)
    np.testing.assert_array_equal(x, before)
    order = np.random.default_rng(0).permutation(len(x))
    again = separating_properties(model, x[order], y[order], sfreq=RATE_HZ)
    np.testing.assert_allclose(
        table["separation"].iloc[:2], again["separation"].iloc[:2], rtol=1e-4, atol=1e-6
    )


def test_of_a_rhythm_that_loses_power_power_is_named(network):
    epochs, _ = simulate_motor_imagery(240, n_chans=6, sfreq=128, duration=1.0, seed=1)
    model = network(chs_info=epochs.info["chs"])
    fitted = training.fit(model, epochs[:160], max_epochs=30, seed=0, progress=False)
    table = separating_properties(fitted, epochs[160:])
    assert table.loc["left against right"]["separation"].idxmax() == "power of channels"
    assert set(table.columns) == {"separation", "ci_low", "ci_high", "share", "accuracy_without"}


def test_three_classes():
    x, y, _ = trials("power of channels", 0, n=60)
    y = np.resize([0, 1, 2], 60)
    x[y == 2, 2] *= 2

    class Powers(nn.Module):
        def forward(self, x):
            return x[:, :3].square().mean(2)

    table = separating_properties(Powers(), x, y, sfreq=RATE_HZ)
    assert table.loc["2"]["share"].idxmax() == "power of channels"


def test_what_cannot_be_compared_is_refused():
    x, y, model = trials("power of channels", 0, n=10)
    for labels in (np.zeros(10, int), np.r_[1, np.zeros(9, int)]):
        with pytest.raises(ValueError, match="two trials or more"):
            separating_properties(model, x, labels, sfreq=RATE_HZ)
    of_numbers = dressed(model, output_names=["a", "b"], sfreq=RATE_HZ)
    with pytest.raises(ValueError, match="numbers"):
        separating_properties(of_numbers, x, np.column_stack([y, y]).astype(float))
