"""Convergence of integrated gradients: from which baseline, and in how many steps, shares add up."""

import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sincviz._utils.checks import finite_float, positive_int
from sincviz.analysis.attribution.baselines import (
    Baseline,
    BaselineOf,
    baseline_name,
    baselines_of,
    evenly_drawn,
    quietly_read,
)
from sincviz.analysis.attribution.explanation import (
    Attribution,
    Collector,
    Explanation,
    error_of,
    explain_trials,
    missed_of,
    warn_if_incomplete,
)
from sincviz.errors import EpochsError, MethodError
from sincviz.networks.decoder import Decoder
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray
from sincviz.trials.numeric_targets import Targets

FIRST_STEPS = 16
MOST_STEPS = 256
TOLERANCE = 0.05
SMOOTH = 0.01
"""Completeness error of 16 steps from silence that makes silence the baseline."""

MUCH_SMOOTHER = 5.0
"""By how much the error must be smaller on the way from a surrogate, or silence is not to blame for it."""

COMPARED = ("integrated_gradients", "gradient_shap", "deep_lift")
_MOST_TRIED = 8
_SINGLE_PRECISION = 1e-5

AttributionIn = Callable[[int], Callable[[Tensor, Tensor], Attribution]]
"""From a number of steps to the function that attributes a batch, given its baseline."""


Starts = tuple[BaselineOf, ...]
"""Where paths begin; attributions are averaged over them."""


