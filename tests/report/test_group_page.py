"""The page of a group: every part in its place, names shown and never run, no number that is none."""

import dataclasses
import re
from html import unescape

import numpy as np
import pytest

from sincviz.population import Group
from sincviz.population.cluster_words import MAPS, cluster_rows
from sincviz.population.contents import CONTENTS
from sincviz.population.training_words import MOST_FILTERS, shift_rows
from tests.group_examples import manifest
from tests.report.conftest import HOSTILE
from tests.shown import drawings, rows


def without_pictures(html):
    return re.sub(r"base64,[A-Za-z0-9+/=]+", "", html)


def page_of(group, folder, **settings):
    group.report(folder / "page.html", overwrite=True, **settings)
    return without_pictures((folder / "page.html").read_text("utf-8"))


def bare(group):
    """Return a group without figures: quick to write."""
    return Group(
        group.networks, group.facts, group.findings, missing={f"band_test: {HOSTILE[0]}": HOSTILE[1]}
    )


def test_parts_come_in_their_order_and_hold_no_number_that_is_none(make, tmp_path):
    html = page_of(make(manifest(6)), tmp_path)
    titles = ["What these networks have in common", "Findings and what to do", "Clusters over bands, between classes",
              "Clusters over bands in numbers", "Clusters over time, between classes",
              "Clusters over time in numbers", "How far runs agree", "Agreement by subject",
              "Share of each band, over subjects",
              "Filters that runs share", "Filters in numbers", "Where training moved the filters",
              "Before and after in numbers", "How far filters moved", "Every row of the manifest",
              "A paragraph for the paper", "Versions and settings"]  # fmt: skip
    # The table of contents comes first.
    places = [html.rindex(title) for title in titles]
    assert places == sorted(places)
    text = unescape(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL))
    assert not re.search(r"\bnan\b|\bNone\b", text)


@pytest.mark.slow
def test_names_of_conditions_and_classes_are_shown_and_never_run(make, tmp_path):
    group = make(manifest(6, 1, tuple(HOSTILE)), classes=(*HOSTILE, "$x^2_{"))
    quick = dataclasses.replace(group, band_test=None, agreement=None, filter_stability=None)
    html = page_of(quick, tmp_path)
    plain = page_of(bare(make(manifest(6, 1))), tmp_path)
    assert html.count("<script") == plain.count("<script")
    assert "<b>bold" not in html
    assert unescape(html).count(HOSTILE[0]) > 3
    assert unescape(html).count(HOSTILE[1]) > 3


def test_reasons_checkpoints_and_titles_are_text(make, tmp_path):
    group = bare(make(manifest(2, 1), replaced={0: f"There is no {HOSTILE[0]} `here`."}))
    group.networks["checkpoint"] = [f"/a/{HOSTILE[1].replace('/', '')}", "/b/" + "long_" * 80]
    html = page_of(group, tmp_path, title=HOSTILE[0])
    assert HOSTILE[0] not in html
    assert "<b>bold" not in html
    assert "long_" * 80 in html
    assert "<title>&lt;script&gt;" in html


def test_the_same_group_makes_the_same_page(make, tmp_path):
    pages = [page_of(bare(make(manifest(6, 1))), tmp_path) for _ in range(2)]
    one, other = (re.sub(r"Created on [^<]*via", "", page) for page in pages)
    assert one == other


@pytest.mark.parametrize(
    ("n_subjects", "n_seeds", "title"),
    [(1, 1, "1 network of 1 subject"), (1, 2, "2 networks of 1 subject"), (3, 2, "6 networks of 3 subjects")],
)
def test_a_page_without_a_title_counts(make, n_subjects, n_seeds, title):
    assert CONTENTS.title(make(manifest(n_subjects, n_seeds))) == title


def test_one_network_has_no_tables_and_figures_of_agreement(make):
    group = make(manifest(1, 1))
    assert not {"Agreement by subject", "Filters in numbers"} & set(rows(group, CONTENTS))
    assert [drawing.name for drawing in drawings(group, CONTENTS)] == ["band_use"]


def test_runs_of_one_subject_stand_together_however_they_come(make):
    table = manifest(3, 2).sort_values("seed", kind="stable").reset_index(drop=True)
    drawing = next(one for one in drawings(make(table), CONTENTS) if one.name == "agreement")
    (ax, *_) = drawing.draw().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2", "3"]


def test_a_table_names_conditions_only_where_there_are_some(make):
    tables = rows(make(manifest(6, 1)), CONTENTS)
    for name in ("Before and after in numbers", "How far filters moved"):
        header, lines, _ = tables[name]
        assert "Condition" not in header
        assert all(len(one) == len(header) for one in lines)
    several = rows(make(manifest(6, 1, ("do", "think"))), CONTENTS)
    for header, lines, _ in several.values():
        assert all(len(one) == len(header) for one in lines)
    header, lines, _ = several["Before and after in numbers"]
    assert header[0] == "Condition"
    assert {one[0] for one in lines} == {"do", "think"}
    assert "below 1 Hz" in {one[1] for one in lines}


def test_a_cluster_names_what_it_is_of_even_where_it_is_the_only_one(make):
    group = make(manifest(8, 1, ("do", "think")))
    one = group.clusters[group.clusters["maps"] == MAPS["band"]].iloc[:1].assign(comparison="think", p=0.1)
    header, rows, _ = cluster_rows(one, group)
    assert dict(zip(header, rows[0], strict=True))["Comparison"] == "think"
    header, _, _ = cluster_rows(one, make(manifest(8, 1)))
    assert not {"Comparison", "Classes"} & set(header)
    header, _, _ = cluster_rows(one, make(manifest(8, 1), classes=("left", "right", "feet")))
    assert "Classes" in header


def test_clusters_over_time_have_times_in_place_of_bands(make):
    tables = rows(make(manifest(8, 1)), CONTENTS)
    header, lines, _ = tables["Clusters over time in numbers"]
    assert header[:2] == ("Times", "Around")
    assert sorted(line[:3] for line in lines if line[-1] == "yes") == [
        ("0.30–0.45 s", name, 3) for name in ("C3", "C4")
    ]
    assert tables["Clusters over bands in numbers"].header[0] == "Bands"


def test_of_many_filters_the_surest_are_shown(make):
    moved = make(manifest(6, 1)).filter_drift
    many = moved.iloc[np.zeros(50, int)].reset_index()
    many = many.assign(filter=range(50), p=np.linspace(1, 0, 50)).set_index(["condition", "filter"])
    header, rows, caption = shift_rows(many)
    assert [one[0] for one in rows] == list(range(49, 49 - MOST_FILTERS, -1))
    assert f"Of 50 the {MOST_FILTERS}" in caption
    assert header[0] == "Filter"


def test_a_difference_between_conditions_counts_the_people_who_have_both(make):
    table = manifest(8, 1, ("do", "think"))
    group = make(table[(table["condition"] == "do") | (table["subject"] > 2)].reset_index(drop=True))
    written = {}
    for drawing in drawings(group, CONTENTS):
        if drawing.name in ("drift_1", "drift_2"):
            texts = drawing.draw().findobj(lambda artist: hasattr(artist, "get_text"))
            written[drawing.name] = " ".join(text.get_text() for text in texts).replace("\n", " ")
    assert "Mean over 8 subjects" in written["drift_1"]
    assert "Mean over 6 subjects" in written["drift_2"]
