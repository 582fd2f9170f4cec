"""Networks of 16 bits and autocast on a CPU: no such tensor is convolved, and nothing is less exact for it."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import sincviz
from sincviz import ablate, deletion_curve, diagnose, randomization_test, relevance, spectral_relevance
from sincviz.analysis.attribution.methods import INPUT_METHODS
from sincviz.networks import front_end
from sincviz.networks.fast.spatial_maps import filtered_back, spatial_maps

NARROW = [torch.float16, torch.bfloat16]


class Convolutions(TorchDispatchMode):
    """Notes the precision of every convolution on a CPU, forwards and backwards."""

    def __init__(self):
        super().__init__()
        self.dtypes = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if "conv" in function.name():
            self.dtypes += [tensor.dtype for tensor in args if isinstance(tensor, torch.Tensor)]
        return function(*args, **(kwargs or {}))


@pytest.fixture
def convolutions():
    with Convolutions() as seen:
        yield seen
    assert seen.dtypes, "nothing was convolved"
    assert not set(seen.dtypes) & set(NARROW)


class TemporalAndSpatial(nn.Module):
    """Somebody else's network: a temporal and a depthwise spatial convolution, as in EEGNet."""

    def __init__(self):
        super().__init__()
        self.temporal = nn.Conv2d(1, 4, (1, 17), padding=(0, 8), bias=False)
        self.spatial = nn.Conv2d(4, 8, (6, 1), groups=4, bias=False)
        self.along_time = nn.Conv2d(8, 8, (1, 17), groups=8, padding=(0, 8))
        self.activation, self.head = nn.ELU(), nn.Linear(8, 2)

    def forward(self, x):
        maps = self.along_time(self.spatial(self.temporal(x[:, None])))
        return self.head(self.activation(maps).mean((2, 3)))


def a_network(kind, network, moved):
    if kind == "SincShallowNet":
        return moved(network(drop_prob=0.0)).eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TemporalAndSpatial().eval()


def trials(n_trials=8, seed=0):
    return torch.randn(n_trials, 6, 128, generator=torch.Generator().manual_seed(seed))


def listen(model):
    """Have every layer called as it stands."""
    for layer in model.modules():
        layer.register_forward_hook(lambda *_: None)
    return model


def cut_off_the_statistics(model):
    model.depthwiseconv[0] = nn.BatchNorm2d(4, track_running_stats=False)
    return model


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("wanted", ["x", "weights"])
@pytest.mark.parametrize("change", [lambda model: model, listen, cut_off_the_statistics])
@pytest.mark.parametrize("mode", ["autocast", "autocast everywhere", *NARROW], ids=str)
def test_no_narrow_tensor_is_convolved(convolutions, network, moved, mode, change, wanted, training):
    model = change(moved(network(drop_prob=0.0))).train(training)
    x = trials()
    if isinstance(mode, torch.dtype):
        model, x = model.to(mode), x.to(mode)
    x.requires_grad_(wanted == "x")
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not isinstance(mode, torch.dtype)):
        scores = model(x)
        if mode == "autocast everywhere":
            scores.float().square().sum().backward()
    if mode != "autocast everywhere":
        scores.float().square().sum().backward()
    assert scores.dtype == (mode if isinstance(mode, torch.dtype) else torch.bfloat16)
    for parameter in model.parameters():
        assert parameter.grad.dtype == parameter.dtype
        assert parameter.grad.isfinite().all()


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_other_ways_through_the_network(convolutions, network, moved, dtype, training):
    model = moved(network(drop_prob=0.0)).to(dtype).train(training)
    x = trials().to(dtype)
    maps = model.feature_maps(x)
    assert {tensor.dtype for tensor in maps.values()} == {dtype}
    assert model(x, return_features=True)["features"].dtype == dtype
    if not training:
        jacobian = torch.func.jacrev(lambda trial: model(trial[None])[0].float())(x[0])
        assert jacobian.dtype == dtype


@pytest.mark.parametrize("mode", ["autocast", *NARROW], ids=str)
def test_compiled_and_exported(network, moved, mode):
    model, x = moved(network()).eval(), trials()
    if isinstance(mode, torch.dtype):
        model, x = model.to(mode), x.to(mode)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode == "autocast"):
        compiled = torch.compile(model, fullgraph=True, backend="aot_eager")(x)
        torch.testing.assert_close(compiled, model(x), rtol=0.05, atol=0.05)
        exported = torch.export.export(model, (x,)).graph_module
    graphs = [module.graph for module in exported.modules() if hasattr(module, "graph")]
    convolutions = [
        node for graph in graphs for node in graph.nodes if str(node.target).startswith("aten.conv")
    ]
    assert convolutions
    for node in convolutions:
        assert node.meta["val"].dtype == torch.float32


