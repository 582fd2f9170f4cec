"""`sincviz train --seeds` writes a folder that `sincviz inspect` reads."""

import re

import pytest
from typer.testing import CliRunner

from sincviz import load_checkpoint
from sincviz.cli.main import app
from sincviz.networks import members

SMALL = ("--num-time-filters", "2", "--max-epochs", "1")


@pytest.fixture(scope="module")
def trained(simulation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")
    simulation[0].save(folder / "some-epo.fif", verbose=False)
    out = ("--out", str(folder / "networks"))
    result = CliRunner().invoke(
        app,
        [
            "train",
            str(folder / "some-epo.fif"),
            *SMALL,
            "--kernel-seconds",
            "0.2",
            "--seed",
            "3",
            "--seeds",
            "2",
            *out,
        ],
    )
    assert result.exit_code == 0, result.output
    return folder, " ".join(result.output.split())


def test_it_trains_seeds_from_the_first_on(trained):
    folder, output = trained
    network = load_checkpoint(folder / "networks")
    assert network.provenance["seeds"] == [3, 4]
    assert [one.num_time_filters for one in members(network)] == [2, 2]
    assert "Trained 2 networks, with seeds 3 to 4." in output
    assert "Saved the folder" in output


@pytest.mark.slow
def test_accuracies_are_said_where_there_are_other_trials(tmp_path):
    arguments = ["train", "simulated", *SMALL, "--seeds", "2", "--out", str(tmp_path / "networks")]
    result = CliRunner().invoke(app, arguments)
    words = " ".join(result.output.split())
    assert re.search(
        r"single seeds 0\.\d{3} on average \(0\.\d{3} to 0\.\d{3}\), all together 0\.\d{3}", words
    ), words


def test_inspect_reads_the_folder(trained):
    folder, _ = trained
    arguments = ["inspect", str(folder / "networks"), "--only", "bands,seeds", "--out", str(folder / "page")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "Ensemble of 2 SincShallowNet" in " ".join(result.output.split())
    assert (folder / "page" / "report.html").is_file()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--out", "a.safetensors"), "Try `--out a`"),
        (("--out", "a", "--live"), "show one training"),
        (("--out", "networks"), "--overwrite"),
    ],
)
def test_what_cannot_be_done_is_refused_before_training(trained, monkeypatch, more, words):
    monkeypatch.chdir(trained[0])
    result = CliRunner().invoke(app, ["train", "some-epo.fif", "--seeds", "2", *more])
    assert result.exit_code != 0
    assert words in str(result.exception) + result.output
