"""Networks of the benchmark in plain torch, at sizes for trials of about 2 s at 100 Hz."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sincviz.networks.sinc_shallow import SincShallowNet

Builder = Callable[[Sequence[Mapping[str, Any]], int, float, int, int], nn.Module]
"""From channels, samples of a trial, sampling rate in Hz, number of classes and seed to an untrained network."""


class EEGNet(nn.Module):
    """EEGNet: temporal, depthwise spatial and separable convolution.

    As in [1]_, without the limits on the norm of its weights. Kernels last half a second at 100 Hz, as there: the first
    at the rate of the input, the second after the pooling by 4.

    Parameters
    ----------
    n_chans, n_times : int
        Channels and samples of a trial; at least 32 samples.
    n_outputs : int
        Number of classes.
    n_filters : int
        Temporal filters.
    depth : int
        Spatial filters of each temporal filter.
    kernel, separable_kernel : int
        Samples of the temporal and of the separable kernels; odd.
    drop_prob : float
        Dropout probability.

    References
    ----------
    .. [1] Lawhern, Solon, Waytowich, Gordon, Hung & Lance (2018), EEGNet: a compact convolutional neural network for
       EEG-based brain-computer interfaces, Journal of Neural Engineering 15, 056013.

    Examples
    --------
    >>> EEGNet(8, 200)(torch.zeros(3, 8, 200)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int = 2,
        n_filters: int = 8,
        depth: int = 2,
        kernel: int = 51,
        separable_kernel: int = 13,
        drop_prob: float = 0.25,
    ) -> None:
        super().__init__()
        units = n_filters * depth
        self.layers = nn.Sequential(
            nn.Unflatten(1, (1, n_chans)),
            nn.Conv2d(1, n_filters, (1, kernel), padding=(0, kernel // 2), bias=False),
            nn.BatchNorm2d(n_filters),
            nn.Conv2d(n_filters, units, (n_chans, 1), groups=n_filters, bias=False),
            nn.BatchNorm2d(units),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Dropout(drop_prob),
            nn.Conv2d(
                units,
                units,
                (1, separable_kernel),
                padding=(0, separable_kernel // 2),
                groups=units,
                bias=False,
            ),
            nn.Conv2d(units, units, 1, bias=False),
            nn.BatchNorm2d(units),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Dropout(drop_prob),
            nn.Flatten(),
            nn.Linear(units * (n_times // 32), n_outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of trials, shape (trials, channels, times)."""
        scores: Tensor = self.layers(x)
        return scores


class LogPower(nn.Module):
    """Logarithm of the mean square in windows of time; the square is kept away from zero.

    Examples
    --------
    >>> LogPower(2, 2)(torch.full((1, 1, 1, 4), torch.e)).round(decimals=3).flatten().tolist()
    [2.0, 2.0]
    """

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d((1, width), (1, stride))

    def forward(self, x: Tensor) -> Tensor:
        """Return log power in windows, from maps whose last dimension is time."""
        return torch.log(torch.clamp(self.pool(x.square()), min=1e-6))


class ShallowConvNet(nn.Module):
    """Shallow ConvNet: temporal and spatial convolution, then the log power of windows.

    As in [1]_, with the windows of 0.3 s every 0.06 s for 100 Hz, half of the 40 filters, and kernels that have 25
    samples as there, which at 100 Hz are 0.25 s.

    Parameters
    ----------
    n_chans, n_times : int
        Channels and samples of a trial; at least 54 samples.
    n_outputs : int
        Number of classes.
    n_filters : int
        Temporal, and spatial, filters.
    kernel : int
        Samples of the temporal kernels.
    width, stride : int
        Samples of a window, and from one window to the next.
    drop_prob : float
        Dropout probability.

    References
    ----------
    .. [1] Schirrmeister, Springenberg, Fiederer, Glasstetter, Eggensperger, Tangermann, Hutter, Burgard & Ball (2017),
       Deep learning with convolutional neural networks for EEG decoding and visualization, Human Brain Mapping 38,
       5391–5420.

    Examples
    --------
    >>> ShallowConvNet(8, 200)(torch.zeros(3, 8, 200)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int = 2,
        n_filters: int = 20,
        kernel: int = 25,
        width: int = 30,
        stride: int = 6,
        drop_prob: float = 0.5,
    ) -> None:
        super().__init__()
        n_windows = (n_times - kernel + 1 - width) // stride + 1
        self.layers = nn.Sequential(
            nn.Unflatten(1, (1, n_chans)),
            nn.Conv2d(1, n_filters, (1, kernel)),
            nn.Conv2d(n_filters, n_filters, (n_chans, 1), bias=False),
            nn.BatchNorm2d(n_filters),
            LogPower(width, stride),
            nn.Dropout(drop_prob),
            nn.Flatten(),
            nn.Linear(n_filters * n_windows, n_outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of trials, shape (trials, channels, times)."""
        scores: Tensor = self.layers(x)
        return scores


class DeepConvNet(nn.Module):
    """Deep ConvNet: four blocks of convolution and max pooling.

    As in [1]_ of :class:`ShallowConvNet`: the first block convolves over time, then over channels, each later one has
    twice the filters; batch normalisation, ELU, max pooling and dropout in every block. For 200 samples instead of
    about 1000 the kernels of the later blocks have 7 samples instead of 10, pooling is by 2 instead of 3, and there are
    16 filters in the first block instead of 25.

    Parameters
    ----------
    n_chans, n_times : int
        Channels and samples of a trial; 200 samples leave 5 times before the last layer.
    n_outputs : int
        Number of classes.
    n_filters : int
        Filters of the first block.
    kernel, later_kernel : int
        Samples of the kernels of the first and of the other blocks.
    drop_prob : float
        Dropout probability.

    Examples
    --------
    >>> DeepConvNet(8, 200)(torch.zeros(3, 8, 200)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int = 2,
        n_filters: int = 16,
        kernel: int = 25,
        later_kernel: int = 7,
        drop_prob: float = 0.4,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Unflatten(1, (1, n_chans)),
            nn.Conv2d(1, n_filters, (1, kernel)),
            nn.Conv2d(n_filters, n_filters, (n_chans, 1), bias=False),
            *_block_end(n_filters, drop_prob),
        ]
        left = (n_times - kernel + 1) // 2
        for block in range(3):
            units = n_filters * 2**block
            layers += [
                nn.Conv2d(units, 2 * units, (1, later_kernel), bias=False),
                *_block_end(2 * units, drop_prob),
            ]
            left = (left - later_kernel + 1) // 2
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * n_filters * left, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of trials, shape (trials, channels, times)."""
        scores: Tensor = self.layers(x)
        return scores


def _block_end(n_filters: int, drop_prob: float) -> list[nn.Module]:
    return [nn.BatchNorm2d(n_filters), nn.ELU(), nn.MaxPool2d((1, 2)), nn.Dropout(drop_prob)]


def build(
    name: str,
    chs_info: Sequence[Mapping[str, Any]],
    n_times: int,
    sfreq: float,
    n_outputs: int,
    seed: int,
) -> nn.Module:
    """Return an untrained network whose weights depend on the seed alone.

    Parameters
    ----------
    name : str
        A key of :data:`SETTINGS`.
    chs_info : sequence of mapping
        Channels, as in ``info["chs"]``.
    n_times : int
        Samples of a trial.
    sfreq : float
        Sampling rate in Hz.
    n_outputs : int
        Number of classes.
    seed : int
        Seed of the weights; the state of torch's generator stays as it was.

    Raises
    ------
    ValueError
        If there is no such architecture.

    Examples
    --------
    >>> from sincviz.datasets.head_model import head_info
    >>> type(build("EEGNet", head_info(["C3", "C4"], 100.0)["chs"], 200, 100.0, 2, seed=0)).__name__
    'EEGNet'
    """
    if name not in SETTINGS:
        raise ValueError(f"`name` must be one of {', '.join(SETTINGS)}; got {name!r}. Try 'EEGNet'.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name == "SincShallowNet":
            return SincShallowNet(
                n_outputs=n_outputs,
                n_times=n_times,
                sfreq=sfreq,
                chs_info=[dict(channel) for channel in chs_info],
                **SETTINGS[name],
            )
        return _PLAIN[name](len(chs_info), n_times, n_outputs, **SETTINGS[name])


SETTINGS: dict[str, dict[str, Any]] = {
    # Ten bands from 1 to 41 Hz; windows of 0.3 s, so that its output can follow an evoked response.
    "SincShallowNet": {
        "num_time_filters": 10,
        "time_filter_len": 33,
        "first_freq": 0.0,
        "freq_stride": 4.0,
        "pool_size": 30,
        "pool_stride": 10,
    },
    "EEGNet": {},
    "ShallowConvNet": {},
    "DeepConvNet": {},
}
"""What is not left at its default, by the name of the architecture."""

_PLAIN: dict[str, Callable[..., nn.Module]] = {
    "EEGNet": EEGNet,
    "ShallowConvNet": ShallowConvNet,
    "DeepConvNet": DeepConvNet,
}
