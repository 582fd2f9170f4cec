"""Deletion curves: remove cells in the order of a ranking, and measure what that costs the network."""

import itertools
import warnings
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import scipy
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import shows_progress, switched_off, tqdm
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.evidence.band_replacement import ReplaceableTrials, replaceable_trials
from sincviz.analysis.evidence.halves import trial_halves
from sincviz.analysis.evidence.order_test import N_ORDERS, order_test
from sincviz.analysis.labels import channel_coords, decoder_origin
from sincviz.analysis.statistics.intervals import mean_intervals
from sincviz.analysis.statistics.trial_average import averaged
from sincviz.eeg.band_limits import band_ranges, in_ranges
from sincviz.eeg.sums import sum_over_bands
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import true_classes
from sincviz.trials.epochs import EpochsOrArray, some_of
from sincviz.trials.numeric_targets import Targets, are_numbers, target_levels

MOST, LEAST, RANDOM = ORDERS = ("most relevant first", "least relevant first", "random")
OTHER_HALF, GIVEN = ("the other half", "given")

MOST_REPLACEMENTS = 14_000
"""Replacing each cell alone in every trial is the slow part: more cells, fewer trials."""

LEAST_TRIALS_ALONE = 20

Ranking: TypeAlias = Callable[[object, EpochsOrArray, Any], xr.DataArray]
"""From network, trials and class numbers (or numeric targets) to a relevance, an array ([target,] band, channel)."""


