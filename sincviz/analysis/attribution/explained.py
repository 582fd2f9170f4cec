"""Explained quantities: class scores, margins or log-probabilities."""

import torch
from torch import Tensor

from sincviz.networks.decoder import Decoder

EXPLAIN = ("score", "margin", "log_probability")


def explained_words(network: Decoder, explain: str) -> str:
    """Return what is explained as results name it, in which unit they are.

    Raises
    ------
    ValueError
        If the outputs are numbers, which have neither margins nor probabilities.
    """
    if not network.numeric:
        return explain
    if explain != "score":
        raise ValueError(
            f"The outputs of this network are numbers, which have no {explain!r}; got `explain={explain!r}`. Pass "
            "`explain='score'`, which explains each output."
        )
    return "output"


def explained(scores: Tensor, explain: str) -> Tensor:
    """Return what is explained of each class.

    Parameters
    ----------
    scores : torch.Tensor, shape (batch, classes)
        Class scores.
    explain : {"score", "margin", "log_probability"}
        The score, its margin over the best other class, or the logarithm of the softmax.

    Returns
    -------
    torch.Tensor, shape (batch, classes)
        Differentiable.

    Raises
    ------
    ValueError
        If ``explain`` is unknown, or there is a single score and nothing to compare it with.

    Examples
    --------
    >>> explained(torch.tensor([[1.0, 4.0, 2.0]]), "margin").tolist()
    [[-3.0, 2.0, -2.0]]
    """
    if explain not in EXPLAIN:
        raise ValueError(f"`explain` must be one of {', '.join(map(repr, EXPLAIN))}; got {explain!r}.")
    if explain == "score":
        return scores
    if scores.shape[1] < 2:
        raise ValueError(f"The network has one score, so it has no {explain}. Pass `explain='score'`.")
    if explain == "log_probability":
        return scores.log_softmax(1)
    best, second = scores.topk(2, dim=1).values.unbind(1)
    leads = torch.zeros_like(scores, dtype=torch.bool).scatter(1, scores.argmax(1, keepdim=True), True)
    return scores - torch.where(leads, second[:, None], best[:, None])
