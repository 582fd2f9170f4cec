"""The network inside whatever people keep it in."""

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

import sincviz
from sincviz import EpochsError, learned_bands, spectral_relevance
from sincviz.networks import front_end
from sincviz.networks.decoder import BlackBox, decoder
from sincviz.networks.wrappers import skipped_steps, unwrapped


class Holder(nn.Module):
    """A module that holds the network as people call it, and passes trials on."""

    def __init__(self, network, name="model"):
        super().__init__()
        self.add_module(name, network)
        self.name = name

    def forward(self, x):
        return getattr(self, self.name)(x)


class Scaling(Holder):
    """A module that changes the trials before the network that it holds."""

    def forward(self, x):
        return getattr(self, self.name)(3 * x)


def module_of_lightning(network):
    """A module as Lightning makes it: no forward pass of its own, the network under `model`."""
    base = type("LightningModule", (nn.Module,), {"__module__": "lightning.pytorch.core.module"})

    def forward(self, *args):
        raise NotImplementedError

    forward.__module__ = "lightning.pytorch.core.module"
    base.forward = forward
    module = type("Decoder", (base,), {})()
    module.model, module.loss = network, nn.CrossEntropyLoss()
    return module


def classifier(network):
    wrapper = NeuralNetClassifier(network, max_epochs=0, train_split=None, verbose=0)
    return wrapper.initialize()


