"""Checks of whether a decision rests on where, and how fast, eyes, muscles, the mains and drifts are."""

import dataclasses
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.analysis.findings import SEVERITIES, Finding
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.scalp_checks import EYES, HIGH_HZ, MUSCLES, TIMES_UNIFORM

SLOW_HZ = 4.0  # blinks and saccades are slower
DRIFT_HZ = 1.0  # sweat, cables and what a short kernel lets through
MAINS_HZ = (50.0, 60.0)
MAINS_WIDTH_HZ = 1.0
MOST_CLASSES = 4
LEAST_SHARE = 0.1  # what is smaller does not change how a decision is to be read


def relevance_findings(spectrum: xr.DataArray) -> list[Finding]:
    """Return the suspicions that a relevance of frequencies and channels raises.

    Parameters
    ----------
    spectrum : xarray.DataArray, dims (target, channel, frequency)
        What :func:`sincviz.spectral_relevance` returned for the network's classes, best a contrast; frequencies in Hz.

    Returns
    -------
    list of Finding
        Warnings ``relevance_eyes``, ``relevance_muscles``, ``relevance_drift`` and ``relevance_mains``, only where
        a tenth or more of the sum for a class comes from there.

    Examples
    --------
    >>> values = np.zeros((1, 3, 40))
    >>> values[0, 0, 2], values[0, 1, 10] = 3, 7
    >>> spectrum = xr.DataArray(values, {"target": ["left"], "channel": ["Fp1", "C3", "C4"],
    ...                         "frequency": np.arange(40.0)}, ("target", "channel", "frequency"))
    >>> [found.check for found in relevance_findings(spectrum)]
    ['relevance_eyes']
    """
    spectrum = with_known_classes(spectrum)
    return [found for check in (_eyes, _muscles, _drift, _mains) for found in check(spectrum)]


def with_relevance_findings(findings: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """Return the table of :func:`sincviz.diagnose` with more findings, the worst first."""
    if not found:
        return findings
    more = pd.DataFrame([dataclasses.asdict(one) for one in found], columns=findings.columns)
    more["filters"] = ""
    table = pd.concat([findings.astype({"severity": str}), more], ignore_index=True)
    table["severity"] = pd.Categorical(table["severity"], SEVERITIES, ordered=True)
    table = table.sort_values("severity", kind="stable", ignore_index=True)
    table.attrs = dict(findings.attrs)
    return table


def _eyes(spectrum: xr.DataArray) -> Iterator[Finding]:
    yield from _in_region(
        spectrum,
        EYES,
        spectrum["frequency"] < SLOW_HZ,
        "eyes",
        f"Below {SLOW_HZ:g} Hz beside the eyes",
        "eye movements",
        "Compare with the electrooculogram, or remove eye movements (`mne.preprocessing.ICA`) or what is "
        f"slower than {SLOW_HZ:g} Hz, and see whether the accuracy falls.",
    )


def _muscles(spectrum: xr.DataArray) -> Iterator[Finding]:
    edge = re.compile(f"{MUSCLES.pattern}|{EYES.pattern}", re.IGNORECASE)
    yield from _in_region(
        spectrum,
        edge,
        spectrum["frequency"] > HIGH_HZ,
        "muscles",
        f"Above {HIGH_HZ:g} Hz at the edge of the scalp",
        "muscle activity",
        f"Compare with the electromyogram, or lowpass at {HIGH_HZ:g} Hz, and see whether the accuracy falls.",
    )


def _drift(spectrum: xr.DataArray) -> Iterator[Finding]:
    bins = spectrum["frequency"] < DRIFT_HZ
    shares = _shares(spectrum, bins, spectrum)
    if shares:
        yield Finding(
            "relevance_drift",
            "warning",
            f"Slower than {DRIFT_HZ:g} Hz: {_worded(shares)}; suspect drifts, sweat or eye movements.",
            f"Share of the relevance; most at {_strongest(spectrum.sel(target=list(shares)), bins)}.",
            "Highpass the recording at 1 Hz or more, train again, and see whether the accuracy falls.",
        )


def _mains(spectrum: xr.DataArray) -> Iterator[Finding]:
    for mains_hz in MAINS_HZ:
        shares = _shares(spectrum, abs(spectrum["frequency"] - mains_hz) <= MAINS_WIDTH_HZ, spectrum)
        if shares:
            yield Finding(
                "relevance_mains",
                "warning",
                f"At {mains_hz:g} Hz: {_worded(shares)}; suspect the mains.",
                f"Share of the relevance within {MAINS_WIDTH_HZ:g} Hz of {mains_hz:g} Hz.",
                f"Notch the recording at {mains_hz:g} Hz, train again, and see whether the accuracy falls.",
            )


def _in_region(
    spectrum: xr.DataArray,
    names: re.Pattern[str],
    bins: xr.DataArray,
    check: str,
    where: str,
    suspect: str,
    remedy: str,
) -> Iterator[Finding]:
    """Report what comes from these bins of these channels, if that is more than their number explains."""
    flags = np.array([names.match(str(name)) is not None for name in spectrum["channel"].to_numpy()])
    if not flags.any() or flags.all():
        return
    there = spectrum.isel(channel=flags)
    anywhere = {
        target: _share(spectrum.sel(target=target), bins, spectrum.sel(target=target))
        for target in spectrum["target"].to_numpy()
    }
    shares = {
        target: share
        for target, share in _shares(there, bins, spectrum).items()
        if share >= TIMES_UNIFORM * flags.mean() * anywhere[target]
    }
    if shares:
        yield Finding(
            f"relevance_{check}",
            "warning",
            f"{where}: {_worded(shares)}; suspect {suspect}.",
            f"Share of the relevance, in {flags.mean():.0%} of the channels; most at "
            f"{_strongest(there.sel(target=list(shares)), bins)}.",
            remedy,
        )


def _shares(part: xr.DataArray, bins: xr.DataArray, whole: xr.DataArray) -> dict[str, float]:
    """Return the classes of which a tenth or more lies in these bins, with their shares."""
    shares = {
        target: _share(part.sel(target=target), bins, whole.sel(target=target))
        for target in whole["target"].to_numpy()
    }
    return {target: share for target, share in shares.items() if share >= LEAST_SHARE}


def _worded(shares: dict[str, float]) -> str:
    """Return how much of the relevance of which classes, the greatest first."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    (first, most), *rest = ordered[:MOST_CLASSES]
    listed = "".join(f", {share:.0%} for {target}" for target, share in rest)
    n_more = len(ordered) - MOST_CLASSES
    more = f", less for {n_more} class{'es' * (n_more != 1)} more" if n_more > 0 else ""
    return f"{most:.0%} of the relevance for {first}{listed}{more}"


def _share(part: xr.DataArray, bins: xr.DataArray, whole: xr.DataArray) -> float:
    total = float(whole.sum())
    return float(part.isel(frequency=bins.to_numpy()).sum()) / total if total > 0 else 0.0


def _strongest(part: xr.DataArray, bins: xr.DataArray, most: int = 4) -> str:
    by_channel = part.isel(frequency=bins.to_numpy()).sum(("target", "frequency"))
    order = np.argsort(-by_channel.to_numpy(), kind="stable")[:most]
    return ", ".join(str(name) for name in by_channel["channel"].to_numpy()[order])
