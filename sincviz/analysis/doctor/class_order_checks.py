"""Check of the class order: whether another order fits the network's answers much better."""

import math
from collections.abc import Collection, Iterator

import numpy as np
import scipy
from numpy.typing import NDArray

from sincviz._utils.text import counted, p_words
from sincviz.analysis.doctor.facts import DataFacts
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.labels import class_labels

MUCH_BETTER = 0.15  # of balanced accuracy; a network that takes one of four classes for another gains less
ORDER_ALPHA = 0.01  # for all orders together
SIGNALS_CHANGED = {"batch_norm", "recording", "slow_drift"}
"""Checks whose findings may also explain it: 3 mV of slow drift turned 0.85 into 0.31 for one seed of four kinds."""


def class_order(facts: DataFacts, others: Collection[str] = ()) -> Iterator[Finding]:
    """Report outputs that respond to other classes than those they are named after.

    ``others`` are the checks with other findings; signals that changed enough can reverse the answers too.
    """
    confusion = facts.confusion
    if confusion is None:
        return
    outputs, gain, p = better_order(confusion)
    if gain < MUCH_BETTER or p >= ORDER_ALPHA:
        return
    rates = _rates(confusion)
    present = np.flatnonzero(confusion.sum(1))
    given = float(np.mean([rates[row, row] for row in present]))
    names = class_labels(facts.network, len(confusion))
    moved = [code for code in present if outputs[code] != code]
    answers = "; ".join(
        f"{names[code]} trials are called {names[outputs[code]]} in {rates[code, outputs[code]]:.0%}"
        for code in moved[:6]
    )
    remedy = _remedy(facts, names, outputs)
    changed = SIGNALS_CHANGED & set(others)
    yield Finding(
        "class_order",
        "error",
        "The class names are in the wrong order, or the signal problems in the other findings reverse the answers: "
        "another order fits the answers much better."
        if changed
        else "The network's class names are probably in the wrong order: another order fits its answers much better.",
        f"Balanced accuracy is {given:.2f} in the given order and {given + gain:.2f} in the better order, over "
        f"{counted(int(confusion.sum()), 'trial')} (p {p_words(p)}, corrected for the number of orders); "
        f"{answers}.",
        f"Fix the signal problems in the other findings first. If this finding remains: "
        f"{remedy[0].lower()}{remedy[1:]}"
        if changed
        else remedy,
    )


def better_order(confusion: NDArray[np.int64]) -> tuple[list[int], float, float]:
    """Return the order of outputs that fits a confusion matrix best, and a test of whether it beats the given order.

    Parameters
    ----------
    confusion : array of int, shape (classes, classes)
        Trials of each class (row) by the output with the highest score (column).

    Returns
    -------
    outputs : list of int
        For each class the output that responds to it; classes without trials keep theirs if it is free.
    gain : float
        Balanced accuracy in this order minus that in the given one.
    p : float
        p-value of a one-sided test of a gain above zero, Bonferroni-corrected for all possible orders, because the
        best was selected. The variance of the gain is that of multinomial answers that are as often of one class as of
        the other, with one trial of each kind added.

    Examples
    --------
    >>> outputs, gain, p = better_order(np.array([[2, 18], [17, 3]]))
    >>> outputs, round(gain, 3), p < 1e-4
    ([1, 0], 0.75, True)
    """
    n_classes = len(confusion)
    present = np.flatnonzero(confusion.sum(1))
    rates = _rates(confusion)
    # Of equal orders the one that leaves most as it is.
    _, best = scipy.optimize.linear_sum_assignment(rates + 1e-9 * np.eye(n_classes), maximize=True)
    outputs = [int(column) for column in best]
    if len(present) < 2:
        return outputs, 0.0, 1.0
    gain = float(np.mean([rates[row, outputs[row]] - rates[row, row] for row in present]))
    variance = 0.0
    for row in present:
        if outputs[row] == row:
            continue
        n_trials = confusion[row].sum()
        there = (confusion[row, outputs[row]] + 1) / (n_trials + 2)
        here = (confusion[row, row] + 1) / (n_trials + 2)
        variance += (there + here) / n_trials
    if variance == 0:
        return outputs, gain, 1.0
    z = gain * len(present) / math.sqrt(variance)
    n_orders = math.perm(n_classes, len(present)) - 1
    return outputs, gain, min(1.0, n_orders * float(scipy.stats.norm.sf(z)))


def _rates(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    n_trials = confusion.sum(1, keepdims=True)
    rates: NDArray[np.float64] = np.divide(
        confusion, n_trials, out=np.zeros(confusion.shape), where=n_trials > 0
    )
    return rates


def _remedy(facts: DataFacts, names: list[str], outputs: list[int]) -> str:
    if facts.numbered or not facts.network.class_names:
        return f"Number the labels as the outputs are: `y = [{outputs}[code] for code in y]`."
    renamed = [""] * len(names)
    for code, output in enumerate(outputs):
        renamed[output] = names[code]
    named = f"class_names={renamed}"
    return (
        f"Name them in the order of the outputs: `model.{named.replace('=', ' = ')}`, or "
        f"`load_checkpoint(path, {named})`; on the command line `-p class_names={','.join(renamed)}`. "
        "For classes that mirror each other, swapped sides of the cap look the same: check the sides first."
    )
