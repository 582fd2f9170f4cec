"""Rows of an audit for subjects and blocks: which trials are of one group, and what is left within them."""

from typing import Any

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from sincviz._utils.text import counted
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.doctor.audited_trials import (
    BLOCK,
    FOUND,
    LEAST_LOSS,
    MOST_EXPLAINED,
    MOST_NAMED,
    NOT_FOUND,
    SUBJECT,
    UNCHECKED,
    USED_P,
    AuditedTrials,
    Retraining,
    audit_row,
    estimate,
    scores_of,
)
from sincviz.analysis.doctor.group_shortcuts import (
    LEAST_IN_BOTH,
    GroupReading,
    balanced,
    group_reading,
    mixed_share,
)
from sincviz.analysis.statistics.exchangeability import (
    exchangeable_trials,
    is_new,
    order_in_time,
    recordings_in,
)
from sincviz.analysis.statistics.time_trends import stretches_of_time
from sincviz.trials.selection import evenly_drawn

USED_P_OF_GROUPS = 0.05  # of eight groups, half with more of each class, there are 70 orders
LEAST_LOSS_OF_FEW = 0.05
"""With few groups, scores may follow the classes by chance."""

TIED_P = 0.01
FEWEST_IN_BLOCK = 4
LEAST_OF_STRONGEST = 0.25  # of cells that are named

PIECES_HZ = ((0.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 20.0), (20.0, 30.0), (30.0, np.inf))


def group_row(kind: str, trials: AuditedTrials, again: Retraining | None) -> dict[str, Any]:
    """Return the row of subjects or blocks."""
    groups, reason = (None, trials.too_few) if trials.too_few else _groups(kind, trials)
    if groups is None:
        return audit_row(kind, UNCHECKED, trials, reason=reason)
    if kind == BLOCK and _in_runs(trials):
        words = (
            "trials of a class come in blocks, so the class cannot be separated from when they were recorded"
        )
        return audit_row(kind, UNCHECKED, trials, reason=words)
    within = trials.strata() if kind == BLOCK else np.zeros(len(groups), np.int64)
    p_tells = _p_of_tie(groups, trials.codes, within)
    if p_tells >= TIED_P:
        words = f"classes are not shown to differ in frequency between {kind}s"
        return audit_row(kind, NOT_FOUND, trials, reason=words, p_tells=p_tells)
    if mixed_share(trials.codes, groups) < LEAST_IN_BOTH:
        words = (
            f"most {kind}s have trials of one class only, so the class cannot be separated from the {kind}"
        )
        return audit_row(kind, UNCHECKED, trials, reason=words, p_tells=p_tells)
    reading = group_reading(trials.scores, trials.codes, groups, within, trials.seed)
    without = estimate(reading.correct, f"this network, without what it adds for the {kind}")
    lost = trials.accuracy - without["accuracy_without"]
    cells = {"p_tells": p_tells, "p_used": reading.p, "loss": lost}
    few = reading.permuted == "trials"
    if not (
        reading.p < (USED_P if few else USED_P_OF_GROUPS)
        and lost >= (LEAST_LOSS_OF_FEW if few else LEAST_LOSS)
    ):
        words = f"classes differ in frequency between {kind}s, but the network is not shown to use it"
        return audit_row(kind, NOT_FOUND, trials, reason=words, **cells)
    found = _group_cells(reading, trials)
    if again is not None:
        retrained = _without_group(kind, trials, groups, again)
        # Both know less of the classes than a network that never met the group: the better one is nearer to it.
        if retrained is not None and retrained["accuracy_without"] > without["accuracy_without"]:
            without = retrained
    words = (
        f"with {counted(int(groups.max()) + 1, kind)}, scores may follow the classes by chance" if few else ""
    )
    return audit_row(kind, FOUND, trials, reason=words, **cells, **found, **without)


def _in_runs(trials: AuditedTrials) -> bool:
    """Return whether labels change too seldom, in recordings that the network may know from its training."""
    confounds = str(exchangeable_trials(trials.structure, trials.codes).attrs["confounds"])
    return "labels_in_blocks" in confounds and not is_new(trials.structure, confounds)


