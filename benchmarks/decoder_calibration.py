"""How often the simple decoders are called above chance on random labels, and on a rhythm that goes with the class.

Noise with the spectrum of EEG at mixed channels, whose level wanders from trial to trial; in some conditions the trials
of one class have a sine of 11 Hz besides. Run it as ``python benchmarks/decoder_calibration.py`` (ten minutes); it
prints a table and writes ``benchmarks/results/decoder_calibration.csv``.
"""

import os
import warnings
from pathlib import Path

os.environ["TQDM_DISABLE"] = "1"

import numpy as np
import pandas as pd

from sincviz import SincShallowNet
from sincviz.analysis.accuracy import ALPHA, wilson_interval
from sincviz.analysis.doctor.memory_checks import CLEARLY_ABOVE_CHANCE_P
from sincviz.analysis.evidence.data_contrast import yardstick_accuracies

RESULTS = Path(__file__).parent / "results" / "decoder_calibration.csv"
N_TRIALS, N_TIMES, SFREQ_HZ = 100, 256, 128

CONDITIONS = ((8, 0.0, 200), (22, 0.0, 100), (8, 0.2, 50), (8, 0.35, 50))
"""Channels, amplitude of the sine over the standard deviation of the noise, data sets."""


def data_set(n_chans: int, amplitude: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return trials of two classes in random order, and their classes."""
    rng = np.random.default_rng(seed)
    frequency_hz = np.fft.rfftfreq(N_TIMES, 1 / SFREQ_HZ)
    white = np.fft.rfft(rng.standard_normal((N_TRIALS, n_chans, N_TIMES)))
    x = np.fft.irfft(white / np.sqrt(np.maximum(frequency_hz, 1)), N_TIMES)
    mixing = rng.standard_normal((n_chans, n_chans)) * 0.3 + np.eye(n_chans)
    x = np.einsum("dc,tcs->tds", mixing, x) * np.exp(0.2 * rng.standard_normal((N_TRIALS, 1, 1)))
    codes = rng.permutation(np.repeat([0, 1], N_TRIALS // 2))
    phase = rng.uniform(0, 2 * np.pi, (N_TRIALS // 2, 1))
    sine = np.sin(2 * np.pi * 11 * np.arange(N_TIMES) / SFREQ_HZ + phase)
    x[codes == 1, 1] += amplitude * x.std() * sine
    return x, codes


def measured(n_chans: int, amplitude: float, n_sets: int) -> dict[str, float | str]:
    """Return how often each decoder, and any of them, is above chance."""
    model = SincShallowNet(n_chans=n_chans, n_outputs=2, n_times=N_TIMES, sfreq=SFREQ_HZ, num_time_filters=4)
    p = pd.DataFrame(
        [
            yardstick_accuracies(model, *data_set(n_chans, amplitude, seed))["p"].astype(float)
            for seed in range(n_sets)
        ]
    )
    n_any = int((p < ALPHA).any(axis=1).sum())
    low, high = wilson_interval(n_any, n_sets)
    return {
        "n_chans": n_chans,
        "amplitude": amplitude,
        "n_sets": n_sets,
        **(p < ALPHA).mean().to_dict(),
        "any": n_any / n_sets,
        "ci_low": low,
        "ci_high": high,
        "any_at_0_005": float((p < CLEARLY_ABOVE_CHANCE_P).any(axis=1).mean()),
    }


def main() -> None:
    """Print and write the table."""
    warnings.simplefilter("ignore")
    table = pd.DataFrame([measured(*condition) for condition in CONDITIONS]).round(4)
    table.to_csv(RESULTS, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
