"""A method is found by its name, with what it says of itself."""

import sys

import pytest
import torch

from sincviz.benchmark.methods import Method, named_method

CODE = """
def mine(model, x, target):
    return x

mine.label, mine.note, mine.domain, mine.complete = "Mine", "a note", "time", True

def with_classes(model, x, target, y):
    return x

def lost(model, x, target):
    return x

lost.domain = "space"

class Whole:
    def __call__(self, model, x, target):
        return x

instance = Whole()
number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_methods_here.py").write_text(CODE)
    yield tmp_path
    sys.modules.pop("my_methods_here", None)


def test_attributes_of_the_function_are_read(folder):
    method = named_method("my_methods_here: mine")
    assert (method.name, method.label, method.note) == ("my_methods_here:mine", "Mine", "a note")
    assert (method.domain, method.takes_classes, method.complete) == ("time", False, True)
    assert named_method("my_methods_here:mine", label="Other").label == "Other"


def test_what_it_does_not_say_follows_from_its_name(folder):
    method = named_method("my_methods_here:with_classes")
    assert (method.label, method.note, method.domain, method.complete) == ("with_classes", "", "", False)
    assert method.takes_classes
    assert named_method("my_methods_here:instance").label == "instance"


def test_a_callable_or_a_method_is_taken_as_it_is():
    method = named_method(torch.zeros_like, label="zeros")
    assert isinstance(method, Method)
    assert method.label == "zeros"
    assert named_method(method) is method


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mine", r"`--method` must be module:attribute; got 'mine'. Try my_module:my_method"),
        (
            "my_methods_here.py:mine",
            r"must be module:attribute; got 'my_methods_here.py:mine'. Write my_methods_here:mine",
        ),
        ("no_such_methods_here:mine", "`--method`: there is no module 'no_such_methods_here'"),
        ("my_methods_here:ours", "my_methods_here has no 'ours'. It has: mine, with_classes, lost"),
        ("my_methods_here:number", "must name a function; number is a int"),
        ("my_methods_here:Whole", "is a class. Name an instance"),
        (
            "my_methods_here:lost",
            "`domain` of my_methods_here:lost must be 'frequency' or 'time'; got 'space'",
        ),
    ],
)
def test_a_method_that_is_not_found_says_why(name, words, folder):
    with pytest.raises(ValueError, match=words):
        named_method(name, option="`--method`")


def test_something_else_is_refused():
    with pytest.raises(
        TypeError, match="must be a callable or a text such as 'my_module:my_method'; got int"
    ):
        named_method(3)
