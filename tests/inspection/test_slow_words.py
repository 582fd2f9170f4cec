"""A network that decodes by slow potentials is introduced as such."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz.inspection.contents import CONTENTS
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import slow_words

TARGET = "left against right"


def inspected(slow_share, *, established=True, total_ci_low=0.5, readable=True):
    """Relevance of two channels with a known share at 1 Hz, the rest at 10 Hz."""
    frequency = np.arange(0, 20.5, 0.5)
    values = np.zeros((1, 2, len(frequency)))
    values[0, :, 2], values[0, :, 20] = slow_share / 2, (1 - slow_share) / 2
    spectrum = xr.DataArray(
        values,
        {"target": [TARGET], "channel": ["F7", "C3"], "frequency": frequency},
        ("target", "channel", "frequency"),
    )
    bands = pd.DataFrame(
        {"established": [established, True], "total_ci_low": total_ci_low, "band_low_hz": [1.0, 8.0]},
        index=pd.MultiIndex.from_tuples([(TARGET, "delta"), (TARGET, "alpha")], names=["target", "band"]),
    )
    return InspectionResults(
        network={"kind": "Net", "sfreq_hz": 100.0, "n_chans": 2, "ch_names": ["F7", "C3"], "n_times": 200},
        findings=pd.DataFrame(),
        verdict={"readable": readable, "reasons": [] if readable else ["chance"]},
        spectral_relevance=spectrum,
        leading_bands=bands,
    )


def test_slow_potentials_are_said_with_their_share():
    words = slow_words(inspected(0.62))
    assert words.startswith("What separates the classes lies mostly below 4 Hz (62% for left against right)")


@pytest.mark.parametrize(
    "inspection",
    [
        inspected(0.48),
        inspected(0.62, established=False),
        inspected(0.62, total_ci_low=-0.1),
        inspected(0.62, readable=False),
    ],
    ids=["mostly a rhythm", "not established", "sum may be zero", "not readable"],
)
def test_nothing_is_said_where_it_is_not_so(inspection):
    assert slow_words(inspection) == ""


def test_a_band_without_limits_counts_as_slow_only_if_it_is_below():
    inspection = inspected(0.7)
    inspection.leading_bands["band_low_hz"] = [np.nan, 8.0]  # "other", what no band covers
    assert "70%" in slow_words(inspection)


def test_it_is_the_first_sentence_of_the_page(monkeypatch):
    monkeypatch.setattr("sincviz.inspection.contents.network_words", lambda _: "A network.")
    monkeypatch.setattr("sincviz.inspection.contents.data_words", lambda *_, **__: "Trials.")
    lead = CONTENTS.lead(inspected(0.62))
    assert lead[0].text.startswith("What separates the classes lies mostly below 4 Hz")
    assert CONTENTS.lead(inspected(0.3))[0].text == "A network."
