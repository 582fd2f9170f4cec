"""PhysioNet's EEG Motor Movement/Imagery dataset, read with MNE."""

import operator
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from mne.datasets import eegbci as mne_eegbci

from sincviz._utils.progress import shows_progress, switched_off, tqdm
from sincviz.eeg.montages import standard_montage
from sincviz.errors import DownloadNeededError

URL = "https://physionet.org/content/eegmmidb/1.0.0/"
SUBJECTS = range(1, 110)
CLASSES_OF_RUN = {
    **dict.fromkeys((3, 4, 7, 8, 11, 12), ("left", "right")),
    **dict.fromkeys((5, 6, 9, 10, 13, 14), ("hands", "feet")),
}
FILE_SIZE_MB = 2.5
FEW_FILES = 3  # more than these deserve a progress bar


@shows_progress
def eegbci(
    subjects: int | Sequence[int],
    runs: int | Sequence[int],
    *,
    path: str | Path | None = None,
    tmin: float = 0.0,
    tmax: float = 3.99375,
    l_freq: float | None = None,
    h_freq: float | None = None,
    baseline: tuple[float | None, float | None] | None = None,
    download: bool = False,
    progress: bool = True,
) -> mne.BaseEpochs:
    """Read motor execution or imagery from the PhysioNet EEG Motor Movement/Imagery dataset.

    The recordings [1]_ [2]_ have 64 channels at 160 Hz, about 15 trials per run, and 109 subjects. Files on
    this disk are read; nothing is downloaded unless `download` allows it, and MNE's configuration is
    never changed.

    Parameters
    ----------
    subjects : int or sequence of int
        From 1 to 109. Subjects 88, 92 and 100 were recorded at 128 Hz and cannot be read together with others.
    runs : int or sequence of int
        Runs 4, 8, 12 are imagery of the left or right fist (classes ``"left"``, ``"right"``), 3, 7, 11 its
        execution; runs 6, 10, 14 are imagery of both fists or both feet (``"hands"``, ``"feet"``), 5, 9, 13
        its execution. Runs 1 and 2 are rest and have no trials.
    path : str or Path, optional
        The folder that holds ``MNE-eegbci-data``. By default the folder in MNE's configuration, else
        ``~/mne_data``.
    tmin, tmax : float
        First and last sample of an epoch in seconds after the cue. The default gives 640 samples at 160 Hz.
    l_freq, h_freq : float, optional
        Lower and upper edge in Hz of a band-pass filter on the continuous recording (``Raw.filter``). By
        default no filter: the bandwidth as recorded.
    baseline : tuple of float, optional
        As in `mne.Epochs`. By default none.
    download : bool
        Download missing files (about 2.5 MB per run).
    progress : bool
        Show a progress bar for more than three recordings.

    Returns
    -------
    epochs : mne.BaseEpochs
        Preloaded, in volts, shape ``(trials, 64, times)``, 10-05 names and positions, in the order of
        `subjects`, then `runs`. ``epochs.metadata`` has the columns ``subject`` and ``run``;
        ``epochs.metadata["subject"]`` can be used as groups.

    Raises
    ------
    TypeError
        If subjects or runs are not whole numbers.
    ValueError
        If a subject or run does not exist, is given twice or has no trials; if runs with different classes
        are mixed; if sampling rates differ.
    DownloadNeededError
        If files are missing and `download` is false.

    References
    ----------
    .. [1] Schalk, McFarland, Hinterberger, Birbaumer & Wolpaw (2004), BCI2000: a general-purpose
       brain-computer interface system, IEEE Transactions on Biomedical Engineering 51, 1034–1043.
    .. [2] Goldberger et al. (2000), PhysioBank, PhysioToolkit, and PhysioNet, Circulation 101, e215–e220.
       Dataset: https://doi.org/10.13026/C28G6P, ODC-By 1.0.

    Examples
    --------
    >>> epochs = eegbci([29, 32], [4, 8, 12], download=True)  # doctest: +SKIP
    >>> eegbci(29, [4, 6])
    Traceback (most recent call last):
        ...
    ValueError: `runs` must share their classes; got 4 (left, right), 6 (hands, feet). Read them in two calls.
    """
    subject_list = _checked_numbers("subjects", subjects, SUBJECTS)
    run_list = checked_runs(runs)
    event_id = _event_id(run_list)

    recordings = _recordings(subject_list, run_list, _folder(path), download)
    quiet = len(recordings) <= FEW_FILES
    bar = tqdm(recordings.items(), "Reading", unit="run", disable=True if quiet else switched_off())
    all_epochs: list[mne.BaseEpochs] = []
    for (subject, run), file in bar:
        raw = mne.io.read_raw_edf(file, verbose="warning")
        first_sfreq = all_epochs[0].info["sfreq"] if all_epochs else raw.info["sfreq"]
        if raw.info["sfreq"] != first_sfreq:
            raise ValueError(
                f"`subjects` must share one sampling rate; got {first_sfreq:g} Hz in subject "
                f"{subject_list[0]} and {raw.info['sfreq']:g} Hz in subject {subject}. Read them separately."
            )
        raw.load_data(verbose="warning")
        mne_eegbci.standardize(raw)
        raw.set_montage(standard_montage())
        if l_freq is not None or h_freq is not None:
            raw.filter(l_freq, h_freq, verbose="warning")
        events, _ = mne.events_from_annotations(raw, {"T1": 1, "T2": 2}, verbose="warning")
        metadata = pd.DataFrame({"subject": subject, "run": run}, index=range(len(events)))
        epochs = mne.Epochs(
            raw, events, event_id, tmin, tmax, baseline, preload=True, metadata=metadata, verbose="warning"
        )
        epochs.set_annotations(None)  # now event codes; MNE cannot concatenate annotated epochs
        all_epochs.append(epochs)
    return mne.concatenate_epochs(all_epochs, verbose="warning")


