"""The order test keeps its size when orders or trials say nothing, and finds few decisive cells."""

import numpy as np
import pytest

from sincviz.analysis.evidence.order_test import order_test

N_TRIALS, N_CELLS = 100, 120
PARTS = np.arange(N_TRIALS) % 2


def losses_of(rng, n_decisive, mean):
    """Only some cells cost anything."""
    losses = np.zeros((N_TRIALS, N_CELLS))
    losses[:, rng.choice(N_CELLS, n_decisive, replace=False)] = rng.normal(mean, 1, (N_TRIALS, n_decisive))
    return losses


@pytest.mark.parametrize("n_decisive", [1, 2, 5, 10])
def test_a_perfect_order_is_shown(n_decisive):
    rng = np.random.default_rng(n_decisive)
    for _ in range(20):
        losses = losses_of(rng, n_decisive, 1.0)
        first = np.argsort(losses.any(0) * -1.0, kind="stable")
        assert order_test(losses, np.stack([first] * 2), PARTS, n_orders=199).shown == "yes"


@pytest.mark.parametrize("n_decisive", [2, 10, 60])
def test_an_order_that_knows_nothing_is_shown_as_rarely_as_promised(n_decisive):
    rng = np.random.default_rng(0)
    p = []
    for seed in range(400):
        order = np.stack([rng.permutation(N_CELLS)] * 2)
        found = order_test(losses_of(rng, n_decisive, 2.0), order, PARTS, n_orders=199, seed=seed)
        p.append(found.p_orders)
        assert found.shown != "could not be checked"
    # 5 % of 400 is 20; 99.9 % of binomial draws lie between 8 and 35.
    assert 8 <= (np.array(p) <= 0.05).sum() <= 35


@pytest.mark.parametrize("n_decisive", [1, 10, 120])
def test_orders_of_a_network_without_knowledge_are_not_shown(n_decisive):
    """Costs have a random sign in each trial, and each half ranks the cells by their costs."""
    rng = np.random.default_rng(1)
    shown = 0
    for seed in range(200):
        losses = losses_of(rng, n_decisive, 0.0)
        orders = np.argsort(-np.stack([losses[PARTS == 1].mean(0), losses[PARTS == 0].mean(0)]), axis=1)
        shown += order_test(losses, orders, PARTS, n_orders=199, seed=seed).shown == "yes"
    assert shown <= 10


def test_what_cannot_be_shown_is_not_checked():
    rng = np.random.default_rng(0)
    one_of_ten = np.zeros((40, 10))
    one_of_ten[:, 3] = 1 + rng.uniform(0, 1, 40)
    orders = np.array([[3, 0, 1, 2, 4, 5, 6, 7, 8, 9]] * 2)
    found = order_test(one_of_ten, orders, np.arange(40) % 2)
    assert found.p_orders == pytest.approx(0.1, abs=0.03)
    assert found.shown == "could not be checked"
    few = losses_of(rng, 5, 3.0)[:6]
    assert (
        order_test(few, np.stack([np.arange(N_CELLS)] * 2), np.arange(6) % 2).shown == "could not be checked"
    )
    nothing = order_test(np.zeros((40, 10)), orders, np.arange(40) % 2)
    assert (nothing.p, nothing.shown) == (1.0, "could not be checked")


def test_the_worst_first_is_not_shown():
    rng = np.random.default_rng(3)
    losses = losses_of(rng, 30, 2.0)
    last = np.argsort(losses.mean(0), kind="stable")
    found = order_test(losses, np.stack([last] * 2), PARTS, n_orders=199)
    assert found.p_orders > 0.5
    assert found.shown == "no"
