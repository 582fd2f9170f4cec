"""Findings, as sections: the doctor's first, suspected artefacts last."""

from sincviz import plotting
from sincviz._utils.text import class_words, joined
from sincviz.analysis.doctor.doctor import diagnose
from sincviz.analysis.doctor.line_noise import RHYTHMS_BELOW_HZ, resolves_slow_lines
from sincviz.analysis.doctor.relevance_checks import ARTEFACTS as ARTEFACT_KINDS
from sincviz.analysis.doctor.relevance_checks import (
    LINES,
    MUSCLES,
    not_checked,
    of_established_classes,
    placed_by_name,
    places_without_electrode,
)
from sincviz.analysis.labels import with_known_classes
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import of_weights
from sincviz.report.contents import Figure, Section, Step, Summary, Table

_CHECKS = ("relevance_", "artefact", "high_bands", "slow_drift")


def alarm_words(inspection: InspectionResults) -> list[str]:
    """Return the findings that forbid interpreting the network, with what to do about each."""
    rows = inspection.findings[inspection.findings["severity"] == "error"]
    return [f"{row['finding']} {row['remedy']}" for row in rows.to_dict("records")]


def suspicion_words(inspection: InspectionResults) -> list[str]:
    """Return the findings that point to something other than brain activity, if the trials can be read."""
    if inspection.trials and not inspection.verdict["readable"]:
        return []
    checks = inspection.findings["check"]
    rows = inspection.findings[checks.str.startswith(_CHECKS) & (checks != "artefacts_not_checked")]
    return [f"{row['finding']} {row['evidence']} {row['remedy']}" for row in rows.to_dict("records")]


def unsuspected_words(inspection: InspectionResults) -> str:
    """Return which artefacts nothing points to, and which were not checked, where there is no suspicion."""
    if inspection.trials and not inspection.verdict["readable"]:
        return f"Not checked: {joined(ARTEFACT_KINDS, 'and')}, because these trials cannot show what the network uses."
    if inspection.spectral_relevance is None:
        if not inspection.trials:
            return f"Without trials, little can be said about {joined(ARTEFACT_KINDS, 'or')}."
        return f"Not checked: {joined(ARTEFACT_KINDS, 'and')}, because the relevance was not measured."
    if inspection.spectral_relevance.attrs.get("trials", "contrast") != "contrast":
        reason = (
            "the trials are not of two known classes, and what all trials share says nothing about artefacts"
        )
        reasons = dict.fromkeys(ARTEFACT_KINDS, reason)
    else:
        spectrum = of_established_classes(inspection.spectral_relevance, inspection.leading_bands)
        reasons = not_checked(spectrum)
    sentences = []
    checked = [kind for kind in ARTEFACT_KINDS if kind not in reasons]
    if checked:
        by_name = ""
        if {"eye movements", "muscles"} & set(checked) and placed_by_name(inspection.spectral_relevance):
            by_name = " (electrodes without a position placed by their names)"
        sentences.append(
            f"Nothing points to {joined(checked, 'or')}{by_name}; that does not prove that there are none."
        )
        if LINES in checked and not resolves_slow_lines(
            inspection.spectral_relevance["frequency"].to_numpy()
        ):
            sentences.append(
                f"Lines below {RHYTHMS_BELOW_HZ:g} Hz cannot be distinguished from rhythms in trials shorter than "
                "3 s."
            )
    blind = places_without_electrode(inspection.spectral_relevance) if MUSCLES in checked else []
    if blind:
        sentences.append(f"Not checked: muscles of the {joined(blind, 'and')}, where no electrode lies.")
    for reason in dict.fromkeys(reasons.values()):
        kinds = [kind for kind in ARTEFACT_KINDS if reasons.get(kind) == reason]
        sentences.append(f"Not checked: {joined(kinds, 'and')}, because {reason}.")
    open_classes = _open_classes(inspection)
    if checked and open_classes:
        sentences.append(
            f"Not checked for {joined(open_classes, 'and')}, whose relevance may add up to zero."
        )
    return " ".join(sentences)


def _open_classes(inspection: InspectionResults) -> list[str]:
    """Return the classes whose relevance is known and may add up to zero."""
    assert inspection.spectral_relevance is not None  # checked by the caller
    spectrum = with_known_classes(inspection.spectral_relevance)
    established = of_established_classes(spectrum, inspection.leading_bands)["target"].to_numpy()
    return [class_words(str(name)) for name in spectrum["target"].to_numpy() if name not in established]


FINDINGS: Section[InspectionResults, InspectionRun] = Section(
    name="findings",
    heading="",
    steps=(
        Step(
            "Findings",
            ("findings",),
            lambda run: (diagnose(run.network, run.given_trials, run.y),),
            required=True,
        ),
    ),
    figures=(
        Figure(
            "findings",
            "Findings",
            ("findings",),
            lambda inspection: plotting.plot_findings(inspection.findings),
            of_weights("Problems that limit the interpretation of this network, most severe first."),
        ),
    ),
    tables=(Table("findings", ("findings",), lambda inspection: inspection.findings.set_index("check")),),
    summary=(Summary("alarm", "Read this first", alarm_words, style="alarm"),),
    always=True,
)


ARTEFACTS: Section[InspectionResults, InspectionRun] = Section(
    name="artefacts",
    heading="",
    summary=(
        Summary(
            "suspicion",
            "Is it brain activity?",
            suspicion_words,
            style="suspicion",
            otherwise=unsuspected_words,
        ),
    ),
    always=True,
)
