"""Files of other programs and weights of other networks: what they are, and a way on that works."""

import bz2
import gzip
import io
import json
import lzma
import time
import zipfile
import zlib

import numpy as np
import pytest
import torch
from torch import nn

from sincviz import CheckpointError, learned_bands, load_checkpoint, spectral_relevance
from sincviz.networks import front_end

POOLING = {"pool_size": 32, "pool_stride": 16, "n_times": 128}


@pytest.fixture
def refused(tmp_path):
    def check(content, message, name="file"):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CheckpointError, match=message) as caught:
            load_checkpoint(path, **POOLING)
        assert str(path) in str(caught.value)
        return str(caught.value)

    return check


@pytest.fixture
def model(network, moved):
    return moved(network()).eval()


def zipped(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in entries.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), value)
    return file.getvalue()


def lines_of(text):
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


STARTS = {
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(2000), "HDF5 file, as Keras saves"),
    "NumPy": (b"\x93NUMPY\x01\x00" + bytes(100), "a single NumPy array"),
    "MATLAB": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "is a MATLAB file"),
    "ONNX": (b"\x08\x08\x12\x07pytorch\x1a\x052.1.0", "model of ONNX"),
    "TensorFlow Lite": (b"\x1c\x00\x00\x00TFL3" + bytes(60), "TensorFlow Lite"),
    "a web page": (b"<!DOCTYPE html><html><head>", "a web page.*download went wrong"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "FIF": (b"\x00\x00\x00\x64\x00\x00\x00\x1f\x00\x00\x00\x14" + bytes(40), "MNE FIF file.*`--epochs`"),
    "EDF": (b"0       " + b" " * 250, "EDF recording"),
    "nothing": (b"", "it is empty"),
    **{
        name: (pack(b"weights" * 99), f"compressed with {name}. Unpack it first")
        for name, pack in {
            "gzip": gzip.compress,
            "zlib": zlib.compress,
            "bzip2": bz2.compress,
            "xz": lzma.compress,
        }.items()
    },
}


@pytest.mark.parametrize(("content", "words"), STARTS.values(), ids=STARTS)
def test_a_file_of_another_program_is_named(refused, content, words):
    refused(content, words)


def test_a_model_of_keras_is_named_with_its_layers(refused):
    layers = [
        {"class_name": kind, "config": {"name": kind.lower()}} for kind in ("Conv2D", "DepthwiseConv2D")
    ]
    config = json.dumps({"class_name": "Functional", "config": {"layers": layers}})
    content = zipped(metadata_DOT_json="{}", config_DOT_json=config, **{"model_DOT_weights.h5": b"x"})
    assert r"conv2d (Conv2D), depthwiseconv2d (DepthwiseConv2D)" in refused(content, "is a Keras model")
    damaged = zipped(config_DOT_json=b"\xff{", **{"model_DOT_weights.h5": b"x"})
    refused(damaged, "is a Keras model; only PyTorch weights")


def test_a_zip_file_around_a_checkpoint_says_what_to_unpack(refused):
    refused(zipped(folder__model_DOT_pt=b"x"), "zip file with folder/model.pt. Unpack it")


def test_arrays_of_numpy_become_a_file_of_weights(refused, model, tmp_path):
    np.savez_compressed(
        tmp_path / "a.npz", **{name: value.numpy() for name, value in model.state_dict().items()}
    )
    text = refused(None, r"NumPy arrays: sinc_filter_layer\.\w+ \(1, 4\)", name="a.npz")
    scope = {"torch": torch, "numpy": np}
    for line in lines_of(text):
        exec(line, scope)
    for value in scope.values():
        if isinstance(value, np.lib.npyio.NpzFile):
            value.close()
    x = torch.randn(2, 6, 128)
    assert torch.equal(load_checkpoint(tmp_path / "a_weights.pt", **POOLING)(x), model(x))


