"""Components of trials that come from eyes, muscles or lines and differ between classes, and trials without them."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.signal
import scipy.stats
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.doctor.line_noise import narrow_lines, stands_out
from sincviz.analysis.doctor.relevance_lines import LINE_WIDTH_HZ, MAINS_HZ
from sincviz.analysis.doctor.relevance_shares import SLOW_HZ
from sincviz.analysis.doctor.scalp_checks import (
    EYES_BELOW_HZ,
    HIGH_HZ,
    MUSCLES_FROM_HZ,
    dense_share,
)

Floats = NDArray[np.float64]

EYE, MUSCLE, LINE = "eye", "muscle", "line"

MOST_COMPONENTS = 4
MOST_ROUNDS = 3
LEAST_RATIO = (
    1.5  # of a component's power in the artefact's band to that elsewhere, over the median component
)
SHRINKAGE = 0.02  # of the covariance, so that channels which depend on each other do no harm
TELLS_P = 0.01
N_PARTS = 4
LINE_REACH_HZ = 1.5


@dataclass(frozen=True, eq=False)
class Artefact:
    """What an artefact adds to trials, and how surely it tells the classes.

    Attributes
    ----------
    kind : {"eye", "muscle", "line"}
        Where it comes from.
    projections : tuple of array, each of shape (channels, channels)
        Take trials to the components that are removed, one after the other.
    bins : array of bool, shape (frequencies,)
        Frequencies at which they are removed.
    channel_share : array, shape (channels,)
        Share of each channel in the power of what is removed.
    ranges_hz : tuple of (float, float)
        The frequencies by which it was found.
    p : float
        Smallest p of its differences between the classes, corrected for the number of components and measures.
    """

    kind: str
    projections: tuple[Floats, ...]
    bins: NDArray[np.bool_]
    channel_share: Floats
    ranges_hz: tuple[tuple[float, float], ...]
    p: float

    def part_of(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return what the artefact adds to trials, shape (trials, channels, times)."""
        spectrum = np.fft.rfft(x)[..., self.bins]
        left = spectrum
        for projection in self.projections:
            left = left - projection @ left
        change = np.zeros((*x.shape[:2], len(self.bins)), spectrum.dtype)
        change[..., self.bins] = spectrum - left
        return np.fft.irfft(change, x.shape[2]).astype(x.dtype)


def eye_or_muscle(
    kind: str,
    x: NDArray[np.floating],
    codes: NDArray[np.int64],
    strata: NDArray[np.int64],
    rate_hz: float,
    flags: NDArray[np.bool_],
    without: NDArray[np.bool_],
) -> Artefact | None:
    """Return the components of eyes or muscles that tell the classes; ``None`` if there are none.

    Components are those whose power is most concentrated in the artefact's frequencies, against the rest of the
    spectrum (generalised eigenvectors of the two covariances [1]_), and in its place on the scalp. Labels do not enter,
    so the p-values hold.

    Parameters
    ----------
    kind : {"eye", "muscle"}
        Which.
    x : array, shape (trials, channels, times)
        Trials.
    codes : array of int, shape (trials,)
        Class of each trial.
    strata : array of int, shape (trials,)
        Classes are compared within these, such as subjects.
    rate_hz : float
        Sampling rate.
    flags : array of bool, shape (channels,)
        Which channels lie beside the eyes, or at the edge of the scalp.
    without : array of bool, shape (frequencies,)
        Frequencies of lines, which are left out.

    References
    ----------
    .. [1] Nikulin, V. V., Nolte, G., & Curio, G. (2011). A novel method for reliable and fast extraction of neuronal
       EEG/MEG oscillations on the basis of spatio-spectral decomposition. NeuroImage, 55, 1528-1535.
    """
    frequency = np.fft.rfftfreq(x.shape[2], 1 / rate_hz)
    if kind == EYE:
        here, removed = frequency < SLOW_HZ, frequency < EYES_BELOW_HZ
        beside = (frequency >= SLOW_HZ) & (frequency < MUSCLES_FROM_HZ)
        found_at = (0.0, SLOW_HZ)
    else:
        here, removed = (frequency >= HIGH_HZ) & ~without, frequency >= EYES_BELOW_HZ
        beside = (frequency >= SLOW_HZ) & (frequency < MUSCLES_FROM_HZ)
        found_at = (MUSCLES_FROM_HZ, float(frequency[-1]))
    # What stays or only rises through a whole trial is a drift, not an eye movement.
    spectrum = np.fft.rfft(scipy.signal.detrend(x))
    projections: list[Floats] = []
    best_p = 1.0
    for _ in range(MOST_ROUNDS):
        projection, p = _telling(kind, spectrum, (here, beside), codes, strata, flags, x.shape[2])
        if projection is None:
            break
        projections.append(projection)
        best_p = min(best_p, p)
        spectrum = spectrum - projection @ spectrum
    if not projections:
        return None
    artefact = Artefact(kind, tuple(projections), removed, np.zeros(x.shape[1]), (found_at,), best_p)
    return _with_shares(artefact, x)


