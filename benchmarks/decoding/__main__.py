"""Accuracy and ROC area on imagery of the left or right fist, within and across people, by networks and others.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.decoding --data-path FOLDER --decoders "CSP + LDA" Riemann --preparations 8-30 4-38
    python -m benchmarks.decoding --data-path FOLDER --decoders SincShallowNet --seeds 0 1 2 --device cuda --jobs 12
    python -m benchmarks.decoding --summary

Runs 4, 8 and 12 of PhysioNet's recordings: ten people who were selected because CSP + LDA decodes them, twelve who were
drawn at random. Across: trained on all others of a group, tested on one. Transfer: trained on all of one group, tested
on each of the other. Within: 5 x 5 repeated stratified folds of one person's trials, the same for all decoders; an
alignment is estimated from all of the person's trials, without their labels.

Every job that ends adds a line to the records: the score of every trial, and of networks across people the contrast of
`spectral_relevance` on the person who was left out. Jobs that the records have are not repeated. `--summary` makes
tables from records. `--pack` writes the trials to one small file, which `--data` reads instead of recordings.
"""

import argparse
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

import sincviz
from benchmarks.decoding import networks, packing, preparations, summary
from benchmarks.decoding.classical import CLASSICAL, CSP, RIEMANN
from benchmarks.decoding.drawing import draw
from benchmarks.decoding.jobs import GROUPS, SETTINGS, Data, Job, done, jobs, line
from benchmarks.decoding.readings import reading_table

RUNS = (4, 8, 12)
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def recordings(options: argparse.Namespace) -> mne.BaseEpochs:
    """Return the trials of all people."""
    if options.data is not None:
        return packing.unpack(options.data)
    people = [person for group in GROUPS.values() for person in group]
    return sincviz.datasets.eegbci(people, list(RUNS), path=options.data_path)


def work(options: argparse.Namespace) -> None:
    """Do the jobs that are missing, as long as there is time."""
    end = time.monotonic() + 60 * options.minutes
    records = summary.read([options.records] if options.records.exists() else [])
    finished = {_way(record) for record in records}
    wanted = [
        job
        for job in jobs(options.only, options.decoders, options.preparations, options.seeds, options.subjects)
        if (
            job.setting,
            job.group,
            job.subject or GROUPS[job.group][0],
            job.decoder,
            job.preparation,
            job.seed,
        )
        not in finished
    ]
    epochs = recordings(options)
    needed = {
        name for wish in options.preparations for name in (wish, wish.removesuffix(preparations.ALIGNED))
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        Parallel(options.jobs, return_as="generator_unordered") as pool,
    ):
        names = sorted(needed)
        files = [preparations.stored(epochs, name, Path(folder)) for name in tqdm(names, "Preparation")]
        data = Data(
            dict(zip(names, files, strict=True)),
            (epochs.events[:, 2] == epochs.event_id["right"]).astype(np.int64),
            epochs.metadata["subject"].to_numpy(),
            networks.Signals(epochs.info["chs"], len(epochs.times), epochs.info["sfreq"]),
        )

        def in_time() -> Iterator[Job]:
            yield from (job for job in wanted if time.monotonic() < end)

        options.records.parent.mkdir(parents=True, exist_ok=True)
        with options.records.open("a") as file, tqdm(total=len(wanted), desc="Jobs", mininterval=5) as bar:
            for found in pool(delayed(_quietly)(job, data, options.device) for job in in_time()):
                file.writelines(line(record) for record in found)
                file.flush()
                bar.update()


def _way(record: dict) -> tuple:
    return tuple(record[key] for key in ("setting", "group", "subject", "decoder", "preparation", "seed"))


def _quietly(job: Job, data: Data, device: str) -> list[dict]:
    warnings.simplefilter("ignore")
    try:
        return done(job, data, device)
    except Exception:  # one failure must not end the others; the job is missing from the records
        print(job, traceback.format_exc(), file=sys.stderr, flush=True)
        return []


def summarise(options: argparse.Namespace) -> None:
    """Print means, differences and what networks rest on in Markdown, and draw them, from records or stored tables."""
    if options.records.exists():
        records = summary.read([options.records])
        summary.table(records).round(4).to_csv(options.csv, index=False)
        np.savez_compressed(options.readings, **summary.readings(records), bands=list(networks.BANDS_HZ))
    found = pd.read_csv(options.csv)
    means, rests_on = summary.means(found), reading_table(np.load(options.readings))
    draw(means, rests_on, options.figure)
    tables = [means, rests_on]
    for reference, preparation in ((CSP, options.reference), (RIEMANN, options.reference)):
        if ((found["decoder"] == reference) & (found["preparation"] == preparation)).any():
            tables.append(summary.differences(found, reference, preparation))
    for rows in tables:
        print(rows.round(3).to_markdown(index=False), "\n")


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-path", type=Path, help="the folder that holds MNE-eegbci-data")
    parser.add_argument("--data", type=Path, help="a file that --pack wrote")
    parser.add_argument("--pack", type=Path, metavar="FILE", help="write the trials to FILE and stop")
    parser.add_argument("--only", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--decoders", nargs="+", default=[*CLASSICAL, "SincShallowNet"])
    parser.add_argument("--preparations", nargs="+", default=["4-38"], choices=preparations.PREPARATIONS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--subjects", type=int, nargs="+", help="who is tested; by default all")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=np.inf, help="start no job after this time")
    parser.add_argument("--records", type=Path, default=RESULTS / "decoding.jsonl")
    parser.add_argument("--summary", action="store_true", help="make tables from the records and stop")
    parser.add_argument("--reference", default="4-38 aligned", help="preparation of the classical decoders")
    parser.add_argument("--figure", type=Path, default=ROOT / "docs" / "images" / "decoding.png")
    parser.add_argument("--csv", type=Path, default=RESULTS / "decoding.csv")
    parser.add_argument("--readings", type=Path, default=RESULTS / "decoding_readings.npz")
    options = parser.parse_args()
    for decoder in options.decoders:
        if decoder not in CLASSICAL:
            networks.settings_of(decoder)
    if options.pack is not None:
        packing.pack(recordings(options), options.pack)
    elif options.summary:
        summarise(options)
    else:
        work(options)


if __name__ == "__main__":
    main()
