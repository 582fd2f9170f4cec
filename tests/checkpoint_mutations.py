"""Damage a checkpoint in many ways and see what opening it does; run as a script of its own, with limits.

``python checkpoint_mutations.py SAMPLE FOLDER FIRST LAST`` opens the sample as damaged with each seed, inspects what
opens and writes its report, and prints, as JSON, how often it opened and how often it was refused, and every seed for
which it did anything else.
"""

import io
import json
import pickletools
import random
import shutil
import signal
import struct
import sys
import threading
import time
import traceback
import warnings
import zipfile
from pathlib import Path

import mne
import numpy as np
import safetensors.torch
import torch

import sincviz
from sincviz.plotting.canvas import figure_file
from sincviz.weights.network_file import _seal
from sincviz.weights.state_dict import bare_weights
from sincviz.weights.weights_file import content_hash

FIRST_SECONDS = 120.0  # of the processor, for the file as it was, with the first imports
SECONDS, TIMES_AS_LONG = 5.0, 5.0  # what a damaged file may take, or how many times as long as the whole one
ROOM = 3 * 2**30  # bytes of address space above what the interpreter has
GIVEN = {"pool_size": 30, "pool_stride": 10, "n_times": 256}
TERA = 10**12


class TooLongError(BaseException):
    """Not an Exception, so that nothing swallows it."""


# --- bytes -----------------------------------------------------------------------------------------------------


def truncated(rng, content):
    return content[: rng.randrange(len(content))]


def flipped(rng, content):
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flipped_at_an_end(rng, content):
    """Where the headers of both formats are."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 2, 4])):
        at = rng.randrange(min(2500, len(changed)))
        changed[at if rng.random() < 0.5 else -1 - at] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwritten(rng, content):
    at, length = rng.randrange(len(content)), rng.choice([1, 4, 8, 100, 1000])
    block = rng.choice([bytes(length), b"\xff" * length, rng.randbytes(length)])
    return content[:at] + block + content[at + length :]


def inserted(rng, content):
    at = rng.randrange(len(content))
    return content[:at] + rng.randbytes(rng.choice([1, 8, 64])) + content[at:]


def cut_out(rng, content):
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.choice([1, 8, 512]) :]


def swapped(rng, content):
    one, other = sorted(rng.sample(range(len(content) - 64), 2))
    if other - one < 64:
        return content[one:] + content[:one]
    middle = content[one + 64 : other]
    return (
        content[:one] + content[other : other + 64] + middle + content[one : one + 64] + content[other + 64 :]
    )


def continued(rng, content):
    return content + content[rng.randrange(len(content)) :]


BYTES = [truncated, flipped, flipped_at_an_end, overwritten, inserted, cut_out, swapped, continued]


# --- files of torch.save -----------------------------------------------------------------------------------------


def entries_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(entries, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, value in entries.items():
            archive.writestr(name, value)
    return file.getvalue()


def with_pickle(content, change):
    """Return the archive with another pickle, its checksum right."""
    entries = entries_of(content)
    name = next(name for name in entries if name.endswith("/data.pkl"))
    return zipped(entries | {name: change(entries[name])})


def bytes_of_the_pickle(rng, content):
    return with_pickle(content, lambda pickled: rng.choice(BYTES)(rng, pickled))


def numbers_of_the_pickle(rng, content):
    """Change sizes, strides, offsets and the lengths of storages."""

    def change(pickled):
        operations = [(op.name, arg, at) for op, arg, at in pickletools.genops(pickled)]
        ends = [at for _, _, at in operations[1:]] + [len(pickled)]
        numbers = [i for i, (name, _, _) in enumerate(operations) if name in ("BININT", "BININT1", "BININT2")]
        index = rng.choice(numbers)
        value = rng.choice([0, 1, 2, 7, 9, 64, 255, 1000, 2**31 - 1, -1, TERA, 2**62, -(2**40)])
        long = value.to_bytes(9, "little", signed=True)
        number = b"J" + struct.pack("<i", value) if -(2**31) <= value < 2**31 else b"\x8a\x09" + long
        return pickled[: operations[index][2]] + number + pickled[ends[index] :]

    return with_pickle(content, change)


def values_in_the_archive(rng, content):
    entries = entries_of(content)
    name = rng.choice([name for name in entries if "/data/" in name])
    return zipped(
        entries | {name: rng.choice([flipped, overwritten])(rng, entries[name])[: len(entries[name])]}
    )


def entries_of_the_archive(rng, content):
    entries = entries_of(content)
    name = rng.choice(list(entries))
    match rng.randrange(8):
        case 0:
            del entries[name]
        case 1:
            entries[name] = entries[name][: len(entries[name]) // 2]
        case 2:
            entries[name] += rng.randbytes(16)
        case 3:
            return zipped(entries, zipfile.ZIP_DEFLATED)
        case 4:
            entries[rng.choice([name.upper(), name.partition("/")[2], f"other/{name.partition('/')[2]}"])] = (
                b"x"
            )
        case 5:
            entries = {key: b"big" if key.endswith("/byteorder") else value for key, value in entries.items()}
        case 6:
            entries[f"{name.partition('/')[0]}/constants.pkl"] = b"\x80\x02)."
        case 7:
            return zipped(entries | {name: bytes(300 * 2**20)}, zipfile.ZIP_DEFLATED)
    return zipped(entries)


def sizes_in_the_directory(rng, content):
    """Let an entry of the archive claim another size, as bombs do."""
    at = content.rindex(b"PK\x01\x02")
    field = rng.choice([20, 24, 42])  # compressed size, size, place of the entry
    size = struct.pack("<I", rng.choice([0, 1, 2**31, 2**32 - 2, rng.randrange(2**20)]))
    return content[: at + field] + size + content[at + field + 4 :]


def in_zip64(rng, content):
    """Write the archive with fields of 64 bits, and perhaps other sizes in them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, value in entries_of(content).items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(value)
    changed = bytearray(file.getvalue())
    if rng.random() < 0.8:
        fields = [at for at in range(len(changed) - 20) if changed[at : at + 4] == b"\x01\x00\x10\x00"]
        at = rng.choice(fields) + 4 + rng.choice([0, 8])
        changed[at : at + 8] = struct.pack(
            "<Q", rng.choice([0, 1, TERA, 2**63, 2**64 - 1, rng.randrange(2**20)])
        )
    if rng.random() < 0.3:
        end = changed.rindex(b"PK\x05\x06")
        directory = struct.pack("<Q", rng.choice([0, TERA, 2**63, len(changed)]))
        record = b"PK\x06\x06" + struct.pack("<QHHIIQQ", 44, 45, 45, 0, 0, 3, 3) + directory + directory
        locator = b"PK\x06\x07" + struct.pack("<IQI", 0, rng.choice([end, TERA, 2**63]), 1)
        changed[end:end] = record + locator
    return bytes(changed)


