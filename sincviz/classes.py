"""The class of every trial: names from ``event_id``, numbers of the network's outputs."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sincviz.decoders import decoder
from sincviz.epochs import EpochsOrArray, gathered, is_epochs, n_trials_of, network_input
from sincviz.errors import EpochsError
from sincviz.event_classes import mapping_remedy

if TYPE_CHECKING:
    import mne


def trial_labels(epochs: "mne.BaseEpochs") -> NDArray[np.str_]:
    """Return the class name of every trial, from ``event_id``.

    Raises
    ------
    EpochsError
        If two names of ``event_id`` share a code.
    """
    names = {code: name for name, code in epochs.event_id.items()}
    if len(names) < len(epochs.event_id):
        raise EpochsError(
            f"Two names of `event_id` share a code: {epochs.event_id}. Merge them, or pass `y` explicitly."
        )
    return np.array([names[code] for code in epochs.events[:, 2]], dtype=str)


def class_codes(model: object, labels: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the number of the output that each label means.

    Parameters
    ----------
    model : SincShallowNet | FrontEnd | classifier | torch.nn.Module
        Its ``class_names`` are matched with names; numbers are taken as numbers of outputs.
    labels : array, shape (trials,)
        Names of classes, or numbers of outputs.

    Returns
    -------
    array of int, shape (trials,)
        Numbers of outputs.

    Raises
    ------
    ValueError
        If the network has no such class.
    """
    network = decoder(model)
    if labels.dtype == object:  # as pandas keeps them
        labels = np.array(labels.tolist())
    if np.issubdtype(labels.dtype, np.integer):
        codes = labels.astype(np.int64)
        known = (codes >= 0) & (codes < (np.inf if network.n_outputs is None else network.n_outputs))
    else:
        names = [str(name) for name in network.class_names or []]
        codes = np.array(
            [names.index(str(label)) if str(label) in names else -1 for label in labels.tolist()], np.int64
        )
        known = codes >= 0
    if not known.all():
        outputs = "outputs" if network.n_outputs is None else f"outputs 0 to {network.n_outputs - 1}"
        raise ValueError(
            f"The network does not know the classes {sorted(set(labels[~known].tolist()))}; it has "
            f"{network.class_names or outputs}. Integers mean outputs (not event codes), other labels names."
        )
    return codes


def check_codes(codes: NDArray[np.int64] | None, n_scores: int) -> None:
    """Raise if classes are numbered beyond the scores that the network turned out to have.

    Raises
    ------
    ValueError
        If a class has no score.
    """
    if codes is not None and codes.max() >= n_scores:
        raise ValueError(
            f"The classes go up to number {codes.max()}, but the network has the outputs 0 to {n_scores - 1}. Numbers "
            "in `y` mean outputs, not event codes: leave `y` out, or subtract."
        )


def true_classes(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None = None
) -> NDArray[np.int64] | None:
    """Return the number of the output that is right for each trial; ``None`` for an array without labels.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that :func:`sincviz.decoders.decoder` takes.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.

    Returns
    -------
    array of int, shape (trials,), or None
        Numbers of outputs.

    Raises
    ------
    ValueError
        If the network has no such class, or labels and trials differ in number.
    """
    if y is None:
        return _codes_of_events(model, epochs) if is_epochs(epochs) else None
    labels = np.asarray(y)
    n_trials = n_trials_of(epochs)
    if labels.shape != (n_trials,):
        raise ValueError(
            f"`y` must have one label per trial; got the shape {labels.shape} for {n_trials} trials."
        )
    return class_codes(model, labels)


def _codes_of_events(model: object, epochs: "mne.BaseEpochs") -> NDArray[np.int64]:
    labels = trial_labels(epochs)
    try:
        return class_codes(model, labels)
    except ValueError as error:
        event_id = {name: epochs.event_id[name] for name in class_order(epochs)}
        raise ValueError(f"{error}{mapping_remedy(decoder(model).class_names or [], event_id)}") from None


def class_order(epochs: "mne.BaseEpochs") -> list[str]:
    """Return the class names in the order of their event codes, those without trials left out."""
    present = set(epochs.events[:, 2].tolist())
    return [
        name for name, code in sorted(epochs.event_id.items(), key=lambda item: item[1]) if code in present
    ]


def labelled_trials(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Return all trials as the network takes them, and the number of the output that is right for each.

    Raises
    ------
    ValueError
        If the classes are not known, or labels and trials differ in number.
    EpochsError
        If the epochs do not fit the network.
    """
    epochs = gathered(epochs)
    trials = network_input(model, epochs)
    codes = true_classes(model, epochs, y)
    if codes is None:
        raise ValueError("`y` is missing: an array does not know its labels. Pass one label per trial.")
    return trials, codes


def classes_if_known(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None, *, needed: bool
) -> NDArray[np.int64] | None:
    """Return what :func:`true_classes` returns; ``None`` for names that the network lacks, if classes are not needed.

    Raises
    ------
    ValueError
        If labels were given, or are needed, and do not fit.
    """
    try:
        codes = true_classes(model, epochs, y)
    except ValueError:
        if y is not None or needed:
            raise
        return None
    if codes is None and needed:
        raise ValueError("This needs the class of every trial, and an array does not know it: pass `y`.")
    return codes
