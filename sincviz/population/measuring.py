"""A group while it is computed: its rows, and the results so far."""

from typing import Any

from sincviz.population.averages import Averages


class GroupRun:
    """A group while it is computed: every step may use the results of earlier ones.

    Attributes
    ----------
    averages : Averages
        What all rows together say.
    alpha, n_permutations, seed
        As for :func:`sincviz.group`.
    results : dict
        What was measured.
    missing : dict of str to str
        What could not be measured, and why.
    """

    def __init__(self, averages: Averages, *, alpha: float, n_permutations: int, seed: int) -> None:
        self.averages, self.alpha = averages, alpha
        self.n_permutations, self.seed = n_permutations, seed
        self.results: dict[str, Any] = {}
        self.missing: dict[str, str] = {}

    def needed(self, name: str) -> Any:
        """Return a result, or raise why it is missing."""
        if self.results.get(name) is None:
            raise ValueError(self.missing.get(name, "The results that this needs were not measured."))
        return self.results[name]

    def of_bands(self, name: str) -> Any:
        """Return what the section `bands` of each row gives, or raise that it was not measured."""
        for averaged in (self.averages.runs, self.averages.subjects):
            if name in averaged:
                return averaged[name]
        raise ValueError("The section `bands` was not measured.")