def wide(rng, content):
    """Save a network of sizes that none has; its weights contradict nothing."""
    sizes = {"n_chans": 3, "n_outputs": 2, "num_time_filters": 2, "depth_multiplier": 1, "time_filter_len": 9}
    name = rng.choice(list(sizes))
    sizes[name] = rng.choice([10_001, 20_001, 75_001, 300_001])
    if rng.random() < 0.3 and sizes["num_time_filters"] * sizes["depth_multiplier"] < 10:
        sizes["n_chans"] = rng.choice([1_000, 10_000])
    taps, filters = sizes["time_filter_len"], sizes["num_time_filters"]
    units, half = filters * sizes["depth_multiplier"], taps // 2
    statistics = ("weight", "bias", "running_mean", "running_var")
    state = {
        "sinc_filter_layer.bandwidths": torch.full((1, filters), 4.0),
        "sinc_filter_layer.low_freqs": torch.full((1, filters), 9.0),
        "sinc_filter_layer.window": torch.ones(half, 1),
        "sinc_filter_layer.n_pi": 2 * torch.pi * torch.arange(-half, 0)[:, None] / 128,
        "sinc_filter_layer.ones": torch.ones(1, 1, 1, filters),
        **{f"depthwiseconv.0.{part}": torch.ones(filters) for part in statistics},
        **{f"temporal_aggregation.0.{part}": torch.ones(units) for part in statistics},
        **{
            f"{block}.0.num_batches_tracked": torch.tensor(1)
            for block in ("depthwiseconv", "temporal_aggregation")
        },
        "depthwiseconv.1.weight": torch.ones(1).expand(units, 1, sizes["n_chans"], 1).contiguous(),
        "final_layer.weight": torch.ones(sizes["n_outputs"], units),
        "final_layer.bias": torch.ones(sizes["n_outputs"]),
    }
    file = io.BytesIO()
    if content[:2] == b"PK":
        torch.save(state, file)
        return file.getvalue()
    return safetensors.torch.save(state)


