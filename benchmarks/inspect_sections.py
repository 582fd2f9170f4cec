"""How long each section of `sincviz.inspect` takes, and the page after it, as a table in Markdown.

    OMP_NUM_THREADS=2 python -m benchmarks.inspect_sections

A SincShallowNet of 32 filters is trained on 200 simulated trials (64 channels × 640 samples, 160 Hz) and inspected on
90 and on 450 others. A step that several sections need counts for the first of them. Each inspection is in a fresh
process, so times include what is loaded on the way.
"""

import argparse
import datetime as dt
import multiprocessing
import platform
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import mne
import pandas as pd
import torch

import sincviz
from benchmarks.against_reference import processor
from sincviz.inspection import inspection as inspecting
from sincviz.inspection.contents import SECTIONS

SFREQ, SECONDS = 160.0, 4.0
N_TRAINING, N_TRIALS = 200, (90, 450)
RESULTS = Path(__file__).with_name("results") / "inspect_sections.csv"
PAGE = "page (`Inspection.report`)"


def trials(n_trials: int, seed: int) -> mne.BaseEpochs:
    """Return simulated trials of 64 channels."""
    names = mne.channels.make_standard_montage("biosemi64").ch_names
    epochs, _ = sincviz.datasets.simulate_motor_imagery(
        n_trials, ch_names=names, sfreq=SFREQ, duration=SECONDS, seed=seed
    )
    return epochs


def trained(path: Path) -> None:
    """Train the network, and store it."""
    epochs = trials(N_TRAINING, seed=0)
    model = sincviz.SincShallowNet(
        n_outputs=2,
        n_times=len(epochs.times),
        sfreq=SFREQ,
        chs_info=epochs.info["chs"],
        time_filter_len=65,
    )
    classifier = sincviz.training.fit(model, epochs, max_epochs=20, progress=False)
    sincviz.save_checkpoint(classifier, path)


def section_seconds(path: Path, n_trials: int, threads: int) -> dict[str, float]:
    """Return the seconds of each section of one inspection, and of its page; run it in a fresh process."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    model, epochs = sincviz.load_checkpoint(path), trials(n_trials, seed=1)
    sections = {step: section for section in reversed(SECTIONS) for step in section.steps}
    found = {section.name: 0.0 for section in SECTIONS}
    measure = inspecting.measure

    def timed(step: Any, run: Any) -> None:
        begin = time.perf_counter()
        measure(step, run)
        found[sections[step].name] += time.perf_counter() - begin

    inspecting.measure = timed  # type: ignore[assignment]
    inspection = sincviz.inspect(model, epochs, progress=False)
    begin = time.perf_counter()
    inspection.report(path.with_suffix(f".{n_trials}.html"), overwrite=True, progress=False)
    return found | {PAGE: time.perf_counter() - begin}


def measured(threads: int, turns: int) -> pd.DataFrame:
    """Return one row for each turn, number of trials and section."""
    rows = []
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.safetensors"
        trained(path)
        for turn in range(turns):
            for n_trials in N_TRIALS:
                with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                    found = pool.submit(section_seconds, path, n_trials, threads).result()
                rows += [(turn, n_trials, name, seconds) for name, seconds in found.items()]
    return pd.DataFrame(rows, columns=["turn", "trials", "section", "seconds"])


def table(found: pd.DataFrame) -> str:
    """Return medians and ranges in Markdown; sections that took no time have nothing to do here."""
    total = found.groupby(["turn", "trials"])["seconds"].sum().reset_index().assign(section="all")
    seconds = pd.concat([found, total]).groupby(["section", "trials"], sort=False)["seconds"]
    counts = sorted(found["trials"].unique())
    lines = [
        f"| section | {' | '.join(f'{count} trials' for count in counts)} |",
        f"|---|{'---:|' * len(counts)}",
    ]
    for name in [*found["section"].unique(), "all"]:
        of_name = [seconds.get_group((name, count)) for count in counts]
        if max(times.median() for times in of_name) >= 0.005:
            cells = [f"{times.median():.2f} s ({times.min():.2f}–{times.max():.2f})" for times in of_name]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--csv", type=Path, help=f"also write every turn, as in {RESULTS.name}")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = measured(options.threads, options.turns)
    where = (
        f"{dt.date.today()}; {processor()}, {options.threads} threads; Python {platform.python_version()}, "
        f"torch {torch.__version__}, sincviz {sincviz.__version__}"
    )
    if options.csv is not None:
        found.assign(where=where).to_csv(options.csv, index=False)
    print(table(found))
    print(f"\n{where}; medians and ranges of {options.turns} turns.")


if __name__ == "__main__":
    main()
