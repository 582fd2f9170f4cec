"""Relevance of frequencies, against captum and against signals that are taken apart one frequency at a time."""

import copy
import warnings
from contextlib import contextmanager
from functools import partial

import mne
import numpy as np
import pytest
import torch
import xarray as xr
from captum.attr import DeepLift, GuidedBackprop, IntegratedGradients, Saliency
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sincviz import EpochsError, training
from sincviz.analysis.attribution import convergence
from sincviz.analysis.attribution.explained import EXPLAIN
from sincviz.analysis.attribution.explanation import explain_trials
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.eeg.sums import sum_over_bands
from sincviz.errors import MethodError
from sincviz.networks import front_end

# Most methods are no exact shares, which is what the warning says; tests of the warning ask for it.
pytestmark = pytest.mark.filterwarnings("ignore:The shares of:RuntimeWarning")

SHARES = ("integrated_gradients", "gradient_x_input", "deep_lift", "gradient_shap")


class What(nn.Module):
    """A network that returns what is explained, by its definition."""

    def __init__(self, model, explain, what_is_explained):
        super().__init__()
        self.model = copy.deepcopy(model).eval()
        self.of = partial(what_is_explained, explain=explain)

    def forward(self, x):
        return self.of(self.model(x))


@contextmanager
def without_captums_remarks():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting .*hooks|Input Tensor", UserWarning)
        yield


def gradients_by_captum(module, x, start, method, n_steps):
    """Gradients, averaged if need be, shape (trials, classes, channels, times)."""
    found = []
    for target in range(module(x[:1]).shape[1]):
        own = x.clone().requires_grad_()
        with without_captums_remarks():
            match method:
                case "integrated_gradients":
                    engine = IntegratedGradients(module, multiply_by_inputs=False)
                    gradient = engine.attribute(x, start, target, n_steps=n_steps, method="gausslegendre")
                case "deep_lift":
                    gradient = DeepLift(module, multiply_by_inputs=False).attribute(x, start, target)
                case "guided_backprop":
                    gradient = GuidedBackprop(module).attribute(own, target)
                case _:
                    gradient = Saliency(module).attribute(own, target, abs=False)
        found.append(gradient)
    return torch.stack(found, 1).detach().numpy()


def taken_apart(signal):
    """The part of a signal that has each frequency, shape (..., frequencies, times)."""
    spectrum = np.fft.rfft(signal)
    alone = spectrum[..., None, :] * np.eye(spectrum.shape[-1])
    return np.fft.irfft(alone, signal.shape[-1])


def split(signal, gradients):
    """Shares of frequencies, shape (trials, classes, channels, frequencies)."""
    return np.einsum("bcft,bkct->bkcf", taken_apart(signal), gradients)


def assert_close(found, expected, relative=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=relative * np.nanmax(np.abs(expected)))


@pytest.mark.parametrize(("dtype", "relative"), [(torch.float64, 1e-7), (torch.float32, 1e-5)])
@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_input"])
@settings(max_examples=12)
@given(
    shape=st.fixed_dictionaries(
        {
            "n_chans": st.integers(1, 5),
            "num_time_filters": st.integers(1, 4),
            "depth_multiplier": st.integers(1, 3),
            "padding": st.sampled_from(["same", "valid"]),
            "n_times": st.integers(60, 90),
            "n_outputs": st.integers(2, 3),
            "activation": st.sampled_from([nn.ELU, nn.ReLU, nn.Tanh, nn.PReLU]),
        }
    ),
    explain=st.sampled_from(EXPLAIN),
    baseline=st.sampled_from(["zero", "channel_mean", "class_mean"]),
    n_steps=st.integers(1, 6),
    seed=st.integers(0, 100),
)
def test_the_closed_form_is_what_captum_finds(
    network, moved, noise, what_is_explained, dtype, relative, method, shape, explain, baseline, n_steps, seed
):
    model = moved(network(seed, **shape, pool_size=20, pool_stride=7), seed).to(dtype)
    x = torch.from_numpy(noise(4, shape["n_chans"], shape["n_times"], seed)).to(dtype)
    codes = np.array([0, 1, 1, 0])
    start = {
        "zero": torch.zeros_like(x),
        "channel_mean": x.mean(2, keepdim=True).expand_as(x),
        "class_mean": torch.stack([x[codes == code].mean(0) for code in codes]),
    }[baseline].contiguous()
    module = What(model, explain, what_is_explained)
    expected = split((x - start).numpy(), gradients_by_captum(module, x, start, method, n_steps))
    found = spectral_relevance(
        model, x, codes, method=method, explain=explain, baseline=baseline, n_steps=n_steps, per_trial=True
    )
    assert found.dims == ("trial", "target", "channel", "frequency")
    assert_close(found, expected, relative)