def line_noise(
    x: NDArray[np.floating],
    codes: NDArray[np.int64],
    strata: NDArray[np.int64],
    rate_hz: float,
) -> Artefact | None:
    """Return the lines that tell the classes by their power; ``None`` if there are none.

    Parameters
    ----------
    x : array, shape (trials, channels, times)
        Trials.
    codes, strata : array of int, shape (trials,)
        Class of each trial; classes are compared within strata.
    rate_hz : float
        Sampling rate.
    """
    frequency = np.fft.rfftfreq(x.shape[2], 1 / rate_hz)
    power = np.abs(np.fft.rfft(x)) ** 2
    telling = []
    lines = lines_in(x, rate_hz)
    for line_hz in lines:
        here = np.abs(frequency - line_hz) <= LINE_WIDTH_HZ
        of_channels = np.log(power[:, :, here].sum(2) + np.finfo(float).tiny)
        features = np.c_[of_channels.mean(1), of_channels]
        p = _p_of(features, codes, strata) * len(lines)
        if p < TELLS_P:
            telling.append((line_hz, p))
    if not telling:
        return None
    bins = np.zeros(len(frequency), bool)
    for line_hz, _ in telling:
        bins |= np.abs(frequency - line_hz) <= LINE_REACH_HZ
    ranges = tuple((line_hz - LINE_WIDTH_HZ, line_hz + LINE_WIDTH_HZ) for line_hz, _ in telling)
    everything = np.eye(x.shape[1])
    artefact = Artefact(LINE, (everything,), bins, np.zeros(x.shape[1]), ranges, min(p for _, p in telling))
    return _with_shares(artefact, x)


def lines_in(x: NDArray[np.floating], rate_hz: float) -> list[float]:
    """Return the lines in trials: on half of the channels, or, at a multiple of the mains or its alias, on any."""
    spectrum = _hann_spectrum(x, rate_hz)
    if spectrum.sizes["frequency"] < 2:
        return []
    frequency = spectrum["frequency"].to_numpy()
    found = narrow_lines(spectrum)
    on_any = stands_out(spectrum).any("channel").to_numpy()
    for mains_hz in MAINS_HZ:
        for multiple in range(1, 5):
            line_hz = multiple * mains_hz
            # Without a low-pass filter before sampling, lines fold back at half of the sampling rate.
            seen_hz = abs(line_hz - rate_hz * round(line_hz / rate_hz))
            near = np.abs(frequency - seen_hz) <= LINE_WIDTH_HZ / 2
            found += [float(hz) for hz in frequency[near & on_any]]
    apart: list[float] = []
    for line_hz in sorted(found):
        if not apart or line_hz - apart[-1] > LINE_WIDTH_HZ:
            apart.append(line_hz)
    return apart


def _hann_spectrum(x: NDArray[np.floating], rate_hz: float) -> xr.DataArray:
    window = np.hanning(x.shape[2] + 2)[1:-1]
    power = (np.abs(np.fft.rfft((x - x.mean(2, keepdims=True)) * window)) ** 2).mean(0)
    return xr.DataArray(
        power, {"frequency": np.fft.rfftfreq(x.shape[2], 1 / rate_hz)}, ("channel", "frequency")
    )


