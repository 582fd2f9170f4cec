"""Trials get the reference that the network was trained with, over the channels that it knows."""

import numpy as np
import pytest

from sincviz.trials.reference import average_referenced, referenced_as_trained


@pytest.fixture
def model(network, epochs):
    return network(chs_info=epochs.info["chs"])


def mean_over_channels(epochs):
    return np.abs(epochs.get_data(copy=True).mean(1)).max()


def test_the_average_is_over_all_channels(epochs):
    assert mean_over_channels(epochs) > 1e-9
    assert mean_over_channels(average_referenced(epochs)) < 1e-15


@pytest.mark.parametrize(
    ("asked", "trained", "average"),
    [
        ("trained", "average", True),
        ("trained", "recorded", False),
        ("trained", None, False),
        ("average", "recorded", True),
        ("recorded", "average", False),
    ],
)
def test_the_reference_is_that_which_was_asked_for(model, epochs, asked, trained, average):
    model.provenance = {} if trained is None else {"reference": trained}
    referenced = referenced_as_trained(epochs.copy(), model, asked)
    expected = average_referenced(epochs.copy()) if average else epochs
    np.testing.assert_array_equal(referenced.get_data(copy=False), expected.get_data(copy=False))


def test_channels_that_the_network_does_not_know_are_no_part_of_the_average(network, epochs):
    model = network(n_chans=4, chs_info=epochs.info["chs"][:4])
    with pytest.warns(RuntimeWarning, match="does not have are dropped: CP3, CP4"):
        referenced = referenced_as_trained(epochs.copy(), model, "average")
    assert referenced.ch_names == model.ch_names
    assert mean_over_channels(referenced) < 1e-15


def test_another_reference_is_refused_with_what_was_meant(model, epochs):
    with pytest.raises(ValueError, match=r"^`reference` \(`--reference`\) must be .*mean 'average'"):
        referenced_as_trained(epochs, model, "averge")