@pytest.fixture(params=["sinc", "eegnet", "fbcsp", "relu"])
def model(request, network, moved, eegnet, fbcsp):
    """Networks of several kinds for 6 channels and 96 samples, three classes."""
    match request.param:
        case "sinc":
            return moved(network(n_times=96, n_outputs=3)).double()
        case "eegnet":
            return eegnet().double()
        case "fbcsp":
            return fbcsp().double()
    return eegnet(activation=nn.ReLU).double()


@pytest.mark.parametrize(
    "method", ["integrated_gradients", "gradient_x_input", "guided_backprop", "deep_lift"]
)
@pytest.mark.parametrize("n_times", [95, 96])
def test_shares_add_up_to_the_attribution_in_time(eegnet, noise, method, n_times):
    model = eegnet(activation=nn.ReLU, n_times=n_times).double()
    x = torch.from_numpy(noise(4, n_times=n_times))
    gradients = gradients_by_captum(copy.deepcopy(model), x, torch.zeros_like(x), method, 16)
    found = spectral_relevance(model, x, method=method, per_trial=True)
    assert_close(found.sum("frequency"), (x.numpy()[:, None] * gradients).sum(-1))
    assert_close(found, split(x.numpy(), gradients))


def test_deconvolution_gives_shares_too(eegnet, noise):
    found = spectral_relevance(eegnet(activation=nn.ReLU), noise(3), method="deconvolution")
    assert np.isfinite(found).all()
    assert found.attrs["method"] == "deconvolution"


def missed(model, x, what_is_explained, explain, baseline, n_steps):
    """What the shares miss of the change, over the change, as they say it and as it is."""
    start = torch.zeros_like(x) if baseline == "zero" else x.mean(2, keepdim=True).expand_as(x)
    module = What(model, explain, what_is_explained)
    with torch.no_grad():
        change = (module(x) - module(start)).numpy()
    found = spectral_relevance(model, x, explain=explain, baseline=baseline, n_steps=n_steps, per_trial=True)
    shares = found.sum(("channel", "frequency")).to_numpy()
    return found.attrs["completeness_error"], np.abs(shares - change).sum() / np.abs(change).sum()


@pytest.mark.parametrize("explain", EXPLAIN)
@pytest.mark.parametrize("baseline", ["zero", "channel_mean"])
def test_integrated_gradients_add_up_to_the_change(
    request, model, noise, what_is_explained, explain, baseline
):
    # Kinks on the path take more steps: those of ReLU and of the logarithm's floor, and where the winner changes.
    smooth = explain == "score" or not {"fbcsp", "relu"} & set(request.node.callspec.params.values())
    for error in missed(model, torch.from_numpy(noise(12)), what_is_explained, explain, baseline, 64):
        assert error < (0.02 if smooth else 0.06)


def test_more_steps_miss_less(fbcsp, noise, what_is_explained):
    model, x = fbcsp().double(), torch.from_numpy(noise(4))
    few, many = (missed(model, x, what_is_explained, "margin", "zero", steps)[1] for steps in (8, 400))
    assert many < 0.02 < few


