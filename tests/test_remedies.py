"""What an error or a warning tells to do is done here, and then the call works."""

import itertools
import re
import warnings
from dataclasses import dataclass, field

import mne
import numpy as np
import pandas as pd
import pytest
import skorch
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn
from torch.utils.data import IterableDataset

import sincviz

NAMES = ["C3", "Cz", "C4", "CP3"]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 4, 128)).astype(np.float32) * 10
Y = np.resize([0, 1], 12)


def line_of_code(snippet):
    """Tell code from the names of arguments and options."""
    return any(sign in snippet for sign in "([=") and not snippet.startswith(("-", "@", "."))


def remedies(message):
    return [snippet for snippet in re.findall(r"`([^`]+)`", message) if line_of_code(snippet)]


def epochs_of(names=NAMES, event_id=None, n_times=128, sfreq=128.0, uv=10.0, types="eeg"):
    codes = np.resize(list((event_id or {"left": 1, "right": 2}).values()), 12)
    events = np.c_[np.arange(12) * 1000, np.zeros(12, int), codes]
    data = np.random.default_rng(1).standard_normal((12, len(names), n_times)) * uv * 1e-6
    info = mne.create_info(list(names), sfreq, types)
    return mne.EpochsArray(data, info, events, event_id=event_id or {"left": 1, "right": 2})


def raw_of(annotated, sfreq=128.0):
    data = np.random.default_rng(2).standard_normal((4, 20 * int(sfreq))) * 1e-5
    raw = mne.io.RawArray(data, mne.create_info(NAMES, sfreq, "eeg"))
    return raw.set_annotations(mne.Annotations([1, 4, 7, 10], 1, ["left", "right"] * 2)) if annotated else raw


def with_gaps(trials):
    """Return the data with one value that is not a number."""
    if isinstance(trials, np.ndarray):
        trials = trials.copy()
        trials[3, 1, 5] = np.nan
    else:
        trials._data[3, 1, 5] = np.nan
    return trials


