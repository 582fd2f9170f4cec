"""What only memory explains, as far as simple decoders tell."""

import pandas as pd
import pytest

from sincviz.analysis.doctor.memory_checks import memorised

ROW = {"accuracy": 1.0, "ci_low": 0.96, "above_chance": "yes"}


def decoders(accuracy_ci_high=0.6, above="no", p=0.5):
    columns = {"balanced_accuracy": 0.5, "accuracy_ci_high": accuracy_ci_high, "above_chance": above, "p": p}
    return pd.DataFrame(columns, index=["common spatial patterns", "power of bands"])


@pytest.mark.parametrize(("n_seen", "severity"), [(50, "error"), (None, "warning")])
def test_known_or_unknown_trials_that_no_decoder_tells_apart(n_seen, severity):
    assert memorised(ROW, decoders(), n_seen=n_seen).severity == severity


@pytest.mark.parametrize("row", [ROW | {"above_chance": "no"}, ROW])
def test_nothing_is_found_where_the_network_is_at_chance_or_a_decoder_is_not(row):
    told = {} if row["above_chance"] == "no" else {"above": "yes", "p": 0.0005}
    assert memorised(row, decoders(**told), n_seen=None) is None


def test_a_decoder_that_is_above_chance_by_luck_does_not_hide_what_was_memorised():
    found = memorised(ROW, decoders(above="yes", p=0.02), n_seen=50)
    assert "simple decoders can hardly classify" in found.finding
    assert memorised(ROW | {"ci_low": 0.55}, decoders(above="yes", p=0.02), n_seen=50) is None


def test_what_the_user_says_is_doubted_where_the_network_is_far_better_than_every_decoder():
    found = memorised(ROW, decoders(), n_seen=None, held_out=True)
    assert found.severity == "warning"
    assert "although they are declared as held out" in found.finding
    assert memorised(ROW | {"ci_low": 0.59}, decoders(), n_seen=None, held_out=True) is None


def test_what_the_checkpoint_knows_counts_more_than_what_the_user_says():
    assert memorised(ROW | {"ci_low": 0.5}, decoders(), n_seen=50, held_out=True).severity == "error"
