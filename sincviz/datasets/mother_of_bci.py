"""Motor-imagery datasets of MOABB, the Mother of all BCI Benchmarks."""

from collections.abc import Sequence
from typing import Any

import mne

from sincviz.errors import MissingDependencyError


def moabb(
    dataset: Any,
    subjects: Sequence[int] | None = None,
    *,
    events: Sequence[str] | None = None,
    tmin: float = 0.0,
    tmax: float | None = None,
    l_freq: float | None = None,
    h_freq: float | None = None,
    sfreq: float | None = None,
    ch_names: Sequence[str] | None = None,
) -> mne.BaseEpochs:
    """Read a motor-imagery dataset of MOABB as epochs.

    MOABB downloads the recordings on first use, to the folder set in MNE's configuration.

    Parameters
    ----------
    dataset : moabb.datasets.base.BaseDataset or str
        A dataset, or the name of its class, such as ``"BNCI2014_001"``.
    subjects : sequence of int, optional
        By default all of them.
    events : sequence of str, optional
        Classes to read, such as ``["left_hand", "right_hand"]``. By default all classes of the dataset.
    tmin, tmax : float, optional
        First and last sample of an epoch, in seconds after the imagery begins. By default all of the
        imagery.
    l_freq, h_freq : float, optional
        Edges in Hz of a band-pass filter on the continuous recording. By default no filter.
    sfreq : float, optional
        Sampling rate in Hz to resample to. By default no resampling.
    ch_names : sequence of str, optional
        Channels to read. By default all of them.

    Returns
    -------
    epochs : mne.BaseEpochs
        Preloaded, in volts, classes by name in ``event_id``; ``epochs.metadata`` has the columns
        ``subject``, ``session`` and ``run``.

    Raises
    ------
    MissingDependencyError
        If MOABB is not installed.
    ValueError
        If MOABB has no dataset of this name, or the dataset has no such subject or class.

    Examples
    --------
    >>> epochs = moabb("BNCI2014_001", [1], events=["left_hand", "right_hand"])  # doctest: +SKIP
    """
    try:
        from moabb import datasets
        from moabb.paradigms import MotorImagery
    except ImportError as error:
        raise MissingDependencyError(
            "`datasets.moabb` needs MOABB. Try: pip install 'sincviz[moabb]'"
        ) from error
    if isinstance(dataset, str):
        if not hasattr(datasets, dataset):
            raise ValueError(
                f"`dataset` must be a class of moabb.datasets; got {dataset!r}. Try 'BNCI2014_001'."
            )
        dataset = getattr(datasets, dataset)()
    if dataset.paradigm != "imagery":
        raise ValueError(
            f"`dataset` must be a motor-imagery dataset; got {dataset.paradigm!r}. Try 'BNCI2014_001'."
        )
    class_names = list(dataset.event_id if events is None else events)
    subjects = list(dataset.subject_list if subjects is None else subjects)
    _check_subset("events", class_names, dataset.event_id)
    _check_subset("subjects", subjects, dataset.subject_list)
    paradigm = MotorImagery(
        len(class_names), l_freq, h_freq, class_names, tmin, tmax, channels=ch_names, resample=sfreq
    )
    epochs, labels, _ = paradigm.get_data(dataset, subjects, return_epochs=True)
    # Some versions of MOABB name the classes by their codes; the labels are names in all of them.
    code_of = dict(zip(labels, epochs.events[:, 2].tolist(), strict=True))
    epochs.event_id = {name: code_of[name] for name in class_names if name in code_of}
    return epochs


def _check_subset(name: str, wanted: Sequence[Any], known: Any) -> None:
    """Raise ValueError if an item is unknown or there is none."""
    unknown = [item for item in wanted if item not in known]
    if unknown or not wanted:
        raise ValueError(f"`{name}` must be among {list(known)}; got {list(wanted)}. Try {list(known)[:2]}.")
