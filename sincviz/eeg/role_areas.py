"""How well single cells tell the classes: the larger of the ROC areas of their power and their evoked response."""

import numpy as np
import xarray as xr

POWER, EVOKED = "power", "evoked response"

BY_ITSELF = {
    "yes": "informative by itself",
    "no": "not informative by itself",
    "not shown": "not shown to be informative by itself",
}
"""What is said of a cell by the word in ``informative``."""

_NAMES = {POWER: "power_area", EVOKED: "evoked_area"}
_ENDS = ("", "_ci_low", "_ci_high")


def telling_areas(cells: xr.Dataset) -> xr.Dataset:
    """Return of each cell the ROC area that tells the classes most surely, that of power turned to above 0.5.

    Of power and evoked response, the one is taken whose interval begins higher once areas of power below 0.5 are
    turned: less power in a class tells it as well as more. The projection on an evoked response is made in other trials
    and has a direction, so below 0.5 it tells nothing.

    Parameters
    ----------
    cells : xarray.Dataset
        With ``power_area``, ``evoked_area`` or both, each with ``_ci_low`` and ``_ci_high``.

    Returns
    -------
    xarray.Dataset
        ``area``, ``ci_low``, ``ci_high`` and ``of``, whose area it is: ``"power"`` or ``"evoked response"``.

    Examples
    --------
    >>> areas = {"power_area": 0.2, "power_area_ci_low": 0.1, "power_area_ci_high": 0.3,
    ...          "evoked_area": 0.6, "evoked_area_ci_low": 0.45, "evoked_area_ci_high": 0.75}
    >>> telling = telling_areas(xr.Dataset({name: ("band", [area]) for name, area in areas.items()}))
    >>> round(telling.area.item(), 2), round(telling.ci_low.item(), 2), telling.of.item()
    (0.8, 0.7, 'power')
    """
    known = {of: name for of, name in _NAMES.items() if name in cells}
    if not known:
        raise ValueError(
            f"This needs `power_area` or `evoked_area`; got {', '.join(map(str, cells)) or 'nothing'}. Pass what "
            "`sincviz.evidence.roles` returned."
        )
    turned = xr.concat(
        [_turned(cells, name) for name in known.values()], "of", coords="minimal", compat="override"
    )
    # Where nothing is known of one of them, the other is taken.
    surest = turned["ci_low"].fillna(-np.inf).argmax("of")
    chosen = turned.isel(of=surest, drop=True)
    return chosen.assign(of=(surest.dims, np.array(list(known))[surest.to_numpy()]))


def _turned(cells: xr.Dataset, name: str) -> xr.Dataset:
    area, low, high = (cells[f"{name}{end}"] for end in _ENDS)
    below = (area < 0.5) & (name == _NAMES[POWER])
    return xr.Dataset(
        {
            "area": area.where(~below, 1 - area),
            "ci_low": low.where(~below, 1 - high),
            "ci_high": high.where(~below, 1 - low),
        }
    )
