"""Planted relevances raise the suspicion that belongs to them, and no other."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.doctor import diagnose
from sincviz.analysis.findings import Finding
from sincviz.analysis.labels import with_known_classes
from sincviz.analysis.relevance_checks import relevance_findings, with_relevance_findings

frequencies = np.arange(0, 80, 0.5)
CHANNELS = [
    *("Fp1", "Fp2", "F7", "F8", "Fz", "FC3", "FC4", "T7", "C3", "C1"),
    *("Cz", "C2", "C4", "T8", "CP3", "CPz", "CP4", "P3", "Pz", "P4"),
]


def at(channels, low_hz, high_hz, worth, channels_of_all=CHANNELS):
    """Relevance that adds up to ``worth``, even over some channels and frequencies."""
    where = np.isin(channels_of_all, channels)[:, None] & ((frequencies >= low_hz) & (frequencies < high_hz))
    assert where.any()
    return worth * where / where.sum()


MU = at(["C3", "C4"], 8, 13, 0.7) + at(["C3", "C4", "Cz"], 18, 26, 0.3)


def spectrum_of(*classes, names=None, channels=CHANNELS):
    coords = {
        "target": names or ["left", "right", "feet"][: len(classes)],
        "channel": list(channels),
        "frequency": ("frequency", frequencies, {"units": "Hz"}),
    }
    return xr.DataArray(np.array(classes), coords, ("target", "channel", "frequency"), "share")


def checks(*classes, **settings):
    return [found.check for found in relevance_findings(spectrum_of(*classes, **settings))]


def test_a_clean_mu_rhythm_raises_no_suspicion():
    assert checks(MU, MU) == []


def test_relevance_that_is_even_everywhere_above_the_drifts_raises_no_suspicion():
    assert checks(at(CHANNELS, 1, 80, 1.0)) == []


FINDINGS = {
    "relevance_eyes": "Below 4 Hz beside the eyes: {}; suspect eye movements.",
    "relevance_muscles": "Above 30 Hz at the edge of the scalp: {}; suspect muscle activity.",
    "relevance_drift": "Slower than 1 Hz: {}; suspect drifts, sweat or eye movements.",
    "relevance_mains": "At {hz}: {}; suspect the mains.",
}
PLANTED = {
    "blinks": (at(["Fp1", "Fp2"], 1, 4, 0.5), "relevance_eyes", "33%", "Fp1, Fp2"),
    "saccades": (at(["F7", "F8"], 1, 3, 0.5), "relevance_eyes", "33%", "F7, F8"),
    "temporal muscles": (at(["T7", "T8"], 31, 45, 0.5), "relevance_muscles", "33%", "T7, T8"),
    "frontal muscles": (at(["Fp1"], 62, 80, 0.5), "relevance_muscles", "33%", "Fp1"),
    "sweat": (at(CHANNELS, 0, 1, 0.5), "relevance_drift", "33%", "Fp1, Fp2"),
    "mains of Europe": (at(["Pz", "P3"], 49.5, 51, 0.5), "relevance_mains", "33%", "50 Hz"),
    "mains of America": (at(["Pz", "P3"], 59.5, 61, 0.5), "relevance_mains", "33%", "60 Hz"),
}


@pytest.mark.parametrize(("extra", "check", "share", "named"), PLANTED.values(), ids=PLANTED)
def test_a_planted_artefact_raises_its_own_suspicion_alone(extra, check, share, named, slips_of):
    spectrum = spectrum_of(MU, MU + extra)
    (found,) = relevance_findings(spectrum)
    assert (found.check, found.severity) == (check, "warning")
    assert found.finding == FINDINGS[check].format(f"{share} of the relevance for right", hz=named)
    assert named in found.finding + found.evidence
    assert not slips_of(pd.DataFrame([dataclasses.asdict(found)]))


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_below_a_tenth_does_not_change_the_reading(kind):
    extra = PLANTED[kind][0]
    assert checks(MU + extra * 2 * 0.1) == []
    assert checks(MU + extra * 2 * 0.15) == [PLANTED[kind][1]]


@given(factor=st.floats(1e-6, 1e6), kind=st.sampled_from(sorted(PLANTED)))
def test_the_units_of_the_score_do_not_matter(factor, kind):
    extra, check, *_ = PLANTED[kind]
    assert checks((MU + extra) * factor) == [check]


@given(order=st.permutations(range(len(CHANNELS))), kind=st.sampled_from(sorted(PLANTED)))
def test_the_order_of_the_channels_does_not_matter(order, kind):
    extra, check, *_ = PLANTED[kind]
    spectrum = spectrum_of(MU + extra).isel(channel=list(order))
    assert [found.check for found in relevance_findings(spectrum)] == [check]


def test_the_shares_of_several_classes_are_listed_the_greatest_first():
    (found,) = relevance_findings(
        spectrum_of(*(MU + at(CHANNELS, 0, 1, worth) for worth in (0.43, 0.45, 0.05)))
    )
    assert found.finding == (
        "Slower than 1 Hz: 31% of the relevance for right, 30% for left; suspect drifts, sweat or eye movements."
    )


def test_several_artefacts_are_all_named():
    found = checks(*(MU + PLANTED[kind][0] for kind in ("blinks", "temporal muscles", "mains of Europe")))
    assert found == ["relevance_eyes", "relevance_muscles", "relevance_mains"]


def test_what_is_as_strong_elsewhere_is_not_blamed_on_the_edge():
    slow_everywhere = at(CHANNELS, 1, 4, 0.9)
    fast_everywhere = at(CHANNELS, 31, 45, 0.9)
    assert checks(MU + slow_everywhere, MU + fast_everywhere) == []


@pytest.mark.parametrize("channels", [["Fp1", "Fp2", "AF7"], ["C3", "Cz", "C4"]])
@pytest.mark.parametrize("hz", [2.0, 40.0])
def test_where_all_or_no_channels_lie_at_the_edge_none_is_blamed(channels, hz):
    values = at(channels, hz, hz + 1, 1.0, channels)
    assert checks(values, channels=channels) == []


@pytest.mark.parametrize("total", [0.0, -1.0])
def test_of_a_sum_that_is_not_positive_there_are_no_shares(total):
    values = at(["Fp1"], 0, 1, 1.0) + at(["Cz"], 10, 12, total - 1.0)
    assert checks(values) == []


def test_a_class_without_trials_does_not_hide_the_others():
    unknown = np.full_like(MU, np.nan)
    blinks = MU + PLANTED["blinks"][0]
    (found,) = relevance_findings(spectrum_of(unknown, blinks))
    assert "33% of the relevance for right" in found.finding
    assert checks(unknown, unknown) == []


def test_a_recording_too_slow_for_the_mains_is_not_suspected_of_them():
    spectrum = spectrum_of(MU + PLANTED["blinks"][0])
    slow = spectrum.isel(frequency=frequencies < 45)
    assert [found.check for found in relevance_findings(slow)] == ["relevance_eyes"]


@pytest.mark.parametrize(
    ("n_classes", "more"),
    [(4, ""), (5, ", less for 1 class more"), (20, ", less for 16 classes more")],
)
def test_many_classes_are_worded_shortly_the_greatest_share_first(n_classes, more):
    names = [f"class {number}" for number in range(n_classes)]
    classes = [MU + at(["Fp1"], 1, 4, 0.2 + 0.1 * number) for number in range(n_classes)]
    (found,) = relevance_findings(spectrum_of(*classes, names=names))
    positions = [found.finding.index(f"for {name}") for name in reversed(names[-4:])]
    assert positions == sorted(positions)
    assert found.finding.endswith(f" for {names[-4]}{more}; suspect eye movements.")
    assert len(found.finding) < 250


def test_names_are_taken_as_they_are():
    (found,) = relevance_findings(spectrum_of(MU + PLANTED["blinks"][0], names=["<b>{0}%s</b>"]))
    assert found.finding == FINDINGS["relevance_eyes"].format("33% of the relevance for <b>{0}%s</b>")


def test_numbers_in_place_of_names_of_channels_are_of_no_region():
    channels = [str(number) for number in range(4)]
    assert checks(at(["0"], 1, 4, 1.0, channels), channels=channels) == []


SUSPICION = Finding("relevance_eyes", "warning", "Eyes.", "There.", "Look.")


@pytest.mark.parametrize("severities", [["error", "note"], ["note"], ["error"], ["warning", "note"], []])
def test_suspicions_stand_in_the_table_of_the_doctor_by_their_severity(network, severities):
    table = diagnose(network())
    kept = table.iloc[[0] * len(severities)].reset_index(drop=True)
    kept["severity"] = pd.Categorical(severities, table["severity"].cat.categories, ordered=True)
    kept.attrs = dict(table.attrs)
    joined = with_relevance_findings(kept, [SUSPICION, SUSPICION])
    assert joined["severity"].is_monotonic_increasing
    assert sorted(joined["severity"]) == sorted([*severities, "warning", "warning"])
    assert joined.columns.tolist() == table.columns.tolist()
    assert joined["severity"].dtype == table["severity"].dtype
    assert joined.attrs == table.attrs
    assert joined.index.tolist() == list(range(len(severities) + 2))
    own = joined[joined["check"] == "relevance_eyes"]
    assert (
        own[["finding", "evidence", "remedy", "filters"]].to_numpy().tolist()
        == [["Eyes.", "There.", "Look.", ""]] * 2
    )
    assert severities == kept["severity"].tolist()


def test_without_suspicions_the_table_is_as_it_was(network):
    table = diagnose(network())
    pd.testing.assert_frame_equal(with_relevance_findings(table, []), table)


@given(known=st.lists(st.booleans(), min_size=1, max_size=5))
def test_classes_with_any_value_missing_are_left_out(known):
    values = np.ones((3, len(known), 2))
    values[1, ~np.array(known), 0] = np.nan
    names = [str(number) for number in range(len(known))]
    array = xr.DataArray(values, {"target": names}, ("band", "target", "channel"))
    found = with_known_classes(array)
    assert found["target"].to_numpy().tolist() == [
        name for name, one in zip(names, known, strict=True) if one
    ]
    assert found.dims == array.dims
