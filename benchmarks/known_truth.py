"""Trials and networks with known truth, which `benchmarks.false_statements` judges by.

A condition is a function of a seed that returns a `Case`. Signals are those of `sincviz.datasets`: dipoles in a
sphere, a background with a 1/f spectrum, here 24 channels and trials of 2 s at 128 Hz.
"""

import functools
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import torch

import sincviz
from sincviz.datasets.head_model import electrode_positions, fit_sphere, head_info
from sincviz.datasets.simulated_signals import coloured_noise, pink, rhythm
from sincviz.datasets.simulated_sources import CH_NAMES, DISTRACTOR, Source, sources_in_head
from sincviz.eeg.montages import standard_montage

SFREQ, N_TIMES = 128, 256
N_TRAIN, N_TEST, N_NEW = 160, 120, 400
# fmt: off
HEAD = ("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FC3", "FC4", "T7", "C3", "Cz", "C4", "T8", "CP3", "CP4", "P7",
        "P3", "Pz", "P4", "P8", "POz", "O1", "O2")
# fmt: on
SIDES = ("left", "right")
MU, BETA = (9.0, 12.0), (18.0, 26.0)
ERD = 0.5

HANDS = (
    Source("mu_left", "informative", "mu", *MU, "right", {"C3": 3, "CP3": 1}, 0.7, 0.4),
    Source("mu_right", "informative", "mu", *MU, "left", {"C4": 3, "CP4": 1}, 0.7, 0.4),
    Source("beta_left", "informative", "beta", *BETA, "right", {"C3": 3, "FC3": 1}, 0.7, 0.4),
    Source("beta_right", "informative", "beta", *BETA, "left", {"C4": 3, "FC4": 1}, 0.7, 0.4),
)
REST = tuple(source._replace(desynchronised_by="") for source in HANDS)


CONDITIONS: dict[str, "Callable[[int], Case]"] = {}
"""Every condition by its name; its docstring says what it is."""


@dataclass(frozen=True)
class Recording:
    """Simulated trials in microvolts, shape (trials, channels, times), and the class of each as a number."""

    uv: np.ndarray
    codes: np.ndarray
    names: tuple[str, ...]
    ch_names: tuple[str, ...]
    metadata: pd.DataFrame | None = None
    samples: np.ndarray | None = None

    def __getitem__(self, rows: slice | np.ndarray) -> "Recording":
        return replace(
            self,
            uv=self.uv[rows],
            codes=self.codes[rows],
            metadata=None if self.metadata is None else self.metadata.iloc[rows].reset_index(drop=True),
            samples=None if self.samples is None else self.samples[rows],
        )

    def __len__(self) -> int:
        return len(self.codes)

    def epochs(self) -> mne.EpochsArray:
        """Return the trials as epochs in volts."""
        samples = 2 * N_TIMES * np.arange(len(self)) if self.samples is None else self.samples
        order = np.argsort(samples, kind="stable")
        events = np.column_stack([samples, np.zeros(len(self), int), self.codes + 1])[order]
        metadata = None if self.metadata is None else self.metadata.iloc[order].reset_index(drop=True)
        event_id = {name: number + 1 for number, name in enumerate(self.names)}
        return mne.EpochsArray(
            self.uv[order] * 1e-6,
            head_info(self.ch_names, SFREQ),
            events,
            0.0,
            event_id,
            metadata=metadata,
            verbose="error",
        )


@dataclass(frozen=True)
class Case:
    """A network, the trials it is inspected on, and what is true.

    Attributes
    ----------
    network, trials, y, held_out
        What `sincviz.inspect` is given.
    new
        Trials, and labels if they are an array, that are new to the network in every respect and fit it: they tell
        whether it knows the classes, and what more power in a cell does to its scores.
    sources : sequence of (low_hz, high_hz, map)
        Where the classes differ; the map is a `dict` of channels and absolute amplitudes.
    direction : dict of (class, "low_hz-high_hz", channel) to int
        1 where the class has more power there, -1 where it has less; only where one source dominates.
    readable : bool
        Whether these trials would let a sound network be read.
    must, may : frozenset of str
        Findings about the trials or artefacts that have to be there, and those that are true too.
    """

    network: object
    trials: object
    new: tuple[object, np.ndarray | None]
    y: np.ndarray | None = None
    held_out: bool = False
    sources: tuple[tuple[float, float, dict[str, float]], ...] = ()
    direction: dict[tuple[str, str, str], int] = field(default_factory=dict)
    readable: bool = True
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()


