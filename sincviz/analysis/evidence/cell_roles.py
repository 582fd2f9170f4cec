"""Cell roles: which cells are used, informative, both or neither, from the relevance of single trials."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.evidence import cell_information as information
from sincviz.analysis.evidence.cell_information import CellParts, cell_information
from sincviz.analysis.evidence.cell_use import UNUSED_SHARE, USED_SHARE, spreads, used_words
from sincviz.analysis.evidence.target_trials import N_FOLDS, target_trials
from sincviz.analysis.statistics.established import ALPHA, corrected_p
from sincviz.analysis.statistics.intervals import LEVEL, bootstrap_intervals, codes_of_targets
from sincviz.analysis.statistics.numeric_contrast import is_of_numbers
from sincviz.analysis.statistics.two_classes import first_minus_second
from sincviz.eeg.band_limits import band_ranges, in_ranges
from sincviz.eeg.role_words import NOT_SHOWN, SUPPRESSOR, USED_AND_INFORMATIVE, role_of
from sincviz.eeg.sums import WINDOW_LIMITS


def roles_of(
    shares: xr.DataArray,
    signals: NDArray[np.floating],
    rate_hz: float,
    *,
    pattern: xr.DataArray | None = None,
    permuted_codes: NDArray[np.int64] | None = None,
    strata: NDArray[np.int64] | None = None,
    units: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Return the roles of cells whose relevance is known for every trial.

    Parameters
    ----------
    shares : xarray.DataArray, dims (trial, target, band, channel) or (trial, target, channel, time)
        Relevance of every trial and class, with the coordinate ``class_name`` and the limits of the bands or windows.
    signals : array, shape (trials, channels, times)
        The same trials, as the network takes them.
    rate_hz : float
        Their sampling rate.
    pattern : xarray.DataArray | None
        Pattern relevance of every trial, in the same cells; ``None``: it is NaN.
    permuted_codes, strata
        As for :func:`sincviz.statistics.corrected_p`.
    units : array of int, shape (trials,) | None
        Trials that folds must not split, such as windows that share signal.
    seed : int
        Seed of resamples and permutations.

    Returns
    -------
    xarray.Dataset
        As :func:`sincviz.evidence.roles` returns it.

    Raises
    ------
    ValueError
        If the targets are numbers, the classes are unknown, or signals and shares differ in trials or channels.
    """
    if is_of_numbers(shares):
        raise ValueError(
            "`roles` compares classes, but the outputs of this network are numbers. Try "
            "`band_power_contrast` for what single cells tell of a number, and `relevance(..., trials='contrast')`."
        )
    in_time = "time" in shares.dims
    if (len(signals), signals.shape[1]) != (shares.sizes["trial"], shares.sizes["channel"]):
        raise ValueError(
            f"`signals` must hold the trials and channels of `shares`, {shares.sizes['trial']} and "
            f"{shares.sizes['channel']}; got {len(signals)} and {signals.shape[1]}. Pass those that were explained."
        )
    average = bootstrap_intervals(shares, trials="contrast", seed=seed, progress=False)
    p = corrected_p(
        shares, trials="contrast", permuted_codes=permuted_codes, strata=strata, seed=seed, progress=False
    )
    single = first_minus_second(shares)
    trials = target_trials(
        codes_of_targets(single), single.sizes["target"], permuted_codes, strata, units, seed
    )
    if in_time:
        times_s = _times_s(shares, signals.shape[2], rate_hz)
        low, high = (shares[name].to_numpy()[:, None] for name in WINDOW_LIMITS)
        parts = CellParts.of_windows(signals, (times_s >= low) & (times_s < high))
    else:
        frequency_hz = np.fft.rfftfreq(signals.shape[2], 1 / rate_hz)
        covered = np.array([in_ranges(frequency_hz, ranges) for ranges in band_ranges(shares)])
        parts = CellParts.of_bands(signals, covered)
    told = cell_information(parts, trials, ("target", "time" if in_time else "band", "channel"))
    dims = average.dims
    told = told.transpose(*dims)

    spread = spreads(single.to_numpy(), trials.members)
    used = used_words(average, p.to_numpy(), spread)
    found: dict[str, Any] = {"relevance": average.drop_vars(["ci_low", "ci_high"])}
    found |= {f"relevance_{end}": (dims, average[end].to_numpy()) for end in ("ci_low", "ci_high")}
    found |= {"p_used": (dims, p.to_numpy())}
    found |= {f"spread{end}": (dims, of) for end, of in zip(("", "_ci_low", "_ci_high"), spread, strict=True)}
    found |= {"used": (dims, used)}
    found |= {str(name): (dims, of.to_numpy()) for name, of in told.items()}
    if not in_time:
        found |= _pattern(pattern, average, seed)
    found |= {"role": (dims, _roles(used, told["informative"].to_numpy()))}
    result = xr.Dataset(found)
    result["relevance"].attrs = {
        name: average.attrs[name] for name in average.attrs if name in ("units", "interval")
    }
    settings: dict[Hashable, Any] = {name: of for name, of in average.attrs.items() if name != "interval"}
    result.attrs = settings | _settings(p, trials.permuted.shape[1])
    return result


def _times_s(shares: xr.DataArray, n_times: int, rate_hz: float) -> NDArray[np.float64]:
    # Windows begin at a sample; half a sample of tolerance keeps rounding from moving one to its neighbour.
    start_s = float(shares[WINDOW_LIMITS[0]].to_numpy().min())
    return np.asarray(start_s + (np.arange(n_times) + 1e-6) / rate_hz)


def _roles(used: NDArray[np.str_], informative: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the role of every cell; nothing is suppressed where nothing is used and informative."""
    role: NDArray[np.str_] = np.vectorize(role_of, otypes=[object])(used, informative).astype(str)
    for of_target in role:
        if not (of_target == USED_AND_INFORMATIVE).any():
            of_target[of_target == SUPPRESSOR] = NOT_SHOWN
    return role


def _pattern(pattern: xr.DataArray | None, average: xr.DataArray, seed: int) -> dict[str, Any]:
    if pattern is None:
        nothing = np.full(average.shape, np.nan)
        return {f"pattern{end}": (average.dims, nothing) for end in ("", "_ci_low", "_ci_high")}
    found = bootstrap_intervals(pattern, trials="contrast", seed=seed, progress=False).transpose(
        *average.dims
    )
    values = (found, found["ci_low"], found["ci_high"])
    return {
        f"pattern{end}": (average.dims, of.to_numpy())
        for end, of in zip(("", "_ci_low", "_ci_high"), values, strict=True)
    }


def _settings(p: xr.DataArray, n_informative: int) -> dict[Hashable, Any]:
    return {
        "alpha": ALPHA,
        "interval": f"{LEVEL:.0%}",
        "used_share": USED_SHARE,
        "unused_share": UNUSED_SHARE,
        "open_level": information.OPEN_LEVEL,
        "power_excluded": information.POWER_EXCLUDED,
        "evoked_excluded": information.EVOKED_EXCLUDED,
        "least_of_class": information.LEAST_OF_CLASS,
        "power_margin": information.POWER_MARGIN,
        "evoked_margin": information.EVOKED_MARGIN,
        "n_folds": N_FOLDS,
        "n_permutations": p.attrs["n_permutations"],
        "n_permutations_informative": n_informative,
        "corrected_for": p.attrs["corrected_for"],
    }
