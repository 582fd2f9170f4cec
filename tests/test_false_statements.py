"""An inspection says nothing false of networks and trials whose truth is known."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.false_statements import judged
from benchmarks.known_truth import CONDITIONS

READABLE = ("short_kernels", "outlying_trial", "foreign_held_out")
NOT_READABLE = {
    "array_in_volts": "trials_do_not_fit",
    "foreign_unknown": "unknown_trials",
    "chance": "chance",
}


@pytest.mark.parametrize("name", [*READABLE, *NOT_READABLE])
def test_nothing_false_is_said_and_nothing_needed_is_missing(name):
    row, rest = judged(name, 0, only=["relevance"])
    assert [one for one in rest if one["kind"] in ("false", "misleading", "withheld")] == []
    assert row["said_readable"] == (name in READABLE)
    assert NOT_READABLE.get(name, "") in row["said_reasons"]
    assert (row["said_basis"] != "") == (name in READABLE)


@pytest.mark.slow
@pytest.mark.usefixtures("networks_of_users")
@pytest.mark.parametrize("name", CONDITIONS)
def test_no_condition_is_told_falsely(name):
    _, rest = judged(name, 0)
    assert [one for one in rest if one["kind"] == "false"] == []
