"""Relevance over time and time-frequency: exact sums, the same as captum, and marginals of one another."""

import mne
import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from torch import nn

import sincviz
from sincviz import MethodError, spectral_relevance, temporal_relevance, time_frequency_relevance
from sincviz.attribution import sum_over_bands, sum_over_regions, sum_over_times
from sincviz.trials.epochs import network_input

FUNCTIONS = {
    "time": (temporal_relevance, ("channel", "time")),
    "time-frequency": (time_frequency_relevance, ("channel", "frequency", "time")),
}
SETTINGS = {
    "all": {},
    "contrast": {"trials": "contrast"},
    "margin": {"explain": "margin", "trials": "contrast"},
    "surrogates": {"baseline": "surrogates"},
    "gradient": {"method": "gradient_x_input"},
}


class Detector(nn.Module):
    """Scores that are the signal of a channel in some samples, and its square in others."""

    def __init__(self, n_times=200):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_times))
        with torch.no_grad():
            self.weights[90:110] = 1.0

    def forward(self, x):
        linear, power = (x[:, 0] * self.weights).sum(1), (x[:, 1, 150:170] ** 2).sum(1)
        return torch.stack([linear + power, -linear], 1)


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    return rng.standard_normal((24, 3, 200)), rng.permutation(np.resize([0, 1], 24))


@pytest.fixture
def model(network, epochs):
    built = network(chs_info=epochs.info["chs"])
    built.class_names, built.scale = ["left", "right"], 1e6
    return built


@pytest.mark.filterwarnings("ignore:The shares of 'gradient_x_input':RuntimeWarning")
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_sums_and_labels(trials, name, setting):
    function, own = FUNCTIONS[name]
    x, y = trials
    model, settings = Detector().double(), SETTINGS[setting] | {"sfreq": 100}
    found = function(model, x, y, **settings)
    spectrum = spectral_relevance(model, x, y, **settings)
    assert found.dims == ("target", *own)
    assert found.name == f"{name.replace('-', '_').replace('time', 'temporal', name == 'time')}_relevance"
    np.testing.assert_allclose(
        found.sum([dim for dim in own if dim != "channel"]), spectrum.sum("frequency"), rtol=1e-10, atol=1e-10
    )
    assert {"completeness_error", "n_trials", "units", "method", "sfreq_hz"} <= set(found.attrs)
    assert found.attrs["units"] == spectrum.attrs["units"]
    assert found["target"].to_numpy().tolist() == spectrum["target"].to_numpy().tolist()
    assert all(isinstance(value, str | int | float) for value in found.attrs.values())


def test_single_precision_sums_to_a_millionth(model, epochs):
    single = {}
    for name, (function, own) in FUNCTIONS.items():
        single[name] = function(model, epochs[:20], per_trial=True).sum(own)
    spectrum = spectral_relevance(model, epochs[:20], per_trial=True)
    size = np.abs(spectrum).sum(("channel", "frequency"))
    for found in single.values():
        assert float((np.abs(found - spectrum.sum(("channel", "frequency"))) / size).max()) < 1e-6
        assert found["class_name"].to_numpy().tolist() == spectrum["class_name"].to_numpy().tolist()


def test_times_are_captums_integrated_gradients(trials):
    x, _ = trials
    model = Detector().double()
    found = temporal_relevance(model, x, sfreq=100, baseline="zero", per_trial=True)
    tensor = torch.from_numpy(x)
    for target in (0, 1):
        theirs = IntegratedGradients(model).attribute(tensor, target=target, n_steps=20).numpy()
        np.testing.assert_allclose(found[:, target], theirs, atol=1e-10)


def test_relevance_lies_where_the_network_looks(trials):
    x, y = trials
    course = temporal_relevance(Detector(), x, y, sfreq=100).sel(target="0")
    used = np.zeros((3, 200), bool)
    used[0, 90:110] = used[1, 150:170] = True
    assert (np.abs(course.to_numpy()[~used]) == 0).all()
    assert (course.to_numpy()[1, 150:170] > 0).all()
    image = time_frequency_relevance(Detector(), x, y, sfreq=100, window_s=0.2).sel(target="0", channel="1")
    assert float(image.sel(time=slice(1.3, 1.9)).sum()) == pytest.approx(float(image.sum()), rel=1e-6)


def test_marginals_of_time_frequency(trials):
    """The sum over frequencies is relevance in time, weighted with the windows; that over times is spread a little."""
    x, y = trials
    image = time_frequency_relevance(Detector().double(), x, y, sfreq=100, window_s=0.2)
    course = temporal_relevance(Detector().double(), x, y, sfreq=100)
    window = np.zeros((len(image.time), 240))
    for row in range(len(window)):
        window[row, 10 + 5 * row : 30 + 5 * row] = np.hanning(21)[:-1] ** 2
    window = window[:, 20:-20] / window[:, 20:-20].sum(0)
    np.testing.assert_allclose(
        image.sum("frequency").transpose("target", "channel", "time"),
        np.einsum("wt,kct->kcw", window, course.to_numpy()),
        atol=1e-12,
    )


