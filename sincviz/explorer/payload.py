"""Payload: the contents of an explorer as text that a page carries."""

import base64
import gzip
import json
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.strict_json import plain, seen
from sincviz._utils.text import shown
from sincviz.explorer.signals import planes

VERSION = 1

FILTERS = (
    *("nominal_low_hz", "nominal_high_hz", "measured_low_hz", "measured_high_hz", "peak_hz"),
    *("rhythm", "importance", "drift_hz", "relevance_share"),
)
"""One value for each filter: columns of a table in the header."""

_TYPES: dict[str, tuple[str, ...]] = {
    "i1": ("code", "predicted", "band_role"),
    "u1": ("seen",),
    "i2": ("signals",),
    "i4": ("trial_number",),
    "f4": (
        *("relevance", "band_relevance", "band_ci_low", "band_ci_high", "band_p"),
        *("filter_relevance", "temporal_relevance", "time_frequency_relevance", "scores", "trial_relevance"),
        *("trial_spectrum", "response_hz", "response_db"),
        *("spatial", "patterns", "initial_cutoffs_hz", "history_cutoffs_hz", "positions", "topomap"),
        *("signal_scale", "kernels", "window", "n_pi", "cutoffs_hz", "spatial_weights", "scale", "bias"),
        *("head", "head_bias"),
    ),
}
TYPE_OF = {name: kind for kind, names in _TYPES.items() for name in names}
"""Every array of a page, and its type."""


_TO_LOOK_AT = ("response_db", "topomap")
"""What is drawn, and nothing is computed of."""


def payload_text(contents: xr.Dataset) -> str:
    """Return the contents of an explorer as JSON that can stand in a script element.

    Parameters
    ----------
    contents : xarray.Dataset
        What :func:`sincviz.explorer.contents.explorer_dataset` returned.

    Returns
    -------
    str
        ``{"header": {...}, "blob": "..."}``: text and small tables, and all arrays, little endian and each aligned to 4
        bytes, compressed with gzip, in base64. The same contents give the same text; it has no ``<``.
    """
    blob, arrays = _blob(contents)
    header = _legible({"version": VERSION, **contents.attrs, "filters": _filters(contents)})
    # Code needs names as they are.
    header |= {"python": contents.attrs["python"], "arrays": arrays}
    encoded = base64.b64encode(gzip.compress(blob, 6, mtime=0)).decode("ascii")
    text = json.dumps({"header": plain(header), "blob": encoded}, ensure_ascii=False, allow_nan=False)
    # The end of a script, a comment and entities are told by these characters alone.
    return seen(text).replace("<", "\\u003c").replace("&", "\\u0026").replace(">", "\\u003e")


def _legible(value: Any) -> Any:
    """Return values in which text that a page shows has no invisible characters."""
    if isinstance(value, str):
        return shown(value, keep="\n")
    if isinstance(value, dict):
        return {key: _legible(one) for key, one in value.items()}
    return [_legible(one) for one in value] if isinstance(value, list) else value


def _blob(contents: xr.Dataset) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes of all arrays, and what and where each is."""
    parts: list[bytes] = []
    arrays: dict[str, Any] = {}
    offset = 0
    for name, kind in TYPE_OF.items():
        if name not in contents.variables:
            continue
        values: NDArray[Any] = contents[name].to_numpy()
        arrays[name] = {"dtype": kind, "shape": list(values.shape), "offset": offset}
        if kind == "i2":
            arrays[name]["coding"] = "steps"
            data = planes(values.astype("<i2"))
        elif name in _TO_LOOK_AT:
            data = _shortened(values).tobytes()
        else:
            data = np.ascontiguousarray(values.astype(f"<{kind}" if kind[1] != "1" else kind)).tobytes()
        parts.append(data + bytes(-len(data) % 4))
        offset += len(parts[-1])
    return b"".join(parts), arrays


def _shortened(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return numbers with 12 significant bits, which compress to half."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.round(mantissa * 4096) / 4096, exponent).astype("<f4")


def _filters(contents: xr.Dataset) -> dict[str, Any]:
    columns = {"number": contents["filter"].to_numpy().tolist()}
    for name in FILTERS:
        if name in contents.variables:
            columns[name] = contents[name].to_numpy().tolist()
        else:
            columns[name] = [None] * contents.sizes["filter"]
    return columns
