"""Signal statistics of each trial and channel before the network: size, flatness, similarity of channels."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray

from sincviz.analysis.filters.transfer_function import Floats
from sincviz.networks.decoder import Decoder
from sincviz.trials.epochs import EpochsOrArray, input_batches
from sincviz.trials.recording_levels import levels_of

DRIFT_BELOW_HZ = 2.0  # below every rhythm that a network is asked to find


@dataclass(frozen=True, eq=False)
class TrialSignals:
    """Trials as the network takes them, in its units and its order of channels.

    Attributes
    ----------
    peak_to_peak : array, shape (trials, channels)
        Range of the signal.
    deviation : array, shape (trials, channels)
        Standard deviation of the signal.
    fast : array, shape (trials, channels)
        Root mean square of the signal above ``DRIFT_BELOW_HZ``.
    distance : array, shape (channels, channels)
        Mean square of the difference between two channels without slow drift, every trial divided by its mean power,
        over the median of all pairs: it does not depend on the reference.
    scores : array, shape (trials, classes)
        Class scores of the network.
    subject : array, shape (trials,)
        Number of the subject, from the metadata; the same for all if it is not known.
    """

    peak_to_peak: Floats
    deviation: Floats
    fast: Floats
    distance: Floats
    scores: Floats
    subject: NDArray[np.int64]


@torch.no_grad()
def trial_signals(network: Decoder, epochs: EpochsOrArray) -> TrialSignals:
    """Measure all trials in one pass, with one batch in memory at a time.

    Raises
    ------
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> from sincviz.networks import front_end
    >>> opened = front_end(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> signals = trial_signals(opened, np.random.default_rng(0).standard_normal((10, 3, 256)))
    >>> signals.fast.shape, signals.distance.shape, signals.scores.shape
    ((10, 3), (3, 3), (10, 2))
    """
    assert network.n_chans is not None  # known with the trials
    assert network.sfreq is not None
    sizes: dict[str, list[Floats]] = {name: [] for name in ("peak_to_peak", "deviation", "fast", "scores")}
    products = np.zeros((network.n_chans, network.n_chans))
    for batch in input_batches(network, epochs):
        scores = network.scores(torch.from_numpy(batch).to(network.device))
        centred = batch - batch.mean(2, keepdims=True)
        fast = _fast_cosines(centred, network.sfreq)
        # To the average reference, which changes no distance, rounding is that of differences.
        apart = fast - fast.mean(1, keepdims=True)
        power = _mean_square(apart).mean(1)
        # A trial of many times the size of the others must not decide which channels are alike.
        weights = np.divide(1.0, power, out=np.zeros_like(power), where=power > 0)
        apart *= np.sqrt(weights, dtype=apart.dtype)[:, None, None]
        products += np.matmul(apart, apart.transpose(0, 2, 1)).sum(0, dtype=float)
        sizes["peak_to_peak"].append((batch.max(2) - batch.min(2)).astype(float))
        sizes["deviation"].append(np.sqrt(_mean_square(centred)))
        sizes["fast"].append(np.sqrt(_mean_square(fast)))
        sizes["scores"].append(scores.double().cpu().numpy())
    measures = {name: np.concatenate(values) for name, values in sizes.items()}
    return TrialSignals(
        **measures, distance=_distance(products), subject=_subject(epochs, len(measures["scores"]))
    )


def standardised(trials: Floats) -> Floats:
    """Return trials with mean 0 and standard deviation 1 of every channel in every trial; flat ones stay 0."""
    centred = trials - trials.mean(2, keepdims=True)
    size = centred.std(2, keepdims=True)
    scaled: Floats = np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)
    return scaled


def _fast_cosines(trials: Floats, sfreq: float) -> Floats:
    """Return the cosines of the trials without the slow ones, which keep all inner products over time."""
    n_slow = int(np.ceil(2 * trials.shape[2] * DRIFT_BELOW_HZ / sfreq))
    cosines: Floats = scipy.fft.dct(trials, norm="ortho")
    # Without its slow part a short trial may have nothing left.
    cosines[..., : min(n_slow, trials.shape[2] - 1)] = 0
    return cosines


def _mean_square(trials: Floats) -> Floats:
    power: Floats = np.einsum("nct,nct->nc", trials, trials).astype(float) / trials.shape[2]
    return power


def _distance(products: Floats) -> Floats:
    power = products.diagonal()
    distance: Floats = np.maximum(power[:, None] + power - 2 * products, 0)
    typical = np.median(distance[np.triu_indices(len(distance), 1)]) if len(distance) > 1 else 0.0
    return distance / typical if typical > 0 else np.full_like(distance, np.nan)


def _subject(epochs: EpochsOrArray, n_trials: int) -> NDArray[np.int64]:
    subjects = levels_of(epochs).get("subject")
    if subjects is None:
        return np.zeros(n_trials, np.int64)
    return np.unique(subjects, return_inverse=True)[1].astype(np.int64)
