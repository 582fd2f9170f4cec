"""Runs agree as far as they rest on the same cells, by size and sign; subjects are told apart."""

import time

import numpy as np
import pytest
import scipy.stats
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.statistics.runs import agreement_by_subject, run_agreement


def runs(values, subjects=None, conditions=None):
    array = xr.DataArray(values, dims=("run", "band", "channel"), name="contrast")
    if subjects is not None:
        array = array.assign_coords(subject=("run", list(subjects)))
    if conditions is not None:
        array = array.assign_coords(condition=("run", list(conditions)))
    return array


def noise(n_runs, seed=0):
    return np.random.default_rng(seed).standard_normal((n_runs, 3, 8))


def test_it_is_pearsons_correlation_of_every_pair():
    values = noise(5)
    found = run_agreement(runs(values))
    np.testing.assert_allclose(found, np.corrcoef(values.reshape(5, -1)), atol=1e-12)
    assert found.dims == ("run", "other_run")
    assert found.name == "run_agreement"


def test_empty_cells_do_not_hide_that_the_large_ones_agree():
    values = 0.01 * noise(2)
    values[:, 1, 2:5] += 1
    assert run_agreement(runs(values))[0, 1] > 0.95
    assert scipy.stats.spearmanr(*values.reshape(2, -1)).statistic < 0.7


@given(st.integers(0, 1000))
def test_neither_scale_nor_order_of_cells_counts(seed):
    values = noise(4, seed)
    found = run_agreement(runs(values))
    np.testing.assert_allclose(run_agreement(runs(3 * values + 5)), found)
    np.testing.assert_allclose(run_agreement(runs(values[:, ::-1, ::-1])), found)
    opposite = run_agreement(runs(np.concatenate([values, -values])))
    np.testing.assert_allclose(opposite[:4, 4:], -found, atol=1e-12)
    np.testing.assert_allclose(np.diag(found), 1)


def test_runs_are_labelled_on_both_sides():
    contrasts = runs(noise(3), "aab").assign_coords(run=["r0", "r1", "r2"], seed=("run", ["0", "1", "0"]))
    found = run_agreement(contrasts.transpose("channel", "run", "band"))
    assert found.other_subject.values.tolist() == ["a", "a", "b"]
    assert found.other_seed.values.tolist() == found.seed.values.tolist() == ["0", "1", "0"]
    assert found.sel(run="r0", other_run="r2") == found.sel(run="r2", other_run="r0")
    assert "channel" not in found.coords


def test_constants_and_gaps_have_no_order():
    values = noise(4)
    values[1] = 7.0
    values[2, 0, 0] = np.nan
    found = run_agreement(runs(values))
    assert found[[1, 2]].isnull().all()
    assert found[:, [1, 2]].isnull().all()
    assert found[[0, 3], [0, 3]].notnull().all()


def test_two_hundred_runs_take_no_time():
    values = np.random.default_rng(0).standard_normal((200, 6, 64))
    start = time.process_time()
    found = run_agreement(runs(values, [str(number // 5) for number in range(200)]))
    agreement_by_subject(found)
    assert time.process_time() - start < 2


def test_subjects_are_summarised_by_the_definition():
    found = run_agreement(runs(noise(6), "aaabbc"))
    table = agreement_by_subject(found)
    values = found.to_numpy()
    pairs = [values[0, 1], values[0, 2], values[1, 2]]
    assert table.index.name == "subject"
    assert table["n_runs"].to_dict() == {"a": 3, "b": 2, "c": 1}
    assert table.loc["a", "between_runs"] == pytest.approx(np.mean(pairs))
    assert table.loc["a", "lowest"] == pytest.approx(min(pairs))
    assert table.loc["a", "with_others"] == pytest.approx(values[:3, 3:].mean())
    assert table.loc["c", ["between_runs", "lowest"]].isnull().all()
    assert table.loc["c", "with_others"] == pytest.approx(values[5, :5].mean())


def test_conditions_are_not_mixed_in_the_table():
    values = noise(2)
    both = np.concatenate([values, values, -values, -values])
    # Within a condition runs are the same, between conditions the opposite.
    found = run_agreement(runs(both, "abababab", ["before"] * 4 + ["after"] * 4))
    table = agreement_by_subject(found)
    np.testing.assert_allclose(table["between_runs"], 1)
    np.testing.assert_allclose(table["with_others"], float(found[0, 1]))
    assert float(found[0, 4]) == pytest.approx(-1)
    assert (table["n_runs"] == 4).all()


def test_pairs_without_agreement_are_left_out():
    values = noise(4)
    values[1] = 0.0
    table = agreement_by_subject(run_agreement(runs(values, "aaab")))
    found = run_agreement(runs(values[[0, 2, 3]]))
    assert table.loc["a", "between_runs"] == pytest.approx(float(found[0, 1]))
    assert table.loc["a", "n_runs"] == 3


def test_one_subject_has_no_others():
    assert np.isnan(agreement_by_subject(run_agreement(runs(noise(2), "aa"))).loc["a", "with_others"])


def test_what_is_needed_is_said():
    with pytest.raises(ValueError, match="dimension `run` and at least two cells"):
        run_agreement(xr.DataArray(np.zeros((3, 1)), dims=("run", "band")))
    with pytest.raises(ValueError, match="dimension `run` and at least two cells"):
        run_agreement(xr.DataArray(np.zeros((3, 4)), dims=("subject", "band")))
    with pytest.raises(ValueError, match="coordinate `subject` on `run`"):
        agreement_by_subject(run_agreement(runs(noise(3))))
