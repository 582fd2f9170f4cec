"""Planted relevances raise the suspicion that belongs to them, and no other."""

import dataclasses
import re

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.doctor.doctor import diagnose
from sincviz.analysis.doctor.findings import Finding, with_findings
from sincviz.analysis.doctor.relevance_checks import (
    not_checked,
    of_established_classes,
    relevance_findings,
)
from sincviz.analysis.labels import with_known_classes
from sincviz.eeg.montages import standard_montage

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


def test_a_class_whose_relevance_may_add_up_to_nothing_raises_no_suspicion():
    spectrum = spectrum_of(MU, at(["Fp1", "Fp2"], 0, 1, 1.0))
    rows = pd.MultiIndex.from_product([["left", "right"], ["alpha"]], names=["target", "band"])
    leading = pd.DataFrame({"total_ci_low": [0.5, -0.1]}, rows)
    assert {one.check for one in relevance_findings(spectrum)} == {"relevance_eyes", "relevance_drift"}
    assert relevance_findings(of_established_classes(spectrum, leading)) == []
    nothing = of_established_classes(spectrum, leading.assign(total_ci_low=np.nan))
    (found,) = relevance_findings(nothing)
    assert found.check == "artefacts_not_checked"
    assert set(not_checked(nothing).values()) == {
        "no class has a total relevance that these trials show to be above zero"
    }


@pytest.mark.parametrize(("size", "expected"), [(0.0, []), (3.0, ["relevance_eyes", "relevance_drift"])])
def test_what_a_few_trials_show_by_chance_raises_no_suspicion(size, expected):
    spectrum = spectrum_of(MU, at(["Fp1", "Fp2"], 0, 1, 1.0))
    rng = np.random.default_rng(0)
    names = ["left", "right"] * 6
    values = 0.2 * rng.standard_normal((12, 2, 6, len(CHANNELS)))
    values[1::2, 1, -1, :2] += size
    coords = {
        "class_name": ("trial", names),
        "target": ["left", "right"],
        "band": ["delta", "theta", "alpha", "beta", "gamma", "other"],
        "channel": CHANNELS,
    }
    single = xr.DataArray(values, coords, ("trial", "target", "band", "channel"))
    assert [one.check for one in relevance_findings(spectrum, single=single)] == expected


def test_relevance_that_is_even_everywhere_above_the_drifts_raises_no_suspicion():
    assert checks(at(CHANNELS, 1, 80, 1.0)) == []


FINDINGS = {
    "relevance_eyes": "Below 4 Hz beside the eyes: {}; suspect eye movements.",
    "relevance_muscles": "From 20 Hz upwards at the edge of the scalp: {}; suspect muscle activity.",
    "relevance_drift": "Below 1 Hz: {}; suspect drifts, sweat or eye movements, unless a slow evoked response is "
    "meant.",
    "relevance_line": "In a narrow line at {hz}: {}; suspect interference.",
    "relevance_mains": "At {hz}: {}; suspect line noise.",
}
PLANTED = {
    "blinks": (at(["Fp1", "Fp2"], 1, 4, 0.5), "relevance_eyes", "33%", "Fp1, Fp2"),
    "saccades": (at(["F7", "F8"], 1, 3, 0.5), "relevance_eyes", "33%", "F7, F8"),
    "temporal muscles": (at(["T7", "T8"], 31, 45, 0.5), "relevance_muscles", "33%", "T7, T8"),
    "frontal muscles": (at(["Fp1"], 62, 80, 0.5), "relevance_muscles", "33%", "Fp1"),
    "sweat": (at(CHANNELS, 0, 1, 0.5), "relevance_drift", "33%", "Fp1, Fp2"),
    "mains of Europe": (at(["Pz", "P3"], 49.5, 51, 0.5), "relevance_mains", "33%", "50 Hz"),
    "mains of America": (at(["Pz", "P3"], 59.5, 61, 0.5), "relevance_mains", "33%", "60 Hz"),
    "a tone at a temple": (at(["T7"], 73, 73.5, 0.5), "relevance_line", "33%", "73 Hz"),
    "a slow hum": (at(["Pz", "P3"], 15, 15.5, 0.5), "relevance_line", "33%", "15 Hz"),
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
        "Below 1 Hz: 31% of the relevance for right, 30% for left; suspect drifts, sweat or eye movements, unless a "
        "slow evoked response is meant."
    )


