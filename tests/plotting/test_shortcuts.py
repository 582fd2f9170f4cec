"""The figure of shortcuts: a dot and an interval where one was found, and words where none was."""

import numpy as np
import pandas as pd
import pytest

from sincviz import plotting


@pytest.fixture
def audit():
    nan = np.nan
    return pd.DataFrame(
        {
            "status": ["found", "not found", "could not be checked"],
            "reason": ["", "no line is shown to differ between the classes", "all trials are of one subject"],
            "cells": ["0–4 Hz of Fp1, Fp2", "", ""],
            "share": [0.42, nan, nan],
            "accuracy": [0.9, 0.9, 0.9],
            "accuracy_without": [0.7, nan, nan],
            "ci_low": [0.6, nan, nan],
            "ci_high": [0.78, nan, nan],
            "obtained": ["retrained on trials without it", "", ""],
        },
        index=pd.Index(["eye", "line", "subject"], name="kind"),
    )


def lines_called(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def test_a_dot_and_an_interval_where_a_shortcut_was_found(audit):
    ax = plotting.plot_shortcuts(audit).axes[0]
    (dot,), (interval,) = lines_called(ax, "without"), lines_called(ax, "interval")
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0.7, 0)
    np.testing.assert_allclose(interval.get_xdata(), [0.6, 0.78])
    assert ax.lines[0].get_xdata()[0] == 0.9
    assert [label.get_text() for label in ax.get_yticklabels()] == ["eye", "line", "subject"]
    low, high = ax.get_xlim()
    assert low < 0.6
    assert high > 0.9


def test_words_say_where_or_why_not(audit):
    words = [" ".join(text.get_text().split()) for text in plotting.plot_shortcuts(audit).axes[1].texts]
    assert words[0] == "0–4 Hz of Fp1, Fp2 (42% of the relevance)"
    assert words[1] == "not found: no line is shown to differ between the classes"
    assert words[2] == "could not be checked: all trials are of one subject"


def test_nothing_found_draws_no_dot(audit):
    ax = plotting.plot_shortcuts(audit.iloc[1:]).axes[0]
    assert not lines_called(ax, "without")
    assert not lines_called(ax, "interval")


def test_what_cannot_be_drawn_is_refused(audit):
    with pytest.raises(ValueError, match="lacks accuracy"):
        plotting.plot_shortcuts(audit.drop(columns="accuracy"))
    with pytest.raises(ValueError, match="no rows"):
        plotting.plot_shortcuts(audit.iloc[:0])
    with pytest.raises(TypeError):
        plotting.plot_shortcuts(None)
