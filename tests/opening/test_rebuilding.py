"""Networks of braindecode come back from a state dict alone: the same scores, and what was assumed is said."""

import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import sincviz
from sincviz import CheckpointError, load_checkpoint
from sincviz.weights.file_check import checked

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


def opened(path, **parameters):
    """Return what `load_checkpoint` returns, and the message of the one warning."""
    with pytest.warns(RuntimeWarning, match="is assumed") as said:
        network = load_checkpoint(path, **parameters)
    return network, str(said[0].message)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"model_state_dict": state, "epoch": 3},
        lambda state: {
            "state_dict": {f"model.{key}": value for key, value in state.items()}
            | {"loss.weight": torch.ones(4)},
            "pytorch-lightning_version": "2.5",
            "hyper_parameters": {"class_names": ["a", "b", "c", "d"]},
        },
        lambda state: {f"module._orig_mod.{key}": value for key, value in state.items()},
        lambda state: {"net": state, "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}},
    ],
    ids=["a dict", "Lightning", "compiled and parallel", "beside an optimizer"],
)
def test_the_usual_wrappers_are_opened(wrap, tmp_path):
    network = built("EEGNet")
    torch.save(wrap(network.state_dict()), tmp_path / "wrapped.pt")
    again, _ = opened(tmp_path / "wrapped.pt")
    assert_same_scores(network, again)
    if "hyper_parameters" in wrap(network.state_dict()):
        assert sincviz.network(again).class_names == ["a", "b", "c", "d"]


@pytest.mark.parametrize("name", ["EEGNet", "FBCNet", "ATCNet", "ShallowFBCSPNet"])
def test_a_folder_of_the_hub_has_its_configuration_so_nothing_is_assumed(name, tmp_path, recwarn):
    network = built(
        name, **({"activation": torch.nn.ReLU, "pool1_kernel_size": 2} if name == "EEGNet" else {})
    )
    pytest.importorskip("huggingface_hub")
    network.save_pretrained(tmp_path / "hub")
    recwarn.clear()
    again = load_checkpoint(tmp_path / "hub")
    assert not [one for one in recwarn if "assumed" in str(one.message)]
    assert "assumed" not in again.provenance
    assert again.sfreq == 250
    assert_same_scores(network, again)


def test_names_of_an_earlier_braindecode_open_by_its_own_mapping(tmp_path):
    for name in ("EEGNet", "ShallowFBCSPNet"):
        network = built(name)
        old = {
            key.replace("final_layer.conv_classifier", "conv_classifier")
            .replace("conv_time_spat.", "")
            .replace("parametrizations.weight.original", "weight"): value
            for key, value in network.state_dict().items()
        }
        assert old.keys() != network.state_dict().keys()
        torch.save(old, tmp_path / "old.pt")
        assert_same_scores(network, opened(tmp_path / "old.pt")[0])


def test_what_shapes_do_not_tell_is_given_by_name(tmp_path):
    path = tmp_path / "weights.pt"
    network = built("EEGNet", pool1_kernel_size=2, activation=torch.nn.ReLU, sfreq=None)
    torch.save(network.state_dict(), path)
    wrong, message = opened(path)
    assert "n_times=2000 (1979 to 2010 would fit), pool1_kernel_size=4" in message
    assert "Its sampling rate is unknown" in message
    assert wrong.provenance["assumed"]["activation"] == "ELU"
    again, message = opened(path, pool1_kernel_size=2, activation="ReLU", n_times=1000, sfreq=250)
    assert_same_scores(network, again)
    assert again.sfreq == 250
    assert "unknown" not in message
    assert "n_times=" not in message.partition("Pass")[0]


