"""Relevance over seeds is the contrast of each network in units of its score; agreement counts cells by size."""

import numpy as np
import pytest
import torch
import xarray as xr

import sincviz
from sincviz import spectral_relevance
from sincviz.attribution import sum_over_bands
from sincviz.benchmark.architectures import EEGNet
from sincviz.errors import EpochsError
from sincviz.evidence import seed_agreement, seed_relevance
from sincviz.networks import Ensemble
from sincviz.preparation import EuclideanAlignment


@pytest.fixture
def networks(network, moved, epochs):
    found = [moved(network(seed, chs_info=epochs.info["chs"]), seed).eval() for seed in range(3)]
    for seed, model in enumerate(found):
        model.scale, model.class_names, model.provenance = 1e6, ["left", "right"], {"seed": seed + 5}
    return found


def test_each_seed_has_its_contrast_over_the_deviation_of_its_score(networks, epochs):
    found = seed_relevance(Ensemble(networks), epochs, progress=False)
    assert found["seed"].values.tolist() == [5, 6, 7]
    for number, model in enumerate(networks):
        contrast = sum_over_bands(spectral_relevance(model, epochs, trials="contrast", progress=False))
        own = found["of_seeds"][number] * found["score_sd"][number]
        np.testing.assert_allclose(
            own.values, contrast.transpose("target", "band", "channel").values, rtol=1e-3, atol=1e-6
        )
    # The shares of a trial add up to its score, but for what the network says of silence.
    single = spectral_relevance(networks[0], epochs, per_trial=True, progress=False).sum(
        ("channel", "frequency")
    )
    deviation = (single[:, 0] - single[:, 1]).std(ddof=1)
    assert found["score_sd"][0, 0].item() == pytest.approx(deviation.item(), rel=1e-4)


def test_larger_scores_do_not_weigh_more(networks, epochs):
    before = seed_relevance(Ensemble(networks), epochs, progress=False)
    networks[1].final_layer.weight.data *= 50
    networks[1].final_layer.bias.data *= 50
    after = seed_relevance(Ensemble(networks), epochs, progress=False)
    np.testing.assert_allclose(after["relevance"].values, before["relevance"].values, rtol=1e-3, atol=1e-7)
    assert (after["score_sd"][1] / before["score_sd"][1]).item() == pytest.approx(50, rel=1e-3)


def test_bands_labels_and_classes_can_be_given(networks, epochs):
    x = 1e6 * epochs.get_data()
    y = np.arange(len(x)) % 2
    found = seed_relevance(Ensemble(networks), x, y, bands={"mu": (8, 13)}, progress=False)
    assert found["band"].values.tolist() == ["mu", "other"]
    again = seed_relevance(
        Ensemble(networks), x, np.array(["left", "right"])[y], bands={"mu": (8, 13)}, progress=False
    )
    xr.testing.assert_allclose(found, again)


def test_three_classes_are_each_against_the_others(network, epochs):
    networks = [network(seed, chs_info=epochs.info["chs"], n_outputs=3).eval() for seed in range(2)]
    found = seed_relevance(
        Ensemble(networks), 1e6 * epochs.get_data(), np.arange(len(epochs)) % 3, progress=False
    )
    assert dict(found.sizes) == {"seed": 2, "target": 3, "band": 6, "channel": 6}


def test_what_has_no_seeds_or_no_contrast_is_refused(networks, epochs):
    with pytest.raises(TypeError, match="fit_many"):
        seed_relevance(networks[0], epochs)
    with pytest.raises(ValueError, match="One training does not show what another seed would do"):
        seed_relevance(Ensemble(networks[:1]), epochs)
    with pytest.raises(ValueError, match="one class"):
        seed_relevance(Ensemble(networks), epochs["left"])
    networks[2].final_layer.weight.data.zero_()
    with pytest.raises(EpochsError, match="Network 2 of the ensemble says the same of every trial"):
        seed_relevance(Ensemble(networks), epochs)


def as_seeds(values):
    return xr.Dataset(
        {"of_seeds": (("seed", "target", "cell"), np.asarray(values, float)[:, None])}, {"target": ["a"]}
    )


def test_equal_seeds_agree_and_opposite_ones_do_not():
    cells = np.random.default_rng(0).standard_normal(50)
    same = seed_agreement(as_seeds([cells, 2 * cells, cells, cells])).loc["a"]
    assert same[["pearson", "overlap", "rank", "split_half"]].to_numpy(float) == pytest.approx(1)
    assert same["stable"]
    opposite = seed_agreement(as_seeds([cells, -cells])).loc["a"]
    assert opposite["pearson"] == pytest.approx(-1)
    assert opposite["overlap"] == 1  # the same cells, with the other sign
    assert not opposite["stable"]


def test_ranks_of_empty_cells_do_not_hide_that_the_same_cells_lead():
    rng = np.random.default_rng(0)
    cells = 0.01 * rng.standard_normal((5, 200))
    cells[:, :4] += [5, 4, -3, 2]
    row = seed_agreement(as_seeds(cells)).loc["a"]
    assert row["pearson"] > 0.99
    assert row["rank"] < 0.2
    assert row["overlap"] == 1
    assert row["stable"]


@pytest.mark.parametrize("n_seeds", [4, 5, 10])
def test_split_halves_are_stepped_up_to_what_as_many_other_seeds_would_agree(n_seeds):
    rng = np.random.default_rng(n_seeds)
    cells = np.zeros(150)
    cells[:8] = 3 * rng.standard_normal(8)
    spread = np.where(np.arange(150) < 20, 1.2, 0.05)
    estimates, covered = [], []
    means = (cells + spread * rng.standard_normal((100, n_seeds, 150))).mean(1)
    truth = np.corrcoef(means)[np.triu_indices(100, 1)].mean()
    for _ in range(60):
        row = seed_agreement(as_seeds(cells + spread * rng.standard_normal((n_seeds, 150)))).loc["a"]
        estimates.append(row["split_half"])
        covered.append(row["ci_low"] <= truth <= row["ci_high"])
    assert np.mean(estimates) == pytest.approx(truth, abs=0.02)
    assert np.mean(covered) >= 0.88


def test_three_seeds_have_no_interval_and_one_has_no_agreement():
    cells = np.random.default_rng(0).standard_normal((3, 30))
    assert np.isnan(seed_agreement(as_seeds(cells)).loc["a", "ci_low"])
    row = seed_agreement(as_seeds(cells[:1])).loc["a"]
    assert np.isnan(row["split_half"])
    assert not row["stable"]
    with pytest.raises(ValueError, match="seed_relevance"):
        seed_agreement(cells)


def test_one_training_twice_is_no_two_seeds(networks, epochs):
    with pytest.raises(ValueError, match="have the same weights, so they are one training"):
        seed_relevance(Ensemble([networks[0], networks[0]]), epochs)


def test_traced_networks_behind_an_alignment_have_seeds_too(epochs):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        several = Ensemble([EEGNet(6, 128).eval() for _ in range(2)])
    seen = sincviz.network(
        several,
        ch_names=epochs.info["chs"],
        class_names=["left", "right"],
        scale=1e6,
        sfreq=128,
        preparation=[EuclideanAlignment()],
    )
    found = seed_relevance(seen, epochs)
    assert found.sizes["seed"] == 2
    assert np.isfinite(found["relevance"]).all()