COLLIDING = (
    b"}("
    + b"".join(b"\x8a\x0c" + (i * (2**61 - 1)).to_bytes(12, "little") + b"N" for i in range(30_000))
    + b"u0"
)


def shape_of(sizes, number):
    """Return a tensor of these sizes in a pickle, all of whose values are the one of a storage."""
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00xX\x03\x00\x00\x00cpuK\x01tQ"
    strides = b"K\x00" * number
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00(" + sizes + b"t(" + strides + b"t\x89NtR0"
    )


LEAVES = b")q\xf9" + b"h\xf9\x86q\xf9" * 60  # a tuple of tuples with 2**60 leaves


def payloads(marker):
    """Return what a pickle may hold that runs code or takes memory; each leaves the stack as it was."""
    command = f"touch {marker}".encode()
    long = TERA.to_bytes(8, "little")
    call = b"(X" + struct.pack("<I", len(command)) + command + b"tR0"
    tera = b"(\x8a\x08" + long + b"tR0"
    code = f"open({str(marker)!r}, 'w')".encode()
    return [
        b"cposix\nsystem\n" + call,
        b"cos\nsystem\n" + call,
        b"csubprocess\ngetoutput\n" + call,
        b"cbuiltins\neval\n(X" + struct.pack("<I", len(code)) + code + b"tR0",
        b"c__builtin__\nexec\n(X" + struct.pack("<I", len(code)) + code + b"tR0",
        b"(iposix\nsystem\n0",
        b"\x8c\x05posix\x8c\x06system\x93" + call,
        b"ctorch.storage\n_load_from_bytes\n(U\x01atR0",
        b"ctorch\nTensor\n" + tera,
        b"ctorch\nFloatTensor\n" + tera,
        b"cbuiltins\nbytearray\n" + tera,
        b"c__builtin__\nbytearray\n" + tera,
        b"ctorch\nUntypedStorage\n" + tera,
        b"ctorch._utils\n_rebuild_meta_tensor_no_storage\n(tR0",
        b"ctorch\nTensor\n)\x810",
        b"N" + b"\x85" * 100_000 + b"0",
        b"N" + b"r\xff\xff\xff\xff0",
        b"Nq\xfa" + b"h\xfa\x86q\xfa" * 200 + b"0}h\xfaNs0",
        b"}(N" + b"\x85" * 5 + b"Nu0",
        b"]" * 1000 + b"0" * 1000,
        b"(" * 1000,
        b"X\xff\xff\xff\x7fabc",
        b"\x8b\xff\xff\xff\x7fabc",
        b"(" + b"V1\n" * 10 + b"t0",
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n)q\xfa" + b"h\xfa\x86q\xfa" * 40 + b"K\x00K\x01tQ0",
        COLLIDING,
        shape_of(
            b"\x8a\xff" + ((1 << 2030) + 1).to_bytes(255, "little") + b"q\xfa" + b"h\xfa" * 20_000, 20_001
        ),
        shape_of(b"K\x7f" * 9, 9),
        b"ccollections\nCounter\n(X\x03\x00\x00\x00abctR0",
        b"ccollections\nOrderedDict\n(]tR0",
        b"ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsNsb0",
        b"ccollections\nOrderedDict\n)R" + LEAVES + b"b0",
        b"cargparse\nNamespace\n)\x81" + LEAVES + b"b0",
        b"cargparse\nNamespace\n)\x81}" + LEAVES + b"NsX\x01\x00\x00\x00aNsb0",
        LEAVES + b"0",
        b"(cposix\nsystem\nX" + struct.pack("<I", len(command)) + command + b"o0",
        b"(cargparse\nNamespace\nN" + LEAVES + b"o0",
        b"cargparse\nNamespace\n" + LEAVES + b"}\x920",
        b"cposix\nsystem\n(X" + struct.pack("<I", len(command)) + command + b"t}\x920",
        b"cposix\nsystem\n(X" + struct.pack("<I", len(command)) + command + b"t\x810",
        *(code + b"0" for code in (b"\x82\x01", b"\x83\x01\x02", b"\x84\xff\xff\xff\x7f")),
        b"\x82\x01(X" + struct.pack("<I", len(command)) + command + b"tR0",
        b"Pwhatever\n0",
        LEAVES + b"Q0",
        b"(X\x07\x00\x00\x00storage" + LEAVES + LEAVES.replace(b"\xf9", b"\xf8") + b"NNtQ0",
        b"X\x01\x00\x00\x00aQ0",
        b"\x8f(" + LEAVES + b"\x900",
        b"(" + LEAVES + b"\x910",
        b"\x96" + long + b"abc0",
        b"\x970",
        b"N\x980",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"2" * 100 + b"0" * 100,
        b"(d0",
        b"(l0",
        b"]q\xf9h\xf9a0",
        b"}q\xf9X\x01\x00\x00\x00ah\xf9s0",
        b"I" + b"9" * 5000 + b"\n0",
        b"L" + b"9" * 100_000 + b"L\n0",
        b"\x8b\x00\x00\x01\x00" + b"\x7f" * 65536 + b"0",
        b"F1e999\n0",
        b"S'\\xff'\n0",
        b"V\\ud800\n0",
        b"X\x03\x00\x00\x00\xed\xa0\x800",
        b"g99\n",
        b"\x94" * 3,
        b"cnumpy\nndarray\n)\x81N" + LEAVES + b"\x86b0",
    ]


