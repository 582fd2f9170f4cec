"""Results of a comparison, each under its name."""

from dataclasses import dataclass, field

import pandas as pd
import xarray as xr

from sincviz._utils.text import shown_name
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import verdict_words
from sincviz.verdict import REASONS


@dataclass(frozen=True, eq=False, repr=False)
class ComparisonResults:
    """What two networks have in common, and where they differ. What could not be measured is ``None``.

    Attributes
    ----------
    names : (str, str)
        What the networks are called.
    first, second : Inspection
        What was measured of each.
    findings : pandas.DataFrame
        The findings on both, with the column ``network``.
    filters : pandas.DataFrame
        Matched filters; see :func:`sincviz.filters.filter_pairs`.
    maps : xarray.DataArray, dims (network, filters, channel)
        Scalp maps of the units that matter most, each beside its match; patterns where there are trials.
    decisions : pandas.DataFrame
        What both answer for every trial; see :func:`sincviz.evidence.compare_decisions`.
    shares : xarray.DataArray, dims (network, target, band, channel)
        What both rely on, and the difference; see :func:`sincviz.attribution.compare_shares`.
    band_shares : xarray.DataArray, dims (network, target, band)
        The same, summed over channels.
    missing : dict of str to str
        What could not be measured, and why.
    seed : int
        Seed of every random draw.
    """

    names: tuple[str, str]
    first: InspectionResults
    second: InspectionResults
    findings: pd.DataFrame
    filters: pd.DataFrame | None = None
    maps: xr.DataArray | None = None
    decisions: pd.DataFrame | None = None
    shares: xr.DataArray | None = None
    band_shares: xr.DataArray | None = None
    missing: dict[str, str] = field(default_factory=dict)
    seed: int = 0

    @property
    def inspections(self) -> dict[str, InspectionResults]:
        """Both inspections by name."""
        return dict(zip(self.names, (self.first, self.second), strict=True))


def joint_verdict(comparison: ComparisonResults) -> dict[str, object]:
    """Return whether both networks can be read from the trials, and all reasons why one cannot."""
    verdicts = [inspection.verdict for inspection in comparison.inspections.values()]
    reasons = {reason for verdict in verdicts for reason in verdict["reasons"]}
    return {"readable": not reasons, "reasons": [name for name in REASONS if name in reasons]}


def verdicts_in_words(comparison: ComparisonResults) -> list[str]:
    """Return for each network whether the trials can show what it uses."""
    return [
        f"{shown_name(name)}: {verdict_words(inspection)}"
        for name, inspection in comparison.inspections.items()
    ]


def with_doubt(caption: str, comparison: ComparisonResults) -> str:
    """Return a caption, with the networks that cannot be read from these trials."""
    doubtful = [
        shown_name(name)
        for name, inspection in comparison.inspections.items()
        if inspection.trials and not inspection.verdict["readable"]
    ]
    warning = (
        f"Not evidence of what is used by {' and '.join(doubtful)}: see the summary. " if doubtful else ""
    )
    return warning + caption
