"""Newness: whether trials are new to the network, in words."""

from collections.abc import Collection

from sincviz.analysis.evidence.prediction import HELD_OUT, SEEN
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.words import prepared_otherwise

SAY_SO = "If these were held out, say so: `held_out=True`, on the command line `--held-out`."

UNITS = {"stretch of signal": "stretches of signal"}
"""Plurals of what is exchanged as a whole."""


def newness_words(
    inspection: InspectionResults, kinds: Collection[str], *, n_seen: int, on_held_out: str
) -> list[str]:
    """Return whether the network was trained on the trials, and how well it does on those that are new to it.

    Parameters
    ----------
    inspection : Inspection
        What was measured.
    kinds : collection of str
        Kinds of trials that there are: held out, seen in training.
    n_seen : int
        How many were seen in training.
    on_held_out : str
        How well it does on the others, as a sentence.
    """
    if SEEN in kinds and HELD_OUT in kinds:
        return [
            f"{n_seen} of these trials were used in training. On those not recognised as such: "
            f"{on_held_out} Only these judge the network, and all that follows is read "
            "from these."
        ]
    if SEEN in kinds:
        return [
            "All of them were used in training, so this says how well the network remembers, not how well "
            "it decodes."
        ]
    if (
        HELD_OUT in kinds
        and "unknown_trials" in inspection.verdict["reasons"]
        and not prepared_otherwise(inspection)
    ):
        return [
            "Whether parts of them were used in training is not known: they overlap, so training windows may share "
            f"their signal. {SAY_SO}"
        ]
    if HELD_OUT in kinds and prepared_otherwise(inspection):
        return [
            "Whether they were used in training is not known: they were not preprocessed like the training trials. "
            + ("They are declared as held out." if _said_held_out(inspection) else SAY_SO)
        ]
    if HELD_OUT in kinds:
        return [
            "None of them is recognised as a training trial, so they were held out, unless they are the same "
            "recordings cut or preprocessed in another way."
        ]
    return [
        "The checkpoint does not store which trials it was trained on; these are declared as held out."
        if _said_held_out(inspection)
        else "The checkpoint does not store which trials it was trained on: they may be among these. "
        f"{SAY_SO}"
    ]


def _said_held_out(inspection: InspectionResults) -> bool:
    return inspection.predictions is not None and inspection.predictions.attrs.get("held_out") == "said"
