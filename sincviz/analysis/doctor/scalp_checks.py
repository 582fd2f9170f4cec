"""Checks of where on the scalp the patterns of a network peak, and whether they can be drawn."""

from collections.abc import Iterator

import numpy as np

from sincviz._utils.text import counted
from sincviz.analysis.doctor.facts import DataFacts, FilterFacts, WeightFacts, where
from sincviz.analysis.doctor.findings import Finding
from sincviz.analysis.filters.transfer_function import Floats
from sincviz.eeg.head_regions import head_regions
from sincviz.eeg.montages import usual_montage_name
from sincviz.eeg.positions import electrode_positions, unusable_positions
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.units import FrontEnd

EYES_BELOW_HZ = 13.0  # what the eyes do is over in a tenth of a second or lasts longer
MUSCLES_FROM_HZ = 20.0  # from here on near muscles, that is at the edge of the scalp
HIGH_HZ = 30.0  # above, the scalp's muscles outweigh the cortex
MOST_SHARE = 0.5
LEAST_OF_LEADER = 0.1  # of the strongest filter's power: what is weaker does not make the picture
TIMES_UNIFORM = 2.0  # as much again as if all channels were seen alike


def dense_share(of_channels: float) -> float:
    """Return the share above which a region holds more than its proportion of the channels explains.

    Twice that proportion, or half-way from it to 1 if that is less, as on caps with many electrodes at the edge.

    Examples
    --------
    >>> dense_share(0.25), dense_share(0.5)
    (0.5, 0.75)
    """
    return min(TIMES_UNIFORM * of_channels, (1 + of_channels) / 2)


def positions(network: FrontEnd | BlackBox) -> Iterator[Finding]:
    """Report channels that cannot be placed on the scalp."""
    if network.chs_info is None or network.ch_names is None:
        yield Finding(
            "positions",
            "note",
            "The network has no channel information, so scalp maps cannot be drawn.",
            "No `chs_info`.",
            _with_channels(network),
        )
        return
    unusable = unusable_positions(network.ch_names, electrode_positions(network.chs_info))
    if unusable:
        channels = {name for names in unusable.values() for name in names}
        listed = "; ".join(f"{reason}: {', '.join(names)}" for reason, names in unusable.items())
        yield Finding(
            "positions",
            "warning",
            f"{counted(len(channels), 'channel')} cannot be drawn on a scalp.",
            f"{listed[0].upper()}{listed[1:]}.",
            f"`epochs.set_montage({usual_montage_name()!r})`, then {_with_channels(network)}",
        )


def _with_channels(network: FrontEnd | BlackBox) -> str:
    """Return how a network is given channels with positions."""
    if isinstance(network, BlackBox) or network.traced:
        return "`model = sincviz.network(model, ch_names=epochs.info['chs'])`."
    return "`load_checkpoint(path, chs_info=epochs.info['chs'])`."


def high_bands(facts: WeightFacts) -> Iterator[Finding]:
    """Report a decision that rests on the frequencies of muscle activity and line noise."""
    if facts.importance is None:
        return
    weight = facts.importance["filter_importance"].to_numpy() ** 2
    peak_hz = facts.bands["peak_hz"].to_numpy()
    high = peak_hz > HIGH_HZ
    if not high.any() or not weight.sum() > 0:
        return
    share = weight[high].sum() / weight.sum()
    # More than their number explains, unless there are no others.
    leads = share > max(MOST_SHARE, high.mean()) or high.all()
    if leads and peak_hz[weight.argmax()] > HIGH_HZ:
        yield Finding(
            "high_bands",
            "warning",
            f"Frequencies above {HIGH_HZ:g} Hz dominate: suspect muscle activity or line noise.",
            f"{counted(int(high.sum()), 'filter')} of {len(high)} with a peak there, with {share:.0%} of the "
            f"squared importance; the leading one peaks at {peak_hz[weight.argmax()]:.1f} Hz.",
            f"Compare with EMG channels or low-pass filter at {HIGH_HZ:g} Hz, and look for lines in the spectrum "
            "of "
            "the recording, before calling it brain activity.",
            where(high & (weight >= weight.sum() / len(weight))),
        )


def artefact_channels(facts: DataFacts) -> Iterator[Finding]:
    """Report patterns that peak near the eyes or over muscles."""
    names, filters = facts.network.ch_names, facts.filters
    if names is None or filters is None or filters.importance is None:
        return
    profile = _scalp_profile(filters)
    if not np.isfinite(profile).all():
        return
    leader = int(profile.argmax())
    by_filter = _power_by_unit(filters)[:, :, leader].sum(1)
    peak_hz = float((by_filter * np.nan_to_num(filters.bands["peak_hz"])).sum() / by_filter.sum())
    chs_info = facts.network.chs_info
    regions = head_regions(names, None if chs_info is None else electrode_positions(chs_info))
    # Eye movements are slow; fast activity near the eyes comes from the muscles of the forehead.
    if peak_hz < EYES_BELOW_HZ:
        suspects = {"eyes": "eye movements"}
    elif peak_hz >= MUSCLES_FROM_HZ:
        suspects = {"forehead": "muscle activity of the forehead", "edge": "muscle activity"}
    else:
        suspects = {}
    for region, suspect in suspects.items():
        flags = regions[region].to_numpy()
        if not flags[leader] or flags.all():
            continue
        share = profile[flags].sum()
        if share > dense_share(flags.mean()):
            near = [name for name, flag in zip(names, flags, strict=True) if flag]
            by_name = ", placed by their names" if (regions["placed_by"] == "name").any() else ""
            yield Finding(
                "artefact",
                "warning",
                f"{names[leader]} dominates the patterns: suspect {suspect}.",
                f"{share:.0%} of the units' pattern power (weighted by importance) in {flags.mean():.0%} of the "
                f"channels ({', '.join(near)}{by_name}); the filters that see {names[leader]} peak at "
                f"{peak_hz:.0f} Hz on average.",
                "Remove what is suspected (`mne.preprocessing.ICA`) and train again; if the accuracy drops, the "
                "decision depended on it.",
                where(by_filter >= LEAST_OF_LEADER * by_filter.max()),
            )
            return


def _scalp_profile(filters: FilterFacts) -> Floats:
    """Return the share of each channel in the power of the patterns, units weighted by their squared importance."""
    profile: Floats = _power_by_unit(filters).sum((0, 1))
    total = profile.sum()
    return profile / total if total > 0 else np.full_like(profile, np.nan)


def _power_by_unit(filters: FilterFacts) -> Floats:
    assert filters.importance is not None  # checked by the caller
    patterns = filters.patterns.to_numpy()
    weight = filters.importance["importance"].to_numpy() ** 2
    power: Floats = np.nan_to_num(patterns**2 / (patterns**2).sum(2, keepdims=True))
    return weight[..., None] * power
