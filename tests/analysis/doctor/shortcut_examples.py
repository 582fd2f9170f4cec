"""Trials with a planted shortcut, and networks whose weights are set by hand."""

import numpy as np
import torch
from torch import nn

import sincviz

# fmt: off
CHANNELS = ("Fp1", "Fp2", "F7", "F8", "T7", "T8", "C3", "Cz", "C4", "FC3", "FC4", "CP3", "CP4", "Pz", "P7", "P8")
# fmt: on
SFREQ, N_TIMES = 128.0, 256
TIMES = np.arange(N_TIMES) / SFREQ


class ReadOut(nn.Module):
    """Two scores from the log power of bands of channels; every part is (channels, low_hz, high_hz, gain)."""

    def __init__(self, *parts, middle=0.0):
        super().__init__()
        self.parts, self.middle = parts, middle
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        frequency = np.fft.rfftfreq(x.shape[2], 1 / SFREQ)
        power = torch.fft.rfft(x).abs() ** 2
        score = -self.middle
        for channels, low_hz, high_hz, gain in self.parts:
            bins = torch.from_numpy((frequency >= low_hz) & (frequency <= high_hz))
            picks = [CHANNELS.index(name) for name in channels]
            score = score + gain * torch.log(power[:, picks][:, :, bins].sum((1, 2)) + 1.0)
        return torch.stack([torch.zeros_like(score), score], 1) + 0 * self.unused


def read_out(x, *parts):
    """Return a network that reads parts of trials, with its threshold in the middle of these trials."""
    with torch.no_grad():
        middle = float(ReadOut(*parts)(torch.from_numpy(x))[:, 1].median())
    module = ReadOut(*parts, middle=middle)
    named = {"ch_names": list(CHANNELS), "class_names": ["left", "right"]}
    return sincviz.network(module.eval(), sfreq=SFREQ, scale=1e6, **named)


def trials(n_trials=140, seed=0, erd=0.5):
    """Return trials with a 1/f background and a rhythm at C3 that is weaker in class 1, and their classes."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.resize([0, 1], n_trials))
    frequency = np.fft.rfftfreq(N_TIMES, 1 / SFREQ)
    spectrum = rng.standard_normal((n_trials, len(CHANNELS), len(frequency), 2)) @ [1, 1j]
    x = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequency, 1)), N_TIMES) * 100
    x += 0.3 * x.mean(1, keepdims=True)
    level = 8 * np.exp(-erd * (codes - 0.5) + 0.2 * rng.standard_normal(n_trials))
    phase = 2 * np.pi * rng.random(n_trials)
    rhythm = level[:, None] * np.sin(2 * np.pi * 10 * TIMES + phase[:, None])
    for name, gain in (("C3", 1.0), ("FC3", 0.5), ("CP3", 0.5), ("Cz", 0.3)):
        x[:, CHANNELS.index(name)] += gain * rhythm
    return x.astype(np.float32), codes


def with_artefact(x, course, gains):
    """Return trials with a course, shape (trials, times), at some channels."""
    changed = x.copy()
    for name, gain in gains.items():
        changed[:, CHANNELS.index(name)] += gain * course
    return changed


def sizes(codes, related, seed, by=1.2):
    """Return amplitudes that are larger in class 1 if they are related to the classes."""
    rng = np.random.default_rng(seed)
    side = codes if related else rng.permutation(codes)
    return np.exp(by * (side - 0.5) + 0.3 * rng.standard_normal(len(codes)))


def blinks(x, codes, related=True, seed=1):
    """Return trials with a blink each, higher in class 1."""
    height = 40 * sizes(codes, related, seed)
    center = np.random.default_rng(seed).uniform(0.4, 1.6, (len(codes), 1))
    course = height[:, None] * np.exp(-4 * np.log(2) * ((TIMES - center) / 0.25) ** 2)
    return with_artefact(x, course, {"Fp1": 1.0, "Fp2": 1.0, "F7": 0.5, "F8": 0.5, "FC3": 0.1, "FC4": 0.1})


def muscle(x, codes, related=True, seed=1):
    """Return trials with fast noise at the left temple, stronger in class 1."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((len(codes), N_TIMES)))
    spectrum[:, np.fft.rfftfreq(N_TIMES, 1 / SFREQ) < 20] = 0
    course = 8 * sizes(codes, related, seed)[:, None] * np.fft.irfft(spectrum, N_TIMES)
    return with_artefact(x, course, {"T7": 1.0, "F7": 0.4, "P7": 0.3})


def hum(x, codes, related=True, seed=1):
    """Return trials with a line at 50 Hz at two channels, stronger in class 1."""
    phase = 2 * np.pi * np.random.default_rng(seed).random((len(codes), 1))
    course = 10 * sizes(codes, related, seed)[:, None] * np.sin(2 * np.pi * 50 * TIMES + phase)
    return with_artefact(x, course, {"Pz": 1.0, "CP4": 0.8})
