"""A file is told safe or not, and what it holds, without reading its values."""

import argparse
import json
import os

import pytest
import safetensors.torch
import torch
from torch import nn

from sincviz import save_checkpoint
from sincviz.cli import main as cli
from sincviz.weights.file_check import HOLDS_CODE, HOLDS_NETWORK, OTHER, UNREADABLE, checked


class Attack:
    def __reduce__(self):
        return os.system, ("touch marker",)


class Settings:
    def __init__(self):
        self.lr = 0.1


@pytest.fixture
def state(network):
    return network().state_dict()


FILES = {
    "weights": (lambda state: state, HOLDS_NETWORK, "4 filters of 17 samples, 6 channels, 2 outputs"),
    "weights beside plain data": (
        lambda state: {"state_dict": state, "args": argparse.Namespace(lr=1), "seen": {1, 2}},
        HOLDS_NETWORK,
        "Left unread: args: argparse.Namespace",
    ),
    "another network": (lambda _: nn.Linear(2, 3).state_dict(), OTHER, "2 weights: weight (3, 2), bias (3)"),
    "no weights": (lambda _: {"note": 1}, OTHER, "no weights at all"),
    "weights of other sizes": (
        lambda state: state | {"final_layer.bias": torch.zeros(9)},
        OTHER,
        "final_layer.bias",
    ),
    "weights beside an object": (
        lambda state: {"state_dict": state, "settings": Settings()},
        HOLDS_CODE,
        "test_file_check.Settings",
    ),
    "a whole network": (lambda _: nn.Linear(2, 3), HOLDS_CODE, "torch.nn.modules.linear.Linear"),
    "an attack": (lambda state: {"state_dict": state, "x": Attack()}, HOLDS_CODE, "calls posix.system"),
}


@pytest.mark.skipif(os.name == "nt", reason="the attack is one of POSIX")
@pytest.mark.parametrize(("content", "code", "words"), FILES.values(), ids=FILES)
def test_what_a_file_holds_is_said_and_its_exit_code(
    state, tmp_path, content, code, words, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    torch.save(content(state), "a.pt")
    check = checked("a.pt")
    assert check.exit_code == code
    assert check.facts["safe"] == (code in (HOLDS_NETWORK, OTHER))
    assert words in " ".join(check.lines)
    for options in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(["check", "a.pt", *options])
        assert ended.value.code == code
        printed = capsys.readouterr().out
    assert json.loads(printed)["exit_code"] == code
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "content", [b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(99), b"PK\x03\x04" + bytes(99)]
)
def test_of_a_file_that_cannot_be_read_nobody_can_tell(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    check = checked(tmp_path / "a")
    assert (check.exit_code, check.facts["safe"]) == (UNREADABLE, None)


def test_our_own_file_and_a_folder_tell_their_configuration(network, tmp_path):
    save_checkpoint(network(), tmp_path / "model.safetensors")
    for path in (tmp_path / "model.safetensors", tmp_path):
        check = checked(path)
        assert check.exit_code == HOLDS_NETWORK
        assert "(sincviz file)" in check.lines[1]
        assert "Configuration: stored" in check.lines[1]


def test_values_are_not_read(state, tmp_path):
    safetensors.torch.save_file(state, tmp_path / "a.safetensors")
    content = bytearray((tmp_path / "a.safetensors").read_bytes())
    content[-20:] = b"\xff" * 20
    (tmp_path / "a.safetensors").write_bytes(content)
    assert checked(tmp_path / "a.safetensors").exit_code == HOLDS_NETWORK


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        checked(tmp_path / "nothing")
