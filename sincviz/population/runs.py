"""Agreement of runs, as sections: what networks of one subject share, in what they use and in their filters."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import coefficient, counted, percent
from sincviz.analysis.filters.filter_matching import filter_stability, match_filters
from sincviz.analysis.statistics.runs import agreement_by_subject, run_agreement
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults
from sincviz.report.contents import Figure, Rows, Section, Sentence, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure


ALIKE = 0.9
"""Runs that correlate less show different cells."""


STABLE = 0.8
"""A filter that overlaps so much with its matches, on average, is called stable."""


def _matching(run: GroupRun) -> tuple[Any, ...]:
    return (match_filters(_amplitude(run), run.averages.runs.get("pattern")),)


def _amplitude(run: GroupRun) -> xr.DataArray:
    amplitude: xr.DataArray = run.of_bands("amplitude")
    if "peak_hz" not in run.averages.runs:
        return amplitude
    return amplitude.assign_coords(peak_hz=(("run", "filter"), run.of_bands("peak_hz").to_numpy()))


def are_matched(group: GroupResults) -> bool:
    """Return whether filters of one network correspond to those of another."""
    return group.filter_stability is not None and bool(group.filter_stability["overlap"].notna().any())


def agreement_words(group: GroupResults) -> Iterator[str]:
    """Yield how far runs of one subject agree, compared with runs of different subjects."""
    table = group.agreement_by_subject
    if table is None or not table["between_runs"].notna().any():
        return
    within = table["between_runs"].dropna()
    others = table["with_others"].dropna()
    spread = f", from {coefficient(within.min())} to {coefficient(within.max())}" if len(within) > 1 else ""
    beside = f"; for runs of different subjects it is {coefficient(others.mean())}" if len(others) else ""
    moral = ": single cells differ between runs" if within.mean() < ALIKE else ""
    yield (
        f"The cells of two runs of one subject have a correlation of {coefficient(within.mean())} (mean of "
        f"{counted(len(within), 'subject')}{spread}){beside}{moral}."
    )


def filter_words(group: GroupResults) -> Iterator[str]:
    """Yield how many filters have a close match in the other runs."""
    table = group.filter_stability
    if table is None or not are_matched(group):
        return
    n_others = int(table["n_runs"].max())
    # A filter without a match in a run has no overlap there.
    stable = int((table["overlap"] * table["n_runs"] / n_others >= STABLE).sum())
    others = "other run" if n_others == 1 else f"{n_others} other runs"
    by_chance, same = coefficient(table["chance_overlap"].mean()), percent(table["same_number"].mean())
    yield (
        f"{stable} of {counted(len(table), 'filter')} {'has' if stable == 1 else 'have'} a close match in the "
        f"{others} of {counted(group.facts['n_subjects'], 'subject')} (mean overlap of the responses of "
        f"{STABLE:g} or "
        f"more; any two filters overlap by {by_chance}); in {same} of the matches both have the same number."
    )


def agreement_rows(table: pd.DataFrame) -> Rows:
    """Return how far the runs of each subject agree."""
    rows = [
        (name, row["n_runs"], *(coefficient(row[key]) for key in ("between_runs", "lowest", "with_others")))
        for name, row in table.to_dict("index").items()
    ]
    header = ("Subject", "Runs", "Between its runs", "Lowest", "With runs of others")
    return Rows(header, rows, "Pearson's correlation over bands and channels, mean over pairs of runs.")


def filter_rows(table: pd.DataFrame) -> Rows:
    """Return how similar the matched filters are."""
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
    return Rows(
        header,
        rows,
        "Same number: how often the match is the filter with the same number. Networks that start from the same "
        "cut-offs partly keep their order, so many filters match without reordering.",
    )


def _agreement(agreement: xr.DataArray) -> "matplotlib.figure.Figure":
    # Runs of one subject stand together, in whatever order the manifest has them.
    subjects = agreement["subject"].to_numpy().tolist()
    first = [subjects.index(name) for name in subjects]
    order = np.argsort(first, kind="stable")
    return plotting.plot_run_agreement(agreement.isel(run=order, other_run=order))


def _stability(table: pd.DataFrame) -> "matplotlib.figure.Figure":
    return plotting.plot_filter_stability(table.sort_values("peak_hz"))


def _methods_of_runs(group: GroupResults) -> Iterator[Sentence]:
    if group.agreement is not None and group.agreement.sizes["run"] > 1:
        yield Sentence("Agreement of runs is Pearson's correlation over bands × channels.")


def _methods_of_filters(group: GroupResults) -> Iterator[Sentence]:
    if group.matching is not None and group.matching.sizes["run"] > 1:
        yield Sentence(
            "Filters of different networks were matched by the overlap (cosine) of their amplitude responses with "
            "the "
            "Hungarian method (Kuhn, 1955), to the run that is most similar to the others.",
            ("kuhn",),
        )


RUNS: Section[GroupResults, GroupRun] = Section(
    name="runs",
    heading="Statistics",
    steps=(
        Step("Agreement of runs", ("agreement",), lambda run: (run_agreement(run.needed("run_contrasts")),)),
        Step(
            "Agreement by subject",
            ("agreement_by_subject",),
            lambda run: (agreement_by_subject(run.needed("agreement")),),
        ),
    ),
    figures=(
        Figure(
            "agreement",
            "How far runs agree",
            ("agreement",),
            lambda group: _agreement(group.agreement),
            lambda group: (
                "Each cell compares two networks: Pearson's correlation of their relevance over bands and "
                "channels. "
                "Blocks on the diagonal are runs of one subject."
            ),
            applies=lambda group: group.agreement.sizes["run"] > 1,
        ),
    ),
    tables=(
        Table(
            "agreement_by_subject",
            ("agreement_by_subject",),
            lambda group: group.agreement_by_subject,
            title="Agreement by subject",
            rows=lambda group: agreement_rows(group.agreement_by_subject),
            applies=lambda group: group.agreement_by_subject["n_runs"].sum() > 1,
        ),
    ),
    arrays=("agreement",),
    summary=(
        Summary(
            "runs",
            "How far do runs agree?",
            lambda group: [*agreement_words(group), *filter_words(group)],
        ),
    ),
    methods=_methods_of_runs,
)


FILTERS: Section[GroupResults, GroupRun] = Section(
    name="filters",
    heading="Filters",
    steps=(
        Step("Matching of filters", ("matching",), _matching),
        Step(
            "Stability of filters",
            ("filter_stability",),
            lambda run: (filter_stability(run.needed("matching"), _amplitude(run)),),
        ),
    ),
    figures=(
        Figure(
            "filter_stability",
            "Filters that runs share",
            ("filter_stability",),
            lambda group: _stability(group.filter_stability),
            lambda group: (
                "One row per filter of the run that is most similar to the others, sorted by peak: overlap of its "
                "amplitude response with those of the matched filters (dot: mean, line: down to the lowest), the "
                "mean overlap of any two filters (chance), and the peaks of the matched filters."
            ),
            applies=lambda group: are_matched(group),
        ),
    ),
    tables=(
        Table(
            "filter_stability",
            ("filter_stability",),
            lambda group: group.filter_stability,
            title="Filters in numbers",
            rows=lambda group: filter_rows(group.filter_stability),
            applies=lambda group: are_matched(group),
        ),
    ),
    arrays=("matching",),
    methods=_methods_of_filters,
)
