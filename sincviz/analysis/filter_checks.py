"""Checks of filters and normalisation that need no data."""

from collections.abc import Iterator

import numpy as np
import torch
from scipy.sparse.csgraph import connected_components

from sincviz.analysis.findings import Finding, WeightFacts, listed, where
from sincviz.analysis.resolvability import WIDER

ZERO_WIDTH_HZ = 0.01
SAME_KERNEL = 0.9999  # cosine
DEAD_SHARE = 1e-4  # of the median filter
INVERTED_MOMENTUM = 0.5
MANY = 0.5  # share of the filters that makes a finding one of the whole bank


def not_finite(facts: WeightFacts) -> Iterator[Finding]:
    """Report weights that are not-a-number or infinite."""
    parts = facts.parts
    tensors = {
        "kernels": parts.kernels,
        "spatial filters": parts.spatial,
        "normalisation": parts.scale,
        "bias": parts.bias,
    }
    if parts.head is not None:
        tensors["head"] = parts.head
    broken = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    if broken:
        yield Finding(
            "not_finite",
            "error",
            "Some weights are not finite: nothing that depends on them means anything.",
            f"Not-a-number or infinite values in: {', '.join(broken)}.",
            "Train again with a lower learning rate, or load an earlier checkpoint.",
        )


def clamped(facts: WeightFacts) -> Iterator[Finding]:
    """Report upper cut-offs at the Nyquist frequency."""
    nyquist = facts.parts.sfreq / 2
    found = where(facts.bands["high_hz"] >= nyquist * (1 - 1e-6))
    if found:
        yield Finding(
            "clamped_at_nyquist",
            "warning",
            f"{_counted(found)} clamped at the Nyquist frequency: above it there is nothing to pass.",
            f"Upper cut-off {nyquist:g} Hz in filters {listed(found)}.",
            "Fewer filters, a smaller `freq_stride`, or a higher sampling rate.",
            found,
        )


def zero_width(facts: WeightFacts) -> Iterator[Finding]:
    """Report filters without a width."""
    found = where(facts.bands["bandwidth_hz"] < ZERO_WIDTH_HZ)
    if found:
        widths = facts.bands["bandwidth_hz"].to_numpy()[list(found)]
        yield Finding(
            "zero_width",
            "warning",
            f"{_counted(found)} without width as written: what they pass is set by the length of the kernel alone.",
            f"Nominal width at most {widths.max():.3g} Hz in filters {listed(found)}.",
            "Read the measured band. A lower learning rate of the cut-offs keeps widths from collapsing.",
            found,
        )


def duplicates(facts: WeightFacts) -> Iterator[Finding]:
    """Report filters whose kernels are the same."""
    kernels = facts.parts.kernels.detach().cpu().double().numpy()
    norm = np.linalg.norm(kernels, axis=1, keepdims=True)
    unit = np.divide(kernels, norm, out=np.zeros_like(kernels), where=norm > 0)
    number, group = connected_components(np.abs(unit @ unit.T) > SAME_KERNEL)
    groups = [where(group == one) for one in range(number) if (group == one).sum() > 1]
    if groups:
        found = tuple(sorted(filter_ for members in groups for filter_ in members))
        yield Finding(
            "duplicates",
            "warning",
            f"{len(found)} filters compute the same as another: they count as {len(groups)}.",
            "Same kernels (cosine above 0.9999): " + "; ".join(listed(members) for members in groups) + ".",
            "Read them as one filter with more spatial filters, or train with fewer filters.",
            found,
        )


def dead(facts: WeightFacts) -> Iterator[Finding]:
    """Report filters that nothing downstream listens to."""
    parts = facts.parts
    kernel = parts.kernels.norm(dim=1)
    unit = parts.scale.abs() * parts.spatial.norm(dim=2) * kernel[:, None]
    if facts.importance is not None:
        unit = unit * torch.from_numpy(facts.importance["weight_norm"].to_numpy()).to(unit)
    weight = unit.square().sum(1).sqrt().cpu().numpy()
    found = where(weight <= DEAD_SHARE * np.median(weight))
    if found:
        yield Finding(
            "dead",
            "warning",
            f"{_counted(found)} without weight downstream: the decision does not use them.",
            f"At most {DEAD_SHARE:g} of the median filter's weight in filters {listed(found)}.",
            "Leave them out of every interpretation.",
            found,
        )


