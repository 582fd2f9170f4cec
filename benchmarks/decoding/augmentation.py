"""Training trials enlarged by changed copies."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Trials = tuple[NDArray[np.float32], NDArray[np.int64]]
N_PIECES = 8
LARGEST_SHIFT = 0.1  # of a trial
SPREAD = 0.2
SHARE_DROPPED = 0.1


def enlarged(
    x: NDArray[np.float32],
    y: NDArray[np.int64],
    subjects: NDArray,
    ch_names: Sequence[str],
    names: Sequence[str],
    copies: int,
    seed: int,
) -> Trials:
    """Return the trials and changed copies of them.

    ``mirror`` comes first and doubles the trials: left and right electrodes and the two classes change places. Each of
    the ``copies`` is changed in all other ways of ``names``, drawn anew.
    """
    rng = np.random.default_rng(seed)
    if "mirror" in names:
        x, y = np.concatenate([x, x[:, mirrored(ch_names)]]), np.concatenate([y, 1 - y])
        # A mirrored person is another person: pieces of the two do not mix.
        subjects = np.concatenate([subjects, -subjects - 1])
    changes = [_CHANGES[name] for name in names if name != "mirror"]
    trials = [x]
    for _ in range(copies if changes else 0):
        changed = x.copy()
        for change in changes:
            changed = change(changed, y, subjects, rng)
        trials.append(changed)
    return np.concatenate(trials), np.tile(y, len(trials))


def mirrored(ch_names: Sequence[str]) -> NDArray[np.int64]:
    """Return for every electrode the number of the one on the other side, by the 10-05 names.

    Examples
    --------
    >>> mirrored(["C3", "Cz", "C4"]).tolist()
    [2, 1, 0]
    """
    return np.array([ch_names.index(_other_side(name)) for name in ch_names])


def _other_side(name: str) -> str:
    letters = name.rstrip("0123456789")
    digits = name[len(letters) :]
    return name if not digits else f"{letters}{int(digits) + (1 if int(digits) % 2 else -1)}"


def _shift(x: NDArray, y: NDArray, subjects: NDArray, rng: np.random.Generator) -> NDArray:
    """Shift every trial in time; what leaves at one end comes back at the other."""
    largest = int(LARGEST_SHIFT * x.shape[2])
    shifts = rng.integers(-largest, largest + 1, len(x))
    return np.stack([np.roll(trial, shift, axis=1) for trial, shift in zip(x, shifts, strict=True)])


def _sign(x: NDArray, y: NDArray, subjects: NDArray, rng: np.random.Generator) -> NDArray:
    """Give half of the trials the other sign: power stays as it is."""
    return x * rng.choice(np.array([-1, 1], np.float32), (len(x), 1, 1))


def _amplitude(x: NDArray, y: NDArray, subjects: NDArray, rng: np.random.Generator) -> NDArray:
    """Make every trial larger or smaller."""
    return x * np.exp(SPREAD * rng.standard_normal((len(x), 1, 1))).astype(np.float32)


def _gains(x: NDArray, y: NDArray, subjects: NDArray, rng: np.random.Generator) -> NDArray:
    """Make every channel of every trial larger or smaller."""
    return x * np.exp(SPREAD * rng.standard_normal((*x.shape[:2], 1))).astype(np.float32)


def _drop(x: NDArray, y: NDArray, subjects: NDArray, rng: np.random.Generator) -> NDArray:
    """Silence some channels of every trial."""
    return x * (rng.random((*x.shape[:2], 1)) >= SHARE_DROPPED).astype(np.float32)


def _recombine(x: NDArray, y: NDArray, subjects: NDArray, rng: np.random.Generator) -> NDArray:
    """Compose trials of pieces, each from another trial of the same person and class."""
    edges = np.linspace(0, x.shape[2], N_PIECES + 1).astype(int)
    result = np.empty_like(x)
    for subject in np.unique(subjects):
        for code in np.unique(y):
            own = np.flatnonzero((subjects == subject) & (y == code))
            for low, high in itertools.pairwise(edges):
                result[own, :, low:high] = x[rng.permutation(own), :, low:high]
    return result


_CHANGES: dict[str, Callable[[NDArray, NDArray, NDArray, np.random.Generator], NDArray]] = {
    "shift": _shift,
    "sign": _sign,
    "amplitude": _amplitude,
    "gains": _gains,
    "drop": _drop,
    "recombine": _recombine,
}
AUGMENTATIONS = ("mirror", *_CHANGES)
