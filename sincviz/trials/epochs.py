"""Epochs prepared for a network: its channels in their order, its units, its classes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, Union

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.progress import followed
from sincviz._utils.text import listed
from sincviz.eeg.channel_names import matched_names, other_spellings, spelled
from sincviz.eeg.channel_types import UNTYPED, other_types, refusal
from sincviz.errors import EpochsError, warn
from sincviz.networks.decoder import Decoder
from sincviz.networks.decoder import decoder as decoder_of
from sincviz.preparation.alignment import alignment_matrix, mean_covariance
from sincviz.preparation.prepared_epochs import (
    alignment_in,
    people_of,
    prepared_trials,
    reference_channels,
    size_after,
)
from sincviz.trials.missing_channels import missing_words
from sincviz.trials.nameless import nameless_message
from sincviz.trials.shapes import check_shape
from sincviz.trials.values import UNITS, not_finite_message, units_message

if TYPE_CHECKING:
    import mne

_AT_ONCE = 64
"""Trials that are read at once."""

_BADS = "Channels marked as bad are used"
_DROPPED = "Channels that the network does not have are dropped"
_UNTYPED = "Channels without a type are assumed to be EEG"
_SPELLED = "Channels are matched under another spelling"

EpochsOrArray: TypeAlias = Union["mne.BaseEpochs", ArrayLike]


def is_epochs(data: object) -> TypeGuard[Any]:
    """Return whether this is ``mne.Epochs`` and not an array."""
    import mne

    return isinstance(data, mne.BaseEpochs)


def gathered(data: "EpochsOrArray") -> "EpochsOrArray":
    """Return all trials together: epochs loaded and with rejections applied, arrays unchanged.

    A list of epochs, as made by scikit-learn's cross-validation, is concatenated.

    Raises
    ------
    EpochsError
        If no trial is left.
    """
    import mne

    if isinstance(data, list | tuple) and data and all(is_epochs(part) for part in data):
        data = mne.concatenate_epochs([part.copy().load_data() for part in data], verbose="error")
    if not is_epochs(data):
        return data
    if not data.preload:
        data = data.copy().load_data()
    _check_some(data)
    return data


def n_trials_of(epochs: "EpochsOrArray") -> int:
    """Return the number of trials; rejections of epochs on disk must have been applied."""
    return len(epochs) if is_epochs(epochs) else len(np.atleast_1d(np.asarray(epochs)))


def some_of(epochs: "EpochsOrArray", chosen: slice | NDArray[np.int64]) -> "EpochsOrArray":
    """Return the trials of these numbers, in this order."""
    return epochs[chosen] if is_epochs(epochs) else np.asarray(epochs)[chosen]


def ready(epochs: "EpochsOrArray") -> "EpochsOrArray":
    """Return trials that can be counted: bad epochs on disk are dropped, without loading any."""
    if isinstance(epochs, list | tuple) and epochs and all(is_epochs(part) for part in epochs):
        return gathered(epochs)
    if is_epochs(epochs) and not epochs.preload:
        epochs = epochs.copy()
        epochs.drop_bad(verbose="error")
    return epochs


def sampling_rate(known_hz: float | None, epochs: "EpochsOrArray", sfreq: float | None) -> tuple[float, str]:
    """Return the sampling rate, 1 if unknown, and the unit of frequencies."""
    if sfreq is not None and not 0 < sfreq < np.inf:
        raise ValueError(f"`sfreq` must be a positive number of Hz; got {sfreq}.")
    rates = [sfreq, known_hz, epochs.info["sfreq"] if is_epochs(epochs) else None]
    given = [float(rate) for rate in rates if rate is not None]
    return (given[0], "Hz") if given else (1.0, "cycles per sample")


def sampling_rate_hz(known_hz: float | None, epochs: "EpochsOrArray", sfreq: float | None) -> float:
    """Return the sampling rate in Hz.

    Raises
    ------
    ValueError
        If it is not known.
    """
    rate_hz, unit = sampling_rate(known_hz, epochs, sfreq)
    if unit != "Hz":
        raise ValueError("The sampling rate is not known, so there are no bands in Hz. Pass `sfreq`.")
    return rate_hz


def _check_some(epochs: "mne.BaseEpochs") -> None:
    if len(epochs) == 0:
        raise EpochsError(
            "There are no trials: all were rejected, or none was selected. See `epochs.drop_log`."
        )


def network_input(model: object, epochs: "EpochsOrArray") -> NDArray[Any]:
    """Return trials in the network's channels, order and units, after its preparation.

    Parameters
    ----------
    model : SincShallowNet | FrontEnd | classifier | torch.nn.Module
        Any network that :func:`sincviz.networks.decoder.decoder` takes.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials in volts as in MNE, or an array in the network's units, which is used as it is. Epochs go through the
        ``preparation`` of the network; an alignment takes all trials of a person that are passed here.

    Returns
    -------
    numpy.ndarray, shape (trials, n_chans, n_times)
        In the network's precision.

    Raises
    ------
    EpochsError
        If a channel is missing or not EEG, sampling rate or length differ, values are not finite, or the network's
        units are unknown.

    Warns
    -----
    RuntimeWarning
        If channels that the network does not have are dropped, if channels that are marked as bad or have no type
        are used, or if the values look as if they were in other units.
    """
    decoder, epochs = decoder_of(model), gathered(epochs)
    picks = _checked_picks(decoder, epochs) if is_epochs(epochs) else []
    matrices = _alignment(decoder, epochs, picks)
    return _trials(decoder, epochs, picks, slice(None), matrices, first=0)


def input_batches(model: object, epochs: "EpochsOrArray", batch_size: int = 64) -> Iterator[NDArray[Any]]:
    """Yield what :func:`network_input` returns in batches; only one batch of epochs on disk is in memory.

    Parameters
    ----------
    model : SincShallowNet | FrontEnd | classifier | torch.nn.Module
        Any network that :func:`sincviz.networks.decoder.decoder` takes.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, as for :func:`network_input`.
    batch_size : int
        Maximum number of trials in a batch.

    Yields
    ------
    numpy.ndarray, shape (trials of the batch, n_chans, n_times)
        In the order of the trials.

    Raises
    ------
    EpochsError
        As for :func:`network_input`; epochs are checked before the first batch, values batch by batch.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> [len(batch) for batch in input_batches(model, np.zeros((100, 3, 256)))]
    [64, 36]
    """
    decoder = decoder_of(model)
    picks: list[int] = []
    epochs = ready(epochs)
    if is_epochs(epochs):
        _check_some(epochs)
        picks = _checked_picks(decoder, epochs)
    else:
        epochs = np.asarray(epochs)
        check_shape(epochs.shape, decoder.n_chans, decoder.n_times)
    matrices = _alignment(decoder, epochs, picks)
    starts = range(0, len(epochs), batch_size)
    for start in followed(starts, "Reading trials", "batch"):
        yield _trials(decoder, epochs, picks, slice(start, start + batch_size), matrices, first=start)


def person_alignment(model: object, epochs: "mne.BaseEpochs") -> NDArray[np.float64]:
    """Return the matrix that aligns the trials of one person, shape (channels, channels), in the network's channels.

    Raises
    ------
    EpochsError
        If they are of several people.
    """
    decoder = decoder_of(model)
    epochs = ready(epochs)
    picks = _checked_picks(decoder, epochs)
    matrices = _alignment(decoder, epochs, picks)
    if len(matrices) > 1:
        alignment = alignment_in(decoder.preparation)
        column = "subject" if alignment is None else alignment.groups
        people = listed(sorted(matrices))
        raise EpochsError(
            f"This network aligns the trials of each person, so it is read for one person at a time; these trials are "
            f"of {len(matrices)} people: {people}. Pass those of one, `epochs[epochs.metadata[{column!r}].astype(str) "
            f"== {min(matrices)!r}]`, or read many people with `sincviz.group`."
        )
    return next(iter(matrices.values()))


@contextmanager
def warned_once(model: object, epochs: "EpochsOrArray") -> Iterator[None]:
    """Issue warnings about epochs once, and not again inside the block, however often they are read.

    Units that look wrong are not warned about here: the doctor reports them as a finding.
    """
    if is_epochs(epochs):
        _checked_picks(decoder_of(model), epochs)
    with warnings.catch_warnings():
        for beginning in (f"{_DROPPED}: ", f"{_BADS}: ", f"{_UNTYPED}: ", f"{_SPELLED}: ", UNITS):
            warnings.filterwarnings("ignore", beginning, RuntimeWarning)
        yield


def _alignment(decoder: Decoder, epochs: Any, picks: list[int]) -> dict[str, NDArray[np.float64]]:
    """Return the matrix of each person whose trials these are; none if the network does not align epochs."""
    alignment = alignment_in(decoder.preparation)
    if alignment is None or not is_epochs(epochs):
        return {}
    people = people_of(epochs, alignment)
    matrices = {}
    for person in np.unique(people):
        own = np.flatnonzero(people == person)
        batches = (
            _prepared(decoder, epochs, picks, own[start : start + _AT_ONCE])
            for start in range(0, len(own), _AT_ONCE)
        )
        covariance = mean_covariance(batches)
        if not np.isfinite(covariance).all():
            raise _not_finite(decoder, epochs, picks)
        matrices[str(person)] = alignment_matrix(covariance)
    return matrices


def _trials(
    decoder: Decoder,
    epochs: Any,
    picks: list[int],
    which: slice,
    matrices: dict[str, NDArray[np.float64]],
    *,
    first: int,
) -> NDArray[Any]:
    trials = _values(decoder, epochs, picks, which)
    if not is_epochs(epochs):
        check_shape(trials.shape, decoder.n_chans, decoder.n_times)
    if not np.isfinite(trials).all():
        raise _not_finite(decoder, epochs, picks)
    if first == 0:
        size = float(np.median(np.std(trials, axis=2, dtype=float)))
        message = units_message(size, decoder.units_per_volt, in_epochs=is_epochs(epochs))
        if message is not None:
            warn(message)
    if is_epochs(epochs) and decoder.preparation:
        trials = _prepared(decoder, epochs, picks, which)
        alignment = alignment_in(decoder.preparation)
        if alignment is not None:
            people = people_of(epochs, alignment)[which]
            of_trials = np.stack([matrices[str(person)] for person in people])
            trials = (of_trials @ trials).astype(trials.dtype)
    return _checked(trials, decoder)


def _prepared(decoder: Decoder, epochs: Any, picks: list[int], which: Any) -> NDArray[Any]:
    """Return trials of these epochs after every step of the network's preparation but its alignment."""
    names = [epochs.ch_names[pick] for pick in picks]
    wanted = reference_channels(decoder.preparation)
    matched, _ = matched_names(wanted, epochs.ch_names)
    if absent := [name for name in wanted if name not in matched]:
        raise EpochsError(
            f"The network's trials are referenced to {listed(absent)}, which the epochs do not have. They have: "
            f"{listed(epochs.ch_names)}."
        )
    # Under the names of the network, as its preparation has them.
    own = dict(zip(names, decoder.ch_names or names, strict=True))
    of_epochs = {matched[name]: name for name in wanted if matched[name] not in names}
    places = picks + [epochs.ch_names.index(name) for name in of_epochs]
    called = [*own.values(), *of_epochs.values()]
    renamed = {matched[name]: name for name in wanted}
    called = [renamed.get(name, other) for name, other in zip([*names, *of_epochs], called, strict=True)]
    info = epochs.info
    trials = prepared_trials(
        _values(decoder, epochs, places, which, np.float64),
        decoder.preparation,
        sfreq=float(info["sfreq"]),
        ch_names=called,
        averaged=called[: len(picks)],
        highpass=float(info["highpass"]),
        lowpass=float(info["lowpass"]),
    )
    return trials[:, : len(picks)].astype(_precision(decoder))


