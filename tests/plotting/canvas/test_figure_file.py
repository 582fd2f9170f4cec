"""A picture made twice is the same file."""

from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from sincviz import filter_response, learned_bands
from sincviz.plotting import plot_bands, plot_responses, save_figure


@pytest.fixture
def model(network):
    return network()


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
@pytest.mark.parametrize(
    "draw",
    [lambda model: plot_bands(learned_bands(model)), lambda model: plot_responses(filter_response(model))],
    ids=["bands", "responses"],
)
def test_the_same_picture_is_the_same_file(model, tmp_path, monkeypatch, draw, ending):
    files = []
    for number, now in enumerate(["1000000000", "1500000000"]):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", now)
        figure = draw(model)
        files.append(tmp_path / f"{number}.{ending}")
        save_figure(figure, files[-1])
        plt.close(figure)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_another_picture_is_another_file(model, network, tmp_path):
    for name, one in (("a", model), ("b", network(first_freq=3.0))):
        save_figure(plot_bands(learned_bands(one)), tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "b.svg").read_bytes()


def test_text_stays_text_and_no_date_is_written(model, tmp_path):
    figure = plot_bands(learned_bands(model))
    save_figure(figure, tmp_path / "a.svg")
    written = (tmp_path / "a.svg").read_text()
    assert ">Frequency (Hz)</text>" in written
    assert ">alpha</text>" in written
    assert "<dc:date>" not in written
    save_figure(figure, tmp_path / "a.pdf")
    document = (tmp_path / "a.pdf").read_bytes()
    assert b"/CreationDate" not in document
    assert b"/Subtype /Type3" not in document


@pytest.mark.usefixtures("pixels_of_print")
def test_endings_may_be_in_capitals_and_pictures_are_printed_at_300_dpi(model, tmp_path):
    save_figure(plot_bands(learned_bands(model)), tmp_path / "A.PNG")
    assert plt.imread(tmp_path / "A.PNG", format="png").shape[1] == pytest.approx(178 / 25.4 * 300, abs=2)
    assert [path.name for path in tmp_path.iterdir()] == ["A.PNG"]


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.png.txt"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=rf"\.pdf, \.svg, \.png; got '({Path(name).suffix})'"):
        save_figure(plt.figure(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        save_figure(plt.figure(), tmp_path / "nowhere" / "a.png")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    figure = plt.figure()
    (tmp_path / "a.png").write_text("old")

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save_figure(figure, tmp_path / "a.png")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
