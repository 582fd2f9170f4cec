"""Sentences say what the numbers say, of every kind of inspection, and never more."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sincviz import inspect
from sincviz.analysis.attribution.leading import leading_bands, leading_cells, leading_filters
from sincviz.analysis.evidence.prediction import accuracies
from sincviz.eeg.sums import sum_over_bands
from sincviz.inspection.accuracy import accuracy_words, chance_words
from sincviz.inspection.certainty import certainty_words
from sincviz.inspection.findings import alarm_words, suspicion_words, unsuspected_words
from sincviz.inspection.inspection import Inspection
from sincviz.inspection.leading import basis_words
from sincviz.inspection.words import data_words, network_words, not_evidence, verdict_words
from sincviz.verdict import REASONS, verdict_on

NETWORK = {
    **{"kind": "SincShallowNet", "n_filters": 32, "n_taps": 33, "depth": 2, "n_chans": 22, "n_times": 1000},
    **{"sfreq_hz": 250.0, "class_names": ["left", "right"], "training": {}, "ch_names": ["C3", "Cz", "C4"]},
}
FINDINGS = pd.DataFrame(columns=["check", "severity", "finding", "evidence", "filters", "remedy"])
frequencies = np.arange(0, 64, 0.5)
CHANNELS = ["C3", "Cz", "C4"]
WHAT_SHARES_ARE = (
    "Shares are of the class contrast: what raises the score of a class more in its own trials than in the "
    "others. They can add up to more than 100% because other bands can have negative shares. Channels are "
    "established at p < 0.05, "
    "corrected for the number of all cells."
)
CANNOT = "These trials cannot show what the network uses: "
HOSTILE = ["<script>alert(1)</script>", "%s %d {0} {name}", "left; right: 8–13"]
SLIPS = {
    "a missing value": r"\bnan\b|\bNone\b(?! of)|\binf\b|array\(|np\.",
    "a slip": r"\.\.|  |\n|,\.|;\.|\( | \)|^\s|\s$|^$",
    "no full stop": r"[^.`]$",
    "no capital": r"^[a-z]",
    "a plural for one": r"\b1 (filters|trials|channels|classes)\b",
}


def slips(sentences):
    return [
        f"{what}: {sentence}"
        for sentence in sentences
        for what, pattern in SLIPS.items()
        if re.search(pattern, sentence)
    ]


def every_sentence(inspected):
    return [
        verdict_words(inspected),
        unsuspected_words(inspected),
        *accuracy_words(inspected),
        *basis_words(inspected),
        *certainty_words(inspected),
        *alarm_words(inspected),
        *suspicion_words(inspected),
        data_words(inspected, of_trials=bool(inspected.trials)),
        network_words(inspected),
        unsuspected_words(inspected),
    ]


def right_in(n_correct, n_trials, n_seen=None):
    """Accuracies of two classes of the same size; those seen in training, if any, are right first."""
    columns = {
        "true": np.arange(n_trials) % 2,
        "predicted": (np.arange(n_trials) + (np.arange(n_trials) >= n_correct)) % 2,
        "correct": np.arange(n_trials) < n_correct,
    }
    if n_seen is not None:
        columns["seen_in_training"] = np.arange(n_trials) < n_seen
    return accuracies(pd.DataFrame(columns).astype({"true": str, "predicted": str}))


def inspection(*, held_out=True, n_seen=None, **inspected):
    inspected = {"network": NETWORK, "findings": FINDINGS, "trials": {}, "accuracies": None} | inspected
    judged = (inspected[name] for name in ("findings", "trials", "accuracies"))
    return Inspection(**({"verdict": verdict_on(*judged, n_seen=n_seen, held_out=held_out)} | inspected))


def with_trials(n_correct=36, n_trials=40, n_seen=None, **inspected):
    known = {"trials": {"n_trials": n_trials}, "accuracies": right_in(n_correct, n_trials, n_seen)}
    return inspection(n_seen=n_seen, **(known | inspected))


def planted(target, band_hz, channel, value, n_classes=2):
    values = np.zeros((n_classes, len(CHANNELS), len(frequencies)))
    values[target, CHANNELS.index(channel), np.flatnonzero(frequencies == band_hz)] = value
    return values


def p_of(values, half):
    """What lies beyond its interval is established."""
    return xr.where(abs(values) > half, 0.001, 0.5)


def leading(values, names=("left", "right"), half=0.1, bands=None, channels=CHANNELS, cells_too=False):
    coords = {"target": list(names), "channel": list(channels), "frequency": frequencies}
    spectrum = xr.DataArray(values, coords, ("target", "channel", "frequency"))
    cells = sum_over_bands(spectrum, bands)
    of_bands = cells.sum("channel", skipna=False, keep_attrs=True)
    total = of_bands.sum("band", skipna=False)
    of_bands, cells = (
        one.assign_coords(ci_low=one - half, ci_high=one + half, p=p_of(one, half))
        for one in (of_bands, cells)
    )
    of_bands = of_bands.assign_coords(total_ci_low=total - half, total_ci_high=total + half)
    if cells_too:
        power = xr.zeros_like(cells) + xr.DataArray(
            [0.9, 0.0, -0.9], {"channel": list(channels)}, ["channel"]
        )
        return leading_bands(of_bands, cells, spectrum), leading_cells(cells, power.assign_attrs(n_trials=40))
    return leading_bands(of_bands, cells, spectrum)


MU = planted(0, 11, "C4", 3) + planted(0, 20, "C4", 1) + planted(1, 9.5, "C3", 2)


def filters_worth(values, names=("left", "right")):
    n_filters = values.shape[1]
    low = np.arange(n_filters) * 2.0 + 4
    coords = {
        **{"target": list(names), "filter": range(n_filters)},
        **{"measured_low_hz": ("filter", low), "measured_high_hz": ("filter", low + 8)},
    }
    return leading_filters(xr.DataArray(values, coords, ("target", "filter")))


def test_without_trials_nothing_is_said_of_use():
    (sentence,) = accuracy_words(inspection())
    assert (
        sentence
        == "No trials were given: what follows describes the weights and cannot say what the network uses."
    )


@pytest.mark.parametrize(("n_trials", "start"), [(1, "1 trial of"), (40, "40 trials of")])
def test_of_trials_of_unknown_class_the_accuracy_is_not_claimed(n_trials, start):
    (sentence,) = accuracy_words(inspection(trials={"n_trials": n_trials}))
    assert sentence == f"{start} unknown class: the accuracy was not measured."


MEMORY = {
    "no memory": (
        None,
        "The checkpoint does not store which trials it was trained on: they may be among these. If these were held "
        "out, say so: `held_out=True`, on the command line `--held-out`.",
    ),
    "none seen": (
        0,
        "None of them is recognised as a training trial, so they were held out, unless they are the "
        "same recordings cut or preprocessed in another way.",
    ),
    "all seen": (
        40,
        "All of them were used in training, so this says how well the network remembers, not how well it "
        "decodes.",
    ),
    "in part": (
        30,
        "30 of these trials were used in training. On those not recognised as such: the network is right in "
        "6 of 10 held-out trials, 60% (95% interval 31% to 83%); always naming the most frequent class "
        "reaches 50%. Balanced accuracy 0.60, chance 0.50: NOT above chance, p = 0.5 (labels exchanged). Only "
        "these "
        "judge the network, and all that follows is read from these.",
    ),
    "all but one": (
        39,
        "39 of these trials were used in training. On those not recognised as such: the network is right in "
        "0 of 1 held-out trial, 0% (95% interval 0% to 79%); always naming the most frequent class "
        "reaches 100%. Balanced accuracy 0.00, chance 1.00: all trials are of one class, so this cannot be "
        "distinguished from chance. Only these judge the network, and all that follows is read from these.",
    ),
}


@pytest.mark.parametrize("kind", MEMORY)
def test_it_is_said_whether_the_network_knew_the_trials(kind):
    n_seen, expected = MEMORY[kind]
    words = accuracy_words(with_trials(n_seen=n_seen))
    assert words[1:] == [expected]
    assert words[0].startswith("The network is right in 36 of 40 trials, 90% (")
    assert not slips(words)


JUDGED = {
    "held out and wrong": (45, 60, 45, ["chance"]),
    "held out and right": (60, 60, 45, []),
    "wrong in both": (0, 60, 45, ["chance"]),
    "too few held out": (58, 60, 58, ["few_trials"]),
    "none seen, right": (55, 60, 0, []),
    "none seen, wrong": (30, 60, 0, ["chance"]),
    "all seen, right": (55, 60, 60, ["seen_trials"]),
    "all seen, wrong": (30, 60, 60, ["chance", "seen_trials"]),
}


@pytest.mark.parametrize("kind", JUDGED)
def test_the_trials_held_out_judge_the_network_if_there_are_any(kind):
    n_correct, n_trials, n_seen, reasons = JUDGED[kind]
    differs = pd.DataFrame()
    differs.attrs = {"outcome": "differs"}
    inspected = with_trials(n_correct, n_trials, n_seen, leading_bands=leading(MU), randomization=differs)
    assert inspected.verdict == {"readable": not reasons, "reasons": reasons}
    words = basis_words(inspected)
    assert words[0].startswith(CANNOT if reasons else WHAT_SHARES_ARE)
    assert all(REASONS[reason] in words[0] for reason in reasons)
    assert len(words) == (1 if reasons else 3)
    assert ("alpha" in " ".join(words)) == (not reasons)
    assert bool(certainty_words(inspected)) == (not reasons), "the evidence is of what the network uses"
    assert bool(not_evidence(inspected)) == bool(reasons)
    assert not slips(every_sentence(inspected))


@pytest.mark.parametrize("held_out", [True, False])
def test_trials_of_unknown_history_are_read_only_where_the_user_says_that_they_were_held_out(held_out):
    inspected = with_trials(leading_bands=leading(MU), held_out=held_out)
    assert inspected.verdict["reasons"] == ([] if held_out else ["unknown_trials"])
    assert ("alpha" in " ".join(basis_words(inspected))) == held_out
    assert ("`held_out=True`" in basis_words(inspected)[0]) == (not held_out)


def test_what_the_user_says_does_not_overrule_what_is_known():
    assert with_trials(n_seen=40, held_out=True).verdict["reasons"] == ["seen_trials"]


@pytest.mark.parametrize("reason", REASONS)
def test_nothing_is_sure_and_no_basis_is_named_where_nothing_can_be_read(reason):
    table = pd.DataFrame()
    table.attrs = {"outcome": "differs"}
    everything = {"leading_bands": leading(MU), "randomization": table, "deletion": curve(0.1, 0.001)}
    suspicions = table_of(*ROWS[1:])
    inspected = with_trials(
        **everything, findings=suspicions, verdict={"readable": False, "reasons": [reason]}
    )
    words = " ".join(every_sentence(inspected))
    assert REASONS[reason] in words
    assert not re.search("surely|established|alpha|C4|suspect|% from", words)
    assert not slips(every_sentence(inspected))


@pytest.mark.parametrize(
    ("n_correct", "n_trials", "numbers", "verdict"),
    [
        (
            36,
            40,
            "90% (95% interval 77% to 96%)",
            "0.90, chance 0.50: above chance, p < 0.001 (labels exchanged)",
        ),
        (
            22,
            40,
            "55% (95% interval 40% to 69%)",
            "0.55, chance 0.50: NOT above chance, p = 0.38 (labels exchanged)",
        ),
        (
            0,
            40,
            "0% (95% interval 0% to 8.8%)",
            "0.00, chance 0.50: NOT above chance, p = 1 (labels exchanged)",
        ),
        (
            4,
            4,
            "100% (95% interval 51% to 100%)",
            "1.00, chance 0.50: too few trials to distinguish this from chance",
        ),
    ],
)
def test_the_accuracy_is_told_with_interval_chance_and_verdict(n_correct, n_trials, numbers, verdict):
    inspected = with_trials(n_correct, n_trials)
    assert accuracy_words(inspected)[0] == (
        f"The network is right in {n_correct} of {n_trials} trials, {numbers}; always naming the most frequent "
        f"class reaches 50%. Balanced accuracy {verdict}."
    )
    assert inspected.verdict["readable"] == ("0: above" in verdict)


def judged(structure, codes, scores):
    """The row of trials of which this is known."""
    names = np.array(["left", "right"])
    columns = {
        "true": names[codes],
        "predicted": names[scores.argmax(1)],
        "correct": scores.argmax(1) == codes,
    }
    columns |= {f"score_{name}": column for name, column in zip(names, scores.T, strict=True)}
    return accuracies(pd.DataFrame(columns | structure))


def test_rare_targets_are_told_with_balanced_accuracy_and_area():
    rng = np.random.default_rng(1)
    codes = rng.permutation(np.repeat([0, 1], [180, 20]))
    size = rng.random(200) * np.where(rng.random(200) < 0.85, 1, -1) * np.where(codes == 1, 1, -1)
    inspected = judged(
        {"subject": np.repeat(list("abcd"), 50), "run": "1"}, codes, np.stack([-size, size], 1)
    )
    (sentence, _) = accuracy_words(inspection(trials={"n_trials": 200}, accuracies=inspected))
    row = inspected.loc["all"]
    assert "always naming the most frequent class reaches 90%" in sentence
    assert f"; over 4 subjects {row['subjects_ci_low']:.0%} to " in sentence
    assert (
        f"Balanced accuracy {row['balanced_accuracy']:.2f}, AUC {row['auc']:.2f}, chance 0.50: above "
        in sentence
    )
    assert sentence.endswith("p < 0.001 (labels exchanged within subject and run).")


@pytest.mark.parametrize(
    ("structure", "codes", "why"),
    [
        ({}, np.repeat([0, 1] * 5, 10), "trials of a class come in blocks"),
        (
            {"subject": np.repeat(list("abcdefghij"), 10)},
            np.repeat([0, 1] * 5, 10),
            "each subject has one class only",
        ),
    ],
)
def test_what_is_confounded_is_neither_above_chance_nor_not(structure, codes, why):
    accuracies_ = judged(structure, codes, np.eye(2)[codes])
    inspected = inspection(trials={"n_trials": 100}, accuracies=accuracies_, leading_bands=leading(MU))
    sentence = accuracy_words(inspected)[0]
    assert sentence.endswith(f"chance 0.50: whether this is above chance is not known, because {why}.")
    assert inspected.verdict["reasons"] == ["confounded"]
    assert not slips(every_sentence(inspected))


def test_the_basis_is_told_of_each_class_in_bands_places_and_filters():
    worth = filters_worth(np.array([[1.0, 3.0, 0.0, -1.0], [0.0, -0.5, 2.0, -1.0]]))
    of_bands, of_cells = leading(MU, cells_too=True)
    inspected = with_trials(leading_bands=of_bands, leading_cells=of_cells, leading_filters=worth)
    assert basis_words(inspected) == [
        WHAT_SHARES_ARE,
        "For left: 75% from alpha (8–13 Hz), most at 11.0 Hz, established at C4 (less power favours it); "
        "25% from beta (13–30 Hz), most at 20.0 Hz, established at C4 (less power favours it). Strongest "
        "through filters 1 (6.0–14.0 Hz), 0 (4.0–12.0 Hz), bands as computed (−3 dB).",
        "For right: 100% from alpha (8–13 Hz), most at 9.5 Hz, established at C3 (more power favours it). "
        "Strongest through filter 2 (8.0–16.0 Hz), bands as computed (−3 dB).",
    ]


def test_directions_that_differ_are_told_by_channel():
    of_bands, of_cells = leading(MU + planted(0, 11, "C3", 2) + planted(0, 11, "Cz", 1), cells_too=True)
    words = basis_words(with_trials(leading_bands=of_bands, leading_cells=of_cells))[1]
    assert "established at C4, C3, Cz (less power at C4, more at C3 favours it); " in words


def test_channels_that_are_established_and_not_named_are_counted():
    of_bands, of_cells = leading(MU + planted(0, 11, "C3", 0.2) + planted(0, 11, "Cz", 0.15), cells_too=True)
    words = basis_words(with_trials(leading_bands=of_bands, leading_cells=of_cells))[1]
    assert "established at C4 and 2 weaker (less power favours it); 2" in words


def test_what_is_large_and_not_established_is_told_as_such_and_what_is_small_is_not_told():
    values = MU + planted(0, 11, "C3", 2.0) + planted(0, 11, "Cz", 0.2)
    (_, left, _) = basis_words(with_trials(leading_bands=leading(values, half=2.5)))
    assert left.startswith(
        "For left: 84% from alpha (8–13 Hz), most at 11.0 Hz, established at C4, large but not established at C3."
    )
    (_, left, _) = basis_words(with_trials(leading_bands=leading(values, half=0.1)))
    assert "established at C4, C3;" in left, "a fifteenth of the largest is not told, however sure it is"


def test_without_a_total_there_are_no_shares():
    values = MU + planted(0, 2, "Cz", -3.95)
    (_, left, _) = basis_words(with_trials(leading_bands=leading(values)))
    assert left == (
        "For left: alpha (8–13 Hz), most at 11.0 Hz, established at C4; beta (13–30 Hz), most at 20.0 Hz, "
        "established at C4. The sum over bands may be zero, so there are no shares."
    )


def test_classes_and_channels_without_names_are_told_by_their_numbers():
    unnamed = NETWORK | {"ch_names": None, "class_names": ["0", "1"]}
    values = MU + planted(0, 11, "Cz", 2)
    table = leading(np.concatenate([values, values[:1] * np.nan]), ["0", "1", "2"], channels=["3", "4", "5"])
    assert basis_words(with_trials(leading_bands=table, network=unnamed)) == [
        WHAT_SHARES_ARE,
        "For class 0: 83% from alpha (8–13 Hz), most at 11.0 Hz, established at channels 5, 4; 17% from "
        "beta (13–30 Hz), most at 20.0 Hz, established at channel 5.",
        "For class 1: 100% from alpha (8–13 Hz), most at 9.5 Hz, established at channel 3.",
        "Without trials, nothing can be said about class 2.",
    ]
    named = basis_words(with_trials(leading_bands=table, network=NETWORK))
    assert "established at 5, 4;" in named[1], "names of channels may be numbers"
    lost = basis_words(with_trials(leading_bands=leading(MU * 0, ["0", "1"]), network=unnamed))
    assert lost[1:] == [f"For class {number}, no band is established." for number in (0, 1)]


def filters_named(*worth):
    rows = np.array([worth, worth])
    words = basis_words(with_trials(leading_bands=leading(MU), leading_filters=filters_worth(rows)))
    assert len(words) == 3
    assert not slips(words)
    _, _, told = words[1].partition(" Strongest through filter")
    return [int(number) for number in re.findall(r"(\d+) \(", told)]


@pytest.mark.parametrize(
    ("worth", "named"),
    [
        ([8.9, 1.1, 0.0], [0, 1]),
        ([9.1, 0.9, 0.0], [0]),
        ([18.0, 1.1, -9.1], [0, 1]),  # the sum is 10
        ([18.0, 0.9, -8.9], [0]),
        ([3.0, 5.0, 4.0, 1.5, 2.0], [1, 2, 0, 4]),  # four at most
        ([1.0] * 11, []),
        ([1.0, -1.0], []),
        ([1.0, 0.0, -0.01, -2.0], []),
    ],
)
def test_filters_are_named_from_a_tenth_of_the_sum_on(worth, named):
    assert filters_named(*worth) == named


def test_bands_that_are_unsure_or_small_are_not_named():
    unsure = with_trials(leading_bands=leading(MU, half=1.5))
    small = with_trials(leading_bands=leading(planted(0, 11, "C4", 95) + planted(0, 20, "C4", 5) + MU * 1e-3))
    for inspected in (unsure, small):
        words = basis_words(inspected)
        assert words[1].startswith("For left: ")
        assert "from alpha" in words[1]
        assert "beta" not in words[1]


@pytest.mark.parametrize("values", [MU * 0, -MU, MU * 0.01])
def test_where_no_band_is_sure_none_is_named(values):
    assert basis_words(with_trials(leading_bands=leading(values))) == [
        WHAT_SHARES_ARE,
        "For left, no band is established.",
        "For right, no band is established.",
    ]


def test_filters_that_lower_a_score_are_not_named():
    worth = filters_worth(np.array([[-1.0, -3.0], [0.0, np.nan]]))
    words = basis_words(with_trials(leading_bands=leading(MU), leading_filters=worth))
    assert len(words) == 3
    assert not any("filter" in sentence for sentence in words)


def test_at_chance_nothing_is_said_of_use():
    inspected = with_trials(20, 40, leading_bands=leading(MU))
    assert basis_words(inspected) == [
        f"{CANNOT}the accuracy on these trials is not shown to be above chance. Check labels, preparation and "
        "units, or train again."
    ]


def test_of_too_few_trials_neither_knowledge_nor_ignorance_is_claimed():
    assert basis_words(with_trials(4, 4, leading_bands=leading(MU))) == [
        f"{CANNOT}there are too few trials of each class to distinguish the accuracy from chance. Pass more "
        "trials of every class."
    ]


def test_of_unknown_classes_no_basis_is_told():
    assert basis_words(inspection(trials={"n_trials": 40}, leading_bands=leading(MU))) == [
        f"{CANNOT}the classes of the trials are not known. Pass `y`, or epochs whose `event_id` names the "
        "network's classes."
    ]


def test_the_reason_is_told_where_nothing_was_measured():
    inspected = with_trials(missing={"leading_bands": "Weights are not finite."})
    assert basis_words(inspected) == ["What the network uses was not measured. Weights are not finite."]
    assert not slips(basis_words(with_trials()))


@pytest.mark.parametrize(
    ("n_classes", "rest"),
    [(4, ""), (5, "1 more class is in the table below."), (20, "16 more classes are in the table below.")],
)
def test_many_classes_are_told_shortly(n_classes, rest):
    names = [f"class {number}" for number in reversed(range(n_classes))]
    values = sum(planted(number, 11, "C4", 1 + number, n_classes) for number in range(n_classes))
    words = basis_words(with_trials(leading_bands=leading(values, names)))
    assert words[0] == WHAT_SHARES_ARE
    assert [sentence.split(":")[0] for sentence in words[1:5]] == [f"For {name}" for name in names[:4]]
    assert words[5:] == ([rest] if rest else [])
    assert not slips(words)


def test_classes_without_trials_are_named_as_such():
    values = np.concatenate([MU, np.full((2, *MU.shape[1:]), np.nan)])[[0, 2, 3, 1]]
    words = basis_words(with_trials(leading_bands=leading(values, ["left", "tongue", "feet", "right"])))
    assert words[0] == WHAT_SHARES_ARE
    assert [sentence.split(":")[0] for sentence in words[1:3]] == ["For left", "For right"]
    assert words[3:] == ["Without trials, nothing can be said about feet, tongue."]


def test_a_network_alone_is_told_by_its_weights(weights_only):
    words = basis_words(weights_only)
    bands = weights_only.bands
    for rhythm, number in bands["rhythm"].value_counts().items():
        assert f"{number} in {rhythm}" in words[0]
    width = (bands["measured_high_hz"] - bands["measured_low_hz"]).median()
    assert f"bands of {width:.1f} Hz (median" in words[0]
    order = weights_only.importance["filter_importance"].to_series().sort_values(ascending=False).index
    assert re.findall(r"(\d+) \(peak", words[1]) == [str(number) for number in order[:3]]
    assert "`--epochs my-epo.fif`" in words[2]
    assert not slips(every_sentence(weights_only))


def test_a_network_of_one_filter_is_told_in_the_singular(network):
    words = basis_words(inspect(network(num_time_filters=1), only=["bands", "maps"], progress=False))
    assert words[0].startswith("1 filter, ")
    assert "filter 0 (peak" in words[1]
    assert not slips(words)


@pytest.mark.parametrize(
    ("n_lost", "words"), [(1, ", 1 without any."), (4, "No filter has a band that can be measured")]
)
def test_filters_that_compute_no_band_are_counted_apart(weights_only, n_lost, words):
    bands = weights_only.bands.copy()
    bands.loc[: n_lost - 1, ["peak_hz", "measured_low_hz", "measured_high_hz"]] = np.nan
    bands.loc[: n_lost - 1, "rhythm"] = "other"
    told = basis_words(dataclasses.replace(weights_only, bands=bands, importance=None))
    assert words in told[0]
    assert "below 1 Hz" not in told[0]
    assert not slips(told)


def test_what_was_not_asked_for_is_not_told(network):
    assert basis_words(inspect(network(), only=["responses"], progress=False)) == []


def test_everything_told_of_a_whole_inspection_is_well_written(whole, hostile):
    assert not slips(every_sentence(whole))
    assert every_sentence(hostile)
    assert not whole.verdict["readable"]
    right = dataclasses.replace(whole, accuracies=right_in(40, 40), verdict={"readable": True, "reasons": []})
    assert not slips(every_sentence(right))
    assert len(certainty_words(right)) > len(certainty_words(whole)) == 0


def curve(low, p, shown="yes", ranked_on="the other half"):
    table = pd.DataFrame()
    table.attrs = {
        "accuracy_area": 0.2,
        "accuracy_area_ci_low": low,
        "accuracy_area_ci_high": 0.3,
        "p_deletion": p,
        "shown": shown,
        "ranked_on": ranked_on,
    }
    return table


@pytest.mark.parametrize(
    ("shown", "start"),
    [
        ("yes", "Shown by deletion: what is called most relevant costs the network more"),
        ("no", "Not shown by deletion: whether"),
        (
            "could not be checked",
            "Whether what is called most relevant is needed more than the rest could not",
        ),
    ],
)
def test_deletion_is_shown_or_not_shown_and_never_denied(shown, start):
    (sentence,) = certainty_words(with_trials(deletion=curve(-0.1, 0.2, shown)))
    assert sentence.startswith(start)
    assert "no more" not in sentence
    assert "(−0.10 to 0.30)" in sentence
    assert ("p = 0.2" in sentence) == (shown != "could not be checked")
    assert not slips([sentence])


def test_an_order_that_was_given_is_told():
    (own,) = certainty_words(with_trials(deletion=curve(0.1, 0.001)))
    (given,) = certainty_words(with_trials(deletion=curve(0.1, 0.001, ranked_on="given")))
    assert "on trials that did not make its order" in own
    assert "in a given order, which looks better than it is if these trials made it" in given


@pytest.mark.parametrize(
    ("outcome", "start"),
    [
        ("differs", "looks different, as it must"),
        ("stays", "Do not trust the figures"),
        ("inconclusive", "Whether the relevance depends on what was learned is not known"),
    ],
)
def test_random_networks_tell_whether_the_pictures_can_be_trusted(outcome, start):
    table = pd.DataFrame()
    table.attrs = {"outcome": outcome, "size_ci_low": 0.3, "size_ci_high": 0.62}
    (sentence,) = certainty_words(with_trials(randomization=table))
    assert start in sentence
    assert ("(similarity 0.30 to 0.62)" in sentence) == (outcome == "inconclusive")
    assert ("Do not trust" in sentence) == (outcome == "stays")
    assert not slips([sentence])


def losses(loss, low):
    dims = ("band", "channel")
    coords = {"band": ["alpha", "beta"], "channel": ["left central", "right central"]}
    loss, low = (xr.DataArray(one, coords, dims) for one in (loss, low))
    return xr.Dataset({"score_loss": loss, "score_loss_ci_low": low, "score_loss_ci_high": loss + 1})


NEEDED = (
    "beta of right central (4.00, 3.00 to 5.00); alpha of right central (3.00, 2.00 to 4.00); alpha of left "
    "central (1.00, 0.50 to 2.00)."
)


def test_replacement_names_what_is_needed_for_sure_the_most_first():
    inspected = losses([[1.0, 3.0], [2.0, 4.0]], [[0.5, 2.0], [-1.0, 3.0]])
    assert certainty_words(with_trials(ablation=inspected)) == [
        "Replaced by those of another trial, these cost most of the margin between the score of the true class "
        f"and the best other: {NEEDED}"
    ]


def test_replacement_is_told_beside_the_whole_margin_where_that_is_known():
    inspected = losses([[1.0, 3.0], [2.0, 4.0]], [[0.5, 2.0], [-1.0, 3.0]])
    orders = pd.DataFrame({"n_cells": [6, 0, 6, 0], "score": [-1.0, 7.256, -2.0, 7.256]})
    orders.attrs = curve(0.1, 0.001).attrs
    words = certainty_words(with_trials(ablation=inspected, deletion=orders))
    assert words[1:] == [
        "Replaced by those of another trial, these cost most of the margin between the score of the true class "
        f"and the best other, which is 7.26 on average: {NEEDED}"
    ]
    assert not slips(words)


def test_replacement_says_of_what_it_names_whether_it_tells_the_classes_by_itself():
    lost = losses([[1.0, 3.0], [2.0, 4.0]], [[0.5, 2.0], [-1.0, 3.0]])
    lost["informative"] = (("band", "channel"), [["not shown", "yes"], ["yes", "no"]])
    (words,) = certainty_words(with_trials(ablation=lost))
    assert words.endswith(
        "beta of right central (4.00, 3.00 to 5.00; not informative by itself); alpha of right central (3.00, 2.00 to "
        "4.00; informative by itself); alpha of left central (1.00, 0.50 to 2.00; not shown to be informative by "
        "itself)."
    )
    assert not slips([words])


def test_what_costs_next_to_nothing_is_not_named_among_what_costs_most():
    inspected = losses([[10.0, 0.3], [2.0, 0.1]], [[5.0, 0.2], [1.5, 0.05]])
    (words,) = certainty_words(with_trials(ablation=inspected))
    assert "alpha of left central" in words
    assert "beta of left central" in words
    assert "right central" not in words


def test_replacement_that_costs_nothing_for_sure_says_so():
    inspected = losses([[1.0, 3.0], [2.0, np.nan]], [[-0.5, 0.0], [-1.0, np.nan]])
    assert certainty_words(with_trials(ablation=inspected)) == [
        "No single band of a region, if replaced, significantly reduces the margin between the classes."
    ]


def test_the_evidence_for_a_network_at_chance_is_not_told():
    table = pd.DataFrame()
    table.attrs = {"outcome": "differs"}
    inspected = with_trials(20, 40, deletion=curve(0.1, 0.001), randomization=table)
    assert certainty_words(inspected) == []


def with_error(error):
    coords = {"target": ["left", "right"], "completeness_error": ("target", error)}
    return xr.DataArray(np.ones(2), coords, ["target"])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ([1e-6, 1e-7], "less than 0.01%"),
        ([0.001, 0.034], "3.4%"),
        ([np.nan, 0.034], "3.4%"),
        ([0.0, 0.0], "0%"),
    ],
)
def test_the_greatest_completeness_error_is_told(error, words):
    (sentence,) = certainty_words(with_trials(spectral_relevance=with_error(error)))
    assert sentence == f"Completeness error of the relevance: {words}."


def test_a_completeness_error_that_is_unknown_is_not_told():
    assert certainty_words(with_trials(spectral_relevance=with_error([np.nan, np.nan]))) == []


@pytest.mark.parametrize(
    ("n_trials", "random", "taken"),
    [
        (100, False, ""),
        (50, True, ""),
        (51, True, "random networks 50"),
        (101, False, "deletion 100"),
        (5000, True, "deletion 100, random networks 50"),
    ],
)
def test_it_is_told_if_the_evidence_took_some_of_the_trials(n_trials, random, taken):
    """Of what was not measured nothing is told."""
    table = pd.DataFrame()
    table.attrs["outcome"] = "differs"
    evidence = {"deletion": curve(0.1, 0.001), "randomization": table if random else None}
    words = certainty_words(with_trials(n_trials, n_trials, seed=7, **evidence))
    assert len(words) == 1 + random + bool(taken)
    if taken:
        assert words[-1] == (
            f"Of the {n_trials} trials, the evidence used only some, drawn evenly from the classes: "
            f"{taken} (seed 7)."
        )


def test_of_evidence_that_was_not_measured_no_trials_are_told():
    assert certainty_words(with_trials(5000, 5000)) == []
    csp = {"accuracy": 0.8, "accuracy_ci_low": 0.7, "accuracy_ci_high": 0.9, "kept_apart": "trial"}
    words = certainty_words(with_trials(5000, 5000, deletion=curve(0.1, 0.001), csp=pd.Series(csp)))
    assert "deletion and common spatial patterns 100 (seed 0)" in words[-1]


def table_of(*rows):
    return pd.DataFrame(
        [dict(zip(FINDINGS.columns, row, strict=True)) for row in rows], columns=FINDINGS.columns
    )


ROWS = (
    ("chance", "error", "It guesses.", "40 trials.", "", "Train again."),
    ("relevance_eyes", "warning", "30% lies there.", "At Fp1.", "", "Compare."),
    ("artefact", "warning", "Maps lead there.", "At T7.", "1", "Compare."),
    ("high_bands", "warning", "Fast.", "Above 30 Hz.", "", "Lowpass."),
    ("slow_drift", "warning", "Slow.", "Below 1 Hz.", "", "Highpass."),
    ("unmoved", "note", "Unmoved.", "All.", "0, 1", "Train."),
)


def test_errors_alarm_and_artefacts_raise_suspicion():
    inspected = inspection(findings=table_of(*ROWS))
    assert alarm_words(inspected) == ["It guesses. Train again."]
    assert suspicion_words(inspected) == [
        "30% lies there. At Fp1. Compare.",
        "Maps lead there. At T7. Compare.",
        "Fast. Above 30 Hz. Lowpass.",
        "Slow. Below 1 Hz. Highpass.",
    ]


def test_without_findings_there_is_no_alarm_and_no_suspicion():
    assert alarm_words(inspection()) == suspicion_words(inspection()) == []


def test_a_note_that_artefacts_were_not_checked_is_no_suspicion():
    note = ("artefacts_not_checked", "note", "Whether eyes was not checked.", "No.", "", "Look.")
    assert suspicion_words(inspection(findings=table_of(note))) == []


def relevance_at(channels, trials="contrast", **coords):
    values = np.zeros((2, len(channels), len(frequencies)))
    values[:, :, frequencies == 10] = 1.0
    coords = {"target": ["left", "right"], "channel": channels, "frequency": frequencies} | coords
    return xr.DataArray(values, coords, ("target", "channel", "frequency"), attrs={"trials": trials})


SLOW_LINES = " Lines below 35 Hz cannot be distinguished from rhythms in trials shorter than 3 s."

BLIND = " Not checked: muscles of the {}, where no electrode lies."
UNSEEN = BLIND.format("temples and neck")

UNSUSPECTED = [
    (
        relevance_at(["Fp1", "C3"]),
        "Nothing points to eye movements, muscles, line noise or drifts (electrodes without a position placed by "
        f"their names); that does not prove that there are none.{SLOW_LINES}{UNSEEN}",
    ),
    (
        relevance_at(
            ["E1", "E2"], x=("channel", [0.0, 0.07]), y=("channel", [0.09, 0.0]), z=("channel", [0.035, 0.1])
        ),
        "Nothing points to eye movements, muscles, line noise or drifts; that does not prove that there are none."
        f"{SLOW_LINES}{UNSEEN}",
    ),
    (
        relevance_at(["E1", "E2"]),
        f"Nothing points to line noise or drifts; that does not prove that there are none.{SLOW_LINES} Not "
        "checked: "
        "eye movements and muscles, because no channel has a position or a name of the 10-05 system.",
    ),
    (
        relevance_at(["C3", "T7"]),
        "Nothing points to muscles, line noise or drifts (electrodes without a position placed by their names); "
        "that "
        f"does not prove that there are none.{SLOW_LINES}{BLIND.format('forehead and neck')} Not checked: eye "
        "movements, because no channel lies beside the eyes.",
    ),
    (
        relevance_at(["Fp1", "C3"]).assign_coords(frequency=0.25 * frequencies + 20),
        "Nothing points to eye movements, muscles, line noise or drifts (electrodes without a position placed by "
        f"their names); that does not prove that there are none.{UNSEEN}",
    ),
    (
        relevance_at(["Fp1", "T7", "C3", "P10"]),
        "Nothing points to eye movements, muscles, line noise or drifts (electrodes without a position placed by "
        f"their names); that does not prove that there are none.{SLOW_LINES}",
    ),
    (
        relevance_at(["Fp1", "C3"], trials="all"),
        "Not checked: eye movements, muscles, line noise and drifts, because the trials are not of two known "
        "classes, "
        "and what all trials share says nothing about artefacts.",
    ),
    (
        None,
        "Not checked: eye movements, muscles, line noise and drifts, because the relevance was not measured.",
    ),
]


@pytest.mark.parametrize(("spectrum", "expected"), UNSUSPECTED)
def test_nothing_points_only_to_what_was_checked(spectrum, expected):
    assert unsuspected_words(with_trials(spectral_relevance=spectrum)) == expected


def test_classes_whose_relevance_may_add_up_to_nothing_are_said_not_to_be_checked():
    bands = leading(MU)
    bands.loc["right", "total_ci_low"] = -0.1
    inspected = with_trials(leading_bands=bands, spectral_relevance=relevance_at(["Fp1", "T7", "C3"]))
    assert "Not checked for right, whose relevance may add up to zero." in unsuspected_words(inspected)


def test_without_trials_little_is_said_of_artefacts(weights_only):
    assert unsuspected_words(weights_only) == (
        "Without trials, little can be said about eye movements, muscles, line noise or drifts."
    )


def test_scores_that_know_the_classes_are_told_apart_from_answers_that_do_not():
    row = with_trials(20, 40).accuracies.iloc[0].to_dict()
    words = chance_words(
        row | {"above_chance": "yes", "p": 0.01, "balanced_accuracy": 0.5, "chance_level": 0.5}
    )
    assert words.startswith(
        "its answers are no better than guesses, but its scores are above chance, p = 0.01"
    )


def test_more_units_are_asked_for_where_whole_subjects_count_as_one():
    rows = with_trials(4, 4).accuracies.assign(unit="subject")
    words = basis_words(with_trials(4, 4, accuracies=rows, leading_bands=leading(MU)))[0]
    assert words.endswith("Pass more trials of every class, from more subjects.")


def test_a_skirt_is_not_told_as_a_peak():
    values = np.zeros_like(MU)
    values[0, 0] = np.exp(-0.5 * ((frequencies - 11) / 1.5) ** 2)
    words = basis_words(with_trials(leading_bands=leading(values)))
    assert "from alpha (8–13 Hz), most at 11.0 Hz, " in words[1]
    assert "from beta (13–30 Hz), most at 13.0 Hz, the skirt of a peak in alpha (8–13 Hz)" in words[1]


def test_names_that_mean_harm_are_told_as_they_are():
    values = np.concatenate([MU, MU[:1]])
    network = NETWORK | {"class_names": HOSTILE}
    inspected = with_trials(leading_bands=leading(values, HOSTILE), network=network)
    words = basis_words(inspected)
    assert words[0] == WHAT_SHARES_ARE
    assert all(
        sentence.startswith(f"For {name}: ") for sentence, name in zip(words[1:], HOSTILE, strict=True)
    )
    assert all(name in network_words(inspected) for name in HOSTILE)


def test_bands_of_hostile_names_are_told_with_their_limits():
    bands = {"{0} %s": (8, 13), "a: 1–2": (18, 25)}
    (_, first, _) = basis_words(with_trials(leading_bands=leading(MU, bands=bands)))
    assert first == (
        "For left: 75% from {0} %s (8–13 Hz), most at 11.0 Hz, established at C4; 25% from a: 1–2 (18–25 Hz), "
        "most at 20.0 Hz, established at C4."
    )


RECORDED = [
    ({}, "Trials: reference and filters are not known."),
    (
        {"reference": None, "highpass_hz": None, "lowpass_hz": None},
        "Trials: reference and filters are not known.",
    ),
    (
        {"reference": "average", "highpass_hz": 0.5, "lowpass_hz": 40.0},
        "Trials: average reference, filtered to 0.5–40 Hz.",
    ),
    ({"highpass_hz": 0.0, "lowpass_hz": 64.0}, "Trials: filtered to 0–64 Hz."),
    ({"highpass_hz": 0.0, "lowpass_hz": 125.0}, "Trials: not filtered (up to 125 Hz)."),
    ({"highpass_hz": 0.1, "lowpass_hz": 125.0}, "Trials: filtered to 0.1–125 Hz."),
    ({"reference": "custom"}, "Trials: custom reference."),
    ({"reference": "as recorded"}, "Trials: reference as recorded."),
]


@pytest.mark.parametrize(("facts", "expected"), RECORDED)
def test_preparation_is_told_as_far_as_it_is_known(facts, expected):
    assert data_words(inspection(trials={"n_trials": 1} | facts), of_trials=True) == expected
    trained = inspection(network=NETWORK | {"training": facts})
    assert data_words(trained, of_trials=False) == expected.replace("Trials", "Network trained on")


def test_the_network_is_told_in_numbers():
    assert network_words(inspection()) == (
        "SincShallowNet: 32 temporal filters of 33 samples (132 ms at 250 Hz), 2 spatial filters each, 22 "
        "channels, trials of 4 s, 2 classes: left, right."
    )


def test_a_network_of_one_of_everything_is_told_in_the_singular():
    one = {"n_filters": 1, "depth": 1, "n_chans": 1, "n_times": None, "class_names": ["yes"]}
    assert network_words(inspection(network=NETWORK | one)) == (
        "SincShallowNet: 1 temporal filter of 33 samples (132 ms at 250 Hz), 1 spatial filter each, 1 "
        "channel, 1 class: yes."
    )


def test_trials_prepared_otherwise_are_not_called_held_out():
    other = pd.DataFrame([("recording", "warning", "Other filters.", "", "", "")], columns=FINDINGS.columns)
    inspected = with_trials(8, 10, 0, findings=other)
    assert accuracy_words(inspected)[1] == (
        "Whether they were used in training is not known: they were not preprocessed like the training trials. "
        "If these were held out, say so: `held_out=True`, on the command line `--held-out`."
    )
    assert "recognised" in accuracy_words(with_trials(8, 10, 0))[1]


def test_names_of_classes_that_were_assumed_are_told_with_the_accuracy():
    assumed = {"training": {"assumed": {"class_names": ["left", "right"]}}}
    words = accuracy_words(with_trials(8, 10, network=NETWORK | assumed))
    assert (
        words[-1]
        == "The checkpoint does not store the names of its classes: left, right was assumed, in this order."
    )


def test_scores_that_are_not_numbers_have_no_accuracy_and_say_why():
    table = pd.DataFrame({"true": ["left"], "predicted": ["left"], "correct": [True]})
    inspected = inspection(
        trials={"n_trials": 1},
        predictions=table,
        missing={"accuracies": "Weights of the network are not finite."},
    )
    assert accuracy_words(inspected) == [
        "1 trial: the accuracy was not measured. Weights of the network are not finite."
    ]
