"""Signal sizes and sampling rate of a network, given or inferred, and channels to and from JSON."""

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sincviz._utils.checks import finite_float, positive_int
from sincviz._utils.text import listed, shown_name
from sincviz.eeg.channel_names import named_twice

_CODES = {"kind", "coil_type", "coord_frame", "unit", "unit_mul"}


@dataclass(frozen=True)
class SignalSpec:
    """Size and sampling rate (Hz) of the signals a network is built for."""

    n_chans: int
    n_outputs: int
    n_times: int
    sfreq: float


def resolve_signal_spec(
    *,
    n_chans: int | None,
    n_outputs: int | None,
    n_times: int | None,
    input_window_seconds: float | None,
    sfreq: float | None,
    chs_info: Sequence[Mapping[str, Any]] | None,
) -> SignalSpec:
    """Return the signal's sizes, each given or inferred from the others.

    Parameters
    ----------
    n_chans, n_outputs, n_times : int | None
        Numbers of channels, classes and samples.
    input_window_seconds : float | None
        Length of a trial in seconds.
    sfreq : float | None
        Sampling rate in Hz.
    chs_info : sequence of dict | None
        Channels as in ``mne.Info["chs"]``.

    Returns
    -------
    SignalSpec
        The sizes.

    Raises
    ------
    ValueError
        If something is missing and cannot be inferred, or two values contradict each other.

    Examples
    --------
    >>> resolve_signal_spec(n_chans=22, n_outputs=4, n_times=None, input_window_seconds=4.0,
    ...                     sfreq=250, chs_info=None)
    SignalSpec(n_chans=22, n_outputs=4, n_times=1000, sfreq=250.0)
    """
    if n_outputs is None:
        raise ValueError("`n_outputs` is missing: pass the number of classes, for example `n_outputs=2`.")
    rate, samples = _resolve_times(n_times, input_window_seconds, sfreq)
    return SignalSpec(
        n_chans=_resolve_n_chans(n_chans, chs_info),
        n_outputs=positive_int("n_outputs", n_outputs),
        n_times=samples,
        sfreq=rate,
    )


def _resolve_n_chans(n_chans: int | None, chs_info: Sequence[Mapping[str, Any]] | None) -> int:
    if n_chans is None and chs_info is None:
        raise ValueError(
            "`n_chans` is missing: pass the number of channels, or `chs_info=epochs.info['chs']`, "
            "which also has their names and positions."
        )
    if chs_info is None:
        return positive_int("n_chans", n_chans)
    if len(chs_info) == 0:
        raise ValueError("`chs_info` is empty; pass one entry per channel, such as `epochs.info['chs']`.")
    if n_chans is not None and positive_int("n_chans", n_chans) != len(chs_info):
        raise ValueError(
            f"`n_chans` contradicts `chs_info`: {n_chans} against {len(chs_info)} entries. Pass only `chs_info`."
        )
    return len(chs_info)


def _resolve_times(
    n_times: int | None, input_window_seconds: float | None, sfreq: float | None
) -> tuple[float, int]:
    window = (
        None
        if input_window_seconds is None
        else finite_float("input_window_seconds", input_window_seconds, above=0)
    )
    samples = None if n_times is None else positive_int("n_times", n_times, advice=1000)
    if sfreq is None:
        if window is None or samples is None:
            raise ValueError(
                "`sfreq` is missing: the filters are in Hz. Pass the sampling rate of the signals, for example "
                "`sfreq=epochs.info['sfreq']`, or both `n_times` and `input_window_seconds`."
            )
        return samples / window, samples
    rate = finite_float("sfreq", sfreq, above=0, advice=250)
    if window is None:
        if samples is None:
            raise ValueError(
                "`n_times` is missing: pass the number of samples of a trial, for example "
                "`n_times=len(epochs.times)`, or `input_window_seconds`."
            )
        return rate, samples
    from_window = round(window * rate)
    if from_window < 1:
        raise ValueError(
            f"`input_window_seconds` must hold at least one sample of {1 / rate:g} s; got {window:g}. "
            f"Try {100 / rate:g}."
        )
    if samples is not None and samples != from_window:
        raise ValueError(
            f"`n_times` contradicts `input_window_seconds` × `sfreq`: {samples} against "
            f"{window:g} × {rate:g} = {from_window}. Pass only one of the two."
        )
    return rate, from_window


def chs_info_to_json(chs_info: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Return channels as plain lists, numbers and strings for strict JSON; NaN becomes null."""
    return None if chs_info is None else [_to_json(dict(channel)) for channel in chs_info]


def chs_info_from_json(chs_info: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Return channels with ``loc`` as float arrays, null as NaN.

    Raises
    ------
    ValueError
        If an entry is not a mapping with a ``ch_name``, names occur twice, or ``loc`` is not 12 numbers.
    """
    if chs_info is None:
        return None
    if isinstance(chs_info, str | Mapping) or not isinstance(chs_info, Sequence):
        raise ValueError(
            f"`chs_info` must be a list of dict such as `epochs.info['chs']`; got {type(chs_info).__name__}."
        )
    channels = [_channel_from_json(index, channel) for index, channel in enumerate(chs_info)]
    names = [channel["ch_name"] for channel in channels]
    double = named_twice(names)
    if double:
        raise ValueError(f"`chs_info` names channels twice: {listed(double)}. Rename one of each pair.")
    return channels


def _channel_from_json(index: int, channel: object) -> dict[str, Any]:
    if not isinstance(channel, Mapping) or not isinstance(channel.get("ch_name"), str):
        raise ValueError(
            f"`chs_info[{index}]` must be a dict with at least 'ch_name'; got {channel!r:.80}. "
            "Pass `epochs.info['chs']`."
        )
    result = dict(channel)
    for name in _CODES & result.keys():
        if not isinstance(result[name], numbers.Integral):
            raise ValueError(
                f"`{name}` of channel {shown_name(result['ch_name'])!r} must be a whole number, as in MNE; got "
                f"{result[name]!r:.40}. Leave it out if it is not known."
            )
    if any("\ud800" <= letter <= "\udfff" for letter in result["ch_name"]):
        raise ValueError(
            f"`chs_info[{index}]` has a name with a lone surrogate, which cannot be stored in a file: "
            f"{result['ch_name']!r:.80}. Rename it."
        )
    if result.get("loc") is not None:
        try:
            result["loc"] = np.array([math.nan if value is None else value for value in result["loc"]], float)
        except (TypeError, ValueError):
            result["loc"] = np.empty(0)
        if result["loc"].shape != (12,):
            raise ValueError(
                f"`loc` of channel {result['ch_name']!r} must be 12 numbers, the electrode's position in metres "
                "first, as in MNE."
            )
    return result


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _to_json(value.tolist())
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    raise ValueError(f"`chs_info` holds a value that JSON cannot store: {value!r:.80}.")
