"""Training with several seeds: networks that differ only in chance, and their mean as one network."""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import joblib
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from skorch.callbacks import Callback

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import followed, shows_progress
from sincviz._utils.text import listed
from sincviz.networks.ensembles import Ensemble
from sincviz.opening.network import own_network
from sincviz.training.classifier import EpochsClassifier
from sincviz.training.fitting import fit
from sincviz.trials.containers import trials_and_labels
from sincviz.trials.epochs import EpochsOrArray, gathered

if TYPE_CHECKING:
    from sincviz.networks.sinc_shallow import SincShallowNet


class SeedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Several trained classifiers as one: the mean of their scores decides. :func:`fit_many` makes it.

    Parameters
    ----------
    classifiers : sequence of EpochsClassifier
        Fitted on the same classes.

    Attributes
    ----------
    module_ : Ensemble
        The networks as one, in evaluation mode; every analysis takes it, or the classifier itself.
    classifiers_ : list of EpochsClassifier
        One for each seed.
    classes_ : array
        The labels, in the order of the network's outputs.
    """

    def __init__(self, classifiers: Sequence[EpochsClassifier]) -> None:
        self.classifiers = classifiers
        self.classifiers_ = list(classifiers)
        self.module_ = Ensemble(self.classifiers_).eval()

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels, in the order of the network's outputs."""
        return self.classifiers_[0].classes_

    def predict_proba(self, X: EpochsOrArray) -> NDArray[np.floating[Any]]:
        """Return the probability of each class, shape (trials, classes): the softmax of the mean scores."""
        return self._as_one().predict_proba(X)

    def predict(self, X: EpochsOrArray) -> NDArray[Any]:
        """Return the label of each trial."""
        return self._as_one().predict(X)

    def score(self, X: EpochsOrArray, y: ArrayLike | None = None) -> float:
        """Return the accuracy; labels come from ``event_id`` where ``y`` is not given."""
        return self._as_one().score(X, y)

    def _as_one(self) -> EpochsClassifier:
        """Return a classifier whose network is the ensemble."""
        one: Any = copy.copy(self.classifiers_[0])
        one.module_ = self.module_
        return cast(EpochsClassifier, one)