def test_epochs_tell_the_samples_of_a_trial(tmp_path, epochs):
    n_times = len(epochs.times)
    for name, sizes in (("EEGNet", {}), ("FBCNet", {"sfreq": epochs.info["sfreq"]})):
        network = built(name, n_chans=len(epochs.ch_names), n_outputs=2, n_times=n_times, **sizes)
        torch.save(network.state_dict(), tmp_path / "weights.pt")
        again, message = opened(tmp_path / "weights.pt", epochs=epochs)
        assert again.n_times == n_times
        assert "n_times=" not in message.partition("Pass")[0]
    network = built("EEGNet", n_chans=len(epochs.ch_names), n_outputs=2, n_times=n_times + 64)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(CheckpointError, match=rf"its head fits trials of .* samples; got {n_times}"):
        load_checkpoint(tmp_path / "weights.pt", epochs=epochs)


def test_the_bank_of_an_fbcnet_tells_its_sampling_rate_and_an_atcnet_has_none(tmp_path):
    for rate in (125, 160, 250, 512):
        torch.save(built("FBCNet", sfreq=rate).state_dict(), tmp_path / "weights.pt")
        network, message = opened(tmp_path / "weights.pt", n_times=1000)
        assert network.sfreq == rate
        assert "sfreq" not in message
    torch.save(built("ATCNet").state_dict(), tmp_path / "weights.pt")
    assert sincviz.network(opened(tmp_path / "weights.pt", n_times=1000)[0]).sfreq is None


@pytest.mark.parametrize("name", sorted(TIMES))
def test_a_length_that_nothing_tells_is_asked_for(name, tmp_path):
    torch.save(built(name).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(CheckpointError, match=r"do not tell the samples.*`n_times=1000`"):
        load_checkpoint(tmp_path / "weights.pt")
    opened(tmp_path / "weights.pt", n_times=1000)  # what the message says works


def test_relevance_of_a_rebuilt_network(tmp_path, epochs):
    network = built("EEGNet", n_chans=len(epochs.ch_names), n_outputs=2, n_times=len(epochs.times))
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    again, _ = opened(tmp_path / "weights.pt", epochs=epochs, class_names=["left", "right"], scale=1e6)
    again = sincviz.network(again, ch_names=epochs.ch_names, sfreq=epochs.info["sfreq"])
    assert again.class_names == ["left", "right"]
    assert again.units_per_volt == 1e6
    relevance = sincviz.spectral_relevance(again, epochs[:4])
    assert bool(relevance.notnull().all())


def test_channels_are_given_with_the_file(tmp_path):
    torch.save(built("EEGNet", n_chans=3).state_dict(), tmp_path / "weights.pt")
    network, _ = opened(tmp_path / "weights.pt", chs_info=["C3", "Cz", "C4"], montage="standard_1005")
    assert sincviz.network(network).ch_names == ["C3", "Cz", "C4"]
    assert np.isfinite(network.chs_info[0]["loc"][:3]).all()
    with pytest.raises(CheckpointError, match="`n_chans` is 3 in the weights, but 2"):
        load_checkpoint(tmp_path / "weights.pt", chs_info=["C3", "Cz"])
    with (
        pytest.raises(ValueError, match="their names are not known"),
        pytest.warns(RuntimeWarning, match="is assumed"),
    ):
        load_checkpoint(tmp_path / "weights.pt", montage="standard_1005")


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"pool1_kernel_sise": 2}, TypeError, "Did you mean 'pool1_kernel_size'"),
        ({"n_times": 300}, CheckpointError, "its head fits trials of 987 to 1018 samples; got 300"),
        ({"n_times": "long"}, TypeError, "`n_times` must be an integer"),
        ({"n_outputs": 3}, CheckpointError, "`n_outputs` is 4 in the weights, but 3 was given"),
        ({"activation": "os.system"}, CheckpointError, "`activation` must name a module class of `torch.nn`"),
        ({"pool1_kernel_size": 0}, CheckpointError, "cannot be opened"),
        ({"pool1_kernel_size": 10**7}, CheckpointError, "cannot be opened"),
        ({"model_args": {"F1": 8}}, TypeError, "`model_args` are for `model`"),
    ],
)
def test_parameters_that_are_refused(parameters, error, words, tmp_path):
    torch.save(built("EEGNet").state_dict(), tmp_path / "weights.pt")
    with pytest.raises(error, match=words):
        load_checkpoint(tmp_path / "weights.pt", **parameters)


