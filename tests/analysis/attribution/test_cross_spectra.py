"""Cross-spectra of trials, against numpy's covariance of Fourier coefficients."""

import numpy as np
import pytest
import torch
from torch import nn

from sincviz import EpochsError
from sincviz.analysis.attribution.cross_spectra import cross_spectra
from sincviz.opening.inputs import analysis_inputs


def opened(x):
    network = nn.Sequential(nn.Flatten(), nn.Linear(x.shape[1] * x.shape[2], 2))
    seen, trials, _ = analysis_inputs(network, x)
    return seen, trials


def by_numpy(x):
    """Covariance of every frequency, the mean over three neighbours, each divided by its trace."""
    spectrum = np.fft.rfft(x.astype(np.float32).astype(float))
    single = np.stack([np.cov(one.T, bias=True) for one in np.moveaxis(spectrum, 2, 0)])
    last = len(single) - 1 if x.shape[2] % 2 == 0 else len(single)
    smooth = single.copy()
    for number in range(1, last):
        near = np.clip([number - 1, number, number + 1], 1, last - 1)
        smooth[number] = single[near].mean(0)
    return smooth / np.trace(smooth, axis1=1, axis2=2)[:, None, None]


@pytest.mark.parametrize("n_times", [20, 21])
@pytest.mark.parametrize("n_trials", [2, 64, 150])  # one batch, exactly one, three
def test_it_is_the_covariance_of_all_trials(n_times, n_trials):
    rng = np.random.default_rng(n_times)
    x = np.einsum("cd,idt->ict", rng.standard_normal((3, 3)), rng.standard_normal((n_trials, 3, n_times)))
    np.testing.assert_allclose(cross_spectra(*opened(x)).numpy(), by_numpy(x), atol=1e-6)


def test_what_all_trials_share_is_no_covariance():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 3, 20))
    shared = 2.0**13 * np.ones((3, 1)) + 8 * rng.integers(-4, 4, (3, 20))
    x = x.round(4)
    offset, plain = (cross_spectra(*opened(one)) for one in (x + shared, x))
    torch.testing.assert_close(offset, plain, atol=2e-3, rtol=0)  # single precision reads 8192 to 0.001


def test_offsets_do_not_reach_the_next_frequency():
    x = np.random.default_rng(0).standard_normal((200, 2, 20))
    x -= x.mean(2, keepdims=True)
    drifting = x.copy()
    drifting[:, 1] += 100 * np.random.default_rng(1).standard_normal((200, 1))
    torch.testing.assert_close(
        cross_spectra(*opened(drifting))[1:], cross_spectra(*opened(x))[1:], atol=1e-4, rtol=0
    )
    assert cross_spectra(*opened(drifting))[0, 1, 1].real > 0.99


def test_without_signal_it_is_zero():
    same = np.repeat(np.random.default_rng(0).standard_normal((1, 2, 10)), 5, axis=0)
    assert not cross_spectra(*opened(0 * same)).any()
    assert not cross_spectra(*opened(same)).any()


def test_one_trial_has_none():
    with pytest.raises(EpochsError, match="two or more trials; got 1"):
        cross_spectra(*opened(np.zeros((1, 2, 10))))
