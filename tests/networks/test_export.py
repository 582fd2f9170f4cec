"""Traced and exported networks give what the network gives, for any number of trials."""

import io
import warnings

import numpy as np
import pytest
import torch
from torch import nn

SETTINGS = [
    {},
    {"padding": "valid", "depth_multiplier": 3, "activation": nn.Softplus},
    {"depth_multiplier": 1, "activation": nn.GELU},
]


def signals(n_trials):
    return torch.randn(n_trials, 6, 128, generator=torch.Generator().manual_seed(n_trials))


@pytest.fixture(params=SETTINGS, ids=str)
def model(request, network, moved):
    return moved(network(**request.param)).eval()


@pytest.fixture(autouse=True)
def _deprecated():
    """PyTorch's own: that TorchScript will go, and that the size of a trace is fixed, as that of the network is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        yield


@pytest.mark.parametrize("heard", [False, True], ids=["mixed first", "layer by layer"])
@pytest.mark.parametrize("n_trials", [1, 2])
def test_a_traced_network_is_the_network(model, n_trials, heard, tmp_path):
    if heard:
        model.sinc_filter_layer.register_forward_hook(lambda *_: None)
    torch.jit.trace(model, signals(n_trials)).save(tmp_path / "traced.pt")
    traced = torch.jit.load(tmp_path / "traced.pt")
    for other in (1, 2, 700):
        torch.testing.assert_close(traced(signals(other)), model(signals(other)))


def test_a_traced_network_has_its_gradients(model):
    traced, x = torch.jit.trace(model, signals(2)), signals(3).requires_grad_()
    wanted = torch.autograd.grad(model(x).sin().sum(), [x, *model.parameters()])
    gradients = torch.autograd.grad(traced(x).sin().sum(), [x, *model.parameters()])
    torch.testing.assert_close(gradients, wanted)


def test_a_network_is_traced_in_training(network, moved):
    model = moved(network(drop_prob=0.0)).train()
    model(signals(4))
    traced, x = torch.jit.trace(model, signals(4)), signals(4)
    before = {name: value.clone() for name, value in model.named_buffers()}
    scores = traced(x)
    after = {name: value.clone() for name, value in model.named_buffers()}
    for name, value in model.named_buffers():
        value.copy_(before[name])
    torch.testing.assert_close(scores, model(x))
    torch.testing.assert_close(dict(model.named_buffers()), after)


@pytest.mark.parametrize("heard", [False, True], ids=["mixed first", "layer by layer"])
def test_the_older_exporter_to_onnx_writes_the_network(model, heard):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    if heard:
        model.sinc_filter_layer.register_forward_hook(lambda *_: None)
    file = io.BytesIO()
    axes = {"x": {0: "trial"}, "scores": {0: "trial"}}
    names = {"input_names": ["x"], "output_names": ["scores"]}
    torch.onnx.export(model, (signals(2),), file, dynamo=False, dynamic_axes=axes, **names)
    session = runtime.InferenceSession(file.getvalue())
    for other in (1, 2, 70):
        scores = session.run(None, {"x": signals(other).numpy()})[0]
        np.testing.assert_allclose(scores, model(signals(other)).detach(), rtol=1e-4, atol=1e-5)


def test_the_newer_exporter_to_onnx_writes_the_network(model):
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name)
    runtime = pytest.importorskip("onnxruntime")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own
        program = torch.onnx.export(
            model, (signals(2),), dynamo=True, dynamic_shapes=({0: torch.export.Dim("trial")},)
        )
    session = runtime.InferenceSession(program.model_proto.SerializeToString())
    for other in (1, 2, 70):
        scores = session.run(None, {session.get_inputs()[0].name: signals(other).numpy()})[0]
        np.testing.assert_allclose(scores, model(signals(other)).detach(), rtol=1e-4, atol=1e-5)


def test_the_older_exporter_knows_every_operation(model):
    try:
        torch.onnx.export(model, (signals(2),), file := io.BytesIO(), dynamo=False)
    except torch.onnx.OnnxExporterError as error:  # PyTorch that cannot write without the package
        pytest.importorskip("onnx")
        raise error
    assert len(file.getvalue()) > sum(4 * value.numel() for value in model.final_layer.parameters())


def test_kernels_that_are_exported_are_the_kernels(model, monkeypatch):
    with torch.no_grad():
        model.sinc_filter_layer.bandwidths[0, 1] = 0.0
    wanted = model.kernels()
    (of_wanted,) = torch.autograd.grad(wanted.sin().sum(), model.sinc_filter_layer.bandwidths)
    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
    monkeypatch.setattr(torch, "sinc", None)
    kernels = model.kernels()
    torch.testing.assert_close(kernels, wanted)
    (of_found,) = torch.autograd.grad(kernels.sin().sum(), model.sinc_filter_layer.bandwidths)
    torch.testing.assert_close(of_found, of_wanted)


def test_maps_of_the_sinc_layer_are_contiguous(network):
    model, seen = network(), []
    model.depthwiseconv[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].is_contiguous()))
    model(signals(2))
    assert seen == [True]


def test_shapes_are_those_of_input_and_output(model):
    assert model.input_shape == signals(1).shape
    assert model.get_output_shape() == model(torch.zeros(model.input_shape)).shape
