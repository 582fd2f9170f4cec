"""kernel.js computes what PyTorch and xarray do; run by Node.js."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import sincviz
from sincviz import spectral_relevance
from sincviz.analysis.accuracy import wilson_interval
from sincviz.analysis.attribution.sums import sum_over_times
from sincviz.analysis.evidence.edited_prediction import edited_predictions
from sincviz.analysis.filters.transfer_function import transfer_function
from sincviz.networks import front_end


def decoded(contents):
    return contents["signals"].to_numpy() * contents["signal_scale"].to_numpy()[..., None]


def in_python(contents, state):
    names = contents.attrs["ch_names"]
    bands = [contents.attrs["bands"][number] for number in state.get("mutedBands", [])]
    return {
        "cutoffs": {number: (low, high) for number, low, high in state.get("cutoffs", [])},
        "muted_filters": state.get("mutedFilters", []),
        "muted_bands": [tuple(limits) for band in bands for limits in band["ranges_hz"]],
        "muted_channels": [names[number] for number in state.get("mutedChannels", [])],
    }


def with_scores(seen, contents, states):
    """Return edits, each with the scores that PyTorch computes of the signals that the page has."""
    trials = decoded(contents)
    edits = []
    for state in states:
        table = edited_predictions(seen, trials, **in_python(contents, state), progress=False)
        scores = table[[name for name in table if str(name).startswith("score_")]].to_numpy()
        edits.append({"state": state, "scores": scores.ravel().tolist()})
    return edits


def random_states(contents, rng, n, filters=None):
    """Return cut-offs drawn for a filter, and other edits of every kind with every second one."""
    nyquist = contents.attrs["sfreq_hz"] / 2
    n_filters, n_chans = contents.sizes["filter"], contents.sizes["channel"]
    states = []
    for number in range(n):
        chosen = [int(rng.integers(n_filters))] if filters is None else filters
        state = {"cutoffs": [[one, *np.sort(rng.uniform(0, nyquist, 2)).tolist()] for one in chosen]}
        if number % 2 and contents.attrs["bands"]:
            state |= {
                "mutedFilters": rng.choice(n_filters, number % 3, replace=False).tolist(),
                "mutedBands": rng.choice(len(contents.attrs["bands"]), number % 4, replace=False).tolist(),
                "mutedChannels": rng.choice(n_chans, number % 3, replace=False).tolist(),
            }
        states.append(state)
    return states


@pytest.fixture
def variants(network, moved, measured, epochs, codes):
    """Networks of every kind that a page computes: paddings, activations, classes, and lengths of trials."""
    x = epochs.get_data(copy=True) * 1e6
    rng = np.random.default_rng(0)
    found = {}
    for name, n_times, settings in [
        ("same", 128, {}),
        ("valid", 120, {"padding": "valid", "activation": torch.nn.ReLU}),
        ("prime", 127, {"activation": torch.nn.LeakyReLU, "depth_multiplier": 1}),
        ("odd", 99, {"activation": torch.nn.SiLU, "n_outputs": 4, "depth_multiplier": 3, "pool_size": 20}),
        ("tanh", 114, {"activation": torch.nn.Tanh, "n_outputs": 3, "time_filter_len": 33}),
    ]:
        model = moved(network(n_times=n_times, **settings)).eval()
        classes = codes if model.n_outputs == 2 else rng.integers(model.n_outputs, size=len(codes))
        trials = x[..., :n_times].astype(np.float32) / 20
        found[name] = front_end(model), measured(model, trials, classes)
    return found


def test_scores_after_edits_are_those_of_pytorch(node, tmp_path, variants):
    rng = np.random.default_rng(1)
    cases = {}
    for name, (seen, contents) in variants.items():
        assert contents.attrs["can_recompute"], contents.attrs["why_not"]
        states = [{}, *({"mutedBands": [number]} for number in range(6)), *random_states(contents, rng, 8)]
        states.append({"mutedChannels": list(range(6))})
        cases[name] = {"payload": contents, "edits": with_scores(seen, contents, states)}
    assert node(tmp_path, "edits", **cases)["largest"] < 1e-5


def test_edits_leave_no_trace(node, tmp_path, variants):
    seen, contents = variants["same"]
    states = random_states(contents, np.random.default_rng(2), 6)
    node(tmp_path, "undone", same={"payload": contents, "edits": with_scores(seen, contents, states)})


def test_free_kernels_are_muted_but_not_moved(node, tmp_path, measured, model, epochs, codes):
    free = replace(front_end(model), sinc_layer=None, cutoffs=None)
    contents = measured(free, epochs, codes)
    assert contents.attrs["can_recompute"]
    assert not contents.attrs["can_edit_cutoffs"]
    states = [{}, {"mutedFilters": [2], "mutedBands": [2], "mutedChannels": [1, 4]}]
    node(tmp_path, "edits", free={"payload": contents, "edits": with_scores(free, contents, states)})


@pytest.mark.parametrize("known", [True, False])
def test_accuracy_interval_and_confusion(node, tmp_path, measured, model, epochs, codes, known):
    contents = measured(model, epochs, codes)
    contents = contents if known else contents.drop_vars("code")
    right = contents["predicted"].to_numpy() == codes
    confusion = np.zeros((2, 2), int)
    np.add.at(confusion, (codes, contents["predicted"].to_numpy()), 1)
    case = {
        "payload": contents,
        "accuracy": float(right.mean()) if known else None,
        "interval": wilson_interval(int(right.sum()), len(right)),
        "confusion": confusion.tolist(),
    }
    node(tmp_path, "accuracy", one=case)


def test_brushed_sums_are_those_of_xarray(node, tmp_path, contents):
    relevance, spectra = contents["relevance"], contents["trial_spectrum"]
    hz = contents["frequencies_hz"].to_numpy()
    brushes, chosen = [], []
    for target in range(relevance.sizes["target"]):
        for low, high in ((8, 13), (0, 1), (30, 64.1), (hz[9], hz[12]), (12.2, 12.3), (0, 1000)):
            inside = (hz >= low) & (hz < high)
            brushes.append(
                {
                    "target": target,
                    "low_hz": low,
                    "high_hz": high,
                    "channels": relevance[target, :, inside].sum("frequency").to_numpy().tolist(),
                    "trials": spectra[:, target, inside].sum("frequency").to_numpy().tolist(),
                }
            )
        for channels in ([0], [1, 3, 5], [], list(range(6))):
            sums = relevance[target, channels].sum("channel").to_numpy().tolist()
            chosen.append({"target": target, "channels": channels, "sums": sums})
    values = np.random.default_rng(0).standard_normal(6)
    pixels = contents["topomap"].to_numpy() @ values
    of_map = {"values": values.tolist(), "pixels": [None if one != one else one for one in pixels.tolist()]}
    node(tmp_path, "sums", one={"payload": contents, "brushes": brushes, "chosen": chosen, "map": of_map})


def test_chosen_frequencies_and_times_are_summed_as_by_the_copied_python(
    node, tmp_path, measured, model, epochs, codes, over_time
):
    contents = measured(model, epochs, codes, **over_time)
    start, end = epochs.times[0], epochs.times[-1] + 1 / 128
    brushes = [
        {"range_hz": range_hz, "range_s": range_s}
        for range_hz in ([8, 13], [0, 1], [30.1, None], [12.2, 12.3], [500, None], None)
        for range_s in ([start + 0.2, start + 0.5], [start, start + 0.01], [end - 0.3, None], None)
        if range_hz or range_s
    ]
    case = {"payload": contents, "brushes": brushes}
    inspection = SimpleNamespace(
        spectral_relevance=spectral_relevance(model, epochs, codes, trials="contrast", progress=False),
        **over_time,
    )
    found = node(tmp_path, "relevance in python", one=case)
    names = {"temporal_relevance": 0, "spectral_relevance": 0, "time_frequency_relevance": 0}
    for brush, one in zip(brushes, found, strict=True):
        python = eval(one["python"], {"inspection": inspection})
        names[one["python"].split(".")[1]] += 1
        assert python.dims == ("target", "channel")
        np.testing.assert_allclose(one["sums"], python, rtol=0, atol=1e-5, err_msg=str(brush))
    assert names == {"temporal_relevance": 3, "spectral_relevance": 5, "time_frequency_relevance": 15}
    both = dict(zip(map(str, brushes), found, strict=True))
    # Between cells, the nearest one: 12 Hz of 0, 4, 8 ...
    nearest = both[str({"range_hz": [12.2, 12.3], "range_s": [start + 0.2, start + 0.5]})]
    slices = over_time["time_frequency_relevance"]["time"]
    inside = slices[(slices >= start + 0.2) & (slices < start + 0.5)]
    expected = over_time["time_frequency_relevance"].sel(frequency=12.0, time=inside).sum("time")
    np.testing.assert_allclose(nearest["sums"], expected, rtol=0, atol=1e-5)


def test_courses_are_sums_over_windows_and_channels(
    node, tmp_path, measured, model, epochs, codes, over_time
):
    contents = measured(model, epochs, codes, **over_time)
    windows = sum_over_times(over_time["temporal_relevance"], 0.05)
    for number, channels in enumerate(([0], [1, 3], list(range(6)))):
        sums = windows.isel(target=0, channel=channels).sum("channel").to_numpy().tolist()
        case = {"payload": contents, "target": 0, "channels": channels, "sums": sums}
        folder = tmp_path / str(number)
        folder.mkdir()
        node(folder, "courses", one=case)
    total = over_time["time_frequency_relevance"].sum()
    np.testing.assert_allclose(contents["temporal_relevance"].sum(), total, rtol=1e-5)


def test_classes_without_trials_sum_to_nothing(node, tmp_path, measured, network, moved, epochs, codes):
    model = moved(network(n_outputs=3)).eval()
    contents = measured(model, epochs.get_data(copy=True) * 1e6, codes)
    assert np.isnan(contents["relevance"].to_numpy()[2]).all()
    brush = {"target": 2, "low_hz": 8, "high_hz": 13, "channels": [None] * 6}
    trials = contents["trial_spectrum"].to_numpy()[:, 2]
    hz = contents["frequencies_hz"].to_numpy()
    brush["trials"] = trials[:, (hz >= 8) & (hz < 13)].sum(1).tolist()
    node(tmp_path, "sums", one={"payload": contents, "brushes": [brush], "chosen": []})


def test_response_of_a_moved_filter(node, tmp_path, model, contents):
    layer = front_end(model).sinc_layer
    responses = []
    for low_hz, high_hz in ((8.0, 12.0), (0.0, 64.0), (20.0, 20.0)):
        limits = front_end(model).cutoffs.clone()
        limits[0] = torch.tensor([low_hz, high_hz])
        n_freqs = 2 * contents.sizes["response"]
        at, response = transfer_function(
            layer.kernels_of(limits).double().numpy(), sfreq=128, n_freqs=n_freqs
        )
        gain = np.abs(response[0])[np.isin(at, contents["response_hz"])]
        responses.append(
            {"low_hz": low_hz, "high_hz": high_hz, "db": (20 * np.log10(gain / gain.max() + 1e-9)).tolist()}
        )
    node(tmp_path, "responses", one={"payload": contents, "responses": responses})


@pytest.mark.parametrize(("most_trials", "picked"), [(20, ".loc[["), (90, ".loc[0:")])
def test_copied_python_gives_the_scores(
    node, tmp_path, monkeypatch, measured, model, epochs, most_trials, picked
):
    epochs = epochs.copy()
    name = "C3\"\\'</script>"
    epochs.rename_channels({epochs.ch_names[2]: name})
    for channel, renamed in zip(model.chs_info, epochs.ch_names, strict=True):
        channel["ch_name"] = renamed
    codes = (epochs.events[:, 2] == epochs.event_id["right"]).astype(int)
    monkeypatch.chdir(tmp_path)
    sincviz.save_checkpoint(model, 'a "network".safetensors')
    epochs.save("some-epo.fif", verbose="error")
    files = {"model": 'a "network".safetensors', "epochs": "some-epo.fif"}
    contents = measured(model, epochs, codes, words=files, most_trials=most_trials)
    states = [
        {},
        {"cutoffs": [[1, 7.25, 11]], "mutedFilters": [3, 0], "mutedBands": [4, 5], "mutedChannels": [2, 0]},
    ]
    cases = tmp_path / "cases"
    cases.mkdir()
    codes_of_views = node(
        cases, "python", one={"payload": contents, "edits": [{"state": one} for one in states]}
    )
    for state, code in zip(states, codes_of_views, strict=True):
        said = []
        names = {"print": said.append}
        exec(code, names)
        assert picked in code
        expected = edited_predictions(model, epochs, **in_python(contents, state))
        numbers = contents["trial_number"].to_numpy()
        columns = ["score_left", "score_right"]
        np.testing.assert_allclose(names["shown"][columns], expected.loc[numbers, columns], atol=1e-3)
        assert said == [expected.loc[numbers, "correct"].mean()]


def test_copied_python_shows_no_invisible_characters(node, tmp_path, contents):
    name = "C3\u202e\x1b\n\U000e0041µ"
    contents.attrs["python"] = {"model": None, "epochs": None, "labels": True, "ch_names": [name] * 6}
    cases = {"payload": contents, "edits": [{"state": {"mutedChannels": [0]}}]}
    (code,) = node(tmp_path, "python", one=cases)
    assert code.replace("\n", "").isprintable()
    (line,) = (line for line in code.splitlines() if "muted_channels" in line)
    assert eval(line.strip().removeprefix("muted_channels=").rstrip(",")) == [name]
    assert "model, epochs, y," in code


def test_views_as_text(node, tmp_path):
    node(tmp_path, "views")


@pytest.mark.slow
def test_every_filter_moved_a_hundred_times(node, tmp_path, variants):
    rng = np.random.default_rng(3)
    for name in ("same", "prime"):
        seen, contents = variants[name]
        states = [state for f in range(4) for state in random_states(contents, rng, 100, [f])]
        case = {"payload": contents, "edits": with_scores(seen, contents, states)}
        assert node(tmp_path, "edits", **{name: case})["largest"] < 1e-5
