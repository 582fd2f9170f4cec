"""Weights of any network, found in the contents of a file by the names that the network gives them."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from sincviz._utils.text import listed
from sincviz.weights.file_content import MOST_BYTES
from sincviz.weights.state_dict import (
    NoNetworkError,
    is_tensor,
    only_state_dict,
    place_words,
    plain_names,
    state_dicts,
    under_prefix,
)
from sincviz.weights.stored_tensor import StoredTensor

_MOST_WEIGHTS = 20_000
_PARAMETRIZED = ".parametrizations."


def named_weights(
    content: Any, names: Collection[str], least: int = 1
) -> tuple[dict[str, StoredTensor], str]:
    """Return the weights of the state dict that has most of these names, without a prefix, and where they were.

    Parameters
    ----------
    content : mapping
        Contents of a file: a state dict, or containers around one.
    names : collection of str
        Names of weights in the network's state dict.
    least : int
        How many of them must be there.

    Returns
    -------
    weights : dict of StoredTensor
        All weights of that state dict with the same prefix.
    kind : str
        Such as ``"bare state dict"`` or ``"Lightning checkpoint"``.

    Raises
    ------
    NoNetworkError
        If no state dict has that many of the names.
    ValueError
        If several state dicts, or prefixes in one, have as many of them.

    Examples
    --------
    >>> state = {"net.fc.weight": torch.zeros(2), "loss.weight": torch.zeros(1)}
    >>> weights, kind = named_weights({"model": state}, ["fc.weight"])
    >>> list(weights), kind
    (['fc.weight'], "state dict under 'model'")
    """
    wanted = frozenset(names)
    states = list(state_dicts(content, lambda key: bool(_prefixes([key], wanted))))
    counts = [_prefixes(_tensor_names(state), wanted) for _, state in states]
    most = max((count.most_common(1)[0][1] for count in counts if count), default=0)
    if most < least:
        raise NoNetworkError("it contains no weights of such a network: too few of its names are there")
    best = [(state, count) for state, count in zip(states, counts, strict=True) if most in count.values()]
    where, state = only_state_dict([one for one, _ in best])
    count = next(count for one, count in best if one[0] == where)
    plain = plain_names(state)
    if len(plain) > _MOST_WEIGHTS:
        raise ValueError(
            f"it has {len(plain)} entries in one state dict; more than {_MOST_WEIGHTS} are not read"
        )
    weights = under_prefix(plain, [prefix for prefix, number in count.items() if number == most])
    return weights, place_words(content, where)


def checked_values(weights: Mapping[str, StoredTensor]) -> None:
    """Reject weights that are no numbers of a network, or whose sizes claim more than any network has.

    Raises
    ------
    ValueError
        If there are more bytes than are read, or numbers of a type that networks do not compute with.
    """
    n_bytes = sum(weight.numel() * weight.dtype.itemsize for weight in weights.values())
    if n_bytes > MOST_BYTES:
        raise ValueError(f"its weights have {n_bytes} bytes; more than {MOST_BYTES} are not read")
    complex_ones = [name for name, weight in weights.items() if weight.dtype.is_complex]
    if complex_ones:
        raise ValueError(f"complex weights are not read: {listed(complex_ones)}")


def precision_of(weights: Mapping[str, Tensor]) -> torch.dtype:
    """Return double precision if all weights have it, else single precision."""
    types = {value.dtype for value in weights.values() if value.is_floating_point()}
    return torch.float64 if types == {torch.float64} else torch.float32


def not_finite(weights: Mapping[str, Tensor]) -> list[str]:
    """Return the names of weights with NaN or infinite values.

    Examples
    --------
    >>> not_finite({"a": torch.zeros(2), "b": torch.tensor([float("nan")])})
    ['b']
    """
    return [name for name, value in weights.items() if not value.isfinite().all()]


def renamed_for(weights: Mapping[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    """Return weights under the names of a network that constrains them by parametrizations, or no longer does.

    A constrained ``conv.weight`` is ``conv.parametrizations.weight.original`` in the state dict of a newer network.

    Examples
    --------
    >>> list(renamed_for({"conv.weight": torch.zeros(1)}, ["conv.parametrizations.weight.original"]))
    ['conv.parametrizations.weight.original']
    """
    other = {_bare(name): name for name in names}
    return {name if name in names else other.get(_bare(name), name): value for name, value in weights.items()}


def _bare(name: str) -> str:
    return name.removesuffix(".original").replace(_PARAMETRIZED, ".") if _PARAMETRIZED in name else name


def _tensor_names(state: Mapping[str, Any]) -> list[str]:
    return [key for key, value in plain_names(state) if is_tensor(value)]


def _prefixes(keys: Collection[str], wanted: frozenset[str]) -> Counter[str]:
    """Return how many keys are one of the names after a prefix that ends in a full stop, or after none."""
    count: Counter[str] = Counter()
    for key in keys:
        start = 0
        while start >= 0:
            if key[start:] in wanted:
                count[key[:start]] += 1
            start = key.find(".", start) + 1 or -1
    return count
