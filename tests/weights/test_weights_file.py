"""Files of weights: what they hold comes back, and what is hostile runs nothing and takes no memory."""

import io
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter, OrderedDict

import pytest
import safetensors.torch
import torch
from torch import nn

from sincviz import CheckpointError, load_checkpoint
from sincviz.weights.content_walk import left_unread
from sincviz.weights.foreign_weights import other_weights
from sincviz.weights.pickle_scan import scanned
from sincviz.weights.safetensors_file import LONGEST_JSON, parsed_json
from sincviz.weights.stored_tensor import StoredTensor
from sincviz.weights.weights_file import read_weights_file

TERA = 10**12


class Caller:
    """What pickle calls when it is opened."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pt"


@pytest.fixture
def refused(path):
    def check(content, message):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=message) as caught:
            read(path)
        assert str(path) in str(caught.value)
        return str(caught.value)

    return check


def read(path):
    """Return the outline with the values of the tensors at its top."""
    content = read_weights_file(path)
    tensors = {name: value for name, value in content.outline.items() if isinstance(value, StoredTensor)}
    return content.outline | content.read(tensors)


def saved(content, **settings):
    file = io.BytesIO()
    torch.save(content, file, **settings)
    return file.getvalue()


def rezipped(content, change, compression=zipfile.ZIP_STORED):
    """Return an archive with other entries, their checksums right."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    change(entries)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, value in entries.items():
            archive.writestr(f"archive/{name}", value)
    return file.getvalue()


def with_pickle(change):
    content = saved({"a": torch.zeros(4, 3)})
    return rezipped(content, lambda entries: entries.update({"data.pkl": change(entries["data.pkl"])}))


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors", "a", "a.bin"])
def test_the_content_decides_not_the_name(tmp_path, name):
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3)}
    for write in (torch.save, safetensors.torch.save_file):
        write(tensors, tmp_path / name)
        content = read(tmp_path / name)
        assert all(torch.equal(content[key], value) for key, value in tensors.items())


def test_what_a_training_keeps_besides_weights_is_read(path):
    wide = torch.arange(12.0).reshape(3, 4)
    kept = {
        "state_dict": nn.Linear(3, 2).state_dict(),
        "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"betas": (0.9, 0.999)}]},
        "view": wide[1:, ::2],
        "transposed": wide.T,
        "parameter": nn.Parameter(wide),
        "empty": torch.empty(0, 3),
        "half": wide.half(),
        "flag": torch.tensor([True, False]),
        "milestones": Counter({3: 1}),
        "size": torch.Size([2, 3]),
        "device": torch.device("cpu"),
        "type": torch.float32,
        "numbers": [1, -(2**40), 2.5, None, True, "Füße"],
        "ordered": OrderedDict(a=(1, 2)),
    }
    torch.save(kept, path)
    content = read(path)
    assert content.keys() == kept.keys()
    for name in ("view", "transposed", "parameter", "empty", "half", "flag"):
        assert torch.equal(content[name], kept[name]), name
    for name in ("milestones", "size", "numbers", "ordered"):
        assert content[name] == kept[name], name
    optimizer = content["optimizer"]
    assert optimizer["param_groups"] == kept["optimizer"]["param_groups"]
    assert read_weights_file(path).read(optimizer["state"][0])["step"] == 1


@pytest.mark.parametrize("wrap", [saved, pickle.dumps], ids=["torch.save", "pickle"])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_a_call_of_programs_is_neither_made_nor_recommended(tmp_path, refused, wrap, protocol):
    marker = tmp_path / "marker"
    setting = {"pickle_protocol" if wrap is saved else "protocol": protocol}
    for hostile in (Caller(os.system, f"touch {marker}"), [Caller(eval, f"open({str(marker)!r}, 'w')")]):
        text = refused(
            wrap({"a": torch.zeros(2), "b": hostile}, **setting), r"calls (posix\.system|builtins\.eval)"
        )
        assert "load(" not in text, "no lines that open it"
    assert not marker.exists()


