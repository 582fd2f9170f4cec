"""Run agreement: how far the networks of one subject, and of different subjects, use the same."""

import itertools
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sincviz._utils.text import counted
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import write_below
from sincviz.plotting.canvas.lettering import fitted_apart, widest_mm
from sincviz.plotting.canvas.scalp_grid import (
    ABOVE_BAR_MM,
    BAR_HEIGHT_MM,
    BELOW_BAR_MM,
    SIDE_MM,
    ColourScale,
    draw_colour_bar,
)
from sincviz.plotting.canvas.style import (
    NO_OUTPUT,
    SIGNED,
    double_column_mm,
    inches,
    single_column_mm,
    style,
    type_mm,
)

DRAWN = {
    "plot_run_agreement": DrawnResult(xr.DataArray, "group.agreement", marks=("run", "other_run")),
}

_LINE_MM = 3.0
_MOST_NAME_MM = 22.0
_LEAST_SIDE_MM, _MOST_SIDE_MM = 30.0, 130.0
_MOST_CELL_MM = 8.0
_MANY = 20  # subjects; thick lines between more hide the cells


def plot_run_agreement(agreement: xr.DataArray) -> Figure:
    """Draw the correlation of every two runs, −1 to 1, with lines between subjects.

    Parameters
    ----------
    agreement : xarray.DataArray, dims (run, other_run)
        What :func:`sincviz.statistics.run_agreement` returned. Runs of one subject, by the coordinate ``subject``,
        stand together in the order in which they are given.

    Returns
    -------
    matplotlib.figure.Figure
        88 mm wide, 178 mm where the names of subjects need it. Runs without a contrast are grey.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the array has other dimensions, no runs or no coordinate ``subject``.

    Examples
    --------
    >>> subject = np.repeat(list("ABCDE"), 4)
    >>> alike = np.where(subject[:, None] == subject, 0.75, 0.3) + np.random.default_rng(0).normal(0, 0.08, (20, 20))
    >>> alike = (alike + alike.T) / 2
    >>> np.fill_diagonal(alike, 1)
    >>> figure = plot_run_agreement(xr.DataArray(alike, {"subject": ("run", subject)}, ("run", "other_run")))
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['A', 'B', 'C', 'D', 'E']
    """
    check_drawn("plot_run_agreement", agreement)
    _check(agreement)
    groups = _groups([str(name) for name in agreement["subject"].to_numpy()])
    n_runs, n_subjects = agreement.sizes["run"], len({name for name, _, _ in groups})
    with style():
        names = fitted_apart([name for name, _, _ in groups], _MOST_NAME_MM)
        names_mm = widest_mm(names) + 1.5
        edge = SIDE_MM + names_mm
        width = single_column_mm()
        if len(groups) * type_mm(_LINE_MM) > width - edge - SIDE_MM:
            width = double_column_mm()
        most = min(_MOST_SIDE_MM, max(_LEAST_SIDE_MM, _MOST_CELL_MM * n_runs))
        side = min(most, width - edge - SIDE_MM)
        left = edge + (width - edge - SIDE_MM - side) / 2
        narrowest = side * min(last + 1 - first for _, first, last in groups) / n_runs
        flat = names_mm <= narrowest
        above = type_mm(_LINE_MM) + 1.5 if flat else names_mm + 1.0
        bottom = type_mm(BELOW_BAR_MM) + BAR_HEIGHT_MM + type_mm(ABOVE_BAR_MM) - 1
        height = bottom + side + above
        figure = plt.figure(figsize=(inches(width), inches(height)))
        ax = figure.add_axes((left / width, bottom / height, side / width, side / height))
        edges = np.arange(n_runs + 1) - 0.5
        ax.pcolormesh(edges, edges, agreement.to_numpy(), vmin=-1, vmax=1, rasterized=True,
                      cmap=SIGNED.with_extremes(bad=NO_OUTPUT))  # fmt: skip
        between = [first - 0.5 for _, first, _ in groups[1:]]
        for draw in (ax.vlines, ax.hlines):
            draw(between, -0.5, n_runs - 0.5, colors="black", linewidth=0.4 if n_subjects <= _MANY else 0.2,
                 label="between subjects")  # fmt: skip
        middles = [(first + last) / 2 for _, first, last in groups]
        named = _apart(middles, type_mm(_LINE_MM) * n_runs / side)
        at, shown = [middles[index] for index in named], [names[index] for index in named]
        ax.set(xlim=(-0.5, n_runs - 0.5), ylim=(n_runs - 0.5, -0.5))
        ax.set_xticks(at, shown, rotation=0 if flat else 90, parse_math=False)
        ax.set_yticks(at, shown, parse_math=False)
        ax.tick_params(length=0, pad=2, labeltop=True, labelbottom=False)
        ax.spines[:].set_visible(False)
        bar_mm = min(60.0, side)
        place = left + (side - bar_mm) / 2, type_mm(BELOW_BAR_MM), bar_mm, BAR_HEIGHT_MM
        bar = figure.add_axes(
            (place[0] / width, place[1] / height, place[2] / width, place[3] / height),
            label="Rank correlation",
        )
        draw_colour_bar(bar, ColourScale(-1.0, 1.0, SIGNED))
        write_below(figure, agreement.attrs, note=_note(agreement, n_subjects, len(named) < len(groups)))
    return figure


def _groups(subjects: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return name, first and last run of consecutive runs of one subject."""
    groups, first = [], 0
    for name, members in itertools.groupby(subjects):
        size = len(list(members))
        groups.append((name, first, first + size - 1))
        first += size
    return groups


def _apart(middles: Sequence[float], least: float) -> list[int]:
    """Return which names can be written without running into the one before."""
    named = [0]
    for index, middle in enumerate(middles):
        if middle - middles[named[-1]] >= least:
            named.append(index)
    return named


def _note(agreement: xr.DataArray, n_subjects: int, some_unnamed: bool) -> str:
    n_runs = agreement.sizes["run"]
    counts = f"{counted(n_runs, 'run')} of {counted(n_subjects, 'subject')}"
    sentences = [f"Pearson's correlation between band × channel contrasts: {counts}."]
    if n_subjects > 1:
        sentences.append("Lines separate subjects" + ("; not all are named." if some_unnamed else "."))
    if not np.isfinite(agreement.to_numpy()).all():
        sentences.append("Grey: no correlation, because a contrast is constant or missing.")
    return " ".join(sentences)


def _check(agreement: xr.DataArray) -> None:
    if agreement.dims != ("run", "other_run") or agreement.size == 0:
        raise ValueError(
            f"`agreement` must have the dimensions (run, other_run) and at least one run; got {dict(agreement.sizes)}. "
            "Pass what `run_agreement` returned."
        )
    if "subject" not in agreement.coords:
        raise ValueError(
            f"`agreement` must give the subject of each run in a coordinate `subject`; got "
            f"{', '.join(map(str, agreement.coords)) or 'no coordinate'}. Pass what `run_agreement` returned."
        )
