"""An inspection measures once, says what it could not measure, and leaves the network as it was."""

import copy
import dataclasses
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from sincviz import (
    EpochsError,
    ablate,
    deletion_curve,
    diagnose,
    learned_bands,
    relevance,
    spatial_patterns,
    spectral_relevance,
)
from sincviz.eeg.montages import standard_montage
from sincviz.inspection.contents import SECTIONS
from sincviz.inspection.inspection import inspect
from sincviz.networks import front_end
from sincviz.report.methods import methods_paragraph
from sincviz.trials.epochs import network_input
from sincviz.trials.identity import trial_fingerprints
from sincviz.trials.selection import evenly_drawn

OF_OTHER_NETWORKS = {"correlations", "seeds", "seed_agreement", "sensitivity"}
"""Of networks that predict numbers, of ensembles, and of networks that are trained anew, on request."""

OF_TRIALS = {
    *(
        "predictions",
        "confusion",
        "accuracies",
        "spatial_patterns",
        "relevance",
        "spectral_relevance",
        "band_relevance",
    ),
    *(
        "class_relevance",
        *("temporal_relevance", "time_courses", "peaks", "time_frequency_relevance", "evoked_and_induced"),
        *("evoked_shares", "separating_properties"),
        "leading_bands",
        "leading_cells",
        "leading_filters",
        "band_power_contrast",
        "deletion",
        "ablation",
        "randomization",
        "csp",
        "roles",
        "shortcuts",
    ),
}


@pytest.fixture(scope="module")
def model(network, moved, simulation):
    """A network that knows its channels, moved as by training."""
    built = moved(network(chs_info=simulation[0].info["chs"]))
    built.scale, built.class_names = 1e6, ["left", "right"]
    built.provenance = {
        "cutoff_history_hz": [built.cutoffs().tolist()] * 3,
        "learning_curves": {"train_loss": [0.7, 0.6]},
    }
    return built.eval()


@pytest.fixture(scope="module")
def inspected(model, simulation):
    return inspect(model, simulation[0], progress=False)


def test_with_labelled_trials_nothing_is_missing(inspected):
    assert inspected.missing == {}
    values = {field.name: getattr(inspected, field.name) for field in dataclasses.fields(inspected)}
    for name in OF_OTHER_NETWORKS:
        assert values.pop(name) is None, name
    assert all(value is not None for value in values.values())
    assert inspected.sections == tuple(section.name for section in SECTIONS if not section.always)


def test_it_holds_what_the_functions_return(inspected, model, simulation):
    epochs = simulation[0]
    pd.testing.assert_frame_equal(inspected.bands, learned_bands(model))
    xr.testing.assert_allclose(inspected.spatial_patterns, spatial_patterns(model, epochs))
    xr.testing.assert_allclose(inspected.relevance, relevance(model, epochs, trials="contrast"))
    spectrum = spectral_relevance(model, epochs, trials="contrast")
    xr.testing.assert_allclose(inspected.spectral_relevance, spectrum)
    np.testing.assert_allclose(
        inspected.band_relevance.sum("band"), spectrum.sum("frequency"), rtol=1e-4, atol=1e-7
    )
    named = {str(region): [] for region in inspected.band_relevance["region"].to_numpy()}
    for name, region in zip(model.ch_names, inspected.band_relevance["region"].to_numpy(), strict=True):
        named[str(region)].append(name)
    loss = ablate(model, epochs, channels=named, progress=False)["score_loss"]
    shared = inspected.ablation["score_loss"].sel(band=loss["band"], channel=loss["channel"])
    np.testing.assert_allclose(shared, loss)
    assert inspected.accuracies.loc["all", "accuracy"] == pytest.approx(inspected.deletion.attrs["accuracy"])


def test_two_runs_measure_the_same(inspected, model, simulation):
    again = inspect(model, simulation[0], progress=False)
    for field in dataclasses.fields(inspected):
        one, other = getattr(inspected, field.name), getattr(again, field.name)
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other, check_exact=True)
        elif isinstance(one, xr.DataArray | xr.Dataset):
            xr.testing.assert_identical(one, other)


def test_weights_alone_say_nothing_of_trials_and_why(model):
    inspected = inspect(model, progress=False)
    absent = {field.name for field in dataclasses.fields(inspected) if getattr(inspected, field.name) is None}
    assert absent - OF_OTHER_NETWORKS == OF_TRIALS
    assert inspected.trials == {}
    assert inspected.bands is not None
    for name in OF_TRIALS - {"predictions", "confusion", "accuracies"}:
        assert "needs trials" in inspected.missing[name], name


