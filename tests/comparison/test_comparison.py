"""Two networks, compared on the same trials."""

import copy
import json
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

import sincviz
from sincviz import EpochsError, compare, save_checkpoint
from sincviz.cli import main as cli
from sincviz.comparison.contents import CONTENTS, SECTIONS, summary_words
from sincviz.evidence import predictions
from sincviz.report.contents import drawings_of, rows_of
from sincviz.trials.epochs import network_input
from sincviz.trials.identity import trial_fingerprints


@pytest.fixture(scope="module")
def networks(network, moved, simulation):
    """Two networks that know their channels; the second is the first, moved a little further."""
    first = moved(network(chs_info=simulation[0].info["chs"]))
    first.scale, first.class_names = 1e6, ["left", "right"]
    second = copy.deepcopy(first)
    with torch.no_grad():
        for number, parameter in enumerate(second.parameters()):
            generator = torch.Generator().manual_seed(number)
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return [first.eval(), second.eval()]


@pytest.fixture(scope="module")
def trials(networks, simulation):
    """Trials with classes by the scores of the first network, so that its relevance adds up to more than zero."""
    epochs = simulation[0].copy()
    scores = predictions(networks[0], epochs)
    difference = scores["score_left"] - scores["score_right"]
    is_left = difference > difference.median()
    epochs.events[:, 2] = np.where(is_left, epochs.event_id["left"], epochs.event_id["right"])
    return epochs


@pytest.fixture(scope="module")
def comparison(networks, trials):
    return compare(*networks, trials, names=("before", "after"), held_out=True, progress=False)


def test_everything_is_measured(comparison):
    assert comparison.missing == {}
    for name in ("filters", "maps", "decisions", "shares", "band_shares"):
        assert getattr(comparison, name) is not None, name
    assert comparison.names == ("before", "after")
    assert set(comparison.findings["network"]) <= {"before", "after"}


def test_decisions_are_those_of_each_network(comparison, networks, trials):
    for model, column in zip(networks, ("predicted", "other_predicted"), strict=True):
        assert comparison.decisions[column].tolist() == predictions(model, trials)["predicted"].tolist()


def test_shares_of_bands_are_the_sums_over_channels(comparison):
    known = comparison.shares.sum("channel", skipna=False)
    np.testing.assert_allclose(known, comparison.band_shares, atol=1e-9)


def test_the_sign_of_a_map_is_that_of_its_match(comparison):
    first, second = (comparison.maps.isel(network=number) for number in (0, 1))
    assert ((first * second).sum("channel") >= 0).all()


def test_a_network_equals_itself(networks, trials):
    same = compare(networks[0], networks[0], trials, held_out=True, progress=False)
    assert same.decisions["same"].all()
    np.testing.assert_allclose(same.filters["overlap"], 1)
    np.testing.assert_allclose(same.filters["map_similarity"], 1)
    assert not same.shares.sel(network="second − first").fillna(0).any()
    assert any("same answer in 40 of 40 trials" in sentence for sentence in summary_words(same))


def test_without_trials_weights_are_compared(networks):
    comparison = compare(*networks, progress=False)
    assert comparison.decisions is None
    assert comparison.shares is None
    assert comparison.filters["map_similarity"].notna().all()
    assert any("Without trials" in sentence for sentence in summary_words(comparison))
    assert any(
        "their weights on the scalp have a similarity" in sentence for sentence in summary_words(comparison)
    )


def test_trials_that_one_network_was_trained_on_are_left_out(networks, trials):
    first, second = map(copy.deepcopy, networks)
    second.provenance["training_trials"] = sorted(trial_fingerprints(network_input(first, trials[:10])))
    comparison = compare(first, second, trials, held_out=True, progress=False)
    assert comparison.decisions.index.tolist() == list(range(10, 40))
    assert comparison.decisions.attrs["n_trials"] == 30
    assert not any("used in the training of" in sentence for sentence in summary_words(comparison))


def test_decisions_on_the_training_trials_of_one_network_are_told_as_such(networks, trials):
    first, second = map(copy.deepcopy, networks)
    second.provenance["training_trials"] = sorted(trial_fingerprints(network_input(first, trials)))
    comparison = compare(first, second, trials, names=("x", "y"), held_out=True, progress=False)
    (words,) = (sentence for sentence in summary_words(comparison) if sentence.startswith("Only x is right"))
    assert words.endswith(" Some of these trials were used in the training of y.")


def test_networks_of_other_channels_are_compared_by_their_filters(networks, network, moved):
    other = moved(network(n_chans=4), 2)
    comparison = compare(networks[0], other, progress=False)
    assert comparison.filters["map_similarity"].isna().all()
    assert comparison.maps is None
    assert "other channels" in comparison.missing["maps"]


def test_epochs_that_do_not_fit_the_second_network_are_refused(networks, network, trials):
    other = network(chs_info=trials.info["chs"], n_times=256)
    other.scale, other.class_names = 1e6, ["left", "right"]
    with pytest.raises(EpochsError):
        compare(networks[0], other, trials, progress=False)


@pytest.mark.parametrize("names", [None, "ab", ("a",), ("a", "a"), ("a", "b", "c")])
def test_names_must_be_two(networks, names):
    with pytest.raises(ValueError, match="two different names"):
        compare(*networks, names=names)


def test_every_figure_and_table_of_the_page_can_be_made(comparison):
    drawn = [drawing for section in SECTIONS for drawing in drawings_of(section, comparison)]
    assert [drawing.name for drawing in drawn][:3] == ["decisions", "filters", "maps"]
    for drawing in drawn:
        plt.close(drawing.draw())
    assert [title for section in SECTIONS for title, _ in rows_of(section, comparison)][
        -1
    ] == "Shares of bands"


