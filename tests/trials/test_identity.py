"""A trial is known by its signal: again in any unit, precision and order of channels, and never for another one."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

import sincviz
from sincviz import load_checkpoint, save_checkpoint
from sincviz.population.rows.inspection import row_dataset
from sincviz.trials.identity import (
    TOLERANCE,
    _read,
    duplicate_trials,
    known_trials,
    remembered_trials,
    remembers_all,
    seen_in_training,
    training_trials,
    trial_fingerprints,
)

MILLION = 10**6


def white(rng, shape):
    return rng.standard_normal(shape)


def pink(rng, shape):
    spectrum = np.fft.rfft(rng.standard_normal(shape))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[2]), 1))
    return np.fft.irfft(spectrum, shape[2])


def drifting(rng, shape):
    """Lines of 1000 times the noise, another in every channel."""
    return white(rng, shape) + 1000 * rng.standard_normal((*shape[:2], 1)) * np.linspace(-1, 1, shape[2])


def with_artefact(rng, shape):
    """One sample of a million times the noise, always at the same time in the first channel."""
    trials = white(rng, shape)
    trials[:, 0, shape[2] // 3] = 1e6
    return trials


def standardised(rng, shape):
    trials = pink(rng, shape)
    trials -= trials.mean(axis=2, keepdims=True)
    return trials / trials.std(axis=2, keepdims=True)


def average_referenced(rng, shape):
    trials = pink(rng, shape)
    return trials - trials.mean(axis=1, keepdims=True) if shape[1] > 1 else trials


def of_few_sources(rng, shape):
    """As volume conduction makes them: the same four sources in all channels."""
    maps = np.random.default_rng(1).standard_normal((shape[1], 4))
    return maps @ pink(rng, (shape[0], 4, shape[2])) + 0.1 * white(rng, shape)


KINDS = [white, pink, drifting, with_artefact, standardised, average_referenced, of_few_sources]


def expected_matches(kind, n_trials, n_channels, n_times):
    """Return how many of the pairs among a million trials match, from how close the closest of fewer trials are.

    Around a trial the number of others grows with a power of the distance; the power is read off between the closest 1
    and the closest 5 % of the nearest neighbours.
    """
    rng = np.random.default_rng(0)
    fingerprints = []
    while len(fingerprints) < n_trials:
        fingerprints += trial_fingerprints(kind(rng, (500, n_channels, n_times)))
    values, content = _read(fingerprints)
    assert content.all()
    nearest = np.sort(cKDTree(values).query(values, k=2, p=np.inf)[0][:, 1])
    few, more = n_trials // 100, n_trials // 20
    power = np.log(more / few) / np.log(nearest[more] / nearest[few])
    pairs = few / 2 * (TOLERANCE / nearest[few]) ** power
    return pairs * (MILLION / n_trials) ** 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n_channels", "n_times"), [(1, 96), (2, 16), (8, 96), (64, 96)])
def test_of_a_million_independent_trials_no_two_match(kind, n_channels, n_times):
    assert expected_matches(kind, 1000, n_channels, n_times) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n_channels", "n_times"), [(1, 128), (2, 16), (2, 128), (8, 128), (64, 128)])
def test_of_a_million_independent_trials_no_two_match_by_20000_of_them(kind, n_channels, n_times):
    assert expected_matches(kind, 20_000, n_channels, n_times) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", [white, drifting, with_artefact, standardised])
def test_a_million_trials_are_told_apart(kind):
    rng = np.random.default_rng(2)
    fingerprints = []
    for _ in range(100):
        fingerprints += trial_fingerprints(kind(rng, (MILLION // 100, 2, 32)))
    assert duplicate_trials(fingerprints) == []
    again = trial_fingerprints(kind(np.random.default_rng(2), (MILLION // 100, 2, 32)).astype(np.float32))
    assert known_trials(again, fingerprints).all()


def again_in(change):
    return pytest.param(change, id=change.__name__)


def single_precision(trials):
    return trials.astype(np.float32)


def volts_in_single_precision(trials):
    return (trials * 1e-6).astype(np.float32)


def another_order_of_channels(trials):
    return trials[:, np.random.default_rng(3).permutation(trials.shape[1])]


def without_offset(trials):
    return (trials - trials.mean(axis=2, keepdims=True)).astype(np.float32)


def z_scores(trials):
    return without_offset(trials) / trials.std(axis=2, keepdims=True).astype(np.float32)


def huge_units(trials):
    return trials * 1e30


def tiny_units(trials):
    return trials * 1e-30


def memory_of_fortran(trials):
    return np.asfortranarray(trials)[::-1][::-1]


@pytest.mark.parametrize("kind", [white, pink, drifting, average_referenced, of_few_sources])
@pytest.mark.parametrize(
    "change",
    [
        again_in(single_precision),
        again_in(volts_in_single_precision),
        again_in(another_order_of_channels),
        again_in(without_offset),
        again_in(huge_units),
        again_in(tiny_units),
        again_in(memory_of_fortran),
    ],
)
def test_the_same_trial_is_known_again(kind, change):
    for n_channels, n_times in ((1, 128), (2, 40), (8, 128), (64, 500)):
        trials = kind(np.random.default_rng(5), (3200 // n_channels, n_channels, n_times))
        known = trial_fingerprints(trials)
        assert known_trials(trial_fingerprints(change(trials)), known).all()


@pytest.mark.parametrize("step_uv", [0.0488, 0.0976, 0.1])
@pytest.mark.parametrize("kind", [white, pink])
def test_rounding_to_the_steps_of_a_file_does_not_hide_a_trial(kind, step_uv):
    trials = kind(np.random.default_rng(6), (400, 16, 256))
    trials *= 10 / trials.std()  # of microvolts
    known = trial_fingerprints(trials)
    for stored in (np.round(trials / step_uv) * step_uv, torch.tensor(trials).bfloat16().double().numpy()):
        assert known_trials(trial_fingerprints(stored), known).all()
    assert duplicate_trials(known) == []


@pytest.mark.parametrize("kind", [white, pink, with_artefact, of_few_sources])
@pytest.mark.parametrize(("n_channels", "n_times"), [(2, 16), (8, 96)])
def test_other_trials_are_not_taken_for_rounded_ones(kind, n_channels, n_times):
    rng = np.random.default_rng(7)
    known = trial_fingerprints(kind(rng, (20_000, n_channels, n_times)))
    assert known_trials(trial_fingerprints(kind(rng, (200, n_channels, n_times))), known).sum() == 0


def test_a_few_rounded_trials_among_new_ones_are_known_again():
    trials = pink(np.random.default_rng(8), (300, 8, 256))
    trials *= 10 / trials.std()
    known = trial_fingerprints(trials[:200])
    asked = np.round(trials[180:] / 0.1) * 0.1
    assert known_trials(trial_fingerprints(asked), known).tolist() == [True] * 20 + [False] * 100


@pytest.mark.parametrize("kind", [white, pink, of_few_sources])
def test_offsets_of_millivolts_do_not_hide_a_trial_in_single_precision(kind):
    rng = np.random.default_rng(4)
    trials = kind(rng, (500, 4, 128))
    trials *= 20 / trials.std()  # microvolts
    offsets = 5e3 * rng.standard_normal((500, 4, 1))
    again = trial_fingerprints((trials + offsets).astype(np.float32))
    assert known_trials(again, trial_fingerprints(trials)).all()


def test_standardising_each_channel_does_not_hide_a_trial():
    trials = 20 * pink(np.random.default_rng(6), (200, 8, 128)) * np.logspace(-1, 1, 8)[:, None]
    assert known_trials(trial_fingerprints(z_scores(trials)), trial_fingerprints(trials)).all()


def test_a_huge_sample_does_not_hide_a_trial():
    trials = with_artefact(np.random.default_rng(7), (500, 4, 200))
    known = trial_fingerprints(trials)
    for change in (single_precision, volts_in_single_precision, another_order_of_channels, without_offset):
        assert known_trials(trial_fingerprints(change(trials)), known).all()


def test_channels_of_rounding_errors_do_not_hide_a_trial():
    trials = white(np.random.default_rng(8), (100, 4, 128))
    trials[:, 2] = 0
    noisy = trials.copy()
    noisy[:, 2] = 1e-12 * np.random.default_rng(9).standard_normal((100, 128))
    assert known_trials(trial_fingerprints(noisy), trial_fingerprints(trials)).all()


def test_trials_that_are_mostly_zero_are_told_apart_and_known_again():
    trials = white(np.random.default_rng(10), (2000, 3, 200))
    trials[:, :, 40:] = 0
    fingerprints = trial_fingerprints(trials)
    assert duplicate_trials(fingerprints) == []
    assert known_trials(trial_fingerprints(volts_in_single_precision(trials)), fingerprints).all()


def test_what_is_not_the_same_signal_is_not_the_same_trial():
    trials = pink(np.random.default_rng(11), (50, 4, 160))
    known = trial_fingerprints(trials)
    for other in (
        trials + 0.1 * trials.std() * np.random.default_rng(12).standard_normal(trials.shape),
        trials[:, :, ::-1],
        np.roll(trials, 1, axis=2),
        trials[:, :3],
        trials[:, :, 1:],
    ):
        assert not known_trials(trial_fingerprints(other), known).any()


def test_where_a_trial_stands_does_not_matter():
    trials = white(np.random.default_rng(13), (70, 3, 64))
    order = np.random.default_rng(14).permutation(70)
    fingerprints = trial_fingerprints(trials)
    alone = [trial_fingerprints(trial[None])[0] for trial in trials[order]]
    assert known_trials(alone, fingerprints).all()
    assert duplicate_trials([*fingerprints, *alone]) == [
        (number, 70 + int(np.flatnonzero(order == number)[0])) for number in range(70)
    ]


def test_equal_texts_are_not_needed():
    fingerprint = trial_fingerprints(white(np.random.default_rng(15), (1, 2, 64)))[0]
    for step, same in ((TOLERANCE, True), (TOLERANCE + 1, False)):
        moved = f"{int(fingerprint[:5], 16) + step:05x}" + fingerprint[5:]
        assert known_trials([moved], [fingerprint]).tolist() == [same]
        assert duplicate_trials([moved, fingerprint]) == ([(0, 1)] if same else [])


def test_trials_without_a_signal_are_never_the_same():
    trials = white(np.random.default_rng(16), (5, 2, 64))
    trials[0], trials[1], trials[2, 0, 3] = 0, 7.5, np.nan
    trials[3] = (-1.0) ** np.arange(64)
    fingerprints = trial_fingerprints(trials)
    assert fingerprints[:4] == ["-" * 50] * 4
    assert known_trials(fingerprints, fingerprints).tolist() == [False] * 4 + [True]
    assert duplicate_trials(fingerprints) == []
    assert trial_fingerprints(np.ones((2, 3, 2))) == ["-" * 50] * 2


def test_no_trials_are_no_error():
    assert trial_fingerprints(np.zeros((0, 2, 64))) == []
    one = trial_fingerprints(white(np.random.default_rng(17), (1, 2, 64)))
    assert known_trials([], one).tolist() == []
    assert known_trials(one, []).tolist() == [False]
    assert duplicate_trials([]) == []


def test_fingerprints_stay_those_of_files_that_are_kept():
    times = np.arange(100)
    trial = np.array([np.sin(0.02 * times**2), np.cos(0.3 * times + 0.001 * times**2)])
    kept = "81a468414c7eb4b7a5246e6297d988862b886f697709c93aec"
    assert known_trials(trial_fingerprints(trial[None]), [kept]).all()


@pytest.mark.parametrize("wrong", ["", "a", "0123456789ab", "g" * 50, "é" * 50, "A" * 50, "-" * 49 + "0"])
def test_what_is_no_fingerprint_is_refused(wrong):
    one = trial_fingerprints(white(np.random.default_rng(18), (1, 2, 64)))
    with pytest.raises(ValueError, match="50 hexadecimal digits"):
        known_trials(one, [*one, wrong])
    with pytest.raises(ValueError, match="got"):
        trial_fingerprints(np.zeros((3, 4)))


@pytest.mark.parametrize(
    "stored", [None, "text", 5, {"a": 1}, [1, 2], ["0123456789ab"], [None], [["a" * 50]], []]
)
def test_a_memory_that_cannot_be_read_is_none(stored):
    one = trial_fingerprints(white(np.random.default_rng(19), (1, 2, 64)))
    good = {"training_trials": one}
    assert seen_in_training(good, one).tolist() == [True]
    assert training_trials({"training_trials": stored}) == []
    assert seen_in_training({"training_trials": stored}, one) is None
    if isinstance(stored, list) and stored:
        assert seen_in_training({"training_trials": [*one, *stored]}, one) is None


def test_what_an_earlier_training_saw_unnoted_stays_unknown():
    one, two = sorted(trial_fingerprints(white(np.random.default_rng(20), (2, 2, 64))))
    for earlier in ({"format": "state dict"}, {"training_trials_sha256": ["0123456789ab"]}):
        first = remembered_trials(earlier, [one])
        again = remembered_trials(earlier | first, [two])
        assert [remembers_all(memory) for memory in (first, again)] == [False, False]
        assert again["training_trials"] == [one, two]
        for memory in (first, again):
            assert seen_in_training(memory, [one]).tolist() == [True]
            assert (
                seen_in_training(memory, trial_fingerprints(white(np.random.default_rng(21), (1, 2, 64))))
                is None
            )
    assert remembered_trials({"note": "kept"}, [one]) == {"training_trials": [one]}


@pytest.fixture(scope="module")
def trained(network, simulation):
    epochs = simulation[0].copy()
    model = network(chs_info=epochs.info["chs"])
    return sincviz.training.fit(model, epochs[:30], max_epochs=2, progress=False).module_


def said_of(model, trials, y):
    predicted = sincviz.evidence.predictions(model, trials, y)
    relevance = sincviz.spectral_relevance(model, trials, y)
    return predicted["seen_in_training"].tolist(), relevance.attrs["held_out"]


@pytest.mark.filterwarnings("ignore:These trials look as if they were in volts:RuntimeWarning")
def test_trials_of_the_training_are_known_in_every_shape_they_come_in(trained, epochs, tmp_path):
    save_checkpoint(trained, tmp_path / "network.safetensors")
    model = load_checkpoint(tmp_path / "network.safetensors")
    codes = epochs.events[:, 2] - epochs.events[:, 2].min()
    volts = epochs.get_data(copy=True)
    seen = [True] * 30 + [False] * 10
    for trials in (
        epochs,
        volts,
        1e6 * volts,
        (1e6 * volts).astype(np.float32),
        1e6 * (volts - volts.mean(axis=2, keepdims=True)),
        volts[:, ::-1],
    ):
        assert said_of(model, trials, codes) == (seen, "in part")
        assert said_of(model, trials[:30], codes[:30]) == (seen[:30], "no")
        assert said_of(model, trials[30:], codes[30:]) == (seen[30:], "yes")


def test_the_whole_inspection_knows_trials_in_volts_again(trained, epochs):
    codes = epochs.events[:, 2] - epochs.events[:, 2].min()
    inspection = sincviz.inspect(
        trained, epochs.get_data(copy=True)[:30], codes[:30], only=("bands",), progress=False
    )
    assert inspection.predictions["seen_in_training"].all()
    assert inspection.accuracies.index.tolist() == ["all", "seen in training"]


def test_new_trials_of_standardised_kind_are_held_out_and_not_refused_by_the_group(network, epochs):
    rng = np.random.default_rng(22)
    codes = np.arange(40) % 2
    trials, new = (standardised(rng, (40, 6, 128)).astype(np.float32) for _ in range(2))
    model = network(chs_info=epochs.info["chs"])
    model = sincviz.training.fit(model, trials, codes, max_epochs=2, progress=False).module_
    assert said_of(model, new, codes) == ([False] * 40, "yes")
    assert said_of(model, trials, codes) == ([True] * 40, "no")
    inspection = sincviz.inspect(model, new, codes, only=("bands", "maps", "relevance"), progress=False)
    facts = row_dataset(sincviz.networks.front_end(model), inspection).attrs
    assert (facts["held_out"], facts["n_seen"]) == ("yes", 0)


def test_a_file_that_has_the_old_hashes_only_does_not_know_its_trials(trained, epochs, tmp_path):
    old = {key: value for key, value in trained.provenance.items() if key != "training_trials"}
    kept, trained.provenance = trained.provenance, old | {"training_trials_sha256": ["0123456789ab"] * 30}
    try:
        save_checkpoint(trained, tmp_path / "old.safetensors")
    finally:
        trained.provenance = kept
    model = load_checkpoint(tmp_path / "old.safetensors")
    assert "seen_in_training" not in sincviz.evidence.predictions(model, epochs)
    assert sincviz.spectral_relevance(model, epochs).attrs["held_out"] == "unknown"
    # Trained further, it knows the new trials, and still not those of before.
    again = sincviz.training.fit(model, epochs[30:], max_epochs=1, progress=False).module_
    assert sincviz.spectral_relevance(again, epochs[30:]).attrs["held_out"] == "no"
    assert sincviz.spectral_relevance(again, epochs[:30]).attrs["held_out"] == "unknown"


def test_ten_thousand_training_trials_fit_into_a_file(network, tmp_path):
    model = network()
    fingerprints = trial_fingerprints(white(np.random.default_rng(23), (20_000, 1, 32)))
    model.provenance = remembered_trials({}, fingerprints)
    save_checkpoint(model, tmp_path / "large.safetensors")
    assert (tmp_path / "large.safetensors").stat().st_size < 2 * 2**20
    again = load_checkpoint(tmp_path / "large.safetensors")
    assert known_trials(fingerprints, training_trials(again.provenance)).all()
