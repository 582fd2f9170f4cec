"""Relevance where the signal lies: sums that must be kept, closed forms of suppressors, networks that are known."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import sincviz
from sincviz import EpochsError
from sincviz.analysis.attribution.explained import EXPLAIN
from sincviz.analysis.attribution.pattern import pattern_relevance, pattern_shares
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.attribution.spectral_shares import spectral_shares

N_TIMES = 60


def small_network(seed=0, n_chans=3, n_outputs=2):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv1d(n_chans, 6, 9),
        nn.Softplus(),
        nn.AdaptiveAvgPool1d(3),
        nn.Flatten(),
        nn.Linear(18, n_outputs),
    )


def some_trials(n_trials=30, n_chans=3, seed=0):
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((n_chans, n_chans))
    x = np.einsum("cd,idt->ict", mixing, rng.standard_normal((n_trials, n_chans, N_TIMES)))
    return x.astype(np.float32), np.resize([0, 1], n_trials)


class PowerOfReadOut(nn.Module):
    """Scores +p and -p, where p is the power of a weighted sum of channels."""

    def __init__(self, *weights):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, x):
        power = torch.einsum("c,bct->bt", self.weights, x).square().mean(1)
        return torch.stack([power, -power], 1)


def size_of(relevance):
    """Size of each channel in single trials."""
    return abs(relevance).mean("trial").sum(set(relevance.dims) - {"trial", "channel"})


class TestSums:
    @pytest.mark.parametrize(
        ("explain", "how", "n_outputs"),
        [
            *((explain, {"trials": "contrast"}, 2) for explain in EXPLAIN),
            *(("score", how, 4) for how in ({}, {"trials": "contrast"}, {"per_trial": True})),
            ("margin", {"per_trial": True}, 2),
        ],
    )
    def test_every_frequency_keeps_its_relevance(self, explain, how, n_outputs):
        x, y = some_trials(32)
        y = np.resize(np.arange(n_outputs), 32)
        given = {"explain": explain, "sfreq": 60.0, **how}
        network = small_network(n_outputs=n_outputs)
        pattern, plain = (of(network, x, y, **given) for of in (pattern_relevance, spectral_relevance))
        xr.testing.assert_allclose(pattern.sum("channel"), plain.sum("channel"), rtol=1e-4, atol=1e-6)
        assert pattern.dims == plain.dims
        said = {name: value for name, value in plain.attrs.items() if "completeness" not in name}
        assert {name: pattern.attrs[name] for name in said} == said
        assert set(pattern.attrs) == set(plain.attrs)
        assert pattern.name == "pattern_relevance"
        assert set(pattern.coords) == set(plain.coords)
        for name in {"frequency", "channel", "target"}:
            np.testing.assert_array_equal(pattern[name], plain[name])

    @pytest.mark.parametrize("baseline", ["zero", "surrogates", "channel_mean", "class_mean", "array"])
    def test_from_every_baseline(self, baseline):
        x, y = some_trials()
        start = np.linspace(-1, 1, 3 * N_TIMES).reshape(3, N_TIMES) if baseline == "array" else baseline
        pattern, plain = (
            of(small_network(), x, y, baseline=start, trials="contrast").sum("channel")
            for of in (pattern_relevance, spectral_relevance)
        )
        xr.testing.assert_allclose(pattern, plain, rtol=1e-4, atol=1e-6)

    def test_the_average_is_that_of_single_trials(self):
        x, _ = some_trials(150)  # three batches
        single = pattern_relevance(small_network(), x, sfreq=60, per_trial=True).mean("trial")
        xr.testing.assert_allclose(
            pattern_relevance(small_network(), x, sfreq=60), single, rtol=1e-4, atol=1e-7
        )

    def test_of_epochs(self, epochs, network):
        model = sincviz.network(
            network(chs_info=epochs.info["chs"]), class_names=["left", "right"], scale=1e6
        )
        pattern, plain = (
            of(model, epochs, trials="contrast") for of in (pattern_relevance, spectral_relevance)
        )
        assert pattern.target.item() == plain.target.item()
        np.testing.assert_allclose(
            pattern.sum("channel"), plain.sum("channel"), atol=1e-4 * float(abs(plain).sum("channel").max())
        )


class TestSuppressors:
    def test_the_exact_one_has_nothing(self):
        """With x1 = s + n and x2 = n, the pattern of x1 - x2 is (var s, 0)."""
        signal_power, noise_power = 2.0, 5.0
        spectra = torch.tensor([[signal_power + noise_power, noise_power], [noise_power, noise_power]])
        spectra = spectra.to(torch.complex128).expand(11, 2, 2)
        x = torch.randn((4, 2, 20), generator=torch.Generator().manual_seed(0))
        course = torch.randn((2, 4, 1, 20), generator=torch.Generator().manual_seed(1))
        gradients = torch.cat([course, -course], 2)
        shares = pattern_shares(x, gradients, spectra, centred=False)
        assert not shares[:, :, 1].any()
        torch.testing.assert_close(shares[:, :, 0], spectral_shares(x, gradients).sum(2))

    @pytest.mark.parametrize("noise_size", [0.5, 1.0, 3.0])
    def test_one_that_a_network_reads_right_has_nothing(self, noise_size):
        signal, noise = np.random.default_rng(0).standard_normal((2, 600, N_TIMES)).astype(np.float32)
        x = np.stack([signal + noise_size * noise, noise_size * noise], 1)
        given = {"sfreq": 60.0, "per_trial": True, "baseline": "zero"}
        before, after = (
            size_of(of(PowerOfReadOut(1.0, -1.0), x, **given))
            for of in (spectral_relevance, pattern_relevance)
        )
        assert before[1] > 0.2 * before[0]
        assert after[1] < 0.01 * after[0]

    def test_noise_that_arrives_later_has_nothing_either(self):
        class Undelayed(nn.Module):
            def forward(self, x):
                return torch.stack([x[:, 0], x[:, 1].roll(-2, -1)], 1)

        signal, noise = np.random.default_rng(0).standard_normal((2, 600, N_TIMES)).astype(np.float32)
        x = np.stack([signal + noise, np.roll(noise, 2, axis=1)], 1)
        network = nn.Sequential(Undelayed(), PowerOfReadOut(1.0, -1.0))
        found = size_of(pattern_relevance(network, x, sfreq=60, per_trial=True, baseline="zero"))
        assert found[1] < 0.01 * found[0]

    def test_noise_that_gets_through_is_visible(self):
        """With weights (1, -b) the pattern of the suppressor is (1 - b) var n."""
        signal, noise = np.random.default_rng(0).standard_normal((2, 600, N_TIMES)).astype(np.float32)
        x = np.stack([signal + noise, noise], 1)
        found = size_of(
            pattern_relevance(PowerOfReadOut(1.0, -0.5), x, sfreq=60, per_trial=True, baseline="zero")
        )
        assert float(found[1] / found[0]) == pytest.approx((0.5 / 1.5) ** 2, rel=0.1)

    def test_the_pattern_of_a_mixture_is_its_map(self):
        """A beamformer that reads one of two mixed sources: the result has the source's map, not the weights."""
        sources = np.random.default_rng(0).standard_normal((600, 2, N_TIMES))
        maps = np.array([[3.0, 1.0, 0.5], [1.0, 3.0, 2.0]])
        x = np.einsum("sc,ist->ict", maps, sources).astype(np.float32)
        weights = np.linalg.pinv(maps)[:, 0]  # reads the first source alone
        found = size_of(
            pattern_relevance(PowerOfReadOut(*weights.tolist()), x, sfreq=60, per_trial=True, baseline="zero")
        )
        np.testing.assert_allclose(found / found.sum(), maps[0] ** 2 / (maps[0] ** 2).sum(), atol=0.02)

    def test_an_unread_channel_that_shows_the_signal_has_a_share(self):
        signal = np.random.default_rng(0).standard_normal((300, 1, N_TIMES)).astype(np.float32)
        x = signal * np.array([[1.0], [2.0], [0.0]], np.float32)
        found = size_of(pattern_relevance(PowerOfReadOut(1.0, 0.0, 1.0), x, sfreq=60, per_trial=True))
        np.testing.assert_allclose(found / found.sum(), [0.2, 0.8, 0.0], atol=1e-5)


