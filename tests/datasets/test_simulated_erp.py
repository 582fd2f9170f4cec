"""The simulated potentials have the latencies, maps and noise of their truth, and only one tells the classes apart."""

import time

import mne
import numpy as np
import pytest
import xarray as xr
from scipy.stats import ttest_ind
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score

from sincviz.datasets import simulate_erp, simulate_motor_imagery
from sincviz.datasets.simulated_components import ERPS

STEP_S = 1 / 160
LARGER = {"p300": "target", "n170": "face"}
INFORMATIVE = {"p300": ["p300"], "n170": ["n170_right_hemisphere", "n170_left_hemisphere"]}
DISTRACTORS = ["p1_occipital", "n1_occipital", "p2_frontocentral", "alpha_parietal"]


@pytest.fixture(scope="module", params=list(ERPS))
def simulated(request):
    return simulate_erp(component=request.param)


def data_uv(epochs):
    return 1e6 * epochs.get_data(copy=False)


def contrast_uv(epochs):
    """Return the mean of the class with the larger potential minus that of the other, (channel, time)."""
    smaller, larger = (1e6 * epochs[name].average().data for name in epochs.event_id)
    return xr.DataArray(
        larger - smaller, {"channel": epochs.ch_names, "time": epochs.times}, ("channel", "time")
    )


def peak(values):
    """Return channel and time of the largest size."""
    size = np.abs(values)
    return size.max("time").idxmax().item(), size.max("channel").idxmax().item()


def accuracy(epochs):
    after = data_uv(epochs)[..., epochs.times >= 0]
    features = after.reshape(*after.shape[:2], -1, 8).mean(axis=-1).reshape(len(after), -1)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_score(model, features, epochs.events[:, 2], cv=folds).mean()


def test_epochs_are_what_the_rest_of_the_package_expects(simulated):
    epochs, truth = simulated
    component = truth.attrs["component"]
    assert isinstance(epochs, mne.EpochsArray)
    assert epochs.get_data(copy=False).shape == (400, 32, 160)
    assert epochs.event_id == ERPS[component].event_id
    assert [len(epochs[name]) for name in epochs.event_id] == [200, 200]
    assert np.any(np.diff(epochs.events[:, 2]) != 0)
    assert (epochs.tmin, epochs.info["sfreq"]) == (-0.2, 160.0)
    assert 0.0 in epochs.times
    assert epochs.get_montage() is not None
    assert 4 < data_uv(epochs).std(axis=(0, 2)).min() < data_uv(epochs).std(axis=(0, 2)).max() < 30


def test_truth_is_labelled(simulated):
    epochs, truth = simulated
    component = truth.attrs["component"]
    assert list(truth["source"].values) == INFORMATIVE[component] + DISTRACTORS
    assert list(truth["source"][truth["role"] == "informative"].values) == INFORMATIVE[component]
    assert list(truth["channel"].values) == epochs.ch_names
    np.testing.assert_allclose(truth["time"], epochs.times)
    dims = {name: variable.dims for name, variable in truth.data_vars.items()}
    assert dims == {
        "position": ("source", "axis"),
        "scalp_map": ("source", "channel"),
        "amplitude": ("trial", "source"),
        "latency": ("trial", "source"),
        "time_course": ("source", "time"),
    }
    by_code = {code: name for name, code in epochs.event_id.items()}
    assert [by_code[code] for code in epochs.events[:, 2]] == list(truth["class_name"].values)
    assert set(truth["larger_in"].values) == {LARGER[component], ""}
    np.testing.assert_allclose(truth["time_course"].max("time"), 1)
    for attributes in (truth.attrs, *(variable.attrs for variable in truth.variables.values())):
        assert all(isinstance(value, str | int | float) for value in attributes.values())
    assert truth.attrs["seed"] == 0
    assert truth.attrs["snr_db"] == ERPS[component].snr_db
    rhythm = truth.sel(source="alpha_parietal")
    assert np.isnan([rhythm["latency_s"], rhythm["width_s"]]).all()


