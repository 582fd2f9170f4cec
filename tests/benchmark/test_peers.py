"""Attribution methods of other libraries and papers, as the benchmark calls them."""

from importlib import import_module

import numpy as np
import pytest
import torch
from torch import nn

import sincviz
from benchmarks.peers import NEEDS, PEERS, installed
from benchmarks.peers.dft_lrp import epsilon, epsilon_and_z_plus
from benchmarks.peers.pattern_local import bands, windows
from benchmarks.peers.spectrum import band_cells, spectrum

SFREQ_HZ, N_CHANS, N_TIMES = 50.0, 3, 64
NOT_INSTALLED = "{} is not installed: pip install -r benchmarks/requirements.txt"


class Sketch(nn.Sequential):
    """A small network in the way of EEGNet: temporal and spatial convolution, ELU, pooling."""

    sfreq = SFREQ_HZ

    def __init__(self, bias=True):
        torch.manual_seed(0)
        super().__init__(
            nn.Unflatten(1, (1, N_CHANS)),
            nn.Conv2d(1, 4, (1, 9), padding=(0, 4), bias=bias),
            nn.Conv2d(4, 8, (N_CHANS, 1), groups=4, bias=bias),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Flatten(),
            nn.Linear(64, 2, bias=bias),
        )
        self.eval()


class Straight(nn.Module):
    """A score that is linear in the trials, twice."""

    sfreq = SFREQ_HZ

    def __init__(self, weights):
        super().__init__()
        self.linear = nn.Linear(weights.numel(), 2, bias=False)
        self.linear.weight.data = weights.flatten().expand(2, -1).clone()
        self.eval()

    def forward(self, x):
        return self.linear(x.flatten(1))


@pytest.fixture
def x():
    return 3 * torch.from_numpy(np.random.default_rng(1).standard_normal((6, N_CHANS, N_TIMES))).float()


def called(label):
    name = PEERS[label]
    module, _, function = name.partition(":")
    for package in NEEDS.get(module, ()):
        pytest.importorskip(package, reason=NOT_INSTALLED.format(package))
    return getattr(import_module(module), function)


def missed(found, expected):
    return np.abs(found - expected).sum() / np.abs(expected).sum()


def ours(network, x, **how):
    found = sincviz.spectral_relevance(
        network, x.numpy(), sfreq=SFREQ_HZ, baseline="zero", per_trial=True, progress=False, **how
    )
    return found.isel(target=1).to_numpy()


@pytest.mark.parametrize("label", PEERS)
def test_a_peer_says_what_it_is_and_returns_the_shape_of_its_domain(label, x):
    peer = called(label)
    assert peer.label == label
    assert peer.domain in ("time", "frequency")
    network = Sketch()
    found = peer(network, x, 1)
    n_last = N_TIMES if peer.domain == "time" else N_TIMES // 2 + 1
    assert found.shape == (len(x), N_CHANS, n_last)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, peer(network, x, 1))
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())


def test_installed_peers_are_those_whose_packages_are_found():
    assert set(installed()) <= set(PEERS)
    assert {"PatternLocal, bands", "DFT-LRP, epsilon"} <= set(installed())


@pytest.mark.parametrize(
    "label", ["captum, occlusion", "PatternLocal, bands", "captum behind the DFT, ablation of bands"]
)
def test_methods_on_cells_ask_for_the_sampling_rate(label, x):
    with pytest.raises(
        ValueError, match=r"`model` must have the attribute `sfreq`.*Try `model.sfreq = 100.0`"
    ):
        called(label)(nn.Sequential(nn.Flatten(), nn.Linear(N_CHANS * N_TIMES, 2)), x, 0)


@pytest.mark.filterwarnings("ignore:The shares of 'gradient_x_input' miss")
def test_input_x_gradient_behind_the_dft_is_ours(x):
    network = Sketch()
    found = called("captum behind the DFT, input × gradient")(network, x, 1)
    expected = ours(network, x, method="gradient_x_input")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_integrated_gradients_behind_the_dft_are_ours(x):
    network = Sketch()
    found = called("captum behind the DFT, integrated gradients")(network, x, 1)
    assert missed(found, ours(network, x, n_steps=400)) < 0.001
    with torch.no_grad():
        change = (network(x) - network(torch.zeros_like(x)))[:, 1].numpy()
    np.testing.assert_allclose(found.sum((1, 2)), change, atol=0.005 * np.abs(change).max())


def test_ablation_of_a_band_is_what_silence_there_costs(x):
    network = Sketch()
    found = called("captum behind the DFT, ablation of bands")(network, x, 1)
    band = band_cells(1, N_TIMES, SFREQ_HZ)[0] == 2
    silent = torch.fft.rfft(x)
    silent[:, 1, band] = 0
    with torch.no_grad():
        cost = (network(x) - network(torch.fft.irfft(silent, n=N_TIMES)))[:, 1]
    np.testing.assert_allclose(found[:, 1, band].sum(1), cost, atol=1e-5)


def test_kernel_shap_of_a_linear_score_is_the_share_of_every_band(x):
    weights = torch.from_numpy(np.random.default_rng(2).standard_normal((N_CHANS, N_TIMES))).float()
    found = called("captum behind the DFT, KernelSHAP of bands")(Straight(weights), x, 0)
    band = band_cells(1, N_TIMES, SFREQ_HZ)[0] == 3
    kept = torch.fft.rfft(x[:, 2]) * band
    share = torch.fft.irfft(kept, n=N_TIMES) @ weights[2]
    np.testing.assert_allclose(found[:, 2, band].sum(1), share, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", [epsilon, epsilon_and_z_plus])
def test_relevance_without_biases_sums_to_the_score(method, x):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv1d(N_CHANS, 4, 9, bias=False), nn.ELU(), nn.Flatten(), nn.Linear(224, 2, bias=False)
    ).eval()
    with torch.no_grad():
        score = network(x)[:, 1].numpy()
    np.testing.assert_allclose(method(network, x, 1).sum((1, 2)), score, atol=1e-3 * np.abs(score).max())


