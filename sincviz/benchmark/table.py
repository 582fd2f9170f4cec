"""The table of the benchmark: means over networks with intervals, and paired differences between methods."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sincviz._utils.checks import checked_seed
from sincviz._utils.text import listed
from sincviz.benchmark.stored_rows import FAILED, KEYS, with_empty_texts
from sincviz.errors import did_you_mean

LEADING = "cells_area"
"""The score by which methods are ordered and compared."""

BY = ("condition", "architecture")
_NO_SCORES = (*KEYS, "error", "not_scored", "seed", "sincviz", "torch")
_GROUP = ["method", "label", "note", "variant"]
_LEVEL = 0.95


def summary(
    results: pd.DataFrame,
    *,
    by: str = "",
    against: str = "best",
    n_bootstrap: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the mean scores of every method and variant over networks, and paired differences to one of them.

    Parameters
    ----------
    results : pandas.DataFrame
        Rows that :func:`sincviz.benchmark.run` returned, of one method or of several in one table, as
        :func:`sincviz.benchmark.read_results` reads them from files.
    by : {"", "condition", "architecture"}
        Another row for each of these; with ``""`` one row is of all networks of a domain.
    against : str
        Label or name of the method that the others are compared with; ``"best"`` takes in each domain the method and
        variant with the highest mean ROC area. Of a method, its variant with the highest mean is taken.
    n_bootstrap : int
        Resamples of the networks.
    seed : int
        Seed of these.

    Returns
    -------
    pandas.DataFrame
        One row per domain, method and variant (and condition or architecture), the highest mean ROC area first:
        ``n_networks`` that were scored, ``n_failed``, ``conditions`` (each with its number of networks), the mean of
        every score with ``_ci_low`` and ``_ci_high`` (95 % bootstrap interval over networks, percentiles), and
        ``difference``, the mean difference in ROC area to ``difference_to`` over the networks that both were scored
        on, with ``_ci_low``, ``_ci_high`` and ``difference_n_networks``. A method that failed on all networks of a
        domain has the variant ``"none"`` and no scores.

    Raises
    ------
    ValueError
        If there are no results, columns are missing, a row stands twice, or a setting is unknown.

    Notes
    -----
    Networks are resampled as a whole, together for both methods of a difference. Intervals hold for networks like
    these: conditions and architectures of the benchmark, not others. One network has no interval (NaN).

    Examples
    --------
    >>> rows = pd.DataFrame({"case": ["a", "b"] * 2, "label": ["One", "One", "Two", "Two"]})
    >>> rows["cells_area"] = [1.0, 0.8, 0.6, 0.6]
    >>> rows = rows.assign(method=rows["label"], note="", condition="hands", architecture="EEGNet", error="",
    ...                    domain="frequency", variant="contrast")
    >>> summary(rows)[["label", "cells_area", "difference"]].round(2).values.tolist()
    [['One', 0.9, 0.0], ['Two', 0.6, -0.3]]
    """
    results = with_empty_texts(results)
    scores = _checked(results, by, against)
    seed = checked_seed(seed)
    found = []
    for place, rows in results.groupby(["domain", *([by] if by else [])], sort=True):
        values = dict(zip(["domain", by] if by else ["domain"], place, strict=True))
        found += _of_domain(rows, values, scores, against, n_bootstrap, seed)
    return pd.DataFrame(found)


def _of_domain(
    rows: pd.DataFrame, place: dict[str, Any], scores: list[str], against: str, n_bootstrap: int, seed: int
) -> list[dict[str, Any]]:
    """Return the rows of the table that are of the same networks."""
    failed = rows.loc[rows["error"] != ""].groupby("method")["case"].nunique()
    groups = dict(iter(rows[rows["error"] == ""].groupby(_GROUP, sort=True)))
    means = {key: float(group[LEADING].mean()) for key, group in groups.items()}
    order = sorted(groups, key=lambda key: (-np.nan_to_num(means[key], nan=-1.0), key))
    reference = next((key for key in order if against in ("best", key[0], key[1])), None)
    areas = {key: group.set_index("case")[LEADING] for key, group in groups.items()}
    table = []
    for key in order:
        group = groups[key]
        row = (
            place
            | dict(zip(_GROUP, key, strict=True))
            | {
                "n_networks": group["case"].nunique(),
                "n_failed": int(failed.get(key[0], 0)),
                "conditions": ", ".join(
                    f"{name} {count}"
                    for name, count in group["condition"].value_counts(sort=False).sort_index().items()
                ),
            }
        )
        for score in scores:
            row |= _with_interval(score, group[score].to_numpy(float), n_bootstrap, seed)
        if reference is not None:
            both = pd.concat([areas[key], areas[reference]], axis=1, keys=["own", "other"]).dropna()
            row |= {"difference_to": f"{reference[1]}, {reference[3]}", "difference_n_networks": len(both)}
            row |= _with_interval("difference", (both["own"] - both["other"]).to_numpy(), n_bootstrap, seed)
        table.append(row)
    known = {key[0] for key in groups}
    for method, n_failed in failed.items():
        if method not in known:
            one = rows[rows["method"] == method].iloc[0]
            names = {"method": method, "label": one["label"], "note": one["note"], "variant": FAILED}
            table.append(place | names | {"n_networks": 0, "n_failed": int(n_failed), "conditions": ""})
    return table


