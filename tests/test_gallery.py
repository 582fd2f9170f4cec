"""The pictures of the pages: every plot function has an example that draws, every notebook a figure for its card."""

import importlib.util
import re
import shutil
import struct
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sincviz import plotting

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGE = DOCS / "reference" / "plotting.md"
NOTEBOOKS = ROOT / "tutorials"
if not (DOCS / "gallery.py").exists():
    pytest.skip("there is no docs/ here: the pages are not part of every package", allow_module_level=True)
pytest.importorskip("sphinx", reason="Sphinx comes with the extra `docs`")

PLOTS = sorted(name for name in plotting.__all__ if name.startswith("plot_"))
QUICK = ["plot_decisions", "plot_notice"]


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_picture(path):
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    return data.startswith(b"\x89PNG") and width > 200 and height > 20


@pytest.fixture
def broken(monkeypatch):
    """Build a plot function with this docstring."""

    def build(docstring):
        def plot_broken():
            pass

        plot_broken.__doc__ = docstring
        plot_broken.__module__ = "sincviz.plotting.findings"
        monkeypatch.setattr(plotting, "plot_broken", plot_broken, raising=False)
        return "plot_broken"

    return build


def test_examples_are_drawn_once(gallery, tmp_path):
    assert gallery.make_pictures(tmp_path, QUICK) == QUICK
    assert all(is_picture(tmp_path / f"{name}.png") for name in QUICK)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert gallery.make_pictures(tmp_path, QUICK) == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_picture_is_drawn_again_when_its_source_changed_or_it_is_gone(gallery, tmp_path, monkeypatch):
    gallery.make_pictures(tmp_path, QUICK)
    (tmp_path / "plot_notice.png").unlink()
    assert gallery.make_pictures(tmp_path, QUICK) == ["plot_notice"]
    of = gallery.fingerprint
    monkeypatch.setattr(gallery, "fingerprint", lambda name: of(name) + "0" * (name == "plot_decisions"))
    assert gallery.make_pictures(tmp_path, QUICK) == ["plot_decisions"]


def test_the_same_example_is_the_same_file(gallery, tmp_path):
    for folder in ("one", "other"):
        gallery.make_pictures(tmp_path / folder, QUICK)
    assert all(
        (tmp_path / "one" / f"{name}.png").read_bytes() == (tmp_path / "other" / f"{name}.png").read_bytes()
        for name in QUICK
    )


@pytest.mark.parametrize(
    ("docstring", "said"),
    [
        ("Draw.\n\n>>> 1 + 1\n3\n", "The example of plot_broken fails(?s:.*)Got:\n    2"),
        ("Draw.\n\n>>> 1 + 1\n2\n", "draws nothing that it calls `figure`"),
        ("Draw.", "draws nothing that it calls `figure`"),
    ],
)
def test_an_example_without_a_figure_stops_the_build(gallery, broken, docstring, said):
    with pytest.raises(gallery.ExtensionError, match=said):
        gallery.example_figure(broken(docstring))


@pytest.mark.parametrize("name", PLOTS)
def test_the_example_calls_the_function_and_names_the_figure(name):
    doc = getattr(plotting, name).__doc__
    assert re.search(rf"^    >>> figure = {name}\(", doc, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLOTS)
def test_every_example_leaves_a_figure_that_depends_on_nothing_random(gallery, name, tmp_path):
    assert isinstance(gallery.example_figure(name), Figure)
    for folder in ("one", "other"):
        gallery.make_pictures(tmp_path / folder, [name])
    one, other = (tmp_path / folder / f"{name}.png" for folder in ("one", "other"))
    assert is_picture(one)
    assert one.read_bytes() == other.read_bytes()


def test_every_plot_function_has_one_card_with_words_for_its_picture(gallery):
    page = gallery.with_cards(PAGE.read_text("utf-8"))
    assert sorted(re.findall(r"^:link: \.\./api/sincviz\.plotting\.(plot_\w+)$", page, re.MULTILINE)) == PLOTS
    assert sorted(re.findall(r"^:img-top: /api/gallery/(plot_\w+)\.png$", page, re.MULTILINE)) == PLOTS
    assert sorted(re.findall(r"^:img-alt: Example of (plot_\w+): \w", page, re.MULTILINE)) == PLOTS
    assert sorted(re.findall(r"^\.\./api/sincviz\.plotting\.(plot_\w+)$", page, re.MULTILINE)) == PLOTS