@pytest.mark.parametrize("method", [*SHARES, "amplitude_gradient"])
@pytest.mark.parametrize(("n_times", "number"), [(96, 0), (96, 9), (96, 48), (95, 0), (95, 9), (95, 47)])
def test_a_pure_tone_has_its_whole_share_in_its_own_bin_and_channel(eegnet, method, n_times, number):
    tone = np.cos(2 * np.pi * number * np.arange(n_times) / n_times + 0.3)
    x = np.zeros((2, 6, n_times))
    x[:, 2] = [tone, 3 * tone]
    found = spectral_relevance(eegnet(n_times=n_times).double(), x, method=method, n_steps=4, per_trial=True)
    largest = np.abs(found.isel(channel=2, frequency=number))
    assert (largest > 0).all()
    rest = found.copy()
    rest[:, :, 2, number] = 0
    if method == "amplitude_gradient":  # rounding has no amplitude but a phase
        rest = rest.drop_isel(channel=2)
    assert np.abs(rest).max() < 1e-10 * largest.max()


def test_the_amplitude_gradient_is_a_finite_difference_with_the_phase_kept(model, noise):
    x = noise(1)
    found = spectral_relevance(model, x, method="amplitude_gradient").to_numpy()
    spectrum = np.fft.rfft(x[0])
    step = 1e-4
    for channel, number in ((0, 0), (1, 5), (3, 20), (5, 48)):
        tone = np.cos(2 * np.pi * number * np.arange(96) / 96 + np.angle(spectrum[channel, number]))
        shifted = np.repeat(x, 2, 0)
        shifted[:, channel] += step * np.array([tone, -tone])
        with torch.no_grad():
            higher, lower = copy.deepcopy(model).eval()(torch.from_numpy(shifted)).numpy()
        np.testing.assert_allclose(
            found[:, channel, number], (higher - lower) / (2 * step), rtol=1e-3, atol=1e-7
        )


@pytest.mark.parametrize("method", SHARES)
def test_on_a_linear_network_all_shares_are_the_same(linear, noise, method):
    model, x = linear().double(), noise(5)
    weights = model.layers[1].weight.detach().reshape(3, 6, 96).numpy()
    expected = split(x, np.broadcast_to(weights, (5, *weights.shape)))
    found = spectral_relevance(model, x, method=method, per_trial=True, n_steps=3)
    assert_close(found, expected, 1e-6)
    assert found.attrs["completeness_error"] < 1e-5


def test_deep_lift_is_captums_and_adds_up_on_a_network_with_elu(network, moved, noise):
    model, x = moved(network(n_times=96, n_outputs=3)).double().eval(), torch.from_numpy(noise(5))
    expected = gradients_by_captum(copy.deepcopy(model), x, torch.zeros_like(x), "deep_lift", 1)
    found = spectral_relevance(model, x, method="deep_lift", per_trial=True)
    assert_close(found, split(x.numpy(), expected))
    assert found.attrs["completeness_error"] < 1e-6


def test_gradient_shap_averages_to_integrated_gradients(eegnet, noise):
    model, x = eegnet().double(), noise(3)
    np.random.seed(0)  # noqa: NPY002  captum draws from the global generators
    torch.manual_seed(0)
    found = spectral_relevance(model, x, method="gradient_shap", n_steps=400)
    assert_close(found, spectral_relevance(model, x), 0.1)


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_input", "amplitude_gradient"])
@pytest.mark.parametrize("n_trials", [1, 64, 65])
def test_the_mean_over_trials_is_that_of_single_trials(eegnet, noise, method, n_trials):
    model, x = eegnet().double(), noise(n_trials)
    singles = spectral_relevance(model, x, method=method, per_trial=True, n_steps=2)
    found = spectral_relevance(model, x, method=method, n_steps=2)
    assert found.dims == ("target", "channel", "frequency")
    assert singles.shape == (n_trials, *found.shape)
    assert_close(found, singles.mean("trial"))


@pytest.mark.parametrize("method", ["integrated_gradients", "deep_lift", "amplitude_gradient"])
def test_the_contrast_is_that_of_single_trials(eegnet, noise, method):
    model, x = eegnet().double(), noise(70)
    codes = np.random.default_rng(1).integers(0, 2, 70)
    singles = spectral_relevance(model, x, codes, method=method, per_trial=True, n_steps=2)
    found = spectral_relevance(model, x, codes, method=method, trials="contrast", n_steps=2)
    for own in (0, 1):
        expected = singles[codes == own].mean("trial") - singles[codes != own].mean("trial")
        assert_close(found.isel(target=own), expected.isel(target=own))
    assert found.isel(target=2).isnull().all()


