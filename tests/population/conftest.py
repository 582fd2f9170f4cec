"""A small population: three people, two networks each, and the trials of each in a file."""

import pandas as pd
import pytest

from sincviz import save_checkpoint
from sincviz.datasets import simulate_motor_imagery


@pytest.fixture(scope="session")
def people():
    """24 trials of 1 s over 6 channels of each of three people."""
    return {
        name: simulate_motor_imagery(24, n_chans=6, sfreq=128, duration=1.0, seed=seed)[0]
        for seed, name in enumerate(("ann", "bea", "cid"))
    }


@pytest.fixture(scope="session")
def manifest(people, network, moved, tmp_path_factory):
    """A table with six rows whose files exist."""
    folder = tmp_path_factory.mktemp("population")
    rows = []
    for number, (name, epochs) in enumerate(people.items()):
        epochs.save(folder / f"{name}-epo.fif", verbose="error")
        for seed in range(2):
            model = moved(network(chs_info=epochs.info["chs"], seed=seed), seed=10 * number + seed)
            model.scale, model.class_names = 1e6, ["left", "right"]
            path = folder / f"{name}_{seed}.safetensors"
            save_checkpoint(model.eval(), path)
            rows.append(
                {
                    "checkpoint": str(path),
                    "epochs": str(folder / f"{name}-epo.fif"),
                    "subject": name,
                    "seed": seed,
                }
            )
    return pd.DataFrame(rows)
