import json
import zipfile

import pytest
import torch

from sincviz.benchmark import bundle as bundle_module
from sincviz.benchmark.bundle import read_bundle, write_bundle
from sincviz.benchmark.cases import case_names, file_name
from sincviz.benchmark.network_files import read_network, write_network
from sincviz.errors import CheckpointError

NAMES = case_names("small")[:2]


@pytest.fixture
def cache(tmp_path):
    """Two network files, which need no network."""
    folder = tmp_path / "cache"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        write_network(folder / file_name(name), {"weight": torch.arange(1000.0) + number}, {"name": name})
    return folder


@pytest.fixture
def bundle(cache, tmp_path):
    path = tmp_path / "networks.zip"
    write_bundle(path, "small", cache=cache)
    return path


def rewritten(path, change):
    """Write a bundle whose files, a dict of name to bytes, a function has changed."""
    with zipfile.ZipFile(path) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as new:
        for name, content in files.items():
            new.writestr(name, content)


def test_a_bundle_brings_back_the_files(bundle, cache, tmp_path):
    other = tmp_path / "other"
    assert set(read_bundle(bundle, cache=other)) == set(NAMES)
    for name in NAMES:
        assert (other / file_name(name)).read_bytes() == (cache / file_name(name)).read_bytes()
        assert read_network(other / file_name(name))[1] == {"name": name}


def test_what_is_not_in_the_cache_is_said(cache, tmp_path):
    missing = write_bundle(tmp_path / "networks.zip", "small", cache=cache)
    assert missing == list(case_names("small")[2:])


def test_a_bundle_written_twice_is_the_same_file(bundle, cache, tmp_path):
    again = tmp_path / "again.zip"
    write_bundle(again, "small", cache=cache)
    assert again.read_bytes() == bundle.read_bytes()


@pytest.mark.parametrize("position", [40, 0.3, 0.6, 0.95])
def test_a_damaged_bundle_is_an_error_and_the_cache_stays_empty(position, bundle, tmp_path):
    raw = bytearray(bundle.read_bytes())
    at = position if isinstance(position, int) else int(position * len(raw))
    raw[at : at + 8] = bytes(byte ^ 255 for byte in raw[at : at + 8])
    bundle.write_bytes(raw)
    other = tmp_path / "other"
    with pytest.raises(CheckpointError, match=r"networks.zip"):
        read_bundle(bundle, cache=other)
    assert not list(other.iterdir())


def test_a_cut_bundle_is_an_error(bundle, tmp_path):
    bundle.write_bytes(bundle.read_bytes()[:-300])
    with pytest.raises(CheckpointError, match=r"is not a whole bundle.*Download or write it again"):
        read_bundle(bundle, cache=tmp_path / "other")


def test_files_outside_the_cache_are_never_written(bundle, tmp_path):
    def change(files):
        manifest = json.loads(files["manifest.json"])
        manifest["files"]["../outside"] = "0"
        files["manifest.json"], files["../outside"] = json.dumps(manifest).encode(), b"x"

    rewritten(bundle, change)
    with pytest.raises(CheckpointError, match="another version"):
        read_bundle(bundle, cache=tmp_path / "inner" / "other")
    assert not (tmp_path / "inner" / "outside").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: files.pop("manifest.json"), "is not a whole bundle"),
        (lambda files: files.update({"more": b"x"}), "not those that its manifest names"),
        (lambda files: files.update({file_name(NAMES[0]): b"x"}), "hash of hands_strong"),
        (lambda files: files.update({"manifest.json": b"[1]"}), "is not a whole bundle"),
    ],
)
def test_a_bundle_that_was_changed_is_an_error(change, words, bundle, tmp_path):
    rewritten(bundle, change)
    with pytest.raises(CheckpointError, match=words):
        read_bundle(bundle, cache=tmp_path / "other")


def test_a_bundle_of_another_version_is_named(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_module, "SIMULATION", 99)
    with pytest.raises(CheckpointError, match=r"simulation 1; here 99"):
        read_bundle(bundle, cache=tmp_path / "other")


def test_a_damaged_network_is_not_bundled(cache, tmp_path):
    path = cache / file_name(NAMES[0])
    path.write_bytes(path.read_bytes()[:-4] + b"0000")
    with pytest.raises(CheckpointError, match="not a whole file"):
        write_bundle(tmp_path / "networks.zip", "small", cache=cache)
    assert [one.name for one in tmp_path.iterdir()] == ["cache"]


def test_an_empty_cache_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"None of the 8 networks.*Train them first"):
        write_bundle(tmp_path / "networks.zip", "small", cache=tmp_path / "empty")
