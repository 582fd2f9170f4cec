"""The command scores a method of the current folder, and says in one line what is wrong."""

import importlib
import sys
from pathlib import Path

import pandas as pd
import pytest

import sincviz.benchmark.cases
import sincviz.benchmark.published
from sincviz.benchmark.cases import case_names
from sincviz.benchmark.stored_rows import read_rows
from sincviz.cli.main import main
from sincviz.cli.terminal import console
from tests.benchmark.fake_cases import frequency_case, time_case

CODE = """
def mine(model, x, target):
    return x

def wrong(model, x, target):
    return x[0, 0]

mine.label = "[bold]Mine"

def averaged(model, x, target, y):
    return x[y == target].mean(0)

averaged.domain = "time"

def stops(model, x, target):
    if x.shape[2] != 200:
        raise KeyboardInterrupt
    return x
"""


PUBLISHED = sincviz.benchmark.published.published_rows().iloc[:0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    known = {"hands_weak/ShallowConvNet": frequency_case, "p300/DeepConvNet": time_case}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sincviz.benchmark.cases, "SIZES", {"small": tuple(known), "full": tuple(known)})
    monkeypatch.setattr(
        sincviz.benchmark.cases, "case", lambda name, cache=None: known[name](name, n_trials=12)
    )
    monkeypatch.setattr(sincviz.benchmark.published, "published_rows", lambda: PUBLISHED)
    (tmp_path / "my_methods_there.py").write_text(CODE)
    (tmp_path / "nets").mkdir()
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
    assert "1 network whose truth is known in frequency: only channels are scored (ROC area 0." in said
    assert "This copy of sincviz has no published table to compare with.\n" in said
    assert "Of other methods" not in said
    assert "Wrote mine.csv." in said
    assert "taken from" not in said
    rows = pd.read_csv("mine.csv")
    assert set(rows["case"]) == {"hands_weak/ShallowConvNet", "p300/DeepConvNet"}
    assert called("--method", "my_methods_there:mine", "--out", "mine.csv", "--quiet") == 0
    assert capsys.readouterr().out == ""
    assert called("--method", "my_methods_there:mine", "--out", "mine.csv", "--label", "New") == 0
    said = capsys.readouterr().out
    assert "2 of 2 networks taken from mine.csv; after a change of the method, delete it.\n" in said
    assert "Wrote" not in said
    assert set(pd.read_csv("mine.csv")["label"]) == {"New"}


def test_an_interrupted_command_says_what_is_stored_and_goes_on(folder, capsys):
    arguments = ("--method", "my_methods_there:stops", "--out", "slow.csv")
    assert called(*arguments) == 130
    said = capsys.readouterr()
    assert said.err == "Interrupted; 1 of 2 networks are in slow.csv; run again to go on.\n"
    assert called(*arguments[:2]) == 130
    assert "Interrupted." in capsys.readouterr().err
    code = (folder / "my_methods_there.py").read_text().replace("KeyboardInterrupt", "RuntimeError('odd')")
    (folder / "my_methods_there.py").write_text(code)
    sys.modules.pop("my_methods_there")
    importlib.invalidate_caches()
    assert called(*arguments) == 0
    said = capsys.readouterr().out
    assert "1 of 2 networks taken from slow.csv" in said
    assert "Failed on 1 of 2 networks. The first: my_methods_there:stops failed on p300/DeepConvNet" in said
    assert "Wrote slow.csv." in said


def test_scores_that_are_missing_are_counted(folder, capsys):
    assert called("--method", "my_methods_there:averaged") == 0
    said = capsys.readouterr().out
    assert "Not all scores on 1 of 1 network. The first: randomisation: the method takes classes" in said


def test_others_are_shown_beside_it_and_more_scores_where_there_is_room(folder, capsys, monkeypatch):
    assert called("--method", "my_methods_there:mine", "--out", "mine.csv", "--quiet") == 0
    others = read_rows(Path("mine.csv")).assign(method="peer:one", label="Peer")
    monkeypatch.setattr(sincviz.benchmark.published, "published_rows", lambda: others)
    said = {}
    for width in (60, 200):
        monkeypatch.setattr(console, "width", width)
        assert called("--method", "my_methods_there:mine", "--out", "mine.csv") == 0
        said[width] = capsys.readouterr().out
        assert "Peer" in said[width]
        assert "Of other methods the variant with the highest area is shown." in said[width]
        assert "no published table" not in said[width]
    heads = ("s per 100 trials", "Average precision", "Channels")
    assert all(head in said[200] and head not in said[60] for head in heads)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "needs one of `--method`, `--list` and `--write-networks`"),
        (["--list", "--method", "a:b"], "needs one of"),
        (["--method", "mine"], "`--method` must be module:attribute; got 'mine'"),
        (
            ["--method", "my_methods_there:ours"],
            "my_methods_there has no 'ours'. It has: mine, wrong, averaged",
        ),
        (
            ["--method", "my_methods_there:wrong"],
            "The method failed on every network. The first: my_methods_there:wrong",
        ),
        (
            ["--method", "my_methods_there:mine", "--size", "huge"],
            "`size` must be one of small, full; got 'huge'",
        ),
        (["--method", "my_methods_there:mine", "--out", "no/a.csv"], "`--out`: there is no folder 'no'"),
        (
            ["--method", "my_methods_there:mine", "--networks", "no.zip"],
            "`--networks`: there is no file 'no.zip'.",
        ),
        (
            ["--method", "my_methods_there:mine", "--out", "nets"],
            "must be a CSV file; 'nets' is a folder. Try",
        ),
        (
            ["--method", "my_methods_there:mine", "--cache", "netz"],
            "`--cache`: there is no folder 'netz'. Did you mean 'nets'?",
        ),
        (["--method", "my_methods_there.py:mine"], "Write my_methods_there:mine."),
    ],
)
def test_what_is_wrong_is_one_line(arguments, words, folder, capsys):
    assert called(*arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not Path("netz").exists()


def test_networks_and_methods_are_listed(capsys):
    assert called("--list") == 0
    said = capsys.readouterr().out
    assert all(name in said for name in case_names("small"))
    assert "sincviz.benchmark.own_methods:integrated_gradients_by_frequency" in said
