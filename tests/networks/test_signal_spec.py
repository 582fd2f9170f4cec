"""Sizes and sampling rate given or inferred; channels to and from strict JSON."""

import json
import time

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz import SincShallowNet
from sincviz.networks.signal_spec import chs_info_from_json, chs_info_to_json, resolve_signal_spec

NOTHING = dict.fromkeys(("n_chans", "n_outputs", "n_times", "input_window_seconds", "sfreq", "chs_info"))
CHANNELS = [{"ch_name": "C3"}, {"ch_name": "C4"}]
LOC = [0.1 * i for i in range(12)]


def resolved(**given_):
    return resolve_signal_spec(**(NOTHING | {"n_outputs": 2} | given_))


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"n_chans": 3, "n_times": 1000, "sfreq": 250}, (3, 1000, 250.0)),
        ({"n_chans": 3, "input_window_seconds": 4, "sfreq": 250}, (3, 1000, 250.0)),
        ({"n_chans": 3, "input_window_seconds": 4, "n_times": 1000}, (3, 1000, 250.0)),
        ({"n_chans": 3, "input_window_seconds": 4, "n_times": 1000, "sfreq": 250}, (3, 1000, 250.0)),
        ({"chs_info": CHANNELS, "n_times": 1000, "sfreq": 250}, (2, 1000, 250.0)),
        ({"chs_info": CHANNELS, "n_chans": 2, "n_times": 1000, "sfreq": 250}, (2, 1000, 250.0)),
        # In floating point 0.29 × 100 is 28.999999999999996: no sample may get lost.
        ({"n_chans": 1, "input_window_seconds": 0.29, "sfreq": 100}, (1, 29, 100.0)),
    ],
)
def test_what_is_not_given_is_inferred(given_, expected):
    spec = resolved(**given_)
    assert (spec.n_chans, spec.n_times, spec.sfreq) == expected
    assert spec.n_outputs == 2


@given(n_times=st.integers(1, 5000), sfreq=st.sampled_from([100, 128, 160, 250, 512, 1000 / 3, 499.7]))
def test_window_and_rate_give_the_samples_that_made_them(n_times, sfreq):
    window = n_times / sfreq
    assert resolved(n_chans=1, input_window_seconds=window, sfreq=sfreq).n_times == n_times
    assert resolved(n_chans=1, input_window_seconds=window, n_times=n_times).sfreq == pytest.approx(sfreq)
    assert resolved(n_chans=1, input_window_seconds=window, n_times=n_times, sfreq=sfreq).sfreq == sfreq


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"n_times": 1000, "sfreq": 250}, ["`n_chans` is missing", "chs_info=epochs.info['chs']"]),
        (
            {"n_chans": 3, "sfreq": 250},
            ["`n_times` is missing", "n_times=len(epochs.times)", "`input_window_seconds`"],
        ),
        ({"n_chans": 3, "n_times": 1000}, ["`sfreq` is missing", "in Hz", "sfreq=epochs.info['sfreq']"]),
        ({"n_chans": 3, "input_window_seconds": 4}, ["`sfreq` is missing", "`n_times`"]),
        ({"n_chans": 3}, ["`sfreq` is missing"]),
        (
            {"n_outputs": None, "n_chans": 3, "n_times": 1000, "sfreq": 250},
            ["`n_outputs` is missing", "n_outputs=2"],
        ),
        (
            {"n_chans": 3, "n_times": 999, "sfreq": 250, "input_window_seconds": 4},
            ["`n_times` contradicts `input_window_seconds`", "999", "4 × 250 = 1000", "Pass only one"],
        ),
        (
            {"n_chans": 3, "chs_info": CHANNELS, "n_times": 1000, "sfreq": 250},
            ["`n_chans` contradicts `chs_info`", "3 against 2", "Pass only `chs_info`"],
        ),
        ({"chs_info": [], "n_times": 1000, "sfreq": 250}, ["`chs_info` is empty", "epochs.info['chs']"]),
        (
            {"n_chans": 3, "sfreq": 250, "input_window_seconds": 0.001},
            ["`input_window_seconds` must hold at least one sample of 0.004 s; got 0.001. Try 0.4."],
        ),
    ],
)
def test_what_is_missing_or_contradictory_is_named_with_what_to_pass(given_, words):
    for use in (resolved, lambda **settings: SincShallowNet(**({"n_outputs": 2} | settings))):
        with pytest.raises(ValueError, match=r"^`") as caught:
            use(**given_)
        for word in words:
            assert word in str(caught.value)


