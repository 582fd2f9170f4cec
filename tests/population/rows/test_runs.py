"""Rows are read once, wherever; what is bad is reported, what dies is run again, and no number changes."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from sincviz import MissingDependencyError
from sincviz.population.manifest import read_manifest
from sincviz.population.rows import runs as row_runs
from sincviz.population.rows.runs import read_rows
from sincviz.population.rows.settings import RowSettings
from sincviz.population.rows.store import stored_file

SETTINGS = RowSettings(sections=("bands", "relevance"))


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "rows").glob("*.nc"))}


@pytest.fixture(scope="session")
def read_once(manifest, tmp_path_factory):
    """The rows as one process reads them."""
    folder = tmp_path_factory.mktemp("once")
    keys, errors = read_rows(read_manifest(manifest), SETTINGS, folder, n_jobs=1, progress=False)
    assert (errors == "").all()
    assert keys.nunique() == len(manifest)
    return folder


@pytest.fixture
def one_process(monkeypatch):
    """Count in this process what is read."""
    begun = []
    original = row_runs.read_row

    def counted(key, row, settings, folder):
        begun.append(key)
        return original(key, row, settings, folder)

    monkeypatch.setattr(row_runs, "read_row", counted)
    return begun


@pytest.mark.slow
def test_processes_give_the_same_bytes(manifest, read_once, tmp_path):
    read_rows(read_manifest(manifest), SETTINGS, tmp_path, n_jobs=2, backend="processes", progress=False)
    assert contents(tmp_path) == contents(read_once)


def test_what_is_stored_is_not_read_again(manifest, read_once, one_process):
    read_rows(read_manifest(manifest), SETTINGS, read_once, n_jobs=1, progress=False)
    assert one_process == []


def test_a_run_goes_on_where_another_stopped(manifest, read_once, tmp_path, one_process):
    rows = read_manifest(manifest)
    read_rows(rows[:2], SETTINGS, tmp_path, n_jobs=1, progress=False)
    read_rows(rows, SETTINGS, tmp_path, n_jobs=1, progress=False)
    assert len(one_process) == len(set(one_process)) == len(rows)
    assert contents(tmp_path) == contents(read_once)


def test_a_damaged_result_is_read_again(manifest, read_once, tmp_path):
    rows = read_manifest(manifest)[:1]
    keys, _ = read_rows(rows, SETTINGS, tmp_path, n_jobs=1, progress=False)
    file = stored_file(tmp_path, keys[1])
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(damaged)
    with pytest.warns(RuntimeWarning, match=rf"damaged are computed again, 1 in all: {keys[1]}\.nc"):
        read_rows(rows, SETTINGS, tmp_path, n_jobs=1, progress=False)
    assert file.read_bytes() == stored_file(read_once, keys[1]).read_bytes()


def test_rows_of_the_same_content_are_read_once(manifest, tmp_path, one_process):
    rows = read_manifest(pd.concat([manifest[:1], manifest[:1].assign(seed=7)]))
    keys, _ = read_rows(rows, SETTINGS, tmp_path, n_jobs=1, progress=False)
    assert keys[1] == keys[2]
    assert len(one_process) == 1


def test_bad_rows_are_reported_and_stop_no_other(manifest, people, tmp_path):
    nothing = tmp_path / "text.pt"
    nothing.write_text("no network")
    short = tmp_path / "short-epo.fif"
    people["ann"].copy().crop(tmax=1.0).save(short, verbose="error")
    bad = [
        {"checkpoint": str(tmp_path / "nowhere.pt"), "epochs": manifest.epochs[0], "subject": "a"},
        {"checkpoint": str(nothing), "epochs": manifest.epochs[0], "subject": "b"},
        {"checkpoint": manifest.checkpoint[0], "epochs": str(short), "subject": "c"},
        {"checkpoint": manifest.checkpoint[0], "epochs": "", "subject": "d"},
        {"checkpoint": manifest.checkpoint[0], "dataset": "simulated", "epochs": "", "subject": "1"},
    ]
    rows = read_manifest(pd.concat([pd.DataFrame(bad), manifest[:1]]))
    keys, errors = read_rows(rows, SETTINGS, tmp_path / "out", n_jobs=1, progress=False)
    words = ["There is no checkpoint", "text.pt", "samples", "a file of epochs or a dataset", "Hz"]
    assert all(word in error for word, error in zip(words, errors[:5], strict=True)), errors.tolist()
    assert (keys[:5] == "").all()
    assert (errors[6], len(keys[6])) == ("", 32)


def test_a_failure_that_nobody_foresaw_is_reported_too(manifest, tmp_path, monkeypatch):
    def broken(row, settings):
        raise ZeroDivisionError("once in a while")

    monkeypatch.setattr(row_runs, "inspect_row", broken)
    _, errors = read_rows(read_manifest(manifest), SETTINGS, tmp_path, n_jobs=1, progress=False)
    assert set(errors) == {"ZeroDivisionError: once in a while"}


def test_rows_leave_threads_and_bars_as_they_were(manifest, tmp_path, monkeypatch):
    import torch

    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    before = torch.get_num_threads()
    read_rows(read_manifest(manifest)[:1], SETTINGS, tmp_path, n_jobs=1, progress=False)
    assert torch.get_num_threads() == before
    assert "TQDM_DISABLE" not in os.environ


def test_a_bar_tells_the_time_that_remains(manifest, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(row_runs, "switched_off", lambda: False)
    read_rows(read_manifest(manifest)[:2], SETTINGS, tmp_path, n_jobs=1, progress=True)
    shown = capsys.readouterr().err
    assert "Reading networks" in shown
    assert "2/2" in shown
    assert "<" in shown


def dies(times, mark):
    """Return a reader whose worker is killed in the middle of the first row, so many times."""
    import cloudpickle

    def read(key, row, settings, folder):
        import os
        import signal
        from pathlib import Path

        from sincviz.population.rows.runs import read_row

        deaths = list(Path(mark).glob("death-*"))
        if row["seed"] == "0" and row["subject"] == "ann" and len(deaths) < times:
            (Path(mark) / f"death-{len(deaths)}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return read_row(key, row, settings, folder)

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return read


@pytest.fixture
def _unregistered():
    yield
    import cloudpickle

    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.mark.slow
@pytest.mark.usefixtures("_unregistered")
def test_a_killed_worker_costs_nothing(manifest, read_once, tmp_path, monkeypatch):
    monkeypatch.setattr(row_runs, "read_row", dies(2, str(tmp_path)))
    out = tmp_path / "out"
    _, errors = read_rows(read_manifest(manifest), SETTINGS, out, n_jobs=2, progress=False)
    assert len(list(tmp_path.glob("death-*"))) == 2
    assert (errors == "").all()
    assert contents(out) == contents(read_once)


@pytest.mark.slow
@pytest.mark.usefixtures("_unregistered")
def test_a_row_that_kills_every_worker_is_the_only_one_that_fails(manifest, read_once, tmp_path, monkeypatch):
    monkeypatch.setattr(row_runs, "read_row", dies(1000, str(tmp_path)))
    out = tmp_path / "out"
    _, errors = read_rows(read_manifest(manifest), SETTINGS, out, n_jobs=2, progress=False)
    assert "worker died 3 times" in errors[1]
    assert (errors[1:] == "").all()
    good = contents(out)
    assert len(good) == len(manifest) - 1
    assert good.items() <= contents(read_once).items()


def test_two_runs_on_one_folder_do_no_harm(manifest, read_once, tmp_path):
    rows = read_manifest(manifest)
    runs = [
        threading.Thread(
            target=read_rows, args=(part, SETTINGS, tmp_path), kwargs={"n_jobs": 1, "progress": False}
        )
        for part in (rows, rows[::-1])
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert contents(tmp_path) == contents(read_once)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backend": "threads"}, "'processes' or 'dask'; got 'threads'"),
        ({"scheduler": "tcp://127.0.0.1:1"}, "`scheduler` is the address of a dask scheduler"),
    ],
)
def test_an_unknown_backend_is_said(manifest, tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        read_rows(read_manifest(manifest), SETTINGS, tmp_path, progress=False, **settings)


def test_dask_is_asked_for_by_name(manifest, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"sincviz\[cluster\]"):
        read_rows(read_manifest(manifest), SETTINGS, tmp_path, backend="dask", progress=False)


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two worker processes on loopback."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as local:
        yield local


@pytest.mark.slow
class TestDask:
    """A real scheduler, real workers."""

    def test_workers_give_the_same_bytes(self, cluster, manifest, read_once, tmp_path):
        address = cluster.scheduler_address
        read_rows(
            read_manifest(manifest), SETTINGS, tmp_path, backend="dask", scheduler=address, progress=False
        )
        assert contents(tmp_path) == contents(read_once)

    def test_a_killed_worker_costs_nothing(self, cluster, manifest, read_once, tmp_path):
        workers = [nanny.pid for nanny in cluster.workers.values()]

        def kill():
            deadline = time.time() + 60
            while not list(Path(tmp_path).glob("rows/*.nc")) and time.time() < deadline:
                time.sleep(0.02)
            os.kill(workers[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        _, errors = read_rows(
            read_manifest(manifest),
            SETTINGS,
            tmp_path,
            backend="dask",
            scheduler=cluster.scheduler_address,
            progress=False,
        )
        killer.join()
        assert (errors == "").all()
        assert contents(tmp_path) == contents(read_once)

    def test_an_open_client_is_taken(self, cluster, manifest, read_once, tmp_path):
        from distributed import Client

        with Client(cluster.scheduler_address):
            read_rows(read_manifest(manifest)[:2], SETTINGS, tmp_path, backend="dask", progress=False)
        assert contents(tmp_path).items() <= contents(read_once).items()

    def test_no_scheduler_is_said(self, manifest, tmp_path, monkeypatch):
        monkeypatch.setattr(row_runs, "_CONNECT_S", 1)
        with pytest.raises(ConnectionError, match="There is no dask scheduler at"):
            read_rows(
                read_manifest(manifest),
                SETTINGS,
                tmp_path,
                backend="dask",
                scheduler="tcp://127.0.0.1:9",
                progress=False,
            )

    def test_no_client_is_said(self, manifest, tmp_path):
        with pytest.raises(ValueError, match="--scheduler"):
            read_rows(read_manifest(manifest), SETTINGS, tmp_path, backend="dask", progress=False)
