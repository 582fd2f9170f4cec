"""Class of every trial: names from ``event_id``, or output numbers of the network; of some networks a number."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sincviz.errors import EpochsError
from sincviz.networks.decoder import decoder
from sincviz.trials.epochs import EpochsOrArray, gathered, is_epochs, n_trials_of, network_input
from sincviz.trials.event_classes import likely_pairs, mapping_remedy
from sincviz.trials.label_kinds import plain_labels
from sincviz.trials.numeric_targets import Targets, are_numbers, numeric_targets

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
    """Return the output number of each label.

    Parameters
    ----------
    model : SincShallowNet | FrontEnd | classifier | torch.nn.Module
        Its ``class_names`` are matched with names; numbers are output numbers.
    labels : array, shape (trials,)
        Class names or output numbers.

    Returns
    -------
    array of int, shape (trials,)
        Output numbers.

    Raises
    ------
    ValueError
        If the network has no such class.
    """
    network = decoder(model)
    labels = plain_labels(labels, np.shape(labels)[0] if np.ndim(labels) else 0)
    names = [str(name) for name in network.class_names or []]
    n_outputs = network.n_outputs
    if np.issubdtype(labels.dtype, np.integer):
        codes = labels.astype(np.int64)
        known = (codes >= 0) & (codes < (np.inf if n_outputs is None else n_outputs))
    else:
        if not names and n_outputs is not None:
            names = [str(number) for number in range(n_outputs)]  # as results name them
        codes = np.array(
            [names.index(str(label)) if str(label) in names else -1 for label in labels.tolist()], np.int64
        )
        known = codes >= 0
    if not known.all():
        raise ValueError(
            unknown_classes(sorted(set(labels[~known].tolist())), network.class_names, n_outputs)
            + _ready_line(sorted(set(labels.tolist())), network.class_names, n_outputs)
        )
    return codes


def unknown_classes(unknown: Sequence[Any], class_names: Sequence[str] | None, n_outputs: int | None) -> str:
    """Return a message with the unknown classes and those of the network."""
    outputs = "outputs" if n_outputs is None else f"outputs 0 to {n_outputs - 1}"
    message = (
        f"The network does not have the classes {unknown}; it has {class_names or outputs}. Integers are output "
        "numbers (not event codes), other labels are names."
    )
    if not class_names and all(isinstance(label, int) for label in unknown):
        message += " If outputs are numbers, not classes, name them: see `output_names` of `sincviz.network`."
    return message


def _ready_line(labels: list[Any], class_names: Sequence[str] | None, n_outputs: int | None) -> str:
    """Return the line of code that renames the classes of `y` to those of the network, if there are as many."""
    if not all(isinstance(label, int | str) for label in labels):
        return ""  # fractions are not classes
    pairs, by_name = likely_pairs(list(map(str, class_names or [])), list(map(str, labels)))
    if pairs:
        of_label = {label: name for name, label in pairs.items()}
        mapping = {label: of_label[str(label)] for label in labels}
        order = "" if by_name else " in this order"
        return f" If they mean the same{order}, {_renaming_line(mapping)}."
    if not class_names and len(labels) == (n_outputs or len(labels)) > 1 and isinstance(labels[0], str):
        return (
            f" If they are its outputs in this order, `model = sincviz.network(model, class_names={labels})`."
        )
    if n_outputs is not None and len(labels) == n_outputs and isinstance(labels[0], int):
        outputs = dict(zip(labels, range(n_outputs), strict=True))
        return f" If they are its outputs in this order, {_renaming_line(outputs)}."
    return ""


def check_codes(codes: Targets | None, n_scores: int) -> None:
    """Raise an error if class numbers exceed the number of scores of the network; numeric targets are no classes.

    Raises
    ------
    ValueError
        If a class has no score.
    """
    if codes is not None and not are_numbers(codes) and codes.max() >= n_scores:
        raise ValueError(
            f"The class numbers go up to {codes.max()}, but the network has outputs 0 to {n_scores - 1}. Numbers "
            "in `y` are output numbers, not event codes: leave out `y`, or subtract an offset."
        )


def _renaming_line(mapping: Mapping[Any, Any]) -> str:
    """Return the line of code that replaces labels, for `y` as a list, array, column, tensor or pandas object."""
    kind = "int" if all(isinstance(label, int) for label in mapping) else "str"
    return f"`y = [{dict(mapping)}[label] for label in np.ravel(y).astype({kind}).tolist()]`"


def class_trials(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Return the same as :func:`labelled_trials` for what needs classes.

    Raises
    ------
    ValueError
        If the outputs are numbers, besides the reasons of :func:`labelled_trials`.
    """
    if decoder(model).numeric:
        raise ValueError("This compares classes, but the outputs of this network are numbers.")
    trials, codes = labelled_trials(model, epochs, y)
    return trials, np.asarray(codes, np.int64)