def test_sections_left_out_are_not_measured(model, simulation):
    inspected = inspect(model, simulation[0], only=["maps", "bands"], progress=False)
    assert inspected.sections == ("bands", "maps")
    assert inspected.bands is not None
    assert inspected.spatial_patterns is not None
    assert inspected.accuracies is not None
    assert inspected.response is inspected.relevance is inspected.deletion is inspected.cutoff_history is None
    assert inspected.missing == {}


@pytest.mark.parametrize("only", [["bands", "colours"], "bands", []])
def test_an_unknown_section_is_refused_before_anything_is_measured(only):
    with pytest.raises(TypeError, match="front end"):
        inspect(object())
    with pytest.raises(
        ValueError, match="bands, responses, training, maps, relevance, time, roles, seeds, evidence"
    ):
        inspect(object(), only=only)


def test_trials_of_unknown_class_are_explained_but_not_judged(model, simulation):
    x = simulation[0].get_data()[:8] * 1e6
    inspected = inspect(model, x, progress=False)
    assert inspected.spectral_relevance.attrs["trials"] == "all"
    assert inspected.predictions.shape == (8, 3)
    for name in ("accuracies", "band_power_contrast", "deletion", "ablation", "randomization", "csp"):
        assert getattr(inspected, name) is None
        assert "class" in inspected.missing[name]


def test_trials_of_one_class_leave_out_what_needs_two(model, simulation):
    x = simulation[0].get_data()[:6] * 1e6
    inspected = inspect(model, x, ["left"] * 6, progress=False)
    assert inspected.accuracies.loc["all", "above_chance"] == "unknown"
    assert inspected.leading_bands is not None
    assert set(inspected.missing) >= {"deletion", "csp"}


def test_a_class_without_trials_is_no_obstacle(network, moved, simulation):
    three = moved(network(chs_info=simulation[0].info["chs"], n_outputs=3)).eval()
    three.scale, three.class_names = 1e6, ["left", "right", "feet"]
    inspected = inspect(three, simulation[0][:30], progress=False)
    assert set(inspected.missing) == {"cutoff_history", "learning_curves"}
    assert inspected.leading_bands.loc["feet", "relevance"].isna().all()
    assert inspected.leading_bands.loc["left", "relevance"].notna().all()


def test_weights_that_are_not_finite_are_a_finding(network, moved, simulation):
    broken = moved(network(chs_info=simulation[0].info["chs"])).eval()
    broken.scale, broken.class_names = 1e6, ["left", "right"]
    with torch.no_grad():
        broken.final_layer.weight[0, 0] = np.nan
    inspected = inspect(broken, simulation[0], progress=False)
    assert inspected.findings["check"].tolist()[0] == "not_finite"
    assert inspected.bands is not None
    for name in ("relevance", "spectral_relevance", "deletion", "ablation", "randomization"):
        assert "not finite" in inspected.missing[name]


def test_a_network_without_a_linear_head_is_inspected(model, simulation):
    parts = dataclasses.replace(front_end(model), head=None, features=None)
    inspected = inspect(parts, simulation[0], only=["bands", "maps", "relevance"], progress=False)
    assert inspected.importance.attrs["n_trials"] == min(100, len(simulation[0]))
    assert inspected.leading_bands is not None
    of_weights = inspect(parts, only=["maps"], progress=False)
    assert of_weights.importance is None
    assert "on trials" in of_weights.missing["importance"]


def test_the_findings_are_the_doctors_and_those_of_the_relevance(inspected, model, simulation):
    own = [
        name
        for name in inspected.findings["check"]
        if not name.startswith(("relevance_", "artefacts_not_checked"))
    ]
    assert own == diagnose(model, simulation[0])["check"].tolist()


