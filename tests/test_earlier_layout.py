"""Networks whose layers are numbered as braindecode 1.0 to 1.5 numbered them are the networks they are."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sincviz import diagnose, learned_bands, load_checkpoint, save_checkpoint
from sincviz.networks import front_end

LAYOUT = "layout of braindecode 1.0 to 1.5"
POOLING = {"pool_size": 32, "pool_stride": 16}


def numbered_from_one(weights):
    """As those versions named them: the first layer of `depthwiseconv` had no weights."""
    return {
        name.replace("depthwiseconv.1.", "depthwiseconv.2.").replace(
            "depthwiseconv.0.", "depthwiseconv.1."
        ): value
        for name, value in weights.items()
    }


class Reordered(nn.Module):
    def forward(self, x):
        return x.permute(0, 3, 1, 2)


class Sinc(nn.Module):
    """Filters along the second last of four dimensions, the filters last."""

    def __init__(self, ours):
        super().__init__()
        for name, parameter in ours.named_parameters():
            self.register_parameter(name, nn.Parameter(parameter.detach().clone()))
        for name, buffer in ours.named_buffers():
            self.register_buffer(name, buffer.clone())
        self.min_freq, self.padding = ours.min_freq, ours.padding
        self.taps = ours.kernels().detach()

    def forward(self, x):
        return nn.functional.conv2d(x, self.taps[:, None, None], padding="same").permute(0, 2, 3, 1)


class EarlierNetwork(nn.Module):
    """The layers of braindecode 1.0: no `get_config`, and a layer before the normalisation."""

    def __init__(self, ours):
        super().__init__()
        self.sinc_filter_layer = Sinc(ours.sinc_filter_layer)
        normalization, mixing = copy.deepcopy(list(ours.depthwiseconv))
        units, chans = mixing.weight.shape[0], mixing.weight.shape[2]
        spatial = nn.Conv2d(
            ours.num_time_filters, units, (chans, 1), groups=ours.num_time_filters, bias=False
        )
        spatial.load_state_dict(mixing.state_dict())
        self.depthwiseconv = nn.Sequential(Reordered(), normalization, spatial)
        self.temporal_aggregation = copy.deepcopy(ours.temporal_aggregation)
        self.final_layer = copy.deepcopy(ours.final_layer)
        self.n_times = ours.n_times
        self._chs_info = ours.chs_info

    def forward(self, x):
        x = self.sinc_filter_layer(x[:, None])
        return self.final_layer(self.temporal_aggregation(self.depthwiseconv(x)))


@pytest.fixture
def model(network, moved):
    return moved(network(padding="same")).eval()


@pytest.mark.parametrize("version", ["1.0.0", "1.2.0", "1.5.2", "1.6.1"])
@pytest.mark.parametrize("saved", ["state_dict.pt", "hub_folder"])
def test_what_each_version_of_braindecode_saved_gives_its_scores(test_data, version, saved):
    folder = test_data / "reference" / "checkpoints" / "older"
    path = folder / f"braindecode_{version}_{saved}"
    if not path.exists():
        pytest.skip("of this version there is only the state dict")
    arrays = np.load(folder / f"braindecode_{version}.npz")
    opened = load_checkpoint(path, n_times=arrays["x"].shape[2])
    with torch.no_grad():
        scores = opened(torch.from_numpy(arrays["x"])).numpy()
    np.testing.assert_allclose(scores, arrays["logits_eval"], atol=1e-5)
    assert (LAYOUT in opened.provenance["format"]) == (version != "1.6.1")


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
@pytest.mark.parametrize(
    "around", [lambda state: state, lambda state: {"state_dict": state}], ids=["bare", "in a dict"]
)
def test_the_same_weights_under_earlier_names_are_the_same_network(model, tmp_path, prefix, around):
    state = numbered_from_one(model.state_dict())
    assert "depthwiseconv.2.weight" in state
    torch.save(around({prefix + name: value for name, value in state.items()}), tmp_path / "a.pt")
    opened = load_checkpoint(tmp_path / "a.pt", n_times=128, **POOLING)
    x = torch.randn(3, 6, 128)
    assert torch.equal(opened(x), model(x))
    assert opened.provenance["format"].endswith(LAYOUT)


def test_what_was_opened_is_saved_under_the_names_of_now(model, tmp_path):
    torch.save(numbered_from_one(model.state_dict()), tmp_path / "a.pt")
    save_checkpoint(load_checkpoint(tmp_path / "a.pt", n_times=128, **POOLING), tmp_path / "a.safetensors")
    again = load_checkpoint(tmp_path / "a.safetensors")
    assert list(again.state_dict()) == list(model.state_dict())
    assert again.provenance["format"].endswith(LAYOUT)


def test_names_of_both_layouts_at_once_are_refused(model, tmp_path):
    torch.save(model.state_dict() | numbered_from_one(model.state_dict()), tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"depthwiseconv\.[12]\.weight"):
        load_checkpoint(tmp_path / "a.pt", **POOLING)


def test_a_live_network_of_an_earlier_version_is_read_from_its_layers(model):
    earlier = EarlierNetwork(model).eval()
    x = torch.randn(3, 6, 128)
    with torch.no_grad():
        expected = earlier(x)
    parts = front_end(earlier)
    torch.testing.assert_close(parts.scores(x), expected, atol=1e-5, rtol=1e-4)
    assert learned_bands(earlier)["low_hz"].tolist() == learned_bands(model)["low_hz"].tolist()
    assert parts.initial_cutoffs is None, "its layers do not tell where the cut-offs began"
    assert parts.provenance["format"].endswith(LAYOUT)


def test_what_the_finding_says_to_do_tells_where_its_cutoffs_began(model, tmp_path):
    earlier = EarlierNetwork(model).eval()
    finding = diagnose(earlier).set_index("check").loc["assumed"]
    assert "Save its `state_dict()`, open it and pass what differs" in finding["remedy"]
    torch.save(earlier.state_dict(), tmp_path / "a.pt")
    start = {"first_freq": 7.0, "freq_stride": 1.0, "bandwidth": 4.0, "min_freq": 1.0}
    opened = load_checkpoint(tmp_path / "a.pt", n_times=128, **POOLING, **start)
    assert front_end(opened).initial_cutoffs.tolist() == model.initial_cutoffs().tolist()


def test_layers_that_do_not_tell_their_settings_are_refused(model):
    earlier = EarlierNetwork(model)
    del earlier.n_times
    with pytest.raises(TypeError, match="no `get_config`, and its layers do not store"):
        front_end(earlier)
