"""The front of any network: the affine part before its first non-linearities, as kernels that are verified."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

import sincviz
from sincviz import FrontEndError, SincShallowNet
from sincviz.networks import front_end
from sincviz.networks.attributes import known_attributes
from sincviz.networks.black_boxes import black_box
from sincviz.networks.tracing.halves import halves
from sincviz.networks.tracing.traced_front_ends import traced_front_end

N_CHANS, N_TIMES = 5, 120


def sized(module, n_chans=N_CHANS, n_times=N_TIMES, sfreq=100.0):
    module.n_chans, module.n_times, module.sfreq = n_chans, n_times, sfreq
    generator = torch.Generator().manual_seed(0)
    for layer in module.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.running_mean.normal_(generator=generator)
            layer.running_var.uniform_(0.5, 2, generator=generator)
            layer.weight.data.uniform_(0.5, 2, generator=generator)
            layer.bias.data.normal_(generator=generator)
    return module.eval()


def traced(module):
    return traced_front_end(black_box(module, known_attributes(module)))


def noise(batch=3, n_chans=N_CHANS, n_times=N_TIMES, seed=0):
    return 10 * torch.randn(batch, n_chans, n_times, generator=torch.Generator().manual_seed(seed))


class EEGNetLike(nn.Module):
    """Temporal filters, normalised, with two spatial filters each."""

    def __init__(self, taps=17, padding=8, filters=4):
        super().__init__()
        self.time = nn.Conv2d(1, filters, (1, taps), padding=(0, padding), bias=False)
        self.norm, self.second = nn.BatchNorm2d(filters), nn.BatchNorm2d(2 * filters)
        self.space = nn.Conv2d(filters, 2 * filters, (N_CHANS, 1), groups=filters, bias=False)
        self.head = nn.Linear(2 * filters * 4, 2)

    def forward(self, x):
        x = F.elu(self.second(self.space(self.norm(self.time(x.unsqueeze(1))))))
        return self.head(F.adaptive_avg_pool2d(F.dropout(x, 0.5, self.training), (1, 4)).flatten(1))


class ShallowLike(nn.Module):
    """Every unit mixes all temporal filters, and its power is taken: kernels are no products."""

    def __init__(self):
        super().__init__()
        self.time, self.space = nn.Conv2d(1, 6, (1, 11)), nn.Conv2d(6, 7, (N_CHANS, 1), bias=False)
        self.norm, self.head = nn.BatchNorm2d(7), nn.Linear(7 * 3, 2)

    def forward(self, x):
        x = self.norm(self.space(self.time(x.unsqueeze(1))))
        return self.head(torch.log(F.adaptive_avg_pool2d(x * x, (1, 3)).clamp(min=1e-6)).flatten(1))


class Branches(nn.Module):
    """Two lengths of kernels without padding, concatenated after the activation."""

    def __init__(self, stride=1):
        super().__init__()
        self.short, self.long = nn.Conv1d(N_CHANS, 3, 5), nn.Conv1d(N_CHANS, 2, 21, stride=stride)
        self.head = nn.Linear(5, 2)

    def forward(self, x):
        return self.head(torch.cat([F.relu(self.short(x)).mean(2), torch.tanh(self.long(x)).mean(2)], 1))


class Padded(nn.Module):
    """Two padded convolutions in a row, the first with a bias: edges differ from the middle."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv1d(N_CHANS, 4, 9, padding=4), nn.Conv1d(4, 3, 7, padding=3)
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(F.gelu(self.second(self.first(x))).mean(2))


class Blocks(nn.Module):
    """More than eight trials take another way through the network."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv1d(N_CHANS, 3, 9), nn.Linear(3, 2)

    def forward(self, x):
        parts = torch.split(x, 8) if len(x) > 8 else [x]
        return self.head(torch.cat([F.elu(self.conv(part)).mean(2) for part in parts]))


class MaxNorm(nn.Module):
    """Weights are renormalised in place, in the forward pass, and an activation works in place."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv1d(N_CHANS, 4, 9, stride=3), nn.Linear(4, 2)

    def forward(self, x):
        self.conv.weight.data = torch.renorm(self.conv.weight.data, 2, 0, 0.5)
        return self.head(nn.ELU(inplace=True)(self.conv(x)).mean(2))