def test_words_say_which_networks_cannot_be_read(networks, trials):
    doubtful = compare(*networks, trials, names=("x", "y"), progress=False)  # not declared as held out
    words = summary_words(doubtful)
    assert words[0].startswith("x: These trials cannot show")
    assert words[1].startswith("y: These trials cannot show")
    assert not any("share of" in sentence or " holds " in sentence for sentence in words)
    captions = [drawing.caption for section in SECTIONS for drawing in drawings_of(section, doubtful)]
    assert captions[-1].startswith("Not evidence of what is used by x and y")


def test_folder_and_page(comparison, tmp_path):
    files = comparison.save(tmp_path / "out", progress=False)
    assert {"report.html", "comparison.json", "tables/filters.csv", "figures/maps.png"} <= set(files)
    facts = json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8"))
    assert facts["names"] == ["before", "after"]
    assert facts["decisions"]["n_trials"] == 40
    table = pd.read_csv(tmp_path / "out" / "tables" / "filters.csv", index_col=0)
    assert table["other_filter"].tolist() == comparison.filters["other_filter"].tolist()
    with pytest.raises(FileExistsError, match="--overwrite"):
        comparison.save(tmp_path / "out", progress=False)


def test_hostile_names_are_shown(networks, tmp_path):
    comparison = compare(*networks, names=("<script>alert(1)</script>", "\x1b[31m"), progress=False)
    comparison.report(tmp_path / "page.html", progress=False)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<script>alert(1)" not in page
    assert "\x1b" not in page + repr(comparison)


def test_the_command_names_networks_by_their_files(networks, trials, tmp_path, capsys):
    trials.save(tmp_path / "test-epo.fif", verbose="error")
    for model, folder in zip(networks, ("a", "b"), strict=True):
        (tmp_path / folder).mkdir()
        save_checkpoint(model, tmp_path / folder / "network.safetensors")
    paths = [str(tmp_path / folder / "network.safetensors") for folder in ("a", "b")]
    with pytest.raises(SystemExit) as stopped:
        cli.main(
            ["compare", *paths, "--epochs", str(tmp_path / "test-epo.fif"), "--out", str(tmp_path / "out")]
        )
    assert not stopped.value.code, capsys.readouterr().err
    assert "a-network: The network is right in" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_command_writes_below_the_current_folder_whatever_the_names(
    networks, tmp_path, capsys, monkeypatch
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    save_checkpoint(networks[0], tmp_path / "network.safetensors")
    with pytest.raises(SystemExit) as stopped:
        cli.main(["compare", *["../network.safetensors"] * 2, "--names", "../../a/b," + "c" * 300])
    assert not stopped.value.code, capsys.readouterr().err
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["a-b-and-" + "c" * 60]


def test_the_command_refuses_names_before_it_reads(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["compare", "no.pt", "nor.pt", "--names", "one"])
    assert stopped.value.code == 2
    assert "two different names" in capsys.readouterr().err


def test_sinc_is_compared_with_free_kernels(networks, trials):
    free = sincviz.networks.front_end(networks[1])
    free = replace(
        free,
        cutoffs=None,
        initial_cutoffs=None,
        kernels=free.kernels.flip(0).flip(0),
    )
    comparison = compare(networks[0], free, trials, held_out=True, progress=False)
    assert comparison.filters["low_hz"].notna().all()
    assert comparison.filters["other_low_hz"].isna().all()
    assert comparison.shares is not None
    assert CONTENTS.title(comparison) == "first and second"


def test_another_order_of_classes_and_channels_changes_nothing(comparison, networks, trials):
    other = copy.deepcopy(networks[1])
    order = np.roll(np.arange(other.n_chans), 2)
    mixing = other.depthwiseconv[1]
    with torch.no_grad():
        mixing.weight.copy_(mixing.weight[..., order, :])
        for parameter in other.final_layer.parameters():
            parameter.copy_(parameter.flip(0))
    other.chs_info = [other.chs_info[number] for number in order]
    other.class_names = other.class_names[::-1]
    turned = compare(networks[0], other, trials, names=("before", "after"), held_out=True, progress=False)
    assert turned.missing == {}
    pd.testing.assert_frame_equal(turned.decisions, comparison.decisions, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(turned.shares, comparison.shares, atol=1e-3)
    np.testing.assert_allclose(turned.maps, comparison.maps, atol=1e-3)
    np.testing.assert_allclose(
        turned.filters["map_similarity"], comparison.filters["map_similarity"], atol=1e-3
    )


def test_the_caption_says_of_what_shares_are(comparison):
    section = next(one for one in SECTIONS if one.name == "relevance")
    caption = section.figures[0].caption
    assert "Shares of what separates the classes in each band" in caption(comparison)
    unlabelled = replace(comparison, shares=comparison.shares.assign_attrs(units="of the score"))
    assert "Shares of the score in each band" in caption(unlabelled)


def test_patterns_are_compared_with_patterns_only(networks, trials):
    from sincviz.comparison import filters

    measured = compare(*networks, trials, progress=False)
    lacking = replace(measured.second, spatial_patterns=None)
    run = type("Run", (), {"inspections": (measured.first, lacking)})
    first, second = filters._maps_of(run)
    assert first is measured.first.spatial_filters
    assert second is measured.second.spatial_filters


def test_nothing_is_compared_with_a_network_of_weights_that_are_not_finite(networks, trials):
    broken = copy.deepcopy(networks[1])
    with torch.no_grad():
        broken.depthwiseconv[1].weight[0] = torch.nan
    compared = compare(networks[0], broken, trials, progress=False)
    assert compared.decisions is compared.filters is compared.shares is None
    assert set(compared.missing) == {"decisions", "filters", "maps", "shares", "band_shares"}
    assert all("not finite" in reason for reason in compared.missing.values())
