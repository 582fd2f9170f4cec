"""What a checkpoint does not tell is said once, as a note."""

import pytest
import torch

from sincviz import diagnose, load_checkpoint, save_checkpoint

TOLD = {"pool_size": 32, "pool_stride": 16}


@pytest.fixture
def bare(network, moved, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(moved(network()).state_dict(), path)
    return path


def finding(model):
    found = diagnose(model).query("check == 'assumed'")
    assert len(found) <= 1
    return found.iloc[0] if len(found) else None


def test_what_was_assumed_is_named_with_its_unit(bare):
    row = finding(load_checkpoint(bare, **TOLD))
    assert row["severity"] == "note"
    for words in (
        "min_freq = 1 Hz",
        "padding = same",
        "activation = ELU",
        "n_times = 128 samples",
        "how far the cut-offs",
    ):
        assert words in row["evidence"]
    assert "drop_prob" not in row["evidence"]
    assert "pool_size" not in row["evidence"]
    assert row["remedy"] == "Pass what differs: `load_checkpoint(path, min_freq=...)`."


def test_order_of_channels_and_classes_is_an_assumption_too(bare, epochs):
    evidence = finding(load_checkpoint(bare, epochs=epochs, **TOLD))["evidence"]
    assert "the channels of the epochs, in their order" in evidence
    assert "class_names = left | right" in evidence


def test_a_scale_that_was_corrected_is_no_assumption(bare):
    model = load_checkpoint(bare, **TOLD)
    assert "scale = 1e+06 per volt" in finding(model)["evidence"]
    model.scale = 1e3
    assert "scale" not in finding(model)["evidence"]


def test_who_passes_everything_hears_nothing(bare, epochs):
    start = {"min_freq": 1.0, "first_freq": 7.0, "freq_stride": 1.0, "bandwidth": 4.0}
    rest = {"padding": "same", "activation": "ELU", "n_times": 128, "scale": 1e6, "class_names": ["a", "b"]}
    assert finding(load_checkpoint(bare, epochs.info["chs"], **TOLD, **start, **rest)) is None


def test_a_file_of_ours_tells_everything(network, moved, tmp_path):
    save_checkpoint(moved(network()), tmp_path / "a.safetensors")
    assert finding(load_checkpoint(tmp_path / "a.safetensors")) is None
