"""Tables of a group, as the page shows them."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from sincviz._utils.text import coefficient, in_brackets, p_words, points, signed
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.population.comparison import MAPS
from sincviz.population.group import Group
from sincviz.report.group_numbers import are_matched
from sincviz.report.group_words import bands_in_words
from sincviz.report.tables import Rows

MOST_CLUSTERS = 20
MOST_FILTERS = 20
LARGEST_P = 0.2


def group_tables(found: Group) -> Iterator[tuple[str, str, Rows]]:
    """Yield section, title and rows of the tables that a group has the numbers for."""
    if found.clusters is not None and len(found.clusters):
        for section, maps in (("Bands on the scalp", MAPS["band"]), ("Frequencies", MAPS["frequency"])):
            own = found.clusters[found.clusters["maps"] == maps]
            if len(own):
                yield section, "Clusters in numbers", cluster_rows(own, found)
    if found.agreement_by_subject is not None and found.agreement_by_subject["n_runs"].sum() > 1:
        yield "Runs", "Agreement by subject", agreement_rows(found.agreement_by_subject)
    if found.filter_stability is not None and are_matched(found):
        yield "Filters", "Filters in numbers", filter_rows(found.filter_stability)
    if found.drift is not None:
        yield "Training", "Before and after in numbers", drift_rows(found.drift, found)
    if found.filter_drift is not None:
        yield "Training", "How far filters moved", shift_rows(found.filter_drift)


def cluster_rows(clusters: pd.DataFrame, found: Group) -> Rows:
    """Return the likely clusters of one test."""
    likely = clusters[clusters["p"] <= LARGEST_P].sort_values("p", kind="stable").iloc[:MOST_CLUSTERS]
    # What was tested counts, not what has clusters.
    tested = {
        "comparison": len(found.facts["conditions"]) > 1,
        "target": found.band_contrasts is not None and found.band_contrasts.sizes["target"] > 1,
    }
    labels = [label for label, several in tested.items() if several]
    rows = [
        (
            *(row[label] for label in labels),
            bands_in_words(row["bands"], found),
            row["channels"],
            row["n_cells"],
            p_words(row["p"]).removeprefix("= "),
            coefficient(row["effect_size"]) + in_brackets(row["low"], row["high"], coefficient),
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


def agreement_rows(table: pd.DataFrame) -> Rows:
    """Return how far the runs of each subject agree."""
    rows = [
        (name, row["n_runs"], *(coefficient(row[key]) for key in ("between_runs", "lowest", "with_others")))
        for name, row in table.to_dict("index").items()
    ]
    header = ("Subject", "Runs", "Between its runs", "Lowest", "With runs of others")
    return header, rows, "Spearman's correlation over bands and channels, mean over pairs of runs."


def filter_rows(table: pd.DataFrame) -> Rows:
    """Return how alike the filters are that stand for each other."""
    rows = [
        (
            number,
            f"{row['peak_hz']:.1f} ({row['peak_low_hz']:.1f}–{row['peak_high_hz']:.1f})",
            f"{coefficient(row['overlap'])} (lowest {coefficient(row['lowest_overlap'])})",
            coefficient(row["chance_overlap"]),
            coefficient(row["pattern_similarity"]),
            "" if pd.isna(row["same_number"]) else f"{row['same_number']:.0%}",
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


def drift_rows(table: pd.DataFrame, found: Group) -> Rows:
    """Return the shares of the bands before training and after."""
    limits = ranges_by_name(table)
    several = len(table.index.unique("condition")) > 1
    rows = [
        (
            *([row["condition"]] if several else []),
            band_words(row["band"], limits),
            f"{row['before']:.1%}",
            f"{row['after']:.1%}",
            points(row["change"]) + in_brackets(row["low"], row["high"], points),
            "" if pd.isna(row["q"]) else f"{row['q']:.2g}",
        )
        for row in table.reset_index().to_dict("records")
    ]
    header = (*(["Condition"] if several else []), "Band", "Before", "After", "Change in points (95%)", "q")
    return header, rows, "Share of the filters' energy, as the kernels compute it; mean over subjects."


def shift_rows(table: pd.DataFrame) -> Rows:
    """Return how far filters moved, the surest first."""
    several = len(table.index.unique("condition")) > 1
    surest = table.sort_values("p", kind="stable").iloc[:MOST_FILTERS]
    rows = [
        (
            *([row["condition"]] if several else []),
            row["filter"],
            f"{row['initial_hz']:.1f}",
            signed(row["shift_hz"], 2) + in_brackets(row["low"], row["high"], lambda value: signed(value, 2)),
            "" if pd.isna(row["q"]) else f"{row['q']:.2g}",
        )
        for row in surest.reset_index().to_dict("records")
    ]
    header = (*(["Condition"] if several else []), "Filter", "Started at (Hz)", "Moved by (Hz, 95%)", "q")
    rest = f" Of {len(table)} the {MOST_FILTERS} with the smallest q." if len(table) > len(surest) else ""
    return header, rows, f"Middle of the cut-offs of filters that start alike, mean over subjects.{rest}"


def network_rows(networks: pd.DataFrame) -> Rows:
    """Return every row of the manifest."""
    labels = [label for label in ("subject", "seed", "fold", "condition") if (networks[label] != "").any()]
    rows = [
        (
            number,
            *(row[label] for label in labels),
            Path(row["checkpoint"]).name,
            row["status"],
            *(
                "" if pd.isna(row.get(name)) else f"{row[name]:.2f}"
                for name in ("accuracy", "balanced_accuracy")
            ),
            "" if pd.isna(row.get("above_chance")) else row["above_chance"],
            coefficient(row["score_sum"]),
            row["reason"],
            "" if pd.isna(row.get("not_readable_because")) else row["not_readable_because"].replace("_", " "),
        )
        for number, row in networks.to_dict("index").items()
    ]
    header = (
        "Row",
        *(label.capitalize() for label in labels),
        "Checkpoint",
        "Status",
        "Accuracy",
        "Balanced",
        "Above chance",
        "Distance",
        "Why not",
        "Not readable by itself",
    )
    return (
        header,
        rows,
        "Distance: between the class means of the scores, in standard deviations within the classes, mean over "
        "classes.",
    )
