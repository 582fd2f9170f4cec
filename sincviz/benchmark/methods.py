"""Methods that enter the benchmark: callables ``(model, x, target)``, named as ``module:attribute``."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sincviz._utils.named_code import named_callable

DOMAINS = ("frequency", "time")


@dataclass(frozen=True)
class Method:
    """A method as the benchmark calls it.

    Attributes
    ----------
    name : str
        ``module:attribute``, or what a callable that was passed is called.
    function : callable
        Takes ``(model, x, target)`` and, if it has a parameter ``y``, the class of each trial.
    label, note : str
        What tables and figures call it, and a remark.
    domain : str
        ``"frequency"`` or ``"time"``: cases of the other domain are skipped. Empty: all cases.
    takes_classes : bool
        Whether it has a parameter ``y``.
    complete : bool
        Whether it claims that its values add up to the change of the score from a trial of zeros.
    """

    name: str
    function: Callable[..., Any]
    label: str
    note: str = ""
    domain: str = ""
    takes_classes: bool = False
    complete: bool = False


def named_method(
    method: str | Callable[..., Any] | Method, *, label: str = "", note: str = "", option: str = "`method`"
) -> Method:
    """Return a method by its name, or a callable as a method.

    Parameters
    ----------
    method : str | callable | Method
        ``module:attribute``, imported also from the current folder; or the callable itself. Its own attributes
        ``label``, ``note``, ``domain`` and ``complete`` are read if it has them.
    label, note : str
        Take the place of the attributes.
    option : str
        What messages call the argument.

    Returns
    -------
    Method
        Ready to be called.

    Raises
    ------
    ValueError
        If nothing of this name can be imported, or it declares a domain that there is not.
    TypeError
        If it is neither a name nor a callable.

    Examples
    --------
    >>> named_method("sincviz.benchmark.own_methods:random").label
    'Random numbers'
    """
    if isinstance(method, Method):
        return method
    if isinstance(method, str):
        name = ":".join(part.strip() for part in method.split(":"))
        found = named_callable(
            name, option=option, form="module:attribute", example="my_module:my_method", kind="a function"
        )
    elif callable(method):
        found = method
        own = getattr(method, "__qualname__", type(method).__qualname__)
        name = f"{getattr(method, '__module__', type(method).__module__)}:{own}"
    else:
        raise TypeError(
            f"{option} must be a callable or a text such as 'my_module:my_method'; got {type(method).__name__}."
        )
    if isinstance(found, type):
        raise ValueError(
            f"{option} must be called as (model, x, target); {name} is a class. Name an instance of it."
        )
    domain = str(getattr(found, "domain", "") or "")
    if domain not in ("", *DOMAINS):
        raise ValueError(
            f"The attribute `domain` of {name} must be 'frequency' or 'time'; got {domain!r:.80}."
        )
    return Method(
        name,
        found,
        label or str(getattr(found, "label", "") or name.partition(":")[2]),
        note or str(getattr(found, "note", "") or ""),
        domain,
        _takes_classes(found),
        bool(getattr(found, "complete", False)),
    )


def _takes_classes(function: Callable[..., Any]) -> bool:
    try:
        return "y" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some callables of C have none
        return False
