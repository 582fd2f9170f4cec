"""An inspection is a folder: the same network, the same bytes, and nothing replaced unasked."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from sincviz import learned_bands
from sincviz.inspection import write_inspection

FILES = ["bands.csv", "bands.pdf", "bands.png", "responses.pdf", "responses.png"]


@pytest.fixture(scope="module")
def model(network, moved):
    return moved(network())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_table_and_figures_are_written(model, tmp_path):
    folder = tmp_path / "new" / "deep"
    bands = write_inspection(model, folder)
    pd.testing.assert_frame_equal(bands, learned_bands(model))
    read = pd.read_csv(folder / "bands.csv", index_col="filter")
    pd.testing.assert_frame_equal(read, bands, check_dtype=False, rtol=1e-5)
    found = contents(folder)
    assert sorted(found) == FILES
    assert all(found[name].startswith(b"\x89PNG") for name in FILES if name.endswith(".png"))
    assert all(found[name].startswith(b"%PDF") for name in FILES if name.endswith(".pdf"))


def test_two_runs_write_the_same_bytes(model, tmp_path):
    for name in ("first", "second"):
        write_inspection(model, tmp_path / name)
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


@pytest.mark.parametrize("taken", FILES)
def test_a_file_of_that_name_is_not_replaced(model, tmp_path, taken):
    (tmp_path / taken).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=rf"already holds {taken}\. .*overwrite"):
        write_inspection(model, tmp_path)
    assert contents(tmp_path) == {taken: b"mine"}


def test_all_files_in_the_way_are_named(model, tmp_path):
    for name in FILES:
        (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(FileExistsError) as refused:
        write_inspection(model, tmp_path)
    assert all(name in str(refused.value) for name in FILES)


def test_files_are_replaced_when_asked_and_others_are_left(model, tmp_path):
    for name in ("bands.csv", "notes.txt"):
        (tmp_path / name).write_bytes(b"mine")
    write_inspection(model, tmp_path, overwrite=True)
    found = contents(tmp_path)
    assert sorted(found) == sorted([*FILES, "notes.txt"])
    assert found["notes.txt"] == b"mine"
    assert found["bands.csv"].startswith(b"filter,low_hz,")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_in_place_of_the_folder_is_refused(model, tmp_path, overwrite):
    path = tmp_path / "taken"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="is a file, not a folder"):
        write_inspection(model, path, overwrite=overwrite)
    assert path.read_bytes() == b"mine"


def test_an_unknown_network_leaves_no_folder(tmp_path):
    with pytest.raises(TypeError, match="does not know the front end"):
        write_inspection(object(), tmp_path / "inspection")
    assert not (tmp_path / "inspection").exists()


def test_figures_are_closed_and_the_users_own_stay(model, tmp_path):
    mine = plt.figure()
    write_inspection(model, tmp_path)
    assert plt.get_fignums() == [mine.number]
