"""Scalp regions of channels: by position if there is one, else by name."""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sincviz.eeg.head_regions import angles_deg, usable_positions
from sincviz.eeg.regions import OTHER, scalp_regions

AGREES_DEG = 20.0  # how far an electrode of a digitised cap may lie from the place of its name
_COARSE = re.compile(
    r"[A-Za-z]{1,2}(z|\d+)"
)  # of 10-10: the regions in between are named after both neighbours
NEAREST_DEG = 20.0  # beyond this an electrode has no 10-05 place: it is on a cheek or the neck


def channel_regions(
    ch_names: Sequence[str], positions_m: NDArray[np.float64] | None = None
) -> NDArray[np.str_]:
    """Return the region of each channel, such as ``"left central"``, or ``"other"``.

    Parameters
    ----------
    ch_names : sequence of str
        Names of the channels.
    positions_m : array, shape (channels, 3), or None
        Positions in metres in head coordinates; NaN where they are not known.

    Returns
    -------
    array of str, shape (channels,)
        A channel with a position is in the region of its name if it lies at the 10-05 place of that name, else in
        that of the nearest 10-10 place: the electrode C4 of BioSemi's 128-channel cap is not the C4 of 10-10. Without a
        position it is in the region of its name (:func:`sincviz.eeg.regions.scalp_regions`).

    Examples
    --------
    >>> import mne
    >>> from sincviz.eeg.positions import electrode_positions
    >>> info = mne.create_info(["C4", "C17", "D19", "B22"], 128, "eeg").set_montage("biosemi128")
    >>> channel_regions(info.ch_names, electrode_positions(info["chs"])).tolist()
    ['right fronto-central', 'midline frontal', 'left central', 'right central']
    >>> channel_regions(["C4"]).tolist()
    ['right central']
    """
    names = [str(name) for name in ch_names]
    region_of_channel = scalp_regions(names).astype("<U40")
    if positions_m is None:
        return region_of_channel
    usable = usable_positions(names, positions_m)
    if not usable.any():
        return region_of_channel
    standard = _standard()
    apart_deg = np.degrees(
        np.arccos(np.clip(_directions(angles_deg(positions_m[usable])) @ standard.directions.T, -1, 1))
    )
    for channel, distance_deg in zip(np.flatnonzero(usable), apart_deg, strict=True):
        named_row = standard.row_of.get(names[channel].strip().rstrip(".").lower())
        if named_row is not None and distance_deg[named_row] <= AGREES_DEG:
            region_of_channel[channel] = standard.regions[named_row]
        else:
            nearest = int(np.where(standard.coarse, distance_deg, np.inf).argmin())
            region_of_channel[channel] = (
                standard.regions[nearest] if distance_deg[nearest] <= NEAREST_DEG else OTHER
            )
    return region_of_channel


class _Standard(NamedTuple):
    """The electrodes of 10-05 on the scalp: rows by name, regions, which are of 10-10, and where from the middle."""

    row_of: dict[str, int]
    regions: NDArray[np.str_]
    coarse: NDArray[np.bool_]
    directions: NDArray[np.float64]


@cache
def _standard() -> _Standard:
    from sincviz.eeg.montages import standard_montage  # loads MNE

    places = standard_montage().get_positions()["ch_pos"]
    names = [name for name in places if scalp_regions([name])[0] != OTHER]
    return _Standard(
        row_of={name.lower(): row for row, name in enumerate(names)},
        regions=scalp_regions(names),
        coarse=np.array([_COARSE.fullmatch(name) is not None for name in names]),
        directions=_directions(angles_deg(np.array([places[name] for name in names]))),
    )


def _directions(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    down, side = np.radians(angles.T)
    return np.stack([np.sin(down) * np.sin(side), np.sin(down) * np.cos(side), np.cos(down)], 1)
