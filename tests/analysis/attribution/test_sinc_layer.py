"""Relevance at the sinc layer in closed form, against captum on the network layer by layer."""

import copy
import dataclasses
import math
import warnings
from functools import partial

import mne
import numpy as np
import pytest
import torch
import xarray as xr
from captum.attr import LayerGradientXActivation, LayerIntegratedGradients
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sincviz import EpochsError, learned_bands, load_checkpoint, save_checkpoint, training
from sincviz.analysis.attribution import convergence
from sincviz.analysis.attribution.explained import EXPLAIN
from sincviz.analysis.attribution.explanation import explain_trials
from sincviz.analysis.attribution.methods import SINC_LAYER_METHODS
from sincviz.analysis.attribution.sinc_layer import relevance
from sincviz.attribution import sum_over_bands
from sincviz.errors import MethodError
from sincviz.filters import band_membership
from sincviz.networks import FrontEnd, front_end

# Most methods are no exact shares, which is what the warning says; tests of the warning ask for it.
pytestmark = pytest.mark.filterwarnings("ignore:The shares of:RuntimeWarning")


class LayerByLayer(nn.Module):
    """The network in the order of its layers, so that captum can look at what leaves the sinc layer."""

    def __init__(self, model, explain, what_is_explained):
        super().__init__()
        model = copy.deepcopy(model).eval()
        self.sinc = model.sinc_filter_layer
        self.rest = nn.Sequential(model.depthwiseconv, model.temporal_aggregation, model.final_layer)
        self.explained = partial(what_is_explained, explain=explain)

    def forward(self, x):
        return self.explained(self.rest(self.sinc(x)))


def by_captum(module, x, start, method, n_steps):
    """Relevance of each trial, shape (trials, classes, filters, channels)."""
    of_classes = []
    for target in range(module(x[:1]).shape[1]):
        if method == "integrated_gradients":
            engine = LayerIntegratedGradients(module, module.sinc)
            found = engine.attribute(x, start, target, n_steps=n_steps, method="gausslegendre").sum(3)
        elif method == "gradient_x_activation" and (start == 0).all():
            found = LayerGradientXActivation(module, module.sinc).attribute(x, target).sum(3)
        else:
            engine = LayerGradientXActivation(module, module.sinc, multiply_by_inputs=False)
            found = engine.attribute(x, target)
            if method == "gradient":
                found = found.square().mean(3).sqrt()
            else:
                found = (found * (module.sinc(x) - module.sinc(start))).sum(3)
        of_classes.append(found.detach())
    return torch.stack(of_classes, 1)


def start_of(baseline, x, codes, own):
    match baseline:
        case "zero":
            return torch.zeros_like(x)
        case "channel_mean":
            return x.mean(2, keepdim=True).expand_as(x).contiguous()
        case "class_mean":
            return torch.stack([x[codes == code].mean(0) for code in codes])
    return torch.from_numpy(own).to(x).expand_as(x).contiguous()


shapes = st.fixed_dictionaries(
    {
        "n_chans": st.integers(1, 5),
        "num_time_filters": st.integers(1, 4),
        "time_filter_len": st.integers(1, 12).map(lambda half: 2 * half + 1),
        "depth_multiplier": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid"]),
        "n_times": st.integers(60, 100),
        "n_outputs": st.integers(2, 3),
        "activation": st.sampled_from([nn.ELU, nn.ReLU, nn.Tanh, nn.PReLU]),
    }
)


