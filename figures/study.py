"""What the figures are made from: trials, and networks, each trained once and kept under the hash of what made it."""

import argparse
import ast
import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mne
import torch
from joblib import Parallel, delayed
from tqdm import tqdm

import sincviz
from sincviz.errors import DownloadNeededError
from sincviz.plotting import JOURNALS
from sincviz.preparation.steps import Filter, SetEEGReference, as_json, preparation_words
from sincviz.trials.recordings import data_hash

HERE = Path(__file__).parent
TRAINING_SUBJECTS = (2, 7, 29, 32, 34, 42, 54, 55)
HELD_OUT_SUBJECTS = (56, 62)
FISTS = (4, 8, 12)

DEFAULTS = {"num_time_filters": 32, "time_filter_len": 65, "sinc_lr": 0.05, "batch_norm_momentum": 0.1}
VARIED = {
    "num_time_filters": (4, 8, 16, 32),
    "time_filter_len": (33, 65, 129),
    "sinc_lr": (0.001, 0.01, 0.05, 0.2),
    "batch_norm_momentum": (0.01, 0.1, 0.99),
}
PASSES = 50
PREPARATION = {
    # Below 4 Hz are eye movements towards the cue: see docs/seeds_and_people.md.
    "eegbci": (SetEEGReference("average"), Filter(4, 38)),
    "simulated": (SetEEGReference("average"),),
}
"""What trials go through before they reach a network, stored in it."""

PACKAGE = Path(sincviz.__file__).parent
# A change in what trains a network makes the networks that were kept worthless.
TRAINING_CODE = (*sorted(PACKAGE.glob("networks/**/*.py")), *sorted(PACKAGE.glob("training/*.py")))


@dataclass(frozen=True)
class Study:
    """Trials of one kind, networks trained on them, and where figures go.

    Attributes
    ----------
    data : {"eegbci", "simulated"}
        Left against right fist imagery of PhysioNet's recordings, or simulated motor imagery with known sources.
    seeds : int
        Networks are trained with seeds 0, 1, ... of weights, order of trials and dropout.
    data_path : Path | None
        The folder that holds ``MNE-eegbci-data``; where MNE looks, if ``None``.
    download : bool
        Fetch recordings that are missing.
    style : str
        The journal whose widths and type the figures have.
    out, cache : Path
        Where figures go, and where networks are kept.
    """

    data: str = "eegbci"
    seeds: int = 5
    data_path: Path | None = None
    download: bool = False
    style: str = "sincviz"
    out: Path = HERE / "out"
    cache: Path = HERE / "cache"

    @property
    def training_epochs(self) -> mne.BaseEpochs:
        """The trials to train on."""
        if self.data == "simulated":
            return simulated_trials(400, 0)
        return recorded_trials(TRAINING_SUBJECTS, self.data_path, self.download)

    @property
    def held_out_epochs(self) -> mne.BaseEpochs:
        """Trials that no network has seen: of other subjects, or simulated anew."""
        if self.data == "simulated":
            return simulated_trials(200, 1)
        return recorded_trials(HELD_OUT_SUBJECTS, self.data_path, self.download)

    @property
    def description(self) -> str:
        """The trials in words, for captions."""
        n_trained, n_held_out = len(self.training_epochs), len(self.held_out_epochs)
        if self.data == "simulated":
            return f"Simulated motor imagery: {n_trained} training trials, {n_held_out} simulated anew for the test."
        others = " and ".join(map(str, HELD_OUT_SUBJECTS))
        return (
            f"Left against right fist imagery, PhysioNet's recordings: {n_trained} training trials of subjects "
            f"{', '.join(map(str, TRAINING_SUBJECTS))}; {n_held_out} held-out trials of subjects {others}. These ten "
            f"subjects were selected because CSP + LDA decodes each of them. Preparation: "
            f"{preparation_words(PREPARATION[self.data])}."
        )

    def untrained(self, seed: int = 0, **settings: float) -> sincviz.SincShallowNet:
        """Return a network as it is before training."""
        chosen = DEFAULTS | settings
        torch.manual_seed(seed)
        model = sincviz.SincShallowNet(
            num_time_filters=int(chosen["num_time_filters"]),
            time_filter_len=int(chosen["time_filter_len"]),
            n_outputs=2,
            n_times=len(self.training_epochs.times),
            sfreq=self.training_epochs.info["sfreq"],
            chs_info=self.training_epochs.info["chs"],
        )
        for layer in model.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = chosen["batch_norm_momentum"]
        return model

    def network(self, seed: int = 0, **settings: float) -> sincviz.SincShallowNet:
        """Return a trained network; one that is not kept yet is trained first."""
        path = self._path(seed, settings)
        if not path.exists():
            _train(self.untrained(seed, **settings), self.training_epochs, path, **self._fit(seed, settings))
        return sincviz.load_checkpoint(path)

    def networks(self, **settings: float) -> Iterator[sincviz.SincShallowNet]:
        """Yield the networks of all seeds."""
        for seed in range(self.seeds):
            yield self.network(seed, **settings)

    def train_all(self, n_jobs: int = -1) -> None:
        """Train what is not kept yet, several networks at once."""
        missing = {path: case for path, case in self.files().items() if not path.exists()}
        jobs = (
            delayed(_train)(
                self.untrained(seed, **settings), self.training_epochs, path, **self._fit(seed, settings)
            )
            for path, (seed, settings) in missing.items()
        )
        work = Parallel(n_jobs=n_jobs, return_as="generator_unordered", inner_max_num_threads=1)(jobs)
        for _ in tqdm(work, "Training networks", len(missing), unit="network"):
            pass

    def _fit(self, seed: int, settings: dict[str, float]) -> dict[str, Any]:
        chosen = DEFAULTS | settings
        return {"seed": seed, "sinc_lr": chosen["sinc_lr"], "preparation": PREPARATION[self.data]}

    def files(self) -> dict[Path, tuple[int, dict[str, float]]]:
        """Return the file of every network, and its seed and what is not as by default."""
        cases = [
            (seed, {name: value})
            for name, values in VARIED.items()
            for value in values
            for seed in range(self.seeds)
        ]
        return {self._path(seed, settings): (seed, settings) for seed, settings in cases}

    @functools.cached_property
    def _trials_sha256(self) -> str:
        return trials_hash(self.training_epochs)

    def _path(self, seed: int, settings: dict[str, float]) -> Path:
        chosen = DEFAULTS | settings
        what = {
            "trials": self._trials_sha256,
            "seed": seed,
            "passes": PASSES,
            "code": code_hash(),
            "preparation": as_json(PREPARATION[self.data]),
            **chosen,
        }
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
        name = "{num_time_filters:g}filters_{time_filter_len:g}taps_lr{sinc_lr:g}_momentum{batch_norm_momentum:g}"
        return self.cache / f"{self.data}_{name.format(**chosen)}_seed{seed}_{digest}.safetensors"


