"""State dicts of a SincShallowNet: found in the contents of a file, without prefixes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from torch import Tensor

from sincviz._utils.text import listed, shown_name
from sincviz.weights.stored_tensor import StoredTensor

DEEPEST = 3  # containers around a state dict
EARLIER_LAYOUT = "layout of braindecode 1.0 to 1.5"
_SIGN = "sinc_filter_layer.low_freqs"
_COMPILED = "_orig_mod."
# Until braindecode 1.5 `depthwiseconv` began with a layer without weights, so the others were 1 and 2.
_NOW_NAMED = {"depthwiseconv.1.": "depthwiseconv.0.", "depthwiseconv.2.": "depthwiseconv.1."}


Weight = TypeVar("Weight")
Where = tuple[Any, ...]
State = tuple[Where, dict[str, Any]]


class NoNetworkError(ValueError):
    """There are no weights of a SincShallowNet."""


def bare_weights(content: Any) -> tuple[dict[str, Any], str]:
    """Return the weights without prefixes, and where they were found, as text.

    Parameters
    ----------
    content : mapping
        Contents of a file: a state dict, or containers around one.

    Returns
    -------
    weights : dict of torch.Tensor or StoredTensor
        Weights by the names of the network's state dict.
    kind : str
        Such as ``"bare state dict"`` or ``"Lightning checkpoint"``.

    Raises
    ------
    NoNetworkError
        If there is none.
    ValueError
        If there are several.

    Examples
    --------
    >>> import torch
    >>> weights, kind = bare_weights({"state_dict": {"model.sinc_filter_layer.low_freqs": torch.zeros(1, 2)}})
    >>> list(weights), kind
    (['sinc_filter_layer.low_freqs'], "state dict under 'state_dict'")
    """
    states = list(state_dicts(content, lambda key: key.endswith(_SIGN)))
    if not states:
        raise NoNetworkError(f"it contains no weights of a SincShallowNet: no name ends in `{_SIGN}`")
    where, state = only_state_dict(states)
    weights = _without_prefix(state)
    kind = place_words(content, where)
    return (now_named(weights), f"{kind}, {EARLIER_LAYOUT}") if is_earlier(weights) else (weights, kind)


def holds_sinc_shallow(content: Any) -> bool:
    """Return whether the contents of a file have the weights of a SincShallowNet."""
    return any(state_dicts(content, lambda key: key.endswith(_SIGN)))


def only_state_dict(states: list[State]) -> State:
    """Return the one state dict, or the one under ``state_dict``, with the keys that lead to it.

    Raises
    ------
    ValueError
        If there are several.
    """
    chosen = [one for one in states if one[0] == ("state_dict",)] if len(states) > 1 else states
    if len(chosen) != 1:
        places = listed(["/".join(map(str, where)) or "the top" for where, _ in states], 6)
        raise ValueError(
            f"it contains several networks, under {places}. Save one: "
            f"`torch.save(torch.load(path, weights_only=True){''.join(f'[{key!r:.80}]' for key in states[0][0])}, "
            '"weights.pt")`'
        )
    return chosen[0]


def place_words(content: Any, where: Where) -> str:
    """Return where a state dict was found, as text."""
    if where == ("state_dict",) and "pytorch-lightning_version" in content:
        return "Lightning checkpoint"
    return f"state dict under {'/'.join(map(shown_name, where))!r}" if where else "bare state dict"


def is_earlier(weights: Mapping[str, Any]) -> bool:
    """Return whether the weights have the names of braindecode 1.0 to 1.5.

    Examples
    --------
    >>> is_earlier({"depthwiseconv.1.weight": 0, "depthwiseconv.2.weight": 0})
    True
    """
    layers = {name.split(".")[1] for name in weights if name.startswith("depthwiseconv.")}
    return layers == {"1", "2"}


def now_named(weights: Mapping[str, Weight]) -> dict[str, Weight]:
    """Return weights of braindecode 1.0 to 1.5 under their current names."""
    renamed = {}
    for name, value in weights.items():
        block = next((block for block in _NOW_NAMED if name.startswith(block)), "")
        renamed[_NOW_NAMED.get(block, "") + name.removeprefix(block)] = value
    return renamed


def state_dicts(content: Any, is_sign: Callable[[str], bool]) -> Iterator[State]:
    """Yield the dicts in which a tensor has a name that is a sign of the network, and the keys that lead to them."""
    level: list[tuple[tuple[Any, ...], Any]] = [((), content)]
    opened: dict[int, dict[str, Any] | None] = {}  # a state dict, or a container that was opened
    for _ in range(DEEPEST + 1):
        below: list[tuple[tuple[Any, ...], Any]] = []
        for where, container in level:
            if not isinstance(container, dict | list | tuple):
                continue
            if id(container) in opened:
                # A dict under many names that contains another such dict would be opened endlessly.
                if (state := opened[id(container)]) is not None:
                    yield where, state
                continue
            opened[id(container)] = None
            if not isinstance(container, dict):
                below += [((*where, number), part) for number, part in enumerate(container)]
                continue
            # Attributes of the same name may hide the methods of a dict.
            named = {key: value for key, value in dict.items(container) if isinstance(key, str)}
            if any(is_tensor(value) and is_sign(key) for key, value in plain_names(named)):
                opened[id(container)] = named
                yield where, named
            else:
                below += [((*where, key), value) for key, value in dict.items(container)]
        level = below


def is_tensor(value: object) -> bool:
    """Return whether this is a tensor, read or only described."""
    return isinstance(value, Tensor | StoredTensor)


def plain_names(named: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return names and values, with the names as before `torch.compile`."""
    return [(key.replace(_COMPILED, ""), value) for key, value in named.items()]


def _without_prefix(state: Mapping[str, Any]) -> dict[str, Any]:
    plain = plain_names(state)
    if len(dict(plain)) < len(plain):
        raise ValueError(f"names occur twice, with and without `{_COMPILED}`. Save one of the two networks")
    return under_prefix(plain, [key.removesuffix(_SIGN) for key, _ in plain if key.endswith(_SIGN)])


def under_prefix(plain: list[tuple[str, Any]], prefixes: list[str]) -> dict[str, Any]:
    """Return the weights under the only prefix, without it.

    Raises
    ------
    ValueError
        If there are several prefixes, or something else than tensors is under it.
    """
    if len(prefixes) > 1:
        raise ValueError(
            f"it contains several networks, with the prefixes {listed([repr(one) for one in prefixes], 6)}. "
            "Save one, for example: "
            f"`torch.save({{k: v for k, v in state_dict.items() if k.startswith({prefixes[0]!r:.80})}}, "
            '"weights.pt")`'
        )
    prefix = prefixes[0]
    weights = {key.removeprefix(prefix): value for key, value in plain if key.startswith(prefix)}
    strangers = [key for key, value in weights.items() if not is_tensor(value)]
    if strangers:
        raise ValueError(f"these entries should be weights but are not: {listed(strangers, 6)}")
    return weights