@pytest.mark.parametrize(
    ("dtype", "relative", "generic"),
    [(torch.float64, 1e-9, False), (torch.float64, 1e-9, True), (torch.float32, 1e-5, False)],
    ids=["double", "double, the general way", "single"],
)
@pytest.mark.parametrize("method", SINC_LAYER_METHODS)
@settings(max_examples=14)
@given(
    shape=shapes,
    explain=st.sampled_from(EXPLAIN),
    baseline=st.sampled_from(["zero", "channel_mean", "class_mean", "own"]),
    own_times=st.booleans(),
    n_steps=st.integers(1, 8),
    seed=st.integers(0, 100),
)
def test_it_is_what_captum_finds_layer_by_layer(
    network, moved, noise, what_is_explained, dtype, relative, generic, method,
    shape, explain, baseline, own_times, n_steps, seed,
):  # fmt: skip
    model = moved(network(seed, **shape, pool_size=20, pool_stride=7), seed).to(dtype)
    n_chans, n_times = shape["n_chans"], shape["n_times"]
    x = noise(5, n_chans, n_times, seed, str(dtype)[6:])
    own = noise(1, n_chans, n_times if own_times else 1, seed + 1)[0]
    codes = np.array([0, 1, 1, 0, 1])
    parts = front_end(model)
    if generic:
        parts = dataclasses.replace(parts, activation=None, pooling=None, head=None, features=None)
    found = relevance(
        parts, x, codes, method=method, explain=explain, n_steps=n_steps, per_trial=True,
        baseline=own if baseline == "own" else baseline,
    )  # fmt: skip
    module = LayerByLayer(model, explain, what_is_explained)
    signals = torch.from_numpy(x)
    expected = by_captum(module, signals, start_of(baseline, signals, codes, own), method, n_steps).numpy()
    if method == "integrated_gradients":
        relative = max(relative, 1e-7)  # captum keeps the weights of its steps in single precision
    assert found.dims == ("trial", "target", "filter", "channel")
    np.testing.assert_allclose(found, expected, rtol=0, atol=relative * np.abs(expected).max() + 1e-30)


@pytest.mark.parametrize("explain", EXPLAIN)
@pytest.mark.parametrize("activation", [nn.ELU, nn.PReLU])
def test_integrated_gradients_are_the_integral_layer_by_layer(
    network, moved, noise, what_is_explained, explain, activation
):
    model = moved(network(activation=activation, n_outputs=3)).double()
    module = LayerByLayer(model, explain, what_is_explained)
    x, start = (torch.from_numpy(noise(4, n_times=128, seed=seed)) for seed in (0, 1))
    first, last = module.sinc(start[:1]).detach(), module.sinc(x).detach()
    total = torch.zeros(3, *last.shape, dtype=torch.float64)
    for place, weight in zip(*np.polynomial.legendre.leggauss(7), strict=True):
        point = (first + (1 + place) / 2 * (last - first)).requires_grad_()
        scores = module.explained(module.rest(point)).sum(0)
        for number, score in enumerate(scores):
            total[number] += weight / 2 * torch.autograd.grad(score, point, retain_graph=True)[0]
    expected = (total * (last - first)).sum(4).transpose(0, 1)
    found = relevance(model, x, explain=explain, baseline=start[0], n_steps=7, per_trial=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * expected.abs().max())


