"""The coordinates and attributes that every result carries."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from sincviz._version import __version__
from sincviz.front_ends import FrontEnd
from sincviz.positions import AXES, electrode_positions

ON_FILTERS = ("low_hz", "high_hz", "measured_low_hz", "measured_high_hz", "peak_hz", "rhythm")


def filter_coords(bands: pd.DataFrame) -> dict[str, Any]:
    """Return ``filter`` and the filters' bands as coordinates, from what ``learned_bands`` returned."""
    return {
        "filter": bands.index.to_numpy(),
        **{name: ("filter", bands[name].to_numpy()) for name in ON_FILTERS},
    }


def map_coords(parts: FrontEnd, bands: pd.DataFrame) -> dict[str, Any]:
    """Return the coordinates of filters, of their spatial filters and of the channels, with positions in metres."""
    _, depth, channels = parts.spatial.shape
    coords = filter_coords(bands) | {"depth": np.arange(depth)}
    names = parts.ch_names
    coords["channel"] = [str(index) for index in range(channels)] if names is None else list(names)
    if parts.chs_info is not None:
        positions_m = electrode_positions(parts.chs_info)
        for axis, values in zip(AXES, positions_m.T, strict=True):
            coords[axis] = ("channel", values, {"units": "m", "frame": "head"})
    return coords


def class_labels(parts: FrontEnd, n_classes: int) -> list[str]:
    """Return the names of the classes, numbers where they are unknown."""
    return list(parts.class_names) if parts.class_names else [str(index) for index in range(n_classes)]


def origin(parts: FrontEnd) -> dict[Hashable | None, Any]:
    """Return what every result says of where it comes from."""
    return {
        "sincviz_version": __version__,
        "weights_sha256": parts.weights_sha256,
        "sfreq_hz": parts.sfreq,
        "n_taps": parts.kernels.shape[1],
    }
