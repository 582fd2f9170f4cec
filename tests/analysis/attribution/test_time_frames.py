"""Time frames: an exact split over frequency and time, the same that scipy computes, as sharp as stated."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import ShortTimeFFT, windows

from sincviz.analysis.attribution.time_frames import TimeFrames, resolution, time_frames

SIZES = st.integers(9, 160).flatmap(lambda n: st.tuples(st.just(n), st.integers(8, n)))


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=60, deadline=None)
@given(SIZES)
def test_shares_sum_to_the_product_and_signals_come_back(size):
    frames = TimeFrames(*size)
    x, g = noise(2, size[0]), noise(2, size[0], seed=1)
    torch.testing.assert_close(frames.shares(x, g).sum((1, 2)), (x * g).sum(1))
    torch.testing.assert_close(frames.synthesised(frames.analysed(x)), x)


def test_every_window_holds_its_own_part_of_the_products():
    frames, n = TimeFrames(90, 20), 90
    x, g = noise(n), noise(n, seed=1)
    window = np.hanning(21)[:-1]
    squared = np.zeros((len(frames.centers), n + 40))
    for row, center in enumerate(frames.centers):
        squared[row, center + 10 : center + 30] = window**2
    squared = squared[:, 20:-20] / squared[:, 20:-20].sum(0)
    np.testing.assert_allclose(frames.shares(x, g).sum(0), squared @ (x * g).numpy(), atol=1e-12)


def test_inside_a_signal_scipy_computes_the_same():
    n, m = 240, 40
    frames = TimeFrames(n, m)
    x, g = noise(n), noise(n, seed=1)
    engine = ShortTimeFFT(
        windows.hann(m, sym=False), hop=m // 4, fs=1.0, fft_mode="onesided", phase_shift=None
    )
    one, other = (engine.stft(signal.numpy(), p0=0, p1=len(frames.centers)) for signal in (x, g))
    weights = np.full(m // 2 + 1, 2 / m)
    weights[[0, -1]] = 1 / m
    # Squared Hann windows, each moved by a quarter, sum to 1.5.
    expected = (one.conj() * other).real * weights[:, None] / 1.5
    inside = slice(4, -4)
    np.testing.assert_allclose(frames.shares(x, g)[:, inside], expected[:, inside], atol=1e-12)


def test_widths_are_those_of_the_window():
    n_window, rate_hz = 400, 1000.0
    stated = resolution(TimeFrames(4000, n_window), rate_hz)
    window = windows.hann(n_window, sym=False)
    in_time = np.flatnonzero(window**2 >= 0.5)
    spectrum = np.abs(np.fft.rfft(window, 400 * n_window)) ** 2
    in_frequency = np.flatnonzero(spectrum >= spectrum[0] / 2)[-1]
    assert stated["time_resolution_s"] == pytest.approx(np.ptp(in_time) / rate_hz, abs=2 / rate_hz)
    assert stated["frequency_resolution_hz"] == pytest.approx(
        2 * in_frequency * rate_hz / (400 * n_window), rel=1e-2
    )
    assert (stated["window_s"], stated["step_s"]) == (0.4, 0.1)


def test_a_tone_burst_lies_where_it_is():
    rate_hz, n = 200.0, 600
    t = np.arange(n) / rate_hz
    burst = np.exp(-0.5 * ((t - 1.5) / 0.15) ** 2) * np.cos(2 * np.pi * 20 * t)
    frames = time_frames(n, rate_hz, 0.5)
    x = torch.from_numpy(burst)
    shares = frames.shares(x, x).numpy()
    frequency_hz, time_s = np.arange(len(shares)) * 2.0, frames.centers / rate_hz
    assert frequency_hz[shares.sum(1).argmax()] == 20
    assert time_s[shares.sum(0).argmax()] == pytest.approx(1.5)
    near = (np.abs(frequency_hz - 20) <= 4)[:, None] & (np.abs(time_s - 1.5) <= 0.5)
    assert shares[near].sum() > 0.99 * shares.sum()


@pytest.mark.parametrize("window_s", [0.01, 3.0, 0.0, -1, float("nan"), float("inf")])
def test_windows_that_do_not_fit_are_refused_and_what_is_advised_works(window_s):
    with pytest.raises(ValueError, match="window_s") as refused:
        time_frames(100, 100.0, window_s)
    advised = float(str(refused.value).rpartition("Try ")[2].rstrip("."))
    assert time_frames(100, 100.0, advised).n_times == 100


def test_short_trials_are_told_a_window_that_fits():
    with pytest.raises(ValueError, match=r"to 0\.3 s \(a trial\); got 0\.5\. Try 0\.3\.") as refused:
        time_frames(30, 100.0, 0.5)
    assert time_frames(30, 100.0, float(str(refused.value).rpartition("Try ")[2].rstrip("."))).n_window == 30
