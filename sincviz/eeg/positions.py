"""Electrode positions, and which of them cannot be used."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sincviz.errors import PositionsError

if TYPE_CHECKING:
    import mne
    import xarray as xr

_EEG_KIND = 2  # FIFF.FIFFV_EEG_CH; only these lie on the scalp
_SAME_PLACE_M = 1e-4
_FARTHEST_M = 0.5  # no head is larger, but positions in millimetres are

AXES = ("x", "y", "z")


def electrode_positions(chs_info: Iterable[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Return the positions of the channels in metres, NaN for channels without one on the scalp.

    Parameters
    ----------
    chs_info : sequence of dict
        Channels, as in ``mne.Info["chs"]``.

    Returns
    -------
    array, shape (channels, 3)
        x (right), y (front) and z (up) in head coordinates.

    Examples
    --------
    >>> electrode_positions([{"ch_name": "Cz", "loc": np.r_[0.0, 0.0, 0.1, np.zeros(9)]}, {"ch_name": "A"}])
    array([[0. , 0. , 0.1],
           [nan, nan, nan]])
    """
    nowhere = np.full(3, np.nan)
    return np.array(
        [
            nowhere
            if channel.get("loc") is None or channel.get("kind", _EEG_KIND) not in (_EEG_KIND, None)
            else np.asarray(channel["loc"], float)[:3]
            for channel in chs_info
        ]
    ).reshape(-1, 3)


def unusable_positions(ch_names: Sequence[str], positions_m: NDArray[np.float64]) -> dict[str, list[str]]:
    """Return the channels that cannot be drawn on a scalp map, by reason.

    Parameters
    ----------
    ch_names : sequence of str
        Names of the channels.
    positions_m : array, shape (channels, 3)
        Their positions in metres.

    Returns
    -------
    dict of str to list of str
        Reason to channels; empty if every position can be used.

    Examples
    --------
    >>> unusable_positions(["A", "B", "C"], np.array([[0, 0, 0], [0.05, 0, 0.1], [0.05, 0, 0.1]]))
    {'at the origin': ['A'], 'in the same place': ['B', 'C']}
    """
    positions_m = np.where(np.isfinite(positions_m), positions_m, np.nan)
    missing = np.isnan(positions_m).any(1)
    origin = (positions_m == 0).all(1)
    with np.errstate(over="ignore"):
        far = np.linalg.norm(positions_m, axis=1) > _FARTHEST_M
    same = _near_another(positions_m) & ~origin
    reasons = {
        "without a position on the scalp": missing,
        "at the origin": origin,
        "in the same place": same,
        f"more than {_FARTHEST_M:g} m from the middle of the head": far,
    }
    return {
        reason: [name for name, bad in zip(ch_names, flags, strict=True) if bad]
        for reason, flags in reasons.items()
        if flags.any()
    }


def _near_another(positions_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which positions coincide with another; time and memory grow linearly with their number."""
    near = np.zeros(len(positions_m), bool)
    placed = np.flatnonzero(~np.isnan(positions_m).any(1))
    if len(placed) > 1:
        # Equal ones first: a tree of many points in one place cannot be divided.
        points, first, counts = np.unique(
            positions_m[placed], axis=0, return_inverse=True, return_counts=True
        )
        nearest = np.full(len(points), np.inf)
        if len(points) > 1:
            nearest = np.asarray(KDTree(points).query(points, k=2)[0])[:, 1]
        near[placed] = ((counts > 1) | (nearest < _SAME_PLACE_M))[first.reshape(-1)]
    return near


def scalp_info(maps: "xr.DataArray") -> "mne.Info":
    """Return an ``mne.Info`` for a labelled array over ``channel``; missing positions stay missing.

    Parameters
    ----------
    maps : xarray.DataArray
        An array with the dimension ``channel`` and its coordinates ``x``, ``y``, ``z`` in metres, if known.

    Returns
    -------
    mne.Info
        EEG channels in head coordinates, at 1 Hz (maps are not signals).
    """
    import mne

    names = [str(name) for name in maps["channel"].to_numpy()]
    info = mne.create_info(names, 1.0, "eeg")
    positions_m = _positions_of(maps)
    placed = {
        name: position
        for name, position in zip(names, positions_m, strict=True)
        if np.isfinite(position).all()
    }
    if placed:
        montage = mne.channels.make_dig_montage(placed, coord_frame="head")
        info.set_montage(montage, on_missing="ignore", verbose="error")
    return info


def check_positions(maps: "xr.DataArray") -> None:
    """Raise an error if the channels of scalp maps cannot be placed.

    Raises
    ------
    PositionsError
        If the position of a channel is missing, zero, the same as another's or off the head (the message names the
        channels), or if there is only one channel.
    """
    names = [str(name) for name in maps["channel"].to_numpy()]
    if len(names) < 2:
        raise PositionsError(f"A scalp map needs at least two channels; got {', '.join(names) or 'none'}.")
    unusable = unusable_positions(names, _positions_of(maps))
    if unusable:
        from sincviz.eeg.montages import usual_montage_name  # MNE is loaded if it is needed

        listed = "; ".join(f"{reason}: {', '.join(channels)}" for reason, channels in unusable.items())
        raise PositionsError(
            f"These channels cannot be drawn on a scalp: {listed}. Drop them with `maps.sel(channel=[...])`, or set "
            f"positions with `epochs.set_montage({usual_montage_name()!r})` and give them to the network: "
            "`load_checkpoint(path, chs_info=epochs.info['chs'])`."
        )


def _positions_of(maps: "xr.DataArray") -> NDArray[np.float64]:
    if not set(AXES) <= set(maps.coords):
        return np.full((maps.sizes["channel"], 3), np.nan)
    return np.stack([maps[axis].to_numpy() for axis in AXES], 1).astype(float)
