"""Checks of trials against the statistics that a network stores of its training."""

from collections.abc import Iterator

import numpy as np

from sincviz._utils.text import counted
from sincviz.analysis.doctor.facts import DataFacts, FilterFacts, where
from sincviz.analysis.doctor.findings import Finding, named
from sincviz.analysis.doctor.trial_signals import DRIFT_BELOW_HZ
from sincviz.analysis.filters.transfer_function import Floats
from sincviz.analysis.labels import class_labels
from sincviz.networks.units import FrontEnd
from sincviz.trials.values import units_message

MOST_DRIFT = 0.5  # more drift than signal
SUBJECTS_DIFFER = 0.7  # decades of amplitude; ten subjects were up to 0.57 away from a network of the others
SAME_SPECTRUM = 0.3  # interquartile range of the filters' decades; other units move all filters alike
UNITS_DIFFER = 2.0  # decades of amplitude
STANDARDISED_FITS = 0.3  # decades of amplitude that standardised trials of other subjects may be off
UNIT_DEVIATION = 0.02  # of a standard deviation from 1
MOST_SHIFT = 0.5  # standard deviations, typically; up to 0.04 in healthy networks, other subjects included
MOST_SPREAD = 0.3  # decades of amplitude, typically; up to 0.1 in healthy networks on subjects they know
ODD_SHIFT = 1.0  # the same for a single unit, where up to 0.22 was healthy
LEAST_OF_CLASS = 10  # trials: of fewer nothing is said
SILENT_BELOW = 0.1  # answers, of the trials of the class
ODD_SPREAD = 0.5  # and for a single filter or unit against the typical one, where up to 0.4 was healthy


def scale(facts: DataFacts) -> Iterator[Finding]:
    """Report trials in units other than the network's, or not standardised as the training trials were."""
    filters = facts.filters
    if filters is None or not amplitudes_are_off(filters):
        yield from _units_without_statistics(facts)
        return
    typical = _typical(_decades_of_filters(filters))
    ratio = f"{10**typical:.2g}"
    evidence = (
        f"Amplitude after filtering is {ratio} times the value stored by the first batch normalisation (median over "
        "filters)"
        if filters.recorded is not None and filters.recorded.filtered_variance is not None
        else f"The output of units is {ratio} times as large as their normalisation recorded (median over filters)"
    )
    thousands = 3 * round(typical / 3)
    beside_units = abs(typical - thousands) if thousands else np.inf
    beside_standardised = _beside_standardised(filters)
    anew = f"re-estimate the statistics: {_recalibrate(facts)}"
    if beside_standardised <= min(STANDARDISED_FITS, beside_units):
        yield Finding(
            "scale",
            "error",
            "The network was probably trained on standardised trials, but these are not standardised.",
            f"{evidence}; if every channel of every trial is given a standard deviation of 1, it is off by a "
            "factor of "
            f"{10**beside_standardised:.2g}.",
            _standardise(facts),
        )
    elif _are_standardised(facts):
        yield Finding(
            "scale",
            "error",
            "These trials are standardised, but the network was trained on trials that were not.",
            f"{evidence}; the standard deviation of the trials' channels is 1.",
            "Pass the trials in the network's units, without standardising them.",
        )
    elif beside_units <= SUBJECTS_DIFFER:
        change, changed = ("divide", "divided") if thousands > 0 else ("multiply", "multiplied")
        factor = f"10^{abs(thousands)}"
        units = facts.network.units_per_volt
        if facts.source == "array" or units is None:
            remedy = f"{change.capitalize()} the array by {factor}."
        else:
            remedy = (
                f"Set `model.scale = {units / 10.0**thousands:g}` (now {units:g}), or {change} the data of the "
                "epochs "
                f"by {factor} if they are not in volts."
            )
        yield Finding(
            "scale",
            "error",
            f"The trials are not in the network's units: they fit when {changed} by {factor}.",
            f"{evidence}.",
            f"{remedy} If the units are right, look for artefacts, or {anew}.",
        )
    else:
        yield Finding(
            "scale",
            "error",
            f"The trials are {ratio} times as large as the training trials, and no change of units explains it.",
            f"{evidence}; units differ by thousands.",
            "Preprocess the trials like the training trials: check gain, scaling to a range, reference, current "
            "source "
            f"density. If they are right, {anew}.",
        )


