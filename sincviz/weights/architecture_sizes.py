"""Sizes of known architectures, read from the shapes of their weights, and the lengths of trials that fit them."""

from collections.abc import Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]
Settings = Mapping[str, Any]


def _shape(shapes: Shapes, n_dims: int, *names: str) -> tuple[int, ...]:
    """Return the shape of the first of these weights that is there."""
    name = next((name for name in names if name in shapes), None)
    if name is None:
        raise ValueError(f"its weight {' or '.join(f'`{name}`' for name in names)} is missing")
    shape = shapes[name]
    if len(shape) != n_dims or 0 in shape:
        raise ValueError(f"its weight `{name}` has the shape {shape}; expected are {n_dims} dimensions")
    return shape


def _ratio(shapes: str, larger: int, smaller: int) -> int:
    if larger % smaller:
        raise ValueError(
            f"the shapes contradict each other: {shapes} must be a multiple; got {larger} and {smaller}"
        )
    return larger // smaller


def constrained(name: str) -> tuple[str, str]:
    """Return a weight's names with and without a parametrization."""
    layer = name.removesuffix("weight")
    return (f"{layer}parametrizations.weight.original", name)


def eegnet_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return the parameters of an EEGNet."""
    filters, _, _, taps = _shape(shapes, 4, "conv_temporal.weight")
    units, _, n_chans, _ = _shape(shapes, 4, *constrained("conv_spatial.weight"))
    pointwise = _shape(shapes, 4, "conv_separable_point.weight")[0]
    is_linear = any("linearconstraint" in name for name in shapes)
    if is_linear:
        n_outputs, features = _shape(shapes, 2, *constrained("final_layer.linearconstraint.weight"))
        windows = _ratio("the head and its maps", features, pointwise)
    else:
        n_outputs, _, _, windows = _shape(
            shapes, 4, "final_layer.conv_classifier.weight", "conv_classifier.weight"
        )
    return {
        "n_chans": n_chans,
        "n_outputs": n_outputs,
        "F1": filters,
        "D": _ratio("spatial and temporal filters", units, filters),
        "F2": pointwise,
        "kernel_length": taps,
        "depthwise_kernel_length": _shape(shapes, 4, "conv_separable_depth.weight")[3],
        "batch_norm_affine": any(
            f"{layer}.weight" in shapes for layer in ("bnorm_temporal", "bnorm_1", "bnorm_2")
        ),
        "final_layer_with_constraint": is_linear,
        "windows": windows,
    }


def eegnet_windows(settings: Settings, samples: int) -> int:
    """Return how many samples the head of an EEGNet reads."""
    first = (samples + 1 - settings["kernel_length"] % 2) // settings["pool1_kernel_size"]
    return int((first + 1 - settings["depthwise_kernel_length"] % 2) // settings["pool2_kernel_size"])


TIME = ("conv_time_spat.conv_time.weight", "conv_time.weight")
SPACE = ("conv_time_spat.conv_spat.weight", "conv_spat.weight")
HEAD = ("final_layer.conv_classifier.weight", "conv_classifier.weight")


def shallow_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return the parameters of a ShallowFBCSPNet."""
    filters, _, taps, _ = _shape(shapes, 4, *TIME)
    units, _, _, n_chans = _shape(shapes, 4, *SPACE)
    n_outputs, _, windows, _ = _shape(shapes, 4, *HEAD)
    return {
        "n_chans": n_chans,
        "n_outputs": n_outputs,
        "n_filters_time": filters,
        "filter_time_length": taps,
        "n_filters_spat": units,
        "batch_norm": any(name.startswith("bnorm.") for name in shapes),
        "windows": windows,
    }


