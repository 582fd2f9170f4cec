"""Inspection of a network that predicts a number: correlation in place of accuracy, on the page and in the verdict."""

import json

import mne
import numpy as np
import pandas as pd
import pytest
import torch

import sincviz
from sincviz.analysis.doctor.number_checks import NUMBER_CHECKS
from sincviz.inspection.accuracy import accuracy_words
from sincviz.inspection.leading import basis_words
from sincviz.inspection.words import network_words

TRUE = ["C3", "C4"]


@pytest.fixture(scope="module")
def recording(simulation):
    """120 trials of noise; the amplitude of 10 Hz at C3 and C4 rises with the age."""
    rng = np.random.default_rng(0)
    info = simulation[0].info
    n_times = len(simulation[0].times)
    age = rng.uniform(20, 60, 120)
    x = 1e-5 * rng.standard_normal((120, len(info["ch_names"]), n_times))
    time = np.arange(n_times) / info["sfreq"]
    source = np.sin(2 * np.pi * 10 * time + rng.uniform(0, 2 * np.pi, (120, 1)))
    x[:, [info["ch_names"].index(name) for name in TRUE]] += (1e-6 * (age - 15) * source.T).T[:, None]
    return mne.EpochsArray(x, info), age


@pytest.fixture(scope="module")
def trained(network, recording):
    """A SincShallowNet that learned the standardised age on the first 60 trials."""
    epochs, age = recording
    model = network(chs_info=epochs.info["chs"], n_outputs=1, time_filter_len=33)
    model.scale = 1e6
    x = torch.from_numpy(epochs.get_data(copy=True)[:60] * 1e6).float()
    target = torch.from_numpy((age[:60] - 40) / 12).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model.train()
        for _ in range(40):
            for some in torch.randperm(60).split(20):
                optimizer.zero_grad()
                (model(x[some])[:, 0] - target[some]).square().mean().backward()
                optimizer.step()
    return model.eval()


@pytest.fixture(scope="module")
def inspected(trained, recording):
    epochs, age = recording
    model = sincviz.network(trained, output_names=["age"])
    return sincviz.inspect(model, epochs[60:], (age[60:] - 40) / 12, held_out=True, progress=False)


def test_relevance_finds_the_channels_and_the_band_of_the_source(inspected):
    assert inspected.verdict == {"readable": True, "reasons": []}
    row = inspected.correlations.loc[("all", "age")]
    assert row["correlation"] > 0.7
    assert row["above_chance"] == "yes"
    leading = inspected.leading_bands.loc["age"].iloc[0]
    assert leading.name == "alpha"
    assert leading["peak_hz"] == pytest.approx(10, abs=1)
    assert set(leading["channels"].split(", ")) == set(TRUE)
    cells = inspected.leading_cells
    sure = cells[cells["established"]]
    assert {name[1:] for name in sure.head(2).index} == {("alpha", name) for name in TRUE}
    assert (sure.head(2)["direction"] == "more power raises it").all()
    assert inspected.deletion.attrs["shown"] == "yes"
    needed = inspected.ablation.score_loss.to_series().idxmax()
    assert needed[0] == "alpha"


def test_words_are_of_outputs_and_targets(inspected):
    said = " ".join([network_words(inspected), *accuracy_words(inspected), *basis_words(inspected)])
    assert "the network predicts age with a correlation of" in said
    assert "1 output: age" in said
    assert "more power raises it" in said
    assert "class" not in said


def test_what_needs_classes_says_why_it_is_missing(inspected):
    for name in ("accuracies", "confusion", "csp", "roles", "explorer"):
        assert "the outputs of this network are numbers" in inspected.missing[name], name
    assert inspected.importance is not None
    assert inspected.band_power_contrast is not None