def test_same_seed_same_numbers_another_seed_others():
    (first, first_truth), (second, second_truth), (other, other_truth) = (
        simulate_erp(20, component="n170", n_chans=6, jitter_s=0.02, seed=seed) for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first.get_data(copy=False), second.get_data(copy=False))
    xr.testing.assert_identical(first_truth, second_truth)
    assert not np.array_equal(first.get_data(copy=False), other.get_data(copy=False))
    xr.testing.assert_allclose(first_truth["scalp_map"], other_truth["scalp_map"])


def test_it_is_the_head_of_motor_imagery():
    _, imagery = simulate_motor_imagery(2, n_chans=16)
    _, truth = simulate_erp(2, n_chans=16)
    rhythm = {"source": "alpha_parietal"}
    xr.testing.assert_allclose(
        truth["position"].sel(rhythm, drop=True), imagery["position"].sel(rhythm, drop=True)
    )
    maps = [one["scalp_map"].sel(rhythm, drop=True) for one in (truth, imagery)]
    xr.testing.assert_allclose(*(one / one.max() for one in maps))


def test_map_at_an_electrode_does_not_depend_on_the_others():
    _, few = simulate_erp(2, component="n170", ch_names=["P8", "AFF1h", "P7"])
    _, many = simulate_erp(2, component="n170", n_chans=64)
    xr.testing.assert_allclose(
        few["scalp_map"].sel(channel=["P7", "P8"]), many["scalp_map"].sel(channel=["P7", "P8"])
    )


def test_fast_enough():
    start = time.process_time()
    simulate_erp(seed=1)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("component", "electrodes", "latency_s", "sign"),
    [("p300", "Pz CPz", 0.375, 1), ("n170", "P8 PO8 TP8", 0.17, -1)],
)
def test_the_classes_differ_most_at_the_right_electrode_and_time(component, electrodes, latency_s, sign):
    epochs, _ = simulate_erp(2000, component=component, n_chans=64)
    difference = contrast_uv(epochs)
    channel, at_s = peak(difference)
    assert channel in electrodes.split()
    assert at_s == pytest.approx(latency_s, abs=1.01 * STEP_S)
    assert np.sign(difference.sel(channel=channel, time=at_s)) == sign
    if component == "n170":
        size = np.abs(difference.sel(time=at_s))
        left = max(size.sel(channel=name).item() for name in ("P7", "PO7", "TP7"))
        assert left > 2 * size.sel(channel=["Cz", "C3", "C4"]).max()
        assert size.sel(channel=channel) > left


def test_a_chosen_latency_is_where_it_peaks():
    epochs, truth = simulate_erp(400, latency_s=0.45, snr_db=40.0)
    assert peak(contrast_uv(epochs))[1] == pytest.approx(0.45, abs=1.01 * STEP_S)
    assert truth["latency_s"].sel(source="p300") == 0.45
    assert truth["latency_s"].sel(source="p2_frontocentral") == 0.2


@pytest.mark.parametrize(("component", "width_s"), [("p300", 0.15), ("n170", 0.05)])
def test_width_is_full_at_half_maximum(component, width_s):
    _, truth = simulate_erp(2, component=component, n_chans=2, sfreq=1000.0)
    course = truth["time_course"].isel(source=0)
    above = course["time"][course >= 0.5]
    assert (above[-1] - above[0]).item() == pytest.approx(width_s, abs=0.002)
    assert truth["width_s"].isel(source=0) == width_s


def test_data_are_maps_times_courses_at_trial_amplitudes():
    settings = {"n_trials": 50, "component": "n170", "n_chans": 16, "jitter_s": 0.02}
    strong, truth = simulate_erp(snr_db=80.0, **settings)
    informative = truth.sel(source=truth["role"] == "informative")
    late_s = truth["time"] - informative["latency"]
    expected = (
        informative["amplitude"] * np.exp(-4 * np.log(2) * (late_s / 0.05) ** 2) * informative["scalp_map"]
    ).sum("source")
    expected = expected.transpose("trial", "channel", "time").to_numpy()
    assert np.abs(data_uv(strong) - expected).max() < 0.02 * np.abs(expected).max()


