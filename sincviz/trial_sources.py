"""Where the commands get their trials: recordings of PhysioNet, or a file of epochs."""

from pathlib import Path
from typing import TYPE_CHECKING

import mne

from sincviz.channel_names import matched_names
from sincviz.datasets import eegbci
from sincviz.epochs import gathered
from sincviz.errors import EpochsError, MissingDependencyError, warn

if TYPE_CHECKING:
    from sincviz.models.sinc_shallow import SincShallowNet


def numbers(option: str, text: str) -> list[int]:
    """Return the numbers of an option such as ``2,7,29``.

    Raises
    ------
    ValueError
        If they are no whole numbers with commas between.

    Examples
    --------
    >>> numbers("--subjects", "2,7,29")
    [2, 7, 29]
    """
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ValueError(
            f"`{option}` must be numbers with commas between; got {text!r}. Try 2,7,29."
        ) from None


def recordings(
    subjects: str, runs: str, *, path: Path | None, download: bool, progress: bool = True
) -> mne.BaseEpochs:
    """Return PhysioNet's trials of the subjects and runs that two options name.

    Raises
    ------
    ValueError
        If no subject is named, or what is named does not exist.
    DownloadNeededError
        If recordings are missing and ``download`` is false.
    """
    chosen = numbers("--subjects", subjects)
    if not chosen:
        raise ValueError("`--subjects` is missing. Try --subjects 29,32.")
    return eegbci(chosen, numbers("--runs", runs), path=path, download=download, progress=progress)


def epochs_of_file(path: Path) -> mne.BaseEpochs:
    """Return the epochs of a file of MNE (``-epo.fif``) or EEGLAB (``.set``).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    EpochsError
        If it holds no epochs that MNE can read, or none at all.
    MissingDependencyError
        If it is one of EEGLAB and pymatreader is not installed.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {str(path)!r}. Name a file of MNE epochs (-epo.fif) or of EEGLAB (.set), or "
            "take 'eegbci' as data."
        )
    try:
        if path.suffix.lower() == ".set":
            return gathered(mne.read_epochs_eeglab(path, verbose="error"))
        return gathered(mne.read_epochs(path, verbose="error"))
    except EpochsError:
        raise
    except ImportError as error:  # only MATLAB's files need more than MNE
        raise MissingDependencyError(
            "EEGLAB's files need pymatreader. Install it: pip install 'sincviz[eeglab]'"
        ) from error
    except Exception as error:  # MNE raises nearly anything on a damaged file
        raise EpochsError(f"{str(path)!r} holds no epochs that MNE can read: {error}") from error


def average_referenced(epochs: mne.BaseEpochs) -> mne.BaseEpochs:
    """Return the epochs with the mean of the channels subtracted."""
    return epochs.set_eeg_reference("average", projection=False, verbose="error")


def referenced_as_trained(epochs: mne.BaseEpochs, model: "SincShallowNet", reference: str) -> mne.BaseEpochs:
    """Return epochs with the reference that was asked for: ``"trained"``, ``"average"`` or ``"recorded"``.

    Raises
    ------
    ValueError
        If ``reference`` is none of these.
    """
    if reference not in ("trained", "average", "recorded"):
        raise ValueError(f"`--reference` must be 'trained', 'average' or 'recorded'; got {reference!r}.")
    wanted = model.provenance.get("reference") if reference == "trained" else reference
    if wanted != "average":
        return epochs
    wanted = epochs.ch_names if model.ch_names is None else model.ch_names
    found, _ = matched_names(wanted, epochs.ch_names)
    surplus = sorted(set(epochs.ch_names) - set(found.values()))
    if surplus and len(found) == len(wanted):
        # The average of the training was over the network's channels alone.
        warn(f"Channels that the network does not know are dropped: {', '.join(surplus)}.")
        epochs = epochs.copy().drop_channels(surplus)
    return average_referenced(epochs)
