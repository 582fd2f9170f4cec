"""Edited predictions: what a network says if its filters or its input are changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Integral

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sincviz._utils.progress import shows_progress
from sincviz._utils.text import listed
from sincviz.analysis.evidence.band_replacement import in_bands
from sincviz.analysis.evidence.prediction import predictions
from sincviz.analysis.labels import channel_coords
from sincviz.eeg.band_limits import ranges_of
from sincviz.eeg.bands import RHYTHMS, are_two_numbers, checked_bands
from sincviz.networks.front_ends import FrontEnd
from sincviz.opening.inputs import front_end_inputs
from sincviz.trials.epochs import EpochsOrArray

Band = str | tuple[float, float]


@shows_progress
def edited_predictions(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    cutoffs: Mapping[int, tuple[float, float]] | None = None,
    muted_filters: Sequence[int] = (),
    muted_bands: Sequence[Band] = (),
    muted_channels: Sequence[str] = (),
    progress: bool = True,
) -> pd.DataFrame:
    """Return the predictions of a network with other cut-offs, or without filters, bands or channels.

    Muted input is unlike any that the network has seen: it may then assign all trials to one class. What a decision
    loses without a band is measured by :func:`ablate`.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters; it is not changed.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    cutoffs : mapping of int to (float, float) | None
        Low and high cut-off in Hz of some filters, by number. All kernels are divided by their common standard
        deviation, so one change rescales all filters.
    muted_filters : sequence of int
        Filters whose output is zero.
    muted_bands : sequence of str or (float, float)
        Bands of the trials that are removed from all channels: delta to gamma, ``"other"`` (what none of these covers),
        or limits in Hz, low included, high excluded.
    muted_channels : sequence of str
        Channels that are zero, by name; by number (as text) if they have no names.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame
        As :func:`predictions` returns it.

    Raises
    ------
    TypeError
        If the network is unknown.
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If a filter, band or channel is unknown, cut-offs are not two frequencies in order up to half the sampling rate,
        or the network's filters have none.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> trials = np.random.default_rng(0).standard_normal((4, 3, 256))
    >>> edited = edited_predictions(model, trials, [0, 1, 0, 1], cutoffs={7: (8, 12)}, muted_bands=["delta"])
    >>> edited.columns.tolist()
    ['true', 'predicted', 'correct', 'score_0', 'score_1']
    """
    front_end, epochs, y = front_end_inputs(model, epochs, y)
    edited = edited_front_end(
        front_end,
        cutoffs={} if cutoffs is None else cutoffs,
        muted_filters=muted_filters,
        muted_bands=muted_bands,
        muted_channels=muted_channels,
    )
    return predictions(edited, epochs, y, progress=progress)


@dataclass(frozen=True, eq=False, repr=False)
class BandStopped(FrontEnd):
    """A front end that hears its trials without some bands.

    Attributes
    ----------
    stopped_hz : tuple of (float, float)
        Low (included) and high (excluded) limits in Hz.
    """

    stopped_hz: tuple[tuple[float, float], ...] = ()

    def maps(self, x: Tensor) -> Tensor:
        """Return the pre-activation maps of trials (batch, channels, times) without these bands."""
        kept = ~in_bands(self.stopped_hz, x.shape[-1], self.sfreq).any(0)
        spectrum = torch.fft.rfft(x) * torch.from_numpy(kept).to(x.device)
        return super().maps(torch.fft.irfft(spectrum, x.shape[-1]))


def edited_front_end(
    front_end: FrontEnd,
    *,
    cutoffs: Mapping[int, tuple[float, float]],
    muted_filters: Sequence[int] = (),
    muted_bands: Sequence[Band] = (),
    muted_channels: Sequence[str] = (),
) -> FrontEnd:
    """Return a front end with these changes; see :func:`edited_predictions`."""
    for name, value, example in (
        ("muted_filters", muted_filters, "[3]"),
        ("muted_bands", muted_bands, "['alpha']"),
        ("muted_channels", muted_channels, "['C3']"),
    ):
        if isinstance(value, str) or not isinstance(value, Collection):
            tried = [value] if isinstance(value, str | int) else example
            raise ValueError(f"`{name}` must be a list; got {value!r}. Try {tried}.")
    if not isinstance(cutoffs, Mapping):
        raise ValueError(f"`cutoffs` must be a dictionary; got {cutoffs!r}. Try {{3: (8, 12)}}.")
    filters = _filter_numbers(front_end, [*cutoffs, *muted_filters])
    kernels, spatial = front_end.kernels, front_end.spatial
    limits = front_end.cutoffs
    if cutoffs:
        limits = _cutoffs(front_end, cutoffs)
        assert front_end.sinc_layer is not None  # _cutoffs
        kernels = front_end.sinc_layer.kernels_of(limits).to(kernels)
    if len(muted_filters):
        kernels = kernels.clone()
        kernels[filters[len(cutoffs) :]] = 0
    if len(muted_channels):
        spatial = spatial.clone()
        spatial[..., _channel_numbers(front_end, muted_channels)] = 0
    edited = replace(front_end, kernels=kernels, spatial=spatial, cutoffs=limits)
    stopped = tuple(limit for band in muted_bands for limit in _ranges(band))
    if not stopped:
        return edited
    return BandStopped(
        **{one.name: getattr(edited, one.name) for one in fields(FrontEnd)}, stopped_hz=stopped
    )


def _filter_numbers(front_end: FrontEnd, numbers: Sequence[int]) -> NDArray[np.int64]:
    n_filters = len(front_end.kernels)
    # A mask would pass for the numbers 0 and 1.
    if wrong := [one for one in numbers if not _is_number(one) or not 0 <= one < n_filters]:
        shown = listed([repr(one) if isinstance(one, str | bool) else one for one in wrong])
        raise ValueError(f"Filters are numbered from 0 to {n_filters - 1}; got {shown}.")
    return np.array(numbers, np.int64)


def _is_number(one: object) -> bool:
    return isinstance(one, Integral) and not isinstance(one, bool)


def _cutoffs(front_end: FrontEnd, changes: Mapping[int, tuple[float, float]]) -> Tensor:
    if front_end.sinc_layer is None or front_end.cutoffs is None:
        raise ValueError("The filters of this network have no cut-offs to change: their kernels are free.")
    nyquist = front_end.sfreq / 2
    limits = front_end.cutoffs.clone()
    for number, pair in changes.items():
        if not are_two_numbers(pair) or not 0 <= pair[0] <= pair[1] <= nyquist:
            raise ValueError(
                f"Cut-offs must be two frequencies from 0 to {nyquist:g} Hz, the first not above the second; got "
                f"{pair!r} for filter {number}. Try (8, 12)."
            )
        limits[number] = torch.tensor(pair).to(limits)
    return limits


def _ranges(band: Band) -> tuple[tuple[float, float], ...]:
    """Return what a band covers, in Hz."""
    if isinstance(band, str):
        known = ranges_of(RHYTHMS)
        if band not in known:
            raise ValueError(f"Bands are {', '.join(known)}, or limits in Hz such as (8, 13); got {band!r}.")
        return known[band]
    checked_bands({"muted": band})
    return ((float(band[0]), float(band[1])),)


def _channel_numbers(front_end: FrontEnd, names: Sequence[str]) -> list[int]:
    known = list(channel_coords(front_end, front_end.n_chans)["channel"])
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"Unknown channels: {listed(unknown)}. The network has {listed(known, 12)}.")
    return [known.index(name) for name in names]
