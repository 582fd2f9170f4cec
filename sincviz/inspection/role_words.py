"""Words on roles: what is used without class information of its own, and what is informative but not used."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sincviz._utils.text import class_words, counted, in_brackets, joined, number_words, percent
from sincviz.eeg.band_limits import Ranges, ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.role_words import NEITHER, NOT_SHOWN, REDUNDANT, SUPPRESSOR, USED_AND_INFORMATIVE
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import data_words, not_evidence
from sincviz.report.contents import Rows

MOST_CLASSES = 4  # more are in the table
MOST_CELLS = 3
MOST_ROWS = 40

_AREAS = {"power_area": "power", "evoked_area": "evoked response"}


def role_words(inspection: InspectionResults) -> list[str]:
    """Return how many cells have which role, and the largest suppressors and redundant cells with their numbers."""
    if inspection.roles is None or not inspection.verdict["readable"]:
        return []
    table = cells_with_roles(inspection)
    limits = ranges_by_name(inspection.roles)
    targets = list(dict.fromkeys(table["target"]))
    sentences = [
        "A cell is a band of a channel. Used: it makes the scores of the classes differ (p < 0.05, corrected), or, "
        "where any cell does, moves the score by "
        f"{percent(inspection.roles.attrs['used_share'])} or more of what the strongest cell does. "
        f"{_informative_words(inspection)} "
        "Not shown does not mean no."
    ]
    for target in targets[:MOST_CLASSES]:
        rows = table[table["target"] == target]
        start = "" if len(targets) == 1 else f"For {class_words(str(target))}: "
        sentences.append(f"{start}{_counts(rows, capital=not start)}")
        for role, words in ((SUPPRESSOR, _suppressor), (REDUNDANT, _redundant)):
            for row in rows[rows["role"] == role].to_dict("records")[:MOST_CELLS]:
                sentences.append(words(row, limits, inspection))
    if (table["role"] == SUPPRESSOR).any():
        sentences.append(
            "A network may subtract a suppressor from other channels to remove noise, or merely let its noise through; "
            "in these trials it shows no source of what the classes differ in."
        )
    return sentences


def cells_with_roles(inspection: InspectionResults) -> pd.DataFrame:
    """Return every cell with its role: suppressors first, then redundant cells, the largest of each first."""
    roles = inspection.roles
    assert roles is not None  # asked before
    table = roles.to_dataframe(dim_order=["target", "band", "channel"]).reset_index()
    table = table.drop(columns=["x", "y", "z"], errors="ignore")
    table = table[np.isfinite(table["relevance"])]
    rank = {role: at for at, role in enumerate((SUPPRESSOR, REDUNDANT, USED_AND_INFORMATIVE, NEITHER))}
    # Suppressors by what the network uses, redundant cells by what they tell.
    size = table["spread"].where(table["role"] != REDUNDANT, table.apply(_farthest, axis=1))
    order = {str(name): at for at, name in enumerate(roles["target"].to_numpy())}
    keys = {
        "_target": table["target"].astype(str).map(order),
        "_role": table["role"].map(rank).fillna(len(rank)),
        "_size": -size,
    }
    ordered: pd.DataFrame = table.assign(**keys).sort_values(list(keys), kind="stable")
    return ordered.drop(columns=list(keys))


def suppressors_among(inspection: InspectionResults, target: str, band: str, channels: str) -> list[str]:
    """Return which of these channels (comma-separated) are suppressors in a band, for a class."""
    roles = inspection.roles
    if roles is None or not inspection.verdict["readable"] or not channels:
        return []
    if target not in roles["target"].to_numpy() or band not in roles["band"].to_numpy():
        return []
    of_band = roles["role"].sel(target=target, band=band)
    names = of_band["channel"].to_numpy()[(of_band == SUPPRESSOR).to_numpy()]
    named = channels.split(", ")
    return [str(name) for name in names if str(name) in named]


def suppressor_note(names: list[str]) -> str:
    """Return what is said beside channels of which these are suppressors; empty if there are none.

    Examples
    --------
    >>> suppressor_note(["Fz"]), suppressor_note([])
    ('Fz is a suppressor: used, but without class information of its own that these trials show', '')
    """
    if not names:
        return ""
    one = len(names) == 1
    return (
        f"{joined(names)} {'is a suppressor' if one else 'are suppressors'}: used, but without class information of "
        f"{'its' if one else 'their'} own that these trials show"
    )


def role_rows(inspection: InspectionResults) -> Rows:
    """Return suppressors and redundant cells, as the page shows them."""
    assert inspection.roles is not None  # the table needs it
    table = cells_with_roles(inspection)
    table = table[table["role"].isin((SUPPRESSOR, REDUNDANT))]
    limits = ranges_by_name(inspection.roles)
    several = inspection.roles.sizes["target"] > 1
    rows = [
        [
            *([class_words(str(row["target"]))] if several else []),
            row["role"],
            row["channel"],
            band_words(str(row["band"]), limits),
            *(_number(row, name, _largest(inspection, name)) for name in ("spread", "relevance")),
            *(_area(row, name) for name in _AREAS),
        ]
        for row in table.to_dict("records")[:MOST_ROWS]
    ]
    more = len(table) - len(rows)
    caption = (
        "Suppressor: used, without class information of its own that these trials show; a network may subtract it "
        "from other channels to remove noise, or merely let its noise through. Redundant: tells the classes by itself, "
        "but this network does not use it. Score moved: standard deviation over trials within classes, in units of the "
        "score. ROC area: how well power or evoked response of the cell alone tells the class, 0.5: not at all; below "
        "0.5 it has less power (an evoked response tells only above 0.5). All with 95% intervals."
    )
    caption += f" {more} more are in the file." if more > 0 else ""
    caption = f"{not_evidence(inspection)} {caption} {data_words(inspection, of_trials=True)}".strip()
    header = (
        "Role",
        "Channel",
        "Band",
        "Score moved",
        "Relevance",
        "ROC area of power",
        "ROC area of evoked response",
    )
    return Rows((("Class",) if several else ()) + header, rows, caption)


def has_rows(inspection: InspectionResults) -> bool:
    """Return whether there is a suppressor or a redundant cell."""
    return inspection.roles is not None and bool(inspection.roles["role"].isin((SUPPRESSOR, REDUNDANT)).any())


def _informative_words(inspection: InspectionResults) -> str:
    """Return what informative means, and what "not informative" excludes."""
    assert inspection.roles is not None  # asked before
    excluded = [inspection.roles.attrs.get(name) for name in ("power_excluded", "evoked_excluded")]
    words = (
        "Informative: by itself, without the network, its power or its evoked response tells the classes (p < 0.05, "
        "corrected, or a limit from all channels together that is corrected likewise)."
    )
    if None in excluded:
        return words
    return (
        f"{words} Not informative: a ROC area beyond {excluded[0]:g} by power and above {excluded[1]:g} by evoked "
        "response is excluded; less is possible."
    )


def _counts(rows: pd.DataFrame, *, capital: bool) -> str:
    counts = rows["role"].value_counts()
    parts = [
        words.format(counts.get(role, 0))
        for role, words in (
            (USED_AND_INFORMATIVE, "{} are used and informative"),
            (SUPPRESSOR, "{} used but not informative (suppressors)"),
            (REDUNDANT, "{} informative but not used (redundant)"),
            (NEITHER, "{} neither"),
        )
    ]
    start = "Of" if capital else "of"
    open_cells = int(counts.get(NOT_SHOWN, 0))
    return f"{start} {counted(len(rows), 'cell')}, {joined(parts)}; of {open_cells} the role is not shown."


def _suppressor(row: Mapping[Hashable, Any], limits: dict[str, Ranges], inspection: InspectionResults) -> str:
    return (
        f"{_cell(row, limits)} is used (it moves the score by {_of_cell(row, inspection)}), but carries no class "
        f"information of its own that these trials show ({_areas(row)}): a suppressor."
    )


def _redundant(row: Mapping[Hashable, Any], limits: dict[str, Ranges], inspection: InspectionResults) -> str:
    return (
        f"{_cell(row, limits)} tells the classes by itself ({_areas(row)}), but this network does not use it "
        f"(it moves the score by {_of_cell(row, inspection)}): redundant."
    )


def _cell(row: Mapping[Hashable, Any], limits: dict[str, Ranges]) -> str:
    return f"{row['channel']} in {band_words(str(row['band']), limits)}"


def _of_cell(row: Mapping[Hashable, Any], inspection: InspectionResults) -> str:
    largest = _largest(inspection, "spread")
    value, low, high = (
        number_words(row[f"spread{end}"], largest=largest) for end in ("", "_ci_low", "_ci_high")
    )
    return f"{value}, {low} to {high}"


def _largest(inspection: InspectionResults, name: str) -> float:
    assert inspection.roles is not None  # asked before
    return float(np.nanmax(np.abs(inspection.roles[name])))


def _areas(row: Mapping[Hashable, Any]) -> str:
    """Return the ROC areas that are known, with their intervals."""
    known = [
        f"of its {words} {row[name]:.2f}, {row[f'{name}_ci_low']:.2f} to {row[f'{name}_ci_high']:.2f}"
        for name, words in _AREAS.items()
        if row.get(name) == row.get(name) and name in row
    ]
    if row.get("evoked_area_ci_high", 1.0) < 0.5:
        known[-1] += ", which tells only above 0.5"
    return f"ROC area {'; '.join(known)}"


def _area(row: Mapping[Hashable, Any], name: str) -> str:
    value = row.get(name, np.nan)
    if pd.isna(value):
        return ""
    return f"{value:.2f}{in_brackets(row[f'{name}_ci_low'], row[f'{name}_ci_high'], '{:.2f}'.format)}"


def _number(row: Mapping[Hashable, Any], name: str, largest: float) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_ci_low", "_ci_high"))
    return number_words(value, largest=largest) + in_brackets(
        low, high, lambda one: number_words(one, largest=largest)
    )


def _farthest(row: pd.Series) -> float:
    """Return how far the area that tells more is from telling nothing; of evoked responses only more than 0.5 tells."""
    power, evoked = (row.get(name, np.nan) - 0.5 for name in _AREAS)
    return float(np.nanmax([abs(power), evoked, 0.0]))