def test_several_artefacts_are_all_named():
    found = checks(*(MU + PLANTED[kind][0] for kind in ("blinks", "temporal muscles", "mains of Europe")))
    assert found == ["relevance_eyes", "relevance_muscles", "relevance_mains"]


def test_what_is_as_strong_elsewhere_is_not_blamed_on_the_edge():
    slow_everywhere = at(CHANNELS, 1, 4, 0.9)
    fast_everywhere = at(CHANNELS, 31, 45, 0.9)
    assert checks(MU + slow_everywhere, MU + fast_everywhere) == []


@pytest.mark.parametrize(
    ("channels", "why"),
    [
        (["Fp1", "Fp2", "AF7"], "all channels lie"),
        (["C3", "Cz", "C4"], "no channel lies"),
        (["E1", "E2", "E3"], "no channel has a position or a name of the 10-05 system"),
        (["Fp1", "Fp2", "AF7", "E1", "E2"], "2 of 5 channels have neither a position nor a name"),
    ],
)
@pytest.mark.parametrize("hz", [2.0, 40.0])
def test_what_cannot_be_told_of_the_edge_is_said_not_to_be_checked(channels, why, hz, slips_of):
    values = at(channels[:1], 8, 13, 0.5, channels) + at(channels, hz, hz + 20, 0.5, channels)
    spectrum = spectrum_of(values, channels=channels)
    (found,) = relevance_findings(spectrum)
    assert (found.check, found.severity) == ("artefacts_not_checked", "note")
    assert found.finding == "Whether the decision rests on eye movements and muscles was not checked."
    assert why in found.evidence
    assert list(not_checked(spectrum)) == ["eye movements", "muscles"]
    assert not slips_of(pd.DataFrame([dataclasses.asdict(found)]))


@pytest.mark.parametrize("total", [0.0, -1.0, 0.05])
def test_of_a_sum_that_is_next_to_nothing_there_are_no_shares(total):
    values = at(["Fp1"], 0, 1, 1.0) + at(["Cz"], 10, 12, total - 1.0)
    (found,) = relevance_findings(spectrum_of(values))
    assert found.check == "artefacts_not_checked"
    assert list(not_checked(spectrum_of(values))) == ["eye movements", "muscles", "line noise", "drifts"]


@given(
    against=st.floats(0, 0.85),
    kind=st.sampled_from(sorted(PLANTED)),
    where=st.sampled_from(["Cz", "Fp2", "T8"]),
)
def test_no_share_is_above_the_whole_and_of_what_it_is_a_share_is_said(against, kind, where):
    values = MU + PLANTED[kind][0]
    total = values.sum()
    spectrum = spectrum_of(values - at([where], 4, 7, against * total))
    for found in relevance_findings(spectrum):
        shares = [int(number) for number in re.findall(r"(\d+)%", found.finding)]
        assert all(share <= 100 for share in shares)
        if against > 0.5:
            assert "of the positive relevance" in found.finding
            assert shares == [33]


def test_relevance_of_opposite_sign_beside_the_two_eyes_is_a_look_to_the_side():
    look = at(["F7"], 1, 3, 0.4) - at(["F8"], 1, 3, 0.38)
    (found,) = relevance_findings(spectrum_of(MU + look))
    assert found.check == "relevance_eyes"
    assert "44% of the absolute relevance for left" in found.finding  # 0.78 of 1 + 0.78
    assert found.finding.endswith("suspect lateral eye movements.")
    assert checks(MU + at(["C3"], 1, 3, 0.4) - at(["C4"], 1, 3, 0.38)) == []