def _telling(
    kind: str,
    spectrum: NDArray[np.complexfloating],
    bands: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    codes: NDArray[np.int64],
    strata: NDArray[np.int64],
    flags: NDArray[np.bool_],
    n_times: int,
) -> tuple[Floats | None, float]:
    """Return the projection on the components of the place that tell the classes, and the smallest p."""
    here, beside = (_covariance(spectrum[..., band]) for band in bands)
    n_chans = len(here)
    floor = SHRINKAGE * np.trace(beside) / n_chans * np.eye(n_chans)
    if not np.trace(beside) > 0 or not np.trace(here) > 0:
        return None, 1.0
    ratio, filters = scipy.linalg.eigh(here, beside + floor)
    ratio, filters = ratio[::-1], filters[:, ::-1].T
    patterns = here @ filters.T
    size = np.einsum("ic,ci->i", filters, patterns)
    likely = [
        number
        for number in range(min(MOST_COMPONENTS, n_chans))
        if size[number] > 0 and ratio[number] > LEAST_RATIO * np.median(ratio)
    ]
    placed = [
        number
        for number in likely
        if (patterns[flags, number] ** 2).sum() / (patterns[:, number] ** 2).sum() > dense_share(flags.mean())
    ]
    if not placed:
        return None, 1.0
    kept = np.where(bands[0], spectrum, 0)
    courses = np.fft.irfft(np.einsum("ic,tcf->tif", filters[placed], kept), n_times)
    telling, best_p = [], 1.0
    for column, number in enumerate(placed):
        p = _p_of(_measures(kind, courses[:, column]), codes, strata) * len(placed)
        if p < TELLS_P:
            telling.append(number)
            best_p = min(best_p, p)
    if not telling:
        return None, 1.0
    some = filters[telling]
    pattern = patterns[:, telling]
    return pattern @ np.linalg.pinv(some @ pattern) @ some, best_p


def _measures(kind: str, course: Floats) -> Floats:
    """Return numbers by which a component may tell the classes, shape (trials, measures)."""
    log_power = np.log((course**2).mean(1) + np.finfo(float).tiny)
    if kind == MUSCLE:
        return np.asarray(log_power[:, None])
    parts = [part.mean(1) for part in np.array_split(course, N_PARTS, axis=1)]
    return np.stack([log_power, course.mean(1), *parts], 1)


def _p_of(values: Floats, codes: NDArray[np.int64], strata: NDArray[np.int64]) -> float:
    """Return the smallest p of the Kruskal-Wallis tests of each column, corrected for their number."""
    centred = np.empty_like(values)
    for stratum in np.unique(strata):
        members = strata == stratum
        # Every class counts the same, or a difference between subjects with unequal classes would cancel the effect.
        means = [values[members & (codes == code)].mean(0) for code in np.unique(codes[members])]
        centred[members] = values[members] - np.mean(means, axis=0)
    smallest = 1.0
    for column in centred.T:
        groups = [column[codes == code] for code in np.unique(codes)]
        if np.ptp(column) > 0 and len(groups) > 1:
            smallest = min(smallest, float(scipy.stats.kruskal(*groups).pvalue))
    return min(1.0, smallest * float(centred.shape[1]))


def _covariance(spectrum: NDArray[np.complexfloating]) -> Floats:
    flat = spectrum.transpose(1, 0, 2).reshape(spectrum.shape[1], -1)
    return np.asarray((flat @ flat.conj().T).real / max(1, flat.shape[1]), np.float64)


def _with_shares(artefact: Artefact, x: NDArray[np.floating]) -> Artefact:
    power = np.square(artefact.part_of(x), dtype=np.float64).mean((0, 2))
    share = power / power.sum() if power.sum() > 0 else power
    return Artefact(artefact.kind, artefact.projections, artefact.bins, share, artefact.ranges_hz, artefact.p)