class EvenKernels(nn.Module):
    """Free temporal filters of even length; padding ``"same"`` puts one zero more behind than before."""

    def __init__(self, n_taps):
        super().__init__()
        rng = np.random.default_rng(n_taps)
        self.kernels = torch.from_numpy(rng.standard_normal((3, n_taps)))
        self.weights = torch.from_numpy(rng.standard_normal((3, 2, 5)))
        self.head = torch.from_numpy(rng.standard_normal((2, 3, 2, 1)))

    def sinc(self, x):
        n_taps = self.kernels.shape[1]
        padded = nn.functional.pad(x, ((n_taps - 1) // 2, n_taps - 1 - (n_taps - 1) // 2))
        filtered = nn.functional.conv1d(padded.flatten(0, 1)[:, None], self.kernels[:, None])
        return filtered.reshape(*x.shape[:2], 3, -1).transpose(1, 2)

    def tail(self, maps):
        return torch.einsum("bfdt,kfdt->bk", maps.tanh().mean(3, keepdim=True), self.head)

    def rest(self, filtered):
        return self.tail(torch.einsum("fdc,bfct->bfdt", self.weights, filtered))


@pytest.fixture
def registered():
    @front_end.register
    def _(model: EvenKernels) -> FrontEnd:
        return FrontEnd(
            kernels=model.kernels, cutoffs=None, initial_cutoffs=None, spatial=model.weights,
            scale=torch.ones(3, 2).double(), bias=torch.zeros(3, 2).double(), padding="same", tail=model.tail,
            sfreq=100.0, ch_names=None, chs_info=None,
        )  # fmt: skip


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("n_taps", [2, 15, 16])
def test_a_registered_network_with_kernels_of_any_length_is_explained(noise, n_taps):
    model = EvenKernels(n_taps)
    x = noise(4, 5, 60)
    filtered = model.sinc(torch.from_numpy(x)).requires_grad_()
    scores = model.rest(filtered)
    gradients = [torch.autograd.grad(score, filtered, retain_graph=True)[0] for score in scores.sum(0)]
    expected = torch.stack([(gradient * filtered).sum(3) for gradient in gradients], 1)
    found = relevance(model, x, method="gradient_x_activation", per_trial=True)
    np.testing.assert_allclose(found, expected.detach(), rtol=1e-9, atol=1e-12)
    assert found["low_hz"].isnull().all()


@pytest.fixture
def model(network, moved, epochs):
    """A network in microvolts for the channels and classes of the epochs."""
    model = moved(network(chs_info=epochs.info["chs"]))
    model.scale = 1e6
    model.class_names = ["left", "right"]
    with torch.no_grad():  # both classes are named now and then
        scores = copy.deepcopy(model).eval()(torch.from_numpy(epochs.get_data() * 1e6).float())
        model.final_layer.bias -= scores.median(0).values
    return model


def assert_close(found, expected, relative=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=relative * np.nanmax(np.abs(expected)))


@pytest.mark.parametrize("explain", EXPLAIN)
@pytest.mark.parametrize("baseline", ["zero", "channel_mean", "class_mean"])
def test_integrated_gradients_add_up_to_the_change(model, epochs, what_is_explained, explain, baseline):
    model.double()
    found = relevance(model, epochs, explain=explain, baseline=baseline, n_steps=64, per_trial=True)
    x = torch.from_numpy(epochs.get_data() * 1e6)
    start = start_of(baseline, x, epochs.events[:, 2], None)
    double = copy.deepcopy(model).double().eval()
    change = what_is_explained(double(x), explain) - what_is_explained(double(start), explain)
    shares = found.sum(("filter", "channel")).to_numpy()
    change = change.detach().numpy()
    assert np.abs(shares - change).sum() < 0.02 * np.abs(change).sum()
    assert found.attrs["completeness_error"] < 0.02


@pytest.mark.parametrize("method", SINC_LAYER_METHODS)
@pytest.mark.parametrize("n_trials", [1, 63, 64, 65, 130])
def test_the_mean_over_trials_is_that_of_single_trials(network, moved, noise, method, n_trials):
    model, x = moved(network()).double(), noise(n_trials, n_times=128)
    singles = relevance(model, x, method=method, per_trial=True, n_steps=2)
    found = relevance(model, x, method=method, n_steps=2)
    assert found.dims == ("target", "filter", "channel")
    assert singles.shape == (n_trials, *found.shape)
    assert_close(found, singles.mean("trial"))


@pytest.mark.parametrize("method", SINC_LAYER_METHODS)
def test_the_contrast_is_that_of_single_trials(network, moved, noise, method):
    model, x = moved(network(n_outputs=3)).double(), noise(70, n_times=128)
    codes = np.random.default_rng(1).integers(0, 2, 70)
    singles = relevance(model, x, method=method, per_trial=True, n_steps=2)
    found = relevance(model, x, codes, method=method, trials="contrast", n_steps=2)
    for own in (0, 1):
        expected = singles[codes == own].mean("trial") - singles[codes != own].mean("trial")
        assert_close(found.isel(target=own), expected.isel(target=own))
    assert found.isel(target=2).isnull().all()


@pytest.mark.parametrize("trials", ["all", "contrast"])
@pytest.mark.parametrize("baseline", ["channel_mean", "class_mean"])
@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_the_size_of_the_batches_does_not_matter(model, epochs, monkeypatch, trials, baseline, batch_size):
    settings = {"trials": trials, "baseline": baseline, "n_steps": 4}
    expected = relevance(model, epochs, **settings)
    monkeypatch.setattr(convergence, "explain_trials", partial(explain_trials, batch_size=batch_size))
    found = relevance(model, epochs, **settings)
    assert_close(found, expected)
    assert math.isclose(
        found.attrs.pop("completeness_error"), expected.attrs.pop("completeness_error"), rel_tol=1e-3
    )
    assert found.attrs == expected.attrs


@pytest.mark.parametrize("baseline", ["zero", "channel_mean"])
def test_the_size_of_the_blocks_does_not_matter(model, epochs, monkeypatch, baseline):
    expected = relevance(model, epochs, baseline=baseline, n_steps=4)
    monkeypatch.setattr("sincviz.networks.fast.trial_blocks.BLOCK_BYTES", 5 * 8 * 128 * 4)
    assert_close(relevance(model, epochs, baseline=baseline, n_steps=4), expected)


def test_the_order_of_the_trials_does_not_matter(model, epochs):
    order = np.random.default_rng(0).permutation(40)
    assert_close(relevance(model, epochs[order]), relevance(model, epochs))


def test_epochs_on_disk_give_the_same_and_stay_there(model, epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    found = relevance(model, on_disk, trials="contrast", baseline="class_mean")
    assert not on_disk.preload
    assert_close(found, relevance(model, epochs, trials="contrast", baseline="class_mean"))


def test_trials_that_the_reading_rejects_are_left_out(model, epochs, tmp_path):
    epochs.save(tmp_path / "trials-epo.fif", fmt="double")
    highest = np.ptp(epochs.get_data(), axis=2).max(1)
    kept = highest <= np.median(highest)
    rejecting = mne.read_epochs(tmp_path / "trials-epo.fif", preload=False)
    rejecting.drop_bad(reject={"eeg": float(np.median(highest))}, verbose="error")
    found = relevance(model, rejecting, trials="contrast")
    assert found.attrs["n_trials"] == kept.sum()
    assert_close(found, relevance(model, epochs[kept], trials="contrast"))


def test_arrays_and_epochs_give_the_same(model, epochs):
    y = np.where(epochs.events[:, 2] == 1, "left", "right")
    found = relevance(model, epochs.get_data() * 1e6, y, trials="contrast")
    xr.testing.assert_allclose(found, relevance(model, epochs, trials="contrast"), rtol=1e-5)


def test_channels_are_in_the_order_of_the_network(model, epochs):
    shuffled = epochs.copy().reorder_channels(epochs.ch_names[::-1])
    xr.testing.assert_identical(relevance(model, shuffled), relevance(model, epochs))


def test_a_channel_that_is_silent_has_no_share(model, epochs):
    x = epochs.get_data() * 1e6
    x[:, 2] = 0
    found = relevance(model, x)
    assert (found.isel(channel=2) == 0).all()
    assert (found.isel(channel=3) != 0).all()


def test_a_filter_that_is_not_used_is_not_relevant(model, epochs):
    with torch.no_grad():
        model.depthwiseconv[1].weight[2:4] = 0
    for method in SINC_LAYER_METHODS:
        found = relevance(model, epochs, method=method)
        assert (found.isel(filter=1) == 0).all()


def test_a_sum_over_bands_is_a_sum_over_filters(model, epochs):
    found = relevance(model, epochs)
    grouped = sum_over_bands(found, band_membership(model, bands={"mu": (8, 13)}, by="measured_energy"))
    assert grouped.dims == ("target", "band", "channel")
    np.testing.assert_allclose(grouped.sum("band"), found.sum("filter"), rtol=1e-9, atol=1e-12)


def test_dimensions_and_coordinates_are_labelled(model, epochs):
    found = relevance(model, epochs)
    assert (found.name, found.dims) == ("relevance", ("target", "filter", "channel"))
    assert found["target"].to_numpy().tolist() == ["left", "right"]
    assert found["channel"].to_numpy().tolist() == epochs.ch_names
    assert found["peak_hz"].to_numpy().tolist() == learned_bands(model)["peak_hz"].tolist()
    assert {"region", "x", "y", "z"} <= set(found.coords)
    assert "depth" not in found.coords


@pytest.mark.parametrize(
    ("method", "units"),
    [
        ("integrated_gradients", "margin"),
        ("gradient_x_activation", "margin"),
        ("gradient", "margin per unit of the filtered signal"),
    ],
)
def test_attributes_tell_how_it_was_made(model, epochs, method, units):
    attrs = relevance(
        model, epochs, method=method, explain="margin", baseline="channel_mean", n_steps=5
    ).attrs
    assert (attrs["method"], attrs["explain"], attrs["trials"]) == (method, "margin", "all")
    assert (attrs["units"], attrs["n_trials"]) == (units, 40)
    assert attrs.get("baseline") == (None if method == "gradient" else "channel mean")
    assert attrs["weights_sha256"] == front_end(model).weights_sha256
    assert attrs.get("n_steps") == (5 if method == "integrated_gradients" else None)


@pytest.mark.parametrize("per_trial", [False, True])
def test_it_survives_a_file(model, epochs, tmp_path, per_trial):
    found = relevance(model, epochs, per_trial=per_trial)
    found.to_netcdf(tmp_path / "relevance.nc", engine="scipy")
    assert xr.load_dataarray(tmp_path / "relevance.nc", engine="scipy").identical(found)


def missed(found, change):
    """What shares of trials miss of the change of each class, over the change."""
    shares = found.sum(("filter", "channel")).to_numpy()
    return np.abs(shares - change).sum(0) / np.abs(change).sum(0)


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_activation"])
def test_the_completeness_error_is_that_of_its_definition(model, epochs, method):
    singles = relevance(model, epochs, method=method, per_trial=True, n_steps=2)
    double = copy.deepcopy(model).double().eval()
    x = torch.from_numpy(epochs.get_data() * 1e6)
    with torch.no_grad():
        change = (double(x) - double(torch.zeros_like(x[:1]))).numpy()
    found = relevance(model, epochs, method=method, n_steps=2)
    expected = missed(singles, change)
    np.testing.assert_allclose(found["completeness_error"], expected, rtol=1e-3, atol=1e-6)
    assert found["completeness_error"].dims == ("target",)
    assert found.attrs["completeness_error"] == found["completeness_error"].max()
    assert singles.attrs["completeness_error"] == found.attrs["completeness_error"]


def test_what_is_no_share_has_no_completeness_error(model, epochs):
    found = relevance(model, epochs, method="gradient")
    assert "completeness_error" not in found.coords
    assert "completeness_error" not in found.attrs


def test_shares_that_miss_more_than_5_percent_are_said(network, moved, noise):
    model, x = moved(network(activation=nn.ReLU)), 3 + noise(10, n_times=128)
    with pytest.warns(
        RuntimeWarning, match=r"The shares of 'gradient_x_activation' miss \d+%.*5%.*adds up"
    ) as said:
        found = relevance(model, x, method="gradient_x_activation")
    assert found.attrs["completeness_error"] > 0.05
    assert said[0].filename == __file__


def test_too_few_steps_are_said(network, moved, noise):
    model = moved(network(activation=nn.Tanh))
    with pytest.warns(RuntimeWarning, match=r"'integrated_gradients'.*Take more `n_steps`"):
        relevance(model, 50 * noise(10, n_times=128), n_steps=1)


def test_shares_that_add_up_are_not_said(network, moved, noise):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        relevance(moved(network()), noise(10, n_times=128), n_steps=64)
        linear = moved(network(activation=nn.Identity))
        relevance(linear, noise(10, n_times=128), method="gradient_x_activation")
        relevance(moved(network(activation=nn.Tanh)), 50 * noise(10, n_times=128), method="gradient")


def test_shares_that_are_not_numbers_are_not_called_complete(network, noise):
    model = network()
    with torch.no_grad():
        model.final_layer.weight[0, 0] = np.nan
    with pytest.warns(RuntimeWarning, match="The shares of"):
        found = relevance(model, noise(10, n_times=128))
    assert not found.attrs["completeness_error"] <= 0.05


def test_trials_that_are_the_baseline_have_nothing_to_share(network, moved):
    found = relevance(moved(network()), np.zeros((3, 6, 128)))
    assert (found == 0).all()
    # The scores differ by rounding, as they come from blocks of other sizes.
    assert found.attrs["completeness_error"] < 0.01


@pytest.fixture(scope="module")
def trained(network, simulation, tmp_path_factory):
    """A network that was trained on the first 20 trials, as it comes from a file."""
    epochs = simulation[0]
    model = network(chs_info=epochs.info["chs"])
    fitted = training.fit(model, epochs[:20], max_epochs=1, batch_size=8, validation=0.25, progress=False)
    path = tmp_path_factory.mktemp("trained") / "network.safetensors"
    save_checkpoint(fitted.module_, path)
    return fitted, load_checkpoint(path)


@pytest.mark.parametrize(
    ("which", "held_out", "n_seen"),
    [
        (slice(20), "no", 20),
        (slice(20, None), "yes", 0),
        (slice(15, 30), "in part", 5),
        ([3, 39], "in part", 1),
    ],
)
def test_trials_of_the_training_are_known_again(trained, epochs, which, held_out, n_seen):
    for model in trained:
        for trials in (epochs[which], epochs.get_data()[which] * 1e6):
            attrs = relevance(model, trials, method="gradient").attrs
            assert (attrs["held_out"], attrs["n_trials_seen_in_training"]) == (held_out, n_seen)


def test_whether_trials_were_held_out_is_unknown_of_a_network_that_does_not_remember(model, epochs):
    attrs = relevance(model, epochs).attrs
    assert attrs["held_out"] == "unknown"
    assert "n_trials_seen_in_training" not in attrs


def test_accuracy_is_that_on_the_trials(model, epochs):
    double = copy.deepcopy(model).double().eval()
    right = double(torch.from_numpy(epochs.get_data() * 1e6)).argmax(1).numpy() == epochs.events[:, 2] - 1
    attrs = relevance(model, epochs).attrs
    assert attrs["accuracy"] == right.mean()
    assert attrs["accuracy_ci_low"] < right.mean() < attrs["accuracy_ci_high"]
    assert attrs["chance_level"] == np.bincount(epochs.events[:, 2]).max() / 40


def test_a_network_that_is_right_is_above_chance_and_one_that_is_wrong_is_not(model, epochs):
    x = epochs.get_data() * 1e6
    predicted = copy.deepcopy(model).eval()(torch.from_numpy(x).float()).argmax(1).numpy()
    assert set(predicted) == {0, 1}
    assert relevance(model, x, predicted).attrs["above_chance"] == "yes"
    wrong = relevance(model, x, 1 - predicted).attrs
    assert (wrong["above_chance"], wrong["accuracy"]) == ("no", 0)


def test_labels_that_nobody_knows_are_needed_for_the_contrast_only(network, epochs):
    model = network(n_outputs=3, chs_info=epochs.info["chs"])  # not as many as the epochs have classes
    model.scale = 1e6
    attrs = relevance(model, epochs).attrs
    assert attrs["above_chance"] == "unknown"
    assert "accuracy" not in attrs
    for needing in ({"trials": "contrast"}, {"baseline": "class_mean"}):
        with pytest.raises(ValueError, match="does not have the classes"):
            relevance(model, epochs, **needing)
        with pytest.raises(ValueError, match="pass `y`"):
            relevance(model, epochs.get_data() * 1e6, **needing)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"method": "magic"}, ValueError, "'integrated_gradients', 'gradient_x_activation', 'gradient'; got"),
        ({"method": "deep_lift"}, MethodError, "see `spectral_relevance`"),
        ({"explain": "probability"}, ValueError, "`explain` must be one of"),
        ({"trials": "some"}, ValueError, "`trials` must be one of"),
        ({"baseline": "noise"}, ValueError, "`baseline` must be 'auto'"),
        ({"baseline": np.zeros((6, 3))}, ValueError, r"shape \(6, 128\)"),
        ({"n_steps": 0}, ValueError, "n_steps"),
        ({"n_steps": 2.5}, TypeError, "n_steps"),
        ({"y": [0] * 39}, ValueError, "one label per trial"),
        ({"y": [7] * 40}, ValueError, "does not have the classes"),
        ({"y": [0] * 40, "trials": "contrast"}, ValueError, "All trials are of one class"),
        ({"per_trial": True, "trials": "contrast", "y": [0, 1] * 20}, ValueError, "choose one"),
        ({"epochs": np.zeros((2, 6, 127))}, EpochsError, "128 times"),
        ({"epochs": np.zeros((2, 5, 128))}, EpochsError, "6 channels"),
        ({"epochs": np.zeros((6, 128))}, EpochsError, "shape"),
        ({"epochs": np.zeros((0, 6, 128))}, EpochsError, "no trials"),
        ({"epochs": np.full((2, 6, 128), np.nan)}, EpochsError, "not finite"),
    ],
)
@pytest.mark.parametrize("activation", [nn.ELU, nn.PReLU])
def test_hostile_settings_are_refused(network, noise, activation, changed, error, message):
    given = {"model": network(activation=activation), "epochs": noise(40, n_times=128)} | changed
    with pytest.raises(error, match=message):
        relevance(**given)