def test_marginal_over_times_is_the_spectrum_within_the_stated_resolution():
    """A rhythm of 20 Hz: at least 95 % of its relevance lies within the stated width on either side."""
    t = np.arange(400) / 100
    rng = np.random.default_rng(0)
    x = np.cos(2 * np.pi * 20 * t + rng.uniform(0, 2 * np.pi, (20, 2, 1)))

    class Power(nn.Module):
        def forward(self, x):
            power = x.square().mean(2)
            return torch.stack([power[:, 0], power[:, 1]], 1)

    image = time_frequency_relevance(Power(), x, sfreq=100).isel(target=0, channel=0)
    spectrum = spectral_relevance(Power(), x, sfreq=100).isel(target=0, channel=0)
    over = image.sum("time")
    width_hz = image.attrs["frequency_resolution_hz"]
    assert float(spectrum.sel(frequency=20)) == pytest.approx(float(over.sum()), rel=1e-3)
    assert float(over.sel(frequency=slice(20 - width_hz, 20 + width_hz)).sum()) > 0.95 * float(over.sum())


def test_time_is_that_of_the_epochs(model, epochs):
    found = temporal_relevance(model, epochs[:8], trials="contrast")
    np.testing.assert_array_equal(found["time"], epochs.times)
    assert found["time"].attrs["units"] == "s"
    assert found["target"].to_numpy().tolist() == ["left against right"]
    image = time_frequency_relevance(model, epochs[:8], window_s=0.25)
    assert set(np.round(image["time"].to_numpy(), 9)) <= set(np.round(epochs.times, 9))
    assert {"region", "x", "y", "z"} <= set(image.coords)
    windows = sum_over_times(found, 0.05)
    assert float(windows.sum()) == pytest.approx(float(found.sum()), rel=1e-6)
    assert sum_over_bands(image).dims == ("target", "band", "channel", "time")
    assert sum_over_regions(image).dims == ("target", "region", "frequency", "time")


def test_without_a_sampling_rate(trials):
    x, y = trials
    found = temporal_relevance(Detector(), x, y)
    assert found["time"].attrs["units"] == "samples"
    assert found["time"].to_numpy().tolist() == list(range(200))
    with pytest.raises(ValueError, match="Pass `sfreq`"):
        time_frequency_relevance(Detector(), x, y)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_amplitudes_have_no_times(trials, name):
    function, _ = FUNCTIONS[name]
    with pytest.raises(MethodError, match="spectral_relevance") as refused:
        function(Detector(), *trials, sfreq=100, method="amplitude_gradient")
    assert f"'integrated_gradients' in `{function.__name__}`" in str(refused.value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_batches_do_not_matter_and_nothing_changes(monkeypatch, trials, name):
    from functools import partial

    from sincviz.analysis.attribution import convergence
    from sincviz.analysis.attribution.explanation import explain_trials

    function, _ = FUNCTIONS[name]
    x, y = trials
    before, model = x.copy(), Detector().double()
    whole = function(model, x, y, sfreq=100, trials="contrast")
    monkeypatch.setattr(convergence, "explain_trials", partial(explain_trials, batch_size=5))
    np.testing.assert_allclose(function(model, x, y, sfreq=100, trials="contrast"), whole, atol=1e-12)
    np.testing.assert_array_equal(x, before)


def test_epochs_and_arrays_give_the_same(trials):
    x, y = trials
    info = mne.create_info(["C3", "Cz", "C4"], 100.0, "eeg")
    events = np.column_stack([np.arange(24) * 300, np.zeros(24, int), y + 1])
    epochs = mne.EpochsArray(x * 1e-6, info, events, -0.5, {"left": 1, "right": 2}, verbose="error")
    model = sincviz.network(
        Detector(), ch_names=["C3", "Cz", "C4"], class_names=["left", "right"], scale=1e6, sfreq=100
    )
    of_epochs = temporal_relevance(model, epochs, trials="contrast")
    of_array = temporal_relevance(model, network_input(model, epochs), y, trials="contrast", sfreq=100)
    assert of_epochs["target"].item() == "left against right"
    assert of_epochs["time"].to_numpy()[[0, -1]].round(6).tolist() == [-0.5, 1.49]
    np.testing.assert_allclose(of_epochs, of_array, rtol=1e-5, atol=1e-5)
    assert sincviz.attribution.temporal_relevance is temporal_relevance
