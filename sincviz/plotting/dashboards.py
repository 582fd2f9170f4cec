"""Dashboards: scalp patterns and bands that the networks of many people share, one card each."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz._utils.text import counted, p_words
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.positions import check_positions
from sincviz.errors import PositionsError
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.lettering import fitted, hz, percent
from sincviz.plotting.canvas.rhythm_shades import shade_rhythms
from sincviz.plotting.canvas.scalp_grid import colour_scale
from sincviz.plotting.canvas.scalp_table import draw_maps
from sincviz.plotting.canvas.style import (
    INITIAL,
    MEASURED,
    NOMINAL,
    double_column_mm,
    inches,
    large_pt,
    style,
    type_mm,
)

DRAWN = {
    "plot_filter_dashboards": DrawnResult(
        xr.Dataset, "group.unit_clusters", "", ("stability", "held", "n_networks")
    ),
}

MOST_CARDS = 8
"""More do not fit on a page."""

_MAP_MM, _CARD_MM, _TITLE_MM, _APART_MM = 20.0, 23.0, 7.0, 2.5
_TOP_MM, _NAMES_MM, _BELOW_MM, _SIDE_MM = 2.0, 5.0, 9.0, 2.0
_BAND = (0.18, 0.58)  # of the width
_PEOPLE = (0.66, 0.99)
_MOST_NAMES = 24
_VARIABLES = (
    *("pattern", "share", "held", "low_hz", "high_hz", "stable", "stability", "p"),
    *("n_units", "n_networks", "n_subjects"),
)


def plot_filter_dashboards(clusters: xr.Dataset) -> Figure:
    """Draw one card for each cluster of units: its pattern, its band in every person, and who has it.

    Parameters
    ----------
    clusters : xarray.Dataset, dims (cluster, subject, channel)
        What :func:`sincviz.maps.cluster_units` returned. The stable clusters are drawn, the first eight.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide. Of every card at the left the mean pattern, relative to its largest value (without positions, the
        names of its strongest channels); in the middle the band of every person who has such units, and its mean over
        people; at the right every person, by the share of the importance of their networks that these units have, with
        a filled dot if at least half of their networks have one.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If a variable is missing, or no cluster is stable.

    Examples
    --------
    >>> from sincviz import datasets
    >>> epochs, truth = datasets.simulate_motor_imagery(4)
    >>> places = np.array([channel["loc"][:3] for channel in epochs.info["chs"]]).T
    >>> places = {axis: ("channel", at) for axis, at in zip("xyz", places, strict=True)}
    >>> maps = truth.scalp_map.reset_coords(drop=True).assign_coords(places)
    >>> pattern = maps.sel(source=["mu_left_hemisphere", "beta_right_hemisphere"]).rename(source="cluster")
    >>> low_hz = np.array([[7.8, 8.1, 8.4, 7.9, 9.0, 8.3], [17.0, 18.5, 19.0, 16.8, 18.2, 20.1]])
    >>> share = np.array([[0.4, 0.35, 0.3, 0.42, 0.2, 0.3], [0.2, 0.22, 0.15, 0.3, 0.03, 0.18]])
    >>> by_person = {"share": share, "held": share > 0.1, "low_hz": low_hz, "high_hz": 1.4 * low_hz}
    >>> by_cluster = {"stable": [True, True], "stability": [0.95, 0.88], "p": [0.002, 0.01], "n_units": [31, 22],
    ...               "n_networks": [18, 15], "n_subjects": [6, 5]}
    >>> clusters = pattern.to_dataset(name="pattern").assign_coords(subject=list("ABCDEF"))
    >>> clusters = clusters.assign({name: (("cluster", "subject"), values) for name, values in by_person.items()})
    >>> clusters = clusters.assign({name: ("cluster", values) for name, values in by_cluster.items()})
    >>> figure = plot_filter_dashboards(clusters)
    >>> figure.texts[0].get_text()
    '1: 8.2–11.5 Hz, strongest at C3; held by 6 of 6 people'
    """
    check_drawn("plot_filter_dashboards", clusters)
    lacking = [name for name in _VARIABLES if name not in clusters]
    if lacking:
        raise ValueError(
            f"The clusters lack {', '.join(lacking)}. Pass what `sincviz.maps.cluster_units` returned."
        )
    stable = clusters.isel(cluster=np.flatnonzero(clusters["stable"].to_numpy()))
    if not stable.sizes["cluster"]:
        raise ValueError(
            "No cluster is stable, so there is no card to draw. `clusters.stability` and `clusters.p` say how far each "
            "is from it."
        )
    shown = stable.isel(cluster=slice(MOST_CARDS))
    with style():
        figure = _cards(shown)
        rest = stable.sizes["cluster"] - shown.sizes["cluster"]
        write_below(figure, {}, note=_note(rest))
    return figure


def _cards(clusters: xr.Dataset) -> Figure:
    width, n_cards = double_column_mm(), clusters.sizes["cluster"]
    title_mm, below_mm, top_mm = type_mm(_TITLE_MM), type_mm(_BELOW_MM), type_mm(_TOP_MM)
    if _names_shown(clusters):
        longest = max(len(str(name)) for name in clusters["subject"].to_numpy())
        below_mm += type_mm(1.1) * min(longest, 12)
    card_mm = title_mm + _CARD_MM
    # The names of the rhythms stand above the first card, in two lines.
    names_mm = type_mm(_NAMES_MM)
    height = top_mm + names_mm + n_cards * card_mm + below_mm
    figure = plt.figure(figsize=(inches(width), inches(height)))
    placed = _has_positions(clusters)
    maps = []
    end_hz = 1.15 * float(np.nanmax(clusters["high_hz"].to_numpy()))
    most = 1.15 * float(clusters["share"].max())
    for number in range(n_cards):
        of, top = clusters.isel(cluster=number), top_mm + number * card_mm + (names_mm if number else 0)
        title = 1 - (top + (_APART_MM if number else 0)) / height
        figure.text(
            _SIDE_MM / width, title, fitted(_title(number, of), 0.62 * width, size_pt=large_pt()),
            va="top", fontsize=large_pt(), weight="bold", parse_math=False,
        )  # fmt: skip
        figure.text(
            0.99, title, _evidence(of), va="top", ha="right", parse_math=False,
        )  # fmt: skip
        low = 1 - (top + (0 if number else names_mm) + card_mm - 2) / height
        up = (_CARD_MM - 4) / height
        ax = figure.add_axes(
            (_SIDE_MM / width, low, _MAP_MM / width, _MAP_MM / height), label=f"map {number}"
        )
        maps.append(ax)
        band = figure.add_axes((_BAND[0], low, _BAND[1] - _BAND[0], up), label=f"band {number}")
        _draw_bands(band, of, end_hz, first=number == 0, last=number == n_cards - 1)
        people = figure.add_axes((_PEOPLE[0], low, _PEOPLE[1] - _PEOPLE[0], up), label=f"people {number}")
        _draw_people(people, of, most, last=number == n_cards - 1)
    patterns = clusters["pattern"]
    relative = (patterns / abs(patterns).max("channel")).to_numpy()
    if placed:
        draw_maps(np.array(maps, object), relative, [""] * n_cards, colour_scale(relative), patterns)
    else:
        for ax, values in zip(maps, relative, strict=True):
            names = clusters["channel"].to_numpy()[np.argsort(-np.abs(values))[:4]]
            ax.set_axis_off()
            ax.text(0.5, 0.5, "\n".join(fitted(str(name), _MAP_MM) for name in names), ha="center", va="center",
                    parse_math=False)  # fmt: skip
    return figure


def _draw_bands(ax: Axes, cluster: xr.Dataset, end_hz: float, *, first: bool, last: bool) -> None:
    """Draw the band of every person as a line, the mean band as an area."""
    low_hz, high_hz = cluster["low_hz"].to_numpy(), cluster["high_hz"].to_numpy()
    known, held = np.isfinite(low_hz), cluster["held"].to_numpy().astype(bool)
    ax.set(xlim=(0, end_hz), ylim=(len(low_hz) - 0.4, -0.6), yticks=[])
    if first:
        shade_rhythms(ax, RHYTHMS, end_hz)
    else:
        for low, high in list(RHYTHMS.values())[::2]:
            ax.axvspan(low, min(high, end_hz), color="#EEF1F6", linewidth=0, zorder=0)
    ax.axvspan(*_band(cluster), color=MEASURED, alpha=0.18, linewidth=0, zorder=1, label="mean band")
    rows = np.arange(len(low_hz))
    ax.hlines(rows[known], low_hz[known], high_hz[known], zorder=2, linewidth=min(1.2, 30 / len(rows)),
              colors=[NOMINAL if one else "#9DB8CC" for one in held[known]])  # fmt: skip
    ax.set_ylabel("People")
    if last:
        ax.set_xlabel("Frequency (Hz)")
    else:
        ax.tick_params(labelbottom=False)


def _draw_people(ax: Axes, cluster: xr.Dataset, most: float, *, last: bool) -> None:
    """Draw the share of every person as a dot."""
    share, held = cluster["share"].to_numpy(), cluster["held"].to_numpy().astype(bool)
    places = np.arange(len(share))
    ax.vlines(places[share > 0], 0, share[share > 0], colors="#BBBBBB", linewidth=0.7, zorder=1)
    for chosen, face, edge, label in (
        (held, NOMINAL, NOMINAL, "held"),
        (~held & (share > 0), "white", NOMINAL, "in fewer than half of the networks"),
        (~held & (share == 0), "white", INITIAL, "not found"),
    ):
        marker = "x" if label == "not found" else "o"
        ax.plot(places[chosen], share[chosen], linestyle="none", marker=marker, markersize=3.2,
                markerfacecolor=face, markeredgecolor=edge, markeredgewidth=0.7, zorder=2, label=label,
                clip_on=False)  # fmt: skip
    ax.set(xlim=(-0.6, len(share) - 0.4), ylim=(0, most), ylabel="Share (%)")
    ax.yaxis.set_major_formatter(percent)
    ax.tick_params(axis="x", length=0)
    if not last:
        ax.tick_params(labelbottom=False)
        ax.set_xticks([])
    elif _names_shown(cluster):
        names = [fitted(str(name), 15.0) for name in cluster["subject"].to_numpy()]
        ax.set_xticks(places, names, rotation=90, parse_math=False)
    else:
        ax.set_xticks([])
        ax.set_xlabel(f"{len(share)} people")


def _names_shown(clusters: xr.Dataset) -> bool:
    return clusters.sizes["subject"] <= _MOST_NAMES


def _has_positions(clusters: xr.Dataset) -> bool:
    try:
        check_positions(clusters["pattern"])
    except PositionsError:
        return False
    return True


def _band(cluster: xr.Dataset) -> tuple[float, float]:
    """Return the mean band over the people who hold a cluster."""
    held = cluster["held"].to_numpy().astype(bool)
    low, high = (float(np.nanmean(cluster[name].to_numpy()[held])) for name in ("low_hz", "high_hz"))
    return low, high


def _title(number: int, cluster: xr.Dataset) -> str:
    low_hz, high_hz = _band(cluster)
    strongest = cluster["channel"].to_numpy()[int(np.argmax(np.abs(cluster["pattern"].to_numpy())))]
    return (
        f"{number + 1}: {hz(low_hz)}–{hz(high_hz)} Hz, strongest at {strongest}; held by "
        f"{int(cluster['n_subjects'])} of {cluster.sizes['subject']} people"
    )


def _evidence(cluster: xr.Dataset) -> str:
    return f"stability {float(cluster['stability']):.2f}, p {p_words(float(cluster['p']))}"


def _note(rest: int) -> str:
    sentences = [
        "Stability: similarity to clusters in samples of people, 0–1; p: of so many people by chance. Share: of the "
        "importance of a person's networks. Filled: at least half of the networks have such a unit; open: fewer; "
        "cross: none. Shaded: mean band of those who hold the cluster. Patterns have no sign.",
        f"{counted(rest, 'more stable cluster')} not drawn." if rest else "",
    ]
    return " ".join(filter(None, sentences))
