"""Units of a network: what it computes of its input before its first non-linearity."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.grad import conv1d_input

from sincviz.networks.described import described
from sincviz.networks.fast.spatial_maps import filtered_back, spatial_maps
from sincviz.networks.precision import widened
from sincviz.networks.sinc_conv import SincConv
from sincviz.preparation.steps import Step


@dataclass(frozen=True, eq=False)
class RecordedStatistics:
    """Statistics of the training data that the normalisations before the first non-linearity recorded.

    Attributes
    ----------
    filtered_variance : torch.Tensor, shape (filters,), or None
        Variance of each filter's output over trials, channels and times, in the network's units; ``None`` if no
        normalisation comes before the spatial filters.
    unit_mean, unit_std : torch.Tensor, shape (filters, depth)
        Mean and standard deviation of the pre-activation map of each unit.
    momentum : float | None
        Weight of a new batch in PyTorch's convention; ``None`` is the average of all batches.
    """

    filtered_variance: Tensor | None
    unit_mean: Tensor
    unit_std: Tensor
    momentum: float | None

    def __post_init__(self) -> None:
        """Keep values only, where the statistics of trials are."""
        for name in ("filtered_variance", "unit_mean", "unit_std"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, getattr(self, name).detach().cpu())


@dataclass(frozen=True, eq=False, repr=False)
class FrontEnd:
    """Units of a network: everything it computes up to its first non-linearity, all normalisation folded in.

    The output of a unit at step m is ``bias + Σ k[channel, j] · x[channel, stride · m - pad[0] + j]`` with its kernel
    k of channels × taps; ``tail(maps(x))`` equals ``model(x)`` in evaluation. Where a temporal convolution is followed
    by a depthwise spatial one, as in SincShallowNet, the kernel of a unit is the product
    ``scale · spatial[channel] · kernels[j]``: each temporal filter has ``depth`` units. Elsewhere ``unit_kernels``
    holds the kernels, every unit is a filter of depth 1, and the product is the best one (its singular vectors).

    Attributes
    ----------
    kernels : torch.Tensor, shape (filters, taps)
        Impulse responses of the temporal filters.
    cutoffs, initial_cutoffs : torch.Tensor, shape (filters, 2), or None
        Low and high cut-off in Hz, now and before training; ``None`` if filters are free or the start is
        unknown.
    spatial : torch.Tensor, shape (filters, depth, channels)
        Weights of the spatial filters as in the network.
    scale, bias : torch.Tensor, shape (filters, depth)
        Factor and summand that normalisation applies to each unit.
    padding : str | (int, int)
        ``"same"``, ``"valid"``, or the number of zeros before and after a trial.
    tail : callable
        Pre-activation maps (batch, filters, depth, times) to class scores (batch, classes), in evaluation.
    sfreq : float
        Sampling rate in Hz.
    ch_names : list of str | None
        Channels in the network's order.
    chs_info : list of dict | None
        Channels with positions, as in ``mne.Info["chs"]``.
    weights_sha256 : str
        Hash of the network's weights, stored in every result; this and all that follow are optional.
    n_times : int | None
        Samples of a trial; ``None`` if any number is accepted.
    units_per_volt : float | None
        Factor from volts to the network's units, 1e6 for microvolts.
    class_names : list of str | None
        Names of the scores, in order.
    features : callable | None
        Pre-activation maps to the input of a linear head, shape (batch, filters, depth, windows).
    head : torch.Tensor, shape (classes, filters, depth, windows), or None
        Weights of that head.
    activation, pooling : callable | None
        The non-linearity, applied to every value alike, and the linear map after it that makes ``features``; with them
        gradients need no derivative of the whole tail.
    recorded : RecordedStatistics | None
        Statistics of the folded normalisations.
    provenance : mapping
        What is known of the training, as in :attr:`SincShallowNet.provenance`.
    initial_kernels : torch.Tensor, shape (filters, taps), or None
        Impulse responses before training; ``None`` if unknown.
    sinc_layer : SincConv | None
        A copy of the layer that makes kernels from cut-offs; ``None`` if filters are free.
    module : torch.nn.Module | None
        The network itself, for analyses of its layers; :func:`sincviz.network` stores a copy of it here.
    unit_kernels : torch.Tensor, shape (filters, depth, channels, taps), or None
        Kernels of units that are no product of a temporal and a spatial filter.
    stride : int
        Samples of a trial from one step of the maps to the next.
    front : callable | None
        Trials to exact maps, where layers padded in a row make the edges of trials differ from what the kernels
        compute.
    traced : mapping
        How the units were found, if not declared: ``first_nonlinear``, the operations that they enter;
        ``kernel_error``, the largest error of the kernels on noise, relative to the largest output; ``edges``, the
        steps at the beginning and at the end for which the kernels do not hold.
    kind : str
        Name of the network's class, where ``module`` wraps the network.
    numeric : bool
        Whether the outputs are numbers, such as an age, and not scores of classes; their names are ``class_names``.
    preparation : tuple
        Steps of :mod:`sincviz.preparation` that epochs go through before they reach the network.
    """

    kernels: Tensor
    cutoffs: Tensor | None
    initial_cutoffs: Tensor | None
    spatial: Tensor
    scale: Tensor
    bias: Tensor
    padding: str | tuple[int, int]
    tail: Callable[[Tensor], Tensor]
    sfreq: float
    ch_names: list[str] | None
    chs_info: list[dict[str, Any]] | None
    weights_sha256: str = ""
    n_times: int | None = None
    units_per_volt: float | None = None
    class_names: list[str] | None = None
    features: Callable[[Tensor], Tensor] | None = None
    head: Tensor | None = None
    activation: Callable[[Tensor], Tensor] | None = None
    pooling: Callable[[Tensor], Tensor] | None = None
    recorded: RecordedStatistics | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    initial_kernels: Tensor | None = None
    sinc_layer: SincConv | None = None
    module: nn.Module | None = None
    unit_kernels: Tensor | None = None
    stride: int = 1
    front: Callable[[Tensor], Tensor] | None = None
    traced: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    numeric: bool = False
    preparation: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        """Keep values only: a registered network may give its parameters."""
        for name, value in vars(self).items():
            if isinstance(value, Tensor):
                object.__setattr__(self, name, value.detach())

    def __repr__(self) -> str:
        of = "" if self.module is None else f" of {type(self.module).__name__}"
        n_filters, depth = self.spatial.shape[:2]
        units = (
            f"{n_filters} temporal filters, {depth} spatial ones each"
            if self.unit_kernels is None
            else f"{n_filters} units with kernels of channels × taps"
        )
        return described(f"FrontEnd{of} | {units}", self)

    @property
    def n_chans(self) -> int:
        """Number of channels."""
        return self.spatial.shape[2]

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the network."""
        return self.kernels.dtype

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.kernels.device

    @property
    def n_outputs(self) -> int:
        """Number of class scores."""
        if self.head is not None:
            return len(self.head)
        with torch.no_grad():
            # The shortest signal that is surely long enough, if any length is accepted.
            n_times = 4096 if self.n_times is None else self.n_times
            return self.scores(self.spatial.new_zeros(1, self.n_chans, n_times)).shape[1]

    @property
    def pad(self) -> tuple[int, int]:
        """Zeros that filtering puts before and after a signal; an odd one comes after, as in PyTorch."""
        if not isinstance(self.padding, str):
            return self.padding
        total = self.kernels.shape[1] - 1 if self.padding == "same" else 0
        return total // 2, total - total // 2

    @property
    def separability(self) -> Tensor:
        """Share of each unit's energy in the best product of a spatial and a temporal filter, (filters, depth).

        It is the share of the first squared singular value of the kernel, 1 where the two are apart, and NaN for a unit
        without weights.
        """
        if self.unit_kernels is None:
            return torch.ones_like(self.scale)
        energy: Tensor = torch.linalg.svdvals(self.unit_kernels.double()).square()
        return (energy[..., 0] / energy.sum(-1)).to(self.scale)

    def kernels_of_units(self) -> Tensor:
        """Return the kernel of every unit, shape (filters, depth, channels, taps)."""
        if self.unit_kernels is not None:
            return self.unit_kernels
        return (self.scale[..., None] * self.spatial)[..., None] * self.kernels[:, None, None]

    def padded(self, x: Tensor) -> tuple[Tensor, int]:
        """Return trials (batch, channels, times), and the zeros that a convolution must still put on both sides."""
        before, after = self.pad
        if 0 <= before <= after:
            # The convolution pads both sides equally; the extra zero of an even kernel is added here.
            return (F.pad(x, (0, after - before)) if after > before else x), before
        return F.pad(x, (before, after)), 0

    def maps(self, x: Tensor) -> Tensor:
        """Return the pre-activation maps, shape (batch, filters, depth, times), of trials (batch, channels, times)."""
        filters, depth, _ = self.spatial.shape
        x = widened(x)
        if self.front is not None:
            exact: Tensor = self.front(x)
            return exact
        if self.unit_kernels is not None:
            weight = self.unit_kernels.flatten(0, 1)
            units = F.conv1d(F.pad(x, self.pad), weight, self.bias.flatten(), self.stride)
            return units.reshape(len(x), filters, depth, -1)
        padded, both_sides = self.padded(x)
        taps, bias = self._taps(), self.bias.flatten()
        units = spatial_maps(padded, self.spatial.flatten(0, 1), taps, bias, both_sides)[..., :: self.stride]
        return units.reshape(len(x), filters, depth, -1)

    def input_gradient(self, gradient: Tensor, x: Tensor) -> Tensor:
        """Return the gradient at trials (batch, channels, times), given that at their maps.

        Parameters
        ----------
        gradient : torch.Tensor, shape (batch, filters, depth, times of the maps)
            At the pre-activation maps.
        x : torch.Tensor, shape (batch, channels, times)
            The trials; as the maps are affine, only their size matters.
        """
        if self.front is not None:
            point = x.detach().requires_grad_()
            with torch.enable_grad():
                of_trials: Tensor = torch.autograd.grad(self.front(point), point, gradient)[0]
            return of_trials
        if self.unit_kernels is not None:
            weight = self.unit_kernels.flatten(0, 1)
            before, after = self.pad
            size = (len(x), x.shape[1], x.shape[2] + before + after)
            back = conv1d_input(  # type: ignore[no-untyped-call]
                size, weight, gradient.flatten(1, 2), self.stride
            )
            return F.pad(back, (-before, -after))
        return self.spatial.flatten(0, 1).T @ self._mixed_gradient(gradient, x.shape[2])

    def shares(self, gradient: Tensor, signal: Tensor) -> Tensor:
        """Return gradient × what a channel adds to a unit, summed over times and the units of a filter.

        Parameters
        ----------
        gradient : torch.Tensor, shape (batch, filters, depth, times of the maps)
            At the pre-activation maps.
        signal : torch.Tensor, shape (batch, channels, times)
            Trials, or the difference of trials and their baseline.

        Returns
        -------
        torch.Tensor, shape (batch, filters, channels)
        """
        if self.front is not None:
            silence = self.front(torch.zeros_like(signal[:1]))
            alone = torch.eye(self.n_chans, dtype=signal.dtype, device=signal.device)
            of_channels = [self.front(signal * one[:, None]) - silence for one in alone]
            return torch.stack([(gradient * maps).sum((2, 3)) for maps in of_channels], 2)
        if self.unit_kernels is not None:
            windows = F.pad(signal, self.pad).unfold(2, self.kernels.shape[1], self.stride)
            # (batch, filters, depth, channels, taps): how the gradient goes with the signal at every lag
            products = torch.einsum("bfdm,bcmj->bfdcj", gradient, windows)
            return (products * self.unit_kernels).sum((2, 4))
        back = self._mixed_gradient(gradient, signal.shape[2])
        # (channels, times) by (times, units): both as they lie in memory
        products = torch.bmm(signal, back.transpose(1, 2)).transpose(1, 2)
        return (self.spatial * products.reshape(len(signal), *self.spatial.shape)).sum(2)

    def _mixed_gradient(self, gradient: Tensor, n_times: int) -> Tensor:
        """Return the gradient at the mixed channels ``spatial · x``, shape (batch, filters × depth, times)."""
        before, after = self.pad
        gradient = gradient.flatten(1, 2).unsqueeze(2)
        if self.stride > 1:
            sparse = gradient.new_zeros(*gradient.shape[:3], self.stride * (gradient.shape[3] - 1) + 1)
            sparse[..., :: self.stride] = gradient
            gradient = sparse
        taps = self._taps()
        if 0 <= before <= after and self.stride == 1:
            back = filtered_back(gradient, taps, before)
            return back[..., : back.shape[2] - (after - before)]
        back = filtered_back(gradient, taps, 0)
        return F.pad(back, (-before, n_times + before - back.shape[2]))

    def _taps(self) -> Tensor:
        """Return the impulse response of every unit, shape (filters × depth, taps), with its scale."""
        return (self.scale[..., None] * self.kernels[:, None]).flatten(0, 1)

    def scores(self, x: Tensor) -> Tensor:
        """Return the class scores, shape (batch, classes), of trials (batch, channels, times)."""
        return self.tail(self.maps(x))
