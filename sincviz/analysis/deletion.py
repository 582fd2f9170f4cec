"""Whether a ranking tells what the network needs: remove the cells in its order and watch the accuracy."""

import itertools
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import scipy
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from sincviz.analysis.band_replacement import ReplaceableTrials, replaceable_trials
from sincviz.analysis.intervals import mean_intervals
from sincviz.analysis.labels import channel_coords, decoder_origin
from sincviz.band_limits import band_ranges, in_ranges
from sincviz.epochs import EpochsOrArray
from sincviz.models.checks import positive_int

MOST, LEAST, RANDOM = ORDERS = ("most relevant first", "least relevant first", "random")


def deletion_curve(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    ranking: xr.DataArray | None = None,
    *,
    n_steps: int = 12,
    n_random: int = 10,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Replace more and more (band, channel) cells by those of another trial, in the order of a relevance.

    If the relevance is right, the accuracy falls sooner when the most relevant cells go first than when cells go in
    random order, and later when the least relevant go first. The area between the curves says how much.

    A contrast between the classes of the very trials that are deleted from flatters itself: its order finds what
    happens to help in them, also in a network that knows nothing. Rank on some trials, delete on others.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, best such that were not used in training. They are all held in memory.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    ranking : xarray.DataArray, dims ([target,] band, channel)
        A relevance, best a contrast between classes, averaged over ``target``; the larger, the more relevant. Its bands
        are those of its coordinates ``band_low_hz`` and ``band_high_hz``, as :func:`sincviz.group_frequencies` gives
        them.
    n_steps : int
        Steps from nothing to everything, finer at the start.
    n_random : int
        Random orders to compare with, at least 2.
    sfreq : float | None
        Sampling rate in Hz, if neither the network nor the epochs know it.
    seed : int
        Seed of random orders and of the choice of other trials.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row per order and step: ``order`` (``"most relevant first"``, ``"least relevant first"``, ``"random"``),
        ``n_cells`` and ``share_removed``, ``accuracy`` and ``score`` (mean margin of the true class over the best
        other), each with ``_low`` and ``_high``, a 95 % bootstrap interval over trials. ``attrs`` hold
        ``accuracy_area`` and ``score_area``, the mean over the share removed of random minus most relevant first, with
        intervals over trials. A single random order is luckier or less lucky than the mean of many: ``accuracy_area_p``
        is the probability that a random order reaches such an area (t-test of one value against those of the random
        orders). ``accuracy_area_to_least`` is least minus most relevant first. The same is there for the score.

    Raises
    ------
    ValueError
        If the ranking is not of this network's channels, not finite, or does not tell the limits of its bands; classes
        or rate are unknown.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet, group_frequencies, spectral_relevance
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> x, y = np.random.default_rng(0).standard_normal((10, 3, 256)), [0, 1] * 5
    >>> cells = group_frequencies(spectral_relevance(model, x, y, trials="contrast"))
    >>> curve = deletion_curve(model, x, y, cells, progress=False)
    >>> sorted(set(curve.order))
    ['least relevant first', 'most relevant first', 'random']
    """
    if isinstance(y, xr.DataArray | xr.Dataset) and ranking is None:
        raise TypeError("An array came as `y`, where labels are expected: pass it as `ranking=...`.")
    if not isinstance(ranking, xr.DataArray):
        got = "" if ranking is None else f"; got {type(ranking).__name__}"
        raise TypeError(f"`ranking` must be a relevance, an array with the dimensions (band, channel){got}.")
    n_steps, n_random = positive_int("n_steps", n_steps), positive_int("n_random", n_random, minimum=2)
    trials = replaceable_trials(model, epochs, y, sfreq=sfreq, seed=seed)
    masks, values = _cells(trials, ranking)
    orders = _orders(values, n_random, seed)
    n_removed = _n_removed(len(values), n_steps)
    kinds = np.array([kind for kind, _ in orders])

    whole = trials.margins()
    margins = np.empty((len(orders), len(n_removed), len(whole)))
    with tqdm(total=margins.shape[0] * margins.shape[1], desc="Deleting", disable=not progress) as bar:
        for row, (_, order) in enumerate(orders):
            for column, count in enumerate(n_removed):
                removed = np.logical_or.reduce(masks[order[:count]]) if count else None
                margins[row, column] = whole if removed is None else trials.margins_without(removed)
                bar.update()

    share = n_removed / len(values)
    quantities = {"accuracy": (margins > 0).astype(float), "score": margins}
    table = pd.concat(
        [_rows(name, kinds == name, quantities, n_removed, share, seed) for name in ORDERS], ignore_index=True
    )
    table.attrs = decoder_origin(trials.network) | trials.evidence() | {"n_random": n_random, "seed": seed}
    for quantity, curves in quantities.items():
        table.attrs |= _areas(quantity, scipy.integrate.trapezoid(curves, share, axis=1), kinds, seed)
    return table


def _cells(trials: ReplaceableTrials, ranking: xr.DataArray) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return where each cell lies, shape (cells, channels, frequencies), and its rank value."""
    if set(ranking.dims) - {"target"} != {"band", "channel"}:
        raise ValueError(f"`ranking` must have the dimensions ([target,] band, channel); got {ranking.dims}.")
    flat = ranking.mean("target", skipna=True) if "target" in ranking.dims else ranking
    flat = flat.transpose("band", "channel")
    names = channel_coords(trials.network, trials.trials.shape[1])["channel"]
    missing = [name for name in flat["channel"].to_numpy() if name not in names]
    if missing:
        raise ValueError(
            f"The network has no channel {', '.join(map(str, missing))}. It has {', '.join(names)}."
        )
    if not np.isfinite(flat).all():
        raise ValueError(
            "The ranking holds values that are not finite: it does not tell what to remove first."
        )
    n_times = trials.trials.shape[2]
    frequency_hz = np.fft.rfftfreq(n_times, 1 / trials.sfreq_hz)
    bands = [in_ranges(frequency_hz, ranges) for ranges in band_ranges(flat)]
    masks = np.zeros((flat.size, len(names), len(frequency_hz)), bool)
    for row, (band, channel) in enumerate(itertools.product(bands, flat["channel"].to_numpy())):
        masks[row, names.index(channel)] = band
    # A band without frequencies in it cannot be removed.
    some = masks.any((1, 2))
    if not some.any():
        raise ValueError(
            "No frequency of these trials lies in the bands of the ranking: nothing can be removed."
        )
    return masks[some], flat.to_numpy().ravel()[some].astype(float)


def _orders(values: NDArray[np.float64], n_random: int, seed: int) -> list[tuple[str, NDArray[np.intp]]]:
    most = np.argsort(-values, kind="stable")
    rng = np.random.default_rng(seed)
    return [
        (MOST, most),
        (LEAST, most[::-1]),
        *((RANDOM, rng.permutation(len(values))) for _ in range(n_random)),
    ]


def _n_removed(n_cells: int, n_steps: int) -> NDArray[np.int64]:
    """Return how many cells are gone at each step: few at the start, where a good ranking shows."""
    shares = (np.arange(n_steps + 1) / n_steps) ** 2
    return np.unique(np.ceil(shares * n_cells).astype(np.int64))


def _rows(
    name: str,
    own: NDArray[np.bool_],
    quantities: dict[str, NDArray[np.float64]],
    n_removed: NDArray[np.int64],
    share: NDArray[np.float64],
    seed: int,
) -> pd.DataFrame:
    """Return one row per step; orders of one kind are averaged in every trial first."""
    columns: dict[str, object] = {"order": name, "n_cells": n_removed, "share_removed": share}
    for quantity, curves in quantities.items():
        of_trials = curves[own].mean(0).T
        low, high = mean_intervals(of_trials, seed=seed)
        columns |= {quantity: of_trials.mean(0), f"{quantity}_low": low, f"{quantity}_high": high}
    return pd.DataFrame(columns)


def _areas(
    quantity: str, under: NDArray[np.float64], kinds: NDArray[np.str_], seed: int
) -> dict[Hashable | None, Any]:
    """Return areas between curves, from the areas under them, shape (orders, trials)."""
    random = under[kinds == RANDOM]
    gap = random.mean(0) - under[kinds == MOST][0]
    low, high = mean_intervals(gap[:, None], seed=seed)
    of_orders = random.mean(1)
    spread = of_orders.std(ddof=1) * np.sqrt(1 + 1 / len(of_orders))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = scipy.stats.t.sf(gap.mean() / spread, len(of_orders) - 1)
    return {
        f"{quantity}_area": float(gap.mean()),
        f"{quantity}_area_low": low.item(),
        f"{quantity}_area_high": high.item(),
        f"{quantity}_area_p": float(np.nan_to_num(p, nan=1.0)),
        f"{quantity}_area_to_least": float((under[kinds == LEAST][0] - under[kinds == MOST][0]).mean()),
    }