def hostile(rng, content, marker):
    """Put a payload between two operations of the pickle."""

    def change(pickled):
        at = rng.choice([at for _, _, at in pickletools.genops(pickled)][1:])
        return pickled[:at] + rng.choice(payloads(marker)) + pickled[at:]

    return with_pickle(content, change)


def system_everywhere(content, marker):
    """Yield the archive with a call of ``os.system`` before every operation of its pickle."""
    entries = entries_of(content)
    pickled = next(value for name, value in entries.items() if name.endswith("/data.pkl"))
    for at in [at for _, _, at in pickletools.genops(pickled)][1:]:
        payload = payloads(marker)[0]
        yield with_pickle(content, lambda pickled, at=at, p=payload: pickled[:at] + p + pickled[at:])


def bare_pickle(rng, content, marker):
    return b"\x80" + rng.choice([b"\x02", b"\x04"]) + rng.choice(payloads(marker)) + b"N."


# --- safetensors -------------------------------------------------------------------------------------------------


def header_and_data(content):
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def header_of_safetensors(rng, content):
    header, data = header_and_data(content)
    name = rng.choice([name for name in header if name != "__metadata__"])
    entry = header[name]
    match rng.randrange(12):
        case 0:
            return struct.pack("<Q", rng.choice([TERA, 2**63, 2**64 - 1, 0, 7, len(content)])) + content[8:]
        case 1:
            entry["shape"] = rng.choice([[TERA], [2**63, 2], [], [0], [-1], ["1"], None, [1.5], [2**40] * 4])
        case 2:
            entry["dtype"] = rng.choice(["F16", "BF16", "F64", "I64", "BOOL", "F8_E4M3", "C64", 3, None])
        case 3:
            entry["data_offsets"] = rng.choice([[0, TERA], [4, 0], [-4, 0], [0, 4], None, [0.5, 1]])
        case 4:
            del header[name]
        case 5:
            header[rng.choice([name.upper(), f"module.{name}", name + "\0", "é" * 500])] = header.pop(name)
        case 6:
            text = json.dumps(header).encode()
            twice = f"{json.dumps(name)}: {json.dumps(entry)}, ".encode()
            return joined(text[:1] + twice + text[1:], data)
        case 7:
            return joined(b'{"a":' * 100_000, data)
        case 8:
            return joined(b'{"a": ' + b"[" * 2_000_000, data)
        case 9:
            return joined(json.dumps(header).encode() + rng.choice([b"\xff", b" " * 100, b"{}"]), data)
        case 10:
            header["__metadata__"] = rng.choice([{}, {"format": "pt"}, {"sincviz": "{}"}, {"a": 1}, [], None])
        case 11:
            header["__metadata__"] = {
                "sincviz": rng.choice(['{"a":' * 50_000, "[" * 10**6, "NaN", '{"a":1' + "0" * 9999])
            }
    return joined(header, data)


def values_of_safetensors(rng, content):
    header, data = header_and_data(content)
    return joined(json.dumps(header).encode(), flipped(rng, data))


def deep(value, depth):
    for _ in range(depth):
        value = [value]
    return value