class Residual(nn.Module):
    """The input goes around the first non-linearity."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv1d(N_CHANS, N_CHANS, 9, padding=4, bias=False), nn.Linear(N_CHANS, 2)

    def forward(self, x):
        return self.head((x + F.relu(self.conv(x))).mean(2))


class FilterBank(nn.Module):
    """Fixed filters longer than half a trial, one for each channel alike, then a spatial filter."""

    def __init__(self, taps=81):
        super().__init__()
        times = torch.arange(taps) - taps // 2
        bank = torch.stack([torch.cos(2 * torch.pi * hz * times / 100) for hz in (10.0, 20.0)])
        self.register_buffer("bank", bank * torch.hann_window(taps, periodic=False))
        self.space, self.head = nn.Conv2d(2, 6, (N_CHANS, 1), groups=2), nn.Linear(6, 2)

    def forward(self, x):
        filtered = [
            F.conv1d(x.flatten(0, 1)[:, None], one[None, None], padding=len(one) // 2).reshape(x.shape)
            for one in self.bank
        ]
        return self.head(F.silu(self.space(torch.stack(filtered, 1))).var(3).flatten(1))


NETWORKS = {
    "temporal and spatial": EEGNetLike,
    "even kernels": lambda: EEGNetLike(16, 8),
    "no products": ShallowLike,
    "branches": Branches,
    "edges": Padded,
    "blocks of trials": Blocks,
    "stride and max-norm": MaxNorm,
    "residual": Residual,
    "fixed filter bank": FilterBank,
}


@pytest.fixture(params=NETWORKS)
def module(request):
    torch.manual_seed(0)
    return sized(NETWORKS[request.param]())


def test_units_and_what_follows_make_the_scores(module):
    front = traced(module)
    for batch in (1, 3, 20):
        x = noise(batch, seed=batch)
        with torch.no_grad():
            torch.testing.assert_close(front.scores(x), module(x), rtol=1e-4, atol=1e-4)
    assert front.traced["kernel_error"] < 1e-9


def test_the_kernels_compute_the_maps(module):
    front = traced(module)
    x = noise().double()
    before, after = front.pad
    padded = F.pad(x, (before, after))
    kernels = front.kernels_of_units().double()
    expected = F.conv1d(padded, kernels.flatten(0, 1), stride=front.stride).reshape(3, *kernels.shape[:2], -1)
    maps = front.maps(x.float()).double()
    first, last = front.traced["edges"]
    inside = slice(first, maps.shape[3] - last)
    difference = maps - expected - front.bias[..., None]
    # Branches of other lengths end earlier.
    if not isinstance(module, Branches):
        assert difference[..., inside].abs().max() < 1e-4 * expected.abs().max()
    assert (first, last) == ((3, 3) if isinstance(module, Padded) else (0, 0))


def test_gradients_and_shares_are_those_of_the_network(module):
    front = traced(module)
    x = noise(2).requires_grad_()
    with torch.no_grad():
        module(x)  # weights are renormalised
    (expected,) = torch.autograd.grad(module(x)[:, 0].sum(), x)
    maps = front.maps(x.detach()).requires_grad_()
    (at_maps,) = torch.autograd.grad(front.tail(maps)[:, 0].sum(), maps)
    torch.testing.assert_close(front.input_gradient(at_maps, x.detach()), expected, rtol=1e-4, atol=1e-6)
    shares = front.shares(at_maps, x.detach())
    assert shares.shape == (2, front.spatial.shape[0], N_CHANS)
    # What all filters get from a channel is what the channel gets from them.
    torch.testing.assert_close(shares.sum(1), (x.detach() * expected).sum(2), rtol=1e-3, atol=1e-3)


def test_the_network_is_not_changed(module):
    module.train()
    weights = copy.deepcopy(module.state_dict())
    hooks = [len(layer._forward_hooks) + len(layer._forward_pre_hooks) for layer in module.modules()]
    traced(module)
    assert module.training
    assert all(torch.equal(value, weights[name]) for name, value in module.state_dict().items())
    assert hooks == [len(layer._forward_hooks) + len(layer._forward_pre_hooks) for layer in module.modules()]


def test_temporal_and_spatial_filters_are_told_apart():
    torch.manual_seed(0)
    module = sized(EEGNetLike())
    front = traced(module)
    assert front.unit_kernels is None
    assert front.kernels.shape == (4, 17)
    assert front.spatial.shape == (4, 2, N_CHANS)
    gain = module.norm.weight / (module.norm.running_var + module.norm.eps).sqrt()
    gain2 = module.second.weight / (module.second.running_var + module.second.eps).sqrt()
    temporal = (gain[:, None] * module.time.weight[:, 0, 0]).repeat_interleave(2, 0)
    whole = gain2[:, None, None] * module.space.weight[:, 0, :, 0][..., None] * temporal[:, None]
    torch.testing.assert_close(front.kernels_of_units().flatten(0, 1), whole.detach(), rtol=1e-5, atol=1e-6)
    response = torch.fft.rfft(front.kernels.double(), 4096).abs().amax(1)
    torch.testing.assert_close(response, torch.ones(4, dtype=torch.float64), rtol=1e-5, atol=0)
    assert (front.separability == 1).all()


def test_kernels_that_are_no_products_stay_whole():
    torch.manual_seed(0)
    module = sized(ShallowLike())
    front = traced(module)
    assert front.unit_kernels.shape == (7, 1, N_CHANS, 11)
    mixed = torch.einsum("ufc,ft->uct", module.space.weight[..., 0], module.time.weight[:, 0, 0])
    mixed = mixed * (module.norm.weight / (module.norm.running_var + module.norm.eps).sqrt())[:, None, None]
    torch.testing.assert_close(front.unit_kernels[:, 0], mixed.detach(), rtol=1e-4, atol=1e-6)
    energy = np.linalg.svd(mixed.detach().double().numpy(), compute_uv=False) ** 2
    np.testing.assert_allclose(front.separability[:, 0], energy[:, 0] / energy.sum(1), rtol=1e-4)
    # The product that is shown is the best one.
    product = front.spatial[:, 0, :, None] * front.kernels[:, None]
    share = 1 - (front.unit_kernels[:, 0] - product).square().sum((1, 2)) / mixed.square().sum((1, 2))
    np.testing.assert_allclose(share.detach(), front.separability[:, 0], rtol=1e-4)


def test_branches_are_one_bank():
    torch.manual_seed(0)
    module = sized(Branches())
    kernels = traced(module).kernels_of_units()[:, 0]
    assert kernels.shape == (5, N_CHANS, 21)
    torch.testing.assert_close(kernels[:3, :, :5], module.short.weight.detach())
    assert not kernels[:3, :, 5:].any()
    torch.testing.assert_close(kernels[3:], module.long.weight.detach())


def test_a_sinc_network_is_found_as_it_is_declared(moved):
    module = moved(
        SincShallowNet(n_chans=6, n_outputs=3, n_times=200, sfreq=125.0, num_time_filters=8)
    ).eval()
    declared = front_end(module)
    # Layers with hooks are called one by one, without the shortcut that records its gradient itself.
    for layer in module.modules():
        layer.register_forward_hook(lambda *_: None)
    found = traced(module)
    assert found.padding == declared.pad
    scale = declared.kernels_of_units().abs().max()
    torch.testing.assert_close(
        found.kernels_of_units() / scale, declared.kernels_of_units() / scale, rtol=0, atol=1e-6
    )
    x = noise(4, 6, 200)
    torch.testing.assert_close(found.maps(x), declared.maps(x), rtol=1e-4, atol=1e-4)
    for name in ("measured_low_hz", "measured_high_hz", "peak_hz"):
        np.testing.assert_allclose(
            sincviz.learned_bands(found)[name], sincviz.learned_bands(declared)[name], rtol=1e-4, atol=0.02
        )


class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(N_CHANS, 2)

    def forward(self, x):
        return self.head(torch.fft.rfft(x).abs().mean(2))


def test_relevance_of_what_takes_complex_numbers_is_that_of_the_whole_network():
    torch.manual_seed(0)
    module = sized(Complex())
    front, tail = halves(module, N_CHANS, N_TIMES)
    x = noise(3)
    assert front(x)[0].shape == (3, 2 * N_CHANS * (N_TIMES // 2 + 1))
    torch.testing.assert_close(tail(front(x)), module(x))
    shares = sincviz.spectral_relevance(module, x.numpy(), baseline="zero")
    # The score is of first degree in the input, so its gradient is the same all along the path.
    point = x.clone().requires_grad_()
    gradient = torch.autograd.grad(module(point)[:, 0].sum(), point)[0]
    np.testing.assert_allclose(
        shares.isel(target=0).sum("frequency"), (x * gradient).sum(2).mean(0), rtol=1e-3
    )


class Recurrent(nn.Module):
    """A recurrent layer that takes the trials as they are."""

    def __init__(self):
        super().__init__()
        self.recurrent = nn.GRU(N_CHANS, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.recurrent(x.transpose(1, 2))[0].mean(1))


class Sorted(nn.Module):
    """Does other operations for some inputs."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(N_CHANS, 2)

    def forward(self, x):
        return self.head(F.relu(x).mean(2) if x.sum() > 0 else torch.tanh(x).sin().mean(2))


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(N_CHANS * N_TIMES, 2)

    def forward(self, x):
        return self.head(x.flatten(1))


