"""Tables: as the page shows them, and as files hold them."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
import xarray as xr

from sincviz._utils.text import number_words, p_words, percent
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.inspection.inspection import Inspection
from sincviz.report.summary import not_evidence
from sincviz.report.words import data_words

Rows = tuple[Sequence[str], list[Any], str]
"""Header, rows and caption."""


def leading_rows(found: Inspection) -> Rows:
    """Return what each band is worth for each class."""
    assert found.leading_bands is not None  # checked by the caller
    limits = ranges_by_name(found.leading_bands)
    largest = found.leading_bands[["relevance", "low", "high"]].abs().max().max()
    rows = [
        (
            row["target"],
            band_words(row["band"], limits),
            _interval(row, "relevance", largest),
            "" if pd.isna(row["share"]) else percent(row["share"]),
            _peak_words(row),
            *(
                (_p(row["p"]), row["channels"], row["uncertain_channels"])
                if found.verdict["readable"]
                else ()
            ),
        )
        for row in found.leading_bands.reset_index().to_dict("records")
        if pd.notna(row["relevance"])
    ]
    header = (
        "Class",
        "Band",
        "Worth (95% interval)",
        "Share",
        "Peak (Hz)",
        *(("p, corrected", "Established at", "Large, not established") if found.verdict["readable"] else ()),
    )
    return (
        header,
        rows,
        (
            f"{not_evidence(found)} How much the input in each band raises the score of its class, in units of the "
            "score; shares are of the sum over bands, where its interval is above zero. "
            + (
                "p: corrected for the number of bands and classes. Channels are established at p < 0.05, corrected for "
                "the number of all cells, and named from a tenth of the class's largest on; large is half of the "
                "band's largest or more, and a quarter of the class's. "
                if found.verdict["readable"]
                else ""
            )
            + data_words(found, of_trials=True)
        ),
    )


def _peak_words(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["peak_hz"]):
        return ""
    skirt = f" (skirt of {row['skirt_of']})" if row.get("skirt_of") else ""
    return f"{row['peak_hz']:.1f}{skirt}"


def band_rows(bands: pd.DataFrame) -> Rows:
    """Return the bands as written and as computed."""
    rows = [
        (
            number,
            f"{row['low_hz']:.1f}–{row['high_hz']:.1f}",
            f"{row['measured_low_hz']:.1f}–{row['measured_high_hz']:.1f}",
            f"{row['peak_hz']:.1f}",
            f"{row['in_band_energy']:.0%}",
            row["rhythm"],
        )
        for number, row in bands.iterrows()
    ]
    header = ("Filter", "As written (Hz)", "As computed, −3 dB (Hz)", "Peak (Hz)", "Energy in band", "Rhythm")
    return header, rows, "Energy in band: the share of the kernel's energy between its cut-offs as written."


def accuracy_rows(accuracies: pd.DataFrame) -> Rows:
    """Return how often the network is right."""
    rows = [
        (
            kind,
            row["n_trials"],
            f"{row['accuracy']:.2f} ({row['low']:.2f}–{row['high']:.2f})",
            f"{row['majority']:.2f}",
            f"{row['balanced_accuracy']:.2f}",
            "" if pd.isna(row.get("auc")) else f"{row['auc']:.2f}",
            f"{row['chance_level']:.2f}",
            "" if pd.isna(row["p"]) else f"{row['p']:.2g}",
            row["above_chance"],
        )
        for kind, row in accuracies.iterrows()
    ]
    header = (
        *("Trials", "Number", "Accuracy (95%, Wilson)", "Most frequent class", "Balanced accuracy", "AUC"),
        *("Chance", "p (permutation)", "Above chance"),
    )
    within = accuracies["permuted_within"].iloc[0]
    return (
        header,
        rows,
        "Most frequent class: what naming it every time reaches. Chance is that of the balanced accuracy, the mean "
        "over classes of the share of right answers. For p labels are exchanged"
        f"{f' within {within}' if within else ''}.",
    )


def confusion_rows(found: Inspection) -> Rows:
    """Return how many trials of each class the network takes for each class."""
    assert found.predictions is not None  # checked by the caller
    names = found.network["class_names"]
    counts = pd.crosstab(found.predictions["true"], found.predictions["predicted"])
    counts = counts.reindex(index=names, columns=names, fill_value=0)
    rows = [(name, *row) for name, row in zip(names, counts.to_numpy().tolist(), strict=True)]
    return (
        ("True class", *names),
        rows,
        "Rows: true class; columns: what the network says; numbers of trials.",
    )


def system_rows(found: Inspection, system: Mapping[str, str]) -> Rows:
    """Return versions, seed and hashes."""
    rows = [(name, value) for name, value in system.items()]
    rows.append(("seed", str(found.seed)))
    rows.append(("SHA-256 of the weights", found.network["weights_sha256"]))
    if found.trials:
        rows.append(("SHA-256 of the trials, as the network sees them", found.trials["sha256"]))
    for name, value in found.network["training"].items():
        words = (
            ", ".join(f"{key} = {one}" for key, one in value.items()) if isinstance(value, dict) else value
        )
        rows.append((f"training: {name}", str(words)))
    return ("What", "Value"), rows, ""


TABLES = (
    *("findings", "bands", "resolvability", "drift", "importance", "spatial_filters", "spatial_patterns"),
    *(
        "predictions",
        "accuracies",
        "leading_bands",
        "leading_cells",
        "leading_filters",
        "deletion",
        "ablation",
        "randomization",
    ),
    *("csp", "cutoff_history"),
)
ARRAYS = (
    *("response", "overlap", "importance", "spatial_filters", "spatial_patterns", "relevance"),
    *("spectral_relevance", "band_relevance", "band_power_contrast", "ablation"),
)


def tables_of(found: Inspection) -> dict[str, pd.DataFrame]:
    """Return the tables that files hold, by their names."""
    history, csp = found.cutoff_history, found.csp
    tables = {
        "findings": found.findings.set_index("check"),
        "bands": found.bands,
        "resolvability": found.resolvability,
        "drift": found.drift,
        "importance": None if found.importance is None else _unit_table(found.importance),
        "spatial_filters": _map_table(found.spatial_filters),
        "spatial_patterns": _map_table(found.spatial_patterns),
        "predictions": found.predictions,
        "accuracies": found.accuracies,
        "leading_bands": with_verdict(found.leading_bands, found),
        "leading_cells": with_verdict(found.leading_cells, found),
        "leading_filters": with_verdict(found.leading_filters, found),
        "deletion": None
        if found.deletion is None
        else with_verdict(found.deletion.set_index(["order", "n_cells"]), found),
        "ablation": None
        if found.ablation is None
        else with_verdict(
            found.ablation.to_dataframe().drop(columns=["x", "y", "z", "region"], errors="ignore"), found
        ),
        "randomization": None
        if found.randomization is None
        else with_verdict(found.randomization.set_index(["kind", "layer"]), found),
        "csp": None if csp is None else csp.rename_axis("quantity").to_frame("value"),
        "cutoff_history": None if history is None else history.set_index("epoch"),
    }
    return {name: table for name, table in tables.items() if table is not None}


def with_verdict(table: pd.DataFrame | None, found: Inspection) -> pd.DataFrame | None:
    """Return a table of what the decision rests on, each row of which says whether that can be read.

    Where it cannot, nothing is called established, as on the page.
    """
    if table is None:
        return None
    readable = found.verdict["readable"]
    nothing: dict[str, Any] = {} if readable else {"established": False, "channels": ""}
    return table.assign(
        **{name: value for name, value in nothing.items() if name in table}, readable=readable
    )


def arrays_of(found: Inspection) -> dict[str, xr.Dataset]:
    """Return the labelled arrays that files hold, by their names."""
    arrays = {name: getattr(found, name) for name in ARRAYS}
    return {
        name: array.to_dataset() if isinstance(array, xr.DataArray) else array
        for name, array in arrays.items()
        if array is not None
    }


def _unit_table(found: xr.Dataset) -> pd.DataFrame:
    """Return one row per unit: importance, weights, spread, and what it adds to each class."""
    units = ["importance", "weight_norm", *(["feature_std"] if "feature_std" in found else [])]
    table = found[units].to_dataframe()[units]
    for name in found["target"].to_numpy():
        table[f"contribution_{name}"] = found["contribution"].sel(target=name).to_series()
    return table


def _map_table(maps: xr.DataArray | None) -> pd.DataFrame | None:
    """Return one row per unit, one column per channel."""
    if maps is None:
        return None
    units = maps.stack(unit=("filter", "depth")).transpose("unit", "channel")  # noqa: PD013 (of xarray)
    return pd.DataFrame(units.to_numpy(), units.indexes["unit"], units["channel"].to_numpy())


def _p(p: float) -> str:
    return "" if pd.isna(p) else p_words(p).removeprefix("= ")


def _interval(row: Any, name: str, largest: float) -> str:
    value, low, high = (number_words(row[key], largest=largest) for key in (name, "low", "high"))
    return f"{value} ({low} to {high})"
