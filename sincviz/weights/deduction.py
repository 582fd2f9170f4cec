"""Configuration of a network deduced from its weights alone, and what has to be assumed."""

import math
from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from sincviz._utils.checks import finite_float, positive_int
from sincviz._utils.text import listed
from sincviz.weights.activation import activation_class
from sincviz.weights.stored_tensor import StoredTensor

START = ("min_freq", "first_freq", "freq_stride", "bandwidth")
"""Settings of the initial cut-offs."""

MOST_SAMPLES = 1_000_000
"""Samples of the longest trial: a mere number in a file sets it, and memory is allocated for it."""

LARGEST = {
    "n_chans": 1024,
    "num_time_filters": 1024,
    "depth_multiplier": 64,
    "time_filter_len": 16_385,
    "n_outputs": 1024,
}
"""Sizes that no montage, filter bank or task exceeds; computations grow with their square."""

_MOST_POOLED = 2**31  # samples of one pooling window

_Number = TypeVar("_Number", int, float)
_SINC, _SPACE, _TIME, _HEAD = "sinc_filter_layer", "depthwiseconv", "temporal_aggregation", "final_layer"
_STATISTICS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_NAMES = (
    *(f"{_SINC}.{name}" for name in ("low_freqs", "bandwidths", "window", "n_pi", "ones")),
    *(f"{block}.0.{name}" for block in (_SPACE, _TIME) for name in _STATISTICS),
    *(f"{_SPACE}.1.weight", f"{_HEAD}.weight", f"{_HEAD}.bias"),
)


def start_is_assumed(provenance: Mapping[str, Any]) -> bool:
    """Return whether the initial cut-offs of a network are unknown."""
    assumed = provenance.get("assumed")
    return (
        isinstance(assumed, Mapping)
        and not assumed.keys().isdisjoint(START)
        and "initial_cutoffs_hz" not in provenance
    )


def check_precision(weights: Mapping[str, Tensor | StoredTensor]) -> torch.dtype:
    """Return the common precision of all weights.

    Raises
    ------
    ValueError
        If it is neither single nor double, or differs between weights.
    """
    types = set()
    for name, value in weights.items():
        if name.endswith("num_batches_tracked"):
            if value.dtype != torch.int64:
                raise ValueError(f"`{name}` must be int64; got {_type(value.dtype)}")
        else:
            types.add(value.dtype)
    if not types <= {torch.float32, torch.float64}:
        got = ", ".join(sorted(map(_type, types)))
        raise ValueError(
            f"its weights must be float32 or float64; got {got}. After such rounding they no longer determine "
            "the sampling rate: "
            "save the network as it was trained, not a quantised copy"
        )
    if len(types) != 1:
        raise ValueError("its weights are partly float32, partly float64. Save `model.float().state_dict()`")
    return types.pop()


def check_outline(weights: Mapping[str, Tensor | StoredTensor]) -> None:
    """Reject weights whose names or shapes fit no network; values are not looked at and may be missing.

    Raises
    ------
    ValueError
        If a name is missing or unknown, or a shape contradicts another.
    """
    sizes = shape_sizes(weights)
    units = sizes["units"]
    for name, largest in LARGEST.items():
        if sizes[name] > largest:
            raise ValueError(
                f"`{name}` is {sizes[name]} in the weights; at most {largest} are read. No recording, filter bank or "
                "task is so large: check how the weights were saved"
            )
    strange = [
        name
        for name, value in weights.items()
        if name not in _NAMES and not (name.startswith(f"{_TIME}.1.") and value.numel() <= units)
    ]
    if strange:
        raise ValueError(f"it has weights that no SincShallowNet has: {listed(strange)}")


