"""The figure of seeds shows every seed, the joint interval and whether it holds."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from sincviz.evidence import seed_agreement
from sincviz.plotting import plot_seed_relevance
from sincviz.plotting.canvas.style import NOMINAL


def artist(ax, label):
    return next(one for one in [*ax.lines, *ax.collections] if one.get_label() == label)


def test_dots_are_the_seeds_of_the_largest_cells(of_seeds):
    seeds = of_seeds(seeds=4)
    ax = plot_seed_relevance(seeds).axes[0]
    relevance = seeds["relevance"][0].transpose("band", "channel")
    order = np.argsort(-np.abs(relevance.values).ravel(), kind="stable")[:12]
    names = [f"{channel}, {band}" for band in seeds["band"].values for channel in seeds["channel"].values]
    assert [text.get_text() for text in ax.get_yticklabels()] == [names[at] for at in order]
    values = seeds["of_seeds"][:, 0].transpose("seed", "band", "channel").values.reshape(4, -1)[:, order]
    dots = artist(ax, "one seed")
    assert dots.get_xdata() == pytest.approx(values.T.ravel())
    assert np.round(dots.get_ydata()).tolist() == np.repeat(np.arange(12), 4).tolist()
    ends = [segment[:, 0] for segment in artist(ax, "95% interval over trainings and trials").get_segments()]
    assert np.array(ends)[0] == pytest.approx(
        [seeds[end].values.ravel()[order[0]] for end in ("ci_low", "ci_high")]
    )


def test_filled_marks_are_cells_whose_interval_excludes_zero(of_seeds):
    seeds = of_seeds()
    ax = plot_seed_relevance(seeds).axes[0]
    size = np.sort(np.abs(seeds["relevance"].values).ravel())[::-1][:12]
    filled, hollow = artist(ax, "mean of seeds"), artist(ax, "_hollow")
    assert len(filled.get_xdata()) == (size > 0.3).sum()
    assert len(hollow.get_xdata()) == (size <= 0.3).sum()
    assert to_rgba(filled.get_color()) == to_rgba(NOMINAL)


def test_agreement_stands_beside_with_the_line_of_what_is_stable(of_seeds):
    seeds = of_seeds()
    agreement = seed_agreement(seeds)
    ax = plot_seed_relevance(seeds, agreement).axes[1]
    assert artist(ax, "stable from 0.8").get_xdata() == [0.8, 0.8]
    drawn = [float(x) for line in ax.lines[1:] for x in line.get_xdata()]
    assert drawn == pytest.approx(
        agreement.iloc[0][["split_half", "pearson", "overlap", "rank"]].to_numpy(float)
    )


def test_several_classes_have_a_row_each(of_seeds):
    figure = plot_seed_relevance(of_seeds(targets=3), seed_agreement(of_seeds(targets=3)))
    assert len(figure.axes) == 6
    titles = [ax.get_title(loc="left") for ax in figure.axes[::2]]
    assert titles == ["left", "right", "feet"]


def test_what_it_cannot_draw_is_refused(of_seeds):
    with pytest.raises(TypeError, match="seed_relevance"):
        plot_seed_relevance(None)
    with pytest.raises(ValueError, match="ci_low"):
        plot_seed_relevance(of_seeds().drop_vars("ci_low"))
    with pytest.raises(ValueError, match="one row for each of the 1 targets; got 2"):
        plot_seed_relevance(of_seeds(), seed_agreement(of_seeds(targets=2)))
    empty = of_seeds()
    empty["relevance"] = np.nan * empty["relevance"]
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_seed_relevance(empty)
