"""An inspection measures once and saves to a folder: the same network, the same bytes, nothing replaced unasked."""

import dataclasses
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from sincviz import (
    EpochsError,
    diagnose,
    front_end,
    importance,
    learned_bands,
    spatial_filters,
    spatial_patterns,
)
from sincviz.inspection import FIGURES, FILES, FORMATS, TABLES, check_folder, inspect

NEED_EPOCHS = {"spatial_patterns.csv", "filters_and_patterns.png"}
NEED_TRAINING = {"cutoff_history.csv", "cutoff_history.png"}
PNG = ("png",)


@pytest.fixture(scope="module")
def model(network, moved, simulation):
    """A network that knows its channels, moved as by training."""
    built = moved(network(chs_info=simulation[0].info["chs"]))
    built.scale, built.class_names = 1e6, ["left", "right"]
    return built.eval()


@pytest.fixture(scope="module")
def recorded(model, simulation):
    """What is measured with trials, of a network that remembers its training."""
    model.provenance = {"cutoff_history_hz": [model.cutoffs().tolist()] * 3}
    found = inspect(model, simulation[0])
    model.provenance = {}
    return found


@pytest.fixture(scope="module")
def saved(recorded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspection") / "new" / "deep"
    return folder, recorded.save(folder, formats=FORMATS)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_everything_is_written_and_listed(saved):
    folder, written = saved
    assert sorted(written) == sorted(FILES) == sorted(path.name for path in folder.iterdir())
    assert set(FILES) == {f"{name}.csv" for name in TABLES} | {
        f"{name}.{ending}" for name in FIGURES for ending in FORMATS
    }
    starts = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml", ".csv": b""}
    for path in folder.iterdir():
        content = path.read_bytes()
        assert len(content) > 50
        assert content.startswith(starts[path.suffix])


def test_the_tables_hold_what_was_measured(saved, recorded, model, simulation):
    folder, _ = saved
    bands = pd.read_csv(folder / "bands.csv", index_col="filter")
    pd.testing.assert_frame_equal(bands, learned_bands(model), check_dtype=False, rtol=1e-5)
    maps = pd.read_csv(folder / "spatial_patterns.csv", index_col=["filter", "depth"])
    patterns = spatial_patterns(model, simulation[0])
    assert maps.columns.tolist() == patterns["channel"].to_numpy().tolist()
    np.testing.assert_allclose(maps.loc[(2, 1)], patterns.sel(filter=2, depth=1), rtol=1e-4)
    weights = pd.read_csv(folder / "spatial_filters.csv", index_col=["filter", "depth"])
    np.testing.assert_allclose(weights.loc[(3, 0)], spatial_filters(model).sel(filter=3, depth=0), rtol=1e-4)
    units = pd.read_csv(folder / "importance.csv", index_col=["filter", "depth"])
    expected = importance(model, simulation[0])
    np.testing.assert_allclose(
        units["contribution_left"].loc[(1, 1)],
        expected["contribution"].sel(target="left", filter=1, depth=1),
        1e-4,
    )
    findings = pd.read_csv(folder / "findings.csv")
    assert findings["finding"].tolist() == diagnose(model, simulation[0])["finding"].tolist()
    history = pd.read_csv(folder / "cutoff_history.csv")
    assert len(history) == 3 * 4
    assert "verdict" in pd.read_csv(folder / "drift.csv")
    assert "in_band_power" in pd.read_csv(folder / "resolvability.csv")


def test_two_runs_write_the_same_bytes(saved, recorded, tmp_path):
    recorded.save(tmp_path, formats=FORMATS)
    assert contents(tmp_path) == contents(saved[0])


def test_without_trials_there_are_no_patterns_and_no_history(model, tmp_path):
    found = inspect(model)
    written = found.save(tmp_path, formats=PNG)
    assert found.spatial_patterns is None
    possible = {name for name in FILES if name.endswith((".csv", ".png"))}
    assert possible - set(written) == NEED_EPOCHS | NEED_TRAINING
    assert "spatial_maps.png" in written


def test_the_most_important_units_come_first(recorded):
    figure = recorded._drawings()["spatial_maps"]()
    order = recorded.importance["importance"].to_series().sort_values(ascending=False).index
    titles = [ax.get_title().split("\n")[0] for ax in figure.axes if ax.get_title()]
    assert titles == [f"filter {filter_} ({depth})" for filter_, depth in order]


def test_what_cannot_be_drawn_is_said_in_its_place(recorded):
    lost = recorded.spatial_patterns.assign_coords(x=("channel", [np.nan] + [0.01] * 5))
    drawings = dataclasses.replace(recorded, spatial_patterns=lost)._drawings()
    for name in ("spatial_maps", "filters_and_patterns"):
        said = " ".join(text.get_text() for text in drawings[name]().texts)
        if name == "spatial_maps":
            assert "cannot be drawn" in said
            assert str(lost["channel"].to_numpy()[0]) in said
    assert drawings["bands"]().axes


def test_channels_without_names_or_positions_do_not_stop_it(network, moved, tmp_path):
    found = inspect(moved(network()), np.random.default_rng(0).standard_normal((8, 6, 128)))
    assert "spatial_maps.png" in found.save(tmp_path, formats=PNG)
    assert found.spatial_patterns.sizes["channel"] == 6


def test_a_network_without_a_linear_head_is_inspected(model, simulation, tmp_path):
    parts = dataclasses.replace(front_end(model), head=None, features=None)
    found = inspect(parts, simulation[0])
    assert found.importance is None
    written = found.save(tmp_path, formats=PNG)
    assert "importance.csv" not in written
    assert "filters_and_patterns.png" in written


def test_trials_that_do_not_fit_are_refused(model, epochs):
    with pytest.raises(EpochsError, match=r"epochs\.resample"):
        inspect(model, epochs.resample(64))


def test_channels_marked_as_bad_are_said_once(model, epochs):
    epochs.info["bads"] = [epochs.ch_names[0]]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        inspect(model, epochs)
    assert len([one for one in said if "marked as bad" in str(one.message)]) == 1


def test_the_network_is_left_as_it_was(model, epochs):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    inspect(model.train(), epochs)
    assert model.training
    model.eval()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("taken", ["bands.csv", "findings.pdf", "spatial_maps.png"])
def test_a_file_of_that_name_is_not_replaced(recorded, tmp_path, taken):
    (tmp_path / taken).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=rf"already holds {taken}\. .*overwrite"):
        recorded.save(tmp_path)
    assert contents(tmp_path) == {taken: b"mine"}


