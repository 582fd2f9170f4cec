"""Electrodes near the eyes, the temples and the neck: by position, or by name without one."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz.eeg.positions import unusable_positions
from sincviz.eeg.regions import OTHER, scalp_regions

# Degrees from the vertex, seen from the middle of the sphere that fits the head: Fpz, T7 and Oz lie at about 92.
_EDGE_DEG = 86.0
_NECK_DEG = 96.0  # below P7, O1 and Oz, which still lie over cortex
_BROW_DEG = 65.0  # AFz, AF3 and AF4 pick up blinks nearly as Fp1 does
# Degrees from straight ahead, to either side: Fp1 18, F7 53, FT7 71, T7 90, TP7 108, P7 127.
_BROW_SIDE_DEG = 30.0
_FOREHEAD_SIDE_DEG = 62.0
_EYES_SIDE_DEG = 80.0
_TEMPLES_SIDE_DEG = (45.0, 118.0)
_MIDLINE_DEG = 4.0

# The prior for head size and place: a few electrodes fit many spheres.
_MIDDLE_M = np.array([0.0, 0.005, 0.04])
_RADIUS_M = 0.095
_MIDDLE_SD_M = 0.015
_RADIUS_SD_M = 0.015
_ROUNDNESS_SD_M = 0.006


def head_regions(ch_names: Sequence[str], positions_m: NDArray[np.float64] | None = None) -> pd.DataFrame:
    """Return for each electrode whether it lies where eyes and muscles are picked up.

    Parameters
    ----------
    ch_names : sequence of str
        Names of the channels. 10-5 names place electrodes without a usable position, if most of the names without a
        position are of that system.
    positions_m : array, shape (channels, 3), or None
        Positions in metres in head coordinates: x to the right, y to the front, z up.

    Returns
    -------
    pandas.DataFrame
        One row per channel, index ``channel``. ``eyes``: above or beside the eyes (Fp1, AF7, F8, FT7 and AF3 of 10-5);
        ``forehead``: the same without the temples behind them (FT7); ``temples``: over the temporal muscles
        (F7, FT8, T7, TP10); ``neck``: low at the back of the head (P9, PO10, Iz); ``edge``: any of the forehead,
        temples and neck, where muscles are near; ``side``: ``"left"``, ``"midline"`` or ``"right"``; ``placed_by``:
        ``"position"``, ``"name"``, or ``""`` if an electrode could not be placed; it is then in no region and on
        no side.

    Notes
    -----
    A sphere is fitted to the positions, with a head of usual size and place as the prior, and each electrode is
    classified by its angles seen from the centre of that sphere, so the regions are the same for every cap.

    Examples
    --------
    >>> head_regions(["Fp1", "C3", "Iz", "E7"])[["eyes", "edge", "placed_by"]].to_numpy().tolist()
    [[True, True, 'name'], [False, False, 'name'], [False, True, 'name'], [False, False, '']]
    """
    n_chans = len(ch_names)
    placed_by = np.full(n_chans, "", dtype=object)
    angles = np.full((n_chans, 2), np.nan)
    if positions_m is not None:
        usable = usable_positions(ch_names, positions_m)
        angles[usable] = angles_deg(positions_m[usable])
        placed_by[usable] = "position"
    for number, angles_of_channel in _angles_by_name(ch_names, placed_by == "").items():
        angles[number] = angles_of_channel
        placed_by[number] = "name"
    down, side = angles[:, 0], np.abs(angles[:, 1])
    with np.errstate(invalid="ignore"):
        low = down >= _EDGE_DEG
        brow = (down >= _BROW_DEG) & (side <= _BROW_SIDE_DEG)
        forehead = brow | (low & (side <= _FOREHEAD_SIDE_DEG))
        temples = low & (side >= _TEMPLES_SIDE_DEG[0]) & (side < _TEMPLES_SIDE_DEG[1])
        neck = (down >= _NECK_DEG) & (side >= _TEMPLES_SIDE_DEG[1])
        eyes = brow | (low & (side <= _EYES_SIDE_DEG))
    table = {
        "eyes": eyes,
        "forehead": forehead,
        "temples": temples,
        "neck": neck,
        "edge": forehead | temples | neck,
        "side": np.select(
            [np.isnan(side), np.minimum(side, 180 - side) < _MIDLINE_DEG, angles[:, 1] < 0],
            ["", "midline", "left"],
            "right",
        ),
        "placed_by": placed_by,
    }
    return pd.DataFrame(table, index=pd.Index([str(name) for name in ch_names], name="channel"))


def usable_positions(ch_names: Sequence[str], positions_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which positions can be on a head; two electrodes in one place do no harm here."""
    rows = [str(number) for number in range(len(ch_names))]
    reasons = unusable_positions(rows, positions_m)
    bad = {row for reason, listed in reasons.items() if reason != "in the same place" for row in listed}
    return np.array([row not in bad for row in rows], dtype=bool)


def _angles_by_name(ch_names: Sequence[str], missing: NDArray[np.bool_]) -> dict[int, NDArray[np.float64]]:
    """Return the angles of 10-5 names, for channels without a position."""
    if not missing.any():
        return {}
    known = scalp_regions([str(name) for name in ch_names]) != OTHER
    # BioSemi's C3 is not the C3 of 10-5: names count only if most are of the system.
    if (known & missing).sum() * 2 <= missing.sum():
        return {}
    from sincviz.eeg.montages import standard_montage  # loads MNE

    standard = standard_montage().get_positions()["ch_pos"]
    names = [name for name in standard if scalp_regions([name])[0] != OTHER]
    angles = dict(
        zip(map(str.lower, names), angles_deg(np.array([standard[name] for name in names])), strict=True)
    )
    wanted = {
        number: str(name).strip().rstrip(".").lower()
        for number, (name, placeable) in enumerate(zip(ch_names, known & missing, strict=True))
        if placeable
    }
    return {number: angles[name] for number, name in wanted.items() if name in angles}


def angles_deg(positions_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angle from the vertex, and from straight ahead to the right, of each electrode."""
    right, front, up = (positions_m - _middle_m(positions_m)).T
    down_deg = np.degrees(np.arctan2(np.hypot(right, front), up))
    return np.stack([down_deg, np.degrees(np.arctan2(right, front))], 1)


def _middle_m(positions_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of the best sphere, with heads of usual size as the prior (Gauss-Newton)."""
    start = np.r_[_MIDDLE_M, _RADIUS_M]
    prior_sd = np.r_[np.full(3, _MIDDLE_SD_M), _RADIUS_SD_M]
    sphere = start.copy()
    for _ in range(20):
        spokes = positions_m - sphere[:3]
        lengths = np.linalg.norm(spokes, axis=1)
        slopes = np.c_[-spokes / np.maximum(lengths, 1e-6)[:, None], -np.ones(len(spokes))] / _ROUNDNESS_SD_M
        misfit = (lengths - sphere[3]) / _ROUNDNESS_SD_M
        normal = slopes.T @ slopes + np.diag(prior_sd**-2)
        sphere = sphere - np.linalg.solve(normal, slopes.T @ misfit + (sphere - start) / prior_sd**2)
    middle_m: NDArray[np.float64] = sphere[:3]
    return middle_m
