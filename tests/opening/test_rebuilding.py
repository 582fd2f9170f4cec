"""Networks of braindecode come back from a state dict alone: the same scores, and what was assumed is said."""

import warnings

import pytest
import torch
from safetensors.torch import save_file

from sincviz import load_checkpoint

warnings.filterwarnings("ignore", module="braindecode")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    models = pytest.importorskip("braindecode.models", reason="braindecode is an optional peer")

TIMES = {"FBCNet", "ATCNet"}  # their shapes do not tell the samples of a trial
SIZES = {
    "EEGNet": [
        {},
        {"n_chans": 3, "n_outputs": 2, "n_times": 385},
        {"F1": 4, "D": 3, "kernel_length": 33, "depthwise_kernel_length": 9, "n_times": 512},
        {"F1": 16, "F2": 20, "final_layer_with_constraint": True},
    ],
    "ShallowFBCSPNet": [
        {},
        {"n_chans": 3, "n_outputs": 2, "n_times": 385},
        {"n_filters_time": 12, "n_filters_spat": 30, "filter_time_length": 16, "batch_norm": False},
    ],
    "Deep4Net": [
        {},
        {"n_chans": 3, "n_outputs": 2, "n_times": 640},
        {"n_filters_time": 10, "n_filters_spat": 12, "filter_time_length": 7, "n_filters_2": 14},
        {"filter_length_2": 8, "filter_length_3": 6, "filter_length_4": 5, "n_times": 600},
        {"n_times": 250},
        {"n_times": 385, "batch_norm": False},
    ],
    "EEGConformer": [
        {},
        {"n_chans": 3, "n_outputs": 2, "n_times": 385},
        {"n_filters_time": 20, "filter_time_length": 16, "num_layers": 2},
    ],
    "FBCNet": [
        {},
        {"n_chans": 3, "n_outputs": 2, "n_times": 384, "sfreq": 128},
        {"n_bands": 6, "n_filters_spat": 8, "stride_factor": 5, "n_times": 640, "sfreq": 160},
    ],
    "ATCNet": [
        {},
        {"n_chans": 3, "n_outputs": 2, "n_times": 1125},
        {"n_windows": 3, "conv_block_n_filters": 8, "conv_block_kernel_length_1": 32, "tcn_depth": 1},
        {"n_times": 500},
        {"n_outputs": 3, "head_dim": 4},
    ],
}
CASES = [(name, number) for name, sizes in SIZES.items() for number in range(len(sizes))]


def built(name, **sizes):
    """Return a network of braindecode as it would be after training: no weight is at its start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        settings = {"n_chans": 22, "n_outputs": 4, "n_times": 1000, "sfreq": 250} | sizes
        network = getattr(models, name)(**settings).eval()
    with torch.no_grad():
        for key, value in network.state_dict().items():
            if value.is_floating_point() and "fir_" not in key:
                value += 0.1 * torch.rand_like(value)
    return network


def noise(network, n=3):
    return torch.randn(n, network.n_chans, network.n_times, generator=torch.Generator().manual_seed(1))


def assert_same_scores(network, again):
    assert type(again) is type(network)
    x = noise(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of even kernels in an ATCNet
        again(x)
    torch.testing.assert_close(again(x), network(x), rtol=0, atol=1e-6)


def given(name, network):
    return {"n_times": network.n_times} if name in TIMES else {}


@pytest.mark.parametrize(("name", "number"), CASES)
@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_the_same_scores_come_from_weights_alone(name, number, kind, tmp_path):
    network = built(name, **SIZES[name][number])
    path = tmp_path / f"weights.{kind}"
    if kind == "pt":
        torch.save(network.state_dict(), path)
    else:
        save_file({key: value.contiguous() for key, value in network.state_dict().items()}, path)
    with pytest.warns(RuntimeWarning, match="is assumed") as said:
        again = load_checkpoint(path, **given(name, network))
    assert len(said) == 1
    assert f"{name} of braindecode with {network.n_chans} channels" in str(said[0].message)
    assert not again.training
    assert_same_scores(network, again)
    assert set(again.provenance["assumed"]) > set()
