"""A network behind a matrix is read at the channels before the matrix, exactly."""

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.small_eegnet import EEGNet
from sincviz.networks.channel_mixing import ChannelMixing, behind_matrix
from sincviz.networks.front_ends import front_end
from sincviz.opening.network import network as opened

MATRIX = torch.from_numpy(np.random.default_rng(0).standard_normal((6, 6)) / 3).float()


def trials(n=5):
    return 10 * torch.randn(n, 6, 128, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=["SincShallowNet", "EEGNet", "linear"])
def module(request, network, moved):
    if request.param == "SincShallowNet":
        return moved(network()).eval()
    if request.param == "EEGNet":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return EEGNet(n_chans=6, n_times=128).eval()
    return nn.Sequential(nn.Flatten(), nn.Linear(6 * 128, 2)).eval()


def test_scores_are_those_of_mixed_trials(module):
    mixed = behind_matrix(opened(module), MATRIX)
    x = trials()
    with torch.no_grad():
        expected = module(MATRIX @ x)
        torch.testing.assert_close(mixed.scores(x), expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(ChannelMixing(module, MATRIX)(x), expected)
        torch.testing.assert_close(mixed.module(x), expected, rtol=1e-4, atol=1e-5)


def test_the_front_end_is_that_of_the_whole_network(network, moved):
    module = moved(network()).eval()
    folded = front_end(ChannelMixing(module, MATRIX))
    inside = front_end(module)
    torch.testing.assert_close(folded.spatial, inside.spatial @ MATRIX)
    torch.testing.assert_close(folded.kernels, inside.kernels)
    x = trials()
    torch.testing.assert_close(folded.maps(x), inside.maps(MATRIX @ x), rtol=1e-4, atol=1e-4)
    assert folded.recorded.filtered_variance is None
    assert folded.recorded.unit_std is not None


def test_units_that_are_no_products_are_mixed_too(network):
    class Units(nn.Module):
        def __init__(self):
            super().__init__()
            self.units = nn.Conv1d(6, 3, 9, padding=4)
            self.head = nn.Linear(3, 2)

        def forward(self, x):
            return self.head(self.units(x).square().mean(2))

    torch.manual_seed(0)
    module = Units().eval()
    x = trials()
    alone = with_sizes(module)
    folded = behind_matrix(alone, MATRIX)
    assert folded.unit_kernels is not None
    torch.testing.assert_close(folded.scores(x), module(MATRIX @ x), rtol=1e-4, atol=1e-4)
    traced = with_sizes(ChannelMixing(module, MATRIX))
    torch.testing.assert_close(traced.scores(x), module(MATRIX @ x), rtol=1e-4, atol=1e-4)


def with_sizes(module):
    """The front end that is found by tracing."""
    module.n_chans, module.n_times, module.sfreq = 6, 128, 128.0
    return front_end(module)
