"""What options tell of a network and what the checkpoint tells make one network, or an error says why not."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mne.utils import object_diff

from sincviz import CheckpointError, save_checkpoint
from sincviz.eeg.positions import electrode_positions
from sincviz.opening.network_sources import opened, parameters_of

NAMES = ["FC3", "C3", "Cz", "C4", "CP3", "CP4"]


def nameless(epochs):
    """The channels of the epochs, as somebody who knows only their names would give them."""
    return [{"ch_name": name} for name in epochs.ch_names]


@pytest.fixture
def unplaced(network, epochs, tmp_path):
    """A checkpoint that knows the names of its channels, not their places."""
    path = tmp_path / "unplaced.safetensors"
    save_checkpoint(network(chs_info=nameless(epochs)), path)
    return str(path)


@pytest.fixture
def unnamed(network, tmp_path):
    """A checkpoint that does not know its channels."""
    path = tmp_path / "unnamed.safetensors"
    save_checkpoint(network(), path)
    return str(path)


def placed(model):
    return np.isfinite(electrode_positions(model.chs_info)).all() and np.any(
        electrode_positions(model.chs_info) != 0
    )


def test_a_checkpoint_that_tells_everything_needs_no_options(network, epochs, tmp_path):
    model = network(chs_info=epochs.info["chs"])
    save_checkpoint(model, tmp_path / "network.safetensors")
    again = opened(str(tmp_path / "network.safetensors"), None)
    assert again.ch_names == epochs.ch_names
    x = torch.ones(1, 6, 128)
    assert torch.equal(again(x), model.eval()(x))


def test_channels_are_named_by_an_option(unnamed):
    model = opened(unnamed, None, channels=" FC3, C3,Cz ,C4,CP3,CP4,")
    assert model.ch_names == NAMES


def test_channels_are_named_and_placed_by_options(unnamed):
    model = opened(unnamed, None, channels=",".join(NAMES), montage="standard_1005")
    assert model.ch_names == NAMES
    assert placed(model)
    x_m = electrode_positions(model.chs_info)[:, 0]
    assert x_m[1] < 0 < x_m[3]


def test_channels_that_the_checkpoint_names_are_placed_by_an_option(unplaced, epochs):
    model = opened(unplaced, None, montage="standard_1005")
    assert model.ch_names == epochs.ch_names
    assert placed(model)
    assert not placed(opened(unplaced, None))


@pytest.mark.parametrize("places", ["no", "own"])
@pytest.mark.parametrize("channels", ["", ",".join(NAMES)])
@pytest.mark.parametrize("checkpoint", ["unplaced", "unnamed"])
def test_a_montage_places_the_network_and_leaves_the_epochs_as_they_were(
    request, checkpoint, epochs, channels, places
):
    if places == "no":
        epochs.set_montage(None)
    else:
        for channel in epochs.info["chs"]:
            channel["loc"][:3] += 0.001
    before, data = epochs.copy(), epochs.get_data(copy=True)
    where = electrode_positions(before.info["chs"])
    model = opened(request.getfixturevalue(checkpoint), epochs, channels=channels, montage="standard_1005")
    assert placed(model)
    assert object_diff(epochs.info, before.info) == ""
    np.testing.assert_array_equal(electrode_positions(epochs.info["chs"]), where)
    np.testing.assert_array_equal(epochs.get_data(copy=False), data)
    np.testing.assert_array_equal(epochs.events, before.events)
    assert (epochs.event_id, epochs.ch_names) == (before.event_id, before.ch_names)
    assert not np.array_equal(electrode_positions(model.chs_info), where, equal_nan=True)


def test_epochs_name_the_channels_that_the_checkpoint_does_not(unnamed, epochs):
    assert opened(unnamed, epochs).ch_names == epochs.ch_names


def test_the_places_of_the_epochs_stay_without_a_montage(unnamed, epochs):
    before = electrode_positions(epochs.info["chs"])
    model = opened(unnamed, epochs)
    np.testing.assert_array_equal(electrode_positions(epochs.info["chs"]), before)
    np.testing.assert_allclose(electrode_positions(model.chs_info), before)


def test_a_montage_without_names_is_refused_with_a_remedy(unnamed):
    with pytest.raises(ValueError, match=r"nothing tells their names\. Add `--channels`"):
        opened(unnamed, None, montage="standard_1005")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"channels": "C3,C4"}, CheckpointError, "names C3, C4; the network has 6 channels"),
        ({"channels": "FC3,C3,Cz,C4,CP3,C3", "montage": "standard_1005"}, ValueError, "named twice: C3"),
        ({"channels": "E1,E2,E3,E4,E5,E6", "montage": "standard_1005"}, ValueError, "no channel E1.*GSN"),
        ({"channels": ",".join(NAMES), "montage": "standard"}, ValueError, "no montage 'standard'"),
        ({"parameters": ["pool_size"]}, ValueError, "NAME=VALUE"),
        ({"parameters": ["sfreq=250"]}, CheckpointError, "250"),
    ],
)
def test_options_that_contradict_or_cannot_be_read_are_refused(unnamed, options, error, message):
    with pytest.raises(error, match=message):
        opened(unnamed, None, **options)


def test_parameters_reach_the_network(network, tmp_path):
    torch.save(network(n_chans=6).state_dict(), tmp_path / "bare.pt")
    known = ["n_times=128", "pool_size=32", "pool_stride=16", "class_names=left fist, right fist"]
    model = opened(str(tmp_path / "bare.pt"), None, parameters=known)
    assert (model.n_times, model.class_names) == (128, ["left fist", "right fist"])


@given(
    number=st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    name=st.from_regex(r"[a-z_]+", fullmatch=True).filter(lambda name: name != "class_names"),
)
def test_numbers_come_back_as_the_numbers_they_are(number, name):
    found = parameters_of([f" {name} = {number!r} "])
    assert found == {name: number}
    assert isinstance(found[name], type(number))


@given(names=st.lists(st.from_regex(r"[a-z0-9 =%{}<>]*[a-z0-9=%{}<>]", fullmatch=True), min_size=1))
def test_names_of_classes_stay_text_with_no_blanks_around(names):
    assert parameters_of([f"class_names={', '.join(names)}"]) == {
        "class_names": [name.strip() for name in names]
    }


def test_the_value_may_hold_an_equals_sign():
    assert parameters_of(["note=a=b", "pool_size=1"]) == {"note": "a=b", "pool_size": 1}
    assert parameters_of([]) == {}


@pytest.mark.parametrize("again", ["pool_size=2", "pool_size=1", " pool_size = a"])
def test_a_name_given_twice_is_refused(again):
    with pytest.raises(ValueError, match=r"^`--parameter` names 'pool_size' twice\. Pass it once\.$"):
        parameters_of(["pool_size=1", "note=a", again])


@pytest.mark.parametrize("names", ["left,", ",left", "left,,right", "left, ,right", ","])
def test_a_class_with_an_empty_name_is_refused(names):
    message = f"`class_names` must be names with commas between; got {names!r}."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parameters_of([f"class_names={names}"])


def test_commas_divide_the_names_of_classes_alone():
    assert parameters_of(["note=a,,b"]) == {"note": "a,,b"}


@pytest.mark.parametrize("option", ["", "=", "pool_size", "pool_size=", "=30", " = ", "pool_size= "])
def test_what_is_no_assignment_is_refused(option):
    with pytest.raises(ValueError, match="must be NAME=VALUE; got"):
        parameters_of(["padding=valid", option])


@pytest.mark.parametrize(
    ("option", "why"), [("sfreq=abc", "must be a number; got 'abc'"), ("n_times=300", "300 was given")]
)
def test_a_parameter_that_is_refused_is_not_blamed_on_the_file(network, tmp_path, option, why):
    path = tmp_path / "a.safetensors"
    save_checkpoint(network(), path)
    name = option.partition("=")[0]
    with pytest.raises(
        CheckpointError, match=f"^A parameter that was given for .* is refused: `{name}` .*{why}"
    ):
        opened(str(path), None, parameters=[option])
