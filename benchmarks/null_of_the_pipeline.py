"""How often the whole group analysis finds a cluster where there is nothing: networks trained on permuted labels.

    python benchmarks/null_of_the_pipeline.py --experiments 40                       # simulated, a network per person
    python benchmarks/null_of_the_pipeline.py --design loso --experiments 40         # trained on the other people
    python benchmarks/null_of_the_pipeline.py --design loso --data-path PATH --experiments 5 --passes 20

In every experiment the labels of each person are permuted once, for training and inspection alike; networks are
trained, saved, grouped with `sincviz.group`, and the smallest p of any cluster is noted. `--true-labels` permutes
nothing.
"""

import argparse
import tempfile
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import scipy
import torch
from joblib import Parallel, delayed
from tqdm import tqdm

import sincviz
from sincviz.population.cluster_words import MAPS

SMALL = {"n_chans": 8, "sfreq": 128, "duration": 1.0, "snr_db": 12.0}
FISTS = (4, 8, 12)
EEGBCI = (2, 7, 29, 32, 34, 42, 54, 55, 56, 62)


def simulated_people(number: int, n_people: int, n_trials: int) -> dict[str, mne.BaseEpochs]:
    """Return the trials of people who were simulated for this experiment alone."""
    return {
        str(person): sincviz.datasets.simulate_motor_imagery(n_trials, seed=1000 * number + person, **SMALL)[
            0
        ]
        for person in range(n_people)
    }


def recorded_people(path: Path) -> dict[str, mne.BaseEpochs]:
    """Return the trials of ten people of PhysioNet's recordings."""
    return {
        str(subject): sincviz.datasets.eegbci(
            subject, list(FISTS), path=path, progress=False
        ).set_eeg_reference("average", projection=False, verbose="error")
        for subject in EEGBCI
    }


def experiment(
    number: int,
    people: dict[str, mne.BaseEpochs],
    *,
    design: str,
    true_labels: bool,
    filters: int,
    taps: int,
    passes: int,
) -> dict[str, float]:
    """Return the mean accuracy and the smallest p of a cluster in each kind of map."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(number)
    people = {name: epochs.copy() for name, epochs in people.items()}
    if not true_labels:
        for epochs in people.values():
            epochs.events[:, 2] = rng.permutation(epochs.events[:, 2])
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for name, epochs in people.items():
            if design == "loso":
                others = [other for another, other in people.items() if another != name]
                training, held_out = mne.concatenate_epochs(others, verbose="error"), epochs
            else:
                order = rng.permutation(len(epochs))
                training, held_out = epochs[order[::2]], epochs[order[1::2]]
            files = Path(folder, f"{name}.safetensors"), Path(folder, f"{name}-epo.fif")
            sincviz.save_checkpoint(_trained(training, number, filters, taps, passes), files[0])
            held_out.save(files[1], fmt="double", verbose="error")
            rows.append({"checkpoint": str(files[0]), "epochs": str(files[1]), "subject": name})
        found = sincviz.group(
            pd.DataFrame(rows), folder, only=["relevance"], reference="recorded", n_jobs=1, progress=False
        )
    assert (found.networks["status"] == "read").all(), found.networks["reason"].tolist()
    smallest = found.clusters.groupby("maps")["p"].min()
    return {
        "accuracy": found.facts["accuracy"],
        **{maps: float(smallest.get(maps, 1.0)) for maps in MAPS.values()},
    }


def _trained(epochs: mne.BaseEpochs, seed: int, filters: int, taps: int, passes: int) -> object:
    torch.manual_seed(seed)
    model = sincviz.SincShallowNet(
        num_time_filters=filters,
        time_filter_len=taps,
        n_outputs=2,
        n_times=len(epochs.times),
        sfreq=epochs.info["sfreq"],
        chs_info=epochs.info["chs"],
        pool_size=min(55, len(epochs.times) // 4),
    )
    return sincviz.training.fit(
        model, epochs, max_epochs=passes, validation=0.0, batch_size=16, lr=5e-3, seed=seed, progress=False
    )


def main() -> None:
    """Run the experiments and print how many found something."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--design", choices=["within", "loso"], default="within")
    parser.add_argument("--experiments", type=int, default=40)
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first experiment, which is its seed"
    )
    parser.add_argument("--people", type=int, default=8, help="simulated people")
    parser.add_argument("--trials", type=int, default=40, help="trials of a simulated person")
    parser.add_argument(
        "--data-path", type=Path, help="recordings instead: the folder that holds MNE-eegbci-data"
    )
    parser.add_argument("--filters", type=int, default=8)
    parser.add_argument("--taps", type=int, default=33)
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--true-labels", action="store_true")
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    recorded = recorded_people(options.data_path) if options.data_path else None
    settings = {
        name: getattr(options, name) for name in ("design", "true_labels", "filters", "taps", "passes")
    }
    numbers = range(options.first, options.first + options.experiments)
    work = Parallel(options.jobs, return_as="generator")(
        delayed(experiment)(
            number, recorded or simulated_people(number, options.people, options.trials), **settings
        )
        for number in numbers
    )
    table = pd.DataFrame(list(tqdm(work, total=len(numbers), unit="experiment")))
    print(table.round(4).to_string())
    low, high = scipy.stats.binom.interval(0.99, len(table), 0.05)
    for maps in table.columns[1:]:
        found = int((table[maps] <= 0.05).sum())
        print(
            f"{maps}: {found} of {len(table)} with a cluster at 0.05; 99% of the time at most {high:.0f} (from "
            f"{low:.0f})"
        )
    print(f"mean accuracy {table['accuracy'].mean():.3f}")


if __name__ == "__main__":
    main()