def test_amplitudes_vary_and_only_the_informative_ones_with_the_class(simulated):
    _, truth = simulated
    larger = truth["class_name"] == LARGER[truth.attrs["component"]]
    for source in truth["source"].values:
        amplitude = truth["amplitude"].sel(source=source)
        p_value = ttest_ind(amplitude[larger], amplitude[~larger]).pvalue
        if truth["role"].sel(source=source) == "informative":
            ratio = amplitude[~larger].median() / amplitude[larger].median()
            assert ratio == pytest.approx({"p300": 0, "n170": 0.25}[truth.attrs["component"]], abs=0.03)
            assert amplitude[larger].median() == pytest.approx(1, abs=0.1)
            assert np.log(amplitude[larger]).std() == pytest.approx(0.3, abs=0.05)
        else:
            assert p_value > 0.01
            assert amplitude.std() > 0.2


def test_nothing_decodes_without_the_informative_component():
    epochs, truth = simulate_erp(snr_db=-200.0)
    assert accuracy(epochs) < 0.58  # chance with 400 trials: standard deviation 0.025
    assert np.abs(truth["scalp_map"].sel(source="p300")).max() < 1e-6
    assert np.abs(truth["scalp_map"].sel(source="n1_occipital")).max() > 3


def test_default_decodes_well_and_not_perfectly(simulated):
    epochs, _ = simulated
    assert 0.78 < accuracy(epochs) < 0.92  # seeds 0 to 9: 0.82 to 0.89


@pytest.mark.parametrize(("component", "electrode"), [("p300", "CPz"), ("n170", "P8")])
def test_signal_to_noise_ratio_is_the_stated_one(component, electrode):
    settings = {"n_trials": 2000, "component": component, "ch_names": [electrode, "Fz"], "distractors": False}
    quiet, _ = simulate_erp(snr_db=-200.0, **settings)
    background_uv2 = data_uv(quiet)[:, 0].var() - 0.5**2  # of the sensors
    epochs, truth = simulate_erp(snr_db=3.0, **settings)
    peak_uv = truth["scalp_map"].isel(source=0, channel=0).item()
    assert 10 * np.log10(peak_uv**2 / background_uv2) == pytest.approx(3.0, abs=0.2)
    # Of the N170 at P8, the other hemisphere takes away 4 %.
    larger = epochs.events[:, 2] == epochs.event_id[LARGER[component]]
    at = int(truth["time_course"].isel(source=0).argmax("time"))
    evoked_uv = np.median((data_uv(epochs) - data_uv(quiet))[larger, 0, at])
    assert evoked_uv == pytest.approx(peak_uv, rel=0.08)


def test_evoked_distractors_have_their_latencies_in_both_classes():
    epochs, truth = simulate_erp(2000, snr_db=-200.0)
    by_class = [1e6 * epochs[name].average().data for name in epochs.event_id]
    assert np.abs(by_class[0] - by_class[1]).max() < 3
    evoked = xr.DataArray(
        sum(by_class) / 2, {"channel": epochs.ch_names, "time": epochs.times}, ("channel", "time")
    )
    evoked = evoked.sel(time=slice(0, 0.3))
    assert evoked.sel(channel="Cz").idxmax("time").item() == pytest.approx(0.2, abs=2.01 * STEP_S)
    # P1 and N1 overlap: each is seen a little farther away from the other.
    assert evoked.sel(channel="O1").idxmin("time").item() == pytest.approx(0.15, abs=2.01 * STEP_S)
    assert evoked.sel(channel="O1").idxmax("time").item() == pytest.approx(0.1, abs=2.01 * STEP_S)
    assert (truth["time_course"].sel(source="alpha_parietal") == 1).all()


def test_the_rhythm_is_not_locked_to_the_event():
    with_rhythm, _ = simulate_erp(800, ch_names=["Pz", "POz"], snr_db=-200.0)
    power = np.square(np.abs(np.fft.rfft(data_uv(with_rhythm), axis=-1))).mean(axis=0)[0]
    evoked = np.square(np.abs(np.fft.rfft(data_uv(with_rhythm).mean(axis=0), axis=-1)))[0]
    frequency = np.fft.rfftfreq(160, STEP_S)
    inside = (frequency >= 8) & (frequency <= 13)
    assert power[inside].mean() > 3 * power[(frequency >= 15) & (frequency <= 20)].mean()
    assert evoked[inside].mean() < 0.05 * power[inside].mean()


