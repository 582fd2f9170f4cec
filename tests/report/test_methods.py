"""The methods paragraph says what was done, cites what it names, and nothing else."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz._version import __version__
from sincviz.analysis.evidence.prediction import accuracies
from sincviz.eeg.band_limits import with_band_limits
from sincviz.inspection import evidence
from sincviz.inspection.contents import SECTIONS
from sincviz.inspection.inspection import Inspection
from sincviz.report.methods import methods_paragraph
from sincviz.report.references import REFERENCES

NETWORK = {
    **{"kind": "SincShallowNet", "n_filters": 32, "n_taps": 33, "depth": 2, "n_chans": 22, "n_times": 1000},
    **{"sfreq_hz": 250.0, "class_names": ["left", "right"], "weights_sha256": "0123456789abcdef" * 4},
    **{"training": {}},
}
SOMETHING = xr.DataArray(np.ones(2), {"target": ["left", "right"]}, ["target"])
TABLE = pd.DataFrame({"value": [1.0]})
RELEVANCE = with_band_limits(
    xr.DataArray(np.ones((2, 3)), {"target": ["left", "right"], "band": ["mu", "gamma", "other"]}),
    {"mu": (8, 13), "gamma": (30, np.inf)},
).assign_attrs(
    n_steps=16,
    trials="contrast",
    method="integrated_gradients",
    n_resamples=1999,
)
ACCURACIES = pd.DataFrame(
    {
        "n_trials": [400, 100, 300],
        "accuracy": [0.85, 0.7, 0.9],
        **{"ci_low": [0.81, 0.6, 0.86], "ci_high": [0.88, 0.78, 0.93], "majority": [0.5, 0.52, 0.51]},
        **{"balanced_accuracy": [0.85, 0.69, 0.9], "chance_level": 0.5, "p": [0.0005, 0.03, 0.0005]},
        **{"above_chance": "yes", "unknown_because": "", "confounds": ""},
        **{"permuted_within": "subject", "unit": "trial"},
    },
    index=["all", "held out", "seen in training"],
)
CSP = pd.Series({"accuracy": 0.625, "accuracy_ci_low": 0.52, "accuracy_ci_high": 0.72, "n_trials": 100.0})
TRIALS = {"n_trials": 400, "reference": "average", "highpass_hz": 0.5, "lowpass_hz": 40.0}

ALWAYS = {"borra", "ravanelli", "gramfort"}
WHAT_IS_CITED = {
    "the weights": ({"bands": TABLE}, set()),
    "patterns": ({"spatial_patterns": SOMETHING}, {"haufe", "petrosyan"}),
    "relevance": ({"band_relevance": RELEVANCE}, {"sundararajan", "hesterberg"}),
    "deletion": ({"deletion": TABLE}, {"samek"}),
    "ablation": ({"ablation": SOMETHING}, set()),
    "roles": ({"roles": SOMETHING}, {"haufe"}),
    "shortcuts": ({"shortcuts": TABLE}, {"nikulin"}),
    "random networks": ({"randomization": TABLE}, {"adebayo"}),
    "common spatial patterns": ({"csp": CSP}, {"blankertz"}),
}


def paragraph_of(network=NETWORK, checks=(), **results):
    findings = pd.DataFrame({"check": list(checks)})
    return methods_paragraph(Inspection(network=network, findings=findings, **results), SECTIONS)


def cited(references):
    names = {text: name for name, text in REFERENCES.items()}
    return {names[text] for text in references}


def surnames_with_years(text):
    """Return such as ("Haufe", "2014") of every citation in the text."""
    return set(re.findall(r"([A-Z][a-z]+)(?: et al\.| and [A-Z][a-z]+)?,? \(?(\d{4})", text))


@pytest.mark.parametrize("what", WHAT_IS_CITED)
def test_each_thing_brings_its_own_references_and_no_others(what):
    results, names = WHAT_IS_CITED[what]
    _, references = paragraph_of(**results)
    assert cited(references) == ALWAYS | names


def test_everything_together_cites_everything_once_in_alphabetical_order():
    everything = {name: value for results, _ in WHAT_IS_CITED.values() for name, value in results.items()}
    text, references = paragraph_of(trials=TRIALS, accuracies=ACCURACIES, **everything)
    of_groups = {"maris", "sassenhagen", "benjamini", "hedges", "kuhn", "hennig"}
    assert cited(references) == set(REFERENCES) - of_groups
    assert references == sorted(set(references))
    assert {
        (one.split(",")[0], re.search(r"\((\d{4})\)", one)[1]) for one in references
    } == surnames_with_years(text)


@pytest.mark.parametrize("fixture", ["whole", "weights_only"])
def test_of_a_real_inspection_every_citation_has_its_reference_and_the_reverse(request, fixture):
    text, references = methods_paragraph(request.getfixturevalue(fixture), SECTIONS)
    assert {
        (one.split(",")[0], re.search(r"\((\d{4})\)", one)[1]) for one in references
    } == surnames_with_years(text)
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b|  |\.\.| ,|\{|\}", text)
    assert text.endswith(".")


def test_of_weights_alone_no_patterns_no_relevance_and_no_evidence_are_claimed(weights_only):
    text, references = methods_paragraph(weights_only, SECTIONS)
    assert cited(references) == ALWAYS
    assert not re.search("Haufe|Adebayo|Samek|integrated|accuracy|tested|examined", text)


def test_the_network_is_named_by_its_numbers_version_and_hash():
    text, _ = paragraph_of()
    assert text == (
        "A Sinc-ShallowNet (Borra et al., 2020) with 32 band-pass filters parametrised by their cut-offs "
        "(Ravanelli and Bengio, 2018) of 33 samples at 250 Hz and 2 spatial filters per temporal filter, on "
        f"22 channels, was read with sincviz {__version__} (weights 0123456789ab), which builds on "
        "MNE-Python (Gramfort et al., 2013)."
    )


def test_another_network_is_not_called_by_the_names_of_others():
    text, references = paragraph_of(NETWORK | {"kind": "EEGNet", "depth": 1, "n_chans": 1})
    assert cited(references) == {"gramfort"}
    assert text.startswith(
        "A network (EEGNet) with 32 temporal filters of 33 samples at 250 Hz and 1 spatial filter per temporal "
        "filter, on 1 channel, was read"
    )


WHOSE_ACCURACY = {
    "no memory": (
        ["all"],
        ", 2 classes, with an accuracy of 85% (95% Wilson interval 81% to 88%; most frequent class 50%) and "
        "a balanced accuracy of 85% (chance 50%; above chance, p < 0.001 (labels exchanged within subject)).",
    ),
    "in part": (
        ["all", "held out", "seen in training"],
        ", 2 classes, with an accuracy of 70% on the 100 not used in training, from which all that follows was "
        "read (95% Wilson interval 60% to "
        "78%; most frequent class 52%) and a balanced accuracy of 69% (chance 50%; above chance, p = 0.03 "
        "(labels exchanged within subject)).",
    ),
    "none seen": (
        ["all", "held out"],
        ", none of them recognised among the training trials, 2 classes, with an accuracy of 70% (95% "
        "Wilson interval 60% to 78%; most frequent class 52%) and a balanced accuracy of 69% (chance 50%; above "
        "chance, p = 0.03 (labels exchanged within subject)).",
    ),
    "all seen": (
        ["all", "seen in training"],
        ", all of them used in training, 2 classes, with an accuracy of 85% (95% Wilson interval 81% to "
        "88%; most frequent class 50%) and a balanced accuracy of 85% (chance 50%; above chance, p < 0.001 (labels "
        "exchanged within subject)).",
    ),
}


@pytest.mark.parametrize("kind", WHOSE_ACCURACY)
def test_the_accuracy_is_that_on_trials_held_out_if_there_are_any_with_their_preparation(kind):
    rows, words = WHOSE_ACCURACY[kind]
    text, _ = paragraph_of(trials=TRIALS, accuracies=ACCURACIES.loc[rows])
    assert text.endswith(f"It was examined on 400 trials (average reference, filtered to 0.5–40 Hz){words}")


def test_a_network_that_remembers_45_trials_and_guesses_15_is_not_praised():
    seen = np.arange(60) < 45
    table = pd.DataFrame({"true": np.arange(60) % 2, "correct": seen, "seen_in_training": seen})
    table["predicted"] = np.where(seen, table["true"], 1 - table["true"])
    text, _ = paragraph_of(trials={"n_trials": 60}, accuracies=accuracies(table))
    assert text.endswith(
        "It was examined on 60 trials, 2 classes, with an accuracy of 0% on the 15 not used in training, from "
        "which all that follows was read "
        "(95% Wilson interval 0% to 20%; most frequent class 53%) and a balanced accuracy of 0% (chance 50%; NOT "
        "above chance, p = 1 (labels exchanged))."
    )
    assert "75%" not in text


def test_common_spatial_patterns_are_told_with_their_accuracy():
    text, _ = paragraph_of(csp=CSP)
    assert text.endswith(
        " For comparison, common spatial patterns with a linear discriminant (8–30 Hz; Blankertz et al., "
        "2008) decoded 62% of 100 trials in a cross-validation."
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"n_trials": 3}, "on 3 trials of unknown class."),
        ({"n_trials": 1, "reference": None, "highpass_hz": None}, "on 1 trial of unknown class."),
        (
            {"n_trials": 3, "reference": "as recorded"},
            "on 3 trials (reference as recorded) of unknown class.",
        ),
    ],
)
def test_of_trials_of_unknown_class_no_accuracy_is_told(facts, words):
    text, _ = paragraph_of(trials=facts)
    assert text.endswith(f"It was examined {words}")


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ("contrast", "averaged over the trials of a class minus the average over the others"),
        ("all", "averaged over all trials"),
    ],
)
def test_steps_bands_and_average_of_the_relevance_are_told(trials, words):
    text, _ = paragraph_of(band_relevance=RELEVANCE.assign_attrs(trials=trials, n_steps=20))
    assert text.endswith(
        " Relevance is the integrated gradient (Sundararajan et al., 2017) of each class score from a "
        "baseline of zero (20 steps), split exactly over frequencies and channels by Parseval's theorem and "
        f"summed over bands (in Hz: mu: 8–13; gamma: 30 and above), {words}, with 95% bootstrap intervals "
        "over trials (1999 resamples; Hesterberg, 2015)."
    )


@pytest.mark.parametrize("n_trials", [50, 51, 100, 101])
def test_it_is_told_if_the_evidence_took_some_of_the_trials(n_trials):
    text, _ = paragraph_of(trials={"n_trials": n_trials}, randomization=TABLE, seed=7)
    few = ", on 50 trials" * (n_trials > 50)
    some = ", on 100 of the trials, drawn evenly from the classes" * (n_trials > 100)
    assert text.endswith(
        " This was tested by drawing the network's layers anew (Adebayo et al., 2018; "
        f"{evidence.N_RANDOM_NETWORKS} networks for each layer, {4 * evidence.N_RANDOM_NETWORKS} with all layers "
        f"drawn{few}){some} (seed 7)."
    )


def test_the_tests_are_told_together_with_the_seed():
    text, _ = paragraph_of(deletion=TABLE, ablation=SOMETHING, randomization=TABLE, seed=3)
    assert text.endswith(
        " This was tested by replacing bands of single channels by those of other trials in the order of "
        "their relevance, which the other half of the trials made (Samek et al., 2017); by replacing single "
        "bands of regions of the scalp; by "
        f"drawing the network's layers anew (Adebayo et al., 2018; {evidence.N_RANDOM_NETWORKS} networks for each "
        f"layer, {4 * evidence.N_RANDOM_NETWORKS} with all layers drawn) (seed 3)."
    )


def test_what_was_not_done_disappears_from_a_real_inspection(whole):
    whole = dataclasses.replace(whole, roles=None)  # cites Haufe, too
    before, _ = methods_paragraph(whole, SECTIONS)
    gone = {
        **{"deletion": "Samek", "randomization": "Adebayo"},
        **{"spatial_patterns": "Haufe", "csp": "Blankertz"},
    }
    for name, author in gone.items():
        text, references = methods_paragraph(dataclasses.replace(whole, **{name: None}), SECTIONS)
        assert author in before
        assert author not in text
        assert not any(author in one for one in references)


def test_trials_prepared_otherwise_are_not_claimed_to_be_held_out():
    true = ["0", "1"] * 20
    table = pd.DataFrame({"true": true, "predicted": true, "correct": True, "seen_in_training": False})
    results = {"trials": {"n_trials": 40}, "accuracies": accuracies(table)}
    assert "recognised among the training trials" in paragraph_of(**results)[0]
    assert "training trials" not in paragraph_of(checks=["recording"], **results)[0]