@pytest.mark.parametrize("name", SIZES)
def test_a_network_that_is_damaged_says_what_is_wrong(name, tmp_path):
    path, state = tmp_path / "weights.pt", built(name).state_dict()
    torch.save(state, path)
    (tmp_path / "half.pt").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=r"half\.pt"):
        load_checkpoint(tmp_path / "half.pt", n_times=1000)
    for key in state:
        torch.save({one: value for one, value in state.items() if one != key}, path)
        with pytest.raises(
            CheckpointError, match=f"{key}|no weights of a SincShallowNet|fir_list|shape|sampling"
        ):
            load_checkpoint(path, n_times=1000)
    for key in list(state)[::7]:
        torch.save(state | {key: torch.ones(3, 2)}, path)
        with pytest.raises(CheckpointError, match=r"\(3, 2\)|contradict|sampling rate"):
            load_checkpoint(path, n_times=1000)


def test_weights_that_are_not_finite_are_said(tmp_path):
    state = built("EEGNet").state_dict()
    state["conv_temporal.weight"][0, 0, 0, 0] = torch.nan
    torch.save(state, tmp_path / "weights.pt")
    with pytest.warns(RuntimeWarning) as said:
        load_checkpoint(tmp_path / "weights.pt")
    assert any(
        "not finite" in str(one.message) and "conv_temporal.weight" in str(one.message) for one in said
    )


def test_two_networks_in_one_file_are_refused_once(tmp_path):
    state = built("EEGNet").state_dict()
    torch.save({"best": state, "last": {key: value + 1 for key, value in state.items()}}, tmp_path / "two.pt")
    with pytest.raises(CheckpointError, match=r"several networks, under best, last\. Save one"):
        load_checkpoint(tmp_path / "two.pt")
    shallow = {f"other.{key}": value for key, value in built("ShallowFBCSPNet").state_dict().items()}
    torch.save({f"one.{key}": value for key, value in state.items()} | shallow, tmp_path / "two.pt")
    with pytest.raises(CheckpointError, match="several architectures: EEGNet and ShallowFBCSPNet"):
        load_checkpoint(tmp_path / "two.pt")


def test_double_precision_stays(tmp_path):
    network = built("EEGNet").double()
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    assert opened(tmp_path / "weights.pt")[0].conv_temporal.weight.dtype == torch.float64


def test_a_class_of_braindecode_may_be_named_too(tmp_path, recwarn):
    network = built("EEGNet", pool1_kernel_size=2)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    sizes = {"n_chans": 22, "n_outputs": 4, "n_times": 1000, "pool1_kernel_size": 2}
    again = load_checkpoint(tmp_path / "weights.pt", model=models.EEGNet, model_args=sizes)
    assert not [one for one in recwarn if "assumed" in str(one.message)]
    assert_same_scores(network, again)


def test_check_names_the_architecture(tmp_path):
    torch.save(built("EEGNet").state_dict(), tmp_path / "weights.pt")
    check = checked(tmp_path / "weights.pt")
    assert (check.exit_code, check.facts["architecture"], check.facts["n_chans"]) == (0, "EEGNet", 22)
    assert "EEGNet (bare state dict): 22 channels, 4 outputs" in check.lines[1]


@pytest.mark.parametrize(
    "other", ["TIDNet", "EEGInceptionMI", "SCCNet", "IFNet", "FBMSNet", "EEGTCNet", "TSception"]
)
def test_other_networks_are_not_taken_for_these(other, tmp_path):
    torch.save(built(other).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(CheckpointError, match=r"not a network that is recognised|`model=`"):
        load_checkpoint(tmp_path / "weights.pt", n_times=1000)


def test_building_leaves_random_numbers_as_they_were(tmp_path):
    torch.save(built("EEGNet").state_dict(), tmp_path / "weights.pt")
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    opened(tmp_path / "weights.pt")
    assert torch.equal(torch.rand(1), expected)
