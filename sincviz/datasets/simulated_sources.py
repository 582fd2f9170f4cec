"""Sources of the simulated EEG: positions, frequencies and scalp maps."""

import operator
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sincviz.datasets.head_model import FloatArray, electrode_positions, fit_sphere, head_info, lead_field
from sincviz.datasets.simulated_signals import BLINK_DURATION_S, pink, share
from sincviz.eeg.montages import standard_montage

BACKGROUND_UV = 10.0  # root mean square over the whole head
LINE_NOISE_UV = 3.0
BLINK_UV = 100.0
DISTRACTOR_EXCESS_DB = 6.0  # over the informative sources

N_BACKGROUND_DIPOLES = 300
CORTEX = 0.8  # of the head's radius

# The electrodes in the order in which smaller montages take them: sensorimotor strip, then the whole head.
# fmt: off
CH_NAMES = (
    "C3", "C4", "Cz", "CP3", "CP4", "FC3", "FC4", "Pz", "Fz", "POz", "P3", "P4", "F3", "F4", "O1", "O2",
    "FC1", "FC2", "CP1", "CP2", "FC5", "FC6", "CP5", "CP6", "T7", "T8", "P7", "P8", "F7", "F8", "Fp1",
    "Fp2", "C1", "C2", "C5", "C6", "FCz", "CPz", "Oz", "AFz", "Fpz", "FT7", "FT8", "TP7", "TP8", "AF3",
    "AF4", "AF7", "AF8", "F1", "F2", "F5", "F6", "P1", "P2", "P5", "P6", "PO3", "PO4", "PO7", "PO8",
    "Iz", "T9", "T10",
)
# fmt: on


class Source(NamedTuple):
    """A dipole that points outwards, and its activity."""

    name: str
    role: str
    band: str
    low_hz: float
    high_hz: float
    desynchronised_by: str
    under: dict[str, float]  # electrodes above the source and their weights
    eccentricity: float  # distance from the centre of the head over its radius
    spread: float  # standard deviation of log power from trial to trial


# Rolandic mu is generated slightly behind, beta slightly before the central sulcus (Salmelin & Hari 1994,
# Neuroscience 60, 537). The distractor lies off the midline: a left-right difference does not cancel it.
MU, BETA = (8.0, 13.0), (18.0, 26.0)
RHYTHMS = (
    Source("mu_left_hemisphere", "informative", "mu", *MU, "right", {"C3": 3, "CP3": 1}, 0.7, 0.4),
    Source("mu_right_hemisphere", "informative", "mu", *MU, "left", {"C4": 3, "CP4": 1}, 0.7, 0.4),
    Source("beta_left_hemisphere", "informative", "beta", *BETA, "right", {"C3": 3, "FC3": 1}, 0.7, 0.4),
    Source("beta_right_hemisphere", "informative", "beta", *BETA, "left", {"C4": 3, "FC4": 1}, 0.7, 0.4),
)
DISTRACTOR = Source("alpha_parietal", "distractor", "alpha", *MU, "", {"Pz": 1, "P2": 1, "POz": 1}, 0.6, 0.8)
BLINK = Source("blink", "artefact", "blink", 0.0, 2 / BLINK_DURATION_S, "", {"Fpz": 1}, 0.85, 0.4)


class Anatomy(NamedTuple):
    """Sources in the head, and the background around them.

    Attributes
    ----------
    positions : ndarray, shape (sources, 3)
        Head coordinates in metres.
    gain : ndarray, shape (sources, channels)
        Potential of a dipole of 1 A·m, in volts.
    peak_gain : ndarray, shape (sources,)
        Its size at the electrode of `CH_NAMES` where the source is strongest.
    background_uv2 : ndarray, shape (sources,)
        Variance of the background at that electrode.
    mixing_uv : ndarray, shape (channels, components)
        Takes independent noise of unit variance to the background.
    """

    positions: FloatArray
    gain: FloatArray
    peak_gain: FloatArray
    background_uv2: FloatArray
    mixing_uv: FloatArray

    def maps_uv(self, peak_uv: FloatArray) -> FloatArray:
        """Return scalp maps with these values at each source's strongest electrode, shape ``(sources, channels)``."""
        return np.asarray(self.gain * (peak_uv / self.peak_gain)[:, None])


