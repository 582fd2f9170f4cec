"""Findings about a group: problems with its results, with the remedy."""

import itertools
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from sincviz._utils.text import listed
from sincviz.analysis.doctor.findings import Findings
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.bands import OTHER
from sincviz.population.averages import ALL_CLASSES, FAILED, LEFT_OUT, READ, Averages
from sincviz.population.band_use import share_intervals
from sincviz.population.verdicts import (
    CASTS_DOUBT,
    chance_by_subject,
    doubt_words,
    n_not_readable,
    not_readable,
)
from sincviz.trials.identity import duplicate_trials
from sincviz.verdict import REASONS

COLUMNS = ("severity", "check", "finding", "evidence", "remedy")
MOST_SHARED = 0.05
MOST_SLOW = 0.1

_WORST_FIRST = ("error", "warning", "note")

Finding = tuple[str, str, str, str, str]


def shared_training(averages: Averages) -> float | None:
    """Return the median share of training trials that networks of two subjects have in common; ``None`` if not known.

    Examples
    --------
    >>> from sincviz.trials.identity import trial_fingerprints
    >>> a, b, c = trial_fingerprints(np.random.default_rng(0).standard_normal((3, 2, 64)))
    >>> sets = {("", "1"): frozenset({a, b}), ("", "2"): frozenset({b, c})}
    >>> shared_training(Averages(pd.DataFrame(), training_sets=sets))
    0.5
    """
    # The same trial may have been rounded differently for another network.
    everything = sorted(set().union(*averages.training_sets.values()))
    first_name = {
        everything[number]: everything[group[0]] for group in duplicate_trials(everything) for number in group
    }
    sets = [
        (place, {first_name.get(trials, trials) for trials in known})
        for place, known in averages.training_sets.items()
    ]
    shares = [
        len(trials & other_trials) / min(len(trials), len(other_trials))
        for ((condition, first_subject), trials), (
            (other_condition, second_subject),
            other_trials,
        ) in itertools.combinations(sets, 2)
        if condition == other_condition and first_subject != second_subject
    ]
    return float(np.median(shares)) if shares else None


def group_findings(averages: Averages) -> pd.DataFrame:
    """Return the findings about a group, most severe first.

    Parameters
    ----------
    averages : Averages
        What all rows together say.

    Returns
    -------
    pandas.DataFrame
        Columns ``severity`` (``"error"``, ``"warning"``, ``"note"``), ``check``, ``finding``, ``evidence``, ``remedy``.
    """
    rows = [
        *_of_rows(averages.networks),
        *_of_trials(averages),
        *_of_networks(averages),
        *_of_slow_waves(averages),
        *(
            (
                "warning",
                "not_alike",
                "The networks differ in channels, sampling rate or times of the trials.",
                note,
                "Train all networks on the same channels, sampling rate and times.",
            )
            for note in averages.notes
        ),
    ]
    return Findings(sorted(rows, key=lambda row: _WORST_FIRST.index(row[0])), columns=list(COLUMNS))


def _of_rows(networks: pd.DataFrame) -> Iterator[Finding]:
    for status, check, severity, words, remedy in (
        (
            FAILED,
            "failed",
            "error",
            "could not be read",
            "Fix the problem and run the same again, with `save(..., overwrite=True)` (`--overwrite`): rows that "
            "are already stored are not read again.",
        ),
        (
            LEFT_OUT,
            "left_out",
            "warning",
            "left out",
            "Use networks of the same classes and channels, and trials that they were not trained on.",
        ),
    ):
        concerned = networks[networks["status"] == status]
        if len(concerned):
            reasons = concerned["reason"].value_counts()
            more = f"; and {len(reasons) - 3} more reasons" if len(reasons) > 3 else ""
            listed = "; ".join(
                f"{str(reason).rstrip('.')} ({count})" for reason, count in reasons[:3].items()
            )
            yield (
                severity,
                check,
                f"{len(concerned)} of {len(networks)} networks {words}.",
                f"{listed}{more}.",
                remedy,
            )
    stored = networks.loc[networks["status"] == READ, "stored"]
    repeated = int(stored.duplicated().sum())
    if repeated:
        yield (
            "warning",
            "repeated",
            f"{repeated} rows repeat the network and the trials of another row.",
            "They count twice, and identical runs inflate the agreement.",
            "Check the paths in the manifest.",
        )


