"""Filter matching: which filters of separately trained networks correspond."""

import numpy as np
import pandas as pd
import scipy
import xarray as xr
from numpy.typing import NDArray

_MOST_CANDIDATES = 100
_SAME_SCORE_DIGITS = 9

Floats = NDArray[np.float64]


def match_filters(amplitude: xr.DataArray, patterns: xr.DataArray | None = None) -> xr.Dataset:
    """Match the filters of every run to those of a reference run.

    The similarity of two filters is the overlap of their amplitude responses: the cosine over frequencies. They are
    matched one to one so that the sum of overlaps is largest [1]_. The reference is the run most like the others: the
    one whose overlaps with all of them have the largest sum, so that a filter without a match counts as 0.

    Parameters
    ----------
    amplitude : xarray.DataArray, dims (run, filter, frequency)
        Amplitude responses, not in decibels; NaN where a run has fewer filters than others. The coordinate
        ``peak_hz`` (run, filter) is used if present; otherwise the peak is where the amplitude is largest.
    patterns : xarray.DataArray, dims (run, filter, depth, channel) | None
        What each unit sees, as :func:`sincviz.spatial_patterns` returns it, of the same runs and filters.

    Returns
    -------
    xarray.Dataset, dims (run, filter)
        ``filter`` numbers the filters of the reference run that pass anything.

        ``match``
            Number of the matching filter of the run, −1 for none.
        ``overlap``
            Cosine of the amplitude responses, 0 to 1, NaN where there is no match.
        ``peak_hz``
            Peak frequency of the matched filter.
        ``pattern_similarity``
            Absolute cosine of the units' patterns, averaged over the units of a filter after matching them the same
            way; NaN without patterns.

        ``attrs["reference_run"]`` is the label of the reference run, its number where runs have no labels.

    Raises
    ------
    ValueError
        If the dimensions are wrong, runs or filters differ, or no filter passes anything.

    Notes
    -----
    Of more than 100 runs, only the 100 whose summed responses are most like the mean of all can become the reference,
    so that time grows in proportion to the number of runs.

    References
    ----------
    .. [1] Crouse, D. F. (2016). On implementing 2D rectangular assignment algorithms. IEEE Transactions on Aerospace
       and Electronic Systems, 52, 1679-1696.

    Examples
    --------
    Two runs have learned the same two filters in another order.

    >>> bank = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> coords = {"run": ["one", "two"], "frequency": [0.0, 10.0, 20.0, 30.0]}
    >>> amplitude = xr.DataArray([bank, bank[::-1]], coords, ("run", "filter", "frequency"))
    >>> matching = match_filters(amplitude)
    >>> matching.match.values.tolist(), matching.overlap.min().round(6).item(), matching.attrs["reference_run"]
    ([[0, 1], [1, 0]], 1.0, 'one')
    """
    amplitude = _ordered("amplitude", amplitude, ("run", "filter", "frequency"))
    bank = _directions(amplitude.to_numpy())
    passes = np.asarray(bank.any(2))
    if not passes.any():
        raise ValueError("No filter of any run passes anything: all amplitudes are 0 or missing.")
    reference = _reference(bank, passes)
    passing = np.flatnonzero(passes[reference])
    match = np.full((len(bank), len(passing)), -1)
    overlap = np.full(match.shape, np.nan)
    for run, others in enumerate(bank):
        mine, theirs, overlaps = _assigned(bank[reference, passing], others[passes[run]])
        match[run, mine] = np.flatnonzero(passes[run])[theirs]
        overlap[run, mine] = overlaps
    similarity = np.full(match.shape, np.nan)
    if patterns is not None:
        similarity = _similarities(_checked_patterns(patterns, amplitude), reference, passing, match)
    peak_hz = np.take_along_axis(_peaks(amplitude, passes), match, 1)
    dims = ("run", "filter")
    numbers = amplitude["filter"].to_numpy()
    runs = {name: coord for name, coord in amplitude.coords.items() if coord.dims == ("run",)}
    return xr.Dataset(
        {
            "match": (dims, np.where(match >= 0, numbers[match], -1)),
            "overlap": (dims, overlap, {"units": "cosine of amplitude responses"}),
            "peak_hz": (dims, np.where(match >= 0, peak_hz, np.nan), {"units": "Hz"}),
            "pattern_similarity": (dims, similarity, {"units": "absolute cosine of patterns"}),
        },
        runs | {"filter": numbers[passing]},
        amplitude.attrs | {"reference_run": amplitude["run"].to_numpy()[reference].item()},
    )


