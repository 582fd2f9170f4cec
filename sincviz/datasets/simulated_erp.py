"""Simulated event-related potentials with known sources, latencies and scalp maps."""

import operator
from collections.abc import Sequence

import mne
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import checked_seed, finite_float
from sincviz._version import __version__
from sincviz.datasets.head_model import FloatArray
from sincviz.datasets.simulated_components import DISTRACTORS, ERPS, Component, Erp, ErpName
from sincviz.datasets.simulated_recording import (
    epoch_times,
    ground_truth,
    raise_if_failed,
    record,
    setting_checks,
)
from sincviz.datasets.simulated_signals import peaks, rhythm
from sincviz.datasets.simulated_sources import DISTRACTOR, anatomy, checked_ch_names

AMPLITUDE_SPREAD = 0.3  # standard deviation of the logarithm of a component's amplitude from trial to trial
LEAST_SFREQ_HZ = 64.0  # twice the frequency below which the narrowest component has nearly all of its power
LEAST_END_S = 0.3


def simulate_erp(
    n_trials: int = 400,
    *,
    component: ErpName = "p300",
    n_chans: int = 32,
    ch_names: Sequence[str] | None = None,
    sfreq: float = 160.0,
    tmin: float = -0.2,
    duration: float = 1.0,
    latency_s: float | None = None,
    jitter_s: float = 0.0,
    snr_db: float | None = None,
    distractors: bool = True,
    seed: int = 0,
) -> tuple[mne.EpochsArray, xr.Dataset]:
    """Simulate event-related potentials with known sources and latencies.

    Dipoles in a spherical head carry the components, each of which is one Gaussian per trial. What differs between
    the classes is

    - ``"p300"`` [1]_: positive, under Pz and CPz, at 375 ms with a full width of 150 ms at half its maximum, in trials
      of the class ``"target"`` only, not in those of ``"standard"``;
    - ``"n170"`` [2]_: negative, under P8, PO8 and TP8, with 0.8 of that peak under P7, PO7 and TP7, at 170 ms with a
      width of 50 ms, and a quarter as large in trials of the class ``"object"`` as in those of ``"face"``.

    The same in both classes are a positive and a negative occipital component (P1, 100 ms, and N1, 150 ms), a
    positive fronto-central one (P2, 200 ms), and an ongoing parietal rhythm (8–13 Hz) that is not locked to the event.
    Around them is the background of :func:`simulate_motor_imagery`, in the same head. Amplitudes vary from trial to
    trial and from source to source (log-normal, standard deviation of the logarithm 0.3).

    Parameters
    ----------
    n_trials : int
        Number of trials, classes balanced (one more of the first class when odd) and in random order.
    component : {"p300", "n170"}
        What differs between the classes.
    n_chans : int
        Number of electrodes, from 2 to 64: the sensorimotor strip first, then the whole head; P7 and P8, where an N170
        is largest, are there from 28 on. Not used when `ch_names` is given.
    ch_names : sequence of str, optional
        10-05 electrode names, in the order wanted.
    sfreq : float
        Sampling rate in Hz, at least 64 Hz.
    tmin : float
        Start of an epoch in seconds relative to the event, at the nearest sample; 0 or below.
    duration : float
        Length of an epoch in seconds, at least 0.5; the epoch has to last until 0.3 s after the event.
    latency_s : float, optional
        Where the informative component peaks, in seconds after the event. By default as stated above.
    jitter_s : float
        Standard deviation over trials of that latency (Gaussian, the same for both hemispheres). The others' do not
        vary.
    snr_db : float, optional
        Squared peak, in microvolts, of the informative component in a typical trial (the median over trials) of the
        class in which it is larger, over the variance of the background at all frequencies, both at the electrode
        where the component is strongest; in dB. It is that of the right hemisphere for the N170. The background is
        the 1/f part alone, without rhythm and sensor noise. By default 7 dB for the P300 and 11 dB for the N170:
        peaks of 19 and 28 µV, with which shrinkage LDA of means over 50 ms gets 80 to 90 % of 400 trials right.
        Whatever the ratio, that of the distractors at their own electrodes is 0 dB (of the rhythm, its power).
    distractors : bool
        Add what is the same in both classes.
    seed : int
        Two calls with the same arguments and seed return the same numbers.

    Returns
    -------
    epochs : mne.EpochsArray
        Shape ``(trials, channels, times)`` in volts, no reference or baseline subtracted, with 10-05 positions; time
        0 is the event. ``event_id`` is ``{"standard": 1, "target": 2}`` or ``{"object": 1, "face": 2}``.
    truth : xarray.Dataset
        Along `source`: the coordinates ``role`` (``"informative"`` or ``"distractor"``), ``latency_s``, ``width_s``
        (full width at half maximum; both NaN for the rhythm) and ``larger_in`` (class name or ``""``), and the
        variables

        - ``position`` (source, axis): head coordinates in metres;
        - ``scalp_map`` (source, channel): microvolts at the peak of a component in a typical trial of the class in
          which it is larger; for the rhythm, one standard deviation in a typical trial;
        - ``amplitude`` (trial, source): what the map is multiplied with in each trial, 0 where there is no component;
        - ``latency`` (trial, source): seconds after the event, NaN for the rhythm;
        - ``time_course`` (source, time): mean over trials of components of amplitude 1, divided by its maximum; 1
          throughout for the rhythm. ``time`` is in seconds relative to the event.

        The trials' class is the coordinate ``class_name``.

    Raises
    ------
    ValueError
        If an argument is outside the range stated above, the latency is outside the epoch, or the jitter moves it
        there within three standard deviations.

    References
    ----------
    .. [1] Polich (2007), Updating P300: an integrative theory of P3a and P3b, Clinical Neurophysiology 118, 2128–2148.
    .. [2] Bentin, Allison, Puce, Perez & McCarthy (1996), Electrophysiological studies of face perception in humans,
       Journal of Cognitive Neuroscience 8, 551–565.

    Examples
    --------
    >>> epochs, truth = simulate_erp(20, n_chans=8, seed=1)
    >>> epochs.get_data(copy=False).shape, epochs.event_id
    ((20, 8, 160), {'standard': 1, 'target': 2})
    >>> print(*truth["source"].values)
    p300 p1_occipital n1_occipital p2_frontocentral alpha_parietal
    >>> truth["scalp_map"].sel(source="p300").idxmax().item(), truth["time_course"].sel(source="p300").idxmax().item()
    ('Pz', 0.375)
    """
    ch_names = checked_ch_names(n_chans, ch_names)
    n_trials, seed = operator.index(n_trials), checked_seed(seed)
    erp = _checked_erp(component)
    snr_db = erp.snr_db if snr_db is None else snr_db
    _check_settings(n_trials, sfreq, tmin, duration, snr_db)
    n_times = round(duration * sfreq)
    time_s = epoch_times(tmin, n_times, sfreq)
    latency_s = erp.components[0].latency_s if latency_s is None else latency_s
    jitter_s = finite_float("jitter_s", jitter_s, advice=0.03)
    _check_latency(latency_s, jitter_s, time_s[-1])
    rng = np.random.default_rng(seed)

    informative = [one._replace(latency_s=float(latency_s)) for one in erp.components]
    evoked = [*informative, *(DISTRACTORS if distractors else ())]
    rhythms = [DISTRACTOR] if distractors else []
    placed = [*evoked, *rhythms]
    head = anatomy(
        [source.under for source in placed], [source.eccentricity for source in placed], ch_names, sfreq
    )
    peak_uv = np.sqrt(head.background_uv2)
    peak_uv[: len(informative)] = peak_uv[0] * 10 ** (snr_db / 20)
    peak_uv[: len(evoked)] *= [one.sign * one.height for one in evoked]
    maps_uv = head.maps_uv(peak_uv)

    labels = rng.permutation(np.resize(list(erp.event_id), n_trials))
    shift_s = jitter_s * rng.standard_normal(n_trials)
    trial_latency = [one.latency_s + shift_s * (one.role == "informative") for one in evoked]
    bumps = [peaks(latency, one.width_s, time_s) for one, latency in zip(evoked, trial_latency, strict=True)]
    amplitude = [_amplitude(one, labels, rng) for one in evoked]
    courses = [height[:, None] * bump for height, bump in zip(amplitude, bumps, strict=True)]
    time_course = [bump.mean(axis=0) / bump.mean(axis=0).max() for bump in bumps]
    for source in rhythms:
        power = np.exp(source.spread * rng.standard_normal(n_trials))
        courses.append(rhythm(power, source.low_hz, source.high_hz, n_times, sfreq, rng))
        amplitude.append(np.sqrt(power))
        trial_latency.append(np.full(n_trials, np.nan))
        time_course.append(np.ones(n_times))
    activity = np.stack(courses, axis=1)
    epochs = record(
        activity, maps_uv, head.mixing_uv, labels, erp.event_id, ch_names, sfreq, time_s[0], None, rng
    )

    nan = [np.nan] * len(rhythms)
    truth = ground_truth(
        {
            "source": [source.name for source in placed],
            "role": [source.role for source in placed],
            "latency_s": [one.latency_s for one in evoked] + nan,
            "width_s": [one.width_s for one in evoked] + nan,
            "larger_in": [max(one.share, key=one.share.__getitem__, default="") for one in evoked]
            + [""] * len(rhythms),
        },
        {
            "amplitude": (np.stack(amplitude, axis=1), "multiples of the scalp map"),
            "latency": (np.stack(trial_latency, axis=1), "s"),
        },
        np.stack(time_course),
        head.positions,
        maps_uv,
        ch_names,
        labels,
        time_s,
    )
    truth.attrs = {
        "method": "simulate_erp",
        "sincviz_version": __version__,
        "seed": seed,
        "component": component,
        "latency_s": float(latency_s),
        "jitter_s": float(jitter_s),
        "snr_db": float(snr_db),
        "sfreq_hz": float(sfreq),
        "tmin_s": float(time_s[0]),
        "duration_s": float(duration),
    }
    return epochs, truth


