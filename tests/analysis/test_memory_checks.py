"""What a network is right about and no simple decoder tells may be remembered; who says what of the training counts."""

import pandas as pd
import pytest

from sincviz.analysis.memory_checks import memorised

RIGHT = {"accuracy": 0.9, "above_chance": "yes"}


def decoders(verdict):
    return pd.DataFrame({"balanced_accuracy": [0.45], "above_chance": [verdict]}, index=["evoked response"])


@pytest.mark.parametrize(
    ("given", "severity", "words"),
    [
        ({"n_seen": 40}, "error", "it was trained on these trials: it probably remembers them"),
        (
            {"n_seen": 40, "held_out": True},
            "error",
            "it was trained on these trials: it probably remembers them",
        ),
        ({"n_seen": None}, "warning", "it may have been trained on these trials: it probably remembers them"),
        (
            {"n_seen": None, "held_out": True},
            "warning",
            "If they were held out, as was said, it knows what these",
        ),
    ],
)
def test_what_no_decoder_tells_is_told_by_what_is_known_of_the_training(given, severity, words):
    found = memorised(RIGHT, decoders("no"), **given)
    assert (found.check, found.severity) == ("memorised", severity)
    assert words in found.finding
    assert "balanced accuracies of simple decoders" in found.evidence


@pytest.mark.parametrize(("above_chance", "verdict"), [("yes", "yes"), ("no", "no"), ("unknown", "no")])
def test_nothing_is_told_where_a_decoder_knows_the_classes_or_the_network_does_not(above_chance, verdict):
    row = RIGHT | {"above_chance": above_chance}
    assert memorised(row, decoders(verdict), n_seen=None) is None
