import dataclasses

import mne
import numpy as np
import pytest

from sincviz.benchmark.conditions import (
    ARCHITECTURES,
    CONDITIONS,
    GRID,
    N_TIMES,
    THREE_SHELLS,
    seed_of,
    setting,
)
from sincviz.benchmark.simulation import simulate


def drawn(condition, architecture="EEGNet", n_trials=4, seed=0):
    chosen = setting(condition, architecture)
    noise = None
    if chosen.recorded:
        noise = 10 * np.random.default_rng(1).standard_normal((n_trials, len(chosen.ch_names), N_TIMES))
    return simulate(chosen, n_trials, seed, noise)


def log_power(trials, channel, low_hz=8.0, high_hz=12.0):
    """Return the log power of a channel in a band, shape (trials,)."""
    signal = trials.uv[:, trials.truth["channel"].to_numpy().tolist().index(channel)]
    frequency = np.fft.rfftfreq(N_TIMES, 0.01)
    power = np.square(np.abs(np.fft.rfft(signal)))
    return np.log(power[:, (frequency >= low_hz) & (frequency < high_hz)].sum(1))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_builds_for_every_architecture(condition):
    for architecture in ARCHITECTURES:
        trials = drawn(condition, architecture)
        chosen = setting(condition, architecture)
        assert trials.uv.shape == (4, len(chosen.ch_names), N_TIMES)
        assert trials.uv.dtype == np.float32
        assert np.isfinite(trials.uv).all()
        assert np.bincount(trials.y).tolist() == [2, 2]
        names = np.array(trials.class_names)[trials.y]
        assert names.tolist() == trials.truth["class_name"].to_numpy().tolist()
        assert {"role", "low_hz", "high_hz"} <= set(trials.truth.coords)
        assert "informative" in trials.truth["role"].to_numpy()
        assert trials.truth["time"].to_numpy()[0] == chosen.tmin_s


@pytest.mark.parametrize("condition", ["suppressor", "label_artefact", "p300", "real_background"])
def test_the_same_seed_gives_the_same_trials(condition):
    one, same, other = drawn(condition), drawn(condition), drawn(condition, seed=1)
    assert np.array_equal(one.uv, same.uv)
    assert one.truth.identical(same.truth)
    assert not np.array_equal(one.uv, other.uv)
    assert np.array_equal(one.truth["scalp_map"], other.truth["scalp_map"])


def test_the_seeds_of_the_names_differ():
    names = [f"{condition}/{architecture}" for condition in CONDITIONS for architecture in ARCHITECTURES]
    assert len({seed_of(name) for name in names}) == len(names)


def test_random_sources_differ_in_number_and_lie_in_bands_of_the_grid():
    for count, architecture in enumerate(ARCHITECTURES, 1):
        truth = drawn("random_sources", architecture).truth
        informative = truth.sel(source=truth["role"] == "informative")
        assert informative.sizes["source"] == count
        bands = list(
            zip(informative["low_hz"].values.tolist(), informative["high_hz"].values.tolist(), strict=True)
        )
        assert set(bands) <= set(GRID.values())


def test_a_suppressor_has_noise_of_the_informative_electrode_and_no_class():
    trials = drawn("suppressor", n_trials=4000)
    truth = trials.truth
    suppressors = truth.sel(source=truth["role"] == "suppressor")
    for source in suppressors["source"].to_numpy():
        measured = np.flatnonzero(suppressors["scalp_map"].sel(source=source))
        (electrode,) = suppressors["channel"].to_numpy()[measured]
        informative = truth["scalp_map"].sel(source=truth["role"] == "informative", channel=electrode)
        assert not informative.any()
        power = log_power(trials, electrode)
        groups = [power[trials.y == label] for label in (0, 1)]
        error = np.sqrt(sum(group.var() / len(group) for group in groups))
        assert abs(groups[0].mean() - groups[1].mean()) < 4 * error
    # The first one measures the noise of the left hemisphere, whose mu is informative.
    names = truth["channel"].to_numpy().tolist()
    at_hand, far = (trials.uv[:, names.index(channel)] for channel in ("C3", "O1"))
    spectra = [np.fft.rfft(signal)[:, 17:23] for signal in (at_hand, far)]
    shared = abs(np.vdot(*spectra)) / np.linalg.norm(spectra[0]) / np.linalg.norm(spectra[1])
    assert shared > 0.7
    lost = log_power(trials, "C3")
    assert lost[trials.y == 1].mean() < lost[trials.y == 0].mean() - 0.1


