"""A trained network with nothing to find fault with, for tests that plant a fault in it."""

import copy
import re
from contextlib import contextmanager

import pytest
import torch

from sincviz import SincShallowNet, training
from sincviz.datasets import simulate_motor_imagery

CHANNELS = (
    *("Fp1", "Fp2", "F7", "F8", "FC3", "FC4", "T7", "C3"),
    *("Cz", "C4", "T8", "CP3", "CP4", "Pz", "O1", "O2"),
)

BAD_GRAMMAR = {
    "a plural for one": r"\b1 (filters|trials|channels|units)\b|\bfilters \d+(?!\d|, | and)",
    "a singular for several": r"\bfilter \d+, |\b(?!1 )\d+ (filter|trial|channel|unit)\b(?! multiplier)",
    "a missing value": r"\b(nan|None|inf)\b|array\(|tensor\(|np\.",
    "a slip": r"\.\.|  |\n|,\.|;\.|\( | \)|^\s|\s$|^$",
    "no full stop": r"[^.`]$|[^.]`$",
    "no capital": r"^[a-z]",
}


@contextmanager
def single_thread():
    """Compute small things on one core: threads cost more than they gain, and decide the last bits of a sum."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@pytest.fixture
def one_thread():
    """Compute on one core in a test."""
    with single_thread():
        yield


@pytest.fixture(scope="session")
def imagery():
    """Simulate trials of 2 s over 16 channels of the same person, to the average reference."""

    def simulate(n_trials, seed, **settings):
        settings = {"ch_names": CHANNELS, "duration": 2.0, "erd_depth": 0.7} | settings
        epochs, _ = simulate_motor_imagery(n_trials, seed=seed, **settings)
        return epochs.set_eeg_reference("average", projection=False)

    return simulate


@pytest.fixture(scope="session")
def practice(imagery):
    """The trials that the healthy network was trained on; do not change them."""
    return imagery(120, seed=6)


@pytest.fixture(scope="session")
def fresh(imagery):
    """Trials that it never saw; do not change them."""
    return imagery(80, seed=7)


@pytest.fixture(scope="session")
def train():
    """Train a small network, the same for the same trials and settings."""

    def trained(epochs, y=None, **settings):
        fit_settings = {
            name: settings.pop(name) for name in ("max_epochs", "lr", "sinc_lr") if name in settings
        }
        settings = {
            "num_time_filters": 8,
            "freq_stride": 4.0,
            "time_filter_len": 65,
            "n_outputs": 2,
        } | settings
        fit_settings = {"max_epochs": 20, "sinc_lr": 0.1, "batch_size": 32, "seed": 3} | fit_settings
        signal = {"n_times": len(epochs.times), "sfreq": epochs.info["sfreq"], "chs_info": epochs.info["chs"]}
        with torch.random.fork_rng(devices=[]), single_thread():
            torch.manual_seed(3)
            model = SincShallowNet(**settings, **signal)
            return training.fit(model, epochs, y, progress=False, **fit_settings)

    return trained


@pytest.fixture(scope="session")
def classifier(train, practice):
    """A fitted classifier; do not change it."""
    return train(practice)


@pytest.fixture(scope="session")
def healthy(classifier):
    """The network in it; do not change it."""
    return classifier.module_


@pytest.fixture
def patient(healthy):
    """A copy of the healthy network, to plant a fault in."""
    return copy.deepcopy(healthy)


@pytest.fixture(scope="session")
def only():
    """Assert that a table holds one finding, well written and about these filters, and return it."""

    def one(table, check, severity, filters=()):
        assert table["check"].tolist() == [check]
        row = table.iloc[0]
        assert (row["severity"], row["filters"]) == (severity, ", ".join(map(str, filters)))
        assert not slips(table)
        return row

    return one


@pytest.fixture(scope="session")
def slips_of():
    """List what is wrong with the language of findings."""
    return slips


def slips(table):
    return [
        f"{what}: {row[column]}"
        for row in table.to_dict("records")
        for column in ("finding", "evidence", "remedy")
        for what, pattern in BAD_GRAMMAR.items()
        if re.search(pattern, row[column])
    ]
