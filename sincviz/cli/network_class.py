"""The options that name a class of one's own, ``--model`` and ``--model-args``, and the only place that reads them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from sincviz._utils.named_code import named_callable

Model = Annotated[
    str,
    typer.Option(
        help="Class of a network that is not recognised, or function that returns it, as package.module:Class; this "
        "module is imported, also from the current folder."
    ),
]
ModelArgs = Annotated[
    str,
    typer.Option(
        help='Arguments for --model, as in training: n_chans=22,n_outputs=4 or JSON, {"n_chans": 22, "n_outputs": 4}.'
    ),
]


def network_class(model: str) -> Callable[..., object] | None:
    """Return the class or function that ``--model`` names; ``None`` for an empty text.

    Raises
    ------
    ValueError
        If the text has another form, the module is not found or fails, or has no such class.

    Examples
    --------
    >>> network_class("torch.nn:Linear")
    <class 'torch.nn.modules.linear.Linear'>
    """
    return named_callable(model) if model else None


def model_arguments(text: str) -> dict[str, Any] | None:
    """Return the arguments that ``--model-args`` gives; ``None`` for an empty text.

    Raises
    ------
    ValueError
        If it is neither a mapping in JSON nor comma-separated NAME=VALUE.

    Examples
    --------
    >>> model_arguments('{"n_chans": 22, "pools": [4, 8]}'), model_arguments("n_chans=22, rate=0.5, norm=true")
    ({'n_chans': 22, 'pools': [4, 8]}, {'n_chans': 22, 'rate': 0.5, 'norm': True})
    """
    if not text.strip():
        return None
    if text.strip().startswith("{"):
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"`--model-args` is not valid JSON: {error}. Try '{{\"n_chans\": 22}}' or n_chans=22."
            ) from error
        return dict(parsed)
    arguments: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (equals and value and name.isidentifier()):
            raise ValueError(
                "`--model-args` must be comma-separated NAME=VALUE or a mapping in JSON; got "
                f"{text!r:.80}. Try n_chans=22,n_outputs=4."
            )
        if name in arguments:
            raise ValueError(f"`--model-args` names {name!r} twice. Pass it once.")
        arguments[name] = _value(value)
    return arguments


def named_class(model: str, model_args: str) -> dict[str, Any]:
    """Return ``model`` and ``model_args`` for ``load_checkpoint``, as the two options give them.

    Raises
    ------
    ValueError
        If one of the options cannot be read, or there are arguments without a class.
    """
    if model_args.strip() and not model:
        raise ValueError(
            "`--model-args` needs `--model`. What the file of a recognised network does not store is passed by "
            "`--parameter`."
        )
    arguments = model_arguments(model_args)
    return {"model": network_class(model), "model_args": arguments} if model else {}


@contextmanager
def input_errors() -> Iterator[None]:
    """Turn errors about the types of what was passed into errors that the command line prints in one line."""
    try:
        yield
    except TypeError as error:
        raise ValueError(str(error)) from error


def _value(text: str) -> Any:
    """Return a value as in JSON; Python's words for true, false and null are understood, other text stays text."""
    python = {"True": True, "False": False, "None": None}
    if text in python:
        return python[text]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
