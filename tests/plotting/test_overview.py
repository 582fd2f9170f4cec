"""The one picture says what was measured, and what cannot be read is visibly so."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from sincviz import learned_bands
from sincviz.plotting import plot_overview
from sincviz.verdict import READABLE, WEIGHTS_ONLY


@pytest.fixture(scope="module")
def bands(network):
    return learned_bands(network())


@pytest.fixture(scope="module")
def row():
    values = {"n_trials": 120, "n_correct": 107, "accuracy": 0.89, "ci_low": 0.82, "ci_high": 0.94}
    values |= {"majority": 0.54, "above_chance": "yes", "p": 0.0005}
    return pd.DataFrame([values], index=pd.Index(["all"], name="trials"))


def said(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def bars(figure):
    return [patch for ax in figure.axes for patch in ax.patches if ax.get_xlabel().startswith("Worth")]


@pytest.mark.parametrize("columns", [1, 2])
def test_it_says_the_verdict_the_accuracy_and_what_was_checked(
    bands, row, leading, cells, deletion, randomization, misplaced_text, columns
):
    shown = deletion.copy()
    shown.attrs = deletion.attrs | {"shown": "yes", "p_deletion": 0.004}
    figure = plot_overview(
        bands,
        accuracies=row,
        leading_bands=leading(),
        band_relevance=cells(),
        deletion=shown,
        randomization=randomization(),
        columns=columns,
    )
    words = said(figure)
    assert figure.texts[0].get_text().split() == READABLE.split()
    assert "right in 107 of 120 trials" in words
    assert "0.89 (0.82–0.94), above chance, p < 0.001" in words
    assert "shown by deletion, area 0.21 (0.15–0.27)" in words.replace("\n", " ")
    assert "alpha (8–13 Hz)" in words
    assert misplaced_text(figure) == []


def test_what_was_not_checked_is_said(bands, leading, deletion):
    nothing = said(plot_overview(bands, leading_bands=leading()))
    assert "not checked by deletion" in nothing
    assert "not checked with random weights" in nothing
    few = deletion.copy()
    few.attrs = deletion.attrs | {"shown": "could not be checked"}
    assert "could not be checked" in said(plot_overview(bands, leading_bands=leading(), deletion=few))


def test_what_cannot_be_read_is_grey_and_says_why(bands, leading, cells, row):
    figure = plot_overview(
        bands, accuracies=row, leading_bands=leading(readable="no"), band_relevance=cells()
    )
    assert "Not evidence of what the network uses" in figure.texts[0].get_text()
    assert "not shown to be above chance" in said(figure).replace("\n", " ")
    assert {to_hex(bar.get_facecolor()) for bar in bars(figure)} == {"#bbbbbb"}
    assert "How sure is that?" not in said(figure)


def test_what_is_not_established_is_pale(bands, leading):
    figure = plot_overview(bands, leading_bands=leading(targets=("left against right",)))
    by_name = dict(zip(("delta", "alpha", "beta"), bars(figure), strict=True))
    assert [by_name[name].get_alpha() for name in ("delta", "alpha", "beta")] == [0.3, 1.0, 1.0]
    assert [bar.get_width() for bar in bars(figure)] == [pytest.approx(1 / 3), 1.0, 0.5]


def test_of_many_classes_those_with_the_largest_total_are_drawn_and_the_rest_is_said(bands, leading):
    figure = plot_overview(bands, leading_bands=leading(targets=[f"class {n}" for n in range(6)]))
    words = said(figure)
    legend = [
        name for name in (f"class {n}" for n in range(6)) if name in [t.get_text() for t in figure.texts]
    ]
    assert legend == ["class 2", "class 3", "class 4", "class 5"]
    assert "4 of 6 classes: those with the largest total." in words


def test_channels_without_positions_are_bars(bands, leading, cells):
    nowhere = cells().drop_vars(["x", "y", "z"])
    figure = plot_overview(bands, leading_bands=leading(), band_relevance=nowhere)
    named = [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert set(named) & set(nowhere.channel.to_numpy().tolist())


def test_without_trials_it_shows_the_weights_and_says_so(bands):
    figure = plot_overview(bands)
    assert figure.texts[0].get_text() == WEIGHTS_ONLY
    assert "Bands of the filters" in said(figure)


def test_it_says_what_leads_the_leading_units(bands, leading, scalp_maps):
    words = said(plot_overview(bands, scalp_maps(unit=3), leading_bands=leading())).replace("\n", " ")
    assert "Leading units: those that can move the scores most." in words


def test_hostile_names_are_shown_as_they_are(bands, leading, cells, misplaced_text):
    names = ["<script>$x_1$</script>", r"$\bad$ " + "long " * 20]
    relevance = cells().assign_coords(target=names)
    figure = plot_overview(bands, leading_bands=leading(targets=names), band_relevance=relevance)
    assert misplaced_text(figure) == []
    assert not any(text.get_parse_math() for text in figure.findobj(Text) if "$" in text.get_text())


@pytest.mark.parametrize("columns", [0, 3, "two"])
def test_other_widths_are_refused(bands, columns):
    with pytest.raises(ValueError, match="`columns` must be 1 or 2"):
        plot_overview(bands, columns=columns)


def test_no_filters_are_refused(bands):
    with pytest.raises(ValueError, match="no filters"):
        plot_overview(bands.iloc[:0])
    with pytest.raises(TypeError, match="learned_bands"):
        plot_overview(np.ones(3))
