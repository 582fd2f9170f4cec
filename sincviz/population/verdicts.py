"""Verdicts on single networks of a group: which decode above chance, which cannot be read, and why."""

from collections import Counter

import pandas as pd

from sincviz.population.averages import READ
from sincviz.verdict import REASONS

ANSWERS = ("yes", "no", "unknown")
CASTS_DOUBT = ("not_finite", "trials_do_not_fit", "class_order", "confounded", "unknown_trials")
"""Reasons that keep a contrast between the classes from meaning what it should, however many subjects there are."""


def chance_by_subject(networks: pd.DataFrame) -> pd.Series:
    """Return whether at least half of the networks of a subject are shown to be above chance.

    Parameters
    ----------
    networks : pandas.DataFrame
        One row per network, with the columns ``status``, ``condition``, ``subject`` and ``above_chance``.

    Returns
    -------
    pandas.Series
        Index ``condition`` and ``subject``: ``"yes"``; ``"no"``; or ``"unknown"``, where that depends on networks
        for which this is not known.

    Examples
    --------
    >>> answers = ["yes", "no", "no", "no", "unknown", "no"]
    >>> table = pd.DataFrame({"status": "read", "condition": "", "subject": list("aabbcc"), "above_chance": answers})
    >>> chance_by_subject(table).tolist()
    ['yes', 'no', 'unknown']
    """
    used = networks[networks["status"] == READ]
    places = [used["condition"], used["subject"]]
    shown, possible = (
        used["above_chance"].isin(answers).groupby(places, sort=False).mean() >= 0.5
        for answers in (["yes"], ["yes", "unknown"])
    )
    answer = pd.Series("no", shown.index, dtype=object, name="above_chance")
    return answer.mask(possible, "unknown").mask(shown, "yes")


def not_readable(networks: pd.DataFrame) -> dict[str, int]:
    """Return how many networks cannot be read by themselves for each reason of ``Inspection.verdict``.

    Parameters
    ----------
    networks : pandas.DataFrame
        One row per network, with the columns ``status`` and ``not_readable_because``, space-separated codes.

    Examples
    --------
    >>> table = pd.DataFrame({"status": "read", "not_readable_because": ["", "chance", "chance unknown_trials"]})
    >>> not_readable(table)
    {'chance': 2, 'unknown_trials': 1}
    """
    counts = Counter(code for codes in _reasons(networks) for code in codes.split())
    return {code: counts[code] for code in REASONS if counts[code]}


def n_not_readable(networks: pd.DataFrame) -> int:
    """Return how many networks cannot be read by themselves, for whatever reason."""
    return int((_reasons(networks) != "").sum())


def doubts(networks: pd.DataFrame) -> dict[str, int]:
    """Return reasons that make what a group has in common doubtful: those that at least half of its networks have.

    Examples
    --------
    >>> table = pd.DataFrame({"status": "read", "not_readable_because": ["", "chance", "chance confounded"]})
    >>> doubts(table), doubts(table[1:])
    ({}, {'confounded': 1})
    """
    n_used = len(_reasons(networks))
    counts = not_readable(networks)
    return {code: counts[code] for code in CASTS_DOUBT if 2 * counts.get(code, 0) >= n_used > 0}


def doubt_words(networks: pd.DataFrame) -> str:
    """Return the warning beside everything that a group has in common, if that is doubtful; else empty.

    That networks are not shown to be above chance is not such a reason: tests over subjects decide that.

    Examples
    --------
    >>> doubt_words(pd.DataFrame({"status": "read", "not_readable_because": ["", "unknown_trials"]}))
    'Not evidence of what the networks use: it is not known whether the network was trained on these trials (1 of 2).'
    """
    n_used = len(_reasons(networks))
    reasons = "; ".join(f"{REASONS[code]} ({count} of {n_used})" for code, count in doubts(networks).items())
    return f"Not evidence of what the networks use: {reasons}." if reasons else ""


def _reasons(networks: pd.DataFrame) -> pd.Series:
    return networks.loc[networks["status"] == READ, "not_readable_because"]
