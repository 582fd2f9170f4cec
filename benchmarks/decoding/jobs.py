"""Jobs: one decoder, trained and tested in one way, with one seed."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedStratifiedKFold

from benchmarks.decoding import classical, networks
from benchmarks.decoding.augmentation import enlarged
from benchmarks.decoding.preparations import ALIGNED, matrix
from sincviz.networks.channel_mixing import ChannelMixing

GROUPS = {
    "selected": (2, 7, 29, 32, 34, 42, 54, 55, 56, 62),
    "unselected": (8, 9, 10, 22, 27, 39, 48, 64, 71, 73, 76, 87),
}
"""People whom CSP + LDA decodes, and people who were drawn at random."""
SETTINGS = ("across", "within", "transfer")
N_FOLDS, N_REPEATS = 5, 5


@dataclass(frozen=True)
class Job:
    """What is trained. ``subject`` is who is tested; 0 for all of the group, by one decoder trained on the other."""

    setting: str
    group: str
    subject: int
    decoder: str
    preparation: str
    seed: int


@dataclass(frozen=True)
class Data:
    """Where prepared trials are, by preparation, and what is known of them."""

    files: dict[str, Path]
    y: NDArray[np.int64]
    subjects: NDArray[np.int64]
    signals: networks.Signals

    def trials(self, preparation: str) -> NDArray[np.float32]:
        """Return all trials of a preparation, read from the disk where they are used."""
        return np.load(self.files[preparation], mmap_mode="r")


def jobs(
    settings: Sequence[str],
    decoders: Sequence[str],
    preparations: Sequence[str],
    seeds: Sequence[int],
    subjects: Sequence[int] | None = None,
) -> Iterator[Job]:
    """Yield all jobs, the first seed first; classical decoders depend on no seed."""
    for setting in settings:
        for seed in seeds:
            for decoder in decoders:
                if seed != seeds[0] and not networks.is_network(decoder):
                    continue
                for preparation in preparations:
                    for group, people in GROUPS.items():
                        tested = [0] if setting == "transfer" else people
                        for subject in tested:
                            if subjects is None or not subject or subject in subjects:
                                yield Job(setting, group, subject, decoder, preparation, seed)


def done(job: Job, data: Data, device: str) -> list[dict[str, Any]]:
    """Return one record per person who is tested: the job, the score of every trial and its class, and the reading."""
    torch.set_num_threads(1)
    if job.setting == "within":
        return [_within(job, data, device)]
    of_group = np.isin(data.subjects, GROUPS[job.group])
    if job.setting == "across":
        train, people = of_group & (data.subjects != job.subject), [job.subject]
    else:
        others = [person for group, own in GROUPS.items() if group != job.group for person in own]
        train, people = np.isin(data.subjects, others), list(GROUPS[job.group])
    tests = [data.subjects == person for person in people]
    found, network = _decoded(job, data, device, train, tests)
    records = []
    for person, test, scores in zip(people, tests, found, strict=True):
        record = _record(job, person, int(train.sum()), scores, data.y[test])
        if network is not None and job.setting == "across":
            record["reading"] = _reading(network, job, data, device, test)
        records.append(record)
    return records


def line(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON."""
    return json.dumps(record, separators=(",", ":")) + "\n"


def _within(job: Job, data: Data, device: str) -> dict[str, Any]:
    own = np.flatnonzero(data.subjects == job.subject)
    folds = RepeatedStratifiedKFold(n_splits=N_FOLDS, n_repeats=N_REPEATS, random_state=0)
    scores, codes, n_train = [], [], 0
    for train, test in folds.split(own, data.y[own]):
        found, _ = _decoded(job, data, device, own[train], [own[test]])
        scores.append(found[0])
        codes.append(data.y[own[test]])
        n_train = len(train)
    record = _record(job, job.subject, n_train, np.concatenate(scores), np.concatenate(codes))
    return record | {"folds": [len(part) for part in codes]}


def _decoded(
    job: Job, data: Data, device: str, train: NDArray, tests: list[NDArray]
) -> tuple[list[NDArray], torch.nn.Module | None]:
    """Return the scores of each test, and the network, if it is one."""
    trials = data.trials(job.preparation)
    x, y = trials[train], data.y[train]
    if not networks.is_network(job.decoder):
        return classical.scores(job.decoder, x, y, *(trials[test] for test in tests)), None
    settings = networks.settings_of(job.decoder)
    names = [name for name in settings["augment"].split("+") if name]
    if names:
        ch_names = [channel["ch_name"] for channel in data.signals.chs_info]
        x, y = enlarged(x, y, data.subjects[train], ch_names, names, settings["copies"], job.seed)
    network = networks.trained(settings, data.signals, x, y, job.seed, device)
    return [networks.scores(network, trials[test], device) for test in tests], network


def _reading(network: torch.nn.Module, job: Job, data: Data, device: str, test: NDArray) -> Any:
    """Return the reading at the electrodes, as a list or as the reason why there is none."""
    preparation = job.preparation.removesuffix(ALIGNED)
    x = data.trials(preparation)[test]
    if preparation != job.preparation:
        network = ChannelMixing(network, torch.from_numpy(matrix(x))).to(device).eval()
    try:
        cells = networks.reading(network, x, data.y[test], data.signals.sfreq)
    except RuntimeError:  # of a device
        cells = networks.reading(network.cpu(), x, data.y[test], data.signals.sfreq)
    return cells if isinstance(cells, str) else _short(cells, 4)


def _record(job: Job, subject: int, n_train: int, scores: NDArray, y: NDArray) -> dict[str, Any]:
    return asdict(job) | {
        "subject": int(subject),
        "n_train": n_train,
        "scores": _short(scores, 5),
        "y": y.tolist(),
    }


def _short(values: NDArray, digits: int) -> Any:
    rounded: Callable[[float], float] = lambda value: float(f"{value:.{digits}g}")  # noqa: E731
    return np.vectorize(rounded, otypes=[float])(values).tolist()
