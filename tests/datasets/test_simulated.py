"""The simulated EEG holds what its truth says, and nothing else that tells the classes apart."""

import time

import mne
import numpy as np
import pytest
import xarray as xr
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sincviz import datasets
from sincviz.datasets import simulate_motor_imagery, simulated_sources
from sincviz.datasets.head_model import electrode_positions
from sincviz.datasets.simulated_signals import coloured_noise, pink

SVD = np.linalg.svd
HANDS = {"left": "right_hemisphere", "right": "left_hemisphere"}


@pytest.fixture(scope="module")
def default():
    return simulate_motor_imagery()


@pytest.fixture(scope="module")
def with_artefacts():
    return simulate_motor_imagery(100, n_chans=64, sfreq=250.0, blinks=True, line_noise_hz=50.0, seed=3)


def accuracy(features, labels, *steps):
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = make_pipeline(*steps, LinearDiscriminantAnalysis())
    return cross_val_score(model, features, labels, cv=folds).mean()


def csp_accuracy(epochs):
    filtered = mne.filter.filter_data(
        epochs.get_data(copy=True), epochs.info["sfreq"], 8, 30, method="iir", verbose="error"
    )
    with mne.use_log_level("error"):
        return accuracy(filtered, epochs.events[:, 2], mne.decoding.CSP(6))


def periodogram(epochs):
    data = epochs.get_data(copy=False)
    frequency = np.fft.rfftfreq(data.shape[-1], 1 / epochs.info["sfreq"])
    return frequency, np.abs(np.fft.rfft(data * np.hanning(data.shape[-1]))) ** 2


def log_band_power(epochs, low_hz, high_hz):
    frequency, power = periodogram(epochs)
    return np.log(power[..., (frequency >= low_hz) & (frequency <= high_hz)].mean(axis=-1))


def test_epochs_are_what_the_rest_of_the_package_expects(default):
    epochs, _ = default
    assert isinstance(epochs, mne.EpochsArray)
    assert epochs.get_data(copy=False).shape == (400, 32, 480)
    assert epochs.event_id == {"left": 1, "right": 2}
    assert [len(epochs[name]) for name in ("left", "right")] == [200, 200]
    assert epochs.info["sfreq"] == 160.0
    assert {"C3", "CP3", "C4", "CP4", "FC3", "FC4", "Cz"} <= set(epochs.ch_names)
    positions = np.array([ch["loc"][:3] for ch in epochs.info["chs"]])
    assert np.isfinite(positions).all()
    assert epochs.get_montage() is not None
    assert epochs.tmin == 0.5
    assert len(np.unique(epochs.events[:, 0])) == 400


def test_amplitudes_are_those_of_eeg(default):
    epochs, _ = default
    rms_uv = 1e6 * epochs.get_data(copy=False).std(axis=(0, 2))
    assert 5 < rms_uv.min() < rms_uv.max() < 30


def test_truth_is_labelled(default):
    epochs, truth = default
    assert list(truth["channel"].values) == epochs.ch_names
    assert truth["scalp_map"].dims == ("source", "channel")
    assert truth["position"].dims == ("source", "axis")
    assert truth["log_power"].dims == ("trial", "source")
    by_code = {code: name for name, code in epochs.event_id.items()}
    assert [by_code[code] for code in epochs.events[:, 2]] == list(truth["class_name"].values)
    mu = truth.sel(source="mu_left_hemisphere")
    assert (mu["low_hz"], mu["high_hz"], mu["band"], mu["desynchronised_by"]) == (8, 13, "mu", "right")
    assert list(truth["source"][truth["role"] == "distractor"]) == ["alpha_parietal"]
    assert all(array.name for array in truth.variables.values() if isinstance(array, xr.DataArray))
    for attributes in (truth.attrs, *(variable.attrs for variable in truth.variables.values())):
        assert all(isinstance(value, str | int | float) for value in attributes.values())
    assert truth.attrs["seed"] == 0
    assert truth.attrs["sincviz_version"]


def test_same_seed_same_numbers_another_seed_others():
    (first, first_truth), (second, second_truth), (other, other_truth) = (
        simulate_motor_imagery(20, n_chans=6, blinks=True, line_noise_hz=50, seed=seed) for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first.get_data(copy=False), second.get_data(copy=False))
    xr.testing.assert_identical(first_truth, second_truth)
    assert not np.array_equal(first.get_data(copy=False), other.get_data(copy=False))
    xr.testing.assert_allclose(first_truth["scalp_map"], other_truth["scalp_map"])


