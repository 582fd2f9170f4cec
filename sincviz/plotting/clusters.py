"""Clusters of a test over subjects, on the scalp, over frequencies and over times."""

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
from sincviz.plotting.canvas.shown_cells import front_to_back
from sincviz.plotting.canvas.style import style
from sincviz.plotting.canvas.time_axis import selected_words
from sincviz.plotting.canvas.time_images import time_images

DRAWN = {
    "plot_cluster_topomaps": DrawnResult(xr.Dataset, "group.band_test", marks=("mean", "cluster_p")),
    "plot_cluster_spectrum": DrawnResult(xr.Dataset, "group.spectral_test", marks=("mean", "cluster_p")),
    "plot_cluster_times": DrawnResult(xr.Dataset, "group.time_test", marks=("mean", "cluster_p")),
}

_DRAWN_BY = {"band": "topomaps", "frequency": "spectrum", "time": "times"}

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
        178 mm wide, one row for each target, all maps on one scale. Above each map are the p-values of its
        significant clusters, or the smallest of the others. Electrodes with a small ``q`` outside them are ringed.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If ``mean`` is missing or over other dimensions, or there are several comparisons.
    PositionsError
        If the position of a channel is missing, zero, shared with another's or off the head, or there is one channel.

    Examples
    --------
    >>> from sincviz import datasets
    >>> from sincviz.statistics import cluster_test
    >>> epochs, truth = datasets.simulate_motor_imagery(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> used = maps.sel(source="mu_right_hemisphere") - maps.sel(source="mu_left_hemisphere")
    >>> limits = {"band_low_hz": ("band", [4, 8, 13]), "band_high_hz": ("band", [8, 13, 30])}
    >>> used = used * xr.DataArray([0.0, 1.0, 0.6], {"band": ["theta", "alpha", "beta"], **limits}, ("band",))
    >>> noise = np.random.default_rng(0).normal(0, 1.5, (10, 32, 3))  # of ten subjects
    >>> noise = xr.DataArray(noise, dims=("subject", "channel", "band"))
    >>> figure = plot_cluster_topomaps(cluster_test(used + noise))
    >>> figure.axes[1].get_title()
    'alpha\np = 0.002, 0.002'
    """
    check_drawn("plot_cluster_topomaps", test)
    comparison = _one_comparison(test, "band")
    check_number_of_maps(comparison["mean"])
    check_positions(comparison["mean"])
    areas, q = _significant(comparison), _q(comparison)
    marked, ringed = areas > 0, (q <= _alpha(comparison)) & (areas == 0)
    captions = np.array([[_p_of(comparison, target, band) for band in range(comparison.sizes["band"])]
                         for target in range(comparison.sizes["target"])])  # fmt: skip
    marks = []
    if marked.any():
        marks.append(f"White dots: electrodes of clusters with p ≤ {_alpha(comparison):g}.")
    if ringed.any():
        marks.append(f"Rings: q ≤ {_alpha(comparison):g} in this cell, outside such clusters.")
    with style():
        figure = scalp_table(_mean(comparison), marked, ringed=ringed, captions=captions)
        write_below(figure, test.attrs, note=_note(comparison, marks), strong=_headline(comparison))
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
        178 mm wide, one image for each target, all on one scale. Its title gives the p-values of the significant
        clusters, or the smallest of the others.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If ``mean`` is missing or over other dimensions, or there are several comparisons.

    Examples
    --------
    >>> from sincviz import datasets
    >>> from sincviz.statistics import cluster_test
    >>> epochs, truth = datasets.simulate_motor_imagery(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> used = maps.sel(source="mu_right_hemisphere") - maps.sel(source="mu_left_hemisphere")
    >>> frequency = xr.DataArray(np.arange(2.0, 32, 2), dims="frequency", attrs={"units": "Hz"})
    >>> used = (used * np.exp(-((frequency - 10) ** 2) / 8)).assign_coords(frequency=frequency)
    >>> noise = np.random.default_rng(0).normal(0, 1.5, (10, 32, 15))  # of ten subjects
    >>> noise = xr.DataArray(noise, dims=("subject", "channel", "frequency"))
    >>> figure = plot_cluster_spectrum(cluster_test(used + noise))
    >>> figure.axes[0].get_title("left")
    'p = 0.002, 0.002'
    """
    check_drawn("plot_cluster_spectrum", test)
    comparison = _one_comparison(test, "frequency")
    mean, areas = _mean(comparison), _significant(comparison)
    with style():
        figure = channel_images(mean.assign_coords(target=_titles(comparison)), areas=areas)
        write_below(
            figure, test.attrs, note=_note(comparison, _outlined(comparison)), strong=_headline(comparison)
        )
    return figure


def plot_cluster_times(test: xr.Dataset) -> Figure:
    """Draw the mean of every channel and time, over subjects or trials, with lines around significant clusters.

    Parameters
    ----------
    test : xarray.Dataset, dims ([target,] channel, time)
        What :func:`sincviz.statistics.cluster_test` over subjects or :func:`sincviz.statistics.trial_cluster_test` over
        trials returned, of one comparison: ``mean``, and where they are known ``cluster`` and ``cluster_p``. Of a test
        with bands or frequencies, select one: ``test.sel(band="alpha")``. A coordinate ``region`` of the channels is
        written beside them. A thin line marks time 0, the event, where it lies between the first time and the last.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, one image for each target, all on one scale. Its title gives the p-values of the significant
        clusters, or the smallest of the others.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If ``mean`` is missing or over other dimensions, such as bands, or there are several comparisons.

    Examples
    --------
    >>> from sincviz import datasets
    >>> from sincviz.statistics import cluster_test
    >>> epochs, truth = datasets.simulate_erp(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> used = (maps * truth.time_course).sel(source="p300").isel(time=slice(None, None, 4))
    >>> noise = np.random.default_rng(0).normal(0, 6, (10, 32, 40))  # of ten subjects
    >>> noise = xr.DataArray(noise, dims=("subject", "channel", "time"))
    >>> figure = plot_cluster_times(cluster_test(used + noise))
    >>> figure.axes[0].get_title("left")
    'p = 0.002'
    """
    check_drawn("plot_cluster_times", test)
    comparison = front_to_back(_one_comparison(test, "time")).transpose("target", "channel", "time")
    mean, areas = _mean(comparison), _significant(comparison)
    with style():
        figure = time_images(mean.assign_coords(target=_titles(comparison)), areas)
        write_below(
            figure, test.attrs, note=_note(comparison, _outlined(comparison)), strong=_headline(comparison)
        )
    return figure


def _titles(comparison: xr.Dataset) -> list[str]:
    """Return what is written above each image: the class, and the p-values of its clusters."""
    names = _mean(comparison)["target"].to_numpy()
    return [": ".join(filter(None, [str(name), _p_of(comparison, at)])) for at, name in enumerate(names)]


def _outlined(comparison: xr.Dataset) -> list[str]:
    outlined = f"Outlined: clusters with p ≤ {_alpha(comparison):g}."
    return [outlined] if _significant(comparison).any() else []


def _one_comparison(test: xr.Dataset, dim: str) -> xr.Dataset:
    """Return the test over (target, dim, channel)."""
    names = [str(name) for name in np.atleast_1d(test["comparison"])] if "comparison" in test.coords else []
    if len(names) > 1:
        raise ValueError(
            f"One comparison is drawn at a time; got {', '.join(names)}. "
            f"Choose one: `test.sel(comparison={names[0]!r})`."
        )
    comparison = test.squeeze("comparison") if "comparison" in test.dims else test
    if "target" not in comparison.dims:
        comparison = comparison.expand_dims("target" if "target" in comparison.coords else {"target": [""]})
    dims = ("target", dim, "channel")
    if "mean" not in comparison or set(comparison["mean"].dims) != set(dims) or comparison["mean"].size == 0:
        raise ValueError(
            f"`test` must have the variable `mean` over ([target,] {dim}, channel), not empty; got "
            f"{', '.join(map(str, test)) or 'nothing'} over {dict(test.sizes)}. {_advice(comparison, dim)}"
        )
    return comparison.transpose(*dims)


def _advice(comparison: xr.Dataset, wanted: str) -> str:
    """Return what to call for a test over other dimensions."""
    dims = {str(dim) for dim in comparison.dims} - {"target"}
    others = sorted(dims - {"channel"})
    if "channel" not in dims or not others or set(others) - set(_DRAWN_BY) or 0 in comparison.sizes.values():
        return "Pass what `cluster_test` returned."
    divided = [dim for dim in others if dim != "time"]
    if len(others) == 2 and len(divided) == 1:
        first = comparison[divided[0]].to_numpy()[:1].tolist()[0]
        return (
            f"Choose one {divided[0]}: "
            f"`sincviz.plotting.plot_cluster_times(result.sel({divided[0]}={first!r}))`."
        )
    if len(others) == 1 and others != [wanted] and "mean" in comparison:
        return f"Try `sincviz.plotting.plot_cluster_{_DRAWN_BY[others[0]]}(result)`."
    return "Pass what `cluster_test` returned."


def _mean(comparison: xr.Dataset) -> xr.DataArray:
    """Return what is drawn; a target that stands for all classes needs no name."""
    mean = comparison["mean"].rename("mean contrast").assign_attrs(units=comparison.attrs.get("units", ""))
    return mean.assign_coords(target=[""]) if mean["target"].to_numpy().tolist() == ["all classes"] else mean


def _alpha(comparison: xr.Dataset) -> float:
    return float(comparison.attrs.get("alpha", 0.05))


def _q(comparison: xr.Dataset) -> NDArray[np.float64]:
    return comparison["q"].to_numpy() if "q" in comparison else np.full(comparison["mean"].shape, np.nan)


def _significant(comparison: xr.Dataset) -> NDArray[np.int_]:
    """Return the number of the significant cluster of each cell, 0 for none."""
    if "cluster_p" not in comparison:
        return np.zeros(comparison["mean"].shape, int)
    return np.where(comparison["cluster_p"] <= _alpha(comparison), comparison["cluster"], 0).astype(int)


def _p_of(comparison: xr.Dataset, *at: int) -> str:
    """Return the p-values of the significant clusters in one map, or else the smallest; empty if there are none."""
    if "cluster_p" not in comparison:
        return ""
    numbers, p = comparison["cluster"].to_numpy()[at], comparison["cluster_p"].to_numpy()[at]
    p_values = sorted(dict(zip(numbers[numbers > 0], p[numbers > 0], strict=True)).values())
    shown = [value for value in p_values if value <= _alpha(comparison)] or p_values[:1]
    words = [f"p {p_words(value)}" for value in shown[:_MOST_P]]
    words = words[:1] + [word.removeprefix("p ").removeprefix("= ") for word in words[1:]]
    return ", ".join(words + ["…"] * (len(shown) > _MOST_P))


def _headline(comparison: xr.Dataset) -> str:
    if "cluster_p" not in comparison:
        return "Clusters were not tested."
    if _significant(comparison).any():
        return ""
    smallest = float(comparison["cluster_p"].min())
    reason = "no cell passes the threshold" if np.isnan(smallest) else f"smallest p {p_words(smallest)}"
    return f"No significant cluster: {reason}."


def _note(comparison: xr.Dataset, marks: list[str]) -> str:
    """Return what the marks mean and how they were computed."""
    facts = {name: comparison.coords[name].item() if name in comparison.coords else comparison.attrs.get(name)
            for name in ("comparison", "n_subjects", "n_permutations", "cluster_forming_t", "smallest_p")}  # fmt: skip
    of_trials = facts["n_subjects"] is None and "n_trials" in comparison.attrs
    count = "" if facts["n_subjects"] is None else f"{facts['n_subjects']:.0f} subjects"
    if of_trials:
        count = f"{comparison.attrs['n_trials']:.0f} trials of one network"
    over = "Contrast of" if comparison.attrs.get("trials") == "contrast" and of_trials else "Mean over"
    sentences = [selected_words(comparison), f"{over} {count or 'subjects'}."]
    if facts["comparison"]:
        sentences.insert(0, f"Comparison: {facts['comparison']}.")
    sentences += marks
    if "cluster_p" in comparison:
        kind = "permutations of the classes" if over == "Contrast of" else "sign-flip permutations"
        how = [f"p: of whole clusters, not of single cells, over all maps ({kind}"]
        if facts["n_permutations"] is not None:
            how[0] += f": {facts['n_permutations']:.0f}"
        if facts["cluster_forming_t"] is not None:
            how.append(f"cells with |t| > {facts['cluster_forming_t']:.2f}")
        if facts["smallest_p"] is not None and facts["smallest_p"] >= 0.001:
            how.append(f"smallest possible p {p_words(facts['smallest_p'])}")
        sentences.append("; ".join(how) + ").")
    if marks and any("q ≤" in mark for mark in marks):
        sentences.append("q: of single cells (Benjamini–Hochberg).")
    return " ".join(filter(None, [*sentences, bands_in_hz(comparison) if "band" in comparison.dims else ""]))
