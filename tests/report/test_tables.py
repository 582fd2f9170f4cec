"""Tables hold what was measured, for the page in words and for files in numbers."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.evidence.confusion import confusion_matrix
from sincviz.analysis.evidence.prediction import accuracies
from sincviz.inspection.accuracy import accuracy_rows, confusion_rows
from sincviz.inspection.contents import CONTENTS
from sincviz.inspection.filters import band_rows
from sincviz.inspection.inspection import Inspection
from sincviz.inspection.leading import leading_rows
from sincviz.report.folder import facts_of
from tests.shown import arrays as arrays_of_all
from tests.shown import frames

NETWORK = {"class_names": ["left", "right", "feet"], "weights_sha256": "ab" * 32, "training": {}}
EMPTY = pd.DataFrame(columns=["check", "severity", "finding", "evidence", "filters", "remedy"])


def inspection(**inspected):
    readable = {"readable": True, "reasons": []}
    return Inspection(**({"network": NETWORK, "findings": EMPTY, "verdict": readable} | inspected))


def leading(**changes):
    row = {
        **{"relevance": 1.5, "ci_low": -0.25, "ci_high": 3.0, "share": 0.75, "total": 2.0, "peak_hz": 11.5},
        **{"p": 0.2, "channels": "C4, CP4", "uncertain_channels": "P8"},
    } | changes
    index = pd.MultiIndex.from_tuples([("left", "alpha")], names=["target", "band"])
    table = pd.DataFrame([row | {"band_low_hz": 8.0, "band_high_hz": 13.0}], index)
    return inspection(leading_bands=table)


def test_a_band_is_a_row_in_words():
    header, rows, caption = leading_rows(leading())
    expected = ("left", "alpha (8–13 Hz)", "1.50 (−0.25 to 3.00)", "75%", "11.5", "0.2", "C4, CP4", "P8")
    assert rows == [expected]
    assert len(header) == len(expected)
    assert caption.endswith("Trials: reference and filters are not known.")


def test_a_peak_on_the_skirt_of_what_no_band_covers_is_told_by_its_limits():
    table = leading(peak_hz=1.0, skirt_of="other").leading_bands.assign(band_rest_hz="")
    other = table.rename({"alpha": "other"}).assign(
        band_low_hz=np.nan, band_high_hz=np.nan, band_rest_hz="0–8, 13–20", skirt_of=""
    )
    _, (row, _), _ = leading_rows(inspection(leading_bands=pd.concat([table, other])))
    assert row[4] == "1.0 (skirt of below 8 Hz and 13–20 Hz)"


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"share": -0.3}, 3, "−30%"),
        ({"share": -0.001}, 3, "−0.1%"),
        ({"share": 0.00001}, 3, "less than 0.01%"),
        ({"share": 0.9999}, 3, "99.9%"),
        ({"share": 0.0}, 3, "0%"),
        ({"share": np.nan}, 3, ""),
        ({"peak_hz": np.nan}, 4, ""),
        ({"relevance": -0.001, "ci_low": -1.0}, 2, "0.00 (−1.00 to 3.00)"),
        ({"p": 0.0001}, 5, "< 0.001"),
        ({"p": np.nan}, 5, ""),
        ({"channels": ""}, 6, ""),
        ({"uncertain_channels": ""}, 7, ""),
    ],
)
def test_what_is_missing_is_empty_and_what_is_below_zero_has_a_minus_sign(changes, column, words):
    _, (row,), _ = leading_rows(leading(**changes))
    assert row[column] == words


def test_where_nothing_can_be_read_the_table_says_so_and_nothing_is_established():
    inspected = dataclasses.replace(
        leading(), trials={"n_trials": 9}, verdict={"readable": False, "reasons": ["seen_trials"]}
    )
    header, (row,), caption = leading_rows(inspected)
    assert len(row) == len(header) == 5
    assert caption.startswith(
        "Not evidence of what the network uses: the network was trained on these trials."
    )
    assert "stablished" not in " ".join(header) + caption
    bands = inspected.leading_bands.assign(established=True, channels="C3")
    inspected = dataclasses.replace(inspected, leading_bands=bands)
    rows = frames(inspected, CONTENTS)["leading_bands"]
    assert rows[["readable", "established", "channels"]].to_numpy().tolist() == [[False, False, ""]]
    (of_file,) = facts_of(inspected, CONTENTS)["leading_bands"]
    assert (of_file["readable"], of_file["established"], of_file["channels"]) == (False, False, "")


def test_every_table_of_what_trials_show_says_whether_that_can_be_read(whole):
    tables = frames(whole, CONTENTS)
    for name in (
        "leading_bands",
        "leading_cells",
        "leading_filters",
        "ablation",
        "deletion",
        "randomization",
    ):
        assert not tables[name]["readable"].any()


def test_classes_without_trials_have_no_rows():
    assert leading_rows(leading(relevance=np.nan))[1] == []


def test_the_rows_are_those_of_the_measured_table(whole, hostile):
    for inspected in (whole, hostile):
        _, rows, _ = leading_rows(inspected)
        assert [row[0] for row in rows] == inspected.leading_bands.index.get_level_values("target").tolist()
        assert {len(row) for row in rows} == {5}, "neither can be read: nothing is established"
        read = dataclasses.replace(inspected, verdict={"readable": True, "reasons": []})
        assert [row[6] for row in leading_rows(read)[1]] == inspected.leading_bands["channels"].tolist()
        assert not re.search(r"\bnan\b|\binf\b", " ".join(cell for row in rows for cell in row))


def test_bands_are_told_as_written_and_as_computed(whole):
    header, rows, _ = band_rows(whole.bands, whole.resolvability)
    assert [row[0] for row in rows] == whole.bands.index.tolist()
    assert {len(row) for row in rows} == {len(header)}
    for row, (_, own) in zip(rows, whole.bands.iterrows(), strict=True):
        written = [float(part) for part in row[1].split("–")]
        computed = [float(part) for part in row[2].split("–")]
        assert written == pytest.approx([own["low_hz"], own["high_hz"]], abs=0.051)
        assert computed == pytest.approx([own["measured_low_hz"], own["measured_high_hz"]], abs=0.051)
        assert row[5] == own["rhythm"]


def test_accuracies_are_told_of_every_kind_of_trials():
    table = pd.DataFrame({"true": ["a", "b"] * 20, "predicted": ["a", "b"] * 15 + ["b", "a"] * 5})
    table["correct"] = table["true"] == table["predicted"]
    table["seen_in_training"] = np.arange(40) < 20
    header, rows, _ = accuracy_rows(accuracies(table))
    assert [row[:2] for row in rows] == [("all", 40), ("held out", 20), ("seen in training", 20)]
    assert rows[0][2].startswith("0.75 (0.60–")
    assert rows[1][2].startswith("0.50 (")
    assert [row[3] for row in rows] == ["0.50"] * 3
    assert [row[4] for row in rows] == ["0.75", "0.50", "1.00"]
    assert [row[6] for row in rows] == ["0.50"] * 3
    assert [row[8] for row in rows] == ["yes", "no", "yes"]
    assert {len(row) for row in rows} == {len(header)}


@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(NETWORK["class_names"]), st.sampled_from(NETWORK["class_names"]))
    )
)
def test_confusions_are_counted_classes_without_trials_included(pairs):
    scores = {f"score_{name}": 0.0 for name in NETWORK["class_names"]}
    table = pd.DataFrame(pairs, columns=["true", "predicted"]).assign(**scores)
    header, rows, _ = confusion_rows(confusion_matrix(table))
    assert header == ("True class", *NETWORK["class_names"])
    for row, true in zip(rows, NETWORK["class_names"], strict=True):
        assert row == (true, *(pairs.count((true, said)) for said in NETWORK["class_names"]))


def test_the_system_table_tells_versions_seed_and_hashes():
    training = {"reference": "average", "assumed": {"pool_size": 30, "min_freq": 1.0}}
    inspected = inspection(
        network=NETWORK | {"training": training}, trials={"n_trials": 1, "sha256": "cd" * 32}, seed=7
    )
    assert list(CONTENTS.settings(inspected)) == [
        ("seed", "7"),
        ("SHA-256 of the weights", "ab" * 32),
        ("SHA-256 of the trials, as the network sees them", "cd" * 32),
        ("training: reference", "average"),
        ("training: assumed", "pool_size = 30, min_freq = 1.0"),
    ]
    assert "trials" not in str(list(CONTENTS.settings(inspection())))


def test_every_table_that_was_measured_goes_into_a_file_and_comes_back(whole, tmp_path):
    tables = frames(whole, CONTENTS)
    assert {"bands", "predictions", "accuracies", "leading_bands", "deletion", "ablation", "csp"} <= set(
        tables
    )
    for name, table in tables.items():
        path = tmp_path / f"{name}.csv"
        table.to_csv(path)
        again = pd.read_csv(path, index_col=list(range(table.index.nlevels)))
        assert again.shape == table.shape, name
        assert again.columns.astype(str).tolist() == table.columns.astype(str).tolist(), name
        assert all(table.index.names), name
        assert again.index.names == table.index.names, name


def test_every_array_that_was_measured_goes_into_a_file_and_comes_back(whole, tmp_path):
    arrays = arrays_of_all(whole, CONTENTS)
    assert {"relevance", "spectral_relevance", "band_relevance", "ablation", "response"} <= set(arrays)
    for name, array in arrays.items():
        array.to_netcdf(tmp_path / f"{name}.nc", engine="scipy")
        again = xr.load_dataset(tmp_path / f"{name}.nc", engine="scipy")
        xr.testing.assert_allclose(again, array)


def test_what_was_not_measured_has_no_file(weights_only):
    with_trials = {"predictions", "accuracies", "leading_bands", "leading_filters", "spatial_patterns"}
    evidence = {"deletion", "ablation", "randomization", "csp"}
    assert not (with_trials | evidence) & set(frames(weights_only, CONTENTS))
    assert not {"relevance", "spectral_relevance", "band_relevance", "spatial_patterns"} & set(
        arrays_of_all(weights_only, CONTENTS)
    )
    assert set(frames(inspection(), CONTENTS)) == {"findings"}
    assert arrays_of_all(inspection(), CONTENTS) == {}


def test_maps_are_one_row_per_unit_and_one_column_per_channel(whole):
    table = frames(whole, CONTENTS)["spatial_patterns"]
    assert table.columns.tolist() == whole.network["ch_names"]
    for filter_, depth in ((0, 1), (3, 0)):
        np.testing.assert_array_equal(
            table.loc[(filter_, depth)], whole.spatial_patterns.sel(filter=filter_, depth=depth)
        )


def test_contributions_of_units_are_one_column_per_class(whole):
    table = frames(whole, CONTENTS)["importance"]
    expected = whole.importance["contribution"].sel(target="left", filter=2, depth=1)
    assert table.loc[(2, 1), "contribution_left"] == float(expected)


def not_finite(inspected):
    bands = inspected.leading_bands.copy()
    bands["peak_hz"], bands["share"] = np.nan, np.inf
    return dataclasses.replace(inspected, leading_bands=bands)


def test_facts_are_strict_json_that_says_what_was_measured(whole, weights_only, hostile):
    for inspected in (whole, weights_only, hostile, not_finite(whole)):
        facts = facts_of(inspected, CONTENTS)
        assert json.loads(json.dumps(facts, allow_nan=False)) == facts
        assert facts["network"]["class_names"] == inspected.network["class_names"]
    facts = facts_of(not_finite(whole), CONTENTS)
    assert {row["peak_hz"] for row in facts["leading_bands"]} == {None}
    assert [row["relevance"] for row in facts["leading_bands"]] == whole.leading_bands["relevance"].tolist()
    assert facts_of(weights_only, CONTENTS)["leading_bands"] is None