class Held(nn.Module):
    """A module that changes trials before the network that it holds."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(2 * x)


class Endless(IterableDataset):
    def __iter__(self):
        return itertools.cycle(zip(X, Y, strict=True))


def networks(seed=0):
    """A network that knows everything, one that knows no names, and one of somebody else."""
    torch.manual_seed(seed)
    sizes = {"n_outputs": 2, "n_times": 128, "sfreq": 128, "num_time_filters": 4, "time_filter_len": 17}
    sizes |= {"pool_size": 32, "pool_stride": 16, "first_freq": 7.0}
    knows = sincviz.SincShallowNet(chs_info=mne.create_info(NAMES, 128.0, "eeg")["chs"], **sizes).eval()
    knows.class_names, knows.scale = ["left", "right"], 1e6
    nameless = sincviz.SincShallowNet(n_chans=4, **sizes).eval()
    other = nn.Sequential(
        nn.Conv1d(4, 3, 9), nn.ELU(), nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(12, 2)
    )
    return knows, nameless, other


def knowing(**more):
    return lambda: {"model": networks()[0]} | {name: make() for name, make in more.items()}


def nameless(**more):
    return lambda: {"model": networks()[1]} | {name: make() for name, make in more.items()}


RELEVANCE = "sincviz.spectral_relevance(model, {}, trials='contrast')"
EPOCHS, ARRAY = RELEVANCE.format("epochs"), RELEVANCE.format("x, y")


@dataclass
class Case:
    """What goes wrong, what is called, and how the lines that the message proposes are to be taken.

    Attributes
    ----------
    make : callable
        Returns the variables that a user would have.
    call : str
        What fails first and works then.
    error : type
        What is raised, or a kind of warning.
    lines : {"each", "all"}
        Each line is a remedy by itself, or all of them one after the other.
    becomes : str
        Variables that take the values of lines that are expressions, in their order.
    then : str
        What is called then, if the remedy asks for another call.
    """

    make: object
    call: str = EPOCHS
    error: type = sincviz.EpochsError
    lines: str = "each"
    becomes: tuple = ()
    then: str = ""
    more: dict = field(default_factory=dict)


CASES = {
    "more channels than the network": Case(nameless(epochs=lambda: epochs_of([*NAMES, "Pz", "Fz"]))),
    "eyes among them": Case(nameless(epochs=lambda: epochs_of(["EOG1", *NAMES, "HEOG"]))),
    "no eeg": Case(
        knowing(epochs=lambda: epochs_of(types=["eeg", "eeg", "eog", "eeg"])),
    ),
    "events that are numbers": Case(
        knowing(epochs=lambda: epochs_of(event_id={"769": 769, "770": 770})), error=ValueError
    ),
    "events of other classes": Case(
        knowing(epochs=lambda: epochs_of(event_id={"left": 1, "rest": 2, "right": 3})), error=ValueError
    ),
    "names that the network never heard": Case(
        nameless(x=lambda: X, y=lambda: np.array(["left", "right"])[Y]), ARRAY, ValueError
    ),
    "other names than the network's": Case(
        knowing(x=lambda: X, y=lambda: np.array(["L", "R"])[Y]), ARRAY, ValueError
    ),
    "codes of events": Case(knowing(x=lambda: X, y=lambda: Y + 769), ARRAY, ValueError),
    "codes from one": Case(nameless(x=lambda: X, y=lambda: Y + 1), ARRAY, ValueError),
    "labels that are missing": Case(
        knowing(x=lambda: X, y=lambda: np.r_[np.nan, Y[1:]]),
        ARRAY,
        ValueError,
        "all",
        ("x", "y"),
        more={"epochs": lambda: X},
    ),
    "another rate": Case(knowing(epochs=lambda: epochs_of(n_times=160, sfreq=160.0))),
    "a sample more": Case(knowing(epochs=lambda: epochs_of(n_times=129))),
    "a recording with marks": Case(
        knowing(raw=lambda: raw_of(annotated=True)), RELEVANCE.format("raw"), TypeError, "all", then=EPOCHS
    ),
    "a recording of another rate": Case(
        knowing(raw=lambda: raw_of(annotated=True, sfreq=256.0)),
        RELEVANCE.format("raw"),
        TypeError,
        "all",
        then=EPOCHS,
    ),
    "a recording without marks": Case(
        knowing(raw=lambda: raw_of(annotated=False)),
        "sincviz.spatial_patterns(model, raw)",
        TypeError,
        then="sincviz.spatial_patterns(model, epochs)",
    ),
    "an average": Case(
        knowing(evoked=lambda: epochs_of().average()),
        "sincviz.spectral_relevance(model, evoked)",
        TypeError,
        then="sincviz.spectral_relevance(model, epochs)",
    ),
    "a table of MNE": Case(
        knowing(table=lambda: epochs_of().to_data_frame()),
        "sincviz.spectral_relevance(model, table)",
        TypeError,
        "all",
        then=ARRAY,
    ),
    "a table": Case(
        knowing(
            table=lambda: pd.DataFrame(X.transpose(0, 2, 1).reshape(-1, 4)), n_trials=lambda: 12, y=lambda: Y
        ),
        "sincviz.spectral_relevance(model, table)",
        TypeError,
        then=ARRAY,
    ),
    "a dictionary": Case(
        knowing(data=lambda: {"X": X, "y": Y}), RELEVANCE.format("data"), TypeError, becomes=("data",)
    ),
    "no end": Case(knowing(data=Endless), RELEVANCE.format("data"), TypeError, "all", ("data",)),
    "a dimension of one": Case(knowing(x=lambda: X[:, None], y=lambda: Y), ARRAY, becomes=("x",)),
    "a dimension of one behind": Case(knowing(x=lambda: X[..., None], y=lambda: Y), ARRAY, becomes=("x",)),
    "a single trial": Case(knowing(x=lambda: X[0]), "sincviz.spectral_relevance(model, x)", becomes=("x",)),
    "a pipeline that changes trials": Case(
        lambda: {
            "model": make_pipeline(
                FunctionTransformer(np.negative), skorch.NeuralNetClassifier(networks()[0]).initialize()
            ),
            "epochs": X,
        },
        "sincviz.spectral_relevance(model, epochs)",
        lines="all",
        becomes=("network", "trials"),
        then="sincviz.spectral_relevance(network, trials)",
    ),
    "a module that changes trials": Case(
        lambda: {"model": Held(networks()[0]), "epochs": epochs_of()},
        "sincviz.learned_bands(model)",
        TypeError,
        becomes=("model",),
        then="model",
    ),
    "a network without filters": Case(
        lambda: {"model": nn.Sequential(nn.Flatten(), nn.Linear(512, 2)), "epochs": epochs_of()},
        "sincviz.spatial_patterns(model, epochs)",
        TypeError,
        then="model",
    ),
    "values that are not finite": Case(knowing(epochs=lambda: with_gaps(epochs_of()))),
    "an array that is not finite": Case(
        knowing(x=lambda: with_gaps(X), y=lambda: Y), "sincviz.spectral_relevance(model, x)"
    ),
    "epochs in microvolts": Case(knowing(epochs=lambda: epochs_of(uv=10e6)), error=RuntimeWarning),
    "an array in volts": Case(
        knowing(x=lambda: X * 1e-6, y=lambda: Y), "sincviz.evidence.predictions(model, x, y)", RuntimeWarning
    ),
    "another rate than the network's": Case(
        knowing(epochs=lambda: epochs_of(n_times=256, sfreq=256.0)),
        "sincviz.spectral_relevance(sincviz.network(model, sfreq=epochs.info['sfreq']), epochs)",
        ValueError,
        then=EPOCHS,
    ),
}


def variables(case):
    base = {"sincviz": sincviz, "mne": mne, "np": np, "pd": pd, "torch": torch, "itertools": itertools}
    return base | case.make() | {name: make() for name, make in case.more.items()}


def attempt(call, known):
    """Run a call with its warnings as errors, but for those that a remedy must not silence."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for harmless in (
            ".*lacks some metadata",
            "Channels that the network does not have",
            ".*its single output",
            "The shares of",
        ):
            warnings.filterwarnings("ignore", harmless)
        return eval(call, known)


