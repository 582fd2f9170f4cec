"""What a group writes: nothing replaced or removed that is not its own, strict JSON, all or nothing."""

import dataclasses
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from sincviz.eeg.band_limits import ranges_by_name
from sincviz.population import Group
from sincviz.population.contents import CONTENTS
from sincviz.report.folder import facts_of
from tests.group_examples import manifest, row
from tests.report.conftest import HOSTILE
from tests.shown import arrays


@pytest.fixture
def small(make):
    """Without figures: quick to write."""
    group = make(manifest(6, 1))
    return Group(group.networks, group.facts, group.findings, missing={"drift": "Nobody asked."})


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_arrays_come_back_with_their_labels(make, tmp_path):
    group = make(manifest(6, 1))
    for name, array in arrays(group, CONTENTS).items():
        array.to_netcdf(tmp_path / f"{name}.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "band_test.nc") as file:
        again = file.load()
    np.testing.assert_allclose(again["t"], group.band_test["t"])
    assert again["n_subjects"].to_numpy().tolist() == [6]
    assert ranges_by_name(again) == ranges_by_name(group.band_test)


def test_facts_are_strict_json_with_nothing_for_what_is_not_known(make):
    rng = np.random.default_rng(0)
    rows = {number: row(rng, accuracy=1.0) for number in range(6)}
    group = make(manifest(6, 1), replaced=rows)
    assert np.isnan(group.facts["accuracy_ci_low"])
    facts = json.loads(json.dumps(facts_of(group, CONTENTS), allow_nan=False))
    assert facts["accuracy_ci_low"] is None
    assert [cluster["bands"] for cluster in facts["significant_clusters"][:1]] == ["alpha"]
    assert {"sincviz", "numpy", "mne"} <= set(facts["versions"])


@pytest.mark.parametrize("taken", ["report.html", "group.json", "tables/networks.csv"])
def test_a_file_of_that_name_is_not_replaced(small, tmp_path, taken):
    folder = tmp_path / "out"
    (folder / taken).parent.mkdir(parents=True)
    (folder / taken).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=rf"already holds {taken}\. .*overwrite"):
        small.save(folder, progress=False)
    assert names_in(folder) == [taken]
    written = small.save(folder, progress=False, overwrite=True)
    assert names_in(folder) == sorted(written)


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "[]",
        '{"files": 5}',
        '{"files": [null, 1, ["a"]]}',
        '{"files": ["../secret.txt", "/etc/passwd", "tables/../../secret.txt", "tables", "tables/own", "figures/"]}',
        '{"files": ["rows/k0.nc", "tables/a/b.csv", "tables/notes.txt", ".csv"]}',
    ],
)
def test_what_an_earlier_group_says_it_wrote_is_believed_only_of_its_own_places(small, tmp_path, told):
    folder = tmp_path / "out"
    kept = (
        "secret.txt",
        "out/rows/k0.nc",
        "out/tables/notes.txt",
        "out/tables/a/b.csv",
        "out/tables/own/a.csv",
    )
    for name in kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"mine")
    (folder / "group.json").write_text(told)
    small.save(folder, overwrite=True, progress=False)
    assert all((tmp_path / name).read_bytes() == b"mine" for name in kept)


def test_what_an_earlier_group_wrote_is_removed(small, tmp_path):
    (tmp_path / "out" / "figures").mkdir(parents=True)
    for name in ("drift_1.png", "mine.png"):
        (tmp_path / "out" / "figures" / name).touch()
    (tmp_path / "out" / "group.json").write_text('{"files": ["figures/drift_1.png", "figures/gone.svg"]}')
    small.save(tmp_path / "out", overwrite=True, progress=False)
    assert names_in(tmp_path / "out" / "figures") == ["mine.png"]


def test_a_file_in_place_of_the_folder_is_refused(small, tmp_path):
    (tmp_path / "taken").write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="is a file, not a folder"):
            small.save(tmp_path / "taken", overwrite=overwrite, progress=False)
    assert (tmp_path / "taken").read_bytes() == b"mine"


def test_an_unknown_style_is_refused_before_anything_is_written(small, tmp_path):
    with pytest.raises(ValueError, match="neuroimage"):
        small.save(tmp_path / "new", style="vogue", progress=False)
    with pytest.raises(ValueError, match="neuroimage"):
        small.report(tmp_path / "page.html", style="vogue")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "page.html").exists()


def test_a_failure_midway_leaves_the_folder_as_it_was(small, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.html").write_bytes(b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("sincviz.report.folder.write_html", fail)
    with pytest.raises(OSError, match="disk full"):
        small.save(folder, overwrite=True, progress=False)
    assert names_in(folder) == ["report.html"]


def test_a_page_needs_its_folder(small, tmp_path):
    with pytest.raises(FileNotFoundError, match="create it first"):
        small.report(tmp_path / "nowhere" / "page.html")


@pytest.mark.slow
def test_names_of_any_kind_are_kept_in_tables_and_figures_are_closed(make, tmp_path):
    names = [*HOSTILE, "左手", "$x^2_{", "a, b; c", "n" * 300]
    group = make(manifest(6, 1).assign(subject=names))
    quick = dataclasses.replace(group, band_test=None, spectral_test=None, filter_stability=None)
    mine = plt.figure()
    quick.save(tmp_path / "out", formats=("svg",), progress=False)
    assert plt.get_fignums() == [mine.number]
    table = (tmp_path / "out" / "tables" / "agreement_by_subject.csv").read_text("utf-8")
    assert "左手" in table
    assert '"a, b; c"' in table
    drawn = (tmp_path / "out" / "figures" / "agreement.svg").read_text("utf-8")
    assert "<script" not in drawn