@pytest.mark.parametrize("batch_size", [1, 7, 40])
@pytest.mark.parametrize("baseline", ["channel_mean", "class_mean"])
def test_the_size_of_the_batches_does_not_matter(model, noise, monkeypatch, baseline, batch_size):
    x, y = noise(20), np.arange(20) % 3
    expected = spectral_relevance(model, x, y, trials="contrast", baseline=baseline, n_steps=3)
    by_batches = partial(explain_trials, batch_size=batch_size)
    monkeypatch.setattr(convergence, "explain_trials", by_batches)
    found = spectral_relevance(model, x, y, trials="contrast", baseline=baseline, n_steps=3)
    assert_close(found, expected)


def test_the_size_of_the_blocks_does_not_matter(network, moved, noise, monkeypatch):
    model, x = moved(network()), noise(40, n_times=128)
    for baseline in ("zero", "channel_mean"):
        expected = spectral_relevance(model, x, baseline=baseline, n_steps=4)
        with monkeypatch.context() as patch:
            patch.setattr("sincviz.networks.fast.trial_blocks.BLOCK_BYTES", 5 * 8 * 128 * 4)
            assert_close(spectral_relevance(model, x, baseline=baseline, n_steps=4), expected)


def test_the_front_end_alone_gives_the_same(network, moved, noise):
    model, x = moved(network()), noise(5, n_times=128)
    for method in ("integrated_gradients", "gradient_x_input", "amplitude_gradient"):
        expected = spectral_relevance(model, x, method=method)
        xr.testing.assert_identical(spectral_relevance(front_end(model), x, method=method), expected)


def named(model, epochs, **known):
    """A network that tells what is needed for epochs."""
    for name, value in ({"chs_info": epochs.info["chs"], "scale": 1e6} | known).items():
        setattr(model, name, value)
    return model


@pytest.mark.parametrize("known", [{"sfreq": 128.0}, {"sfreq": 128.0, "class_names": ["left", "right"]}, {}])
def test_any_network_that_tells_channels_and_units_takes_epochs(eegnet, epochs, tmp_path, known):
    model = named(eegnet(n_times=128, n_outputs=2), epochs, **known)
    trials = "contrast" if "class_names" in known else "all"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        spectral_relevance(model, epochs, n_steps=1)
    said = " ".join(str(one.message) for one in caught)
    assert ("names of its classes" in said, "128 Hz" in said) == (
        "class_names" not in known,
        "sfreq" not in known,
    )
    found = spectral_relevance(model, epochs, trials=trials, n_steps=3)
    y = epochs.events[:, 2] - 1
    expected = spectral_relevance(model, epochs.get_data() * 1e6, y, trials=trials, n_steps=3, sfreq=128.0)
    assert_close(found, expected, 1e-5)
    assert found["channel"].to_numpy().tolist() == epochs.ch_names
    np.testing.assert_array_equal(found["frequency"], np.fft.rfftfreq(128, 1 / 128))
    assert found["frequency"].attrs["units"] == "Hz"
    assert found.attrs["above_chance"] in ("yes", "no")
    names = ["left against right"] if trials == "contrast" else ["left", "right"]
    assert found["target"].to_numpy().tolist() == names
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    assert_close(spectral_relevance(model, on_disk, trials=trials, n_steps=3), found, 1e-5)
    assert not on_disk.preload


@pytest.mark.filterwarnings("ignore:.*preprocessed differently")  # it was not trained at all
def test_units_that_a_network_does_not_tell_are_taken_for_microvolts_and_that_is_said(eegnet, epochs):
    model = named(eegnet(n_times=128, n_outputs=2), epochs, scale=None)
    with pytest.warns(RuntimeWarning, match=r"assumed to be microvolts\. If that is wrong.*scale=1e6"):
        found = spectral_relevance(model, epochs, n_steps=1)
    assert_close(found, spectral_relevance(model, epochs.get_data() * 1e6, n_steps=1, sfreq=128.0), 1e-5)