def placed(spectrum, montage, chosen):
    """Return the spectrum under names of another cap, at the positions of its electrodes."""
    info = mne.create_info(chosen, 100.0, "eeg").set_montage(montage)
    positions_m = np.array([channel["loc"][:3] for channel in info["chs"]])
    axes = {axis: ("channel", values) for axis, values in zip("xyz", positions_m.T, strict=True)}
    return spectrum.assign_coords(channel=[f"E{number}" for number in range(len(chosen))], **axes)


@pytest.mark.parametrize("kind", PLANTED)
def test_positions_tell_what_names_do_not(kind):
    extra, check, *_ = PLANTED[kind]
    values = np.concatenate([MU + extra, np.zeros((2, len(frequencies)))])
    channels = [*CHANNELS, "O1", "O2"]
    unnamed = placed(spectrum_of(values, channels=channels), standard_montage(), channels)
    assert [found.check for found in relevance_findings(unnamed)] == [check]
    lost = unnamed.drop_vars(["x", "y", "z"])
    expected = [] if check in ("relevance_eyes", "relevance_muscles") else [check]
    assert [found.check for found in relevance_findings(lost)] == [*expected, "artefacts_not_checked"]


def test_a_position_counts_more_than_a_name_and_names_are_told_to_have_placed():
    by_name = spectrum_of(MU + PLANTED["blinks"][0])
    (found,) = relevance_findings(by_name)
    assert found.evidence.endswith("most at Fp1, Fp2, F7, F8 (placed by their names).")
    (found,) = relevance_findings(placed(by_name, standard_montage(), CHANNELS))
    assert "by their names" not in found.evidence
    assert "most at E0, E1" in found.evidence
    moved = [*("C5", "C6"), *CHANNELS[2:]]
    names = placed(by_name, standard_montage(), moved).assign_coords(channel=CHANNELS)
    assert relevance_findings(names) == []


def test_muscles_are_seen_from_20_hz_on_and_sensorimotor_beta_is_no_muscle():
    muscles = at(["F8", "FT8", "Fp2"], 20, 30, 0.43, [*CHANNELS, "FT8"])
    mu = np.concatenate([MU, np.zeros((1, len(frequencies)))])
    (found,) = relevance_findings(spectrum_of(0.57 * mu + muscles, channels=[*CHANNELS, "FT8"]))
    assert found.finding.startswith(
        "From 20 Hz upwards at the edge of the scalp: 43% of the relevance for left"
    )
    assert "most at Fp2, F8, FT8" in found.evidence
    assert checks(MU + at(["C3", "C4", "Cz", "FC3", "CP4"], 20, 40, 1.0)) == []
    assert checks(MU + at(["F7", "T7"], 14, 20, 0.4)) == []


def test_a_broad_hump_at_the_mains_is_no_line():
    assert checks(MU + at(["T7", "T8"], 40, 60, 0.5)) == ["relevance_muscles"]
    assert checks(MU + at(CHANNELS, 45, 55, 0.5)) == []


def test_a_tone_within_muscle_activity_is_told_apart():
    both = MU + at(["T7", "T8"], 30, 80, 0.5) + at(["T7", "T8"], 50, 50.5, 0.5)
    muscles, line = relevance_findings(spectrum_of(both))
    assert (muscles.check, line.check) == ("relevance_muscles", "relevance_mains")
    share = 0.5 * (1 - 5 / 100) / 2  # five bins of a hundred count as the line's
    assert f"{share:.0%} of the relevance" in muscles.finding
    assert f"{(0.5 + 0.5 * 5 / 100) / 2:.0%} of the relevance" in line.finding


