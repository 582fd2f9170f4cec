"""An ensemble is the mean of its networks, and its front end says the same."""

import pytest
import torch
from torch import nn

import sincviz
from sincviz import learned_bands
from sincviz.benchmark.architectures import EEGNet
from sincviz.networks import Ensemble, front_end, members
from sincviz.networks.channel_mixing import behind_matrix
from sincviz.networks.ensembles import is_ensemble
from sincviz.opening.ensemble_members import opened_members


@pytest.fixture
def several(network, moved, epochs):
    def build(n=3, **settings):
        found = [
            moved(network(seed, chs_info=epochs.info["chs"], **settings), seed).eval() for seed in range(n)
        ]
        for seed, model in enumerate(found):
            model.scale, model.class_names, model.provenance = 1e6, ["left", "right"], {"seed": seed + 4}
        return found

    return build


def mean_scores(networks, x):
    with torch.no_grad():
        return torch.stack([model(x) for model in networks]).mean(0)


@pytest.fixture
def x():
    return 10 * torch.randn(5, 6, 128, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("settings", [{}, {"padding": "valid"}, {"activation": nn.Tanh}])
def test_scores_maps_and_head_give_the_mean_of_the_networks(several, x, settings):
    networks = several(**settings)
    ensemble = Ensemble(networks)
    expected, opened = mean_scores(networks, x), front_end(ensemble)
    torch.testing.assert_close(ensemble(x), expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(opened.tail(opened.maps(x)), expected, atol=1e-6, rtol=1e-5)
    pooled = opened.pooling(opened.activation(opened.maps(x)))
    torch.testing.assert_close(pooled, opened.features(opened.maps(x)), atol=1e-5, rtol=1e-4)
    silence = torch.zeros_like(opened.maps(x[:1]))
    offset = opened.tail(silence) - (opened.head * opened.features(silence)).sum((1, 2, 3))
    by_head = torch.einsum("kfdw,bfdw->bk", opened.head, pooled) + offset
    torch.testing.assert_close(by_head, expected, atol=1e-5, rtol=1e-4)


def test_its_filters_are_those_of_all(several):
    networks = several()
    bands, start = learned_bands(Ensemble(networks)), 0
    for number, model in enumerate(networks):
        own = learned_bands(model)
        rows = bands.iloc[start : start + len(own)]
        assert rows["seed"].tolist() == [number + 4] * len(own)
        for name in ("low_hz", "high_hz", "initial_low_hz", "peak_hz", "measured_low_hz", "in_band_energy"):
            assert rows[name].to_numpy() == pytest.approx(own[name].to_numpy(), rel=1e-4)
        start += len(own)
    assert start == len(bands)


def test_the_layer_makes_the_kernels_from_the_cutoffs(several):
    opened = front_end(Ensemble(several()))
    torch.testing.assert_close(opened.sinc_layer.kernels_of(opened.cutoffs), opened.kernels)
    assert opened.sinc_layer.cutoffs().shape == (12, 2)


def test_one_network_is_itself(several, x):
    (model,) = several(1)
    alone, opened = front_end(model), front_end(Ensemble([model]))
    for name in ("kernels", "cutoffs", "spatial", "bias", "head", "initial_kernels"):
        torch.testing.assert_close(getattr(opened, name), getattr(alone, name))
    torch.testing.assert_close(opened.scores(x), alone.scores(x))


def test_the_hash_knows_networks_and_their_order(several):
    one, two, three = several()
    hashes = [
        front_end(Ensemble(some)).weights_sha256
        for some in ([one, two], [two, one], [one, three], [one, two])
    ]
    assert len(set(hashes)) == 3
    assert hashes[0] == hashes[3]


def test_networks_without_declared_filters_are_traced_together(x):
    torch.manual_seed(0)
    networks = [EEGNet(6, 128, 2).eval() for _ in range(2)]
    ensemble = Ensemble(networks)
    ensemble.sfreq, ensemble.n_times, ensemble.n_chans = 128.0, 128, 6
    opened, single = front_end(ensemble), networks[0]
    single.sfreq, single.n_times, single.n_chans = 128.0, 128, 6
    assert len(opened.kernels) == 2 * len(front_end(single).kernels)
    torch.testing.assert_close(opened.tail(opened.maps(x)), mean_scores(networks, x), atol=1e-6, rtol=1e-5)


def test_filters_of_different_length_are_read_by_tracing_or_not_at_all(several, x):
    networks = [several(1)[0], several(1, time_filter_len=33)[0]]
    with pytest.raises(
        TypeError, match="lengths of their filters in samples of its networks differ \\(17, 33\\)"
    ):
        front_end(Ensemble(networks))
    seen = sincviz.network(Ensemble(networks))
    torch.testing.assert_close(seen.scores(x), mean_scores(networks, x))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("class_names", ["right", "left"], "classes differ: \\['left', 'right'\\]"),
        ("scale", 1.0, "factors from volts differ"),
        ("n_times", 64, "numbers of samples differ: 128 and 64"),
        ("sfreq", 64.0, "sampling rates differ"),
    ],
)
def test_networks_that_contradict_each_other_are_refused(several, name, value, words):
    networks = several(2)
    setattr(networks[1], name, value)
    with pytest.raises(ValueError, match=words):
        Ensemble(networks)