def test_frequencies_are_in_hz_where_somebody_knows_the_rate(eegnet, network, noise):
    model, x = eegnet(), noise(2)
    unknown = spectral_relevance(model, x, method="gradient_x_input")
    assert unknown["frequency"].attrs["units"] == "cycles per sample"
    assert unknown["frequency"].to_numpy()[-1] == 0.5
    known = spectral_relevance(model, x, method="gradient_x_input", sfreq=100)
    assert (known["frequency"].to_numpy()[-1], known["frequency"].attrs["units"]) == (50, "Hz")
    own = spectral_relevance(network(n_times=96), x, method="gradient_x_input")
    assert own["frequency"].to_numpy()[-1] == 64


def test_dimensions_and_attributes_are_labelled(network, moved, epochs):
    model = moved(network(chs_info=epochs.info["chs"]))
    model.scale, model.class_names = 1e6, ["left", "right"]
    found = spectral_relevance(model, epochs, explain="margin", baseline="channel_mean", n_steps=5)
    assert (found.name, found.dims) == ("spectral_relevance", ("target", "channel", "frequency"))
    assert found["target"].to_numpy().tolist() == ["left", "right"]
    assert {"region", "x", "y", "z", "completeness_error"} <= set(found.coords)
    told = {
        "method": "integrated_gradients",
        "explain": "margin",
        "trials": "all",
        "baseline": "channel mean",
    }
    assert told.items() <= found.attrs.items()
    assert (found.attrs["units"], found.attrs["n_steps"], found.attrs["n_trials"]) == ("margin", 5, 40)
    assert found.attrs["weights_sha256"] == front_end(model).weights_sha256
    amplitude = spectral_relevance(model, epochs, method="amplitude_gradient")
    assert amplitude.attrs["units"] == "score per unit of amplitude"
    assert "completeness_error" not in amplitude.attrs
    assert "completeness_error" not in amplitude.coords


@pytest.mark.parametrize("per_trial", [False, True])
def test_it_survives_a_file(network, moved, epochs, tmp_path, per_trial):
    model = moved(network(chs_info=epochs.info["chs"]))
    model.scale, model.class_names = 1e6, ["left", "right"]
    found = spectral_relevance(model, epochs, n_steps=3, per_trial=per_trial)
    found.to_netcdf(tmp_path / "relevance.nc", engine="scipy")
    assert xr.load_dataarray(tmp_path / "relevance.nc", engine="scipy").identical(found)


def test_a_sum_over_bands_is_a_sum_over_frequencies(network, moved, noise):
    found = spectral_relevance(moved(network()), noise(5, n_times=128), n_steps=3)
    grouped = sum_over_bands(found)
    assert grouped.dims == ("target", "band", "channel")
    np.testing.assert_allclose(grouped.sum("band"), found.sum("frequency"), rtol=1e-9, atol=1e-12)


def test_the_completeness_error_is_that_of_its_definition(model, noise):
    x = torch.from_numpy(noise(12))
    with torch.no_grad():
        module = copy.deepcopy(model).eval()
        change = (module(x) - module(torch.zeros_like(x[:1]))).numpy()
    found = spectral_relevance(model, x, method="gradient_x_input", per_trial=True)
    shares = found.sum(("channel", "frequency")).to_numpy()
    expected = np.abs(shares - change).sum(0) / np.abs(change).sum(0)
    np.testing.assert_allclose(found["completeness_error"], expected, rtol=1e-6)
    assert found.attrs["completeness_error"] == found["completeness_error"].max()


def test_shares_that_miss_more_than_5_percent_are_said(fbcsp, noise):
    with pytest.warns(RuntimeWarning, match=r"The shares of 'gradient_x_input' miss \d+%.*adds up") as said:
        found = spectral_relevance(fbcsp(), 3 * noise(10), method="gradient_x_input")
    assert found.attrs["completeness_error"] > 0.05
    assert said[0].filename == __file__