def _pooled(samples: int, size: int, stride: int) -> int:
    return max(0, (samples - size) // stride + 1)


def pooled_windows(settings: Settings, samples: int) -> int:
    """Return how many windows the head reads after one convolution and one pooling."""
    left = samples - settings["filter_time_length"] + 1
    return _pooled(left, settings["pool_time_length"], settings["pool_time_stride"])


BLOCKS = (2, 3, 4)


def deep4_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return the parameters of a Deep4Net."""
    sizes = shallow_sizes(shapes)
    for block in BLOCKS:
        maps, _, taps, _ = _shape(shapes, 4, f"conv_{block}.weight")
        sizes |= {f"n_filters_{block}": maps, f"filter_length_{block}": taps}
    return sizes


def deep4_windows(settings: Settings, samples: int) -> int:
    """Return how many samples the head of a Deep4Net reads."""
    for name in ("filter_time_length", *(f"filter_length_{block}" for block in BLOCKS)):
        left = samples - settings[name] + 1
        samples = _pooled(left, settings["pool_time_length"], settings["pool_time_stride"])
    return samples


def least_samples(settings: Settings) -> int:
    """Return the samples below which braindecode shortens the kernels of a Deep4Net."""
    samples = 1
    for name in (*(f"filter_length_{block}" for block in reversed(BLOCKS)), "filter_time_length"):
        samples = settings["pool_time_stride"] * (samples - 1) + settings["pool_time_length"]
        samples += settings[name] - 1
    return int(samples)


def deep4_shortening(settings: Settings, samples: int) -> Settings:
    """Return the settings of a Deep4Net for short trials."""
    share = samples / least_samples(settings)
    names = ("pool_time_length", "pool_time_stride", *(f"filter_length_{block}" for block in BLOCKS))
    # The first kernel keeps its length.
    return {**settings, **{name: max(1, int(settings[name] * share)) for name in names}}


def conformer_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return the parameters of an EEGConformer."""
    filters, _, _, taps = _shape(shapes, 4, "patch_embedding.shallownet.0.weight")
    n_chans = _shape(shapes, 4, "patch_embedding.shallownet.1.weight")[2]
    layers = {name.split(".")[1] for name in shapes if name.startswith("transformer.")}
    features = _shape(shapes, 2, "fc.fc.0.weight")[1]
    return {
        "n_chans": n_chans,
        "n_outputs": _shape(shapes, 2, "final_layer.weight", "final_layer.final_layer.0.weight")[0],
        "n_filters_time": filters,
        "filter_time_length": taps,
        "num_layers": len(layers),
        "windows": _ratio("the head and its maps", features, filters),
    }


def fbcnet_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return the parameters of an FBCNet, and `taps`, the length of its first filter."""
    bands = sum(name.startswith("spectral_filtering.fir_list.") for name in shapes)
    units, _, n_chans, _ = _shape(shapes, 4, *constrained("spatial_conv.0.weight"))
    n_outputs, features = _shape(shapes, 2, *constrained("final_layer.weight"))
    taps = _shape(shapes, 1, "spectral_filtering.fir_list.0")[0]
    return {
        "n_chans": n_chans,
        "n_outputs": n_outputs,
        "n_bands": bands,
        "n_filters_spat": _ratio("spatial filters and bands", units, bands),
        "stride_factor": _ratio("the head and its maps", features, units),
        "taps": taps,
    }


def atcnet_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return the parameters of an ATCNet, and `embedding`, the heads of its attention times their size."""
    convs = [constrained(f"conv_block.conv{number}.weight") for number in (1, 2, 3)]
    filters, _, taps, _ = _shape(shapes, 4, *convs[0])
    units, _, _, n_chans = _shape(shapes, 4, *convs[1])
    windows = {name.split(".")[1] for name in shapes if name.startswith("attention_blocks.")}
    heads = {name.split(".")[1] for name in shapes if name.startswith("final_layer.")}
    depth = {name.split(".")[2] for name in shapes if name.startswith("temporal_conv_nets.0.")}
    tcn = _shape(shapes, 3, *constrained("temporal_conv_nets.0.0.conv1.weight"))
    n_outputs, features = _shape(shapes, 2, *constrained("final_layer.0.weight"))
    return {
        "n_chans": n_chans,
        "n_outputs": n_outputs,
        "conv_block_n_filters": filters,
        "conv_block_kernel_length_1": taps,
        "conv_block_kernel_length_2": _shape(shapes, 4, *convs[2])[2],
        "conv_block_depth_mult": _ratio("spatial and temporal filters", units, filters),
        "n_windows": len(windows),
        "tcn_depth": len(depth),
        "tcn_kernel_size": tcn[2],
        "concat": len(heads) < len(windows) or features > units,
        "embedding": _shape(shapes, 2, "attention_blocks.0.mha.fc_q.weight")[0],
        "is_constrained": convs[0][0] in shapes,
    }