@pytest.mark.parametrize(
    "function",
    [torch.Tensor, bytearray, torch.UntypedStorage, torch.FloatStorage],
    ids=["tensor", "bytes", "untyped storage", "storage"],
)
def test_memory_that_is_claimed_is_not_taken(path, function):
    path.write_bytes(saved({"a": Caller(function, TERA)}))
    assert read_weights_file(path).outline["a"].name.endswith(function.__name__)


LIES = {
    "a longer storage": (lambda pickled: pickled.replace(b"K\x0ct", b"J\x00\x00\x00\x01t", 1), "should have"),
    "a larger shape": (
        lambda pickled: pickled.replace(b"K\x04K\x03\x86", b"K\x05K\x03\x86", 1),
        "claims more than",
    ),
    "a longer stride": (
        lambda pickled: pickled.replace(b"K\x03K\x01\x86", b"K\x04K\x01\x86", 1),
        "claims more than",
    ),
    "an offset": (lambda pickled: pickled.replace(b"QK\x00", b"QK\x01", 1), "claims more than"),
    "values used again and again": (
        lambda pickled: pickled.replace(
            b"K\x04K\x03\x86", b"\x8a\x08" + TERA.to_bytes(8, "little") + b"K\x03\x86", 1
        ).replace(b"K\x03K\x01\x86", b"K\x00K\x01\x86", 1),
        "claims more than",
    ),
    "a negative size": (
        lambda pickled: pickled.replace(b"K\x04K\x03\x86", b"J\xff\xff\xff\xffK\x03\x86", 1),
        "not a natural number",
    ),
}


@pytest.mark.parametrize(("lie", "message"), LIES.values(), ids=LIES)
def test_a_tensor_that_claims_more_than_the_file_holds(refused, lie, message):
    changed = with_pickle(lie)
    with zipfile.ZipFile(io.BytesIO(changed)) as archive:
        honest = saved({"a": torch.zeros(4, 3)})
        assert archive.read("archive/data.pkl") not in honest, "the lie was told"
    refused(changed, message)


def test_a_key_whose_hash_takes_years_is_not_read(path):
    key = b"Nq\x01" + b"h\x01\x86q\x01" * 200
    path.write_bytes(with_pickle(lambda pickled: b"\x80\x02}" + key + b"NsX\x01\x00\x00\x00aK\x05s."))
    assert read_weights_file(path).outline["a"] == 5


