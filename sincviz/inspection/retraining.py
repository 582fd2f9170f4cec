"""Retraining: how accuracy and basis of a network change with preparation, and with the people it is trained on."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sincviz._utils.checks import positive_int
from sincviz._utils.progress import followed, shows_progress
from sincviz.errors import EpochsError
from sincviz.inspection.retrained_networks import reading_of
from sincviz.inspection.retrained_table import Reading, sensitivity_table
from sincviz.inspection.variations import Variation, people_in, variations_of
from sincviz.networks.ensembles import is_ensemble, members
from sincviz.opening.network import own_network
from sincviz.preparation.prepared_epochs import alignment_in
from sincviz.preparation.steps import preparation_words
from sincviz.training.fitting import fit
from sincviz.training.seeds import checked_seeds, untrained
from sincviz.trials.epochs import is_epochs, network_input, ready, warned_once
from sincviz.trials.identity import seen_in_training, trial_fingerprints

if TYPE_CHECKING:
    import mne

    from sincviz.networks.sinc_shallow import SincShallowNet

LEAST_SEEDS = 2
MOST_PASSES = 200
VALIDATION = 0.2

Follow = Callable[[Sequence[tuple[Variation, int]]], Iterable[tuple[Variation, int]]]


@dataclass(frozen=True)
class _Settings:
    """Of every training."""

    max_epochs: int
    batch_size: int
    lr: float
    validation: float


@shows_progress
def preparation_sensitivity(
    model: object,
    epochs: "mne.BaseEpochs",
    training: "mne.BaseEpochs",
    y: ArrayLike | None = None,
    *,
    seeds: int | Sequence[int] = 2,
    max_epochs: int | None = None,
    batch_size: int = 64,
    lr: float = 1e-3,
    validation: float | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Train a network anew under other preparations and without single people, and return what changes.

    Varied, one at a time: the high-pass (none, 1, 4, 8 Hz), the reference (as recorded, average), Euclidean alignment,
    and who is trained on. The network is trained anew as it is, too: this is what the others are compared with, so that
    differences are not of the training. All are read on the same trials.

    Parameters
    ----------
    model : SincShallowNet | classifier | Ensemble
        A network whose settings and preparation are taken, also braindecode's; of an ensemble, the first. Its weights
        are not used.
    epochs : mne.BaseEpochs
        Trials to read the networks on; none of them may be in ``training``.
    training : mne.BaseEpochs
        Trials to train on, of the classes that ``event_id`` names. With ``metadata["subject"]`` (or the column that the
        network's alignment names) of three people or more, each of them is left out once, ten at most.
    y : array, shape (trials,) | None
        Class of each of ``epochs``; ``None`` takes ``epochs.event_id``.
    seeds : int | sequence of int
        Number of trainings of each variation, with seeds from 0 on; or the seeds themselves. Two at least.
    max_epochs : int | None
        Passes over the trials; ``None`` takes as many as the network was trained with, or else 200.
    batch_size : int
        Trials per step.
    lr : float
        Learning rate; what is not named here is as :func:`sincviz.training.fit` has it.
    validation : float | None
        Share of the trials held out for early stopping. ``None`` holds out 0.2, and nothing if the network was trained
        without.
    progress : bool
        Show a bar over the trainings.

    Returns
    -------
    pandas.DataFrame
        One row for each variation, index ``variation``; the first is ``"as trained"``. Means over seeds:

        ``changed``
            ``"nothing"``, ``"highpass"``, ``"reference"``, ``"alignment"`` or ``"person"``.
        ``accuracy``, ``ci_low``, ``ci_high``, ``accuracy_seed_sd``
            With its 95 % interval over trials (Wilson), and its standard deviation over seeds.
        ``above_chance``
            Whether this interval lies above the share of the most frequent class.
        ``accuracy_change``, ``change_ci_low``, ``change_ci_high``, ``accuracy_changed``
            Against ``"as trained"``, with its interval over seeds and trials (see Notes), and whether that excludes 0.
        ``roc_auc``, ``roc_auc_ci_low``, ``roc_auc_ci_high``
            Area under the ROC curve with its interval over trials (DeLong), of several classes the mean of each against
            the rest.
        ``below_4_hz``, ``share_delta`` ... ``share_other``
            Share of each band in the sum of sizes of the contrast of relevance (integrated gradients of each class
            against the others) over bands of channels; ``other`` is below 1 Hz.
        ``below_4_hz_seed_sd``, ``bands_changed``
            Its standard deviation over seeds, and the bands whose share changed by more than seeds explain and by five
            points or more.
        ``region``, ``region_share``
            The region, or channel where these have no 10-5 names, with the largest share.
        ``agreement``
            Pearson's correlation of the contrasts of all cells (bands of channels) with those of the network as
            trained, mean over pairs of different seeds; of the first row between its own seeds, which is the most that
            can be expected.
        ``n_seeds``, ``n_training_trials``, ``highpass_hz``
            The last is the other edge, where that is what changed.

        ``attrs["not_varied"]`` says what was not varied, and why.

    Raises
    ------
    TypeError
        If it is not a SincShallowNet, or trials are not epochs: only epochs can be prepared.
    ValueError
        If there are fewer than two seeds, or classes do not fit.
    EpochsError
        If trials of ``epochs`` are in ``training``, or trials do not fit the network.
    KeyboardInterrupt
        If it is interrupted: nothing is returned.

    Notes
    -----
    The variance of a change is that between seeds, pooled over all variations (for shares, over those above chance),
    plus for the accuracy that of the paired differences over trials. Intervals are of Student's t with the degrees of
    freedom of the pooled variance, and hold for all variations (and bands) together (Bonferroni). With two seeds only
    large changes are found; what is not called changed may have changed. In 1000 simulated tables of nine rows without
    any difference, some accuracy was called changed in 0 to 1.7 %, and some band in 6.5 to 8.2 % with two seeds and in
    4.2 to 5.9 % with five (40 and 200 trials; shares of five points and less counted here).

    A network whose accuracy is not above chance has no basis that could be compared.

    Filters are applied to trials. In trials shorter than a filter (3.3 s at 1 Hz, 1.65 s at 4 and 8 Hz) edges are less
    steep than in recordings.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> from sincviz.datasets import simulate_motor_imagery
    >>> trials, _ = simulate_motor_imagery(60, n_chans=3, sfreq=128, duration=1.0, seed=0)
    >>> model = SincShallowNet(chs_info=trials.info["chs"], n_outputs=2, n_times=128, sfreq=128, num_time_filters=4)
    >>> table = preparation_sensitivity(model, trials[40:], trials[:40], max_epochs=1, progress=False)
    >>> list(table.index)
    ['as trained', 'high-pass at 1 Hz', 'high-pass at 4 Hz', 'high-pass at 8 Hz', 'average reference']
    """
    follow = partial(followed, words="Training", unit="network")
    return sensitivity_of(
        model, epochs, training, y, follow=follow, seeds=seeds, max_epochs=max_epochs, batch_size=batch_size, lr=lr,
        validation=validation,
    )  # fmt: skip


