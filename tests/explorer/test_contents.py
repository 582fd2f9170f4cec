"""Contents of an explorer: what was measured, by trial, channel and filter, and as much as a page can carry."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from sincviz import learned_bands
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.eeg.role_words import NEITHER, REDUNDANT, SUPPRESSOR, USED_AND_INFORMATIVE
from sincviz.explorer.contents import explorer_dataset
from sincviz.explorer.payload import payload_text
from sincviz.networks import front_end


def test_a_trial_is_worth_the_same_over_bands_and_over_frequencies(contents):
    cells = contents["trial_relevance"].sum(("band", "channel"))
    frequencies = contents["trial_spectrum"].sum("frequency")
    np.testing.assert_allclose(cells, frequencies, rtol=1e-4, atol=1e-4)


def test_bands_cover_every_frequency_of_a_trial_once(contents):
    bins = [k for band in contents.attrs["bands"] for first, end in band["bins"] for k in range(first, end)]
    assert sorted(bins) == list(range(contents.sizes["frequency"]))
    (alpha,) = (band for band in contents.attrs["bands"] if band["name"] == "alpha")
    assert alpha["ranges_hz"] == [[8.0, 13.0]]
    hz = contents["frequencies_hz"].to_numpy()[slice(*alpha["bins"][0])]
    assert (hz.min(), hz.max()) == (8.0, 12.0)


def test_scores_and_decisions_are_those_of_the_network(contents, measured, model, epochs, codes):
    table = measured(model, epochs, codes, most_trials=1000)
    assert contents.attrs["trials_words"] == "all 40 trials"
    np.testing.assert_array_equal(table["scores"], contents["scores"])
    np.testing.assert_array_equal(contents["code"], codes)
    right = contents["predicted"].to_numpy() == codes
    assert right.mean() == contents.attrs["accuracy"]["value"]


def test_decoded_signals_give_the_scores_within_what_is_stated(contents, model):
    seen = front_end(model)
    decoded = contents["signals"] * contents["signal_scale"]
    scores = seen.scores(torch.from_numpy(decoded.to_numpy().astype(np.float32))).detach().numpy()
    assert np.abs(scores - contents["scores"].to_numpy()).max() <= contents.attrs["score_error"]


def test_fewer_trials_are_drawn_evenly_and_said_to_be(measured, model, epochs, codes):
    contents = measured(model, epochs, codes, most_trials=10)
    assert contents.attrs["trials_words"] == "10 of 40 trials, drawn evenly from the classes"
    assert np.bincount(contents["code"]).tolist() == [5, 5]
    numbers = contents["trial_number"].to_numpy()
    np.testing.assert_array_equal(contents["code"], codes[numbers])
    whole = measured(model, epochs, codes)
    for name in ("scores", "trial_relevance", "trial_spectrum"):
        np.testing.assert_allclose(contents[name], whole[name][numbers], rtol=1e-3, atol=1e-3)


def test_numbers_are_those_of_all_trials(measured, model, epochs, codes):
    contents = measured(
        model, epochs[10:], codes[10:], numbers=np.arange(10, 40), most_trials=6, predictions=None
    )
    assert set(contents["trial_number"].to_numpy()) <= set(range(10, 40))
    np.testing.assert_array_equal(contents["code"], codes[contents["trial_number"].to_numpy()])


def test_a_page_takes_no_more_than_it_may(measured, model, epochs, codes):
    roomy = measured(model, epochs, codes)
    most = int(0.85 * len(payload_text(roomy)))
    contents = measured(model, epochs, codes, most_bytes=most)
    assert len(payload_text(contents)) <= 1.02 * most
    assert contents.attrs["score_error"] > roomy.attrs["score_error"]
    assert contents.attrs["can_recompute"]


def test_too_little_room_leaves_out_trials(measured, model, epochs, codes):
    without = len(payload_text(measured(model, epochs, codes).drop_vars(["signals", "signal_scale"])))
    contents = measured(model, epochs, codes, most_bytes=without)
    assert contents.sizes["trial"] < 40
    assert contents.attrs["trials_words"] == (
        f"{contents.sizes['trial']} of 40 trials, drawn evenly from the classes"
    )


def test_without_trials_there_is_the_network(model):
    contents = explorer_dataset(front_end(model), bands=learned_bands(model))
    assert contents.attrs["why_not"] == "No trials were given."
    assert not contents.attrs["can_recompute"]
    assert set(contents.data_vars) == {
        *("nominal_low_hz", "nominal_high_hz", "measured_low_hz", "measured_high_hz", "peak_hz", "rhythm"),
        *("initial_cutoffs_hz", "positions", "topomap"),
    }
    assert payload_text(contents)


def test_unknown_classes_are_absent(model, epochs):
    contents = explorer_dataset(front_end(model), epochs, bands=learned_bands(model), most_trials=10)
    assert "code" not in contents
    assert contents.attrs["trials_words"] == "10 of 40 trials, drawn at random"
    assert contents.attrs["can_recompute"]


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_any_number_of_classes(measured, network, moved, epochs, n_classes):
    model = moved(network(n_outputs=n_classes)).eval()
    trials = epochs.get_data(copy=True) * 1e6
    contents = measured(model, trials, np.arange(len(trials)) % n_classes)
    n_targets = 1 if n_classes == 2 else n_classes  # two classes are one target
    assert contents.sizes["target"] == len(contents.attrs["targets"]) == n_targets
    assert contents.attrs["can_recompute"]
    assert (
        contents.attrs["target_classes"]
        == {
            2: [[0, 1]],
            3: [[0, None], [1, None], [2, None]],
            4: [[0, None], [1, None], [2, None], [3, None]],
        }[n_classes]
    )


def test_two_classes_are_one_target(contents, model, epochs, codes):
    assert contents.attrs["targets"] == ["left against right"]
    assert contents.attrs["target_classes"] == [[0, 1]]
    cells = cell_relevance(front_end(model), epochs, codes).isel(trial=contents["trial_number"].to_numpy())
    difference = (cells.isel(target=0) - cells.isel(target=1)).transpose("trial", "band", "channel")
    np.testing.assert_allclose(contents["trial_relevance"].isel(target=0), difference, atol=1e-5)
    assert contents["trial_spectrum"].sizes["target"] == 1


def test_a_single_output_is_one_score(network, moved, epochs):
    model = moved(network(n_outputs=1)).eval()
    trials = epochs.get_data(copy=True) * 1e6
    contents = explorer_dataset(front_end(model), trials, bands=learned_bands(model))
    assert contents["scores"].shape == (40, 1)
    assert contents.attrs["can_recompute"]


def test_classes_without_trials_have_no_relevance(measured, network, moved, epochs, codes):
    model = moved(network(n_outputs=3)).eval()
    contents = measured(model, epochs.get_data(copy=True) * 1e6, codes)
    for name in ("relevance", "band_relevance", "filter_relevance"):
        known = np.isfinite(contents[name].to_numpy()).reshape(3, -1)
        assert known.all(1).tolist() == [True, True, False]
    assert np.isfinite(contents["relevance_share"]).all()
    assert contents["relevance_share"].sum() == pytest.approx(1)


def test_arrays_without_positions_have_no_scalp(measured, network, moved, epochs, codes):
    model = moved(network()).eval()
    contents = measured(model, epochs.get_data(copy=True) * 1e6, codes)
    assert not {"positions", "topomap"} & set(contents.variables)
    assert contents.attrs["ch_names"] == [str(number) for number in range(6)]
    assert contents.attrs["unit"] == ""


def test_a_network_with_another_head_is_only_shown(measured, model, epochs, codes):
    seen = replace(front_end(model), activation=None, pooling=None)
    contents = measured(seen, epochs, codes)
    assert not contents.attrs["can_recompute"]
    assert contents.attrs["why_not"] == "Its non-linearity is not followed by a linear pooling."
    assert "head" not in contents
    assert "signals" in contents
    assert contents.attrs["score_error"] is None
    assert payload_text(contents)


def test_suppressors_and_redundant_cells_are_numbers_of_the_bands_shown(measured, model, epochs, codes):
    plain = measured(model, epochs, codes)
    assert "band_role" not in plain
    dims = ("target", "band", "channel")
    names = {"target": plain.attrs["targets"], "band": ["beta", "alpha"], "channel": plain.attrs["ch_names"]}
    role = np.full([len(of) for of in names.values()], NEITHER, dtype="U20")
    role[0, 0, 1], role[0, 1, 0], role[0, 1, 2] = SUPPRESSOR, REDUNDANT, USED_AND_INFORMATIVE
    shown = measured(model, epochs, codes, roles=xr.Dataset({"role": (dims, role)}, names))[
        "band_role"
    ].to_numpy()
    bands = [band["name"] for band in plain.attrs["bands"]]
    assert {tuple(at) for at in np.argwhere(shown).tolist()} == {
        (0, bands.index("beta"), 1),
        (0, bands.index("alpha"), 0),
    }
    assert (shown[0, bands.index("beta"), 1], shown[0, bands.index("alpha"), 0]) == (1, 2)
