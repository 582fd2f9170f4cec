"""Checks for artefacts: relevance at the places and frequencies of eyes, muscles, line noise and drifts."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import scipy.stats
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.text import joined
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.doctor.line_noise import LEAST_CHANNELS, RHYTHMS_BELOW_HZ, stands_out
from sincviz.analysis.doctor.scalp_checks import HIGH_HZ, MUSCLES_FROM_HZ, dense_share
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.statistics.intervals import codes_of_targets
from sincviz.eeg.head_regions import head_regions
from sincviz.eeg.positions import AXES

DRIFT_HZ = 1.0  # sweat, cables and what a short kernel lets through
SLOW_HZ = 4.0  # blinks and saccades are slower
MAINS_HZ = (50.0, 60.0)
LINE_WIDTH_HZ = 1.0
LOWEST_LINE_HZ = 5.0
TIMES_BESIDE_LINE = 3.0  # of the relevance beside it, where the trials have a line
TIMES_BESIDE_PEAK = 10.0  # where only the relevance tells
MOST_CLASSES = 4
ESTABLISHED_P = 0.01
LEAST_SHARE = 0.1  # what is smaller does not change how a decision is to be read
LEAST_TOTAL = 0.1  # of the positive parts: a smaller sum cannot be shared out
LARGE_TOTAL = 0.5  # of the positive parts: a smaller sum makes shares too large
MOST_UNPLACED = 0.25

EYES, MUSCLES, LINES, DRIFTS = ARTEFACTS = ("eye movements", "muscles", "line noise", "drifts")
_EDGES_HZ = (0.0, DRIFT_HZ, SLOW_HZ, 8.0, 13.0, MUSCLES_FROM_HZ, HIGH_HZ)


def relevance_findings(
    spectrum: xr.DataArray, power: xr.DataArray | None = None, single: xr.DataArray | None = None
) -> list[Finding]:
    """Return findings of suspected artefacts in a relevance of frequencies and channels.

    Electrodes are placed by their positions, whatever their names; by their names if positions are missing.

    Parameters
    ----------
    spectrum : xarray.DataArray, dims (target, channel, frequency)
        What :func:`sincviz.spectral_relevance` returned for the network's classes, preferably a contrast;
        frequencies in Hz.
    power : xarray.DataArray, dims (channel, frequency), or None
        What `line_noise.power_spectrum` returned for the same trials, to distinguish lines from
        rhythms; ``None`` judges by how narrow the relevance is.
    single : xarray.DataArray, dims (trial, target, band, channel), or None
        Relevance of the same trials one by one, of the bands delta to gamma and ``other``, with the coordinate
        ``class_name``. With it, eyes, muscles and drifts are suspected only where the relevance exceeds chance
        (Welch's test between the trials of a class and the others, p < 0.01).

    Returns
    -------
    list of Finding
        Warnings ``relevance_eyes``, ``relevance_muscles``, ``relevance_drift``, ``relevance_mains`` (a line at 50 or
        60 Hz or a multiple) and ``relevance_line`` (at another frequency), only if a tenth or more of the relevance for
        a class comes from there. Shares are of the sum for the class; if the sum is less than half of its positive
        parts, they are of these, and the finding says so. A note ``artefacts_not_checked`` says what could not be
        checked, and why.

    Examples
    --------
    >>> values = np.zeros((1, 3, 40))
    >>> values[0, 0, 2], values[0, 1, 10] = 3, 7
    >>> spectrum = xr.DataArray(values, {"target": ["left"], "channel": ["Fp1", "C3", "C4"],
    ...                         "frequency": np.arange(40.0)}, ("target", "channel", "frequency"))
    >>> [finding.check for finding in relevance_findings(spectrum)]
    ['relevance_eyes']
    """
    spectrum = with_known_classes(spectrum).transpose("target", "channel", "frequency")
    regions = _regions(spectrum)
    cells = _with_established(_cells(spectrum, _lines(spectrum, power)), regions, single)
    findings = [
        *_eyes(cells, regions),
        *_muscles(cells, regions),
        *_drift(cells),
        *_narrow(cells),
    ]
    return [*findings, *_unchecked(_reasons(spectrum, regions))]


def not_checked(spectrum: xr.DataArray) -> dict[str, str]:
    """Return which artefacts a relevance of frequencies and channels cannot be checked for, and why.

    Parameters
    ----------
    spectrum : xarray.DataArray, dims (target, channel, frequency)
        As for :func:`relevance_findings`.

    Returns
    -------
    dict of str to str
        Out of ``"eye movements"``, ``"muscles"``, ``"line noise"`` and ``"drifts"``, each with the reason; empty if all
        can be checked.

    Examples
    --------
    >>> values = np.ones((1, 2, 80))
    >>> spectrum = xr.DataArray(values, {"target": ["left"], "channel": ["C3", "C4"], "frequency": np.arange(80.0)},
    ...                         ("target", "channel", "frequency"))
    >>> not_checked(spectrum)
    {'eye movements': 'no channel lies beside the eyes', 'muscles': 'no channel lies at the edge of the scalp'}
    """
    spectrum = with_known_classes(spectrum).transpose("target", "channel", "frequency")
    return _reasons(spectrum, _regions(spectrum))


def places_without_electrode(spectrum: xr.DataArray) -> list[str]:
    """Return the places near muscles, of forehead, temples and neck, where no electrode lies.

    Examples
    --------
    >>> channels = ["Fp1", "Fp2", "T7", "T8", "C3", "C4", "O1", "O2"]
    >>> values = xr.DataArray(np.ones(8), {"channel": channels}, ("channel",))
    >>> places_without_electrode(values)
    ['neck']
    """
    regions = _regions(spectrum)
    return [place for place in ("forehead", "temples", "neck") if not regions[place].any()]


def of_established_classes(spectrum: xr.DataArray, leading: pd.DataFrame | None) -> xr.DataArray:
    """Return the classes whose total relevance is above zero: a total of zero has no shares.

    Parameters
    ----------
    spectrum : xarray.DataArray, dims (target, ...)
        Relevance of classes.
    leading : pandas.DataFrame | None
        What :func:`sincviz.analysis.attribution.leading.leading_bands` returned for them, with ``total_ci_low``;
        ``None`` returns all.

    Examples
    --------
    >>> spectrum = xr.DataArray([1.0, 2.0], {"target": ["left", "right"]}, ("target",))
    >>> rows = pd.MultiIndex.from_tuples([("left", "alpha"), ("right", "alpha")], names=["target", "band"])
    >>> of_established_classes(spectrum, pd.DataFrame({"total_ci_low": [0.5, -0.1]}, rows)).target.values.tolist()
    ['left']
    """
    if leading is None:
        return spectrum
    above = leading["total_ci_low"].groupby(level="target").first() > 0
    return spectrum.sel(
        target=[name for name in spectrum["target"].to_numpy() if above.get(str(name), False)]
    )


def placed_by_name(spectrum: xr.DataArray) -> bool:
    """Return whether electrodes had to be placed by their names, because positions are missing."""
    return bool((_regions(spectrum)["placed_by"] == "name").any())


def _eyes(cells: xr.DataArray, regions: pd.DataFrame) -> Iterator[Finding]:
    remedy = (
        "Compare with the EOG, or remove eye movements (`mne.preprocessing.ICA`) or frequencies below "
        f"{SLOW_HZ:g} Hz, and see whether the accuracy drops."
    )
    slow = (cells["low_hz"] < SLOW_HZ).to_numpy()
    where = f"Below {SLOW_HZ:g} Hz beside the eyes"
    findings = _in_region(
        cells, regions, "eyes", [slow], [where], check="eyes", suspect="eye movements", remedy=remedy
    )
    yield from findings
    if not findings:
        yield from _lateral_eyes(cells, regions, slow, where, remedy)


def _lateral_eyes(
    cells: xr.DataArray, regions: pd.DataFrame, slow: NDArray[np.bool_], where: str, remedy: str
) -> Iterator[Finding]:
    """Report relevance beside the two eyes that cancels, as lateral eye movements can cause."""
    eyes = regions["eyes"].to_numpy()
    left, right = (eyes & (regions["side"] == side).to_numpy() for side in ("left", "right"))
    if not left.any() or not right.any() or eyes.all():
        return
    values = cells.to_numpy()
    slow_parts = [values[:, channels][:, :, slow].sum((1, 2)) for channels in (left, right, ~eyes)]
    at_left, at_right, elsewhere = slow_parts
    everything = sum(abs(values[:, channels].sum(1)).sum(1) for channels in (left, right, ~eyes))
    both = abs(at_left) + abs(at_right)
    dense = both > dense_share(eyes.mean()) * (both + abs(elsewhere))
    cancels = (at_left * at_right < 0) & (
        np.minimum(abs(at_left), abs(at_right)) >= LEAST_SHARE / 2 * everything
    )
    shares = {
        target: float(size / whole)
        for target, size, whole, suspect in zip(
            cells["target"].to_numpy(), both, everything, dense & cancels & _shareable(cells), strict=True
        )
        if suspect and size >= LEAST_SHARE * whole
    }
    shares = _established(shares, cells, "sides")
    if shares:
        yield Finding(
            "relevance_eyes",
            "warning",
            f"{where}, for the class on one side and against it on the other: "
            f"{_worded(shares, 'absolute relevance')}; "
            "suspect lateral eye movements.",
            f"Share of the sum of absolute relevance, in {eyes.mean():.0%} of the channels; most at "
            f"{_strongest(abs(cells.sel(target=list(shares))), eyes, slow)}{_by_name(regions)}.",
            remedy,
        )


def _muscles(cells: xr.DataArray, regions: pd.DataFrame) -> Iterator[Finding]:
    lowest = (MUSCLES_FROM_HZ, HIGH_HZ)
    yield from _in_region(
        cells,
        regions,
        "edge",
        [(cells["low_hz"] >= low_hz).to_numpy() for low_hz in lowest],
        [f"From {low_hz:g} Hz upwards at the edge of the scalp" for low_hz in lowest],
        check="muscles",
        suspect="muscle activity",
        remedy="Compare with the EMG, or low-pass filter at "
        f"{MUSCLES_FROM_HZ:g} Hz, and see whether the accuracy drops.",
    )


def _drift(cells: xr.DataArray) -> Iterator[Finding]:
    everywhere = np.ones(cells.sizes["channel"], dtype=bool)
    slow = (cells["low_hz"] < DRIFT_HZ).to_numpy()
    shares, kind = _shares(cells, everywhere, slow)
    shares = _established(shares, cells, "drift")
    if shares:
        yield Finding(
            "relevance_drift",
            "warning",
            f"Below {DRIFT_HZ:g} Hz: {_worded(shares, kind)}; suspect drifts, sweat or eye movements.",
            f"Share of the {kind}; most at {_strongest(cells.sel(target=list(shares)), everywhere, slow)}.",
            "High-pass filter the recording at 1 Hz or more, train again, and see whether the accuracy drops.",
        )


def _narrow(cells: xr.DataArray) -> Iterator[Finding]:
    everywhere = np.ones(cells.sizes["channel"], dtype=bool)
    for number, line_hz in enumerate(cells["line_hz"].to_numpy()):
        if np.isnan(line_hz):
            continue
        here = np.arange(cells.sizes["piece"]) == number
        shares, kind = _shares(cells, everywhere, here)
        if not shares:
            continue
        label, is_mains = _line_label(line_hz)
        evidence = f"Share of the {kind} in a narrow line there; most at " + (
            f"{_strongest(cells.sel(target=list(shares)), everywhere, here)}."
        )
        if is_mains:
            yield Finding(
                "relevance_mains",
                "warning",
                f"At {label} Hz: {_worded(shares, kind)}; suspect line noise.",
                evidence,
                f"Notch filter the recording at {label} Hz, train again, and see whether the accuracy drops.",
            )
        else:
            yield Finding(
                "relevance_line",
                "warning",
                f"In a narrow line at {label} Hz: {_worded(shares, kind)}; suspect interference.",
                evidence,
                f"If no stimulus was presented at {label} Hz, look for an interfering device, notch "
                f"filter the recording at {label} Hz, train again, and see whether the accuracy drops.",
            )


def _with_established(
    cells: xr.DataArray, regions: pd.DataFrame, single: xr.DataArray | None
) -> xr.DataArray:
    """Add for each class whether its relevance in a region exceeds chance."""
    eyes, slow = regions["eyes"].to_numpy(), ["other", "delta"]
    places = {
        "eyes": [(eyes, slow)],
        "edge": [(regions["edge"].to_numpy(), ["beta", "gamma"])],
        "drift": [(np.ones(len(eyes), dtype=bool), ["other"])],
        "sides": [(eyes & (regions["side"] == side).to_numpy(), slow) for side in ("left", "right")],
    }
    for name, selections in places.items():
        sure = np.ones(cells.sizes["target"], dtype=bool)
        for channels, bands in selections:
            if single is None:
                continue
            values = single.sel(band=bands).isel(channel=channels).sum(("band", "channel"), skipna=False)
            p = _p_of_contrast(values).sel(target=cells["target"].to_numpy())
            sure &= p.to_numpy() < ESTABLISHED_P
        cells = cells.assign_coords({f"sure_{name}": ("target", sure)})
    return cells


def _p_of_contrast(values: xr.DataArray) -> xr.DataArray:
    """Return p of Welch's test of the trials of each class against the others."""
    codes = codes_of_targets(values)
    columns = values.transpose("trial", "target").to_numpy().T
    p = np.ones(len(columns))
    for code, column in enumerate(columns):
        of_class, others = column[codes == code], column[codes != code]
        if min(len(of_class), len(others)) < 2 or np.ptp(column) == 0:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            p[code] = scipy.stats.ttest_ind_from_stats(
                of_class.mean(),
                of_class.std(ddof=1),
                len(of_class),
                others.mean(),
                others.std(ddof=1),
                len(others),
                equal_var=False,
            ).pvalue
    return xr.DataArray(p, {"target": values["target"].to_numpy()}, ("target",))


def _established(shares: dict[str, float], cells: xr.DataArray, name: str) -> dict[str, float]:
    sure = dict(zip(cells["target"].to_numpy(), cells[f"sure_{name}"].to_numpy(), strict=True))
    return {target: share for target, share in shares.items() if sure[target]}


def _reasons(spectrum: xr.DataArray, regions: pd.DataFrame) -> dict[str, str]:
    if not spectrum.sizes["target"]:
        return dict.fromkeys(
            ARTEFACTS, "no class has a total relevance that these trials show to be above zero"
        )
    if not _shareable(_cells(spectrum, [])).any():
        return dict.fromkeys(
            ARTEFACTS,
            "relevance for and against each class cancels, so there are no shares",
        )
    unplaced = (regions["placed_by"] == "").to_numpy()
    reasons = {}
    for artefact, column, where in (
        (EYES, "eyes", "beside the eyes"),
        (MUSCLES, "edge", "at the edge of the scalp"),
    ):
        flags = regions[column].to_numpy()
        if unplaced.all():
            reasons[artefact] = "no channel has a position or a name of the 10-05 system"
        elif unplaced.mean() > MOST_UNPLACED:
            reasons[artefact] = (
                f"{unplaced.sum()} of {len(unplaced)} channels have neither a position nor a name of the 10-05 "
                "system"
            )
        elif not flags.any():
            reasons[artefact] = f"no channel lies {where}"
        elif flags.all():
            reasons[artefact] = f"all channels lie {where}, so there is nothing to compare them with"
    if spectrum["frequency"].max() < HIGH_HZ:
        reasons[MUSCLES] = f"the trials have no frequencies above {float(spectrum['frequency'].max()):g} Hz"
    return reasons


def _unchecked(reasons: dict[str, str]) -> Iterator[Finding]:
    if not reasons:
        return
    kinds = list(reasons)
    named = joined(kinds)
    evidence = "; ".join(
        f"{' and '.join(kind for kind in kinds if reasons[kind] == reason)}: {reason}"
        for reason in dict.fromkeys(reasons.values())
    )
    remedy = (
        "Set the positions of the cap, for example `epochs.set_montage('biosemi64')`, then "
        "`load_checkpoint(path, chs_info=epochs.info['chs'])`."
        if any("position" in reason for reason in reasons.values())
        else "Look at the recording itself: channels at the forehead and the temples, EOG and EMG."
    )
    yield Finding(
        "artefacts_not_checked",
        "note",
        f"Whether the decision rests on {named} was not checked.",
        f"{evidence[0].upper()}{evidence[1:]}.",
        remedy,
    )


def _in_region(
    cells: xr.DataArray,
    regions: pd.DataFrame,
    column: str,
    pieces: list[NDArray[np.bool_]],
    where: list[str],
    *,
    check: str,
    suspect: str,
    remedy: str,
) -> list[Finding]:
    """Report the first of these frequency ranges whose relevance is denser in a region than elsewhere."""
    flags = regions[column].to_numpy()
    for here, place in zip(pieces, where, strict=True):
        shares, kind = _dense_shares(cells, flags, here)
        shares = _established(shares, cells, column)
        if shares:
            evidence = f"Share of the {kind}, in {flags.mean():.0%} of the channels; most at "
            strongest = _strongest(cells.sel(target=list(shares)), flags, here)
            return [
                Finding(
                    f"relevance_{check}",
                    "warning",
                    f"{place}: {_worded(shares, kind)}; suspect {suspect}.",
                    f"{evidence}{strongest}{_by_name(regions)}.",
                    remedy,
                )
            ]
    return []


def _dense_shares(
    cells: xr.DataArray, channels: NDArray[np.bool_], pieces: NDArray[np.bool_]
) -> tuple[dict[str, float], str]:
    """Return the shares of a region, for classes with more relevance there than its size explains."""
    if not channels.any() or channels.all():
        return {}, "relevance"
    shares, kind = _shares(cells, channels, pieces)
    values = cells.to_numpy()[:, :, pieces].sum(2)
    there, elsewhere = values[:, channels].sum(1), values[:, ~channels].sum(1).clip(0)
    dense = there > dense_share(channels.mean()) * (there + elsewhere)
    is_dense = dict(zip(cells["target"].to_numpy(), dense, strict=True))
    return {target: share for target, share in shares.items() if is_dense[target]}, kind


def _shares(
    cells: xr.DataArray, channels: NDArray[np.bool_], pieces: NDArray[np.bool_]
) -> tuple[dict[str, float], str]:
    """Return the classes with a tenth or more in these cells, their shares, and what these are shares of.

    Shares are of a class's sum, unless that is small against its parts for some class: then of the positive parts,
    which are the stretches of frequencies inside and outside the region.
    """
    values = cells.to_numpy()
    inside, outside = values[:, channels].sum(1), values[:, ~channels].sum(1)
    total = (inside + outside).sum(1)
    positive = (inside.clip(0) + outside.clip(0)).sum(1)
    here = inside[:, pieces].sum(1)
    known = _shareable(cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        if ((total >= LARGE_TOTAL * positive) & (here <= total))[known].all():
            shares, kind = here / total, "relevance"
        else:
            positive_here = inside[:, pieces].clip(0).sum(1)
            shares, kind = np.where(here > 0, positive_here, 0) / positive, "positive relevance"
    return {
        target: float(share)
        for target, share, is_known in zip(cells["target"].to_numpy(), shares, known, strict=True)
        if is_known and share >= LEAST_SHARE
    }, kind


def _shareable(cells: xr.DataArray) -> NDArray[np.bool_]:
    """Return for each class whether its relevance has a positive total and does not just cancel."""
    profile = cells.to_numpy().sum(1)
    positive = profile.clip(0).sum(1)
    known: NDArray[np.bool_] = (positive > 0) & (profile.sum(1) >= LEAST_TOTAL * positive)
    return known


def _regions(spectrum: xr.DataArray) -> pd.DataFrame:
    placed = set(AXES) <= set(spectrum.coords)
    positions_m = np.stack([spectrum[axis].to_numpy() for axis in AXES], 1).astype(float) if placed else None
    return head_regions([str(name) for name in spectrum["channel"].to_numpy()], positions_m)


def _by_name(regions: pd.DataFrame) -> str:
    return " (placed by their names)" if (regions["placed_by"] == "name").any() else ""


def _cells(spectrum: xr.DataArray, lines: list[tuple[float, NDArray[np.bool_]]]) -> xr.DataArray:
    """Return sums over frequency ranges, narrow lines separately, so that noise of single bins cancels."""
    frequency = spectrum["frequency"].to_numpy()
    values = spectrum.to_numpy()
    piece = np.digitize(frequency, _EDGES_HZ) - 1
    for number, (_, bins) in enumerate(lines):
        piece[bins] = len(_EDGES_HZ) + number
    n_pieces = len(_EDGES_HZ) + len(lines)
    sums = np.stack([values[:, :, piece == number].sum(2) for number in range(n_pieces)], 2)
    coords = {
        "target": spectrum["target"].to_numpy(),
        "channel": spectrum["channel"].to_numpy(),
        "low_hz": ("piece", [*_EDGES_HZ, *(np.nan for _ in lines)]),
        "line_hz": ("piece", [*(np.nan for _ in _EDGES_HZ), *(line_hz for line_hz, _ in lines)]),
    }
    return xr.DataArray(sums, coords, ("target", "channel", "piece"))


def _lines(spectrum: xr.DataArray, power: xr.DataArray | None) -> list[tuple[float, NDArray[np.bool_]]]:
    """Return the frequency and bins of each narrow line that some class uses."""
    frequency = spectrum["frequency"].to_numpy()
    if len(frequency) < 2:
        return []
    clear, faint = (
        None if power is None else stands_out(power, faint=is_faint).to_numpy() for is_faint in (False, True)
    )
    lines: list[tuple[float, NDArray[np.bool_]]] = []
    taken = frequency < LOWEST_LINE_HZ
    for values in spectrum.to_numpy():
        profile = values.sum(0)
        positive = profile.clip(0)
        for peak in np.argsort(-profile, kind="stable"):
            bins, beside = _around(frequency, float(frequency[peak]))
            if profile[peak] <= 0 or profile[peak] * bins.sum() < LEAST_SHARE * positive.sum():
                break
            if (taken & bins).any() or not beside.any():
                continue
            inside, outside = profile[bins].mean(), abs(profile[beside]).mean()
            stands, towers = inside > TIMES_BESIDE_LINE * outside, inside > TIMES_BESIDE_PEAK * outside
            weight = values[:, bins].sum(1).clip(0)
            if clear is None or faint is None:
                is_line = towers and _fine_enough(frequency, peak)
            else:
                is_line = (stands and _in_trials(clear[:, bins], weight)) or (
                    towers and _in_trials(faint[:, bins], weight)
                )
            if is_line:
                lines.append((float(frequency[bins] @ positive[bins] / positive[bins].sum()), bins))
                taken = taken | bins
    return lines


def _around(frequency: NDArray[np.float64], peak_hz: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the bins that a line fills, and those beside it."""
    bin_hz = frequency[1] - frequency[0]
    width_hz = LINE_WIDTH_HZ if peak_hz >= RHYTHMS_BELOW_HZ else LINE_WIDTH_HZ / 2
    distance_hz = abs(frequency - peak_hz)
    reach_hz = max(width_hz, bin_hz / 2) + max(3 * width_hz, 2 * bin_hz)
    bins = distance_hz <= width_hz
    return bins, ~bins & (distance_hz <= reach_hz)


def _fine_enough(frequency: NDArray[np.float64], peak: int) -> bool:
    """Return whether the bins are fine enough to show that a rhythm is not a line."""
    return bool(frequency[peak] >= RHYTHMS_BELOW_HZ or frequency[1] - frequency[0] <= LINE_WIDTH_HZ / 2)


def _in_trials(standing: NDArray[np.bool_], weight: NDArray[np.float64]) -> bool:
    """Return whether the trials have a line, on half of the channels or on those with half of its relevance."""
    has_line = standing.any(1)
    return bool(has_line.mean() >= LEAST_CHANNELS or weight @ has_line >= LEAST_CHANNELS * weight.sum() > 0)


def _line_label(line_hz: float) -> tuple[str, bool]:
    """Return a line's frequency in words, and whether it is one of the mains."""
    multiples = [round(line_hz / mains_hz) * mains_hz for mains_hz in MAINS_HZ]
    nearest = min(multiples, key=lambda multiple: abs(multiple - line_hz))
    if nearest > 0 and abs(nearest - line_hz) <= LINE_WIDTH_HZ / 2:
        return f"{nearest:g}", True
    return f"{round(line_hz, 1):g}", False


def _worded(shares: dict[str, float], kind: str) -> str:
    """Return the shares of relevance of each class in words, largest first."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    (first, most), *rest = ordered[:MOST_CLASSES]
    listed = "".join(f", {share:.0%} for {target}" for target, share in rest)
    n_more = len(ordered) - MOST_CLASSES
    more = f", less for {n_more} other class{'es' * (n_more != 1)}" if n_more > 0 else ""
    return f"{most:.0%} of the {kind} for {first}{listed}{more}"


def _strongest(
    cells: xr.DataArray, channels: NDArray[np.bool_], pieces: NDArray[np.bool_], most: int = 4
) -> str:
    """Return the channels with most of this relevance."""
    names = cells["channel"].to_numpy()[channels]
    by_channel = cells.to_numpy()[:, channels][:, :, pieces].sum((0, 2))
    return ", ".join(str(name) for name in names[np.argsort(-by_channel, kind="stable")[:most]])
