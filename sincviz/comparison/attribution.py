"""Attribution, as a section: which bands and channels each network relies on more than the other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import xarray as xr

from sincviz import plotting
from sincviz._utils.text import joined, percent, points, shown_name
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.attribution.shares_compared import DIFFERENCE, FIRST, SECOND, compare_shares
from sincviz.comparison.measuring import ComparisonRun
from sincviz.comparison.results import ComparisonResults, joint_verdict, with_doubt
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.report.contents import Figure, Rows, Section, Step, Summary, Table
from sincviz.verdict import marked

if TYPE_CHECKING:
    import matplotlib.figure


def _shares(run: ComparisonRun) -> tuple[xr.DataArray, xr.DataArray]:
    trials = run.needed_trials()
    cells = [
        cell_relevance(front_end, trials, codes)
        for front_end, codes in zip(run.front_ends, run.codes, strict=True)
    ]
    summed = [
        one.sum("channel", skipna=False, keep_attrs=True).expand_dims(channel=["all"], axis=-1)
        for one in cells
    ]
    shares = compare_shares(*cells, trials=run.averaged, seed=run.seed)
    if shares.sel(network=DIFFERENCE).isnull().all():
        raise ValueError(
            "The relevance of one network does not add up to more than zero on these trials, so there are no "
            "shares to compare."
        )
    of_bands = compare_shares(*summed, trials=run.averaged, seed=run.seed).isel(channel=0, drop=True)
    return shares, of_bands


def shares_in_words(comparison: ComparisonResults) -> Iterator[str]:
    """Yield the bands of which one network makes more use than the other."""
    shares = comparison.band_shares
    if shares is None or not joint_verdict(comparison)["readable"]:
        return
    limits = ranges_by_name(shares)
    first, second = map(shown_name, comparison.names)
    for target in shares["target"].to_numpy().tolist():
        of_target = shares.sel(target=target)
        surely = [
            band
            for band in shares["band"].to_numpy().tolist()
            if (of_target["ci_low"] * of_target["ci_high"]).sel(network=DIFFERENCE, band=band) > 0
        ]
        described = [
            f"{band_words(band, limits)} holds {percent(of_target.sel(network=FIRST, band=band).item())} in {first} "
            f"and {percent(of_target.sel(network=SECOND, band=band).item())} in {second}"
            for band in surely
        ]
        yield (
            f"{shown_name(target)}: the share of no band is shown to differ."
            if not described
            else f"{shown_name(target)}: {joined(described, 'and')}; the intervals of these differences exclude zero, "
            "not corrected for the number of bands."
        )


def share_rows(comparison: ComparisonResults) -> Rows:
    """Return the share of each band in both networks, and the difference."""
    shares = comparison.band_shares
    assert shares is not None  # the table needs it
    limits = ranges_by_name(shares)
    rows = []
    for target in shares["target"].to_numpy().tolist():
        for band in shares["band"].to_numpy().tolist():
            cell = shares.sel(target=target, band=band)
            if cell.notnull().any():
                rows.append(
                    (
                        target,
                        band_words(band, limits),
                        *(_with_interval(cell, name) for name in (FIRST, SECOND, DIFFERENCE)),
                    )
                )
    header = ("Classes", "Band", *map(shown_name, comparison.names), "Difference")
    return Rows(
        header,
        rows,
        with_doubt(
            f"Shares {shares.attrs['units']}, with 95% bootstrap intervals over trials.",
            comparison,
        ),
    )


def _with_interval(cell: xr.DataArray, network: str) -> str:
    one = cell.sel(network=network)
    written = points if network == DIFFERENCE else percent
    if one.isnull():
        return ""
    return f"{written(one.item())} ({written(one['ci_low'].item())} to {written(one['ci_high'].item())})"


def _scalps(comparison: ComparisonResults, target: str) -> "matplotlib.figure.Figure":
    assert comparison.shares is not None  # the figure needs it
    shares = comparison.shares.sel(target=target, drop=True).dropna("band", how="all")
    limits = ranges_by_name(shares)
    named = shares.assign_coords(
        network=[*map(shown_name, comparison.names), "difference"],
        band=[band_words(str(band), limits) for band in shares["band"].to_numpy()],
    )
    named.attrs = marked(named.attrs, joint_verdict(comparison))
    return plotting.plot_topomaps(named)


def _caption(comparison: ComparisonResults) -> str:
    assert comparison.shares is not None  # the figure needs it
    return with_doubt(
        f"Shares {comparison.shares.attrs['units']} in each band of each channel, for both networks and their "
        "difference (second minus first), on one scale.",
        comparison,
    )


RELEVANCE: Section[ComparisonResults, ComparisonRun] = Section(
    name="relevance",
    heading="Attribution",
    steps=(
        Step("Relevance", ("shares", "band_shares"), _shares, applies=lambda run: run.trials is not None),
    ),
    figures=(
        Figure(
            "shares",
            "What each network relies on",
            ("shares",),
            _scalps,
            _caption,
            cases=lambda comparison: [
                str(name)
                for name in comparison.shares["target"].to_numpy()
                if comparison.shares.sel(target=name).notnull().any()
            ],
        ),
    ),
    tables=(
        Table(
            "band_shares",
            ("band_shares",),
            lambda comparison: comparison.band_shares.to_dataframe("share")[["share", "ci_low", "ci_high"]],
            title="Shares of bands",
            rows=share_rows,
        ),
    ),
    arrays=("shares",),
    summary=(Summary("relevance", "Do they rely on the same?", shares_in_words),),
)
