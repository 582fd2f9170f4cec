"""Payload: contents as text that can stand in a page."""

import base64
import gzip
import json

import numpy as np
import pytest

from sincviz.explorer.payload import FILTERS, TYPE_OF, payload_text

EXACT = set(TYPE_OF) - {"response_db", "topomap"}


def unpacked(text):
    """Return header and arrays, decoded without the code that encodes them."""
    payload = json.loads(text)
    blob = gzip.decompress(base64.b64decode(payload["blob"]))
    arrays = {}
    for name, entry in payload["header"]["arrays"].items():
        size, start = int(np.prod(entry["shape"])), entry["offset"]
        assert start % 4 == 0
        if entry.get("coding") == "steps":
            low, high = np.frombuffer(blob, np.uint8, 2 * size, start).reshape(2, -1).astype(int)
            zigzag = low + 256 * high
            steps = np.where(zigzag % 2, -(zigzag + 1) // 2, zigzag // 2).reshape(entry["shape"])
            values = (np.cumsum(steps, -1) + 2**15) % 2**16 - 2**15
        else:
            values = np.frombuffer(blob, f"<{entry['dtype']}", size, start).reshape(entry["shape"])
        arrays[name] = values
    return payload["header"], arrays


def test_everything_comes_back(contents):
    header, arrays = unpacked(payload_text(contents))
    assert set(arrays) == set(contents.variables) & set(TYPE_OF)
    for name, values in arrays.items():
        tolerance = 0 if name in EXACT else 2e-4 * np.nanmax(np.abs(contents[name].to_numpy()))
        stored = contents[name].to_numpy().astype(TYPE_OF[name])
        np.testing.assert_allclose(values, stored, rtol=0, atol=tolerance, err_msg=name)
    assert set(header["filters"]) == {"number", *FILTERS}
    np.testing.assert_allclose(header["filters"]["peak_hz"], contents["peak_hz"])
    for name, value in contents.attrs.items():
        assert header[name] == json.loads(json.dumps(value).replace("Infinity", "null")), name


def test_the_same_contents_give_the_same_text(contents, measured, model, epochs, codes):
    assert payload_text(contents) == payload_text(measured(model, epochs, codes))


def test_any_steps_come_back(contents):
    signals = contents["signals"].copy()
    signals[:] = np.random.default_rng(0).integers(-(2**15), 2**15, signals.shape)
    _, arrays = unpacked(payload_text(contents.assign(signals=signals)))
    np.testing.assert_array_equal(arrays["signals"], signals)


@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)</script>", "<!--", "a&lt;b", "C3\u202e\x00", "\u2028"]
)
def test_hostile_names_stay_text(contents, name):
    contents.attrs["ch_names"] = contents.attrs["python"]["ch_names"] = [name] * 6
    contents.attrs["title"] = name
    text = payload_text(contents)
    assert not set("<>&") & set(text)
    assert text.isprintable()
    header, _ = unpacked(text)
    assert header["python"]["ch_names"] == [name] * 6
    assert header["title"].isprintable()
    assert header["title"] == name or not name.isprintable()
    assert header["ch_names"] == [header["title"]] * 6


def test_numbers_that_are_not_finite_are_null(contents):
    drift = contents["drift_hz"].copy(deep=True)
    drift[0] = np.nan
    header, _ = unpacked(payload_text(contents.assign(drift_hz=drift)))
    assert header["filters"]["drift_hz"][0] is None
    assert header["bands"][4]["ranges_hz"] == [[30.0, None]]
