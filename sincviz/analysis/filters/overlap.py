"""Filter overlap: how finely the kernels can separate bands."""

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from sincviz._utils.progress import shows_progress
from sincviz.analysis.filters.bands import energy_share, learned_bands
from sincviz.analysis.filters.transfer_function import (
    Floats,
    amplitude_at,
    amplitude_response,
    impulse_responses,
)
from sincviz.analysis.labels import filter_coords, origin
from sincviz.networks.front_ends import FrontEnd
from sincviz.networks.front_ends import front_end as front_end_of
from sincviz.opening.inputs import with_or_without_trials
from sincviz.trials.epochs import EpochsOrArray, input_batches

WIDER = 1.5
"""A band this many times as wide as written is called wider than written."""

LEAK_DB = -3.0
"""A filter that passes a constant better than this is a low-pass."""

_N_FREQS = 2049


@shows_progress
def resolvability(
    model: object, epochs: EpochsOrArray | None = None, *, progress: bool = True
) -> pd.DataFrame:
    """Return how well the band that each kernel computes matches the band that its cut-offs name.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        Trials; their spectrum is used for ``in_band_power``.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame
        One row per filter:

        ``nominal_width_hz``, ``measured_width_hz``
            Width as written and at −3 dB; ``width_ratio`` is measured over nominal.
        ``measured_energy``
            Share of the kernel's energy inside the measured band. Where it is small, the filter passes other
            frequencies too, weaker than its peak.
        ``dc_leak_db``
            Gain for a constant, relative to the peak.
        ``confusable``
            Number of other filters that as written share no frequency with this one, while as computed the two
            peaks lie within half the mean width of the two bands, so that both pass the same signal.
        ``in_band_power``
            With epochs: share of the filter's output power that comes from inside its nominal band, under the
            spectrum of the data (Hann-windowed periodogram, mean of each trial removed, all channels).
        ``verdict``
            The same in words.

        ``attrs`` hold ``frequency_resolution_hz``, the width of the median filter at −3 dB: how finely kernels of this
        length separate bands; ``n_dimensions``, the number of dimensions that hold 99 % of the bank's energy; and
        ``n_filters``.

    Raises
    ------
    TypeError
        If the network is unknown.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> table = resolvability(SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250))
    >>> table.verdict[4]
    '10–14 Hz as written, 6.9–17.1 Hz as computed: cannot be distinguished from its neighbours'
    >>> table.attrs["n_dimensions"]
    4
    """
    front_end, epochs, _ = with_or_without_trials(model, epochs, classes=False)
    bands = learned_bands(front_end)
    kernels = impulse_responses(front_end)
    measured_width = (bands["measured_high_hz"] - bands["measured_low_hz"]).to_numpy()
    nominal_width = bands["bandwidth_hz"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        _, magnitude = amplitude_response(kernels, sfreq=front_end.sfreq, n_freqs=_N_FREQS)
        leak_db = 20 * np.log10(magnitude[:, 0] / magnitude.max(1))
        ratio = measured_width / nominal_width
    table = pd.DataFrame(
        {
            "nominal_width_hz": nominal_width,
            "measured_width_hz": measured_width,
            "width_ratio": ratio,
            "measured_energy": energy_share(
                kernels, bands[["measured_low_hz", "measured_high_hz"]].to_numpy(), sfreq=front_end.sfreq
            ),
            "dc_leak_db": leak_db,
            "confusable": _confusable(bands, measured_width).sum(1),
        },
        index=bands.index,
    )
    if epochs is not None:
        table["in_band_power"] = _in_band_power(front_end, bands, epochs)
    table["verdict"] = [_verdict(row) for row in pd.concat([bands, table], axis=1).itertuples(index=False)]
    widths = measured_width[np.isfinite(measured_width)]
    table.attrs = origin(front_end) | {
        "n_filters": len(kernels),
        "n_dimensions": n_dimensions(kernels),
        "frequency_resolution_hz": float(np.median(widths)) if len(widths) else np.nan,
    }
    return table


def n_dimensions(kernels: Floats, share: float = 0.99) -> int:
    """Return the number of dimensions (singular vectors) that hold this share of the bank's energy.

    Examples
    --------
    >>> n_dimensions(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))
    2
    """
    if not np.isfinite(kernels).all() or not kernels.any():
        return 0
    energy = np.linalg.svd(kernels.reshape(-1, kernels.shape[-1]), compute_uv=False) ** 2
    return int(np.searchsorted(np.cumsum(energy) / energy.sum(), share) + 1)


def filter_overlap(model: object) -> xr.DataArray:
    r"""Return the overlap of the frequency responses of every two filters.

    The overlap of two filters is :math:`\int |H_i| |H_j| \,df` over the geometric mean of their energies: 1 for the
    same response, 0 for responses that share no frequency. Phases are ignored.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.

    Returns
    -------
    xarray.DataArray, dims (filter, other_filter)
        From 0 to 1, symmetric; NaN for a kernel of zeros.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> overlap = filter_overlap(SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250))
    >>> overlap.sel(filter=4, other_filter=8).round(2).item()  # 10–14 and 14–18 Hz
    0.89
    """
    front_end = front_end_of(model)
    kernels = impulse_responses(front_end)
    _, amplitude = amplitude_response(kernels, sfreq=front_end.sfreq, n_freqs=_N_FREQS)
    weights = np.ones(_N_FREQS)
    weights[[0, -1]] = 0.5  # the trapezoidal rule
    magnitude = amplitude * np.sqrt(weights)
    with np.errstate(invalid="ignore"):
        magnitude /= np.linalg.norm(magnitude, axis=1, keepdims=True)
    coords = filter_coords(learned_bands(front_end))
    return xr.DataArray(
        np.clip(magnitude @ magnitude.T, 0, 1),
        dims=("filter", "other_filter"),
        coords=coords | {"other_filter": coords["filter"]},
        name="filter_overlap",
        attrs=origin(front_end) | {"units": "1", "method": "cosine of amplitude responses"},
    )


def _confusable(bands: pd.DataFrame, measured_width: Floats) -> np.ndarray:
    low, high, peak = (bands[name].to_numpy() for name in ("low_hz", "high_hz", "peak_hz"))
    # Comparisons with NaN are false: free filters name no band that could be confused.
    apart_as_written = (low[:, None] >= high) | (high[:, None] <= low)
    mean_width = (measured_width[:, None] + measured_width) / 2
    together = np.abs(peak[:, None] - peak) < mean_width / 2
    return np.asarray(apart_as_written & together)


def _verdict(row: object) -> str:
    low, high = row.measured_low_hz, row.measured_high_hz  # type: ignore[attr-defined]
    if not np.isfinite(low):
        return "passes nothing"
    computed = f"{_hz(low)}–{_hz(high)} Hz as computed"
    if not np.isfinite(row.low_hz):  # type: ignore[attr-defined]
        return f"{computed}, with {row.measured_energy:.0%} of the energy"  # type: ignore[attr-defined]
    start = f"{_hz(row.low_hz)}–{_hz(row.high_hz)} Hz as written, {computed}: "  # type: ignore[attr-defined]
    remarks = []
    if row.low_hz > 0 and row.dc_leak_db > LEAK_DB:  # type: ignore[attr-defined]
        remarks.append("a low-pass, slow drift goes through")
    if row.confusable:  # type: ignore[attr-defined]
        remarks.append("cannot be distinguished from its neighbours")
    if not remarks and row.width_ratio >= WIDER:  # type: ignore[attr-defined]
        remarks.append("wider than written")
    return start + (", and ".join(remarks) if remarks else "as written")


def _hz(frequency: float) -> str:
    return f"{frequency:.1f}".removesuffix(".0")


def _in_band_power(front_end: FrontEnd, bands: pd.DataFrame, epochs: EpochsOrArray) -> Floats:
    frequency_hz, spectrum = mean_spectrum(front_end, epochs)
    kernels = impulse_responses(front_end)
    passed = amplitude_at(frequency_hz, kernels, sfreq=front_end.sfreq) ** 2 * spectrum
    below = np.concatenate(
        [np.zeros((len(passed), 1)), scipy.integrate.cumulative_trapezoid(passed, frequency_hz)], axis=1
    )
    edges = bands[["low_hz", "high_hz"]].to_numpy()
    with np.errstate(invalid="ignore"):
        return np.array(
            [
                np.diff(np.interp(edge, frequency_hz, row))[0] / row[-1]
                for edge, row in zip(edges, below, strict=True)
            ]
        )


def mean_spectrum(front_end: FrontEnd, epochs: EpochsOrArray) -> tuple[Floats, Floats]:
    """Return frequencies in Hz and the power spectral density of trials, mean over trials and channels."""
    n_trials = 0
    total: Floats = np.zeros(1)
    for batch in input_batches(front_end, epochs):
        frequency_hz, power = scipy.signal.periodogram(batch, front_end.sfreq, "hann", detrend="constant")
        total = total + power.mean(1).sum(0, dtype=float)
        n_trials += len(batch)
    return frequency_hz, total / n_trials
