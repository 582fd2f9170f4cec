"""Trials of a condition, and what is true of them."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz.benchmark.conditions import N_TIMES, SFREQ_HZ, SIDES, Part, Setting
from sincviz.datasets.head_model import FloatArray
from sincviz.datasets.simulated_erp import simulate_erp
from sincviz.datasets.simulated_recording import SENSOR_NOISE_UV, epoch_times, ground_truth
from sincviz.datasets.simulated_signals import (
    coloured_noise,
    desynchronisation,
    peaks,
    pink,
    rhythm,
)
from sincviz.datasets.simulated_sources import anatomy, level_uv

EYE_ONSET_S, EYE_DURATION_S = (0.3, 0.9), 0.8


class Trials(NamedTuple):
    """Simulated trials.

    Attributes
    ----------
    uv : ndarray, shape (trials, channels, times)
        Microvolts, float32.
    y : ndarray, shape (trials,)
        Class of each, 0 or 1.
    class_names : tuple of str
        Names of the classes.
    truth : xarray.Dataset
        As :func:`sincviz.datasets.simulate_motor_imagery` returns it; or :func:`sincviz.datasets.simulate_erp`, where
        ``low_hz`` and ``high_hz`` of evoked responses are NaN.
    """

    uv: NDArray[np.float32]
    y: NDArray[np.int64]
    class_names: tuple[str, ...]
    truth: xr.Dataset


def simulate(setting: Setting, n_trials: int, seed: int, background_uv: FloatArray | None = None) -> Trials:
    """Draw trials of a condition.

    Parameters
    ----------
    setting : Setting
        The condition.
    n_trials : int
        Number of trials, classes balanced and in random order.
    seed : int
        The same seed gives the same trials.
    background_uv : ndarray, shape (trials, channels, times), optional
        A recorded background in microvolts. By default it is simulated.

    Returns
    -------
    Trials
        Labels are those of the trials, without what ``setting.flipped`` does to them in training.

    Raises
    ------
    ValueError
        If the condition needs a recorded background and there is none, or it has another shape.

    Examples
    --------
    >>> from sincviz.benchmark.conditions import setting
    >>> trials = simulate(setting("channels_16", "EEGNet"), 4, seed=0)
    >>> trials.uv.shape, trials.truth["source"].values.tolist()
    ((4, 16, 200), ['mu_left_hemisphere', 'alpha_parietal'])
    """
    if setting.component:
        return _evoked(setting, n_trials, seed)
    shape = (n_trials, len(setting.ch_names), N_TIMES)
    if setting.recorded and (background_uv is None or background_uv.shape != shape):
        got = "none" if background_uv is None else str(background_uv.shape)
        raise ValueError(
            f"`background_uv` must have the shape (trials, channels, times) {shape}; got {got}. Pass "
            "real_background.background(...)."
        )
    rng = np.random.default_rng(seed)
    time_s = epoch_times(setting.tmin_s, N_TIMES, SFREQ_HZ)
    fraction = desynchronisation(time_s, setting.onset_s, setting.offset_s)
    labels = rng.permutation(np.resize(SIDES, n_trials))

    maps_uv, positions, mixing_uv = _in_head(setting, background_uv)
    activity = _courses(setting, labels, fraction, time_s, rng)
    if background_uv is None:
        noise = coloured_noise((n_trials, mixing_uv.shape[1]), pink(N_TIMES, SFREQ_HZ), N_TIMES, rng)
        background_uv = mixing_uv @ noise + SENSOR_NOISE_UV * rng.standard_normal(shape)
    uv = background_uv + maps_uv.T @ activity

    sources = [part.source for part in setting.parts]
    informative = np.array([source.role == "informative" for source in sources])
    fields = ("role", "band", "low_hz", "high_hz", "desynchronised_by")
    with np.errstate(divide="ignore"):
        log_power = np.log(activity.var(axis=-1))
    truth = ground_truth(
        {"source": [source.name for source in sources]}
        | {name: [getattr(source, name) for source in sources] for name in fields},
        {"log_power": (log_power, "ln of variance")},
        informative[:, None] * fraction,
        positions,
        maps_uv,
        setting.ch_names,
        labels,
        time_s,
    )
    return Trials(uv.astype(np.float32), (labels == SIDES[1]).astype(np.int64), SIDES, truth)


def _evoked(setting: Setting, n_trials: int, seed: int) -> Trials:
    epochs, truth = simulate_erp(
        n_trials,
        component=setting.component,  # type: ignore[arg-type]
        ch_names=setting.ch_names,
        sfreq=SFREQ_HZ,
        tmin=setting.tmin_s,
        duration=N_TIMES / SFREQ_HZ,
        jitter_s=setting.jitter_s,
        snr_db=setting.snr_db,
        seed=seed,
    )
    names = tuple(epochs.event_id)
    uv = (epochs.get_data(copy=False) * 1e6).astype(np.float32)
    y = (truth["class_name"].to_numpy() == names[1]).astype(np.int64)
    unknown = ("source", np.full(truth.sizes["source"], np.nan))
    return Trials(uv, y, names, truth.assign_coords(low_hz=unknown, high_hz=unknown))


def _in_head(setting: Setting, background_uv: FloatArray | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the maps in microvolts, positions in metres, and the background's mixing matrix."""
    parts = setting.parts
    dipoles = [part for part in parts if not part.local]
    second = [part for part in parts if part.opposite]
    under = [part.source.under for part in dipoles]
    under += [{name: float(part.opposite.count(name)) for name in part.opposite} for part in second]
    eccentricity = [part.source.eccentricity for part in (*dipoles, *second)]
    head = anatomy(under, eccentricity, setting.ch_names, SFREQ_HZ, shells=setting.shells)
    maps = dict(zip((part.source.name for part in dipoles), head.maps_uv(np.ones(len(under))), strict=False))
    for number, part in enumerate(second, len(dipoles)):
        maps[part.source.name] = maps[part.source.name] - head.gain[number] / head.peak_gain[number]

    levels: dict[str, float] = {}
    for number, part in enumerate(dipoles):
        name = part.source.name
        if background_uv is None:
            variance_uv2 = float(head.background_uv2[number])
            level = level_uv(
                part.source._replace(role="informative"), variance_uv2, N_TIMES, SFREQ_HZ, part.level_db
            )
        else:
            strongest = background_uv[:, np.abs(maps[name]).argmax()]
            level = np.sqrt(10 ** (part.level_db / 10) * _band_variance(strongest, part))
        if part.opposite:
            level = float(np.sqrt(10 ** (part.level_db / 10) * head.background_uv2[number]))
        levels[name] = level
        maps[name] = level * maps[name]

    places = dict(zip((part.source.name for part in dipoles), head.positions, strict=False))
    nowhere = np.full(3, np.nan)
    deaf = [name for part in parts for name in part.local]
    for part in parts:
        name = part.source.name
        if part.local:
            maps[name] = levels[part.course_of] * np.isin(setting.ch_names, part.local)
        else:
            # An electrode with a suppressor measures no other source, so it knows nothing of the class.
            maps[name] = maps[name] * ~np.isin(setting.ch_names, deaf)
    ordered = [part.source.name for part in parts]
    return (
        np.array([maps[name] for name in ordered]),
        np.array([places.get(name, nowhere) for name in ordered]),
        head.mixing_uv,
    )


