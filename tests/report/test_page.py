"""The page: one file, what a reader wants first, names shown and never run, reasons for what is missing."""

import base64
import dataclasses
import io
import re
from html import unescape
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from sincviz.inspection.accuracy import accuracy_words
from sincviz.inspection.certainty import certainty_words
from sincviz.inspection.contents import CONTENTS, SECTIONS
from sincviz.inspection.leading import basis_words
from sincviz.inspection.notebook import notebook_html
from sincviz.inspection.words import filter_words, reference_words
from sincviz.report.contents import LivePart
from sincviz.report.methods import methods_paragraph
from sincviz.report.page import write_html
from tests.report.conftest import HOSTILE, HOSTILE_CHANNELS
from tests.shown import drawings, figures, reasons

FIGURES = [
    figure for figure in figures(CONTENTS) if figure.name not in ("predictions", "seeds", "sensitivity")
]  # of outputs that are numbers, of ensembles

ORDER = (
    "Summary",
    "Explorer",
    "Doctor",
    "Filters",
    "Maps",
    "Attribution",
    "Time",
    "Evidence",
    "Methods",
    "System",
)


class Page(HTMLParser):
    """What a reader sees, what could run, and what is fetched."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags, self.fetched, self.handlers, self._inside = [], [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        named = dict(attrs)
        self.handlers += [name for name in named if name.startswith("on")]
        self.fetched += [
            value
            for name, value in attrs
            if value and name in ("src", "srcset", "data", "poster") and not value.startswith("data:")
        ]
        if tag == "link":
            self.fetched.append(named.get("href"))
        if tag not in ("meta", "img", "input", "hr", "br", "link"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self._inside):
            self.text.append(data)


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    def written(inspected):
        path = tmp_path_factory.mktemp("page") / "report.html"
        inspected.report(path)
        return path.read_text("utf-8")

    return written


@pytest.fixture(scope="module")
def page(saved):
    return (saved[0] / "report.html").read_text("utf-8")


def words_of(html):
    return re.sub(r"\s+", " ", " ".join(Page(html).text))


def squeezed(text):
    """Code stands in an element of its own."""
    return re.sub(r"[\s`]+", "", text)


def test_what_a_reader_wants_first_comes_first(page):
    contents = re.search(r'<nav class="nav nav-pills.*?</nav>', page, re.DOTALL).group()
    assert tuple(re.findall(r">([^<>]+)</a>", contents)) == ORDER


def test_the_summary_says_accuracy_basis_and_certainty_in_the_words_made_from_the_numbers(page, whole):
    text = words_of(page)
    for sentence in (*accuracy_words(whole), *basis_words(whole), *certainty_words(whole)):
        assert squeezed(sentence) in squeezed(text)
    for finding in whole.findings["finding"]:
        assert re.sub("`", "", finding) in text


def test_every_figure_is_there_with_a_caption_that_names_reference_and_filters(page, whole):
    assert page.count("data:image/png;base64") >= len(FIGURES) - 1  # the findings are a list, no picture
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)
    assert len(captions) == len(FIGURES) - 2  # the overview has one caption, wide and narrow
    trials = whole.trials
    prepared = filter_words(trials["highpass_hz"], trials["lowpass_hz"], whole.network["sfreq_hz"])
    of_trials = f" Trials: {reference_words(trials['reference'])}, {prepared}."
    trained_on = " Network trained on: average reference, filtered to 1–40 Hz."
    assert sum(caption.endswith(of_trials) for caption in captions) >= 9
    assert sum(caption.endswith(trained_on) for caption in captions) >= 5
    assert all(caption.endswith((of_trials, trained_on)) for caption in captions)
    for drawing in drawings(whole, CONTENTS):
        if drawing.name != "findings":
            assert any(drawing.caption[:40] in unescape(caption) for caption in captions), drawing.name


def test_the_methods_paragraph_and_its_references_are_there(page, whole):
    text, references = methods_paragraph(whole, SECTIONS)
    assert text in words_of(page)
    for reference in references:
        assert reference in words_of(page)


def test_nothing_is_fetched(page):
    assert Page(page).fetched == []


def test_without_trials_the_page_says_what_they_would_add(weights_only, write):
    text = words_of(write(weights_only))
    assert "--epochs my-epo.fif" in text
    for title in reasons(weights_only, CONTENTS):
        assert f"{title} was not made." in text
    assert "Weights and patterns of the leading units was not made. This needs trials" in text
    assert {drawing.name for drawing in drawings(weights_only, CONTENTS)} >= {
        "bands",
        "responses",
        "spatial_maps",
    }


def test_names_are_shown_and_never_run(hostile, small, write):
    html = write(dataclasses.replace(hostile, verdict={"readable": True, "reasons": []}))
    page = Page(html)
    scripts = page.tags.count("script")
    assert scripts == Page(write(dataclasses.replace(small, explorer=None))).tags.count("script")
    assert "alert(1)" not in re.sub(r"&lt;script&gt;alert\(1\)&lt;/script&gt;", "", html)
    assert "<img src=x" not in html
    text = " ".join(page.text)
    for name in HOSTILE:
        assert name in text
    assert any(name in text for name in HOSTILE_CHANNELS)
    assert not [name for name in page.handlers if name == "onerror"]


def test_a_title_is_text(small, tmp_path):
    small.report(tmp_path / "a.html", title="<script>alert(3)</script>")
    html = (tmp_path / "a.html").read_text("utf-8")
    assert "<script>alert(3)" not in html
    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in html


def test_a_live_part_follows_the_summary_and_only_its_script_is_admitted(small, tmp_path):
    part = LivePart("Explorer", "<script>let live = 1</script>", "'sha256-of/the+script='")
    policies = {}
    for name, live in {"with": lambda results: part, "without": lambda results: None}.items():
        path = tmp_path / f"{name}.html"
        write_html(small, dataclasses.replace(CONTENTS, live=live), (), path, {}, None)
        html = path.read_text("utf-8")
        assert ("<script>let live = 1</script>" in html) == (name == "with")
        policies[name] = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
        if name == "with":
            assert (
                html.index(CONTENTS.lead_title)
                < html.index("let live = 1")
                < html.index("Findings and what to do")
            )
    added = policies["with"].replace(f" {part.script_hash}", "").replace("worker-src blob:; ", "")
    assert added == policies["without"] != policies["with"]


def test_a_notebook_shows_the_summary(whole, hostile):
    html = notebook_html(whole)
    assert html == whole._repr_html_()
    for sentence in accuracy_words(whole):
        assert squeezed(sentence) in squeezed(unescape(re.sub(r"<[^>]+>", "", html)))
    assert "<script" not in hostile._repr_html_()
    assert len(html) < 400_000
    assert Page(html).fetched == []


@pytest.mark.parametrize("results", ["whole", "weights_only", "hostile"])
def test_a_notebook_shows_pictures(results, request):
    inspected = request.getfixturevalue(results)
    plt.figure("of the user")
    html = inspected._repr_html_()
    assert plt.get_figlabels() == ["of the user"]
    pictures = re.findall(r'alt="([^"]+)" src="data:image/png;base64,([^"]+)"', html)
    assert [title for title, _ in pictures] == {
        "whole": [
            "At a glance",
            "Weights and patterns of the leading units",
            "Bands of the filters",
        ],
        "weights_only": ["At a glance", "Scalp maps of the units", "Bands of the filters"],
        "hostile": ["At a glance", "Bands of the filters"],
    }[results]
    for _, png in pictures:
        width, height = Image.open(io.BytesIO(base64.b64decode(png))).size
        assert 600 < width < 1200
        assert 100 < height < 2000


def test_maps_without_positions_say_so_in_their_place(whole, misplaced_text):
    lost = whole.spatial_patterns.assign_coords(x=("channel", [np.nan] + [0.01] * 5))
    inspected = dataclasses.replace(whole, spatial_patterns=lost)
    drawing = next(drawing for drawing in FIGURES if drawing.name == "spatial_maps")
    said = " ".join(text.get_text() for text in drawing.draw(inspected).texts)
    assert "cannot be drawn" in said
    assert str(lost["channel"].to_numpy()[0]) in said


def test_more_maps_than_a_figure_shows_are_said_in_their_place(whole):
    cells = whole.band_relevance.isel(target=[0] * 40)
    inspected = dataclasses.replace(whole, band_relevance=cells)
    drawing = next(drawing for drawing in FIGURES if drawing.name == "relevance")
    said = " ".join(text.get_text() for text in drawing.draw(inspected).texts)
    assert "One figure shows at most 200 scalp maps; got 240" in " ".join(said.split())


def test_the_most_important_units_come_first(whole):
    drawing = next(drawing for drawing in FIGURES if drawing.name == "spatial_maps")
    order = whole.importance["importance"].to_series().sort_values(ascending=False).index
    titles = [ax.get_title().split("\n")[0] for ax in drawing.draw(whole).axes if ax.get_title()]
    assert titles == [f"filter {filter_} ({depth})" for filter_, depth in order]


@pytest.mark.parametrize("name", [figure.name for figure in FIGURES])
def test_no_figure_has_an_empty_axis_or_misplaced_text(whole, misplaced_text, name):
    drawing = next(drawing for drawing in FIGURES if drawing.name == name)
    figure = drawing.draw(whole)
    assert misplaced_text(figure) == []
    assert all(ax.has_data() or ax.texts or not ax.axison for ax in figure.axes)
