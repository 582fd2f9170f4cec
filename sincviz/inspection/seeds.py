"""Seeds, as a section: what holds over trainings that differ in chance only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import class_words, counted, listed, number_words
from sincviz.analysis.evidence.seeds import seed_relevance_of
from sincviz.analysis.evidence.seeds_compared import STABLE, seed_agreement
from sincviz.inspection.attribution import OF_FREQUENCIES
from sincviz.inspection.leading import with_verdict
from sincviz.inspection.maps import or_say_why
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import data_words, of_trials
from sincviz.networks.ensembles import is_ensemble, members
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure

MOST_CLASSES = 4  # more are in the table
MOST_NAMED = 8
MOST_ROWS = 20

ONE_TRAINING = (
    "One training does not show what another seed would do. `sincviz.training.fit_many(model, epochs)`, or "
    "`sincviz train --seeds 5`, trains several; inspected together, they show what holds over seeds."
)
UNSTABLE = "Unstable over seeds"


def _has_members(run: InspectionRun) -> bool:
    return is_ensemble(run.network) and len(members(run.network)) > 1


def _seeds(run: InspectionRun) -> tuple[xr.Dataset, pd.DataFrame]:
    trials = run.sound_trials()
    run.needed_codes()
    if not run.has_contrast:
        raise ValueError("This compares classes, so it needs trials of two classes or more.")
    found = seed_relevance_of(run.network, trials, run.codes)
    return found, seed_agreement(found, seed=run.seed)


def seed_words(inspection: InspectionResults) -> list[str]:
    """Return how far the seeds agree, and which cells hold over trainings and trials."""
    if "seeds" not in inspection.sections:
        return []
    if inspection.seeds is None or inspection.seed_agreement is None:
        return [] if "seeds" in inspection.missing else [ONE_TRAINING]
    if not inspection.verdict["readable"]:
        return []
    sentences = []
    for name in list(inspection.seed_agreement.index)[:MOST_CLASSES]:
        of_target = inspection.seed_agreement.loc[name]
        sentences.append(_agreement_of(str(name), of_target))
        sentences.append(_cells_of(inspection, str(name)))
    return sentences


def unstable_words(inspection: InspectionResults) -> list[str]:
    """Return for which classes seeds do not agree, with the numbers."""
    if inspection.seeds is None:
        return []
    return [sentence for sentence in seed_words(inspection) if sentence.startswith(UNSTABLE)]


def _on_page(inspection: InspectionResults) -> list[str]:
    """Return the sentences of the question; those that stand at the top are not said again."""
    return [
        f"{sentence.partition(':')[0]}: see above." if sentence.startswith(UNSTABLE) else sentence
        for sentence in seed_words(inspection)
    ]


def _agreement_of(target: str, row: Any) -> str:
    n_seeds = int(row["n_seeds"])
    value, low, high = (
        number_words(float(row[name]), largest=1.0) for name in ("split_half", "ci_low", "ci_high")
    )
    interval = f" (95% interval {low} to {high})" if np.isfinite(row["ci_low"]) else ""
    pearson = number_words(float(row["pearson"]), largest=1.0)
    numbers = (
        f"what {n_seeds} seeds rest on, on average, correlates at {value}{interval} with what {n_seeds} others would; "
        f"of two single seeds it is {pearson}"
    )
    if row["stable"]:
        return f"For {class_words(target)}, stable over seeds: {numbers}."
    return (
        f"{UNSTABLE}, for {class_words(target)}: {numbers}. Below {STABLE:g}, other seeds may rest on other cells; "
        "train more of them, and read only cells that hold."
    )


def _cells_of(inspection: InspectionResults, target: str) -> str:
    """Return which established cells hold over seeds."""
    table = cells_over_seeds(inspection)
    table = table[table["target"] == target]
    shown = table[table["established"]] if "established" in table else table
    what = "cells that are established in these trials" if "established" in table else "cells"
    if shown.empty:
        return (
            f"For {class_words(target)}, no cell is established, so there is none that could hold over seeds."
        )
    holds = shown[shown["holds"]]
    names = [f"{row.channel} {row.band}" for row in holds.itertuples()]
    start = (
        f"Of {len(shown)} {what}, {len(holds)} {'holds' if len(holds) == 1 else 'hold'} over trainings and trials "
        "together (95% interval without zero)"
    )
    rest = shown[~shown["holds"]]
    open_cells = [f"{row.channel} {row.band}" for row in rest.itertuples()]
    also = f" Not shown to hold: {listed(open_cells, MOST_NAMED)}." if open_cells else ""
    return f"{start}{': ' + listed(names, MOST_NAMED) if names else ''}.{also}"


def cells_over_seeds(inspection: InspectionResults) -> pd.DataFrame:
    """Return all cells with their mean over seeds, largest first, whether it holds, and whether it is established."""
    assert inspection.seeds is not None  # checked by the caller
    names = ["relevance", "ci_low", "ci_high", "seed_se", "trial_se"]
    seeds = inspection.seeds
    plain = seeds[names]
    plain = plain.drop_vars([name for name in plain.coords if name not in ("target", "band", "channel")])
    table = plain.to_dataframe().reset_index()[["target", "band", "channel", *names]]
    low, high = table["ci_low"], table["ci_high"]
    table["holds"] = (low > 0) | (high < 0)
    cells = inspection.band_relevance
    if cells is not None and "p" in cells.coords:
        p = cells["p"].to_dataframe(name="p_cell")["p_cell"].reset_index()
        p = p[["target", "band", "channel", "p_cell"]]
        table = table.merge(p, "left", on=["target", "band", "channel"])
        table["established"] = table.pop("p_cell") < 0.05
    order = table["relevance"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _draw(inspection: InspectionResults) -> "matplotlib.figure.Figure":
    assert inspection.seeds is not None  # the drawing needs it
    agreement = inspection.seed_agreement
    return plotting.plot_seed_relevance(
        inspection.seeds.isel(target=slice(MOST_CLASSES)),
        None if agreement is None else agreement[:MOST_CLASSES],
    )


def _frame(inspection: InspectionResults) -> pd.DataFrame:
    return with_verdict(cells_over_seeds(inspection).set_index(["target", "band", "channel"]), inspection)


def _rows(inspection: InspectionResults) -> Rows:
    table = cells_over_seeds(inspection)
    largest = float(table["relevance"].abs().max())

    def words(value: float) -> str:
        return number_words(value, largest=largest)

    header = [
        "Classes",
        "Channel",
        "Band",
        "Relevance (95% interval)",
        "Seeds' error",
        "Trials' error",
        "Holds",
    ]
    rows = [
        (
            class_words(str(row["target"])),
            row["channel"],
            row["band"],
            f"{words(row['relevance'])} ({words(row['ci_low'])} to {words(row['ci_high'])})",
            words(row["seed_se"]),
            words(row["trial_se"]),
            "yes" if row["holds"] else "not shown",
        )
        for row in table[:MOST_ROWS].to_dict("records")
    ]
    assert inspection.seeds is not None  # the table needs it
    return Rows(
        header,
        rows,
        f"The {len(rows)} largest of {len(table)} cells; all are in seeds.csv. Mean of "
        f"{counted(inspection.seeds.sizes['seed'], 'network')} of different seeds, each divided by the standard "
        "deviation of its score; intervals over trainings and trials together, not corrected for the number of cells. "
        + data_words(inspection, of_trials=True),
    )


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    if inspection.seeds is None:
        return
    n_seeds = inspection.seeds.sizes["seed"]
    yield Sentence(
        f"{n_seeds} networks that differ only in their seed (initial weights, order of trials, dropout and validation "
        "split) were combined by averaging their scores. The contrast of relevance of each was divided by the standard "
        "deviation of its score; intervals of the mean treat seeds and trials as crossed random effects, with "
        "Satterthwaite's degrees of freedom. Agreement is the correlation between halves of the seeds, stepped up by "
        "the Spearman-Brown formula.",
    )


SEEDS: Section[InspectionResults, InspectionRun] = Section(
    name="seeds",
    heading="Evidence",
    steps=(OF_FREQUENCIES, Step("Seeds", ("seeds", "seed_agreement"), _seeds, applies=_has_members)),
    figures=(
        Figure(
            "seeds",
            "Does it hold over seeds?",
            ("seeds",),
            or_say_why(_draw),
            of_trials(
                "The cells (bands of channels) that the networks of all seeds rest on most, on average. Dots: single "
                "networks, which differ in chance only. Lines: where the mean over all such trainings and over trials "
                "like these lies (95% interval); it is not corrected for the number of cells. Right: how far seeds "
                "agree."
            ),
        ),
    ),
    tables=(
        Table("seeds", ("seeds",), _frame, title="Leading cells over seeds", rows=_rows),
        Table("seed_agreement", ("seed_agreement",), lambda inspection: inspection.seed_agreement),
    ),
    arrays=("seeds",),
    summary=(Summary("seeds", "Does it hold over seeds?", _on_page),),
    methods=_methods,
)

UNSTABLE_SEEDS: Section[InspectionResults, InspectionRun] = Section(
    name="unstable_seeds",
    heading="",
    summary=(
        Summary("unstable_seeds", "Other seeds may rest on other cells", unstable_words, style="suspicion"),
    ),
    always=True,
)
