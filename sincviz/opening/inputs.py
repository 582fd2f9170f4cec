"""What every analysis begins with: a network that takes the trials, the trials, and their labels."""

from typing import Any

from numpy.typing import ArrayLike

from sincviz.errors import EpochsError
from sincviz.networks.decoder import BlackBox
from sincviz.networks.front_ends import FrontEnd, front_end
from sincviz.networks.wrappers import place_of_skipped, skipped_steps
from sincviz.opening.network import network, suited
from sincviz.trials.containers import trials_and_labels
from sincviz.trials.epochs import EpochsOrArray


def analysis_inputs(
    model: object, epochs: Any, y: ArrayLike | None = None, *, classes: bool = True
) -> tuple[FrontEnd | BlackBox, EpochsOrArray, ArrayLike | None]:
    """Return the network as analyses see it, epochs or an array, and labels.

    Parameters
    ----------
    model : object
        Anything that :func:`sincviz.network` takes.
    epochs : object
        Anything that :func:`sincviz.trials.containers.trials_and_labels` takes.
    y : array, shape (trials,) | None
        Class of each trial; ``None`` takes what the trials tell.
    classes : bool
        Whether the analysis is about classes; else their names are not asked for.

    Raises
    ------
    TypeError
        If there is no network, or there are no trials.
    EpochsError
        If steps of a pipeline would have to change the trials first.

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
    """Return what :func:`analysis_inputs` returns, of a network whose front end is known.

    Raises
    ------
    TypeError
        If its front end is unknown, or there are no trials.
    EpochsError
        If steps of a pipeline would have to change the trials first.
    """
    seen, trials, labels = _suited(front_end(network(model)), model, epochs, y, classes=classes)
    return front_end(seen), trials, labels


def with_or_without_trials(
    model: object, epochs: Any, y: ArrayLike | None = None, *, classes: bool = True
) -> tuple[FrontEnd, EpochsOrArray | None, ArrayLike | None]:
    """Return what :func:`front_end_inputs` returns, also where there are no trials."""
    if epochs is None:
        return front_end(network(model)), None, y
    return front_end_inputs(model, epochs, y, classes=classes)


def _suited(
    seen: FrontEnd | BlackBox, model: object, epochs: Any, y: ArrayLike | None, *, classes: bool
) -> tuple[FrontEnd | BlackBox, EpochsOrArray, ArrayLike | None]:
    if steps := skipped_steps(model):
        pipeline = place_of_skipped(model)
        raise EpochsError(
            f"The pipeline changes trials before its network gets them ({', '.join(steps)}), and what is read is the "
            f"network's own input. Pass the network, `{pipeline}[-1]`, and trials as it gets them: "
            f"`{pipeline}[:-1].transform(epochs)`."
        )
    trials, labels = trials_and_labels(
        epochs, y, n_times=seen.n_times, sfreq=seen.sfreq, ch_names=seen.ch_names
    )
    return suited(seen, trials, labelled=labels is not None, classes=classes), trials, labels
