"""Simulated motor-imagery EEG with known sources, bands and scalp maps."""

import operator
from collections.abc import Sequence

import mne
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import checked_seed
from sincviz._version import __version__
from sincviz.datasets.head_model import FloatArray, head_info
from sincviz.datasets.simulated_signals import blinks as blink_courses
from sincviz.datasets.simulated_signals import coloured_noise, hum, pink, rhythm
from sincviz.datasets.simulated_sources import (
    BLINK,
    CH_NAMES,
    DISTRACTOR,
    RHYTHMS,
    Source,
    anatomy,
    hum_map_uv,
    line_source,
)
from sincviz.eeg.montages import standard_montage

EVENT_ID = {"left": 1, "right": 2}
TMIN_S = 0.5  # cue at 0; by then the desynchronisation is complete, so that it holds for the whole epoch
SENSOR_NOISE_UV = 0.5


def simulate_motor_imagery(
    n_trials: int = 400,
    *,
    n_chans: int = 32,
    ch_names: Sequence[str] | None = None,
    sfreq: float = 160.0,
    duration: float = 3.0,
    erd_depth: float = 0.5,
    snr_db: float = 6.0,
    distractor: bool = True,
    blinks: bool = False,
    line_noise_hz: float | None = None,
    seed: int = 0,
) -> tuple[mne.EpochsArray, xr.Dataset]:
    """Simulate left- and right-hand motor imagery with known sources.

    Dipoles in a spherical head carry the rhythms: mu (8–13 Hz) and beta (18–26 Hz) under C3 and C4. During
    imagery of one hand the sources of the opposite hemisphere lose power (event-related desynchronisation,
    ERD). Around them: a background with a 1/f spectrum and the spatial correlation of many cortical dipoles,
    and a strong parietal rhythm in the mu band that varies from trial to trial and is the same in both
    classes.

    Head, sources and scalp maps are the same for every seed, as in several sessions of one subject; the map
    at an electrode does not depend on which other electrodes are simulated.

    Parameters
    ----------
    n_trials : int
        Number of trials, classes balanced (one more ``"left"`` when odd) and in random order.
    n_chans : int
        Number of electrodes, from 2 to 64: the sensorimotor strip first, then the whole head. Not used when
        `ch_names` is given.
    ch_names : sequence of str, optional
        10-05 electrode names, in the order wanted.
    sfreq : float
        Sampling rate in Hz, above 52 Hz (twice the upper end of the beta band).
    duration : float
        Length of an epoch in seconds, at least 0.5. Epochs start 0.5 s after the cue; the
        desynchronisation holds throughout.
    erd_depth : float
        Fraction of its POWER (not amplitude) that a source loses during imagery of the opposite hand, from 0
        (no class information) to below 1: 0.5 is an ERD of 50 % as defined in [1]_.
    snr_db : float
        Power of an informative source, in a typical trial without desynchronisation, over the power of the
        background in the source's band, both at the electrode where the source is strongest; in dB.
        The distractor is 6 dB stronger than that.
    distractor : bool
        Add the parietal rhythm (8–13 Hz).
    blinks : bool
        Add one eye blink to every trial, about 100 µV at the forehead.
    line_noise_hz : float, optional
        Add a power-line artefact of this frequency (3 µV).
    seed : int
        Two calls with the same arguments and seed return the same numbers.

    Returns
    -------
    epochs : mne.EpochsArray
        Shape ``(trials, channels, times)`` in volts, no reference subtracted, with 10-05 positions and
        ``event_id`` ``{"left": 1, "right": 2}``.
    truth : xarray.Dataset
        Along `source`: the coordinates ``role`` (``"informative"``, ``"distractor"`` or ``"artefact"``),
        ``band``, ``low_hz``, ``high_hz`` and ``desynchronised_by`` (class name or ``""``), and the variables

        - ``position`` (source, axis): head coordinates in metres, NaN for line noise;
        - ``scalp_map`` (source, channel): microvolts when the source's own time course is 1, which is one
          standard deviation in a typical trial without desynchronisation (for blinks: their usual height);
        - ``log_power`` (trial, source): natural logarithm of the variance of that time course.

        The trials' class is the coordinate ``class_name``.

    Raises
    ------
    ValueError
        If an argument is outside the range stated above.

    References
    ----------
    .. [1] Pfurtscheller & Lopes da Silva (1999), Event-related EEG/MEG synchronization and desynchronization:
       basic principles, Clinical Neurophysiology 110, 1842–1857.

    Examples
    --------
    >>> epochs, truth = simulate_motor_imagery(20, n_chans=8, seed=1)
    >>> epochs.get_data(copy=False).shape
    (20, 8, 480)
    >>> print(*truth["source"].values)
    mu_left_hemisphere mu_right_hemisphere beta_left_hemisphere beta_right_hemisphere alpha_parietal
    >>> truth["scalp_map"].sel(source="mu_right_hemisphere").idxmax().item()
    'C4'
    """
    ch_names = _checked_ch_names(n_chans, ch_names)
    n_trials, seed = operator.index(n_trials), checked_seed(seed)
    _check_numbers(n_trials, sfreq, duration, erd_depth, snr_db, line_noise_hz)
    n_times = round(duration * sfreq)
    rng = np.random.default_rng(seed)

    sources = [*RHYTHMS, *([DISTRACTOR] if distractor else []), *([BLINK] if blinks else [])]
    positions, maps_uv, mixing_uv = anatomy(sources, ch_names, sfreq, n_times, snr_db)
    labels = rng.permutation(np.resize(list(EVENT_ID), n_trials))
    courses = [_course(source, labels, n_times, sfreq, erd_depth, rng) for source in sources]
    if line_noise_hz is not None:
        sources.append(line_source(line_noise_hz))
        courses.append(hum(n_trials, n_times, sfreq, line_noise_hz, rng))
        positions = np.vstack([positions, np.full(3, np.nan)])
        maps_uv = np.vstack([maps_uv, hum_map_uv(ch_names)])
    activity = np.stack(courses, axis=1)

    background = coloured_noise((n_trials, mixing_uv.shape[1]), pink(n_times, sfreq), n_times, rng)
    data_uv = mixing_uv @ background + maps_uv.T @ activity
    data_uv += SENSOR_NOISE_UV * rng.standard_normal(data_uv.shape)

    info = head_info(ch_names, sfreq)
    if line_noise_hz is not None:
        info["line_freq"] = line_noise_hz
    codes = [EVENT_ID[label] for label in labels]
    events = np.column_stack([np.arange(n_trials) * n_times, np.zeros(n_trials, int), codes])
    # A start between two samples would give MNE one time more than there are samples.
    tmin_s = round(TMIN_S * sfreq) / sfreq
    epochs = mne.EpochsArray(data_uv * 1e-6, info, events, tmin_s, EVENT_ID, verbose="error")

    truth = _truth(sources, ch_names, labels, positions, maps_uv, np.log(activity.var(axis=-1)))
    truth.attrs = {
        "method": "simulate_motor_imagery",
        "sincviz_version": __version__,
        "seed": seed,
        "erd_depth": float(erd_depth),
        "snr_db": float(snr_db),
        "sfreq_hz": float(sfreq),
        "duration_s": float(duration),
    }
    return epochs, truth


