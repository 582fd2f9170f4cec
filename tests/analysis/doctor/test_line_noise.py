"""Lines and rhythms in simulated trials: a tone is a line at any frequency, a rhythm is none."""

import numpy as np
import pytest
import xarray as xr

from sincviz import SincShallowNet
from sincviz.analysis.doctor.line_noise import narrow_lines, power_spectrum, stands_out
from sincviz.datasets import simulate_motor_imagery

SFREQ = 250.0
N_CHANS = 4


def network(n_times, sfreq=SFREQ):
    return SincShallowNet(n_chans=N_CHANS, n_outputs=2, n_times=n_times, sfreq=sfreq)


def pink(n_trials, n_times, seed=0):
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((n_trials, N_CHANS, n_times)))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(n_times // 2 + 1))), n_times) * 3


def tone(n_trials, n_times, hz, seed=1):
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, (n_trials, 1, 1))
    return np.cos(2 * np.pi * hz * np.arange(n_times) / SFREQ + phase) * np.ones((1, N_CHANS, 1))


def rhythm(n_trials, n_times, hz, width_hz, seed=2):
    """A rhythm whose spectrum is a bell, `width_hz` wide at half its height."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((n_trials, N_CHANS, n_times)))
    away = (np.fft.rfftfreq(n_times, 1 / SFREQ) - hz) / (width_hz / 2.355)
    signal = np.fft.irfft(spectrum * np.exp(-(away**2) / 4), n_times)
    return signal / signal.std()


def lines_of(x):
    return narrow_lines(power_spectrum(network(x.shape[2]), x))


def test_the_power_of_a_tone_and_of_noise_is_what_they_have():
    n_times = 1000
    x = 3 * tone(5, n_times, 50) + 7
    power = power_spectrum(network(n_times), x)
    assert power.dims == ("channel", "frequency")
    assert power.sizes == {"channel": N_CHANS, "frequency": 501}
    # A tone of amplitude 3 in a Hann window: 9 / 4 times the squared sum of the window over its sum of squares.
    np.testing.assert_allclose(power.sel(frequency=50), 9 / 4 * n_times / 1.5, rtol=0.01)
    assert float(power.sel(frequency=0).max()) < 1e-3
    noise = np.random.default_rng(0).standard_normal((200, N_CHANS, n_times))
    np.testing.assert_allclose(power_spectrum(network(n_times), noise)[:, 5:-5].mean(), 1, rtol=0.01)


def test_batches_do_not_matter():
    x = pink(130, 250)
    whole = power_spectrum(network(250), x)
    parts = [power_spectrum(network(250), part) for part in (x[:64], x[64:])]
    np.testing.assert_allclose(whole, (64 * parts[0] + 66 * parts[1]) / 130, rtol=1e-5)


@pytest.mark.parametrize("hz", [16.7, 25.0, 50.0, 50.12, 60.0, 73.0, 99.87, 100.0])
@pytest.mark.parametrize("seconds", [3, 4])
def test_a_tone_is_a_line_at_any_frequency(hz, seconds):
    n_times = int(seconds * SFREQ)
    (found,) = lines_of(pink(40, n_times) + tone(40, n_times, hz))
    assert found == pytest.approx(hz, abs=0.51 / seconds)


@pytest.mark.parametrize("seconds", [1, 2, 3, 4])
@pytest.mark.parametrize(("hz", "width_hz"), [(10, 1.5), (10, 3), (20, 2), (11, 1.2)])
def test_a_strong_rhythm_is_no_line(seconds, hz, width_hz):
    n_times = int(seconds * SFREQ)
    assert lines_of(pink(60, n_times) + 3 * rhythm(60, n_times, hz, width_hz)) == []


@pytest.mark.parametrize("seconds", [0.5, 1, 2, 4])
def test_noise_has_no_lines(seconds):
    n_times = int(seconds * SFREQ)
    assert lines_of(pink(30, n_times)) == []
    assert lines_of(np.random.default_rng(0).standard_normal((30, N_CHANS, n_times))) == []


def test_a_line_on_a_few_channels_stands_out_there_alone():
    x = pink(40, 1000)
    x[:, 1] += tone(40, 1000, 73)[:, 1]
    power = power_spectrum(network(1000), x)
    assert narrow_lines(power) == []
    assert stands_out(power).sel(frequency=73).to_numpy().tolist() == [False, True, False, False]


@pytest.mark.parametrize("n_times", [2, 8, 20])
def test_a_trial_too_short_for_a_line_has_none(n_times):
    frequency = np.fft.rfftfreq(n_times, 1 / SFREQ)
    power = xr.DataArray(np.ones((1, len(frequency))), {"frequency": frequency}, ("channel", "frequency"))
    assert narrow_lines(power) == []


def test_the_simulated_mains_are_found_and_its_rhythms_are_not():
    plain, _ = simulate_motor_imagery(30, n_chans=N_CHANS, sfreq=250, duration=4.0, seed=1)
    humming, _ = simulate_motor_imagery(
        30, n_chans=N_CHANS, sfreq=250, duration=4.0, seed=1, line_noise_hz=50.0
    )
    assert lines_of(1e6 * plain.get_data()) == []
    assert lines_of(1e6 * humming.get_data()) == [50]
