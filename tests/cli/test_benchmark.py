"""The command scores a method of the current folder, and says in one line what is wrong."""

import sys

import pandas as pd
import pytest

import sincviz.benchmark.cases
from sincviz.benchmark.cases import case_names
from sincviz.cli.main import main
from tests.benchmark.fake_cases import frequency_case, time_case

CODE = """
def mine(model, x, target):
    return x

def wrong(model, x, target):
    return x[0, 0]

mine.label = "[bold]Mine"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    known = {"hands_weak/ShallowConvNet": frequency_case, "p300/DeepConvNet": time_case}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sincviz.benchmark.cases, "SIZES", {"small": tuple(known), "full": tuple(known)})
    monkeypatch.setattr(
        sincviz.benchmark.cases, "case", lambda name, cache=None: known[name](name, n_trials=12)
    )
    (tmp_path / "my_methods_there.py").write_text(CODE)
    yield tmp_path
    sys.modules.pop("my_methods_there", None)


def called(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["benchmark", *arguments])
    return ended.value.code


def test_a_method_is_scored_printed_and_stored(folder, capsys):
    assert called("--method", "my_methods_there:mine", "--out", "mine.csv") == 0
    said = capsys.readouterr().out
    assert "[bold]Mine" in said.replace("\n", " ")
    assert "channels × windows" in said
    assert "Wrote mine.csv." in said
    rows = pd.read_csv("mine.csv")
    assert set(rows["case"]) == {"hands_weak/ShallowConvNet", "p300/DeepConvNet"}
    assert called("--method", "my_methods_there:mine", "--out", "mine.csv", "--quiet") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "needs one of `--method`, `--list` and `--write-networks`"),
        (["--list", "--method", "a:b"], "needs one of"),
        (["--method", "mine"], "`--method` must be module:attribute; got 'mine'"),
        (["--method", "my_methods_there:ours"], "my_methods_there has no 'ours'. It has: mine, wrong."),
        (
            ["--method", "my_methods_there:wrong"],
            "The method failed on every network. The first: my_methods_there:wrong",
        ),
        (
            ["--method", "my_methods_there:mine", "--size", "huge"],
            "`size` must be one of small, full; got 'huge'",
        ),
        (["--method", "my_methods_there:mine", "--out", "no/a.csv"], "`--out`: there is no folder 'no'"),
        (["--method", "my_methods_there:mine", "--networks", "no.zip"], "no.zip"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, words, folder, capsys):
    assert called(*arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_networks_and_methods_are_listed(capsys):
    assert called("--list") == 0
    said = capsys.readouterr().out
    assert all(name in said for name in case_names("small"))
    assert "sincviz.benchmark.own_methods:integrated_gradients_by_frequency" in said
