"""Lengths of the trials of a network, as far as the size of its head tells them."""

from bisect import bisect_left
from functools import partial

from sincviz.weights.architecture_sizes import Settings, least_samples
from sincviz.weights.deduction import MOST_SAMPLES
from sincviz.weights.known_architectures import Architecture

_ROUND = (250, 128, 100, 64, 50, 10)
_LONGEST_SHORT = 20_000


def fitting_times(architecture: Architecture, settings: Settings, sizes: Settings) -> range:
    """Return the numbers of samples for which a network with these settings has a head of the size in the file."""
    assert architecture.windows is not None
    windows = partial(architecture.windows, settings)
    possible = range(1, MOST_SAMPLES + 1)
    low, high = (bisect_left(possible, sizes["windows"] + more, key=windows) for more in (0, 1))
    least = 1 if architecture.shortening is None else least_samples(settings)
    return range(
        max(possible[low], least) if low < len(possible) else 1, possible[high - 1] + 1 if high else 1
    )


def short_times(architecture: Architecture, settings: Settings, sizes: Settings) -> range:
    """Return the numbers of samples for which braindecode shortens these settings to the sizes in the file."""
    if architecture.shortening is None or architecture.windows is None:
        return range(0)
    fitting = []
    for samples in range(1, min(least_samples(settings), _LONGEST_SHORT)):
        short = architecture.shortening(settings, samples)
        if (
            all(short[name] == sizes[name] for name in architecture.lengths)
            and architecture.windows(short, samples) == sizes["windows"]
        ):
            fitting.append(samples)
    return range(fitting[0], fitting[-1] + 1) if fitting else range(0)


def likely(times: range) -> int:
    """Return the roundest number of samples, as trials are usually cut.

    Examples
    --------
    >>> likely(range(988, 1020)), likely(range(251, 259)), likely(range(9, 12))
    (1000, 256, 10)
    """
    return next(
        (multiple for step in _ROUND if (multiple := -(-times.start // step) * step) in times), times.start
    )