def hostile_values(marker):
    return [
        *(
            None,
            True,
            -1,
            0,
            2.5,
            TERA,
            10**400,
            1e308,
            "",
            "same",
            "\x1b]52;c;YQ==\x07",
            "=1+1",
            "a\nb",
            "\u202e",
        ),
        *(
            [],
            [1],
            {},
            [None],
            [[1]],
            {"a": None},
            [{}],
            [["a"]],
            [[[1.0, 2.0]]],
            {"epoch": [1]},
            [[1e308, -1e308]],
        ),
        *(deep(1, 500), deep({}, 30), ["x"] * 5000, dict.fromkeys(map(str, range(5000)), 1), "y" * 100_000),
        *(
            "torch.nn.Linear",
            f"__import__('os').system('touch {marker}')",
            [[9.0, 1.0]] * 8,
            [[None, 1.0]] * 8,
        ),
        *(
            [{"subject": None}],
            [{"kind": None}],
            {"kind": None},
            {"kind": "average"},
            [[[8.0, 12.0]] * 8] * 3,
        ),
    ]


PROVENANCE = (
    *(
        "initial_cutoffs_hz",
        "cutoff_history_hz",
        "n_training_trials",
        "training_trials",
        "training_trials_complete",
    ),
    *(
        "training_recordings",
        "reference",
        "seed",
        "n_recalibration_trials",
        "format",
        "assumed",
        "left_unread",
    ),
    *(
        "highpass",
        "lowpass",
        "training_data",
        "validation",
        "x",
        "sha256",
        "kind",
        "history",
        "n_times",
        "filters",
    ),
)


