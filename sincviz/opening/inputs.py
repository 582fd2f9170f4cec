"""Inputs of every analysis: a network that accepts the trials, the trials, and their labels."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from sincviz.errors import EpochsError, FrontEndError, warn
from sincviz.networks.channel_mixing import behind_matrix
from sincviz.networks.decoder import BlackBox
from sincviz.networks.front_ends import FrontEnd, front_end
from sincviz.networks.tracing.halves import same_scores
from sincviz.networks.wrappers import place_of_skipped, skipped_steps
from sincviz.opening.network import network, suited
from sincviz.preparation.prepared_epochs import alignment_in, size_after
from sincviz.preparation.steps import preparation_words
from sincviz.trials.containers import trials_and_labels
from sincviz.trials.epochs import (
    EpochsOrArray,
    is_epochs,
    n_trials_of,
    network_input,
    person_alignment,
    some_of,
    warned_once,
)

ALIGNED_CHANNELS = (
    "This network takes aligned trials, whose channels are mixtures of electrodes: without epochs of one person its "
    "maps, patterns and relevance are not those of the scalp. Pass `mne.Epochs` of one person."
)
N_CHECKED = 8
"""Trials on which filters that were found must make the scores of the network."""


def analysis_inputs(
    model: object, epochs: Any, y: ArrayLike | None = None, *, classes: bool = True
) -> tuple[FrontEnd | BlackBox, EpochsOrArray, ArrayLike | None]:
    """Return the network as analyses need it, epochs or an array, and labels.

    Parameters
    ----------
    model : object
        Anything that :func:`sincviz.network` takes.
    epochs : object
        Anything that :func:`sincviz.trials.containers.trials_and_labels` takes.
    y : array, shape (trials,) | None
        Class of each trial; ``None`` takes the classes of the trials. Numbers that can be no classes (see
        :func:`sincviz.network`) make the network ``numeric``.
    classes : bool
        Whether the analysis needs classes; otherwise their names are not required.

    Raises
    ------
    TypeError
        If this is not a network, or there are no trials.
    EpochsError
        If steps of a pipeline would have to transform the trials first.

    Examples
    --------
    >>> import numpy as np
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> seen, trials, labels = analysis_inputs(model, (np.zeros((2, 3, 256)), [0, 1]))
    >>> type(seen).__name__, trials.shape, labels
    ('FrontEnd', (2, 3, 256), [0, 1])
    """
    return _suited(network(model), model, epochs, y, classes=classes)


def front_end_inputs(
    model: object, epochs: Any, y: ArrayLike | None = None, *, classes: bool = True
) -> tuple[FrontEnd, EpochsOrArray, ArrayLike | None]:
    """Return the same as :func:`analysis_inputs`, for a network with a front end.

    Raises
    ------
    TypeError
        If it has no front end, or there are no trials.
    EpochsError
        If steps of a pipeline would have to transform the trials first.
    """
    seen, trials, labels = _suited(network(model), model, epochs, y, classes=classes)
    return _front_end_on(seen, trials), trials, labels


def with_or_without_trials(
    model: object, epochs: Any, y: ArrayLike | None = None, *, classes: bool = True
) -> tuple[FrontEnd, EpochsOrArray | None, ArrayLike | None]:
    """Return the same as :func:`front_end_inputs`, also if there are no trials."""
    if epochs is None:
        return _of_weights(model), None, y
    return front_end_inputs(model, epochs, y, classes=classes)


def network_inputs(
    model: object, epochs: Any, y: ArrayLike | None = None
) -> tuple[FrontEnd | BlackBox, EpochsOrArray | None, ArrayLike | None]:
    """Return the network with its front end where it has one, trials if there are any, and labels.

    Raises
    ------
    TypeError
        If this is not a network, or there is neither a front end nor trials.
    EpochsError
        If steps of a pipeline would have to transform the trials first, or the sampling rate is not known.
    """
    if epochs is None:
        return _of_weights(model), None, y
    seen, trials, labels = _suited(network(model), model, epochs, y, classes=True)
    if seen.sfreq is None:
        raise EpochsError(
            "The sampling rate is known neither from the network nor from the trials, and frequencies are in Hz. Set "
            "it: `model = sincviz.network(model, sfreq=250)`, with the rate of the trials."
        )
    try:
        return _front_end_on(seen, trials), trials, labels
    except FrontEndError:
        return seen, trials, labels


def _of_weights(model: object) -> FrontEnd:
    """Return the front end of a network without trials, with a warning if these would be aligned."""
    seen = front_end(network(model))
    if alignment_in(seen.preparation) is not None:
        warn(ALIGNED_CHANNELS)
    return seen


def _suited(
    seen: FrontEnd | BlackBox, model: object, epochs: Any, y: ArrayLike | None, *, classes: bool
) -> tuple[FrontEnd | BlackBox, EpochsOrArray, ArrayLike | None]:
    if steps := skipped_steps(model):
        pipeline = place_of_skipped(model)
        raise EpochsError(
            f"The pipeline transforms trials before they reach its network ({', '.join(steps)}), but analyses need the "
            f"network's own input. Pass the network, `{pipeline}[-1]`, and the transformed trials: "
            f"`{pipeline}[:-1].transform(epochs)`."
        )
    trials, labels = trials_and_labels(
        epochs, y, n_times=seen.n_times, sfreq=seen.sfreq, ch_names=seen.ch_names
    )
    seen = suited(seen, trials, y=labels, classes=classes)
    if isinstance(seen, BlackBox) and None in (seen.n_chans, seen.n_times):
        n_chans, n_times = _size(seen, trials)
        seen = replace(seen, n_chans=seen.n_chans or n_chans, n_times=seen.n_times or n_times)
    return _at_electrodes(seen, trials), trials, labels


def _at_electrodes(seen: FrontEnd | BlackBox, trials: EpochsOrArray) -> FrontEnd | BlackBox:
    """Return the network with the alignment of these trials folded in, so that it is read at their electrodes."""
    if alignment_in(seen.preparation) is None:
        return seen
    if not is_epochs(trials):
        warn(ALIGNED_CHANNELS)
        return seen
    with warned_once(seen, trials):
        matrix = torch.from_numpy(person_alignment(seen, trials))
    # What is left is done to the trials; the alignment is part of the network from here on.
    done = {"alignment": preparation_words(seen.preparation[-1:])}
    return replace(
        behind_matrix(seen, matrix),
        preparation=seen.preparation[:-1],
        provenance={**seen.provenance, **done},
    )


def _front_end_on(seen: FrontEnd | BlackBox, trials: EpochsOrArray) -> FrontEnd:
    """Return the front end of a network, checked on some of the trials if it was found by tracing."""
    found = front_end(seen)
    if isinstance(seen, FrontEnd):
        return found
    try:
        numbers = np.unique(np.linspace(0, n_trials_of(trials) - 1, N_CHECKED, dtype=np.int64))
        x = torch.from_numpy(network_input(seen, some_of(trials, numbers))).to(seen.device)
    except EpochsError:  # which is said where all trials are read
        return found
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        expected = seen.scores(x)
        try:
            same = same_scores(found.scores(x), expected)
        except RuntimeError:  # another way through the network
            same = False
    if not same:
        reason = "on these trials its filters, and what follows them, do not make its scores"
        raise FrontEndError(f"sincviz does not know the front end of {seen.kind}: {reason}.", reason)
    return found


def _size(seen: FrontEnd | BlackBox, trials: EpochsOrArray) -> tuple[int | None, int | None]:
    """Return the numbers of channels and samples of trials, as far as they can be right."""
    if is_epochs(trials):
        # Only some of the channels may be meant.
        return None, size_after(seen.preparation, len(trials.times), float(trials.info["sfreq"]))[0]
    return np.shape(trials)[1:] if np.ndim(trials) == 3 else (None, None)
