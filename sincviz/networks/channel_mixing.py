"""Networks behind a matrix that mixes channels, such as the alignment of a person, read at the channels before it."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.front_ends import front_end
from sincviz.networks.units import FrontEnd, RecordedStatistics


class ChannelMixing(nn.Module):
    """A network whose trials are multiplied by a matrix first.

    Parameters
    ----------
    decoder : torch.nn.Module
        The network that takes the product; not called ``network``, because it does not return the same scores.
    matrix : torch.Tensor, shape (channels of the network, channels)
        What multiplies every trial.

    Examples
    --------
    >>> mixed = ChannelMixing(nn.Flatten(), torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    >>> mixed(torch.tensor([[[1.0], [2.0]]]))
    tensor([[2., 1.]])
    """

    matrix: Tensor

    def __init__(self, decoder: nn.Module, matrix: Tensor) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("matrix", matrix.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of trials, shape (batch, channels, times)."""
        scores: Tensor = self.decoder(self.matrix @ x)
        return scores


def behind_matrix(network: FrontEnd | BlackBox, matrix: Tensor) -> FrontEnd | BlackBox:
    """Return a network that takes what ``matrix`` is to be multiplied with, shape (channels, channels).

    Its scores for x are those of ``network`` for ``matrix @ x``. The matrix is folded into the spatial filters, so
    relevance and patterns are those of the channels of x, and exact.
    """
    matrix = matrix.to(network.device, network.dtype)
    if isinstance(network, BlackBox):
        return replace(network, module=ChannelMixing(network.module, matrix))
    front = network.front
    units = network.unit_kernels
    return replace(
        network,
        module=None if network.module is None else ChannelMixing(network.module, matrix),
        kind=network.kind or type(network.module or network).__name__,
        spatial=network.spatial @ matrix,
        unit_kernels=None if units is None else torch.einsum("fdct,ce->fdet", units, matrix),
        front=None if front is None else lambda x: front(matrix @ x),
        # The variance after filtering was recorded of mixed channels.
        recorded=_without_filtered_variance(network.recorded),
    )


@front_end.register
def _(model: ChannelMixing) -> FrontEnd:
    mixed = behind_matrix(front_end(model.decoder), model.matrix)
    assert isinstance(mixed, FrontEnd)
    return mixed


def _without_filtered_variance(recorded: RecordedStatistics | None) -> RecordedStatistics | None:
    return None if recorded is None else replace(recorded, filtered_variance=None)
