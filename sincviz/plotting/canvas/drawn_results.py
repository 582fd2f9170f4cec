"""Results that each plot function draws, and what to call if it was given something else."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import ceil, floor, log10, prod
from pkgutil import iter_modules

import pandas as pd
import xarray as xr


@dataclass(frozen=True)
class DrawnResult:
    """What a plot function draws, and what to pass to it: of an inspection or a group, or else of a network.

    ``marks`` are columns, dimensions or variables that only this result has; empty where several are drawn.
    """

    kind: type[pd.DataFrame | xr.DataArray | xr.Dataset]
    of_results: str
    of_network: str = ""
    marks: tuple[str, ...] = ()


MOST_MAPS = 200  # smaller ones cannot be read
_OF_ONE_NETWORK = ("center_shift_hz", "width_change_hz")  # what `cutoff_drift` returned


class TooManyMapsError(ValueError):
    """One figure cannot show so many scalp maps."""


@cache
def _results() -> dict[str, DrawnResult]:
    """Return what every plot function draws: its module says so."""
    plotting = import_module("sincviz.plotting")
    modules = [import_module(f"{plotting.__name__}.{one.name}") for one in iter_modules(plotting.__path__)]
    return {name: drawn for module in modules for name, drawn in getattr(module, "DRAWN", {}).items()}


def check_drawn(plot: str, result: object) -> None:
    """Refuse what a plot function does not draw, and say what to call.

    Parameters
    ----------
    plot : str
        Name of the plot function.
    result : object
        What it was given.

    Raises
    ------
    TypeError
        If it is not a table or array, such as a network, or is one of another kind.
    ValueError
        If it is a result that another function draws.
    """
    wanted = _results()[plot]
    fits = isinstance(result, wanted.kind)
    if fits and set(wanted.marks or {"channel"}) <= _marks_of(result):
        return
    if other := _drawn_by(result, plot):
        error = ValueError if fits else TypeError
        raise error(f"`{plot}` does not draw this result. Try `{other}`.")
    if fits:
        return  # the function itself says what is missing
    name = wanted.kind.__name__
    library = "pandas" if wanted.kind is pd.DataFrame else "xarray"
    raise TypeError(
        f"`{plot}` draws a {library}.{name}; got {_named(result)}. {_advice(plot, wanted, result)}"
    )


def _marks_of(result: object) -> set[Hashable]:
    if isinstance(result, pd.DataFrame):
        return set(result.columns)
    if isinstance(result, xr.DataArray):
        return set(result.dims)
    return set(result.data_vars) if isinstance(result, xr.Dataset) else set()


def _drawn_by(result: object, plot: str) -> str:
    """Return the call that draws a result of sincviz; empty if it is not recognised."""
    marks = _marks_of(result)
    if isinstance(result, pd.DataFrame) and set(_OF_ONE_NETWORK) <= marks:
        return "sincviz.plotting.plot_bands(sincviz.learned_bands(model))"
    if isinstance(result, xr.DataArray) and {"subject", "band"} <= marks <= {"condition", "subject", "band"}:
        return "" if plot == "plot_band_use" else "sincviz.plotting.plot_band_use(result)"
    for other, drawn in _results().items():
        # An array is recognised by all its dimensions; a table or dataset has more columns than its marks.
        exact = not isinstance(result, xr.DataArray) or set(drawn.marks) == marks
        if drawn.marks and isinstance(result, drawn.kind) and set(drawn.marks) <= marks and exact:
            return "" if other == plot else f"sincviz.plotting.{other}(result)"
    return ""


def _named(result: object) -> str:
    return "None" if result is None else type(result).__name__


def _advice(plot: str, wanted: DrawnResult, result: object) -> str:
    field = wanted.of_results.split(".")[1].split(",")[0]
    if result is None:
        return "This was not measured; `inspection.missing` or `group.missing` says why."
    if hasattr(result, field) and hasattr(result, "missing"):
        return f"Try `sincviz.plotting.{plot}({wanted.of_results})`."
    if wanted.of_network:
        return f"Try `sincviz.plotting.{plot}({wanted.of_network})`."
    return (
        "This figure is of several networks: with `group = sincviz.group('manifest.csv', 'population')`, try "
        f"`sincviz.plotting.{plot}({wanted.of_results})`."
    )


def check_cells(
    plot: str, cells: xr.DataArray, given: xr.DataArray, kind: str, dims: tuple[str, ...]
) -> None:
    """Refuse relevance that is empty or has other dimensions, and say what to call instead.

    Parameters
    ----------
    plot : str
        Name of the plot function.
    cells : xarray.DataArray
        What it would draw.
    given : xarray.DataArray
        What it was given, before anything was summed.
    kind : str
        The kind of figure; empty if there is one.
    dims : tuple of str
        The dimensions that it draws.

    Raises
    ------
    ValueError
        If the dimensions are different or the array is empty.
    """
    if set(cells.dims) == set(dims) and len(cells.dims) == len(dims) and cells.size:
        return
    call = _call_for(plot, given, kind) if given.size else ""
    drawn_by = f"kind={kind!r}" if kind else plot
    raise ValueError(
        f"`{drawn_by}` draws an array over ({', '.join(dims)}), not empty; got {dict(given.sizes)}."
        + (f" Try `{call}`." if call else "")
    )


def _call_for(plot: str, given: xr.DataArray, kind: str) -> str:
    """Return a call that draws an array of relevance over other dimensions; empty if there is none."""
    given_dims, expression = {str(dim) for dim in given.dims}, "result"
    if "trial" in given_dims:
        given_dims.remove("trial")
        expression += ".mean('trial', keep_attrs=True)"
    if "target" not in given_dims:
        given_dims.add("target")
        expression += ".expand_dims('target')"
    if "time" in given_dims:
        return _call_over_time(given, given_dims - {"target", "time"}, expression)
    others = given_dims - {"target"}
    of_bands = plot == "plot_relevance"
    if others in ({"filter", "channel"}, {"band", "channel"}) or (
        others == {"frequency", "channel"} and of_bands
    ):
        return f"sincviz.plotting.plot_relevance({expression}, {kind if of_bands else 'channels'!r})"
    if others == {"band", "region"}:
        return f"sincviz.plotting.plot_relevance({expression}.sum('region', skipna=False, keep_attrs=True), 'matrix')"
    if others in ({"band"}, {"filter"}, {"frequency"}):
        return f"sincviz.plotting.plot_relevance({expression}, 'matrix')"
    if others == {"frequency", "channel"}:
        return f"sincviz.plotting.plot_spectral_relevance({expression}, 'image')"
    if others == {"frequency", "region"}:
        return f"sincviz.plotting.plot_spectral_relevance({expression}, 'profile')"
    return ""


def _call_over_time(given: xr.DataArray, others: set[str], expression: str) -> str:
    """Return a call that draws an array over time and these dimensions; empty if there is none."""
    if "band" in others:
        others = others - {"band"}
        expression += f".sel(band={_first(given, 'band')!r})"
    if not {"channel", "region"} & others:
        others = others | {"region"}
        expression += ".expand_dims(region=['all channels'])"
    if others - {"part"} in ({"region", "frequency"}, {"channel", "frequency"}):
        return f"sincviz.plotting.plot_time_frequency_relevance({expression})"
    if "part" in others:
        others = others - {"part"}
        expression += f".sel(part={_first(given, 'part')!r})"
    if others == {"region"}:
        return f"sincviz.plotting.plot_temporal_relevance({expression})"
    if others == {"channel"}:
        return f"sincviz.plotting.plot_temporal_relevance({expression}, 'image')"
    return ""


def _first(given: xr.DataArray, dim: str) -> object:
    return given[dim].to_numpy()[:1].tolist()[0]


def check_number_of_maps(maps: xr.DataArray) -> None:
    """Refuse more scalp maps than one figure can show, and say how to choose.

    Raises
    ------
    TooManyMapsError
        If there are more than 200 maps.
    """
    sizes = {str(dim): size for dim, size in maps.sizes.items() if dim != "channel"}
    if prod(sizes.values()) <= MOST_MAPS:
        return
    if "frequency" in sizes:
        call = "sincviz.attribution.sum_over_bands(result)"
    elif "time" in sizes and (width_s := _window_s(maps, MOST_MAPS * sizes["time"] // prod(sizes.values()))):
        call = f"sincviz.attribution.sum_over_times(result, {width_s:g})"
    elif set(sizes) == {"filter", "depth"}:
        call = "sincviz.maps.most_important(result, sincviz.maps.importance(model), 32)"
    else:
        room, chosen = MOST_MAPS, []
        for dim, size in sorted(sizes.items(), key=lambda item: item[1]):
            kept = min(size, room)
            room //= kept
            chosen += [f"{dim}=slice({kept})"] * (kept < size)
        call = f"result.isel({', '.join(chosen)})"
    raise TooManyMapsError(
        f"One figure shows at most {MOST_MAPS} scalp maps; got {prod(sizes.values())} ({sizes}). Choose or group: "
        f"`{call}`."
    )


def _window_s(maps: xr.DataArray, n_windows: int) -> float:
    """Return a width that divides the times into at most so many windows; 0 if there is none."""
    time = maps["time"]
    if n_windows < 1 or time.attrs.get("units", "s") != "s":
        return 0.0
    step_s = float(time[-1] - time[0]) / (time.size - 1)
    # Two digits, rounded up, say the same in print; windows hold whole samples.
    width_s = step_s * ceil(time.size / n_windows)
    digits = 1 - floor(log10(width_s))
    return float(ceil(width_s * 10**digits) / 10**digits)


def check_map_dims(maps: xr.DataArray) -> None:
    """Refuse what is not an array of scalp maps, or has too many dimensions, and say what to call.

    Raises
    ------
    ValueError
        If there is no dimension ``channel``, no map, or more than two other dimensions.
    """
    dims = [str(dim) for dim in maps.dims if dim != "channel"]
    if "channel" not in maps.dims:
        call = _call_for("plot_relevance", maps, "matrix")
        raise ValueError(
            f"The array has no dimension `channel`; it has {', '.join(dims) or 'none'}."
            + (f" Try `{call}`." if call else "")
        )
    if len(dims) > 2:
        chosen = ", ".join(f"{dim}=0" for dim in dims[:-2])
        advice = "mean('trial', keep_attrs=True)" if dims[:-2] == ["trial"] else f"isel({chosen})"
        raise ValueError(
            f"At most two dimensions beside `channel` can be drawn; got {', '.join(dims)}. Try `result.{advice}`."
        )
    if maps.size == 0:
        raise ValueError("The array has no maps; there is nothing to draw.")
