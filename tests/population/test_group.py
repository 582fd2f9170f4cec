"""Networks and trials in files become a group, from Python and from the command line."""

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

import sincviz
from tests.cli.test_main import run
from tests.population.conftest import manifest, people

__all__ = ["manifest", "people"]  # fixtures


@pytest.fixture(scope="module")
def population(manifest, tmp_path_factory):
    return sincviz.group(manifest, tmp_path_factory.mktemp("group"), n_jobs=1, progress=False)


def test_every_row_is_read_and_averaged_within_subjects(population):
    assert population.networks["status"].tolist() == ["read"] * 6
    assert population.networks["accuracy"].between(0, 1).all()
    assert population.run_contrasts.sizes["run"] == 6
    values = population.band_contrasts.sel(condition="", target="all classes")
    for subject in ("ann", "bea", "cid"):
        own = population.run_contrasts.isel(
            run=np.flatnonzero(population.run_contrasts["subject"] == subject)
        )
        np.testing.assert_allclose(values.sel(subject=subject), own.mean("run"), atol=1e-12)


def test_the_distance_of_the_classes_is_the_sum_of_its_cells(population):
    np.testing.assert_allclose(
        population.networks["score_sum"], population.run_contrasts.sum(["band", "channel"]), atol=1e-12
    )


def test_three_people_are_not_tested(population):
    assert population.band_test is None
    assert "6 subjects are needed" in population.missing["band_test: between classes"]
    assert population.agreement.shape == (6, 6)
    assert len(population.filter_stability) == 4


def test_relevance_is_measured_whatever_is_asked_for(manifest, tmp_path):
    population = sincviz.group(manifest[:2], tmp_path, only=["bands"], n_jobs=1, progress=False)
    assert population.band_contrasts is not None
    assert population.facts["settings"]["sections"] == ["bands", "relevance"]


def test_the_order_of_rows_changes_no_number(manifest, population, tmp_path):
    again = sincviz.group(manifest[::-1], tmp_path, n_jobs=1, progress=False)
    xr.testing.assert_allclose(
        again.band_contrasts.sel(subject=population.band_contrasts["subject"]), population.band_contrasts
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"only": ["colour"]}, "colour"), ({"backend": "threads"}, "threads"), ({"alpha": 2}, "alpha")],
)
def test_unknown_settings_are_said(manifest, tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        sincviz.group(manifest[:1], tmp_path, n_jobs=1, progress=False, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"runs": "4,8,12"},
            r"`runs` must be a list of whole numbers; got '4,8,12'\. Try runs=\[4, 8, 12\]\.",
        ),
        ({"runs": [4.0]}, r"`runs` must be a list of whole numbers"),
        ({"runs": ["4", "8"]}, r"`runs` must be a list of whole numbers"),
        ({"ch_names": "C3,C4"}, r"`ch_names` must be a list of names; .*Try ch_names=\['C3', 'C4'\]"),
        ({"montage": ["standard_1005"]}, "`montage` must be the name of one of MNE's montages"),
        ({"parameters": ["min_freq=0.5"]}, r"Try parameters=\{'min_freq': 0\.5\}"),
        ({"parameters": {"montage": "standard_1005"}}, "no parameter 'montage'"),
    ],
)
def test_a_wrong_type_is_one_error_that_says_what_to_pass(manifest, tmp_path, settings, message):
    with pytest.raises(TypeError, match=message):
        sincviz.group(manifest[:1], tmp_path, n_jobs=1, progress=False, **settings)
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize("runs", [range(4, 13, 4), np.array([4, 8, 12]), (4, 8, 12), [np.int32(4), 8, 12]])
def test_runs_of_any_kind_are_those_of_the_default(manifest, tmp_path, runs, monkeypatch):
    def kept(rows, settings, *_, **__):
        assert settings.runs == (4, 8, 12)
        assert all(type(run) is int for run in settings.runs)
        raise InterruptedError

    monkeypatch.setattr("sincviz.population.group.read_rows", kept)
    for given in ({}, {"runs": runs}):
        with pytest.raises(InterruptedError):
            sincviz.group(manifest[:1], tmp_path, **given)


@pytest.fixture(scope="module")
def bare(manifest, people, tmp_path_factory):
    """A manifest of one network of which only the weights are known."""
    folder = tmp_path_factory.mktemp("bare")
    model = sincviz.load_checkpoint(manifest["checkpoint"][0])
    torch.save(model.state_dict(), folder / "weights.pt")
    epochs = people["ann"].copy().set_montage(None)
    epochs.save(folder / "a-epo.fif", verbose="error")
    rows = pd.DataFrame([{"checkpoint": "weights.pt", "epochs": "a-epo.fif", "subject": "ann"}])
    rows.to_csv(folder / "manifest.csv", index=False)
    return folder, model