@shows_progress
def fit_many(
    model: "SincShallowNet",
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    seeds: int | Sequence[int] = 5,
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
    device: str = "cpu",
    callbacks: Sequence[Callback] = (),
    n_jobs: int | None = 1,
    progress: bool = True,
) -> SeedClassifier:
    """Train networks that differ only in their seed: initial weights, order of trials, dropout and validation split.

    What one training shows need not be what another would: see :func:`sincviz.evidence.seed_relevance`.

    Parameters
    ----------
    model : SincShallowNet
        The network, also braindecode's; it is not changed. Of its weights nothing is used: each seed draws its own.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Training trials: epochs in volts, or an array in the network's units.
    y : array, shape (trials,) | None
        Class of each trial; ``None`` takes the names of ``epochs.event_id``.
    seeds : int | sequence of int
        Number of networks, with seeds from 0 on; or the seeds themselves.
    groups : array, shape (trials,) | None
        Group of each trial, such as the subject; no group is in both training and validation.
    scale : float
        Factor from volts to the network's units, as for :func:`sincviz.training.fit`.
    preparation : sequence | None
        Steps of :mod:`sincviz.preparation` that epochs go through first, as for :func:`sincviz.training.fit`.
    max_epochs : int
        Maximum number of training epochs (passes over the trials).
    batch_size : int
        Trials per step.
    lr : float
        Learning rate (AdamW).
    sinc_lr : float
        Learning rate of the cut-offs, which are in Hz.
    weight_decay : float
        Weight decay of all parameters except the cut-offs.
    validation : float
        Share of the trials (of the groups, if given) held out for early stopping, other ones for each seed; 0 trains
        for ``max_epochs``.
    patience : int
        Training epochs without a better validation loss before training stops.
    device : str
        Device to train on.
    callbacks : sequence of skorch.callbacks.Callback
        More callbacks, copied for each seed.
    n_jobs : int | None
        Trainings at once, as in scikit-learn: -1 takes all processors.
    progress : bool
        Show a progress bar over the seeds if it takes more than two seconds.

    Returns
    -------
    SeedClassifier
        A fitted scikit-learn classifier: ``.module_`` is the :class:`sincviz.networks.Ensemble` of the networks, whose
        scores are the mean of theirs; ``.classifiers_`` has one classifier for each seed; ``.predict``,
        ``.predict_proba`` and ``.score`` take epochs. :func:`sincviz.save_checkpoint` writes it to a folder.

    Raises
    ------
    TypeError
        If ``model`` is not a SincShallowNet, or seeds are not integers.
    ValueError
        If there are no seeds or one is there twice, labels and network contradict each other, or the trials cannot be
        split.
    EpochsError
        If the epochs do not fit the network.
    KeyboardInterrupt
        If training is interrupted: nothing is returned.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> rng = np.random.default_rng(0)
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128, num_time_filters=4)
    >>> classifier = fit_many(model, rng.standard_normal((20, 3, 128)), ["left", "right"] * 10, seeds=2,
    ...                       max_epochs=2, progress=False)
    >>> len(classifier.classifiers_), classifier.module_.provenance["seeds"], classifier.classes_.tolist()
    (2, [0, 1], ['left', 'right'])
    """
    numbers_of_seeds = checked_seeds(seeds)
    own = own_network(model)
    epochs, y = trials_and_labels(epochs, y)
    epochs = gathered(epochs)
    trained = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
        joblib.delayed(fit)(
            untrained(own, seed),
            epochs,
            y,
            groups=groups,
            scale=scale,
            preparation=preparation,
            max_epochs=max_epochs,
            batch_size=batch_size,
            lr=lr,
            sinc_lr=sinc_lr,
            weight_decay=weight_decay,
            validation=validation,
            patience=patience,
            seed=seed,
            device=device,
            callbacks=copy.deepcopy(list(callbacks)),
            progress=False,
        )
        for seed in numbers_of_seeds
    )
    return SeedClassifier(list(followed(trained, "Training", "seed", len(numbers_of_seeds))))


def untrained(model: "SincShallowNet", seed: int) -> "SincShallowNet":
    """Return a network of the same settings, channels, classes and units, with weights drawn from a seed.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128)
    >>> one, same, other = (untrained(model, seed).final_layer.bias for seed in (1, 1, 2))
    >>> bool((one == same).all()), bool((one == other).any())
    (True, False)
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        fresh = type(model).from_config(model.get_config())
    first = next(model.parameters())
    fresh.to(first.device, first.dtype)
    fresh.class_names, fresh.scale, fresh.preparation = model.class_names, model.scale, model.preparation
    return fresh


def checked_seeds(seeds: object) -> list[int]:
    """Return seeds as different integers; a number of seeds means those from 0 on.

    Raises
    ------
    TypeError
        If these are not integers.
    ValueError
        If there are none, one is negative, or one is there twice.

    Examples
    --------
    >>> checked_seeds(3), checked_seeds((7, 1))
    ([0, 1, 2], [7, 1])
    """
    if isinstance(seeds, int | np.integer) and not isinstance(seeds, bool):
        if seeds < 1:
            raise ValueError(f"`seeds` must be at least 1; got {seeds}. Try 5.")
        return list(range(int(seeds)))
    if isinstance(seeds, str | bytes | bool) or not hasattr(seeds, "__iter__"):
        raise TypeError(f"`seeds` must be a number of seeds or a list of them; got {seeds!r:.80}. Try 5.")
    found = [checked_seed(seed) for seed in seeds]
    if not found:
        raise ValueError("`seeds` must hold at least one seed; got none. Try [0, 1, 2, 3, 4].")
    if len(set(found)) < len(found):
        twice = sorted({seed for seed in found if found.count(seed) > 1})
        raise ValueError(
            f"`seeds` must differ, or networks are copies of each other; got {listed(twice)} more than once. Try "
            f"{list(range(len(found)))}."
        )
    return found
