"""Networks to and from folders, and through a stand-in for the Hugging Face Hub."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from torch import nn

from sincviz.errors import CheckpointError, MissingDependencyError
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.weights import network_file
from sincviz.weights.network_file import read_network, write_network

needs_hub = pytest.mark.skipif(
    find_spec("huggingface_hub") is None, reason="huggingface_hub is not installed"
)

PUSH = """
import json, sys
from sincviz.weights.network_file import read_network
from sincviz.networks.sinc_shallow import SincShallowNet

model = read_network(SincShallowNet, sys.argv[1])
first = model.push_to_hub("someone/bands", commit_message="Initial model upload", private=True)
second = model.push_to_hub("bands", create_pr=True)
print(json.dumps({"first": first.commit_url, "oid": first.oid, "pr": second.pr_url}))
"""

OPEN = """
import json, sys
import torch
from sincviz import load_checkpoint
from sincviz.networks.sinc_shallow import SincShallowNet

def error_of(name, **parameters):
    try:
        SincShallowNet.from_pretrained(name, **parameters)
    except Exception as error:
        return [type(error).__name__, str(error)]

x = torch.load(sys.argv[1], weights_only=True)
model = SincShallowNet.from_pretrained("someone/bands")
other = SincShallowNet.from_pretrained("someone/bands", n_outputs=5, cache_dir=sys.argv[2])
again = SincShallowNet.from_pretrained("someone/bands", local_files_only=True)
theirs = SincShallowNet.from_pretrained("someone/theirs")
torch.save({
    "theirs": theirs(x), "format": theirs.provenance["format"],
    "loaded": load_checkpoint("someone/theirs")(x), "ours loaded": load_checkpoint("someone/bands")(x),
    "logits": model(x), "features": other(x, return_features=True)["features"], "other": other(x),
    "class_names": model.class_names, "scale": model.scale, "provenance": model.provenance,
    "other_names": other.class_names, "other_scale": other.scale, "again": again(x),
    "training": [module.training for net in (model, other) for module in net.modules()],
}, sys.argv[3])
print(json.dumps({
    "unknown": error_of("someone/nothing"),
    "bare": error_of("bands"),
    "empty": error_of("someone/empty"),
    "foreign": error_of("someone/foreign"),
    "gated": error_of("someone/gated"),
    "revision": error_of("someone/bands", revision="v9"),
    "not cached": error_of("someone/uncached", local_files_only=True),
    "invalid": error_of("no folder/and/no id"),
    "absolute": error_of("/no/such/folder"),
}))
"""

BARE = """
import sys
sys.modules["huggingface_hub"] = None
import torch
from sincviz.networks.sinc_shallow import SincShallowNet
print(tuple(SincShallowNet(n_chans=2, n_outputs=3, n_times=128, sfreq=128)(torch.zeros(4, 2, 128)).shape))
"""


def make_model() -> SincShallowNet:
    """Return a small network none of whose parts is as a fresh one's, one channel's position unknown."""
    torch.manual_seed(0)
    unknown, known = np.full(12, np.nan), np.arange(12) / 100
    chs_info = [
        {"ch_name": name, "kind": np.int64(2), "coord_frame": 4, "loc": loc}
        for name, loc in (("C3", known), ("Cz", unknown), ("C4", -known))
    ]
    model = SincShallowNet(
        num_time_filters=4,
        time_filter_len=17,
        activation=nn.GELU,
        drop_prob=0.25,
        n_outputs=2,
        n_times=128,
        sfreq=128,
        chs_info=chs_info,
    )
    model.train()(3 * torch.randn(16, 3, 128))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    model.class_names = ["left hand", "Füße | feet"]
    model.scale = 1e6
    model.provenance = {"highpass": 4.0, "reference": "average", "initial_cutoffs_hz": [[6.0, 10.5]] * 4}
    return model.eval()


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run_client(code: str, *arguments: object, endpoint: str, home: Path) -> str:
    """Run code in a fresh process whose Hub is the stand-in; return what it printed."""
    settings = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_TOKEN": "dummy",
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }
    # Only the Hugging Face settings of this test may count, not those of whoever runs it.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=inherited | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_as_braindecode(model: SincShallowNet, folder: Path, **changes: object) -> None:
    """Write a folder as braindecode does: NaN in its JSON, which braindecode cannot read back."""
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    config = model.get_config() | {"braindecode_version": "1.8.1"} | changes
    for channel in config["chs_info"] or []:
        channel["loc"] = [np.nan if value is None else value for value in channel["loc"]]
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    from hub_stand_in import serve

    with serve() as stand_in:
        yield stand_in


@needs_hub
def test_a_folder_gives_the_same_network_back(tmp_path):
    model, x = make_model(), torch.randn(5, 3, 128)
    folder = tmp_path / "made" / "on the way"
    model.save_pretrained(folder)
    opened = SincShallowNet.from_pretrained(folder)
    assert sorted(files_of(folder)) == ["README.md", "config.json", "model.safetensors"]
    assert opened.state_dict().keys() == model.state_dict().keys()
    for key, value in model.state_dict().items():
        assert torch.equal(opened.state_dict()[key], value), key
    assert torch.equal(opened(x), model(x))
    assert not any(module.training for module in opened.modules())
    assert opened.class_names == model.class_names
    assert opened.scale == model.scale
    assert opened.provenance == model.provenance
    assert opened.activation is nn.GELU
    assert opened.get_config() == model.get_config()
    for channel, original in zip(opened.chs_info, model.chs_info, strict=True):
        np.testing.assert_array_equal(channel["loc"], original["loc"])
    assert np.isnan(opened.chs_info[1]["loc"]).all()


@needs_hub
def test_the_config_is_strict_json_that_builds_the_network(tmp_path):
    model = make_model()
    model.save_pretrained(tmp_path)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert config == model.get_config()
    assert SincShallowNet.from_config(config).get_config() == config


@needs_hub
def test_the_folder_may_be_a_string_and_files_are_as_readable_as_others(tmp_path):
    model = make_model()
    model.save_pretrained(str(tmp_path))
    assert torch.equal(SincShallowNet.from_pretrained(str(tmp_path)).kernels(), model.kernels())
    (tmp_path / "plain").touch()
    modes = {(tmp_path / name).stat().st_mode for name in ("plain", "README.md", "config.json")}
    assert len(modes) == 1


@needs_hub
def test_a_checkpoint_and_the_folder_hold_the_same_file(tmp_path):
    model = make_model()
    write_network(model, tmp_path / "checkpoint.safetensors")
    model.save_pretrained(tmp_path / "folder")
    headers = []
    for path in (tmp_path / "checkpoint.safetensors", tmp_path / "folder" / "model.safetensors"):
        with safetensors.safe_open(path, framework="pt") as file:
            headers.append(file.metadata())
    assert headers[0] == headers[1]
    assert read_network(SincShallowNet, tmp_path / "folder" / "model.safetensors").scale == model.scale


@needs_hub
def test_the_name_that_huggingfaces_own_mixin_calls_writes_the_network_without_a_card(tmp_path):
    model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128).eval()
    model._save_pretrained(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
    x = torch.randn(2, *model.input_shape[1:])
    torch.testing.assert_close(SincShallowNet.from_pretrained(tmp_path)(x), model(x))


@needs_hub
def test_another_number_of_outputs_rebuilds_the_head_and_keeps_the_rest(tmp_path):
    model, x = make_model(), torch.randn(5, 3, 128)
    model.save_pretrained(tmp_path)
    other = SincShallowNet.from_pretrained(tmp_path, n_outputs=4)
    assert other(x).shape == (5, 4)
    assert other.n_outputs == other.get_config()["n_outputs"] == 4
    for key, value in model.state_dict().items():
        if not key.startswith("final_layer"):
            assert torch.equal(other.state_dict()[key], value), key
    assert other.class_names is None
    assert other.scale == model.scale
    assert other.provenance == model.provenance
    assert not any(module.training for module in other.modules())


@needs_hub
def test_the_same_number_of_outputs_keeps_the_head(tmp_path):
    model = make_model()
    model.save_pretrained(tmp_path)
    same = SincShallowNet.from_pretrained(tmp_path, n_outputs=2)
    assert torch.equal(same.final_layer.weight, model.final_layer.weight)
    assert same.class_names == model.class_names


@needs_hub
def test_no_number_of_outputs_below_one(tmp_path):
    make_model().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="n_outputs"):
        SincShallowNet.from_pretrained(tmp_path, n_outputs=0)


@needs_hub
def test_the_model_card_tells_how_to_load_and_what_the_network_takes(tmp_path):
    from huggingface_hub import ModelCard

    model = make_model()
    model.save_pretrained(tmp_path)
    card = ModelCard.load(tmp_path / "README.md")
    assert card.data.library_name == "sincviz"
    assert "eeg" in card.data.tags
    assert "from sincviz import SincShallowNet\nmodel = SincShallowNet.from_pretrained(" in card.text
    for fact in (
        "3 (C3, Cz, C4)",
        "128 samples at 128 Hz",
        "by 1e+06",
        "2 (left hand, Füße | feet)",
        "4 filters",
    ):
        assert fact in card.text
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", card.text, flags=re.MULTILINE)
    np.testing.assert_allclose(np.array(rows, float)[:, 1:], model.cutoffs().detach(), atol=0.006)


@needs_hub
def test_a_network_that_knows_little_has_a_card_too(tmp_path):
    SincShallowNet(n_chans=2, n_outputs=3, n_times=128, sfreq=128).save_pretrained(tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "- **Channels**: 2\n" in text
    assert "None" not in text


@needs_hub
def test_an_existing_model_card_is_left_alone(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    make_model().save_pretrained(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


@needs_hub
def test_saving_again_replaces_the_network(tmp_path):
    make_model().save_pretrained(tmp_path)
    other = SincShallowNet(n_chans=2, n_outputs=3, n_times=128, sfreq=128)
    other.save_pretrained(tmp_path)
    assert SincShallowNet.from_pretrained(tmp_path).get_config() == other.get_config()
    assert json.loads((tmp_path / "config.json").read_text()) == other.get_config()


@needs_hub
def test_a_write_that_fails_leaves_the_folder_as_it_was(tmp_path, monkeypatch):
    make_model().save_pretrained(tmp_path)
    before = files_of(tmp_path)

    def fill_the_disk(weights, path, metadata):
        Path(path).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(network_file.safetensors.torch, "save_file", fill_the_disk)
    other = SincShallowNet(n_chans=2, n_outputs=3, n_times=128, sfreq=128)
    with pytest.raises(OSError, match="No space left"):
        other.save_pretrained(tmp_path)
    assert files_of(tmp_path) == before
    with pytest.raises(OSError, match="No space left"):
        other.save_pretrained(tmp_path / "new")
    assert files_of(tmp_path / "new") == {}


@needs_hub
def test_what_json_cannot_keep_is_refused_before_anything_is_written(tmp_path):
    class Own(nn.ELU):
        pass

    model = SincShallowNet(n_chans=2, n_outputs=3, n_times=128, sfreq=128, activation=Own)
    with pytest.raises(ValueError, match=r"torch\.nn"):
        model.save_pretrained(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@needs_hub
def test_a_folder_without_weights_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"no model\.safetensors.*save_pretrained") as caught:
        SincShallowNet.from_pretrained(tmp_path)
    assert str(tmp_path) in str(caught.value)


@needs_hub
def test_a_path_that_is_no_folder_is_named(tmp_path):
    path = tmp_path / "missing"
    with pytest.raises(CheckpointError, match=f"no folder '{re.escape(str(path))}'"):
        SincShallowNet.from_pretrained(path)
    path.touch()
    with pytest.raises(CheckpointError, match=r"is a file.*load_checkpoint"):
        SincShallowNet.from_pretrained(str(path))


@needs_hub
@pytest.mark.parametrize("name", ["a/b/c", "no id", "/no/such/folder", "user/-model-"])
def test_what_is_neither_a_folder_nor_an_id_is_said(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=f"'{name}' is neither an existing folder nor a valid"):
        SincShallowNet.from_pretrained(name)


@needs_hub
def test_weights_of_another_program_without_their_configuration_are_refused(tmp_path):
    weights = make_model().state_dict()
    safetensors.torch.save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="not written by sincviz"):
        SincShallowNet.from_pretrained(tmp_path)


@needs_hub
def test_a_folder_of_braindecode_opens(tmp_path):
    model, x = make_model(), torch.randn(5, 3, 128)
    write_as_braindecode(model, tmp_path)
    assert "NaN" in (tmp_path / "config.json").read_text()
    opened = SincShallowNet.from_pretrained(tmp_path)
    assert torch.equal(opened(x), model(x))
    assert opened.get_config() == model.get_config()
    assert np.isnan(opened.chs_info[1]["loc"]).all()
    assert opened.provenance == {"format": "Hugging Face folder of braindecode", "assumed": {"scale": 1e6}}
    assert (opened.scale, opened.class_names) == (1e6, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1, "colour": 2}, "unknown parameters: colour, surprise"),
        ({"n_outputs": 3}, "`n_outputs` is 2 in the weights, but 3 was given"),
        ({"sfreq": 250}, "`sfreq` is 128.0 in the weights, but 250"),
        ({"n_times": 500}, "its head has 7 pooling windows, but 500 samples"),
        ({"activation": "os.system"}, r"module class of `torch\.nn`"),
        ({"chs_info": [{"ch_name": "C3", "loc": [0.0] * 12}]}, "contradicts `chs_info`"),
    ],
    ids=str,
)
def test_a_configuration_of_others_must_fit_the_weights(tmp_path, changes, message):
    write_as_braindecode(make_model(), tmp_path, **changes)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_network(SincShallowNet, tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_what_a_configuration_lacks_is_deduced_or_assumed(tmp_path):
    model, x = make_model(), torch.randn(5, 3, 128)
    lacking = dict.fromkeys(("n_outputs", "sfreq", "time_filter_len", "min_freq", "pool_size", "n_chans"))
    write_as_braindecode(model, tmp_path, **lacking)
    opened = read_network(SincShallowNet, tmp_path)
    assert torch.equal(opened(x), model(x))
    assert set(opened.provenance["assumed"]) == {"min_freq", "pool_size", "scale"}


@pytest.mark.parametrize(
    "text", ["[]", "null", "{", "[" * 10**6, '{"n_chans": 3, "n_chans": 3}'], ids=lambda text: text[:9]
)
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    write_as_braindecode(make_model(), tmp_path)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match="does not contain a usable network") as caught:
        read_network(SincShallowNet, tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda model, folder: model.save_pretrained(folder),
        lambda model, folder: SincShallowNet.from_pretrained(folder),
        lambda model, folder: model.push_to_hub("user/model"),
    ],
    ids=["save_pretrained", "from_pretrained", "push_to_hub"],
)
def test_without_the_library_the_message_says_what_to_install(use, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    model = make_model()
    with pytest.raises(MissingDependencyError, match=re.escape("pip install 'sincviz[hub]'")):
        use(model, tmp_path)
    assert files_of(tmp_path) == {}
    assert model(torch.zeros(2, 3, 128)).shape == (2, 2)


def test_without_the_library_the_network_works(tmp_path):
    assert run_client(BARE, endpoint="http://127.0.0.1:9", home=tmp_path).strip() == "(4, 3)"


@needs_hub
def test_through_the_hub(tmp_path, hub):
    model, x = make_model(), torch.randn(5, 3, 128)
    write_network(model, tmp_path / "trained.safetensors")
    torch.save(x, tmp_path / "x.pt")
    safetensors.torch.save_file(model.state_dict(), tmp_path / "foreign.safetensors")

    printed = run_client(PUSH, tmp_path / "trained.safetensors", endpoint=hub.url, home=tmp_path / "pusher")
    pushed = json.loads(printed)
    first, second = hub.commits
    assert pushed["first"] == f"{hub.url}/someone/bands/commit/{first.oid}"
    assert pushed["oid"] == first.oid
    assert pushed["pr"] == f"{hub.url}/someone/bands/discussions/1"
    assert first.message == "Initial model upload"
    assert sorted(first.files) == ["README.md", "config.json", "model.safetensors"]
    assert 'SincShallowNet.from_pretrained("someone/bands")' in first.files["README.md"].decode()
    assert hub.private == {"someone/bands": True}
    assert second.pull_request
    assert second.repo_id == "someone/bands"
    assert sorted(second.files) == ["config.json", "model.safetensors"], "the card on the Hub is left alone"

    hub.gated = {"someone/gated"}
    hub.repositories["someone/gated"] = {"model.safetensors": b""}
    hub.repositories["someone/empty"] = {"README.md": b"nothing yet"}
    (tmp_path / "theirs").mkdir()
    write_as_braindecode(model, tmp_path / "theirs")
    hub.repositories["someone/theirs"] = files_of(tmp_path / "theirs")
    hub.repositories["someone/foreign"] = {
        "model.safetensors": (tmp_path / "foreign.safetensors").read_bytes()
    }
    arguments = (tmp_path / "x.pt", tmp_path / "cache", tmp_path / "opened.pt")
    errors = json.loads(run_client(OPEN, *arguments, endpoint=hub.url, home=tmp_path / "opener"))
    opened = torch.load(tmp_path / "opened.pt", weights_only=True)
    torch.testing.assert_close(opened["logits"], model(x), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(opened["again"], opened["logits"], rtol=0, atol=0)
    for name in ("theirs", "loaded", "ours loaded"):
        torch.testing.assert_close(opened[name], opened["logits"], rtol=0, atol=0)
    assert opened["format"] == "Hugging Face folder of braindecode"
    assert opened["class_names"] == model.class_names
    assert opened["scale"] == opened["other_scale"] == model.scale
    assert opened["provenance"] == model.provenance
    assert opened["other"].shape == (5, 5)
    assert opened["other_names"] is None
    features = model(x, return_features=True)["features"]
    torch.testing.assert_close(opened["features"], features, rtol=1e-6, atol=1e-6)
    assert not any(opened["training"])
    assert any((tmp_path / "cache").rglob("model.safetensors"))
    assert not any((tmp_path / "cache").rglob("config.json")), "of ours only the weights' file is needed"
    assert any("sincviz/" in agent for agent in hub.agents)

    assert {kind for kind, _ in errors.values()} == {"CheckpointError"}
    for case, words in {
        "unknown": "no repository 'someone/nothing'",
        "bare": "no repository 'bands'",
        "empty": "'someone/empty' has no model.safetensors",
        "foreign": "not written by sincviz",
        "gated": "'someone/gated' is gated",
        "revision": "'someone/bands' has no revision 'v9'",
        "not cached": "the repository 'someone/uncached' is neither in the cache nor",
        "invalid": "'no folder/and/no id' is neither an existing folder nor a valid repository id",
        "absolute": "'/no/such/folder' is neither an existing folder nor a valid repository id",
    }.items():
        assert words in errors[case][1]


@needs_hub
def test_a_refused_push_makes_no_repository(tmp_path, hub):
    code = """
import os
os.environ["HF_TOKEN"] = "wrong"
from torch import nn
from sincviz.networks.sinc_shallow import SincShallowNet
from huggingface_hub.utils import HfHubHTTPError

sizes = {"n_chans": 2, "n_outputs": 3, "n_times": 128, "sfreq": 128}
for model, token in (
    (SincShallowNet(**sizes), "wrong"),
    (SincShallowNet(**sizes, activation=type("Own", (nn.ELU,), {})), "dummy"),
):
    try:
        model.push_to_hub("someone/bands", token=token)
    except (HfHubHTTPError, ValueError) as error:
        print(isinstance(error, HfHubHTTPError), isinstance(error, ValueError))
"""
    assert run_client(code, endpoint=hub.url, home=tmp_path).split() == ["True", "False", "False", "True"]
    assert hub.repositories == {}
