"""Any network as an analysis of inputs and scores sees it: what it tells, what is copied, what is refused."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sincviz.networks import FrontEnd, front_end
from sincviz.networks.decoder import BlackBox, checked_scores, decoder, evaluated_copy


class Somebodys(nn.Module):
    """A network of another library that tells nothing, with dropout and running statistics."""

    def __init__(self, **known):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(6, 3, 9), nn.BatchNorm1d(3), nn.ELU(), nn.Dropout(0.5), nn.AdaptiveAvgPool1d(4), nn.Flatten(),
            nn.Linear(12, 2),
        )  # fmt: skip
        for name, value in known.items():
            setattr(self, name, value)

    def forward(self, x):
        return self.layers(x)


@pytest.fixture
def somebodys(moved):
    def build(**known):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return moved(Somebodys(**known))

    return build


@pytest.fixture
def trials():
    return torch.from_numpy(np.random.default_rng(0).standard_normal((5, 6, 128)).astype(np.float32))


def test_a_network_that_is_known_is_seen_through_its_front_end(network, moved, trials):
    model = moved(network()).eval()
    seen = decoder(model)
    assert isinstance(seen, FrontEnd)
    torch.testing.assert_close(seen.scores(trials), model(trials).detach())


def test_what_was_seen_once_is_seen_as_it_is(network, somebodys):
    for seen in (front_end(network()), decoder(somebodys())):
        assert decoder(seen) is seen


def test_any_other_network_gives_its_scores_in_evaluation_and_is_not_changed(somebodys, trials):
    model = somebodys().train()
    before = copy.deepcopy(model.state_dict())
    scores = decoder(model).scores(trials)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    torch.testing.assert_close(scores, model.eval()(trials).detach())


def test_it_is_what_the_network_was_then(somebodys, trials):
    model = somebodys()
    seen = decoder(model)
    expected = seen.scores(trials)
    with torch.no_grad():
        model.layers[0].weight += 1
    assert torch.equal(seen.scores(trials), expected)


def test_what_a_network_does_not_tell_is_unknown(somebodys):
    seen = decoder(somebodys())
    unknown = (
        "n_chans",
        "n_times",
        "n_outputs",
        "sfreq",
        "ch_names",
        "chs_info",
        "units_per_volt",
        "class_names",
    )
    assert [getattr(seen, name) for name in unknown] == [None] * 8
    assert (seen.dtype, seen.device.type, dict(seen.provenance)) == (torch.float32, "cpu", {})


def test_what_a_network_tells_is_read(somebodys, epochs):
    channels = epochs.info["chs"]
    seen = decoder(
        somebodys(
            chs_info=channels, sfreq=128.0, n_times=128, n_outputs=2, scale=1e6, class_names=["a", "b"],
            provenance={"seed": 3},
        )
    )  # fmt: skip
    assert (seen.n_chans, seen.ch_names, seen.chs_info) == (6, epochs.ch_names, channels)
    assert (seen.sfreq, seen.n_times, seen.n_outputs, seen.units_per_volt) == (128, 128, 2, 1e6)
    assert (seen.class_names, seen.provenance) == (["a", "b"], {"seed": 3})


def test_weights_and_layers_of_the_same_name_are_not_what_is_asked_for(somebodys):
    known = {"scale": nn.Parameter(torch.ones(3)), "sfreq": nn.Linear(1, 1), "n_times": torch.tensor(7)}
    seen = decoder(somebodys(**known))
    assert seen.units_per_volt is seen.sfreq is seen.n_times is None


class Raising(Somebodys):
    @property
    def n_times(self):
        raise ValueError("n_times was not given")


def test_what_a_network_was_not_told_is_unknown():
    assert decoder(Raising()).n_times is None


def test_precision_is_that_of_the_network(somebodys, trials):
    seen = decoder(somebodys().double())
    assert seen.dtype == torch.float64
    assert seen.scores(trials.double()).dtype == torch.float64


def test_the_hash_is_that_of_the_weights(somebodys):
    one, same, other = somebodys(), somebodys(), somebodys()
    with torch.no_grad():
        other.layers[0].weight += 1
    hashes = [decoder(model).weights_sha256 for model in (one, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_network_without_weights_is_a_network(trials):
    seen = decoder(nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten()))
    assert seen.dtype == torch.float32
    torch.testing.assert_close(seen.scores(trials), trials.mean(2))


class Classifier:
    """What skorch leaves behind after a fit."""

    def __init__(self, model):
        self.module_ = model


@pytest.mark.parametrize(
    "wrap", [Classifier, nn.DataParallel, lambda model: Classifier(nn.DataParallel(model))]
)
def test_the_network_is_found_inside(somebodys, trials, wrap):
    model = somebodys(class_names=["a", "b"]).eval()
    seen = decoder(wrap(model))
    assert isinstance(seen, BlackBox)
    assert seen.class_names == ["a", "b"]
    torch.testing.assert_close(seen.scores(trials), model(trials).detach())


class ForeignWithoutConfig(nn.Module):
    """A network with the weights of ours that does not tell its settings."""

    def __init__(self, model):
        super().__init__()
        for name, child in model.named_children():
            self.add_module(name, child)

    def forward(self, x):
        return self.final_layer(self.temporal_aggregation(self.depthwiseconv(self.sinc_filter_layer(x))))


def test_a_network_whose_front_end_cannot_be_had_still_has_scores(network, moved, trials):
    model = moved(network()).eval()
    seen = decoder(ForeignWithoutConfig(model))
    assert isinstance(seen, BlackBox)
    torch.testing.assert_close(seen.scores(trials), model(trials).detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("nothing", ["a string", None, np.zeros(3), {"weight": 1}])
def test_what_is_no_network_is_refused(nothing):
    for function in (decoder, evaluated_copy):
        with pytest.raises(TypeError, match=type(nothing).__name__):
            function(nothing)


def test_a_copy_to_look_into_is_in_evaluation_and_without_gradients(somebodys):
    model = somebodys().train()
    copied = evaluated_copy(model)
    assert not any(layer.training for layer in copied.modules())
    assert not any(parameter.requires_grad for parameter in copied.parameters())
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_front_end_has_no_layers_to_look_into(network):
    with pytest.raises(TypeError, match=r"FrontEnd\. Pass the `torch\.nn\.Module`"):
        evaluated_copy(front_end(network()))


class Remembering(Somebodys):
    """A network that keeps what it last computed, as many do for their figures."""

    def forward(self, x):
        self.last = self.layers(x)
        return self.last


def test_a_network_that_remembers_its_last_output_can_be_seen(trials):
    model = Remembering().eval()
    expected = model(trials).detach()
    torch.testing.assert_close(decoder(model).scores(trials), expected)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (torch.zeros(5, 2, 3), r"for \(5, 6, 128\) it returns the shape \(5, 2, 3\)"),
        (torch.zeros(5), r"the shape \(5,\)"),
        (torch.zeros(1, 2), r"the shape \(1, 2\)"),
        ({"features": torch.zeros(5, 2)}, "dict"),
        ((torch.zeros(5, 2),), "tuple"),
        (np.zeros((5, 2)), "ndarray"),
    ],
)
def test_scores_of_another_shape_are_refused_with_what_to_do(trials, scores, message):
    with pytest.raises(TypeError, match=message + r"\. Wrap it in a module"):
        checked_scores(scores, trials)


def test_scores_are_returned_as_they_are(trials):
    scores = torch.zeros(5, 1)
    assert checked_scores(scores, trials) is scores
