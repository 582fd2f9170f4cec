"""Loading of weights into a network that was built for them: all of them fit, or an error says which do not."""

import warnings
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sincviz._utils.text import counted, shown_name
from sincviz.weights.named_weights import precision_of, renamed_for

_MOST = 4  # of each kind are named


def differences(module: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Return, as text, which weights are missing, unknown or of another shape; an empty list if all fit.

    Examples
    --------
    >>> for words in differences(nn.Linear(3, 2), {"weight": torch.zeros(2, 4), "scale": torch.zeros(1)}):
    ...     print(words)
    1 weight is missing from the file: bias
    the network has no weight scale
    weight is (2, 4) in the file, but (2, 3) in the network
    """
    own = module.state_dict()
    given = _as_named_by(module, weights)
    missing = [name for name in own if name not in given]
    unknown = [name for name in given if name not in own]
    words = []
    if missing:
        words.append(
            f"{counted(len(missing), 'weight')} {'is' if len(missing) == 1 else 'are'} missing from the file: "
            f"{_some(missing)}"
        )
    if unknown:
        words.append(f"the network has no weight{'s' if len(unknown) > 1 else ''} {_some(unknown)}")
    reshaped = [
        f"{shown_name(name)} is {tuple(value.shape)} in the file, but {tuple(own[name].shape)} in the network"
        for name, value in given.items()
        if name in own and own[name].shape != value.shape
    ]
    words += reshaped[:_MOST]
    return words + ([f"and {len(reshaped) - _MOST} more"] if len(reshaped) > _MOST else [])


def load_strictly(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load all weights into a network, in their precision, and set it to evaluation.

    Raises
    ------
    ValueError
        If a weight is missing, unknown or of another shape.
    """
    if words := differences(module, weights):
        raise ValueError("; ".join(words))
    module.to(precision_of(weights))
    try:
        module.load_state_dict(renamed_for(weights, _names(module)), strict=True)
    except RuntimeError as error:
        raise ValueError(" ".join(str(error).split())[:600]) from error
    module.eval()


def tried(module: nn.Module, n_chans: int, n_times: int) -> Tensor:
    """Return the scores of a trial of zeros.

    Raises
    ------
    ValueError
        If the network cannot compute them; the message says why.
    """
    first = next((one for one in module.parameters() if one.is_floating_point()), torch.zeros(0))
    zeros = torch.zeros(1, n_chans, n_times, dtype=first.dtype, device=first.device)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its code, which nobody can change here
            scores = module(zeros)
    except Exception as error:  # whatever its code raises
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"on a trial of zeros of shape {tuple(zeros.shape)} it fails: {reason:.300}"
        ) from error
    if not isinstance(scores, Tensor):
        raise ValueError(f"it must return a tensor of scores; got {type(scores).__name__}")
    return scores


def _names(module: nn.Module) -> set[str]:
    """Return the names under which a network takes weights, older ones that it renames itself included."""
    return {*module.state_dict(), *_mapping(module)}


def _mapping(module: nn.Module) -> Mapping[str, str]:
    mapping = getattr(module, "mapping", None)
    return mapping if isinstance(mapping, Mapping) else {}


def _as_named_by(module: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    mapping = _mapping(module)
    return {mapping.get(name, name): value for name, value in renamed_for(weights, _names(module)).items()}


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(map(shown_name, names[:_MOST])) + more
