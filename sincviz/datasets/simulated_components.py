"""Components of the simulated event-related potentials: positions, latencies and classes."""

from typing import Literal, NamedTuple

ErpName = Literal["p300", "n170"]


class Component(NamedTuple):
    """A dipole that points outwards, with one peak per trial."""

    name: str
    role: str
    latency_s: float
    width_s: float  # full width at half maximum
    under: dict[str, float]  # electrodes above the source and their weights
    eccentricity: float  # distance from the centre of the head over its radius
    sign: int  # of the potential where it is strongest
    height: float  # over that of the first informative one, or over the background's standard deviation
    share: dict[str, float]  # amplitude in a class over the largest


class Erp(NamedTuple):
    """An informative potential, and the classes that differ in it."""

    event_id: dict[str, int]
    snr_db: float  # with which shrinkage LDA gets 80 to 90 % of 400 trials right
    components: tuple[Component, ...]


RIGHT, LEFT = {"P8": 2.0, "PO8": 1.0, "TP8": 1.0}, {"P7": 2.0, "PO7": 1.0, "TP7": 1.0}
TARGET, FACE = {"standard": 0.0, "target": 1.0}, {"object": 0.25, "face": 1.0}
ERPS: dict[str, Erp] = {
    "p300": Erp(
        {"standard": 1, "target": 2},
        7.0,
        (Component("p300", "informative", 0.375, 0.15, {"Pz": 1, "CPz": 1}, 0.6, 1, 1.0, TARGET),),
    ),
    "n170": Erp(
        {"object": 1, "face": 2},
        11.0,
        (
            Component("n170_right_hemisphere", "informative", 0.17, 0.05, RIGHT, 0.7, -1, 1.0, FACE),
            Component("n170_left_hemisphere", "informative", 0.17, 0.05, LEFT, 0.7, -1, 0.8, FACE),
        ),
    ),
}
DISTRACTORS = (
    Component("p1_occipital", "distractor", 0.1, 0.04, {"O1": 1, "O2": 1}, 0.7, 1, 1.0, {}),
    Component("n1_occipital", "distractor", 0.15, 0.05, {"O1": 1, "Oz": 2, "O2": 1}, 0.7, -1, 1.0, {}),
    Component("p2_frontocentral", "distractor", 0.2, 0.08, {"FCz": 1, "Cz": 1}, 0.6, 1, 1.0, {}),
)
