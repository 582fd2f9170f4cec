"""Row settings: how every row of a manifest is read, and which of them decide the numbers."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sincviz._version import __version__
from sincviz.datasets import eegbci, moabb, simulate_motor_imagery
from sincviz.datasets.physionet import recording_files
from sincviz.errors import MissingDependencyError
from sincviz.opening.checkpoints import check_parameters
from sincviz.trials.files import epochs_of_file
from sincviz.weights.activation import activation_name

if TYPE_CHECKING:
    import mne

SECTIONS = ("bands", "maps", "relevance")
"""What is combined over networks; the evidence of each network is measured only on request."""

RECIPE = 5
"""Counts what rows are stored for: a row of another recipe is read anew."""

RUNS = (4, 8, 12)
"""Of the dataset eegbci: imagery of the left or right fist."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class RowSettings:
    """How the rows of a manifest are read.

    Attributes
    ----------
    sections : tuple of str
        What is measured of each network; see :func:`sincviz.inspect`.
    seed : int
        Seed of every random draw.
    reference : {"trained", "average", "recorded"}
        Reference of the trials.
    ch_names : tuple of str | None
        Names of the networks' channels, in their order, if the checkpoints do not store them.
    montage : str | None
        Standard montage that places the channels.
    parameters : mapping of str to object
        Other parameters that the checkpoints do not store, as :func:`checked_parameters` returns it.
    runs : tuple of int
        Runs of the dataset eegbci.
    data_path : pathlib.Path | None
        The folder that holds the recordings; ``None`` where MNE looks.
    download : bool
        Fetch recordings that are missing.
    held_out : bool
        Whether the user says that no network was trained on its trials.
    """

    sections: tuple[str, ...] = SECTIONS
    seed: int = 0
    reference: str = "trained"
    ch_names: tuple[str, ...] | None = None
    montage: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    runs: tuple[int, ...] = RUNS
    data_path: Path | None = None
    download: bool = False
    held_out: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """What decides the numbers: where recordings lie does not."""
        return {
            "sections": list(self.sections),
            "seed": self.seed,
            "reference": self.reference,
            "ch_names": list(self.ch_names or ()),
            "montage": self.montage or "",
            "parameters": dict(self.parameters),
            **({"held_out": True} if self.held_out else {}),
        }


