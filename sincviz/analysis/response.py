"""Frequency responses of a network's temporal filters."""

import numpy as np
import xarray as xr

from sincviz._version import __version__
from sincviz.analysis.bands import learned_bands
from sincviz.analysis.transfer_function import transfer_function
from sincviz.front_ends import front_end
from sincviz.models.checks import positive_int

_FLOOR_DB = -200.0


def filter_response(model: object, n_freqs: int = 512) -> xr.Dataset:
    """Return the frequency response of each temporal filter.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Anything that :func:`sincviz.front_end` knows.
    n_freqs : int
        Number of frequencies from 0 to the Nyquist frequency, both included.

    Returns
    -------
    xarray.Dataset
        Over ``filter`` and ``frequency`` (Hz): ``magnitude_db`` relative to each filter's own peak, no lower than
        −200 dB, and ``phase`` in radians with the delay of half a kernel removed (0 or π for a symmetric
        kernel). The filters' bands of :func:`learned_bands` are coordinates.

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
    parts = front_end(model)
    kernels = parts.kernels.detach().cpu().double().numpy()
    frequency_hz, response = transfer_function(kernels, sfreq=parts.sfreq, n_freqs=n_freqs)
    bands = learned_bands(parts)
    magnitude = np.abs(response) / np.abs(response).max(1, keepdims=True)
    with np.errstate(divide="ignore"):
        magnitude_db = np.maximum(20 * np.log10(magnitude), _FLOOR_DB)
    # Rounding must not toss a coin between pi and -pi.
    rounding = 1e-9 * np.abs(response).max()
    phase = np.angle(np.where(np.abs(response.imag) < rounding, response.real, response))
    dims = ("filter", "frequency")
    on_filters = ("low_hz", "high_hz", "measured_low_hz", "measured_high_hz", "peak_hz", "rhythm")
    return xr.Dataset(
        {
            "magnitude_db": (dims, magnitude_db, {"units": "dB", "reference": "each filter's own peak"}),
            "phase": (dims, phase, {"units": "rad", "reference": "centre of the kernel"}),
        },
        coords={
            "filter": bands.index.to_numpy(),
            "frequency": ("frequency", frequency_hz, {"units": "Hz"}),
            **{name: ("filter", bands[name].to_numpy()) for name in on_filters},
        },
        attrs={
            "sincviz_version": __version__,
            "weights_sha256": parts.weights_sha256,
            "sfreq_hz": parts.sfreq,
            "n_taps": kernels.shape[1],
        },
    )
