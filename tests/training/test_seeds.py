"""Training with several seeds: a classifier of networks that differ in chance only."""

import pickle

import numpy as np
import pytest
import torch

from sincviz import inspect
from sincviz.networks import members
from sincviz.training import SeedClassifier, fit, fit_many
from sincviz.training import seeds as module
from sincviz.training.seeds import checked_seeds, untrained


@pytest.fixture(scope="module")
def trained(network, simulation):
    model = network(chs_info=simulation[0].info["chs"])
    return fit_many(model, simulation[0], seeds=[3, 1], max_epochs=2, validation=0, progress=False)


def test_it_is_what_scikit_learn_users_expect(trained, epochs):
    probabilities = trained.predict_proba(epochs)
    assert trained.classes_.tolist() == ["left", "right"]
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    assert trained.predict(epochs).tolist() == trained.classes_[probabilities.argmax(1)].tolist()
    assert trained.score(epochs) == np.mean(
        trained.predict(epochs) == [["left", "right"][e] for e in codes(epochs)]
    )
    scores = [torch.from_numpy(one.predict_proba(epochs)).log() for one in trained.classifiers_]
    # The log of a softmax is the scores but for a constant of each trial.
    assert probabilities == pytest.approx(torch.stack(scores).mean(0).softmax(1).numpy(), abs=1e-5)


def codes(epochs):
    order = sorted(epochs.event_id, key=epochs.event_id.get)
    names = {code: name for name, code in epochs.event_id.items()}
    return [order.index(names[code]) for code in epochs.events[:, 2]]


def test_each_seed_is_its_own_training_from_its_own_weights(trained, network, epochs):
    model = network(chs_info=epochs.info["chs"])
    alone = fit(untrained(model, 1), epochs, seed=1, max_epochs=2, validation=0, progress=False).module_
    for name, value in members(trained)[1].state_dict().items():
        assert torch.equal(value, alone.state_dict()[name])
    first, second = (one.final_layer.weight for one in members(trained))
    assert not torch.equal(first, second)
    assert trained.module_.provenance["seeds"] == [3, 1]


@pytest.mark.slow
def test_two_jobs_do_the_same_and_the_given_network_stays(trained, network, simulation):
    model = network(chs_info=simulation[0].info["chs"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    again = fit_many(model, simulation[0], seeds=[3, 1], max_epochs=2, validation=0, n_jobs=2, progress=False)
    for one, other in zip(members(trained), members(again), strict=True):
        assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())


def test_analyses_take_it_and_it_can_be_pickled(trained):
    assert len(inspect(trained, only=["bands"], progress=False).bands) == 8
    again = pickle.loads(pickle.dumps(trained))
    assert isinstance(again, SeedClassifier)
    assert torch.equal(members(again)[0].final_layer.weight, members(trained)[0].final_layer.weight)


def test_class_names_scale_and_preparation_are_kept(network):
    model = network()
    model.class_names, model.scale, model.provenance = ["a", "b"], 5.0, {"format": "state dict"}
    fresh = untrained(model, 0)
    assert (fresh.class_names, fresh.scale, fresh.provenance) == (["a", "b"], 5.0, {})


def test_an_interruption_returns_nothing(network, epochs, monkeypatch):
    calls = []

    def interrupted(*args, **settings):
        calls.append(settings["seed"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fit(*args, **settings)

    monkeypatch.setattr(module, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit_many(
            network(chs_info=epochs.info["chs"]), epochs, seeds=3, max_epochs=1, validation=0, progress=False
        )
    assert calls == [0, 1]


@pytest.mark.parametrize("seeds", [0, [], [1, 1], [-1]])
def test_seeds_of_wrong_value_are_refused(seeds):
    with pytest.raises(ValueError, match="seed"):
        checked_seeds(seeds)


@pytest.mark.parametrize("seeds", ["3", True, 2.0, [0.5]])
def test_seeds_of_wrong_type_are_refused(seeds):
    with pytest.raises(TypeError, match="seed"):
        checked_seeds(seeds)
