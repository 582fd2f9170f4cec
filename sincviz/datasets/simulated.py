"""Simulated motor-imagery EEG with known sources, bands and scalp maps."""

import operator
from collections.abc import Sequence

import mne
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import checked_seed
from sincviz._version import __version__
from sincviz.datasets.head_model import FloatArray
from sincviz.datasets.simulated_recording import (
    epoch_times,
    ground_truth,
    raise_if_failed,
    record,
    setting_checks,
)
from sincviz.datasets.simulated_signals import RAMP_S, desynchronisation, hum, rhythm
from sincviz.datasets.simulated_signals import blinks as blink_courses
from sincviz.datasets.simulated_sources import (
    BLINK,
    DISTRACTOR,
    RHYTHMS,
    Source,
    checked_ch_names,
    hum_map_uv,
    line_source,
    sources_in_head,
)

EVENT_ID = {"left": 1, "right": 2}


def simulate_motor_imagery(
    n_trials: int = 400,
    *,
    n_chans: int = 32,
    ch_names: Sequence[str] | None = None,
    sfreq: float = 160.0,
    tmin: float = 0.5,
    duration: float = 3.0,
    onset_s: float | None = None,
    offset_s: float | None = None,
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
    tmin : float
        Start of an epoch in seconds relative to the cue, at the nearest sample; negative for a baseline
        before the cue.
    duration : float
        Length of an epoch in seconds, at least 0.5.
    onset_s, offset_s : float, optional
        When the desynchronisation begins and ends, in seconds relative to the cue and within the epoch: power
        falls and returns along a raised cosine of 0.2 s, with half of the loss reached at these times. By default it
        holds from the first sample to the last.
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
        - ``log_power`` (trial, source): natural logarithm of the variance of that time course over the whole
          epoch. With an onset or offset it holds times without loss too: the classes differ by less than
          `erd_depth`;
        - ``time_course`` (source, time): the fraction of the full loss at each time, from 0 to 1, of informative
          sources, and 0 of all others. ``time`` is in seconds relative to the cue.

        The trials' class is the coordinate ``class_name``.

    Raises
    ------
    ValueError
        If an argument is outside the range stated above, or the offset is less than 0.2 s after the onset.

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

    Imagery from 0.5 to 2 s after the cue, with half a second before it:

    >>> epochs, truth = simulate_motor_imagery(20, n_chans=8, tmin=-0.5, onset_s=0.5, offset_s=2.0)
    >>> truth["time_course"].sel(source="mu_left_hemisphere", time=[0.0, 0.5, 1.0, 2.0]).values.tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    ch_names = checked_ch_names(n_chans, ch_names)
    n_trials, seed = operator.index(n_trials), checked_seed(seed)
    _check_numbers(n_trials, sfreq, tmin, duration, erd_depth, snr_db, line_noise_hz)
    n_times = round(duration * sfreq)
    time_s = epoch_times(tmin, n_times, sfreq)
    _check_limits(time_s, onset_s, offset_s)
    fraction = desynchronisation(time_s, onset_s, offset_s)
    rng = np.random.default_rng(seed)

    sources = [*RHYTHMS, *([DISTRACTOR] if distractor else []), *([BLINK] if blinks else [])]
    positions, maps_uv, mixing_uv = sources_in_head(sources, ch_names, sfreq, n_times, snr_db)
    labels = rng.permutation(np.resize(list(EVENT_ID), n_trials))
    courses = [_course(source, labels, sfreq, erd_depth, fraction, rng) for source in sources]
    if line_noise_hz is not None:
        sources.append(line_source(line_noise_hz))
        courses.append(hum(n_trials, n_times, sfreq, line_noise_hz, rng))
        positions = np.vstack([positions, np.full(3, np.nan)])
        maps_uv = np.vstack([maps_uv, hum_map_uv(ch_names)])
    activity = np.stack(courses, axis=1)
    epochs = record(
        activity, maps_uv, mixing_uv, labels, EVENT_ID, ch_names, sfreq, time_s[0], line_noise_hz, rng
    )

    informative = np.array([source.role == "informative" for source in sources])
    fields = ("role", "band", "low_hz", "high_hz", "desynchronised_by")
    truth = ground_truth(
        {"source": [source.name for source in sources]}
        | {name: [getattr(source, name) for source in sources] for name in fields},
        {"log_power": (np.log(activity.var(axis=-1)), "ln of variance")},
        informative[:, None] * fraction,
        positions,
        maps_uv,
        ch_names,
        labels,
        time_s,
    )
    limits = {"onset_s": onset_s, "offset_s": offset_s}
    truth.attrs = {
        "method": "simulate_motor_imagery",
        "sincviz_version": __version__,
        "seed": seed,
        "erd_depth": float(erd_depth),
        "snr_db": float(snr_db),
        "sfreq_hz": float(sfreq),
        "tmin_s": float(time_s[0]),
        "duration_s": float(duration),
        **{name: float(limit) for name, limit in limits.items() if limit is not None},
    }
    return epochs, truth


def _course(
    source: Source,
    labels: NDArray[np.str_],
    sfreq: float,
    erd_depth: float,
    fraction: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the time course of a source in every trial, shape ``(trials, times)``."""
    power = np.exp(source.spread * rng.standard_normal(len(labels)))
    if source is BLINK:
        return blink_courses(np.sqrt(power), len(fraction), sfreq, rng)
    desynchronised = labels == source.desynchronised_by
    power = np.where(desynchronised, (1 - erd_depth) * power, power)
    course = rhythm(power, source.low_hz, source.high_hz, len(fraction), sfreq, rng)
    course[desynchronised] *= np.sqrt((1 - erd_depth * fraction) / (1 - erd_depth))
    return course


def _check_numbers(
    n_trials: int,
    sfreq: float,
    tmin: float,
    duration: float,
    erd_depth: float,
    snr_db: float,
    line_noise_hz: float | None,
) -> None:
    """Raise ValueError for settings that cannot be simulated."""
    least_sfreq = 2 * max(source.high_hz for source in RHYTHMS)
    checks = [
        (
            least_sfreq < sfreq < np.inf,
            f"`sfreq` must be above {least_sfreq:g} Hz to hold the beta band; got {sfreq}. Try 160.",
        ),
        *setting_checks(n_trials, sfreq, duration, snr_db, tmin),
        (
            0 <= erd_depth < 1,
            "`erd_depth` is the fraction of power lost and must be at least 0 and below 1; "
            f"got {erd_depth}. Try 0.5.",
        ),
        (
            line_noise_hz is None or 0 < line_noise_hz < sfreq / 2,
            f"`line_noise_hz` must be above 0 and below half of `sfreq` ({sfreq / 2:g} Hz); "
            f"got {line_noise_hz}. Try 50 or 60, or a higher `sfreq`.",
        ),
    ]
    raise_if_failed(checks)


def _check_limits(time_s: FloatArray, onset_s: float | None, offset_s: float | None) -> None:
    """Raise ValueError for a desynchronisation that does not fit into the epoch."""
    first, last = time_s[0], time_s[-1]
    quarter = (last - first) / 4
    advice = f"Try onset_s={first + quarter:.2f} and offset_s={last - quarter:.2f}, or another `tmin` or `duration`."
    checks = [
        (
            limit is None or first <= limit <= last,
            f"`{name}` must lie within the epoch, from {first:g} to {last:g} s relative to the cue; got {limit}. "
            + advice,
        )
        for name, limit in (("onset_s", onset_s), ("offset_s", offset_s))
    ]
    if onset_s is not None and offset_s is not None:
        # Closer together, the loss would never be complete and not half at either of them.
        checks.append(
            (
                round(offset_s - onset_s, 9) >= RAMP_S,
                f"`offset_s` must be at least {RAMP_S:g} s after `onset_s`; got {offset_s} and {onset_s}. {advice}",
            )
        )
    raise_if_failed(checks)