def _amplitude(component: Component, labels: NDArray[np.str_], rng: np.random.Generator) -> FloatArray:
    """Return the amplitude of a component in every trial, shape ``(trials,)``; 1 is typical."""
    share = np.array([component.share.get(label, 1.0) for label in labels])
    return share * np.exp(AMPLITUDE_SPREAD * rng.standard_normal(len(labels)))


def _checked_erp(component: str) -> Erp:
    """Return a potential that can be simulated, by its name."""
    if component not in ERPS:
        raise ValueError(f"`component` must be one of {', '.join(ERPS)}; got {component!r}. Try 'p300'.")
    return ERPS[component]


def _check_settings(n_trials: int, sfreq: float, tmin: float, duration: float, snr_db: float) -> None:
    """Raise ValueError for settings that cannot be simulated."""
    end_s = tmin + duration
    checks = [
        (
            LEAST_SFREQ_HZ <= sfreq < np.inf,
            f"`sfreq` must be at least {LEAST_SFREQ_HZ:g} Hz to hold the narrowest component; got {sfreq}. Try 160.",
        ),
        *setting_checks(n_trials, sfreq, duration, snr_db, tmin),
        (tmin <= 0, f"`tmin` must be 0 (the event) or below; got {tmin}. Try -0.2."),
        (
            end_s >= LEAST_END_S,
            f"`tmin` + `duration` must be at least {LEAST_END_S:g} s after the event; got {end_s:g}. "
            f"Try duration={np.ceil(10 * (1 - tmin)) / 10:g}.",
        ),
    ]
    raise_if_failed(checks)


def _check_latency(latency_s: float, jitter_s: float, last_s: float) -> None:
    """Raise ValueError for an informative component that leaves the epoch."""
    most_s = min(latency_s, last_s - latency_s) / 3
    checks = [
        (
            0 < latency_s <= last_s,
            f"`latency_s` must be above 0 (the event) and at most {last_s:g} s, the end of the epoch; got {latency_s}. "
            f"Try {last_s / 2:.2g}, or a longer `duration`.",
        ),
        (
            0 <= jitter_s <= most_s,
            f"`jitter_s` must be from 0 to {most_s:.3g} s, so that three standard deviations around a latency of "
            f"{latency_s:g} s stay between the event and the end of the epoch; got {jitter_s}. Try {most_s / 2:.2g}.",
        ),
    ]
    raise_if_failed(checks)
