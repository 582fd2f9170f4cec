"""From training to clusters: permuted labels show nothing, true ones do."""

import pytest
import scipy
from joblib import Parallel, delayed

from benchmarks.null_of_the_pipeline import experiment, simulated_people

N_EXPERIMENTS = 12
SETTINGS = {"design": "within", "filters": 8, "taps": 33, "passes": 20}


def smallest_p(number, true_labels):
    people = simulated_people(number, n_people=8, n_trials=80)
    return experiment(number, people, true_labels=true_labels, **SETTINGS)


@pytest.mark.slow
def test_networks_of_permuted_labels_show_nothing_and_those_of_true_ones_something():
    found = Parallel(2)(delayed(smallest_p)(number, number == 0) for number in range(N_EXPERIMENTS + 1))
    true, *permuted = found
    assert true["band × channel"] <= 0.05
    assert true["accuracy"] > 0.6
    # Of so many tests no more are significant than chance allows 99 times in 100.
    most = scipy.stats.binom.ppf(0.99, 3 * N_EXPERIMENTS, 0.05)
    significant = [p for one in permuted for name, p in one.items() if name != "accuracy" and p <= 0.05]
    assert len(significant) <= most
    assert sum(one["accuracy"] for one in permuted) / N_EXPERIMENTS == pytest.approx(0.5, abs=0.05)
