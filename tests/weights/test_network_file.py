"""One file per network: what goes in comes out, and what is no such file is refused by name."""

import json
import os
import random
import subprocess
import sys
import time

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch

from sincviz import CheckpointError, SincShallowNet
from sincviz.weights import network_file
from sincviz.weights.network_file import read_network, write_network

WRITE_FOREVER = """
import sys
import torch
from sincviz.weights.network_file import read_network, write_network
from sincviz.networks.sinc_shallow import SincShallowNet

networks = [read_network(SincShallowNet, path) for path in sys.argv[2:]]
print("ready", flush=True)
while True:
    for network in networks:
        write_network(network, sys.argv[1])
"""


@pytest.fixture
def model(network, moved):
    unknown, known = np.full(12, np.nan), np.arange(12) / 100
    model = moved(
        network(
            chs_info=[{"ch_name": "C3", "loc": known}, {"ch_name": "Cz", "loc": unknown}, {"ch_name": "Füße"}]
        )
    )
    model.class_names, model.scale = ["left hand", "Füße"], 1e6
    model.provenance = {"highpass": 4.0, "reference": "average", "initial_cutoffs_hz": [[6.0, 10.5]] * 4}
    return model


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.safetensors"


def parts_of(path):
    """Return the weights and the header of a file."""
    with safetensors.safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118


def write_with_header(model, path, text):
    weights = {key: value.contiguous() for key, value in model.state_dict().items()}
    safetensors.torch.save_file(weights, path, metadata={"sincviz": text})


def header_of(model, path, **changes):
    """Return the JSON of a file of an earlier version, without a hash, with other entries; ... takes one out."""
    write_network(model, path)
    header = json.loads(parts_of(path)[1]["sincviz"]) | {"sha256": ...} | changes
    return json.dumps({key: value for key, value in header.items() if value is not ...})


def assert_same_weights(got, expected):
    assert all(torch.equal(value, expected.state_dict()[key]) for key, value in got.state_dict().items())


def assert_same_network(got, expected):
    assert_same_weights(got, expected)
    assert got.get_config() == expected.get_config()
    for name in ("class_names", "scale", "provenance"):
        assert getattr(got, name) == getattr(expected, name)


def test_everything_comes_back_in_evaluation_mode(model, path):
    write_network(model.train(), path)
    assert model.training, "writing changes nothing"
    again = read_network(SincShallowNet, path)
    assert_same_network(again, model)
    assert not any(module.training for module in again.modules())
    assert all(parameter.requires_grad for parameter in again.parameters())
    np.testing.assert_array_equal(again.chs_info[1]["loc"], [np.nan] * 12)
    assert again.initial_cutoffs().tolist() == [[6.0, 10.5]] * 4


def test_the_file_is_safetensors_whose_header_is_strict_json(model, path):
    write_network(model, path)
    weights, metadata = parts_of(path)
    assert weights.keys() == model.state_dict().keys()

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    header = json.loads(metadata["sincviz"], parse_constant=refuse)
    assert set(header) == {"version", "config", "class_names", "scale", "provenance", "sha256"}
    assert header["config"] == model.get_config()


def test_a_network_written_twice_is_the_same_file(model, path):
    # The order of several entries in the header is not fixed, so there is one.
    contents = set()
    for _ in range(8):
        write_network(model, path)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_initial_cutoffs_are_recorded_even_if_nobody_did(network, moved, path):
    model = moved(network())
    write_network(model, path)
    recorded = read_network(SincShallowNet, path).provenance["initial_cutoffs_hz"]
    assert recorded == network().cutoffs().tolist()
    assert recorded != model.cutoffs().tolist()
    assert model.provenance == {}


def test_weights_that_are_views_are_kept(model, path):
    model.final_layer.weight.data = model.final_layer.weight.data.T.contiguous().T
    write_network(model, path)
    assert_same_network(read_network(SincShallowNet, path), model)


def test_a_class_of_ones_own_reads_as_itself(model, path):
    own = type("Own", (SincShallowNet,), {})
    write_network(model, path)
    assert type(read_network(own, path)) is own


def test_reading_does_not_move_the_random_numbers_for_long(model, path):
    # The skeleton of the size check must not be filled.
    write_network(model, path)
    torch.manual_seed(0)
    SincShallowNet.from_config(model.get_config())
    expected = torch.rand(1)
    torch.manual_seed(0)
    read_network(SincShallowNet, path)
    assert torch.equal(torch.rand(1), expected)