def test_a_decision_from_beside_the_eyes_is_a_finding(network, simulation):
    epochs = simulation[0].copy().rename_channels({simulation[0].ch_names[0]: "Fp1"})
    epochs.set_montage(standard_montage())
    slow = np.cos(2 * np.pi * 2 * epochs.times) * 200e-6
    epochs._data[:, 0] += np.where(epochs.events[:, 2:] == epochs.events[0, 2], slow, 0.0)
    looking = network(
        chs_info=epochs.info["chs"], num_time_filters=1, first_freq=0.5, min_freq=0.0, seed=3
    ).eval()
    looking.scale, looking.class_names = 1e6, ["left", "right"]
    with torch.no_grad():
        looking.depthwiseconv[1].weight[:, 0, 1:] = 0
        looking.depthwiseconv[1].weight[:, 0, 0] = 0.01
        slow_class = ["left", "right"].index(next(iter(epochs[0].event_id)))
        looking.final_layer.weight[:] = -1.0
        looking.final_layer.weight[slow_class] = 1.0
        looking.final_layer.bias -= looking(torch.from_numpy(1e6 * epochs.get_data()).float()).mean(0)
    inspected = inspect(looking, epochs, only=["relevance"], held_out=True, progress=False)
    assert inspected.verdict == {"readable": True, "reasons": []}
    assert "relevance_eyes" in set(inspected.findings["check"])
    unknown = inspect(looking, epochs, only=["relevance"], progress=False)
    assert unknown.verdict == {"readable": False, "reasons": ["unknown_trials"]}
    assert "relevance_eyes" not in set(unknown.findings["check"]), "no suspicion of what cannot be read"


def test_every_result_of_trials_carries_the_verdict(inspected):
    from sincviz.inspection import judging

    assert not inspected.verdict["readable"]
    for name in set(judging.OF_TRIALS) - OF_OTHER_NETWORKS:
        attrs = getattr(inspected, name).attrs
        assert attrs["readable"] == "no", name
        assert attrs["not_readable_because"].split() == inspected.verdict["reasons"], name


def test_trials_that_do_not_fit_are_refused(model, epochs):
    with pytest.raises(EpochsError, match=r"epochs\.resample"):
        inspect(model, epochs.resample(64))


def test_labels_that_do_not_fit_are_refused_if_given_and_a_finding_if_not(model, epochs):
    with pytest.raises(ValueError, match="does not have the classes"):
        inspect(model, epochs, ["up"] * len(epochs))
    epochs.event_id = {"up": epochs.event_id["left"], "down": epochs.event_id["right"]}
    inspected = inspect(model, epochs, only=["relevance"], progress=False)
    assert "classes" in set(inspected.findings["check"])
    assert inspected.accuracies is None
    assert inspected.leading_bands is not None


def test_channels_marked_as_bad_are_said_once(model, epochs):
    epochs.info["bads"] = [epochs.ch_names[0]]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        inspect(model, epochs, only=["maps", "relevance"], progress=False)
    assert len([one for one in said if "marked as bad" in str(one.message)]) == 1