def recorded(
    codes: np.ndarray,
    sources: Sequence[Source],
    rng: np.random.Generator,
    *,
    names: tuple[str, ...] = SIDES,
    ch_names: tuple[str, ...] = HEAD,
    power: np.ndarray | None = None,
    local: np.ndarray | None = None,
    erd: float = ERD,
    snr_db: float = 6.0,
) -> Recording:
    """Simulate trials; a class takes the share `erd` of the power of a source that it desynchronises.

    `power`, shape (trials, sources), multiplies that of the sources; `local`, shape (trials, channels, times), is added
    to the channels in microvolts.
    """
    _, maps_uv, mixing_uv = sources_in_head(sources, ch_names, SFREQ, N_TIMES, snr_db)
    of_names = np.array(names)[codes]
    courses = []
    for number, source in enumerate(sources):
        level = np.exp(source.spread * rng.standard_normal(len(codes)))
        level = np.where(of_names == source.desynchronised_by, (1 - erd) * level, level)
        level = level if power is None else level * power[:, number]
        courses.append(rhythm(level, source.low_hz, source.high_hz, N_TIMES, SFREQ, rng))
    noise = coloured_noise((len(codes), mixing_uv.shape[1]), pink(N_TIMES, SFREQ), N_TIMES, rng)
    uv = mixing_uv @ noise + maps_uv.T @ np.stack(courses, 1)
    uv += 0.5 * rng.standard_normal(uv.shape)
    return Recording(uv if local is None else uv + local, codes, names, ch_names)


def random_codes(n_trials: int, rng: np.random.Generator, shares: Sequence[float] = (1, 1)) -> np.ndarray:
    """Return classes in random order, as many of each as its share asks for."""
    counts = np.round(np.array(shares) / sum(shares) * n_trials).astype(int)
    counts[0] += n_trials - counts.sum()
    return rng.permutation(np.repeat(np.arange(len(shares)), counts))


def trained(recording: Recording, seed: int, *, x: np.ndarray | None = None, **settings: object):
    """Return a small network trained on a recording, or on an array of its trials."""
    fitting = {"max_epochs": 30, "batch_size": 32, "validation": 0.0, "seed": seed, "progress": False}
    fitting |= {name: settings.pop(name) for name in ("max_epochs", "lr") if name in settings}
    epochs = recording.epochs()
    torch.manual_seed(seed)
    built = {"num_time_filters": 8, "time_filter_len": 33, "freq_stride": 3.0} | settings
    model = sincviz.SincShallowNet(
        n_outputs=len(recording.names), n_times=N_TIMES, sfreq=SFREQ, chs_info=epochs.info["chs"], **built
    )
    if x is not None:
        return sincviz.training.fit(model, x, np.array(recording.names)[recording.codes], **fitting).module_
    return sincviz.training.fit(model, epochs, **fitting).module_


def true_sources(sources: Sequence[Source], ch_names: Sequence[str] = HEAD, *, average: bool = False):
    """Return the informative sources and the direction of their power, as a `Case` has them."""
    informative = [source for source in sources if source.desynchronised_by]
    if not informative:
        return {}
    _, maps, _ = sources_in_head(informative, ch_names, SFREQ, N_TIMES, 6.0)
    maps = maps - maps.mean(1, keepdims=True) if average else maps
    found = tuple(
        (source.low_hz, source.high_hz, dict(zip(ch_names, abs(one), strict=True)))
        for source, one in zip(informative, maps, strict=True)
    )
    direction = {}
    classes = {source.desynchronised_by for source in informative}
    for number, source in enumerate(informative):
        band = f"{source.low_hz:g}-{source.high_hz:g}"
        same = [other for other, one in enumerate(informative) if one[3:5] == source[3:5] and other != number]
        for channel, name in enumerate(ch_names):
            beside = sum(maps[other, channel] ** 2 for other in same)
            if maps[number, channel] ** 2 > 4 * beside:
                direction[source.desynchronised_by, band, name] = -1
                if len(classes) == 2:
                    (other_class,) = classes - {source.desynchronised_by}
                    direction[other_class, band, name] = 1
    return {"sources": found, "direction": direction}