def anatomy(
    under: Sequence[dict[str, float]],
    eccentricity: Sequence[float],
    ch_names: Sequence[str],
    sfreq: float,
    *,
    shells: Sequence[tuple[float, float]] | None = None,
) -> Anatomy:
    """Return dipoles that point outwards, and the background, in a spherical head.

    Amplitudes are set on a fixed set of electrodes, so that the choice of `ch_names` does not change them.

    Parameters
    ----------
    under : sequence of dict
        For each source, electrodes above it and their weights.
    eccentricity : sequence of float
        For each source, the distance from the centre of the head over its radius.
    ch_names : sequence of str
        10-05 electrode names.
    sfreq : float
        Sampling rate in Hz.
    shells : sequence of (float, float), optional
        Relative radii and conductivities of the head, as :func:`sincviz.datasets.head_model.lead_field` takes them.

    Returns
    -------
    Anatomy
        Positions and lead field.
    """
    names = [*CH_NAMES, *(name for name in ch_names if name not in CH_NAMES)]
    info = head_info(names, sfreq)
    electrodes = electrode_positions(info)
    reference = slice(0, len(CH_NAMES))
    center, radius = fit_sphere(electrodes[reference])

    def direction(under: dict[str, float]) -> FloatArray:
        above = sum(weight * electrodes[names.index(name)] for name, weight in under.items())
        vector = np.asarray(above) / sum(under.values()) - center
        return np.asarray(vector / np.linalg.norm(vector))

    directions = np.array([direction(weights) for weights in under])
    depths = np.array([fraction * radius for fraction in eccentricity])
    positions = center + depths[:, None] * directions

    fixed = np.random.default_rng(0)  # the head stays the same when the signals change
    cortical = fixed.standard_normal((4 * N_BACKGROUND_DIPOLES, 3))
    cortical /= np.linalg.norm(cortical, axis=1, keepdims=True)
    cortical = cortical[cortical[:, 2] > -0.3][:N_BACKGROUND_DIPOLES]
    folds = fixed.standard_normal(cortical.shape)
    folds /= np.linalg.norm(folds, axis=1, keepdims=True)

    gain = lead_field(
        np.vstack([positions, center + CORTEX * radius * cortical]),
        np.vstack([directions, folds]),
        info,
        center,
        radius,
        shells=shells,
    )
    maps, background = gain[:, : len(under)].T, gain[:, len(under) :]
    background *= BACKGROUND_UV / np.sqrt(np.square(background[reference]).sum(axis=1).mean())
    variance_uv2 = np.square(background).sum(axis=1)
    peaks = np.abs(maps[:, reference]).argmax(axis=1)

    picks = [names.index(name) for name in ch_names]
    # Independent dipoles with one spectrum: any matrix with the same covariance mixes the same process.
    left, singular_values, _ = np.linalg.svd(background[picks], full_matrices=False)
    return Anatomy(
        positions=positions,
        gain=maps[:, picks],
        peak_gain=np.abs(maps[np.arange(len(maps)), peaks]),
        background_uv2=variance_uv2[peaks],
        mixing_uv=left * singular_values,
    )


def level_uv(source: Source, background_uv2: float, n_times: int, sfreq: float, snr_db: float) -> float:
    """Return the root mean square of a rhythm (for blinks: the height) where it is strongest.

    Parameters
    ----------
    source : Source
        The source.
    background_uv2 : float
        Variance of the background there, all frequencies.
    n_times : int
        Samples per epoch.
    sfreq : float
        Sampling rate in Hz.
    snr_db : float
        Power of an informative source over that of the background in its band.
    """
    if source.role == "artefact":
        return BLINK_UV
    in_band = share(pink(n_times, sfreq), n_times, sfreq, source.low_hz, source.high_hz)
    level_db = snr_db + DISTRACTOR_EXCESS_DB * (source.role == "distractor")
    return float(np.sqrt(10 ** (level_db / 10) * in_band * background_uv2))


def checked_ch_names(n_chans: int, ch_names: Sequence[str] | None) -> list[str]:
    """Return the requested electrodes.

    Raises
    ------
    TypeError
        If `n_chans` is not a whole number.
    ValueError
        If there are not as many electrodes, or a name is unknown or given twice.

    Examples
    --------
    >>> checked_ch_names(4, None)
    ['C3', 'Cz', 'C4', 'CP3']
    """
    known = standard_montage().ch_names
    if ch_names is None:
        n_chans = operator.index(n_chans)
        if not 2 <= n_chans <= len(CH_NAMES):
            raise ValueError(
                f"`n_chans` must be from 2 to {len(CH_NAMES)}; got {n_chans}. "
                "Try 32, or name other 10-05 electrodes in `ch_names`."
            )
        return sorted(CH_NAMES[:n_chans], key=known.index)
    names = list(ch_names)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"`ch_names` must be 10-05 electrode names; got unknown {unknown}. Try names such as 'C3'."
        )
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(
            f"`ch_names` must hold at least 2 names, each once; got {names}. Try ['C3', 'Cz', 'C4']."
        )
    return names


def sources_in_head(
    sources: Sequence[Source], ch_names: Sequence[str], sfreq: float, n_times: int, snr_db: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the sources' positions in metres and maps in microvolts, and the background's mixing matrix."""
    under, eccentricity = [source.under for source in sources], [source.eccentricity for source in sources]
    head = anatomy(under, eccentricity, ch_names, sfreq)
    levels = [
        level_uv(source, background_uv2, n_times, sfreq, snr_db)
        for source, background_uv2 in zip(sources, head.background_uv2, strict=True)
    ]
    return head.positions, head.maps_uv(np.array(levels)), head.mixing_uv


def line_source(line_noise_hz: float) -> Source:
    """Return the power line, a source without a position in the head."""
    return Source("line", "artefact", "line", line_noise_hz, line_noise_hz, "", {}, np.nan, 0.0)


def hum_map_uv(ch_names: Sequence[str]) -> FloatArray:
    """Return the line artefact at every electrode: cables on the left side pick up more."""
    left = -electrode_positions(head_info(ch_names, 1.0))[:, 0]
    return np.asarray(LINE_NOISE_UV * (1 + 5 * left))  # 5 per metre: half more or less at the ears
