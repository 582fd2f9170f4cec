"""Evoked and induced: how much of a relevance lies in what trials of a class have in common."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.baselines import Baseline
from sincviz.analysis.attribution.convergence import TOLERANCE
from sincviz.analysis.attribution.explanation import Collector
from sincviz.analysis.attribution.input_relevance import Also, InputSetting, Sampling, Split, input_relevance
from sincviz.analysis.attribution.phase_locked_sums import NONE, PhaseLockedSums
from sincviz.analysis.attribution.spectral import over_frequencies
from sincviz.analysis.attribution.temporal import over_times
from sincviz.analysis.attribution.time_frequency import WINDOW_S, over_frequencies_and_times
from sincviz.analysis.statistics.jackknife import FEWEST_GROUPS, jackknife_intervals
from sincviz.eeg.band_limits import low_and_high_hz
from sincviz.eeg.sums import sum_over_bands
from sincviz.networks.decoder import Decoder
from sincviz.trials.epochs import EpochsOrArray
from sincviz.trials.numeric_targets import Targets, are_numbers

ALL = "all"
"""All bands together, as a row of :func:`evoked_shares`."""

_SAID = ("units", "trials", "n_trials", "baseline", "method", "explain", "weights_sha256", "sincviz_version")


@shows_progress
def evoked_and_induced(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    trials: str = "contrast",
    window_s: float = WINDOW_S,
    explain: str = "score",
    baseline: Baseline = "auto",
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
    sfreq: float | None = None,
    progress: bool = True,
) -> xr.DataArray:
    r"""Split relevance into what is phase-locked to the event and what is not.

    Relevance is a product of signal and gradient, :math:`x_i g_i` in trial :math:`i`. Its mean over the :math:`n`
    trials of a class is the product of what two different trials have in common, the evoked part
    :math:`\frac{1}{n (n - 1)} \sum_{i \ne j} x_i g_j`, plus the covariance of signal and gradient over trials, the
    induced part; a baseline that all trials share counts as induced. Both are free of bias, and they add up to the
    relevance exactly. Of a linear network everything is evoked; of a network that uses the power of a rhythm whose
    phase varies from trial to trial, everything is induced.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        As for :func:`sincviz.spectral_relevance`.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        As there; every class needs two trials.
    y : array, shape (trials,) | None
        As there.
    trials : {"contrast", "all"}
        What separates the classes, or the mean over all trials, as there. What is phase-locked is so within each class.
    window_s : float
        As for :func:`sincviz.time_frequency_relevance`.
    explain : str
        As for :func:`sincviz.spectral_relevance`; the method is integrated gradients.
    baseline : str | array, shape (channels, times)
        As there.
    n_steps : int | None
        As there.
    tolerance : float
        As there.
    sfreq : float | None
        As there.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims (target, part, channel, frequency, time)
        ``part`` is ``"evoked"`` or ``"induced"``; summed over it, this is
        :func:`sincviz.time_frequency_relevance` with the same ``trials``.

    Raises
    ------
    TypeError, MethodError, EpochsError
        As for :func:`sincviz.spectral_relevance`.
    ValueError
        If the classes are not known, a class has one trial, the targets are numbers, or as for
        :func:`sincviz.time_frequency_relevance`.

    Notes
    -----
    An evoked response whose latency varies from trial to trial is partly induced by this definition, as it is in the
    averages of such trials.

    Examples
    --------
    >>> from torch import nn
    >>> linear = nn.Sequential(nn.Flatten(), nn.Linear(2 * 100, 2))
    >>> x = np.random.default_rng(0).standard_normal((20, 2, 100))
    >>> parts = evoked_and_induced(linear, x, np.resize([0, 1], 20), sfreq=100)
    >>> parts.dims, bool(abs(parts.sel(part="induced")).max() < 1e-5)
    (('target', 'part', 'channel', 'frequency', 'time'), True)
    """
    setting = InputSetting("integrated_gradients", explain, trials, baseline, n_steps, tolerance, sfreq)
    course, sums = _summed(model, epochs, y, setting, over_frequencies_and_times(window_s))
    return sums.parts(course)


@shows_progress
def evoked_shares(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    trials: str = "contrast",
    explain: str = "score",
    baseline: Baseline = "auto",
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
    sfreq: float | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Return how much of what separates the classes is phase-locked, in all and by band, with intervals over trials.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        As for :func:`evoked_and_induced`.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        As there.
    y : array, shape (trials,) | None
        As there.
    bands : mapping of str to (float, float) | None
        Bands in Hz, of the whole trial; ``None`` means delta to gamma.
    trials, explain : str
        As for :func:`evoked_and_induced`.
    baseline : str | array, shape (channels, times)
        As there.
    n_steps : int | None
        As there.
    tolerance : float
        As there.
    sfreq : float | None
        As there.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame, index (target, band)
        The first ``band`` is ``"all"``. ``evoked`` and ``induced`` are what each part adds, all channels and times
        together, ``evoked_share`` is evoked over their sum, with ``ci_low`` and ``ci_high``, its 95 % interval
        (jackknife over ten groups of consecutive trials, within classes). Below 0 or above 1 the parts have opposite
        signs. The share is NaN where the sum is not above zero with the same confidence, and its interval where a class
        has fewer than eight trials. ``band_low_hz`` and ``band_high_hz`` are the limits of the bands.

    Raises
    ------
    TypeError, MethodError, EpochsError, ValueError
        As for :func:`evoked_and_induced`.

    Examples
    --------
    >>> from torch import nn
    >>> linear = nn.Sequential(nn.Flatten(), nn.Linear(100, 2))
    >>> y = np.resize([0, 1], 40)
    >>> x = np.random.default_rng(0).standard_normal((40, 1, 100))
    >>> x[y == 0] += 10 * linear[1].weight[0].detach().numpy() - 10 * linear[1].weight[1].detach().numpy()
    >>> evoked_shares(linear, x, y, sfreq=100).evoked_share[("class 0 against class 1", "all")].round(3).item()
    1.0
    """
    setting = InputSetting("integrated_gradients", explain, trials, baseline, n_steps, tolerance, sfreq)
    course, sums = _summed(model, epochs, y, setting, over_frequencies(), grouped=True)
    return share_table(sums, course, bands)


