"""What reading a manifest costs: two cores against one, a row against `sincviz.inspect`, memory against rows.

    pip install -e . && python benchmarks/group.py --rows 200 --turns 3

Networks are untrained, of 22 channels and 32 filters of 65 samples at 160 Hz, on 40 simulated trials of 3 s; each row
is another network. A row is timed without imports, two cores against one as whole runs with the start of the workers.
Run it with nothing else on the machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import torch

import sincviz
import sincviz.trials.files
from sincviz.population.manifest import read_manifest
from sincviz.population.rows.runs import read_rows
from sincviz.population.rows.settings import SECTIONS, RowSettings

N_SUBJECTS = 10


def population(folder: Path, n_rows: int) -> pd.DataFrame:
    """Write networks and trials, and return their manifest."""
    rows = []
    for subject in range(N_SUBJECTS):
        epochs, _ = sincviz.datasets.simulate_motor_imagery(40, n_chans=22, seed=subject)
        epochs.save(folder / f"{subject}-epo.fif", verbose="error", overwrite=True)
        for seed in range(n_rows // N_SUBJECTS):
            torch.manual_seed(1000 * subject + seed)
            model = sincviz.SincShallowNet(
                n_outputs=2, n_times=480, sfreq=160, chs_info=epochs.info["chs"], time_filter_len=65
            )
            model.class_names, model.scale = ["left", "right"], 1e6
            path = folder / f"{subject}_{seed}.safetensors"
            sincviz.save_checkpoint(model.eval(), path)
            rows.append(
                {
                    "checkpoint": str(path),
                    "epochs": str(folder / f"{subject}-epo.fif"),
                    "subject": subject,
                    "seed": seed,
                }
            )
    return pd.DataFrame(rows)


def run_s(manifest: Path, n_jobs: int) -> tuple[float, float]:
    """Return the time that the rows took in a fresh process, and the peak of its own memory in MiB."""
    code = f"""
import json, resource, tempfile, time
from sincviz.population.group import group
with tempfile.TemporaryDirectory() as folder:
    start = time.perf_counter()
    group({str(manifest)!r}, folder, n_jobs={n_jobs}, backend="processes", progress=False)
    took = time.perf_counter() - start
    print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    took, peak = json.loads(done.stdout.strip().splitlines()[-1])
    return took, peak


def row_overhead(manifest: pd.DataFrame) -> float:
    """Return the time of rows over that of opening, reading and inspecting the same by hand."""
    torch.set_num_threads(1)
    rows = read_manifest(manifest)
    by_hand, as_rows = 0.0, 0.0
    for number in range(len(rows)):
        row = rows.iloc[[number]]
        start = time.perf_counter()
        epochs = sincviz.trials.files.epochs_of_file(Path(row["epochs"].iloc[0]))
        model = sincviz.load_checkpoint(row["checkpoint"].iloc[0])
        sincviz.inspect(model, epochs, only=SECTIONS, progress=False)
        by_hand += time.perf_counter() - start
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            _, errors = read_rows(row, RowSettings(), Path(folder), n_jobs=1, progress=False)
            as_rows += time.perf_counter() - start
        assert (errors == "").all(), errors.tolist()
    return as_rows / by_hand


def main() -> None:
    """Print ratios and memory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = population(Path(folder), options.rows)
        manifest = Path(folder, "manifest.csv")
        table.to_csv(manifest, index=False)
        overheads = [
            row_overhead(table.iloc[turn :: options.rows // 10][:10]) for turn in range(options.turns)
        ]
        print(
            f"a row over the same by hand: {statistics.median(overheads):.3f} "
            f"({min(overheads):.3f}-{max(overheads):.3f})"
        )
        few = Path(folder, "few.csv")
        table.groupby("subject").head(2).to_csv(few, index=False)
        _, small = run_s(few, 1)
        ratios = []
        for turn in range(options.turns):
            one, _ = run_s(manifest, 1)
            two, peak = run_s(manifest, 2)
            ratios.append(one / two)
            print(
                f"turn {turn + 1}: one core {one:.0f} s, two {two:.0f} s, ratio {one / two:.2f}; driver's peak "
                f"{peak:.0f} MiB"
            )
        print(
            f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), {options.rows} rows"
        )
        print(f"one process for {2 * N_SUBJECTS} rows: {small:.0f} MiB")


if __name__ == "__main__":
    main()