@functools.cache
def recorded_trials(subjects: tuple[int, ...], path: Path | None, download: bool) -> mne.BaseEpochs:
    """Return PhysioNet's trials as recorded."""
    return sincviz.datasets.eegbci(list(subjects), list(FISTS), path=path, download=download)


@functools.cache
def simulated_trials(n_trials: int, seed: int) -> mne.BaseEpochs:
    """Return simulated trials as recorded."""
    return sincviz.datasets.simulate_motor_imagery(n_trials, seed=seed)[0]


def trials_hash(epochs: mne.BaseEpochs) -> str:
    """Return the hash of trials and their classes."""
    classes = hashlib.sha256(epochs.events[:, 2].tobytes()).hexdigest()
    return hashlib.sha256((data_hash(epochs.get_data(verbose="error")) + classes).encode()).hexdigest()


@functools.cache
def code_hash(files: tuple[Path, ...] = TRAINING_CODE) -> str:
    """Return the hash of files of code, by default of what trains, and of PyTorch's version."""
    digest = hashlib.sha256(torch.__version__.encode())
    for file in files:
        digest.update(without_words(file.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def without_words(code: str) -> str:
    """Return what a file of Python does, without docstrings and comments, which change no network."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _train(model: sincviz.SincShallowNet, epochs: mne.BaseEpochs, path: Path, **settings: Any) -> None:
    classifier = sincviz.training.fit(
        model, epochs, max_epochs=PASSES, validation=0.0, progress=False, **settings
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    sincviz.save_checkpoint(classifier, path)


def study_from(arguments: list[str] | None = None, description: str | None = None) -> Study:
    """Return the study that a command line asks for."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=["auto", "eegbci", "simulated"], default="auto",
                        help="auto: the recordings if they are on this disk, else the simulation")  # fmt: skip
    parser.add_argument("--data-path", type=Path, help="the folder that holds MNE-eegbci-data")
    parser.add_argument("--download", action="store_true", help="fetch the recordings from PhysioNet (75 MB)")
    parser.add_argument("--seeds", type=int, default=5, help="networks for each setting")
    parser.add_argument(
        "--style", choices=list(JOURNALS), default="sincviz", help="widths and type of a journal"
    )
    parser.add_argument("--out", type=Path, default=HERE / "out")
    parser.add_argument("--cache", type=Path, default=HERE / "cache", help="where networks are kept")
    options = parser.parse_args(arguments)
    if options.seeds < 1:
        parser.error(f"--seeds must be at least 1; got {options.seeds}")
    if options.data != "auto":
        return Study(**vars(options))
    study = Study(**vars(options) | {"data": "eegbci"})
    try:
        study.training_epochs, study.held_out_epochs  # noqa: B018
    except DownloadNeededError as error:
        print(f"The simulation takes the place of the recordings. {error}")
        return replace(study, data="simulated")
    return study
