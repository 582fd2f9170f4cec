"""A trained network to plant faults in, and networks of other libraries' kinds to explain."""

import copy
import re
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from sincviz import SincShallowNet, training
from sincviz.datasets import simulate_motor_imagery

CHANNELS = (
    *("Fp1", "Fp2", "F7", "F8", "FC3", "FC4", "T7", "C3"),
    *("Cz", "C4", "T8", "CP3", "CP4", "Pz", "O1", "O2"),
)

BAD_GRAMMAR = {
    "a plural for one": r"\b1 (filters|trials|channels|units)\b|\bfilters \d+(?!\d|, | and)",
    "a singular for several": r"\bfilter \d+, |\b(?!1 )\d+ (filter|trial|channel|unit)\b(?! multiplier)",
    "a missing value": r"\b(nan|None|inf)\b|array\(|tensor\(|np\.(?!delete|flatnonzero|isfinite|ravel)",
    "a slip": r"\.\.|  |\n|,\.|;\.|\( | \)|^\s|\s$|^$",
    "no full stop": r"[^.`]$|[^.]`$",
    "no capital": r"^[a-z]",
}


class Net(nn.Module):
    """Layers for signals with one map: (batch, channels, times) in, (batch, classes) out."""

    def __init__(self, *layers, seed=0, **known):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(*(layer() for layer in layers))
        for name, value in known.items():
            setattr(self, name, value)

    def forward(self, x):
        return self.layers(x[:, None])


class Function(nn.Module):
    """A layer without weights."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def eegnet_like(n_chans=6, n_times=96, n_outputs=3, activation=nn.ELU, **known):
    """Temporal, depthwise spatial and separable convolutions."""
    return Net(
        lambda: nn.Conv2d(1, 4, (1, 17), padding=(0, 8), bias=False),
        lambda: nn.BatchNorm2d(4),
        lambda: nn.Conv2d(4, 8, (n_chans, 1), groups=4, bias=False),
        lambda: nn.BatchNorm2d(8),
        activation,
        lambda: nn.AvgPool2d((1, 4)),
        lambda: nn.Dropout(0.25),
        lambda: nn.Conv2d(8, 8, (1, 7), padding=(0, 3), groups=8, bias=False),
        lambda: nn.Conv2d(8, 6, 1, bias=False),
        lambda: nn.BatchNorm2d(6),
        activation,
        lambda: nn.AvgPool2d((1, 6)),
        nn.Flatten,
        lambda: nn.Linear(6 * (n_times // 4 // 6), n_outputs),
        **known,
    )


def fbcsp_like(n_chans=6, n_times=96, n_outputs=3, **known):
    """Temporal and spatial convolution, then the logarithm of the mean square."""
    return Net(
        lambda: nn.Conv2d(1, 5, (1, 13)),
        lambda: nn.Conv2d(5, 5, (n_chans, 1), bias=False),
        lambda: nn.BatchNorm2d(5),
        lambda: Function(torch.square),
        lambda: nn.AvgPool2d((1, 30), stride=(1, 10)),
        lambda: Function(lambda x: x.clamp(min=1e-6).log()),
        lambda: nn.Dropout(0.5),
        nn.Flatten,
        lambda: nn.Linear(5 * ((n_times - 12 - 30) // 10 + 1), n_outputs),
        **known,
    )


@pytest.fixture(scope="session")
def eegnet(moved):
    """Build a network as EEGNet is, in evaluation mode."""
    return lambda **settings: moved(eegnet_like(**settings)).eval()


@pytest.fixture(scope="session")
def fbcsp(moved):
    """Build a network as ShallowFBCSPNet is, in evaluation mode."""
    return lambda **settings: moved(fbcsp_like(**settings)).eval()


@pytest.fixture(scope="session")
def linear():
    """Build a network that is linear, on which all shares are the same."""

    def build(n_chans=6, n_times=96, n_outputs=3, **known):
        return Net(nn.Flatten, lambda: nn.Linear(n_chans * n_times, n_outputs), **known).eval()

    return build


@pytest.fixture(scope="session")
def what_is_explained():
    """Compute what is explained of each class by its definition."""

    def of(scores, explain):
        if explain == "score":
            return scores
        if explain == "log_probability":
            return scores - torch.logsumexp(scores, 1, keepdim=True)
        others = [
            scores[:, [n for n in range(scores.shape[1]) if n != own]].amax(1)
            for own in range(scores.shape[1])
        ]
        return scores - torch.stack(others, 1)

    return of


@pytest.fixture(scope="session")
def noise():
    """Draw trials, shape (trials, channels, times)."""

    def draw(n_trials, n_chans=6, n_times=96, seed=0, dtype=np.float64):
        return np.random.default_rng(seed).standard_normal((n_trials, n_chans, n_times)).astype(dtype)

    return draw


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
