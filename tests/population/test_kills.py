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
    """Start a run in a process of its own."""
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
    # A file: workers that outlive a killed run would keep a pipe open.
    with (manifest.parent / "output.txt").open("w") as output:
        return subprocess.Popen(
            [sys.executable, *command, "--only", "bands,relevance"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        )


def workers_of(run):
    """Return the processes that read rows for a run."""
    with suppress(OSError):
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        return [
            int(child) for child in children if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
    return []


def finished(run, manifest):
    """Wait for a run that nobody kills, and check that it ended well."""
    output = manifest.parent / "output.txt"
    assert run.wait(timeout=300) == 0, output.read_text()
    assert output.read_text() == ""


def contents(folder):
    """Return all files that a run leaves, without those of killed writers, which nobody reads, and without the time."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    found = {str(name): (folder / name).read_bytes() for name in names if ".sincviz-" not in str(name)}
    return {name: re.sub(rb"Created on [-0-9: ]+", b"", data) for name, data in found.items()}


@pytest.mark.slow
@pytest.mark.skipif(not LINUX, reason="finds the workers in /proc")
def test_kills_at_random_moments_change_nothing(manifest, tmp_path):
    path = tmp_path / "manifest.csv"
    manifest.to_csv(path, index=False)
    began = time.monotonic()
    finished(start(path, tmp_path / "undisturbed"), path)
    duration_s = time.monotonic() - began
    expected = contents(tmp_path / "undisturbed")
    assert len([name for name in expected if name.startswith("rows")]) == len(manifest)

    chance = random.Random(0)
    out, kills = tmp_path / "disturbed", {"driver": 0, "worker": 0}
    while sum(kills.values()) < N_KILLS:
        run = start(path, out)
        while run.poll() is None and sum(kills.values()) < N_KILLS:
            time.sleep(chance.uniform(0, 0.7 * duration_s))
            workers = workers_of(run)
            if run.poll() is not None:
                break
            victim = chance.choice(workers) if workers and chance.random() < 0.6 else "driver"
            with suppress(ProcessLookupError):
                os.kill(run.pid if victim == "driver" else victim, signal.SIGKILL)
                kills["driver" if victim == "driver" else "worker"] += 1
        if run.wait(timeout=300) == 0:
            assert contents(out) == expected
            shutil.rmtree(out)
        else:
            assert run.returncode == -signal.SIGKILL, (tmp_path / "output.txt").read_text()
    finished(start(path, out), path)
    assert contents(out) == expected
    print(f"{kills['driver']} runs and {kills['worker']} workers were killed")
    assert min(kills.values()) >= 3
