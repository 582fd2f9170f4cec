"""Deletion replaces the cells it is told to, and a right order costs more than a random one."""

import numpy as np
import pytest
import torch

from sincviz.benchmark.scores.faithfulness import (
    FAITHFULNESS_SCORES,
    deleted,
    deletion_reference,
    faithfulness,
    faithfulness_of_halves,
)
from sincviz.benchmark.scores.grid import column_members, true_cells_of
from sincviz.benchmark.scores.replacement import OPERATORS, replacements


@pytest.fixture
def reference(case):
    return deletion_reference(case, n_random=3, seed=0)


def columns(case):
    return torch.from_numpy(column_members(case)).float()


def test_bands_of_other_cells_stay(case):
    other = replacements(case.x, "other trial", 0)
    change = torch.fft.rfft(other - case.x, dim=2)
    gone = torch.zeros(40, 6, 12, dtype=torch.bool)
    gone[:, 2, 2] = True
    spectra = [
        torch.fft.rfft(one, dim=2) for one in (deleted(case, gone, columns(case), change), case.x, other)
    ]
    found, before, donor = spectra
    torch.testing.assert_close(found[:, 2, 16:24], donor[:, 2, 16:24], atol=1e-3, rtol=1e-4)
    found[:, 2, 16:24] = before[:, 2, 16:24]
    torch.testing.assert_close(found, before, atol=1e-3, rtol=1e-4)


def test_windows_of_other_cells_stay(time_case):
    other = replacements(time_case.x, "noise", 0)
    gone = torch.zeros(40, 6, 40, dtype=torch.bool)
    gone[:, 3, 14] = True
    found = deleted(time_case, gone, columns(time_case), other - time_case.x)
    torch.testing.assert_close(found[:, 3, 70:75], other[:, 3, 70:75])
    found[:, 3, 70:75] = time_case.x[:, 3, 70:75]
    assert torch.equal(found, time_case.x)


def test_everything_but_48_hz_can_be_deleted(case):
    gone = torch.ones(40, 6, 12, dtype=torch.bool)
    change = torch.fft.rfft(-case.x, dim=2)
    left = torch.fft.rfft(deleted(case, gone, columns(case), change), dim=2)
    assert left[..., :96].abs().max() < 1e-3
    torch.testing.assert_close(left[..., 96:], torch.fft.rfft(case.x, dim=2)[..., 96:], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("domain", ["frequency", "time"])
def test_the_truth_costs_more_than_chance_and_its_reverse_less(case, time_case, domain):
    chosen = case if domain == "frequency" else time_case
    reference = deletion_reference(chosen, n_random=3)
    members = column_members(chosen)
    truth = true_cells_of(chosen).astype(float) @ members / members.sum(1).mean()
    right = faithfulness_of_halves(chosen, {0: truth, 1: truth}, reference)
    wrong = faithfulness_of_halves(chosen, {0: -truth, 1: -truth}, reference)
    assert tuple(right) == FAITHFULNESS_SCORES
    for operator in OPERATORS:
        assert right[f"deletion_accuracy/{operator}"] > 0.1
        assert right[f"deletion_margin/{operator}"] > 0.3
        assert wrong[f"deletion_margin/{operator}"] < 0


def test_a_random_order_is_zero(case, reference):
    rng = np.random.default_rng(5)
    scores = [
        faithfulness_of_halves(case, {half: rng.standard_normal((6, 101)) for half in (0, 1)}, reference)
        for _ in range(20)
    ]
    for name in FAITHFULNESS_SCORES:
        values = np.array([one[name] for one in scores])
        assert abs(values.mean()) < 4 * values.std() / np.sqrt(20) + 0.05


def test_a_constant_relevance_is_no_order(case, reference):
    zero = faithfulness_of_halves(case, {half: np.zeros((6, 101)) for half in (0, 1)}, reference)
    assert max(map(abs, zero.values())) < 0.1


def test_orders_come_from_the_other_half(case, reference, monkeypatch):
    seen = []

    def recorded(attributions, y, variant, trials):
        seen.append(trials)
        return np.zeros((6, 101))

    monkeypatch.setattr("sincviz.benchmark.scores.faithfulness.relevance_of", recorded)
    faithfulness(case, {target: np.zeros((40, 6, 101)) for target in (0, 1)}, "mean", reference)
    assert sorted(np.concatenate(seen)) == list(range(40))
    assert not set(seen[0]) & set(seen[1])


def test_a_relevance_is_tested_on_the_trials_that_did_not_make_it(case, reference):
    """Where only one half's order is right, only the other half loses its margin."""
    truth = np.zeros((6, 101))
    truth[2:4, 16:24] = 1
    one = faithfulness_of_halves(case, {0: truth, 1: -truth}, reference)
    both = faithfulness_of_halves(case, {0: truth, 1: truth}, reference)
    none = faithfulness_of_halves(case, {0: -truth, 1: -truth}, reference)
    for name in FAITHFULNESS_SCORES:
        assert none[name] < one[name] < both[name]


def test_shares_are_faithful_and_trials_are_needed(case, shares, attributed, reference):
    found = attributed(shares, case)
    assert faithfulness(case, found, "contrast", reference)["deletion_margin/noise"] > 0.3
    ready = {target: values.mean(0) for target, values in found.items()}
    assert all(np.isnan(list(faithfulness(case, ready, "as returned", reference).values())))
    other = {target: np.ones((40, 6, 200)) for target in (0, 1)}
    assert all(np.isnan(list(faithfulness(case, other, "mean", reference).values())))


def test_the_seed_decides(case, shares, attributed):
    found = attributed(shares, case)
    one, same = (
        faithfulness(case, found, "mean", deletion_reference(case, n_random=1, seed=3)) for _ in range(2)
    )
    assert one == same


def test_classes_need_two_trials(case):
    case.y = torch.tensor([0] * 39 + [1])
    with pytest.raises(ValueError, match=r"got \[39, 1\]"):
        deletion_reference(case)
