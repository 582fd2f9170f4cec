"""Strict JSON, without NaN or invisible characters."""

import json
from typing import Any

import numpy as np


def json_text(facts: dict[str, Any]) -> str:
    """Return the contents of a JSON file; NaN becomes null.

    Examples
    --------
    >>> print(json_text({"p": float("nan")}), end="")
    {
      "p": null
    }
    """
    return seen(json.dumps(plain(facts), indent=2, ensure_ascii=False, allow_nan=False)) + "\n"


def seen(text: str) -> str:
    r"""Return equivalent JSON with every invisible character escaped.

    Examples
    --------
    >>> print(seen('{"name": "C3' + chr(0x9D) + '"}'))
    {"name": "C3\u009d"}
    """
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def plain(value: Any) -> Any:
    """Return a value that strict JSON can hold; numbers that are not finite become null."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
