"""Words on what network and trials are, and on whether these let the network be read."""

from collections.abc import Callable

from sincviz._utils.text import class_words, counted, joined, listed, percent
from sincviz.analysis.evidence.prediction import HELD_OUT, SEEN
from sincviz.analysis.statistics.numeric_contrast import NUMBERS
from sincviz.analysis.statistics.two_classes import FIRST, SECOND
from sincviz.inspection.results import InspectionResults
from sincviz.verdict import READABLE, WEIGHTS_ONLY, reason_words

SLOW_BELOW_HZ = 4.0
"""Rhythms are faster."""


def two_classes(inspection: InspectionResults) -> tuple[str, str] | None:
    """Return the names of two classes whose contrast is one; ``None`` for other numbers, or without a contrast."""
    cells = inspection.band_relevance
    if cells is None or FIRST not in cells.coords:
        return None
    return class_words(str(cells[FIRST].item())), class_words(str(cells[SECOND].item()))


def of_numbers(inspection: InspectionResults) -> bool:
    """Return whether the outputs of the network are numbers, and not scores of classes."""
    return inspection.network.get("outputs") == NUMBERS


def data_words(inspection: InspectionResults, *, of_trials: bool) -> str:
    """Return reference and filters of the trials, or of those that the network was trained on."""
    facts, what = (
        (inspection.trials, "Trials") if of_trials else (inspection.network["training"], "Network trained on")
    )
    descriptions = []
    if facts.get("reference"):
        descriptions.append(reference_words(facts["reference"]))
    if facts.get("highpass_hz") is not None and facts.get("lowpass_hz") is not None:
        descriptions.append(
            filter_words(facts["highpass_hz"], facts["lowpass_hz"], inspection.network["sfreq_hz"])
        )
    words = f"{what}: {', '.join(descriptions) if descriptions else 'reference and filters are not known'}."
    return words + (preparation_note(inspection) if of_trials else "") + aligned_note(inspection)


def preparation_note(inspection: InspectionResults) -> str:
    """Return what the network's preparation did to the trials beyond reference and filters, as sentences."""
    own = [
        step
        for step in inspection.network.get("preparation", [])
        if step.startswith(("stand", "expon", "resam"))
    ]
    words = f" The network's preparation: {', '.join(own)}." if own else ""
    if inspection.network.get("alignment"):
        words += (
            f" {inspection.network['alignment']}, from these trials, is part of the network: maps, patterns and "
            "relevance are those of the electrodes before it."
        )
    return words


def aligned_note(inspection: InspectionResults) -> str:
    """Return a warning, after a blank, if channels are those after an alignment that could not be undone."""
    if not any(step.startswith("Euclidean") for step in inspection.network.get("preparation", [])):
        return ""
    return (
        " The network takes aligned trials, whose channels are mixtures of electrodes: without epochs of one person no "
        "map here is one of the scalp."
    )


def reference_words(reference: str) -> str:
    """Return what :func:`sincviz.trials.recordings.recording_facts` says of the reference.

    Examples
    --------
    >>> reference_words("average"), reference_words("as recorded")
    ('average reference', 'reference as recorded')
    """
    return f"reference {reference}" if reference == "as recorded" else f"{reference} reference"


def filter_words(highpass_hz: float, lowpass_hz: float, sfreq_hz: float) -> str:
    """Return the pass band of the data.

    Examples
    --------
    >>> filter_words(1, 40, 160), filter_words(0, 80, 160)
    ('filtered to 1–40 Hz', 'not filtered (up to 80 Hz)')
    """
    if highpass_hz == 0 and lowpass_hz >= sfreq_hz / 2:
        return f"not filtered (up to {lowpass_hz:g} Hz)"
    return f"filtered to {highpass_hz:g}–{lowpass_hz:g} Hz"


def network_words(inspection: InspectionResults) -> str:
    """Return what the network is."""
    net = inspection.network
    seconds = "" if net["n_times"] is None else f", trials of {net['n_times'] / net['sfreq_hz']:g} s"
    names = net["class_names"]
    filters = f"{filters_of_network(inspection)}, " if "n_filters" in net else ""
    words = (
        f"{net['kind']}: {filters}{counted(net['n_chans'], 'channel')}{seconds}, "
        f"{counted(len(names), *(('output',) if of_numbers(inspection) else ('class', 'classes')))}: "
        f"{listed(names, 20)}."
    )
    return f"{words} {tracing_words(inspection)}".rstrip()


def filters_of_network(inspection: InspectionResults) -> str:
    """Return how many filters a network has, of which length, and how they look at the channels."""
    net = inspection.network
    length = (
        f"{net['n_taps']} samples ({1000 * net['n_taps'] / net['sfreq_hz']:.0f} ms at {net['sfreq_hz']:g} Hz)"
    )
    if net.get("separable", True):
        return (
            f"{counted(net['n_filters'], 'temporal filter')} of {length}, {net['depth']} "
            f"spatial filter{'s' * (net['depth'] != 1)} each"
        )
    return f"{counted(net['n_filters'], 'spatio-temporal filter')} of {length}"


