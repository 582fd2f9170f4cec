"""Separation of classes: whether evoked responses, power or coupling separate the classes, by making these alike."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.attribution.time_frames import LEAST_SAMPLES, TimeFrames
from sincviz.analysis.labels import class_labels, decoder_origin
from sincviz.analysis.statistics.jackknife import FEWEST_GROUPS, jackknife_intervals, trial_groups
from sincviz.analysis.statistics.trial_average import averaged
from sincviz.analysis.statistics.two_classes import against
from sincviz.networks.decoder import Decoder
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import check_codes, classes_if_known
from sincviz.trials.epochs import EpochsOrArray, input_batches, sampling_rate, some_of
from sincviz.trials.numeric_targets import are_numbers

PROPERTIES = EVOKED, POWER, COUPLING, REST = (
    "evoked response",
    "power of channels",
    "coupling of channels",
    "rest of channels",
)
WINDOWS_S = (0.5, 0.1)
_LEAST_POWER = 1e-30
_AT_ONCE = 64
_N_MIXED = 4  # times that channels are taken from other trials
_NONE = -1
_WHOLE = "all"

Change = Callable[[Tensor, int], Tensor]
"""From trials of a class, and its number, to the same with something made alike."""


@shows_progress
@torch.no_grad()
def separating_properties(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    r"""Return which property of the signals separates the classes: each is made alike in all, and the scores compared.

    One after the other, each on top of those before:

    1. *evoked response*: the mean trial of each class is replaced by the mean of these means;
    2. *power of channels*: what is left of each trial is scaled so that every channel has the same power (the geometric
       mean over trials) in all classes, first at each frequency of the whole trial, then at each frequency and time, in
       windows of 0.5 and of 0.1 s, then at each sample;
    3. *coupling of channels*: each channel is taken from another trial of the same class, so that nothing relates the
       channels of a trial.

    What then still separates the classes is the *rest of channels*: their waveform, such as the shape of a rhythm, or
    how their power varies from trial to trial.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training. Twenty or more of each class: the means and powers of classes are
        estimated from them.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    sfreq : float | None
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs.
    seed : int
        Seed of the trials that channels are taken from.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame, index (target, property)
        ``separation``, by how much less the mean score of the class (of two classes the difference of the scores)
        differs between its trials and the others once this property is alike, with ``ci_low`` and ``ci_high``, its 95 %
        interval (jackknife over ten groups of consecutive trials, within classes; NaN where a class has fewer than
        eight trials), and ``share`` of the separation of unchanged trials, NaN where that may be
        zero. The separations of a target add up to that of unchanged trials. ``accuracy_without`` is the balanced
        accuracy once the properties up to this one are alike; ``attrs["accuracy"]`` that of unchanged trials.

    Raises
    ------
    TypeError
        If this is not a network.
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If the classes are not known, a class has one trial, there is one class only, or the outputs are numbers.

    Notes
    -----
    Coupling at equal power may be one of phases. But a source that several channels pick up couples them, too, and next
    to strong noise its power changes theirs less than their covariance. At lag zero the two cannot be told apart: two
    channels in phase, or in opposite phase, are also their sum and difference with other powers.

    The order matters where the score is not a sum of the three: what evoked responses and power do together counts for
    the first. The mean of n trials holds 1/n of the power of the rest, so a separation of that order is no evidence of
    an evoked response. With more channels than trials in a class, some channels are taken from the same trial.

    Examples
    --------
    >>> from torch import nn
    >>> class Coupling(nn.Module):
    ...     def forward(self, x):
    ...         product = (x[:, 0] * x[:, 1]).mean(1)
    ...         return torch.stack([product, -product], 1)
    >>> rng, y = np.random.default_rng(0), np.resize([0, 1], 80)
    >>> x = rng.standard_normal((80, 2, 200))
    >>> x[:, 1] = np.where(y[:, None] == 0, 1, -1) * x[:, 0]
    >>> table = separating_properties(Coupling(), x, y, sfreq=100)
    >>> table.share["class 0 against class 1"].idxmax()
    'coupling of channels'
    """
    network, epochs, y = analysis_inputs(model, epochs, y)
    codes = classes_if_known(network, epochs, y, needed=True)
    if codes is None or are_numbers(codes):
        raise ValueError(
            "This compares classes, but the outputs of this network are numbers. Try "
            "`sincviz.ablate(model, epochs, y)`."
        )
    codes = np.asarray(codes, np.int64)
    counts = np.bincount(codes)
    if (counts == 1).any() or (counts > 0).sum() < 2:
        raise ValueError(
            f"This compares classes, so it needs two trials or more of two or more; got {counts.tolist()}."
        )
    seed = checked_seed(seed)
    rate_hz, unit = sampling_rate(network.sfreq, epochs, sfreq)
    if unit != "Hz":
        raise ValueError(
            "The sampling rate is not known, so there are no windows of so many seconds. Pass `sfreq`."
        )
    groups = trial_groups(codes)
    n_groups = int(groups.max()) + 1
    left_out = [_NONE, *(range(n_groups) if n_groups >= FEWEST_GROUPS else ())]
    found = []
    for group in followed(left_out, "Comparing", "part"):
        kept = np.flatnonzero(groups != group)
        trials = _Trials(network, some_of(epochs, kept) if group != _NONE else epochs, codes[kept])
        scores = _scores(trials, rate_hz, seed)
        check_codes(codes, scores.shape[2])
        found.append(_separation(network, scores, codes[kept]))
        if group == _NONE:
            accuracy = [_balanced_accuracy(one, codes) for one in scores]
    return _table(network, xr.concat(found, "left_out"), accuracy, len(codes), seed)


def _scores(trials: "_Trials", rate_hz: float, seed: int) -> NDArray[np.float64]:
    """Return the scores of trials as they are, and with one property more alike each time."""
    alike = _Alike(trials, rate_hz, seed)
    return np.stack([np.mean([trials.scores(one) for one in changes], 0) for changes in alike.changes()])


class _Trials:
    """The trials of a network, class by class, changed in one way or another."""

    def __init__(self, network: Decoder, epochs: EpochsOrArray, codes: NDArray[np.int64]) -> None:
        self.network, self.codes = network, codes
        self._epochs = epochs

    def blocks(self, change: Change) -> Iterator[tuple[NDArray[np.int64], int, Tensor]]:
        """Yield numbers, class and signals of trials of one class at a time."""
        for code in np.unique(self.codes):
            members = np.flatnonzero(self.codes == code)
            done = 0
            # Of equal size, so that channels can be taken from other trials in every one.
            at_once = -(-len(members) // -(-len(members) // _AT_ONCE))
            for batch in input_batches(self.network, some_of(self._epochs, members), at_once):
                numbers = members[done : done + len(batch)]
                yield numbers, int(code), change(torch.from_numpy(batch).to(self.network.device), int(code))
                done += len(batch)

    def mean(self, change: Change, of: Callable[[Tensor], Tensor]) -> dict[int, Tensor]:
        """Return the mean of something over the trials of each class, in double precision."""
        sums: dict[int, Tensor] = {}
        for numbers, code, x in self.blocks(change):
            part = of(x).double().sum(0) / (self.codes == self.codes[numbers[0]]).sum()
            sums[code] = sums[code] + part if code in sums else part
        return sums

    def scores(self, change: Change) -> NDArray[np.float64]:
        """Return the scores of all trials, changed, shape (trials, classes)."""
        found = np.empty(0)
        for numbers, _, x in self.blocks(change):
            scores = self.network.scores(x.to(self.network.dtype)).double().cpu().numpy()
            if not found.size:
                found = np.empty((len(self.codes), scores.shape[1]))
            found[numbers] = scores
        return found


class _Alike:
    """Changes that make one property after the other alike in all classes."""

    def __init__(self, trials: _Trials, rate_hz: float, seed: int) -> None:
        self._trials, self._rate_hz, self._seed = trials, rate_hz, seed

    def changes(self) -> Iterator[Sequence[Change]]:
        """Yield what leaves trials as they are, and what makes alike one property more; of several the mean counts."""
        trials = self._trials
        yield (_unchanged,)
        means = trials.mean(_unchanged, lambda x: x)
        common = torch.stack(list(means.values())).mean(0)

        def without_evoked(x: Tensor, code: int) -> Tensor:
            # A mean of n trials takes 1/n of their power with it.
            n = np.count_nonzero(trials.codes == code)
            return (x - means[code].to(x)) * (n / (n - 1)) ** 0.5

        def and_common(change: Change) -> Change:
            return lambda x, code: change(x, code) + common.to(x)

        yield (and_common(without_evoked),)
        n_times = int(common.shape[-1])
        gains = _gains(trials.mean(without_evoked, lambda x: _log_power(torch.fft.rfft(x))))

        def equal_spectra(x: Tensor, code: int) -> Tensor:
            spectra = torch.fft.rfft(without_evoked(x, code))
            scaled: Tensor = torch.fft.irfft(spectra * gains[code].to(x), n_times)
            return scaled

        equal_power: Change = equal_spectra
        for window_s in WINDOWS_S:
            equal_power = self._equal_in_windows(equal_power, n_times, window_s)
        equal_power = self._equal_in_samples(equal_power)
        yield (and_common(equal_power),)
        rng = np.random.default_rng(self._seed)

        def apart(x: Tensor, code: int) -> Tensor:
            power_alike = equal_power(x, code)
            n_trials, n_chans = power_alike.shape[:2]
            # Every channel is moved by another number of trials, as far as there are so many.
            shifts = rng.permutation(np.resize(rng.permutation(n_trials), n_chans))
            orders = (np.arange(n_trials)[:, None] + shifts) % n_trials
            at = torch.from_numpy(orders).to(x.device)[..., None].expand_as(power_alike)
            mixed: Tensor = power_alike.gather(0, at)
            return mixed

        yield [and_common(apart)] * _N_MIXED

    def _equal_in_windows(self, before: Change, n_times: int, window_s: float) -> Change:
        """Return the change that, after another one, gives all classes the same power at each frequency and time."""
        n_window = min(n_times, max(LEAST_SAMPLES, round(window_s * self._rate_hz)))
        if n_window < LEAST_SAMPLES:
            return before
        frames = TimeFrames(n_times, n_window)
        gains = _gains(self._trials.mean(before, lambda x: _log_power(frames.analysed(x))))

        def change(x: Tensor, code: int) -> Tensor:
            return frames.synthesised(frames.analysed(before(x, code)) * gains[code].to(x))

        return change

    def _equal_in_samples(self, before: Change) -> Change:
        """Return the same for each sample, all frequencies together."""
        gains = _gains(self._trials.mean(before, lambda x: _log_power(x)))
        return lambda x, code: before(x, code) * gains[code].to(x)


def _unchanged(x: Tensor, code: int) -> Tensor:
    return x


def _log_power(coefficients: Tensor) -> Tensor:
    """Return the logarithm of power, whose mean a few large trials do not move."""
    return coefficients.abs().square().double().clamp(min=_LEAST_POWER).log()


def _gains(log_power: dict[int, Tensor]) -> dict[int, Tensor]:
    """Return by what each class is multiplied so that all have the same geometric mean of power."""
    common = torch.stack(list(log_power.values())).mean(0)
    return {code: ((common - one) / 2).exp() for code, one in log_power.items()}


def _separation(network: Decoder, scores: NDArray[np.float64], codes: NDArray[np.int64]) -> xr.DataArray:
    """Return what each property separates, and the whole, dims (target, property), of (properties, trials, classes)."""
    lost = np.concatenate([scores[:-1] - scores[1:], scores[-1:], scores[:1]])
    coords = {"target": class_labels(network, scores.shape[2]), "property": [*PROPERTIES, _WHOLE]}
    attrs = {"explain": "score", "units": "score", "trials": "contrast"}
    each = xr.DataArray(lost.transpose(1, 2, 0), coords, ("trial", "target", "property"), "separation", attrs)
    return against(averaged(each, "contrast", codes))


def _table(
    network: Decoder, found: xr.DataArray, accuracy: list[float], n_trials: int, seed: int
) -> pd.DataFrame:
    """Return the table, from dims (left_out, target, property)."""
    values = found.transpose("left_out", "target", "property").to_numpy()
    low, high = jackknife_intervals(values)
    whole = values[0, :, -1:]
    sure = np.where(np.isnan(low[:, -1:]), whole, low[:, -1:]) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(sure, values[0, :, :-1] / whole, np.nan)
    columns = {
        "separation": values[0, :, :-1],
        "ci_low": low[:, :-1],
        "ci_high": high[:, :-1],
        "share": share,
        "accuracy_without": np.broadcast_to([*accuracy[1:], np.nan], share.shape),
    }
    index = pd.MultiIndex.from_product(
        [found["target"].to_numpy(), list(PROPERTIES)], names=["target", "property"]
    )
    table = pd.DataFrame({name: column.ravel() for name, column in columns.items()}, index)
    table.attrs = decoder_origin(network) | {
        "units": found.attrs.get("units", "score"),
        "accuracy": accuracy[0],
        "n_trials": n_trials,
        "seed": seed,
    }
    return table


def _balanced_accuracy(scores: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    if scores.shape[1] < 2:
        return float("nan")
    correct = scores.argmax(1) == codes
    return float(np.mean([correct[codes == code].mean() for code in np.unique(codes)]))