class TestReadOut:
    def test_what_all_scores_share_changes_no_contrast(self):
        class Shifted(nn.Module):
            def __init__(self, network):
                super().__init__()
                self.network = network

            def forward(self, x):
                return self.network(x) + 5 * x[:, :1, :].square().mean(2)

        x, y = some_trials()
        plain, shifted = (
            pattern_relevance(network, x, y, trials="contrast", baseline="zero")
            for network in (small_network(), Shifted(small_network()))
        )
        np.testing.assert_allclose(shifted, plain, atol=1e-4 * float(abs(plain).max()))

    def test_units_of_all_channels_together_do_not_matter(self):
        x, y = some_trials()

        class Volts(nn.Module):
            def forward(self, x):
                return 1e6 * x

        network = small_network()
        in_volts = pattern_relevance(nn.Sequential(Volts(), network), 1e-6 * x, y, baseline="zero")
        found = pattern_relevance(network, x, y, baseline="zero")
        np.testing.assert_allclose(in_volts, found, atol=1e-4 * float(abs(found).max()))

    def test_average_reference(self):
        x, y = some_trials(n_chans=3)
        x = x - x.mean(1, keepdims=True)
        pattern, plain = (
            of(small_network(), x, y, sfreq=60) for of in (pattern_relevance, spectral_relevance)
        )
        assert np.isfinite(pattern).all()
        np.testing.assert_allclose(pattern.sum("channel"), plain.sum("channel"), atol=1e-5)

    def test_a_flat_channel_has_nothing(self):
        x, y = some_trials()
        x[:, 1] = 0
        assert not pattern_relevance(small_network(), x, y, sfreq=60, baseline="zero").isel(channel=1).any()

    def test_trials_that_do_not_vary_keep_their_relevance_in_place(self):
        x = np.repeat(some_trials(1)[0], 4, axis=0)
        pattern, plain = (of(small_network(), x, sfreq=60) for of in (pattern_relevance, spectral_relevance))
        np.testing.assert_allclose(pattern, plain)

    def test_outputs_that_are_numbers_have_patterns_of_their_own(self):
        x, _ = some_trials(40)
        targets = np.random.default_rng(0).standard_normal((40, 2))
        network = small_network()
        found = pattern_relevance(network, x, targets, sfreq=60, baseline="zero")
        alone = pattern_relevance(
            nn.Sequential(network, First()), x, targets[:, :1], sfreq=60, baseline="zero"
        )
        np.testing.assert_allclose(found[0], alone[0], atol=1e-5 * float(abs(found).max()))


class First(nn.Module):
    def forward(self, scores):
        return scores[:, :1]


class TestRefusals:
    def test_one_trial(self):
        with pytest.raises(EpochsError, match="two or more trials"):
            pattern_relevance(small_network(), some_trials(1)[0])

    def test_unknown_settings_are_refused_before_trials_are_read(self):
        with pytest.raises(ValueError, match="`explain` must be one of"):
            pattern_relevance(small_network(), *some_trials(), explain="logit")
        with pytest.raises(ValueError, match="`per_trial` keeps single trials"):
            pattern_relevance(small_network(), *some_trials(), trials="contrast", per_trial=True)

    def test_it_is_public(self):
        assert sincviz.attribution.pattern_relevance is pattern_relevance
