"""Cases like those of the benchmark, whose networks are written by hand: nothing is trained."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sincviz.datasets import simulate_erp, simulate_motor_imagery


@dataclass(frozen=True, eq=False)
class FakeCase:
    name: str
    condition: str
    architecture: str
    domain: str
    model: nn.Module
    x: torch.Tensor
    y: torch.Tensor
    ch_names: tuple
    sfreq: float
    tmin_s: float
    truth: object
    accuracy: float = 1.0
    seed: int = 0


class Power(nn.Module):
    """The scores are the mu power at C3 and at C4: less at C4 is left, as the sources say."""

    def __init__(self, places, sfreq):
        super().__init__()
        time_s = np.arange(-25, 26) / sfreq
        kernel = np.cos(2 * np.pi * 10.5 * time_s) * np.hanning(51) / 12
        weight = np.zeros((2, places[2], 51))
        weight[0, places[0]], weight[1, places[1]] = kernel, kernel
        self.conv = nn.Conv1d(places[2], 2, 51, padding=25, bias=False)
        self.conv.weight.data = torch.tensor(weight, dtype=torch.float32)

    def forward(self, x):
        return self.conv(x).square().mean(-1)


class Window(nn.Module):
    """The scores are minus and plus the mean at Pz between 0.3 and 0.45 s."""

    def __init__(self, place, n_chans, n_times, window):
        super().__init__()
        weight = torch.zeros(2, n_chans, n_times)
        weight[0, place, window], weight[1, place, window] = -0.1, 0.1
        self.weight = nn.Parameter(weight)

    def forward(self, x):
        return torch.einsum("bct,kct->bk", x, self.weight)


def dressed(model, epochs):
    model.sfreq, model.ch_names = epochs.info["sfreq"], list(epochs.ch_names)
    model.chs_info, model.class_names, model.tmin_s = epochs.info["chs"], list(epochs.event_id), epochs.tmin
    return model.eval()


def case_of(name, domain, model, epochs, truth, n_trials):
    x = torch.tensor(epochs.get_data(copy=True)[:n_trials] * 1e6, dtype=torch.float32)
    codes = sorted(epochs.event_id.values())
    y = torch.tensor([codes.index(code) for code in epochs.events[:n_trials, 2]])
    ch_names = tuple(epochs.ch_names)
    rate = float(epochs.info["sfreq"])
    condition, _, architecture = name.partition("/")
    return FakeCase(
        name,
        condition,
        architecture,
        domain,
        dressed(model, epochs),
        x,
        y,
        ch_names,
        rate,
        epochs.tmin,
        truth,
    )


def frequency_case(name="hands/Power", n_trials=40, seed=0):
    epochs, truth = simulate_motor_imagery(
        n_trials, n_chans=8, sfreq=100, duration=2.0, snr_db=10, erd_depth=0.8, seed=seed
    )
    place = epochs.ch_names.index
    model = Power((place("C3"), place("C4"), len(epochs.ch_names)), 100)
    return case_of(name, "frequency", model, epochs, truth, n_trials)


def time_case(name="p300/Window", n_trials=40, seed=0):
    epochs, truth = simulate_erp(n_trials, n_chans=8, sfreq=100, seed=seed)
    place = epochs.ch_names.index("Pz") if "Pz" in epochs.ch_names else 0
    inside = torch.from_numpy((epochs.times >= 0.3) & (epochs.times < 0.45))
    model = Window(place, len(epochs.ch_names), len(epochs.times), inside)
    return case_of(name, "time", model, epochs, truth, n_trials)