def test_shares_that_add_up_are_not_said(eegnet, linear, noise):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spectral_relevance(eegnet(), noise(10), n_steps=64)
        spectral_relevance(linear(), noise(10), method="gradient_x_input")
        spectral_relevance(eegnet(), 30 * noise(10), method="amplitude_gradient")


def test_scores_that_are_not_numbers_are_not_called_complete(eegnet, noise):
    model = eegnet()
    with torch.no_grad():
        model.layers[-1].bias[0] = np.nan
    with pytest.warns(RuntimeWarning, match="The shares of"):
        found = spectral_relevance(model, noise(4))
    assert not found.attrs["completeness_error"] <= 0.05


def test_trials_of_the_training_are_known_again(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    fitted = training.fit(model, epochs[:20], max_epochs=1, batch_size=8, validation=0, progress=False)
    for which, expected in ((slice(20), "no"), (slice(20, None), "yes"), (slice(10, 30), "in part")):
        found = spectral_relevance(fitted, epochs[which], method="gradient_x_input")
        assert found.attrs["held_out"] == expected


def test_accuracy_is_that_on_the_trials(model, noise):
    x, y = noise(50), np.arange(50) % 3
    right = copy.deepcopy(model).eval()(torch.from_numpy(x)).argmax(1).numpy() == y
    attrs = spectral_relevance(model, x, y, n_steps=1).attrs
    assert attrs["accuracy"] == right.mean()
    assert attrs["chance_level"] == pytest.approx(1 / 3)
    assert attrs["majority"] == 17 / 50
    assert attrs["held_out"] == "unknown"


class Flat(nn.Module):
    """A network that returns something for every sample."""

    def forward(self, x):
        return x[:, :2]


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"method": "magic"}, ValueError, "'integrated_gradients', 'gradient_x_input'"),
        ({"method": "gradient_x_activation"}, MethodError, "see `relevance`"),
        ({"method": "gradient"}, MethodError, "see `relevance`"),
        ({"method": "lrp"}, MethodError, "Use 'integrated_gradients'"),
        ({"method": "layer_grad_cam"}, MethodError, "Use 'integrated_gradients'"),
        ({"method": "guided_backprop"}, MethodError, r"equals the gradient.*Use 'gradient_x_input'"),
        ({"method": "deconvolution"}, MethodError, r"equals the gradient.*Use 'gradient_x_input'"),
        ({"explain": "probability"}, ValueError, "`explain` must be one of"),
        ({"trials": "some"}, ValueError, "`trials` must be one of"),
        ({"trials": "contrast"}, ValueError, "pass `y`"),
        ({"baseline": "class_mean"}, ValueError, "pass `y`"),
        ({"baseline": "noise"}, ValueError, "`baseline` must be 'auto'"),
        ({"baseline": np.zeros((6, 3))}, ValueError, r"shape \(6, 96\)"),
        ({"n_steps": 0}, ValueError, "n_steps"),
        ({"sfreq": 0}, ValueError, "`sfreq`"),
        ({"sfreq": np.nan}, ValueError, "`sfreq`"),
        ({"y": [0] * 3}, ValueError, "one label per trial"),
        ({"y": ["left"] * 4}, ValueError, "does not have the classes"),
        ({"epochs": np.zeros((6, 96))}, EpochsError, "shape"),
        ({"epochs": np.zeros((0, 6, 96))}, EpochsError, "no trials"),
        ({"epochs": np.full((2, 6, 96), np.inf)}, EpochsError, "not finite"),
        ({"model": Flat()}, TypeError, r"class scores.*the shape \(\d, 2, 96\)"),
        ({"model": "a string"}, TypeError, "str"),
    ],
)
def test_hostile_settings_are_refused(eegnet, noise, changed, error, message):
    given = {"model": eegnet(), "epochs": noise(4)} | changed
    with pytest.raises(error, match=message):
        spectral_relevance(**given)