def take(snippet, known, becomes):
    """Run a line; the value of an expression goes where a reader would put it."""
    try:
        code = compile(snippet, "remedy", "eval")
    except SyntaxError:
        exec(snippet, known)
        return
    value = eval(code, known)
    if becomes:
        known[becomes.pop(0)] = value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore")
def test_what_a_message_tells_to_do_works(case):
    with pytest.raises(case.error) as raised:
        attempt(case.call, variables(case))
    proposed = remedies(str(raised.value))
    assert proposed, str(raised.value)
    for lines in [proposed] if case.lines == "all" else [[snippet] for snippet in proposed]:
        known, becomes = variables(case), list(case.becomes)
        for snippet in lines:
            take(snippet, known, becomes)
        attempt(case.then or case.call, known)


@pytest.mark.filterwarnings("ignore")
def test_a_classifier_that_was_not_fitted_can_be_made_ready():
    model = skorch.NeuralNetClassifier(networks()[0], train_split=None, verbose=0)
    for line in ("initialize()", "fit(X, y)"):
        with pytest.raises(TypeError, match=re.escape(line)):
            sincviz.learned_bands(model)
        ready = eval(f"model.{line}", {"model": model.set_params(max_epochs=1), "X": X, "y": Y})
        assert len(sincviz.learned_bands(ready)) == 4
        model = skorch.NeuralNetClassifier(networks()[0], train_split=None, verbose=0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("saved", ["path", "weights"])
def test_a_file_or_its_weights_in_place_of_a_network(tmp_path, monkeypatch, saved):
    monkeypatch.chdir(tmp_path)
    weights = networks()[0].state_dict()
    torch.save(weights, "network.pt")
    model = "network.pt" if saved == "path" else weights
    with pytest.raises(TypeError) as raised:
        sincviz.learned_bands(model)
    known = {"sincviz": sincviz, "torch": torch, "weights": weights}
    for snippet in remedies(str(raised.value)):
        take(snippet, known, ["model"])
    if saved == "weights":
        known["model"] = sincviz.load_checkpoint("weights.pt")
    assert len(sincviz.learned_bands(known["model"])) == 4


@pytest.mark.filterwarnings("ignore")
def test_remedies_of_findings_make_them_go():
    model, _, _ = networks()
    epochs = epochs_of()
    found = sincviz.diagnose(model, epochs).set_index("check")
    line = next(text for text in remedies(found.loc["batch_norm", "remedy"]) if "recalibrate" in text)
    again = eval(line, {"sincviz": sincviz, "model": model, "epochs": epochs})
    assert "batch_norm" not in set(sincviz.diagnose(again, epochs)["check"])
