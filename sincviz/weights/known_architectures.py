"""Architectures of braindecode that are recognised by the names of their weights, and sizes that the shapes tell."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sincviz._utils.text import joined
from sincviz.weights.architecture_sizes import (
    BLOCKS,
    HEAD,
    SPACE,
    TIME,
    Settings,
    Shapes,
    atcnet_sizes,
    conformer_sizes,
    constrained,
    deep4_shortening,
    deep4_sizes,
    deep4_windows,
    eegnet_sizes,
    eegnet_windows,
    fbcnet_sizes,
    pooled_windows,
    shallow_sizes,
)
from sincviz.weights.named_weights import named_weights
from sincviz.weights.state_dict import NoNetworkError
from sincviz.weights.stored_tensor import StoredTensor


@dataclass(frozen=True)
class Architecture:
    """An architecture, and what its state dict tells.

    Attributes
    ----------
    name : str
        Its class in ``braindecode.models``.
    signs : tuple of tuple of str
        Its state dict has one name of each group.
    absent : tuple of str
        Names that only others have.
    sizes : callable
        Shapes by name to the parameters that they determine, and ``windows``, the length of what the head reads.
    traceless : tuple of str
        Parameters that change the scores and leave no trace in the shapes.
    windows : callable | None
        Parameters and the samples of a trial to ``windows``; ``None`` if the shapes say nothing about that number.
    shortening : callable | None
        Parameters and the samples of a trial to the lengths that braindecode computes with: shorter ones if the
        trial is short.
    lengths : tuple of str
        Parameters with these lengths.
    also_settable : tuple of str
        Further parameters that a caller may give.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    absent: tuple[str, ...]
    sizes: Callable[[Shapes], dict[str, Any]]
    traceless: tuple[str, ...]
    windows: Callable[[Settings, int], int] | None = None
    shortening: Callable[[Settings, int], Settings] | None = None
    lengths: tuple[str, ...] = ()
    also_settable: tuple[str, ...] = ("final_conv_length",)

    @property
    def settable(self) -> tuple[str, ...]:
        """Parameters that a caller may give: what the shapes do not tell, and what they leave open."""
        return (*COMMON, *self.traceless, *self.also_settable)

    def fits(self, names: Collection[str]) -> bool:
        """Return whether a state dict has the names of this architecture."""
        return all(any(name in names for name in group) for group in self.signs) and not any(
            name in names for name in self.absent
        )


def recognised(content: Any) -> tuple[Architecture, dict[str, StoredTensor], str] | None:
    """Return the architecture whose weights a file contains, these weights, and where they were found.

    ``None`` if there is none.

    Raises
    ------
    ValueError
        If the weights of several architectures or networks are there.

    Examples
    --------
    >>> import torch
    >>> recognised({"fc.weight": torch.zeros(2, 2)}) is None
    True
    """
    found = []
    for architecture in ARCHITECTURES:
        names = [name for group in architecture.signs for name in group]
        try:
            weights, kind = named_weights(content, names, least=len(architecture.signs))
        except NoNetworkError:
            continue
        if architecture.fits(weights):
            found.append((architecture, weights, kind))
    if len(found) > 1:
        kinds = joined([architecture.name for architecture, _, _ in found])
        raise ValueError(
            f"it contains weights with the names of several architectures: {kinds}. Save the `state_dict()` of one "
            "network alone"
        )
    return found[0] if found else None


_POOLS = ("pool_time_length", "pool_time_stride")

COMMON = ("n_times", "sfreq", "input_window_seconds", "n_chans", "n_outputs", "drop_prob")
"""Parameters that a caller may give for every architecture."""

ARCHITECTURES = (
    Architecture(
        name="EEGNet",
        signs=(
            ("conv_temporal.weight",),
            constrained("conv_spatial.weight"),
            ("conv_separable_depth.weight",),
            ("conv_separable_point.weight",),
        ),
        absent=(),
        sizes=eegnet_sizes,
        traceless=(
            *("pool1_kernel_size", "pool2_kernel_size", "pool_mode", "activation", "batch_norm_eps"),
            *("conv_spatial_max_norm", "norm_rate"),
        ),
        windows=eegnet_windows,
    ),
    Architecture(
        name="ShallowFBCSPNet",
        signs=(TIME, SPACE, HEAD),
        absent=("conv_2.weight", "conv_3.weight", "conv_4.weight"),
        sizes=shallow_sizes,
        traceless=(*_POOLS, "pool_mode", "conv_nonlin", "activation_pool_nonlin"),
        windows=pooled_windows,
    ),
    Architecture(
        name="Deep4Net",
        signs=(TIME, SPACE, *((f"conv_{block}.weight",) for block in BLOCKS), HEAD),
        absent=(),
        sizes=deep4_sizes,
        traceless=(
            *(*_POOLS, "first_pool_mode", "later_pool_mode", "stride_before_pool"),
            *("activation_first_conv_nonlin", "activation_later_conv_nonlin"),
            *("first_pool_nonlin", "later_pool_nonlin"),
        ),
        windows=deep4_windows,
        shortening=deep4_shortening,
        lengths=tuple(f"filter_length_{block}" for block in BLOCKS),
    ),
    Architecture(
        name="EEGConformer",
        signs=(
            ("patch_embedding.shallownet.0.weight",),
            ("patch_embedding.shallownet.1.weight",),
            ("patch_embedding.projection.0.weight",),
            ("fc.fc.0.weight",),
        ),
        absent=(),
        sizes=conformer_sizes,
        traceless=(*_POOLS, "num_heads", "activation", "activation_transfor"),
        windows=pooled_windows,
        also_settable=(),
    ),
    Architecture(
        name="FBCNet",
        signs=(
            ("spectral_filtering.fir_list.0",),
            constrained("spatial_conv.0.weight"),
            ("spatial_conv.1.running_mean",),
            constrained("final_layer.weight"),
        ),
        absent=(),
        sizes=fbcnet_sizes,
        traceless=("temporal_layer", "activation", "linear_max_norm", "cnn_max_norm"),
        also_settable=("n_bands", "filter_parameters"),
    ),
    Architecture(
        name="ATCNet",
        signs=(
            constrained("conv_block.conv1.weight"),
            constrained("conv_block.conv2.weight"),
            ("attention_blocks.0.mha.fc_q.weight",),
            constrained("temporal_conv_nets.0.0.conv1.weight"),
        ),
        absent=(),
        sizes=atcnet_sizes,
        traceless=(
            *("conv_block_pool_size_1", "conv_block_pool_size_2", "num_heads", "tcn_activation"),
            *("max_norm_const", "conv_max_norm_const"),
        ),
        lengths=(
            *("conv_block_kernel_length_1", "conv_block_kernel_length_2", "n_windows", "tcn_kernel_size"),
        ),
        also_settable=("head_dim",),
    ),
)
"""The networks that :func:`sincviz.load_checkpoint` rebuilds where braindecode is installed."""