def _with_interval(name: str, values: NDArray[np.float64], n_bootstrap: int, seed: int) -> dict[str, float]:
    """Return the mean of what is finite, and a percentile interval over resamples of it."""
    values = values[np.isfinite(values)]
    low = high = float("nan")
    if len(values) > 1:
        drawn = np.random.default_rng(seed).integers(len(values), size=(n_bootstrap, len(values)))
        ends = (1 - _LEVEL) / 2, (1 + _LEVEL) / 2
        low, high = map(float, np.quantile(values[drawn].mean(1), ends))
    mean = float(values.mean()) if len(values) else float("nan")
    return {name: mean, f"{name}_ci_low": low, f"{name}_ci_high": high}


def _checked(results: pd.DataFrame, by: str, against: str) -> list[str]:
    """Return the names of the scores, if the table and the settings can be used."""
    if by not in ("", *BY):
        raise ValueError(
            f"`by` must be empty or one of {', '.join(map(repr, BY))}; got {by!r}.{did_you_mean(by, BY)}"
        )
    missing = sorted({*KEYS, "error", LEADING} - set(results.columns))
    if missing:
        raise ValueError(f"`results` lacks the columns {', '.join(missing)}. Pass what `run` returned.")
    if results.empty:
        raise ValueError("`results` is empty. Pass what `run` returned.")
    twice = results[results.duplicated(["method", "case", "variant"])]
    if not twice.empty:
        one = twice.iloc[0]
        raise ValueError(
            f"`results` holds {one['method']} on {one['case']}, {one['variant']}, twice. Pass each run once."
        )
    names = [*dict.fromkeys([*results["label"], *results["method"]])]
    if against != "best" and against not in names:
        raise ValueError(
            f"`against` must be 'best' or a method of the table; got {against!r}.{did_you_mean(against, names)} "
            f"It has: {listed(names)}."
        )
    return [
        name
        for name in results.columns
        if name not in _NO_SCORES and pd.api.types.is_numeric_dtype(results[name])
    ]


_SHOWN = (
    ("cells_area", "ROC area", 3, True),
    ("difference", "difference", 3, True),
    ("average_precision", "average precision", 3, False),
    ("channels_area", "channels", 3, False),
    ("suppressor_share", "suppressor", 3, False),
    ("calibration", "calibration", 2, False),
    ("deletion_margin/other trial", "deletion", 2, False),
    ("max_sensitivity", "sensitivity", 2, False),
    ("randomisation_spearman", "randomisation", 2, False),
    ("seconds_per_100_trials", "s per 100 trials", 2, False),
    ("peak_memory_mib", "MiB", 0, False),
)


def to_markdown(table: pd.DataFrame, columns: Sequence[tuple[str, str, int, bool]] = _SHOWN) -> str:
    """Return the table of :func:`summary` as text in Markdown, one part per domain.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`summary` returned.
    columns : sequence of (str, str, int, bool)
        Scores, what their columns are called, decimals, and whether the interval is written.

    Returns
    -------
    str
        Headings, the conditions, and a table for each domain.

    Raises
    ------
    ValueError
        If the table is not of this kind.

    Examples
    --------
    >>> row = {"domain": "time", "label": "Mine", "variant": "mean", "n_networks": 8, "n_failed": 0}
    >>> table = pd.DataFrame([row | {"conditions": "p300 8", "cells_area": 0.91234}])
    >>> print(to_markdown(table, [("cells_area", "ROC area", 2, False)]))
    **Cells of time.** Networks: p300 8.
    <BLANKLINE>
    | method | variant | networks | ROC area |
    |---|---|---|---|
    | Mine | mean | 8 | 0.91 |
    """
    needed = {"domain", "label", "variant", "n_networks", "n_failed", "conditions"}
    if missing := sorted(needed - set(table.columns)):
        raise ValueError(f"`table` lacks the columns {', '.join(missing)}. Pass what `summary` returned.")
    by = next((name for name in BY if name in table.columns), "")
    shown = [one for one in columns if one[0] in table.columns]
    parts = []
    for place, rows in table.groupby(["domain", *([by] if by else [])], sort=True):
        widest = rows.sort_values("n_networks", kind="stable").iloc[-1]["conditions"]
        name = f"Cells of {place[0]}" + (f", {place[1]}" if by else "")
        heads = ["method", "variant", "networks", *(head for _, head, _, _ in shown)]
        lines = [f"**{name}.** Networks: {widest}.", "", _line(heads), "|" + "---|" * len(heads)]
        for row in rows.to_dict("records"):
            failed = f" ({row['n_failed']} failed)" if row["n_failed"] else ""
            cells = [_number(row, score, decimals, interval) for score, _, decimals, interval in shown]
            lines.append(_line([row["label"], row["variant"], f"{row['n_networks']}{failed}", *cells]))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _number(row: dict[Any, Any], score: str, decimals: int, with_interval: bool) -> str:
    if not np.isfinite(row[score]):
        return "–"
    text = f"{row[score]:z.{decimals}f}"
    low, high = row.get(f"{score}_ci_low", np.nan), row.get(f"{score}_ci_high", np.nan)
    if with_interval and np.isfinite(low):
        text += f" ({low:z.{decimals}f} to {high:z.{decimals}f})"
    return text.replace("-", "−")
