"""Labels: the coordinates and attributes that every result carries."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz._version import __version__
from sincviz.analysis.statistics.numeric_contrast import NUMBERS, TARGET_VALUE
from sincviz.eeg.channel_regions import channel_regions
from sincviz.eeg.positions import AXES, electrode_positions
from sincviz.networks.decoder import Decoder
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.numeric_targets import Targets, are_numbers

ON_FILTERS = ("low_hz", "high_hz", "measured_low_hz", "measured_high_hz", "peak_hz", "rhythm")


def filter_coords(bands: pd.DataFrame) -> dict[str, Any]:
    """Return ``filter`` and the filters' bands as coordinates, from what ``learned_bands`` returned."""
    return {
        "filter": bands.index.to_numpy(),
        **{name: ("filter", bands[name].to_numpy()) for name in ON_FILTERS},
    }


def map_coords(front_end: FrontEnd, bands: pd.DataFrame) -> dict[str, Any]:
    """Return the coordinates of filters, of their spatial filters and of the channels, with positions in metres."""
    _, depth, channels = front_end.spatial.shape
    coords = filter_coords(bands) | {"depth": np.arange(depth)}
    return coords | channel_coords(front_end, channels)


def channel_coords(network: Decoder, n_chans: int) -> dict[str, Any]:
    """Return the channels, numbered if their names are unknown, with positions in metres and scalp regions."""
    if network.ch_names is None:
        return {"channel": [str(index) for index in range(n_chans)]}
    positions_m = None if network.chs_info is None else electrode_positions(network.chs_info)
    coords: dict[str, Any] = {
        "channel": list(network.ch_names),
        "region": ("channel", channel_regions(network.ch_names, positions_m)),
    }
    if positions_m is not None:
        for axis, values in zip(AXES, positions_m.T, strict=True):
            coords[axis] = ("channel", values, {"units": "m", "frame": "head"})
    return coords


def class_labels(network: Decoder, n_classes: int) -> list[str]:
    """Return the names of the classes, or numbers if they are unknown.

    Raises
    ------
    ValueError
        If the network has a different number of names and scores.
    """
    if not network.class_names:
        return [str(index) for index in range(n_classes)]
    if len(network.class_names) != n_classes:
        raise ValueError(
            f"The network has {n_classes} scores and {len(network.class_names)} `class_names`: "
            f"{', '.join(map(str, network.class_names))}. Set one name per score."
        )
    return [str(name) for name in network.class_names]


def with_known_classes(values: xr.DataArray) -> xr.DataArray:
    """Return the classes with finite values only: a class without trials has no contrast.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, 2.0], [np.nan, np.nan]], {"target": ["a", "b"]}, ("target", "band"))
    >>> with_known_classes(values).target.values.tolist()
    ['a']
    """
    finite = np.isfinite(values.transpose("target", ...).to_numpy())
    return values.isel(target=finite.all(tuple(range(1, finite.ndim))))


def class_of_trials(network: Decoder, codes: Targets | None, n_classes: int) -> dict[str, Any]:
    """Return the name of the class of every trial as a coordinate, or its numeric targets, if they are known."""
    if codes is None:
        return {}
    if are_numbers(codes):
        return {TARGET_VALUE: (("trial", "target"), codes)}
    names = np.array(class_labels(network, n_classes))
    return {"class_name": ("trial", names[codes])}


def decoder_origin(network: Decoder) -> dict[Hashable | None, Any]:
    """Return the provenance that every result carries, for any network."""
    of_numbers: dict[Hashable | None, Any] = {"outputs": NUMBERS} if network.numeric else {}
    return {"sincviz_version": __version__, "weights_sha256": network.weights_sha256} | of_numbers


def origin(front_end: FrontEnd) -> dict[Hashable | None, Any]:
    """Return the provenance that every result of a known front end carries."""
    return decoder_origin(front_end) | {
        "sfreq_hz": front_end.sfreq,
        "n_taps": front_end.kernels.shape[1],
    }
