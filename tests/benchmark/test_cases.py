import dataclasses
import json

import numpy as np
import pytest
import torch

from sincviz.benchmark import cases as cases_module
from sincviz.benchmark import conditions, network_training, real_background
from sincviz.benchmark.cases import FULL, SMALL, case, case_names, cases, description, file_name
from sincviz.benchmark.conditions import ARCHITECTURES, CONDITIONS, N_TIMES
from sincviz.benchmark.network_files import content_key, read_network
from sincviz.benchmark.scores.grid import GRID, true_cells_of
from sincviz.errors import CheckpointError, DownloadNeededError

ONE, IN_TIME, RECORDED = "channels_16/SincShallowNet", "p300/EEGNet", "real_background/SincShallowNet"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Few trials and one pass: nothing here depends on how good a network is."""
    monkeypatch.setattr(cases_module, "N_TRAIN", 16)
    monkeypatch.setattr(cases_module, "N_TEST", 12)
    monkeypatch.setattr(network_training, "PASSES", dict.fromkeys(ARCHITECTURES, 1))


@pytest.fixture
def recordings(monkeypatch):
    """Noise in place of recorded EEG."""

    def background(people, n_trials, ch_names, seed):
        rng = np.random.default_rng([seed, *people])
        return 10 * rng.standard_normal((n_trials, len(ch_names), N_TIMES))

    monkeypatch.setattr(cases_module, "background", background)


@pytest.mark.parametrize("name", [ONE, IN_TIME])
def test_a_case_describes_its_network_and_trials(name, tmp_path):
    found = case(name, cache=tmp_path)
    assert (found.name, f"{found.condition}/{found.architecture}") == (name, name)
    assert found.x.dtype == torch.float32
    assert found.y.dtype == torch.int64
    assert found.x.shape == (12, len(found.ch_names), N_TIMES)
    assert not found.model.training
    with torch.no_grad():
        right = (found.model(found.x).argmax(1) == found.y).double().mean()
    assert found.accuracy == pytest.approx(float(right), abs=1e-6)
    model = found.model
    assert (model.sfreq, tuple(model.ch_names), model.tmin_s) == (found.sfreq, found.ch_names, found.tmin_s)
    assert [channel["ch_name"] for channel in model.chs_info] == list(found.ch_names)
    assert np.array(model.class_names)[found.y].tolist() == found.truth["class_name"].to_numpy().tolist()
    cells = true_cells_of(found)
    assert 0 < cells.sum() < cells.size


def test_sources_of_several_bands_are_true_in_each(tmp_path):
    found = case("hands_strong/EEGNet", cache=tmp_path)
    cells = true_cells_of(found)
    true_bands = [band for band, any_channel in zip(GRID, cells.any(0), strict=True) if any_channel]
    assert true_bands == ["8-12 Hz", "16-20 Hz", "20-24 Hz"]
    assert {"C3", "C4"} <= set(np.array(found.ch_names)[cells.any(1)])


def test_a_network_is_trained_once_and_read_as_it_was(tmp_path, monkeypatch):
    first = case(ONE, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.name == file_name(ONE)
    monkeypatch.setattr(cases_module, "_train", None)
    again = case(ONE, cache=tmp_path)
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.model(first.x), again.model(again.x))
    assert first.truth.identical(again.truth)


def test_training_again_gives_the_same_numbers(tmp_path):
    for folder in ("a", "b"):
        case(ONE, cache=tmp_path / folder)
    one, other = (read_network(tmp_path / folder / file_name(ONE))[0] for folder in ("a", "b"))
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[key]) for key, value in one.items())


def test_training_leaves_the_given_network_and_the_generator_as_they_were():
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(8, 2), torch.nn.Dropout())
    before, state = network[1].weight.clone(), torch.random.get_rng_state()
    uv = np.random.default_rng(0).standard_normal((6, 2, 4)).astype(np.float32)
    fitted = network_training.trained(network, uv, np.arange(6) % 2, 0, passes=1)
    assert torch.equal(network[1].weight, before)
    assert not torch.equal(fitted[1].weight, before)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupted_training_is_not_taken_for_a_whole_one(at):
    calls = []

    class Interrupted(torch.nn.Linear):
        def forward(self, x):
            calls.append(1)
            if len(calls) == at:  # one batch is one pass
                raise KeyboardInterrupt
            return super().forward(x.flatten(1))

    uv = np.random.default_rng(0).standard_normal((6, 2, 4)).astype(np.float32)
    with pytest.raises(KeyboardInterrupt):
        network_training.trained(Interrupted(8, 2), uv, np.arange(6) % 2, 0, passes=2)


def test_test_trials_are_none_of_the_training_trials():
    chosen = conditions.setting("channels_16", "EEGNet")
    seed = conditions.seed_of("channels_16/EEGNet")
    draws = [cases_module.simulate(chosen, 8, one).uv for one in (seed, seed + cases_module._TEST_SEED)]
    assert not np.isclose(draws[0][:, None], draws[1]).all((2, 3)).any()


def test_label_noise_flips_the_stated_share_of_labels():
    labels = np.arange(400) % 2
    wrong = cases_module._flipped(labels, 0.25, 0) != labels
    assert wrong.sum() == 100
    assert 0 < wrong[labels == 0].sum() < 100
    assert np.array_equal(cases_module._flipped(labels, 0.0, 0), labels)


@pytest.mark.parametrize("module", [cases_module, network_training])
def test_the_key_changes_with_version_and_training(module, monkeypatch):
    before = file_name(ONE)
    monkeypatch.setattr(module, "SIMULATION" if module is cases_module else "BATCH_SIZE", 99)
    assert file_name(ONE) != before


def test_the_key_changes_with_every_setting():
    known = description(ONE)
    keys = {content_key(known)}
    setting = known["setting"]
    for name, value in setting.items():
        keys.add(content_key({**known, "setting": {**setting, name: [value, "changed"]}}))
    part = dataclasses.asdict(conditions.setting(*ONE.split("/")).parts[0])
    assert part["depth"] == setting["parts"][0]["depth"]
    assert len(keys) == 1 + len(setting)
    assert json.loads(json.dumps(known))["seed"] == known["seed"]
    assert len({file_name(name) for name in FULL}) == len(FULL)


def test_recorded_trials_are_in_the_file_with_their_attribution(tmp_path, recordings, monkeypatch):
    first = case(RECORDED, cache=tmp_path)
    tensors, facts = read_network(tmp_path / file_name(RECORDED))
    assert tensors["x"].dtype == torch.int16
    assert "PhysioNet" in facts["attribution"]
    monkeypatch.setattr(cases_module, "background", None)
    again = case(RECORDED, cache=tmp_path)
    assert torch.equal(first.x, again.x)
    assert first.truth.identical(again.truth)
    step_uv = float(tensors["x_step_uv"])
    assert step_uv < 0.01
    assert first.truth["scalp_map"].to_numpy().any()


def test_people_of_training_and_test_differ():
    for seed in range(20):
        training, test = real_background.people_of(seed)
        assert not set(training) & set(test)
        assert set(training) | set(test) <= set(real_background.PEOPLE)


def test_cases_without_recordings_are_left_out_and_said(tmp_path, monkeypatch):
    def background(people, n_trials, ch_names, seed):
        raise DownloadNeededError("The recordings are missing.")

    monkeypatch.setattr(cases_module, "background", background)
    monkeypatch.setitem(cases_module.SIZES, "small", (RECORDED, ONE))
    with pytest.warns(UserWarning, match=f"1 case of 2 left out.*{RECORDED}.*recordings are missing"):
        found = [one.name for one in cases("small", cache=tmp_path, progress=False)]
    assert found == [ONE]
    with pytest.raises(DownloadNeededError):
        case(RECORDED, cache=tmp_path)


def test_unwanted_cases_are_left_out_silently(tmp_path, monkeypatch):
    monkeypatch.setitem(cases_module.SIZES, "small", (RECORDED, ONE))
    assert [one.name for one in cases("small", cache=tmp_path, skip=[RECORDED], progress=False)] == [ONE]


def test_the_environment_names_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SINCVIZ_BENCHMARK_CACHE", str(tmp_path / "new"))
    case(ONE)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [file_name(ONE)]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-5], lambda raw: raw[:-5] + b"wrong", lambda raw: b""])
def test_a_damaged_file_is_an_error_that_says_so(damage, tmp_path):
    case(ONE, cache=tmp_path)
    path = tmp_path / file_name(ONE)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"is not a whole file of a benchmark network.*Delete it"):
        case(ONE, cache=tmp_path)


def test_an_interrupted_training_leaves_no_file(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(network_training, "trained", interrupted)
    with pytest.raises(KeyboardInterrupt):
        case(ONE, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_small_size_covers_domains_and_architectures():
    assert set(SMALL) < set(FULL) == {f"{one}/{net}" for one in CONDITIONS for net in ARCHITECTURES}
    assert {name.split("/")[1] for name in SMALL} == set(ARCHITECTURES)
    assert {conditions.setting(*name.split("/")).domain for name in SMALL} == {"frequency", "time"}
    assert case_names("full") == FULL


def test_unknown_sizes_and_names_are_errors_at_once():
    with pytest.raises(ValueError, match=r"got 'huge'. Try 'small'"):
        cases("huge")
    with pytest.raises(ValueError, match=r"got 'p300/EEGNett'. Did you mean 'p300/EEGNet'"):
        case("p300/EEGNett")


@pytest.mark.slow
def test_weak_networks_are_weak_and_strong_ones_strong(tmp_path, monkeypatch):
    monkeypatch.setattr(cases_module, "N_TRAIN", conditions.N_TRAIN)
    monkeypatch.setattr(cases_module, "N_TEST", 400)
    monkeypatch.setattr(network_training, "PASSES", dict.fromkeys(ARCHITECTURES, 20))
    weak, strong = (
        case(f"hands_{one}/SincShallowNet", cache=tmp_path).accuracy for one in ("weak", "strong")
    )
    assert 0.58 < weak < 0.8 < strong