def test_all_files_in_the_way_are_named(tmp_path):
    for name in FILES:
        (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(FileExistsError) as refused:
        check_folder(tmp_path)
    assert all(name in str(refused.value) for name in FILES)


def test_an_earlier_inspection_is_replaced_when_asked_and_other_files_are_left(model, tmp_path):
    for name in ("bands.csv", "spatial_patterns.csv", "bands.svg", "notes.txt"):
        (tmp_path / name).write_bytes(b"mine")
    written = inspect(model).save(tmp_path, formats=PNG, overwrite=True)
    found = contents(tmp_path)
    assert sorted(found) == sorted([*written, "notes.txt"])
    assert found["notes.txt"] == b"mine"
    assert found["bands.csv"].startswith(b"filter,low_hz,")


def test_a_file_in_place_of_the_folder_is_refused(recorded, tmp_path):
    path = tmp_path / "taken"
    path.write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="is a file, not a folder"):
            recorded.save(path, overwrite=overwrite)
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("formats", [("png", "gif"), "png", ("",)])
def test_an_unknown_format_is_refused_before_anything_is_written(recorded, tmp_path, formats):
    with pytest.raises(ValueError, match="png, pdf, svg"):
        recorded.save(tmp_path / "new", formats=formats)
    assert not (tmp_path / "new").exists()


def test_an_unknown_network_is_refused():
    with pytest.raises(TypeError, match="does not know the front end"):
        inspect(object())


def test_figures_are_closed_and_the_users_own_stay(saved, recorded, tmp_path):
    mine = plt.figure()
    recorded.save(tmp_path, formats=PNG)
    assert plt.get_fignums() == [mine.number]