def test_a_missing_file_is_named(tmp_path, path):
    with pytest.raises(FileNotFoundError, match=r"There is no checkpoint ") as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)
    with pytest.raises(
        CheckpointError, match=r"has no model\.safetensors and no pytorch_model\.bin"
    ) as caught:
        read_network(SincShallowNet, tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_named(model, path, share):
    write_network(model, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match="is not a readable safetensors file") as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no such thing", "is not a readable safetensors file"),
        (b"", "is not a readable safetensors file"),
        (b"\xff" * 64, "is not a readable safetensors file"),
        (b"\x80\x04\x95" + b"." * 100, "is a plain pickle, damaged"),
        (b"PK\x03\x04" * 9, "is not a readable torch file: File is not a zip file"),
    ],
)
def test_a_file_of_another_kind_is_named(path, content, message):
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"Sincviz": "{}"}])
def test_weights_of_another_program_are_completed_from_what_they_tell(model, path, metadata):
    safetensors.torch.save_file(model.state_dict(), path, metadata=metadata)
    again = read_network(SincShallowNet, path, given={"pool_size": 32, "pool_stride": 16, "n_times": 128})
    assert_same_weights(again, model)
    assert again.get_config() | {"first_freq": 7.0, "chs_info": None} == model.get_config() | {
        "chs_info": None
    }
    assert again.provenance["format"] == "bare state dict"


def test_a_header_of_ours_under_another_name_is_damage(model, path):
    write_network(model, path)
    path.write_bytes(path.read_bytes().replace(b'{"sincviz":', b'{"rincviz":', 1))
    with pytest.raises(CheckpointError, match="is damaged"):
        read_network(SincShallowNet, path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.99])
def test_a_flipped_bit_is_noticed(model, path, share):
    write_network(model, path)
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 16
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)


def test_a_header_that_was_edited_is_noticed(model, path):
    write_network(model, path)
    path.write_bytes(path.read_bytes().replace(b"left hand", b"theirhand", 1))
    with pytest.raises(CheckpointError, match="do not match the hash that was written into it"):
        read_network(SincShallowNet, path)


def test_a_header_with_entries_of_another_version_is_refused(model, path):
    write_with_header(model, path, header_of(model, path, surprise=1))
    with pytest.raises(CheckpointError, match=r"unknown entries: surprise\. Try a newer sincviz"):
        read_network(SincShallowNet, path)


def test_double_precision_stays(model, path):
    write_network(model.double(), path)
    again = read_network(SincShallowNet, path)
    assert_same_network(again, model)
    assert again.final_layer.weight.dtype == torch.float64


def test_a_state_dict_of_torch_is_read(model, path):
    torch.save(model.state_dict(), path)
    again = read_network(SincShallowNet, path, given={"pool_size": 32, "pool_stride": 16, "n_times": 128})
    assert_same_weights(again, model)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        '"config"',
        "{}",
        "NaN",
        '{"config": null}',
        '{"config": []}',
        '{"config": {}}',
        '{"config": "os.system"}',
        '{"config": {"n_chans": 3}}',
        "[" * 100_000,
        "\x00",
        "{" * 10,
    ],
    ids=lambda text: f"{text[:20]!r}",
)
def test_a_header_that_is_no_configuration_is_refused(model, path, text):
    write_with_header(model, path, text)
    with pytest.raises(CheckpointError, match="does not contain a usable network") as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)


CONFIGS = [
    {"activation": "os.system"},
    {"activation": "torch.nn.functional.relu"},
    {"activation": 3},
    {"activation": "Linear"},
    {"n_chans": 4},
    {"n_chans": "3"},
    {"n_chans": None, "chs_info": None},
    {"n_outputs": 3},
    {"n_outputs": -1},
    {"sfreq": 250.0},
    {"sfreq": None},
    {"sfreq": []},
    {"time_filter_len": 19},
    {"time_filter_len": 16},
    {"num_time_filters": 5},
    {"depth_multiplier": 10},
    {"n_times": 256},
    {"pool_stride": 1},
    {"padding": "full"},
    {"chs_info": "C3"},
    {"chs_info": [{"ch_name": "C3"}] * 3},
    {"colour": "blue"},
    # Sizes that no memory holds.
    {"chs_info": None, "n_chans": 10**11},
    {"n_outputs": 10**11},
    {"n_times": 10**15},
    {"depth_multiplier": 10**12},
    {"num_time_filters": 10**10, "freq_stride": 1e-12},
    {"n_chans": 10**30, "chs_info": None},
]


