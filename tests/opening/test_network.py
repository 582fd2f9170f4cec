"""One door: what a network lacks is told, or borrowed from epochs and said; units are checked."""

import copy
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import sincviz
from sincviz import (
    EpochsError,
    FrontEndError,
    ablate,
    deletion_curve,
    diagnose,
    inspect,
    randomization_test,
    relevance,
    spatial_patterns,
    spectral_relevance,
)
from sincviz.evidence import accuracies, predictions
from sincviz.networks import FrontEnd
from sincviz.networks.decoder import BlackBox
from sincviz.opening.network import network as opened


class Somebodys(nn.Module):
    """A network of another library: normalisation, rectified squares, a linear head."""

    def __init__(self, n_outputs=2, n_chans=6):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(n_chans, 4, 9), nn.BatchNorm1d(4), nn.ELU(), nn.AdaptiveAvgPool1d(4), nn.Flatten(),
            nn.Linear(16, n_outputs),
        )  # fmt: skip

    def forward(self, x):
        return self.layers(x)


class FourDimensional(nn.Module):
    """EEGNet's way: a convolution over times, one over channels, of (batch, 1, channels, times)."""

    def __init__(self, n_outputs=2):
        super().__init__()
        self.time, self.norm = nn.Conv2d(1, 4, (1, 17), padding=(0, 8)), nn.BatchNorm2d(4)
        self.space, self.head = nn.Conv2d(4, 8, (6, 1), groups=4), nn.Linear(8 * 4, n_outputs)

    def forward(self, x):
        x = nn.functional.elu(self.space(self.norm(self.time(x))))
        return self.head(nn.functional.adaptive_avg_pool2d(x, (1, 4)).flatten(1))


class Last(FourDimensional):
    """The older way: (batch, channels, times, 1)."""

    def forward(self, x):
        return super().forward(x.permute(0, 3, 1, 2))


@pytest.fixture
def trained(epochs):
    """A network whose normalisations have seen these epochs in some units."""

    def train(model, units=1e6):
        for layer in model.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.momentum = 0.9  # nothing is left of the variance of 1 that it begins with
        x = torch.from_numpy(epochs.get_data() * units).float()
        model.train()
        with torch.no_grad():
            for _ in range(30):
                try:
                    model(x)
                except RuntimeError:
                    model(x[:, None])
        return model.eval()

    return train