class Mixed(nn.Module):
    """Times are mixed before the first activation."""

    def __init__(self):
        super().__init__()
        self.mix, self.head = nn.Linear(N_TIMES, N_TIMES), nn.Linear(N_CHANS, 2)

    def forward(self, x):
        return self.head(F.relu(self.mix(x)).mean(2))


class OwnELU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return F.elu(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * torch.where(x > 0, 1, x.exp())


class OwnGradient(nn.Module):
    """The first non-linearity has a gradient of its own."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv1d(N_CHANS, 3, 9), nn.Linear(3, 2)

    def forward(self, x):
        return self.head(OwnELU.apply(self.conv(x)).mean(2))


def test_a_gradient_that_is_hidden_is_told_and_relevance_takes_the_whole_network():
    torch.manual_seed(0)
    module = sized(OwnGradient())
    with pytest.raises(FrontEndError, match="hides its gradient"):
        front_end(module)
    x = noise(6).numpy()
    shares = sincviz.spectral_relevance(module, x)
    plain = copy.deepcopy(module)
    plain.forward = lambda x: plain.head(F.elu(plain.conv(x)).mean(2))
    np.testing.assert_allclose(shares, sincviz.spectral_relevance(plain, x), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Complex, "complex numbers"),
        (Sorted, "depend on the values"),
        (Linear, "no operation could be found"),
        (Mixed, "does not shift in time|not the input convolved in time"),
        (lambda: Branches(stride=2), "every 1 and every 2"),
        (Recurrent, r"\(gru\) takes the channels as they are, unfiltered"),
    ],
)
def test_what_is_no_convolution_in_time_is_told(make, reason):
    torch.manual_seed(0)
    with pytest.raises(FrontEndError, match=reason) as refusal:
        front_end(sized(make()))
    assert "sincviz.spectral_relevance" in str(refusal.value)


def test_sizes_that_are_missing_are_named():
    module = EEGNetLike()
    with pytest.raises(FrontEndError, match=r"number of channels and .*sampling rate.*model\.n_chans"):
        front_end(module)
    module.n_chans, module.n_times, module.sfreq = N_CHANS, N_TIMES, 100.0
    assert front_end(module).kernels.shape == (4, 17)


def test_a_changed_network_is_traced_anew():
    torch.manual_seed(0)
    module = sized(ShallowLike())
    first = front_end(module)
    with torch.no_grad():
        module.time.weight.mul_(2)
    torch.testing.assert_close(front_end(module).unit_kernels, 2 * first.unit_kernels)


@settings(max_examples=15, deadline=None)
@given(
    filters=st.integers(1, 4),
    taps=st.integers(1, 12),
    stride=st.integers(1, 4),
    padding=st.integers(0, 6),
    dilation=st.integers(1, 3),
    seed=st.integers(0, 100),
)
def test_any_convolution_is_found_as_it_is(filters, taps, stride, padding, dilation, seed):
    torch.manual_seed(seed)
    conv = nn.Conv1d(N_CHANS, filters, taps, stride, padding, dilation)
    module = sized(
        nn.Sequential(conv, nn.Tanh(), nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(2 * filters, 2))
    )
    front = traced(module)
    assert (front.stride, front.pad[0]) == (stride, padding)
    whole = torch.zeros(filters, N_CHANS, dilation * (taps - 1) + 1)
    whole[..., ::dilation] = conv.weight.detach()
    torch.testing.assert_close(front.kernels_of_units().flatten(0, 1), whole, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(front.bias.flatten(), conv.bias.detach(), rtol=1e-5, atol=1e-6)