@pytest.mark.parametrize("changes", CONFIGS, ids=str)
def test_a_configuration_that_does_not_fit_the_weights_is_refused(model, path, changes):
    config = model.get_config() | changes
    write_with_header(model, path, header_of(model, path, config=config))
    with pytest.raises(CheckpointError, match="does not contain a usable network") as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_outputs": 10**12}, "n_outputs"),
        ({"num_time_filters": 10**9}, "num_time_filters"),
        ({"time_filter_len": 10**12 + 1}, "time_filter_len"),
        ({"depth_multiplier": 10**9}, "depth_multiplier"),
        ({"n_times": 10**15}, "more than the 1000000"),
        ({"n_times": 10**5}, "pooling windows"),
        ({"pool_stride": 1}, "pooling windows"),
        ({"chs_info": None, "n_chans": 10**9}, "n_chans"),
    ],
)
def test_sizes_that_do_not_fit_take_no_memory(model, path, monkeypatch, changes, words):
    built = []
    monkeypatch.setattr(torch.nn.Module, "__init__", lambda self: built.append(self))
    text = header_of(model, path, config=model.get_config() | changes)
    write_with_header(model, path, text)
    with pytest.raises(CheckpointError, match=words):
        read_network(SincShallowNet, path)
    assert built == []


@pytest.mark.parametrize(
    "changes",
    [
        {"class_names": ["left", "right", "feet"]},
        {"class_names": []},
        {"class_names": 5},
        {"class_names": "ab"},
        {"class_names": {"left": 0, "right": 1}},
        {"scale": "microvolts"},
        {"scale": [1e6]},
        {"scale": {}},
        {"provenance": [1, 2]},
        {"provenance": 5},
        {"provenance": "trained"},
        {"provenance": {"initial_cutoffs_hz": "low"}},
        {"provenance": {"initial_cutoffs_hz": []}},
        {"provenance": {"initial_cutoffs_hz": [[None, None]] * 4}},
        {"provenance": {"initial_cutoffs_hz": [[1.0, 2.0]]}},
        {"provenance": {"initial_cutoffs_hz": [[1.0], [2.0, 3.0]]}},
    ],
    ids=str,
)
def test_a_header_that_does_not_fit_the_network_is_refused(model, path, changes):
    write_with_header(model, path, header_of(model, path, **changes))
    with pytest.raises(CheckpointError, match="does not contain a usable network") as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("missing", ["class_names", "scale", "provenance", "version"])
def test_what_a_header_does_not_tell_is_unknown(model, path, missing):
    write_with_header(model, path, header_of(model, path, **{missing: ...}))
    again = read_network(SincShallowNet, path)
    expected = {"class_names": None, "scale": None, "provenance": {}}
    if missing in expected:
        assert getattr(again, missing) == expected[missing]
    assert again.get_config() == model.get_config()