@shows_progress
def deletion_curve(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    ranking: xr.DataArray | Ranking | None = None,
    groups: ArrayLike | None = None,
    tested: NDArray[np.int64] | None = None,
    n_steps: int = 12,
    n_random: int = 2,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Replace more and more (band, channel) cells with those of another trial, in the order of a relevance.

    If the relevance is right, the accuracy drops sooner if the most relevant cells are deleted first than in random
    order, and later if the least relevant are first. The area between the curves measures how much.

    An order made from the same trials that it is tested on is biased: it picks what happens to help in them, even for a
    network that has learned nothing. So the order is made on one half of the trials and tested on the other, both ways,
    unless a ready average is given.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training. They are all held in memory.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers (see :func:`sincviz.network`), what each should be, shape (trials,) or (trials, outputs).
    ranking : callable | xarray.DataArray | None
        The larger, the more relevant; averaged over classes (``target``).

        - ``None``: the contrast of :func:`sincviz.spectral_relevance` in bands from delta to gamma, made on each half.
        - A function of network, trials and class numbers that returns an array ([target,] band, channel); it is
          called with each half.
        - An array (trial, [target,] band, channel) with the relevance of every single trial, such as
          ``sum_over_bands(spectral_relevance(model, epochs, per_trial=True))``: each half is contrasted between
          the classes (averaged, without ``target``).
        - An array ([target,] band, channel) is used as it is, for all trials. The result is valid only if it was made
          from other trials.

        The bands of an array are those of its coordinates ``band_low_hz`` and ``band_high_hz``, as
        :func:`sincviz.attribution.sum_over_bands` gives them.
    groups : array, shape (trials,) | None
        Groups that the halves must not split, such as the subject or the run of each trial.
    tested : array of int | None
        Numbers of the trials to test on; the others are only used to make the order. ``None`` means all.
    n_steps : int
        Steps from nothing to everything, finer at the start.
    n_random : int
        Random orders to compare with, drawn anew for every trial.
    sfreq : float | None
        Sampling rate in Hz, if neither the network nor the epochs know it.
    seed : int
        Seed of halves, random orders and of the choice of other trials.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row per order and step: ``order`` (``"most relevant first"``, ``"least relevant first"``, ``"random"``),
        ``n_cells`` and ``share_removed``, ``accuracy`` and ``score`` (mean margin of the true class over the best
        other; of outputs that are numbers ``correlation`` and ``score`` as for :func:`sincviz.ablate`), each with
        ``_ci_low`` and ``_ci_high``, a 95 % bootstrap interval over trials. ``attrs`` hold

        - ``accuracy_area`` (of numbers ``correlation_area``) and ``score_area``, the mean over the share removed of
          random minus most relevant first, with intervals over trials; ``accuracy_area_to_least`` is least minus most
          relevant first;
        - ``shown``: ``"yes"`` if the first cells of the order cost more margin than cells in general (``p_deletion``
          < 0.05). ``"no"`` means not shown, not that the relevance is wrong; ``"could not be checked"`` means that
          with so few cells or trials no order could have been shown;
        - ``p_deletion``, the larger of ``p_orders`` (random orders that do as well, of ``n_orders``) and ``p_trials``
          (as much by chance over trials, if the network were unrelated to the classes). For these, each cell is
          replaced alone, in ``n_trials_alone`` trials, and the first 1, 2, 5, 10, 20 and a quarter of all cells are
          compared. Information that several cells share, so that any one of them suffices, escapes this test;
        - ``ranked_on``: ``"the other half"`` or ``"given"``;
        - the accuracy on the tested trials (``accuracy``, ``p`` ...), as in :func:`sincviz.evidence.accuracies`.

    Raises
    ------
    TypeError
        If the ranking is neither an array nor a function.
    ValueError
        If the ranking does not match the channels of the network or the trials, is not finite, or lacks the limits of
        its bands; classes or sampling rate are unknown; or a half lacks trials of two classes.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> x, y = np.random.default_rng(0).standard_normal((20, 3, 256)), [0, 1] * 10
    >>> curve = deletion_curve(model, x, y, progress=False)
    >>> sorted(set(curve.order))
    ['least relevant first', 'most relevant first', 'random']
    >>> curve.attrs["ranked_on"], curve.attrs["shown"] in ("yes", "no")
    ('the other half', True)
    """
    if isinstance(y, xr.DataArray | xr.Dataset) and ranking is None:
        raise TypeError("`y` must hold labels; got an xarray object. Pass a relevance as `ranking=...`.")
    if not (ranking is None or isinstance(ranking, xr.DataArray) or callable(ranking)):
        raise TypeError(
            "`ranking` must be a relevance, an array with the dimensions ([trial,] [target,] band, channel), a "
            f"function that returns one, or None; got {type(ranking).__name__}."
        )
    n_steps, n_random = positive_int("n_steps", n_steps), positive_int("n_random", n_random)
    seed = checked_seed(seed)
    network, epochs, y = analysis_inputs(model, epochs, y)
    codes = true_classes(network, epochs, y)
    if codes is None:
        raise ValueError("`y` is missing: an array has no labels. Pass one label per trial.")
    chosen = _tested(tested, len(codes))
    halves = np.zeros(len(codes), np.int64)
    ready_made = isinstance(ranking, xr.DataArray) and "trial" not in ranking.dims
    if not ready_made:
        # The tested trials are also divided evenly between the halves.
        levels = target_levels(codes)
        strata = np.unique(
            np.stack([levels, np.isin(np.arange(len(codes)), chosen)]), axis=1, return_inverse=True
        )
        halves = trial_halves(levels if groups is not None else strata[1].ravel(), groups, seed=seed)
        _check_halves(levels, halves, chosen)

    trials = replaceable_trials(
        network, some_of(epochs, chosen), codes[chosen], sfreq=sfreq, seed=seed, parts=halves[chosen]
    )
    if ready_made:
        rankings = [ranking]
    else:
        rankings = [
            _ranked_on(network, epochs, codes, ranking, np.flatnonzero(halves != half), trials.sfreq_hz)
            for half in (0, 1)
        ]
    ranked_cells = [_cells(trials, one) for one in rankings]  # type: ignore[arg-type]
    masks, orders = (
        ranked_cells[0][0],
        np.stack([np.argsort(-values, kind="stable") for _, values in ranked_cells]),
    )
    n_removed = _n_removed(len(masks), n_steps)
    share = n_removed / len(masks)
    parts = halves[chosen]
    alone = _evenly(parts, max(LEAST_TRIALS_ALONE, MOST_REPLACEMENTS // len(masks)))

    kinds, places = _places(orders, parts, n_random, seed)
    n_passes = len(kinds) * len(n_removed) + len(masks)
    with tqdm(total=n_passes, desc="Deleting", disable=bool(switched_off())) as bar:
        quantities = _measures_along(trials, masks, places, n_removed, bar)
        losses = _losses_alone(trials.some(alone), masks, bar)
    test = order_test(losses, orders, parts[alone], seed=seed)

    table = pd.concat(
        [_rows(name, kinds == name, quantities, n_removed, share, seed) for name in ORDERS], ignore_index=True
    )
    table.attrs = decoder_origin(trials.network) | trials.evidence()
    table.attrs |= {
        "ranked_on": GIVEN if ready_made else OTHER_HALF,
        "shown": test.shown,
        "p_deletion": test.p,
        "p_orders": test.p_orders,
        "p_trials": test.p_trials,
        "n_orders": N_ORDERS,
        "n_trials_alone": len(alone),
        "n_random": n_random,
        "seed": seed,
    }
    for quantity, curves in quantities.items():
        table.attrs |= _areas(quantity, scipy.integrate.trapezoid(curves, share, axis=1), kinds, seed)
    return table


def _tested(tested: NDArray[np.int64] | None, n_trials: int) -> NDArray[np.int64]:
    if tested is None:
        return np.arange(n_trials)
    numbers = np.asarray(tested)
    if numbers.ndim != 1 or not np.issubdtype(numbers.dtype, np.integer) or len(numbers) < 2:
        raise ValueError(f"`tested` must hold the numbers of two trials or more; got {tested!r}.")
    if len(np.unique(numbers)) < len(numbers) or numbers.min() < 0 or numbers.max() >= n_trials:
        raise ValueError(f"`tested` must hold different numbers from 0 to {n_trials - 1}; got {tested!r}.")
    return np.sort(numbers).astype(np.int64)


def _check_halves(codes: NDArray[np.int64], halves: NDArray[np.int64], chosen: NDArray[np.int64]) -> None:
    for half in (0, 1):
        n_classes = len(np.unique(codes[halves == half]))
        n_tested = int((halves[chosen] == half).sum())
        if n_classes < 2 or n_tested < 2:
            raise ValueError(
                "The order is made on one half of the trials and tested on the other, so each half needs trials of two "
                f"classes and two trials to test; one half has classes: {n_classes}, trials to test: {n_tested}. Pass "
                "more trials, other `groups`, or a relevance of other trials as `ranking`."
            )


def _ranked_on(
    model: object,
    epochs: EpochsOrArray,
    codes: Targets,
    ranking: xr.DataArray | Ranking | None,
    numbers: NDArray[np.int64],
    rate_hz: float,
) -> xr.DataArray:
    """Return the relevance of some of the trials."""
    if isinstance(ranking, xr.DataArray):
        return _average(ranking, codes, numbers)
    some = some_of(epochs, numbers)
    if ranking is not None:
        cells = ranking(model, some, codes[numbers])
        if not isinstance(cells, xr.DataArray):
            raise TypeError(
                "The function passed as `ranking` must return an array ([target,] band, channel); got "
                f"{type(cells).__name__}."
            )
        return cells
    with warnings.catch_warnings():
        # The order is tested here, not the sums.
        warnings.filterwarnings("ignore", "The shares of", RuntimeWarning)
        cells = spectral_relevance(model, some, codes[numbers], trials="contrast", sfreq=rate_hz)
    return _known(sum_over_bands(cells))


def _average(single: xr.DataArray, codes: Targets, numbers: NDArray[np.int64]) -> xr.DataArray:
    """Return the contrast between the classes over some of the trials; the mean if there is no ``target``."""
    if single.sizes["trial"] != len(codes):
        raise ValueError(
            f"`ranking` has {single.sizes['trial']} trials, but there are {len(codes)}: it must have one relevance per "
            "trial, in the same order."
        )
    some = single.isel(trial=numbers)
    if "target" not in single.dims:
        return some.mean("trial", keep_attrs=True)
    n_classes = single.sizes["target"]
    if not are_numbers(codes) and codes.max() >= n_classes:
        raise ValueError(
            f"`ranking` must have every class of the network as `target`; it has {n_classes}, but the classes of the "
            f"trials go up to number {codes.max()}."
        )
    return _known(averaged(some.drop_vars("trial", errors="ignore"), "contrast", codes[numbers]))


def _known(cells: xr.DataArray) -> xr.DataArray:
    """Leave out classes without trials, or with all of them: they have no contrast."""
    unknown = np.isnan(cells.transpose("target", ...).to_numpy()).reshape(cells.sizes["target"], -1)
    return cells.isel(target=np.flatnonzero(~unknown.all(1)))


def _cells(trials: ReplaceableTrials, ranking: xr.DataArray) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the mask of each cell, shape (cells, channels, frequencies), and its relevance."""
    if set(ranking.dims) - {"target"} != {"band", "channel"}:
        raise ValueError(
            f"`ranking` must have the dimensions ([trial,] [target,] band, channel); got {ranking.dims}."
        )
    if trials.network.numeric and ranking.sizes.get("target", 1) > 1:
        # Outputs may have different units.
        ranking = ranking / abs(ranking).sum(("band", "channel"))
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
            "The ranking holds values that are not finite, so it does not define what to remove first."
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
            "No frequency of these trials lies in the bands of the ranking, so nothing can be removed."
        )
    return masks[some], flat.to_numpy().ravel()[some].astype(float)