def _not_finite(decoder: Decoder, epochs: Any, picks: list[int]) -> EpochsError:
    finite = _where_finite(decoder, epochs, picks)
    names = [epochs.ch_names[pick] for pick in picks] if is_epochs(epochs) else decoder.ch_names
    return EpochsError(not_finite_message(finite, names, in_epochs=is_epochs(epochs)))


def _where_finite(decoder: Decoder, epochs: Any, picks: list[int], batch_size: int = 64) -> NDArray[np.bool_]:
    """Return in which channels of which trials all values are finite, shape (trials, channels)."""
    batches = [slice(start, start + batch_size) for start in range(0, n_trials_of(epochs), batch_size)]
    return np.concatenate([np.isfinite(_values(decoder, epochs, picks, which)).all(2) for which in batches])


def _precision(decoder: Decoder) -> type[np.floating]:
    return np.float64 if decoder.dtype == torch.float64 else np.float32


def _values(
    decoder: Decoder, epochs: Any, picks: list[int], which: Any, precision: type[np.floating] | None = None
) -> NDArray[Any]:
    """Return trials in the network's units, before its preparation."""
    precision = _precision(decoder) if precision is None else precision
    if not is_epochs(epochs):
        return np.asarray(epochs[which], precision)
    if decoder.units_per_volt is None:
        raise EpochsError(
            "Epochs are in volts, but the units in which this network was trained are not known. Set them: "
            "`model = sincviz.network(model, scale=1e6)` if it was trained in microvolts."
        )
    data = epochs.get_data(picks=picks, item=which, copy=False, verbose="error") * decoder.units_per_volt
    values: NDArray[Any] = data.astype(precision)
    return values