def provenance_of_ours(rng, content, marker):
    """Change what the header says, and seal it again, as whoever makes such a file can."""
    header, data = header_and_data(content)
    described = json.loads(header["__metadata__"]["sincviz"])
    described.pop("sha256")
    provenance = described["provenance"]
    known = [*PROVENANCE, *provenance]
    for _ in range(rng.choice([1, 1, 2, 4])):
        value = rng.choice(hostile_values(marker))
        match rng.randrange(10):
            case 0:
                described[rng.choice(["class_names", "scale", "version", "provenance"])] = value
            case 1:
                described["class_names"] = [
                    rng.choice(["\x1b[2J", "=cmd", "", "a\nb", "\u202eb", "c" * 9999]),
                    "b",
                ]
            case 2:
                described["config"]["chs_info"][0]["ch_name"] = rng.choice(
                    ["\x1b[2J", "=cmd()", "a\nb", "c" * 9999, ""]
                )
            case 3:
                described["config"]["chs_info"][rng.randrange(8)][
                    rng.choice(["kind", "loc", "unit", "x"])
                ] = value
            case 4 if provenance:
                inner = rng.choice(list(provenance))
                if isinstance(provenance[inner], dict) and provenance[inner]:
                    provenance[inner][rng.choice(list(provenance[inner]))] = value
            case _:
                provenance[rng.choice(known)] = value
        if not isinstance(provenance, dict):
            break
    text = json.dumps(described, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.1:
        text = text.replace('"C3"', rng.choice(['"\\ud800"', '"\\u0000"', '"C4"']))
    sealed = text[:-1] + _seal(content_hash(text, safetensors.torch.load(content)))
    return joined({**header, "__metadata__": {"sincviz": sealed}}, data)


# --- the state dict and the configuration --------------------------------------------------------------------------


def changed_state(rng, state):
    """Return a state dict with another shape, type, name or kind of value, saved without fault."""
    state = dict(state)
    name = rng.choice(list(state))
    value = state[name]
    match rng.randrange(14):
        case 0:
            state[name] = value.flatten()
        case 1:
            state[name] = value.reshape(-1, 1)
        case 2:
            state[name] = value[..., :-1].clone() if value.ndim else value[None]
        case 3:
            state[name] = torch.cat([value, value]) if value.ndim else value[None].repeat(2)
        case 4:
            state[name] = value.to(rng.choice([torch.float16, torch.bfloat16, torch.int32, torch.bool]))
        case 5:
            state[name] = value.to(rng.choice([torch.complex64, torch.uint8, torch.float64, torch.int64]))
        case 6:
            del state[name]
        case 7:
            state[rng.choice([f"x.{name}", name[1:], name + "s", ""])] = state.pop(name)
        case 8:
            state[rng.choice(["optimizer", "sinc_filter_layer.weight", "temporal_aggregation.1.weight"])] = (
                torch.ones(1)
            )
        case 9:
            wide = value.double() if value.is_floating_point() else value
            state[name] = (
                wide.masked_fill(wide == wide.max(), rng.choice([np.nan, np.inf])).to(value.dtype)
                if value.is_floating_point()
                else value
            )
        case 10:
            state = {key: item.double() if item.is_floating_point() else item for key, item in state.items()}
        case 11:
            state = {
                f"{rng.choice(['module.', '_orig_mod.', 'a.b.'])}{key}": item for key, item in state.items()
            }
        case 12:
            state |= {f"ema.{key}": item.clone() for key, item in state.items()}
        case 13:
            state[name] = value.T.clone() if value.ndim == 2 else value * 1
    return state


def changed_config(rng, config, marker):
    """Return a configuration with another value, or text that is none."""
    values = [
        None,
        -1,
        0,
        1,
        2.5,
        TERA,
        10**400,
        1e308,
        float("nan"),
        float("inf"),
        "",
        "same",
        "C3",
        [],
        [1],
        {},
    ]
    values += [
        True,
        "os.system",
        f"__import__('os').system('touch {marker}')",
        "torch.nn.Linear",
        "torch.nn.ReLU",
    ]
    name = rng.choice(list(config))
    match rng.randrange(8):
        case 0 | 1 | 2:
            config[name] = rng.choice(values)
        case 3:
            del config[name]
        case 4:
            config[rng.choice(["n_filters", "chs", "", "activation "])] = rng.choice(values)
        case 5:
            config["chs_info"][rng.randrange(8)][rng.choice(["ch_name", "loc", "new"])] = rng.choice(values)
        case 6:
            return rng.choice(
                [b"[" * 10**6, b'{"a":' * 10**5, b"", b"\xff\xfe", b"null", b"[]", b"9" * 10**5]
            )
        case 7:
            text = json.dumps(config)
            return (text[:-1] + f", {json.dumps(name)}: {json.dumps(config[name])}}}").encode()
    return json.dumps(config).encode()


# --- the run -----------------------------------------------------------------------------------------------------


def mutated(rng, sample, path, marker):
    """Write a damaged sample to the path; return what was done."""
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)
    if sample.is_dir():
        shutil.copytree(sample, path)
        config = path / "config.json"
        if rng.random() < 0.6:
            if rng.random() < 0.5:
                change = rng.choice(BYTES)
                config.write_bytes(change(rng, config.read_bytes()))
                return f"config.json: {change.__name__}"
            config.write_bytes(changed_config(rng, json.loads(config.read_text()), marker))
            return "config.json: changed_config"
        sample, path = sample / "pytorch_model.bin", path / "pytorch_model.bin"
    content = sample.read_bytes()
    if content[:2] == b"PK":
        archive = [bytes_of_the_pickle, numbers_of_the_pickle, values_in_the_archive, entries_of_the_archive]
        kinds = [
            *BYTES,
            *(archive * 2),
            sizes_in_the_directory,
            *[hostile] * 6,
            bare_pickle,
            in_zip64,
            in_zip64,
            wide,
        ]
        if "pickle" not in sample.name:
            kinds += [changed_state] * 4
    else:
        kinds = [
            *BYTES,
            *[header_of_safetensors] * 5,
            values_of_safetensors,
            values_of_safetensors,
            *[changed_state] * 3,
            wide,
        ]
        if "sincviz" in sample.name:
            kinds += [provenance_of_ours] * 12
    kind = rng.choice(kinds)
    if kind is changed_state:
        if content[:2] == b"PK":
            whole = torch.load(sample, weights_only=True)
            inner = whole.get("state_dict", whole)
            new = changed_state(rng, inner)
            torch.save(whole | {"state_dict": new} if inner is not whole else new, path)
        else:
            header, _ = header_and_data(content)
            state = changed_state(rng, safetensors.torch.load(content))
            state = {name: value.contiguous() for name, value in state.items()}
            path.write_bytes(safetensors.torch.save(state, header.get("__metadata__")))
    elif kind in (hostile, bare_pickle, provenance_of_ours):
        path.write_bytes(kind(rng, content, marker))
    else:
        path.write_bytes(kind(rng, content))
    return kind.__name__


