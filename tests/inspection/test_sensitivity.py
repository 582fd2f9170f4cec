"""Sensitivity on the page: sentences say what the table says, and only if it was asked for."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from sincviz import inspect
from sincviz.inspection.sensitivity import SENSITIVITY, sensitivity_words
from sincviz.networks import Ensemble
from sincviz.preparation import EuclideanAlignment
from tests.inspection.retraining_examples import CH_NAMES, drifting, of_mu, small
from tests.inspection.test_retrained_table import FAST, SLOW, table
from tests.report.test_summary import slips


def results(found, *reasons, preparation="none", **not_varied):
    found.attrs |= {"preparation": preparation, "not_varied": not_varied, "max_epochs": 5, "seeds": [0, 1]}
    return SimpleNamespace(
        sensitivity=found,
        verdict={"reasons": list(reasons), "readable": not reasons},
        sections=("sensitivity",),
    )


def sentences(found, *reasons, **not_varied):
    words = sensitivity_words(results(found, *reasons, **not_varied))
    assert not slips(words)
    return words


def named(found, *names, **columns):
    found.index = pd.Index(["as trained", *names], name="variation")
    return found.assign(**columns)


STEADY = [(80, SLOW), (81, SLOW)]


def test_a_fall_to_chance_says_where_it_lies():
    found = named(table(STEADY, [(50, FAST), (51, FAST)]), "high-pass at 4 Hz")
    first, fall = sentences(found)
    assert first == (
        "Trained anew as it was (2 seeds), the network is right in 80% (71% to 87%) of the trials, and 80% of what it "
        "rests on lies below 4 Hz."
    )
    assert fall.startswith("With a high-pass at 4 Hz, accuracy falls from 80% to 50% (by −")
    assert fall.endswith("points), which is not above chance: what it decodes lies below 4 Hz.")


def test_a_smaller_fall_is_a_part():
    found = named(table(STEADY, [(62, SLOW), (63, SLOW)]), "high-pass at 4 Hz")
    assert sentences(found)[1].endswith("part of what it decodes lies below 4 Hz.")


def test_bands_that_move_are_named_with_their_shares():
    found = named(
        table(STEADY, [(80, FAST), (81, FAST)]), "average reference", changed=["nothing", "reference"]
    )
    found["bands_changed"] = ["", "alpha, other"]
    words = sentences(found)[1]
    assert words.startswith(
        "With an average reference, the share of alpha rises from 10% to 60% and the share of "
    )
    assert words.endswith("what lies below 1 Hz falls from 20% to 0%.")


def test_what_does_not_change_is_not_called_unchanged():
    found = named(table(STEADY, STEADY), "without person a", changed=["nothing", "person"])
    words = sentences(found, reference="the trials have an average reference already")
    assert words[1].startswith("Not shown to change: without person a. The accuracy would have to change by ")
    assert words[2] == "Not varied: reference, because the trials have an average reference already."


def test_chance_is_compared_with_nothing():
    found = named(table([(50, SLOW)] * 2, STEADY), "no high-pass")
    (words,) = sentences(found)
    assert words.endswith(
        "which is not above chance (50%), so there is nothing to compare other trainings with."
    )


def test_trials_that_cannot_show_it_say_nothing():
    found = named(table(STEADY, STEADY), "no high-pass")
    assert sentences(found, "confounded") == []
    assert len(sentences(found, "unknown_trials")) == 2
    assert sensitivity_words(SimpleNamespace(sensitivity=None)) == []


def test_the_table_on_the_page():
    found = named(table(STEADY, [(50, FAST)] * 2), "high-pass at 4 Hz")
    rows = SENSITIVITY.tables[0].rows(results(found))
    assert [row[0] for row in rows.rows] == ["as trained", "high-pass at 4 Hz"]
    assert rows.rows[0][1:6] == ("80% (71% to 87%)", "", "0.80", "80%", "left central, 75%")
    assert rows.rows[1][4:6] == ("", "")
    assert len(rows.header) == len(rows.rows[0])
    (methods,) = SENSITIVITY.methods(results(found))
    assert "2 seeds for each of 1 other preparation" in methods.text


@pytest.fixture
def trained():
    """A network that says it was trained for two passes, without validation."""
    model = small().eval()
    model.class_names, model.scale = ["left", "right"], 1e6
    model.provenance = {
        "cutoff_history_hz": np.ones((3, 4, 2)).tolist(),
        "learning_curves": {"train_loss": [1.0]},
    }
    return model


def test_an_inspection_has_it_if_training_trials_are_given(trained, tmp_path):
    inspection = inspect(
        trained,
        drifting(20, 1),
        only=["sensitivity"],
        sensitivity=drifting(32, 0),
        held_out=True,
        progress=False,
    )
    assert inspection.sensitivity.attrs["max_epochs"] == 2
    assert list(inspection.sensitivity.index)[:2] == ["as trained", "high-pass at 1 Hz"]
    files = inspection.save(tmp_path / "out", progress=False)
    assert {"tables/sensitivity.csv", "report.html"} <= set(files)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert page.count("Does it depend on the preparation?") >= 1
    assert "Sensitivity to preparation" in page


def test_the_alignment_of_the_network_is_trained_with(trained):
    trained.preparation = [EuclideanAlignment()]
    inspection = inspect(
        trained, drifting(20, 1, "x"), only=["sensitivity"], sensitivity=drifting(24, 0, "ab"), progress=False
    )
    assert inspection.sensitivity.attrs["preparation"] == "Euclidean alignment of each person"
    assert "without Euclidean alignment" in inspection.sensitivity.index


def test_an_ensemble_is_trained_anew_as_its_first_network(trained):
    inspection = inspect(
        Ensemble([trained, trained]),
        drifting(16, 1),
        only=["sensitivity"],
        sensitivity=drifting(16, 0),
        progress=False,
    )
    assert inspection.sensitivity.attrs["max_epochs"] == 2


def test_nothing_is_trained_unless_asked(trained, monkeypatch):
    monkeypatch.setattr("sincviz.inspection.retraining.fit", lambda *_, **__: pytest.fail("trained"))
    inspection = inspect(trained, drifting(20, 1), only=["sensitivity"], progress=False)
    assert inspection.sensitivity is None
    assert "sensitivity" not in inspection.missing


def test_other_networks_say_why_not():
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(768, 2))
    module.sfreq, module.scale, module.class_names, module.ch_names = 128, 1e6, ["left", "right"], CH_NAMES
    inspection = inspect(module, of_mu(20, 1), only=["sensitivity"], sensitivity=of_mu(20, 0), progress=False)
    assert "needs a SincShallowNet" in inspection.missing["sensitivity"]


def test_what_does_not_fit_together_is_refused_before_anything_is_measured(trained):
    trials = drifting(20, 1)
    with pytest.raises(TypeError, match=r"`sensitivity` must be mne\.Epochs"):
        inspect(trained, trials, sensitivity=trials.get_data())
    with pytest.raises(ValueError, match="must be read on others"):
        inspect(trained, sensitivity=trials)
    with pytest.raises(ValueError, match="Add 'sensitivity' to `only`"):
        inspect(trained, trials, sensitivity=drifting(20, 0), only=["bands"])
