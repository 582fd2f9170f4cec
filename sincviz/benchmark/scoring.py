"""All scores of one method on one case."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from sincviz.benchmark.calls import Attributions, attributions, checked_call
from sincviz.benchmark.memory import peak_memory
from sincviz.benchmark.methods import Method
from sincviz.benchmark.scores.averages import AS_RETURNED, VARIANTS, relevance_of
from sincviz.benchmark.scores.calibration import calibration
from sincviz.benchmark.scores.completeness import completeness_error
from sincviz.benchmark.scores.faithfulness import (
    DeletionReference,
    deletion_reference,
    faithfulness,
    faithfulness_of_halves,
)
from sincviz.benchmark.scores.randomisation import RANDOMISATION_SCORES, randomisation
from sincviz.benchmark.scores.sensitivity import max_sensitivity
from sincviz.benchmark.scores.truth_scores import scores_of
from sincviz.errors import MethodError, warn

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case

NAN = float("nan")
N_SENSITIVITY_TRIALS, N_CHANGES = 8, 5
N_RANDOMISATION_TRIALS = 20

_REFERENCES: "WeakKeyDictionary[Case, dict[int, DeletionReference]]" = WeakKeyDictionary()


def scored(method: Method, case: "Case", *, seed: int = 0) -> list[dict[str, Any]]:
    """Return the scores of a method on a case, one row per variant.

    Parameters
    ----------
    method : Method
        What is scored.
    case : Case
        A network, its trials and what is true.
    seed : int
        Seed of everything random.

    Returns
    -------
    list of dict
        ``variant``, the scores, ``seconds_per_100_trials``, ``peak_memory_mib`` and ``not_scored``.

    Raises
    ------
    MethodError
        If the method fails, or returns what it may not.

    Warns
    -----
    RuntimeWarning
        If all values of a class are equal: they say nothing.
    """
    with peak_memory() as used:
        found = attributions(method, case.model, case.x, case.y, seed=seed, of=case.name)
    _warn_if_equal(found, f"{method.name} returned", case.name)
    call = checked_call(method, case.name)
    some, of_some = _fewer_trials(case, found)
    by_class = dict(enumerate(found.values))
    reference = _reference(case, seed)
    missing: dict[str, str] = {}
    if method.complete and not found.per_trial:
        missing["completeness"] = "the method averages over trials"

    def changed(score: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return scores that call the method again; nothing, and why, if it fails on other networks or trials."""
        if method.takes_classes:
            missing[score] = "the method takes classes"
            return {}
        try:
            return compute()
        except MethodError as error:
            missing[score] = " ".join(str(error).split())
            return {}

    variants = VARIANTS if found.per_trial else (AS_RETURNED,)
    of_networks = changed("randomisation", lambda: randomisation(call, some, of_some, variants, seed=seed))
    of_method = {
        "max_sensitivity": NAN,
        **changed(
            "sensitivity",
            lambda: {
                "max_sensitivity": max_sensitivity(
                    call, some, n_samples=N_CHANGES, n_trials=N_SENSITIVITY_TRIALS, seed=seed
                )
            },
        ),
        "completeness_error": completeness_error(case, by_class) if method.complete else NAN,
        "seconds_per_100_trials": 100 * found.seconds / len(case.x),
        "peak_memory_mib": used["mib"],
    }
    halves = None if found.per_trial else _of_halves(method, case, reference.halves, seed)
    rows: list[dict[str, Any]] = []
    for variant in variants:
        deletion = (
            faithfulness(case, by_class, variant, reference)
            if halves is None
            else faithfulness_of_halves(case, halves, reference)
        )
        calibrated = {"calibration": calibration(case, by_class, variant, seed=seed)}
        random = of_networks.get(variant, dict.fromkeys(RANDOMISATION_SCORES, NAN))
        scores = scores_of(case, by_class, variant) | calibrated | deletion | random | of_method
        rows.append({"variant": variant, **scores})
    words = "; ".join(f"{score}: {reason}" for score, reason in missing.items())
    return [{**row, "not_scored": words} for row in rows]


def _warn_if_equal(found: Attributions, words: str, of: str) -> None:
    equal = [target for target, values in enumerate(found.values) if np.ptp(values) == 0]
    if equal:
        what = "equal values" if found.values[equal].any() else "only zeros"
        classes = "" if len(equal) == len(found.values) else f" for class {', '.join(map(str, equal))}"
        warn(f"{words} {what} on {of}{classes}. Check that the method uses the network and `target`.")


def _reference(case: "Case", seed: int) -> DeletionReference:
    """Return what deletion needs of a case; methods that are run on the same case share it."""
    of_case = _REFERENCES.setdefault(case, {})
    if seed not in of_case:
        of_case[seed] = deletion_reference(case, seed=seed)
    return of_case[seed]


def _fewer_trials(case: "Case", found: Attributions) -> "tuple[Case, dict[int, Any]]":
    """Return some trials of a case, and their attributions, for scores that call the method often."""
    if not found.per_trial:
        return case, dict(enumerate(found.values))
    y = case.y.numpy()
    n_parts = max(1, len(y) // N_RANDOMISATION_TRIALS)
    rows = np.sort(np.argsort(y, kind="stable")[::n_parts])  # both classes in the same share
    return replace(case, x=case.x[rows], y=case.y[rows]), dict(enumerate(found.values[:, rows]))


def _of_halves(method: Method, case: "Case", halves: np.ndarray[Any, Any], seed: int) -> dict[int, Any]:
    """Return what a method returns for each half of the trials, if it averages over trials itself."""
    relevance = {}
    for half in (0, 1):
        rows = np.flatnonzero(halves == half)
        x, y = case.x[rows], case.y[rows]
        found = attributions(method, case.model, x, y, seed=seed, of=case.name)
        relevance[half] = relevance_of(dict(enumerate(found.values)), y, AS_RETURNED)
    return relevance