def test_redundant_bands_have_the_same_power_in_every_trial():
    # Power is that of infinitely long trials: what is drawn varies with the band's 32 degrees of freedom.
    truth = drawn("redundant_bands", n_trials=600).truth
    mu, beta = (truth["log_power"].sel(source=f"{band}_left_hemisphere") for band in ("mu", "beta"))
    other = truth["log_power"].sel(source="mu_right_hemisphere")
    of_left = truth["class_name"] == "left"
    together, apart = (np.corrcoef(mu[of_left], one[of_left])[0, 1] for one in (beta, other))
    assert together > 0.6
    assert abs(apart) < 0.25


def test_maps_of_redundant_bands_are_those_of_one_place():
    maps = drawn("redundant_bands").truth["scalp_map"]
    for side in ("left", "right"):
        mu, beta = (maps.sel(source=f"{band}_{side}_hemisphere").to_numpy() for band in ("mu", "beta"))
        assert np.isclose(mu @ beta / np.linalg.norm(mu) / np.linalg.norm(beta), 1.0)


@pytest.mark.parametrize(
    ("condition", "excess_db"), [("hands_weak", 0), ("hands_strong", 6), ("distractor_12db", 12)]
)
def test_the_distractor_is_as_much_stronger_as_it_says(condition, excess_db):
    parts = {part.source.name: part for part in setting(condition, "EEGNet").parts}
    assert parts["alpha_parietal"].level_db - parts["mu_left_hemisphere"].level_db == excess_db


def test_eye_movements_go_to_the_side_of_the_class():
    trials = drawn("label_artefact", n_trials=400)
    eye_map = trials.truth["scalp_map"].sel(source="eye_movement")
    assert eye_map.sel(channel="F7") * eye_map.sel(channel="F8") < 0
    assert trials.truth["role"].sel(source="eye_movement") == "informative"
    difference = trials.uv[trials.y == 1].mean((0, 2)) - trials.uv[trials.y == 0].mean((0, 2))
    assert np.corrcoef(difference, eye_map)[0, 1] > 0.9


def test_a_skull_that_hardly_conducts_blurs_the_maps():
    blurred = setting("channels_128_shell3", "EEGNet")
    assert blurred.shells == THREE_SHELLS
    sharp = dataclasses.replace(blurred, shells=None)

    def n_reached(chosen):
        maps = np.abs(simulate(chosen, 2, 0).truth["scalp_map"].sel(source="mu_left_hemisphere"))
        return int((maps > maps.max() / 4).sum())

    assert len(blurred.ch_names) == len(set(blurred.ch_names)) == 128
    assert n_reached(blurred) > 1.3 * n_reached(sharp)


def test_the_desynchronisation_has_its_latency():
    trials = drawn("erd_latency", n_trials=600)
    course = trials.truth["time_course"].sel(source="mu_left_hemisphere")
    assert course.sel(time=[0.0, 0.5, 0.8, 1.2, 1.45], method="nearest").round(6).values.tolist() == [
        0,
        0.5,
        1,
        0.5,
        0,
    ]
    at_c3 = trials.uv[:, trials.truth["channel"].to_numpy().tolist().index("C3")].astype(float)
    power = np.square(mne.filter.filter_data(at_c3, 100, 8, 12, verbose="error"))
    ratio = power[trials.y == 1].mean(0) / power[trials.y == 0].mean(0)
    time_s = trials.truth["time"].to_numpy()
    assert ratio[(time_s > 0.65) & (time_s < 1.05)].mean() < 0.6
    assert ratio[time_s < 0.2].mean() > 0.8


def test_a_recorded_background_is_needed_and_its_sources_scale_with_it():
    chosen = setting("real_background", "EEGNet")
    with pytest.raises(ValueError, match=r"background_uv.*\(4, 32, 200\); got none"):
        simulate(chosen, 4, 0)
    noise = 10 * np.random.default_rng(1).standard_normal((4, 32, N_TIMES))
    one, twice = simulate(chosen, 4, 0, noise), simulate(chosen, 4, 0, 2 * noise)
    np.testing.assert_allclose(twice.truth["scalp_map"], 2 * one.truth["scalp_map"])
    np.testing.assert_allclose(twice.uv, 2 * one.uv, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("names", "wrong"), [(("dreams", "EEGNet"), "dreams"), (("p300", "CNN"), "CNN")])
def test_unknown_conditions_and_architectures_are_named(names, wrong):
    with pytest.raises(ValueError, match=f"got '{wrong}'. Try"):
        setting(*names)
