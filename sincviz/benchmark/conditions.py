"""Conditions of the benchmark: which sources there are, how strong, and where the electrodes are."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sincviz.datasets.simulated_sources import CH_NAMES, Source, checked_ch_names
from sincviz.eeg.montages import standard_montage

SFREQ_HZ, N_TIMES, N_TRAIN, N_TEST = 100.0, 200, 800, 100
GRID = {f"{low}-{low + 4} Hz": (float(low), float(low + 4)) for low in range(0, 48, 4)}
"""Bands of the frequency plane: low (included) and high (excluded) limit in Hz; what lies above is not scored."""

ARCHITECTURES = ("SincShallowNet", "EEGNet", "ShallowConvNet", "DeepConvNet")
SIDES = ("left", "right")
MU_HZ, BETA_HZ, MUSCLE_HZ, SLOW_HZ = (8.0, 12.0), (16.0, 24.0), (20.0, 44.0), (0.0, 4.0)

THREE_SHELLS = ((0.84, 0.33), (0.93, 0.33 / 160), (1.0, 0.33))
"""Brain, skull and skin: outer radius over that of the head, and conductivity in S/m. The skull is thicker than that of
MNE's head, 0.09 instead of 0.05 of the radius, and conducts half as well as that of Rush & Driscoll (1968, Anesthesia
& Analgesia 47, 717–723), so scalp maps are wider."""


@dataclass(frozen=True)
class Part:
    """A source and what a condition sets of it.

    Attributes
    ----------
    source : Source
        Place, band, and the class in which it loses power.
    level_db : float
        Power over that of the background in its band, where the source is strongest; of an eye movement the squared
        height over the background of all frequencies.
    depth : float
        Fraction of the power that is lost in the class ``source.desynchronised_by``; of an eye movement the distance
        of the classes' mean heights in standard deviations.
    power_of, course_of : str
        Name of an earlier source whose power in each trial, or whose whole time course, it shares.
    opposite : tuple of str
        Electrodes above a second dipole with the same course and the opposite sign.
    local : tuple of str
        Electrodes which alone measure it, each as strongly as the source of ``course_of`` where that is strongest.
    """

    source: Source
    level_db: float
    depth: float = 0.0
    power_of: str = ""
    course_of: str = ""
    opposite: tuple[str, ...] = ()
    local: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """All that the trials of a network depend on, besides the seed.

    Attributes
    ----------
    domain : str
        ``"frequency"`` or ``"time"``.
    parts : tuple of Part
        The sources; empty for evoked responses.
    ch_names : tuple of str
        Electrodes.
    tmin_s : float
        Time of the first sample.
    onset_s, offset_s : float, optional
        When the desynchronisation begins and ends.
    shells : tuple of (float, float), optional
        Relative radii and conductivities in S/m of the head; by default those of MNE.
    flipped : float
        Share of the training labels that are wrong.
    component : str
        Evoked response of :func:`sincviz.datasets.simulate_erp`.
    jitter_s, snr_db : float
        Its jitter, and its ratio of signal to noise.
    recorded : bool
        Whether the background is recorded and not simulated.
    """

    domain: str
    parts: tuple[Part, ...] = ()
    ch_names: tuple[str, ...] = tuple(checked_ch_names(32, None))
    tmin_s: float = 0.0
    onset_s: float | None = None
    offset_s: float | None = None
    shells: tuple[tuple[float, float], ...] | None = None
    flipped: float = 0.0
    component: str = ""
    jitter_s: float = 0.0
    snr_db: float = 0.0
    recorded: bool = False


CONDITIONS: dict[str, Callable[[str], Setting]] = {}
"""Every condition by its name: a function from the architecture to the setting; its docstring says what it is."""


def _condition(function: Callable[[str], Setting]) -> Callable[[str], Setting]:
    CONDITIONS[function.__name__] = function
    return function


def seed_of(name: str) -> int:
    """Return the seed that belongs to a name: its CRC-32, in the lower half of what seeds may be.

    Examples
    --------
    >>> seed_of("hands_weak/EEGNet") != seed_of("hands_weak/DeepConvNet")
    True
    """
    return zlib.crc32(name.encode()) % 2**30


def setting(condition: str, architecture: str) -> Setting:
    """Return the setting of a condition for an architecture.

    Raises
    ------
    ValueError
        If there is no such condition or architecture.

    Examples
    --------
    >>> setting("channels_16", "EEGNet").ch_names[:3]
    ('F3', 'Fz', 'F4')
    """
    for name, value, known in (
        ("condition", condition, tuple(CONDITIONS)),
        ("architecture", architecture, ARCHITECTURES),
    ):
        if value not in known:
            raise ValueError(f"`{name}` must be one of {', '.join(known)}; got {value!r}. Try {known[0]!r}.")
    return CONDITIONS[condition](architecture)


def hands(
    snr_db: float, depth: float, bands: tuple[str, ...] = ("mu", "beta"), sides: tuple[str, ...] = SIDES
) -> tuple[Part, ...]:
    """Return the rhythms of the hand areas, each of which loses power in imagery of the opposite hand."""
    places = {
        ("mu", "left"): {"C3": 3.0, "CP3": 1.0},
        ("mu", "right"): {"C4": 3.0, "CP4": 1.0},
        ("beta", "left"): {"C3": 3.0, "FC3": 1.0},
        ("beta", "right"): {"C4": 3.0, "FC4": 1.0},
    }
    return tuple(
        Part(
            Source(
                f"{band}_{side}_hemisphere",
                "informative",
                band,
                *(MU_HZ if band == "mu" else BETA_HZ),
                SIDES[side == "left"],
                places[band, side],
                0.7,
                0.4,
            ),
            snr_db,
            depth,
        )
        for band in bands
        for side in sides
    )


def distractor(level_db: float) -> Part:
    """Return a parietal rhythm in the band of mu, which is the same in both classes."""
    place = {"Pz": 1.0, "P2": 1.0, "POz": 1.0}
    return Part(Source("alpha_parietal", "distractor", "alpha", *MU_HZ, "", place, 0.6, 0.8), level_db)


@_condition
def hands_strong(architecture: str) -> Setting:
    """Take 60 % of the power of mu and beta of both hand areas; the distractor is 6 dB stronger."""
    return Setting("frequency", (*hands(6.0, 0.6), distractor(12.0)))


@_condition
def hands_weak(architecture: str) -> Setting:
    """Take less of the power of weaker rhythms; the distractor is as strong as these."""
    # With 0.4, as for the others, this one hardly learns anything from 800 trials.
    depth = 0.46 if architecture == "DeepConvNet" else 0.4
    return Setting("frequency", (*hands(2.0, depth), distractor(2.0)))


@_condition
def random_sources(architecture: str) -> Setting:
    """Put one to four sources at random places and in random bands of the grid; the distractor is 3 dB stronger."""
    count = 1 + ARCHITECTURES.index(architecture)
    rng = np.random.default_rng(seed_of(f"random_sources/{architecture}"))
    places = rng.choice(CH_NAMES[:32], count, replace=False).tolist()
    bands = rng.choice(list(GRID)[1:11], count, replace=False).tolist()
    sides = rng.permutation(np.resize(SIDES, count)).tolist()
    depth = {1: 0.75, 2: 0.8, 3: 0.75, 4: 0.75}[count]
    parts = tuple(
        Part(
            Source(f"source_{number}", "informative", band, *GRID[band], side, {place: 1.0}, 0.7, 0.4),
            8.0,
            depth,
        )
        for number, (place, band, side) in enumerate(zip(places, bands, sides, strict=True), 1)
    )
    return Setting("frequency", (*parts, distractor(11.0)))


@_condition
def suppressor(architecture: str) -> Setting:
    """Cover mu of the hand areas with noise that electrodes without information measure too."""
    far = {
        "SincShallowNet": ("Fz", "POz"),
        "EEGNet": ("O1", "O2"),
        "ShallowConvNet": ("F3", "F4"),
        "DeepConvNet": ("P3", "P4"),
    }[architecture]
    rhythms = hands(6.0, 0.8, ("mu",))
    noises, pickups = [], []
    for part, side, electrode in zip(rhythms, SIDES, far, strict=True):
        name = f"noise_{side}_hemisphere"
        source = part.source._replace(name=name, role="distractor", band="noise", desynchronised_by="")
        noises.append(Part(source, 12.0))
        local = source._replace(name=f"noise_at_{electrode}", role="suppressor", under={})
        pickups.append(Part(local, 12.0, course_of=name, local=(electrode,)))
    return Setting("frequency", (*rhythms, *noises, *pickups), tuple(checked_ch_names(16, None)))


@_condition
def distractor_12db(architecture: str) -> Setting:
    """Add a distractor in the band of mu that is 12 dB stronger than mu."""
    return Setting("frequency", (*hands(6.0, 0.75, ("mu",)), distractor(18.0)))


@_condition
def redundant_bands(architecture: str) -> Setting:
    """Give mu and beta of one place the same power in every trial; the distractor is as strong as they are."""
    mu, beta = hands(5.0, 0.6, ("mu",)), hands(5.0, 0.6, ("beta",))
    same = tuple(
        Part(
            second.source._replace(under=first.source.under),
            second.level_db,
            second.depth,
            power_of=first.source.name,
        )
        for first, second in zip(mu, beta, strict=True)
    )
    return Setting("frequency", (*mu, *same, distractor(5.0)))


@_condition
def label_artefact(architecture: str) -> Setting:
    """Let muscles at the temples, or eye movements, tell the classes apart beside a weak loss of mu.

    All of them are informative: what tells the classes apart is true, whether or not it comes from the brain.
    """
    if architecture in ("EEGNet", "DeepConvNet"):
        eyes = Source(
            "eye_movement", "informative", "eyes", *SLOW_HZ, "", {"AF7": 2.0, "Fp1": 1.0}, 0.85, 0.0
        )
        artefacts: tuple[Part, ...] = (Part(eyes, 6.0, 1.5, opposite=("AF8", "AF8", "Fp2")),)
    else:
        artefacts = tuple(
            Part(
                Source(f"muscle_{side}", "informative", "muscle", *MUSCLE_HZ, other, {place: 1.0}, 0.85, 0.8),
                6.0,
                0.6,
            )
            for side, other, place in zip(SIDES, SIDES[::-1], ("FT7", "FT8"), strict=True)
        )
    return Setting("frequency", (*hands(3.0, 0.4, ("mu",)), *artefacts, distractor(6.0)))


@_condition
def channels_128_shell3(architecture: str) -> Setting:
    """Put 128 electrodes on a head of three shells whose skull hardly conducts; the distractor is 3 dB stronger."""
    between = [name for name in standard_montage().ch_names if "h" in name.lower()]
    names = (*CH_NAMES, *between[::2][:64])
    return Setting("frequency", (*hands(5.0, 0.6), distractor(8.0)), names, shells=THREE_SHELLS)


@_condition
def channels_16(architecture: str) -> Setting:
    """Put one source under 16 electrodes; the distractor is 6 dB stronger."""
    names = tuple(checked_ch_names(16, None))
    return Setting("frequency", (*hands(6.0, 0.75, ("mu",), ("left",)), distractor(12.0)), names)


@_condition
def real_background(architecture: str) -> Setting:
    """Put rhythms of both hand areas into recorded EEG, whose labels are drawn anew."""
    return Setting("frequency", hands(3.0, 0.65), recorded=True)


@_condition
def label_noise(architecture: str) -> Setting:
    """Train with a quarter of the labels wrong; the distractor is 6 dB stronger."""
    return Setting("frequency", (*hands(6.0, 0.7), distractor(12.0)), flipped=0.25)


@_condition
def p300(architecture: str) -> Setting:
    """Add a P300 whose latency varies by 40 ms; other components and a rhythm are the same in both classes."""
    return Setting("time", tmin_s=-0.5, component="p300", jitter_s=0.04, snr_db=6.0)


@_condition
def n170(architecture: str) -> Setting:
    """Add an N170, larger on the right; other components and a rhythm are the same in both classes."""
    return Setting("time", tmin_s=-0.5, component="n170", snr_db=11.0)


@_condition
def erp_weak(architecture: str) -> Setting:
    """Add a P300, or an N170, that is small beside the background."""
    component, snr_db = ("p300", 0.0) if architecture in ("SincShallowNet", "DeepConvNet") else ("n170", 4.5)
    return Setting("time", tmin_s=-0.5, component=component, jitter_s=0.02, snr_db=snr_db)


@_condition
def erd_latency(architecture: str) -> Setting:
    """Take power from mu of both hand areas from 0.5 to 1.2 s only; the distractor is 3 dB stronger."""
    parts = (*hands(6.0, 0.85, ("mu",)), distractor(9.0))
    return Setting("time", parts, tmin_s=-0.5, onset_s=0.5, offset_s=1.2)