def near_field(positions, orientations, info, center, radius, *, shells=None):
    """Return a simple lead field: the parameters that MNE fits to the sphere's shells differ between processors."""
    electrodes = electrode_positions(info)
    return 1 / np.linalg.norm(electrodes[:, None] - positions, axis=-1)


def svd_with_signs(matrix, **settings):
    """Make the largest entry of every left vector positive: processors differ in what they choose."""
    left, singular_values, right = SVD(matrix, **settings)
    signs = np.sign(np.take_along_axis(left, np.abs(left).argmax(axis=0, keepdims=True), axis=0))
    return left * signs, singular_values, right * signs.T


def fingerprint(epochs, truth):
    """Sums of all numbers in microvolts, of log power and of maps, each with its own weight."""
    parts = (1e6 * epochs.get_data(copy=False), truth["log_power"].to_numpy(), truth["scalp_map"].to_numpy())
    return [float(np.cos(np.arange(part.size)) @ part.ravel()) for part in parts]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"n_trials": 20}, [-889.78719, 1.613111, -1.34391]),
        (
            {"n_trials": 20, "n_chans": 6, "blinks": True, "line_noise_hz": 50.0, "seed": 4},
            [1360.752394, -0.853028, 7.958057],
        ),
        ({"n_trials": 5, "n_chans": 2, "sfreq": 101.0, "duration": 1.01}, [375.728959, -0.781171, -4.481317]),
        (
            {
                "n_trials": 9,
                "ch_names": ["C4", "AFF1h", "C3"],
                "erd_depth": 0.8,
                "distractor": False,
                "seed": 7,
            },
            [-707.525118, 0.310663, -12.204944],
        ),
    ],
)
def test_numbers_are_those_before_there_was_an_onset(settings, expected, monkeypatch):
    monkeypatch.setattr(np.linalg, "svd", svd_with_signs)
    monkeypatch.setattr(simulated_sources, "lead_field", near_field)
    epochs, truth = simulate_motor_imagery(**settings)
    assert fingerprint(epochs, truth) == pytest.approx(expected, rel=1e-4)
    assert epochs.tmin == pytest.approx(0.5, abs=0.01)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    simulate_motor_imagery(2, n_chans=2)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_fast_enough():
    start = time.process_time()
    simulate_motor_imagery(seed=1)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("erd_depth", [0.2, 0.5, 0.8])
def test_depth_is_the_stated_loss_of_power_on_the_opposite_side(erd_depth):
    _, truth = simulate_motor_imagery(2000, n_chans=2, duration=1.0, erd_depth=erd_depth)
    means = truth["log_power"].groupby("class_name").mean()
    for imagined, hemisphere in HANDS.items():
        (other,) = set(HANDS) - {imagined}
        loss = means.sel(class_name=imagined) - means.sel(class_name=other)
        for band in ("mu", "beta"):
            kept = np.exp(loss.sel(source=f"{band}_{hemisphere}").item())
            assert kept == pytest.approx(1 - erd_depth, rel=0.1)
    assert abs(loss.sel(source="alpha_parietal").item()) < 0.15


@pytest.mark.parametrize(("band", "low_hz", "high_hz"), [("mu", 8, 13), ("beta", 18, 26)])
def test_electrode_above_the_source_loses_power(default, band, low_hz, high_hz):
    epochs, _ = default
    power = log_band_power(epochs, low_hz, high_hz)
    left = epochs.events[:, 2] == epochs.event_id["left"]
    difference = dict(zip(epochs.ch_names, power[left].mean(0) - power[~left].mean(0), strict=True))
    assert min(difference, key=difference.get) == "C4"
    assert max(difference, key=difference.get) == "C3"
    assert difference["C4"] < -0.3
    assert difference["C3"] > 0.3


def test_no_difference_outside_the_bands(default):
    epochs, _ = default
    left = epochs.events[:, 2] == epochs.event_id["left"]
    power = log_band_power(epochs, 30, 60)
    assert np.abs(power[left].mean(0) - power[~left].mean(0)).max() < 0.1


