"""A file is whole or not there, whatever happens while it is written; so are the files of a folder."""

import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from sincviz._utils import files as atomic_file
from sincviz._utils.files import replacing, staging


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


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def folder(tmp_path):
    """A folder of an earlier run, with a file of somebody else."""
    path = tmp_path / "inspection"
    path.mkdir()
    write(path, page=b"old", tables__bands=b"old", tables__mine=b"mine", notes=b"mine")
    return path


OLD = {"page": b"old", "tables/bands": b"old", "tables/mine": b"mine", "notes": b"mine"}
NEW = OLD | {"page": b"new", "tables/bands": b"new", "arrays/deep": b"new"}


def test_files_of_a_folder_come_when_the_block_ends_and_others_stay(folder):
    with staging(str(folder)) as scratch:
        assert list(scratch.iterdir()) == []
        write(scratch, page=b"new", tables__bands=b"new", arrays__deep=b"new")
        visible = {name: content for name, content in contents(folder).items() if not name.startswith(".")}
        assert visible == OLD
    assert contents(folder) == NEW
    assert names(folder) == ["arrays", "notes", "page", "tables"]


def test_a_folder_is_made_with_those_above_it(tmp_path):
    with staging(tmp_path / "new" / "deep") as scratch:
        write(scratch, page=b"new")
    assert contents(tmp_path) == {"new/deep/page": b"new"}


