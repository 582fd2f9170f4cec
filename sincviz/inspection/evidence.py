"""Evidence, as a section: whether what is called relevant is needed, and depends on what was learned."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import percent
from sincviz.analysis.evidence.ablation import ablate
from sincviz.analysis.evidence.data_contrast import csp_accuracy
from sincviz.analysis.evidence.deletion import deletion_curve
from sincviz.analysis.evidence.randomization import MORE_DRAWS, randomization_test
from sincviz.eeg.bands import RHYTHMS
from sincviz.inspection.attribution import OF_FREQUENCIES
from sincviz.inspection.certainty import certainty_words
from sincviz.inspection.leading import with_verdict
from sincviz.inspection.measuring import (
    MOST_EVIDENCE_TRIALS,
    MOST_RANDOMIZATION_TRIALS,
    InspectionRun,
)
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import n_read, of_trials
from sincviz.report.contents import Figure, Section, Sentence, Step, Summary, Table
from sincviz.trials.numeric_targets import target_levels
from sincviz.trials.selection import evenly_drawn

N_RANDOM_NETWORKS = 3
RANDOMIZATION_STEPS = 8
MOST_LAYERS = 6
RUNS_PER_CELL = 3


ABLATED_BANDS = {f"below {min(RHYTHMS.values())[0]:g} Hz": (0.0, min(RHYTHMS.values())[0]), **RHYTHMS}
"""The rhythms, and what is slower: drifts and eye movements are there."""


def _deletion(run: InspectionRun) -> tuple[pd.DataFrame]:
    trials, codes = run.sound_trials(), run.needed_codes()
    if not run.has_contrast:
        raise ValueError("This needs trials of at least two classes, or with different targets.")
    n_cells = run.needed("band_relevance").isel(target=0).size
    # Every cell is replaced alone, and then more and more of them in several orders.
    n_tested = run.within_reach(RUNS_PER_CELL * n_cells, MOST_EVIDENCE_TRIALS)
    curve = deletion_curve(
        run.network,
        trials,
        codes,
        ranking=run.of_trials,
        groups=run.kept_together(),
        tested=evenly_drawn(target_levels(codes), n_tested, run.seed),
        n_random=1,
        seed=run.seed,
        progress=False,
    )
    return (curve,)


def _ablation(run: InspectionRun) -> tuple[xr.Dataset]:
    regions = _regions(run.needed("band_relevance"))
    n_parts = len(ABLATED_BANDS) * (
        len(regions) if regions else run.needed("band_relevance").sizes["channel"]
    )
    trials, codes = run.evidence_trials(run.within_reach(n_parts, MOST_EVIDENCE_TRIALS))
    loss = ablate(
        run.network,
        trials,
        codes,
        bands=ABLATED_BANDS,
        channels=regions,
        seed=run.seed,
        progress=False,
    )
    return (loss,)


def _randomization(run: InspectionRun) -> tuple[pd.DataFrame]:
    n_networks = N_RANDOM_NETWORKS * (2 * MOST_LAYERS + MORE_DRAWS)
    # A step of the path is a run and, for each of two classes, the way back.
    n_trials = run.within_reach(3 * RANDOMIZATION_STEPS * n_networks, MOST_RANDOMIZATION_TRIALS)
    trials, codes = run.evidence_trials(n_trials)
    similarity = randomization_test(
        run.network,
        trials,
        codes,
        trials=run.averaged,
        n_draws=N_RANDOM_NETWORKS,
        n_steps=RANDOMIZATION_STEPS,
        most_layers=MOST_LAYERS,
        seed=run.seed,
        progress=False,
    )
    return (similarity,)


def _csp(run: InspectionRun) -> tuple[pd.Series]:
    trials, codes = run.evidence_trials(MOST_EVIDENCE_TRIALS)
    run.needed_classes()
    return (csp_accuracy(run.network, trials, codes, seed=run.seed),)


def _regions(cells: xr.DataArray) -> Mapping[str, Sequence[str]] | None:
    """Return the channels of each region of the scalp; ``None`` if their names do not give any."""
    if "region" not in cells.coords:
        return None
    regions: dict[str, list[str]] = {}
    for name, region in zip(cells["channel"].to_numpy(), cells["region"].to_numpy(), strict=True):
        regions.setdefault(str(region), []).append(str(name))
    return regions if len(regions) > 1 else None


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    tested = _tests(inspection)
    if tested:
        deleted = ("samek",) * (inspection.deletion is not None)
        yield Sentence(tested, deleted + ("adebayo",) * (inspection.randomization is not None))
    if inspection.csp is not None:
        yield Sentence(
            "For comparison, common spatial patterns with a linear discriminant (8–30 Hz; Blankertz et al., 2008) "
            f"decoded {percent(inspection.csp['accuracy'])} of {inspection.csp['n_trials']:.0f} trials in a "
            "cross-validation.",
            ("blankertz",),
        )


def _tests(inspection: InspectionResults) -> str:
    n_trials = n_read(inspection)
    few_trials = f", on {MOST_RANDOMIZATION_TRIALS} trials" if n_trials > MOST_RANDOMIZATION_TRIALS else ""
    tests = []
    if inspection.deletion is not None:
        attrs = inspection.deletion.attrs
        tested = f", the order by {attrs['n_orders']} random ones" if "n_orders" in attrs else ""
        tests.append(
            "by replacing bands of single channels by those of other trials in the order of their relevance, which "
            f"the other half of the trials made (Samek et al., 2017{tested})"
        )
    if inspection.ablation is not None:
        tests.append("by replacing single bands of regions of the scalp")
    if inspection.randomization is not None:
        tests.append(
            f"by drawing the network's layers anew (Adebayo et al., 2018; {N_RANDOM_NETWORKS} networks for "
            f"each layer, {MORE_DRAWS * N_RANDOM_NETWORKS} with all layers drawn{few_trials})"
        )
    if not tests:
        return ""
    some = (
        f", on {MOST_EVIDENCE_TRIALS} of the trials, drawn evenly from the classes"
        if n_trials > MOST_EVIDENCE_TRIALS
        else ""
    )
    return f"This was tested {'; '.join(tests)}{some} (seed {inspection.seed})."


EVIDENCE: Section[InspectionResults, InspectionRun] = Section(
    name="evidence",
    heading="Evidence",
    steps=(
        OF_FREQUENCIES,
        Step("Deletion", ("deletion",), _deletion),
        Step("Ablation", ("ablation",), _ablation),
        Step("Randomisation", ("randomization",), _randomization),
        Step("Decoding without the network", ("csp",), _csp),
    ),
    figures=(
        Figure(
            "deletion",
            "Does the relevance show what the network needs?",
            ("deletion",),
            lambda inspection: plotting.plot_deletion(inspection.deletion),
            of_trials(
                "Cells (a band of a channel) are replaced by those of another trial, more and more to the right. If "
                "the relevance is right, accuracy falls soonest when the most relevant go first. Each half of the "
                "trials is tested in the order that the other half made. Whether the order is shown to be right is "
                "tested on the margin, with each cell replaced alone; not shown does not mean wrong.",
                of_outputs="Cells (a band of a channel) are replaced by those of another trial, more and more to the "
                "right. If the relevance is right, the correlation with the targets falls soonest when the most "
                "relevant go first. Each half of the trials is tested in the order that the other half made. Whether "
                "the order is shown to be right is tested with each cell replaced alone; not shown does not mean "
                "wrong.",
            ),
        ),
        Figure(
            "ablation",
            "What the network loses without a band of a region",
            ("ablation",),
            lambda inspection: plotting.plot_ablation(inspection.ablation, "channels"),
            of_trials(
                "Each cell: how much of the margin between the true class and the best other is lost when this band "
                "of these channels is replaced by that of another trial. Red: the network needs it. Dots: the "
                "interval includes zero.",
                of_outputs="Each cell: how much of the agreement with the targets (for unchanged trials the "
                "correlation) is lost when this band of these channels is replaced by that of another trial. Red: the "
                "network needs it. Dots: the interval includes zero.",
            ),
        ),
        Figure(
            "randomization",
            "Does the relevance depend on what was learned?",
            ("randomization",),
            lambda inspection: plotting.plot_randomization(inspection.randomization),
            of_trials(
                "How similar the relevance stays when layers are drawn anew at random, from the output to the "
                "input. It must fall towards zero: relevance that stays the same shows the data or the "
                "architecture, not what the network learned. Where an interval includes the threshold, this "
                "is not known."
            ),
        ),
    ),
    tables=(
        Table(
            "deletion",
            ("deletion",),
            lambda inspection: with_verdict(inspection.deletion.set_index(["order", "n_cells"]), inspection),
        ),
        Table(
            "ablation",
            ("ablation",),
            lambda inspection: with_verdict(
                inspection.ablation.to_dataframe().drop(columns=["x", "y", "z", "region"], errors="ignore"),
                inspection,
            ),
        ),
        Table(
            "randomization",
            ("randomization",),
            lambda inspection: with_verdict(
                inspection.randomization.set_index(["kind", "layer"]), inspection
            ),
        ),
        Table("csp", ("csp",), lambda inspection: inspection.csp.rename_axis("quantity").to_frame("value")),
    ),
    arrays=("ablation",),
    summary=(Summary("certainty", "How sure is that?", certainty_words),),
    methods=_methods,
)
