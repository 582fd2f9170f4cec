"""Files of trials: epochs, arrays, a table or a continuous recording."""

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
    "Trials come as epochs of MNE (-epo.fif, `mne.Epochs.save`) or EEGLAB (.set), as a recording (.edf, .bdf, .gdf, "
    ".vhdr, .fif), or as arrays (.npz, .mat, .csv)."
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
    """Return the trials of a file: epochs, arrays, a table, or a continuous recording that is cut.

    Parameters
    ----------
    path : path-like
        Epochs of MNE (``-epo.fif``) or EEGLAB (``.set``); arrays of NumPy (``.npz``, ``.npy``) or MATLAB (``.mat``):
        one of the shape (trials, channels, times), and ``y`` with a label for each trial; a table (``.csv``,
        ``.tsv``) as ``epochs.to_data_frame()`` makes it; a recording in EDF, BDF, GDF, FIF, of BrainVision (``.vhdr``),
        EEGLAB, Neuroscan or EGI.
    classes : mapping of str to str or int | None
        Event of each class, such as ``{"left": "T1", "right": "T2"}`` or ``{"left": 769, "right": 770}``; other
        trials are left out. ``None`` keeps epochs and arrays as they are; a recording needs it.
    tmin, tmax : float | None
        First and last sample of a trial in seconds after the event, both included as in MNE; ``tmin`` is 0 for a
        recording if it is not given. Epochs are cropped.
    sfreq : float | None
        Sampling rate in Hz of arrays that do not tell it (``sfreq``, ``fs``).
    ch_names : sequence of str | None
        Names of the channels of arrays that do not tell them (``ch_names``); of a table, the columns to take.
    units : {"V", "mV", "uV"} | None
        Of arrays; ``None`` takes volts or microvolts where the values leave no doubt, and says so.

    Returns
    -------
    mne.BaseEpochs
        In volts.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    EpochsError
        If it holds no trials, or something is missing; the message says which kind of file it is.
    ValueError
        If an option is for files of another kind.
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
        raise EpochsError(f"{str(path)!r} is a folder. Name a file. {_HOW_TO_READ}")
    if not (path.is_file() or (path.is_dir() and path.suffix.lower() == ".mff")):
        raise FileNotFoundError(
            f"There is no file {str(path)!r}.{did_you_mean(path.name, _names_beside(path))} Name a file of MNE epochs "
            "(-epo.fif) or of EEGLAB (.set), a recording or arrays, or take 'eegbci' as data."
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
        raise EpochsError(f"{str(path)!r} is {kind}: no trials are read from it. {_HOW_TO_READ}")
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
    except ImportError as error:  # only MATLAB's files need more than MNE
        raise MissingDependencyError(
            "EEGLAB's files need pymatreader. Install it: pip install 'sincviz[eeglab]'"
        ) from error
    except Exception as error:  # MNE, NumPy and SciPy raise nearly anything on a damaged file
        why = _reason(error) or "it is damaged, or of another kind than its name says"
        raise EpochsError(
            f"{str(path)!r} is {kind} by its name, but cannot be read: {why}. {_HOW_TO_READ}"
        ) from error


def holds_arrays(path: str | os.PathLike[str]) -> bool:
    """Tell, by the ending of its name, a file of arrays, which may have to be told rate and channels."""
    return Path(path).suffix.lower() in ARRAY_KINDS


def _kind_of(path: Path) -> str:
    """Return what a file is, in words."""
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
        return "a part of a recording of BrainVision, whose header (.vhdr) is the file to name"
    if kind in SUFFIXES:
        return "a file of weights, or a pickle"
    return f"a file of a kind that is not known here ({kind or 'its name has no ending'})"


def _is_fif(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower() == ".gz" or file.read(8) == _FIF_START


def _reason(error: Exception) -> str:
    """Return what an error says, if it was written for whoever has the file; of a slip in a reader it is not."""
    innermost = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1].f_globals["__name__"]
    meant = innermost.startswith(("mne.", "pandas.", "sincviz."))
    if not (meant and isinstance(error, ValueError | RuntimeError | OSError)):
        return ""
    return " ".join(str(error).split()).rstrip(".")


def _fif_kind(path: Path) -> str:
    if not _is_fif(path):
        return "no FIF file, though it is named like one"
    try:
        kind = mne.what(path)
    except Exception:  # of a damaged file
        return "a FIF file"
    return {"raw": RECORDING_KINDS[".fif"], "epochs": "a FIF file of epochs"}.get(
        kind, f"a FIF file ({kind})"
    )


def _eeglab_kind(path: Path) -> str:
    try:
        mne.io.read_raw(path, preload=False, verbose="error")
    except Exception:  # of epochs, or damaged
        return "a file of EEGLAB (.set)"
    return RECORDING_KINDS[".set"]


def _names_beside(path: Path) -> list[str]:
    """Return the files in the same folder, and the data that need none."""
    return ["eegbci", "simulated", *(one.name for one in islice(path.parent.glob("*"), 1000))]
