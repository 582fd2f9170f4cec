"""Findings stand as text in a figure: word for word, inside the canvas, the severity beside them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Rectangle

from sincviz import diagnose
from sincviz.plotting import plot_findings, plot_notice
from sincviz.plotting.canvas.style import SEVERITIES

LONG = "The filters cannot be distinguished from one another, and so it goes on. " * 12
AWKWARD = [
    "<script>alert('left & right')</script>",
    "$x_1$ and $\\frac{1}{2}",
    r"\bad{ % _ ^",
    "левая рука, δεξί χέρι, µV, 50 %",
    "W" * 300,
    "MMMM WWWW " * 60,
    "x" * 400,
    LONG,
]


@pytest.fixture
def findings():
    """A table of findings of these severities, with this text in each."""

    def build(*severities, text="Too short kernels."):
        rows = [
            {"severity": severity, "finding": text, "evidence": f"{text} Seen.", "remedy": f"{text} Done."}
            for severity in severities
        ]
        return pd.DataFrame(rows, columns=["severity", "finding", "evidence", "remedy"])

    return build


def lines(figure):
    return [text.get_text() for text in figure.texts]


def written(figure):
    """All that is written, without the line breaks."""
    return "".join(lines(figure)).replace(" ", "")


def marks(figure):
    return [
        part for part in figure.get_children() if isinstance(part, Rectangle) and part is not figure.patch
    ]


def test_a_finding_is_written_with_its_severity_grounds_and_remedy(findings):
    figure = plot_findings(findings("warning"))
    assert lines(figure) == [
        "warning",
        "Too short kernels.",
        "Too short kernels. Seen.",
        "What to do: Too short kernels. Done.",
    ]
    assert [text.get_weight() for text in figure.texts] == ["bold", "bold", "normal", "normal"]


def test_findings_stand_in_the_order_of_the_table(findings):
    figure = plot_findings(findings("error", "warning", "note"))
    assert [line for line in lines(figure) if line in SEVERITIES] == ["error", "warning", "note"]
    heights = [text.get_position()[1] for text in figure.texts]
    assert heights == sorted(heights, reverse=True)


def test_each_severity_has_its_own_colour(findings):
    colours = [mark.get_facecolor() for mark in marks(plot_findings(findings("error", "warning", "note")))]
    assert len(colours) == 3
    assert all(same_color(one, SEVERITIES[name]) for one, name in zip(colours, SEVERITIES, strict=True))


def test_a_mark_is_as_high_as_its_text(findings):
    figure = plot_findings(findings("error", "note", text=LONG))
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.texts if text.get_text() not in SEVERITIES]
    half = len(boxes) // 2
    for mark, own in zip(marks(figure), (boxes[:half], boxes[half:]), strict=True):
        extent = mark.get_window_extent()
        assert extent.y1 == pytest.approx(own[0].y1, abs=4)
        assert extent.y0 == pytest.approx(own[-1].y0, abs=6)


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: text[:12])
def test_any_text_stays_inside_the_canvas(findings, misplaced_text, text):
    for figure in (plot_findings(findings("error", "note", text=text)), plot_notice(text, text)):
        assert misplaced_text(figure) == []


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: text[:12])
def test_any_text_is_written_letter_for_letter(findings, text):
    figure = plot_findings(findings("error", text=text))
    assert text.replace(" ", "") in written(figure)
    assert not any(part.get_parse_math() for part in figure.texts)


def test_words_are_kept_whole(findings):
    words = set(LONG.split())
    for line in lines(plot_findings(findings("error", text=LONG)))[1:]:
        assert set(line.split()) <= words | {"Seen.", "What", "to", "do:", "Done."}


def test_the_figure_is_as_high_as_the_text_needs(findings):
    heights = [
        plot_findings(table).get_size_inches()[1]
        for table in (findings("note"), findings("note", "note"), findings("note", "note", text=LONG))
    ]
    assert heights == sorted(heights)
    assert heights[0] * 25.4 < 20


def test_many_findings_are_legible(findings, misplaced_text):
    assert misplaced_text(plot_findings(findings(*["error", "warning", "note"] * 8))) == []


def test_nothing_found_is_said(findings, misplaced_text):
    figure = plot_findings(findings())
    assert lines(figure) == ["No problems were found that limit the interpretation of this network."]
    assert marks(figure) == []
    assert misplaced_text(figure) == []


def test_what_the_doctor_says_is_drawn(network, misplaced_text):
    table = diagnose(network(), np.random.default_rng(0).standard_normal((8, 6, 128)))
    figure = plot_findings(table)
    assert len(table) > 1
    assert [line for line in lines(figure) if line in SEVERITIES] == table["severity"].tolist()
    for column in ("finding", "evidence", "remedy"):
        assert all(said.replace(" ", "") in written(figure) for said in table[column])
    assert misplaced_text(figure) == []


def test_a_table_without_a_column_is_refused_by_name(findings):
    with pytest.raises(ValueError, match="lacks evidence, severity; pass what `diagnose` returned"):
        plot_findings(findings("note").drop(columns=["severity", "evidence"]))
    assert plt.get_fignums() == []


def test_a_notice_says_what_is_missing_and_why():
    figure = plot_notice("Scalp maps cannot be drawn.", "Channel A1 has no position.")
    assert lines(figure) == ["Scalp maps cannot be drawn.", "Channel A1 has no position."]
    assert figure.texts[0].get_weight() == "bold"
    assert marks(figure) == []


def test_a_notebook_shows_the_whole_of_a_figure_of_text():
    # IPython shows nothing of a figure without axes, and trims the others to what is in them.
    figure = plot_notice("Scalp maps cannot be drawn.", "Channel A1 has no position.")
    assert figure.axes
    figure.draw_without_rendering()
    np.testing.assert_allclose(figure.get_tightbbox().size, figure.get_size_inches(), atol=0.02)
