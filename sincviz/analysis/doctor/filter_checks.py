"""Checks of filters and normalisation that need no data."""

from collections.abc import Iterator

import numpy as np
import torch
from scipy.sparse.csgraph import connected_components

from sincviz._utils.text import counted, listed
from sincviz.analysis.doctor.facts import WeightFacts, where
from sincviz.analysis.doctor.findings import Finding, named
from sincviz.analysis.filters.overlap import LEAK_DB, WIDER
from sincviz.analysis.filters.transfer_function import impulse_responses
from sincviz.eeg.bands import RHYTHMS
from sincviz.networks.front_ends import FrontEnd

ZERO_WIDTH_HZ = 0.01  # a kernel would have to last 100 s to be that narrow
SAME_KERNEL = 0.9999  # cosine: 1 % of the amplitude differs
DEAD_SHARE = 1e-4  # of the median filter: invisible in any score
INVERTED_MOMENTUM = 0.5  # above it the last batch outweighs all others
MANY = 0.5  # share of the filters that makes a finding one of the whole bank
UNREADABLE = 2.0  # times as wide as written: most of what passes lies outside the cut-offs


def not_finite(front_end: FrontEnd) -> Iterator[Finding]:
    """Report weights that are NaN or infinite."""
    by_filter = {
        "cut-offs": front_end.cutoffs,
        "kernels": front_end.kernels,
        "spatial filters": front_end.spatial,
        "normalisation": front_end.scale,
        "bias": front_end.bias,
        "head": None if front_end.head is None else front_end.head.transpose(0, 1),
    }
    broken = {
        name: filters
        for name, tensor in by_filter.items()
        if tensor is not None and (filters := where((~torch.isfinite(tensor.flatten(1))).any(1).cpu()))
    }
    if "cut-offs" in broken:
        # The bank is normalised as a whole: the cut-offs of one filter break all kernels.
        broken.pop("kernels", None)
    if not broken and front_end.n_times is not None:
        with torch.no_grad():
            scores = front_end.scores(front_end.spatial.new_zeros(1, front_end.n_chans, front_end.n_times))
        if not torch.isfinite(scores).all():
            broken["what follows the spatial filters"] = ()
    if broken:
        yield Finding(
            "not_finite",
            "error",
            "Some weights are not finite: nothing that depends on them can be interpreted.",
            f"NaN or infinite values in: {', '.join(broken)}.",
            "Train again with a lower learning rate, or load an earlier checkpoint.",
            tuple(sorted({filter_ for filters in broken.values() for filter_ in filters})),
        )


def clamped(facts: WeightFacts) -> Iterator[Finding]:
    """Report upper cut-offs at the Nyquist frequency."""
    nyquist = facts.front_end.sfreq / 2
    filters = where(facts.bands["high_hz"] >= nyquist * (1 - 1e-6))
    if filters:
        yield Finding(
            "clamped_at_nyquist",
            "warning",
            f"{counted(len(filters), 'filter')} clamped at the Nyquist frequency: there is no signal above it.",
            f"Upper cut-off {nyquist:g} Hz in {named(filters)}.",
            "Train with fewer filters, a smaller `freq_stride` or a higher sampling rate.",
            filters,
        )


def zero_width(facts: WeightFacts) -> Iterator[Finding]:
    """Report filters with zero width."""
    filters = where(facts.bands["bandwidth_hz"] < ZERO_WIDTH_HZ)
    if filters:
        widths = facts.bands["bandwidth_hz"].to_numpy()[list(filters)]
        yield Finding(
            "zero_width",
            "warning",
            f"{counted(len(filters), 'filter')} without width as written: "
            "the kernel length alone determines what passes.",
            f"Nominal width at most {widths.max():.3g} Hz in {named(filters)}.",
            "Use the measured band. A lower learning rate for the cut-offs keeps widths from collapsing.",
            filters,
        )


def duplicates(facts: WeightFacts) -> Iterator[Finding]:
    """Report filters of one training with the same kernel; other seeds are meant to find the same bands again."""
    kernels = impulse_responses(facts.front_end)
    kernels = kernels.reshape(len(kernels), -1)
    norm = np.linalg.norm(kernels, axis=1, keepdims=True)
    unit = np.divide(kernels, norm, out=np.zeros_like(kernels), where=norm > 0)
    same = np.abs(unit @ unit.T) > SAME_KERNEL
    seeds = np.asarray(facts.front_end.provenance.get("seed_of_filter", [0] * len(kernels)))
    number, group = connected_components(same & (seeds[:, None] == seeds))
    groups = [where(group == one) for one in range(number) if (group == one).sum() > 1]
    if groups:
        filters = tuple(sorted(filter_ for members in groups for filter_ in members))
        yield Finding(
            "duplicates",
            "warning",
            f"{len(filters)} filters duplicate another: they count as {len(groups)}.",
            f"Same kernels (cosine above {SAME_KERNEL:g}): {'; '.join(map(listed, groups))}.",
            "Treat them as one filter with more spatial filters, or train with fewer filters.",
            filters,
        )


def dead(facts: WeightFacts) -> Iterator[Finding]:
    """Report filters without weight in the following layers."""
    front_end = facts.front_end
    kernel = front_end.kernels.norm(dim=1)
    unit = front_end.scale.abs() * front_end.spatial.norm(dim=2) * kernel[:, None]
    if facts.importance is not None:
        unit = unit * torch.from_numpy(facts.importance["weight_norm"].to_numpy()).to(unit)
    weight = unit.square().sum(1).sqrt().cpu().double().numpy()
    filters = where(weight <= DEAD_SHARE * np.median(weight))
    if filters:
        yield Finding(
            "dead",
            "warning",
            f"{counted(len(filters), 'filter')} without weight downstream, and so without effect on the decision.",
            f"At most {DEAD_SHARE:g} of the median filter's weight in {named(filters)}.",
            "Exclude dead filters from every interpretation.",
            filters,
        )


