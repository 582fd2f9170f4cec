"""Files of trials: epochs, arrays, tables or continuous recordings."""

import os
import traceback
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import mne

from sincviz.errors import EpochsError, MissingDependencyError, did_you_mean
from sincviz.trials.arrays import ARRAY_KINDS, HOW_TO_MAKE, check_units, epochs_of_arrays
from sincviz.trials.cutting import HOW_TO_CUT, RECORDING_KINDS, epochs_of_recording
from sincviz.trials.epochs import gathered
from sincviz.trials.event_classes import with_classes
from sincviz.weights.weights_file import SUFFIXES

_HOW_TO_READ = (
    "Trials can be epochs of MNE (-epo.fif, `mne.Epochs.save`) or EEGLAB (.set), a recording (.edf, .bdf, .gdf, "
    ".vhdr, .fif), or arrays (.npz, .mat, .csv)."
)
_FIF_START = b"\x00\x00\x00\x64\x00\x00\x00\x1f"


def epochs_of_file(
    path: str | os.PathLike[str],
    *,
    classes: Mapping[str, object] | None = None,
    tmin: float | None = None,
    tmax: float | None = None,
    sfreq: float | None = None,
    ch_names: Sequence[str] | None = None,
    units: str | None = None,
) -> mne.BaseEpochs:
    """Read the trials of a file: epochs, arrays, a table, or a continuous recording that is cut.

    Parameters
    ----------
    path : path-like
        Epochs of MNE (``-epo.fif``) or EEGLAB (``.set``); arrays of NumPy (``.npz``, ``.npy``) or MATLAB (``.mat``):
        one of shape (trials, channels, times), and ``y`` with a label for each trial; a CSV or TSV file (``.csv``,
        ``.tsv``) as ``epochs.to_data_frame()`` returns it; a recording in EDF, BDF, GDF, FIF, of BrainVision
        (``.vhdr``), EEGLAB, Neuroscan or EGI.
    classes : mapping of str to str or int | None
        Event of each class, such as ``{"left": "T1", "right": "T2"}`` or ``{"left": 769, "right": 770}``; other
        trials are dropped. ``None`` keeps epochs and arrays as they are; required for a recording.
    tmin, tmax : float | None
        First and last sample of a trial in seconds after the event, both included as in MNE; ``tmin`` is 0 for a
        recording if it is not given. Epochs are cropped.
    sfreq : float | None
        Sampling rate in Hz of arrays that do not store it (``sfreq``, ``fs``).
    ch_names : sequence of str | None
        Channel names of arrays that do not store them (``ch_names``); for a table, the columns to use.
    units : {"V", "mV", "uV"} | None
        Units of arrays; ``None`` assumes volts or microvolts if the values leave no doubt, with a warning.

    Returns
    -------
    mne.BaseEpochs
        In volts.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    EpochsError
        If it does not contain trials, or something is missing; the message says what kind of file it is.
    ValueError
        If an option is for another kind of file.
    MissingDependencyError
        If it needs pymatreader and that is not installed.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> path = Path(tempfile.mkdtemp()) / "trials.npz"
    >>> np.savez(path, X=np.random.default_rng(0).normal(size=(10, 2, 256)), y=[769, 770] * 5)
    >>> epochs = epochs_of_file(path, classes={"left": 769, "right": 770}, sfreq=128, ch_names=["C3", "C4"], units="uV")
    >>> len(epochs), epochs.event_id
    (10, {'left': 769, 'right': 770})
    """
    path = Path(os.path.expanduser(path))  # of an unknown user it stays as it is
    if path.is_dir() and path.suffix.lower() != ".mff":
        raise EpochsError(f"{str(path)!r} is a folder. Pass a file. {_HOW_TO_READ}")
    if not (path.is_file() or (path.is_dir() and path.suffix.lower() == ".mff")):
        raise FileNotFoundError(
            f"There is no file {str(path)!r}.{did_you_mean(path.name, _names_beside(path))} Pass a file of MNE epochs "
            "(-epo.fif) or of EEGLAB (.set), a recording or arrays, or use 'eegbci' as data."
        )
    kind = _kind_of(path)
    arrays, recording = holds_arrays(path), kind in RECORDING_KINDS.values()
    if arrays and (tmin is not None or tmax is not None):
        raise ValueError(
            f"`tmin` and `tmax` (`--tmin`, `--tmax`) are for epochs and recordings; {str(path)!r} is {kind}."
        )
    if not arrays and any(option is not None for option in (sfreq, ch_names, units)):
        raise ValueError(
            f"`--sfreq` and `--units` (`sfreq`, `ch_names`, `units`) are for arrays; {str(path)!r} is {kind}."
        )
    if units is not None:
        check_units(units)
    if not (arrays or recording or path.suffix.lower() == ".set" or _is_fif(path)):
        raise EpochsError(f"{str(path)!r} is {kind}, from which trials cannot be read. {_HOW_TO_READ}")
    how = HOW_TO_MAKE if arrays else HOW_TO_CUT if recording else _HOW_TO_READ
    try:
        if arrays:
            return epochs_of_arrays(path, classes=classes, sfreq=sfreq, ch_names=ch_names, units=units)
        if recording:
            return epochs_of_recording(path, classes=classes, tmin=tmin, tmax=tmax)
        read = mne.read_epochs_eeglab if path.suffix.lower() == ".set" else mne.read_epochs
        epochs = with_classes(gathered(read(path, verbose="error")), classes)
        return epochs if tmin is None and tmax is None else epochs.crop(tmin, tmax)
    except MissingDependencyError:
        raise
    except EpochsError as error:
        more = "" if how in str(error) else f" {how}"
        raise EpochsError(f"{str(path)!r} is {kind}. {error}{more}") from error
    except ImportError as error:  # only MATLAB files need more than MNE
        raise MissingDependencyError(
            "EEGLAB files need pymatreader. Install it: pip install 'sincviz[eeglab]'"
        ) from error
    except Exception as error:  # MNE, NumPy and SciPy raise nearly any error for a damaged file
        why = _reason(error) or "it is damaged, or not what its extension says"
        raise EpochsError(
            f"{str(path)!r} is {kind} by its extension, but cannot be read: {why}. {_HOW_TO_READ}"
        ) from error


