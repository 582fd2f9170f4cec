"""Means, intervals and paired differences are over networks, and conditions stand beside every mean."""

import numpy as np
import pandas as pd
import pytest

from sincviz.benchmark.published import SCORES, compared, published_rows, write_published
from sincviz.benchmark.stored_rows import read_rows
from sincviz.benchmark.table import summary, to_markdown
from tests.benchmark.fake_rows import benchmark_rows


@pytest.fixture(scope="module")
def rows():
    return benchmark_rows()


def test_means_are_over_networks_and_the_best_is_first(rows):
    table = summary(rows)
    one = table[(table["domain"] == "time") & (table["label"] == "Ours")].iloc[0]
    same = rows[(rows["domain"] == "time") & (rows["label"] == "Ours") & (rows["variant"] == "contrast")]
    assert one["cells_area"] == pytest.approx(same["cells_area"].mean())
    assert one["cells_area_ci_low"] < one["cells_area"] < one["cells_area_ci_high"]
    assert (one["n_networks"], one["n_failed"], one["conditions"]) == (6, 0, "time_0 3, time_1 3")
    for _, part in table.groupby("domain"):
        assert part["cells_area"].is_monotonic_decreasing
    assert np.isnan(table["suppressor_share"]).all()


def test_differences_are_paired(rows):
    """What all methods have in common on a network is not in the interval of a difference."""
    table = summary(benchmark_rows(spread=0.1))
    width = (table["difference_ci_high"] - table["difference_ci_low"]).max()
    assert width < 0.5 * (table["cells_area_ci_high"] - table["cells_area_ci_low"]).min()
    best = table[table["difference_to"] == table["label"] + ", " + table["variant"]]
    assert len(best) == 2
    assert (best[["difference", "difference_ci_low", "difference_ci_high"]] == 0).all(axis=None)
    peer = table[(table["label"].str.startswith("Peer")) & (table["variant"] == "contrast")]
    assert peer["difference"].to_numpy() == pytest.approx(-0.1, abs=0.02)


def test_any_method_can_be_the_reference(rows):
    table = summary(rows, against="Random numbers")
    assert (table["difference"] >= -0.06).all()
    assert set(table["difference_to"]) == {"Random numbers, contrast"}


def test_a_row_for_each_condition(rows):
    table = summary(rows, by="condition")
    assert set(table["condition"]) == {"frequency_0", "frequency_1", "time_0", "time_1"}
    assert set(table["n_networks"]) == {3}


def test_networks_on_which_a_method_failed_are_counted_and_left_out_of_pairs(rows):
    broken = rows.copy()
    peer = broken["method"] == "peers:one_time"
    failed = peer & (broken["case"] == "time_0/net0")
    broken.loc[failed, "cells_area"] = np.nan
    broken.loc[failed, "error"] = "no rule"
    table = summary(broken)
    one = table[table["method"] == "peers:one_time"].iloc[0]
    assert (one["n_networks"], one["n_failed"], one["difference_n_networks"]) == (5, 1, 5)
    broken.loc[peer, "error"] = "no rule"
    table = summary(broken)
    one = table[table["method"] == "peers:one_time"]
    assert one[["variant", "n_networks", "n_failed"]].to_numpy().tolist() == [["none", 0, 6]]
    assert "| none | 0 (6 failed) | – |" in to_markdown(table)


def test_a_file_that_pandas_read_is_the_same_table(rows, tmp_path):
    rows.assign(not_scored="").to_csv(tmp_path / "rows.csv", index=False)
    again = pd.read_csv(tmp_path / "rows.csv")
    assert again[["error", "not_scored"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(summary(again), summary(rows))


def test_one_network_has_no_interval(rows):
    table = summary(rows[rows["case"] == "time_0/net0"])
    assert table[["cells_area_ci_low", "difference_ci_high"]].isna().all(axis=None)


def test_intervals_cover_the_mean_they_are_of():
    """Of 200 normal samples of 20 networks about 95 % contain the true mean: percentiles are a little narrow."""
    rng = np.random.default_rng(0)
    rows = benchmark_rows(domains=("time",), n_networks=20)
    one = rows[(rows["method"] == rows["method"].iloc[0]) & (rows["variant"] == "mean")].copy()
    inside = 0
    for _ in range(200):
        one["cells_area"] = 0.7 + 0.1 * rng.standard_normal(len(one))
        found = summary(one, n_bootstrap=400).iloc[0]
        inside += found["cells_area_ci_low"] <= 0.7 <= found["cells_area_ci_high"]
    assert 0.88 <= inside / 200 <= 0.98


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"by": "conditions"},
            "`by` must be empty or one of 'condition', 'architecture'; got 'conditions'. Did you",
        ),
        ({"against": "Our"}, "must be 'best' or a method of the table; got 'Our'. Did you mean 'Ours'"),
        ({"seed": -1}, "`seed`"),
    ],
)
def test_settings_that_do_not_exist_are_refused(settings, words, rows):
    with pytest.raises(ValueError, match=words):
        summary(rows, **settings)


def test_other_tables_are_refused(rows):
    with pytest.raises(ValueError, match="lacks the columns cells_area, error"):
        summary(rows.drop(columns=["cells_area", "error"]))
    with pytest.raises(ValueError, match="`results` is empty"):
        summary(rows.iloc[:0])
    with pytest.raises(ValueError, match=r"twice\. Pass each run once"):
        summary(rows.iloc[[0, 0]])
    with pytest.raises(ValueError, match="Pass what `summary` returned"):
        to_markdown(rows)


def test_markdown_has_the_conditions_and_an_interval(rows):
    text = to_markdown(summary(rows))
    assert text.count("**Cells of ") == 2
    assert "Networks: time_0 3, time_1 3." in text
    assert all(
        line.count("|") == text.splitlines()[2].count("|") for line in text.splitlines() if line[:1] == "|"
    )


def test_areas_and_differences_have_three_decimals_and_no_negative_zero():
    close = pd.DataFrame(
        {"cells_area": 0.9987, "difference": -0.0001, "domain": "time", "label": "Mine", "variant": "mean"}
        | {"n_networks": 8, "n_failed": 0, "conditions": "p300 8"},
        index=[0],
    )
    assert to_markdown(close).splitlines()[-1] == "| Mine | mean | 8 | 0.999 | 0.000 |"


def test_published_rows_are_those_that_were_stored(rows, tmp_path):
    write_published(rows, tmp_path / "published.csv")
    again = read_rows(tmp_path / "published.csv")
    assert again["cells_area"].to_numpy() == pytest.approx(rows["cells_area"].round(3).to_numpy())
    assert {*SCORES, "error"} <= set(published_rows().columns)
    with pytest.raises(ValueError, match="lacks the columns"):
        write_published(rows.drop(columns="error"), tmp_path / "published.csv")


def test_a_method_is_compared_on_its_own_networks(rows):
    own = rows[(rows["method"] == "peers:one_time") & (rows["case"] != "time_0/net0")]
    both = compared(own, rows)
    assert set(both["case"]) == set(own["case"])
    assert both.columns.is_unique
    table = summary(both, against="peers:one_time")
    assert set(table["difference_n_networks"]) == {5}
    assert table[table["label"] == "Ours"]["difference"].max() > 0.08