def test_jitter_widens_the_average_and_nothing_else_changes():
    settings = {"n_trials": 500, "n_chans": 4, "sfreq": 500.0}
    sharp, sharp_truth = simulate_erp(**settings)
    blurred, truth = simulate_erp(jitter_s=0.06, **settings)
    latency = truth["latency"].sel(source="p300")
    assert latency.std() == pytest.approx(0.06, rel=0.1)
    assert latency.mean() == pytest.approx(0.375, abs=0.01)
    assert (sharp_truth["latency"].sel(source="p300") == 0.375).all()
    assert (truth["latency"].sel(source="p1_occipital") == 0.1).all()

    def width_s(truth):
        return (truth["time_course"].sel(source="p300") >= 0.5).sum().item() / 500

    # Variances of Gaussians add up.
    deviation_of_width = 2 * np.sqrt(2 * np.log(2))
    expected_s = deviation_of_width * np.hypot(0.15 / deviation_of_width, 0.06)
    assert width_s(truth) == pytest.approx(expected_s, rel=0.08)
    assert width_s(truth) > 1.2 * width_s(sharp_truth)
    assert np.abs(contrast_uv(blurred)).max() < 0.95 * np.abs(contrast_uv(sharp)).max()
    xr.testing.assert_identical(truth["amplitude"], sharp_truth["amplitude"])
    standard = sharp.events[:, 2] == sharp.event_id["standard"]
    np.testing.assert_array_equal(data_uv(sharp)[standard], data_uv(blurred)[standard])


def test_both_hemispheres_share_the_jitter():
    _, truth = simulate_erp(50, component="n170", n_chans=2, jitter_s=0.02)
    left, right = (truth["latency"].sel(source=source) for source in INFORMATIVE["n170"])
    np.testing.assert_array_equal(left, right)


def test_distractors_can_be_left_out():
    _, truth = simulate_erp(2, n_chans=4, distractors=False)
    assert set(truth["role"].values) == {"informative"}


def test_odd_numbers_of_trials_and_samples():
    epochs, truth = simulate_erp(5, n_chans=2, sfreq=101.0, tmin=-0.1, duration=1.01)
    assert epochs.get_data(copy=False).shape == (5, 2, 102)
    assert len(epochs["standard"]) == 3
    np.testing.assert_allclose(truth["time"], epochs.times)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"component": "p600"}, "`component` must be one of p300, n170; got 'p600'. Try 'p300'"),
        ({"n_trials": 1}, "`n_trials` must be at least 2; got 1"),
        ({"n_chans": 65}, "`n_chans` must be from 2 to 64; got 65"),
        ({"ch_names": ["Pz", "EEG 7"]}, r"unknown \['EEG 7'\]"),
        ({"sfreq": 60}, "`sfreq` must be at least 64 Hz"),
        ({"tmin": 0.1}, r"`tmin` must be 0 \(the event\) or below; got 0.1"),
        ({"tmin": np.nan}, "`tmin`"),
        ({"tmin": -0.5, "duration": 0.7}, "at least 0.3 s after the event; got 0.2. Try duration=1.5"),
        ({"duration": 0.1}, "`duration` must be at least 0.5 s; got 0.1"),
        ({"latency_s": 0.9}, r"`latency_s` must be above 0 .* at most 0.79375 s.*; got 0.9. Try 0.4"),
        ({"latency_s": -0.1}, "`latency_s`"),
        ({"latency_s": np.nan}, "`latency_s`"),
        ({"jitter_s": -0.1}, "`jitter_s` must be from 0 to 0.125 s"),
        (
            {"component": "n170", "jitter_s": 0.1},
            "`jitter_s` must be from 0 to 0.0567 s.*; got 0.1. Try 0.028",
        ),
        ({"snr_db": np.inf}, "`snr_db`"),
        ({"seed": -1}, "`seed` must be at least 0; got -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_erp(**arguments)


def test_wrong_types_are_type_errors():
    with pytest.raises(TypeError):
        simulate_erp(10.5)
