"""How often the chance test says "above chance" of predictions that know nothing, and of some that know something.

No networks: of each simulated data set there are labels, scores and what is known of the recordings. Run it as
``python benchmarks/calibration.py``; it prints a table and writes ``benchmarks/results/calibration.csv``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sincviz.analysis.accuracy import ALPHA, chance_test, wilson_interval

RESULTS = Path(__file__).parent / "results" / "calibration.csv"


def balanced(rng):
    """Two classes of 50 trials, in random order."""
    return rng.permutation(np.repeat([0, 1], 50)), rng.standard_normal((100, 2)), None


def few(rng):
    """Two classes of 10 trials, in random order."""
    return rng.permutation(np.repeat([0, 1], 10)), rng.standard_normal((20, 2)), None


def unbalanced(rng):
    """90 % of 200 trials in one class, which the network prefers."""
    return (
        rng.permutation(np.repeat([0, 1], [180, 20])),
        rng.standard_normal((200, 2)) + np.array([1.5, 0]),
        None,
    )


def always_the_frequent_class(rng):
    """90 % of 200 trials in one class, which the network names every time."""
    return (
        rng.permutation(np.repeat([0, 1], [180, 20])),
        rng.standard_normal((200, 2)) + np.array([9, 0]),
        None,
    )


def four_classes(rng):
    """Four classes of 25 trials, of which the network prefers one."""
    return (
        rng.permutation(np.repeat(range(4), 25)),
        rng.standard_normal((100, 4)) + np.array([0.5, 0, 0, 0]),
        None,
    )


def six_unequal_classes(rng):
    """Six classes of 40, 30, 20, 10, 6 and 4 trials."""
    return rng.permutation(np.repeat(range(6), [40, 30, 20, 10, 6, 4])), rng.standard_normal((110, 6)), None


def of_subjects(rng, n_subjects, *, share, pull):
    """Subjects whose share of the second class differs, and a network that leans by subject."""
    n_each = 120 // n_subjects
    odds = rng.choice([0.5 - share, 0.5 + share], n_subjects)
    subject = np.repeat(np.arange(n_subjects), n_each)
    codes = (rng.random(len(subject)) < odds[subject]).astype(int)
    codes[:2] = [0, 1]
    # The network tells the subject: it leans to the class that is frequent there.
    lean = pull * np.sign(odds - 0.5)[subject]
    scores = rng.standard_normal((len(subject), 2))
    scores[:, 1] += lean
    return codes, scores, pd.DataFrame({"subject": subject.astype(str)})


def three_subjects(rng):
    """Three subjects, balanced; the network leans by subject."""
    return of_subjects(rng, 3, share=0.0, pull=1.0)


def ten_subjects(rng):
    """Ten subjects, balanced; the network leans by subject."""
    return of_subjects(rng, 10, share=0.0, pull=1.0)


def label_goes_with_subject(rng):
    """Ten subjects, 80 or 20 % of each in one class; the network tells the subject."""
    return of_subjects(rng, 10, share=0.3, pull=1.0)


def overlapping_windows(rng):
    """25 trials cut into five overlapping windows each, whose scores correlate with 0.8; the overlap is known."""
    codes, stretch = np.repeat(rng.permutation(np.repeat([0, 1], [13, 12])), 5), np.repeat(np.arange(25), 5)
    shared = rng.standard_normal((25, 2))[stretch]
    scores = np.sqrt(0.8) * shared + np.sqrt(0.2) * rng.standard_normal((125, 2))
    return codes, scores, pd.DataFrame({"stretch": stretch})


def pairs_of_windows(rng):
    """60 trials cut into two overlapping windows each, whose scores correlate with 0.8; the overlap is known."""
    codes, stretch = np.repeat(rng.permutation(np.repeat([0, 1], 30)), 2), np.repeat(np.arange(60), 2)
    shared = rng.standard_normal((60, 2))[stretch]
    scores = np.sqrt(0.8) * shared + np.sqrt(0.2) * rng.standard_normal((120, 2))
    return codes, scores, pd.DataFrame({"stretch": stretch})


def blocks_with_drift(rng):
    """20 blocks of 10 trials, in a recording that the training did not have; the scores drift."""
    codes = np.repeat(rng.permutation(np.repeat([0, 1], 10)), 10)
    drift = np.cumsum(rng.standard_normal(200)) / 5
    scores = rng.standard_normal((200, 2))
    scores[:, 1] += drift - drift.mean()
    return codes, scores, pd.DataFrame({"new_in": np.full(200, "run")})


def blocks_of_the_training(rng):
    """20 blocks of 10 trials; the network learned on others of these trials in which state each block was."""
    codes, scores, structure = blocks_with_drift(rng)
    scores[:, 1] += np.sign(codes - 0.5) * (rng.random(20) < 0.8)[np.arange(200) // 10]
    return codes, scores, structure.drop(columns="new_in")


def p300(rng):
    """20 targets among 200 trials, sensitivity 0.80 and specificity 0.85."""
    codes = rng.permutation(np.repeat([0, 1], [180, 20]))
    right = rng.random(200) < np.where(codes == 1, 0.80, 0.85)
    return codes, _scores_of(rng, np.where(right, codes, 1 - codes)), None


def p300_by_rank(rng):
    """20 targets among 200 trials, AUC 0.73, the frequent class named nearly every time."""
    codes = rng.permutation(np.repeat([0, 1], [180, 20]))
    scores = rng.standard_normal((200, 2)) / np.sqrt(2)
    scores[:, 1] += 0.867 * codes - 3
    return codes, scores, None


def two_in_three(rng):
    """100 trials of two classes, accuracy 0.67."""
    codes = rng.permutation(np.repeat([0, 1], 50))
    right = rng.random(100) < 0.67
    return codes, _scores_of(rng, np.where(right, codes, 1 - codes)), None


def perfect_and_few(rng):
    """Five trials of each of two classes, all right."""
    codes = rng.permutation(np.repeat([0, 1], 5))
    return codes, _scores_of(rng, codes), None


def perfect_blocks(rng):
    """Eight blocks of 10 trials in a recording that the training did not have, 95 % right."""
    codes = np.repeat(rng.permutation(np.repeat([0, 1], 4)), 10)
    right = rng.random(80) < 0.95
    structure = pd.DataFrame({"new_in": np.full(80, "run")})
    return codes, _scores_of(rng, np.where(right, codes, 1 - codes)), structure


def _scores_of(rng, predicted):
    size = np.abs(rng.standard_normal(len(predicted)))
    return np.stack([-size, size], 1) * np.where(predicted == 1, 1, -1)[:, None] / 2


NULL = (
    *(balanced, few, unbalanced, always_the_frequent_class, four_classes, six_unequal_classes),
    *(three_subjects, ten_subjects, label_goes_with_subject, overlapping_windows, pairs_of_windows),
    *(blocks_with_drift, blocks_of_the_training),
)
POWER = (p300, p300_by_rank, two_in_three, perfect_and_few, perfect_blocks)


def measured(condition, n_sets: int) -> dict[str, float | str]:
    """Return how often each verdict is given, with the 95 % interval of "above chance"."""
    verdicts, ignorant = [], 0
    for seed in range(n_sets):
        rng = np.random.default_rng([seed, len(condition.__name__)])
        codes, scores, structure = condition(rng)
        verdicts.append(chance_test(codes, scores, structure)["above_chance"])
        if structure is not None:
            # Trials in another order, without a past, look independent.
            order = rng.permutation(len(codes))
            ignorant += chance_test(codes[order], scores[order])["p"] < ALPHA
    n_yes = verdicts.count("yes")
    low, high = wilson_interval(n_yes, n_sets)
    return {
        "condition": condition.__name__,
        "above_chance": n_yes / n_sets,
        "ci_low": low,
        "ci_high": high,
        "unknown": verdicts.count("unknown") / n_sets,
        "as_independent": np.nan if structure is None else ignorant / n_sets,
        "what": condition.__doc__,
    }


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000, help="data sets of each null condition")
    options = parser.parse_args()
    rows = []
    for kind, conditions, n_sets in (("null", NULL, options.sets), ("power", POWER, options.sets // 4)):
        for condition in conditions:
            rows.append({"kind": kind} | measured(condition, n_sets))
            print({name: value for name, value in rows[-1].items() if name != "what"}, flush=True)
    table = pd.DataFrame(rows).round(4)
    table.to_csv(RESULTS, index=False)
    print(table.drop(columns="what").to_string(index=False))


if __name__ == "__main__":
    main()