def test_the_network_is_left_as_it_was(model, epochs):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    inspect(model.train(), epochs[:12], progress=False)
    assert model.training
    model.eval()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_epochs_on_disk_are_read_as_those_in_memory(model, simulation, inspected, tmp_path):
    import mne

    simulation[0].save(tmp_path / "some-epo.fif", fmt="double")
    on_disk = mne.read_epochs(tmp_path / "some-epo.fif", preload=False)
    found = inspect(model, on_disk, only=["relevance", "evidence"], progress=False)
    assert found.missing == inspected.missing == {}
    np.testing.assert_allclose(found.band_relevance, inspected.band_relevance, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(
        found.ablation["score_loss"], inspected.ablation["score_loss"], rtol=1e-4, atol=1e-6
    )


def test_the_evidence_takes_few_trials_evenly_from_the_classes(model, simulation, monkeypatch):
    monkeypatch.setattr("sincviz.inspection.evidence.MOST_EVIDENCE_TRIALS", 12)
    monkeypatch.setattr("sincviz.inspection.evidence.MOST_RANDOMIZATION_TRIALS", 8)
    inspected = inspect(model, simulation[0], only=["evidence"], progress=False)
    assert inspected.trials["n_trials"] == 40
    assert (
        inspected.deletion.attrs["n_trials"]
        == inspected.csp["n_trials"]
        == inspected.ablation.attrs["n_trials"]
        == 12
    )
    assert inspected.deletion.attrs["ranked_on"] == "the other half"
    assert inspected.randomization.attrs["n_trials"] == 8


@pytest.mark.parametrize("most", [1, 7, 10, 50])
def test_trials_are_drawn_evenly(most):
    codes = np.repeat([0, 1, 2], [30, 3, 10])
    chosen = evenly_drawn(codes, most, seed=0)
    assert len(chosen) == min(most, len(codes)) == len(set(chosen.tolist()))
    assert (np.diff(chosen) > 0).all()
    counts = np.bincount(codes[chosen], minlength=3)
    full = counts == [30, 3, 10]
    assert np.ptp(counts[~full]) <= 1 if (~full).any() else True


@pytest.mark.parametrize("n_trials", [1, 4])
def test_few_trials_have_no_intervals_and_still_a_folder(model, simulation, tmp_path, n_trials):
    epochs = simulation[0]
    few = epochs[
        np.r_[np.flatnonzero(epochs.events[:, 2] == 1)[:2], np.flatnonzero(epochs.events[:, 2] == 2)[:2]]
    ]
    inspected = inspect(model, few[:n_trials], progress=False)
    assert np.isnan(inspected.band_relevance["ci_low"]).all()
    assert not inspected.leading_bands["established"].any()
    written = inspected.save(tmp_path, progress=False)
    assert "report.html" in written
    assert ("figures/band_power_contrast.png" in written) == (n_trials == 4)


def test_weights_that_are_not_finite_decode_nothing(network, simulation):
    broken = network(chs_info=simulation[0].info["chs"]).eval()
    broken.scale, broken.class_names = 1e6, ["left", "right"]
    with torch.no_grad():
        broken.final_layer.weight[0, 0] = np.nan
    inspected = inspect(broken, simulation[0], only=["bands"], progress=False)
    assert inspected.accuracies is None
    assert "not finite" in inspected.missing["accuracies"]


def test_where_some_trials_were_used_in_training_the_network_is_read_from_the_others(model, simulation):
    epochs, half = simulation[0], np.arange(0, 40, 2)
    knows = copy.deepcopy(model)
    trials = network_input(knows, epochs)
    knows.provenance = knows.provenance | {"training_trials": trial_fingerprints(trials[half])}
    inspected = inspect(knows, epochs, only=["relevance"], progress=False)
    others = inspect(model, epochs[np.setdiff1d(np.arange(40), half)], only=["relevance"], progress=False)
    assert inspected.accuracies["n_trials"].to_dict() == {"all": 40, "held out": 20, "seen in training": 20}
    xr.testing.assert_allclose(inspected.spectral_relevance, others.spectral_relevance)
    assert inspected.spectral_relevance.attrs["held_out"] == "yes"
    np.testing.assert_array_equal(inspected.leading_cells["p"], others.leading_cells["p"])
    assert inspected.trials["n_trials"] == 40


def test_halves_of_the_deletion_keep_trials_that_share_signal_together(model, simulation, monkeypatch):
    import sincviz.inspection.evidence as measuring

    asked = {}

    def spy(*args, groups=None, **settings):
        asked["groups"] = groups
        return deletion_curve(*args, groups=groups, **settings)

    def unneeded(*_, **__):
        raise ValueError("This is about the deletion.")

    monkeypatch.setattr(measuring, "deletion_curve", spy)
    for name in ("ablate", "randomization_test", "csp_accuracy"):
        monkeypatch.setattr(measuring, name, unneeded)
    epochs = simulation[0]
    inspect(model, epochs, only=["evidence"], progress=False)
    assert asked["groups"] is None
    copies = mne.concatenate_epochs([epochs, epochs], verbose="error")
    assert inspect(model, copies, only=["evidence"], progress=False).deletion is not None
    np.testing.assert_array_equal(asked["groups"][:40], asked["groups"][40:])
    assert len(np.unique(asked["groups"])) == 40


def test_whose_trials_the_intervals_are_over_is_said(model, simulation):
    epochs = simulation[0].copy()
    one = inspect(model, epochs, only=["relevance"], progress=False)
    assert one.band_relevance.attrs["interval"] == "95% bootstrap over trials"
    epochs.metadata = pd.DataFrame({"subject": np.resize(["S1", "S1", "S2", "S2"], 40)})
    two = inspect(model, epochs, only=["relevance"], progress=False)
    assert two.band_relevance.attrs["interval"] == "95% bootstrap over trials of these 2 subjects"
    text, _ = methods_paragraph(two, SECTIONS)
    assert "intervals over trials of these 2 subjects, not over subjects in general" in text
    assert "in general" not in methods_paragraph(one, SECTIONS)[0]


def test_what_cannot_be_explored_says_why(model):
    bare = inspect(model, only=["bands"], progress=False)
    with pytest.raises(ValueError, match=r"not measured. Inspect with `only=\['explorer'\]`"):
        bare.explore()
    whole = inspect(model, only=["explorer"], progress=False)
    with pytest.raises(ValueError, match="`height_px` must be at least 1"):
        whole.explore(height_px=0)
    assert "<iframe" in whole.explore(height_px=600)._repr_html_()
