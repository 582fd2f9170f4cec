"""Runs are averaged within subjects, by hand and by the code alike; strangers are left out and named."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz.eeg.band_limits import ranges_by_name, ranges_of
from sincviz.inspection.explaining import WIDTH_S
from sincviz.population.averages import ALL_CLASSES, combine
from sincviz.population.findings import group_findings, shared_training
from sincviz.population.manifest import read_manifest
from sincviz.population.rows.store import store_row
from sincviz.trials.identity import trial_fingerprints

CHANNELS = ["C3", "Cz", "C4"]


def row(
    value,
    *,
    slow=1.0,
    alpha_hz=(8.0, 13.0),
    rest_hz="0–8, 13–inf",
    classes=("left", "right"),
    channels=CHANNELS,
    frequencies=(0.0, 1.0),
    windows=range(2),
    trained_on=(),
    **attrs,
):
    """What is stored of a network whose contrast is the same value everywhere."""
    shape = (len(classes), 2, len(channels))
    contrast = np.full(shape, float(value))
    contrast[:, 1] *= slow
    return xr.Dataset(
        {
            "band_contrast": (("target", "band", "channel"), contrast, {"units": "SD"}),
            "frequency_contrast": (
                ("target", "channel", "frequency"),
                np.full((len(classes), len(channels), len(frequencies)), float(value)),
            ),
            "time_contrast": (
                ("target", "channel", "time"),
                np.full((len(classes), len(channels), len(windows)), float(value)),
                {"units": "SD", "window_width_s": WIDTH_S},
            ),
            "occupancy": (("training", "band"), [[0.5, 0.5], [0.4, 0.6]]),
            "amplitude": (("filter", "response_frequency"), np.eye(2)),
            "peak_hz": ("filter", [10.0, 20.0]),
            "center_hz": ("filter", [10.0 + value, 20.0]),
            "initial_center_hz": ("filter", [10.0, 20.0]),
        },
        {
            "target": list(classes),
            "band": ["alpha", "other"],
            "band_low_hz": ("band", [alpha_hz[0], np.nan]),
            "band_high_hz": ("band", [alpha_hz[1], np.nan]),
            "band_rest_hz": ("band", ["", rest_hz]),
            "channel": list(channels),
            "frequency": list(frequencies),
            "time": WIDTH_S * (np.array(windows) + 0.5),
            "time_low_s": ("time", WIDTH_S * np.array(windows)),
            "time_high_s": ("time", WIDTH_S * (np.array(windows) + 1)),
            "training": ["before", "after"],
            "filter": [0, 1],
            "response_frequency": [10.0, 20.0],
        },
        {
            "accuracy": 0.9,
            "majority": 0.5,
            "balanced_accuracy": 0.9,
            "chance_level": 0.5,
            "p": 0.0005,
            "above_chance": "yes",
            "unknown_because": "",
            "not_readable_because": "[]",
            "n_trials": 40,
            "held_out": "yes",
            "n_seen": 0,
            "weights_sha256": "w",
            "sfreq_hz": 160.0,
            "errors": "[]",
            "training_trials": json.dumps(list(trained_on)),
        }
        | attrs,
    )


@pytest.fixture
def combined(tmp_path):
    """Store rows and combine them; what is no dataset is the reason why there is none."""

    def run(rows):
        table = pd.DataFrame(
            [{"checkpoint": f"/{n}", "dataset": "eegbci"} | labels for n, (labels, _) in enumerate(rows)]
        )
        manifest = read_manifest(table)
        keys, errors = (
            pd.Series("", manifest.index, dtype=object),
            pd.Series("", manifest.index, dtype=object),
        )
        for number, (_, averages) in enumerate(rows, start=1):
            if isinstance(averages, str):
                errors[number] = averages
            else:
                keys[number] = f"k{number}"
                store_row(tmp_path, keys[number], averages)
        return combine(manifest, keys, errors, tmp_path)

    return run


def test_the_subject_is_the_unit_however_many_runs_it_has(combined):
    averages = combined(
        [({"subject": 1, "seed": s}, row(v)) for s, v in enumerate((1, 2, 6))] + [({"subject": 2}, row(7))]
    )
    values = averages.subjects["band_contrast"]
    assert values.dims == ("condition", "subject", "target", "band", "channel")
    for values in (averages.subjects[f"{over}_contrast"] for over in ("band", "frequency", "time")):
        assert values["target"].to_numpy().tolist() == [ALL_CLASSES]
        np.testing.assert_allclose(values.sel(subject="1"), 3.0)
        np.testing.assert_allclose(values.sel(subject="2"), 7.0)
    assert averages.runs["contrast"].sizes["run"] == 4
    assert averages.runs["contrast"]["seed"].to_numpy().tolist() == ["0", "1", "2", ""]
    np.testing.assert_allclose(averages.subjects["shift_hz"].sel(condition="", subject="1"), [3.0, 0.0])


def test_the_order_of_rows_changes_no_average(combined):
    rows = [({"subject": s, "seed": k}, row(s + 0.1 * k)) for s in (3, 1, 2) for k in (0, 1)]
    one, other = (combined(order).subjects["band_contrast"] for order in (rows, rows[::-1]))
    xr.testing.assert_allclose(one, other.sel(subject=one["subject"]))


def test_more_than_two_classes_keep_their_own_maps(combined):
    averages = combined([({"subject": 1}, row(1, classes=("a", "b", "c")))])
    assert averages.subjects["band_contrast"]["target"].to_numpy().tolist() == [ALL_CLASSES, "a", "b", "c"]


def test_a_subject_without_a_condition_has_no_value_there(combined):
    averages = combined(
        [
            ({"subject": 1, "condition": "a"}, row(1)),
            ({"subject": 1, "condition": "b"}, row(2)),
            ({"subject": 2, "condition": "a"}, row(3)),
        ]
    )
    values = averages.subjects["band_contrast"].isel(target=0, band=0, channel=0)
    assert values.sel(condition="a").to_numpy().tolist() == [1, 3]
    assert values.sel(condition="b", subject="1").item() == 2
    assert np.isnan(values.sel(condition="b", subject="2"))


def test_trials_of_the_training_are_left_out(combined):
    averages = combined([({"subject": 1}, row(1)), ({"subject": 2}, row(9, held_out="no", n_seen=12))])
    assert averages.networks["status"].tolist() == ["read", "left out"]
    assert "12 of its 40 trials were used in training" in averages.networks["reason"][2]
    assert averages.subjects["band_contrast"]["subject"].to_numpy().tolist() == ["1"]


def test_other_classes_are_left_out(combined):
    averages = combined(
        [({"subject": s}, row(1)) for s in (1, 2)] + [({"subject": 3}, row(1, classes=("hands", "feet")))]
    )
    assert averages.networks["status"].tolist() == ["read", "read", "left out"]
    assert "hands, feet" in averages.networks["reason"][3]


def test_the_order_of_classes_does_not_matter(combined):
    flipped = row(3, classes=("right", "left"))
    flipped["band_contrast"] = flipped["band_contrast"] * xr.DataArray([2.0, 1.0], dims="target")
    averages = combined([({"subject": 1}, row(1)), ({"subject": 2}, flipped)])
    assert averages.networks["status"].tolist() == ["read", "read"]
    np.testing.assert_allclose(averages.subjects["band_contrast"].sel(subject="2"), 4.5)
    three = [row(1, classes=("a", "b", "c")), row(2, classes=("c", "b", "a"))]
    three[1]["band_contrast"][0] *= 5
    values = combined([({"subject": s}, one) for s, one in enumerate(three)]).subjects["band_contrast"]
    assert (values.sel(subject="1", target="c") == 10).all()
    assert (values.sel(subject="1", target=["a", "b"]) == 2).all()


def test_a_network_of_other_channels_leaves_the_others_theirs(combined):
    rows = [({"subject": s}, row(s)) for s in (1, 2)]
    stranger = ({"subject": 3}, row(3, channels=["E1", "E2", "Cz"]))
    for order in ([*rows, stranger], [stranger, *rows]):
        averages = combined(order)
        assert averages.subjects["band_contrast"]["channel"].to_numpy().tolist() == CHANNELS
        (reason,) = averages.networks.loc[averages.networks["status"] == "left out", "reason"]
        assert reason == "it has 1 of the 3 channels of most networks"


def test_runs_of_other_channels_keep_their_place_in_the_order(combined):
    rows = [({"subject": s}, row(s, channels=CHANNELS[: 3 - s % 2])) for s in (1, 2, 3, 4)]
    averages = combined(rows)
    assert averages.runs["contrast"]["run"].to_numpy().tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(averages.runs["contrast"].isel(band=0, channel=0), [1, 2, 3, 4])
    assert averages.runs["contrast"]["channel"].to_numpy().tolist() == ["C3", "Cz"]


@pytest.mark.parametrize("missing", [0, 1])
def test_positions_that_differ_or_are_missing_in_a_run_are_not_lost(combined, missing):
    rows = [row(1).assign_coords(x=("channel", [0.1, 0.0, -0.1])) for _ in range(3)]
    rows[2] = rows[2].assign_coords(x=rows[2]["x"] + 0.001)
    rows[missing] = rows[missing].assign_coords(x=("channel", [np.nan] * 3))
    averages = combined([({"subject": 1, "seed": k}, one) for k, one in enumerate(rows)])
    for values in (averages.subjects["band_contrast"], averages.runs["contrast"]):
        np.testing.assert_allclose(values["x"], [0.1, 0.0, -0.1])


def test_positions_come_in_one_order_so_that_files_have_the_same_bytes(combined):
    names = ["x", "y", "z", "region"]
    placed = row(1).assign_coords({name: ("channel", [0.1, 0.0, -0.1]) for name in names[::-1]})
    averages = combined([({"subject": 1}, placed)])
    assert [name for name in averages.subjects["band_contrast"].coords if name in names] == names


def test_common_channels_are_compared_in_the_order_of_the_first(combined):
    averages = combined([({"subject": 1}, row(1)), ({"subject": 2}, row(2, channels=["C4", "C3", "Pz"]))])
    assert averages.subjects["band_contrast"]["channel"].to_numpy().tolist() == ["C3", "C4"]
    assert "2 of 4 are left out" in averages.notes[0]
    assert "not_alike" in group_findings(averages)["check"].tolist()


def test_common_frequencies_are_compared(combined):
    averages = combined([({"subject": 1}, row(1)), ({"subject": 2}, row(2, frequencies=(0.0, 1.0, 2.0)))])
    assert averages.subjects["frequency_contrast"]["frequency"].to_numpy().tolist() == [0, 1]


@pytest.mark.parametrize(
    ("windows", "shared", "note"),
    [
        ([range(-4, 16), range(-4, 16)], range(-4, 16), None),
        ([range(-4, 16), range(-10, 40)], range(-4, 16), "30 of 50"),
        ([range(4), range(2, 6)], range(2, 4), "4 of 6"),
        ([range(4), range(8, 12)], [], "8 of 8"),
    ],
)
def test_common_windows_of_time_are_compared(combined, windows, shared, note):
    for labels in ([{"subject": 1}, {"subject": 2}], [{"subject": 1, "seed": 0}, {"subject": 1, "seed": 1}]):
        averages = combined([(one, row(1, windows=own)) for one, own in zip(labels, windows, strict=True)])
        values = averages.subjects["time_contrast"]
        assert values.dims == ("condition", "subject", "target", "channel", "time")
        np.testing.assert_allclose(values["time_low_s"], WIDTH_S * np.array(shared), atol=1e-12)
        np.testing.assert_allclose(values["time_high_s"] - values["time_low_s"], WIDTH_S)
        assert values.attrs["window_width_s"] == WIDTH_S
        assert (values == 1).all()
        words = [f"Not all networks have the same windows of time: {note} are left out of the comparison."]
        assert averages.notes == (words if note else [])


def test_failures_are_kept_in_the_table(combined):
    averages = combined([({"subject": 1}, row(1)), ({"subject": 2}, "There is no checkpoint.")])
    assert averages.networks["status"].tolist() == ["read", "failed"]
    finding = group_findings(averages).iloc[0]
    assert (finding["severity"], finding["check"]) == ("error", "failed")
    assert "There is no checkpoint (1)" in finding["evidence"]


def test_nothing_to_combine_is_no_error_here(combined):
    averages = combined([({"subject": 1}, "gone")])
    assert averages.runs == {}
    assert len(group_findings(averages)) == 1


def fingerprints(letters):
    """Of one trial for each letter."""
    trials = [np.random.default_rng(ord(letter)).standard_normal((2, 64)) for letter in letters]
    return trial_fingerprints(np.reshape(trials, (-1, 2, 64)))


@pytest.mark.parametrize(
    ("sets", "share"), [(("abcd", "abce"), 0.75), (("ab", "cd"), 0.0), (("ab", ""), None)]
)
def test_training_sets_of_subjects_are_compared(combined, sets, share):
    averages = combined(
        [({"subject": s}, row(1, trained_on=fingerprints(own))) for s, own in enumerate(sets)]
    )
    assert shared_training(averages) == share
    assert ("shared_training" in group_findings(averages)["check"].tolist()) == bool(share)


def test_training_trials_that_were_rounded_otherwise_are_shared(combined):
    one = fingerprints("ab")
    other = [f"{int(text[:5], 16) + 2:05x}{text[5:]}" for text in one]
    averages = combined([({"subject": s}, row(1, trained_on=own)) for s, own in enumerate((one, other))])
    assert shared_training(averages) == 1


def test_training_sets_of_one_subject_may_overlap(combined):
    averages = combined(
        [({"subject": 1, "seed": s}, row(1, trained_on=fingerprints("abc"))) for s in range(2)]
    )
    assert shared_training(averages) is None


@pytest.mark.parametrize(
    ("attrs", "check"),
    [
        ({"held_out": "unknown"}, "held_out_unknown"),
        ({"above_chance": "no"}, "chance"),
        ({"not_readable_because": '["confounded"]'}, "not_readable"),
        ({"errors": json.dumps(["The scale is wrong."])}, "doctor"),
    ],
)
def test_what_is_doubtful_is_found(combined, attrs, check):
    assert group_findings(combined([({"subject": 1}, row(1, slow=0.05))]))["check"].tolist() == []
    assert group_findings(combined([({"subject": 1}, row(1, slow=0.05, **attrs))]))["check"].tolist() == [
        check
    ]


def test_one_person_under_several_names_is_found(combined):
    rows = [
        ({"subject": name}, row(number, slow=0.05, trials_sha256=sha))
        for number, (name, sha) in enumerate(
            [("ann", "a"), ("bea", "b"), ("cleo", "a"), ("ann", "a"), ("dan", "b")]
        )
    ]
    for number, (labels, _) in enumerate(rows):
        labels["seed"] = number
    findings = group_findings(combined(rows)).set_index("check")
    assert findings.loc["same_trials", "severity"] == "error"
    assert (
        "2 subjects were examined on the trials of another subject: cleo, dan."
        in findings.loc["same_trials", "finding"]
    )


def test_limits_of_bands_stay(combined):
    averages = combined(
        [({"subject": 1, "seed": 0}, row(1)), ({"subject": 1, "seed": 1}, row(2)), ({"subject": 2}, row(3))]
    )
    for array in (
        *(averages.subjects[name] for name in ("band_contrast", "occupancy")),
        averages.runs["contrast"],
    ):
        assert ranges_by_name(array) == ranges_of({"alpha": (8, 13)})


def test_bands_of_one_name_and_other_limits_are_not_put_together(combined):
    rows = [
        ({"subject": 1, "seed": 0}, row(1)),
        ({"subject": 1, "seed": 1}, row(2, alpha_hz=(8.0, 12.0))),
        ({"subject": 2}, row(3)),
    ]
    averages = combined(rows)
    for array in (
        averages.subjects["band_contrast"],
        averages.subjects["occupancy"],
        averages.runs["contrast"],
    ):
        assert ranges_by_name(array) == {"other": ((0, 8), (13, np.inf))}
    assert averages.notes == [
        "Not all networks have the same bands: 2 of 3 are left out of the comparison.",
    ]


def test_a_row_that_does_not_tell_its_bands_is_refused(combined):
    with pytest.raises(ValueError, match="limits of the bands alpha, other are not known"):
        combined([({"subject": 1}, row(1).drop_vars("band_low_hz"))])


@pytest.mark.parametrize(("rest_hz", "said"), [("0–1", True), ("0–8, 13–inf", False), ("30–inf", False)])
def test_only_what_is_slow_is_called_slow(combined, rest_hz, said):
    findings = group_findings(
        combined([({"subject": n}, row(1, slow=1 + n / 10, rest_hz=rest_hz)) for n in (1, 2, 3)])
    )
    own = findings[findings["check"] == "slow"]["finding"].tolist()
    assert len(own) == said
    assert not said or "is slower than 1 Hz (all subjects together)" in own[0]