def text_in_a_pickle(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def storage_in_a_pickle(key):
    head = b"(" + text_in_a_pickle("storage") + b"ctorch\nFloatStorage\n"
    return head + key + text_in_a_pickle("cpu") + b"K\x01tQ"


def tensor_in_a_pickle(shape, strides):
    head = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage_in_a_pickle(text_in_a_pickle("0")) + b"K\x00"
    return head + shape + strides + b"\x89ccollections\nOrderedDict\n)RtR"


MODULUS = 2**61 - 1  # of the hash of a number
LAUGHS = b")q\x01" + b"h\x01\x86q\x01" * 40  # a tuple of tuples whose text is longer than any disk
HUGE = b"\x8a\xff" + ((1 << 2030) + 1).to_bytes(255, "little")
OPENED = None
SLOW = {
    "a storage whose name is a tuple of tuples": (storage_in_a_pickle(LAUGHS) + b".", OPENED),
    "a storage whose size is a tuple of tuples": (
        storage_in_a_pickle(text_in_a_pickle("0")).replace(b"K\x01tQ", LAUGHS + b"tQ") + b".",
        OPENED,
    ),
    "attributes that are a tuple of 2**60 leaves": (
        b"ccollections\nOrderedDict\n)R" + b")q\x01" + b"h\x01\x86q\x01" * 60 + b"b.",
        OPENED,
    ),
    "keys whose hashes are all the same": (
        b"}("
        + b"".join(b"\x8a\x0c" + (i * MODULUS).to_bytes(12, "little") + b"N" for i in range(1, 30_000))
        + b"u.",
        OPENED,
    ),
    "floats as keys": (b"}G" + struct.pack(">d", 2.0**61) + b"Ns.", OPENED),
    "sizes of hundreds of digits": (
        tensor_in_a_pickle(HUGE + HUGE + b"\x86", b"K\x00K\x00\x86") + b".",
        "not a natural number",
    ),
    "twenty thousand dimensions": (
        tensor_in_a_pickle(b"(" + b"K\x02" * 20_000 + b"t", b"(" + b"K\x00" * 20_000 + b"t") + b".",
        "or has too many",
    ),
    "one value used twice": (
        tensor_in_a_pickle(b"K\x02\x85", b"K\x00\x85") + b".",
        "claims more than the",
    ),
    "a long size again and again": (
        b"(" + b"K\x01" * 20_000 + b"tq\x01" + b"ctorch\nSize\nh\x01\x85R0" * 20_000 + b"K\x01.",
        "something left to do",
    ),
    "one list of pairs made a dict again and again": (
        b"]q\x02("
        + b"K\x01K\x02\x86" * 1000
        + b"e0"
        + b"ccollections\nOrderedDict\nh\x02\x85R0" * 20_000
        + b"N.",
        "more than 400000 pairs",
    ),
    "a list in itself": (b"]q\x01h\x01a.", OPENED),
    "a hundred thousand lists in each other": (b"]" * 100_001 + b"a" * 100_000 + b".", OPENED),
    "more operations than any weights have": (b"N" + b"\x85" * 450_000 + b".", "more than 400000 operations"),
}


@pytest.mark.parametrize(("pickled", "message"), SLOW.values(), ids=SLOW)
def test_a_pickle_that_would_take_years_is_followed_or_refused_at_once(refused, path, pickled, message):
    content = rezipped(
        saved({"a": torch.zeros(1)}), lambda entries: entries.update({"data.pkl": b"\x80\x02" + pickled})
    )
    began = time.process_time()
    if message is OPENED:
        path.write_bytes(content)
        file = read_weights_file(path)
        left_unread(file.outline)
        assert re.search("no weights at all|under keys that are not read", other_weights(file))
        with pytest.raises(CheckpointError, match="no weights of a SincShallowNet"):
            load_checkpoint(path)
    else:
        refused(content, message)
    assert time.process_time() - began < 3


def test_what_is_no_regular_file_is_not_waited_for(path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("has no pipes")
    os.mkfifo(path)
    with pytest.raises(CheckpointError, match=r"weights\.pt is not a regular file") as caught:
        read_weights_file(path)
    assert "\n" not in str(caught.value)


def test_a_link_to_a_file_is_followed(path, tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "target")
    path.symlink_to(tmp_path / "target")
    assert torch.equal(read(path)["a"], torch.ones(2))


def test_an_entry_without_a_tensor_is_not_read(path):
    content = rezipped(saved({"a": torch.ones(2)}), lambda entries: entries.update({"data/7": b"unread" * 9}))
    path.write_bytes(content.replace(b"unreadunread", b"UNREADunread"))
    assert torch.equal(read(path)["a"], torch.ones(2))


def test_what_the_pickle_of_torch_has_no_use_for_is_followed_too(path):
    for protocol in range(2, 6):
        content = {
            "a": torch.ones(2),
            "set": {1},
            "bytes": b"abc",
            "z": 1j,
            "by": {(0, 1): 3, 0.1: 3, "k": 2},
        }
        torch.save(content, path, pickle_protocol=protocol)
        file = read(path)
        assert torch.equal(file["a"], torch.ones(2)), protocol
        assert file["by"]["k"] == 2
        assert len(left_unread(file)) == 4, protocol


@pytest.mark.parametrize("damage", [b"\x80\x02}", b"", b"\x80\x02\x8c\x09a.", b"\x80\x02cos\nsys"])
def test_a_pickle_that_ends_too_early_is_damaged(damage):
    assert scanned(damage).damage


ARCHIVES = {
    "compressed": (lambda entries: None, zipfile.ZIP_DEFLATED, "compressed"),
    "a bomb": (lambda entries: entries.update({"data/0": bytes(2**24)}), zipfile.ZIP_DEFLATED, "compressed"),
    "an entry too short": (
        lambda entries: entries.update({"data/0": b"1234"}),
        zipfile.ZIP_STORED,
        "should have 48 bytes",
    ),
    "an entry lost": (lambda entries: entries.pop("data/0"), zipfile.ZIP_STORED, "is missing"),
    "no pickle": (lambda entries: entries.pop("data.pkl"), zipfile.ZIP_STORED, r"without data\.pkl"),
    "a program": (lambda entries: entries.update({"constants.pkl": b""}), zipfile.ZIP_STORED, "TorchScript"),
    "names but for case the same": (
        lambda entries: entries.update({"DATA.PKL": b""}),
        zipfile.ZIP_STORED,
        "the same name",
    ),
}


@pytest.mark.parametrize(("change", "compression", "message"), ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_that_torch_did_not_write_is_refused(refused, change, compression, message):
    refused(rezipped(saved({"a": torch.zeros(4, 3)}), change, compression), message)


def test_a_flipped_bit_in_an_archive_is_noticed(refused):
    content = bytearray(saved({"a": torch.full((4, 3), 3.0)}))
    content[content.index(struct.pack("<f", 3.0)) + 1] ^= 8
    refused(bytes(content), "Bad CRC-32")


def test_files_of_an_old_torch_are_refused_with_the_way_out(refused):
    content = saved({"a": torch.zeros(2)}, _use_new_zipfile_serialization=False)
    assert "weights_only=True" in refused(content, r"before 1\.6")
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("pickle"))
    assert "weights_only=False)" in refused(file.getvalue(), r"before 1\.6")


def test_a_tar_archive_is_named_by_what_it_holds(refused):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("run/p.pt"))
    refused(file.getvalue(), r"is a tar archive with run/p\.pt\. Unpack it")
    damaged = bytearray(file.getvalue())
    damaged[0] ^= 255
    refused(bytes(damaged), "is a tar archive that cannot be read")


def header_of(**entries):
    described = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}} | entries
    return json.dumps(described).encode()