def _checked_picks(decoder: Decoder, epochs: "mne.BaseEpochs") -> list[int]:
    _check_sampling(decoder, epochs)
    picks = _picks(decoder, epochs)
    bads = [name for name in epochs.info["bads"] if epochs.ch_names.index(name) in picks]
    if bads:
        warn(f"{_BADS}: {listed(bads)}.")
    return picks


def _picks(decoder: Decoder, epochs: "mne.BaseEpochs") -> list[int]:
    if decoder.ch_names is None:
        raise EpochsError(nameless_message(decoder, epochs))
    matched, _ = matched_names(decoder.ch_names, epochs.ch_names)
    if len(matched) < len(decoder.ch_names):
        raise EpochsError(missing_words(decoder.ch_names, epochs))
    renamed = other_spellings(matched)
    if renamed:
        warn(f"{_SPELLED}: {spelled(renamed)}.")
    types = other_types(epochs, matched, decoder.chs_info)
    untyped = [name for name, kind in types.items() if kind == UNTYPED]
    if len(untyped) < len(types):
        raise EpochsError(refusal({name: kind for name, kind in types.items() if kind != UNTYPED}))
    if untyped:
        warn(f"{_UNTYPED}: {listed(untyped)}.")
    places = {name: index for index, name in enumerate(epochs.ch_names)}
    surplus = sorted(set(places) - set(matched.values()), key=places.__getitem__)
    if surplus:
        warn(f"{_DROPPED}: {listed(surplus)}.")
    return [places[matched_name] for matched_name in matched.values()]


