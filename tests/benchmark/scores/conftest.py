"""Two tiny cases, one with a truth in frequency and one in time, with networks whose use of the input is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

CH_NAMES = ("F3", "F4", "C3", "C4", "P3", "P4")
SFREQ_HZ, N_TIMES, N_TRIALS = 100.0, 200, 40


class BandPower(nn.Module):
    """Scores are plus and minus the difference of 8–12 Hz power between two channels, from which one is subtracted."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.0, 0.0, 1.0, -1.0, 0.0, 0.0]))
        self.gain = nn.Linear(1, 1)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.gain.bias)

    def forward(self, x):
        power = torch.fft.rfft(x, dim=2)[:, :, 16:24].abs().square().mean(2)
        score = self.gain(power @ self.weight[:, None]) / 1000
        return torch.cat([score, -score], dim=1)


class Peak(nn.Module):
    """Scores are plus and minus the mean of the fourth channel from 0.5 to 0.6 s."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(len(CH_NAMES) * N_TIMES, 2)
        weight = torch.zeros(2, len(CH_NAMES), N_TIMES)
        weight[0, 3, 70:80], weight[1, 3, 70:80] = 0.1, -0.1
        self.linear.weight.data = weight.flatten(1)
        self.linear.bias.data.zero_()

    def forward(self, x):
        return self.linear(x.flatten(1))


def truth_of(roles, bands_hz, maps, courses, time_s):
    """Return a ground truth; `maps` (sources, channels)."""
    low_hz, high_hz = np.array(bands_hz, float).T
    return xr.Dataset(
        {
            "scalp_map": (("source", "channel"), np.array(maps, float)),
            "time_course": (("source", "time"), np.array(courses, float)),
        },
        coords={
            "source": [f"s{number}" for number in range(len(roles))],
            "role": ("source", list(roles)),
            "low_hz": ("source", low_hz),
            "high_hz": ("source", high_hz),
            "channel": list(CH_NAMES),
            "time": time_s,
        },
    )


def a_case(domain, model, x, y, truth, tmin_s):
    x, y = torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)
    return SimpleNamespace(
        name=f"tiny/{domain}",
        domain=domain,
        model=model.eval(),
        x=x,
        y=y,
        ch_names=CH_NAMES,
        sfreq=SFREQ_HZ,
        tmin_s=tmin_s,
        truth=truth,
    )


@pytest.fixture
def case():
    """Rhythms of 8–12 Hz at C3 in class 0, at C4 in class 1; a suppressor of 16–24 Hz at P3."""
    rng = np.random.default_rng(0)
    y = np.arange(N_TRIALS) % 2
    time_s = np.arange(N_TIMES) / SFREQ_HZ
    x = rng.standard_normal((N_TRIALS, 6, N_TIMES))
    phase = rng.uniform(0, 2 * np.pi, N_TRIALS)
    rhythm = 2 * np.sin(2 * np.pi * 10 * time_s + phase[:, None])
    x[np.arange(N_TRIALS), 2 + y] += rhythm
    on = np.ones((2, N_TIMES))
    maps = [[0, 0, 3, 3, 0, 0], [0, 0, 0, 0, 2, 0]]
    truth = truth_of(["informative", "suppressor"], [(8, 12), (16, 24)], maps, on, time_s)
    return a_case("frequency", BandPower(), x, y, truth, 0.0)


@pytest.fixture
def time_case():
    """A component at C4, 0.55 s after the event, positive in class 0 and negative in class 1."""
    rng = np.random.default_rng(1)
    y = np.arange(N_TRIALS) % 2
    time_s = np.arange(N_TIMES) / SFREQ_HZ - 0.2
    course = np.exp(-0.5 * ((time_s - 0.55) / 0.04) ** 2)
    x = rng.standard_normal((N_TRIALS, 6, N_TIMES))
    x[:, 3] += (1 - 2 * y)[:, None] * course
    truth = truth_of(["informative"], [(np.nan, np.nan)], [[0, 0, 0, 5, 0, 0]], [course], time_s)
    return a_case("time", Peak(), x, y, truth, -0.2)


def power_shares(model, x, target):
    """Return gradient times input, split by Parseval's theorem over rfft bins."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[:, target].sum(), x)
    spectrum, of_gradient = torch.fft.rfft(x.detach(), dim=2), torch.fft.rfft(gradient, dim=2)
    weight = torch.full((spectrum.shape[2],), 2.0)
    weight[0] = weight[-1] = 1.0
    return weight * (spectrum * of_gradient.conj()).real / x.shape[2]


def gradient_x_input(model, x, target):
    """Return gradient times input over samples."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[:, target].sum(), x)
    return (gradient * x).detach()


@pytest.fixture
def shares():
    return power_shares


@pytest.fixture
def products():
    return gradient_x_input


@pytest.fixture
def attributed():
    """Return a function that calls a method for both classes."""
    return lambda method, case: {target: method(case.model, case.x, target) for target in (0, 1)}