def unmoved(facts: WeightFacts) -> Iterator[Finding]:
    """Report cut-offs that are still where they started."""
    drift = facts.drift
    filters = where(drift["verdict"] == "unmoved")
    if not filters:
        return
    share = len(filters) / len(drift)
    change = drift[["low_hz", "high_hz"]].to_numpy() - drift[["initial_low_hz", "initial_high_hz"]].to_numpy()
    # Rounded up, so that it stays below the limit as printed too.
    moved_hz = 0.01 + np.floor(100 * np.abs(change)[list(filters)].max()) / 100
    yield Finding(
        "unmoved",
        "warning" if share > MANY else "note",
        f"{len(filters)} of {counted(len(drift), 'filter')} did not move in training: "
        "their bands were chosen, not learned.",
        f"Cut-offs moved by less than {moved_hz:.2f} Hz in {named(filters)} "
        f"({drift.attrs['unmoved_below_hz']:g} Hz would count); initial cut-offs: {drift.attrs['initial_from']}.",
        "Cut-offs are in Hz and need their own learning rate: `sinc_lr` of `sincviz.training.fit`."
        if share > MANY
        else "Do not interpret these bands as found by training.",
        filters,
    )


def unresolvable(facts: WeightFacts) -> Iterator[Finding]:
    """Report bands that the kernel is too short to resolve."""
    table = facts.resolvability
    if facts.front_end.cutoffs is None:
        yield from _coarse(facts)
        return
    ratio, confusable = table["width_ratio"].to_numpy(), (table["confusable"] > 0).to_numpy()
    if max(confusable.mean(), (ratio >= UNREADABLE).mean()) <= MANY:
        return
    attrs = table.attrs
    nominal, measured = table["nominal_width_hz"].mean(), table["measured_width_hz"].mean()
    evidence = [
        f"Nominal width {nominal:.1f} Hz, as computed {measured:.1f} Hz (mean at −3 dB)",
        f"{attrs['n_dimensions']} dimensions hold 99 % of the bank's energy",
    ]
    if confusable.any():
        cannot = (
            f"{int(confusable.sum())} of {counted(len(table), 'filter')} cannot be distinguished from "
            "filters of other bands"
        )
        evidence.insert(1, cannot)
    low_pass = where(table["dc_leak_db"] > LEAK_DB)
    if low_pass:
        evidence.append(f"slow drift passes through {counted(len(low_pass), 'filter')}")
    # A kernel of length T makes bands about 1.4 / T wide; this many taps would make them as wide as written.
    taps = int(attrs["n_taps"] * max(2.0, measured / nominal)) | 1 if nominal > ZERO_WIDTH_HZ else None
    longer = taps is not None and taps <= (facts.front_end.n_times or np.inf)
    yield Finding(
        "unresolvable",
        "warning",
        f"The bands cannot be resolved: kernels of {attrs['n_taps']} samples at {attrs['sfreq_hz']:g} Hz "
        f"({1000 * attrs['n_taps'] / attrs['sfreq_hz']:.0f} ms) are too short for the bands that the cut-offs name.",
        "; ".join(evidence) + ".",
        "Use the measured bands, never the cut-offs."
        + f" To resolve these bands, train with kernels of about {taps} samples." * longer,
        where(confusable | (ratio >= WIDER)),
    )


def _coarse(facts: WeightFacts) -> Iterator[Finding]:
    """Report free kernels that are too short to separate a rhythm from its neighbours."""
    attrs, n_taps = facts.resolvability.attrs, facts.front_end.kernels.shape[1]
    # The main lobe of the longest smooth kernel of so many samples, at -3 dB.
    finest_hz = 0.886 * attrs["sfreq_hz"] / n_taps
    low_hz, high_hz = RHYTHMS["alpha"]
    if finest_hz <= high_hz - low_hz:
        return
    taps = int(np.ceil(0.886 * attrs["sfreq_hz"] / (high_hz - low_hz)))
    longer = taps <= (facts.front_end.n_times or np.inf)
    yield Finding(
        "unresolvable",
        "warning",
        f"The kernels cannot tell rhythms apart: {n_taps} samples at {attrs['sfreq_hz']:g} Hz "
        f"({1000 * n_taps / attrs['sfreq_hz']:.0f} ms) resolve no band narrower than {finest_hz:.1f} Hz.",
        f"The bands that they compute are {attrs['frequency_resolution_hz']:.1f} Hz wide (median at −3 dB); alpha is "
        f"{high_hz - low_hz:g} Hz wide.",
        "Do not name filters after rhythms: see the relevance of frequencies at the input."
        + f" To resolve alpha, train with kernels of {taps} samples or more." * longer,
    )


def inverted_momentum(facts: WeightFacts) -> Iterator[Finding]:
    """Report running statistics that come from the last batch alone."""
    recorded = facts.front_end.recorded
    if recorded is None or recorded.momentum is None or recorded.momentum <= INVERTED_MOMENTUM:
        return
    if "n_recalibration_trials" in facts.front_end.provenance:
        return
    yield Finding(
        "batch_norm_momentum",
        "warning",
        "The running statistics come from the last training batch: momentum 0.99 in Keras is 0.01 in PyTorch.",
        f"Momentum of the first batch normalisation: {recorded.momentum:g} in PyTorch's convention.",
        "`sincviz.training.recalibrate_batch_norm(model, epochs)` with the training trials.",
    )


FILTER_CHECKS = (clamped, zero_width, duplicates, dead, unmoved, unresolvable, inverted_momentum)