def true_classes(model: object, epochs: EpochsOrArray, y: ArrayLike | None = None) -> Targets | None:
    """Return the output number of the class of each trial; ``None`` for an array without labels.

    Of a network whose outputs are numbers (``numeric``), the targets, shape (trials, outputs); ``None`` without ``y``,
    for the names of events are not numbers.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that :func:`sincviz.networks.decoder.decoder` takes.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array, shape (trials,) | None
        Class of each trial, as names or output numbers; ``None`` takes ``epochs.event_id``.

    Returns
    -------
    array of int, shape (trials,), or of float, shape (trials, outputs), or None
        Output numbers, or numeric targets.

    Raises
    ------
    ValueError
        If the network has no such class, or labels and trials differ in number.
    """
    if decoder(model).numeric:
        return None if y is None else numeric_targets(y, n_trials_of(epochs), decoder(model).n_outputs)
    if y is not None:
        return class_codes(model, plain_labels(y, n_trials_of(epochs)))
    if not is_epochs(epochs):
        return None
    network, labels = decoder(model), trial_labels(epochs)
    names = [str(name) for name in network.class_names or range(network.n_outputs or 0)]
    if unknown := sorted(set(labels.tolist()) - set(names)):
        raise ValueError(_events_unlike(unknown, epochs, network.class_names, network.n_outputs))
    return class_codes(network, labels)


def _events_unlike(
    unknown: list[str], epochs: "mne.BaseEpochs", class_names: Sequence[str] | None, n_outputs: int | None
) -> str:
    """Return a message that event names differ from the classes, with the lines of code that rename them."""
    message = unknown_classes(unknown, class_names, n_outputs)
    names = class_order(epochs)
    codes = {name: int(epochs.event_id[name]) for name in names}
    if class_names is None:
        wanted = "" if n_outputs is None else f" {n_outputs} of"
        return f"{message} Pass `y`, an output number for each trial, or epochs of only{wanted} its classes."
    if remedy := mapping_remedy(class_names, codes):
        return message + remedy
    kept = [name for name in names if name in class_names]
    if kept:
        return f"{message} Keep only the trials of its classes, `epochs = epochs[{kept}]`."
    return (
        f"{message} The epochs have the events {codes}: keep those of its classes, and name them in "
        "`epochs.event_id`."
    )


def class_order(epochs: "mne.BaseEpochs") -> list[str]:
    """Return the class names in the order of their event codes, without those that have no trials."""
    present = set(epochs.events[:, 2].tolist())
    return [
        name for name, code in sorted(epochs.event_id.items(), key=lambda item: item[1]) if code in present
    ]


def labelled_trials(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None
) -> tuple[NDArray[np.floating], Targets]:
    """Return all trials as network input, and the output number of the class of each, or its numeric targets.

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
        raise ValueError(
            "`y` is missing: the outputs of this network are numbers. Pass what each should be, one per trial."
            if decoder(model).numeric
            else "`y` is missing: an array has no labels. Pass one label per trial."
        )
    return trials, codes


def classes_if_known(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None, *, needed: bool
) -> Targets | None:
    """Return the same as :func:`true_classes`; ``None`` for unknown class names if classes are not needed.

    Raises
    ------
    ValueError
        If labels were given or are needed, but do not fit.
    """
    try:
        codes = true_classes(model, epochs, y)
    except ValueError:
        if y is not None or needed:
            raise
        return None
    if codes is None and needed and decoder(model).numeric:
        raise ValueError("This needs the target of every trial, a number for each output: pass `y`.")
    if codes is None and needed:
        raise ValueError("This needs the class of every trial, which an array does not have: pass `y`.")
    return codes


def classes_known(model: object, epochs: EpochsOrArray, y: ArrayLike | None) -> NDArray[np.int64] | None:
    """Return the same as :func:`classes_if_known`, if it is known; ``None`` also where the outputs are numbers."""
    targets = classes_if_known(model, epochs, y, needed=False)
    return None if targets is None or are_numbers(targets) else np.asarray(targets, np.int64)