def _of_trials(averages: Averages) -> Iterator[Finding]:
    used = averages.networks[averages.networks["status"] == READ]
    shared = _subjects_of_the_same_trials(used)
    if shared:
        yield (
            "error",
            "same_trials",
            f"{len(shared)} subjects were examined on the trials of another subject: {listed(shared)}.",
            "One subject under several names counts as several subjects: intervals are too narrow and "
            "p-values too small.",
            "Give each row the trials of its subject, and use the same name in all rows of a subject.",
        )
    unknown = 0 if used.empty else int((used["held_out"] == "unknown").sum())
    if unknown:
        yield (
            "warning",
            "held_out_unknown",
            f"For {unknown} networks it is not known whether they were trained on their trials.",
            "On its training trials a network separates the classes even if they have nothing to learn: no "
            "contrast is zero on average.",
            "If you know that they were held out, pass `held_out=True` (`--held-out`). Networks trained "
            "with `sincviz train` store their training trials.",
        )
    share = shared_training(averages)
    if share is not None and share > MOST_SHARED:
        yield (
            "warning",
            "shared_training",
            f"Networks of different subjects share {share:.0%} of their training trials (median).",
            "The trials of different subjects are independent, but their networks are not: the tests generalise "
            "to other subjects for these networks, and intervals for the filters are too narrow.",
            "Train one network on each subject's own trials if the question is whether networks of different "
            "subjects agree.",
        )


def _subjects_of_the_same_trials(used: pd.DataFrame) -> list[str]:
    """Return the subjects whose trials are those of an earlier subject."""
    pairs = used.reindex(columns=["trials_sha256", "subject"]).dropna().drop_duplicates()
    return [str(name) for name in dict.fromkeys(pairs.loc[pairs.duplicated("trials_sha256"), "subject"])]


def _of_networks(averages: Averages) -> Iterator[Finding]:
    used = averages.networks[averages.networks["status"] == READ]
    if used.empty:
        return
    yield from _of_chance(used)
    reasons = not_readable(used)
    if reasons:
        listed = "; ".join(f"{REASONS[code]} ({count})" for code, count in reasons.items())
        yield (
            "warning" if set(reasons) & set(CASTS_DOUBT) else "note",
            "not_readable",
            f"{n_not_readable(used)} of {len(used)} networks cannot be read by themselves.",
            f"{listed[0].upper()}{listed[1:]}.",
            "They are kept: leaving them out would make the others look better than they are. "
            "`sincviz inspect` suggests a remedy for a single network.",
        )
    counts = Counter(itertools.chain.from_iterable(averages.errors.values()))
    for error, count in counts.most_common(3):
        yield (
            "warning",
            "doctor",
            f"In {count} of {len(used)} networks: {error}",
            "This was found in the inspection of single networks.",
            "Inspect one of these networks with `sincviz inspect`.",
        )


def _of_chance(used: pd.DataFrame) -> Iterator[Finding]:
    answers = chance_by_subject(used)
    names = [
        f"{subject} ({condition})" if condition else str(subject) for condition, subject in answers.index
    ]
    of = f"of {len(names)} {'pairs of subject and condition' if (used['condition'] != '').any() else 'subjects'}"
    sentences, evidence = [], []
    for answer, words, kind in (
        ("no", "fewer than half of the networks are shown to be above chance", "Not shown"),
        ("unknown", "for too many networks it is not known whether they are above chance", "Not known"),
    ):
        subjects = [name for name, given in zip(names, answers, strict=True) if given == answer]
        if subjects:
            sentences.append(f"In {len(subjects)} {of} {words}.")
            evidence.append(f"{kind}: {', '.join(subjects[:8])}{' and more' if len(subjects) > 8 else ''}.")
    if sentences:
        yield (
            "note",
            "chance",
            " ".join(sentences),
            " ".join(evidence),
            "They are kept: leaving them out for their accuracy would make the others look better than they are.",
        )


def _of_slow_waves(averages: Averages) -> Iterator[Finding]:
    if "band_contrast" not in averages.subjects:
        return
    shares = share_intervals(averages.subjects["band_contrast"])["mean"]
    if OTHER not in shares["band"]:
        return
    ranges = ranges_by_name(shares)[OTHER]
    # What lies above the bands as well is not slow alone.
    if len(ranges) != 1 or ranges[0][0] > 0:
        return
    share = float(shares.sel(band=OTHER).mean())
    if share > MOST_SLOW:
        contrast = averages.subjects["band_contrast"].sel(target=ALL_CLASSES, band=OTHER)
        strongest = contrast.mean(["condition", "subject"]).to_series().sort_values(ascending=False)
        yield (
            "warning",
            "slow",
            f"{share:.0%} of what separates the classes is slower than {ranges[0][1]:g} Hz (all subjects "
            "together).",
            f"Most of it at {', '.join(map(str, strongest.index[:4]))}. Eye movements and drifts have these "
            "frequencies. "
            f"{doubt_words(averages.networks)}".rstrip(),
            "Look at the trials. If the eyes move with the task, remove this activity (high-pass filter, ICA) and "
            "train again.",
        )
