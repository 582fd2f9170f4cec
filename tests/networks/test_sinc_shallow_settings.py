"""The constructor's 18 parameters: documented, kept in strict JSON, and refused with what to try."""

import inspect
import json
import re

import mne
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sincviz.networks.sinc_shallow import SincShallowNet

# Typed from the reference documentation, in its order.
DOCUMENTED = {
    "num_time_filters": 32,
    "time_filter_len": 33,
    "depth_multiplier": 2,
    "activation": nn.ELU,
    "drop_prob": 0.5,
    "first_freq": 5.0,
    "min_freq": 1.0,
    "freq_stride": 1.0,
    "padding": "same",
    "bandwidth": 4.0,
    "pool_size": 55,
    "pool_stride": 12,
    "n_chans": None,
    "n_outputs": None,
    "n_times": None,
    "input_window_seconds": None,
    "sfreq": None,
    "chs_info": None,
}
SIGNAL = {"n_chans": 3, "n_outputs": 2, "n_times": 500, "sfreq": 250}


def strict_json(config):
    return json.loads(json.dumps(config, allow_nan=False))


def test_signature_is_that_of_the_documentation():
    parameters = inspect.signature(SincShallowNet).parameters
    assert list(parameters) == list(DOCUMENTED)
    assert {name: parameter.default for name, parameter in parameters.items()} == DOCUMENTED
    assert all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters.values())


def test_config_holds_every_parameter_in_order():
    config = SincShallowNet(**SIGNAL).get_config()
    assert list(config) == list(DOCUMENTED)
    expected = DOCUMENTED | SIGNAL | {"activation": "torch.nn.modules.activation.ELU"}
    assert strict_json(config) == expected