@pytest.mark.parametrize("error", [DiskFullError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_block_that_fails_midway_moves_nothing(folder, error):
    with pytest.raises(error), staging(folder) as scratch:  # noqa: PT012
        write(scratch, page=b"new", tables__bands=b"ha")
        raise error
    assert contents(folder) == OLD
    assert names(folder) == ["notes", "page", "tables"]


@pytest.mark.parametrize("step", ["_make_public", "_flush_to_disk"])
def test_a_failure_before_the_first_move_moves_nothing(folder, monkeypatch, step):
    done = []

    def fail_at_the_second(path):
        done.append(path)
        if len(done) == 2:
            raise DiskFullError

    monkeypatch.setattr(atomic_file, step, fail_at_the_second)
    with pytest.raises(DiskFullError), staging(folder) as scratch:
        write(scratch, page=b"new", tables__bands=b"new")
    assert contents(folder) == OLD


def test_a_move_that_fails_leaves_every_file_whole_and_no_scratch(folder, monkeypatch):
    move = os.replace

    def fail_at_tables(source, destination):
        if destination.parent.name == "tables":
            raise DiskFullError
        move(source, destination)

    monkeypatch.setattr(os, "replace", fail_at_tables)
    with pytest.raises(DiskFullError), staging(folder) as scratch:
        write(scratch, page=b"new", tables__bands=b"new")
    assert contents(folder) == OLD | {"page": b"new"}
    assert names(folder) == ["notes", "page", "tables"]


def test_all_content_is_on_the_disk_before_the_first_file_takes_its_name(folder, monkeypatch):
    happened = []
    flush, move = atomic_file._flush_to_disk, os.replace
    monkeypatch.setattr(
        atomic_file,
        "_flush_to_disk",
        lambda path: (happened.append("folder" if path.is_dir() else "file"), flush(path)),
    )
    monkeypatch.setattr(os, "replace", lambda *paths: (happened.append("move"), move(*paths)))
    with staging(folder) as scratch:
        write(scratch, page=b"new", notes=b"new")
    assert happened[:4] == ["file", "file", "move", "move"]
    assert set(happened[4:]) == {"folder"}


def other_run(folder, age_s):
    """What another run has written, the last of it so many seconds ago."""
    scratch = folder / f"{atomic_file._STAGING}other"
    (scratch / "tables").mkdir(parents=True)
    (scratch / "tables" / "half").write_bytes(b"ha")
    then = time.time() - age_s
    os.utime(scratch, (then, then))
    return scratch


@pytest.mark.parametrize("age_s", [3660, 86400])
def test_what_a_killed_run_left_behind_is_removed(folder, age_s):
    abandoned = other_run(folder, age_s)
    with staging(folder) as scratch:
        assert not abandoned.exists()
        write(scratch, page=b"new")
    assert contents(folder) == OLD | {"page": b"new"}
    assert names(folder) == ["notes", "page", "tables"]


@pytest.mark.parametrize("age_s", [0, 3540])
@pytest.mark.parametrize("ending", ["well", "badly"])
def test_what_a_run_at_work_has_written_so_far_is_left(folder, age_s, ending):
    at_work = other_run(folder, age_s)
    with suppress(DiskFullError), staging(folder) as scratch:
        write(scratch, page=b"new")
        if ending == "badly":
            raise DiskFullError
    assert contents(at_work) == {"tables/half": b"ha"}
    assert names(folder) == [at_work.name, "notes", "page", "tables"]
    assert (folder / "page").read_bytes() == (b"new" if ending == "well" else b"old")


def test_two_runs_into_one_folder_do_not_disturb_each_other(folder):
    with staging(folder) as first:
        write(first, page=b"first")
        with staging(folder) as second:
            write(second, page=b"second", notes=b"second")
        assert contents(first) == {"page": b"first"}
    assert contents(folder) == OLD | {"page": b"first", "notes": b"second"}
    assert names(folder) == ["notes", "page", "tables"]


def test_old_files_of_others_are_no_leftovers(folder):
    then = time.time() - 86400
    for path in (folder / "notes", folder / "tables"):
        os.utime(path, (then, then))
    with staging(folder) as scratch:
        write(scratch, page=b"new")
    assert contents(folder) == OLD | {"page": b"new"}


def test_a_leftover_that_vanishes_meanwhile_does_no_harm(folder, monkeypatch):
    gone, glob = folder / f"{atomic_file._STAGING}gone", type(folder).glob

    def with_gone(path, pattern, **options):
        return [gone] if str(pattern).startswith(atomic_file._STAGING) else glob(path, pattern, **options)

    monkeypatch.setattr(type(folder), "glob", with_gone)
    with staging(folder) as scratch:
        write(scratch, page=b"new")
    monkeypatch.undo()
    assert contents(folder) == OLD | {"page": b"new"}


@pytest.mark.parametrize("error", [DiskFullError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_new_folder_goes_again_if_the_block_fails(tmp_path, error):
    folder = tmp_path / "new"
    with pytest.raises(error), staging(folder) as scratch:  # noqa: PT012
        assert folder.is_dir()
        write(scratch, page=b"ha")
        raise error
    assert names(tmp_path) == []


def test_a_folder_that_was_there_stays_if_the_block_fails_though_it_is_empty(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(DiskFullError), staging(folder):
        raise DiskFullError
    assert names(folder) == []


def test_a_new_folder_into_which_another_has_written_stays_if_the_block_fails(tmp_path):
    folder = tmp_path / "new"
    with pytest.raises(DiskFullError), staging(folder):  # noqa: PT012
        write(folder, notes=b"mine")
        raise DiskFullError
    assert contents(tmp_path) == {"new/notes": b"mine"}


def test_a_block_that_writes_nothing_changes_nothing(folder):
    with staging(folder):
        pass
    assert contents(folder) == OLD
    assert names(folder) == ["notes", "page", "tables"]


def test_a_file_in_place_of_the_folder_is_refused_and_left(target):
    with pytest.raises(FileExistsError), staging(target):
        pytest.fail("nothing may be written")
    assert target.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such permissions")
def test_files_of_a_folder_can_be_read_as_any_new_file(folder):
    before = os.umask(0o022)
    try:
        with staging(folder) as scratch:
            write(scratch, page=b"new", arrays__deep=b"new")
            (scratch / "page").chmod(0o600)
    finally:
        os.umask(before)
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in ("page", "arrays/deep")} == {0o644}


def test_what_speaks_of_the_others_goes_first_and_comes_last(folder, monkeypatch):
    write(folder, **{"a.json": b"old"})
    move, seen = os.replace, []

    def watched(source, destination):
        seen.append((destination.name, (folder / "a.json").exists()))
        move(source, destination)

    monkeypatch.setattr(os, "replace", watched)
    with staging(folder, last="a.json") as scratch:
        write(scratch, **{"a.json": b"new", "page": b"new", "tables__bands": b"new"})
    assert seen == [("page", False), ("bands", False), ("a.json", False)]
    assert contents(folder) == OLD | {"page": b"new", "tables/bands": b"new", "a.json": b"new"}


def test_without_a_new_one_the_earlier_one_stays(folder):
    write(folder, **{"a.json": b"old"})
    with staging(folder, last="a.json") as scratch:
        write(scratch, page=b"new")
    assert contents(folder)["a.json"] == b"old"


SLOW_MOVES = """
import os, pathlib, signal, sys, time
from sincviz._utils.files import staging
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
move = os.replace
def slow(*paths):
    print("moving", flush=True)
    time.sleep(0.02)
    move(*paths)
os.replace = slow
with staging(sys.argv[1], last="a.json") as scratch:
    for name in [*map(str, range(20)), "a.json"]:
        (scratch / name).write_text("new")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_between_two_moves_leaves_no_mixture_that_claims_to_be_whole(tmp_path, number):
    write(tmp_path, **{str(name): b"old" for name in range(20)}, **{"a.json": b"old"})
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_MOVES, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        for _ in range(5):
            run.stdout.readline()
        run.send_signal(number)
        run.stdout.read()
    assert run.returncode != 0
    found = contents(tmp_path)
    if number == signal.SIGKILL:
        assert "a.json" not in found
        assert {found[str(name)] for name in range(20)} == {b"old", b"new"}
    else:
        assert found == dict.fromkeys([*map(str, range(20)), "a.json"], b"new")
        assert not [name for name in names(tmp_path) if name.startswith(".")]