WRAPPED = {
    "classifier": classifier,
    "pipeline": lambda network: make_pipeline(FunctionTransformer(), classifier(network)),
    "data parallel": nn.DataParallel,
    "averaged": torch.optim.swa_utils.AveragedModel,
    "holder": Holder,
    "holder as net": lambda network: Holder(network, "net"),
    "lightning": module_of_lightning,
    "compiled": lambda network: torch.compile(network, backend="eager"),
    "all": lambda network: make_pipeline(
        "passthrough", classifier(nn.DataParallel(module_of_lightning(network)))
    ),
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_bands_and_relevance_are_those_of_the_network_inside(network, moved, wrap):
    model = moved(network()).eval()
    trials = np.random.default_rng(0).standard_normal((6, 6, 128)).astype(np.float32)
    expected_bands, expected = learned_bands(model), spectral_relevance(model, trials)
    wrapped = wrap(model)
    np.testing.assert_array_equal(learned_bands(wrapped).to_numpy(), expected_bands.to_numpy())
    np.testing.assert_allclose(spectral_relevance(wrapped, trials), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "wrap", [WRAPPED[name] for name in ("classifier", "holder", "lightning", "pipeline")]
)
def test_what_is_set_on_the_wrapper_is_honoured(network, moved, epochs, wrap):
    model = moved(network())
    wrapped = wrap(model)
    wrapped.ch_names, wrapped.class_names, wrapped.scale = epochs.ch_names, ["right", "left"], 1e6
    relevance = spectral_relevance(wrapped, epochs, trials="contrast")  # a warning would be an error
    assert relevance.channel.to_numpy().tolist() == epochs.ch_names
    assert relevance.target.to_numpy().tolist() == ["right against left"]


def test_what_the_network_itself_says_counts_first(network):
    model = network()
    model.class_names = ["a", "b"]
    held = Holder(model)
    held.class_names = ["c", "d"]
    assert front_end(held).class_names == ["a", "b"]


def test_the_names_that_a_classifier_learned_are_the_classes(network):
    wrapper = classifier(network())
    wrapper.classes = ["left", "right"]
    assert sincviz.network(wrapper).class_names == ["left", "right"]


def test_a_search_stands_for_its_best_classifier(network):
    trials = np.random.default_rng(0).standard_normal((12, 6, 128)).astype(np.float32)
    single = NeuralNetClassifier(network(), max_epochs=1, train_split=None, verbose=0)
    search = GridSearchCV(single, {"lr": [0.01]}, cv=2).fit(trials, np.resize([0, 1], 12))
    assert unwrapped(search) is search.best_estimator_.module_


def test_a_module_that_changes_trials_is_not_read_as_the_network_inside(network, moved):
    model = moved(network()).eval()
    held = Scaling(model)
    with pytest.raises(TypeError, match=r"holds a network as `\.model`.*pass `model\.model`"):
        learned_bands(held)
    trials = torch.randn(3, 6, 128)
    seen = decoder(held)
    assert isinstance(seen, BlackBox)
    torch.testing.assert_close(seen.scores(trials), model(3 * trials).detach())


def test_a_network_with_a_part_called_model_stays_whole():
    whole = Scaling(nn.Sequential(nn.Flatten(), nn.Linear(6, 2)))
    assert unwrapped(whole) is whole


def test_trials_that_a_pipeline_would_change_are_refused(network):
    pipeline = make_pipeline(StandardScaler(), classifier(network()))
    assert skipped_steps(pipeline) == ["standardscaler"]
    with pytest.raises(EpochsError, match=r"standardscaler.*`model\[-1\]`"):
        spectral_relevance(pipeline, np.zeros((2, 6, 128)))
    assert len(learned_bands(pipeline)) == 4  # the weights are the same


def test_the_steps_of_the_pipeline_that_a_search_chose_are_named_within_it(network):
    trials = np.random.default_rng(0).standard_normal((12, 6, 128)).astype(np.float32)
    labels = np.resize([0, 1], 12)
    doubled = FunctionTransformer(lambda x: 2 * x)
    pipeline = make_pipeline(
        doubled, NeuralNetClassifier(network(), max_epochs=1, train_split=None, verbose=0)
    )
    model = GridSearchCV(pipeline, {"neuralnetclassifier__lr": [0.01]}, cv=2).fit(trials, labels)
    with pytest.raises(EpochsError, match=r"`model\.best_estimator_\[-1\]`") as caught:
        spectral_relevance(model, trials, labels)
    inner, prepare = (text for text in str(caught.value).split("`")[1::2])
    prepared = eval(prepare, {"model": model, "epochs": trials})
    np.testing.assert_array_equal(prepared, 2 * trials)
    assert spectral_relevance(eval(inner), prepared, labels, trials="contrast").sizes["channel"] == 6


def test_a_search_without_a_fitted_classifier_is_refused_with_what_to_do(network):
    trials = np.random.default_rng(0).standard_normal((12, 6, 128)).astype(np.float32)
    labels = np.resize([0, 1], 12)
    search = GridSearchCV(
        NeuralNetClassifier(network(), max_epochs=1, train_split=None, verbose=0),
        {"lr": [0.01]},
        cv=2,
        refit=False,
    )
    with pytest.raises(TypeError, match=r"GridSearchCV is not fitted.*`\.fit\(X, y\)`"):
        learned_bands(search)
    search.fit(trials, labels)
    with pytest.raises(TypeError, match=r"`model\.set_params\(refit=True\)\.fit\(X, y\)`"):
        learned_bands(search)
    assert len(learned_bands(search.set_params(refit=True).fit(trials, labels))) == 4


@pytest.mark.filterwarnings("ignore")  # PyTorch calls TorchScript deprecated
@pytest.mark.parametrize(
    "compiled", [lambda net, x: torch.jit.trace(net, x), lambda net, x: torch.jit.script(net)]
)
def test_a_network_of_torchscript_is_refused_and_its_weights_can_be_taken(compiled, tmp_path):
    def plain():
        return nn.Sequential(nn.Flatten(), nn.Linear(6 * 128, 2)).eval()

    trials = np.random.default_rng(0).standard_normal((4, 6, 128)).astype(np.float32)
    network = plain()
    model = compiled(network, torch.zeros(2, 6, 128))
    model.save(str(tmp_path / "model.pt"))
    for one in (model, torch.jit.load(str(tmp_path / "model.pt"))):
        for function in (sincviz.network, learned_bands):
            with pytest.raises(
                TypeError, match=r"compiled by `torch\.jit`.*load_state_dict\(model\.state_dict"
            ):
                function(one)
        again = plain()
        again.load_state_dict(one.state_dict())
        expected = spectral_relevance(network, trials, sfreq=128)
        np.testing.assert_array_equal(spectral_relevance(again, trials, sfreq=128), expected)


def test_a_classifier_that_was_never_fitted_is_refused(network):
    with pytest.raises(TypeError, match=r"NeuralNetClassifier is not fitted.*`\.fit\(X, y\)`"):
        learned_bands(NeuralNetClassifier(network()))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("weights.pt", r"sincviz\.load_checkpoint\('weights\.pt'\)"),
        ({"weight": torch.ones(2)}, "torch.save"),
        (sincviz.SincShallowNet, "SincShallowNet is a class"),
        (np.zeros((2, 6, 128)), "Pass the network first"),
    ],
)
def test_what_is_no_network_is_told_what_would_be(wrong, message):
    for function in (learned_bands, sincviz.network):
        with pytest.raises(TypeError, match=message):
            function(wrong)