def test_scalp_maps_peak_above_their_sources(with_artefacts):
    _, truth = with_artefacts
    peaks = abs(truth["scalp_map"]).idxmax("channel").to_series()
    assert peaks["mu_left_hemisphere"] == peaks["beta_left_hemisphere"] == "C3"
    assert peaks["mu_right_hemisphere"] == peaks["beta_right_hemisphere"] == "C4"
    assert peaks["alpha_parietal"] in {"Pz", "POz", "P2", "P1"}
    assert peaks["blink"] in {"Fpz", "Fp1", "Fp2"}
    x = truth["position"].sel(axis="x")
    assert x.sel(source="mu_left_hemisphere") < -0.02
    assert x.sel(source="mu_right_hemisphere") > 0.02
    assert 0.05 < np.linalg.norm(truth["position"].sel(source="mu_left_hemisphere")) < 0.12


def test_maps_describe_the_data():
    _, with_source = simulate_motor_imagery(4, n_chans=16)
    strong, truth = simulate_motor_imagery(50, n_chans=16, erd_depth=0, snr_db=60, distractor=False)
    data_uv = 1e6 * strong.get_data(copy=False).transpose(1, 0, 2).reshape(16, -1)
    signals = np.linalg.svd(data_uv, full_matrices=False)[0][:, :4]
    maps = truth["scalp_map"].values
    explained = np.linalg.norm(maps @ signals, axis=1) / np.linalg.norm(maps, axis=1)
    assert explained.min() > 0.999
    # The maps' shapes, not their sizes, are the head's.
    reference = with_source["scalp_map"].sel(source=truth["source"]).values
    np.testing.assert_allclose(maps / maps.max(1, keepdims=True), reference / reference.max(1, keepdims=True))


def test_map_at_an_electrode_does_not_depend_on_the_others():
    _, few = simulate_motor_imagery(2, ch_names=["C4", "AFF1h", "C3"])
    _, many = simulate_motor_imagery(2, n_chans=64)
    xr.testing.assert_allclose(
        few["scalp_map"].sel(channel=["C3", "C4"]), many["scalp_map"].sel(channel=["C3", "C4"])
    )
    assert list(few["channel"].values) == ["C4", "AFF1h", "C3"]


def test_signal_to_noise_ratio_is_the_stated_one():
    settings = {"ch_names": ["C3", "Cz"], "erd_depth": 0.0, "distractor": False, "n_trials": 300}
    quiet, _ = simulate_motor_imagery(snr_db=-200.0, **settings)
    epochs, truth = simulate_motor_imagery(snr_db=6.0, **settings)
    frequency, _ = periodogram(epochs)
    inside = (frequency >= 9) & (frequency <= 12)
    background = periodogram(quiet)[1][:, 0, inside].mean()
    both = periodogram(epochs)[1][:, 0, inside].mean()
    typical = np.exp(truth["log_power"].sel(source="mu_left_hemisphere")).mean().item()
    ratio = (both - background) / background / typical
    # The spectrum of the rhythm is flat, that of the background is not.
    assert 10 * np.log10(ratio) == pytest.approx(6.0, abs=1.0)


def test_background_is_one_over_f_and_correlated_in_space():
    epochs, _ = simulate_motor_imagery(200, snr_db=-200.0, seed=2)
    frequency, power = periodogram(epochs)
    inside = (frequency >= 3) & (frequency <= 30)
    slope = np.polyfit(np.log(frequency[inside]), np.log(power.mean((0, 1))[inside]), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.1)
    data = epochs.get_data(picks=["C3", "CP3", "FC3", "O2"]).transpose(1, 0, 2).reshape(4, -1)
    near, also_near, far = np.corrcoef(data)[0, 1:]
    assert min(near, also_near) > 0.5 > abs(far)


def test_noise_has_unit_variance():
    noise = coloured_noise((400,), pink(480, 160.0), 480, np.random.default_rng(0))
    assert noise.shape == (400, 480)
    assert np.square(noise).mean() == pytest.approx(1, rel=0.03)


def test_blinks_are_frontal_and_large(with_artefacts):
    epochs, truth = with_artefacts
    peak_uv = 1e6 * np.ptp(epochs.get_data(copy=False), axis=-1).mean(axis=0)
    assert epochs.ch_names[np.argmax(peak_uv)] in {"Fpz", "Fp1", "Fp2"}
    assert 80 < peak_uv.max() < 250
    assert truth["role"].sel(source="blink") == "artefact"
    assert np.isfinite(truth["log_power"]).all()


