"""Twenty kills at random moments, of workers and of the run itself: nothing is lost, no number changes."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

N_KILLS = 20
LINUX = Path("/proc/self/task").is_dir()


def start(manifest, out):
    """Start a run in a process of its own; return it and the file of what it says."""
    command = [
        "-m",
        "sincviz",
        "group",
        str(manifest),
        "--out",
        str(out),
        "--jobs",
        "2",
        "--overwrite",
        "--quiet",
    ]
    # Not a pipe, which workers that outlive a killed run keep open; not one for all, into which they write.
    said = manifest.parent / f"{time.monotonic_ns()}.txt"
    with said.open("w") as file:
        run = subprocess.Popen(
            [sys.executable, *command, "--only", "bands,relevance"],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        )
    return run, said


def workers_of(run):
    """Return the processes that read rows for a run."""
    with suppress(OSError):
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        return [
            int(child) for child in children if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
    return []


def finished(run, said):
    """Wait for a run that nobody kills, and check that it ended well."""
    assert run.wait(timeout=300) == 0, said.read_text()
    assert said.read_text() == ""


def contents(folder):
    """Return all files that a run leaves, without those of killed writers, which nobody reads, and without the time."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    found = {str(name): (folder / name).read_bytes() for name in names if ".sincviz-" not in str(name)}
    return {name: re.sub(rb"Created on [-0-9: ]+", b"", data) for name, data in found.items()}


@pytest.fixture(scope="module")
def undisturbed(manifest, tmp_path_factory):
    """The file of the manifest, what a run that nobody disturbs leaves, and how long it takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    path = folder / "manifest.csv"
    manifest.to_csv(path, index=False)
    began = time.monotonic()
    finished(*start(path, folder / "out"))
    return path, contents(folder / "out"), time.monotonic() - began


@pytest.mark.slow
@pytest.mark.skipif(not LINUX, reason="finds the workers in /proc")
def test_kills_at_random_moments_change_nothing(undisturbed, manifest, tmp_path):
    path, expected, duration_s = undisturbed
    assert len([name for name in expected if name.startswith("rows")]) == len(manifest)

    chance = random.Random(0)
    out, kills = tmp_path / "disturbed", {"driver": 0, "worker": 0}
    while sum(kills.values()) < N_KILLS:
        run, said = start(path, out)
        while run.poll() is None and sum(kills.values()) < N_KILLS:
            time.sleep(chance.uniform(0, 0.7 * duration_s))
            workers = workers_of(run)
            if run.poll() is not None:
                break
            # Workers live for a part of the time only: they are chosen whenever they lag behind.
            late = kills["worker"] <= kills["driver"]
            victim = chance.choice(workers) if workers and late else "driver"
            with suppress(ProcessLookupError):
                os.kill(run.pid if victim == "driver" else victim, signal.SIGKILL)
                kills["driver" if victim == "driver" else "worker"] += 1
        if run.wait(timeout=300) == 0:
            assert contents(out) == expected
            shutil.rmtree(out)
        else:
            assert run.returncode == -signal.SIGKILL, said.read_text()
    finished(*start(path, out))
    assert contents(out) == expected
    print(f"{kills['driver']} runs and {kills['worker']} workers were killed")
    assert min(kills.values()) >= 3


@pytest.mark.slow
def test_two_processes_on_one_folder_change_nothing(undisturbed, tmp_path):
    path, expected, _ = undisturbed
    out = tmp_path / "shared"
    for run in [start(path, out) for _ in range(2)]:
        finished(*run)
    assert contents(out) == expected
