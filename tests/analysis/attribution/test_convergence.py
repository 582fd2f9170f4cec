"""Baselines and numbers of steps are chosen so that shares add up, or the refusal says by how much they do not."""

import re
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sincviz import ablate, relevance, spectral_relevance
from sincviz.analysis.attribution import convergence
from sincviz.analysis.attribution.baselines import N_SURROGATES, baselines_of
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.attribution.convergence import FIRST_STEPS, MOST_STEPS
from sincviz.analysis.attribution.explanation import explain_trials
from sincviz.errors import MethodError
from sincviz.networks.decoder import decoder

SFREQ = 128.0


class LogPower(nn.Module):
    """The logarithm of the power of filtered, mixed channels, mixed again."""

    def __init__(self, floor=1e-8, n_outputs=2, sharpness=1.0):
        super().__init__()
        self.mixed = nn.Conv1d(6, 5, 9, bias=False)
        self.head = nn.Linear(5, n_outputs)
        self.floor, self.sharpness = floor, sharpness

    def forward(self, x):
        power = self.mixed(self.sharpness * x).square().mean(2)
        return self.head(torch.log(power + self.floor))


class Steps(nn.Module):
    """Scores that jump and are flat in between, with a gradient that belongs to nothing."""

    def forward(self, x):
        total = x.mean((1, 2))
        return torch.stack([total.sign() + 0 * total, -total.sign() + 0.01 * total], 1)


def seeded(build, **settings):
    torch.manual_seed(0)
    return build(**settings).eval()


@pytest.fixture
def trials(noise):
    return noise(24, n_times=96).astype(np.float32)


@pytest.mark.parametrize("floor", [1e-12, 1e-6, 1e-3, 1.0, 100.0])
@pytest.mark.parametrize("explain", ["score", "margin", "log_probability"])
@pytest.mark.parametrize("tolerance", [0.05, 1e-3])
def test_shares_add_up_as_closely_as_asked(trials, floor, explain, tolerance):
    model = seeded(LogPower, floor=floor)
    found = spectral_relevance(
        model, trials, sfreq=SFREQ, explain=explain, tolerance=tolerance, per_trial=True
    )
    assert found.attrs["completeness_error"] <= tolerance
    assert found.attrs["tolerance"] == tolerance
    assert FIRST_STEPS <= found.attrs["n_steps"] <= MOST_STEPS


def test_silence_is_no_baseline_for_the_logarithm_of_power(trials):
    found = spectral_relevance(seeded(LogPower), trials, sfreq=SFREQ)
    assert (found.attrs["baseline"], found.attrs["n_steps"]) == ("surrogates", FIRST_STEPS)
    missed = [float(part) for part in re.findall(r"([\d.]+)%", found.attrs["baseline_reason"])]
    assert missed[0] > 1 > 5 * missed[1]


def test_where_silence_has_no_score_it_is_no_baseline(trials):
    found = spectral_relevance(seeded(LogPower, floor=0.0), trials, sfreq=SFREQ)
    assert found.attrs["baseline"] == "surrogates"
    assert found.attrs["baseline_reason"] == "integrated gradients from silence are not finite"
    assert found.attrs["completeness_error"] <= 0.05


@pytest.mark.parametrize("activation", [nn.ELU, nn.ReLU, nn.Tanh])
def test_where_silence_does_it_stays(eegnet, trials, activation):
    found = spectral_relevance(eegnet(n_times=96, activation=activation), trials, sfreq=SFREQ)
    assert found.attrs["baseline"] == "zero"
    assert "silence" in found.attrs["baseline_reason"]


@pytest.mark.parametrize("function", [relevance, spectral_relevance])
def test_a_network_that_is_linear_after_its_activation_is_as_with_16_steps_from_silence(
    network, moved, trials, function
):
    model = moved(network(n_times=96))
    found, before = function(model, trials), function(model, trials, baseline="zero", n_steps=16)
    np.testing.assert_array_equal(found, before)
    assert (found.attrs["baseline"], found.attrs["n_steps"]) == ("zero", 16)


def test_the_contrast_is_complete(trials):
    model, codes = seeded(LogPower).double(), np.arange(24) % 2
    found = spectral_relevance(model, trials, codes, sfreq=SFREQ, trials="contrast", tolerance=1e-4)
    with torch.no_grad():
        scores = model(torch.from_numpy(trials).double()).numpy()
    difference = scores[:, 0] - scores[:, 1]
    expected = difference[codes == 0].mean() - difference[codes == 1].mean()
    np.testing.assert_allclose(found.sum(), expected, atol=1e-3 * np.abs(difference).mean())


@pytest.mark.parametrize("batch_size", [1, 7, 24])
@pytest.mark.parametrize("tolerance", [0.05, 1e-5])
def test_the_size_of_the_batches_decides_nothing(trials, monkeypatch, batch_size, tolerance):
    model = seeded(LogPower).double()
    expected = spectral_relevance(model, trials, sfreq=SFREQ, tolerance=tolerance)
    monkeypatch.setattr(convergence, "explain_trials", partial(explain_trials, batch_size=batch_size))
    found = spectral_relevance(model, trials, sfreq=SFREQ, tolerance=tolerance)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9 * float(abs(expected).max()))
    assert found.attrs["n_steps"] == expected.attrs["n_steps"]
    assert found.attrs["baseline"] == expected.attrs["baseline"]


