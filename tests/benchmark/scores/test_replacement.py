"""Replacements are what their names say, in frequency as in time."""

import numpy as np
import pytest
import torch

from sincviz.benchmark.scores.replacement import OPERATORS, replacements


@pytest.fixture
def trials():
    """Correlated channels, coloured, with an evoked response."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((400, 2, 51))
    noise[:, 1] = 0.8 * noise[:, 0] + 0.6 * noise[:, 1]
    coloured = noise + np.roll(noise, 1, axis=2)
    return torch.from_numpy(coloured + np.sin(np.arange(51) / 5)).float()


def test_another_trial_is_never_the_same_and_each_is_used_once(trials):
    replaced = replacements(trials, "other trial", seed=3)
    origin = [int((trials == one).flatten(1).all(1).nonzero()) for one in replaced]
    assert sorted(origin) == list(range(400))
    assert all(index != number for number, index in enumerate(origin))


def test_the_mean_is_the_evoked_response(trials):
    replaced = replacements(trials, "mean", seed=0)
    torch.testing.assert_close(replaced[7], trials.mean(0))


@pytest.mark.parametrize("n_times", [50, 51])
def test_noise_has_the_mean_cross_spectrum(trials, n_times):
    x = trials[:, :, :n_times]
    noise = replacements(x, "noise", seed=0)

    def cross_spectrum(signals):
        spectra = torch.fft.rfft(signals.double(), dim=2)
        return torch.einsum("nct,ndt->cdt", spectra, spectra.conj()) / len(signals)

    expected, found = cross_spectrum(x), cross_spectrum(noise)
    total = expected.abs().sum()
    assert (found - expected).abs().sum() / total < 0.1
    assert (found[0, 0] - expected[0, 0]).abs().max() / expected[0, 0].abs().max() < 0.25


def test_noise_is_not_locked_to_the_event(trials):
    noise = replacements(trials, "noise", seed=0)
    assert noise.mean(0).abs().max() < trials.mean(0).abs().max() / 3
    assert noise.dtype == trials.dtype


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_seed_decides(trials, operator):
    assert torch.equal(replacements(trials, operator, 1), replacements(trials, operator, 1))
    if operator != "mean":
        assert not torch.equal(replacements(trials, operator, 1), replacements(trials, operator, 2))


def test_what_cannot_be_replaced_is_refused(trials):
    with pytest.raises(ValueError, match="there must be two; got 1"):
        replacements(trials[:1], "mean", 0)
    with pytest.raises(ValueError, match="one of other trial, mean, noise; got 'zero'"):
        replacements(trials, "zero", 0)
