"""Verdict: whether trials can show what a network uses, and if not, why not."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

REASONS = {
    "no_trials": "no trials were given",
    "not_finite": "some weights of the network are not finite",
    "trials_do_not_fit": "the trials do not fit the network",
    "class_order": "the network's classes are probably in another order",
    "no_classes": "the classes of the trials are not known",
    "no_targets": "what the outputs should be in these trials is not known",
    "few_trials": "there are too few trials of each class to distinguish the accuracy from chance",
    "few_targets": "there are too few trials with different targets to distinguish the correlation from chance",
    "confounded": "the classes cannot be separated from when or from whom the trials were recorded",
    "confounded_targets": "the targets cannot be separated from when or from whom the trials were recorded",
    "chance": "the accuracy on these trials is not shown to be above chance",
    "no_correlation": "the correlation with the targets of these trials is not shown to be above chance",
    "seen_trials": "the network was trained on these trials",
    "unknown_trials": "it is not known whether the network was trained on these trials",
}
"""Every reason why the basis of a decision cannot be interpreted, the most serious first."""

READABLE = "These trials can show what the network uses."
WEIGHTS_ONLY = "Without trials only the weights can be read, not what the network uses."

_OF_FINDINGS = {
    "not_finite": "not_finite",
    "sampling_rate": "trials_do_not_fit",
    "epochs": "trials_do_not_fit",
    "scale": "trials_do_not_fit",
    "class_order": "class_order",
}
"""Errors of the doctor that rule out an interpretation."""


def verdict_on(
    findings: "pd.DataFrame",
    trials: Mapping[str, Any],
    accuracies: "pd.DataFrame | None",
    *,
    n_seen: int | None,
    held_out: bool,
    correlations: "pd.DataFrame | None" = None,
    numeric: bool = False,
) -> dict[str, Any]:
    """Return whether the basis of a network's decisions can be interpreted from these trials.

    Parameters
    ----------
    findings : pandas.DataFrame
        What :func:`sincviz.diagnose` returned.
    trials : mapping
        Description of the trials; empty if there are none.
    accuracies : pandas.DataFrame | None
        What :func:`sincviz.evidence.accuracies` returned; ``None`` if the classes are not known.
    n_seen : int | None
        How many of the trials are known from training; ``None`` if the network does not store its training trials.
    held_out : bool
        Whether the user says that the network was not trained on these trials, or all come from recordings that were
        not used in training.
    correlations : pandas.DataFrame | None
        What :func:`sincviz.evidence.correlations` returned; ``None`` if the targets are not known.
    numeric : bool
        Whether the outputs are numbers, which are judged by their correlation: one of them above chance is enough.

    Returns
    -------
    dict
        ``readable`` (bool) and ``reasons``, a list of keys of ``REASONS``, empty if it is readable.
    """
    if not trials:
        return {"readable": False, "reasons": ["no_trials"]}
    errors = set(findings.loc[findings["severity"] == "error", "check"])
    reasons = {reason for check, reason in _OF_FINDINGS.items() if check in errors}
    if numeric:
        reasons |= _of_numbers(correlations) if "not_finite" not in reasons else set()
    elif accuracies is None:
        # Scores that are not finite have no accuracy, whatever the classes are.
        reasons |= set() if "not_finite" in reasons else {"no_classes"}
    else:
        judged = accuracies.loc["held out" if "held out" in accuracies.index else "all"]
        if judged["above_chance"] == "no":
            reasons.add("chance")
        elif judged["above_chance"] == "unknown":
            confounded = judged.get("unknown_because") == "confounded"
            reasons.add("confounded" if confounded else "few_trials")
    if n_seen == trials["n_trials"]:
        reasons.add("seen_trials")
    elif not held_out and (
        n_seen is None
        or {"overlapping_trials", "duplicate_trials"} & set(findings["check"])
        or (n_seen == 0 and "recording" in set(findings["check"]))
    ):
        # Trials that were preprocessed differently are not recognised, nor are copies with noise, and of windows only
        # those that begin alike.
        reasons.add("unknown_trials")
    if "no_classes" in reasons:
        reasons -= {"chance", "few_trials"}
    return {"readable": not reasons, "reasons": [name for name in REASONS if name in reasons]}


def _of_numbers(correlations: "pd.DataFrame | None") -> set[str]:
    """Return why the outputs of a network that are numbers cannot be read, if no correlation is above chance."""
    if correlations is None:
        return {"no_targets"}
    kinds = correlations.index.get_level_values("trials")
    judged = correlations.loc["held out" if "held out" in kinds else "all"]
    if (judged["above_chance"] == "yes").any():
        return set()
    if (judged["above_chance"] == "no").any():
        return {"no_correlation"}
    confounded = (judged["unknown_because"] == "confounded").any()
    return {"confounded_targets" if confounded else "few_targets"}


def reason_words(reasons: Iterable[str]) -> str:
    """Return reasons as part of a sentence.

    Examples
    --------
    >>> reason_words(["no_classes", "seen_trials"])
    'the classes of the trials are not known, and the network was trained on these trials'
    """
    return ", and ".join(REASONS[reason] for reason in reasons)


def marked(attrs: dict[Any, Any], verdict: dict[str, Any]) -> dict[Any, Any]:
    """Return the attributes of a result, with the verdict on its trials."""
    return attrs | {
        "readable": "yes" if verdict["readable"] else "no",
        "not_readable_because": " ".join(verdict["reasons"]),
    }


def warning_words(attrs: dict[Any, Any]) -> str:
    """Return the warning for a result that cannot be interpreted; empty if it can be, or if there is no verdict.

    Examples
    --------
    >>> warning_words({"readable": "no", "not_readable_because": "chance"})
    'Not evidence of what the network uses: the accuracy on these trials is not shown to be above chance.'
    """
    if attrs.get("readable") != "no":
        return ""
    return (
        f"Not evidence of what the network uses: {reason_words(str(attrs['not_readable_because']).split())}."
    )