def said(function, *arguments, **settings):
    """Return the result, and the warnings as text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = function(*arguments, **settings)
    return found, [str(one.message) for one in caught]


def test_what_is_told_is_known_to_every_analysis(epochs):
    dressed = opened(
        Somebodys(), ch_names=epochs.ch_names, class_names=["left", "right"], scale=1e6, sfreq=128
    )
    assert isinstance(dressed, BlackBox)
    relevance = spectral_relevance(dressed, epochs, trials="contrast")  # a warning would be an error
    assert relevance.target.to_numpy().tolist() == ["left against right"]
    assert relevance.channel.to_numpy().tolist() == epochs.ch_names
    assert ablate(dressed, epochs, channels=epochs.ch_names[:1], progress=False).sizes["channel"] == 1
    assert (
        deletion_curve(dressed, epochs, n_steps=2, n_random=1, progress=False).attrs["ranked_on"]
        == "the other half"
    )
    assert accuracies(predictions(dressed, epochs)).loc["all", "n_trials"] == 40


def test_a_network_with_filters_is_a_front_end_and_keeps_its_layers(network, epochs):
    dressed = opened(network(), ch_names=epochs.ch_names, class_names=["left", "right"], scale=1e6)
    assert isinstance(dressed, FrontEnd)
    assert relevance(dressed, epochs).channel.to_numpy().tolist() == epochs.ch_names
    assert spatial_patterns(dressed, epochs).attrs["units"].startswith("µV")
    agreement = randomization_test(dressed, epochs, n_draws=2, n_steps=2, progress=False)
    assert "layer" in agreement


def test_the_network_is_not_changed_and_a_copy_is_kept(network):
    model = network()
    before = copy.deepcopy(model.state_dict())
    dressed = opened(model, ch_names=list("abcdef"), class_names=["x", "y"], scale=2.0)
    assert model.ch_names is model.class_names is model.scale is None
    with torch.no_grad():
        model.final_layer.weight += 1
    assert torch.equal(dressed.module.final_layer.weight, before["final_layer.weight"])


def test_what_was_opened_can_be_told_more(epochs):
    dressed = opened(opened(Somebodys(), ch_names=epochs.ch_names), scale=1e6, class_names=("l", "r"))
    assert (dressed.ch_names, dressed.units_per_volt, dressed.class_names) == (
        epochs.ch_names,
        1e6,
        ["l", "r"],
    )


@pytest.mark.parametrize("scale", [torch.tensor(1.0), np.array(1.0), np.float32(1), 1])
def test_a_scale_that_was_set_in_any_kind_of_number_is_honoured(scale):
    model = Somebodys()
    model.scale = scale
    assert opened(model).units_per_volt == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale", "uV"), ("scale", 0), ("scale", float("nan")), ("scale", -1), ("scale", torch.ones(2)),
        ("class_names", {"left": 0, "right": 1}), ("ch_names", "Fp1"), ("ch_names", ["C3"] * 6), ("sfreq", "fast"),
        ("chs_info", "all"),
    ],
)  # fmt: skip
def test_what_was_set_and_is_not_allowed_is_refused_by_name(name, value):
    model = Somebodys()
    setattr(model, name, value)
    with pytest.raises((TypeError, ValueError), match=rf"`{name}`.*Somebodys has it.*nn.Sequential"):
        opened(model)
    # What the message proposes for an attribute that means something else.
    assert getattr(opened(nn.Sequential(model)), {"scale": "units_per_volt"}.get(name, name)) is None


def test_what_a_network_computes_with_is_not_what_it_was_told():
    class Scaling(Somebodys):
        def scale(self, x):
            return x

    model = Somebodys()
    model.register_buffer("scale", torch.tensor(3.0))
    assert opened(Scaling()).units_per_volt is None
    assert opened(model).units_per_volt is None


def test_a_forward_pass_outside_torch_is_told_and_what_needs_no_gradients_works(epochs):
    class Outside(Somebodys):
        def forward(self, x):
            return torch.from_numpy(super().forward(x).detach().numpy())

    model = opened(Outside(), ch_names=epochs.ch_names, class_names=["left", "right"], scale=1e6, sfreq=128)
    with pytest.raises(
        sincviz.MethodError, match=r"no gradient: `forward` .* leaves torch.*predictions.*ablate"
    ):
        spectral_relevance(model, epochs)
    assert len(predictions(model, epochs)) == len(epochs)
    assert ablate(model, epochs) is not None


def test_channels_of_an_info_tell_names_and_positions(epochs):
    dressed = opened(Somebodys(), ch_names=epochs.info["chs"])
    assert dressed.ch_names == epochs.ch_names
    np.testing.assert_array_equal(dressed.chs_info[0]["loc"], epochs.info["chs"][0]["loc"])


@pytest.mark.parametrize("make", [Somebodys, None])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"ch_names": ["C3", "C4"]}, ValueError, r"network's 6 channels in their order; got 2: C3, C4"),
        ({"ch_names": ["C3"] * 6}, ValueError, "`ch_names` names channels twice: C3"),
        ({"ch_names": "C3,C4"}, TypeError, r"Try ch_names=\['C3', 'C4'\]"),
        ({"ch_names": ["C3", "", "C4", "Cz", "Pz", "Oz"]}, ValueError, "`ch_names` must not be empty"),
        ({"ch_names": [1.5] * 6}, TypeError, "must be a list of names"),
        ({"ch_names": "C3"}, TypeError, "must be a list of names; got 'C3'"),
        (
            {"class_names": ["a", "b", "c"]},
            ValueError,
            r"must be 2 different names, in the order of the outputs; got 3",
        ),
        ({"class_names": ["a", "a"]}, ValueError, "2 different names"),
        ({"scale": 0}, ValueError, "scale.*greater than 0"),
        ({"scale": "microvolts"}, TypeError, "scale"),
        ({"sfreq": -1}, ValueError, "sfreq"),
        ({"sfreq": 250}, ValueError, r"made for 128 Hz; got 250"),
    ],
)
def test_what_contradicts_the_network_is_refused(network, make, settings, error, message):
    model = network() if make is None else make()
    if make is not None:
        model.n_chans, model.n_outputs, model.sfreq = 6, 2, 128.0
    with pytest.raises(error, match=message):
        opened(model, **settings)


@pytest.mark.parametrize("make", [Somebodys, FourDimensional, None])
def test_what_is_lacking_is_borrowed_from_epochs_and_said_once(network, moved, epochs, make):
    model = moved(network() if make is None else make()).eval()
    result, messages = said(spectral_relevance, model, epochs, trials="contrast", n_steps=2)
    assert result.channel.to_numpy().tolist() == epochs.ch_names
    assert result.target.to_numpy().tolist() == ["left against right"]
    assert result.attrs["sfreq_hz"] == 128
    first = next(message for message in messages if "lacks some metadata" in message)
    assert "microvolts" in first
    assert "the names of its channels, in their order" in first
    _, again = said(spectral_relevance, model, epochs, trials="contrast", n_steps=2)
    assert not [message for message in again if "lacks some metadata" in message]
    # The line that it proposes says the same, so that nothing is left to be said.
    line = first[first.index("sincviz.network(model") : first.rindex("`")]
    told = eval(line, {"sincviz": sincviz, "model": model})
    once_more, messages = said(spectral_relevance, told, epochs, trials="contrast", n_steps=2)
    assert not [message for message in messages if "lacks some metadata" in message]
    np.testing.assert_array_equal(once_more, result)


def test_numbers_that_do_not_agree_borrow_nothing(epochs):
    model = Somebodys(n_outputs=3)
    model.n_outputs = 3
    result, _ = said(spectral_relevance, model, epochs)
    assert result.target.to_numpy().tolist() == ["0", "1", "2"]


def test_what_was_borrowed_is_a_finding(network, moved, epochs):
    result, _ = said(diagnose, moved(network()), epochs)
    row = result.set_index("check").loc["assumed"]
    assert "channels of the epochs" in row["evidence"]
    assert "left | right" in row["evidence"]
    assert "network" in row["finding"]
    assert "sincviz.network(model, ch_names=[" in row["remedy"]


@pytest.mark.parametrize("make", [Somebodys, FourDimensional, None])
@pytest.mark.parametrize(("units", "scale"), [(1.0, "1"), (1e3, "1000"), (1e6, None)])
def test_units_are_compared_with_the_first_normalisation(network, trained, epochs, make, units, scale):
    model = trained(network() if make is None else make(), units)
    _, messages = said(predictions, model, epochs)
    advice = [message for message in messages if "probably not microvolts" in message]
    if scale is None:
        assert not advice
    else:
        assert f"scale={scale})`" in advice[0]
        _, messages = said(predictions, opened(model, scale=float(scale)), epochs)
        assert not [message for message in messages if "probably not" in message]


def test_standardised_training_trials_are_no_other_units(trained, epochs):
    model = trained(Somebodys(), units=1e4)
    _, messages = said(predictions, model, epochs)
    assert any("preprocessed differently" in message for message in messages)


@pytest.mark.parametrize(("make", "shape"), [(FourDimensional, "1, channels"), (Last, "times, 1")])
def test_a_dimension_is_added_where_the_network_wants_one(moved, make, shape):
    model = moved(make()).eval()
    x = np.random.default_rng(0).standard_normal((8, 6, 128)).astype(np.float32)
    result, messages = said(spectral_relevance, model, x, sfreq=128, per_trial=True, n_steps=64)
    assert [message for message in messages if f"({'batch'}, {shape}" in message or shape in message]
    with torch.no_grad():
        whole, nothing = (
            model(torch.from_numpy(x[:, None] if make is FourDimensional else x[..., None]) * factor)
            for factor in (1, 0)
        )
    np.testing.assert_allclose(result.sum(("channel", "frequency")), whole - nothing, rtol=0.02, atol=0.02)
    assert not said(spectral_relevance, model, x, sfreq=128)[1]  # once


def test_every_analysis_takes_four_dimensions(moved, epochs):
    model = moved(FourDimensional()).eval()
    dressed = opened(model, ch_names=epochs.ch_names, class_names=["left", "right"], scale=1e6, sfreq=128)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = ablate(dressed, epochs, channels=epochs.ch_names[:2], progress=False)
        two = deletion_curve(dressed, epochs, n_steps=2, n_random=1, progress=False)
        three = randomization_test(dressed, epochs, n_draws=2, n_steps=2, progress=False)
        four = spectral_relevance(dressed, epochs, method="gradient_shap", n_steps=2)
    assert np.isfinite(one.score_loss).any()
    assert two.attrs["shown"] in ("yes", "no", "could not be checked")
    assert len(three) == 2 * 4 + 1
    assert np.isfinite(four).all()


@pytest.mark.parametrize("wrong", [np.zeros((4, 5, 128)), np.zeros((4, 9, 64))])
def test_trials_that_fit_in_no_shape_are_told_with_the_shapes(wrong):
    model = nn.Sequential(nn.Flatten(), nn.Linear(6 * 128, 2))
    with pytest.raises(
        TypeError, match=rf"batch, {wrong.shape[1]} channels, {wrong.shape[2]} times\).*Wrap|wrap"
    ):
        spectral_relevance(model, wrong)


@pytest.mark.parametrize(
    ("place", "output"), [("linear", "logit"), ("sigmoid", "probability"), ("flat", "logit")]
)
def test_a_single_output_tells_two_classes(place, output):
    layers = [nn.Flatten(), nn.Linear(6 * 64, 1)]
    layers += {"linear": [], "sigmoid": [nn.Sigmoid()], "flat": [nn.Flatten(0)]}[place]
    model = nn.Sequential(*layers)
    x = np.random.default_rng(0).standard_normal((30, 6, 64)).astype(np.float32)
    with torch.no_grad():
        score = model(torch.from_numpy(x)).reshape(-1).numpy()
    y = (score > (0.5 if place == "sigmoid" else 0)).astype(int)
    table, messages = said(predictions, model, x, y)
    assert any(f"read as the {output} of class 1" in message for message in messages)
    assert accuracies(table).loc["all", "accuracy"] == 1
    np.testing.assert_allclose(
        table["score_1"] - table["score_0"],
        2 * score - 1 if place == "sigmoid" else score,
        rtol=1e-4,
        atol=1e-5,
    )
    relevance = spectral_relevance(model, x, y, sfreq=128, n_steps=2)
    np.testing.assert_allclose(relevance.sel(target="0"), -relevance.sel(target="1"), atol=1e-6)
    contrast = spectral_relevance(model, x, y, sfreq=128, trials="contrast", n_steps=2)
    assert contrast.target.to_numpy().tolist() == ["class 0 against class 1"]
    loss = ablate(model, x, y, sfreq=128, progress=False)
    assert np.isfinite(loss.score_loss.sel(band="alpha")).all()


def test_a_single_output_has_two_names_or_none(network):
    x = np.zeros((2, 3, 256))
    named = opened(network(n_chans=3, n_outputs=1), class_names=["score"])
    with pytest.raises(ValueError, match=r"`class_names` must be two names, or None; got \['score'\]"):
        predictions(named, x, [0, 1])


def test_margins_and_probabilities_of_one_logit_are_those_of_the_logistic_function():
    model = nn.Sequential(nn.Flatten(), nn.Linear(6 * 64, 1))
    x = np.random.default_rng(0).standard_normal((6, 6, 64)).astype(np.float32)
    y = np.resize([0, 1], 6)
    with torch.no_grad():
        change = (model(torch.from_numpy(x)) - model(torch.zeros(1, 6, 64)))[:, 0].numpy()
    for explain, expected in (("score", change / 2), ("margin", change)):
        result, _ = said(spectral_relevance, model, x, y, explain=explain, per_trial=True, sfreq=128)
        np.testing.assert_allclose(
            result.sel(target="1").sum(("channel", "frequency")), expected, rtol=1e-3, atol=1e-5
        )
    result, _ = said(
        spectral_relevance, model, x, y, explain="log_probability", per_trial=True, sfreq=128, n_steps=64
    )
    with torch.no_grad():
        logs = nn.functional.logsigmoid(model(torch.from_numpy(x)))[:, 0].numpy()
        start = nn.functional.logsigmoid(model(torch.zeros(1, 6, 64))).item()
    np.testing.assert_allclose(
        result.sel(target="1").sum(("channel", "frequency")), logs - start, rtol=1e-2, atol=1e-4
    )


def test_a_single_score_without_classes_stays_one():
    model = nn.Sequential(nn.Flatten(), nn.Linear(6 * 64, 1))
    relevance = spectral_relevance(model, np.random.default_rng(0).standard_normal((4, 6, 64)), sfreq=128)
    assert relevance.target.to_numpy().tolist() == ["0"]


def test_one_logit_and_filters_are_inspected(network, moved, epochs):
    model = moved(network(n_outputs=1, chs_info=epochs.info["chs"]))
    model.scale = 1e6
    result, messages = said(inspect, model, epochs, only=["bands", "relevance", "maps"], progress=False)
    assert any("logit of class 1" in message for message in messages)
    assert result.network["class_names"] == ["left", "right"]
    np.testing.assert_allclose(
        result.importance.contribution[0], result.importance.contribution[1], rtol=1e-5
    )
    assert result.relevance.target.to_numpy().tolist() == ["left against right"]
    with torch.no_grad():
        x = torch.from_numpy(
            epochs.get_data()[:, [epochs.ch_names.index(name) for name in model.ch_names]] * 1e6
        )
        expected = model.eval()(x.float())[:, 0].numpy() > 0
    assert (result.predictions["predicted"] == "right").tolist() == expected.tolist()


class Unordered(nn.Module):
    """A network whose first operation has no time axis."""

    def __init__(self):
        super().__init__()
        self.mix, self.head = nn.Linear(6 * 128, 16), nn.Linear(16, 2)

    def forward(self, x):
        return self.head(self.mix(x.flatten(1)).tanh())


@pytest.mark.filterwarnings("ignore:.*lacks some metadata", "ignore:.*trials are passed")
def test_a_network_without_filters_is_shown_the_way(epochs):
    with pytest.raises(
        FrontEndError, match=r"front end of Unordered: .*spectral_relevance.*ablate.*deletion_curve"
    ):
        relevance(Unordered(), epochs)
    result = inspect(Unordered(), epochs, only=["bands", "maps", "relevance"], progress=False)
    assert (result.bands, result.spatial_patterns, result.relevance) == (None, None, None)
    assert result.spectral_relevance is not None
    for name in ("bands", "spatial_filters", "importance", "spatial_patterns", "relevance"):
        assert result.missing[name].startswith(
            "Unordered has no filters that can be read: what enters its first"
        )
    assert set(diagnose(Unordered(), epochs)["check"]) <= {"chance", "assumed"}


@pytest.mark.filterwarnings("ignore:.*lacks some metadata", "ignore:.*trials are passed")
@pytest.mark.parametrize("make", [Somebodys, FourDimensional])
def test_filters_of_any_convolution_are_found(epochs, make):
    result = inspect(make(), epochs, only=["bands", "maps", "relevance"], progress=False)
    assert len(result.bands) == 4
    assert result.relevance.sizes == {"target": 1, "filter": 4, "channel": 6}
    assert result.importance.importance.shape == ((4, 1) if make is Somebodys else (4, 2))


def test_more_channels_than_the_network_has(network, epochs):
    model = network(n_chans=4)
    model.class_names, model.scale = ["left", "right"], 1e6
    with pytest.raises(EpochsError, match=r"has 4 channels.*epochs have 6.*`epochs\.pick\(\["):
        spectral_relevance(model, epochs)


def test_what_was_told_is_saved_with_the_network(network, moved, epochs, tmp_path):
    model = moved(network()).eval()
    dressed = opened(model, ch_names=epochs.ch_names, class_names=["left", "right"], scale=1e6)
    sincviz.save_checkpoint(dressed, tmp_path / "network.safetensors")
    again = sincviz.load_checkpoint(tmp_path / "network.safetensors")
    assert (again.ch_names, again.class_names, again.scale) == (epochs.ch_names, ["left", "right"], 1e6)
    x = torch.randn(3, 6, 128)
    torch.testing.assert_close(again(x), model(x))
    with pytest.raises(TypeError, match=r"needs a SincShallowNet.*got Somebodys"):
        sincviz.save_checkpoint(opened(Somebodys()), tmp_path / "other.safetensors")
