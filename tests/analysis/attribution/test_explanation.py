"""What every attribution shares, with an attribution whose answer is known."""

import warnings

import mne
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sincviz.analysis.attribution.explanation import Attribution, explain_trials, warn_if_incomplete
from sincviz.networks.decoder import decoder


class Sums(nn.Module):
    """Two scores: the sum over a trial, and its opposite."""

    def forward(self, x):
        total = x.sum((1, 2))
        return torch.stack([total, -total], 1)


def attribute(x, start, missing=0.0, shares=True):
    values = torch.stack([x - start, start - x], 1)
    return Attribution(values * (1 - missing), Sums()(x), Sums()(x) - Sums()(start) if shares else None)


def zero(x, which):
    return torch.zeros_like(x[:1])


def explain(x, codes=None, attribute=attribute, baseline=zero, **settings):
    settings = {"trials": "all"} | settings
    return explain_trials(attribute, decoder(Sums()), x, codes, baseline=baseline, **settings)


@given(n_trials=st.integers(1, 140), batch_size=st.integers(1, 80))
def test_averages_do_not_depend_on_the_size_of_the_batches(n_trials, batch_size):
    x = np.random.default_rng(n_trials).standard_normal((n_trials, 2, 3))
    found = explain(x, batch_size=batch_size)
    np.testing.assert_allclose(found.values, np.stack([x.mean(0), -x.mean(0)]), atol=1e-6)
    assert found.evidence["n_trials"] == n_trials
    singles = explain(x, batch_size=batch_size, per_trial=True)
    np.testing.assert_allclose(singles.values, np.stack([x, -x], 1), rtol=1e-6)


@given(batch_size=st.integers(1, 50))
def test_the_baseline_is_told_which_trials_are_asked_for(batch_size):
    x = np.random.default_rng(0).standard_normal((40, 2, 3))
    starts = torch.from_numpy(np.random.default_rng(1).standard_normal((40, 2, 3))).float()
    found = explain(x, baseline=lambda x, which: starts[which], batch_size=batch_size, per_trial=True)
    np.testing.assert_allclose(found.values[:, 0], x - starts.numpy(), atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_the_contrast_leaves_out_classes_without_trials(batch_size):
    x = np.random.default_rng(0).standard_normal((30, 2, 3))
    codes = np.arange(30) % 2
    found = explain(x, codes, trials="contrast", batch_size=batch_size).values
    expected = x[codes == 0].mean(0) - x[codes == 1].mean(0)
    np.testing.assert_allclose(found, np.stack([expected, expected]), atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 7, 64])
@pytest.mark.parametrize("missing", [0.0, 0.25, 2.0])
def test_the_completeness_error_is_the_share_that_is_missed(batch_size, missing):
    x = np.random.default_rng(0).standard_normal((30, 2, 3))
    found = explain(x, attribute=lambda x, start: attribute(x, start, missing), batch_size=batch_size)
    np.testing.assert_allclose(found.completeness_error, [missing, missing], atol=1e-6)
    assert found.evidence["completeness_error"] == found.completeness_error.max()


def test_what_is_no_share_has_no_completeness_error():
    found = explain(np.ones((3, 2, 3)), attribute=lambda x, start: attribute(x, start, shares=False))
    assert found.completeness_error is None
    assert "completeness_error" not in found.evidence


def test_nothing_to_share_is_shared_completely():
    assert explain(np.zeros((3, 2, 3))).completeness_error.tolist() == [0, 0]


def test_shares_that_are_not_numbers_are_not_complete():
    found = explain(np.ones((3, 2, 3)), attribute=lambda x, start: attribute(x, start, float("nan")))
    assert not (found.completeness_error <= 0.05).any()


def test_gradients_are_as_before_after_a_failure_too():
    def failing(x, start):
        raise RuntimeError("out of order")

    with torch.no_grad():
        with pytest.raises(RuntimeError, match="out of order"):
            explain(np.ones((3, 2, 3)), attribute=failing)
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_accuracy_is_counted_over_all_batches(batch_size):
    x = np.random.default_rng(0).standard_normal((30, 2, 3))
    codes = np.arange(30) % 2
    evidence = explain(x, codes, batch_size=batch_size).evidence
    assert evidence["accuracy"] == np.mean((x.sum((1, 2)) < 0) == codes)
    assert evidence["chance_level"] == 0.5
    assert evidence["above_chance"] == "no"
    assert explain(x, (x.sum((1, 2)) < 0).astype(int)).evidence["above_chance"] == "yes"


def test_without_classes_chance_is_unknown():
    evidence = explain(np.ones((3, 2, 3))).evidence
    assert (evidence["above_chance"], evidence["held_out"]) == ("unknown", "unknown")
    assert "accuracy" not in evidence


def test_single_trials_and_their_average_are_not_both_wanted():
    with pytest.raises(ValueError, match=r"`per_trial` keeps single trials.*choose one"):
        explain(np.ones((4, 2, 3)), np.array([0, 1, 0, 1]), trials="contrast", per_trial=True)


def test_of_epochs_on_disk_one_batch_is_read_at_once(epochs, tmp_path):
    class Known(Sums):
        chs_info, sfreq, scale = epochs.info["chs"], 128.0, 1e6

    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    sizes = []

    def counting(x, start):
        sizes.append(len(x))
        return attribute(x, start)

    found = explain_trials(
        counting, decoder(Known()), on_disk, None, trials="all", baseline=zero, batch_size=16
    )
    assert sizes == [16, 16, 8]
    assert not on_disk.preload
    np.testing.assert_allclose(found.values[0], 1e6 * epochs.get_data().mean(0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("error", "said"), [([0.0, 0.05], False), ([0.0, 0.06], True), ([np.inf, 0], True), ([np.nan, 0], True)]
)
def test_a_completeness_error_above_5_percent_is_said(error, said):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_if_incomplete("deep_lift", np.array(error), "Use another.")
    assert len(caught) == said
    for one in caught:
        finite = np.isfinite(error).all()
        assert str(one.message).startswith(
            f"The shares of 'deep_lift' {'miss ' if finite else 'are not finite'}"
        )
        assert str(one.message).endswith(
            "more than 5%). Use another." if finite else "not finite. Check the weights with `diagnose`."
        )


def test_nothing_is_said_of_what_is_no_share():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_incomplete("gradient", None, "Use another.")
