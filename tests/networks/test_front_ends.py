"""The front end of a network says the same as the network."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

from sincviz import SincShallowNet, learned_bands
from sincviz.networks import FrontEnd, front_end
from sincviz.training import recalibrate_batch_norm


def scores_from(opened, x):
    """Compute ``tail(scale · filter(spatial · x) + bias)`` as the definition says it, in double precision."""
    mixed = torch.einsum("fdc,bct->bfdt", opened.spatial.double(), x.double())
    batch, filters, depth, times = mixed.shape
    filtered = F.conv1d(
        mixed.reshape(batch, filters * depth, times),
        opened.kernels.double().repeat_interleave(depth, 0)[:, None],
        padding=opened.padding,
        groups=filters * depth,
    ).reshape(batch, filters, depth, -1)
    maps = opened.scale.double()[..., None] * filtered + opened.bias.double()[..., None]
    return opened.tail(maps.float())


def assert_same_scores(opened, model, seed=1, relative=1e-5):
    x = torch.randn(3, model.n_chans, model.n_times, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        expected = model(x)
        scores = scores_from(opened, x)
    assert scores.shape == expected.shape
    assert torch.linalg.norm(scores - expected) <= relative * torch.linalg.norm(expected)


@given(
    n_chans=st.integers(1, 5),
    n_outputs=st.integers(2, 4),
    num_time_filters=st.integers(1, 5),
    time_filter_len=st.integers(1, 12).map(lambda half: 2 * half + 1),
    depth_multiplier=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
    activation=st.sampled_from([None, nn.ReLU, nn.Tanh]),
    seed=st.integers(0, 100),
)
def test_it_computes_the_scores_of_the_network(network, moved, seed, **settings):
    model = moved(network(seed, n_times=100, **settings), seed).eval()
    assert_same_scores(front_end(model), model, seed)


@pytest.fixture
def model(network, moved, epochs):
    return moved(network(chs_info=epochs.info["chs"])).eval()


def test_it_tells_cutoffs_channels_and_rate(model, epochs):
    opened = front_end(model)
    assert (opened.sfreq, opened.padding, opened.ch_names) == (128, "same", epochs.ch_names)
    assert opened.chs_info == model.chs_info
    torch.testing.assert_close(opened.cutoffs, model.cutoffs().detach())
    assert opened.initial_cutoffs.tolist() == [[8, 12], [9, 13], [10, 14], [11, 15]]
    assert opened.spatial.shape == (4, 2, 6)


def test_the_hash_is_that_of_the_weights(model, network, epochs):
    before = front_end(model).weights_sha256
    again = network(seed=9, chs_info=epochs.info["chs"])
    assert front_end(again).weights_sha256 != before
    again.load_state_dict(model.state_dict())
    assert front_end(again).weights_sha256 == before


class Wrapper(nn.Module):
    """What ``torch.compile`` returns, without compiling."""

    def __init__(self, model):
        super().__init__()
        self._orig_mod = model


class Classifier:
    """What skorch leaves behind after a fit."""

    def __init__(self, model):
        self.module_ = model


WRAPPED = {
    "classifier": Classifier,
    "compiled": lambda model: torch.compile(model),
    "data-parallel": nn.DataParallel,
    "compiled in a classifier": lambda model: Classifier(Wrapper(model)),
    "data-parallel and compiled": lambda model: nn.DataParallel(Wrapper(model)),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's own
@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_the_network_is_found_inside(model, wrap):
    opened = front_end(wrap(model))
    assert opened.weights_sha256 == front_end(model).weights_sha256
    assert_same_scores(opened, model)


class Foreign(nn.Module):
    """A network of another library: the state dict of ours, no class of ours."""

    def __init__(self, model):
        super().__init__()
        for name, child in model.named_children():
            self.add_module(name, child)


class ForeignWithConfig(Foreign):
    def __init__(self, model, **changes):
        super().__init__(model)
        self.config = model.get_config() | changes

    def get_config(self):
        return self.config


def test_a_live_network_of_another_library_is_recognised_by_its_weights(model):
    foreign = ForeignWithConfig(model, activation="torch.nn.modules.activation.ELU").train()
    before = {name: value.clone() for name, value in foreign.state_dict().items()}
    opened = front_end(foreign)
    assert_same_scores(opened, model.eval())
    assert all(torch.equal(before[name], value) for name, value in foreign.state_dict().items())


def test_a_live_network_without_configuration_says_what_to_do(model):
    with pytest.raises(TypeError, match=r"Foreign has the weights.*get_config.*load_state_dict"):
        front_end(Foreign(model))


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was(model, training):
    model.train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    opened = front_end(model)
    learned_bands(model)
    assert all(module.training is training for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(
        part.requires_grad
        for part in (opened.kernels, opened.cutoffs, opened.spatial, opened.scale, opened.bias)
    )


def test_the_scores_are_those_of_evaluation_also_for_a_network_in_training(model):
    opened = front_end(model.train())
    x = torch.randn(4, 6, 128)
    scores = [scores_from(opened, x) for _ in range(2)]
    torch.testing.assert_close(scores[0], model.eval()(x), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(scores[0], scores[1])


def test_scores_stay_those_of_evaluation_when_the_network_is_trained_on(model):
    opened = front_end(model)
    x = torch.randn(4, 6, 128)
    expected = model(x)
    model.train()
    torch.testing.assert_close(scores_from(opened, x), expected, rtol=1e-4, atol=1e-5)


def test_a_front_end_keeps_what_the_network_was(model, moved):
    opened = front_end(model)
    x = torch.randn(4, 6, 128, generator=torch.Generator().manual_seed(0))
    expected = scores_from(opened, x)
    moved(model, seed=5)
    assert torch.equal(scores_from(opened, x), expected)


def test_an_activation_that_is_random_in_training_is_not_so_here(network):
    opened = front_end(network(activation=nn.RReLU).train())
    maps = torch.randn(2, 4, 2, 128, generator=torch.Generator().manual_seed(0))
    assert torch.equal(opened.tail(maps), opened.tail(maps))


@pytest.mark.parametrize("unknown", [nn.Linear(2, 2), "a string", None])
def test_what_has_no_front_end_is_refused(unknown):
    with pytest.raises(TypeError, match=r"does not know the front end of (Linear|str|NoneType)"):
        front_end(unknown)


def test_a_normalisation_without_statistics_is_refused(model):
    model.depthwiseconv[0] = nn.BatchNorm2d(4, track_running_stats=False)
    with pytest.raises(TypeError, match="running statistics"):
        front_end(model)


class FreeFilters(nn.Module):
    """A network with free temporal filters, as EEGNet has them, that anybody may register."""

    def __init__(self, kernels, sfreq):
        super().__init__()
        self.kernels, self.sfreq = torch.as_tensor(kernels), sfreq


@pytest.fixture
def registered():
    @front_end.register
    def _(model: FreeFilters) -> FrontEnd:
        shape = (len(model.kernels), 1)
        return FrontEnd(
            kernels=model.kernels,
            cutoffs=None,
            initial_cutoffs=None,
            spatial=torch.ones(*shape, 2),
            scale=torch.ones(shape),
            bias=torch.zeros(shape),
            padding="same",
            tail=lambda maps: maps.mean((1, 2)),
            sfreq=model.sfreq,
            ch_names=None,
            chs_info=None,
            weights_sha256="",
        )


@pytest.mark.usefixtures("registered")
def test_a_registered_network_with_free_filters_is_read_by_what_its_kernels_do():
    time = torch.arange(-50, 51) / 100
    kernels = torch.stack([torch.cos(2 * torch.pi * hz * time) * torch.hann_window(101) for hz in (6, 20)])
    bands = learned_bands(FreeFilters(kernels, 100.0))
    assert bands["peak_hz"].round(1).tolist() == [6, 20]
    assert bands["rhythm"].tolist() == ["theta", "beta"]
    assert bands.attrs["rhythm_by"] == "measured peak"
    nominal = ["low_hz", "high_hz", "center_hz", "bandwidth_hz", "initial_low_hz", "initial_high_hz"]
    assert bands[[*nominal, "in_band_energy"]].isna().to_numpy().all()


def test_subclasses_of_the_network_are_known(network, epochs):
    class Mine(SincShallowNet):
        pass

    mine = Mine.from_config(network(chs_info=epochs.info["chs"]).get_config()).eval()
    assert_same_scores(front_end(mine), mine)


class SmallEEGNet(nn.Module):
    """Free temporal filters, a depthwise spatial convolution, a normalisation between non-linearity and both."""

    def __init__(self):
        super().__init__()
        self.temporal = nn.Conv2d(1, 3, (1, 15), padding="same", bias=False)
        self.spatial = nn.Conv2d(3, 6, (5, 1), groups=3, bias=False)
        self.normalization = nn.BatchNorm2d(6)
        self.rest = nn.Sequential(nn.ELU(), nn.AvgPool2d((1, 8)), nn.Flatten(), nn.Linear(6 * 8, 2))
        self.n_chans, self.n_times = 5, 64

    def forward(self, x):
        return self.rest(self.normalization(self.spatial(self.temporal(x[:, None]))))


def test_a_network_of_your_own_takes_ten_lines(moved):
    @front_end.register
    def _(model: SmallEEGNet) -> FrontEnd:
        gain = model.normalization.weight / (model.normalization.running_var + model.normalization.eps).sqrt()
        shift = model.normalization.bias - model.normalization.running_mean * gain
        return FrontEnd(
            kernels=model.temporal.weight[:, 0, 0], cutoffs=None, initial_cutoffs=None,
            spatial=model.spatial.weight.reshape(3, 2, 5), scale=gain.reshape(3, 2), bias=shift.reshape(3, 2),
            padding="same", tail=lambda maps: model.rest(maps.flatten(1, 2)[:, :, None]), sfreq=100.0,
            ch_names=None, chs_info=None, weights_sha256="",
        )  # fmt: skip

    model = moved(SmallEEGNet()).eval()
    assert_same_scores(front_end(model), model)
    bands = learned_bands(model)
    assert len(bands) == 3
    assert bands["low_hz"].isna().all()
    assert bands["measured_high_hz"].between(0, 50).all()


@given(
    n_chans=st.integers(1, 4),
    num_time_filters=st.integers(1, 4),
    time_filter_len=st.integers(1, 12).map(lambda half: 2 * half + 1),
    depth_multiplier=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
    seed=st.integers(0, 100),
)
def test_its_own_maps_and_scores_are_those_of_the_network(network, moved, seed, **settings):
    model = moved(network(seed, n_times=100, **settings), seed).double().eval()
    x = torch.randn(3, model.n_chans, 100, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    opened = front_end(model)
    maps = opened.maps(x)
    second = model.temporal_aggregation[0]
    expected = second(model.feature_maps(x)["spatial"].unsqueeze(2)).squeeze(2)
    assert maps.shape == (3, model.num_time_filters, model.depth_multiplier, expected.shape[2])
    torch.testing.assert_close(maps.flatten(1, 2), expected)
    torch.testing.assert_close(opened.scores(x), model(x))


class EvenKernels(nn.Module):
    """PyTorch's own layers with kernels of any length."""

    def __init__(self, n_taps, padding):
        super().__init__()
        self.temporal = nn.Conv2d(1, 3, (1, n_taps), padding=padding, bias=False)
        self.spatial = nn.Conv2d(3, 6, (5, 1), groups=3, bias=False)
        self.rest = nn.Sequential(nn.ELU(), nn.AdaptiveAvgPool2d((1, 4)), nn.Flatten(), nn.Linear(24, 3))

    def forward(self, x):
        return self.rest(self.spatial(self.temporal(x[:, None])))


@pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel lengths:UserWarning"
)  # PyTorch's own
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("n_taps", [1, 2, 15, 16])
def test_kernels_of_even_length_are_padded_as_pytorch_does(n_taps, padding):
    @front_end.register
    def _(model: EvenKernels) -> FrontEnd:
        return FrontEnd(
            kernels=model.temporal.weight[:, 0, 0].detach(), cutoffs=None, initial_cutoffs=None,
            spatial=model.spatial.weight.detach().reshape(3, 2, 5), scale=torch.ones(3, 2), bias=torch.zeros(3, 2),
            padding=model.temporal.padding, tail=lambda maps: model.rest(maps.flatten(1, 2)[:, :, None]),
            sfreq=100.0, ch_names=None, chs_info=None,
        )  # fmt: skip

    model, x = EvenKernels(n_taps, padding), torch.randn(4, 5, 64, generator=torch.Generator().manual_seed(0))
    opened = front_end(model)
    with torch.no_grad():
        maps = model.spatial(model.temporal(x[:, None])).reshape(4, 3, 2, -1)
        torch.testing.assert_close(opened.maps(x), maps, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(opened.scores(x), model(x), rtol=1e-5, atol=1e-6)
        assert opened.n_outputs == 3


@pytest.mark.parametrize(
    ("padding", "n_taps", "pad"), [("same", 33, (16, 16)), ("same", 16, (7, 8)), ("valid", 16, (0, 0))]
)
def test_an_odd_zero_comes_after_the_signal(model, padding, n_taps, pad):
    opened = dataclasses.replace(front_end(model), kernels=torch.ones(4, n_taps), padding=padding)
    assert opened.pad == pad


def test_the_gradient_of_the_scores_passes_through_the_maps(model):
    x = torch.randn(4, 6, 128, generator=torch.Generator().manual_seed(0))
    inputs, expected = x.clone().requires_grad_(), x.clone().requires_grad_()
    front_end(model).scores(inputs)[:, 0].sum().backward()
    model(expected)[:, 0].sum().backward()
    torch.testing.assert_close(inputs.grad, expected.grad, rtol=1e-4, atol=1e-6)


def random_maps(n=5):
    return torch.randn(n, 4, 2, 128, generator=torch.Generator().manual_seed(1))


def test_the_tail_is_the_head_on_the_features(model):
    opened = front_end(model)
    features = opened.features(random_maps())
    assert features.shape == (5, *opened.head.shape[1:])
    scores = torch.einsum("kfdw,bfdw->bk", opened.head, features) + model.final_layer.bias
    torch.testing.assert_close(opened.tail(random_maps()), scores, rtol=1e-5, atol=1e-6)


def test_features_are_what_enters_the_head(model):
    x = torch.randn(4, 6, 128, generator=torch.Generator().manual_seed(0))
    opened = front_end(model)
    with torch.no_grad():
        expected = model(x, return_features=True)["features"]
    torch.testing.assert_close(opened.features(opened.maps(x)).flatten(1), expected, rtol=1e-4, atol=1e-5)


def test_the_head_is_a_copy_that_needs_no_gradient(model):
    head = front_end(model).head
    expected = head.clone()
    with torch.no_grad():
        model.final_layer.weight += 1
    assert torch.equal(head, expected)
    assert not head.requires_grad


def test_recorded_statistics_are_those_of_the_data_they_were_recorded_on(model, epochs):
    model.scale = 1e6
    model = recalibrate_batch_norm(model.double(), epochs)
    opened, x = front_end(model), torch.from_numpy(epochs.get_data() * 1e6)
    with torch.no_grad():
        filtered = model.feature_maps(x)["sinc"].transpose(0, 1).flatten(1)
        units = opened.maps(x).permute(1, 2, 0, 3).flatten(2)
    torch.testing.assert_close(opened.recorded.filtered_variance, filtered.var(1))
    torch.testing.assert_close(opened.recorded.unit_mean, units.mean(2), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(opened.recorded.unit_std, units.std(2), rtol=1e-9, atol=0)


def test_a_unit_that_the_normalisation_turns_off_has_no_spread(model):
    with torch.no_grad():
        model.temporal_aggregation[0].weight[3] = 0
    assert front_end(model).recorded.unit_std[1, 1] == 0


@pytest.mark.parametrize("momentum", [0.99, 0.1, None])
def test_the_momentum_is_told(model, momentum):
    model.depthwiseconv[0].momentum = momentum
    assert front_end(model).recorded.momentum == momentum


@pytest.mark.parametrize("momentum", [0.99, 0.01, None])
def test_the_momentum_of_a_live_network_is_carried_over(model, momentum):
    for layer in (model.depthwiseconv[0], model.temporal_aggregation[0]):
        layer.momentum = momentum
    foreign = ForeignWithConfig(model, activation="torch.nn.modules.activation.ELU")
    assert front_end(foreign).recorded.momentum == momentum


def test_recorded_statistics_are_copies(model, moved):
    recorded = front_end(model).recorded
    before = [recorded.filtered_variance.clone(), recorded.unit_mean.clone(), recorded.unit_std.clone()]
    moved(model, seed=3)
    after = [recorded.filtered_variance, recorded.unit_mean, recorded.unit_std]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("n_outputs", [2, 5])
@pytest.mark.parametrize("unknown", [{}, {"head": None}, {"head": None, "features": None}])
def test_the_number_of_scores_is_known_without_a_head_too(network, n_outputs, unknown):
    opened = dataclasses.replace(front_end(network(n_outputs=n_outputs)), **unknown)
    assert opened.n_outputs == n_outputs


@pytest.mark.usefixtures("registered")
def test_the_number_of_scores_of_a_network_of_any_length():
    opened = dataclasses.replace(
        front_end(FreeFilters(torch.ones(3, 9), 100.0)), tail=lambda maps: maps.mean((2, 3))
    )
    assert (opened.n_times, opened.n_outputs) == (None, 3)


def test_the_front_end_of_a_front_end_is_itself(model):
    opened = front_end(model)
    assert front_end(opened) is opened
    assert front_end(Classifier(opened)) is opened


def test_it_tells_units_classes_length_and_training(model):
    model.scale, model.class_names, model.provenance = 1e6, ["left", "right"], {"n_trials": 7}
    opened = front_end(model)
    assert (opened.units_per_volt, opened.class_names, opened.n_times) == (1e6, ["left", "right"], 128)
    assert (opened.n_chans, opened.n_outputs, opened.provenance) == (6, 2, {"n_trials": 7})
    model.provenance["n_trials"] = 8
    assert opened.provenance == {"n_trials": 7}
