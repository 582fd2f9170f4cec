"""How often a network is right, how sure that is, and what guessing would reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import scipy

LEVEL = 0.95
ALPHA = 0.05


@dataclass(frozen=True)
class Accuracy:
    """Accuracy on some trials.

    Attributes
    ----------
    value, low, high : float
        Share of right answers with its 95 % interval (Wilson).
    chance : float
        What naming the most frequent class every time reaches.
    p : float
        Probability of as many right answers or more by chance (binomial).
    n_trials : int
        Number of trials.
    """

    value: float
    low: float
    high: float
    chance: float
    p: float
    n_trials: int

    @property
    def can_tell(self) -> bool:
        """Whether being right every time would be told from chance."""
        return self.chance**self.n_trials < ALPHA

    @property
    def above_chance(self) -> bool:
        """Whether guessing would rarely (p < 0.05) be right as often."""
        return self.p < ALPHA

    @property
    def verdict(self) -> str:
        """``"yes"`` above chance, ``"no"``, or ``"unknown"`` where nothing could be told from chance."""
        return "yes" if self.above_chance else "no" if self.can_tell else "unknown"


def accuracy(n_correct: int, class_counts: Sequence[int]) -> Accuracy:
    """Return the accuracy of so many right answers on so many trials of each class.

    Examples
    --------
    >>> found = accuracy(40, (25, 25))
    >>> found.value, round(found.low, 2), found.chance, found.above_chance
    (0.8, 0.67, 0.5, True)
    """
    n_trials = sum(class_counts)
    guess = max(class_counts) / n_trials
    interval = scipy.stats.binomtest(n_correct, n_trials).proportion_ci(LEVEL, method="wilson")
    test = scipy.stats.binomtest(n_correct, n_trials, guess, alternative="greater")
    return Accuracy(
        n_correct / n_trials, float(interval.low), float(interval.high), guess, float(test.pvalue), n_trials
    )
