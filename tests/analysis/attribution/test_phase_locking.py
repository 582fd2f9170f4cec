"""Evoked and induced relevance: exact sums, known truth of linear and of power networks, unbiased, honest intervals."""

import numpy as np
import pytest
import torch
from torch import nn

from sincviz import network, time_frequency_relevance
from sincviz.attribution import evoked_and_induced, evoked_shares

TIME_S = np.arange(200) / 100


class Precise(nn.Module):
    """A network in double precision."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones((), dtype=torch.float64))


class Linear(Precise):
    """Scores that are a fixed template's product with the first channel."""

    def forward(self, x):
        template = torch.from_numpy(np.sin(2 * np.pi * 3 * TIME_S)).to(x)
        score = (x[:, 0] * template).mean(1)
        return torch.stack([score, -score], 1)


class Power(Precise):
    """Scores that are the power of each channel."""

    def forward(self, x):
        return x.square().mean(2)[:, :2]


def labels(n):
    return np.random.default_rng(1).permutation(np.resize([0, 1], n))


def rhythm(n, seed=0, n_chans=2):
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, (n, n_chans, 1))
    return np.cos(2 * np.pi * 10 * TIME_S + phase)


def evoked_trials(n, seed=0):
    y = labels(n)
    x = np.random.default_rng(seed).standard_normal((n, 2, 200))
    x[y == 0, 0] += np.sin(2 * np.pi * 3 * TIME_S)
    return x, y


def induced_trials(n, seed=0):
    y = labels(n)
    x = rhythm(n, seed) + 0.3 * np.random.default_rng(seed).standard_normal((n, 2, 200))
    x[y == 0, 0] *= 1.5
    x[y == 1, 1] *= 1.5
    return x, y


@pytest.mark.parametrize("model", [Linear(), Power()])
@pytest.mark.parametrize(
    "settings", [{}, {"trials": "all"}, {"explain": "margin"}, {"baseline": "surrogates"}]
)
def test_parts_add_up_to_time_frequency_relevance(model, settings):
    x, y = induced_trials(21)
    parts = evoked_and_induced(model, x, y, sfreq=100, **settings)
    whole = time_frequency_relevance(model, x, y, sfreq=100, **{"trials": "contrast", **settings})
    assert parts.dims == ("target", "part", "channel", "frequency", "time")
    assert parts["part"].to_numpy().tolist() == ["evoked", "induced"]
    np.testing.assert_allclose(parts.sum("part"), whole, atol=1e-10)
    assert parts.attrs["units"] == whole.attrs["units"]
    assert parts.attrs["window_s"] == 0.5


def test_parts_are_products_of_pairs_and_the_rest():
    """By definition, with all pairs written out."""
    x, y = induced_trials(12)
    parts = evoked_and_induced(Power(), x, y, sfreq=100, baseline="zero", trials="contrast")
    gradient = np.zeros((2, *x.shape))
    for target in (0, 1):
        gradient[target, :, target] = x[:, target] / 200  # halved: the average on the way from zero

    def evoked_in(members, target):
        pairs = [(x[i] * gradient[target, j]).sum() for i in members for j in members if i != j]
        return np.mean(pairs)

    own, other = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    expected = evoked_in(own, 0) - evoked_in(other, 0) + evoked_in(other, 1) - evoked_in(own, 1)
    assert float(parts.sel(part="evoked").sum()) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("make", "model", "share"), [(evoked_trials, Linear(), 1.0), (induced_trials, Power(), 0.0)]
)
def test_known_truth(make, model, share):
    table = evoked_shares(model, *make(120), sfreq=100)
    row = table.loc["class 0 against class 1"].loc["all"]
    assert row["evoked_share"] == pytest.approx(share, abs=0.03)
    assert row["ci_low"] - 1e-6 <= share <= row["ci_high"] + 1e-6
    assert table.index[0] == ("class 0 against class 1", "all")
    np.testing.assert_allclose(row["evoked"], table["evoked"].iloc[1:].sum(), rtol=1e-6)


class LogPower(Precise):
    """Scores that are the logarithm of power, which has no bound at silence."""

    def forward(self, x):
        score = (x.square().mean(2) + 1e-3).log().sum(1)
        return torch.stack([score, -score], 1)


@pytest.mark.parametrize("baseline", ["zero", "surrogates", "channel_mean", "auto"])
@pytest.mark.parametrize("model", [Power(), LogPower()])
def test_of_noise_nothing_is_evoked_whatever_the_baseline(model, baseline):
    rng, y = np.random.default_rng(0), np.resize([0, 1], 200)
    x = rng.standard_normal((200, 2, 60))
    x[y == 0, 0] *= 2
    row = evoked_shares(model, x, y, sfreq=100, baseline=baseline).iloc[0]
    # From the mean over time, the sum over classes need not be above zero; then there is no share.
    assert not abs(row["evoked_share"]) > 0.1
    assert not row["ci_low"] > 0.03


