"""What the tests of drawing share: scalp maps made by a formula."""

import mne
import numpy as np
import pytest
import xarray as xr

from sincviz.datasets.head_model import head_info, standard_montage
from sincviz.datasets.simulated_sources import CH_NAMES

NAMES = {
    "target": ["left", "right", "feet", "tongue"],
    "band": ["delta", "theta", "alpha", "beta", "gamma", "other"],
}


@pytest.fixture(scope="session")
def scalp_maps():
    """Build smooth maps, one for each combination of so many filters, units or classes, and so on."""

    def build(n_chans=8, **sizes):
        # The simulation's 64 electrodes come first, then any others of the 10-05 system.
        others = [name for name in standard_montage().ch_names if name[-1].isdigit() and name not in CH_NAMES]
        names = [*CH_NAMES, *others][:n_chans]
        info = head_info(names, 100.0)
        assert isinstance(info, mne.Info)
        positions_m = np.array([channel["loc"][:3] for channel in info["chs"]])
        number = np.arange(1, np.prod([*sizes.values(), 1]) + 1)[:, None]
        x, y, z = 10 * positions_m.T
        values = np.cos(0.9 * number + (2 + np.sin(number)) * x + np.cos(2 * number) * y) + 0.5 * z - 0.3
        coords = {
            "channel": names,
            **{axis: ("channel", positions_m[:, at]) for at, axis in enumerate("xyz")},
        }
        for dim, size in sizes.items():
            if dim == "unit":
                # As sorted by importance: filters in no order.
                coords |= bands_of((3 * np.arange(size) + 4) % 32, dim)
                coords["depth"] = (dim, np.arange(size) % 2)
            elif dim == "filter":
                coords |= bands_of(np.arange(size), dim)
            else:
                coords[dim] = NAMES.get(dim, np.arange(size))[:size]
        return xr.DataArray(
            values.reshape(*sizes.values(), n_chans),
            dims=(*sizes, "channel"),
            coords=coords,
            name="spatial_pattern",
            attrs={"units": "µV"},
        )

    return build


def bands_of(filters, dim):
    edges = {
        "low_hz": 6.0 + filters,
        "high_hz": 10.0 + filters,
        "measured_low_hz": 5.25 + filters,
        "measured_high_hz": 11.5 + filters,
    }
    return {"filter": (dim, filters)} | {name: (dim, values) for name, values in edges.items()}