def says_the_same(path, model, x, expected):
    """Tell whether an opened model is the right one: the sample's, or what these bytes say by another way."""
    # Bytes that lost their header, another length in a configuration, another shape in a pickle.
    size = (model.n_chans, model.n_times)
    same_size = x.shape[1:] == size
    if not same_size:
        x = x.repeat(1, 1 + size[0] // x.shape[1], 1 + size[1] // x.shape[2])[:, : size[0], : size[1]]
    got = model(x)
    if (
        same_size
        and len(got[0]) == len(expected[0])
        and torch.allclose(got, expected.to(got.dtype), atol=1e-5)
    ):
        return True
    if path.is_dir():
        # A changed configuration is another network; whatever is missing in it is free.
        config = json.loads((path / "config.json").read_bytes())
        config.pop("braindecode_version", None)
        content = torch.load(path / "pytorch_model.bin", weights_only=True)
        known = {name: value for name, value in config.items() if value is not None}
        config = model.get_config() | known
    else:
        content = path.read_bytes()
        if content[:2] == b"PK":
            content = torch.load(path, weights_only=True)
        elif "sincviz" in header_and_data(content)[0].get("__metadata__", {}):
            return "sha256" not in header_and_data(content)[0]["__metadata__"]["sincviz"]
        else:
            content = safetensors.torch.load(content)
        config = model.get_config()
    weights, _ = bare_weights(content)
    other = sincviz.SincShallowNet.from_config(config).to(got.dtype)
    other.load_state_dict(weights)
    return torch.allclose(other.eval()(x.to(got.dtype)), got, atol=1e-5, equal_nan=True)


def attempt(path, given, x, expected, seconds):
    """Return "opened" or "refused", or what is wrong; it may take so many seconds of the processor."""
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        model = sincviz.load_checkpoint(path, **given)
    except sincviz.CheckpointError as error:
        text = str(error)
        if str(path) not in text or len(text) < len(str(path)) + 15:
            return f"says neither file nor reason: {text}"
        if "weights_only=False" in text and "If you trust" not in text:
            return f"gives dangerous advice: {text}"
        return "refused" if len(text) < 2000 else f"is too long: {text}"
    except TooLongError:
        return f"took more than {seconds:.1f} s"
    except BaseException as error:
        return f"{type(error).__name__}: {error!s:.300}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if time.process_time() - began > seconds:
        return f"took {time.process_time() - began:.1f} s"
    precision = model.final_layer.weight.dtype
    try:
        right = says_the_same(path, model, x.to(precision), expected)
    except Exception as error:
        return f"opened, but is wrong: {type(error).__name__}: {error!s:.300}"
    if not right:
        return "opened as another network"
    return inspected(path, model, x, began + seconds) or "opened"


def epochs_of(model, x):
    """Return trials in volts of the channels and classes that the network says it has."""
    names = model.ch_names or [f"EEG{number}" for number in range(model.n_chans)]
    info = mne.create_info(names, model.sfreq, "eeg")
    classes = model.class_names or [f"class {number}" for number in range(model.n_outputs)]
    codes = np.arange(10) % model.n_outputs
    events = np.column_stack([np.arange(10) * 1000, np.zeros(10, int), codes + 1])
    data = x.double().numpy() * 1e-6
    return mne.EpochsArray(
        data, info, events, event_id={classes[code]: code + 1 for code in set(codes)}, verbose="error"
    )


SEEN = set()


def inspected(path, model, x, end):
    """Inspect a network that opened, with trials and a report; return what is wrong, else nothing."""
    facts = [model.get_config(), model.provenance, model.class_names, model.scale]
    known = hash(json.dumps(facts, default=str) + sincviz.networks.front_ends.weights_hash(model))
    if known in SEEN:
        return ""
    SEEN.add(known)
    signal.setitimer(signal.ITIMER_PROF, max(0.1, end - time.process_time()))
    try:
        trials = None
        if x.shape[1:] == (model.n_chans, model.n_times):
            # Trials that are all the same have no variance, which is another matter.
            x = x.repeat(10 // len(x) + 1, 1, 1)[:10] + torch.randn(
                10, *x.shape[1:], generator=torch.Generator().manual_seed(0)
            )
            trials = epochs_of(model, x) if model.ch_names else x.numpy()
        codes = np.arange(10) % model.n_outputs if isinstance(trials, np.ndarray) else None
        with torch.enable_grad():
            found = sincviz.inspect(model, progress=False)
            if trials is not None:
                sincviz.diagnose(model, trials, codes)
                sincviz.evidence.accuracies(sincviz.evidence.predictions(model, trials, codes))
        found.report(path.parent / "report.html", overwrite=True)
    except (sincviz.SincvizError, ValueError) as error:
        return "" if len(str(error)) < 2000 else f"inspection says too much: {error!s:.300}"
    except TooLongError:
        return "inspection was stopped: it took too long"
    except BaseException as error:
        where = " < ".join(
            f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[:-5:-1]
        )
        return f"inspection: {type(error).__name__}: {error!s:.300} in {where}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def attempt_while_it_changes(path, given, x, expected, one, other):
    """Open a file that a thread writes again and again; return what came of it each time."""
    done = threading.Event()

    def write():
        while not done.is_set():
            for content in (one, other):
                path.write_bytes(content)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        outcomes = []
        for _ in range(5):
            try:
                model = sincviz.load_checkpoint(path, **given)
            except sincviz.CheckpointError:
                outcomes.append("refused")
                continue
            scores = model(x.to(model.final_layer.weight.dtype))
            whole = any(torch.allclose(scores, known.to(scores.dtype), atol=1e-5) for known in expected)
            outcomes.append("opened" if whole else "opened as a mixture")
    except Exception as error:
        outcomes.append(f"{type(error).__name__}: {error!s:.300}")
    finally:
        done.set()
        writer.join()
    return outcomes


def changed_values(content):
    """Return the same file with other values throughout, and of the same length."""
    if content[:2] == b"PK":
        whole = torch.load(io.BytesIO(content), weights_only=True)
        inner = whole.get("state_dict", whole)
        other = {
            name: value * 2 if value.is_floating_point() and ".n_pi" not in name else value
            for name, value in inner.items()
        }
        file = io.BytesIO()
        torch.save(whole | {"state_dict": other} if inner is not whole else type(whole)(other), file)
        return file.getvalue()
    header, _ = header_and_data(content)
    state = safetensors.torch.load(content)
    other = {
        name: value * 2 if value.is_floating_point() and ".n_pi" not in name else value
        for name, value in state.items()
    }
    metadata = header.get("__metadata__")
    if metadata and "sincviz" in metadata:
        text = json.dumps({k: v for k, v in json.loads(metadata["sincviz"]).items() if k != "sha256"})
        metadata = {"sincviz": text[:-1] + _seal(content_hash(text, other))}
    return safetensors.torch.save(other, metadata)


def stop(*_):
    raise TooLongError


def main(sample, folder, first, last):
    import resource  # Linux only, and this file is imported by who looks for doctests

    torch.set_grad_enabled(False)
    figure_file._DPI[".png"] = 40  # what is drawn is of interest, not how finely
    arrays = np.load(folder / "arrays.npz")
    x, expected = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["logits_eval"])
    path, marker = folder / f"damaged_{sample.name}", folder / "marker"
    signal.signal(signal.SIGPROF, stop)
    whole = {"pickle": "whole" in sample.name, "ours": "sincviz" in sample.name or sample.is_dir()}
    given = {} if whole["ours"] else GIVEN
    began = time.process_time()
    outcome = attempt(sample, given, x, expected, FIRST_SECONDS)
    assert outcome == ("refused" if whole["pickle"] else "opened"), outcome
    seconds = max(SECONDS, TIMES_AS_LONG * (time.process_time() - began))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    counts, failures = {"opened": 0, "refused": 0}, []

    def note(outcome, what):
        if marker.exists():
            outcome = "the payload ran"
            marker.unlink()
        if outcome in counts:
            counts[outcome] += 1
        else:
            failures.append(f"{what}: {outcome}")

    warnings.simplefilter("ignore")
    if not sample.is_dir() and not whole["pickle"]:
        one, other = sample.read_bytes(), changed_values(sample.read_bytes())
        path.write_bytes(other)
        second = sincviz.load_checkpoint(path, **given)(x)
        for _ in range((last - first) // 50):
            for outcome in attempt_while_it_changes(path, given, x, (expected, second), one, other):
                note(outcome, "while it changes")
    for seed in range(first, last):
        kind = mutated(random.Random(f"{sample.name} {seed}"), sample, path, marker)
        note(attempt(path, given, x, expected, seconds), f"seed {seed} ({kind})")
    if not sample.is_dir() and sample.read_bytes()[:2] == b"PK" and first == 0:
        for position, content in enumerate(system_everywhere(sample.read_bytes(), marker)):
            path.write_bytes(content)
            outcome = attempt(path, given, x, expected, seconds)
            note("opened with a call in it" if outcome == "opened" else outcome, f"position {position}")
    print(json.dumps(counts | {"failures": failures}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
