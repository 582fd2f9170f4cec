"""What is said of shortcuts is what the table says, and "not found" never means absent."""

import numpy as np
import pandas as pd
import pytest

from sincviz import inspect
from sincviz.inspection.shortcuts import SHORTCUTS, shortcut_words
from tests.report.test_summary import with_trials


def audit(**of_kinds):
    """Return an audit in which nothing was found but what is given."""
    nan = np.nan
    row = {
        **{
            "status": "not found",
            "reason": "nothing differs",
            "cells": "",
            "ranges_hz": (),
            "channel_numbers": (),
        },
        **dict.fromkeys(("share", "p_tells", "p_used", "loss", "accuracy_without", "ci_low", "ci_high"), nan),
        "accuracy": 0.9,
        "obtained": "",
    }
    kinds = ("eye", "muscle", "line", "subject", "block")
    return pd.DataFrame([row | of_kinds.get(kind, {}) for kind in kinds], pd.Index(kinds, name="kind"))


EYES = {
    "status": "found",
    "reason": "",
    "cells": "0–4 Hz of Fp1, Fp2",
    "share": 0.4,
    "p_tells": 1e-9,
    "p_used": 1e-5,
    "accuracy_without": 0.7,
    "ci_low": 0.6,
    "ci_high": 0.8,
    "obtained": "this network without it",
}
OPEN = {"status": "could not be checked", "reason": "all trials are of one subject"}


def test_a_shortcut_is_named_with_its_cells_and_the_accuracy_without():
    first, rest, last = shortcut_words(with_trials(shortcuts=audit(eye=EYES, subject=OPEN)))
    for part in (
        "eye movements",
        "0–4 Hz of Fp1, Fp2",
        "40 %",
        "70 %",
        "60 %",
        "80 %",
        "90 %",
        "this network without",
    ):
        assert part in first.replace("%", " %").replace("  ", " ")
    assert rest.startswith("Not found: muscles, line noise and differences between blocks")
    assert "does not mean that there are none" in rest
    assert (
        last == "Could not be checked: differences between subjects, because all trials are of one subject."
    )


def test_the_table_shows_every_kind():
    rows = SHORTCUTS.tables[0].rows(with_trials(shortcuts=audit(eye=EYES, subject=OPEN)))
    assert [row[0] for row in rows.rows] == [
        *(
            "eye movements",
            "muscles",
            "line noise",
            "differences between subjects",
            "differences between blocks",
        )
    ]
    assert rows.rows[0][1:3] == ("found", "0–4 Hz of Fp1, Fp2")
    assert rows.rows[3][1:3] == ("could not be checked", "all trials are of one subject")


def test_nothing_is_said_where_nothing_was_measured():
    assert shortcut_words(with_trials()) == []


def test_an_inspection_holds_the_audit(network, moved, simulation):
    model = moved(network(num_time_filters=2, chs_info=simulation[0].info["chs"])).eval()
    model.scale, model.class_names = 1e6, ["left", "right"]
    inspection = inspect(model, simulation[0], only=["shortcuts"], progress=False)
    assert list(inspection.shortcuts.index) == ["eye", "muscle", "line", "subject", "block"]
    assert "shortcuts" not in inspection.missing


def test_without_trials_the_reason_is_given(network):
    inspection = inspect(network(num_time_filters=2), only=["shortcuts"], progress=False)
    assert inspection.shortcuts is None
    assert "trials" in inspection.missing["shortcuts"]


@pytest.mark.parametrize("name", ["figures", "tables", "summary"])
def test_the_section_shows_it(name):
    assert len(getattr(SHORTCUTS, name)) == 1
