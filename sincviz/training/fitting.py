"""Training on epochs with skorch: seeded, split by group, best weights kept, cut-offs recorded."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import ArrayLike
from skorch.callbacks import Callback

from sincviz._utils.checks import positive_int
from sincviz.networks.front_ends import FrontEnd
from sincviz.networks.live_networks import is_live_network
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.networks.wrappers import unwrapped
from sincviz.opening.network import network as opened
from sincviz.opening.network import own_network
from sincviz.preparation.steps import checked_steps
from sincviz.training.classifier import EpochsClassifier
from sincviz.trials.epochs import EpochsOrArray


def fit(
    model: SincShallowNet,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    scale: float = 1e6,
    preparation: Sequence[Any] | None = None,
    max_epochs: int = 200,
    batch_size: int = 64,
    lr: float = 1e-3,
    sinc_lr: float = 0.05,
    weight_decay: float = 1e-2,
    validation: float = 0.2,
    patience: int = 40,
    seed: int = 0,
    device: str = "cpu",
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
) -> EpochsClassifier:
    """Train a copy of a network on epochs.

    Parameters
    ----------
    model : SincShallowNet
        The network to start from, also braindecode's; it is not changed.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Training trials: epochs in volts, or an array in the network's units.
    y : array, shape (trials,) | None
        Class of each trial, as names or output numbers, in any form that the analyses accept; ``None`` takes
        the names of ``epochs.event_id``.
    groups : array, shape (trials,) | None
        Group of each trial, such as the subject; no group is in both training and validation.
    scale : float
        Factor from volts to the network's units, applied to epochs and stored, never applied to arrays.
        Ignored if the network has its own.
    preparation : sequence | None
        Steps of :mod:`sincviz.preparation` that epochs go through first, in training and in every analysis of the
        trained network; stored with it, never applied to arrays. ``None`` keeps those of ``model``, which has none
        unless they were set.
    max_epochs : int
        Maximum number of training epochs (passes over the trials).
    batch_size : int
        Trials per step.
    lr : float
        Learning rate (AdamW).
    sinc_lr : float
        Learning rate of the cut-offs, which are in Hz: with ``lr`` they would hardly move.
    weight_decay : float
        Weight decay of all parameters except the cut-offs.
    validation : float
        Share of the trials (of the groups, if given) held out for early stopping; 0 trains for ``max_epochs``.
    patience : int
        Training epochs without a better validation loss before training stops.
    seed : int
        Seed of the split, the order of the trials and the dropout.
    device : str
        Device to train on.
    callbacks : sequence of skorch.callbacks.Callback
        More callbacks, such as :class:`LiveTraining`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    EpochsClassifier
        A fitted scikit-learn classifier: ``.module_`` is the trained network, in evaluation mode;
        ``.predict``, ``.predict_proba`` and ``.score`` take epochs; ``.cutoff_history_`` is a table.

    Raises
    ------
    ValueError
        If labels and network contradict each other, the trials cannot be split, or torch cannot use the device.
    EpochsError
        If the epochs do not fit the network.
    TypeError
        If ``model`` is not a SincShallowNet.
    KeyboardInterrupt
        If training is interrupted: a partly trained network is not returned.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128, num_time_filters=4)
    >>> classifier = fit(model, rng.standard_normal((20, 3, 128)), ["left", "right"] * 10, max_epochs=2,
    ...                  progress=False)
    >>> classifier.classes_.tolist()
    ['left', 'right']
    >>> len(classifier.cutoff_history_)  # 4 filters, before training and after each of 2 epochs
    12
    """
    network = unwrapped(model)
    if is_live_network(network) and isinstance(opened(model), FrontEnd):
        network = own_network(model)
    if not isinstance(network, SincShallowNet):
        raise TypeError(
            f"`model` must be a SincShallowNet of sincviz, or one of braindecode; got {type(network).__name__}. Build "
            "one: `sincviz.SincShallowNet(...)`."
        )
    template = copy.deepcopy(network)
    if preparation is not None:
        template.preparation = checked_steps(preparation)
    classifier = EpochsClassifier(
        template,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__param_groups=[("sinc_filter_layer.*", {"lr": sinc_lr, "weight_decay": 0.0})],
        optimizer__weight_decay=weight_decay,
        lr=lr,
        max_epochs=positive_int("max_epochs", max_epochs),
        batch_size=positive_int("batch_size", batch_size),
        device=_usable_device(device),
        callbacks=list(callbacks),
        validation=validation,
        patience=patience,
        scale=scale,
        seed=seed,
        progress=progress,
    )
    return classifier.fit(epochs, y, groups=groups)


def _usable_device(device: str | torch.device) -> str | torch.device:
    """Return the device if torch can use it, or say which it can."""
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        usable = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
        usable += ["mps"] if torch.backends.mps.is_available() else []
        raise ValueError(
            f"`device` must be one that torch can use here ({', '.join(usable)}); got {device!r}. Try device='cpu', "
            "or see `sincviz sys-info`."
        ) from error
    return device