@st.composite
def parameters(draw):
    """Draw every parameter, none of them at its default, as plain Python or NumPy numbers."""
    integer = draw(st.sampled_from([int, np.int64]))
    real = draw(st.sampled_from([float, np.float32, np.float64]))
    seconds = draw(st.sampled_from([1.0, 1.5, 2.0]))
    names = draw(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
    coordinate = st.one_of(st.floats(-0.2, 0.2), st.just(np.nan))
    locs = [draw(st.lists(coordinate, min_size=12, max_size=12)) for _ in names]
    return {
        "num_time_filters": integer(draw(st.integers(1, 8))),
        "time_filter_len": integer(2 * draw(st.integers(1, 15)) + 1),
        "depth_multiplier": integer(draw(st.integers(1, 3))),
        "activation": draw(st.sampled_from([nn.ReLU, nn.GELU, nn.Tanh])),
        "drop_prob": real(draw(st.floats(0, 1, width=32))),
        "first_freq": real(draw(st.floats(0, 20, width=32))),
        "min_freq": real(draw(st.floats(0, 5, width=32))),
        "freq_stride": real(draw(st.floats(0.125, 4, width=32))),
        "padding": draw(st.sampled_from(["same", "valid", "SAME", "Valid"])),
        "bandwidth": real(draw(st.floats(0.5, 10, width=32))),
        "pool_size": integer(draw(st.integers(1, 60))),
        "pool_stride": integer(draw(st.integers(1, 60))),
        "n_chans": integer(len(names)),
        "n_outputs": integer(draw(st.integers(1, 5))),
        "n_times": integer(seconds * 200),
        "input_window_seconds": real(seconds),
        "sfreq": real(200),
        "chs_info": [
            {"ch_name": name, "loc": np.array(loc), "kind": 2} for name, loc in zip(names, locs, strict=True)
        ],
    }


# Now and then a drawn name, such as STI, is that of a channel that is not EEG.
@pytest.mark.filterwarnings("ignore:The network takes channels that are not EEG")
@given(parameters())
def test_from_config_is_the_inverse(given_):
    model = SincShallowNet(**given_)
    config = model.get_config()
    again = SincShallowNet.from_config(strict_json(config))
    assert again.get_config() == config
    assert {name: (value.shape, value.dtype) for name, value in again.state_dict().items()} == {
        name: (value.shape, value.dtype) for name, value in model.state_dict().items()
    }
    assert type(again.temporal_aggregation[1]) is given_["activation"]
    again.load_state_dict(model.state_dict())
    x = torch.ones(2, model.n_chans, model.n_times)
    assert torch.equal(again.eval()(x), model.eval()(x))

    plain = {name: getattr(value, "item", lambda value=value: value)() for name, value in given_.items()}
    unchanged = set(DOCUMENTED) - {"activation", "padding", "chs_info"}
    assert {name: config[name] for name in unchanged} == {name: plain[name] for name in unchanged}
    assert config["padding"] == given_["padding"].lower()
    assert again.ch_names == [channel["ch_name"] for channel in given_["chs_info"]]
    for channel, original in zip(again.chs_info, given_["chs_info"], strict=True):
        np.testing.assert_array_equal(channel["loc"], original["loc"])


def test_channels_of_mne_come_back_with_positions_and_without():
    info = mne.create_info(["C3", "made up", "C4"], 250.0, "eeg")
    info.set_montage("standard_1005", on_missing="ignore")
    model = SincShallowNet(n_outputs=2, n_times=500, sfreq=250, chs_info=info["chs"])
    text = json.dumps(model.get_config(), allow_nan=False)
    again = SincShallowNet.from_config(json.loads(text))
    for channel, original in zip(again.chs_info, info["chs"], strict=True):
        assert channel.keys() == original.keys()
        np.testing.assert_array_equal(channel["loc"], original["loc"])
    assert np.isnan(again.chs_info[1]["loc"][:3]).all()


def test_not_a_number_in_the_json_of_others_is_read():
    channels = [{"ch_name": "C3", "loc": [0.1, 0.2] + [float("nan")] * 10}]
    text = json.dumps({"n_outputs": 2, "n_times": 500, "sfreq": 250, "chs_info": channels})
    assert "NaN" in text
    config = SincShallowNet.from_config(json.loads(text)).get_config()
    assert strict_json(config)["chs_info"][0]["loc"] == [0.1, 0.2] + [None] * 10


def test_no_activation_means_elu():
    for model in (
        SincShallowNet(**SIGNAL, activation=None),
        SincShallowNet.from_config(SIGNAL | {"activation": None}),
    ):
        assert type(model.temporal_aggregation[1]) is nn.ELU
        assert model.get_config()["activation"] == "torch.nn.modules.activation.ELU"


@pytest.mark.parametrize("name", ["ReLU", "torch.nn.ReLU"])
def test_an_activation_by_its_short_name(name):
    for model in (
        SincShallowNet(**SIGNAL, activation=name),
        SincShallowNet.from_config(SIGNAL | {"activation": name}),
    ):
        assert type(model.temporal_aggregation[1]) is nn.ReLU
        assert model.get_config()["activation"] == "torch.nn.modules.activation.ReLU"


def test_unknown_parameters_in_a_config():
    with pytest.raises(ValueError, match=r"unknown parameters: ch_names, colour\. Remove them"):
        SincShallowNet.from_config(SIGNAL | {"colour": 1, "ch_names": []})


# What is given, the parameter the message names first, the value it got, and the limit it tells.
REFUSED = [
    ({"sfreq": 60}, "Nyquist", "41 Hz", "30 Hz"),
    ({"num_time_filters": 117}, "Nyquist", "126 Hz", "125 Hz"),
    ({"num_time_filters": 116}, "Nyquist", "125 Hz", "125 Hz"),
    ({"freq_stride": 1e9}, "Nyquist", "3.1e+10 Hz", "125 Hz"),
    ({"num_time_filters": 10000}, "Nyquist", "10009 Hz", "125 Hz"),
    ({"first_freq": 200}, "Nyquist", "236 Hz", "125 Hz"),
    ({"bandwidth": 119, "num_time_filters": 1}, "Nyquist", "125 Hz", "125 Hz"),
    ({"min_freq": 1000}, "Nyquist", "1040 Hz", "125 Hz"),
    # Here the room divided by the stride is rounded up past a whole number.
    ({"first_freq": 119.1, "freq_stride": 0.1}, "Nyquist", "127.2 Hz", "125 Hz"),
    ({"sfreq": 0.5}, "Nyquist", "41 Hz", "0.25 Hz"),
    ({"time_filter_len": 32}, "`time_filter_len`", "32", "odd"),
    ({"time_filter_len": 2}, "`time_filter_len`", "2", "3"),
    ({"time_filter_len": 1}, "`time_filter_len`", "1", "3"),
    ({"time_filter_len": 0}, "`time_filter_len`", "0", "3"),
    ({"time_filter_len": -33}, "`time_filter_len`", "-33", "3"),
    ({"time_filter_len": 501}, "`time_filter_len`", "501", "500"),
    ({"time_filter_len": 501, "padding": "valid"}, "`time_filter_len`", "501", "500"),
    ({"n_times": 20}, "`time_filter_len`", "33", "20"),
    ({"n_times": 2}, "`time_filter_len`", "33", "2"),
    ({"n_times": 54}, "`n_times`", "54", "55"),
    ({"n_times": 86, "padding": "valid"}, "`n_times`", "86", "55"),
    ({"pool_size": 501}, "`n_times`", "500", "501"),
    ({"padding": "circular"}, "`padding`", "'circular'", "'valid'"),
    ({"padding": None}, "`padding`", "None", "'valid'"),
    ({"drop_prob": 1.5}, "`drop_prob`", "1.5", "between 0 and 1"),
    ({"drop_prob": -0.5}, "`drop_prob`", "-0.5", "0"),
    ({"first_freq": -1}, "`first_freq`", "-1", "0"),
    ({"min_freq": -1}, "`min_freq`", "-1", "0"),
    ({"activation": "os.system"}, "`activation`", "'os.system'", "torch.nn"),
] + [
    ({name: value}, f"`{name}`", f"{value:g}", limit)
    for value in (0, -3)
    for name, limit in {
        "num_time_filters": "1",
        "depth_multiplier": "1",
        "pool_size": "1",
        "pool_stride": "1",
        "n_chans": "1",
        "n_outputs": "1",
        "n_times": "1",
        "sfreq": "0",
        "bandwidth": "0",
        "freq_stride": "0",
    }.items()
]


def suggestions(message, parameter):
    """Return the sets of parameters that a message says to try."""
    advice = message[message.index("Try ") :]
    named = re.findall(r"`(\w+)=([^`]+)`", advice)
    if not named:
        value = re.match(r"Try ('\w+'|[-+.\de]*\d)", advice)
        return [{parameter: json.loads(value[1].replace("'", '"'))}]
    together = {name: json.loads(value) for name, value in named}
    # "this or that": each must do alone; "this and that": together.
    return [together] if " and " in advice else [{name: value} for name, value in together.items()]


def refusal(error, parameters):
    with pytest.raises(error) as caught:
        SincShallowNet(**(SIGNAL | parameters))
    return str(caught.value)


@pytest.mark.parametrize(("wrong", "names", "got", "limit"), REFUSED, ids=lambda value: str(value)[:40])
def test_refusals_name_parameter_value_and_limit_and_their_advice_works(wrong, names, got, limit):
    message = refusal(ValueError, wrong)
    assert names in message.split(";")[0]
    told, _, advice = message.partition(" Try ")
    assert re.search(rf"(?<![\d.]){re.escape(got)}(?![\d])", told)
    assert re.search(rf"(?<![\d.]){re.escape(limit)}(?![\d])", told)
    assert advice
    for better in suggestions(message, next(iter(wrong))):
        assert better.keys() <= DOCUMENTED.keys()
        model = SincShallowNet(**(SIGNAL | wrong | better))
        assert model.eval()(torch.zeros(1, model.n_chans, model.n_times)).isfinite().all()


@given(
    filters=st.integers(1, 500),
    sfreq=st.floats(1, 2000),
    first_freq=st.floats(0, 500),
    bandwidth=st.floats(0.01, 500),
    freq_stride=st.floats(0.001, 100),
)
def test_advice_on_cutoffs_past_nyquist_always_works(filters, sfreq, first_freq, bandwidth, freq_stride):
    wanted = {
        "num_time_filters": filters,
        "sfreq": sfreq,
        "first_freq": first_freq,
        "bandwidth": bandwidth,
        "freq_stride": freq_stride,
    }
    try:
        model = SincShallowNet(**(SIGNAL | wanted))
    except ValueError as error:
        tries = suggestions(str(error), None)
        assert tries
        for better in tries:
            assert float(SincShallowNet(**(SIGNAL | wanted | better)).initial_cutoffs().max()) < sfreq / 2
    else:
        assert float(model.initial_cutoffs().max()) < sfreq / 2


@pytest.mark.parametrize(
    "name",
    ["num_time_filters", "depth_multiplier", "pool_size", "pool_stride", "n_chans", "n_outputs", "n_times"],
)
@pytest.mark.parametrize("value", [60.0, "60"])
def test_sizes_are_integers(name, value):
    message = refusal(TypeError, {name: value})
    assert message == f"`{name}` must be an integer; got {value!r}. Try 60."
    assert SincShallowNet(**(SIGNAL | {name: 60})).get_config()[name] == 60


@pytest.mark.parametrize("value", [33.0, 32.0, 2.0, 1.2, "many", None])
def test_the_advice_on_a_filter_length_that_is_no_integer_works(value):
    message = refusal(TypeError, {"time_filter_len": value})
    assert f"`time_filter_len` must be an integer; got {value!r}" in message
    (better,) = suggestions(message, "time_filter_len")
    SincShallowNet(**(SIGNAL | better))


@pytest.mark.parametrize("name", ["first_freq", "min_freq", "freq_stride", "bandwidth", "drop_prob", "sfreq"])
@pytest.mark.parametrize(
    ("value", "error"),
    [(float("nan"), ValueError), (float("inf"), ValueError), ("wide", TypeError), (1j, TypeError)],
)
def test_frequencies_are_finite_numbers(name, value, error):
    message = refusal(error, {name: value})
    assert message.startswith(f"`{name}` must be ")
    assert str(value).strip("()") in message