def batch_norm(facts: DataFacts) -> Iterator[Finding]:
    """Report running statistics that do not match the trials."""
    if facts.filters is None or amplitudes_are_off(facts.filters):
        return
    recorded = facts.filters.recorded
    if recorded is None:
        return
    remedy = f"{_recalibrate(facts)}, best with the training trials."
    if recorded.filtered_variance is not None and (recorded.filtered_variance == 1).all():
        yield Finding(
            "batch_norm",
            "warning",
            "The batch normalisations hold no statistics: the network was never trained, or they were lost.",
            "All running variances of the first batch normalisation are 1, their initial value.",
            f"Train the network; if it was trained, {remedy}",
        )
        return
    filters, (shift, units) = _decades_of_filters(facts.filters), _departures_of_units(facts.filters)
    odd = _odd(filters) | (_odd(units) | (shift > ODD_SHIFT)).any(1)
    typical_shift, typical_spread = _typical(shift), _typical(np.abs(units))
    if not odd.any() and not typical_shift > MOST_SHIFT and not typical_spread > MOST_SPREAD:
        return
    odd_filters = where(odd)
    evidence = (
        f"Units are off by {typical_shift:.2g} standard deviations, their spread by a factor of "
        f"{10**typical_spread:.2g} (medians)"
    )
    yield Finding(
        "batch_norm",
        "warning",
        "The running statistics of the batch normalisations do not match these trials: they come from a single "
        "batch, "
        "another scale or other subjects.",
        evidence + (f"; furthest off in {named(odd_filters)}." if odd_filters else "."),
        f"{remedy} Then compare the accuracy.",
        odd_filters,
    )


def recording(facts: DataFacts) -> Iterator[Finding]:
    """Report a reference or filters that differ from those of the training."""
    trained = facts.network.provenance
    differing = [
        f"another {name.removesuffix('_hz')}: {_plain(facts.recording[name])} here, {_plain(trained[name])} in "
        "training"
        for name in ("reference", "highpass_hz", "lowpass_hz")
        if trained.get(name) is not None
        and facts.recording[name] is not None
        and not _same(trained[name], facts.recording[name])
    ]
    if differing:
        yield Finding(
            "recording",
            "warning",
            "The trials were not preprocessed like the training trials.",
            f"This recording has {'; '.join(differing)}.",
            "Preprocess them alike: `epochs.set_eeg_reference`, and `raw.filter` before epoching.",
        )


def slow_drift(facts: DataFacts) -> Iterator[Finding]:
    """Report filters for higher frequencies whose output is mostly slow drift."""
    filters = () if facts.filters is None else where(_drifting(facts.filters))
    if facts.filters is not None and filters:
        yield Finding(
            "slow_drift",
            "warning",
            f"The output of {counted(len(filters), 'filter')} for higher frequencies is mostly drift or offset.",
            f"When frequencies below {DRIFT_BELOW_HZ:g} Hz are removed from the trials, up to "
            f"{_drift_share(facts.filters)[list(filters)].max():.0%} of the output power is gone in {named(filters)}: "
            "it leaks through short kernels, or comes from the padding at the ends of a trial.",
            "High-pass filter the recording at 1 Hz or more, or use longer kernels, and train again.",
            filters,
        )


def chance(facts: DataFacts) -> Iterator[Finding]:
    """Report an accuracy at chance level."""
    test = facts.chance
    if test is None or test["above_chance"] == "yes" or test["unknown_because"] == "confounded":
        return  # confounded labels are a separate finding
    n_trials = int(test["n_trials"])
    if test["above_chance"] == "unknown":
        one_class = test["unknown_because"] == "one_class"
        units = "" if test["unit"] == "trial" else f" ({test['n_units']} units: {test['unit']})"
        yield Finding(
            "chance",
            "note",
            "No accuracy on these trials can be distinguished from chance: "
            f"{'all are of one class' if one_class else 'there are too few of each class'}.",
            f"{counted(n_trials, 'trial')}{units}, {test['majority']:.0%} of the same class: no permutation of "
            "their labels could give p < 0.05.",
            "Pass more trials of every class.",
        )
        return
    evidence = (
        f"Accuracy {test['accuracy']:.2f} [{test['accuracy_ci_low']:.2f}, {test['accuracy_ci_high']:.2f}] on "
        f"{n_trials} trials, always predicting the most frequent class {test['majority']:.2f}; balanced accuracy "
        f"{test['balanced_accuracy']:.2f}, chance {test['chance_level']:.2f} (p = {test['p']:.2f})."
    )
    yield Finding(
        "chance",
        "error",
        "The accuracy on these trials is not distinguishable from chance: what the network uses explains nothing "
        "here.",
        evidence,
        "Do not interpret the network on these trials. Check labels, preprocessing and units, or train again.",
    )


