"""Findings: a single finding, the table of all, and how it is printed."""

import dataclasses
import textwrap
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sincviz._utils.text import counted, listed, shown

SEVERITIES = ("error", "warning", "note")
"""Most severe first."""

COLUMNS = ("check", "severity", "finding", "evidence", "filters", "remedy")


@dataclass(frozen=True)
class Finding:
    """A finding about a checkpoint: what the problem is, the evidence, and what to do."""

    check: str
    severity: str
    finding: str
    evidence: str
    remedy: str
    filters: tuple[int, ...] = ()


class Findings(pd.DataFrame):
    """A table with one row per finding, printed as sentences because table cells are too narrow.

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
        counts_in_words = [counted(int(counts[one]), one) for one in SEVERITIES if one in counts]
        return "\n\n".join(
            [", ".join(counts_in_words) or "No findings.", *map(_in_sentences, self.to_dict("records"))]
        )

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.max_colwidth", None):
            html: str | None = super()._repr_html_()  # type: ignore[misc]
        return html


def findings_table(findings: Iterable[Finding]) -> Findings:
    """Return a table of findings, most severe first.

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
    """Return a table with further findings added, most severe first."""
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
        textwrap.fill(shown(" ".join(text.split())), width, initial_indent=indent, subsequent_indent=" " * 4,
                      break_on_hyphens=False, break_long_words=False)
        for indent, text in (
            ("", f"{row['severity']}: {row['finding']}"),
            (" " * 4, f"{row['evidence']}{of_filters}"),
            (" " * 4, f"What to do: {row['remedy']}"),
        )
    ]  # fmt: skip
    return "\n".join(lines)


def named(filters: Sequence[int]) -> str:
    """Return "filter 3" or "filters 3, 4"."""
    return f"{'filter' if len(filters) == 1 else 'filters'} {listed(filters)}"