def filter_stability(matching: xr.Dataset, amplitude: xr.DataArray) -> pd.DataFrame:
    """Summarise how similar matched filters are.

    Parameters
    ----------
    matching : xarray.Dataset
        What :func:`match_filters` returned.
    amplitude : xarray.DataArray, dims (run, filter, frequency)
        What was matched.

    Returns
    -------
    pandas.DataFrame
        One row per filter of the reference run; ``n_runs`` other runs have a match of it. ``peak_hz``,
        ``peak_low_hz`` and ``peak_high_hz`` are the median, 5th and 95th percentile of the peak over all runs. Over the
        other runs: ``overlap`` and ``pattern_similarity`` are means, ``lowest_overlap`` the smallest, ``same_number``
        the share of matches with the same number (networks start alike, so filters that hardly moved have it).
        ``chance_overlap`` is the mean overlap with all filters of the other runs, the expected overlap of a random
        match. The best of many is above it even if nothing is shared.

    Raises
    ------
    ValueError
        If the amplitudes belong to other runs.

    Examples
    --------
    >>> bank = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> coords = {"run": ["one", "two"], "frequency": [0.0, 10.0, 20.0, 30.0]}
    >>> amplitude = xr.DataArray([bank, bank[::-1]], coords, ("run", "filter", "frequency"))
    >>> table = filter_stability(match_filters(amplitude), amplitude)
    >>> table[["overlap", "chance_overlap", "same_number"]].round(6).values.tolist()
    [[1.0, 0.5, 0.0], [1.0, 0.5, 0.0]]
    """
    amplitude = _ordered("amplitude", amplitude, ("run", "filter", "frequency"))
    runs = amplitude["run"].to_numpy()
    if not np.array_equal(runs, matching["run"].to_numpy()):
        raise ValueError("`amplitude` must hold the runs that were matched, in the same order.")
    bank = _directions(amplitude.to_numpy())
    reference = int(np.flatnonzero(runs == matching.attrs["reference_run"])[0])
    numbers = matching["filter"].to_numpy()
    references = bank[reference, np.flatnonzero(np.isin(amplitude["filter"].to_numpy(), numbers))]
    other_runs = np.arange(len(runs)) != reference
    strangers = bank[other_runs]
    n_strangers = int(strangers.any(2).sum())
    others = matching.where(xr.DataArray(other_runs, dims="run"))
    matched = others["match"] >= 0
    low, middle, high = (matching["peak_hz"].quantile(share, "run").to_numpy() for share in (0.05, 0.5, 0.95))
    return pd.DataFrame(
        {
            "peak_hz": middle,
            "peak_low_hz": low,
            "peak_high_hz": high,
            "overlap": others["overlap"].mean("run").to_numpy(),
            "lowest_overlap": others["overlap"].min("run").to_numpy(),
            "chance_overlap": references @ strangers.sum((0, 1)) / n_strangers if n_strangers else np.nan,
            "same_number": (others["match"] == others["filter"]).where(matched).mean("run").to_numpy(),
            "pattern_similarity": others["pattern_similarity"].mean("run").to_numpy(),
            "n_runs": matched.sum("run").to_numpy(),
        },
        pd.Index(numbers, name="filter"),
    )


def _ordered(name: str, array: xr.DataArray, dims: tuple[str, ...]) -> xr.DataArray:
    if set(array.dims) != set(dims):
        raise ValueError(f"`{name}` must have the dimensions ({', '.join(dims)}); got {array.dims}.")
    return array.transpose(*dims)


def _checked_patterns(patterns: xr.DataArray, amplitude: xr.DataArray) -> Floats:
    patterns = _ordered("patterns", patterns, ("run", "filter", "depth", "channel"))
    for dim in ("run", "filter"):
        if not np.array_equal(patterns[dim].to_numpy(), amplitude[dim].to_numpy()):
            raise ValueError(f"`patterns` and `amplitude` must be of the same {dim}s, in the same order.")
    return _directions(patterns.to_numpy())


def _directions(vectors: Floats) -> Floats:
    """Return unit vectors; zero vectors for zeros and for vectors that are not finite."""
    vectors = np.where(np.isfinite(vectors).all(-1, keepdims=True), vectors, 0.0).astype(np.float64)
    largest = np.abs(vectors).max(-1, keepdims=True)
    scaled = vectors / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    return np.asarray(scaled / np.where(length > 0, length, 1.0))


def _assigned(filters: Floats, others: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return pairs of rows whose cosines have the largest sum, and the cosines."""
    cosines = np.clip(filters @ others.T, -1, 1)
    first, second = scipy.optimize.linear_sum_assignment(cosines, maximize=True)
    return first, second, cosines[first, second]


def _reference(bank: Floats, passes: NDArray[np.bool_]) -> int:
    """Return the number of the run whose filters are most like those of all others."""
    candidates = _candidates(bank, np.flatnonzero(passes.any(1)))
    banks = [filters[alive] for filters, alive in zip(bank, passes, strict=True)]
    scores = [
        sum(_assigned(banks[one], other)[2].sum() for number, other in enumerate(banks) if number != one)
        for one in candidates
    ]
    # Rounded, so that the order of a sum decides nothing.
    return int(candidates[int(np.round(scores, _SAME_SCORE_DIGITS).argmax())])


def _candidates(bank: Floats, alive: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(alive) <= _MOST_CANDIDATES:
        return alive
    whole = _directions(bank[alive].sum(1))
    likeness = np.round(whole @ whole.mean(0), _SAME_SCORE_DIGITS)
    return np.sort(alive[np.argsort(-likeness, kind="stable")[:_MOST_CANDIDATES]])


def _peaks(amplitude: xr.DataArray, passes: NDArray[np.bool_]) -> Floats:
    if "peak_hz" in amplitude.coords:
        given: Floats = amplitude["peak_hz"].transpose("run", "filter").to_numpy()
        return given
    highest = np.where(passes[..., None], amplitude.to_numpy(), 0.0).argmax(2)
    frequency_hz: Floats = amplitude["frequency"].to_numpy()[highest]
    return frequency_hz


def _similarities(
    patterns: Floats, reference: int, passing: NDArray[np.int64], match: NDArray[np.int64]
) -> Floats:
    """Return the mean absolute cosine of the units of each filter and its match, without patterns of zeros."""
    similarity = np.full(match.shape, np.nan)
    for run, column in zip(*np.nonzero(match >= 0), strict=True):
        ours, theirs = patterns[reference, passing[column]], patterns[run, match[run, column]]
        ours, theirs = ours[ours.any(1)], theirs[theirs.any(1)]
        if len(ours) and len(theirs):
            cosines = np.abs(ours @ theirs.T)
            similarity[run, column] = cosines[
                scipy.optimize.linear_sum_assignment(cosines, maximize=True)
            ].mean()
    return similarity
