"""What a finding is, the table of them, and what the checks of the doctor look at."""

import dataclasses
import textwrap
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.text import counted, listed
from sincviz.analysis.filters.transfer_function import Floats
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.moments import Moments

if TYPE_CHECKING:
    from sincviz.analysis.doctor.trial_signals import TrialSignals

SEVERITIES = ("error", "warning", "note")
"""The worst first."""

COLUMNS = ("check", "severity", "finding", "evidence", "filters", "remedy")
DRIFT_BELOW_HZ = 2.0  # below every rhythm that a network is asked to find


@dataclass(frozen=True)
class Finding:
    """One thing to know about a checkpoint; what was found, on what grounds, and what to do."""

    check: str
    severity: str
    finding: str
    evidence: str
    remedy: str
    filters: tuple[int, ...] = ()


class Findings(pd.DataFrame):
    """A table with a row for each finding, which is printed as sentences: a cell of a printed table holds few words.

    Examples
    --------
    >>> row = {"severity": "note", "finding": "It is so.", "evidence": "It was counted.", "remedy": "Count again."}
    >>> Findings([row])
    1 note
    <BLANKLINE>
    note: It is so.
        It was counted.
        What to do: Count again.
    """

    @property
    def _constructor(self) -> type["Findings"]:
        return Findings

    def __repr__(self) -> str:
        if not {"severity", "finding", "evidence", "remedy"} <= set(self.columns):
            return super().__repr__()
        counts = self["severity"].astype(str).value_counts()
        told = [counted(int(counts[one]), one) for one in SEVERITIES if one in counts]
        return "\n\n".join([", ".join(told) or "No findings.", *map(_in_sentences, self.to_dict("records"))])

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.max_colwidth", None):
            html: str | None = super()._repr_html_()  # type: ignore[misc]
        return html


def findings_table(findings: Iterable[Finding]) -> Findings:
    """Return a table of findings, the worst first.

    Examples
    --------
    >>> note = Finding("dull", "note", "It is dull.", "It was looked at.", "Look away.")
    >>> alarm = Finding("dead", "error", "It is dead.", "It does not move.", "Train it.")
    >>> findings_table([note, alarm]).check.tolist()
    ['dead', 'dull']
    """
    rows = [dataclasses.asdict(one) | {"filters": ", ".join(map(str, one.filters))} for one in findings]
    return _sorted(Findings(rows, columns=list(COLUMNS)))


def with_findings(table: pd.DataFrame, more: Sequence[Finding]) -> pd.DataFrame:
    """Return a table of findings with more of them, the worst first."""
    if not more:
        return table
    both = pd.concat([table, findings_table(more)], ignore_index=True)
    joined = _sorted(Findings(both))
    joined.attrs = dict(table.attrs)
    return joined


def _sorted(table: Findings) -> Findings:
    table["severity"] = pd.Categorical(table["severity"].astype(str), SEVERITIES, ordered=True)
    return table.sort_values("severity", kind="stable", ignore_index=True)


def _in_sentences(row: dict[Hashable, Any]) -> str:
    filters = str(row.get("filters") or "").split(", ")
    of_filters = f" (Filter{'s' * (len(filters) > 1)} {listed(filters)}.)" if filters[0] else ""
    width = pd.get_option("display.width") or 80
    lines = [
        textwrap.fill(printable(text), width, initial_indent=indent, subsequent_indent=" " * 4,
                      break_on_hyphens=False, break_long_words=False)
        for indent, text in (
            ("", f"{row['severity']}: {row['finding']}"),
            (" " * 4, f"{row['evidence']}{of_filters}"),
            (" " * 4, f"What to do: {row['remedy']}"),
        )
    ]  # fmt: skip
    return "\n".join(lines)


def printable(text: str) -> str:
    """Return text in which what would steer a terminal is written out; names come from files."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in " ".join(text.split())
    )


@dataclass(frozen=True, eq=False)
class WeightFacts:
    """What a network says without data."""

    parts: FrontEnd
    bands: pd.DataFrame
    resolvability: pd.DataFrame
    drift: pd.DataFrame
    importance: xr.Dataset | None


@dataclass(frozen=True, eq=False)
class DataFacts:
    """What the network makes of trials; outlying ones count in ``signals``, ``chance`` and ``predictions`` only.

    ``fast_variance`` is that of the filters' outputs without slow drift, ``chance`` what
    :func:`sincviz.analysis.accuracy.chance_test` says of the ``predictions``, if classes are known. ``of_standardised``
    are the moments of the filters' outputs if every channel of every trial had a standard deviation of 1; only where
    amplitudes do not fit. ``confusion`` counts trials by class and by answer, shape (classes, outputs). ``source`` is
    ``"array"``, ``"epochs"`` or ``"file"``, which is epochs that are not loaded; ``numbered`` says that the labels are
    numbers of outputs, ``projectors`` which are not applied, and ``own_names`` what the epochs call the network's
    channels.
    """

    parts: FrontEnd
    bands: pd.DataFrame
    recording: dict[str, float | str | None]
    of_filters: Moments
    of_units: Moments
    fast_variance: Floats
    patterns: xr.DataArray
    importance: xr.Dataset | None
    chance: dict[str, Any] | None
    predictions: pd.DataFrame
    signals: "TrialSignals"
    confusion: NDArray[np.int64] | None = None
    of_standardised: Moments | None = None
    source: str = "array"
    numbered: bool = False
    projectors: tuple[str, ...] = ()
    own_names: list[str] | None = None


def named(filters: Sequence[int]) -> str:
    """Return "filter 3" or "filters 3, 4"."""
    return f"{'filter' if len(filters) == 1 else 'filters'} {listed(filters)}"


def where(flags: object) -> tuple[int, ...]:
    """Return the numbers of the filters for which a flag holds."""
    return tuple(int(index) for index in np.flatnonzero(np.asarray(flags)))
