"""Checks of the provenance that a file stores: every entry has its type, or the file is rejected."""

import math
from collections.abc import Callable, Mapping

from sincviz._utils.text import listed, shown_name

_LONGEST_TEXT = 1000
_DEEPEST = 50  # lists in lists; deeper ones cannot be copied


def check_provenance(provenance: object, n_filters: int, assumable: set[str]) -> None:
    """Reject provenance with entries unlike those of this version; entries with other names are ignored.

    Parameters
    ----------
    provenance : object
        Provenance in a file.
    n_filters : int
        Number of filters, each with two cut-offs.
    assumable : set of str
        Names that may be assumed.

    Raises
    ------
    ValueError
        If an entry is not valid; the message says what it must be.

    Examples
    --------
    >>> check_provenance({"n_training_trials": 40, "note": "mine"}, 4, set())
    >>> check_provenance({"n_training_trials": "many"}, 4, set())
    Traceback (most recent call last):
    ValueError: its provenance is damaged: `n_training_trials` must be a whole number; got 'many'
    """
    if not isinstance(provenance, Mapping):
        raise ValueError(f"its provenance must be a mapping; got {type(provenance).__name__}")
    if _is_deeper(provenance, _DEEPEST):
        raise ValueError(f"its provenance is nested more than {_DEEPEST} deep")
    for name, (fits, kind) in _KINDS.items():
        if name in provenance and not fits(provenance[name]):
            raise ValueError(
                f"its provenance is damaged: `{name}` must be {kind}; got {shown_name(repr(provenance[name]))}"
            )
    for name, shape in (("initial_cutoffs_hz", (n_filters, 2)), ("cutoff_history_hz", (None, n_filters, 2))):
        if name in provenance and not _has_shape(provenance[name], shape):
            raise ValueError(
                f"its provenance is damaged: `{name}` must hold two numbers for each of {n_filters} filters"
            )
    assumed = provenance.get("assumed") or {}
    if strange := [name for name in assumed if name not in assumable]:
        raise ValueError(f"its provenance is damaged: `assumed` names {listed(strange)}")
    for name, value in assumed.items():
        if not (value is None or _is_text(value) or _is_number(value) or _are_texts(value)):
            raise ValueError(
                f"its provenance is damaged: `{name}` was assumed to be {shown_name(repr(value))}"
            )


def _is_deeper(value: object, most: int) -> bool:
    """Return whether lists and mappings are nested more deeply than that."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, Mapping | list | tuple)
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
    return bool(level)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < 2**63 and math.isfinite(value)


def _is_number_or_unknown(value: object) -> bool:
    return value is None or _is_number(value)


def _is_mapping(value: object) -> bool:
    return value is None or isinstance(value, Mapping)


def _are_recordings(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and all(_is_text(level) for level in one.values()) for one in value
    )


def _are_curves(value: object) -> bool:
    if not isinstance(value, Mapping) or not all(isinstance(one, list) for one in value.values()):
        return False
    same = len({len(one) for one in value.values()}) <= 1
    return (
        same
        and set(value) <= _CURVES
        and all(_is_number_or_unknown(one) for own in value.values() for one in own)
    )


def _has_shape(value: object, shape: tuple[int | None, ...]) -> bool:
    if not shape:
        return _is_number(value)
    size, *rest = shape
    fits = isinstance(value, list) and (len(value) == size if size is not None else len(value) > 0)
    return fits and all(_has_shape(one, tuple(rest)) for one in value)  # type: ignore[attr-defined]


_CURVES = {"train_loss", "valid_loss", "valid_accuracy"}
_TEXT, _NUMBER = (_is_text, "text"), (_is_number_or_unknown, "a number or null")
_WHOLE = (_is_whole, "a whole number")
_KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(("format", "training_data_sha256", "data_sha256"), _TEXT),
    "reference": (lambda value: value is None or _is_text(value), "text or null"),
    **dict.fromkeys(("n_training_trials", "n_recalibration_trials", "seed"), _WHOLE),
    **dict.fromkeys(("highpass_hz", "lowpass_hz"), _NUMBER),
    "training_trials": (_are_texts, "a list of texts"),
    "training_trials_complete": (lambda value: isinstance(value, bool), "true or false"),
    "learning_curves": (_are_curves, "lists of as many numbers each, by name"),
    "left_unread": (_are_texts, "a list of texts"),
    "training_recordings": (_are_recordings, "a list of mappings to texts"),
    "assumed": (_is_mapping, "a mapping"),
}
