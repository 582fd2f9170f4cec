"""A class named on the command line is imported from exactly that module, and its arguments are read as JSON."""

import re
import sys

import pytest
import torch
from torch import nn

from sincviz import learned_bands, load_checkpoint
from sincviz.cli.main import main
from sincviz.cli.network_class import model_arguments, named_class, network_class
from sincviz.cli.terminal import print_bands

CODE = """
import torch

class MyNet(torch.nn.Module):
    def __init__(self, n_chans, n_outputs=2, n_times=64):
        super().__init__()
        self.n_chans, self.n_outputs, self.n_times = n_chans, n_outputs, n_times
        self.fc = torch.nn.Linear(n_chans, n_outputs)

    def forward(self, x):
        return self.fc(x.square().mean(-1))

    class Inner(torch.nn.Linear):
        pass

number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_code_here.py").write_text(CODE)
    (tmp_path / "failing_code_here.py").write_text("raise RuntimeError('no GPU here')")
    (tmp_path / "needy_code_here.py").write_text("import no_such_library_here")
    yield tmp_path
    for name in ("my_code_here", "failing_code_here", "needy_code_here"):
        sys.modules.pop(name, None)


def test_a_class_in_the_current_folder_is_found(folder):
    found = network_class("my_code_here:MyNet")
    assert (found.__module__, found.__name__) == ("my_code_here", "MyNet")
    assert network_class("my_code_here:MyNet.Inner") is found.Inner
    assert network_class("") is None


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("MyNet", r"must be package\.module:Class; got 'MyNet'"),
        ("my_code_here.py:MyNet", "there is no module 'my_code_here.py'|must be package"),
        ("../evil:MyNet", "must be package"),
        ("no_such_code_here:MyNet", "there is no module 'no_such_code_here' in this environment or in"),
        ("my_code_here:YourNet", "my_code_here has no 'YourNet'. It has: MyNet"),
        ("my_code_here:number", "must name a class or a function; number is a int"),
        ("failing_code_here:MyNet", "cannot be imported: RuntimeError: no GPU here"),
        (
            "needy_code_here:MyNet",
            "cannot be imported: No module named 'no_such_library_here'. Install what it needs",
        ),
    ],
)
def test_a_class_that_is_not_found_says_why(model, words, folder):
    with pytest.raises(ValueError, match=words):
        network_class(model)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", None),
        ("n_chans=22,n_outputs=4", {"n_chans": 22, "n_outputs": 4}),
        (
            '{"n_chans": 22, "name": "a,b", "deep": {"x": null}}',
            {"n_chans": 22, "name": "a,b", "deep": {"x": None}},
        ),
        (
            "rate=1e-3, norm=False, mode=mean, none=None",
            {"rate": 1e-3, "norm": False, "mode": "mean", "none": None},
        ),
    ],
)
def test_arguments_are_read(text, arguments):
    assert model_arguments(text) == arguments


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("22", "comma-separated NAME=VALUE"),
        ("n_chans=1,n_chans=2", "names 'n_chans' twice"),
        ("a b=1", "comma-separated NAME=VALUE"),
        ('{"n_chans": 22', "is not valid JSON"),
    ],
)
def test_arguments_that_cannot_be_read_say_why(text, words):
    with pytest.raises(ValueError, match=words):
        model_arguments(text)


def test_arguments_need_a_class(folder):
    with pytest.raises(ValueError, match="`--model-args` needs `--model`"):
        named_class("", "n_chans=22")
    assert named_class("", "") == {}
    assert named_class("my_code_here:MyNet", "n_chans=3")["model_args"] == {"n_chans": 3}


def test_the_options_open_a_file(folder):
    options = named_class("my_code_here:MyNet", "n_chans=3")
    network = options["model"](3).eval()
    torch.save(network.state_dict(), "mine.pt")
    again = load_checkpoint("mine.pt", **options)
    x = torch.randn(2, 3, 64)
    assert torch.equal(again(x), network(x))


@pytest.mark.parametrize(
    "command", [["inspect", "mine.pt"], ["compare", "mine.pt", "mine.pt", "--names", "a,b"]]
)
def test_the_commands_say_what_is_wrong_in_one_line(command, folder, capsys):
    torch.save(nn.Linear(3, 2).state_dict(), "mine.pt")
    with pytest.raises(SystemExit) as ended:
        main([*command, "--model", "my_code_here:MyNet", "--model-args", "n_chans=3"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert re.search(r"no weight in it has a name of MyNet, such as fc\.bias", said)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--model", "my_code_here:MyNet", "--parameter", "n_times=64"],
            "With `model`, `n_times` must be in",
        ),
        (
            ["--model", "my_code_here:MyNet", "--model-args", "n_chans=x"],
            "MyNet cannot be built from n_chans='x'",
        ),
        (["--parameter", "pool1_kernel_size=2"], "cannot be opened|usable network|has no parameter"),
    ],
)
def test_options_that_are_refused_are_one_line(options, words, folder, capsys):
    torch.save(nn.Linear(3, 2).state_dict(), "mine.pt")
    with pytest.raises(SystemExit) as ended:
        main(["inspect", "mine.pt", *options])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert re.search(words, said.replace("\n", " "))
    assert "Traceback" not in said


def test_networks_whose_filters_cannot_be_read_are_not_compared(folder, capsys):
    options = ["--model", "my_code_here:MyNet", "--model-args", "n_chans=3"]
    torch.save(named_class("my_code_here:MyNet", "")["model"](3).state_dict(), "mine.pt")
    with pytest.raises(SystemExit) as ended:
        main(["compare", "mine.pt", "mine.pt", "--names", "a,b", *options])
    assert ended.value.code == 2
    assert "MyNet" in capsys.readouterr().err


def test_filters_without_cut_offs_are_printed_without_nominal_bands(capsys):
    front = nn.Sequential(nn.Conv1d(3, 4, 9), nn.ELU(), nn.AvgPool1d(56), nn.Flatten(), nn.Linear(4, 2))
    front.n_chans, front.n_times, front.sfreq = 3, 64, 100.0
    with torch.no_grad():
        front[0].weight[3] = 0
    print_bands(learned_bands(front))
    printed = capsys.readouterr().out
    assert "nan" not in printed
    assert "passes nothing" in printed
    assert "Free filters have no nominal band" in " ".join(printed.split())
