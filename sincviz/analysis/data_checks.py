"""Checks of trials against what a network remembers of its training."""

from collections.abc import Iterator

import numpy as np
import scipy.signal
import scipy.stats

from sincviz.analysis.findings import DataFacts, Finding, listed, where
from sincviz.analysis.transfer_function import Floats

DRIFT_BELOW_HZ = 2.0
MOST_DRIFT = 0.5
MOST_SHIFT = 0.5  # of a standard deviation
MOST_SPREAD = 2.0  # ratio of standard deviations
SAME_POWER = 0.3  # how near a power of ten must fit, in decades of amplitude
ALPHA = 0.05


def scale(facts: DataFacts) -> Iterator[Finding]:
    """Report trials in other units than the network's."""
    power = _power_of_ten(facts)
    if power == 0:
        return
    recorded = facts.parts.recorded
    assert recorded is not None  # else no power fits
    factor = f"10^{power}"
    ratio = float(np.median((facts.of_filters.variance / recorded.filtered_variance).cpu().numpy()))
    units = facts.parts.units_per_volt
    yield Finding(
        "scale",
        "error",
        f"The trials are not in the network's units: they fit when divided by {factor}.",
        f"Variance after filtering over what the first normalisation remembers: {ratio:.2g} (median of the filters).",
        f"For an array divide by {factor}; for epochs set `model.scale = {(units or 1e6) / 10.0**power:g}` (now "
        f"{units if units is None else format(units, 'g')}).",
    )


def batch_norm(facts: DataFacts) -> Iterator[Finding]:
    """Report running statistics that are not those of the trials."""
    recorded = facts.parts.recorded
    if recorded is None or _power_of_ten(facts) != 0:
        return
    decades = np.log10((facts.of_filters.variance / recorded.filtered_variance).cpu().numpy())
    shift = ((facts.of_units.mean - recorded.unit_mean).abs() / recorded.unit_std).cpu().numpy()
    spread = (facts.of_units.variance.sqrt() / recorded.unit_std).cpu().numpy()
    usable = np.isfinite(shift) & np.isfinite(spread) & (spread > 0)
    if not usable.any():
        return
    typical_shift = float(np.median(shift[usable]))
    typical_spread = float(np.exp(np.median(np.abs(np.log(spread[usable])))))
    other_scale = where(np.abs(decades) > 1)
    if typical_shift < MOST_SHIFT and typical_spread < MOST_SPREAD and not other_scale:
        return
    yield Finding(
        "batch_norm",
        "warning",
        "The running statistics of the normalisations are not those of these trials: they belong to one batch, to "
        "another scale or to other people.",
        f"Units are off by {typical_shift:.2g} standard deviations, their spread by a factor of {typical_spread:.2g} "
        f"(medians); variance after filtering off by more than 10 times in {len(other_scale)} filters.",
        "`sincviz.recalibrate_batch_norm(model, epochs)`, best with the training trials; then compare the accuracy.",
        other_scale,
    )


def recording(facts: DataFacts) -> Iterator[Finding]:
    """Report a reference or filters that differ from the training's."""
    trained = facts.parts.provenance
    differing = [
        f"{name}: {_plain(facts.recording[name])} here, {_plain(trained[name])} in training"
        for name in ("reference", "highpass_hz", "lowpass_hz")
        if trained.get(name) is not None
        and facts.recording[name] is not None
        and not _same(trained[name], facts.recording[name])
    ]
    if differing:
        yield Finding(
            "recording",
            "warning",
            "The trials were not prepared as the training trials were.",
            "; ".join(differing) + ".",
            "Prepare them alike: `epochs.set_eeg_reference`, `raw.filter` before epochs are cut.",
        )


def slow_drift(facts: DataFacts) -> Iterator[Finding]:
    """Report output that is mostly slow drift, through filters that are written to stop it."""
    kernels = facts.parts.kernels.detach().cpu().double().numpy()
    _, response = scipy.signal.freqz(kernels.T[:, :, None], worN=facts.frequency_hz, fs=facts.parts.sfreq)
    passed = np.abs(response) ** 2 * facts.spectrum
    slow = facts.frequency_hz < DRIFT_BELOW_HZ
    share: Floats = passed[:, slow].sum(1) / np.maximum(passed.sum(1), np.finfo(float).tiny)
    low_hz = facts.bands["low_hz"].to_numpy()
    found = where((share > MOST_DRIFT) & ~(low_hz < DRIFT_BELOW_HZ))
    if found:
        yield Finding(
            "slow_drift",
            "warning",
            f"Slow drift dominates what {len(found)} filter{'s' * (len(found) > 1)} pass{'es' * (len(found) == 1)}, "
            "though written to stop it.",
            f"Share of output power below {DRIFT_BELOW_HZ:g} Hz: up to {share[list(found)].max():.0%} in filters "
            f"{listed(found)}.",
            "Highpass the recording at 1 Hz or more, or use longer kernels, and train again.",
            found,
        )


def chance(facts: DataFacts) -> Iterator[Finding]:
    """Report an accuracy that guessing would reach."""
    if facts.n_correct is None:
        return
    n_trials = sum(facts.class_counts)
    guess = max(facts.class_counts) / n_trials
    test = scipy.stats.binomtest(facts.n_correct, n_trials, guess, alternative="greater")
    if test.pvalue < ALPHA:
        return
    interval = scipy.stats.binomtest(facts.n_correct, n_trials).proportion_ci(method="wilson")
    yield Finding(
        "chance",
        "error",
        "The accuracy on these trials is not above chance: what the network uses explains nothing here.",
        f"Accuracy {facts.n_correct / n_trials:.2f} [{interval.low:.2f}, {interval.high:.2f}] on {n_trials} trials, "
        f"chance {guess:.2f} (p = {test.pvalue:.2f}).",
        "Do not interpret the network on these trials. Check labels, preparation and units, or train again.",
    )


DATA_CHECKS = (scale, batch_norm, recording, slow_drift, chance)


def _power_of_ten(facts: DataFacts) -> int:
    """Return the power of ten by which all filters' amplitudes are off together; 0 where none fits."""
    recorded = facts.parts.recorded
    if recorded is None:
        return 0
    decades = np.log10((facts.of_filters.variance / recorded.filtered_variance).cpu().numpy()) / 2
    if not np.isfinite(decades).all():
        return 0
    power = round(float(np.median(decades)))
    low, high = np.quantile(decades, [0.25, 0.75])
    return power if abs(np.median(decades) - power) <= SAME_POWER and high - low <= 2 * SAME_POWER else 0


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return bool(np.isclose(one, other, rtol=1e-3, atol=1e-3))  # type: ignore[call-overload]


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