@pytest.mark.parametrize("method", ["integrated_gradients", "deep_lift"])
def test_a_network_with_one_output_has_a_score_but_no_margin(eegnet, noise, method):
    model, x = eegnet(n_outputs=1), noise(4)
    assert spectral_relevance(model, x, method=method).sizes["target"] == 1
    with pytest.raises(ValueError, match="Pass `explain='score'`"):
        spectral_relevance(model, x, method=method, explain="margin")


@pytest.mark.parametrize("method", ["deep_lift", "gradient_shap", "guided_backprop", "deconvolution"])
def test_a_front_end_has_no_layers_for_captum(network, noise, method):
    parts = front_end(network(n_times=96))
    if method == "gradient_shap":  # needs scores only
        found = spectral_relevance(parts, noise(3), method=method, n_steps=3)
        assert np.isfinite(found).all()
        return
    with pytest.raises(MethodError, match=r"pass the network itself.*Use '"):
        spectral_relevance(parts, noise(3), method=method)


class Failing(nn.Module):
    """A network that fails at the second batch that it is given."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        if len(x) == 3:
            raise RuntimeError("out of order")
        return self.model(x)


@pytest.mark.parametrize("kind", ["sinc", "eegnet", "failing"])
def test_the_network_is_left_as_it_was(network, moved, eegnet, noise, kind):
    model = {
        "sinc": lambda: moved(network(n_times=96, activation=nn.ReLU)),
        "eegnet": lambda: eegnet(activation=nn.ReLU),
        "failing": lambda: Failing(eegnet(activation=nn.ReLU)),
    }[kind]().train()
    parameters = list(model.parameters())
    parameters[0].requires_grad_(False)
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    handle = next(layer for layer in model.modules() if isinstance(layer, nn.ReLU))
    handle.register_forward_hook(lambda *call: None)
    before = copy.deepcopy(model.state_dict())
    hooks = [
        (dict(m._forward_hooks), dict(m._forward_pre_hooks), dict(m._backward_hooks)) for m in model.modules()
    ]
    wanted = [parameter.requires_grad for parameter in parameters]
    x = noise(67)
    for method in ("integrated_gradients", "deep_lift", "guided_backprop", "gradient_x_input"):
        if kind == "failing":
            with pytest.raises(RuntimeError, match="out of order"):
                spectral_relevance(model, x, method=method, n_steps=1)
        else:
            spectral_relevance(model, x[:3], method=method, n_steps=1)
    assert all(layer.training for layer in model.modules())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all((parameter.grad == 1).all() for parameter in parameters)
    assert [parameter.requires_grad for parameter in parameters] == wanted
    after = [
        (dict(m._forward_hooks), dict(m._forward_pre_hooks), dict(m._backward_hooks)) for m in model.modules()
    ]
    assert after == hooks


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize(
    "method", ["integrated_gradients", "gradient_x_input", "deep_lift", "guided_backprop"]
)
@pytest.mark.parametrize("kind", ["sinc", "eegnet"])
def test_gradients_that_are_switched_off_do_not_matter(network, moved, eegnet, noise, context, method, kind):
    relu = {"activation": nn.ReLU}
    model = moved(network(n_times=96, **relu)) if kind == "sinc" else eegnet(**relu)
    x = noise(5)
    expected = spectral_relevance(model, x, method=method, n_steps=2)
    with context():
        assert spectral_relevance(model, x, method=method, n_steps=2).identical(expected)


@pytest.mark.parametrize("method", ["integrated_gradients", "deep_lift", "amplitude_gradient"])
def test_training_mode_does_not_matter(network, eegnet, noise, method):
    for model in (network(n_times=96), eegnet()):
        expected = spectral_relevance(model.eval(), noise(4), method=method, n_steps=2)
        xr.testing.assert_identical(
            spectral_relevance(model.train(), noise(4), method=method, n_steps=2), expected
        )


def test_a_network_that_returns_more_in_training_is_explained_in_evaluation(linear, noise):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = linear()

        def forward(self, x):
            return (self.model(x), x) if self.training else self.model(x)

    found = spectral_relevance(Two().train(), noise(3), method="gradient_x_input")
    assert found.sizes["target"] == 3