def _p_of_tie(groups: NDArray[np.int64], codes: NDArray[np.int64], within: NDArray[np.int64]) -> float:
    """Return p of a chi-squared test that classes are equally frequent in the groups of each part."""
    statistic, freedom = 0.0, 0
    for part in np.unique(within):
        members = within == part
        counts = pd.crosstab(groups[members], codes[members]).to_numpy()
        if min(counts.shape) > 1:
            found = scipy.stats.chi2_contingency(counts, correction=False)
            statistic, freedom = statistic + float(found.statistic), freedom + int(found.dof)
    return float(scipy.stats.chi2.sf(statistic, freedom)) if freedom else 1.0


def _without_group(
    kind: str, trials: AuditedTrials, groups: NDArray[np.int64], again: Retraining
) -> dict[str, Any] | None:
    """Return the accuracy of a network trained with equally frequent classes in every group, if that can be."""
    trained_in, _ = _groups(kind, again.trials)
    if trained_in is None:
        return None
    chosen = balanced(again.trials.codes, trained_in, trials.seed)
    if not len(chosen):
        return None
    trained = again.trained(again.trials.x[chosen], again.trials.codes[chosen])
    within = trials.strata() if kind == BLOCK else None
    reading = group_reading(scores_of(trained, trials.x), trials.codes, groups, within, trials.seed)
    return estimate(reading.correct, f"retrained with equally frequent classes in every {kind}")


def _group_cells(reading: GroupReading, trials: AuditedTrials) -> dict[str, Any]:
    """Return the cells by which scores follow the groups, and the share of the scores' contrast that they make."""
    chosen = evenly_drawn(trials.codes, MOST_EXPLAINED, trials.seed)
    shares = spectral_relevance(
        trials.network,
        trials.x[chosen],
        trials.codes[chosen],
        sfreq=trials.rate_hz,
        per_trial=True,
        progress=False,
    )
    values = shares.transpose("trial", "target", "channel", "frequency").to_numpy()
    values = values - values.mean(1, keepdims=True)
    frequency = shares["frequency"].to_numpy()
    highest = float(frequency[-1])
    pieces = np.digitize(frequency, [low for low, _ in PIECES_HZ]) - 1
    summed = np.stack([values[..., pieces == piece].sum(-1) for piece in range(len(PIECES_HZ))], -1)
    along = reading.prevalence[chosen]
    for code in np.unique(trials.codes):
        members = trials.codes[chosen] == code
        along[members] -= along[members].mean(0)
    slopes = np.einsum("nk,nkcp->cp", along, summed)
    best = np.argsort(-slopes, axis=None, kind="stable")[:MOST_NAMED]
    channels, found = np.unravel_index(best, slopes.shape)
    strong = slopes[channels, found] > LEAST_OF_STRONGEST * slopes.max()
    contrasts = [
        np.mean(
            [
                of[trials.codes == code, code].mean() - of[trials.codes != code, code].mean()
                for code in np.unique(trials.codes)
            ]
        )
        for of in (reading.offsets, trials.scores - trials.scores.mean(1, keepdims=True))
    ]
    return {
        "ranges_hz": tuple(
            dict.fromkeys(
                (PIECES_HZ[piece][0], min(PIECES_HZ[piece][1], highest)) for piece in sorted(found[strong])
            )
        ),
        "channel_numbers": tuple(dict.fromkeys(int(one) for one in channels[strong])),
        "share": float(contrasts[0] / contrasts[1]) if contrasts[1] > 0 else np.nan,
    }


def _groups(kind: str, trials: AuditedTrials) -> tuple[NDArray[np.int64] | None, str]:
    """Return the subject or the block of each trial, or why there is none."""
    structure = trials.structure
    if kind == SUBJECT:
        if SUBJECT not in structure:
            return None, "the trials do not say from whom they are (no column `subject` in `metadata`)"
        groups = trials.strata()
        return (groups, "") if groups.max() > 0 else (None, "all trials are of one subject")
    levels = [level for level in ("session", "run", "part", "block") if level in structure]
    if levels:
        keys = [*([SUBJECT] if SUBJECT in structure else []), *levels]
        groups = structure.groupby(keys, sort=False).ngroup().to_numpy().astype(np.int64)
        if groups.max() > trials.strata().max() and np.median(np.bincount(groups)) >= FEWEST_IN_BLOCK:
            return groups, ""
    order, recordings = order_in_time(structure), recordings_in(structure)
    groups = np.empty(len(order), np.int64)
    groups[order] = recordings[order] * 1000 + stretches_of_time(recordings[order])
    groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    if groups.max() == trials.strata().max():
        return None, "there are too few trials to compare parts of the recording"
    return groups, ""