class Other(nn.Module):
    """A network that is no SincShallowNet, with names like those of many."""

    def __init__(self):
        super().__init__()
        self.conv_time = nn.Conv1d(6, 4, 9)
        self.head = nn.Linear(4 * 120, 2)

    def forward(self, x):
        return self.head(self.conv_time(x).relu().flatten(1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_programs_of_torch_become_files_of_weights(refused, tmp_path):
    network, scope = Other().eval(), {"torch": torch}
    torch.jit.trace(network, torch.randn(2, 6, 128)).save(tmp_path / "traced.pt")
    torch.export.save(torch.export.export(network, (torch.randn(2, 6, 128),)), tmp_path / "exported.pt2")
    for name, words in {
        "traced.pt": "TorchScript program",
        "exported.pt2": "`torch.export` program",
    }.items():
        for line in lines_of(refused(None, words, name=name)):
            exec(line, scope)
        made = torch.load(tmp_path / f"{name.partition('.')[0]}_weights.pt", weights_only=True)
        assert all(torch.equal(made[key], value) for key, value in network.state_dict().items())


def test_weights_of_another_network_are_listed_not_their_containers(refused, tmp_path, epochs):
    network = Other()
    torch.save(
        {"epoch": 1, "state_dict": network.state_dict(), "optimizer": {"state": {0: torch.ones(9)}}},
        tmp_path / "o.pt",
    )
    text = refused(None, "no weights of a SincShallowNet", name="o.pt")
    assert (
        "4 weights under 'state_dict': conv_time.weight (4, 6, 9), conv_time.bias (4), head.weight (2, 480)"
        in text
    )
    assert "`sincviz.spectral_relevance(network, epochs, y)`" in text
    # What it says to do.
    network.load_state_dict(torch.load(tmp_path / "o.pt", weights_only=True)["state_dict"])
    x = epochs.get_data(copy=False).astype(np.float32) * 1e6
    relevance = spectral_relevance(network.eval(), x[:4], np.array([0, 1, 0, 1]), n_steps=4)
    assert relevance.sizes["channel"] == 6
    assert "`@sincviz.networks.front_end.register`" in text


def test_the_other_way_that_is_named_works_too(model):
    class Registered(Other):
        inner = model

    front_end.register(Registered, lambda network: front_end(network.inner))
    assert learned_bands(Registered()).equals(learned_bands(model))


@pytest.mark.parametrize(
    ("names", "unit"),
    [(("low_hz_", "band_hz_"), "Hz"), (("filt_b1", "filt_band"), "× the sampling rate")],
)
def test_the_cutoffs_of_other_sinc_layers_are_read_as_far_as_weights_tell(refused, tmp_path, names, unit):
    low, band = torch.tensor([[-8.0], [13.0]]), torch.tensor([[4.0], [-17.0]])
    state = {
        f"encoder.sinc.{names[0]}": low,
        f"encoder.sinc.{names[1]}": band,
        "fc.weight": torch.zeros(2, 4),
    }
    torch.save({"model": state}, tmp_path / "s.pth")
    text = refused(None, "encoder.sinc is a sinc layer as in SincNet, with 2 filters", name="s.pth")
    assert f"cut-offs are 8–12, 13–30 {unit}, to which its code adds" in text


def test_names_of_weights_steer_no_terminal(refused, tmp_path):
    torch.save({"a\x1b]52;c;YQ==\x07": torch.zeros(2), "\ud800": torch.zeros(1)}, tmp_path / "a.pt")
    text = refused(None, r"a\\x1b\]52", name="a.pt")
    assert text.isprintable()


@pytest.mark.parametrize(
    "start", [b"\x89HDF\r\n\x1a\n", b"\x80\x04", b"\x1f\x8b\x08", b"PK\x03\x04", b"noise"]
)
def test_of_a_gigabyte_only_the_start_is_read(refused, tmp_path, start):
    with (tmp_path / "big").open("wb") as file:
        file.write(start)
        file.truncate(2**30)
    began = time.process_time()
    refused(None, ".", name="big")
    assert time.process_time() - began < 1


def test_a_gigabyte_of_other_weights_is_refused_by_its_directory(refused, tmp_path):
    torch.save({"state_dict": {"conv.weight": torch.zeros(2**26)}}, tmp_path / "big.pt")
    began = time.process_time()
    refused(None, r"conv.weight \(67108864\)", name="big.pt")
    assert time.process_time() - began < 1