def test_channels_of_mne_survive_strict_json():
    info = mne.create_info(["C3", "Cz", "C4"], 128.0, "eeg")
    with info._unlock():
        info["chs"][1]["loc"][:] = LOC
    text = json.dumps(chs_info_to_json(info["chs"]), allow_nan=False)
    channels = chs_info_from_json(json.loads(text))
    for channel, original in zip(channels, info["chs"], strict=True):
        assert channel.keys() == original.keys()
        assert channel["loc"].dtype == float
        np.testing.assert_array_equal(channel["loc"], original["loc"])
        assert all(channel[key] == original[key] for key in channel if key != "loc")
    assert json.loads(text)[0]["loc"] == [None] * 12


def test_not_a_number_as_other_programs_write_it_is_read():
    loc = ", ".join(["NaN"] * 11 + ["0.5"])
    (channel,) = chs_info_from_json(json.loads(f'[{{"ch_name": "C3", "loc": [{loc}]}}]'))
    np.testing.assert_array_equal(channel["loc"], [np.nan] * 11 + [0.5])
    assert chs_info_to_json([channel])[0]["loc"] == [None] * 11 + [0.5]


def test_no_channels_are_no_channels():
    assert chs_info_to_json(None) is None
    assert chs_info_from_json(None) is None


def test_channels_are_copied():
    channel = {"ch_name": "C3", "loc": np.array(LOC)}
    (copied,) = chs_info_from_json([channel])
    copied["loc"][0] = 9
    copied["ch_name"] = "other"
    assert channel["ch_name"] == "C3"
    assert channel["loc"][0] == LOC[0]


@pytest.mark.parametrize(
    ("chs_info", "message"),
    [
        ("C3", "`chs_info` must be a list of dict such as `epochs.info\\['chs'\\]`; got str"),
        ({"ch_name": "C3"}, "must be a list of dict .*got dict"),
        (3, "must be a list of dict .*got int"),
        (["C3"], "`chs_info\\[0\\]` must be a dict with at least 'ch_name'; got 'C3'"),
        ([{"ch_name": "C3"}, {"name": "C4"}], "`chs_info\\[1\\]` must be a dict with at least 'ch_name'"),
        ([{"ch_name": 3}], "`chs_info\\[0\\]` must be a dict with at least 'ch_name'"),
        ([{"ch_name": "C3"}, {"ch_name": "C3"}], "names channels twice: C3. Rename"),
        ([{"ch_name": "C3", "loc": [1, 2, 3]}], "`loc` of channel 'C3' must be 12 numbers"),
        ([{"ch_name": "C3", "loc": ["here"] * 12}], "`loc` of channel 'C3' must be 12 numbers"),
        ([{"ch_name": "C3", "loc": 5}], "`loc` of channel 'C3' must be 12 numbers"),
        ([{"ch_name": "C3", "loc": [[1.0]] * 12}], "`loc` of channel 'C3' must be 12 numbers"),
    ],
)
def test_channels_that_are_none_are_refused(chs_info, message):
    with pytest.raises(ValueError, match=message):
        chs_info_from_json(chs_info)


def test_a_value_that_json_cannot_keep_is_refused():
    with pytest.raises(ValueError, match="`chs_info` holds a value that JSON cannot store: <object"):
        chs_info_to_json([{"ch_name": "C3", "secret": object()}])


def test_one_double_among_many_names_is_found_in_a_moment():
    many = [{"ch_name": f"E{number}"} for number in range(100_000)]
    start = time.perf_counter()
    with pytest.raises(ValueError, match="names channels twice: E7"):
        chs_info_from_json([*many, {"ch_name": "E7"}])
    assert time.perf_counter() - start < 20