def _n_removed(n_cells: int, n_steps: int) -> NDArray[np.int64]:
    """Return how many cells are removed at each step: few at the start, where a good ranking shows."""
    shares = (np.arange(n_steps + 1) / n_steps) ** 2
    return np.unique(np.ceil(shares * n_cells).astype(np.int64))


def _evenly(parts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return numbers of at most ``most`` trials, evenly from each part."""
    rank = np.empty(len(parts), np.int64)
    for part in np.unique(parts):
        members = parts == part
        rank[members] = np.arange(members.sum())
    return np.sort(np.argsort(rank, kind="stable")[:most])


def _places(
    orders: NDArray[np.intp], parts: NDArray[np.int64], n_random: int, seed: int
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Return kinds of orders, and the position of each cell in each, shape (kinds, trials, cells)."""
    rng = np.random.default_rng(seed)
    n_cells = orders.shape[1]
    place = np.argsort(orders, axis=1)[parts]
    random = np.tile(np.arange(n_cells), (n_random, len(parts), 1))
    kinds = np.array([MOST, LEAST, *[RANDOM] * n_random])
    return kinds, np.stack([place, n_cells - 1 - place, *rng.permuted(random, axis=2)])


def _measures_along(
    trials: ReplaceableTrials,
    masks: NDArray[np.bool_],
    places: NDArray[np.int64],
    n_removed: NDArray[np.int64],
    bar: tqdm,
) -> dict[str, NDArray[np.float64]]:
    """Return how well the network does along each order, each of shape (orders, steps, trials)."""
    n_orders, n_trials, n_cells = places.shape
    # The last column is what no cell covers and stays.
    cell_of = np.where(masks.any(0), masks.argmax(0), n_cells)
    gone = np.zeros((n_trials, n_cells + 1), bool)
    whole, nothing = trials.measures(), trials.measures_without(np.logical_or.reduce(masks))
    along = {name: np.empty((n_orders, len(n_removed), n_trials)) for name in whole}
    for row in range(n_orders):
        for column, count in enumerate(n_removed):
            if count in (0, n_cells):
                here = nothing if count else whole
            else:
                gone[:, :-1] = places[row] < count
                here = trials.measures_without(gone[:, cell_of])
            for name, of_trials in here.items():
                along[name][row, column] = of_trials
            bar.update()
    return along


def _losses_alone(trials: ReplaceableTrials, masks: NDArray[np.bool_], bar: tqdm) -> NDArray[np.float64]:
    """Return the margin that each cell costs when it alone is replaced, shape (trials, cells)."""
    whole = trials.measures()["score"]
    losses = np.empty((len(whole), len(masks)))
    for cell, mask in enumerate(masks):
        losses[:, cell] = whole - trials.measures_without(mask)["score"]
        bar.update()
    return losses


def _rows(
    name: str,
    selected: NDArray[np.bool_],
    quantities: dict[str, NDArray[np.float64]],
    n_removed: NDArray[np.int64],
    share: NDArray[np.float64],
    seed: int,
) -> pd.DataFrame:
    """Return one row per step; orders of one kind are averaged in every trial first."""
    columns: dict[str, object] = {"order": name, "n_cells": n_removed, "share_removed": share}
    for quantity, curves in quantities.items():
        of_trials = curves[selected].mean(0).T
        low, high = mean_intervals(of_trials, seed=seed)
        columns |= {quantity: of_trials.mean(0), f"{quantity}_ci_low": low, f"{quantity}_ci_high": high}
    return pd.DataFrame(columns)


def _areas(
    quantity: str, under: NDArray[np.float64], kinds: NDArray[np.str_], seed: int
) -> dict[Hashable | None, Any]:
    """Return areas between curves, from the areas under them, shape (orders, trials)."""
    most = under[kinds == MOST][0]
    gap = under[kinds == RANDOM].mean(0) - most
    low, high = mean_intervals(gap[:, None], seed=seed)
    return {
        f"{quantity}_area": float(gap.mean()),
        f"{quantity}_area_ci_low": low.item(),
        f"{quantity}_area_ci_high": high.item(),
        f"{quantity}_area_to_least": float((under[kinds == LEAST][0] - most).mean()),
    }
