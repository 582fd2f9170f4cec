"""What an inspection writes: everything or nothing, the same bytes every time, nothing replaced unasked."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz import SincShallowNet, inspect, save_checkpoint
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.inspection.contents import CONTENTS
from sincviz.report.folder import check_folder
from sincviz.report.pictures import FORMATS
from tests.shown import arrays, figures, frames


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_the_date(files):
    """Leave out what MNE writes below a page: when it was made."""
    page = re.sub(rb"Created on [^<]*via", b"", files.get("report.html", b""))
    return files | ({"report.html": page} if page else {})


def test_everything_is_written_and_listed(saved, whole):
    folder, written = saved
    assert sorted(written) == sorted(contents(folder))
    expected = {"report.html", "inspection.json"}
    expected |= {f"tables/{name}.csv" for name in frames(whole, CONTENTS)}
    expected |= {f"arrays/{name}.nc" for name in arrays(whole, CONTENTS)}
    expected |= {f"figures/{drawing.name}.png" for drawing in figures(CONTENTS)}
    # Of outputs that are numbers, of ensembles, on request.
    expected -= {"figures/predictions.png", "figures/seeds.png", "figures/sensitivity.png"}
    assert set(written) == expected
    assert {field.name for field in dataclasses.fields(whole)} >= set(arrays(whole, CONTENTS))


def test_the_tables_hold_what_was_measured(saved, whole):
    folder, _ = saved
    bands = pd.read_csv(folder / "tables" / "bands.csv", index_col="filter")
    pd.testing.assert_frame_equal(bands, whole.bands, check_dtype=False, rtol=1e-5)
    maps = pd.read_csv(folder / "tables" / "spatial_patterns.csv", index_col=["filter", "depth"])
    np.testing.assert_allclose(maps.loc[(2, 1)], whole.spatial_patterns.sel(filter=2, depth=1), rtol=1e-4)
    leading = pd.read_csv(folder / "tables" / "leading_bands.csv", index_col=["target", "band"])
    np.testing.assert_allclose(leading["relevance"], whole.leading_bands["relevance"], rtol=1e-5)
    findings = pd.read_csv(folder / "tables" / "findings.csv")
    assert findings["finding"].tolist() == whole.findings["finding"].tolist()
    units = pd.read_csv(folder / "tables" / "importance.csv", index_col=["filter", "depth"])
    expected = whole.importance["contribution"].sel(target="left", filter=1, depth=1)
    np.testing.assert_allclose(units["contribution_left"].loc[(1, 1)], expected, rtol=1e-4)


def test_the_arrays_come_back_with_their_labels(saved, whole):
    folder, _ = saved
    with xr.open_dataset(folder / "arrays" / "band_relevance.nc") as file:
        again = file["spectral_relevance"].load()
    assert again["target"].to_numpy().astype(str).tolist() == ["left against right"]
    np.testing.assert_allclose(again, whole.band_relevance)
    np.testing.assert_allclose(again["ci_low"], whole.band_relevance["ci_low"])
    assert ranges_by_name(again) == ranges_by_name(whole.band_relevance)


def test_the_facts_are_strict_json_with_versions_seed_and_hashes(saved, whole):
    folder, written = saved

    def refuse(constant):
        raise AssertionError(constant)

    facts = json.loads((folder / "inspection.json").read_text("utf-8"), parse_constant=refuse)
    assert sorted(facts["files"]) == sorted(written)
    assert facts["seed"] == 0
    assert {"sincviz", "torch", "numpy", "mne", "python"} <= set(facts["versions"])
    assert facts["network"]["weights_sha256"] == whole.bands.attrs["weights_sha256"]
    assert re.fullmatch("[0-9a-f]{64}", facts["trials"]["sha256"])
    assert facts["accuracy"][0]["accuracy"] == whole.accuracies["accuracy"].iloc[0]
    assert [row["check"] for row in facts["findings"]] == whole.findings["check"].tolist()


@pytest.mark.slow
def test_two_runs_write_the_same_bytes(saved, trained, simulation, tmp_path):
    again = inspect(trained, simulation[0], progress=False)
    again.save(tmp_path, progress=False)
    assert without_the_date(contents(tmp_path)) == without_the_date(contents(saved[0]))


def test_formats_are_written_as_asked_and_the_page_has_its_pictures(small, tmp_path):
    written = small.save(tmp_path, formats=("pdf", "svg"), progress=False)
    figures = {name.removeprefix("figures/") for name in written if name.startswith("figures/")}
    assert {name.rpartition(".")[2] for name in figures} == {"pdf", "svg"}
    assert (tmp_path / "figures" / "bands.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "figures" / "bands.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "report.html").read_text("utf-8").count("data:image/png;base64") >= len(figures) / 2


def test_another_style_makes_figures_of_another_width(small, tmp_path):
    widths = {}
    for style in ("sincviz", "neuroimage"):
        small.save(tmp_path / style, style=style, progress=False)
        widths[style] = plt.imread(tmp_path / style / "figures" / "bands.png").shape[1]
    assert widths["neuroimage"] / widths["sincviz"] == pytest.approx(190 / 178, abs=0.01)


@pytest.mark.parametrize(
    ("settings", "words"), [({"formats": ("png", "gif")}, "png, pdf, svg"), ({"formats": "png"}, "png, pdf, svg"),
                            ({"style": "vogue"}, "neuroimage")]
)  # fmt: skip
def test_what_is_unknown_is_refused_before_anything_is_written(small, tmp_path, settings, words):
    with pytest.raises(ValueError, match=words):
        small.save(tmp_path / "new", progress=False, **settings)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "taken", ["tables/bands.csv", "figures/findings.pdf", "report.html", "arrays/response.nc"]
)
def test_a_file_of_that_name_is_not_replaced(small, tmp_path, taken):
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=rf"already holds {taken}\. .*overwrite"):
        small.save(tmp_path, progress=False)
    assert contents(tmp_path) == {taken: b"mine"}


def test_an_earlier_inspection_is_replaced_when_asked_and_other_files_are_left(small, saved, tmp_path):
    for name, content in contents(saved[0]).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    mine = ("notes.txt", "figures/mine.png", "figures/bands.svg", "tables/demographics.csv", "arrays/mine.nc")
    for name in mine:
        (tmp_path / name).write_bytes(b"mine")
    written = small.save(tmp_path, overwrite=True, progress=False)
    found = contents(tmp_path)
    assert sorted(found) == sorted([*written, *mine])
    assert all(found[name] == b"mine" for name in mine)


@pytest.mark.parametrize("told", ["[]", "{", '{"files": 5}', '{"files": ["../secret.txt", "/etc/passwd"]}'])
def test_what_an_earlier_inspection_says_it_wrote_is_believed_only_of_its_own_names(small, tmp_path, told):
    (tmp_path / "secret.txt").write_bytes(b"mine")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "inspection.json").write_text(told)
    small.save(folder, overwrite=True, progress=False)
    assert (tmp_path / "secret.txt").read_bytes() == b"mine"


def test_a_folder_in_place_of_a_file_is_refused_before_anything_is_moved(small, tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(FileExistsError, match=r"report\.html"):
        small.save(tmp_path, overwrite=True, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_file_in_place_of_the_folder_is_refused(small, tmp_path):
    path = tmp_path / "taken"
    path.write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="is a file, not a folder"):
            small.save(path, overwrite=overwrite, progress=False)
    assert path.read_bytes() == b"mine"


def test_many_files_in_the_way_are_counted(saved):
    with pytest.raises(FileExistsError, match=r"already holds .*, .* and \d+ more"):
        check_folder(saved[0], CONTENTS)


def test_a_failure_midway_leaves_the_folder_as_it_was(small, tmp_path, monkeypatch):
    (tmp_path / "report.html").write_bytes(b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("sincviz.report.folder.write_html", fail)
    with pytest.raises(OSError, match="disk full"):
        small.save(tmp_path, overwrite=True, progress=False)
    assert contents(tmp_path) == {"report.html": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_page_alone_is_written_where_asked(small, tmp_path):
    small.report(tmp_path / "page.html", title="mine")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert "<title>mine</title>" in (tmp_path / "page.html").read_text("utf-8")
    with pytest.raises(FileExistsError, match="overwrite"):
        small.report(tmp_path / "page.html")
    small.report(tmp_path / "page.html", title="another", overwrite=True)
    assert "<title>another</title>" in (tmp_path / "page.html").read_text("utf-8")


def test_figures_are_closed_and_the_users_own_stay(small, tmp_path):
    mine = plt.figure()
    small.save(tmp_path, progress=False)
    assert plt.get_fignums() == [mine.number]


def test_every_format_has_a_name_for_every_figure():
    assert len({figure.name for figure in figures(CONTENTS)}) == len(figures(CONTENTS))
    assert FORMATS == ("png", "pdf", "svg")


def test_what_a_run_that_was_killed_left_is_replaced_and_cleared_away(small, tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "csp.csv").write_text("of a run that was killed before inspection.json came")
    (tmp_path / "tables" / "mine.csv").write_text("mine")
    written = small.save(tmp_path, overwrite=True, progress=False)
    assert set(contents(tmp_path)) == {*written, "tables/mine.csv"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
@pytest.mark.parametrize("wait_s", [2.0, 3.5, 5.0, 6.5])
def test_a_command_that_is_asked_to_end_leaves_nothing_half_written(tmp_path, wait_s):
    model = SincShallowNet(
        n_chans=4, n_outputs=2, n_times=128, sfreq=128, num_time_filters=3, time_filter_len=17
    )
    save_checkpoint(model, tmp_path / "a.safetensors")
    command = [
        sys.executable,
        "-m",
        "sincviz",
        "inspect",
        tmp_path / "a.safetensors",
        "--out",
        tmp_path / "out",
        "-q",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        time.sleep(wait_s)
        run.terminate()
        assert run.wait(timeout=60) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        assert "Traceback" not in run.stderr.read()
    left = contents(tmp_path / "out") if (tmp_path / "out").exists() else {}
    assert not [name for name in left if name.startswith(".")]
    assert not left or "inspection.json" in left


@pytest.mark.slow
def test_a_kill_leaves_the_old_page_or_the_new_one(tmp_path):
    code = f"""
import sincviz
model = sincviz.SincShallowNet(n_chans=4, n_outputs=2, n_times=128, sfreq=128, num_time_filters=3, time_filter_len=17)
found = sincviz.inspect(model, progress=False)
print("ready", flush=True)
number = 0
while True:
    found.save({str(tmp_path / "out")!r}, title=f"run {{number}} of many", overwrite=True, progress=False)
    number += 1
    print(number, flush=True)
"""
    rng = np.random.default_rng(0)
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "ready\n"
            writer.stdout.readline()
            time.sleep(rng.uniform(0.0, 4.0))
            os.kill(writer.pid, signal.SIGKILL)
        page = (tmp_path / "out" / "report.html").read_text("utf-8")
        assert page.rstrip().endswith("</html>")
        title = re.search(r"<title>run \d+ of many</title>", page).group()
        assert page.count(title.removeprefix("<title>").removesuffix("</title>")) >= 2
        if (tmp_path / "out" / "inspection.json").exists():  # it is away while the files come
            facts = json.loads((tmp_path / "out" / "inspection.json").read_text("utf-8"))
            assert all((tmp_path / "out" / name).is_file() for name in facts["files"])
        for picture in (tmp_path / "out" / "figures").iterdir():
            plt.imread(picture)
