"""What is printed of an inspection fits a screen, says the verdict, and steers no terminal."""

import dataclasses

import pytest

from sincviz import SincShallowNet, inspect
from sincviz.inspection.accuracy import accuracy_words
from sincviz.inspection.leading import basis_words
from sincviz.inspection.screen import screen_text
from sincviz.inspection.words import verdict_words

RESULTS = ["whole", "weights_only", "hostile", "readable", "many"]


@pytest.fixture(scope="module")
def readable(whole):
    return dataclasses.replace(whole, verdict={"readable": True, "reasons": []})


@pytest.fixture(scope="module")
def many():
    """A network of 40 classes with long names that would steer a terminal."""
    model = SincShallowNet(n_chans=3, n_outputs=40, n_times=256, sfreq=128)
    model.class_names = [f"\x1b]52;c;{'x' * 90}\x07\u202e\n{number}" for number in range(40)]
    return inspect(model, only=["bands"], progress=False)


@pytest.mark.parametrize("results", RESULTS)
def test_it_fits_a_screen(results, request):
    text = repr(request.getfixturevalue(results))
    assert len(text.splitlines()) <= 22
    assert max(map(len, text.splitlines())) <= 80
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("results", RESULTS[:4])
def test_it_says_the_verdict_and_the_accuracy(results, request):
    inspected = request.getfixturevalue(results)
    words = " ".join(repr(inspected).split())
    assert verdict_words(inspected) in words
    assert accuracy_words(inspected)[0] in words
    assert inspected.findings["finding"].iloc[0] in words


def test_it_says_what_decisions_rest_on_only_where_that_can_be_read(whole, readable):
    start = basis_words(readable)[1][:60]
    assert start in " ".join(screen_text(readable).split())
    assert start not in " ".join(screen_text(whole).split())


def test_it_names_what_was_measured_and_counts_what_was_not(whole, weights_only):
    words = " ".join(repr(weights_only).split())
    assert ".bands, .resolvability, .drift" in words
    assert ".relevance" not in words
    assert f"Not measured: {len(weights_only.missing)} results" in words
    assert "Not measured" not in repr(whole)
