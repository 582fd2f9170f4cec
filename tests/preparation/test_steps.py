"""Steps do what MNE and the formulas of braindecode do, and say what is wrong with their parameters."""

import json
from types import SimpleNamespace

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.preparation import (
    EuclideanAlignment,
    ExponentialMovingStandardize,
    Filter,
    Resample,
    SetEEGReference,
    StandardizeTrials,
)
from sincviz.preparation.steps import STEPS, as_json, checked_steps, preparation_words

EVERY = [
    Filter(4, 38),
    Filter(l_freq=1),
    Filter(h_freq=40),
    Resample(128),
    SetEEGReference(),
    SetEEGReference(["M1", "M2"]),
    StandardizeTrials(),
    ExponentialMovingStandardize(init_block_size=100),
    EuclideanAlignment(groups="person"),
]


def trials(n_times=400, seed=0):
    return 20 * np.random.default_rng(seed).standard_normal((5, 3, n_times)) + 7


def test_a_filter_is_that_of_mne():
    data = trials()
    expected = mne.filter.filter_data(data, 160.0, 4, 38, pad="edge")
    np.testing.assert_array_equal(Filter(4, 38).apply(data, 160.0), expected)


@pytest.mark.parametrize(
    ("highpass", "lowpass", "expected"),
    [(4, 38, None), (8, 30, None), (4, 80, (None, 38)), (0.5, 38, (4, None)), (0, 80, (4, 38))],
)
def test_what_is_already_filtered_is_not_filtered_again(highpass, lowpass, expected):
    data = trials()
    filtered = Filter(4, 38).apply(data, 160.0, highpass=highpass, lowpass=lowpass)
    wanted = data if expected is None else mne.filter.filter_data(data, 160.0, *expected, pad="edge")
    np.testing.assert_array_equal(filtered, wanted)


def test_resampling_is_that_of_epochs(epochs):
    expected = epochs.copy().resample(128).get_data()
    np.testing.assert_allclose(
        Resample(128).apply(epochs.get_data(), epochs.info["sfreq"]), expected, atol=1e-12 * np.ptp(expected)
    )
    assert Resample(160).apply(data := trials(), 160.0) is data


def test_an_average_reference_is_that_of_epochs(epochs):
    expected = epochs.copy().set_eeg_reference("average").get_data()
    names = epochs.ch_names
    np.testing.assert_allclose(SetEEGReference().apply(epochs.get_data(), names, names), expected, atol=1e-15)
    expected = epochs.copy().set_eeg_reference(names[1:3]).get_data()
    np.testing.assert_allclose(
        SetEEGReference(names[1:3]).apply(epochs.get_data(), names, names), expected, atol=1e-15
    )


def test_standardised_trials_have_mean_0_and_deviation_1():
    data = trials()
    data[0, 1] = 37.3 + 1e-14 * data[0, 1]  # rounding of a flat channel
    standardised = StandardizeTrials().apply(data)
    np.testing.assert_allclose(standardised.mean(2), 0, atol=1e-12)
    deviation = standardised.std(2)
    assert deviation[0, 1] == 0
    np.testing.assert_allclose(np.delete(deviation.ravel(), 1), 1)


@given(factor=st.floats(0.001, 0.5), block=st.one_of(st.none(), st.integers(2, 60)), seed=st.integers(0, 50))
def test_moving_standardisation_is_its_formula(factor, block, seed):
    data = trials(n_times=80, seed=seed)[:2]
    expected = np.empty_like(data)
    weights = (1 - factor) ** np.arange(80)[::-1]
    for t in range(80):  # the mean and variance of the past, with weights that decay and add up to 1
        own = weights[-t - 1 :] / weights[-t - 1 :].sum()
        expected[..., t] = data[..., t] - data[..., : t + 1] @ own
    deviation = np.empty_like(data)
    for t in range(80):
        own = weights[-t - 1 :] / weights[-t - 1 :].sum()
        deviation[..., t] = np.sqrt(expected[..., : t + 1] ** 2 @ own)
    expected /= np.maximum(1e-4, deviation)
    if block is not None:
        first = data[..., :block]
        expected[..., :block] = (first - first.mean(2, keepdims=True)) / first.std(2, keepdims=True)
    step = ExponentialMovingStandardize(factor_new=factor, init_block_size=block)
    np.testing.assert_allclose(step.apply(data), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("step", EVERY, ids=lambda step: step.words())
def test_a_step_survives_json_and_has_words(step):
    again = checked_steps(json.loads(json.dumps(as_json([step]))))
    assert again == (step,)
    assert preparation_words(again)


def test_braindecodes_preprocessors_are_read():
    given = [
        SimpleNamespace(fn="filter", kwargs={"l_freq": 4, "h_freq": 38}),
        SimpleNamespace(
            fn=SimpleNamespace(__name__="exponential_moving_standardize"), kwargs={"factor_new": 0.01}
        ),
    ]
    assert checked_steps(given) == (Filter(4, 38), ExponentialMovingStandardize(factor_new=0.01))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("4-38", TypeError, "must be a list of steps"),
        ({"name": "filter"}, TypeError, "must be a list of steps"),
        ([4], TypeError, "must be a list of steps; got 4 in it"),
        ([{"name": "filtre"}], ValueError, "Did you mean 'filter'"),
        ([{"name": "filter", "l_freq": 4, "method": "iir"}], ValueError, "no parameter 'method'"),
        ([EuclideanAlignment(), Filter(4, 38)], ValueError, "must end with its only EuclideanAlignment"),
        ([EuclideanAlignment(), EuclideanAlignment()], ValueError, "must end with its only"),
        ([{"name": "resample"}], TypeError, "sfreq"),
    ],
)
def test_what_is_no_preparation_is_refused(given, error, words):
    with pytest.raises(error, match=words):
        checked_steps(given)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Filter(), "must be given; got neither"),
        (lambda: Filter(38, 4), "must be below `h_freq`; got 38 and 4 Hz"),
        (lambda: Filter(-1, 4), "l_freq"),
        (lambda: Filter(float("nan"), 4), "l_freq"),
        (lambda: Resample(0), "sfreq"),
        (lambda: SetEEGReference("Cz"), r"Try \['Cz'\]"),
        (lambda: SetEEGReference([]), "at least one channel"),
        (lambda: ExponentialMovingStandardize(factor_new=1), "below 1"),
        (lambda: ExponentialMovingStandardize(eps=0), "eps"),
        (lambda: ExponentialMovingStandardize(init_block_size=1), "init_block_size"),
    ],
)
def test_values_that_are_not_allowed_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_an_edge_above_half_the_sampling_rate_is_refused_with_one_that_works():
    with pytest.raises(ValueError, match=r"got 90 Hz at 160 Hz. Try `h_freq=64`"):
        Filter(4, 90).apply(trials(), 160.0)
    Filter(4, 64).apply(trials(), 160.0)


def test_every_step_is_in_the_table_under_its_name():
    assert {type(step) for step in EVERY} == set(STEPS.values())
