"""A stored row is whole or not there."""

import numpy as np
import pytest
import xarray as xr

from sincviz.population.rows.store import is_damaged, is_stored, store_row, stored_file, stored_row

FOUND = xr.Dataset({"a": ("x", np.arange(100.0))}, {"x": [f"n{i}" for i in range(100)]}, {"word": "µV − ok"})


def test_what_was_stored_comes_back(tmp_path):
    store_row(tmp_path, "k", FOUND)
    xr.testing.assert_identical(stored_row(tmp_path, "k"), FOUND)
    assert [path.name for path in (tmp_path / "rows").iterdir()] == ["k.nc"]


def test_storing_twice_is_the_same_file(tmp_path):
    store_row(tmp_path, "k", FOUND)
    before = stored_file(tmp_path, "k").read_bytes()
    store_row(tmp_path, "k", FOUND)
    assert stored_file(tmp_path, "k").read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:200], lambda data: b"", lambda data: b"x" * len(data), lambda data: data[:-300]],
)
def test_a_damaged_file_counts_as_none(tmp_path, damage):
    store_row(tmp_path, "k", FOUND)
    file = stored_file(tmp_path, "k")
    file.write_bytes(damage(file.read_bytes()))
    assert not is_stored(tmp_path, "k")


def test_whatever_bit_is_flipped_it_is_noticed(tmp_path):
    store_row(tmp_path, "k", FOUND)
    file = stored_file(tmp_path, "k")
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for at in [*rng.integers(0, len(whole), 150), 0, len(whole) - 1]:
        changed = bytearray(whole)
        changed[at] ^= 1 << rng.integers(8)
        file.write_bytes(changed)
        assert is_damaged(tmp_path, "k"), at
    file.write_bytes(whole)
    assert is_stored(tmp_path, "k")
    assert not is_damaged(tmp_path, "k")


def test_a_stored_file_is_one_of_netcdf_for_others_too(tmp_path):
    store_row(tmp_path, "k", FOUND)
    with xr.open_dataset(stored_file(tmp_path, "k"), engine="scipy") as stored:
        xr.testing.assert_identical(stored.load(), FOUND)


def test_what_is_not_there_is_not_stored(tmp_path):
    assert not is_stored(tmp_path, "k")
    with pytest.raises(FileNotFoundError):
        stored_row(tmp_path, "k")


def test_whatever_the_reader_raises_a_file_that_it_cannot_read_is_damaged(tmp_path, monkeypatch):
    store_row(tmp_path, "k", xr.Dataset({"a": ("x", [1.0])}))

    def fail(*_, **__):
        raise LookupError("unknown encoding")

    monkeypatch.setattr("sincviz.population.rows.store.xr.open_dataset", fail)
    assert not is_stored(tmp_path, "k")