def sizes_of(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the parameters given by shapes and buffers, and ``n_pooled``, the pooling windows of the head.

    Raises
    ------
    ValueError
        If a name is missing, or a shape contradicts another.
    """
    sizes = shape_sizes(weights)
    del sizes["units"]
    return sizes | {"sfreq": _sampling_rate(weights[f"{_SINC}.n_pi"])}


def shape_sizes(weights: Mapping[str, Tensor | StoredTensor]) -> dict[str, Any]:
    """Return the sizes given by shapes alone, with ``units``, the number of spatial filters.

    Raises
    ------
    ValueError
        If a name is missing, or a shape contradicts another.
    """
    missing = [name for name in _NAMES if name not in weights]
    if missing:
        raise ValueError(f"weights are missing: {listed(missing)}")
    shapes = {name: tuple(weights[name].shape) for name in _NAMES}
    filters = _size(shapes, f"{_SINC}.low_freqs", 1)
    half = _size(shapes, f"{_SINC}.n_pi", 0)
    units = _size(shapes, f"{_SPACE}.1.weight", 0)
    chans = _size(shapes, f"{_SPACE}.1.weight", 2)
    outputs, features = _size(shapes, f"{_HEAD}.weight", 0), _size(shapes, f"{_HEAD}.weight", 1)
    expected = {
        **dict.fromkeys((f"{_SINC}.low_freqs", f"{_SINC}.bandwidths"), (1, filters)),
        **dict.fromkeys((f"{_SINC}.window", f"{_SINC}.n_pi"), (half, 1)),
        f"{_SINC}.ones": (1, 1, 1, filters),
        **{f"{_SPACE}.0.{name}": (filters,) for name in _STATISTICS[:-1]},
        **{f"{_TIME}.0.{name}": (units,) for name in _STATISTICS[:-1]},
        **{f"{block}.0.num_batches_tracked": () for block in (_SPACE, _TIME)},
        f"{_SPACE}.1.weight": (units, 1, chans, 1),
        f"{_HEAD}.weight": (outputs, features),
        f"{_HEAD}.bias": (outputs,),
    }
    for name, shape in expected.items():
        if shapes[name] != shape:
            raise ValueError(f"`{name}` has the shape {shapes[name]}, but the other weights require {shape}")
    if units % filters or features % units:
        raise ValueError(
            f"the shapes contradict each other: {filters} filters, {units} spatial filters, {features} features"
        )
    return {
        "num_time_filters": filters,
        "time_filter_len": 2 * half + 1,
        "depth_multiplier": units // filters,
        "n_chans": chans,
        "n_outputs": outputs,
        "n_pooled": features // units,
        "units": units,
    }


def configuration(
    weights: Mapping[str, Tensor],
    *,
    known: Mapping[str, Any],
    defaults: Mapping[str, Any],
    trial: tuple[int, float] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the constructor parameters for weights, and those of them that had to be assumed.

    Parameters
    ----------
    weights : mapping of torch.Tensor
        Weights by the names in the network's state dict.
    known : mapping
        Parameters that are known from elsewhere; ``None`` is unknown.
    defaults : mapping
        Values to assume.
    trial : tuple of (int, float) | None
        Samples and sampling rate of the epochs.

    Returns
    -------
    config, assumed : dict
        All parameters; the assumed ones.

    Raises
    ------
    ValueError
        If weights and parameters contradict each other.
    """
    sizes = sizes_of(weights)
    pooled = sizes.pop("n_pooled")
    known = {name: value for name, value in known.items() if value is not None}
    for name in sizes.keys() & known.keys():
        if not same(name, known[name], sizes[name]):
            raise ValueError(
                f"`{name}` is {sizes[name]} in the weights, but {known[name]!s:.60} was given for it"
            )
    extra = [name for name in weights if name not in _NAMES]
    if extra and ("activation" in known or not all(name.startswith(f"{_TIME}.1.") for name in extra)):
        # The activation's own weights are for the network to check.
        extra = [name for name in extra if not name.startswith(f"{_TIME}.1.")]
    elif extra:
        raise ValueError(
            f"its activation has weights ({listed(extra)}), so it is not the default. Pass it: `activation='PReLU'`, "
            "or whichever class of `torch.nn` it is"
        )
    if extra:
        raise ValueError(f"it has weights that no SincShallowNet has: {listed(extra)}")
    # In the network's precision: a rate that was rounded to float32 for the weights is not another rate.
    config = dict(known) | {name: value for name, value in sizes.items() if name not in known}
    assumed = {
        name: defaults[name]
        for name in ("min_freq", "padding", "pool_size", "pool_stride", "activation", "drop_prob")
        if name not in known
    }
    assumed |= _assumed_start(config | assumed, defaults)
    config |= assumed
    n_times = _samples(config, trial)
    if n_times is None:
        n_times = assumed["n_times"] = _shortest(config, pooled)
    config["n_times"] = n_times
    _check_pooling(config, assumed, pooled)
    return config, assumed


def check_sizes(weights: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    """Reject a configuration of another size than the weights, before memory is allocated for it.

    Raises
    ------
    ValueError
        If a size is not that of the weights.
    """
    sizes = sizes_of(weights)
    stated = {"n_chans": len(config["chs_info"])} if config.get("chs_info") is not None else {}
    stated |= {name: config[name] for name in sizes.keys() - {"n_pooled"} if config.get(name) is not None}
    for name in sorted(stated):
        if not same(name, stated[name], sizes[name]):
            raise ValueError(
                f"`{name}` is {stated[name]!s:.60} in its configuration, but {sizes[name]:g} in its weights"
            )
    n_times = _samples({**sizes, **config}, None)
    if n_times is not None:
        _check_pooling({**sizes, **config, "n_times": n_times}, {}, sizes["n_pooled"])


def same(name: str, one: Any, other: Any) -> bool:
    """Return whether two values of a parameter mean the same."""
    if name == "activation":
        return activation_class(one) is activation_class(other)
    if name == "padding":
        return str(one).lower() == str(other).lower()
    if name == "sfreq":
        return math.isclose(finite_float(name, one), finite_float(name, other), rel_tol=1e-5)
    if name == "class_names":
        return [str(item) for item in one] == [str(item) for item in other]
    return bool(one == other)


def _sampling_rate(n_pi: Tensor) -> float:
    """Return the sampling rate in Hz with as few decimals as single precision distinguishes."""
    last = abs(float(n_pi[-1, 0]))
    raw = 2 * math.pi / last if last > 0 else math.nan
    if not (math.isfinite(raw) and raw > 0):
        raise ValueError(f"its buffer `n_pi` does not determine a sampling rate: it ends in {last:g}")
    taps = torch.arange(-len(n_pi), 0, dtype=torch.float64)
    if not torch.allclose(n_pi[:, 0].double(), 2 * math.pi * taps / raw, rtol=1e-5, atol=0):
        raise ValueError("its buffer `n_pi` is not a row of times, so it does not determine a sampling rate")
    rounded = (round(raw, digits) for digits in range(7))
    return next((rate for rate in rounded if math.isclose(rate, raw, rel_tol=3e-7)), raw)


def _assumed_start(config: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, float]:
    """Return the unknown settings of the initial cut-offs, chosen such that they stay below Nyquist."""
    unknown = [name for name in ("first_freq", "freq_stride", "bandwidth") if name not in config]
    settings = {name: defaults[name] for name in unknown}
    start = {name: finite_float(name, (config | settings)[name]) for name in START}
    nyquist = config["sfreq"] / 2
    intervals = config["num_time_filters"] - 1
    highest = sum(start.values()) + (intervals - 1) * start["freq_stride"]
    room = nyquist - sum(start[name] for name in START if name not in unknown)
    if highest >= nyquist and unknown and "freq_stride" in unknown and room > 0:
        # The defaults are for high sampling rates; the initial cut-offs do not affect what the network computes.
        part = room / (2 * len(unknown))
        settings = dict.fromkeys(unknown, part) | {"freq_stride": part / max(1, intervals)}
    return settings


def _samples(config: Mapping[str, Any], trial: tuple[int, float] | None) -> int | None:
    if config.get("n_times") is not None:
        return _not_too_long(positive_int("n_times", config["n_times"]))
    if config.get("input_window_seconds") is not None:
        window = finite_float("input_window_seconds", config["input_window_seconds"])
        return round(_not_too_long(window * float(config["sfreq"])))
    if trial is not None and same("sfreq", trial[1], config["sfreq"]):
        return _not_too_long(trial[0])
    return None


def _not_too_long(samples: _Number) -> _Number:
    if samples > MOST_SAMPLES:
        raise ValueError(
            f"its trials would have {_number(samples)} samples, more than the {MOST_SAMPLES} that are allowed. "
            "Check `n_times`, `input_window_seconds`, `pool_size` and `pool_stride`"
        )
    return samples


def _pooling(config: Mapping[str, Any]) -> tuple[int, int]:
    size, stride = (positive_int(name, config[name]) for name in ("pool_size", "pool_stride"))
    for name, value in (("pool_size", size), ("pool_stride", stride)):
        if value >= _MOST_POOLED:
            raise ValueError(f"`{name}` must be below {_MOST_POOLED}; got {_number(value)}")
    return size, stride


def _number(value: float) -> str:
    return str(value) if value < 10**15 else "10**15 or more"


def _lost(config: Mapping[str, Any]) -> int:
    return int(config["time_filter_len"]) - 1 if str(config["padding"]).lower() == "valid" else 0


def _shortest(config: Mapping[str, Any], pooled: int) -> int:
    size, stride = _pooling(config)
    return _not_too_long(max(size + (pooled - 1) * stride + _lost(config), int(config["time_filter_len"])))


def _windows(config: Mapping[str, Any]) -> int:
    size, stride = _pooling(config)
    return max(0, (int(config["n_times"]) - _lost(config) - size) // stride + 1)


def _check_pooling(config: Mapping[str, Any], assumed: Mapping[str, Any], pooled: int) -> None:
    windows = _windows(config)
    if windows == pooled:
        return
    size, stride, samples = config["pool_size"], config["pool_stride"], config["n_times"] - _lost(config)
    advice = []
    if "padding" in assumed and _windows({**config, "padding": "valid"}) == pooled:
        advice.append("`padding='valid'` alone would fit")
    low, high = samples - pooled * stride + 1, samples - (pooled - 1) * stride
    if "pool_size" in assumed and high >= 1:
        advice.append(f"`pool_size` from {max(1, low)} to {high} fits `pool_stride={stride}`")
    if "pool_stride" in assumed and samples >= size:
        low = (samples - size) // pooled + 1
        high = (samples - size) // (pooled - 1) if pooled > 1 else low
        if low <= high:
            fitting = f"={low}`" if low == high else f"` from {low} to {high}"
            advice.append(f"`pool_stride{fitting} fits `pool_size={size}`")
    unknown = [f"`{name}`" for name in ("padding", "pool_size", "pool_stride", "n_times") if name in assumed]
    raise ValueError(
        f"its head has {pooled} pooling windows, but {config['n_times']} samples with `pool_size={size}`, "
        f"`pool_stride={stride}` and `padding={config['padding']!r}` make {windows}. "
        + (f"Pass {', '.join(unknown)} as in training" if unknown else "One of them is wrong")
        + (f": {'; '.join(advice)}" if advice else "")
    )


def _size(shapes: Mapping[str, tuple[int, ...]], name: str, dimension: int) -> int:
    shape = shapes[name]
    if len(shape) <= dimension or shape[dimension] < 1:
        raise ValueError(f"`{name}` has the shape {shape}, which no such network has")
    return shape[dimension]


def _type(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
