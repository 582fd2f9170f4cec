"""Every subject's share of each band is a dot, the mean stands beside them with its interval."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from sincviz.plotting import plot_band_use


def lines(figure, start):
    return [line for line in figure.axes[0].lines if str(line.get_label()).startswith(start)]


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def test_each_share_is_a_dot_near_its_band(shares):
    drawn = shares()
    (dots,) = lines(plot_band_use(drawn), "rest (10 subjects)")
    np.testing.assert_array_equal(dots.get_ydata(), drawn[0].to_numpy().ravel())
    np.testing.assert_array_equal(np.round(dots.get_xdata()), np.tile(np.arange(6), 10))


def test_the_mean_stands_apart_with_its_interval(shares):
    drawn = shares()
    figure = plot_band_use(drawn)
    (dots,), (mean,) = lines(figure, "rest"), lines(figure, "_mean")
    np.testing.assert_array_equal(mean.get_ydata(), drawn["mean"][0])
    assert (dots.get_xdata().reshape(10, 6).max(0) < mean.get_xdata()).all()
    (part,) = [part for part in figure.axes[0].collections if isinstance(part, LineCollection)]
    ends = np.array([piece[:, 1] for piece in part.get_segments()])
    np.testing.assert_array_equal(ends, np.stack([drawn.ci_low[0], drawn.ci_high[0]], 1))
    assert "Diamonds: all subjects together, with 95 % intervals" in below(figure)


def test_without_means_none_are_drawn_nor_named(shares):
    figure = plot_band_use(shares().drop_vars(["mean", "ci_low", "ci_high"]))
    assert lines(figure, "_mean") == []
    assert "Diamonds" not in below(figure)


def test_lines_join_the_dots_of_one_subject(shares):
    drawn = shares()
    joined = lines(plot_band_use(drawn), "_same subject")
    assert [line.get_ydata().tolist() for line in joined] == drawn[0].to_numpy().tolist()
    assert lines(plot_band_use(shares(("rest", "movement"))), "_same subject") == []
    assert lines(plot_band_use(shares(n_subjects=40)), "_same subject") == []


def test_values_are_written_in_percent(shares):
    figure = plot_band_use(shares())
    figure.canvas.draw()
    low, high = figure.axes[0].get_ylim()
    ticks = {tick: text.get_text() for tick, text in zip(figure.axes[0].get_yticks(),
             figure.axes[0].get_yticklabels(), strict=True) if low <= tick <= high}  # fmt: skip
    assert {f"{100 * tick:.3g}" for tick in ticks} == set(ticks.values())
    assert "%" in figure.axes[0].get_ylabel()
    assert any(set(line.get_ydata()) == {0} for line in figure.axes[0].lines)


def test_conditions_stand_side_by_side_in_colours_of_their_own(shares):
    figure = plot_band_use(shares(("rest", "movement", "_x")))
    found = [lines(figure, start)[0] for start in ("rest", "movement", " _x")]
    middles = [np.mean(line.get_xdata()) for line in found]
    assert middles == sorted(middles)
    assert len({line.get_color() for line in found}) == 3
    texts = [text.get_text().strip() for text in figure.legends[0].get_texts()]
    assert texts == [f"{name} (10 subjects)" for name in ("rest", "movement", "_x")]


def test_subjects_without_a_share_are_counted(shares, misplaced_text):
    drawn = shares()
    drawn[0, :3] = np.nan
    figure = plot_band_use(drawn)
    assert misplaced_text(figure) == []
    assert "Condition: rest. Dots: 7 subjects." in below(figure)
    assert "Without a share: 3 subjects." in below(figure)
    both = shares(("rest", "movement"))
    both[1, 0] = np.nan
    assert "movement (9 subjects)" in [text.get_text() for text in plot_band_use(both).legends[0].get_texts()]


def test_one_condition_needs_no_dimension(shares):
    one = shares().isel(condition=0)
    given, dropped = (plot_band_use(drawn) for drawn in (one, one.drop_vars("condition")))
    for figure in (given, dropped):
        np.testing.assert_array_equal(lines(figure, " (10")[0].get_ydata(), one.to_numpy().ravel())
    assert "Condition" not in below(dropped)


@pytest.mark.parametrize("n_subjects", [1, 3, 100])
def test_few_and_many_subjects_are_legible(shares, misplaced_text, n_subjects):
    figure = plot_band_use(shares(n_subjects=n_subjects))
    assert misplaced_text(figure) == []


def test_long_names_get_a_wide_figure_and_stay_whole(shares, misplaced_text):
    bands = ("delta", "outside the named bands", "a long name of a band", "above all others", "beta", "gamma")
    figure = plot_band_use(shares(bands=bands))
    assert figure.get_figwidth() * 25.4 == pytest.approx(178)
    assert misplaced_text(figure) == []
    names = [text.get_text().replace("\n", " ") for text in figure.axes[0].get_xticklabels()]
    assert names == list(bands)
    assert plot_band_use(shares()).get_figwidth() * 25.4 == pytest.approx(88)


def test_the_limits_of_bands_stand_below(shares):
    words = [text.get_text() for text in plot_band_use(shares()).findobj(Text)]
    assert "Bands in Hz: delta: 1–4" in " ".join(words).replace("\n", " ")


def test_what_cannot_be_drawn_is_refused(shares):
    for wrong in (shares().expand_dims("target"), shares().isel(band=0)):
        with pytest.raises(
            ValueError, match=r"must have the dimensions \(\[condition,\] subject, band\); got"
        ):
            plot_band_use(wrong)
    with pytest.raises(TypeError, match="got Dataset"):
        plot_band_use(xr.Dataset())
    with pytest.raises(ValueError, match="No subject has a share"):
        plot_band_use(shares() * np.nan)
    assert plt.get_fignums() == []
