"""Lines of text are as wide as measured, and broken where they would be too wide."""

import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.plotting.canvas.lettering import hz, text_width_pt, wrapped
from sincviz.plotting.canvas.style import style

# What the font has, and nothing that ends a line.
texts = st.text(st.characters(codec="latin-1", exclude_categories=["Cc", "Cf", "Zs"]) | st.just(" "))


@pytest.fixture(autouse=True)
def _in_style():
    with style():
        yield


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("text", ["both hands", "WWWWWWWW", "iiiiiiiiii", "$x_1$ + $x_2$", "левая рука"])
def test_the_width_is_that_of_the_drawn_text(text, weight):
    figure = plt.figure(dpi=720)
    drawn = figure.text(0.1, 0.1, text, fontsize=7, weight=weight, parse_math=False)
    figure.canvas.draw()
    points = drawn.get_window_extent().width / 10
    assert text_width_pt(text, weight=weight) == pytest.approx(points, rel=0.03)


@given(text=texts, width_mm=st.floats(5, 60))
def test_no_line_is_too_wide_and_no_letter_is_lost(text, width_mm):
    lines = wrapped(text, width_mm).split("\n")
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    for line in lines:
        assert len(line) <= 1 or text_width_pt(line) <= width_mm / 25.4 * 72


def test_words_stay_whole_where_they_fit():
    assert wrapped("both hands imagined slowly", 22) == "both hands\nimagined slowly"


def test_lines_that_fit_and_breaks_that_are_there_stay():
    assert wrapped("filter 3 (0)\n7.7–14.3 Hz", 40) == "filter 3 (0)\n7.7–14.3 Hz"


def test_a_word_that_is_too_long_is_broken():
    assert wrapped("W" * 7, 10).split("\n") == ["WWW", "WWW", "W"]


def test_a_letter_that_is_too_wide_stands_alone():
    assert wrapped("WW i", 1) == "W\nW\ni"


def test_larger_letters_need_more_lines():
    assert wrapped("both hands", 16, size_pt=7) == "both hands"
    assert wrapped("both hands", 16, size_pt=9) == "both\nhands"


def test_nothing_stays_nothing():
    assert wrapped("", 10) == ""


@pytest.mark.parametrize(
    ("frequency_hz", "written"),
    [(0.0, "0.0"), (9.96, "10.0"), (99.94, "99.9"), (99.96, "100"), (250.4, "250")],
)
def test_frequencies_have_about_three_digits(frequency_hz, written):
    assert hz(frequency_hz) == written
