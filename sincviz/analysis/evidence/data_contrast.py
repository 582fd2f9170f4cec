"""Data contrasts without the network: power differences between classes, and how well simple decoders do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.accuracy import ALPHA, chance_test
from sincviz.analysis.attribution.spectral_shares import bin_weights
from sincviz.analysis.evidence.band_replacement import in_bands
from sincviz.analysis.labels import channel_coords, class_labels, decoder_origin
from sincviz.analysis.statistics.exchangeability import exchangeable_trials, structure_of
from sincviz.analysis.statistics.two_classes import first_of_two
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS, checked_bands
from sincviz.networks.decoder import Decoder
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import class_trials, labelled_trials
from sincviz.trials.epochs import EpochsOrArray, sampling_rate_hz
from sincviz.trials.numeric_targets import are_numbers, standardised_targets

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CSP_BAND_HZ = (8.0, 30.0)
_EFFECT = "pooled standard deviations of log power"


def band_power_contrast(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    sfreq: float | None = None,
) -> xr.DataArray:
    """Return how the power in each band of each channel differs between a class and the others.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Used only for the channels, their order, and the classes.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers (see :func:`sincviz.network`), what each should be, shape (trials,) or (trials, outputs).
    bands : mapping of str to (float, float) | None
        Bands in Hz, low included, high excluded; ``None`` means delta to gamma.
    sfreq : float | None
        Sampling rate in Hz, if neither the network nor the epochs know it.

    Returns
    -------
    xarray.DataArray, dims (target, band, channel)
        Mean logarithm of the power in the trials of the class minus that in the others, over the pooled standard
        deviation (Cohen's d); of two classes one target, first minus second; of outputs that are numbers Pearson's
        correlation between the logarithm of the power and the target. A band without frequencies is NaN.
        Limits of bands are the coordinates ``band_low_hz`` and ``band_high_hz``.

    Raises
    ------
    ValueError
        If the classes or the sampling rate are unknown.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> x = np.random.default_rng(0).standard_normal((40, 3, 256))
    >>> x[:20, 1] *= 3  # the first class is louder in the second channel
    >>> contrast = band_power_contrast(model, x, [0] * 20 + [1] * 20)
    >>> contrast.sel(target="class 0 against class 1", band="alpha").idxmax().item()
    '1'
    """
    network, epochs, y = analysis_inputs(model, epochs, y)
    x, codes = labelled_trials(network, epochs, y)
    rate_hz = sampling_rate_hz(network.sfreq, epochs, sfreq)
    chosen = checked_bands(bands)
    power = np.abs(np.fft.rfft(x)) ** 2 * bin_weights(x.shape[2]).numpy()
    members = in_bands(list(chosen.values()), x.shape[2], rate_hz).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        # (trials, bands, channels)
        log_power = np.log(np.einsum("bk,tck->tbc", members, power))
        if are_numbers(codes):
            n_classes, units = codes.shape[1], "correlation of log power with the target"
            effect_sizes = _correlations(log_power, codes)
        else:
            n_classes, units = max(int(codes.max()) + 1, network.n_outputs or 0), _EFFECT
            effect_sizes = np.stack([_cohens_d(log_power, codes == code) for code in range(n_classes)])
    coords = channel_coords(network, x.shape[1]) | {
        "target": class_labels(network, n_classes),
        "band": list(chosen),
    }
    attrs = decoder_origin(network) | {
        "units": units,
        "trials": "contrast",
        "n_trials": len(x),
    }
    contrast = xr.DataArray(effect_sizes, coords, ("target", "band", "channel"), "band_power_contrast", attrs)
    return with_band_limits(first_of_two(contrast), chosen)


@shows_progress
def csp_accuracy(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    band_hz: tuple[float, float] = CSP_BAND_HZ,
    n_components: int = 6,
    n_folds: int = 5,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> pd.Series:
    """Return how well common spatial patterns and a linear discriminant decode the same trials.

    A baseline without a network: filter, CSP, log power and LDA, cross-validated on these trials. No subject (if there
    are several), block or stretch of signal is in training and test set at once, so what is specific to them is not
    learned.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Used only for the channels, their order, and the classes.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    band_hz : (float, float)
        Passband of the filter.
    n_components : int
        Spatial patterns; at most the number of channels.
    n_folds : int
        Largest number of cross-validation folds, trials shuffled within class; fewer if a class has fewer subjects or
        blocks.
    sfreq : float | None
        Sampling rate in Hz, if neither the network nor the epochs know it.
    seed : int
        Seed of the folds.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.Series
        ``n_folds``, ``kept_apart`` (what no fold splits: ``"subject"``, ``"block"``, ``"stretch of signal"``,
        ``"trial"``), and the results of :func:`sincviz.analysis.accuracy.chance_test`: ``accuracy``,
        ``accuracy_ci_low``, ``accuracy_ci_high``, ``balanced_accuracy``, ``chance_level``, ``p``, ``above_chance`` ...
        Accuracies are those of all folds. ``p`` comes from two halves: decoders are fitted on one and tested on the
        other by permutation, both ways, and ``p`` is twice the mean of the two [1]_, because decoders of more folds
        share trials, which a permutation of their answers does not account for. Folds and halves keep blocks apart, so
        labels in blocks do not leave the verdict open here.

    Raises
    ------
    ValueError
        If the classes are unknown, a class has fewer trials than folds or is in one subject or block only, or the
        sampling rate is unknown.
    EpochsError
        If the epochs do not fit the network.

    References
    ----------
    .. [1] Vovk, V., & Wang, R. (2020). Combining p-values via averaging. Biometrika, 107, 791-808.

    Examples
    --------
    >>> from sincviz import SincShallowNet, datasets
    >>> epochs, _ = datasets.simulate_motor_imagery(80, n_chans=16, sfreq=128, duration=2.0, seed=0)
    >>> model = SincShallowNet(n_outputs=2, n_times=len(epochs.times), sfreq=128, chs_info=epochs.info["chs"])
    >>> model.class_names, model.scale = ["left", "right"], 1e6
    >>> bool(csp_accuracy(model, epochs, progress=False)["above_chance"])
    True
    """
    import mne
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline

    network, x, codes, rate_hz = _trials(model, epochs, y, sfreq)
    if not 0 <= band_hz[0] < band_hz[1] < rate_hz / 2:
        raise ValueError(
            f"`band_hz` must be two increasing frequencies below {rate_hz / 2:g} Hz; got {band_hz}. Try (8, 30)."
        )
    seed = checked_seed(seed)
    structure = structure_of(network, epochs, x).drop(columns="new_in", errors="ignore")
    _check_folds(network, codes, n_folds)
    filtered = mne.filter.filter_data(x.astype(np.float64), rate_hz, *band_hz, verbose="error")
    pipeline = make_pipeline(
        mne.decoding.CSP(min(n_components, x.shape[1]), reg="ledoit_wolf", log=True),
        LinearDiscriminantAnalysis(),
    )
    return _cross_validated(pipeline, filtered, codes, structure, n_folds, seed).rename("csp")


def yardstick_accuracies(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    n_folds: int = 5,
    sfreq: float | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how well simple decoders classify the same trials, without the network.

    A network that classifies trials that none of them can classify may have memorised them.

    Parameters
    ----------
    model, epochs, y, n_folds, sfreq, seed
        As for :func:`csp_accuracy`.

    Returns
    -------
    pandas.DataFrame
        Index ``decoder``: ``"common spatial patterns"`` (8–30 Hz), ``"power of bands"`` (logarithm of the power in each
        band of each channel) and ``"evoked response"`` (means over tenths of the trial), the last two with a shrunken
        linear discriminant; columns as in :func:`csp_accuracy`.

    Raises
    ------
    ValueError, EpochsError
        As for :func:`csp_accuracy`.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> codes = np.random.default_rng(0).permutation(np.repeat([0, 1], 20))
    >>> x = np.random.default_rng(1).standard_normal((40, 3, 256))
    >>> x[codes == 1, 2, 100:160] += 1.5  # an evoked response
    >>> yardstick_accuracies(model, x, codes).above_chance.to_dict()["evoked response"]
    'yes'
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network, x, codes, rate_hz = _trials(model, epochs, y, sfreq)
    structure = structure_of(network, epochs, x).drop(columns="new_in", errors="ignore")
    _check_folds(network, codes, n_folds)
    power = np.abs(np.fft.rfft(x)) ** 2
    limits = [(0.0, min(RHYTHMS.values())[0]), *RHYTHMS.values()]
    members = in_bands(limits, x.shape[2], rate_hz)
    members = members[members.any(1)].astype(float)
    of_bands = np.log(np.einsum("bk,tck->tbc", members, power) + np.finfo(float).tiny)
    evoked = np.stack([part.mean(2) for part in np.array_split(x, min(10, x.shape[2]), axis=2)], 1)
    pipeline = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    rows = {
        "common spatial patterns": csp_accuracy(
            network, epochs, codes, n_folds=n_folds, sfreq=rate_hz, seed=seed
        )
    }
    for name, features in (("power of bands", of_bands), ("evoked response", evoked)):
        flat = features.reshape(len(x), -1).astype(np.float64)
        rows[name] = _cross_validated(pipeline, flat, codes, structure, n_folds, seed)
    return pd.DataFrame(rows).T.rename_axis("decoder")


def _check_folds(network: Decoder, codes: NDArray[np.int64], n_folds: int) -> None:
    present, counts = np.unique(codes, return_counts=True)
    positive_int("n_folds", n_folds, minimum=2)
    if len(present) < 2 or counts.min() < n_folds:
        names = class_labels(network, max(int(codes.max()) + 1, network.n_outputs or 0))
        got = ", ".join(f"{names[code]}: {count}" for code, count in zip(present, counts, strict=True))
        way_out = "Try a smaller `n_folds`." if len(present) > 1 and counts.min() > 1 else "Pass more trials."
        raise ValueError(
            f"Cross-validation with {n_folds} folds needs two classes with at least {n_folds} trials each; got "
            f"{got}. {way_out}"
        )


def _cross_validated(
    pipeline: "Pipeline",
    features: NDArray[np.floating],
    codes: NDArray[np.int64],
    structure: pd.DataFrame,
    n_folds: int,
    seed: int,
) -> "pd.Series[Any]":
    """Return the accuracy of a decoder, with each subject, block and stretch of signal in one fold."""
    import mne
    from sklearn.model_selection import StratifiedGroupKFold

    present = np.unique(codes)
    groups, kept_apart = _groups_of_folds(structure, codes)
    n_folds = min(n_folds, *(len(np.unique(groups[codes == code])) for code in present))
    if n_folds < 2:
        several = {"stretch of signal": "stretches of signal"}.get(kept_apart, f"{kept_apart}s")
        raise ValueError(
            f"Cross-validation needs trials of each class in two or more {several}, but one class is in a single one. "
            f"Pass trials of further {several}."
        )
    labels = np.searchsorted(present, codes)
    structure = structure.assign(new_in="subject")  # every trial is new to the decoder of its fold

    def answers(n_parts: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """Yield the trials of each part, with the scores of a decoder fitted to the other parts."""
        splits = StratifiedGroupKFold(n_parts, shuffle=True, random_state=seed).split(features, codes, groups)
        for train, test in splits:
            scores = np.full((len(test), len(present)), -np.inf)
            with mne.utils.use_log_level("error"):
                pipeline.fit(features[train], labels[train])
                scores[:, pipeline.classes_] = pipeline.predict_log_proba(features[test])
            yield test, scores

    scores = np.empty((len(codes), len(present)))
    for test, of_fold in followed(answers(n_folds), "Cross-validating", "fold", n_folds):
        scores[test] = of_fold
    measures = chance_test(labels, scores, structure) | {"n_folds": n_folds, "kept_apart": kept_apart}
    measures["p"] = measures["p_over_units"] = p = _twice_the_mean(
        [chance_test(labels[test], of_half, structure.iloc[test])["p"] for test, of_half in answers(2)]
    )
    if not measures["unknown_because"]:
        measures["above_chance"] = "unknown" if np.isnan(p) else "yes" if p < ALPHA else "no"
        measures["unknown_because"] = "few_trials" if np.isnan(p) else ""
    return pd.Series(measures)


def _twice_the_mean(p: Sequence[float]) -> float:
    """Return a valid p-value from p-values with any dependence (Vovk and Wang, 2020)."""
    return float(np.minimum(1.0, 2 * np.mean(p)))


def _groups_of_folds(structure: pd.DataFrame, codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], str]:
    """Return what no fold may split: subjects if there are several, else units of exchangeable trials."""
    if "subject" in structure and len(structure["subject"].unique()) > 1:
        return pd.factorize(structure["subject"])[0], "subject"
    trials = exchangeable_trials(structure, codes)
    return trials["unit"].to_numpy(), str(trials.attrs["unit"])


def _trials(
    model: object, epochs: EpochsOrArray, y: ArrayLike | None, sfreq: float | None
) -> tuple[Decoder, NDArray[np.floating], NDArray[np.int64], float]:
    network, epochs, y = analysis_inputs(model, epochs, y)
    x, codes = class_trials(network, epochs, y)
    return network, x, codes, sampling_rate_hz(network.sfreq, epochs, sfreq)


def _correlations(values: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of each value, shape (trials, ...), with each target, shape (outputs, ...)."""
    standardised = (values - values.mean(0)) / values.std(0)
    r: NDArray[np.float64] = np.tensordot(standardised_targets(targets), standardised, (0, 0)) / len(values)
    return r


def _cohens_d(values: NDArray[np.float64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the difference of means over the pooled standard deviation; NaN without two groups."""
    if members.sum() < 2 or (~members).sum() < 2:
        return np.full(values.shape[1:], np.nan)
    one, other = values[members], values[~members]
    squares = ((one - one.mean(0)) ** 2).sum(0) + ((other - other.mean(0)) ** 2).sum(0)
    d: NDArray[np.float64] = (one.mean(0) - other.mean(0)) / np.sqrt(squares / (len(values) - 2))
    return d
