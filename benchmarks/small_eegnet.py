"""A network of another architecture than SincShallowNet, in plain torch."""

from torch import Tensor, nn


class EEGNet(nn.Module):
    """A small network in the way of EEGNet: temporal, depthwise spatial, separable convolution."""

    def __init__(self, n_chans: int, n_times: int, n_outputs: int = 2, n_filters: int = 8, depth: int = 2):
        super().__init__()
        units = n_filters * depth
        self.layers = nn.Sequential(
            nn.Unflatten(1, (1, n_chans)),
            nn.Conv2d(1, n_filters, (1, 41), padding=(0, 20), bias=False),
            nn.BatchNorm2d(n_filters),
            nn.Conv2d(n_filters, units, (n_chans, 1), groups=n_filters, bias=False),
            nn.BatchNorm2d(units),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Dropout(0.25),
            nn.Conv2d(units, units, (1, 17), padding=(0, 8), groups=units, bias=False),
            nn.Conv2d(units, units, 1, bias=False),
            nn.BatchNorm2d(units),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(units * (n_times // 32), n_outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of trials, shape (trials, channels, times)."""
        return self.layers(x)
