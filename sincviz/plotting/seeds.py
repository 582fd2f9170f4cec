"""Seeds: what the networks of several trainings rest on, and how far they agree."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz._utils.text import class_words, counted
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.style import INITIAL, MEASURED, NOMINAL, double_column_mm, inches, style, type_mm

DRAWN = {
    "plot_seed_relevance": DrawnResult(
        xr.Dataset,
        "inspection.seeds, inspection.seed_agreement",
        "sincviz.evidence.seed_relevance(ensemble, epochs)",
        ("of_seeds", "relevance"),
    ),
}

_MOST_CELLS, _MOST_TARGETS = 12, 4
_ROW_MM, _AROUND_MM, _LEAST_ROWS = 3.6, 17.0, 5
_SPREAD = 0.28  # of a row, over which the dots of seeds lie
_MEASURES = {"split_half": "split halves", "pearson": "two seeds", "overlap": "top cells", "rank": "ranks"}


def plot_seed_relevance(seeds: xr.Dataset, agreement: pd.DataFrame | None = None) -> Figure:
    """Draw the leading cells with a dot for each seed and the interval over trainings and trials.

    Parameters
    ----------
    seeds : xarray.Dataset, dims (seed, target, band, channel)
        What :func:`sincviz.evidence.seed_relevance` returned.
    agreement : pandas.DataFrame | None
        What :func:`sincviz.evidence.seed_agreement` returned for it; drawn at the right.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide, one row of panels for each target: the cells with the largest mean, twelve at most (fewer with
        several targets). Filled diamonds: the interval excludes zero.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the dataset lacks a variable or has no values, or there are more than 4 targets.

    Examples
    --------
    >>> dims = ("target", "band", "channel")
    >>> cells = {"target": ["left against right"], "band": ["alpha", "beta"], "channel": ["C3", "Cz", "C4", "Pz"]}
    >>> mean = np.array([[[0.9, 0.1, -0.8, 0.2], [0.5, 0.05, -0.4, 0.0]]])
    >>> of_seeds = mean + np.random.default_rng(0).normal(0, 0.12, (5, 1, 2, 4))
    >>> mean = of_seeds.mean(0)
    >>> seeds = xr.Dataset({"of_seeds": (("seed", *dims), of_seeds), "relevance": (dims, mean),
    ...     "ci_low": (dims, mean - 0.18), "ci_high": (dims, mean + 0.18)}, cells | {"seed": range(5)})
    >>> figure = plot_seed_relevance(seeds)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()][:3]
    ['C3, alpha', 'C4, alpha', 'C4, beta']
    """
    check_drawn("plot_seed_relevance", seeds)
    _check(seeds, agreement)
    n_targets = seeds.sizes["target"]
    most = max(3, _MOST_CELLS // n_targets)
    leading = [_leading(seeds.isel(target=number), most) for number in range(n_targets)]
    if not any(len(cells) for cells in leading):
        raise ValueError("No cell has a value; there is nothing to draw.")
    rows = [max(_LEAST_ROWS, len(cells)) for cells in leading]
    with style():
        heights = [type_mm(_AROUND_MM) + type_mm(_ROW_MM) * n_rows for n_rows in rows]
        size = inches(double_column_mm()), inches(sum(heights))
        figure, axes = plt.subplots(n_targets, 2 if agreement is not None else 1, figsize=size, layout="constrained",
                                    squeeze=False, height_ratios=heights,
                                    width_ratios=(3, 1) if agreement is not None else (1,))  # fmt: skip
        for number, cells in enumerate(leading):
            _draw_cells(axes[number, 0], seeds.isel(target=number), cells)
            if n_targets > 1:
                axes[number, 0].set_title(class_words(str(seeds["target"].to_numpy()[number])), loc="left")
            if agreement is not None:
                _draw_agreement(axes[number, 1], agreement.iloc[number])
        axes[-1, 0].set_xlabel("Relevance, contrast (standard deviations of the score)")
        if agreement is not None:
            axes[-1, 1].set_xlabel("Agreement")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
        write_below(figure, seeds.attrs, note=_note(seeds, agreement))
    return figure


def _draw_cells(ax: Axes, seeds: xr.Dataset, cells: NDArray[np.int64]) -> None:
    flat = {name: seeds[name].to_numpy().reshape(-1)[cells] for name in ("relevance", "ci_low", "ci_high")}
    of_seeds = seeds["of_seeds"].transpose("seed", ...).to_numpy().reshape(seeds.sizes["seed"], -1)[:, cells]
    rows = np.arange(len(cells))
    ax.axvline(0, color=INITIAL, linewidth=0.6, zorder=1)
    known = np.isfinite(flat["ci_low"])
    ax.hlines(rows[known], flat["ci_low"][known], flat["ci_high"][known], colors=NOMINAL, linewidth=1.3, zorder=2,
              label="95% interval over trainings and trials")  # fmt: skip
    offsets = np.linspace(-_SPREAD, _SPREAD, len(of_seeds)) if len(of_seeds) > 1 else np.zeros(1)
    ax.plot(of_seeds.T.ravel(), (rows[:, None] + offsets).ravel(), linestyle="none", marker="o", color=MEASURED,
            markersize=2.0, markeredgewidth=0, alpha=0.8, zorder=3, label="one seed")  # fmt: skip
    sure = known & ((flat["ci_low"] > 0) | (flat["ci_high"] < 0))
    for chosen, colour in ((sure, NOMINAL), (~sure, "white")):
        ax.plot(flat["relevance"][chosen], rows[chosen], linestyle="none", marker="D", markersize=3.6, color=colour,
                markeredgecolor=NOMINAL, markeredgewidth=0.8, zorder=4,
                label="mean of seeds" if colour == NOMINAL else "_hollow")  # fmt: skip
    bands, channels = (seeds[dim].to_numpy().astype(str) for dim in ("band", "channel"))
    names = [f"{channels[at % len(channels)]}, {bands[at // len(channels)]}" for at in cells]
    ax.set_yticks(rows, names, parse_math=False)
    ax.set_ylim(max(len(rows), _LEAST_ROWS) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _draw_agreement(ax: Axes, row: pd.Series) -> None:
    rows, values = np.arange(len(_MEASURES)), row[list(_MEASURES)].to_numpy(float)
    ax.axvline(0.8, color=INITIAL, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1, label="stable from 0.8")
    if np.isfinite([row["ci_low"], row["ci_high"]]).all():
        ax.hlines([0], row["ci_low"], row["ci_high"], colors=NOMINAL, linewidth=1.3, zorder=2)
    ax.plot(values[:1], rows[:1], linestyle="none", marker="D", color=NOMINAL if row["stable"] else "white",
            markeredgecolor=NOMINAL, markersize=3.6, zorder=3)  # fmt: skip
    ax.plot(values[1:], rows[1:], linestyle="none", marker="o", color=INITIAL, markersize=3.0, zorder=3)
    lowest = np.nanmin(np.append(values, [row["ci_low"], 0.0]))
    ax.set(xlim=(min(-0.02, lowest - 0.05), 1.03), ylim=(len(rows) - 0.4, -0.6))
    ax.set_yticks(rows, list(_MEASURES.values()))
    ax.tick_params(axis="y", length=0)


def _leading(seeds: xr.Dataset, most: int) -> NDArray[np.int64]:
    """Return the cells with the largest means, largest first, as numbers over (band, channel)."""
    size = np.abs(seeds["relevance"].transpose("band", "channel").to_numpy()).ravel()
    size = np.where(np.isfinite(size), size, -np.inf)
    order = np.argsort(-size, kind="stable")[:most]
    return order[np.isfinite(size[order])]


def _note(seeds: xr.Dataset, agreement: pd.DataFrame | None) -> str:
    sentences = [
        f"{counted(seeds.sizes['seed'], 'network')} that differ in their seed. Filled: the interval excludes zero; not "
        "corrected for the number of cells."
    ]
    if agreement is not None:
        sentences.append(
            "Agreement: correlation of the means of two halves of the seeds, stepped up to all (95% interval); of two "
            "seeds over all cells, shared part of their largest cells, correlation of ranks. Dashed: stable from 0.8."
        )
    return " ".join([*sentences, bands_in_hz(seeds)]).strip()


def _check(seeds: xr.Dataset, agreement: pd.DataFrame | None) -> None:
    missing = [name for name in ("of_seeds", "relevance", "ci_low", "ci_high") if name not in seeds]
    if missing or set(seeds["relevance"].dims) != {"target", "band", "channel"}:
        raise ValueError(
            f"`seeds` must have `of_seeds`, `relevance`, `ci_low` and `ci_high` over (target, band, channel); got "
            f"{', '.join(map(str, seeds))} over {dict(seeds.sizes)}. Pass what `seed_relevance` returned."
        )
    if seeds.sizes["target"] > _MOST_TARGETS:
        raise ValueError(
            f"`seeds` has {seeds.sizes['target']} targets, but a figure holds at most {_MOST_TARGETS}. Draw some of "
            "them: `seeds.isel(target=slice(4))`."
        )
    if agreement is not None and len(agreement) != seeds.sizes["target"]:
        raise ValueError(
            f"`agreement` must have one row for each of the {seeds.sizes['target']} targets; got {len(agreement)}. "
            "Pass `seed_agreement(seeds)`."
        )
