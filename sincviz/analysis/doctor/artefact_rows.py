"""Rows of an audit for eyes, muscles and lines: what is exchanged between trials, and what is left without it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.doctor.artefact_components import (
    EYE,
    LINE,
    MUSCLE,
    Artefact,
    eye_or_muscle,
    line_noise,
    lines_in,
)
from sincviz.analysis.doctor.audited_trials import (
    FOUND,
    LEAST_LOSS,
    MOST_EXPLAINED,
    MOST_NAMED,
    NOT_FOUND,
    UNCHECKED,
    USED_P,
    AuditedTrials,
    Retraining,
    audit_row,
    estimate,
    margins_of,
    scores_of,
)
from sincviz.analysis.doctor.relevance_checks import EYES, MUSCLES, not_checked
from sincviz.analysis.doctor.relevance_lines import LINE_WIDTH_HZ
from sincviz.analysis.evidence.band_replacement import other_trials
from sincviz.analysis.evidence.data_contrast import csp_accuracy
from sincviz.analysis.labels import channel_coords
from sincviz.eeg.head_regions import head_regions
from sincviz.eeg.positions import electrode_positions
from sincviz.trials.selection import evenly_drawn

N_EXCHANGES = 4
LEAST_LEFT = 0.8  # of the power of what is removed is in the channels that are named
_NOT_TELLING = {
    EYE: "no slow component beside the eyes is shown to differ between the classes",
    MUSCLE: "no fast component at the edge of the scalp is shown to differ between the classes",
    LINE: "no line is shown to differ between the classes",
}


def artefact_row(kind: str, trials: AuditedTrials, again: Retraining | None) -> dict[str, Any]:
    """Return the row of eyes, muscles or lines."""
    reason = _why_unchecked(kind, trials)
    if reason:
        return audit_row(kind, UNCHECKED, trials, reason=reason)
    artefact = _artefact(kind, trials)
    if artefact is None:
        return audit_row(kind, NOT_FOUND, trials, reason=_NOT_TELLING[kind])
    part = artefact.part_of(trials.x)
    lost, margins = _lost_by_exchange(trials, part)
    p_used = (
        float(scipy.stats.ttest_1samp(margins, 0, alternative="greater").pvalue)
        if np.ptp(margins) > 0
        else 1.0
    )
    names = np.argsort(-artefact.channel_share, kind="stable")
    n_named = int(np.searchsorted(np.cumsum(artefact.channel_share[names]), LEAST_LEFT)) + 1
    cells = {
        "ranges_hz": artefact.ranges_hz,
        "channel_numbers": tuple(int(number) for number in names[: min(n_named, MOST_NAMED)]),
        "p_tells": artefact.p,
        "p_used": p_used,
        "loss": lost,
    }
    if not (p_used < USED_P and lost >= LEAST_LOSS):
        return audit_row(
            kind,
            NOT_FOUND,
            trials,
            reason="it tells the classes, but the network is not shown to use it",
            **cells,
        )
    return audit_row(kind, FOUND, trials, **cells, **_without_signal(kind, trials, artefact, again))


def with_shares(
    rows: Sequence[dict[str, Any]], trials: AuditedTrials, relevance: xr.DataArray | None
) -> list[dict[str, Any]]:
    """Return rows with the shares of their cells in the contrast of relevance."""
    if not any(row["ranges_hz"] for row in rows):
        return list(rows)
    if relevance is None:
        chosen = evenly_drawn(trials.codes, MOST_EXPLAINED, trials.seed)
        relevance = spectral_relevance(
            *(trials.network, trials.x[chosen], trials.codes[chosen]),
            trials="contrast",
            sfreq=trials.rate_hz,
            progress=False,
        )
    values = relevance.transpose("target", "channel", "frequency").to_numpy()
    frequency = relevance["frequency"].to_numpy()
    return [row | {"share": _share(values, frequency, row)} if row["ranges_hz"] else row for row in rows]


def _share(values: NDArray[np.floating], frequency: NDArray[np.floating], row: dict[str, Any]) -> float:
    """Return the share of cells in the sizes of relevance, the mean over the classes."""
    inside = np.zeros(len(frequency), bool)
    for low, high in row["ranges_hz"]:
        inside |= (frequency >= low) & (frequency <= high)
    here = np.abs(values[:, :, inside].sum(2))  # left and right of an eye movement would cancel
    total = here.sum(1) + np.abs(values[:, :, ~inside].sum(2)).sum(1)
    known = total > 0
    if not known.any():
        return float("nan")
    return float((here[known][:, list(row["channel_numbers"])].sum(1) / total[known]).mean())


def _without_signal(
    kind: str, trials: AuditedTrials, artefact: Artefact, again: Retraining | None
) -> dict[str, Any]:
    """Return the accuracy that is expected without an artefact, with its interval."""
    cleaned = trials.x - artefact.part_of(trials.x)
    if again is not None:
        # The components are better known from the trials of the training, where they are there.
        own = _artefact(kind, again.trials) or artefact
        cleaned = trials.x - own.part_of(trials.x)
        trained = again.trained(again.trials.x - own.part_of(again.trials.x), again.trials.codes)
        correct = scores_of(trained, cleaned).argmax(1) == trials.codes
        return estimate(correct, "retrained on trials without it")
    scores = scores_of(trials.network, cleaned)
    # What the artefact adds to every trial would otherwise be missing, and all trials be given to one class.
    scores += trials.scores.mean(0) - scores.mean(0)
    by_network = estimate(scores.argmax(1) == trials.codes, "this network without it")
    try:
        csp = csp_accuracy(
            trials.network, cleaned, trials.codes, sfreq=trials.rate_hz, seed=trials.seed, progress=False
        )
    except ValueError:  # too few trials to cross-validate
        return by_network
    if csp["accuracy_ci_high"] <= by_network["ci_high"]:
        return by_network
    return by_network | {
        "ci_high": float(csp["accuracy_ci_high"]),
        "obtained": f"{by_network['obtained']}, up to common spatial patterns",
    }


def _artefact(kind: str, trials: AuditedTrials) -> Artefact | None:
    x, codes, strata, rate_hz = trials.x, trials.codes, trials.strata(), trials.rate_hz
    if kind == LINE:
        return line_noise(x, codes, strata, rate_hz)
    flags = _regions(trials)["eyes" if kind == EYE else "edge"].to_numpy()
    frequency = np.fft.rfftfreq(x.shape[2], 1 / rate_hz)
    lines = np.zeros(len(frequency), bool)
    for line_hz in lines_in(x, rate_hz):
        lines |= np.abs(frequency - line_hz) <= LINE_WIDTH_HZ
    return eye_or_muscle(kind, x, codes, strata, rate_hz, flags, lines)


def _regions(trials: AuditedTrials) -> pd.DataFrame:
    names, chs_info = trials.network.ch_names, trials.network.chs_info
    names = names or [str(number) for number in range(trials.x.shape[1])]
    return head_regions(names, None if chs_info is None else electrode_positions(chs_info))


def _why_unchecked(kind: str, trials: AuditedTrials) -> str:
    if trials.too_few:
        return trials.too_few
    frequency = np.fft.rfftfreq(trials.x.shape[2], 1 / trials.rate_hz)
    if kind == LINE:
        return "" if frequency[1] <= LINE_WIDTH_HZ else "the trials are too short to distinguish a line"
    # Where relevance is everywhere, all that can be missing are electrodes and frequencies.
    everywhere = xr.DataArray(
        np.ones((1, trials.x.shape[1], len(frequency))),
        channel_coords(trials.network, trials.x.shape[1]) | {"target": ["any"], "frequency": frequency},
        ("target", "channel", "frequency"),
    )
    return not_checked(everywhere).get(EYES if kind == EYE else MUSCLES, "")


def _lost_by_exchange(trials: AuditedTrials, part: NDArray[np.floating]) -> tuple[float, NDArray[np.float64]]:
    """Return what accuracy and margins lose when trials exchange an artefact, the latter for every trial."""
    rng = np.random.default_rng(trials.seed)
    own = margins_of(trials.scores, trials.codes)
    changed = []
    for _ in range(N_EXCHANGES):
        other = other_trials(len(part), rng)
        changed.append(margins_of(scores_of(trials.network, trials.x - part + part[other]), trials.codes))
    return float((own > 0).mean() - (np.array(changed) > 0).mean()), own - np.mean(changed, 0)