def never_answered(facts: DataFacts) -> Iterator[Finding]:
    """Report classes that a network hardly ever predicts although its scores distinguish the classes."""
    confusion = facts.confusion
    if confusion is None or facts.chance is None or facts.chance["above_chance"] != "yes":
        return  # at chance level the scores do not distinguish the classes either
    of_class, answers = confusion.sum(1), confusion.sum(0)
    # Hardly any answers compared with the number of trials of the class.
    silent = np.flatnonzero((of_class >= LEAST_OF_CLASS) & (answers < SILENT_BELOW * of_class))
    if not len(silent):
        return
    names = class_labels(facts.network, len(confusion))
    counts = ", ".join(
        f"{names[code]} {answers[code]} times for {of_class[code]} trials" for code in silent[:6]
    )
    area = f", area under the ROC curve {facts.chance['auc']:.2f}" if "auc" in facts.chance else ""
    yield Finding(
        "never_answered",
        "warning",
        f"The network hardly ever predicts {', '.join(names[code] for code in silent[:6])}: its scores "
        "distinguish the classes better than its predictions do.",
        f"It predicts {counts}; accuracy {facts.chance['accuracy']:.2f}, "
        f"balanced {facts.chance['balanced_accuracy']:.2f}{area}.",
        "Train with class weights or balanced samples, or move the threshold; check whether the last bias or the "
        "signals have changed since training.",
    )


DATA_CHECKS = (scale, batch_norm, recording, slow_drift, chance, never_answered)


def amplitudes_are_off(filters: FilterFacts) -> bool:
    """Return whether all filters' amplitudes are off together by more than subjects differ."""
    decades = _decades_of_filters(filters)
    typical = _typical(decades)
    if not abs(typical) > SUBJECTS_DIFFER:
        return False
    low, high = np.nanquantile(decades, [0.25, 0.75])
    # Only units change amplitudes a hundredfold, whatever else was done to the spectrum.
    return bool(high - low <= SAME_SPECTRUM or abs(typical) >= UNITS_DIFFER)


def _units_without_statistics(facts: DataFacts) -> Iterator[Finding]:
    """Report implausible units, for a network that stores no amplitudes."""
    if facts.filters is not None and np.isfinite(_decades_of_filters(facts.filters)).any():
        return
    size = float(np.median(facts.signals.deviation))
    message = units_message(size, facts.network.units_per_volt, in_epochs=facts.source != "array")
    if message is not None:
        what, _, remedy = message.partition(". ")
        finding, _, evidence = what.partition(": ")
        yield Finding("scale", "error", f"{finding}.", f"{evidence[0].upper()}{evidence[1:]}.", remedy)


def _recalibrate(facts: DataFacts) -> str:
    """Return how the statistics of batch normalisations are estimated anew."""
    if isinstance(facts.network, FrontEnd) and facts.network.traced:
        return (
            "run trials through the network in training mode, with `momentum=None` in its batch normalisations and "
            "without dropout"
        )
    return "`sincviz.training.recalibrate_batch_norm(model, epochs)`"


def _beside_standardised(filters: FilterFacts) -> float:
    """Return by how many decades amplitudes would be off if these trials were standardised; infinite if unknown."""
    recorded = filters.recorded
    if recorded is None or recorded.filtered_variance is None or filters.of_standardised is None:
        return np.inf
    ratio = (filters.of_standardised.variance / recorded.filtered_variance).cpu().numpy()
    typical = abs(_typical(np.where(_drifting(filters), np.nan, _log10(ratio) / 2)))
    return typical if np.isfinite(typical) else np.inf