def _course(
    source: Source,
    labels: NDArray[np.str_],
    n_times: int,
    sfreq: float,
    erd_depth: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the time course of a source in every trial, shape ``(trials, times)``."""
    power = np.exp(source.spread * rng.standard_normal(len(labels)))
    if source is BLINK:
        return blink_courses(np.sqrt(power), n_times, sfreq, rng)
    power = np.where(labels == source.desynchronised_by, (1 - erd_depth) * power, power)
    return rhythm(power, source.low_hz, source.high_hz, n_times, sfreq, rng)


def _checked_ch_names(n_chans: int, ch_names: Sequence[str] | None) -> list[str]:
    """Return the requested electrodes."""
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


def _check_numbers(
    n_trials: int,
    sfreq: float,
    duration: float,
    erd_depth: float,
    snr_db: float,
    line_noise_hz: float | None,
) -> None:
    """Raise ValueError for settings that cannot be simulated."""
    least_sfreq = 2 * max(source.high_hz for source in RHYTHMS)
    # Written so that NaN fails every test.
    checks = [
        (n_trials >= 2, f"`n_trials` must be at least 2; got {n_trials}. Try 400."),
        (
            least_sfreq < sfreq < np.inf,
            f"`sfreq` must be above {least_sfreq:g} Hz to hold the beta band; got {sfreq}. Try 160.",
        ),
        (0.5 <= duration < np.inf, f"`duration` must be at least 0.5 s; got {duration}. Try 3."),
        (
            0 <= erd_depth < 1,
            "`erd_depth` is the fraction of power lost and must be at least 0 and below 1; "
            f"got {erd_depth}. Try 0.5.",
        ),
        (bool(np.isfinite(snr_db)), f"`snr_db` must be a finite number of dB; got {snr_db}. Try 6."),
        (
            line_noise_hz is None or 0 < line_noise_hz < sfreq / 2,
            f"`line_noise_hz` must be above 0 and below half of `sfreq` ({sfreq / 2:g} Hz); "
            f"got {line_noise_hz}. Try 50 or 60, or a higher `sfreq`.",
        ),
    ]
    for passed, message in checks:
        if not passed:
            raise ValueError(message)


def _truth(
    sources: Sequence[Source],
    ch_names: Sequence[str],
    labels: NDArray[np.str_],
    positions: FloatArray,
    maps_uv: FloatArray,
    log_power: FloatArray,
) -> xr.Dataset:
    """Return the ground truth as labelled arrays."""
    fields = ("role", "band", "low_hz", "high_hz", "desynchronised_by")
    return xr.Dataset(
        {
            "position": (("source", "axis"), positions, {"units": "m", "frame": "head"}),
            "scalp_map": (("source", "channel"), maps_uv, {"units": "µV"}),
            "log_power": (("trial", "source"), log_power, {"units": "ln of variance"}),
        },
        coords={
            "source": [source.name for source in sources],
            **{name: ("source", [getattr(source, name) for source in sources]) for name in fields},
            "axis": ["x", "y", "z"],
            "channel": list(ch_names),
            "trial": np.arange(len(labels)),
            "class_name": ("trial", labels),
        },
    )
