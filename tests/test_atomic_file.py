"""A file is whole or not there, whatever happens while it is written."""

import os
import stat
import sys

import pytest

from sincviz import atomic_file
from sincviz.atomic_file import replacing


class DiskFullError(OSError):
    pass


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "network.safetensors"
    path.write_bytes(b"old")
    return path


def test_a_new_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "new.txt"
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert names(tmp_path) == ["new.txt"]


def test_an_old_file_stays_until_the_block_ends(target):
    with replacing(str(target)) as temporary:
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
        assert temporary.parent == target.parent, "moving is atomic within one file system only"
        assert temporary.suffix == target.suffix, "some writers choose the format by the suffix"
    assert target.read_bytes() == b"new"
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("error", [DiskFullError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_write_that_fails_midway_leaves_the_old_file_and_nothing_else(target, error):
    with pytest.raises(error), replacing(target) as temporary:  # noqa: PT012
        temporary.write_bytes(b"ha")
        raise error
    assert target.read_bytes() == b"old"
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("step", ["_make_public", "_flush_to_disk"])
def test_a_failure_after_the_write_leaves_the_old_file_and_nothing_else(target, monkeypatch, step):
    def fail(path):
        raise DiskFullError

    monkeypatch.setattr(atomic_file, step, fail)
    with pytest.raises(DiskFullError), replacing(target) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    assert names(target.parent) == [target.name]


def test_a_move_that_fails_leaves_the_old_file_and_nothing_else(target, monkeypatch):
    def fail(source, destination):
        raise DiskFullError

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DiskFullError), replacing(target) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    assert names(target.parent) == [target.name]


def test_the_content_is_on_the_disk_before_it_takes_the_name(target, monkeypatch):
    happened = []
    flush, move = atomic_file._flush_to_disk, os.replace
    monkeypatch.setattr(
        atomic_file,
        "_flush_to_disk",
        lambda path: (happened.append("folder" if path.is_dir() else "file"), flush(path)),
    )
    monkeypatch.setattr(os, "replace", lambda *paths: (happened.append("move"), move(*paths)))
    with replacing(target) as temporary:
        temporary.write_bytes(b"new")
    assert happened == ["file", "move", "folder"]


def test_two_writers_do_not_share_a_temporary_file(target):
    with replacing(target) as first, replacing(target) as second:
        assert first != second
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert target.read_bytes() == b"first", "the one that ended last"
    assert names(target.parent) == [target.name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such permissions")
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0o002])
def test_permissions_are_those_of_any_new_file(tmp_path, umask):
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "replaced") as temporary:
            temporary.write_bytes(b"new")
        (tmp_path / "plain").touch()
        assert os.umask(umask) == umask, "the umask is left as it was"
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("replaced", "plain")}
    assert modes["replaced"] == modes["plain"] == 0o666 & ~umask


def test_a_folder_that_does_not_exist_is_named_and_not_made(tmp_path):
    folder = tmp_path / "missing"
    with pytest.raises(FileNotFoundError, match=r"The folder '.*missing' does not exist; create it first\."):  # noqa: SIM117
        with replacing(folder / "file.txt"):
            pytest.fail("nothing may be written")
    assert not folder.exists()


def test_a_file_without_a_suffix_will_do(tmp_path):
    with replacing(tmp_path / "LICENSE") as temporary:
        temporary.write_text("text")
    assert names(tmp_path) == ["LICENSE"]
