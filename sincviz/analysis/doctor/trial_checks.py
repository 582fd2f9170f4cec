"""Checks of single trials and channels: outlying, flat, large, bridged, not EEG, or with unapplied projectors."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sincviz._utils.text import counted, joined, listed
from sincviz.analysis.doctor.facts import DataFacts
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.doctor.trial_signals import TrialSignals
from sincviz.analysis.filters.transfer_function import Floats
from sincviz.eeg.channel_types import BRAIN_POTENTIALS, OTHER_UNITS, UNTYPED, by_type, channel_type
from sincviz.networks.decoder import Decoder

LEAST_TRIALS = 5  # a median of fewer says nothing of what is usual
OUTLYING_TIMES = (
    8.0  # times its usual size; in 22 recordings of PhysioNet no trial went beyond 6.2 in any channel
)
OUTLYING_Z = 5.0  # and so far, in robust standard deviations, where all trials differ much
FLAT_BELOW = 1e-3  # of the typical range; the quietest channel of 22 recordings had 0.2
LARGE_TIMES = 5.0  # times the typical channel; in 69 recordings of PhysioNet none was beyond 4.7
LARGE_Z = 5.0  # and so many robust standard deviations, where all channels differ much
LEAST_CHANNELS = 5  # a median of fewer says nothing of what is usual
MOSTLY = 0.5  # of the trials: then it is the channel
BRIDGED_BELOW = 0.005
"""Of the typical squared difference of two channels. Neighbours among 64 simulated ones are 0.038 apart or more; in 15
of 22 recordings of PhysioNet, in which MNE finds joined electrodes too, there are pairs at 0.0007 to 0.005."""


def outlying_trials(facts: DataFacts) -> Iterator[Finding]:
    """Report trials many times as large as usual."""
    times = times_usual(facts.signals)
    outlying = np.flatnonzero((times >= OUTLYING_TIMES).any(1))
    if not len(outlying):
        return
    power = np.square(facts.signals.deviation)
    total = power.sum(0)
    share = np.divide(power[outlying].sum(0), total, out=np.zeros_like(total), where=total > 0)
    most = int(share.argmax())
    spread = np.square(facts.signals.scores - np.median(facts.signals.scores, 0)).sum(1)
    of_scores = spread[outlying].sum() / spread.sum() if spread.sum() > 0 else 0.0
    one = len(outlying) == 1
    yield Finding(
        "outlying_trials",
        "warning",
        f"{_trials(outlying)} {'is' if one else 'are'} many times as large as usual.",
        f"T{'; '.join(_worst(facts, number, times[number]) for number in outlying[:4])[1:]}"
        f"{'; and so on' if len(outlying) > 4 else ''}. Of {counted(len(times), 'trial')} "
        f"{'this one holds' if one else 'these hold'} {share[most]:.0%} of the power in "
        f"{_names(facts, [most])} and {of_scores:.0%} of the spread of the scores, and {'has' if one else 'have'} "
        f"that much influence on averages and relevance. The other findings about signals exclude "
        f"{'it' if one else 'them'}.",
        f"Look at {'it' if one else 'them'}, then drop {'it' if one else 'them'}: {_drop(facts, outlying)}.",
    )


def flat(facts: DataFacts) -> Iterator[Finding]:
    """Report channels, or trials in some channels, without signal."""
    flags = flat_signals(facts.signals)
    of_channel = flags.mean(0) > MOSTLY
    if of_channel.any():
        channels = np.flatnonzero(of_channel)
        one = len(channels) == 1
        names = _names(facts, channels)
        some = flags[:, channels].any(1).sum()
        yield Finding(
            "flat",
            "warning",
            f"{'Channel' if one else 'Channels'} {names} {'is' if one else 'are'} flat: there is no signal, as in "
            "a "
            "reference channel.",
            f"Constant, or below {FLAT_BELOW:.1%} of what is usual in this recording, in {some} of "
            f"{counted(len(flags), 'trial')}.",
            _interpolate(facts, channels),
        )
    trials = np.flatnonzero((flags & ~of_channel).any(1))
    if len(trials):
        channels = np.flatnonzero((flags & ~of_channel).any(0))
        one = len(trials) == 1
        yield Finding(
            "flat",
            "warning",
            f"{_trials(trials)} {'is' if one else 'are'} flat in some channels: the signal was lost there.",
            f"In {_names(facts, channels)}, below {FLAT_BELOW:.1%} of what is usual in this recording.",
            f"{_drop(facts, trials)}.",
        )


def large_channels(facts: DataFacts) -> Iterator[Finding]:
    """Report channels that are many times as large as the others."""
    times = times_typical(facts.signals)
    channels = np.flatnonzero(is_large(facts.signals))
    if not len(channels):
        return
    one = len(channels) == 1
    power = np.square(facts.signals.fast).sum(0)
    ratios = ", ".join(f"{times[channel]:.3g}" for channel in channels[:8])
    yield Finding(
        "large_channels",
        "warning",
        f"{'Channel' if one else 'Channels'} {_names(facts, channels)} {'is' if one else 'are'} many times as "
        "large as "
        "the others: a loose or broken electrode, or a different gain.",
        f"Without slow drift {ratios} times the typical channel (median over trials), with "
        f"{power[channels].sum() / power.sum():.0%} of the power of all channels. Findings about the size of "
        "trials "
        f"exclude {'it' if one else 'them'}.",
        _interpolate(facts, channels),
    )


def bridged(facts: DataFacts) -> Iterator[Finding]:
    """Report channels that hold the same signal."""
    groups = bridged_groups(facts.signals)
    if not groups:
        return
    distance = facts.signals.distance
    closest = max(
        min(distance[one, other] for other in group if other != one) for group in groups for one in group
    )
    together = [_joined(facts, group) for group in groups]
    yield Finding(
        "bridged",
        "warning",
        f"{_first(together)} hold the same signal, as electrodes bridged by gel do: they cannot be distinguished.",
        f"Without slow drift they differ by at most {closest:.2%} of the typical difference between two channels "
        "(squared differences, which do not depend on the reference).",
        _separate(facts, groups),
    )


def projectors(facts: DataFacts) -> Iterator[Finding]:
    """Report projectors that were never applied."""
    waiting = facts.projectors
    known = facts.network.provenance.get("reference")
    if known is not None and known == facts.recording["reference"]:
        # The training trials had this reference, so what waits is not what the network knows.
        waiting = tuple(name for name in waiting if not name.startswith("Average"))
    if waiting:
        yield Finding(
            "projectors",
            "warning",
            "The epochs have projectors that were not applied: the network receives the signals without them.",
            f"Not active: {'; '.join(waiting)}.",
            "`epochs.apply_proj()` if they were applied to the training trials; otherwise `epochs.del_proj()`.",
        )


def channel_types(network: Decoder) -> Iterator[Finding]:
    """Report a network that takes signals other than EEG."""
    types = {channel["ch_name"]: channel_type(channel) or UNTYPED for channel in network.chs_info or ()}
    others = {
        name: kind for name, kind in types.items() if kind not in (*BRAIN_POTENTIALS, *OTHER_UNITS, UNTYPED)
    }
    if others and network.chs_info:
        stimulus = "stim" in others.values()
        kinds = ", ".join(dict.fromkeys(others.values()))
        yield Finding(
            "channel_types",
            "warning",
            f"The network takes channels that are not EEG ({kinds}): what it uses need not come from the brain.",
            f"{by_type(others)}{', and a stimulus channel may hold the classes themselves' if stimulus else ''}.",
            "Train it on EEG alone: `epochs.pick('eeg')`.",
        )


TRIAL_CHECKS = (outlying_trials, flat, large_channels, bridged, projectors)


def times_usual(signals: TrialSignals) -> Floats:
    """Return how many times as large as usual each trial is in each channel, 0 where all trials differ that much.

    The largest ratio of range, standard deviation and root mean square without drift to their median over the trials of
    the same subject, if these are many robust standard deviations away from it.
    """
    times = np.zeros_like(signals.deviation)
    for sizes in (signals.peak_to_peak, signals.deviation, signals.fast):
        for subject in np.unique(signals.subject):
            members = signals.subject == subject
            if members.sum() >= LEAST_TRIALS:
                times[members] = np.maximum(times[members], _times(sizes[members]))
    return times


def times_typical(signals: TrialSignals) -> Floats:
    """Return how many times as large as the typical channel of a trial each channel is, median over the trials."""
    typical = np.median(signals.fast, 1, keepdims=True)
    ratio = np.divide(signals.fast, typical, out=np.zeros_like(signals.fast), where=typical > 0)
    times: Floats = np.median(ratio, 0)
    return times


def is_large(signals: TrialSignals) -> NDArray[np.bool_]:
    """Return which channels are many times as large as the others in most trials."""
    times = times_typical(signals)
    alive = flat_signals(signals).mean(0) <= MOSTLY
    if alive.sum() < LEAST_CHANNELS:
        return np.zeros(len(times), bool)
    log = np.log(np.where(times > 0, times, 1.0))
    spread = 1.4826 * np.median(np.abs(log[alive] - np.median(log[alive])))
    large: NDArray[np.bool_] = alive & (times >= LARGE_TIMES) & (log > LARGE_Z * spread)
    return large


def flat_signals(signals: TrialSignals) -> NDArray[np.bool_]:
    """Return which channels have no signal in which trials, shape (trials, channels)."""
    typical = np.median(signals.peak_to_peak)
    is_flat: NDArray[np.bool_] = signals.peak_to_peak <= FLAT_BELOW * typical
    return is_flat


def bridged_groups(signals: TrialSignals) -> list[list[int]]:
    """Return the channels that hold the same signal, group by group."""
    alive = flat_signals(signals).mean(0) <= MOSTLY
    near = (signals.distance < BRIDGED_BELOW) & alive & alive[:, None]
    if len(near) < 3:  # for two channels there is no typical difference
        return []
    groups: list[list[int]] = []
    left = set(np.flatnonzero(near.sum(1) > 1).tolist())
    while left:
        group = {min(left)}
        while grown := set(np.flatnonzero(near[sorted(group)].any(0)).tolist()) - group:
            group |= grown
        groups.append(sorted(group))
        left -= group
    return groups


def _times(sizes: Floats) -> Floats:
    """Return the ratio to the median over trials for outliers, else 0."""
    positive = sizes > 0
    log = np.log(np.where(positive, sizes, 1.0))
    log[~positive] = -np.inf
    middle = np.median(log, 0)
    known = np.isfinite(middle)
    away = np.where(known, log - np.where(known, middle, 0), -np.inf)
    spread = 1.4826 * np.median(np.abs(away), 0)
    times: Floats = np.where(away > OUTLYING_Z * spread, np.exp(away), 0.0)
    return times


def _worst(facts: DataFacts, number: int, times: Floats) -> str:
    others = int((times >= OUTLYING_TIMES).sum()) - 1
    more = f", and is too large in {counted(others, 'other channel')}" if others else ""
    largest = _names(facts, [int(times.argmax())])
    return f"trial {number} has {times.max():.3g} times its usual size in {largest}{more}"


def _trials(numbers: Sequence[int] | NDArray[np.int64]) -> str:
    return f"Trial{'s' * (len(numbers) != 1)} {listed([int(number) for number in numbers])}"


def _names(facts: DataFacts, channels: Sequence[int] | NDArray[np.int64]) -> str:
    names = facts.network.ch_names
    return _first([f"number {index}" if names is None else names[index] for index in channels])


def _joined(facts: DataFacts, group: Sequence[int]) -> str:
    names = facts.network.ch_names
    return joined([f"number {index}" if names is None else names[index] for index in group])


def _first(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ("; " if any(" and " in name for name in names) else ", ").join(names[:most]) + more


def _drop(facts: DataFacts, trials: NDArray[np.int64]) -> str:
    numbers = trials.tolist()
    if facts.source == "array":
        return f"`x = np.delete(x, {numbers}, axis=0)`, and the same for `y`"
    # Numbers are those of the trials that no rejection has dropped.
    return f"`epochs.drop_bad().drop({numbers})`" if facts.source == "file" else f"`epochs.drop({numbers})`"


def _interpolate(facts: DataFacts, channels: NDArray[np.int64]) -> str:
    names = facts.own_names
    if len(channels) > len(facts.signals.distance) / 2:
        return "Too many to interpolate: check the recording and how the trials were made."
    if facts.source == "array" or names is None:
        return "Interpolate before making the array, or train without."
    load = "`epochs.load_data()`, " if facts.source == "file" else ""
    return (
        f"{load}`epochs.info['bads'] += {[names[index] for index in channels]}` and `epochs.interpolate_bads()`; "
        "or "
        "train without."
    )


def _separate(facts: DataFacts, groups: list[list[int]]) -> str:
    names = facts.own_names
    if facts.source == "array" or names is None:
        return "Treat them as one location."
    pairs = [(names[one], names[other]) for group in groups for one, other in pairwise(group)]
    load = "`epochs.load_data()`, " if facts.source == "file" else ""
    return (
        f"Treat them as one location. To interpolate them: {load}"
        f"`mne.preprocessing.interpolate_bridged_electrodes(epochs, [[epochs.ch_names.index(name) for name in "
        "pair] "
        f"for pair in {pairs}])`, and train again."
    )
