"""One self-contained HTML page: an mne.Report of a group."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sincviz.groups import Group
from sincviz.network_facts import system_facts
from sincviz.report.group_drawings import group_drawings
from sincviz.report.group_methods import group_methods
from sincviz.report.group_words import (
    accuracy_words,
    agreement_words,
    band_use_words,
    bands_in_words,
    cluster_words,
    count_words,
    drift_words,
    filter_words,
    subjects_words,
)
from sincviz.report.html import empty_page, figure_html, render, table_html
from sincviz.report.words import counted, p_words

MOST_CLUSTERS = 20
LARGEST_P = 0.2
SECTIONS = ("Bands on the scalp", "Frequencies", "Band use", "Runs", "Filters", "Training")

Rows = tuple[Sequence[str], list[Any], str]


def write_group_html(
    found: Group, path: Path, pictures: Mapping[str, tuple[Path, float]], title: str | None
) -> None:
    """Write the page.

    Parameters
    ----------
    found : Group
        What was measured.
    path : pathlib.Path
        The file to write; one that is there is replaced.
    pictures : mapping of str to (pathlib.Path, float)
        PNG file and width in mm of each figure, by its name.
    title : str | None
        Heading; ``None`` says how many networks and subjects there are.
    """
    page = empty_page(title or default_title(found))
    for section, name, html in _parts(found, pictures):
        page.add_html(html, name, section=section, tags=(section.lower().replace(" ", "-"),))
    page.save(path, open_browser=False, overwrite=True, verbose="error")


def default_title(found: Group) -> str:
    """Return a heading that says how many networks and subjects there are."""
    facts = found.facts
    return f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')}"


def _parts(found: Group, pictures: Mapping[str, tuple[Path, float]]) -> Iterator[tuple[str, str, str]]:
    """Yield section, title and HTML of every part of the page, in order."""
    yield "Summary", "What these networks have in common", render("group_summary", **_summary(found))
    yield "Summary", "Findings and what to do", render("findings", rows=found.findings.to_dict("records"))
    drawings = list(group_drawings(found))
    tables = dict(_tables(found))
    for section in SECTIONS:
        for drawing in drawings:
            if drawing.section == section and drawing.picture.name in pictures:
                title = drawing.picture.title
                yield section, title, figure_html(title, drawing.caption, *pictures[drawing.picture.name])
        if section in tables:
            name, rows = tables[section]
            yield section, name, table_html(*rows)
    if found.missing:
        yield "Summary", "What could not be measured", render("missing", reasons=list(found.missing.items()))
    yield "Networks", "Every row of the manifest", table_html(*_network_rows(found.networks))
    text, references = group_methods(found)
    yield "Methods", "A paragraph for the paper", render("methods", text=text, references=references)
    yield "System", "Versions and settings", table_html(*_system_rows(found))


def _summary(found: Group) -> dict[str, object]:
    return {
        "lead": next(iter(count_words(found))),
        "subjects": f"Subjects: {subjects_words(found)}.",
        "accuracy": list(accuracy_words(found)),
        "clusters": list(cluster_words(found)),
        "use": list(band_use_words(found)),
        "sure": [*agreement_words(found), *filter_words(found), *drift_words(found)],
    }


def _tables(found: Group) -> Iterator[tuple[str, tuple[str, Rows]]]:
    if found.clusters is not None and len(found.clusters):
        for section, maps in (
            ("Bands on the scalp", "band × channel"),
            ("Frequencies", "channel × frequency"),
        ):
            own = found.clusters[found.clusters["maps"] == maps]
            if len(own):
                yield section, ("Clusters", _cluster_rows(own, found))
    if found.agreement_by_subject is not None:
        yield "Runs", ("Agreement by subject", _agreement_rows(found.agreement_by_subject))
    if found.filter_stability is not None and len(found.filter_stability):
        yield "Filters", ("Filters in numbers", _filter_rows(found.filter_stability))
    if found.drift is not None:
        yield "Training", ("Before and after in numbers", _drift_rows(found.drift))


def _cluster_rows(clusters: pd.DataFrame, found: Group) -> Rows:
    likely = clusters[clusters["p"] <= LARGEST_P].sort_values("p", kind="stable").iloc[:MOST_CLUSTERS]
    labels = [label for label in ("comparison", "target") if len(clusters[label].unique()) > 1]
    rows = [
        (
            *(row[label] for label in labels),
            bands_in_words(row["bands"], found),
            row["channels"],
            row["n_cells"],
            p_words(row["p"]).removeprefix("= "),
            f"{_number(row['effect_size'])} ({_number(row['low'])} to {_number(row['high'])})",
            "yes" if row["significant"] else "no",
        )
        for row in likely.to_dict("records")
    ]
    names = {"comparison": "Comparison", "target": "Classes"}
    header = (
        *(names[one] for one in labels),
        "Bands",
        "Around",
        "Cells",
        "p",
        "Hedges' g (95%)",
        "Significant",
    )
    rest = (
        f" Of {len(clusters)} clusters those with p ≤ {LARGEST_P:g}." if len(clusters) > len(likely) else ""
    )
    return (
        header,
        rows,
        "p is family-wise over all maps of the test. Effect sizes are of the mean over the cluster's cells: clusters "
        f"were selected for being large, so they are too large.{rest}",
    )


def _agreement_rows(table: pd.DataFrame) -> Rows:
    rows = [
        (name, row["n_runs"], *(_number(row[key]) for key in ("between_runs", "lowest", "with_others")))
        for name, row in table.to_dict("index").items()
    ]
    header = ("Subject", "Runs", "Between its runs", "Lowest", "With runs of others")
    return header, rows, "Spearman's correlation over bands and channels, mean over pairs of runs."


def _filter_rows(table: pd.DataFrame) -> Rows:
    rows = [
        (
            number,
            f"{row['peak_hz']:.1f} ({row['peak_low_hz']:.1f}–{row['peak_high_hz']:.1f})",
            f"{_number(row['overlap'])} (lowest {_number(row['lowest_overlap'])})",
            _number(row["chance_overlap"]),
            _number(row["pattern_similarity"]),
            f"{row['same_number']:.0%}",
        )
        for number, row in table.sort_values("peak_hz").to_dict("index").items()
    ]
    header = ("Filter", "Peak in Hz (5–95%)", "Overlap", "By chance", "Patterns alike", "Same number")
    return (
        header,
        rows,
        "Same number: how often the match is the filter of the same number. Networks that start alike keep their order "
        "in part, so this says how much of the matching there was to do.",
    )


def _drift_rows(table: pd.DataFrame) -> Rows:
    rows = [
        (
            row["condition"],
            row["band"],
            f"{row['before']:.1%}",
            f"{row['after']:.1%}",
            f"{100 * row['change']:+.2f} ({100 * row['low']:+.2f} to {100 * row['high']:+.2f})".replace(
                "-", "−"
            ),
            f"{row['q']:.2g}",
        )
        for row in table.reset_index().to_dict("records")
    ]
    header = ("Condition", "Band", "Before", "After", "Change in points (95%)", "q")
    return header, rows, "Share of the filters' energy, as the kernels compute it; mean over subjects."


def _network_rows(networks: pd.DataFrame) -> Rows:
    labels = [label for label in ("subject", "seed", "fold", "condition") if (networks[label] != "").any()]
    rows = [
        (
            number,
            *(row[label] for label in labels),
            Path(row["checkpoint"]).name,
            row["status"],
            "" if pd.isna(row.get("accuracy")) else f"{row['accuracy']:.2f}",
            "" if pd.isna(row["score_sum"]) else f"{row['score_sum']:.2f}",
            row["reason"],
        )
        for number, row in networks.to_dict("index").items()
    ]
    header = (
        "Row",
        *(label.capitalize() for label in labels),
        "Checkpoint",
        "Status",
        "Accuracy",
        "Distance",
        "Why not",
    )
    return (
        header,
        rows,
        "Distance: between the class means of the scores, in standard deviations within the classes, mean over "
        "classes.",
    )


def _system_rows(found: Group) -> Rows:
    rows = [*system_facts().items(), *((name, str(value)) for name, value in found.facts["settings"].items())]
    return ("What", "Value"), rows, ""


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:z.2f}".replace("-", "−")