def power_with(line_hz, channels=CHANNELS, loud=CHANNELS):
    values = np.tile(1 / (1 + frequencies), (len(channels), 1))
    if line_hz is not None:
        values[np.isin(channels, loud)] += np.where(frequencies == line_hz, 5.0, 0.0)
    coords = {"channel": list(channels), "frequency": frequencies}
    return xr.DataArray(values, coords, ("channel", "frequency"))


@pytest.mark.parametrize("loud", [CHANNELS, ["Pz", "P3"]])
def test_the_trials_tell_whether_a_narrow_peak_is_a_line(loud):
    peak = spectrum_of(MU + at(["Pz", "P3"], 42, 42.5, 0.5))
    (found,) = relevance_findings(peak, power_with(42, loud=loud))
    assert (found.check, found.finding[:29]) == ("relevance_line", "In a narrow line at 42 Hz: 33")
    assert relevance_findings(peak, power_with(None)) == []
    assert relevance_findings(peak, power_with(60)) == []
    assert relevance_findings(peak, power_with(42, loud=["C3", "Cz"])) == []


@pytest.mark.parametrize(("height", "expected"), [(3.0, ["relevance_line"]), (1.5, [])])
def test_a_faint_line_in_the_trials_counts_where_the_relevance_towers(height, expected):
    power = power_with(None)
    power = power * np.where(frequencies == 42, height, 1.0)
    peak = spectrum_of(MU + at(["Pz", "P3"], 42, 42.5, 0.5))
    hump = spectrum_of(MU + at(["Pz", "P3"], 42, 42.5, 0.5) + at(["Pz", "P3"], 38, 47, 0.5))
    assert [found.check for found in relevance_findings(peak, power)] == expected
    assert relevance_findings(hump, power) == []


def test_a_line_that_the_network_does_not_use_is_no_finding():
    assert relevance_findings(spectrum_of(MU), power_with(50)) == []


@pytest.mark.parametrize(("peak_hz", "expected"), [(10, []), (20, [])])
def test_a_narrow_rhythm_is_no_line(peak_hz, expected):
    rhythm = np.exp(-0.5 * ((frequencies - peak_hz) / 0.6) ** 2)  # 1.4 Hz wide, narrow for a rhythm
    values = np.isin(CHANNELS, ["C3", "C4"])[:, None] * rhythm
    assert checks(values) == expected


def test_a_class_without_trials_does_not_hide_the_others():
    unknown = np.full_like(MU, np.nan)
    blinks = MU + PLANTED["blinks"][0]
    (found,) = relevance_findings(spectrum_of(unknown, blinks))
    assert "33% of the relevance for right" in found.finding
    assert checks(unknown, unknown) == ["artefacts_not_checked"]


def test_a_recording_too_slow_for_the_mains_is_not_suspected_of_them():
    spectrum = spectrum_of(MU + PLANTED["blinks"][0])
    slow = spectrum.isel(frequency=frequencies < 45)
    assert [found.check for found in relevance_findings(slow)] == ["relevance_eyes"]


@pytest.mark.parametrize(
    ("n_classes", "more"),
    [(4, ""), (5, ", less for 1 other class"), (20, ", less for 16 other classes")],
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
    assert checks(at(["0"], 1, 4, 1.0, channels), channels=channels) == ["artefacts_not_checked"]


SUSPICION = Finding("relevance_eyes", "warning", "Eyes.", "There.", "Look.")


@pytest.mark.parametrize("severities", [["error", "note"], ["note"], ["error"], ["warning", "note"], []])
def test_suspicions_stand_in_the_table_of_the_doctor_by_their_severity(network, severities):
    table = diagnose(network())
    kept = table.iloc[[0] * len(severities)].reset_index(drop=True)
    kept["severity"] = pd.Categorical(severities, table["severity"].cat.categories, ordered=True)
    kept.attrs = dict(table.attrs)
    joined = with_findings(kept, [SUSPICION, SUSPICION])
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
    pd.testing.assert_frame_equal(with_findings(table, []), table)


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
