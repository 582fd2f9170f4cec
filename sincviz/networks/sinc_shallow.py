"""SincShallowNet: sinc filters, spatial filters, pooled power, a linear head."""

import inspect
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from sincviz._utils.checks import finite_float, positive_int
from sincviz.eeg.channel_types import warn_of_types
from sincviz.networks.fast.cheap_order import features
from sincviz.networks.fast.spatial_maps import SpatialConv
from sincviz.networks.signal_spec import chs_info_from_json, chs_info_to_json, resolve_signal_spec
from sincviz.networks.sinc_conv import SincConv
from sincviz.preparation.steps import Step
from sincviz.weights.activation import activation_class, activation_name, build_activation
from sincviz.weights.hub import HubMixin


class SincShallowNet(HubMixin, nn.Module):
    """Sinc-ShallowNet: a shallow network whose temporal filters are learned band-passes.

    Block 1 filters every channel with sinc filters, normalises, and mixes the channels of each filter's output
    with its own ``depth_multiplier`` spatial filters [1]_. Block 2 normalises, applies the activation, averages
    over time windows and applies dropout. Block 3 is linear. Parameters and state dict are those of braindecode's
    network of the same name, so weights load both ways.

    Parameters
    ----------
    num_time_filters : int
        Number of temporal filters.
    time_filter_len : int
        Length of the temporal filters in samples; odd, at least 3.
    depth_multiplier : int
        Spatial filters per temporal filter.
    activation : type of torch.nn.Module | None
        The activation function's class; ``None`` means ``torch.nn.ELU``.
    drop_prob : float
        Dropout probability, 0 to 1.
    first_freq : float
        Raw low cut-off of the first filter in Hz; ``min_freq`` is added to it.
    min_freq : float
        Smallest low cut-off in Hz.
    freq_stride : float
        Distance between the initial low cut-offs of neighbouring filters in Hz.
    padding : {"same", "valid"}
        Padding of the temporal convolution; upper or lower case.
    bandwidth : float
        Initial bandwidth of each filter in Hz.
    pool_size : int
        Samples in a pooling window.
    pool_stride : int
        Samples from one pooling window to the next.
    n_chans : int | None
        Number of channels; inferred from ``chs_info``.
    n_outputs : int | None
        Number of classes.
    n_times : int | None
        Number of samples of a trial; inferred from ``input_window_seconds`` and ``sfreq``.
    input_window_seconds : float | None
        Length of a trial in seconds.
    sfreq : float | None
        Sampling rate in Hz, needed because the filters are in Hz; inferred only from ``n_times`` and
        ``input_window_seconds``.
    chs_info : list of dict | None
        The channels, as in ``epochs.info["chs"]``.

    Attributes
    ----------
    class_names : list of str | None
        Names of the outputs, in order.
    scale : float | None
        Factor from volts to the network's units; applied to ``mne.Epochs``, never to arrays.
    preparation : tuple
        Steps of :mod:`sincviz.preparation`; applied to ``mne.Epochs``, never to arrays.
    provenance : dict
        What is known of the training: filters and reference of the data, their hash, the cut-offs at the start.

    Raises
    ------
    TypeError
        If a size is not an integer, or the activation not a module class.
    ValueError
        If a signal parameter is missing and cannot be inferred, contradicts another, or is out of range.

    Warns
    -----
    RuntimeWarning
        If ``chs_info`` has channels that are not EEG besides EEG, or a stimulus channel.

    See Also
    --------
    sincviz.learned_bands : The bands that the filters have learned.
    sincviz.load_checkpoint : Open a trained network.

    Notes
    -----
    The forward pass mixes the channels first and filters ``num_time_filters × depth_multiplier`` signals
    afterwards; filtering, normalisation (given its statistics) and mixing are linear, so this is the same
    function as the order of the layers, which :meth:`feature_maps` computes. A layer that has a hook, or that was
    replaced by one of another type, is called as it is, at the cost of that order. On a CPU the forward pass
    has no forward-mode derivative (``torch.func.jvp``); reverse mode, second derivatives, ``vmap``, compilation,
    export, ``torch.jit.trace`` and both exporters to ONNX work, for any number of trials; ``torch.jit.script`` does
    not.

    References
    ----------
    .. [1] Borra, D., Fantozzi, S., & Magosso, E. (2020). Interpretable and lightweight convolutional neural
       network for EEG decoding: Application to movement execution and imagination. Neural Networks, 129, 55-74.

    Examples
    --------
    >>> model = SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250)
    >>> model(torch.zeros(8, 22, 1000)).shape
    torch.Size([8, 4])
    >>> model.cutoffs()[0].tolist()
    [6.0, 10.0]
    """

    def __init__(
        self,
        num_time_filters: int = 32,
        time_filter_len: int = 33,
        depth_multiplier: int = 2,
        activation: type[nn.Module] | None = nn.ELU,
        drop_prob: float = 0.5,
        first_freq: float = 5.0,
        min_freq: float = 1.0,
        freq_stride: float = 1.0,
        padding: str = "same",
        bandwidth: float = 4.0,
        pool_size: int = 55,
        pool_stride: int = 12,
        n_chans: int | None = None,
        n_outputs: int | None = None,
        n_times: int | None = None,
        input_window_seconds: float | None = None,
        sfreq: float | None = None,
        chs_info: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__()
        self.chs_info = chs_info_from_json(chs_info)
        warn_of_types(self.chs_info)
        signal = resolve_signal_spec(
            n_chans=n_chans,
            n_outputs=n_outputs,
            n_times=n_times,
            input_window_seconds=input_window_seconds,
            sfreq=sfreq,
            chs_info=self.chs_info,
        )
        self.n_chans, self.n_outputs = signal.n_chans, signal.n_outputs
        self.n_times, self.sfreq = signal.n_times, signal.sfreq
        self.input_window_seconds = None if input_window_seconds is None else float(input_window_seconds)
        self.depth_multiplier = positive_int("depth_multiplier", depth_multiplier)
        self.pool_size = positive_int("pool_size", pool_size)
        self.pool_stride = positive_int("pool_stride", pool_stride)
        self.drop_prob = finite_float("drop_prob", drop_prob, minimum=0)
        if self.drop_prob > 1:
            raise ValueError(f"`drop_prob` must lie between 0 and 1; got {self.drop_prob:g}. Try 0.5.")
        self.activation = nn.ELU if activation is None else activation_class(activation)
        self.class_names: list[str] | None = None
        self.scale: float | None = None
        self.preparation: tuple[Step, ...] = ()
        self.provenance: dict[str, Any] = {}

        self.sinc_filter_layer = SincConv(
            num_time_filters,
            time_filter_len,
            sfreq=self.sfreq,
            first_freq=first_freq,
            min_freq=min_freq,
            freq_stride=freq_stride,
            bandwidth=bandwidth,
            padding=padding,
        )
        filters = self.sinc_filter_layer.num_time_filters
        units = filters * self.depth_multiplier
        self.n_pooled = self._n_pooled()
        self.depthwiseconv = nn.Sequential(
            nn.BatchNorm2d(filters),
            SpatialConv(filters, self.depth_multiplier, self.n_chans),
        )
        self.temporal_aggregation = nn.Sequential(
            nn.BatchNorm2d(units),
            build_activation(self.activation),
            nn.AvgPool2d((1, self.pool_size), stride=(1, self.pool_stride)),
            nn.Dropout(self.drop_prob),
            nn.Flatten(),
        )
        self.final_layer = nn.Linear(units * self.n_pooled, self.n_outputs)

    def _n_pooled(self) -> int:
        taps = self.sinc_filter_layer.time_filter_len
        lost = 0 if self.sinc_filter_layer.padding == "same" else taps - 1
        if taps > self.n_times:
            raise ValueError(
                f"`time_filter_len` must not exceed `n_times`; got {taps} against {self.n_times}. "
                f"Try `n_times={max(taps, self.pool_size + lost)}` or more, or shorter filters."
            )
        if self.n_times - lost < self.pool_size:
            after = f" ({self.n_times - lost} after 'valid' filtering)" if lost else ""
            raise ValueError(
                f"`n_times` is too short for the pooling: got {self.n_times} samples{after}, `pool_size` is "
                f"{self.pool_size}. Try `n_times={self.pool_size + lost}` or more, or "
                f"`pool_size={self.n_times - lost}`."
            )
        return (self.n_times - lost - self.pool_size) // self.pool_stride + 1

    @property
    def num_time_filters(self) -> int:
        """Number of temporal filters."""
        return self.sinc_filter_layer.num_time_filters

    @property
    def ch_names(self) -> list[str] | None:
        """Names of the channels in the network's order, if known."""
        return None if self.chs_info is None else [channel["ch_name"] for channel in self.chs_info]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of a batch of one trial: (1, n_chans, n_times)."""
        return 1, self.n_chans, self.n_times

    def get_output_shape(self) -> tuple[int, int]:
        """Return the shape of the class scores of one trial, (1, n_outputs)."""
        return 1, self.n_outputs

    def cutoffs(self) -> Tensor:
        """Return the nominal cut-offs of each filter in Hz, shape (num_time_filters, 2)."""
        return self.sinc_filter_layer.cutoffs()

    def initial_cutoffs(self) -> Tensor:
        """Return the cut-offs in Hz that training began with, shape (num_time_filters, 2).

        Those recorded in training, else those that the settings imply.
        """
        recorded = self.provenance.get("initial_cutoffs_hz")
        return self.sinc_filter_layer.initial_cutoffs() if recorded is None else torch.tensor(recorded)

    def kernels(self) -> Tensor:
        """Return the impulse responses of the filters, shape (num_time_filters, time_filter_len)."""
        return self.sinc_filter_layer.kernels()

    def forward(self, x: Tensor, return_features: bool = False) -> Tensor | dict[str, Tensor | None]:
        """Return the class scores.

        Parameters
        ----------
        x : torch.Tensor, shape (batch, n_chans, n_times)
            Signals in the network's units.
        return_features : bool
            Return the input of the head instead.

        Returns
        -------
        torch.Tensor, shape (batch, n_outputs), or dict
            Scores before the softmax; or ``{"features": (batch, features), "cls_token": None}``.

        Raises
        ------
        ValueError
            If the shape of ``x`` is not that of the network.
        """
        self._check_shape(x)
        encoded = features(x, self.sinc_filter_layer, self.depthwiseconv, self.temporal_aggregation)
        if return_features:
            return {"features": encoded, "cls_token": None}
        scores: Tensor = self.final_layer(encoded)
        return scores

    def feature_maps(self, x: Tensor) -> dict[str, Tensor]:
        """Compute layer by layer, in the order of the layers, and return every map.

        Slow and memory-hungry (filters × channels maps): the reference for tests of the fast :meth:`forward`, and
        for readers who want to see every map. In training mode it updates the running statistics as ``forward`` does.

        Parameters
        ----------
        x : torch.Tensor, shape (batch, n_chans, n_times)
            Signals in the network's units.

        Returns
        -------
        dict of torch.Tensor
            ``"sinc"`` and ``"normalized"`` (batch, filters, channels, times), ``"spatial"`` (batch, filters ×
            depth, times), ``"activation"`` of the same shape, ``"pooled"`` (batch, filters × depth, windows),
            ``"features"`` (batch, features) after dropout, ``"scores"`` (batch, n_outputs).
        """
        self._check_shape(x)
        normalization, mixing = self.depthwiseconv
        second_normalization, activation, pooling, dropout, flatten = self.temporal_aggregation
        sinc = self.sinc_filter_layer(x)
        normalized = normalization(sinc)
        spatial = mixing(normalized)
        activated = activation(second_normalization(spatial))
        pooled = pooling(activated)
        flat = flatten(dropout(pooled))
        return {
            "sinc": sinc,
            "normalized": normalized,
            "spatial": spatial.squeeze(2),
            "activation": activated.squeeze(2),
            "pooled": pooled.squeeze(2),
            "features": flat,
            "scores": self.final_layer(flat),
        }

    def reset_head(self, n_outputs: int) -> None:
        """Replace the classification head by a new one for ``n_outputs`` classes; keep everything else."""
        weight = self.final_layer.weight
        self.n_outputs = positive_int("n_outputs", n_outputs)
        self.final_layer = nn.Linear(
            self.final_layer.in_features, self.n_outputs, device=weight.device, dtype=weight.dtype
        ).train(self.training)
        self.class_names = None

    def get_config(self) -> dict[str, Any]:
        """Return every constructor parameter in a form that strict JSON can hold.

        Raises
        ------
        ValueError
            If the activation is not a class of ``torch.nn``: only those can be read back safely.
        """
        sinc = self.sinc_filter_layer
        return {
            "num_time_filters": sinc.num_time_filters,
            "time_filter_len": sinc.time_filter_len,
            "depth_multiplier": self.depth_multiplier,
            "activation": activation_name(self.activation),
            "drop_prob": self.drop_prob,
            "first_freq": sinc.first_freq,
            "min_freq": sinc.min_freq,
            "freq_stride": sinc.freq_stride,
            "padding": sinc.padding,
            "bandwidth": sinc.bandwidth,
            "pool_size": self.pool_size,
            "pool_stride": self.pool_stride,
            "n_chans": self.n_chans,
            "n_outputs": self.n_outputs,
            "n_times": self.n_times,
            "input_window_seconds": self.input_window_seconds,
            "sfreq": self.sfreq,
            "chs_info": chs_info_to_json(self.chs_info),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build a network, with fresh weights, from what :meth:`get_config` returned.

        Parameters
        ----------
        config : mapping
            Constructor parameters; the activation by its name, unknown positions as null or NaN.

        Returns
        -------
        SincShallowNet
            A new network.

        Raises
        ------
        ValueError
            If a parameter is unknown, or the activation is not the name of a module class of ``torch.nn``.

        Examples
        --------
        >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
        >>> SincShallowNet.from_config(model.get_config()).n_times
        256
        """
        unknown = sorted(set(config) - set(inspect.signature(cls).parameters))
        if unknown:
            raise ValueError(
                f"The configuration holds unknown parameters: {', '.join(unknown)}. Remove them."
            )
        return cls(**config)

    def _check_shape(self, x: Tensor) -> None:
        if x.ndim != 3 or x.shape[1] != self.n_chans or x.shape[2] != self.n_times:
            raise ValueError(
                f"The input must have the shape (batch, {self.n_chans} channels, {self.n_times} times); got "
                f"{tuple(x.shape)}."
            )
