"""Code that a text names, as `package.module:attribute`: imported from that module, also from the current folder."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any


def named_callable(
    text: str,
    *,
    option: str = "`--model`",
    form: str = "package.module:Class",
    example: str = "my_networks:MyNet",
    kind: str = "a class or a function",
) -> Callable[..., Any]:
    """Return the class or function that a text names.

    Parameters
    ----------
    text : str
        Module and attribute, with a colon between them.
    option : str
        What the text was passed as; messages begin with it.
    form, example, kind : str
        What messages say is allowed: the form, one that works, and what must be named.

    Returns
    -------
    callable
        It, imported.

    Raises
    ------
    ValueError
        If the text has another form, the module is not found or fails, or has no such attribute.

    Examples
    --------
    >>> named_callable("torch.nn:Linear")
    <class 'torch.nn.modules.linear.Linear'>
    """
    module_name, colon, path = (part.strip() for part in text.partition(":"))
    if not (colon and path and all(part.isidentifier() for part in module_name.split("."))):
        raise ValueError(f"{option} must be {form}; got {text!r:.80}. Try {example}.")
    if module_name.endswith(".py"):
        raise ValueError(
            f"{option} must be {form}; got {text!r:.80}. Write {module_name.removesuffix('.py')}:{path}."
        )
    found: Any = _imported(module_name, option)
    for name in path.split("."):
        if not hasattr(found, name):
            raise ValueError(f"{option}: {module_name} has no {path!r:.80}.{_own_names(found, kind)}")
        found = getattr(found, name)
    if not callable(found):
        raise ValueError(f"{option} must name {kind}; {path} is a {type(found).__name__}.")
    return found  # type: ignore[no-any-return]


def _imported(name: str, option: str) -> object:
    if os.getcwd() not in sys.path:  # as for `python -m`
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise ValueError(
                f"{option}: there is no module {error.name!r} in this environment or in {os.getcwd()}. Run the "
                "command in the folder of the code, or install it."
            ) from error
        raise ValueError(f"{option}: {name} cannot be imported: {error}. Install what it needs.") from error
    except Exception as error:  # whatever the code raises
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"{option}: {name} cannot be imported: {type(error).__name__}: {reason:.300}"
        ) from error


def _own_names(module: object, kind: str) -> str:
    """Return what a module defines that could have been meant: its classes, and functions where these are asked for."""
    own = getattr(module, "__name__", None)
    names = [
        name
        for name, value in vars(module).items()
        if (isinstance(value, type) if "class" in kind else callable(value))
        and getattr(value, "__module__", None) == own
        and not name.startswith("_")
    ]
    return f" It has: {', '.join(names[:8])}." if names else ""