def test_bands_of_single_trials_have_the_same_baseline_and_steps(trials):
    model = seeded(LogPower)
    model.sfreq = SFREQ
    cells, spectra = cell_relevance(model, trials), spectral_relevance(model, trials, per_trial=True)
    for name in ("baseline", "baseline_reason", "n_steps", "tolerance"):
        assert cells.attrs[name] == spectra.attrs[name]
    np.testing.assert_allclose(
        cells.sum(("band", "channel")), spectra.sum(("frequency", "channel")), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("n_trials", [1, 2, 24])
def test_surrogates_have_the_average_cross_spectra_and_other_phases(trials, n_trials):
    some = trials[:n_trials].astype(np.float64)
    starts = baselines_of(decoder(seeded(LogPower).double()), some, None, "surrogates")
    assert len(starts) == N_SURROGATES
    x = torch.from_numpy(some)
    first, second = (start(x, slice(0, n_trials)).numpy()[0] for start in starts[:2])
    assert first.shape == (6, 96)
    assert np.abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.5
    spectra = [np.fft.rfft(start(x, slice(0, n_trials)).numpy()[0]) for start in starts]
    found = np.mean([np.einsum("ck,dk->cd", one, one.conj()).real for one in spectra], 0)
    own = np.fft.rfft(some)
    expected = np.einsum("nck,ndk->cd", own, own.conj()).real / n_trials
    np.testing.assert_allclose(found, expected, atol=(1e-6 if n_trials == 1 else 0.35) * expected.max())


def test_an_artefact_does_not_make_the_surrogates(trials):
    spoilt = trials.copy()
    spoilt[3] *= 1000
    spoilt[5] = 0
    x, network = torch.from_numpy(trials), decoder(seeded(LogPower))
    clean, found = (
        baselines_of(network, some, None, "surrogates")[0](x, slice(0, 1)) for some in (trials, spoilt)
    )
    assert 0.8 < float(found.std() / clean.std()) < 1.25


def test_silent_trials_have_surrogates_too():
    found = spectral_relevance(seeded(LogPower), np.zeros((4, 6, 96)), sfreq=SFREQ, baseline="surrogates")
    assert (found == 0).all()


def test_steps_that_are_given_are_taken_and_what_they_miss_is_said(trials):
    model = seeded(LogPower)
    with pytest.warns(RuntimeWarning, match=r"miss \d+%.*Take more `n_steps`, or `n_steps=None`"):
        found = spectral_relevance(model, trials, sfreq=SFREQ, baseline="zero", n_steps=16)
    assert found.attrs["n_steps"] == 16
    assert "tolerance" not in found.attrs


def test_more_steps_are_taken_where_16_miss_too_much(trials):
    model = seeded(LogPower, floor=1e-4)
    found = spectral_relevance(model, trials, sfreq=SFREQ, baseline="zero", tolerance=1e-3)
    assert found.attrs["n_steps"] > FIRST_STEPS
    assert found.attrs["completeness_error"] <= 1e-3
    before = spectral_relevance(model, trials, sfreq=SFREQ, baseline="zero", n_steps=found.attrs["n_steps"])
    np.testing.assert_array_equal(found, before)


def test_what_jumps_is_refused_with_the_figure_and_the_advice_works(trials):
    model = Steps()
    model.sfreq = SFREQ
    with pytest.raises(
        MethodError, match=rf"in {MOST_STEPS} steps.*miss.*'zero' [\d.]+%.*'surrogates' [\d.]+%"
    ) as refused:
        spectral_relevance(model, trials)
    assert f"`n_steps={MOST_STEPS}`" in str(refused.value)
    with pytest.warns(RuntimeWarning, match=r"miss \d+%"):
        assert np.isfinite(spectral_relevance(model, trials, n_steps=MOST_STEPS)).all()
    assert "`sincviz.ablate(model, epochs, y)`" in str(refused.value)
    assert len(ablate(model, trials, np.arange(24) % 2, progress=False))


def test_a_refusal_names_the_baseline_that_converges(trials):
    model = seeded(LogPower, floor=1e-40).double()
    with pytest.raises(MethodError, match=r"'zero' [\d.]+%.*Try `baseline='surrogates'`"):
        spectral_relevance(model, trials, sfreq=SFREQ, baseline="zero")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = spectral_relevance(model, trials, sfreq=SFREQ, baseline="surrogates")
    assert found.attrs["completeness_error"] <= 0.05


@pytest.mark.parametrize(
    ("tolerance", "error", "said"),
    [
        (0, ValueError, "greater than 0.*Try 0.05"),
        (-1, ValueError, "Try 0.05"),
        ("5%", TypeError, "a number"),
    ],
)
def test_a_tolerance_is_a_positive_number(trials, tolerance, error, said):
    with pytest.raises(error, match=f"`tolerance`.*{said}"):
        spectral_relevance(seeded(LogPower), trials, sfreq=SFREQ, tolerance=tolerance)