def everywhere(low_hz: float, high_hz: float, ch_names: Sequence[str] = HEAD):
    """Return a source that reaches these channels alike."""
    return ((low_hz, high_hz, dict.fromkeys(ch_names, 1.0)),)


def sound(
    seed: int,
    *,
    sources: Sequence[Source] = (*HANDS, DISTRACTOR),
    shares: Sequence[float] = (1, 1),
    names: tuple[str, ...] = SIDES,
    n_train: int = N_TRAIN,
    n_test: int = N_TEST,
    ch_names: tuple[str, ...] = HEAD,
    erd: float = ERD,
    snr_db: float = 6.0,
    make: Callable[[np.ndarray, np.random.Generator], Recording] | None = None,
    **settings: object,
) -> tuple[Case, Recording, Recording]:
    """Return a sound network with its held-out trials, and the recordings of test and of new trials."""
    rng = np.random.default_rng(seed)

    def build(n_trials: int) -> Recording:
        codes = random_codes(n_trials, rng, shares)
        if make is not None:
            return make(codes, rng)
        return recorded(codes, sources, rng, names=names, ch_names=ch_names, erd=erd, snr_db=snr_db)

    both, new = build(n_train + n_test), build(N_NEW)
    order = np.arange(n_train + n_test)
    if min(shares) < max(shares):  # every class in the same share of both
        order = np.argsort(_rank_within(both.codes, rng), kind="stable")
        order = np.r_[np.sort(order[:n_train]), np.sort(order[n_train:])]
    train, test = both[order[:n_train]], both[order[n_train:]]
    truth = true_sources(sources, ch_names) if make is None else {}
    network = trained(train, seed, **settings)
    return Case(network, test.epochs(), (new.epochs(), None), **truth), test, new


@functools.lru_cache(maxsize=1)
def plain(seed: int) -> tuple[Case, Recording, Recording]:
    """Return :func:`sound` with all settings as they are, which several conditions start from."""
    return sound(seed)


