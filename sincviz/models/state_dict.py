"""The weights of a SincShallowNet among what a file holds, under the names that the network gives them."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

DEEPEST = 3  # containers around a state dict
_SIGN = "sinc_filter_layer.low_freqs"
_COMPILED = "_orig_mod."


def bare_weights(content: Any) -> tuple[dict[str, Tensor], str]:
    """Return the weights without prefixes, and in a few words what they were found in.

    Parameters
    ----------
    content : mapping
        What a file holds: a state dict, or containers around one.

    Returns
    -------
    weights : dict of torch.Tensor
        By the names of the network's own state dict, as far as it was one.
    kind : str
        Such as ``"bare state dict"`` or ``"Lightning checkpoint"``.

    Raises
    ------
    ValueError
        If there is no such network, or more than one.

    Examples
    --------
    >>> import torch
    >>> weights, kind = bare_weights({"state_dict": {"model.sinc_filter_layer.low_freqs": torch.zeros(1, 2)}})
    >>> list(weights), kind
    (['sinc_filter_layer.low_freqs'], "state dict under 'state_dict'")
    """
    found = list(_state_dicts(content, (), DEEPEST))
    if not found:
        raise ValueError(
            f"there are no weights of a SincShallowNet in it: no name ends in `{_SIGN}`. {_holds(content)}"
        )
    chosen = [one for one in found if one[0] == ("state_dict",)] if len(found) > 1 else found
    if len(chosen) != 1:
        places = ", ".join("/".join(where) for where, _ in found)
        raise ValueError(
            f"there are several networks in it, under {places}. Save one: "
            f"`torch.save(torch.load(path, weights_only=True){''.join(f'[{key!r}]' for key in found[0][0])}, "
            '"weights.pt")`'
        )
    where, state = chosen[0]
    weights = _without_prefix(state)
    if not where:
        return weights, "bare state dict"
    lightning = where == ("state_dict",) and "pytorch-lightning_version" in content
    return weights, "Lightning checkpoint" if lightning else f"state dict under {'/'.join(where)!r}"


def _state_dicts(
    content: Any, where: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    # The methods of a dict that came out of a file may be hidden by attributes of the same name.
    if not isinstance(content, dict):
        return
    named = {key: value for key, value in dict.items(content) if isinstance(key, str)}
    if any(isinstance(value, Tensor) and key.endswith(_SIGN) for key, value in _plain(named)):
        yield where, named
    elif depth:
        for key, value in named.items():
            yield from _state_dicts(value, (*where, key), depth - 1)


def _plain(named: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key.replace(_COMPILED, ""), value) for key, value in named.items()]


def _without_prefix(state: Mapping[str, Any]) -> dict[str, Tensor]:
    plain = _plain(state)
    if len(dict(plain)) < len(plain):
        raise ValueError(
            f"names occur twice in it, with and without `{_COMPILED}`. Save one of the two networks"
        )
    prefixes = [key.removesuffix(_SIGN) for key, _ in plain if key.endswith(_SIGN)]
    if len(prefixes) > 1:
        listed = ", ".join(repr(prefix) for prefix in prefixes)
        raise ValueError(
            f"there are several networks in it, with the prefixes {listed}. Save one, for example: "
            f"`torch.save({{k: v for k, v in state_dict.items() if k.startswith({prefixes[0]!r})}}, "
            '"weights.pt")`'
        )
    prefix = prefixes[0]
    weights = {key.removeprefix(prefix): value for key, value in plain if key.startswith(prefix)}
    strangers = [key for key, value in weights.items() if not isinstance(value, Tensor)]
    if strangers:
        raise ValueError(f"what should be weights is something else: {', '.join(strangers[:4])}")
    return {key: value.detach() for key, value in weights.items()}


def _holds(content: Any) -> str:
    if not isinstance(content, dict):
        return f"It holds one {type(content).__name__}"
    names = [str(key)[:60] for key in dict.keys(content)]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"It holds: {', '.join(names[:6]) or 'nothing'}{more}"
