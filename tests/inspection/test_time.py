"""When: the section of an inspection names the latency, the place and the kind of what separates the classes."""

import mne
import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from sincviz import inspect, spectral_relevance, temporal_relevance, time_frequency_relevance
from sincviz import network as dressed
from sincviz.datasets import simulate_erp, simulate_motor_imagery
from sincviz.eeg.montages import standard_montage
from sincviz.inspection import explaining
from sincviz.inspection.time_words import property_rows, share_rows, time_words


class Template(nn.Module):
    """A matched filter for the difference of two classes: the best linear decoder of an evoked response."""

    def __init__(self, template):
        super().__init__()
        self.template = nn.Parameter(torch.as_tensor(template, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        score = (x * self.template).sum((1, 2)) - self.bias
        return torch.stack([-score, score], 1)


class Laterality(nn.Module):
    """The power at one electrode minus that at another."""

    def __init__(self, one, other):
        super().__init__()
        self.channels = one, other
        self.gain = nn.Parameter(torch.tensor(0.05))

    def forward(self, x):
        power = [x[:, number].square().mean(1) for number in self.channels]
        score = self.gain * (power[0] - power[1])
        return torch.stack([score, -score], 1)


@pytest.fixture(scope="module")
def erp():
    epochs, truth = simulate_erp(
        240, ch_names=["Fz", "Cz", "CPz", "Pz", "POz", "Oz", "C3", "C4", "P3", "P4"], seed=3
    )
    data = epochs.get_data(copy=False) * 1e6
    target = epochs.events[:, 2] == 2
    # The truth itself, not an average, so that nothing is learned from the noise of these trials.
    maps, courses = (
        truth[name].sel(source=truth["role"] == "informative") for name in ("scalp_map", "time_course")
    )
    model = Template(np.einsum("sc,st->ct", maps, courses) / 1000)
    with torch.no_grad():
        scores = model(torch.from_numpy(data).float())[:, 1].numpy()
        model.bias += float((scores[target].mean() + scores[~target].mean()) / 2)
    network = dressed(
        model, ch_names=epochs.info["chs"], class_names=["standard", "target"], scale=1e6, sfreq=160
    )
    return network, epochs, truth


@pytest.fixture(scope="module")
def inspected(erp):
    network, epochs, _ = erp
    return inspect(network, epochs, only=["relevance", "time"], held_out=True, progress=False)


def test_latency_place_and_kind_of_an_evoked_response(inspected):
    (sentence,) = time_words(inspected)
    assert sentence.startswith("For standard against target: established from 0.")
    peak = inspected.peaks.loc[inspected.peaks["relevance"].idxmax()]
    place = inspected.peaks["relevance"].idxmax()[1]
    assert place in ("midline parietal", "midline centro-parietal")
    assert peak["ci_low"] <= 0.375 <= peak["ci_high"]
    assert f"largest over {place} at {peak['latency_s']:.2f} s" in sentence
    assert peak["p"] < 0.05
    assert inspected.evoked_shares["evoked_share"].iloc[0] > 0.95
    assert "of what separates them is phase-locked, the same in every trial of a class" in sentence
    assert "What separates the classes is the evoked response (" in sentence
    assert "power" not in sentence


def test_fields_are_what_the_functions_return(inspected, erp):
    network, epochs, _ = erp
    course = temporal_relevance(network, epochs, trials="contrast")
    np.testing.assert_allclose(inspected.temporal_relevance, course, rtol=1e-4, atol=1e-6)
    image = time_frequency_relevance(network, epochs, trials="contrast")
    np.testing.assert_allclose(inspected.time_frequency_relevance, image, rtol=1e-3, atol=1e-6)
    assert inspected.time_frequency_relevance.dims == image.dims
    assert inspected.time_frequency_relevance.name == image.name
    np.testing.assert_allclose(
        inspected.spectral_relevance,
        spectral_relevance(network, epochs, trials="contrast"),
        rtol=1e-3,
        atol=1e-6,
    )
    total = float(inspected.spectral_relevance.sum())
    for name in ("temporal_relevance", "time_courses", "time_frequency_relevance", "evoked_and_induced"):
        assert float(getattr(inspected, name).sum()) == pytest.approx(total, rel=1e-4)
        assert getattr(inspected, name).attrs["readable"] == "yes"
    xr.testing.assert_allclose(
        inspected.evoked_and_induced.sum("part"), inspected.time_frequency_relevance.drop_attrs(), atol=1e-6
    )


def test_page_and_folder_show_it(inspected, tmp_path):
    inspected.save(tmp_path / "folder", progress=False)
    page = (tmp_path / "folder" / "report.html").read_text(encoding="utf-8")
    for words in (
        "When, and how?",
        "What the decision rests on, over time",
        "Evoked and induced",
        "tight frame",
    ):
        assert words in page
    names = {path.stem for path in (tmp_path / "folder").rglob("*") if path.is_file()}
    assert {
        "time_courses",
        "time_maps",
        "time_frequency",
        "evoked_shares",
        "separating_properties",
        "peaks",
    } <= names
    assert len(share_rows(inspected).rows) == 7
    assert len(property_rows(inspected).rows) == 4


def test_power_is_named_where_a_rhythm_loses_power():
    epochs, _ = simulate_motor_imagery(
        160, n_chans=8, duration=3.0, tmin=-0.5, onset_s=0.75, offset_s=2.0, seed=2
    )
    names = epochs.ch_names
    model = dressed(
        Laterality(names.index("C3"), names.index("C4")),
        ch_names=epochs.info["chs"],
        class_names=["left", "right"],
        scale=1e6,
        sfreq=160,
    )
    inspected = inspect(model, epochs, only=["relevance", "time"], held_out=True, progress=False)
    table = inspected.separating_properties.loc["left against right"]
    assert table["separation"].idxmax() == "power of channels"
    shares = inspected.evoked_shares.iloc[0]
    assert abs(shares["evoked"]) < 0.2 * shares["induced"]
    inside = inspected.temporal_relevance.sel(time=slice(0.75, 2.0)).sum()
    assert float(inside) > 0.75 * float(inspected.temporal_relevance.sum())
    if time_words(inspected):
        assert "evoked response" not in time_words(inspected)[0]


class Together(nn.Module):
    """The mean product of two channels, and the power of the first."""

    def __init__(self, of_power):
        super().__init__()
        self.gain, self.of_power = nn.Parameter(torch.ones(())), of_power

    def forward(self, x):
        product, power = (x[:, 0] * x[:, 1]).mean(1), x[:, 0].square().mean(1)
        score = self.gain * (product + self.of_power * (power - 1))
        return torch.stack([score, -score], 1)


@pytest.mark.parametrize("of_power", [0.0, 1.0], ids=["coupling", "coupling and power"])
def test_coupling_is_named_and_what_it_may_be(of_power):
    rng, y = np.random.default_rng(0), np.resize([0, 1], 80)
    time_s = np.arange(200) / 100
    source = np.cos(2 * np.pi * 10 * time_s + rng.uniform(0, 2 * np.pi, (80, 1, 1)))
    x = np.concatenate([source, source], 1) + 0.3 * rng.standard_normal((80, 2, 200))
    x[y == 1, 1] *= -1
    x[y == 0] *= 1 + of_power
    model = dressed(
        Together(of_power), class_names=["one", "other"], ch_names=["C3", "C4"], sfreq=100, scale=1.0
    )
    inspected = inspect(model, x, y, only=["time"], held_out=True, progress=False)
    (sentence,) = time_words(inspected)
    assert "at equal power of each, for their phases are coupled, or they pick up one source (" in sentence
    assert ("the power of single channels (" in sentence) == (of_power > 0)
    assert "evoked response" not in sentence


def epochs_of(x, y, sfreq=100.0, tmin=0.0):
    info = mne.create_info(["Fz", "C3", "Cz", "C4", "Pz", "O1", "O2"][: x.shape[1]], sfreq, "eeg")
    events = np.column_stack([np.arange(len(x)) * 1000, np.zeros(len(x), int), y + 1])
    epochs = mne.EpochsArray(x * 1e-6, info, events, tmin, {"A": 1, "B": 2}, verbose="error")
    return epochs.set_montage(standard_montage())


def inspected_with(model, epochs, only=("relevance", "time")):
    network = dressed(
        model, ch_names=epochs.info["chs"], class_names=["A", "B"], scale=1e6, sfreq=epochs.info["sfreq"]
    )
    return inspect(network, epochs, only=list(only), held_out=True, progress=False)


def test_the_largest_peak_that_is_named_is_an_established_one():
    """An early difference that varies from trial to trial is larger on average, and not established."""
    rng, y = np.random.default_rng(0), np.resize([0, 1], 80)
    time_s = np.arange(100) / 100 - 0.2
    late, early = np.exp(-(((time_s - 0.35) / 0.06) ** 2)), np.exp(-(((time_s - 0.15) / 0.03) ** 2))
    x = rng.standard_normal((80, 7, 100))
    x[y == 0, 1] += 0.8 * late
    amplitude = 6 * rng.standard_normal(80)
    for code, mean in ((0, 2.5), (1, 0.0)):
        amplitude[y == code] += mean - amplitude[y == code].mean()
    x[:, 5] += amplitude[:, None] * early
    template = np.zeros((7, 100))
    template[1], template[5] = late, early
    model = Template(-template)
    with torch.no_grad():
        model.bias += -float((x * template).sum((1, 2)).mean())
    inspected = inspected_with(model, epochs_of(x, y, tmin=-0.2))
    (sentence,) = time_words(inspected)
    assert inspected.peaks["relevance"].idxmax()[1] == "left occipital"
    assert "left occipital" not in sentence
    assert "largest over left central at 0.3" in sentence


@pytest.mark.parametrize("offset_from_s", [-0.2, 0.0])
def test_what_lies_before_the_event_is_said(offset_from_s):
    rng, y = np.random.default_rng(0), np.resize([0, 1], 80)
    time_s = np.arange(103) / 100 - 0.23
    x = rng.standard_normal((80, 7, 103))
    x[y == 0] += 0.7 * (time_s >= offset_from_s)
    model = Template(-np.ones((7, 103)) / 100)
    with torch.no_grad():
        model.bias += -float((x.sum((1, 2)) / 100).mean())
    (sentence,) = time_words(inspected_with(model, epochs_of(x, y, tmin=-0.23)))
    assert ("in part before the event" in sentence) == (offset_from_s < 0)
    # No window straddles the event.
    assert ("established from -" in sentence or "established from −" in sentence) == (offset_from_s < 0)


def test_nothing_is_stated_of_the_evoked_share_without_an_interval():
    rng, y = np.random.default_rng(0), np.resize([0, 1], 14)
    x = rng.standard_normal((14, 7, 100))
    x[y == 0, 1] *= 1.6
    inspected = inspected_with(Laterality(1, 3), epochs_of(x, y))
    assert inspected.evoked_shares["ci_low"].isna().all()
    assert not any("phase-locked" in sentence for sentence in time_words(inspected))


@pytest.mark.parametrize(("sfreq", "n_times"), [(10, 30), (16, 16), (19, 19), (100, 7)])
def test_low_rates_and_short_trials_keep_their_relevance(sfreq, n_times):
    rng, y = np.random.default_rng(0), np.resize([0, 1], 60)
    x = rng.standard_normal((60, 3, n_times))
    x[y == 0, 0] *= 3
    inspected = inspected_with(Laterality(0, 2), epochs_of(x, y, sfreq))
    for name in (
        "spectral_relevance",
        "band_relevance",
        "temporal_relevance",
        "time_courses",
        "evoked_shares",
    ):
        assert getattr(inspected, name) is not None
    assert inspected.separating_properties["separation"].idxmax()[1] == "power of channels"
    if n_times < 8:
        assert "8 samples or more" in inspected.missing["time_frequency_relevance"]
    else:
        assert float(inspected.time_frequency_relevance.sum()) == pytest.approx(
            float(inspected.spectral_relevance.sum()), rel=1e-4
        )


def test_unreadable_trials_say_nothing_of_time(erp):
    network, epochs, _ = erp
    rng = np.random.default_rng(0)
    labels = rng.permutation(epochs.events[:, 2] - 1)
    inspected = inspect(network, epochs, labels, only=["time"], held_out=True, progress=False)
    assert not inspected.verdict["readable"]
    assert time_words(inspected) == []
    assert inspected.time_courses["p"].isnull().all()
    assert inspected.temporal_relevance.attrs["readable"] == "no"


def test_trials_are_explained_once(monkeypatch, erp):
    network, epochs, _ = erp
    calls = []
    original = explaining.input_relevance
    monkeypatch.setattr(explaining, "input_relevance", lambda *a, **k: calls.append(1) or original(*a, **k))
    inspect(network, epochs[:30], only=["relevance", "time"], held_out=True, progress=False)
    assert calls == [1]


def test_without_regions_and_classes(erp):
    network, epochs, _ = erp
    x = epochs.get_data(copy=True)[:12] * 1e6
    plain = dressed(
        network.module if hasattr(network, "module") else network, class_names=["a", "b"], sfreq=160
    )
    inspected = inspect(plain, x, only=["time"], progress=False)
    assert inspected.temporal_relevance.dims == ("target", "channel", "time")
    assert inspected.evoked_and_induced is None
    assert "class" in inspected.missing["evoked_and_induced"]
    assert inspected.time_frequency_relevance is not None
