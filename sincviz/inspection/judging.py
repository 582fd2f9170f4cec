"""Verdict: the last part of an inspection, whether the trials let the network be read."""

from typing import Any

import xarray as xr

from sincviz.analysis.doctor.findings import Finding, with_findings
from sincviz.analysis.doctor.memory_checks import CLEARLY_ABOVE_CHANCE_P, memorised
from sincviz.analysis.doctor.relevance_checks import of_established_classes, relevance_findings
from sincviz.analysis.evidence.data_contrast import yardstick_accuracies
from sincviz.analysis.evidence.prediction import ALL
from sincviz.analysis.statistics.two_classes import first_minus_second
from sincviz.eeg.role_words import NOT_SHOWN
from sincviz.errors import SincvizError
from sincviz.inspection.measuring import MOST_EVIDENCE_TRIALS, InspectionRun
from sincviz.verdict import marked, verdict_on

OF_TRIALS = (
    *(
        "relevance",
        "spectral_relevance",
        "band_relevance",
        "class_relevance",
        "leading_bands",
        "leading_cells",
        "leading_filters",
    ),
    *("temporal_relevance", "time_courses", "peaks", "time_frequency_relevance", "evoked_and_induced"),
    *("evoked_shares", "separating_properties"),
    *(
        "deletion",
        "ablation",
        "roles",
        "seeds",
        "seed_agreement",
        "shortcuts",
        "randomization",
        "importance",
        "spatial_patterns",
        "predictions",
        "accuracies",
    ),
    "correlations",
)
"""What is marked with the verdict on the trials."""


def judge(run: InspectionRun) -> None:
    """Judge whether the trials let the network be read, and mark every result that comes from them."""
    results = run.results
    verdict = _verdict(run)
    results["findings"] = with_findings(results["findings"], _memorised(run))
    spectrum = results.get("spectral_relevance")
    # Without a contrast, what all classes share would raise suspicion.
    if spectrum is not None and run.has_contrast and verdict["readable"]:
        known = of_established_classes(spectrum, results.get("leading_bands"))
        single = None if run.of_trials is None else first_minus_second(run.of_trials)
        more = relevance_findings(known, run.power, single)
        results["findings"] = with_findings(results["findings"], more)
    results["verdict"] = verdict
    if run.trials is None:
        return
    claim = {"held_out": "said"} if run.held_out and run.n_seen is None else {}
    for name in OF_TRIALS:
        if results.get(name) is not None:
            result = results[name]
            if "p" in getattr(result, "coords", ()) and not verdict["readable"]:
                # Nothing is established by such trials, also where attributes get lost on the way.
                result = results[name] = result.assign_coords(p=result["p"] * float("nan"))
            if name == "roles" and not verdict["readable"]:
                result = results[name] = _without_roles(result)
            result.attrs = marked(dict(result.attrs), verdict) | claim


def _without_roles(roles: xr.Dataset) -> xr.Dataset:
    """Return roles of which none is shown."""
    unknown = xr.full_like(roles["role"], NOT_SHOWN, dtype=roles["role"].dtype)
    nothing = {name: float("nan") * roles[name] for name in ("p_used", "p_informative")}
    return roles.assign(nothing | dict.fromkeys(("used", "informative", "role"), unknown))


def _verdict(run: InspectionRun) -> dict[str, Any]:
    return verdict_on(
        run.results["findings"],
        run.results.get("trials", {}),
        run.results.get("accuracies"),
        n_seen=run.n_seen,
        held_out=run.held_out or _is_of_new_recordings(run),
        correlations=run.results.get("correlations"),
        numeric=run.network.numeric,
    )


def _is_of_new_recordings(run: InspectionRun) -> bool:
    """Return whether every trial comes from a recording that is known not to be in the training data."""
    table = run.results.get("predictions")
    return table is not None and "new_in" in table and bool((table["new_in"] != "").all())


def _memorised(run: InspectionRun) -> list[Finding]:
    """Return the finding that only memory explains the accuracy, if the trials were or may have been trained on."""
    csp, accuracies, n_seen = run.results.get("csp"), run.results.get("accuracies"), run.n_seen
    all_seen = n_seen is not None and n_seen == run.results["trials"]["n_trials"]
    if accuracies is None or not (all_seen or n_seen is None) or accuracies.loc[ALL, "above_chance"] != "yes":
        return []
    if csp is not None and float(csp["p"]) < CLEARLY_ABOVE_CHANCE_P:
        return []  # no need to ask the other decoders
    try:
        trials, codes = run.evidence_trials(MOST_EVIDENCE_TRIALS)
        of_decoders = yardstick_accuracies(run.network, trials, codes, seed=run.seed)
    except (SincvizError, ValueError):  # too few trials for a cross-validation
        return []
    finding = memorised(accuracies.loc[ALL].to_dict(), of_decoders, n_seen=n_seen, held_out=run.held_out)
    return [] if finding is None else [finding]