def test_relevance_of_the_epsilon_rule_replaces_slopes_by_ratios(x):
    network = Sketch()
    first, last = nn.Sequential(*list(network)[:3]), nn.Sequential(*list(network)[4:])
    with torch.no_grad():
        before = first(x)
        slope = torch.where(before > 0, torch.ones_like(before), before.expm1() / before)
    leaf = spectrum(x).requires_grad_(True)
    signal = torch.fft.irfft(torch.view_as_complex(leaf), n=N_TIMES)
    score = last(first(signal) * slope)[:, 1].sum()
    (modified,) = torch.autograd.grad(score, leaf)
    expected = (leaf * modified).sum(-1).detach().numpy()
    np.testing.assert_allclose(epsilon(network, x, 1), expected, atol=1e-5 * np.abs(expected).max())


def test_z_plus_hands_relevance_to_positive_contributions_in_proportion():
    x = torch.tensor([[[2.0], [3.0], [-1.0]]])  # one sample: its only bin is the sample itself
    network = nn.Sequential(nn.Conv1d(3, 1, 1, bias=False), nn.Flatten(), nn.Linear(1, 1, bias=False)).eval()
    network[0].weight.data = torch.tensor([[[1.0], [-1.0], [-4.0]]])
    network[2].weight.data = torch.tensor([[5.0]])
    np.testing.assert_allclose(epsilon(network, x, 0)[0, :, 0], [10, -15, 20], rtol=1e-6)
    # The score is 15; contributions are 2, -3 and 4, the positive ones 2 and 4.
    np.testing.assert_allclose(epsilon_and_z_plus(network, x, 0)[0, :, 0], [5, 0, 10], rtol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("method", "rules"), [(epsilon, "Epsilon"), (epsilon_and_z_plus, "EpsilonPlus")])
def test_relevance_is_that_of_zennit(method, rules, x):
    composites = pytest.importorskip(
        "zennit.composites", reason="zennit is not installed: pip install zennit"
    )
    layers = pytest.importorskip("zennit.rules")
    network = Sketch(bias=False)
    composite = (
        composites.EpsilonPlus(epsilon=1e-9)
        if rules == "EpsilonPlus"
        else composites.LayerMapComposite(
            [
                (composites.Activation, layers.Pass()),
                (composites.AvgPool, layers.Norm(1e-9)),
                (composites.Linear, layers.Epsilon(1e-9)),
            ]
        )
    )
    trials = x.clone().requires_grad_(True)
    with composite.context(network) as modified:
        scores = modified(trials)
        only = torch.zeros_like(scores)
        only[:, 1] = scores[:, 1].detach()
        (over_time,) = torch.autograd.grad(scores, trials, only)
    # Through the inverse DFT, the epsilon rule makes relevance over time, divided by the trial, a gradient.
    expected = (spectrum(x) * spectrum_gradient(over_time / x)).sum(-1).numpy()
    assert missed(method(network, x, 1), expected) < 1e-3


def spectrum_gradient(gradient):
    """Return the gradient of both parts of bins from that of samples, through ``irfft``."""
    leaf = torch.zeros(*gradient.shape[:-1], N_TIMES // 2 + 1, 2, requires_grad=True)
    signal = torch.fft.irfft(torch.view_as_complex(leaf), n=N_TIMES)
    return torch.autograd.grad(signal, leaf, gradient)[0]


class Power(nn.Module):
    """The power of every channel, which no rule of relevance propagation covers."""

    def forward(self, x):
        return x.square().mean(2)


def test_dft_lrp_refuses_what_it_has_no_rule_for(x):
    with pytest.raises(ValueError, match=r"got `square` of values that depend on the trials, in Power\. Try"):
        epsilon(Power(), x, 0)
    with pytest.raises(ValueError, match="got `mul` of values"):
        epsilon_and_z_plus(nn.Sequential(Sketch(), Products()), x, 0)


class Products(nn.Module):
    """Products of values with themselves."""

    def forward(self, x):
        return x * x


def test_patterns_of_windows_leave_out_a_channel_that_only_removes_noise():
    random = np.random.default_rng(3)
    source, noise = random.standard_normal((2, 300, 8))
    windows_of = {"channel with both": source + noise, "channel with noise": noise}
    x = torch.tensor(np.stack([np.repeat(of, 5, axis=1) for of in windows_of.values()], axis=1)).float()
    network = Straight(torch.tensor([1.0, -1.0])[:, None].expand(2, 40) / 40)
    network.sfreq = 100.0  # windows of 50 ms have 5 samples
    pattern = np.abs(windows(network, x, 0).mean(0)).sum(1)
    assert pattern[1] < 0.15 * pattern[0]


def test_patterns_of_bands_find_the_band_of_the_score():
    random = np.random.default_rng(4)
    time_s = np.arange(100) / 100
    amplitude = random.uniform(0.5, 2, (80, 1))
    x = random.standard_normal((80, 2, 100)) * 0.1
    x[:, 0] += amplitude * np.sin(2 * np.pi * 18 * time_s)

    class Size(Power):
        sfreq = 100.0

    found = bands(Size(), torch.tensor(x).float(), 0)
    of_bands = np.abs(found.mean(0))
    assert np.unravel_index(of_bands.argmax(), of_bands.shape)[0] == 0
    assert 16 <= of_bands[0].argmax() < 20