def test_page_and_folder_show_the_correlation(inspected, tmp_path):
    names = inspected.save(tmp_path / "age")
    assert {"tables/correlations.csv", "figures/predictions_1.png"} <= set(names)
    facts = json.loads((tmp_path / "age" / "inspection.json").read_text())
    assert facts["correlation"][0]["output"] == "age"
    assert facts["accuracy"] is None
    assert facts["trials"]["targets"]["age"]["max"] < 2
    page = (tmp_path / "age" / "report.html").read_text()
    assert "What is predicted, and what should be, age" in page
    assert "targets exchanged" in page


def test_the_overview_shows_the_correlation(inspected, misplaced_text):
    for columns in (2, 1):
        figure = inspected.plot(columns)
        written = [text.get_text() for text in figure.texts]
        assert any("Correlation with the targets of 60 trials" in text for text in written)
        assert any(text.startswith("age: 0.") for text in written)
        assert misplaced_text(figure) == []


def test_noise_is_not_readable(trained, recording):
    epochs, age = recording
    shuffled = np.random.default_rng(1).permutation(age[60:])
    found = sincviz.inspect(trained, epochs[60:], shuffled, held_out=True, only=["relevance"], progress=False)
    assert found.verdict["reasons"] == ["no_correlation"]
    assert "chance" in set(found.findings["check"])
    assert "NOT above chance" in accuracy_words(found)[0]
    assert not found.leading_bands["established"].any() or "p" not in found.band_relevance.coords


def test_without_targets_the_verdict_says_so(trained, recording):
    model = sincviz.network(trained, output_names=["age"])
    found = sincviz.inspect(model, recording[0][60:], held_out=True, only=["relevance"], progress=False)
    assert found.verdict["reasons"] == ["no_targets"]
    assert "pass `y`" in found.missing["correlations"]


def test_several_outputs_are_judged_one_by_one(network, recording):
    epochs, age = recording
    model = network(chs_info=epochs.info["chs"], n_outputs=2)
    model.scale = 1e6
    y = np.column_stack([age, np.random.default_rng(0).standard_normal(120)])
    found = sincviz.inspect(
        sincviz.network(model, output_names=["age", "speed"]), epochs, y, held_out=True, progress=False
    )
    assert found.correlations.index.get_level_values("output").tolist() == ["age", "speed"]
    assert set(found.leading_bands.index.get_level_values("target")) == {"age", "speed"}
    assert "output_scale" in set(found.findings["check"]) or found.verdict["reasons"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"above_chance": "no"}, {"chance"}),
        ({"above_chance": "unknown", "unknown_because": "one_target"}, {"chance"}),
        ({"confounds": "targets_drift", "above_chance": "unknown"}, {"targets_drift"}),
        ({"confounds": "labels_in_blocks"}, {"targets_in_blocks"}),
        ({"confounds": "label_tied_to_subject"}, {"target_tied_to_subject"}),
        ({"r_squared": -3.0}, {"output_scale"}),
        ({}, set()),
    ],
)
def test_findings_of_numbers(settings, expected):
    rng = np.random.default_rng(0)
    target = rng.uniform(20, 60, 40)
    table = sincviz.evidence.correlations(
        pd.DataFrame({"prediction": target + rng.standard_normal(40), "target": target})
    ).assign(**settings)
    facts = type("Facts", (), {"correlations": table})
    assert {finding.check for check in NUMBER_CHECKS for finding in check(facts)} == expected


def test_predictions_of_the_opposite_are_no_prediction_but_said():
    target = np.random.default_rng(0).uniform(20, 60, 40)
    table = sincviz.evidence.correlations(pd.DataFrame({"prediction": -target, "target": target}))
    facts = type("Facts", (), {"correlations": table})
    (finding,) = (finding for check in NUMBER_CHECKS for finding in check(facts))
    assert "output falls where the target rises: check the sign of `y`" in finding.evidence


def test_a_comparison_of_numbers_is_refused(trained, recording):
    epochs, age = recording
    with pytest.raises(ValueError, match="Inspect each of them"):
        sincviz.compare(trained, trained, epochs, age, progress=False)
