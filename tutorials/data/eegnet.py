"""EEGNet in plain PyTorch, after Lawhern et al. (2018), table 2."""

import torch
from torch import Tensor, nn


class EEGNet(nn.Module):
    """Compact network for EEG; trials (batch, channels, times) to scores (batch, classes).

    Parameters
    ----------
    n_chans, n_times, n_classes : int
        Channels, samples of a trial, and classes.
    n_filters : int
        Temporal filters (F1 in the paper).
    depth : int
        Spatial filters for each temporal filter (D).
    taps : int
        Samples of a temporal filter, half a second in the paper.
    pools : (int, int)
        Samples averaged by the first and by the second pooling.
    dropout : float
        Share of values dropped in training.
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_classes: int = 2,
        n_filters: int = 8,
        depth: int = 2,
        taps: int = 64,
        pools: tuple[int, int] = (4, 8),
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        units = n_filters * depth
        self.filters = nn.Sequential(
            nn.Conv2d(1, n_filters, (1, taps), padding=(0, taps // 2), bias=False),
            nn.BatchNorm2d(n_filters),
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(n_filters, units, (n_chans, 1), groups=n_filters, bias=False),
            nn.BatchNorm2d(units),
        )
        self.separable = nn.Sequential(
            nn.Conv2d(units, units, (1, 16), padding=(0, 8), groups=units, bias=False),
            nn.Conv2d(units, units, 1, bias=False),
            nn.BatchNorm2d(units),
        )
        self.first_pool = nn.AvgPool2d((1, pools[0]))
        self.second_pool = nn.AvgPool2d((1, pools[1]))
        self.drop = nn.Dropout(dropout)
        self.classify = nn.Linear(units * (n_times // pools[0] // pools[1]), n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        x = self.spatial(self.filters(x.unsqueeze(1)))
        x = self.drop(self.first_pool(nn.functional.elu(x)))
        x = self.drop(self.second_pool(nn.functional.elu(self.separable(x))))
        return self.classify(x.flatten(1))

    @torch.no_grad()
    def limit_norms(self, spatial: float = 1.0, dense: float = 0.25) -> None:
        """Limit the norm of each spatial filter and of each class's weights, as after each step of training."""
        for weight, largest in ((self.spatial[0].weight, spatial), (self.classify.weight, dense)):
            weight.copy_(torch.renorm(weight, 2, 0, largest))