def checked_parameters(parameters: Mapping[str, object] | None) -> dict[str, Any]:
    """Return parameters of a network as strict JSON holds them, so that a row can be named by them.

    Raises
    ------
    TypeError
        If they are not a mapping, a name is not a parameter, or a value is not a number, text or a list of these.
    ValueError
        If a number is not finite, or an activation is not one of ``torch.nn``.

    Examples
    --------
    >>> checked_parameters({"min_freq": 0.5, "class_names": ("left", "right")})
    {'min_freq': 0.5, 'class_names': ['left', 'right']}
    >>> checked_parameters("min_freq=0.5")
    Traceback (most recent call last):
        ...
    TypeError: `parameters` must be a mapping of names to values; got 'min_freq=0.5'. Try parameters={'min_freq': 0.5}.
    """
    if parameters is None:
        return {}
    if not isinstance(parameters, Mapping):
        raise TypeError(
            f"`parameters` must be a mapping of names to values; got {parameters!r:.80}. "
            "Try parameters={'min_freq': 0.5}."
        )
    check_parameters(parameters)
    plain: dict[str, Any] = {}
    for name, value in parameters.items():
        try:
            plain[name] = json.loads(json.dumps(value, default=_plain, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"`parameters[{name!r}]` must be a finite number, text or a list of these; got {value!r:.80}."
            ) from error
    return plain


def row_key(row: dict[str, str], settings: RowSettings) -> str:
    """Return the name of a row's result: a hash of the checkpoint, the trials and the settings, of nothing else.

    Parameters
    ----------
    row : dict
        Of :func:`sincviz.population.manifest.read_manifest`.
    settings : RowSettings
        How rows are read.

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    FileNotFoundError
        If checkpoint or trials do not exist.
    ValueError
        If the row names no checkpoint, no trials, or both kinds of trials.
    DownloadNeededError
        If recordings are missing.
    """
    if not row["checkpoint"]:
        raise ValueError("The row has no checkpoint.")
    what = {
        "checkpoint": _hash_of(Path(row["checkpoint"]), "checkpoint"),
        "trials": _trials_identity(row, settings),
        "settings": settings.facts,
        "recipe": RECIPE,
        "sincviz": __version__,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]


def trials_of(row: dict[str, str], settings: RowSettings) -> "mne.BaseEpochs":
    """Return the trials that a row is examined on.

    Raises
    ------
    ValueError
        If the row names none, or the dataset has no such subject.
    """
    dataset, subject = row["dataset"], row["subject"]
    if row["epochs"]:
        return epochs_of_file(Path(row["epochs"]))
    if dataset == "eegbci":
        return eegbci(
            _number(subject),
            settings.runs,
            path=settings.data_path,
            download=settings.download,
            progress=False,
        )
    if dataset == "simulated":
        return simulate_motor_imagery(seed=_number(subject))[0]
    return moabb(dataset, [_number(subject)])


def _trials_identity(row: dict[str, str], settings: RowSettings) -> Any:
    dataset, subject = row["dataset"], row["subject"]
    if bool(row["epochs"]) == bool(dataset):
        raise ValueError("The row must name a file of epochs or a dataset, one of the two.")
    if row["epochs"]:
        return [_hash_of(file, "file of epochs") for file in _files_of_epochs(Path(row["epochs"]))]
    if dataset == "eegbci":
        files = recording_files(
            [_number(subject)],
            settings.runs,
            path=settings.data_path,
            download=settings.download,
        )
        return [_hash_of(file, "recording") for file in files]
    if dataset == "simulated":
        return ["simulated", _number(subject)]
    number = _number(subject)
    try:
        return [dataset, number, version("moabb")]
    except PackageNotFoundError:
        raise MissingDependencyError(
            f"The dataset {dataset!r} is neither eegbci nor simulated, so it would be one of MOABB, which is not "
            "installed. Check the name, or try: pip install moabb"
        ) from None


def _files_of_epochs(path: Path) -> list[Path]:
    """Return a file and those that hold the rest of its trials: EEGLAB's second file, the parts of a large file."""
    stem = re.escape(path.stem)
    # As MNE and EEGLAB name them: a.fdt, a-epo-1.fif, a_split-02_epo.fif beside a_split-01_epo.fif.
    names = (rf"{stem}\.fdt", rf"{stem}-\d+\.fif", re.sub(r"split\\-\d+", r"split-\\d+", stem) + r"\.fif")
    rest = re.compile("|".join(names))
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    return [path, *sorted(file for file in beside if rest.fullmatch(file.name) and file != path)]


def _plain(value: object) -> object:
    """Return numbers and arrays of NumPy as Python's, and an activation by its name."""
    if isinstance(value, type) and issubclass(value, torch.nn.Module):
        return activation_name(value)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError


def _number(subject: str) -> int:
    try:
        return int(subject)
    except ValueError:
        raise ValueError(f"A dataset's `subject` must be a number; got {subject!r}.") from None


def _hash_of(path: Path, what: str) -> str:
    """Return the hash of a file, or of all files of a folder."""
    if path.is_dir():
        hashes = [
            (file.relative_to(path).as_posix(), _hash_of(file, what))
            for file in sorted(path.rglob("*"))
            if file.is_file()
        ]
        return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
    if not path.is_file():
        raise FileNotFoundError(f"There is no {what} {str(path)!r}.")
    state = path.stat()
    return _hash_of_file(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_of_file(path: Path, size: int, mtime_ns: int) -> str:
    # Size and time are there so that a file that changed is hashed anew.
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
