"""Checks for artefacts: relevance at the places and frequencies of eyes, muscles, line noise and drifts."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import scipy.stats
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.text import joined
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.doctor.relevance_lines import line_label, used_lines
from sincviz.analysis.doctor.relevance_shares import (
    DRIFT_HZ,
    LEAST_SHARE,
    SLOW_HZ,
    dense_shares,
    shareable,
    shares_in_words,
    shares_of,
    strongest_channels,
    summed_cells,
)
from sincviz.analysis.doctor.scalp_checks import HIGH_HZ, MUSCLES_FROM_HZ, dense_share
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.statistics.intervals import codes_of_targets
from sincviz.analysis.statistics.numeric_contrast import TARGET_VALUE
from sincviz.eeg.head_regions import head_regions
from sincviz.eeg.positions import AXES

ESTABLISHED_P = 0.01
MOST_UNPLACED = 0.25

EYES, MUSCLES, LINES, DRIFTS = ARTEFACTS = ("eye movements", "muscles", "line noise", "drifts")


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
    cells = _with_established(summed_cells(spectrum, used_lines(spectrum, power)), regions, single)
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
            cells["target"].to_numpy(), both, everything, dense & cancels & shareable(cells), strict=True
        )
        if suspect and size >= LEAST_SHARE * whole
    }
    shares = _established(shares, cells, "sides")
    if shares:
        yield Finding(
            "relevance_eyes",
            "warning",
            f"{where}, for the class on one side and against it on the other: "
            f"{shares_in_words(shares, 'absolute relevance')}; "
            "suspect lateral eye movements.",
            f"Share of the sum of absolute relevance, in {eyes.mean():.0%} of the channels; most at "
            f"{strongest_channels(abs(cells.sel(target=list(shares))), eyes, slow)}{_by_name(regions)}.",
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
    shares, kind = shares_of(cells, everywhere, slow)
    shares = _established(shares, cells, "drift")
    if shares:
        yield Finding(
            "relevance_drift",
            "warning",
            f"Below {DRIFT_HZ:g} Hz: {shares_in_words(shares, kind)}; suspect drifts, sweat or eye movements, unless "
            "a slow evoked response is meant.",
            f"Share of the {kind}; most at {strongest_channels(cells.sel(target=list(shares)), everywhere, slow)}.",
            "If an evoked response is meant, see whether its relevance begins after the event: "
            "`sincviz.temporal_relevance(model, epochs, trials='contrast')`. If none is meant, high-pass filter the "
            "recording at 1 Hz or more, train again, and see whether the accuracy drops.",
        )


def _narrow(cells: xr.DataArray) -> Iterator[Finding]:
    everywhere = np.ones(cells.sizes["channel"], dtype=bool)
    for number, line_hz in enumerate(cells["line_hz"].to_numpy()):
        if np.isnan(line_hz):
            continue
        here = np.arange(cells.sizes["piece"]) == number
        shares, kind = shares_of(cells, everywhere, here)
        if not shares:
            continue
        label, is_mains = line_label(line_hz)
        evidence = f"Share of the {kind} in a narrow line there; most at " + (
            f"{strongest_channels(cells.sel(target=list(shares)), everywhere, here)}."
        )
        if is_mains:
            yield Finding(
                "relevance_mains",
                "warning",
                f"At {label} Hz: {shares_in_words(shares, kind)}; suspect line noise.",
                evidence,
                f"Notch filter the recording at {label} Hz, train again, and see whether the accuracy drops.",
            )
        else:
            yield Finding(
                "relevance_line",
                "warning",
                f"In a narrow line at {label} Hz: {shares_in_words(shares, kind)}; suspect interference.",
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
    """Return p of Welch's test of the trials of each class against the others, or of the correlation with a target."""
    columns = values.transpose("trial", "target").to_numpy().T
    p = np.ones(len(columns))
    if TARGET_VALUE in values.coords:
        targets = values[TARGET_VALUE].transpose("trial", "target").to_numpy().T
        for number, (column, target) in enumerate(zip(columns, targets, strict=True)):
            if len(column) > 2 and np.ptp(column) > 0 and np.ptp(target) > 0:
                p[number] = scipy.stats.pearsonr(column, target).pvalue
        return xr.DataArray(p, {"target": values["target"].to_numpy()}, ("target",))
    codes = codes_of_targets(values)
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
    if not shareable(summed_cells(spectrum, [])).any():
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
        shares, kind = dense_shares(cells, flags, here)
        shares = _established(shares, cells, column)
        if shares:
            evidence = f"Share of the {kind}, in {flags.mean():.0%} of the channels; most at "
            strongest = strongest_channels(cells.sel(target=list(shares)), flags, here)
            return [
                Finding(
                    f"relevance_{check}",
                    "warning",
                    f"{place}: {shares_in_words(shares, kind)}; suspect {suspect}.",
                    f"{evidence}{strongest}{_by_name(regions)}.",
                    remedy,
                )
            ]
    return []


def _regions(spectrum: xr.DataArray) -> pd.DataFrame:
    placed = set(AXES) <= set(spectrum.coords)
    positions_m = np.stack([spectrum[axis].to_numpy() for axis in AXES], 1).astype(float) if placed else None
    return head_regions([str(name) for name in spectrum["channel"].to_numpy()], positions_m)


def _by_name(regions: pd.DataFrame) -> str:
    return " (placed by their names)" if (regions["placed_by"] == "name").any() else ""