@pytest.mark.parametrize("method", ["lrp", "layer_grad_cam"])
def test_methods_of_elsewhere_are_refused_with_their_own_reason(model, epochs, method):
    with pytest.raises(MethodError, match="Use 'integrated_gradients'") as raised:
        relevance(model, epochs, method=method)
    assert "pass the network itself" not in str(raised.value)


@pytest.mark.parametrize("unknown", [nn.Linear(2, 2), "a string"])
def test_a_network_whose_front_end_is_unknown_is_refused(unknown):
    with pytest.raises(TypeError, match=r"does not (know the front end|accept trials)"):
        relevance(unknown, np.zeros((2, 6, 128)))


def test_a_network_with_one_output_has_a_score_but_no_margin(network, moved, noise):
    model = moved(network(n_outputs=1))
    assert relevance(model, noise(4, n_times=128)).sizes["target"] == 1
    for explain in ("margin", "log_probability"):
        with pytest.raises(ValueError, match="Pass `explain='score'`"):
            relevance(model, noise(4, n_times=128), explain=explain)


def test_the_network_is_left_as_it_was(model, epochs):
    model.train()
    seen = []
    model.sinc_filter_layer.register_forward_hook(lambda *call: seen.append(1))
    model.depthwiseconv.requires_grad_(False)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = copy.deepcopy(model.state_dict())
    wanted = [parameter.requires_grad for parameter in model.parameters()]
    data = epochs.get_data(copy=True)
    for method in SINC_LAYER_METHODS:
        relevance(model, epochs, method=method, trials="contrast")
    with pytest.raises(EpochsError):
        relevance(model, np.full((2, 6, 128), np.nan))
    assert all(layer.training for layer in model.modules())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all((parameter.grad == 1).all() for parameter in model.parameters())
    assert [parameter.requires_grad for parameter in model.parameters()] == wanted
    assert len(model.sinc_filter_layer._forward_hooks) == 1
    assert seen == []
    np.testing.assert_array_equal(epochs.get_data(), data)


@pytest.mark.parametrize("activation", [nn.ELU, nn.PReLU])
@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_gradients_that_are_switched_off_do_not_matter(network, moved, noise, activation, context):
    model, x = moved(network(activation=activation)), noise(5, n_times=128)
    for method in SINC_LAYER_METHODS:
        expected = relevance(model, x, method=method)
        with context():
            assert relevance(model, x, method=method).identical(expected)


def test_training_mode_does_not_matter(model, epochs):
    xr.testing.assert_identical(relevance(model.train(), epochs), relevance(model.eval(), epochs))
