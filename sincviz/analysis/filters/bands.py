"""Bands of a network's filters: as written in the cut-offs, and as the kernels compute them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from torch import Tensor

from sincviz.analysis.filters.transfer_function import Floats, amplitude_response, impulse_responses
from sincviz.analysis.labels import origin
from sincviz.eeg.bands import RHYTHMS, rhythm_names
from sincviz.networks.front_ends import front_end as front_end_of

_N_FREQS = 8193


def learned_bands(model: object, *, bands: Mapping[str, tuple[float, float]] | None = None) -> pd.DataFrame:
    """Return the band of each temporal filter, nominal and measured.

    Nominal cut-offs are those of the parameters. A short kernel cannot realise a narrow band, so prefer the measured
    band, where the kernel's response lies within 3 dB of its peak.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    bands : mapping of str to (float, float) | None
        Limits of the bands that filters are named after, in Hz, such as ``{"mu": (8, 13)}``; ``None`` means
        delta, theta, alpha, beta and gamma.

    Returns
    -------
    pandas.DataFrame
        One row per filter. Columns whose names end in ``_hz`` are in Hz.

        ``low_hz``, ``high_hz``, ``center_hz``, ``bandwidth_hz``
            Nominal: parameters after the smallest frequency is added and the Nyquist limit applied.
        ``initial_low_hz``, ``initial_high_hz``
            Nominal cut-offs before training.
        ``in_band_energy``
            Share of the kernel's energy between its nominal cut-offs, 0 to 1.
        ``rhythm``
            Name of the band that the nominal centre lies in (the measured peak where filters are free).
        ``peak_hz``, ``measured_low_hz``, ``measured_high_hz``
            The peak of the kernel's response and the contiguous band around it above half its power (−3 dB).
        ``seed``
            Of an ensemble with declared filters: the seed of the network that the filter belongs to, or its number.

    Raises
    ------
    TypeError
        If the network is unknown.
    ValueError
        If a band's limits are not two increasing numbers.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250)
    >>> bands = learned_bands(model)
    >>> bands.loc[0, ["low_hz", "high_hz", "measured_low_hz", "measured_high_hz"]].astype(float).round(1).tolist()
    [6.0, 10.0, 0.0, 13.0]
    """
    front_end = front_end_of(model)
    kernels = impulse_responses(front_end)
    nominal = _cutoffs(front_end.cutoffs, len(kernels))
    initial = _cutoffs(front_end.initial_cutoffs, len(kernels))
    peak_hz, measured = measured_bands(kernels, sfreq=front_end.sfreq)
    center_hz = nominal.mean(1)
    table = pd.DataFrame(
        {
            "low_hz": nominal[:, 0],
            "high_hz": nominal[:, 1],
            "center_hz": center_hz,
            "bandwidth_hz": nominal[:, 1] - nominal[:, 0],
            "initial_low_hz": initial[:, 0],
            "initial_high_hz": initial[:, 1],
            "in_band_energy": energy_share(kernels, nominal, sfreq=front_end.sfreq),
            "rhythm": rhythm_names(np.where(np.isnan(center_hz), peak_hz, center_hz), bands),
            # pandas prints first and last columns if it lacks room: the cut-offs, and the measured bands.
            "peak_hz": peak_hz,
            "measured_low_hz": measured[:, 0],
            "measured_high_hz": measured[:, 1],
        }
    )
    seeds = front_end.provenance.get("seed_of_filter")
    if seeds is not None and len(seeds) == len(table):
        table["seed"] = seeds
    table.index.name = "filter"
    table.attrs = origin(front_end) | {
        "bands": dict(RHYTHMS if bands is None else bands),
        "rhythm_by": "nominal centre" if front_end.cutoffs is not None else "measured peak",
    }
    return table


def measured_bands(kernels: Floats, *, sfreq: float) -> tuple[Floats, Floats]:
    """Return peak and −3 dB band of kernels.

    Parameters
    ----------
    kernels : array, shape (filters, taps) or (filters, kernels, taps)
        Impulse responses.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    peak_hz : array, shape (filters,)
        Where the response is largest.
    band_hz : array, shape (filters, 2)
        The contiguous main lobe around the peak above half the peak's power; edges interpolated. A kernel of zeros,
        or one that is not finite, has neither peak nor band: NaN.

    Examples
    --------
    >>> peak_hz, band_hz = measured_bands(np.array([[1.0, 1.0]]), sfreq=100)  # |cos(pi f / sfreq)|
    >>> peak_hz.tolist(), band_hz.round(3).tolist()
    ([0.0], [[0.0, 25.0]])
    """
    frequency_hz, amplitude = amplitude_response(kernels, sfreq=sfreq, n_freqs=_N_FREQS)
    power = amplitude**2
    peak = power.argmax(1)
    band_hz = np.array([_half_power_band(row, at, frequency_hz) for row, at in zip(power, peak, strict=True)])
    highest = power.max(1)
    passes = np.isfinite(highest) & (highest > 0)
    return np.where(passes, frequency_hz[peak], np.nan), np.where(
        passes[:, None], band_hz.reshape(-1, 2), np.nan
    )


def _half_power_band(power: Floats, peak: int, frequency_hz: Floats) -> tuple[float, float]:
    level = power[peak] / 2
    below = np.flatnonzero(power < level)
    left, right = below[below < peak], below[below > peak]

    def crossing(outside: int, inside: int) -> float:
        return float(np.interp(level, power[[outside, inside]], frequency_hz[[outside, inside]]))

    low = crossing(left[-1], left[-1] + 1) if len(left) else frequency_hz[0]
    high = crossing(right[0], right[0] - 1) if len(right) else frequency_hz[-1]
    return float(low), float(high)


def energy_share(kernels: Floats, band_hz: Floats, *, sfreq: float) -> Floats:
    r"""Return the share of each kernel's energy inside a band, exactly.

    With the kernel's autocorrelation :math:`r_k`, the energy between 0 and :math:`f` is
    :math:`2 f r_0 / s + \sum_{k \ge 1} 2 r_k \sin(2 \pi f k / s) / (\pi k)` (Wiener–Khinchin, integrated term by
    term) with the sampling rate :math:`s`; up to the Nyquist frequency it is :math:`r_0`.

    Parameters
    ----------
    kernels : array, shape (filters, taps) or (filters, kernels, taps)
        Impulse responses.
    band_hz : array, shape (filters, 2)
        Low and high limit of each filter's band in Hz; NaN where there is none.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    array, shape (filters,)
        From 0 to 1; 0 for an empty band, NaN where there is none or the kernel is zero.

    Examples
    --------
    >>> energy_share(np.array([[0.0, 1.0, 0.0]]), np.array([[10.0, 20.0]]), sfreq=100).round(6).tolist()
    [0.2]
    """
    taps = kernels.shape[-1]
    power = np.abs(np.fft.rfft(kernels, 2 * taps)) ** 2
    power = power if power.ndim == 2 else power.sum(1)
    autocorrelation = np.fft.irfft(power, 2 * taps)[:, :taps]
    lag = np.arange(1, taps)
    band = np.clip(band_hz, 0, sfreq / 2)

    def energy_below(frequency_hz: Floats) -> Floats:
        angle = 2 * np.pi * frequency_hz[:, None] * lag / sfreq
        oscillating = (2 * autocorrelation[:, 1:] * np.sin(angle) / (np.pi * lag)).sum(1)
        total: Floats = 2 * frequency_hz / sfreq * autocorrelation[:, 0] + oscillating
        return total

    energy = autocorrelation[:, 0]
    share = (energy_below(band[:, 1]) - energy_below(band[:, 0])) / np.where(energy > 0, energy, np.nan)
    return np.clip(share, 0, 1)


def _cutoffs(cutoffs: Tensor | None, n_filters: int) -> Floats:
    return np.full((n_filters, 2), np.nan) if cutoffs is None else cutoffs.cpu().double().numpy()
