"""What the decision loses is drawn by band and channel, and cells that may be zero are marked."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from sincviz import PositionsError
from sincviz.eeg.regions import REGIONS
from sincviz.plotting import plot_ablation


def marked(ax):
    return [line for line in ax.lines if line.get_label() == "marked"]


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def of_regions(loss, names):
    lost = loss(n_chans=len(names)).drop_vars(["x", "y", "z", "region"])
    return lost.assign_coords(channel=names)


def test_the_heat_map_shows_the_loss_of_score(loss):
    lost = loss()
    figure = plot_ablation(lost)
    (mesh,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    np.testing.assert_array_equal(mesh.get_array(), lost.score_loss)
    assert figure.axes[-1].get_xlabel() == "Score loss"


def test_dots_are_where_the_interval_includes_zero(loss):
    lost = loss()
    (dots,) = marked(plot_ablation(lost).axes[0])
    rows, columns = np.nonzero((np.abs(lost.score_loss) <= 0.5).to_numpy())
    assert (dots.get_ydata().tolist(), dots.get_xdata().tolist()) == (rows.tolist(), columns.tolist())


def test_there_is_a_map_for_each_band(loss):
    lost = loss(3)
    figure = plot_ablation(lost, "topomaps")
    assert [ax.get_title() for ax in figure.axes[:3]] == ["delta", "theta", "alpha"]
    dots = [sum(len(line.get_xdata()) for line in marked(ax)) for ax in figure.axes[:3]]
    assert dots == (np.abs(lost.score_loss) > 0.5).sum("channel").to_numpy().tolist()


@pytest.mark.parametrize("kind", ["channels", "topomaps"])
def test_below_stands_how_to_read_it_and_the_evidence(loss, misplaced_text, kind):
    figure = plot_ablation(loss(6, 64), kind)
    assert misplaced_text(figure) == []
    assert ("Dots: " if kind == "channels" else "White dots: ") + "the interval" in below(figure)
    assert "replacement by another trial · 240 trials · accuracy 0.81" in below(figure)


def test_regions_are_drawn_as_channels(loss, misplaced_text):
    figure = plot_ablation(of_regions(loss, list(REGIONS)))
    assert misplaced_text(figure) == []
    assert [text.get_text() for text in figure.axes[0].texts] == list(REGIONS)


def test_regions_have_no_place_on_the_scalp(loss):
    with pytest.raises(PositionsError):
        plot_ablation(of_regions(loss, ["left central", "right central"]), "topomaps")
    assert plt.get_fignums() == []


def test_without_intervals_nothing_is_marked(loss):
    figure = plot_ablation(loss().drop_vars(["score_loss_ci_low", "score_loss_ci_high"]))
    assert marked(figure.axes[0]) == []
    assert "interval" not in below(figure)


def test_the_order_of_dimensions_does_not_matter(loss):
    turned = loss().transpose("channel", "band")
    one, other = (plot_ablation(lost).axes[0] for lost in (loss(), turned))
    np.testing.assert_array_equal(marked(one)[0].get_xdata(), marked(other)[0].get_xdata())


def test_other_datasets_are_refused(loss):
    for wrong in (loss().drop_vars("score_loss"), loss().isel(band=0), loss().isel(band=[])):
        with pytest.raises(ValueError, match="Pass what `ablate` returned"):
            plot_ablation(wrong)
    with pytest.raises(ValueError, match="`kind` must be one of 'channels', 'topomaps'; got 'pie'"):
        plot_ablation(loss(), "pie")
    assert plt.get_fignums() == []


def test_what_is_needed_but_not_informative_is_rung_and_the_largest_losses_are_told(loss):
    lost = loss(1, 8)
    order = np.argsort(-lost["score_loss"].to_numpy()[0])
    words = np.full((1, 8), "yes", dtype="U9")
    words[0, order[0]], words[0, order[1]] = "no", "not shown"
    lost["informative"] = (("band", "channel"), words)
    figure = plot_ablation(lost)
    (ring,) = [line for line in figure.axes[0].lines if line.get_label() == "suppressor"]
    assert ring.get_xdata().tolist() == [order[0]]
    names = lost["channel"].to_numpy()
    assert (
        f"Largest losses: {names[order[0]]}, delta: not informative by itself; {names[order[1]]}, delta: not "
        "shown to be" in below(figure).replace("\n", " ")
    )
    assert "Crossed rings" in below(figure)


def test_nothing_is_said_of_information_where_nothing_can_be_read_or_it_was_not_asked(loss):
    lost = loss(1, 8)
    assert "Largest losses" not in below(plot_ablation(lost))
    lost["informative"] = (("band", "channel"), np.full((1, 8), "no"))
    unreadable = lost.assign_attrs(readable="no", not_readable_because="chance")
    figure = plot_ablation(unreadable)
    assert "Largest losses" not in below(figure)
    assert [line for line in figure.axes[0].lines if line.get_label() == "suppressor"] == []
