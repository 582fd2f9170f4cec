"""Frequency responses of a network's temporal filters."""

import numpy as np
import xarray as xr

from sincviz._utils.checks import positive_int
from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.filters.transfer_function import (
    Floats,
    amplitude_response,
    impulse_responses,
    transfer_function,
)
from sincviz.analysis.labels import filter_coords, origin
from sincviz.networks.front_ends import front_end as front_end_of

_FLOOR_DB = -200.0


def filter_response(model: object, *, n_freqs: int = 512) -> xr.Dataset:
    """Return the frequency and impulse response of each temporal filter, and of all filters together.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    n_freqs : int
        Number of frequencies from 0 to the Nyquist frequency, both included.

    Returns
    -------
    xarray.Dataset
        Over ``filter`` and ``frequency`` (Hz), the delay of half a kernel removed:

        - ``magnitude_db``, relative to each filter's own peak, no lower than −200 dB;
        - ``phase`` in radians, 0 or π for a symmetric kernel;
        - ``zero_phase``, the signed amplitude of a symmetric kernel relative to its peak (for others its real part);
        - ``impulse`` over ``filter`` and ``time`` (seconds from the kernel's centre), relative to its largest value;
        - ``cumulative_db`` over ``frequency``: the power that all filters together pass, each with a peak of 1,
          relative to where they pass most.

        The filters' bands of :func:`learned_bands` are coordinates. A kernel of zeros has no response
        (NaN) and does not count in ``cumulative_db``.

    Raises
    ------
    TypeError
        If the network is unknown.
    ValueError
        If ``n_freqs`` is below 2.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> response = filter_response(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128), n_freqs=65)
    >>> response.magnitude_db.sel(filter=0, frequency=6).round(1).item()  # the edge of 6–10 Hz
    -1.7
    """
    if positive_int("n_freqs", n_freqs) < 2:
        raise ValueError(f"`n_freqs` must be at least 2; got {n_freqs}. Try 512.")
    front_end = front_end_of(model)
    frequency_hz, amplitude = amplitude_response(
        impulse_responses(front_end), sfreq=front_end.sfreq, n_freqs=n_freqs
    )
    kernels: Floats = front_end.kernels.cpu().double().numpy()
    _, response = transfer_function(kernels, sfreq=front_end.sfreq, n_freqs=n_freqs)
    bands = learned_bands(front_end)
    peak = amplitude.max(1, keepdims=True)
    # A filter that passes nothing has no peak to be relative to.
    peak = np.where(peak > 0, peak, np.nan)
    with np.errstate(invalid="ignore"):
        relative = response / np.where(np.isnan(peak), np.nan, np.abs(response).max(1, keepdims=True))
    # Absolute values first: a peak over itself is exactly 1.
    gain = amplitude / peak
    power = np.nansum(gain**2, axis=0)
    # Rounding must not toss a coin between pi and -pi.
    phase = np.angle(np.where(np.abs(relative.imag) < 1e-9, relative.real, relative))
    largest = np.abs(kernels).max(1, keepdims=True)
    half = (kernels.shape[1] - 1) / 2
    dims = ("filter", "frequency")
    return xr.Dataset(
        {
            "magnitude_db": (dims, _decibels(gain**2), _units("dB", "each filter's own peak")),
            "phase": (dims, phase, _units("rad", "centre of the kernel")),
            "zero_phase": (dims, relative.real, _units("1", "each filter's own peak")),
            "impulse": (
                ("filter", "time"),
                kernels / np.where(largest > 0, largest, np.nan),
                _units("1", "each kernel's largest value"),
            ),
            "cumulative_db": (
                "frequency",
                _decibels(power / power.max() if power.max() > 0 else np.full_like(power, np.nan)),
                _units("dB", "the frequency that all filters together pass most"),
            ),
        },
        coords={
            **filter_coords(bands),
            "frequency": ("frequency", frequency_hz, {"units": "Hz"}),
            "time": ("time", (np.arange(kernels.shape[1]) - half) / front_end.sfreq, {"units": "s"}),
        },
        attrs=origin(front_end),
    )


def _decibels(power: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        level: Floats = np.maximum(10 * np.log10(power), _FLOOR_DB)
    return level


def _units(units: str, reference: str) -> dict[str, str]:
    return {"units": units, "reference": reference}
