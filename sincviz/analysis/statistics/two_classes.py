"""Two classes as one target: what separates the first from the second, for their contrasts mirror each other."""

from typing import Any

import numpy as np
import xarray as xr

from sincviz._utils.text import class_words
from sincviz.analysis.statistics.numeric_contrast import is_of_numbers

FIRST, SECOND = "first_class", "second_class"
"""Coordinates of a target that stands for two classes."""

DIFFERENCE_ERROR = "completeness_error_of_difference"
"""Attribute of two classes' shares: what they miss of the difference of what is explained."""

_SIZES = ("gradient",)  # methods that return sizes: those of a difference are no difference of sizes


def against(contrasts: xr.DataArray) -> xr.DataArray:
    """Return the contrasts of two classes as one; those of other numbers of classes, and averages, as they are.

    The contrast of the first class's score, its trials minus those of the second, and that of the second class's score,
    its trials minus those of the first, add up to the contrast of the difference of the scores, first minus second, in
    the trials of the first class minus those of the second. Margins are that difference already: theirs are averaged.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (target, ...)
        Contrasts (``attrs["trials"]``) of every class of a network.

    Returns
    -------
    xarray.DataArray, dims (target, ...)
        Of two classes one target, ``left against right``, with the coordinates ``first_class`` and ``second_class``.

    Examples
    --------
    >>> contrasts = xr.DataArray([[1.0, 2.0], [1.5, 1.5]], {"target": ["left", "right"]}, ("target", "band"),
    ...                          attrs={"trials": "contrast"})
    >>> against(contrasts).to_series().droplevel("band").to_dict()
    {'left against right': 3.5}
    """
    if contrasts.attrs.get("trials") != "contrast" or not _can_be_one(contrasts):
        return contrasts
    first, second = (contrasts.isel(target=[number]) for number in (0, 1))
    summed = first.copy(data=_share(contrasts) * (first.to_numpy() + second.to_numpy()))
    error = summed.attrs.pop(DIFFERENCE_ERROR, None)
    if error is not None and "completeness_error" in summed.coords:
        summed = summed.assign_coords(completeness_error=("target", [error]))
        summed.attrs["completeness_error"] = error
    return _named(summed, contrasts)


def first_minus_second(single: xr.DataArray) -> xr.DataArray:
    """Return every trial's values of two classes as their difference; those of other numbers of classes as they are.

    Parameters
    ----------
    single : xarray.DataArray, dims (trial, target, ...)
        One value per trial and class, with the coordinate ``class_name``.

    Returns
    -------
    xarray.DataArray, dims (trial, target, ...)
        One target, named as in :func:`against`, if all trials are of the two classes.

    Examples
    --------
    >>> coords = {"target": ["left", "right"], "class_name": ("trial", ["left", "right", "right"])}
    >>> single = xr.DataArray([[3.0, 1.0], [1.0, 1.0], [0.0, 4.0]], coords, ("trial", "target"))
    >>> first_minus_second(single).sel(target="left against right").values.tolist()
    [2.0, 0.0, -4.0]
    """
    if not _can_be_one(single) or "class_name" not in single.coords:
        return single
    names = single["target"].to_numpy().astype(str)
    if not np.isin(single["class_name"].to_numpy().astype(str), names).all():
        return single
    # What shares miss of a difference is not known from what they miss of each class.
    plain = single.drop_vars("completeness_error", errors="ignore")
    first, second = (plain.isel(target=[number]) for number in (0, 1))
    return _named(first.copy(data=_share(single) * (first.to_numpy() - second.to_numpy())), single)


def first_of_two(contrasts: xr.DataArray) -> xr.DataArray:
    """Return of two classes the contrast of the first as that of both, where the second's is its mirror image.

    Examples
    --------
    >>> first_of_two(xr.DataArray([1.0, -1.0], {"target": ["left", "right"]}, ("target",))).target.item()
    'left against right'
    """
    return _named(contrasts.isel(target=[0]), contrasts) if _can_be_one(contrasts) else contrasts


def _can_be_one(values: xr.DataArray) -> bool:
    return (
        values.sizes["target"] == 2 and not is_of_numbers(values) and values.attrs.get("method") not in _SIZES
    )


def _share(values: xr.DataArray) -> float:
    return 0.5 if values.attrs.get("explain") == "margin" else 1.0


def _named(one: xr.DataArray, of_classes: xr.DataArray) -> xr.DataArray:
    names = [str(name) for name in of_classes["target"].to_numpy()]
    one.attrs |= difference_attrs(of_classes.attrs, *names)
    return one.assign_coords(
        {"target": [against_words(*names)], FIRST: ("target", names[:1]), SECOND: ("target", names[1:])}
    )


def against_words(first: str, second: str) -> str:
    """Return what two classes as one target are called.

    Examples
    --------
    >>> against_words("left", "right"), against_words("0", "1")
    ('left against right', 'class 0 against class 1')
    """
    return f"{class_words(first)} against {class_words(second)}"


def difference_attrs(attrs: Any, first: str, second: str) -> dict[str, str]:
    """Return attributes that say what was subtracted, in units that say so."""
    of = {"contrast_of": f"{class_words(first)} minus {class_words(second)}"}
    explain = str(attrs.get("explain", "")).replace("_", " ")
    units = str(attrs.get("units", ""))
    if explain in ("", "margin") or not units.startswith(explain):
        return of
    return of | {"units": units.replace(explain, f"{explain} difference", 1)}