def recording_files(
    subjects: Sequence[int],
    runs: Sequence[int],
    *,
    path: str | Path | None = None,
    download: bool = False,
) -> list[Path]:
    """Return the files that :func:`eegbci` reads, in their order.

    Raises
    ------
    ValueError
        If a subject or run does not exist, or is given twice.
    DownloadNeededError
        If files are missing and `download` is false.
    """
    chosen = _checked_numbers("subjects", subjects, SUBJECTS), checked_runs(runs)
    return list(_recordings(*chosen, _folder(path), download).values())


def checked_runs(runs: int | Sequence[int]) -> list[int]:
    """Return runs as a list if the dataset has them.

    Raises
    ------
    TypeError
        If they are not whole numbers.
    ValueError
        If a run does not exist, or is given twice.

    Examples
    --------
    >>> checked_runs(range(4, 13, 4))
    [4, 8, 12]
    >>> checked_runs("4,8,12")
    Traceback (most recent call last):
        ...
    TypeError: `runs` must be a list of whole numbers; got '4,8,12'. Try runs=[4, 8, 12].
    """
    return _checked_numbers("runs", runs, range(1, 15))


def _checked_numbers(name: str, numbers: int | Sequence[int], allowed: range) -> list[int]:
    """Return the numbers as a list if all are allowed and none occurs twice."""
    try:
        listed = [operator.index(number) for number in np.atleast_1d(numbers)]
        if np.asarray(numbers).dtype == bool:
            raise TypeError
    except TypeError:
        example = [4, 8, 12] if name == "runs" else [29, 32]
        raise TypeError(
            f"`{name}` must be a list of whole numbers; got {numbers!r:.80}. Try {name}={example}."
        ) from None
    if not listed or len(set(listed)) < len(listed) or not set(listed) <= set(allowed):
        raise ValueError(
            f"`{name}` must be numbers from {allowed[0]} to {allowed[-1]}, at least one, each only once; "
            f"got {listed}. Try {allowed[3]}."
        )
    return listed


def _event_id(runs: Sequence[int]) -> dict[str, int]:
    """Return the classes that the runs share and their event codes."""
    resting = [run for run in runs if run not in CLASSES_OF_RUN]
    if resting:
        raise ValueError(
            f"`runs` must have trials; got {resting}, which are rest. Try [4, 8, 12] (imagery, left or right "
            "fist) or [6, 10, 14] (imagery, hands or feet)."
        )
    if len({CLASSES_OF_RUN[run] for run in runs}) > 1:
        listing = ", ".join(f"{run} ({', '.join(CLASSES_OF_RUN[run])})" for run in runs)
        raise ValueError(f"`runs` must share their classes; got {listing}. Read them in two calls.")
    return {name: code for code, name in enumerate(CLASSES_OF_RUN[runs[0]], start=1)}


def _folder(path: str | Path | None) -> Path:
    """Return the folder where MNE would look, without creating it."""
    default = Path("~") / "mne_data"
    folder = path or mne.get_config("MNE_DATASETS_EEGBCI_PATH") or mne.get_config("MNE_DATA") or default
    return Path(folder).expanduser()


def _recordings(
    subjects: Sequence[int], runs: Sequence[int], folder: Path, download: bool
) -> dict[tuple[int, int], Path]:
    """Return the file of every subject and run, fetched if missing and allowed."""
    files = {
        (subject, run): folder.joinpath(
            "MNE-eegbci-data",
            "files",
            "eegmmidb",
            "1.0.0",
            f"S{subject:03d}",
            f"S{subject:03d}R{run:02d}.edf",
        )
        for subject, run in product(subjects, runs)
    }
    missing = [key for key, file in files.items() if not file.is_file()]
    if missing and not download:
        by_subject = {subject: [run for other, run in missing if other == subject] for subject, _ in missing}
        listing = "; ".join(f"subject {subject} runs {runs}" for subject, runs in by_subject.items())
        raise DownloadNeededError(
            f"{len(missing)} of {len(files)} recordings are not in {folder}: {listing}. "
            f"They come from PhysioNet ({URL}), about {FILE_SIZE_MB * len(missing):.3g} MB. "
            "Pass `download=True` (`--download`) to download them, or the folder that contains MNE-eegbci-data "
            "as `path`."
        )
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
    quiet = len(missing) <= FEW_FILES
    for subject, run in tqdm(missing, "Downloading", unit="run", disable=True if quiet else switched_off()):
        mne_eegbci.load_data(subject, run, path=folder, update_path=False, verbose="warning")
    return files