def tracing_words(inspection: InspectionResults) -> str:
    """Return how the filters of a network that declares none were found, and for what they stand."""
    net = inspection.network
    if "n_filters" not in net:
        return (
            f"Its filters cannot be read: {inspection.missing['bands']}"
            if "bands" in inspection.missing
            else ""
        )
    traced = net.get("traced")
    if not traced:
        return ""
    words = (
        f"Its filters were found by following its operations up to the first non-linear one "
        f"({listed(traced['first_nonlinear'], 3)}), and measured with impulses; on noise they reproduce what enters it "
        f"to {traced['kernel_error']:.0e} of the largest value"
    )
    edges = sum(traced["edges"])
    words += f", except in {counted(edges, 'sample')} at the edges of a trial" if edges else ""
    if not net.get("separable", True):
        words += (
            ". They are no products of a temporal and a spatial filter, so they see other places at other frequencies: "
            f"the best product holds {net['separability']:.0%} of a filter's energy (median)"
        )
    return f"{words}."


def prepared_otherwise(inspection: InspectionResults) -> bool:
    """Return whether reference or filters differ from training, so that training trials are not recognised."""
    return "recording" in set(inspection.findings["check"])


def verdict_words(inspection: InspectionResults) -> str:
    """Return in one sentence whether these trials show what the network uses, and if not why."""
    if inspection.verdict["readable"]:
        return READABLE
    if not inspection.trials:
        return WEIGHTS_ONLY
    return f"These trials cannot show what the network uses: {reason_words(inspection.verdict['reasons'])}."


def slow_words(inspection: InspectionResults) -> str:
    """Return a sentence if most of what separates the classes is slower than any rhythm, else an empty text.

    That is: more than half of the class contrast lies below ``SLOW_BELOW_HZ``, in a band that is established there.
    """
    spectrum, bands = inspection.spectral_relevance, inspection.leading_bands
    if spectrum is None or bands is None or not inspection.verdict["readable"]:
        return ""
    shares = {}
    for target, rows in bands.groupby(level="target", sort=False):
        slow = ~(rows["band_low_hz"] >= SLOW_BELOW_HZ)
        known = target in spectrum["target"].to_numpy()
        if not known or not (rows["established"] & slow).any() or not rows["total_ci_low"].iloc[0] > 0:
            continue
        by_frequency = spectrum.sel(target=target).sum("channel")
        share = by_frequency.where(by_frequency["frequency"] < SLOW_BELOW_HZ).sum() / by_frequency.sum()
        if float(share) > 0.5:
            shares[str(target)] = float(share)
    if not shares:
        return ""
    of_targets = joined([f"{percent(share)} for {class_words(name)}" for name, share in shares.items()])
    what = "makes the outputs follow the targets" if of_numbers(inspection) else "separates the classes"
    return (
        f"What {what} lies mostly below {SLOW_BELOW_HZ:g} Hz ({of_targets}): slow potentials, such as evoked "
        "responses, eye movements or drifts, and not a rhythm."
    )


def not_evidence(inspection: InspectionResults) -> str:
    """Return the warning beside every table and figure of trials that do not let the network be read."""
    if inspection.verdict["readable"] or not inspection.trials:
        return ""
    return f"Not evidence of what the network uses: {reason_words(inspection.verdict['reasons'])}."


def n_read(inspection: InspectionResults) -> int:
    """Return from how many trials the network is read: those held out where some were used in training."""
    if inspection.accuracies is not None and {HELD_OUT, SEEN} <= set(inspection.accuracies.index):
        return int(inspection.accuracies["n_trials"][HELD_OUT])
    if inspection.correlations is not None:
        kinds = set(inspection.correlations.index.get_level_values("trials"))
        if {HELD_OUT, SEEN} <= kinds:
            return int(inspection.correlations.xs(HELD_OUT, level="trials")["n_trials"].iloc[0])
    return int(inspection.trials.get("n_trials", 0))


def of_trials(caption: str, of_two: str = "", of_outputs: str = "") -> Callable[[InspectionResults], str]:
    """Return what makes the caption of a figure of trials: a warning where these cannot be read, and what they are.

    ``of_two`` is the caption where two classes are drawn as one, with ``{first}`` and ``{second}`` for their names;
    ``of_outputs`` where outputs are numbers.
    """

    def words(inspection: InspectionResults) -> str:
        pair = two_classes(inspection) if of_two else None
        text = caption if pair is None else of_two.format(first=pair[0], second=pair[1])
        text = of_outputs if of_outputs and of_numbers(inspection) else text
        return f"{not_evidence(inspection)} {text} {data_words(inspection, of_trials=True)}".strip()

    return words


def of_weights(caption: str) -> Callable[[InspectionResults], str]:
    """Return what makes the caption of a figure of weights, with what the network was trained on."""
    return lambda inspection: f"{caption} {data_words(inspection, of_trials=False)}"
