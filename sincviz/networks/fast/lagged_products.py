"""Sums of the products of two signals at every lag, by matrix products."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def lagged_products(early: Tensor, late: Tensor, n_lags: int) -> Tensor:
    r"""Return :math:`\sum_{s,t} early_{g,s,t} \, late_{g,s,t+lag}` for every group and lag.

    A block of ``early`` meets only the same and the next block of ``late``, so two matrix products of blocks hold
    every product that is wanted, on their diagonals. That is twice the multiplications that are needed, at the
    speed of a matrix product: on a CPU 2 to 20 times faster than the gradient of a depthwise convolution.

    Parameters
    ----------
    early : torch.Tensor, shape (groups, signals, times)
        Signals that are not moved.
    late : torch.Tensor, shape (groups, signals, times + n_lags - 1 or more)
        Signals that are moved against them; not copied if they have :func:`padded_length` samples.
    n_lags : int
        Number of lags, from 0 on.

    Returns
    -------
    torch.Tensor, shape (groups, n_lags)
        Sums over signals and times; differentiable.

    Examples
    --------
    >>> lagged_products(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 10.0, 100.0]]]), 2)
    tensor([[ 21., 210.]])
    """
    padded = padded_length(early.shape[-1], n_lags)
    early, late = (
        F.pad(signals, (0, missing)) if (missing := padded - signals.shape[-1]) else signals
        for signals in (early, late)
    )
    return _sums_of_blocks(early, late, n_lags)


def autocorrelations(signals: Tensor, n_lags: int) -> Tensor:
    r"""Return :math:`\sum_{s,t} x_{g,s,t} \, x_{g,s,t+lag}` for every group and lag.

    Parameters
    ----------
    signals : torch.Tensor, shape (groups, signals, padded_length(times, n_lags))
        Signals with zeros behind them; they are not copied.
    n_lags : int
        Number of lags, from 0 on.

    Returns
    -------
    torch.Tensor, shape (groups, n_lags)
        Sums over signals and times; differentiable.

    Examples
    --------
    >>> signal = F.pad(torch.tensor([[[1.0, 2.0, 3.0]]]), (0, padded_length(3, 2) - 3))
    >>> autocorrelations(signal, 2)
    tensor([[14.,  8.]])
    """
    return _sums_of_blocks(signals, signals, n_lags)


def _sums_of_blocks(early: Tensor, late: Tensor, n_lags: int) -> Tensor:
    block = _block_length(n_lags)
    early_blocks, late_blocks = (signals.reshape(signals.shape[0], -1, block) for signals in (early, late))
    first = early_blocks[:, :-1].transpose(1, 2)
    return diagonal_sums(torch.cat([first @ late_blocks[:, :-1], first @ late_blocks[:, 1:]], 2), n_lags)


def diagonal_sums(products: Tensor, n_lags: int) -> Tensor:
    """Return the sum of each diagonal of matrices that are twice as wide as high.

    Parameters
    ----------
    products : torch.Tensor, shape (groups, rows, 2 × rows)
        Matrices.
    n_lags : int
        Number of diagonals, from the main one to the right.

    Returns
    -------
    torch.Tensor, shape (groups, n_lags)
        The sums; differentiable.

    Examples
    --------
    >>> diagonal_sums(torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]]), 2)
    tensor([[7, 9]])
    """
    groups, rows, _ = products.shape
    # One value more per row moves each row back by one: what stood on a diagonal then stands in a column.
    sheared = F.pad(products.reshape(groups, -1), (0, rows)).reshape(groups, rows, -1)
    sums: Tensor = sheared[:, :, :n_lags].sum(1)
    return sums


def padded_length(times: int, n_lags: int) -> int:
    """Return the number of samples of whole blocks that hold a signal, and one block more.

    The empty block at the end keeps one signal's end from meeting the next one's beginning.
    """
    block = _block_length(n_lags)
    return (-(-times // block) + 1) * block


def _block_length(n_lags: int) -> int:
    return max(32, n_lags - 1)