def test_line_noise_peaks_at_its_frequency(with_artefacts):
    epochs, truth = with_artefacts
    frequency, power = periodogram(epochs)
    above = frequency > 30
    assert frequency[above][np.argmax(power.mean((0, 1))[above])] == pytest.approx(50, abs=0.5)
    assert truth["low_hz"].sel(source="line") == truth["high_hz"].sel(source="line") == 50
    assert np.isnan(truth["position"].sel(source="line")).all()
    assert epochs.info["line_freq"] == 50


def test_sources_decode_and_the_distractor_does_not(default):
    epochs, truth = default
    assert csp_accuracy(epochs) > 0.85
    power, role = truth["log_power"], truth["role"]
    assert accuracy(power[:, role == "informative"], truth["class_name"]) > 0.9
    assert accuracy(power[:, role == "distractor"], truth["class_name"]) < 0.58


def test_nothing_decodes_without_desynchronisation():
    epochs, truth = simulate_motor_imagery(erd_depth=0.0)
    # Chance with 400 trials: standard deviation 0.025.
    assert csp_accuracy(epochs) < 0.58
    assert accuracy(truth["log_power"], truth["class_name"]) < 0.58


def test_distractor_can_be_left_out():
    _, truth = simulate_motor_imagery(2, n_chans=4, distractor=False)
    assert set(truth["role"].values) == {"informative"}


def test_odd_numbers_of_trials_and_samples():
    epochs, _ = simulate_motor_imagery(5, n_chans=2, sfreq=101.0, duration=1.01)
    assert epochs.get_data(copy=False).shape == (5, 2, 102)
    assert len(epochs["left"]) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_trials": 1}, "`n_trials` must be at least 2; got 1"),
        ({"n_chans": 65}, "`n_chans` must be from 2 to 64; got 65"),
        ({"n_chans": 1}, "`n_chans`"),
        ({"ch_names": ["C3", "EEG 7"]}, r"unknown \['EEG 7'\]"),
        ({"ch_names": ["C3", "C3"]}, "each once"),
        ({"sfreq": 50}, "`sfreq` must be above 52 Hz"),
        ({"duration": 0.1}, "`duration` must be at least 0.5 s; got 0.1"),
        ({"duration": np.nan}, "`duration`"),
        ({"erd_depth": 1.0}, "`erd_depth` is the fraction of power lost"),
        ({"erd_depth": -0.1}, "got -0.1"),
        ({"snr_db": np.inf}, "`snr_db`"),
        ({"line_noise_hz": 80.0}, r"below half of `sfreq` \(80 Hz\); got 80.0"),
        ({"tmin": np.nan}, "`tmin` must be a finite number of seconds; got nan"),
        ({"onset_s": 0.4}, r"`onset_s` must lie within the epoch, from 0.5 to 3.49375 s .*; got 0.4"),
        ({"onset_s": np.nan}, "`onset_s`"),
        ({"offset_s": 3.5}, "`offset_s` must lie within the epoch"),
        ({"onset_s": 2.0, "offset_s": 1.0}, "at least 0.2 s after `onset_s`; got 1.0 and 2.0"),
        ({"onset_s": 1.0, "offset_s": 1.15}, "at least 0.2 s after `onset_s`"),
        ({"seed": -1}, "`seed` must be at least 0; got -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_motor_imagery(**arguments)


def test_wrong_types_are_type_errors():
    with pytest.raises(TypeError):
        simulate_motor_imagery(10.5)


def test_public_names_are_functions():
    assert set(datasets.__all__) == {"eegbci", "moabb", "simulate_erp", "simulate_motor_imagery"}
    assert all(callable(getattr(datasets, name)) for name in datasets.__all__)


@pytest.mark.parametrize("sfreq", [125.0, 200.0, 250.5])
def test_times_are_as_many_as_samples_at_any_rate(sfreq):
    epochs, _ = simulate_motor_imagery(4, n_chans=4, sfreq=sfreq, duration=2)
    assert len(epochs.times) == epochs.get_data().shape[2] == round(2 * sfreq)


def test_without_onset_the_loss_holds_throughout(default):
    epochs, truth = default
    informative = truth["role"] == "informative"
    assert truth["time_course"].dims == ("source", "time")
    assert (truth["time_course"] == informative).all()
    np.testing.assert_allclose(truth["time"], epochs.times)
    assert not {"onset_s", "offset_s"} & set(truth.attrs)


def test_an_onset_changes_only_the_desynchronised_trials_and_draws_nothing():
    settings = {"n_trials": 20, "n_chans": 4, "tmin": -0.5}
    throughout, _ = simulate_motor_imagery(**settings)
    limited, truth = simulate_motor_imagery(onset_s=0.5, offset_s=2.0, **settings)
    changed = np.abs(limited.get_data(copy=False) - throughout.get_data(copy=False)).max(axis=(0, 1))
    full = truth["time_course"].sel(source="mu_left_hemisphere") == 1
    assert changed[full].max() < 1e-15 < changed[~full].min()
    assert (truth.attrs["onset_s"], truth.attrs["offset_s"], truth.attrs["tmin_s"]) == (0.5, 2.0, -0.5)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"onset_s": 0.5, "offset_s": 2.0}, {-0.5: 0, 0.4: 0, 0.5: 0.5, 0.6: 1, 1.9: 1, 2.0: 0.5, 2.1: 0}),
        ({"onset_s": 0.5}, {0.4: 0, 0.5: 0.5, 0.6: 1, 2.4: 1}),
        ({"offset_s": 2.0}, {-0.5: 1, 1.9: 1, 2.0: 0.5, 2.1: 0}),
        ({"onset_s": 0.5, "offset_s": 0.7}, {0.5: 0.5, 0.6: 1, 0.7: 0.5, 0.8: 0}),
    ],
)
def test_half_of_the_loss_is_reached_at_onset_and_offset(limits, expected):
    _, truth = simulate_motor_imagery(2, n_chans=2, tmin=-0.5, **limits)
    course = truth["time_course"].sel(source="beta_right_hemisphere")
    found = course.sel(time=list(expected), method="nearest")
    np.testing.assert_allclose(found, list(expected.values()), atol=1e-12)
    assert course.min() >= 0
    assert course.max() <= 1
    assert (truth["time_course"].sel(source="alpha_parietal") == 0).all()