def unmoved(facts: WeightFacts) -> Iterator[Finding]:
    """Report cut-offs that are where they began."""
    drift = facts.drift
    found = where(drift["verdict"] == "unmoved")
    if not found:
        return
    share = len(found) / len(drift)
    change = drift[["low_hz", "high_hz"]].to_numpy() - drift[["initial_low_hz", "initial_high_hz"]].to_numpy()
    largest = np.abs(change)[list(found)].max()
    every = "All" if share == 1 else f"{len(found)} of {len(drift)}"
    yield Finding(
        "unmoved",
        "warning" if share > MANY else "note",
        f"{every} filters are where they were initialised: their bands were chosen, not learned.",
        f"Cut-offs moved at most {largest:.2g} Hz ({drift.attrs['unmoved_below_hz']:g} Hz would count); "
        f"initial cut-offs from {drift.attrs['initial_from']}.",
        "Cut-offs are in Hz and need a learning rate of their own: `sinc_lr` of `sincviz.training.fit`.",
        found,
    )


def unresolvable(facts: WeightFacts) -> Iterator[Finding]:
    """Report bands that the kernel is too short to compute."""
    table = facts.resolvability
    confusable = (table["confusable"] > 0).to_numpy()
    wide = (table["width_ratio"] >= WIDER).to_numpy()
    if confusable.mean() <= MANY:
        return
    found = where(confusable | wide)
    attrs = table.attrs
    measured = table["measured_width_hz"].mean()
    # A kernel of length T makes bands about 1.4 / T wide; this many taps would make them as wide as written.
    taps = int(attrs["n_taps"] * max(2.0, measured / max(table["nominal_width_hz"].mean(), 1e-6)))
    low_pass = int((table["dc_leak_db"] > -3).sum())
    leak = f" {low_pass} of them are low-passes." if low_pass else ""
    yield Finding(
        "unresolvable",
        "warning",
        f"The bands cannot be resolved: kernels of {attrs['n_taps']} samples at {attrs['sfreq_hz']:g} Hz "
        f"({1000 * attrs['n_taps'] / attrs['sfreq_hz']:.0f} ms) are too short for the bands that the cut-offs name.",
        f"Nominal width {table['nominal_width_hz'].mean():.1f} Hz, as computed {measured:.1f} Hz (mean at −3 dB); "
        f"{int(confusable.sum())} of {len(table)} filters cannot be told from filters of other bands; "
        f"{attrs['n_dimensions']} dimensions hold 99 % of the bank's energy.{leak}",
        f"Read the measured bands, never the cut-offs. To resolve such bands train with kernels of about {taps | 1} "
        "samples.",
        found,
    )


def inverted_momentum(facts: WeightFacts) -> Iterator[Finding]:
    """Report running statistics that are those of the last batch."""
    recorded = facts.parts.recorded
    if recorded is None or recorded.momentum is None or recorded.momentum <= INVERTED_MOMENTUM:
        return
    yield Finding(
        "batch_norm_momentum",
        "warning",
        "The running statistics are those of the last training batch: Keras's momentum 0.99 is PyTorch's 0.01.",
        f"Momentum of the first batch normalisation: {recorded.momentum:g} in PyTorch's convention.",
        "`sincviz.recalibrate_batch_norm(model, epochs)` with the training trials.",
    )


FILTER_CHECKS = (clamped, zero_width, duplicates, dead, unmoved, unresolvable, inverted_momentum)


def _counted(found: tuple[int, ...]) -> str:
    return f"{len(found)} filter{'s' * (len(found) > 1)}"
