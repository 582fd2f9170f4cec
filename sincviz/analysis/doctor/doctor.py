"""Diagnosis of a checkpoint: findings with their severity, the evidence and the remedy."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pandas as pd
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.progress import shows_progress
from sincviz.analysis.doctor import checkpoint_checks, filter_checks, scalp_checks, trial_checks
from sincviz.analysis.doctor.class_order_checks import class_order
from sincviz.analysis.doctor.confound_checks import CONFOUND_CHECKS
from sincviz.analysis.doctor.data_checks import DATA_CHECKS, amplitudes_are_off
from sincviz.analysis.doctor.facts import DataFacts, FilterFacts, WeightFacts
from sincviz.analysis.doctor.findings import Finding, findings_table
from sincviz.analysis.doctor.number_checks import NUMBER_CHECKS
from sincviz.analysis.doctor.trial_signals import DRIFT_BELOW_HZ, TrialSignals, standardised, trial_signals
from sincviz.analysis.evidence.numeric_prediction import correlations
from sincviz.analysis.evidence.prediction import chance_of, predictions
from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.filters.drift import cutoff_drift
from sincviz.analysis.filters.overlap import resolvability
from sincviz.analysis.filters.transfer_function import Floats
from sincviz.analysis.labels import decoder_origin
from sincviz.analysis.maps.spatial import spatial_patterns
from sincviz.analysis.maps.unit_importance import has_linear_head, importance
from sincviz.eeg.channel_names import matched_names
from sincviz.errors import EpochsError
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.units import FrontEnd
from sincviz.opening.inputs import network_inputs
from sincviz.preparation.prepared_epochs import size_after
from sincviz.trials.classes import true_classes
from sincviz.trials.epochs import EpochsOrArray, input_batches, is_epochs, ready, some_of, warned_once
from sincviz.trials.moments import Moments, moments_of_filters, moments_of_units, pooled
from sincviz.trials.numeric_targets import Targets, are_numbers
from sincviz.trials.recordings import recording_facts, unapplied_projectors


@shows_progress
def diagnose(
    model: object, epochs: EpochsOrArray | None = None, y: ArrayLike | None = None, *, progress: bool = True
) -> pd.DataFrame:
    """Look for problems that keep a network from being interpreted.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network that maps trials to class scores; problems of filters are looked for where it has a front end.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        Trials; ``None`` looks at the weights alone.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``, and leaves
        the accuracy out for an array.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame
        One row per finding, most severe first; empty if there are none. It prints as sentences.

        ``check``
            A short name: ``not_finite``, ``clamped_at_nyquist``, ``zero_width``, ``duplicates``, ``dead``,
            ``unmoved``, ``unresolvable``, ``batch_norm_momentum``, ``assumed``, ``positions``, ``high_bands``,
            ``channel_types``, ``changing_scores``; with epochs also ``epochs``, ``sampling_rate``, ``scale``,
            ``outlying_trials``, ``flat``, ``bridged``, ``projectors``, ``batch_norm``, ``recording``, ``slow_drift``,
            ``chance``, ``never_answered``, ``class_order``, ``classes``, ``labels_in_blocks``,
            ``label_tied_to_subject`` (``session``, ``run``), ``overlapping_trials``, ``duplicate_trials``,
            ``artefact``; of outputs that are numbers ``targets_drift``, ``targets_in_blocks``,
            ``target_tied_to_subject`` (``session``, ``run``), ``output_scale``.
        ``severity``
            ``"error"``: do not interpret; ``"warning"``: interpret with caution; ``"note"``: good to know.
        ``finding``, ``evidence``, ``remedy``
            What the problem is, the evidence for it, and what to do.
        ``filters``
            The filters concerned, comma-separated; empty if all or none are.

    Raises
    ------
    TypeError
        If this is not a network, or there are neither trials nor filters.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250)
    >>> diagnose(model).check.tolist()
    ['unmoved', 'unresolvable', 'positions']
    """
    network, epochs, y = network_inputs(model, epochs, y)
    table = findings_table(_findings(network, epochs, y))
    table.attrs = decoder_origin(network) | {"with_epochs": str(epochs is not None)}
    return table


def _findings(
    network: FrontEnd | BlackBox, epochs: EpochsOrArray | None, y: ArrayLike | None
) -> Iterator[Finding]:
    broken = list(
        filter_checks.not_finite(network)
        if isinstance(network, FrontEnd)
        else checkpoint_checks.not_finite(network)
    )
    if broken:
        yield from broken
        return
    if epochs is not None and not (isinstance(network, FrontEnd) and not network.traced):
        yield from checkpoint_checks.changing_scores(network, epochs)
    if isinstance(network, FrontEnd):
        weights = WeightFacts(
            front_end=network,
            bands=learned_bands(network),
            resolvability=resolvability(network),
            drift=cutoff_drift(network),
            importance=importance(network) if has_linear_head(network) else None,
        )
        for check in (*filter_checks.FILTER_CHECKS, scalp_checks.high_bands):
            yield from check(weights)
    for of_network in (scalp_checks.positions, trial_checks.channel_types, checkpoint_checks.assumed):
        yield from of_network(network)
    if epochs is not None:
        yield from _findings_in_data(network, epochs, y)


def _findings_in_data(
    network: FrontEnd | BlackBox, epochs: EpochsOrArray, y: ArrayLike | None
) -> Iterator[Finding]:
    assert network.sfreq is not None  # network_inputs
    rate_hz = network.sfreq
    if is_epochs(epochs):
        _, rate_hz = size_after(network.preparation, 1, float(epochs.info["sfreq"]))
    if not np.isclose(rate_hz, network.sfreq, rtol=1e-5):
        yield Finding(
            "sampling_rate",
            "error",
            "The epochs have another sampling rate than the network: its filters would stand for other frequencies.",
            f"{rate_hz:g} Hz here, {network.sfreq:g} Hz in the network.",
            f"`epochs.resample({network.sfreq:g})`.",
        )
        return
    epochs = ready(epochs)
    targets: Targets | None = None
    try:
        targets = true_classes(network, epochs, y)
    except ValueError as error:
        yield Finding(
            "classes",
            "warning",
            "The labels do not fit the network and the trials, so the accuracy was not measured.",
            str(error),
            "Rename them in `epochs.event_id`, keep only trials of the network's classes, set `model.class_names`, or "
            "pass `y`: for each trial a class name or the number of an output.",
        )
    try:
        with warned_once(network, epochs):
            facts = _facts(network, epochs, y, targets)
    except EpochsError as error:
        what, _, advice = str(error).partition(". ")
        yield Finding(
            "epochs",
            "error",
            "The trials do not fit the network, so they were not used.",
            f"{what.removesuffix('.')}.",
            advice or "Pass trials like those that the network was trained on.",
        )
        return
    about_trials = [finding for check in trial_checks.TRIAL_CHECKS for finding in check(facts)]
    findings = [
        finding for check in (*DATA_CHECKS, *CONFOUND_CHECKS, *NUMBER_CHECKS) for finding in check(facts)
    ]
    if any(finding.check == "scale" for finding in findings):
        # In the wrong units no other finding about the network's output is meaningful.
        yield from (finding for finding in findings if finding.check in ("scale", "recording"))
        yield from about_trials
        return
    if trial_checks.is_large(facts.signals).any():
        # A faulty channel shifts the statistics and leads the patterns: neither says more than that.
        findings = [finding for finding in findings if finding.check != "batch_norm"]
    order = list(class_order(facts, {finding.check for finding in findings}))
    # With the classes in another order the accuracy is not that of the network.
    yield from (finding for finding in findings if not (order and finding.check == "chance"))
    yield from order
    yield from about_trials
    if not trial_checks.is_large(facts.signals).any():
        yield from scalp_checks.artefact_channels(facts)


def _facts(
    network: FrontEnd | BlackBox,
    epochs: EpochsOrArray,
    y: ArrayLike | None,
    targets: Targets | None,
) -> DataFacts:
    signals = trial_signals(network, epochs)  # first: it raises if the trials do not fit
    outlying = (trial_checks.times_usual(signals) >= trial_checks.OUTLYING_TIMES).any(1)
    # A single trial a hundred times as large as the others would dominate all findings.
    sound = some_of(epochs, np.flatnonzero(~outlying)) if outlying.any() else epochs
    table = predictions(network, epochs, targets)
    numbers = are_numbers(targets)
    codes = None if targets is None or numbers else np.asarray(targets, np.int64)
    own_names = None
    if is_epochs(epochs) and network.ch_names is not None:
        own_names = list(matched_names(network.ch_names, epochs.ch_names)[0].values())
    return DataFacts(
        network=network,
        filters=_filter_facts(network, sound, signals) if isinstance(network, FrontEnd) else None,
        recording=recording_facts(epochs, network.preparation),
        chance=None if codes is None else chance_of(table),
        correlations=correlations(table) if numbers else None,
        predictions=table,
        signals=signals,
        confusion=None if codes is None else _confusion(codes, signals.scores),
        source="array" if not is_epochs(epochs) else "epochs" if epochs.preload else "file",
        numbered=y is not None and np.issubdtype(np.asarray(y).dtype, np.integer),
        projectors=tuple(unapplied_projectors(epochs, own_names)),
        own_names=own_names,
    )


def _filter_facts(front_end: FrontEnd, epochs: EpochsOrArray, signals: TrialSignals) -> FilterFacts:
    facts = FilterFacts(
        bands=learned_bands(front_end),
        recorded=front_end.recorded,
        of_filters=moments_of_filters(front_end, epochs),
        of_units=moments_of_units(front_end, epochs),
        fast_variance=_fast_variance(front_end, epochs),
        patterns=spatial_patterns(front_end, epochs),
        importance=importance(front_end, epochs) if has_linear_head(front_end) else None,
    )
    if amplitudes_are_off(facts) and (large := trial_checks.is_large(signals)).any():
        # A single channel fifty times as large as the others says nothing about the units of all.
        facts = dataclasses.replace(facts, of_filters=_moments_without(front_end, epochs, large))
    if not amplitudes_are_off(facts):
        return facts
    return dataclasses.replace(facts, of_standardised=_moments_if_standardised(front_end, epochs))


def _confusion(codes: NDArray[np.int64], scores: Floats) -> NDArray[np.int64]:
    """Return how many trials of each class (row) get each answer (column)."""
    counts = np.zeros((scores.shape[1],) * 2, np.int64)
    np.add.at(counts, (codes, scores.argmax(1)), 1)
    return counts


def _moments_if_standardised(front_end: FrontEnd, epochs: EpochsOrArray) -> Moments:
    return pooled(
        [moments_of_filters(front_end, standardised(batch)) for batch in input_batches(front_end, epochs)]
    )


def _moments_without(front_end: FrontEnd, epochs: EpochsOrArray, left_out: NDArray[np.bool_]) -> Moments:
    """Return the moments of the filters' outputs over the other channels."""
    of_batches = []
    for batch in input_batches(front_end, epochs):
        silent = np.where(left_out[:, None], batch.dtype.type(0), batch)
        of_batches.append(moments_of_filters(front_end, silent))
    whole = pooled(of_batches)
    share = float(np.mean(~left_out))
    return dataclasses.replace(whole, mean=whole.mean / share, variance=whole.variance / share)


def _fast_variance(front_end: FrontEnd, epochs: EpochsOrArray) -> Floats:
    """Return the variance of each filter's output after removing slow cosines and the constant from each trial."""
    of_batches = []
    for batch in input_batches(front_end, epochs):
        # Cosines need not be periodic: unlike in a Fourier transform, drift does not leak into higher frequencies.
        n_slow = int(np.ceil(2 * batch.shape[2] * DRIFT_BELOW_HZ / front_end.sfreq))
        cosines = scipy.fft.dct(batch, norm="ortho")
        cosines[..., :n_slow] = 0
        fast = moments_of_filters(front_end, scipy.fft.idct(cosines, norm="ortho"))
        of_batches.append((fast.count, fast.variance.cpu().numpy()))
    count, variance = zip(*of_batches, strict=True)
    return np.average(variance, axis=0, weights=count)