def test_cards_stand_in_the_groups_of_the_page_and_what_does_not_draw_stays(gallery):
    text = PAGE.read_text("utf-8")
    page = gallery.with_cards(text)
    headings = re.findall(r"^## .*$", text, re.MULTILINE)
    assert re.findall(r"^## .*$", page, re.MULTILINE) == headings
    filters = page.partition("## Filters")[2].partition("\n## ")[0]
    assert re.findall(r"img-top: /api/gallery/(\w+)\.png", filters)[0] == "plot_bands"
    assert "   save_figure" in page
    assert ".. autosummary::" in page.partition("## Journals and files")[2]


def test_a_new_function_needs_no_second_place(gallery, broken):
    name = broken("Draw what is new.")
    listing = (
        "```{eval-rst}\n.. autosummary::\n   :toctree: ../api\n   :nosignatures:\n\n   " + name + "\n```\n"
    )
    page = gallery.with_cards("## New\n\n" + listing)
    assert ":img-alt: Example of plot_broken: what is new." in page
    assert "\n../api/sincviz.plotting.plot_broken\n" in page


def test_the_page_of_a_function_shows_its_picture_and_the_call_for_a_network(gallery, tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "PICTURES", tmp_path)
    gallery.make_pictures(tmp_path, QUICK)
    shown = {}
    for name in [*QUICK, "journal"]:
        shown[name] = []
        full, function = f"sincviz.plotting.{name}", getattr(plotting, name)
        gallery.show_picture(None, "function", full, function, None, shown[name])
    assert ".. image:: /api/gallery/plot_decisions.png" in shown["plot_decisions"]
    assert "``plot_decisions(comparison.decisions)``" in "".join(shown["plot_decisions"])
    assert ".. image:: /api/gallery/plot_notice.png" in shown["plot_notice"]
    assert shown["journal"] == []


def test_every_notebook_has_a_thumbnail_and_a_row_in_the_table(gallery, tmp_path):
    names = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    thumbnails = gallery.tutorial_thumbnails(NOTEBOOKS, tmp_path)
    assert sorted(thumbnails) == names
    assert all(is_picture(path) for path in thumbnails.values())
    assert [name for name, *_ in gallery.tutorial_rows(NOTEBOOKS)] == names


def test_a_thumbnail_is_the_largest_figure_that_is_no_strip(gallery, tmp_path):
    for name, path in gallery.tutorial_thumbnails(NOTEBOOKS, tmp_path).items():
        pictures = gallery.pictures_of(NOTEBOOKS / f"{name}.ipynb")
        width, height = struct.unpack(">II", path.read_bytes()[16:24])
        assert path.read_bytes() in pictures
        assert height >= width / 3
        larger = [one for one in pictures if len(one) > path.stat().st_size]
        sizes = [struct.unpack(">II", one[16:24]) for one in larger]
        assert all(height < width / 3 for width, height in sizes)


def test_a_notebook_without_figures_stops_the_build(gallery, tmp_path):
    (tmp_path / "09_words.ipynb").write_text('{"cells": [{"source": ["# Words"], "outputs": []}]}', "utf-8")
    with pytest.raises(gallery.ExtensionError, match=r"09_words\.ipynb has no figure"):
        gallery.tutorial_thumbnails(tmp_path, tmp_path / "pictures")


def test_the_page_of_tutorials_says_what_the_table_says(gallery, tmp_path):
    source = tmp_path / "tutorials"
    shutil.copytree(NOTEBOOKS, source, ignore=shutil.ignore_patterns("data"))
    readme = (source / "README.md").read_text("utf-8")
    (source / "README.md").write_text(readme.replace("| simulated | 57 |", "| recorded | 123 |"), "utf-8")
    gallery.list_tutorials(source, tmp_path)
    cards = (tmp_path / "tutorials.inc").read_text("utf-8")
    assert cards.count("{grid-item-card}") == len(list(NOTEBOOKS.glob("*.ipynb")))
    assert "*Data: recorded. Runs for 123 s.*" in cards
    assert ":link: tutorials/01_quickstart\n" in cards
    assert "{include} api/gallery/tutorials.inc" in (DOCS / "tutorials.md").read_text("utf-8")
