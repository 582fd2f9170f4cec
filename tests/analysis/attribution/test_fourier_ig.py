"""Shares of frequencies and times against cross-domain-saliency-maps, which takes the same path from silence.

Run where it is installed: `pip install -r benchmarks/requirements.txt`.
"""

import numpy as np
import pytest
import torch
from torch import nn

import sincviz

REASON = "cross-domain-saliency-maps is not installed"
peer = pytest.importorskip(
    "cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients", reason=REASON
)
N_STEPS, N_TIMES, SFREQ_HZ = 400, 60, 60.0


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(2, 4, 9, padding=4), nn.ELU(), nn.AvgPool1d(10), nn.Flatten(), nn.Linear(24, 2)
    ).eval()


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((3, 2, N_TIMES)).astype(np.float32)


def theirs(engine, x):
    return torch.cat([engine.run(one[None], np.zeros_like(one[None])) for one in x]).detach().numpy()


def ours(function, network, x):
    found = function(
        network, x, sfreq=SFREQ_HZ, n_steps=N_STEPS, baseline="zero", per_trial=True, progress=False
    )
    return found.isel(target=1).to_numpy()


def missed(one, other):
    return np.abs(one - other).sum() / np.abs(other).sum()


@pytest.mark.filterwarnings("ignore:Casting complex values to real")
def test_shares_of_frequencies_are_those_of_fourier_ig(network, x):
    engine = peer.FourierIG(network, N_STEPS, 1, torch.device("cpu"))
    two_sided = theirs(engine, x)
    both_signs = two_sided[..., : N_TIMES // 2 + 1].copy()
    both_signs[..., 1 : N_TIMES // 2] += two_sided[..., : N_TIMES // 2 : -1]
    # Their rule, a sum at the right ends of equal steps, errs in proportion to the length of a step.
    assert missed(both_signs, ours(sincviz.spectral_relevance, network, x)) < 0.002


def test_shares_of_times_are_those_of_time_ig(network, x):
    engine = peer.TimeIG(network, N_STEPS, 1, torch.device("cpu"))
    assert missed(theirs(engine, x), ours(sincviz.temporal_relevance, network, x)) < 0.002