HEADERS = {
    "a length of a terabyte": (struct.pack("<Q", TERA) + b"{}", "claims 1000000000000 bytes"),
    "a shape of a terabyte": (
        header_of(a={"dtype": "F32", "shape": [TERA], "data_offsets": [0, 8]}),
        "do not fit its type and sizes",
    ),
    "offsets of a terabyte": (
        header_of(a={"dtype": "U8", "shape": [TERA], "data_offsets": [0, TERA]}),
        "claim more than the 8 bytes",
    ),
    "bytes of which nothing is said": (b"{}      ", "claim 0 bytes, but the file has 8"),
    "bytes that are used twice": (
        header_of(b={"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}),
        "claim more than the 8 bytes",
    ),
    "sizes of hundreds of digits": (
        header_of(a={"dtype": "F32", "shape": [10**300] * 9 + [0], "data_offsets": [0, 0]}),
        "has invalid sizes",
    ),
    "a hundred dimensions": (
        header_of(a={"dtype": "F32", "shape": [1] * 99 + [2], "data_offsets": [0, 8]}),
        "has invalid sizes",
    ),
    "metadata that are no text": (header_of(__metadata__={"a": 1}), "its metadata are not text"),
    "no metadata": (header_of(__metadata__=None), "its metadata are not text"),
    "an unknown type": (
        header_of(a={"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}),
        "type F8_E4M3",
    ),
    "one name twice": (header_of()[:-1] + b", " + header_of()[1:], "names 'a' twice"),
    "nested lists": (b'{"a": ' + b"[" * 200_000, "nested too deeply|not a readable"),
    "no text": (b'{"\xff": 1}', "not a readable safetensors"),
    "no mapping": (b'{"a": 3}', "not a readable safetensors"),
}


@pytest.mark.parametrize(("header", "message"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_lies_is_refused(refused, header, message):
    whole = header if header[8:9] == b"{" and header[:1] != b"{" else struct.pack("<Q", len(header)) + header
    refused(whole + bytes(8), message)


def test_of_many_names_the_double_one_is_found_at_once():
    text = "{" + ",".join(f'"{i}":0' for i in range(50_000)) + ',"zz":0,"zz":1}'
    began = time.process_time()
    with pytest.raises(ValueError, match="names 'zz' twice"):
        parsed_json(text)
    assert time.process_time() - began < 2


def sparse(path, tensors, size):
    """Write a safetensors file whose values are a hole."""
    header = json.dumps(tensors).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)


def test_the_header_tells_the_weights_before_they_are_read(path):
    sparse(path, {"a": {"dtype": "F32", "shape": [2**28], "data_offsets": [0, 2**30]}}, 2**30)
    began = time.process_time()
    outline = read_weights_file(path).outline
    assert outline["a"].shape == (2**28,)
    assert time.process_time() - began < 1


def test_a_file_that_changes_between_header_and_values_is_noticed(path):
    safetensors.torch.save_file({"a": torch.ones(2)}, path, metadata={"a": "1"})
    file = read_weights_file(path)
    safetensors.torch.save_file({"a": torch.ones(2)}, path, metadata={"a": "2"})
    with pytest.raises(CheckpointError, match="changed while it was read"):
        file.read(file.outline)


@pytest.mark.parametrize("write", [torch.save, safetensors.torch.save_file], ids=["torch", "safetensors"])
def test_values_that_change_after_the_outline_was_read_are_not_taken(path, write):
    write({"a": torch.ones(64)}, path)
    file = read_weights_file(path)
    size = path.stat().st_size
    write({"a": torch.full((64,), 2.0)}, path)
    assert path.stat().st_size == size
    if write is torch.save:
        with pytest.raises(CheckpointError, match=r"changed while it was read|CRC"):
            file.read(file.outline)
    else:  # its header is the same, and it is one file as a whole
        assert torch.equal(file.read(file.outline)["a"], torch.full((64,), 2.0))


@pytest.mark.parametrize("write", [torch.save, safetensors.torch.save_file], ids=["torch", "safetensors"])
@pytest.mark.parametrize("again", ["in place", "truncated first", "moved there"])
def test_a_file_that_is_written_again_and_again_opens_whole_or_not(path, tmp_path, write, again):
    contents = []
    for value in (1.0, 2.0):
        write({f"a{number}": torch.full((20_000,), value) for number in range(8)}, path)
        contents.append(path.read_bytes())
    assert len(contents[0]) == len(contents[1])
    script = (
        "import os, sys, itertools\n"
        "path, way, *files = sys.argv[1:]\n"
        "contents = [open(file, 'rb').read() for file in files]\n"
        "print('ready', flush=True)\n"
        "for number, content in enumerate(itertools.cycle(contents)):\n"
        "    name = path + '.new' if way == 'moved there' else path\n"
        "    with open(name, 'r+b' if way == 'in place' else 'wb') as file:\n"
        "        file.write(content)\n"
        "    if way == 'moved there':\n"
        "        os.replace(name, path)\n"
    )
    for name, content in zip("xy", contents, strict=True):
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", script, path, again, tmp_path / "x", tmp_path / "y"]
    outcomes, n_reads = Counter(), 60 if write is torch.save else 12
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        for _ in range(n_reads):
            try:
                file = read(path)
            except CheckpointError:
                outcomes["refused"] += 1
                continue
            values = {float(value) for tensor in file.values() for value in tensor.unique()}
            outcomes["whole" if len(values) == 1 else "a mixture"] += 1
        writer.kill()
    assert not outcomes["a mixture"], outcomes
    assert sum(outcomes.values()) == n_reads


def test_json_has_limits():
    assert parsed_json('{"a": [1, NaN]}')["a"][0] == 1
    for text in (
        "[" * 10**6,
        '{"a":' * 10**5,
        '{"a": 1, "a": 2}',
        "9" * 5000,
        b"\xff",
        " " * (LONGEST_JSON + 1),
    ):
        with pytest.raises(ValueError, match=r"."):
            parsed_json(text)