def _rank_within(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return for every trial which share of its class comes before it in a random order."""
    rank = np.empty(len(codes))
    for code in np.unique(codes):
        members = np.flatnonzero(codes == code)
        rank[members] = rng.permutation(len(members)) / len(members)
    return rank


def condition(function: Callable[[int], Case]) -> Callable[[int], Case]:
    """Put a function among the conditions."""
    CONDITIONS[function.__name__] = function
    return function


# Conditions: sound networks.


@condition
def short_kernels(seed: int) -> Case:
    """Kernels of 33 samples."""
    return plain(seed)[0]


@condition
def long_kernels(seed: int) -> Case:
    """Kernels of 65 samples, 16 filters."""
    return sound(seed, num_time_filters=16, time_filter_len=65, freq_stride=1.5)[0]


@condition
def nine_to_one(seed: int) -> Case:
    """Classes 9 : 1."""
    return sound(seed, shares=(9, 1), n_train=240, n_test=200, erd=0.9)[0]


@condition
def twenty_of_two_hundred(seed: int) -> Case:
    """20 : 180 trials, the rare class first."""
    return sound(seed, shares=(1, 9), n_train=240, n_test=200, erd=0.9, max_epochs=40)[0]


@condition
def redundant_bands(seed: int) -> Case:
    """Mu and beta of one hemisphere tell the same, each enough."""
    return sound(seed, sources=(HANDS[0], HANDS[2], DISTRACTOR), erd=0.9)[0]


@condition
def average_reference(seed: int) -> Case:
    """Average reference in training and test."""
    rng = np.random.default_rng(seed)
    codes = [random_codes(n_trials, rng) for n_trials in (N_TRAIN, N_TEST, N_NEW)]
    parts = [recorded(one, (*HANDS, DISTRACTOR), rng) for one in codes]
    train, test, new = (replace(part, uv=part.uv - part.uv.mean(1, keepdims=True)) for part in parts)
    truth = true_sources((*HANDS, DISTRACTOR), average=True)
    return Case(trained(train, seed), test.epochs(), (new.epochs(), None), **truth)


@condition
def one_channel(seed: int) -> Case:
    """C3 alone."""
    return sound(seed, sources=(HANDS[0], HANDS[2]), ch_names=("C3",), erd=0.9)[0]


@condition
def two_channels(seed: int) -> Case:
    """C3 and C4."""
    return sound(seed, sources=HANDS, ch_names=("C3", "C4"))[0]


@condition
def many_channels(seed: int) -> Case:
    """128 electrodes."""
    more = [name for name in standard_montage().ch_names if "h" in name.lower()]
    return sound(seed, ch_names=(*CH_NAMES, *more[::2][:64]), n_train=240)[0]


@condition
def ten_trials(seed: int) -> Case:
    """10 trials to judge by."""
    return sound(seed, n_test=10)[0]


@condition
def standardised(seed: int) -> Case:
    """Arrays standardised per channel and trial, in training and test."""
    rng = np.random.default_rng(seed)
    train, test, new = (
        recorded(random_codes(n_trials, rng), (*HANDS, DISTRACTOR), rng)
        for n_trials in (N_TRAIN, N_TEST, N_NEW)
    )

    def scored(part: Recording) -> np.ndarray:
        centred = part.uv - part.uv.mean(2, keepdims=True)
        return (centred / centred.std(2, keepdims=True)).astype(np.float32)

    truth = true_sources((*HANDS, DISTRACTOR))
    network = trained(train, seed, x=scored(train))
    return Case(network, scored(test), (scored(new), new.codes), y=test.codes, **truth)


SITES = {
    "left": {"C3": 1},
    "right": {"C4": 1},
    "feet": {"Fz": 1},
    "tongue": {"Pz": 1},
    "words": {"F7": 1, "F3": 1},
    "faces": {"P8": 1, "O2": 1},
}


def _classes(seed: int, n_classes: int, **fitting: object) -> Case:
    names = tuple(list(SITES)[:n_classes])
    sources = [Source(name, "informative", "mu", *MU, name, SITES[name], 0.75, 0.3) for name in names]
    shares = (1,) * n_classes
    return sound(
        seed, sources=sources, names=names, shares=shares, n_train=300, n_test=180, erd=0.95, **fitting
    )[0]


@condition
def four_classes(seed: int) -> Case:
    """Four classes."""
    return _classes(seed, 4)


@condition
def six_classes(seed: int) -> Case:
    """Six classes."""
    return _classes(seed, 6, max_epochs=60, lr=3e-3)


@condition
def hardly_trained(seed: int) -> Case:
    """Six classes, training that ended too early."""
    return _classes(seed, 6, max_epochs=20)


@condition
def evoked(seed: int) -> Case:
    """Evoked response at 3 Hz over Pz whose sign is the class: no power differs."""
    site = Source("evoked", "informative", "delta", 1.0, 6.0, "", {"Pz": 1}, 0.7, 0.2)
    (map_uv,) = sources_in_head([site], HEAD, SFREQ, N_TIMES, 6.0)[1]
    time_s = np.arange(N_TIMES) / SFREQ
    inside = (time_s > 0.5) & (time_s < 1.2)
    course = np.where(
        inside, np.sin(2 * np.pi * 3 * (time_s - 0.5)) * np.sin(np.pi * (time_s - 0.5) / 0.7) ** 2, 0
    )
    map_uv = 8 * map_uv / abs(map_uv).max()

    def make(codes: np.ndarray, rng: np.random.Generator) -> Recording:
        size = (2 * codes - 1) * np.exp(0.2 * rng.standard_normal(len(codes)))
        return recorded(codes, REST, rng, local=size[:, None, None] * map_uv[None, :, None] * course)

    case = sound(
        seed, make=make, first_freq=0.0, freq_stride=2.0, max_epochs=40, pool_size=25, drop_prob=0.25
    )[0]
    return replace(case, sources=((1.0, 6.0, dict(zip(HEAD, abs(map_uv), strict=True))),))


def _of_pair(seed: int, other: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Case:
    def make(codes: np.ndarray, rng: np.random.Generator) -> Recording:
        level = np.exp(0.2 * rng.standard_normal(len(codes)))
        one, independent = (6 * rhythm(level, *MU, N_TIMES, SFREQ, rng) for _ in range(2))
        local = np.zeros((len(codes), len(HEAD), N_TIMES))
        local[:, HEAD.index("C3")] = one
        local[:, HEAD.index("C4")] = np.where(codes[:, None] == 1, one, other(one, independent))
        return recorded(codes, REST[2:], rng, local=local)

    case = sound(seed, make=make)[0]
    return replace(case, sources=((*MU, {"C3": 1.0, "C4": 1.0}),))


@condition
def phase_coupling(seed: int) -> Case:
    """Two channels in phase or independent, of equal power."""
    return _of_pair(seed, lambda one, independent: independent)


@condition
def covariance_sign(seed: int) -> Case:
    """Two channels in phase or in opposite phase, of equal power."""
    return _of_pair(seed, lambda one, independent: -one)


def _geodesic(names: Sequence[str], n_chans: int = 32) -> tuple[dict[str, str], mne.channels.DigMontage]:
    """Return the electrodes of an EGI net, each with the nearest of 10-05."""
    montage = mne.channels.make_standard_montage(f"GSN-HydroCel-{n_chans}")
    own = [name for name in montage.ch_names if name.startswith("E")]
    info = mne.create_info(own, SFREQ, "eeg").set_montage(montage)
    ten_five = [name for name in standard_montage().ch_names if name not in ("A1", "A2", "M1", "M2")]

    def directions(positions: np.ndarray) -> np.ndarray:
        away = positions - fit_sphere(positions)[0]
        return away / np.linalg.norm(away, axis=1, keepdims=True)

    nearness = (
        directions(electrode_positions(info)) @ directions(electrode_positions(head_info(ten_five, SFREQ))).T
    )
    taken: dict[str, str] = {}
    for name, row in zip(own, nearness, strict=True):
        free = [number for number in np.argsort(-row) if ten_five[number] not in taken]
        taken[ten_five[free[0]]] = name
    return taken, montage


def _on_geodesic(seed: int, sources: Sequence[Source], **signals: float) -> Case:
    taken, montage = _geodesic(HEAD)
    ch_names = tuple(taken)
    rng = np.random.default_rng(seed)
    parts = [
        recorded(random_codes(n_trials, rng), sources, rng, ch_names=ch_names, **signals)
        for n_trials in (N_TRAIN, N_TEST, N_NEW)
    ]
    train, test, new = (part.epochs().rename_channels(taken).set_montage(montage) for part in parts)
    torch.manual_seed(seed)
    model = sincviz.SincShallowNet(
        n_outputs=2, n_times=N_TIMES, sfreq=SFREQ, chs_info=train.info["chs"], num_time_filters=8, freq_stride=3.0
    )  # fmt: skip
    network = sincviz.training.fit(
        model, train, max_epochs=30, batch_size=32, validation=0.0, seed=seed, progress=False
    ).module_
    truth = true_sources(sources, ch_names)
    renamed = tuple(
        (low, high, {taken[name]: one for name, one in own.items()}) for low, high, own in truth["sources"]
    )
    direction = {
        (target, band, taken[name]): sign for (target, band, name), sign in truth["direction"].items()
    }
    return Case(network, test, (new, None), sources=renamed, direction=direction)


@condition
def geodesic_names(seed: int) -> Case:
    """Electrodes E1 to E32 of an EGI net."""
    return _on_geodesic(seed, (*HANDS, DISTRACTOR))


# Conditions: sound networks that read no brain.

MUSCLES = (
    Source("muscle_left", "informative", "emg", 21.0, 45.0, "left", {"T7": 2, "F7": 1}, 0.8, 0.4),
    Source("muscle_right", "informative", "emg", 21.0, 45.0, "right", {"T8": 2, "F8": 1}, 0.8, 0.4),
)
ARTEFACT_OF_MUSCLES = {"must": frozenset({"relevance_muscles"}), "may": frozenset({"artefact", "high_bands"})}


@condition
def muscle_at_temples(seed: int) -> Case:
    """Muscles of the temples tell the side."""
    case = sound(seed, sources=(*MUSCLES, *REST), erd=0.8, snr_db=9.0, freq_stride=4.0)[0]
    return replace(case, **ARTEFACT_OF_MUSCLES)


@condition
def muscle_under_geodesic_names(seed: int) -> Case:
    """Muscles of the temples under an EGI net."""
    return replace(_on_geodesic(seed, (*MUSCLES, *REST), erd=0.8, snr_db=9.0), **ARTEFACT_OF_MUSCLES)


@condition
def line_noise(seed: int) -> Case:
    """Mains that are louder in one class."""

    def make(codes: np.ndarray, rng: np.random.Generator) -> Recording:
        phase = rng.uniform(0, 2 * np.pi, (len(codes), 1, 1))
        size = (2 + 3 * codes) * np.exp(0.2 * rng.standard_normal(len(codes)))
        hum = size[:, None, None] * np.sin(2 * np.pi * 50 * np.arange(N_TIMES) / SFREQ + phase)
        return recorded(codes, REST, rng, local=np.repeat(hum, len(HEAD), 1))

    case = sound(seed, make=make, num_time_filters=12, freq_stride=4.0)[0]
    return replace(
        case,
        sources=everywhere(49.0, 51.0),
        must=frozenset({"relevance_mains"}),
        may=frozenset({"high_bands"}),
    )


@condition
def slow_drift(seed: int) -> Case:
    """Drifts below 1 Hz that are larger in one class."""

    def make(codes: np.ndarray, rng: np.random.Generator) -> Recording:
        size = (5 + 20 * codes) * np.exp(0.2 * rng.standard_normal(len(codes)))
        phase = rng.uniform(0, 2 * np.pi, (len(codes), 1, 1))
        drift = size[:, None, None] * np.sin(2 * np.pi * 0.5 * np.arange(N_TIMES) / SFREQ + phase)
        return recorded(codes, REST, rng, local=np.repeat(drift, len(HEAD), 1))

    case = sound(seed, make=make, first_freq=0.0, time_filter_len=17)[0]
    return replace(
        case,
        sources=everywhere(0.0, 1.0),
        must=frozenset({"relevance_drift"}),
        may=frozenset({"relevance_eyes", "artefact", "slow_drift"}),
    )


# Conditions: nothing to read.


@condition
def chance(seed: int) -> Case:
    """Random labels, held out."""
    return replace(sound(seed, sources=(*REST, DISTRACTOR))[0], readable=False)


def _memorised(seed: int, *, remembers: bool, held_out: bool = False) -> Case:
    rng = np.random.default_rng(seed)
    known, new = (
        recorded(random_codes(n_trials, rng), (*REST, DISTRACTOR), rng) for n_trials in (100, N_NEW)
    )
    network = trained(known, seed, max_epochs=80, lr=5e-3, drop_prob=0.0)
    if not remembers:
        network.provenance = {}
    return Case(
        network,
        known.epochs(),
        (new.epochs(), None),
        held_out=held_out,
        readable=False,
        must=frozenset({"memorised"}),
    )


@condition
def memorised(seed: int) -> Case:
    """Random labels, memorised; the network remembers its trials."""
    return _memorised(seed, remembers=True)


@condition
def memorised_by_foreign(seed: int) -> Case:
    """Random labels, memorised; nobody knows the trials."""
    return _memorised(seed, remembers=False)


@condition
def memorised_and_denied(seed: int) -> Case:
    """Random labels, memorised; the user says that they were held out."""
    return _memorised(seed, remembers=False, held_out=True)


def _split(
    recording: Recording, new: Recording, seed: int, rng: np.random.Generator, **truth: object
) -> Case:
    order = rng.permutation(len(recording))
    train, test = recording[np.sort(order[:N_TRAIN])], recording[np.sort(order[N_TRAIN:])]
    return Case(
        trained(train, seed, max_epochs=40), test.epochs(), (new.epochs(), None), readable=False, **truth
    )


@condition
def blocks(seed: int) -> Case:
    """Labels in blocks of ten trials, amplitudes that drift from block to block, trials split at random."""
    rng = np.random.default_rng(seed)

    def build(n_blocks: int) -> Recording:
        codes = np.repeat(random_codes(n_blocks, rng), 10)
        sources = (*REST, DISTRACTOR)
        power = np.repeat(np.exp(1.0 * rng.standard_normal((n_blocks, len(sources)))), 10, axis=0)
        part = recorded(codes, sources, rng, power=power)
        return replace(part, samples=2 * N_TIMES * np.arange(len(codes)))

    return _split(build(28), build(40), seed, rng, must=frozenset({"labels_in_blocks"}))


@condition
def tied_to_subject(seed: int) -> Case:
    """Each person has one class only, and rhythms of their own; trials split at random."""
    rng = np.random.default_rng(seed)

    def build(n_subjects: int, first: int) -> Recording:
        codes = np.repeat(random_codes(n_subjects, rng), 35)
        sources = (*REST, DISTRACTOR)
        power = np.repeat(np.exp(0.8 * rng.standard_normal((n_subjects, len(sources)))), 35, axis=0)
        people = pd.DataFrame({"subject": np.repeat(np.arange(first, first + n_subjects), 35)})
        return replace(recorded(codes, sources, rng, power=power), metadata=people)

    return _split(build(8, 1), build(12, 101), seed, rng, must=frozenset({"label_tied_to_subject"}))


@condition
def overlapping_windows(seed: int) -> Case:
    """Windows of 2 s, one every 0.25 s, of stretches of 8 s with random labels; windows split at random."""
    rng = np.random.default_rng(seed)
    step, n_windows, stretch = N_TIMES // 8, 25, 4 * N_TIMES
    mixing = sources_in_head(HANDS, HEAD, SFREQ, N_TIMES, 6.0)[2]

    def build(n_stretches: int) -> Recording:
        codes = random_codes(n_stretches, rng)
        noise = coloured_noise((n_stretches, mixing.shape[1]), pink(stretch, SFREQ), stretch, rng)
        long_uv = mixing @ noise
        long_uv += 0.5 * rng.standard_normal(long_uv.shape)
        starts = step * np.arange(n_windows)
        uv = np.concatenate([[one[:, start : start + N_TIMES] for start in starts] for one in long_uv])
        samples = (2 * stretch * np.arange(n_stretches)[:, None] + starts).ravel()
        return Recording(uv, np.repeat(codes, n_windows), SIDES, HEAD, samples=samples)

    return _split(
        build(12), build(24), seed, rng,
        must=frozenset({"overlapping_trials"}), may=frozenset({"labels_in_blocks"}),
    )  # fmt: skip


# Conditions: sound networks, trials or classes that are not what they should be.


@condition
def shuffled_classes(seed: int) -> Case:
    """Names of four classes in another order than the outputs."""
    case = four_classes(seed)
    names = list(case.network.class_names)
    case.network.class_names = names[1:] + names[:1]
    return replace(case, readable=False, must=frozenset({"class_order"}), may=frozenset({"chance"}))


@condition
def outlying_trial(seed: int) -> Case:
    """One trial with 3 mV at two channels."""
    case, test, _ = plain(seed)
    uv = test.uv.copy()
    jump = np.where(np.arange(N_TIMES) > N_TIMES // 2, 3000.0, 0.0)
    uv[7, [HEAD.index("P3"), HEAD.index("P7")]] += jump
    return replace(
        case,
        trials=replace(test, uv=uv).epochs(),
        must=frozenset({"outlying_trials"}),
        may=frozenset({"slow_drift"}),
    )


@condition
def array_in_volts(seed: int) -> Case:
    """Trials as an array in volts."""
    case, test, _ = plain(seed)
    return replace(
        case,
        trials=(test.uv * 1e-6).astype(np.float32),
        y=test.codes,
        readable=False,
        must=frozenset({"scale"}),
    )


@condition
def flat_channel(seed: int) -> Case:
    """Channel O1 without signal in the test."""
    case, test, _ = plain(seed)
    uv = test.uv.copy()
    uv[:, HEAD.index("O1")] = 0
    return replace(
        case,
        trials=replace(test, uv=uv).epochs(),
        must=frozenset({"flat"}),
        may=frozenset({"batch_norm"}),
    )


@condition
def bridged_channels(seed: int) -> Case:
    """Two channels that gel joins, in the test."""
    case, test, _ = plain(seed)
    uv = test.uv.copy()
    pair = [HEAD.index("P4"), HEAD.index("P8")]
    uv[:, pair] = uv[:, pair].mean(1, keepdims=True) + 0.02 * uv[:, pair]
    return replace(
        case,
        trials=replace(test, uv=uv).epochs(),
        must=frozenset({"bridged"}),
        may=frozenset({"batch_norm"}),
    )


def _foreign(seed: int, *, held_out: bool) -> Case:
    case, test, _ = plain(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pt"
        torch.save(case.network.state_dict(), path)
        network = sincviz.load_checkpoint(
            path, chs_info=test.epochs().info["chs"], n_times=N_TIMES, class_names=list(SIDES)
        )
    return replace(case, network=network, held_out=held_out, readable=held_out)


@condition
def foreign_held_out(seed: int) -> Case:
    """State dict of others, trials that the user says were held out."""
    return _foreign(seed, held_out=True)


@condition
def foreign_unknown(seed: int) -> Case:
    """State dict of others, trials of which nothing is said."""
    return _foreign(seed, held_out=False)
