"""What a test over subjects found, on the scalp and over frequencies, with its clusters."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz._utils.text import p_words
from sincviz.eeg.positions import check_positions
from sincviz.plotting.canvas.channel_images import channel_images
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn, check_number_of_maps
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.scalp_table import scalp_table
from sincviz.plotting.canvas.style import style

DRAWN = {
    "plot_cluster_topomaps": DrawnResult(xr.Dataset, "group.band_test", marks=("mean", "cluster_p")),
    "plot_cluster_spectrum": DrawnResult(xr.Dataset, "group.spectral_test", marks=("mean", "cluster_p")),
}

_MOST_P = 2  # of the clusters in one map


def plot_cluster_topomaps(test: xr.Dataset) -> Figure:
    r"""Draw the mean over subjects of every band on the scalp, and mark the electrodes of significant clusters.

    Parameters
    ----------
    test : xarray.Dataset, dims ([target,] band, channel)
        What :func:`sincviz.statistics.cluster_test` returned, of one comparison: ``mean``, and where they are known
        ``q``, ``cluster`` and ``cluster_p``. Positions are its coordinates ``x``, ``y``, ``z`` in metres.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, one row for each target, all maps on one scale. Above each map is the p of its significant
        clusters, or the smallest of the others. Electrodes whose ``q`` alone is small bear rings.

    Raises
    ------
    TypeError
        If it is something else, such as a network; the message says what to call.
    ValueError
        If ``mean`` is missing or over other dimensions, or there are several comparisons.
    PositionsError
        If the position of a channel is missing, zero, shared with another's or off the head, or there is one channel.

    Examples
    --------
    >>> from matplotlib import pyplot as plt
    >>> dims = ("band", "channel")
    >>> coords = {"band": ["alpha"], "channel": ["C3", "Cz", "C4"], "x": ("channel", [-0.06, 0, 0.06]),
    ...           "y": ("channel", [0, 0, 0.0]), "z": ("channel", [0.07, 0.1, 0.07])}
    >>> test = xr.Dataset({"mean": (dims, [[0.3, 0, -0.2]]), "cluster": (dims, [[1, 0, 2]]),
    ...     "cluster_p": (dims, [[0.004, np.nan, 0.3]])}, coords, {"alpha": 0.05, "n_subjects": 10})
    >>> figure = plot_cluster_topomaps(test)
    >>> figure.axes[0].get_title()
    'alpha\np = 0.004'
    >>> plt.close(figure)
    """
    check_drawn("plot_cluster_topomaps", test)
    one = _one_comparison(test, "band")
    check_number_of_maps(one["mean"])
    check_positions(one["mean"])
    areas, q = _significant(one), _q(one)
    marked, ringed = areas > 0, (q <= _alpha(one)) & (areas == 0)
    captions = np.array([[_p_of(one, target, band) for band in range(one.sizes["band"])]
                         for target in range(one.sizes["target"])])  # fmt: skip
    marks = []
    if marked.any():
        marks.append(f"White dots: electrodes of clusters with p ≤ {_alpha(one):g}.")
    if ringed.any():
        marks.append(f"Rings: q ≤ {_alpha(one):g} in this cell, in no such cluster.")
    with style():
        figure = scalp_table(_mean(one), marked, ringed=ringed, captions=captions)
        write_below(figure, test.attrs, note=_note(one, marks), strong=_headline(one))
    return figure


def plot_cluster_spectrum(test: xr.Dataset) -> Figure:
    """Draw the mean over subjects of every frequency and channel, with lines around significant clusters.

    Parameters
    ----------
    test : xarray.Dataset, dims ([target,] frequency, channel)
        What :func:`sincviz.statistics.cluster_test` returned, of one comparison: ``mean``, and where they are known
        ``cluster`` and ``cluster_p``. A coordinate ``region`` of the channels is written below them: sort channels by
        it first.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, one image for each target, all on one scale. Its title says the p of the significant clusters, or
        the smallest of the others.

    Raises
    ------
    TypeError
        If it is something else, such as a network; the message says what to call.
    ValueError
        If ``mean`` is missing or over other dimensions, or there are several comparisons.

    Examples
    --------
    >>> from matplotlib import pyplot as plt
    >>> dims = ("frequency", "channel")
    >>> test = xr.Dataset({"mean": (dims, [[0.3, 0], [0.2, 0.1]]), "cluster": (dims, [[1, 0], [1, 0]]),
    ...     "cluster_p": (dims, [[0.004, np.nan]] * 2)}, {"frequency": [10.0, 11], "channel": ["C3", "Cz"]},
    ...     {"alpha": 0.05, "n_subjects": 10})
    >>> figure = plot_cluster_spectrum(test)
    >>> figure.axes[0].get_title("left")
    'p = 0.004'
    >>> plt.close(figure)
    """
    check_drawn("plot_cluster_spectrum", test)
    one = _one_comparison(test, "frequency")
    mean, areas = _mean(one), _significant(one)
    titles = [
        ": ".join(filter(None, [str(name), _p_of(one, number)]))
        for number, name in enumerate(mean["target"].to_numpy())
    ]
    marks = [f"Outlined: clusters with p ≤ {_alpha(one):g}."] if areas.any() else []
    with style():
        figure = channel_images(mean.assign_coords(target=titles), areas=areas)
        write_below(figure, test.attrs, note=_note(one, marks), strong=_headline(one))
    return figure


def _one_comparison(test: xr.Dataset, dim: str) -> xr.Dataset:
    """Return the test over (target, dim, channel)."""
    names = [str(name) for name in np.atleast_1d(test["comparison"])] if "comparison" in test.coords else []
    if len(names) > 1:
        raise ValueError(
            f"One comparison is drawn at a time; got {', '.join(names)}. "
            f"Choose one: `test.sel(comparison={names[0]!r})`."
        )
    one = test.squeeze("comparison") if "comparison" in test.dims else test
    if "target" not in one.dims:
        one = one.expand_dims("target" if "target" in one.coords else {"target": [""]})
    dims = ("target", dim, "channel")
    if "mean" not in one or set(one["mean"].dims) != set(dims) or one["mean"].size == 0:
        others = {"band": "spectrum", "frequency": "topomaps"}
        other = others[dim] if set(others) - {dim} <= set(one.dims) else ""
        raise ValueError(
            f"`test` must hold `mean` over ([target,] {dim}, channel) with one entry or more; got "
            f"{', '.join(map(str, test)) or 'nothing'} over {dict(test.sizes)}. "
            + (
                f"Try `sincviz.plotting.plot_cluster_{other}(result)`."
                if other
                else "Pass what `cluster_test` returned."
            )
        )
    return one.transpose(*dims)


def _mean(one: xr.Dataset) -> xr.DataArray:
    """Return what is drawn; a target that stands for all classes needs no name."""
    mean = one["mean"].rename("mean contrast").assign_attrs(units=one.attrs.get("units", ""))
    return mean.assign_coords(target=[""]) if mean["target"].to_numpy().tolist() == ["all classes"] else mean


def _alpha(one: xr.Dataset) -> float:
    return float(one.attrs.get("alpha", 0.05))


def _q(one: xr.Dataset) -> NDArray[np.float64]:
    return one["q"].to_numpy() if "q" in one else np.full(one["mean"].shape, np.nan)


def _significant(one: xr.Dataset) -> NDArray[np.int_]:
    """Return the number of the significant cluster of each cell, 0 for none."""
    if "cluster_p" not in one:
        return np.zeros(one["mean"].shape, int)
    return np.where(one["cluster_p"] <= _alpha(one), one["cluster"], 0).astype(int)


def _p_of(one: xr.Dataset, *at: int) -> str:
    """Return the p of the significant clusters in one map, or else the smallest; nothing where there are none."""
    if "cluster_p" not in one:
        return ""
    numbers, p = one["cluster"].to_numpy()[at], one["cluster_p"].to_numpy()[at]
    found = sorted(dict(zip(numbers[numbers > 0], p[numbers > 0], strict=True)).values())
    shown = [value for value in found if value <= _alpha(one)] or found[:1]
    words = [f"p {p_words(value)}" for value in shown[:_MOST_P]]
    words = words[:1] + [word.removeprefix("p ").removeprefix("= ") for word in words[1:]]
    return ", ".join(words + ["…"] * (len(shown) > _MOST_P))


def _headline(one: xr.Dataset) -> str:
    if "cluster_p" not in one:
        return "Clusters were not tested."
    if _significant(one).any():
        return ""
    smallest = float(one["cluster_p"].min())
    found = "no cell passes the threshold" if np.isnan(smallest) else f"smallest p {p_words(smallest)}"
    return f"No significant cluster: {found}."


def _note(one: xr.Dataset, marks: list[str]) -> str:
    """Return what marks mean, and how they were found."""
    said = {name: one.coords[name].item() if name in one.coords else one.attrs.get(name)
            for name in ("comparison", "n_subjects", "n_permutations", "cluster_forming_t", "smallest_p")}  # fmt: skip
    count = "" if said["n_subjects"] is None else f"{said['n_subjects']:.0f} subjects"
    parts = [f"Mean over {count or 'subjects'}."]
    if said["comparison"]:
        parts.insert(0, f"Comparison: {said['comparison']}.")
    parts += marks
    if "cluster_p" in one:
        how = ["p: of whole clusters, not of single cells, over all maps (sign-flip permutations"]
        if said["n_permutations"] is not None:
            how[0] += f": {said['n_permutations']:.0f}"
        if said["cluster_forming_t"] is not None:
            how.append(f"cells with |t| > {said['cluster_forming_t']:.2f}")
        if said["smallest_p"] is not None and said["smallest_p"] >= 0.001:
            how.append(f"smallest possible p {p_words(said['smallest_p'])}")
        parts.append("; ".join(how) + ").")
    if marks and any("q ≤" in mark for mark in marks):
        parts.append("q: of single cells (Benjamini–Hochberg).")
    return " ".join(filter(None, [*parts, bands_in_hz(one) if "band" in one.dims else ""]))
