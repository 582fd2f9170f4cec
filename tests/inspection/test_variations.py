"""What is varied: one thing at a time, and only what the trials allow."""

import numpy as np
import pytest

from sincviz.inspection.variations import MOST_PEOPLE, variations_of
from sincviz.preparation import EuclideanAlignment, Filter, Resample, SetEEGReference, StandardizeTrials
from tests.inspection.retraining_examples import of_mu

ALIGNED = EuclideanAlignment()


def of_kind(steps, epochs, changed):
    found, reasons = variations_of(steps, epochs)
    assert found[0].preparation == tuple(steps)
    chosen = {one.words: one.preparation for one in found if one.changed == changed}
    return chosen or reasons[changed]


def test_another_edge_keeps_the_low_pass_and_all_other_steps():
    steps = (SetEEGReference(), Filter(4, 38), StandardizeTrials())
    assert of_kind(steps, of_mu(8, 0), "highpass") == {
        "no high-pass": (SetEEGReference(), Filter(None, 38), StandardizeTrials()),
        "high-pass at 1 Hz": (SetEEGReference(), Filter(1, 38), StandardizeTrials()),
        "high-pass at 8 Hz": (SetEEGReference(), Filter(8, 38), StandardizeTrials()),
    }


def test_a_high_pass_alone_is_left_out_and_a_second_one_does_not_undo_the_change():
    steps = (Filter(1, None), Filter(4, None))
    found = of_kind(steps, of_mu(8, 0), "highpass")
    assert found["no high-pass"] == ()
    assert found["high-pass at 8 Hz"] == (Filter(8, None),)


def test_edges_stay_below_the_low_pass():
    assert list(of_kind((Filter(None, 8),), of_mu(8, 0), "highpass")) == [
        "high-pass at 1 Hz",
        "high-pass at 4 Hz",
    ]
    assert list(of_kind((Resample(16),), of_mu(8, 0), "highpass")) == [
        "high-pass at 1 Hz",
        "high-pass at 4 Hz",
    ]


def test_what_the_recording_lacks_is_not_brought_back():
    epochs = of_mu(8, 0)
    with epochs.info._unlock():
        epochs.info["highpass"] = 2.0
    assert list(of_kind((Filter(4, 38),), epochs, "highpass")) == [
        "only the recording's high-pass, 2 Hz",
        "high-pass at 8 Hz",
    ]
    with epochs.info._unlock():
        epochs.info["highpass"] = 8.0
    assert of_kind((), epochs, "highpass") == "the trials were recorded with a high-pass at 8 Hz"


def test_references():
    epochs = of_mu(8, 0)
    filtered = Filter(4, 38)
    assert of_kind((filtered,), epochs, "reference") == {"average reference": (SetEEGReference(), filtered)}
    assert of_kind((filtered, SetEEGReference()), epochs, "reference") == {
        "reference as recorded": (filtered,)
    }
    assert list(of_kind((SetEEGReference(["Cz"]),), epochs, "reference")) == [
        "reference as recorded",
        "average reference",
    ]
    averaged = epochs.copy().set_eeg_reference(verbose="error")
    assert "average reference already" in of_kind((), averaged, "reference")


def test_alignment_is_switched_where_there_are_people():
    assert "several people" in of_kind((), of_mu(8, 0), "alignment")
    assert "several people" in of_kind((), of_mu(8, 0, "a"), "alignment")
    assert of_kind((), of_mu(8, 0, "ab"), "alignment") == {"with Euclidean alignment": (ALIGNED,)}
    assert of_kind((Filter(4), ALIGNED), of_mu(8, 0, "ab"), "alignment") == {
        "without Euclidean alignment": (Filter(4),)
    }


def test_people_are_left_out_one_at_a_time_ten_at_most():
    epochs = of_mu(12, 0, "abc")
    found = [one for one in variations_of((), epochs)[0] if one.changed == "person"]
    assert [one.left_out for one in found] == ["a", "b", "c"]
    assert "this needs 3" in of_kind((), of_mu(8, 0, "ab"), "person")
    many = of_mu(60, 0, "abcdefghijkl")
    assert len(of_kind((), many, "person")) == MOST_PEOPLE
    many.metadata.loc[many.metadata.index[0], "subject"] = np.nan
    assert "not known" in of_kind((), many, "person")


def test_without_whom_a_class_is_missing_is_not_left_out():
    epochs = of_mu(12, 0, "abc")
    # All trials of the left hand are of one person.
    epochs.metadata["subject"] = np.where(epochs.events[:, 2] == 1, "a", np.repeat(["b", "c"], 6))
    assert list(of_kind((), epochs, "person")) == ["without person b", "without person c"]


@pytest.mark.parametrize("steps", [(), (Filter(4, 38), ALIGNED)])
def test_names_are_different(steps):
    words = [one.words for one in variations_of(steps, of_mu(24, 0, "abcd"))[0]]
    assert len(words) == len(set(words))