def _are_standardised(facts: DataFacts) -> bool:
    """Return whether channels have a standard deviation of 1, in every trial or over all."""
    of_channels = np.sqrt(np.square(facts.signals.deviation).mean(0))
    return bool((np.abs(of_channels - 1) < UNIT_DEVIATION).mean() > 0.5)


def _standardise(facts: DataFacts) -> str:
    units = facts.network.units_per_volt
    if facts.source == "array" or units is None:
        return (
            "Standardise as in training, each channel in each trial: `x = (x - x.mean(2, keepdims=True)) / "
            "x.std(2, "
            "keepdims=True)`; or each channel over all trials: `x = (x - x.mean((0, 2), keepdims=True)) / "
            "x.std((0, 2), keepdims=True)`."
        )
    load = "`epochs.load_data()` and " if facts.source == "file" else ""
    picks = "model.ch_names" if facts.own_names == facts.network.ch_names else repr(facts.own_names)
    return (
        f"Standardise as in training. For each channel in each trial: {load}`epochs.apply_function(lambda x: (x - "
        f"x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True) / {units:g}, picks={picks})`; for each channel "
        "over all trials take the mean and the standard deviation of all."
    )


def _decades_of_filters(filters: FilterFacts) -> Floats:
    """Return log10 of each filter's amplitude over the stored one; NaN where that is not informative."""
    recorded = filters.recorded
    if recorded is not None and recorded.filtered_variance is None:
        of_units = (filters.of_units.variance / recorded.unit_std.square()).mean(1).cpu().numpy()
        return np.where(_drifting(filters), np.nan, _log10(of_units) / 2)
    if recorded is None or recorded.filtered_variance is None or (recorded.filtered_variance == 1).all():
        return np.full(len(filters.bands), np.nan)
    ratio = (filters.of_filters.variance / recorded.filtered_variance).cpu().numpy()
    return np.where(_drifting(filters), np.nan, _log10(ratio) / 2)


def _departures_of_units(filters: FilterFacts) -> tuple[Floats, Floats]:
    """Return how far each unit's mean is off, in standard deviations, and log10 of how far its amplitude is."""
    recorded = filters.recorded
    assert recorded is not None  # checked by the caller
    usable = (recorded.unit_std > 0).cpu().numpy() & ~_drifting(filters)[:, None]
    shift = ((filters.of_units.mean - recorded.unit_mean).abs() / recorded.unit_std).cpu().numpy()
    ratio = (filters.of_units.variance / recorded.unit_std.square()).cpu().numpy()
    return np.where(usable, shift, np.nan), np.where(usable, _log10(ratio) / 2, np.nan)


def _odd(decades: Floats) -> np.ndarray:
    """Return which filters are off individually, not with all others as in subjects with small or large amplitudes."""
    typical = _typical(decades)
    return np.abs(decades - (typical if abs(typical) <= SUBJECTS_DIFFER else 0)) > ODD_SPREAD


def _typical(values: Floats) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else np.nan


def _log10(ratio: Floats) -> Floats:
    """Return the logarithm, NaN where there is none: dead filters are reported by another check."""
    return np.log10(ratio, out=np.full(ratio.shape, np.nan), where=np.isfinite(ratio) & (ratio > 0))


def _drift_share(filters: FilterFacts) -> Floats:
    """Return the share of each filter's output power that is gone when the trials have no slow drift."""
    total = filters.of_filters.variance.cpu().numpy()
    share: Floats = 1 - np.divide(filters.fast_variance, total, out=np.ones_like(total), where=total > 0)
    return share


def _drifting(filters: FilterFacts) -> np.ndarray:
    """Return which filters pass mostly drift although their band, as written or else as measured, is above it."""
    low_hz = filters.bands["low_hz"].fillna(filters.bands["measured_low_hz"]).to_numpy()
    return (_drift_share(filters) > MOST_DRIFT) & (low_hz >= DRIFT_BELOW_HZ)


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return bool(np.isclose(one, other, rtol=1e-3, atol=1e-3))  # type: ignore[call-overload]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else f"{value:g} Hz"