def _band_variance(uv: FloatArray, part: Part) -> float:
    """Return the mean variance of trials in the band of a source."""
    power = np.square(np.abs(np.fft.rfft(uv, axis=-1))).mean(axis=0) * 2 / N_TIMES**2
    frequency = np.fft.rfftfreq(N_TIMES, 1 / SFREQ_HZ)
    return float(power[(frequency >= part.source.low_hz) & (frequency < part.source.high_hz)].sum())


def _courses(
    setting: Setting,
    labels: NDArray[np.str_],
    fraction: FloatArray,
    time_s: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the time courses, shape (trials, sources, times)."""
    powers: dict[str, FloatArray] = {}
    courses: dict[str, FloatArray] = {}
    for part in setting.parts:
        source = part.source
        if part.course_of:
            courses[source.name] = courses[part.course_of]
            continue
        if part.opposite:
            courses[source.name] = _eye_movements(part, labels, time_s, rng)
            continue
        lost = labels == source.desynchronised_by
        if part.power_of:
            power = powers[part.power_of]
        else:
            power = np.exp(source.spread * rng.standard_normal(len(labels)))
            power = np.where(lost, (1 - part.depth) * power, power)
        powers[source.name] = power
        course = rhythm(power, source.low_hz, source.high_hz, len(fraction), SFREQ_HZ, rng)
        course[lost] *= np.sqrt((1 - part.depth * fraction) / (1 - part.depth))
        courses[source.name] = course
    return np.stack([courses[part.source.name] for part in setting.parts], axis=1)


def _eye_movements(
    part: Part, labels: NDArray[np.str_], time_s: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return slow deflections whose height has unit variance within a class, shape (trials, times)."""
    side = np.where(labels == SIDES[1], 0.5, -0.5)
    height = part.depth * side + rng.standard_normal(len(labels))
    return height[:, None] * peaks(rng.uniform(*EYE_ONSET_S, len(labels)), EYE_DURATION_S, time_s)