def test_what_is_no_list_of_networks_is_refused(several):
    with pytest.raises(ValueError, match="at least one network"):
        Ensemble([])
    with pytest.raises(TypeError, match="list of networks; got str"):
        Ensemble("network.safetensors")
    with pytest.raises(TypeError, match="got str at place 1"):
        Ensemble([several(1)[0], "network.safetensors"])
    with pytest.raises(TypeError, match="fit_many"):
        members(several(1)[0])


def test_trials_of_any_training_are_remembered(several):
    networks = several(2)
    networks[0].provenance |= {"training_trials": ["0" * 50], "n_training_trials": 1, "reference": "average"}
    networks[1].provenance |= {"training_trials": ["1" * 50], "n_training_trials": 1, "reference": "average"}
    merged = Ensemble(networks).provenance
    assert merged["training_trials"] == ["0" * 50, "1" * 50]
    assert (merged["seeds"], merged["reference"]) == ([4, 5], "average")
    assert "training_trials_complete" not in merged
    del networks[1].provenance["training_trials"]
    assert Ensemble(networks).provenance["training_trials_complete"] is False


def test_opened_members_have_its_metadata_and_stand_behind_its_matrix(several, x):
    networks = several(2)
    opened = sincviz.network(Ensemble(networks), class_names=["l", "r"])
    assert [one.class_names for one in opened_members(opened)] == [["l", "r"]] * 2
    assert members(opened)[0].class_names == ["left", "right"]
    matrix = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    mixed = behind_matrix(opened, matrix)
    assert is_ensemble(mixed)
    for one, model in zip(opened_members(mixed), networks, strict=True):
        with torch.no_grad():
            torch.testing.assert_close(one.scores(x), model(matrix @ x), atol=1e-4, rtol=1e-4)


def test_the_same_band_in_another_seed_is_no_duplicate(network, moved):
    member = moved(network(n_times=128)).eval()
    assert "duplicates" not in set(sincviz.diagnose(Ensemble([member, member]))["check"])
    with torch.no_grad():
        for parameter in (member.sinc_filter_layer.low_freqs, member.sinc_filter_layer.bandwidths):
            parameter.reshape(-1)[1] = parameter.reshape(-1)[0]
    twins = sincviz.diagnose(Ensemble([member, moved(network(5), 5).eval()]))
    (row,) = [row for _, row in twins.iterrows() if row["check"] == "duplicates"]
    assert row["finding"].startswith("2 filters duplicate another: they count as 1.")


def test_filters_of_networks_of_different_sizes_keep_their_seed(network, moved):
    small, large = moved(network(0)).eval(), moved(network(1, num_time_filters=7), 1).eval()
    assert learned_bands(Ensemble([small, large]))["seed"].tolist() == [0] * 4 + [1] * 7