def test_a_second_derivative(convolutions, network, moved):
    model = moved(network(drop_prob=0.0)).bfloat16().train()
    x = trials().bfloat16().requires_grad_()
    (first,) = torch.autograd.grad(model(x).float().square().sum(), x, create_graph=True)
    first.float().square().sum().backward()
    assert model.depthwiseconv[1].weight.grad.isfinite().all()


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_as_exact_as_its_layers_one_by_one(network, moved, dtype, training):
    model = moved(network(drop_prob=0.0)).to(dtype).train(training)
    x = trials().to(dtype)
    exact = copy.deepcopy(model).double().feature_maps(x.double())["scores"]
    plain = (copy.deepcopy(model).feature_maps(x)["scores"] - exact).norm()
    assert (model(x) - exact).norm() <= 1.5 * plain + 2 * torch.finfo(dtype).eps * exact.norm()


def test_maps_of_16_bit_tensors_are_those_of_wide_ones():
    rng = torch.Generator().manual_seed(0)
    x, weights, taps, bias = (
        torch.randn(*size, generator=rng) for size in ((2, 3, 64), (4, 3), (4, 17), (4,))
    )
    narrow = [tensor.bfloat16() for tensor in (x, weights, taps, bias)]
    wide = [tensor.float() for tensor in narrow]
    assert torch.equal(spatial_maps(*narrow, 8), spatial_maps(*wide, 8).bfloat16())
    maps = spatial_maps(*wide, 8).bfloat16()
    assert torch.equal(filtered_back(maps, narrow[2], 8), filtered_back(maps.float(), wide[2], 8).bfloat16())


ANALYSES = {
    "predictions": sincviz.evidence.predictions,
    "spectral_relevance": spectral_relevance,
    "ablate": ablate,
    "randomization_test": lambda model, x, y: randomization_test(model, x, y, n_draws=2, n_steps=2, progress=False),
    "deletion_curve": lambda model, x, y: deletion_curve(
        model, x, y, ranking=sincviz.attribution.sum_over_bands(spectral_relevance(model, x, y)), n_random=2
    ),
} | {
    f"spectral_relevance by {method}": lambda model, x, y, method=method: spectral_relevance(
        model, x, y, method=method
    )
    for method in INPUT_METHODS
    if method not in ("guided_backprop", "deconvolution")
}  # fmt: skip
OF_A_FRONT_END = {
    "learned_bands": lambda model, x, y: sincviz.learned_bands(model),
    "spatial_patterns": lambda model, x, y: sincviz.spatial_patterns(model, x),
    "relevance": relevance,
    "relevance of gradients": lambda model, x, y: relevance(model, x, y, method="gradient"),
    "importance": lambda model, x, y: sincviz.maps.importance(model, x),
    "diagnose": diagnose,
    "scores": lambda model, x, y: front_end(model).scores(torch.from_numpy(x).float().bfloat16()),
    "recalibrate": lambda model, x, y: sincviz.training.recalibrate_batch_norm(model, x),
}


@pytest.mark.filterwarnings("ignore:The shares of:RuntimeWarning")
@pytest.mark.parametrize("mode", ["autocast", torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    ("kind", "name"),
    [("SincShallowNet", name) for name in (*ANALYSES, *OF_A_FRONT_END)]
    + [("another", name) for name in ANALYSES],
)
def test_no_analysis_convolves_narrow_tensors(network, moved, kind, name, mode):
    model = a_network(kind, network, moved)
    model.sfreq, model.n_times = 128.0, 128
    if isinstance(mode, torch.dtype):
        model = model.to(mode)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    x, y = trials(10).numpy().astype(np.float64), [0, 1] * 5
    with (
        Convolutions() as seen,
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode == "autocast"),
    ):
        (ANALYSES | OF_A_FRONT_END)[name](model, x, y)
    assert not set(seen.dtypes) & set(NARROW)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("kind", ["SincShallowNet", "another"])
@pytest.mark.parametrize("dtype", NARROW)
def test_a_network_of_16_bits_is_read_as_its_weights_in_single_precision(network, moved, kind, dtype):
    narrow = a_network(kind, network, moved).to(dtype)
    x, y = trials(10).numpy(), [0, 1] * 5
    expected = spectral_relevance(copy.deepcopy(narrow).float(), x, y, sfreq=128)
    found = spectral_relevance(narrow, x, y, sfreq=128)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32 or found.dtype == np.float64