@dataclass(frozen=True)
class Question:
    """What is to be explained, of which trials, and how: what does not depend on baseline and steps."""

    attribution_in: AttributionIn
    network: Decoder
    epochs: EpochsOrArray
    codes: Targets | None
    method: str
    trials: str
    per_trial: bool = False
    kept_as: Callable[[NDArray[Any]], NDArray[Any]] = lambda values: values
    also: Callable[[], Sequence[Collector]] = tuple  # anew for every attempt
    path_in: AttributionIn | None = None  # of integrated gradients, if the method is another

    def answer(self, starts: Starts, n_steps: int) -> Explanation:
        """Return the attribution of all trials, the mean over paths."""
        return explain_trials(
            self._attribute(len(starts), n_steps),
            self.network,
            self.epochs,
            self.codes,
            trials=self.trials,
            baseline=lambda x, which: [start(x, which) for start in starts],
            per_trial=self.per_trial,
            kept_as=self.kept_as,
            also=self.also(),
        )

    def error_of_some(self, starts: Starts, n_steps: int) -> float:
        """Return the largest completeness error over some trials, evenly drawn."""
        numbers = evenly_drawn(self.epochs, _MOST_TRIED)
        x = quietly_read(self.network, self.epochs, numbers)
        attribute = self._attribute(len(starts), n_steps)
        return float(error_of(*missed_of(attribute(x, [start(x, numbers) for start in starts]))).max())

    def _attribute(self, n_paths: int, n_steps: int) -> Callable[[Tensor, list[Tensor]], Attribution]:
        attribute = self.attribution_in(-(-n_steps // n_paths))
        return lambda x, starts: _mean([attribute(x, start) for start in starts])


def _mean(paths: list[Attribution]) -> Attribution:
    first = paths[0]
    if len(paths) == 1:
        return first
    changes = [path.change for path in paths if path.change is not None]
    return Attribution(
        torch.stack([path.values for path in paths]).mean(0),
        first.scores,
        torch.stack(changes).mean(0) if changes else None,
        tuple(one for path in paths for one in path.paths),
    )


def explain_converged(
    question: Question, *, baseline: Baseline, n_steps: int | None, tolerance: float
) -> tuple[Explanation, dict[Hashable | None, Any]]:
    """Attribute all trials in as many steps as it takes until shares add up.

    Sixteen steps are tried first, on all trials. If these miss too much, the number is doubled until eight trials,
    evenly drawn, miss less than ``tolerance``, and on until all trials do; so it depends on trials, not on batches.

    Parameters
    ----------
    question : Question
        What is explained.
    baseline : str | array
        What trials are compared with; ``"auto"`` takes what :func:`suitable_baseline` returns, and the other of silence
        and surrogates if shares do not add up from there.
    n_steps : int | None
        Steps; ``None`` takes as many as needed. If they are given, shares that do not add up are only warned about.
    tolerance : float
        Largest completeness error, of every class and (in a contrast) of two classes' difference.

    Returns
    -------
    explanation : Explanation
        The attribution.
    settings : dict
        ``baseline``, and why it was taken, ``n_steps``, ``tolerance``: as far as the method has them.

    Raises
    ------
    MethodError
        If shares do not add up within 256 steps; the message says how much they miss.
    ValueError
        If a setting is not allowed.
    """
    tolerance = finite_float("tolerance", tolerance, above=0, advice=TOLERANCE)
    method = question.method
    given = None if n_steps is None else positive_int("n_steps", n_steps)
    of_path: dict[Hashable | None, Any] = {}
    names: list[Baseline] = [baseline]
    if isinstance(baseline, str) and baseline == "auto":
        first, reason = suitable_baseline(question)
        names = [first, *({"zero", "surrogates"} - {first})]
        of_path["baseline_reason"] = reason
    adapts = method == "integrated_gradients" and given is None
    missed: list[str] = []
    for name in names:
        starts = baselines_of(question.network, question.epochs, question.codes, name)
        if not adapts:
            explanation, used = question.answer(starts, given or FIRST_STEPS), given or FIRST_STEPS
            break
        found = _adapted(question, starts, tolerance)
        if isinstance(found, float):
            missed.append(f"from the baseline {baseline_name(name)!r} {_share(found)}")
            continue
        explanation, used = found
        if missed:
            of_path["baseline_reason"] = f"in {MOST_STEPS} steps shares miss {missed[0]}"
        break
    else:
        raise MethodError(_refusal(question, names, missed, tolerance))
    instead = (
        "Take more `n_steps`, or `n_steps=None`, which takes as many as needed."
        if method == "integrated_gradients"
        else "`integrated_gradients` adds up."
    )
    if not adapts or not np.isfinite(_error(question, explanation)):
        warn_if_incomplete(method, explanation.completeness_error, instead)
    of_path["baseline"] = baseline_name(name)
    if method in ("integrated_gradients", "gradient_shap"):
        of_path["n_steps"] = used
    if adapts:
        of_path["tolerance"] = tolerance
    return explanation, of_path


def suitable_baseline(question: Question) -> tuple[str, str]:
    """Return silence, or surrogates where the scores are too steep near silence, and why.

    The logarithm of power changes without bound as its input approaches zero: from silence most of what is explained
    is the way to the faintest signal, quadrature misses much of it, and the shares of a contrast are blurred.
    Up to eight trials, evenly drawn, are tried with 16 steps from silence and from a surrogate.

    Returns
    -------
    name : {"zero", "surrogates"}
        What ``baseline`` may be.
    reason : str
        The measurement in words.
    """
    network = question.network
    if question.method not in COMPARED:
        return "zero", "the method compares with none"
    if isinstance(network, FrontEnd) and not any(
        part is None for part in (network.activation, network.pooling, network.head)
    ):
        return "zero", "the scores are linear after the activation"
    tried = question if question.path_in is None else replace(question, attribution_in=question.path_in)
    try:
        of_silence = baselines_of(network, question.epochs, question.codes, "zero")
        from_silence = tried.error_of_some(of_silence, FIRST_STEPS)
        if from_silence <= SMOOTH:
            return "zero", f"{FIRST_STEPS} steps from silence miss {from_silence:.2%}"
        one_surrogate = baselines_of(network, question.epochs, question.codes, "surrogates")[:1]
        from_surrogate = tried.error_of_some(one_surrogate, FIRST_STEPS)
    except EpochsError:  # which is said, with the right number, when all are read
        return "zero", "the trials cannot be read"
    if not np.isfinite(from_silence):
        name = "surrogates" if np.isfinite(from_surrogate) else "zero"
        return name, "integrated gradients from silence are not finite"
    words = f"{FIRST_STEPS} steps from silence miss {from_silence:.2%}, from a surrogate {from_surrogate:.2%}"
    return "surrogates" if MUCH_SMOOTHER * from_surrogate < from_silence else "zero", words


def _adapted(question: Question, starts: Starts, tolerance: float) -> tuple[Explanation, int] | float:
    """Return the attribution in as many steps as it takes, and their number; else the completeness error of most."""
    explanation = question.answer(starts, FIRST_STEPS)
    n_steps, error = FIRST_STEPS, _error(question, explanation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the trials: the first pass has said it
        while error > tolerance and n_steps < MOST_STEPS:  # not if it is NaN
            n_steps *= 2
            error = question.error_of_some(starts, n_steps)
            if not error > tolerance:
                explanation = question.answer(starts, n_steps)
                error = _error(question, explanation)
    return error if tolerance < error < np.inf else (explanation, n_steps)


def _error(question: Question, explanation: Explanation) -> float:
    errors = explanation.completeness_error
    assert errors is not None  # integrated gradients are shares
    difference = explanation.difference_error if question.trials == "contrast" else None
    return float(np.max([*errors, *([] if difference is None else [difference])]))


def _why(tolerance: float) -> str:
    if tolerance < _SINGLE_PRECISION:
        return "Single precision allows no such tolerance."
    return "The scores jump, or are too steep, on the way."


def _share(missed: float) -> str:
    return f"{missed:.1%}" if missed >= 1e-3 else f"{missed:.1e}"


def _refusal(question: Question, names: list[Baseline], missed: list[str], tolerance: float) -> str:
    others: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("surrogates", "zero"):
            if name not in [one for one in names if isinstance(one, str)]:
                starts = baselines_of(question.network, question.epochs, question.codes, name)
                if isinstance(_adapted(question, starts, tolerance), tuple):
                    others = [f"`baseline={name!r}`, from which they miss less than {tolerance:.0%}, or "]
                    break
    return (
        f"Integrated gradients do not converge: in {MOST_STEPS} steps their shares miss {' and '.join(missed)} of the "
        f"change of what they explain (completeness error; `tolerance` allows {tolerance:.3g}). {_why(tolerance)} "
        f"Try {''.join(others)}`sincviz.ablate(model, epochs, y)`, which needs no "
        f"gradients; `n_steps={MOST_STEPS}` computes the shares all the same, with a warning."
    )