@pytest.mark.parametrize("change", ["lost", "added", "another shape"])
def test_weights_that_do_not_fit_the_configuration_are_refused(model, path, change):
    text = header_of(model, path)
    weights, _ = parts_of(path)
    if change == "lost":
        del weights["final_layer.bias"]
    elif change == "added":
        weights["extra"] = torch.zeros(1)
    else:
        weights["final_layer.bias"] = torch.zeros(5)
    safetensors.torch.save_file(weights, path, metadata={"sincviz": text})
    with pytest.raises(
        CheckpointError, match=r"(?s)does not contain a usable network: .*(extra|final_layer\.bias)"
    ) as caught:
        read_network(SincShallowNet, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_fails_midway_leaves_the_old_file_and_nothing_else(model, path, monkeypatch, error):
    write_network(model, path)
    before = path.read_bytes()

    def fill_the_disk(weights, temporary, metadata):
        temporary.write_bytes(before[:100])
        raise error("No space left on device")

    monkeypatch.setattr(network_file.safetensors.torch, "save_file", fill_the_disk)
    with pytest.raises(error, match="No space left"):
        write_network(model, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("provenance", [{"lr": float("nan")}, {"lr": float("inf")}, {"model": object()}])
def test_what_strict_json_cannot_hold_is_refused_before_the_file_is_touched(model, path, provenance):
    write_network(model, path)
    before = path.read_bytes()
    model.provenance = provenance
    with pytest.raises((ValueError, TypeError)):
        write_network(model, path)
    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal")
def test_a_killed_writer_leaves_a_whole_file(network, moved, tmp_path):
    networks = [moved(network(n_chans=64, num_time_filters=32), seed) for seed in (0, 1)]
    sources = [tmp_path / f"{index}.safetensors" for index in (0, 1)]
    for source, model in zip(sources, networks, strict=True):
        write_network(model, source)
    target = tmp_path / "target" / "network.safetensors"
    target.parent.mkdir()
    rng = random.Random(0)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed_midway = 0
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE_FOREVER, target, *sources], stdout=subprocess.PIPE, env=environment
        ) as writer:
            try:
                assert writer.stdout.readline() == b"ready\n"
                while not target.exists():
                    assert writer.poll() is None
                time.sleep(rng.uniform(0, 0.1))
            finally:
                writer.kill()
        kernels = read_network(SincShallowNet, target).kernels()
        assert any(torch.equal(kernels, model.kernels()) for model in networks)
        rubbish = [path for path in target.parent.iterdir() if path != target]
        killed_midway += bool(rubbish)
        for path in rubbish:
            path.unlink()
    assert killed_midway, "no kill came in the middle of a write, so nothing was tested"


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("class_names", ["a"], "must be 2 different names, one per output; got a"),
        ("class_names", ["a", "a"], "2 different names, one per output; got a, a"),
        ("class_names", "ab", "must be a list"),
        ("scale", float("nan"), "`scale` must be finite"),
        ("provenance", {"when": object()}, "strict JSON"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path, attribute, value, message):
    model = SincShallowNet(n_chans=2, n_outputs=2, n_times=128, sfreq=128)
    setattr(model, attribute, value)
    with pytest.raises((ValueError, TypeError), match=message):
        write_network(model, tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())


def test_numpy_scale_and_names_are_kept(tmp_path):
    model = SincShallowNet(n_chans=2, n_outputs=2, n_times=128, sfreq=128)
    model.scale, model.class_names = np.float32(1e6), np.array(["a", "b"])
    write_network(model, tmp_path / "a.safetensors")
    read = read_network(SincShallowNet, tmp_path / "a.safetensors")
    assert (read.scale, read.class_names) == (1e6, ["a", "b"])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_refused_by_name(tmp_path, dtype):
    model = SincShallowNet(n_chans=2, n_outputs=2, n_times=128, sfreq=128).to(dtype)
    with pytest.raises(ValueError, match=r"model\.float\(\)"):
        write_network(model, tmp_path / "a.safetensors")


def test_values_are_not_read_before_names_and_sizes_fit(model, path, monkeypatch):
    write_network(model, path)
    _, metadata = parts_of(path)
    monkeypatch.setattr(network_file, "content_hash", lambda *_: pytest.fail("was read"))
    for stranger in ("stranger", "temporal_aggregation.1.weight"):
        weights = {key: value.contiguous() for key, value in model.state_dict().items()}
        safetensors.torch.save_file(weights | {stranger: torch.zeros(10**5)}, path, metadata=metadata)
        with pytest.raises(CheckpointError, match=f"no SincShallowNet has: {stranger}"):
            read_network(SincShallowNet, path)


def test_of_a_larger_module_only_the_network_is_read(model, path):
    """What lies beside the network may be of any size: here a hole of four gigabytes."""
    weights = {f"net.{key}": value.contiguous() for key, value in model.state_dict().items()}
    content = safetensors.torch.save(weights)
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    header["other"] = {"dtype": "U8", "shape": [2**32], "data_offsets": [len(data), len(data) + 2**32]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)
        file.truncate(8 + len(text) + len(data) + 2**32)
    began = time.process_time()
    given = {name: getattr(model, name) for name in ("pool_size", "pool_stride", "n_times")}
    assert_same_weights(read_network(SincShallowNet, path, given=given), model)
    assert time.process_time() - began < 2


def test_a_configuration_that_is_too_long_is_not_read_whole(model, tmp_path):
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(CheckpointError, match="its JSON is longer than"):
        read_network(SincShallowNet, tmp_path)
