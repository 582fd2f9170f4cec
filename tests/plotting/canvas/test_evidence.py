"""The line below a figure says how a result was made and how far it can be trusted."""

import math

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import same_color

from sincviz.eeg.band_limits import with_band_limits
from sincviz.plotting.canvas.evidence import bands_in_hz, evidence_line, write_below
from sincviz.plotting.canvas.style import SEVERITIES, style


def below(figure):
    return [text.get_text() for text in figure.texts]


def test_everything_that_is_known_is_said(evidence, deletion):
    assert evidence_line(evidence, deletion) == (
        "gradient × activation of the score · class minus rest, 240 trials · accuracy 0.81 (0.76–0.85), "
        "chance 0.50 · held out, by their signal · completeness error below 0.01 % · area between deletion "
        "curves 0.21 (0.15–0.27)"
    )


def test_nothing_known_is_nothing_said():
    assert evidence_line({}) == ""
    assert evidence_line({}, pd.DataFrame()) == ""


@pytest.mark.parametrize(
    ("attrs", "line"),
    [
        ({"method": "integrated_gradients"}, "integrated gradients"),
        ({"method": "gradient_x_input"}, "gradient × input"),
        ({"method": "max_pool"}, "max pool"),
        ({"explain": "log_probability"}, "log probability"),
        ({"trials": "all"}, "all trials"),
        ({"n_trials": 1}, "1 trial"),
        ({"accuracy": 0.5}, "accuracy 0.50"),
        ({"accuracy": float("nan")}, ""),
        ({"above_chance": "unknown"}, "accuracy not known"),
        ({"held_out": "no"}, "seen in training"),
        ({"held_out": "in part"}, "in part seen in training"),
        ({"held_out": "unknown"}, "not known whether held out"),
        ({"completeness_error": 0.213}, "completeness error 21 %"),
        ({"completeness_error": 0.0031}, "completeness error 0.31 %"),
        ({"completeness_error": 15.0}, "completeness error 1500 %"),
        ({"completeness_error": 0.0}, "completeness error below 0.01 %"),
        ({"completeness_error": float("inf")}, "completeness error not finite"),
        ({"above_chance": "no", "n_trials": 3}, "NOT ABOVE CHANCE: 3 trials"),
    ],
    ids=str,
)
def test_each_fact_has_its_words(attrs, line):
    assert evidence_line(attrs) == line


def test_an_interval_that_begins_below_zero_has_no_dash_between():
    curve = pd.DataFrame()
    curve.attrs = {"accuracy_area": 0.01, "accuracy_area_ci_low": -0.04, "accuracy_area_ci_high": 0.06}
    assert evidence_line({}, curve).endswith("0.01 (−0.04 to 0.06)")


def test_the_last_band_has_no_end():
    cells = xr.DataArray([1.0, 2.0], {"band": ["infra", "gamma"]})
    assert bands_in_hz(cells) == ""
    known = with_band_limits(cells, {"infra": (0.1, 1), "gamma": (30, math.inf)})
    assert bands_in_hz(known) == "Bands in Hz: infra: 0.1–1; gamma: 30–∞."


def test_what_no_band_covers_is_told_where_its_name_does_not():
    cells = xr.DataArray([1.0, 2.0], {"band": ["mu", "other"]})
    cells = with_band_limits(cells, {"mu": (8, 13), "beta": (13, 30)})
    assert bands_in_hz(cells) == "Bands in Hz: mu: 8–13; other: 0–8, 30–∞."
    named = cells.assign_coords(band=["mu", "below 8 Hz and above 30 Hz"])
    assert bands_in_hz(named) == "Bands in Hz: mu: 8–13."
    table = cells.to_dataframe("share").loc[["other"]]
    assert bands_in_hz(table) == "Bands in Hz: other: 0–8, 30–∞."


@pytest.mark.parametrize("layout", ["constrained", None])
def test_room_is_made_below_what_was_drawn(evidence, misplaced_text, layout):
    with style():
        figure, ax = plt.subplots(figsize=(3.5, 2), layout=layout)
        if layout is None:
            figure.subplots_adjust(bottom=0.3)
        ax.set_xlabel("Frequency (Hz)")
        write_below(figure, evidence, note="A note.")
    assert figure.get_figheight() > 2
    assert misplaced_text(figure) == []
    top = max(text.get_window_extent().y1 for text in figure.texts)
    assert top < ax.xaxis.label.get_window_extent().y0


def test_axes_keep_their_size(evidence):
    with style():
        figure, ax = plt.subplots(figsize=(3.5, 2))
        before = ax.get_window_extent().size
        write_below(figure, evidence)
    assert ax.get_window_extent().size == pytest.approx(before)


def test_lines_stand_in_order_and_the_note_first(evidence):
    with style():
        figure = plt.figure(figsize=(3.5, 2))
        write_below(figure, evidence, note="A note.")
    by_height = [text.get_text() for text in sorted(figure.texts, key=lambda text: -text.get_position()[1])]
    assert by_height[0] == "A note."
    assert " ".join(by_height[1:]) == evidence_line(evidence)


def test_what_trims_a_figure_keeps_the_lines_below(evidence):
    # Notebooks save with bbox_inches="tight".
    with style():
        figure, _ = plt.subplots(layout="constrained")
        write_below(figure, evidence, note="A note.")
    figure.draw_without_rendering()
    trimmed = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    texts = [text.get_window_extent() for text in figure.texts]
    assert texts
    assert all(trimmed.x0 <= box.x0 and trimmed.y0 <= box.y0 and box.x1 <= trimmed.x1 for box in texts)


def test_nothing_to_say_leaves_the_figure_alone():
    figure = plt.figure(figsize=(3.5, 2))
    write_below(figure, {})
    assert figure.get_figheight() == 2
    assert below(figure) == []


@pytest.mark.parametrize("above_chance", ["no", "yes"])
def test_what_is_not_above_chance_is_bold_and_in_the_colour_of_errors(evidence, above_chance):
    with style():
        figure = plt.figure(figsize=(3.5, 2))
        write_below(figure, evidence | {"above_chance": above_chance}, note="A note.")
    note, *lines = sorted(figure.texts, key=lambda text: -text.get_position()[1])
    for text in lines:
        assert same_color(text.get_color(), SEVERITIES["error"]) == (above_chance == "no")
        assert (text.get_weight() == "bold") == (above_chance == "no")
    assert note.get_weight() == "normal"


def test_the_line_is_shown_as_it_is(evidence, misplaced_text):
    with style():
        figure = plt.figure(figsize=(3.5, 2))
        write_below(figure, {"method": r"$\bad$ <script>"})
    assert misplaced_text(figure) == []
    assert below(figure) == [r"$\bad$ <script>"]
