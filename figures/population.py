"""Networks of many people: trained and grouped through the command line, on dask workers of this machine.

    python -m figures.population --data-path PATH
    python -m figures.population --data-path PATH --people unselected

Each person is left out once and with each of three seeds a network is trained on the others of the group (ten people
who were selected because CSP + LDA decodes them, or twelve drawn at random); it is examined on the trials of the
person it has not seen. Forty-five trials of one person are too few to train 64 channels on, and a network that is
examined on trials of its training separates the classes whether it learned anything or not. What was trained or read
before is not done again.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
from distributed import LocalCluster
from joblib import Parallel, delayed
from tqdm import tqdm

from benchmarks.decoding.jobs import GROUPS

HERE = Path(__file__).parent


def sincviz(*arguments: object) -> None:
    """Run a command of sincviz with one thread."""
    command = [sys.executable, "-m", "sincviz", *map(str, arguments)]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def train(subject: int, group: str, seed: int, path: Path, data: list[str]) -> None:
    """Train the network that leaves a person out."""
    others = ",".join(str(other) for other in GROUPS[group] if other != subject)
    os.environ["TQDM_DISABLE"] = "1"
    people = ["--subjects", others, "--test-subjects", subject]
    sincviz("train", "eegbci", *people, "--seed", seed, "--out", path, *data)


def main() -> None:
    """Train what is missing, write the manifest, start workers, group."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-path", type=Path, help="the folder that holds MNE-eegbci-data")
    parser.add_argument("--download", action="store_true", help="fetch the recordings from PhysioNet (75 MB)")
    parser.add_argument("--people", choices=GROUPS, default="selected")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--band", default="4-38", help="band-pass in Hz, or 'none'")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument(
        "--networks", type=Path, default=HERE / "cache" / "population", help="where networks are kept"
    )
    parser.add_argument("--out", type=Path, default=HERE / "out" / "population")
    options = parser.parse_args()
    data = [*(["--data-path", str(options.data_path)] if options.data_path else [])]
    data += ["--download"] * options.download
    training = [*data, "--band", options.band]
    options.networks = options.networks / f"{options.people}_{options.band}"
    options.out = options.out / f"{options.people}_{options.band}"
    options.networks.mkdir(parents=True, exist_ok=True)
    rows = pd.DataFrame(
        [
            {
                "checkpoint": f"sub-{subject:03d}_seed-{seed}.safetensors",
                "dataset": "eegbci",
                "subject": subject,
                "seed": seed,
            }
            for seed in range(options.seeds)
            for subject in GROUPS[options.people]
        ]
    )
    rows.to_csv(options.networks / "manifest.csv", index=False)
    missing = [row for row in rows.itertuples() if not (options.networks / row.checkpoint).exists()]
    work = Parallel(options.workers, return_as="generator_unordered")(
        delayed(train)(row.subject, options.people, row.seed, options.networks / row.checkpoint, training)
        for row in missing
    )
    for _ in tqdm(work, "Training networks", len(missing), unit="network"):
        pass
    with LocalCluster(
        n_workers=options.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        engine = ["--backend", "dask", "--scheduler", cluster.scheduler_address]
        options.out.parent.mkdir(parents=True, exist_ok=True)
        sincviz(
            "group", options.networks / "manifest.csv", "--out", options.out, *engine, "--overwrite", *data
        )


if __name__ == "__main__":
    main()