def sensitivity_of(
    model: object,
    epochs: "mne.BaseEpochs",
    training: "mne.BaseEpochs",
    y: ArrayLike | None,
    *,
    follow: Follow,
    seeds: int | Sequence[int] = LEAST_SEEDS,
    max_epochs: int | None = None,
    batch_size: int = 64,
    lr: float = 1e-3,
    validation: float | None = None,
) -> pd.DataFrame:
    """Return the same; ``follow`` goes through the trainings, and shows how far they are."""
    check_training_trials("epochs", epochs)
    check_training_trials("training", training)
    numbers = checked_seeds(seeds)
    if len(numbers) < LEAST_SEEDS:
        raise ValueError(
            f"`seeds` must be {LEAST_SEEDS} or more, or a change could not be told from another training; got "
            f"{len(numbers)}. Try 2."
        )
    own = own_network(_one_of(model))
    settings = _settings(own.provenance, max_epochs, batch_size, lr, validation)
    epochs, training = ready(epochs), ready(training)
    variations, not_varied = variations_of(own.preparation, training)
    trainings = [(variation, seed) for variation in variations for seed in numbers]
    readings: dict[str, list[Reading]] = {variation.words: [] for variation in variations}
    with warned_once(own, training):
        for variation, seed in follow(trainings):
            chosen = _without(training, own, variation)
            classifier = fit(
                untrained(own, seed), chosen, preparation=variation.preparation, max_epochs=settings.max_epochs,
                batch_size=settings.batch_size, lr=settings.lr, validation=settings.validation, seed=seed,
                progress=False,
            )  # fmt: skip
            if variation is variations[0] and seed == numbers[0]:
                _check_apart(classifier.module_, epochs)
            readings[variation.words].append(reading_of(classifier, epochs, y, len(chosen)))
    table = sensitivity_table(variations, readings)
    table.attrs |= {
        "preparation": preparation_words(own.preparation) or "none",
        "not_varied": not_varied,
        "max_epochs": settings.max_epochs,
        "seeds": numbers,
    }
    return table


def check_training_trials(name: str, epochs: object) -> None:
    """Raise if trials are not epochs, which alone can be prepared."""
    if not is_epochs(epochs):
        raise TypeError(
            f"`{name}` must be mne.Epochs, which can be filtered and referenced; got {type(epochs).__name__}. Try "
            "`mne.EpochsArray(x, info, event_id=...)`."
        )


def _one_of(model: object) -> object:
    """Return the first network of an ensemble, whose members differ in their seed only; any other as it is."""
    return members(model)[0] if is_ensemble(model) else model


def _settings(
    provenance: dict[str, Any], max_epochs: int | None, batch_size: int, lr: float, validation: float | None
) -> _Settings:
    """Return how to train: as the network was, as far as it says so."""
    history, curves = provenance.get("cutoff_history_hz") or (), provenance.get("learning_curves")
    passes = max(len(history) - 1, 1) if history else MOST_PASSES
    held_out = VALIDATION if not curves or "valid_loss" in curves else 0.0
    return _Settings(
        max_epochs=positive_int("max_epochs", passes if max_epochs is None else max_epochs),
        batch_size=batch_size,
        lr=lr,
        validation=held_out if validation is None else validation,
    )


def _without(training: "mne.BaseEpochs", own: "SincShallowNet", variation: Variation) -> "mne.BaseEpochs":
    if variation.left_out is None:
        return training
    people = people_in(training, own.preparation)
    assert people is not None  # the variation was made of them
    return training[np.flatnonzero(people != variation.left_out)]


def _check_apart(trained: "SincShallowNet", epochs: "mne.BaseEpochs") -> None:
    """Raise if the network was trained on some of the trials."""
    unaligned = copy.deepcopy(trained)
    if alignment_in(unaligned.preparation) is not None:
        unaligned.preparation = unaligned.preparation[:-1]
    seen = seen_in_training(trained.provenance, trial_fingerprints(network_input(unaligned, epochs)))
    if seen is not None and seen.any():
        raise EpochsError(
            f"{int(seen.sum())} of the {len(epochs)} trials to be read are among the training trials, so they cannot "
            "show how well a network decodes that was trained on these. Pass training trials without them."
        )
