"""Ablation takes exactly what it says from exactly where it says."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sincviz import EpochsError
from sincviz.analysis.evidence.ablation import ablate
from sincviz.analysis.evidence.band_replacement import other_trials
from sincviz.networks import front_end


@pytest.fixture
def model(network, moved, epochs):
    model = moved(network(chs_info=epochs.info["chs"]))
    model.scale, model.class_names = 1e6, ["left", "right"]
    return model.eval()


def quietly(model, epochs, y=None, **settings):
    return ablate(model, epochs, y, progress=False, **settings)


@given(n_trials=st.integers(2, 300), seed=st.integers(0, 1000))
def test_another_trial_is_never_the_same_and_each_is_used_once(n_trials, seed):
    other = other_trials(n_trials, np.random.default_rng(seed))
    assert (other != np.arange(n_trials)).all()
    assert sorted(other) == list(range(n_trials))


def margins(model, trials, codes):
    with torch.no_grad():
        scores = model(torch.from_numpy(trials)).double().numpy()
    true = scores[np.arange(len(codes)), codes]
    scores[np.arange(len(codes)), codes] = -np.inf
    return true - scores.max(1)


@pytest.fixture
def trials(epochs):
    return (epochs.get_data() * 1e6).astype(np.float32)


@pytest.fixture
def codes(epochs):
    return epochs.events[:, 2] - 1


@pytest.mark.parametrize("seed", [0, 4])
def test_a_band_of_everything_is_the_channel_of_another_trial(model, epochs, trials, codes, seed):
    loss = quietly(model, epochs, bands={"all": (0, np.inf)}, channels=["C3", "C4"], seed=seed)
    swapped = trials.copy()
    column = epochs.ch_names.index("C4")
    swapped[:, column] = trials[other_trials(40, np.random.default_rng(seed)), column]
    before, after = margins(model, trials, codes), margins(model, swapped, codes)
    found = loss.sel(band="all", channel="C4")
    assert float(found.score_loss) == pytest.approx((before - after).mean(), rel=1e-3, abs=1e-5)
    assert float(found.accuracy_loss) == pytest.approx((before > 0).mean() - (after > 0).mean())
    assert loss.attrs["accuracy"] == pytest.approx((before > 0).mean())


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((64.5, 100), r"'own', 64\.5 to 100 Hz\. Pass bands that begin below the Nyquist frequency, 64 Hz"),
        (
            (10.2, 10.8),
            r"'own', 10\.2 to 10\.8 Hz\. Their frequencies are 1 Hz apart: make the band at least that wide",
        ),
    ],
)
def test_a_band_without_frequencies_is_refused(model, epochs, limits, message):
    with pytest.raises(ValueError, match=message):
        quietly(model, epochs, bands={"alpha": (8, 13), "own": limits})
    as_wide = (limits[0] % 60, limits[0] % 60 + 1)
    assert quietly(model, epochs, bands={"own": as_wide}, channels=["C3"]).score_loss.notnull().all()


def test_a_rhythm_that_the_rate_cannot_hold_takes_nothing(network):
    x = np.random.default_rng(0).standard_normal((6, 6, 128)).astype(np.float32)
    slow = network(sfreq=50, freq_stride=2).eval()
    loss = quietly(slow, x, [0, 1] * 3)
    assert loss.score_loss.isnull().all("channel").to_series()[lambda empty: empty].index.tolist() == [
        "gamma"
    ]


def test_only_the_band_itself_matters(model, epochs, trials, codes):
    # All trials share what lies outside 8 to 13 Hz: taking it from another changes nothing.
    spectrum = np.fft.rfft(trials)
    alpha = (np.fft.rfftfreq(128, 1 / 128) >= 8) & (np.fft.rfftfreq(128, 1 / 128) < 13)
    spectrum[..., ~alpha] = spectrum[:1, :, ~alpha]
    loss = quietly(model, np.fft.irfft(spectrum), codes)
    size = np.abs(loss.score_loss).max("channel")
    assert float(size.sel(band="alpha")) > 1e-3
    assert float(size.drop_sel(band="alpha").max()) < 1e-2 * float(size.sel(band="alpha"))


def test_a_channel_that_no_filter_looks_at_loses_nothing(model, epochs):
    with torch.no_grad():
        model.depthwiseconv[1].weight[:, :, 2] = 0
    loss = quietly(model, epochs)
    unseen = loss.sel(channel=epochs.ch_names[2])
    assert (unseen.score_loss == 0).all()
    assert (unseen.accuracy_loss == 0).all()
    assert (np.abs(loss.score_loss).drop_sel(channel=epochs.ch_names[2]) > 0).any("band").all()


def test_result_is_labelled_in_the_order_asked_for(model, epochs):
    loss = quietly(model, epochs, bands={"fast": (20, 30), "mu": (8, 13)}, channels=["C4", "C3"], seed=2)
    assert loss.score_loss.dims == loss.accuracy_loss.dims == ("band", "channel")
    assert loss["band"].to_numpy().tolist() == ["fast", "mu"]
    assert loss["channel"].to_numpy().tolist() == ["C4", "C3"]
    assert all(isinstance(value, str | int | float) for value in loss.attrs.values())
    assert (loss.attrs["n_trials"], loss.attrs["seed"]) == (40, 2)
    assert loss.attrs["weights_sha256"] == front_end(model).weights_sha256


def test_a_cell_does_not_depend_on_which_others_are_asked_for(model, epochs):
    everything = quietly(model, epochs)
    one = quietly(model, epochs, bands={"beta": (13, 30)}, channels=["C3"])
    expected = float(everything.score_loss.sel(band="beta", channel="C3"))
    assert one.score_loss.item() == pytest.approx(expected, rel=1e-12)


def test_the_seed_decides(model, epochs):
    first, second, other = (quietly(model, epochs, channels=["C3"], seed=seed) for seed in (0, 0, 1))
    assert first.identical(second)
    assert not first.score_loss.equals(other.score_loss)


def test_epochs_and_arrays_labels_and_numbers_give_the_same(model, epochs, trials, codes):
    results = [
        quietly(model, epochs),
        quietly(model, trials, codes),
        quietly(model, trials, np.array(["left", "right"])[codes]),
    ]
    for result in results:
        xr.testing.assert_identical(result, results[0])


@pytest.mark.parametrize("training", [True, False])
def test_network_and_trials_are_left_as_they_were(model, trials, codes, training):
    model.train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    given_trials = trials.copy()
    quietly(model, trials, codes, channels=["C3"])
    assert all(module.training is training for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    np.testing.assert_array_equal(trials, given_trials)


def test_dropout_plays_no_part_also_for_a_network_in_training(model, trials, codes):
    expected = quietly(model, trials, codes, channels=["C3"])
    assert quietly(model.train(), trials, codes, channels=["C3"]).identical(expected)


def test_channels_without_names_are_numbered(network, trials, codes):
    assert quietly(network(), trials, codes).channel.to_numpy().tolist() == list("012345")


def test_a_region_is_its_channels_together(model, epochs, trials, codes):
    loss = quietly(model, epochs, bands={"all": (0, np.inf)}, channels={"both": ["C3", "C4"], "C3": ["C3"]})
    swapped = trials.copy()
    columns = [epochs.ch_names.index(name) for name in ("C3", "C4")]
    swapped[:, columns] = trials[other_trials(40, np.random.default_rng(0))][:, columns]
    before, after = margins(model, trials, codes), margins(model, swapped, codes)
    assert loss.score_loss.sel(channel="both").item() == pytest.approx(
        (before - after).mean(), rel=1e-3, abs=1e-5
    )
    alone = quietly(model, epochs, bands={"all": (0, np.inf)}, channels=["C3"])
    assert loss.score_loss.sel(channel="C3").item() == pytest.approx(alone.score_loss.item(), rel=1e-12)


def test_zero_takes_the_band_away(model, epochs, trials, codes):
    loss = quietly(model, epochs, bands={"all": (0, np.inf)}, channels=["C3"], replacement="zero")
    silent = trials.copy()
    silent[:, epochs.ch_names.index("C3")] = 0
    before, after = margins(model, trials, codes), margins(model, silent, codes)
    assert loss.score_loss.item() == pytest.approx((before - after).mean(), rel=1e-3, abs=1e-5)
    assert loss.attrs["method"] == "replacement by zero"


def test_the_interval_lies_around_the_loss(model, epochs):
    loss = quietly(model, epochs)
    for name in ("accuracy_loss", "score_loss"):
        assert (loss[f"{name}_ci_low"] <= loss[name] + 1e-12).all()
        assert (loss[f"{name}_ci_high"] >= loss[name] - 1e-12).all()
    assert (loss.score_loss_ci_high - loss.score_loss_ci_low > 0).all()


def test_any_network_can_be_ablated(epochs, trials, codes):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(6 * 128, 2))
    with pytest.raises(ValueError, match="sampling rate is not known"):
        quietly(module, trials, codes)
    loss = quietly(module, trials, codes, bands={"all": (0, np.inf)}, channels=["1"], sfreq=128)
    swapped = trials.copy()
    swapped[:, 1] = trials[other_trials(40, np.random.default_rng(0)), 1]
    expected = (margins(module, trials, codes) - margins(module, swapped, codes)).mean()
    assert loss.score_loss.item() == pytest.approx(expected, rel=1e-3, abs=1e-4)


REFUSED = {
    "a channel": ({"channels": ["C3", "X9"]}, "no channel X9. It has .*C3"),
    "one trial": ({"epochs": np.zeros((1, 6, 128)), "y": [0]}, "two or more trials are needed; got 1"),
    "no labels": ({}, "`y` is missing"),
    "a class": ({"y": ["left", "feet"] * 20}, r"classes \['feet'\].*'left', 'right'"),
    "a number": ({"y": [0, 2] * 20}, r"classes \[2\]"),
    "a negative number": ({"y": [0, -1] * 20}, r"classes \[-1\]"),
    "a band upside down": ({"bands": {"mu": (13, 8)}, "y": [0, 1] * 20}, "'mu' must be two increasing"),
    "too few labels": ({"y": [0, 1]}, r"\(2,\) for 40 trials"),
    "no channel": ({"channels": []}, "`channels` is empty"),
    "a channel twice": ({"channels": ["C3", "C3"]}, "each channel once"),
    "no band": ({"bands": {}, "y": [0, 1] * 20}, "`bands` is empty"),
    "random phases": ({"replacement": "phase", "y": [0, 1] * 20}, "keep the power of a band"),
    "another shape": ({"epochs": np.zeros((4, 5, 128)), "y": [0, 1, 0, 1]}, "6 channels, 128 times"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_ablated_is_refused_with_the_reason(model, trials, codes, settings, message):
    given = {"epochs": trials} | ({"y": codes} if "channels" in settings else {}) | settings
    with pytest.raises(ValueError, match=message):
        quietly(model, **given)


def test_epochs_of_another_rate_are_refused(model, epochs):
    with pytest.raises(EpochsError, match="resample"):
        quietly(model, epochs.resample(64.0))


def test_only_networks_can_be_ablated(epochs):
    with pytest.raises(TypeError, match="does not know the front end of str"):
        quietly("network", epochs)


def test_the_margin_of_one_score_is_the_score(trials, codes):
    module = nn.Sequential(nn.Flatten(), nn.Linear(6 * 128, 1))
    pair = nn.Sequential(nn.Flatten(), nn.Linear(6 * 128, 2))
    with torch.no_grad():
        for whole, single in zip(pair[1].parameters(), module[1].parameters(), strict=True):
            whole.copy_(torch.cat([0 * single, single]))
    with pytest.warns(RuntimeWarning, match="logit of class 1"):
        found = quietly(module, trials, codes, sfreq=128)
    expected = quietly(pair, trials, codes, sfreq=128)
    np.testing.assert_allclose(found.score_loss, expected.score_loss, atol=1e-5)


def test_a_single_name_is_no_list_of_channels(model, epochs):
    with pytest.raises(TypeError, match=r"Try \['C3'\]"):
        quietly(model, epochs, channels="C3")


@pytest.mark.parametrize("shown", [True, False])
def test_the_progress_bar_is_shown_only_when_wanted(model, epochs, capsys, shown):
    ablate(model, epochs, channels=["C3"], progress=shown)
    assert ("Ablating" in capsys.readouterr().err) is shown
