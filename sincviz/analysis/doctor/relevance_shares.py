"""Shares of relevance in a region and a range of frequencies, in numbers and words."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.doctor.scalp_checks import HIGH_HZ, MUSCLES_FROM_HZ, dense_share

DRIFT_HZ = 1.0  # sweat, cables and what a short kernel lets through
SLOW_HZ = 4.0  # blinks and saccades are slower
MOST_CLASSES = 4
LEAST_SHARE = 0.1  # what is smaller does not change how a decision is to be read
LEAST_TOTAL = 0.1  # of the positive parts: a smaller sum cannot be shared out
LARGE_TOTAL = 0.5  # of the positive parts: a smaller sum makes shares too large
_EDGES_HZ = (0.0, DRIFT_HZ, SLOW_HZ, 8.0, 13.0, MUSCLES_FROM_HZ, HIGH_HZ)


def summed_cells(spectrum: xr.DataArray, lines: list[tuple[float, NDArray[np.bool_]]]) -> xr.DataArray:
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


def dense_shares(
    cells: xr.DataArray, channels: NDArray[np.bool_], pieces: NDArray[np.bool_]
) -> tuple[dict[str, float], str]:
    """Return the shares of a region, for classes with more relevance there than its size explains."""
    if not channels.any() or channels.all():
        return {}, "relevance"
    shares, kind = shares_of(cells, channels, pieces)
    values = cells.to_numpy()[:, :, pieces].sum(2)
    there, elsewhere = values[:, channels].sum(1), values[:, ~channels].sum(1).clip(0)
    dense = there > dense_share(channels.mean()) * (there + elsewhere)
    is_dense = dict(zip(cells["target"].to_numpy(), dense, strict=True))
    return {target: share for target, share in shares.items() if is_dense[target]}, kind


def shares_of(
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
    known = shareable(cells)
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


def shareable(cells: xr.DataArray) -> NDArray[np.bool_]:
    """Return for each class whether its relevance has a positive total and does not just cancel."""
    profile = cells.to_numpy().sum(1)
    positive = profile.clip(0).sum(1)
    known: NDArray[np.bool_] = (positive > 0) & (profile.sum(1) >= LEAST_TOTAL * positive)
    return known


def shares_in_words(shares: dict[str, float], kind: str) -> str:
    """Return the shares of relevance of each class in words, largest first."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    (first, most), *rest = ordered[:MOST_CLASSES]
    listed = "".join(f", {share:.0%} for {target}" for target, share in rest)
    n_more = len(ordered) - MOST_CLASSES
    more = f", less for {n_more} other class{'es' * (n_more != 1)}" if n_more > 0 else ""
    return f"{most:.0%} of the {kind} for {first}{listed}{more}"


def strongest_channels(
    cells: xr.DataArray, channels: NDArray[np.bool_], pieces: NDArray[np.bool_], most: int = 4
) -> str:
    """Return the channels with most of this relevance."""
    names = cells["channel"].to_numpy()[channels]
    by_channel = cells.to_numpy()[:, channels][:, :, pieces].sum((0, 2))
    return ", ".join(str(name) for name in names[np.argsort(-by_channel, kind="stable")[:most]])
