"""Options are read into typed values, or a line says which option is meant and what works."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.cli.options import (
    listed,
    network_parameters,
    numbers,
    parameters_of,
    parsed_classes,
    subjects_named,
)


@pytest.mark.parametrize(
    ("text", "expected"), [("2,7,29-32", [2, 7, 29, 30, 31, 32]), ("3", [3]), (" 1 - 2 , ", [1, 2]), ("", [])]
)
def test_ranges_are_numbers(text, expected):
    assert numbers("--subjects", text) == expected


@pytest.mark.parametrize("text", ["a", "32-29", "1-", "-1", "1-99999999", "1--2", "1.5", "1" * 5000])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ValueError, match="must be comma-separated numbers or ranges"):
        numbers("--subjects", text)


def test_subjects_must_be_named():
    assert subjects_named("29,32") == [29, 32]
    with pytest.raises(ValueError, match=r"`--subjects` is missing\. Try --subjects 29,32\."):
        subjects_named(" , ")


def test_names_have_commas_between():
    assert listed(" FC3, C3,Cz ,C4,") == ["FC3", "C3", "Cz", "C4"]
    assert listed("") == []


def test_classes_are_read_with_their_events():
    assert parsed_classes(" left fist = T1,right=S  2") == {"left fist": "T1", "right": "S  2"}


@pytest.mark.parametrize("text", ["", "left", "left=", "=T1", "left=T1,", "left=T1,,right=T2"])
def test_what_names_no_class_and_event_is_refused(text):
    with pytest.raises(
        ValueError, match=r"`--classes` must be comma-separated CLASS=EVENT; got .*Try left=T1,right=T2\."
    ):
        parsed_classes(text)


@pytest.mark.parametrize(("text", "twice"), [("a=1,a=2", "a"), ("a=1,b=1", "1")])
def test_a_class_or_an_event_named_twice_is_refused(text, twice):
    with pytest.raises(ValueError, match=f"`--classes` names '{twice}' twice"):
        parsed_classes(text)


@given(
    number=st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    name=st.from_regex(r"[a-z_]+", fullmatch=True).filter(lambda name: name != "class_names"),
)
def test_numbers_come_back_as_the_numbers_they_are(number, name):
    parsed = parameters_of([f" {name} = {number!r} "])
    assert parsed == {name: number}
    assert isinstance(parsed[name], type(number))


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
    message = f"`class_names` must be comma-separated names; got {names!r}."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parameters_of([f"class_names={names}"])


def test_commas_divide_the_names_of_classes_alone():
    assert parameters_of(["note=a,,b"]) == {"note": "a,,b"}


@pytest.mark.parametrize("option", ["", "=", "pool_size", "pool_size=", "=30", " = ", "pool_size= "])
def test_what_is_no_assignment_is_refused(option):
    with pytest.raises(ValueError, match="must be NAME=VALUE; got"):
        parameters_of(["padding=valid", option])


def test_what_no_network_has_is_refused_with_what_was_meant():
    assert network_parameters(["pool_size=30"]) == {"pool_size": 30}
    with pytest.raises(ValueError, match=r"^`--parameter`: .*'pool_sise'\. Did you mean 'pool_size'"):
        network_parameters(["pool_sise=30"])
    with pytest.raises(ValueError, match=r"^`--parameter`: .*no parameter 'epochs'"):
        network_parameters(["epochs=30"])