def test_power_follows_the_time_course():
    settings = {"ch_names": ["C3", "C4"], "tmin": -0.5, "snr_db": 60.0, "seed": 1}
    epochs, truth = simulate_motor_imagery(3000, onset_s=0.5, offset_s=2.0, distractor=False, **settings)
    # Without background, each side is the sum of its two rhythms, and almost only its own.
    power = np.square(epochs.get_data(copy=False))
    imagined = epochs.events[:, 2] == epochs.event_id["left"]
    remaining = power[imagined, 1].mean(axis=0) / power[~imagined, 1].mean(axis=0)
    lost = (1 - remaining) / truth.attrs["erd_depth"]
    course = truth["time_course"].sel(source="mu_right_hemisphere")
    near = np.abs(lost - course.to_numpy())
    assert near.mean() < 0.08
    for limit_s in (0.5, 2.0):
        around = np.abs(epochs.times - limit_s) < 0.03
        assert lost[around].mean() == pytest.approx(0.5, abs=0.1)


def test_log_power_is_that_of_the_whole_epoch():
    settings = {"n_trials": 1000, "n_chans": 2, "tmin": -0.5, "duration": 4.0, "erd_depth": 0.8}
    _, truth = simulate_motor_imagery(onset_s=0.5, offset_s=2.5, **settings)
    means = truth["log_power"].groupby("class_name").mean()
    loss = means.sel(class_name="left") - means.sel(class_name="right")
    kept = np.exp(loss.sel(source="mu_right_hemisphere").item())
    assert kept == pytest.approx(1 - 0.8 / 2, rel=0.1)  # half of the epoch


def test_epochs_can_begin_before_the_cue():
    epochs, _ = simulate_motor_imagery(4, n_chans=2, tmin=-0.503, duration=1.0)
    assert epochs.tmin == -0.5
    assert epochs.times[-1] == pytest.approx(0.49375)
    assert 0.0 in epochs.times


def test_advice_about_onset_and_offset_works():
    with pytest.raises(ValueError, match=r"Try onset_s=1.25 and offset_s=2.75") as error:
        simulate_motor_imagery(2, n_chans=2, onset_s=9.0)
    assert "another `tmin` or `duration`" in str(error.value)
    simulate_motor_imagery(2, n_chans=2, onset_s=1.25, offset_s=2.75)