def _check_sampling(decoder: Decoder, epochs: "mne.BaseEpochs") -> None:
    n_times, sfreq = size_after(decoder.preparation, len(epochs.times), float(epochs.info["sfreq"]))
    if decoder.sfreq is not None and not np.isclose(sfreq, decoder.sfreq, rtol=1e-5):
        if sfreq != float(epochs.info["sfreq"]):
            raise EpochsError(
                f"The network's preparation resamples trials to {sfreq:g} Hz, but the network expects "
                f"{decoder.sfreq:g} Hz. Correct it: `sincviz.preparation.Resample({decoder.sfreq:g})`."
            )
        raise EpochsError(
            f"The epochs are sampled at {sfreq:g} Hz, but the network expects {decoder.sfreq:g} Hz. "
            f"Try `epochs.resample({decoder.sfreq:g})`."
        )
    if decoder.n_times is not None and n_times != decoder.n_times:
        # The last sample that is left at the rate of the epochs, if the network's preparation changes it.
        end = f"{epochs.tmin + (decoder.n_times - 1) / sfreq:.6g}"
        longer = n_times > decoder.n_times
        resampled = "" if sfreq == float(epochs.info["sfreq"]) else f" at {sfreq:g} Hz"
        raise EpochsError(
            f"The epochs have {n_times} samples{resampled}, but the network takes {decoder.n_times} "
            f"({decoder.n_times / sfreq:g} s). "
            + (
                f"Try `epochs.crop(tmax={end})`, or another such window."
                if longer
                else f"Cut longer ones from the recording, for example with `tmin={epochs.tmin:g}, tmax={end}`."
            )
        )


def _checked(trials: NDArray[Any], decoder: Decoder) -> NDArray[Any]:
    check_shape(trials.shape, decoder.n_chans, decoder.n_times)
    # The layout in memory decides the last bits of what the network computes.
    return np.require(trials, requirements=["C", "W"])