def holds_arrays(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is an array file by its extension, which may lack sampling rate and channels."""
    return Path(path).suffix.lower() in ARRAY_KINDS


def _kind_of(path: Path) -> str:
    """Return what kind of file this is, as text."""
    kind = path.suffix.lower()
    if kind in ARRAY_KINDS:
        return ARRAY_KINDS[kind]
    if kind == ".set":
        return _eeglab_kind(path)
    if kind == ".fif" or path.name.lower().endswith(".fif.gz"):
        return _fif_kind(path)
    if kind in RECORDING_KINDS:
        return RECORDING_KINDS[kind]
    if kind in (".eeg", ".vmrk"):
        return "part of a BrainVision recording, whose header (.vhdr) is the file to pass"
    if kind in SUFFIXES:
        return "a file of weights, or a pickle"
    return f"a file of unknown type ({kind or 'no extension'})"


def _is_fif(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower() == ".gz" or file.read(8) == _FIF_START


def _reason(error: Exception) -> str:
    """Return the message of an error if it is meant for the user and not a bug in a reader."""
    innermost = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1].f_globals["__name__"]
    meant = innermost.startswith(("mne.", "pandas.", "sincviz."))
    if not (meant and isinstance(error, ValueError | RuntimeError | OSError)):
        return ""
    return " ".join(str(error).split()).rstrip(".")


def _fif_kind(path: Path) -> str:
    if not _is_fif(path):
        return "not a FIF file, despite its extension"
    try:
        kind = mne.what(path)
    except Exception:  # the file is damaged
        return "a FIF file"
    return {"raw": RECORDING_KINDS[".fif"], "epochs": "a FIF file of epochs"}.get(
        kind, f"a FIF file ({kind})"
    )


def _eeglab_kind(path: Path) -> str:
    try:
        mne.io.read_raw(path, preload=False, verbose="error")
    except Exception:  # the file holds epochs, or is damaged
        return "an EEGLAB file (.set)"
    return RECORDING_KINDS[".set"]


def _names_beside(path: Path) -> list[str]:
    """Return the files in the same folder, and the data sets that need no file."""
    return ["eegbci", "simulated", *(one.name for one in islice(path.parent.glob("*"), 1000))]