def test_evoked_and_induced_in_one_network_are_told_apart_by_band():
    class Both(Precise):
        def forward(self, x):
            return Linear()(x) + 0.6 * Power()(x)

    x, y = induced_trials(120)
    x[y == 0, 0] += np.sin(2 * np.pi * 3 * TIME_S)
    shares = evoked_shares(Both(), x, y, sfreq=100).loc["class 0 against class 1", "evoked_share"]
    assert shares["delta"] > 0.9
    assert abs(shares["alpha"]) < 0.1
    assert shares["alpha"] < shares["all"] < shares["delta"]


def test_without_bias_with_few_trials():
    """Of power alone nothing is evoked on average, though the mean of six trials holds a sixth of their power."""
    found = [
        float(
            evoked_and_induced(Power(), *induced_trials(12, seed), sfreq=100, progress=False)
            .sel(part="evoked")
            .sum()
        )
        for seed in range(40)
    ]
    whole = float(time_frequency_relevance(Power(), *induced_trials(12), trials="contrast", sfreq=100).sum())
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(40)
    assert np.std(found) / np.sqrt(40) < 0.05 * abs(whole)


@pytest.mark.slow
def test_intervals_cover():
    """Of a mixture whose share is known: the interval holds it at least about as often as stated."""

    class Both(Precise):
        def forward(self, x):
            return Linear()(x) + 0.3 * Power()(x)

    def trials(n, seed):
        x, y = induced_trials(n, seed)
        x[y == 0, 0] += 0.8 * np.sin(2 * np.pi * 3 * TIME_S)
        return x, y

    truth = evoked_shares(Both(), *trials(4000, 10_000), sfreq=100)["evoked_share"].iloc[0]
    rows = [evoked_shares(Both(), *trials(80, seed), sfreq=100).iloc[0] for seed in range(100)]
    covered = np.mean([row["ci_low"] <= truth <= row["ci_high"] for row in rows])
    assert covered >= 0.9
    # As wide as shares differ from one set of trials to the next, and not much wider.
    spread = np.std([row["evoked_share"] for row in rows])
    width = np.median([row["ci_high"] - row["ci_low"] for row in rows])
    assert 2.5 * spread < width < 8 * spread


def test_a_share_of_nothing_is_not_stated():
    x = np.random.default_rng(0).standard_normal((60, 2, 200))
    table = evoked_shares(Linear(), x, labels(60), sfreq=100)
    # The classes do not differ, so a share would be one of noise.
    assert table.loc[("class 0 against class 1", "all"), ["evoked_share", "ci_low", "ci_high"]].isna().all()
    assert np.isfinite(table[["evoked", "induced"]].to_numpy()).all()


def test_few_trials_have_no_intervals():
    table = evoked_shares(Linear(), *evoked_trials(10), sfreq=100)
    assert table.loc[("class 0 against class 1", "all"), ["ci_low", "ci_high"]].isna().all()
    assert table.loc[("class 0 against class 1", "all"), "evoked_share"] == pytest.approx(1.0)


def test_three_classes_and_short_trials():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(60, 3))
    x, y = rng.standard_normal((30, 2, 30)), np.resize([0, 1, 2], 30)
    table = evoked_shares(model, x, y, sfreq=100)  # shorter than a window of half a second
    assert list(dict.fromkeys(table.index.get_level_values("target"))) == ["0", "1", "2"]
    np.testing.assert_allclose(table["induced"], 0, atol=1e-5)


def test_what_cannot_be_told_is_refused():
    x, y = induced_trials(12)
    with pytest.raises(ValueError, match="two trials of every class"):
        evoked_and_induced(Power(), x, np.r_[1, np.zeros(11, int)], sfreq=100)
    with pytest.raises(ValueError, match="class"):
        evoked_and_induced(Power(), x, sfreq=100)
    of_numbers = network(Power(), output_names=["a", "b"], sfreq=100)
    with pytest.raises(ValueError, match="numbers") as refused:
        evoked_and_induced(of_numbers, x, np.column_stack([y, y]).astype(float))
    assert "time_frequency_relevance(model, epochs, y, trials='contrast')" in str(refused.value)
    assert time_frequency_relevance(
        of_numbers, x, np.column_stack([y, y]).astype(float), trials="contrast"
    ).size