def test_what_checkpoints_do_not_tell_is_told_in_lists_and_mappings_or_by_options(bare, tmp_path):
    folder, model = bare
    parameters = {"pool_size": model.pool_size, "pool_stride": model.pool_stride, "min_freq": 0.5}
    names = {"class_names": ["left", "right"]}
    population = sincviz.group(
        folder / "manifest.csv",
        tmp_path,
        ch_names=np.array(model.ch_names),
        montage="standard_1005",
        parameters=parameters | names,
        n_jobs=1,
        progress=False,
    )
    assert population.networks["status"].tolist() == ["read"], population.networks["reason"].tolist()
    assert np.isfinite(population.run_contrasts["x"]).all()
    assert population.facts["settings"]["parameters"] == parameters | names
    assert population.facts["settings"]["ch_names"] == model.ch_names
    options = [part for name, value in parameters.items() for part in ("-p", f"{name}={value}")]
    done = run(
        *("group", "manifest.csv", "--out", tmp_path, "--jobs", 1, "--quiet", *options),
        *("-p", "class_names=left,right", "--channels", ", ".join(model.ch_names)),
        *("--montage", "standard_1005", "--runs", "4,8-8,12"),
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "rows").iterdir())) == 1  # the same row, which was not read again


@pytest.fixture(scope="module")
def command(manifest, tmp_path_factory):
    """Run ``sincviz group`` once on a manifest with a row that cannot be read."""
    folder = tmp_path_factory.mktemp("command")
    bad = pd.DataFrame([{"checkpoint": "nowhere.pt", "epochs": manifest.epochs[0], "subject": "dan"}])
    pd.concat([manifest, bad]).to_csv(folder / "manifest.csv", index=False)
    return folder, run("group", "manifest.csv", "--out", "out", "--jobs", 1, "--only", "bands", folder=folder)


def test_the_command_writes_a_report_and_says_what_failed(command):
    folder, done = command
    assert done.returncode == 0, done.stderr
    for words in (
        "6 networks of 3 subjects",
        "1 of 7 networks could not be read",
        "nowhere.pt",
        "Wrote out/report.html",
    ):
        assert words in " ".join(done.stdout.split())
    assert (folder / "out" / "group.json").is_file()
    assert len(list((folder / "out" / "rows").iterdir())) == 6


def test_the_command_does_not_overwrite_unasked_and_goes_on_quietly(command):
    folder, _ = command
    refused = run("group", "manifest.csv", "--out", "out", folder=folder)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "already holds report.html" in refused.stderr
    before = {path: path.stat().st_mtime_ns for path in (folder / "out" / "rows").iterdir()}
    quiet = ("--jobs", 1, "--only", "bands", "--quiet", "--overwrite")
    again = run("group", "manifest.csv", "--out", "out", *quiet, folder=folder)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in (folder / "out" / "rows").iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("manifest.csv", "--out", "new", "--format", "gif"), "gif"),
        (("manifest.csv", "--out", "new", "--style", "vogue"), "vogue"),
        (("manifest.csv", "--out", "new", "--backend", "slurm"), "'processes' or 'dask'"),
        (("manifest.csv", "--out", "new", "--scheduler", "tcp://x"), "--backend dask"),
        (("nowhere.csv", "--out", "new"), "no manifest"),
        (
            ("manifest.csv", "--out", "new", "--runs", "four"),
            "`--runs` must be comma-separated numbers or ranges",
        ),
        (("manifest.csv", "--out", "new", "-p", "pool_sise=30"), "`--parameter`"),
        (("manifest.csv", "--out", "new", "--montage", "beret"), "no montage 'beret'"),
        (("manifest.csv", "--out", "manifest.csv"), "is a file"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(command, arguments, message):
    folder, _ = command
    done = run("group", *arguments, folder=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "new").exists()


def test_no_row_that_can_be_read_is_one_line_with_the_reason(command):
    folder, _ = command
    rows = pd.DataFrame([{"checkpoint": "nowhere.pt", "epochs": "nowhere-epo.fif", "subject": "dan"}])
    rows.to_csv(folder / "lost.csv", index=False)
    done = run("group", "lost.csv", "--out", "lost", "--jobs", 1, "--quiet", folder=folder)
    assert done.returncode == 2
    assert "No network can be compared" in done.stderr
    assert "nowhere" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "lost" / "report.html").exists()


def test_a_group_in_files_is_written_and_refused_as_asked(population, tmp_path):
    population.report(tmp_path / "page.html", title="three people")
    assert "<title>three people</title>" in (tmp_path / "page.html").read_text("utf-8")
    with pytest.raises(FileExistsError, match="overwrite"):
        population.report(tmp_path / "page.html")