def phase_locked_sums(
    network: Decoder, codes: Targets | None, split: Split, trials: str, *, grouped: bool = False
) -> PhaseLockedSums:
    """Return what collects both parts.

    Raises
    ------
    ValueError
        If the classes are not known, the targets are numbers, or a class has one trial.
    """
    if codes is None:
        raise ValueError("What is phase-locked is so within each class, which is not known: pass `y`.")
    if are_numbers(codes):
        raise ValueError(
            "What is phase-locked is so within each class, but the outputs of this network are numbers. "
            "`sincviz.time_frequency_relevance(model, epochs, y, trials='contrast')` needs no classes."
        )
    return PhaseLockedSums(network, np.asarray(codes, np.int64), split, trials, grouped=grouped)


def _summed(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None,
    setting: InputSetting,
    split_of: Callable[[Sampling], Split],
    *,
    grouped: bool = False,
) -> tuple[xr.DataArray, PhaseLockedSums]:
    def collectors(network: Decoder, codes: Targets | None, sampling: Sampling) -> Sequence[Collector]:
        return (phase_locked_sums(network, codes, split_of(sampling), setting.trials, grouped=grouped),)

    also = Also(collectors)
    course = input_relevance(model, epochs, y, over_times, setting, also=also)
    (sums,) = also.kept
    assert isinstance(sums, PhaseLockedSums)
    return course, sums


def share_table(
    sums: PhaseLockedSums, like: xr.DataArray, bands: Mapping[str, tuple[float, float]] | None = None
) -> pd.DataFrame:
    """Return what :func:`evoked_shares` does, of sums over groups of trials."""
    without = [NONE, *range(sums.n_groups)] if sums.n_groups >= FEWEST_GROUPS else [NONE]
    parts_of = [sums.parts(like, group) for group in without]
    spectra = xr.concat([parts.sum("channel") for parts in parts_of], "left_out")
    of_bands = sum_over_bands(spectra, bands).transpose("left_out", "part", "target", "band")
    names = [ALL, *of_bands["band"].to_numpy()]
    whole = spectra.sum("frequency").transpose("left_out", "part", "target").to_numpy()
    parts = np.concatenate([whole[..., None], of_bands.to_numpy()], 3)
    limits_hz = np.vstack([[[np.nan, np.nan]], low_and_high_hz(of_bands)])
    evoked, induced = np.moveaxis(parts, 1, 0)
    total = evoked + induced
    with np.errstate(divide="ignore", invalid="ignore"):
        share = evoked / total
        low, high = jackknife_intervals(share)
        established = jackknife_intervals(total)[0] > 0
    sure = np.where(established | np.isnan(low), total[0] > 0, False)
    columns = {
        "evoked": evoked[0],
        "induced": induced[0],
        "evoked_share": np.where(sure, share[0], np.nan),
        "ci_low": np.where(sure, low, np.nan),
        "ci_high": np.where(sure, high, np.nan),
    }
    index = pd.MultiIndex.from_product([spectra["target"].to_numpy(), names], names=["target", "band"])
    table = pd.DataFrame({name: column.ravel() for name, column in columns.items()}, index)
    for number, name in enumerate(("band_low_hz", "band_high_hz")):
        table[name] = np.tile(limits_hz[:, number], spectra.sizes["target"])
    attrs = parts_of[0].attrs
    table.attrs = {name: attrs[name] for name in _SAID if name in attrs}
    return table
