"""Python takes the seeds that the commands take, and no other."""

import numpy as np
import pytest

from sincviz import ablate, datasets, inspect, randomization_test, training

X = np.random.default_rng(0).standard_normal((10, 6, 256))
Y = [0, 1] * 5

SEEDED = {
    "inspect": lambda model, seed: inspect(model, only=["bands"], seed=seed, progress=False),
    "ablate": lambda model, seed: ablate(model, X, Y, seed=seed, progress=False),
    "randomization_test": lambda model, seed: randomization_test(
        model, X, Y, seed=seed, n_draws=2, progress=False
    ),
    "fit": lambda model, seed: training.fit(model, X, Y, seed=seed, max_epochs=1, validation=0),
    "simulate_motor_imagery": lambda _, seed: datasets.simulate_motor_imagery(4, n_chans=4, seed=seed),
}


@pytest.mark.parametrize("seeded", SEEDED.values(), ids=SEEDED)
@pytest.mark.parametrize(
    ("seed", "error"),
    [(-1, ValueError), (2**31, ValueError), (1.5, TypeError), (None, TypeError), ("1", TypeError)],
)
def test_what_is_no_seed_is_refused(network, seeded, seed, error):
    with pytest.raises(error, match=r"^`seed` must"):
        seeded(network(n_times=256), seed)


@pytest.mark.parametrize("seeded", SEEDED.values(), ids=SEEDED)
def test_numbers_of_numpy_are_seeds(network, seeded):
    seeded(network(n_times=256), np.int64(2**31 - 1))
