"""Classes of a recording, matched with its events."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sincviz._utils.text import listed, shown
from sincviz.errors import EpochsError, did_you_mean

if TYPE_CHECKING:
    import mne

_LEAST_LETTERS = 3  # of a name that is searched for in another


def matched_events(classes: Mapping[str, object], events: Iterable[str]) -> dict[str, str]:
    """Return the event of each class, as spelled in the recording.

    Blanks, case and any text before a slash (``Stimulus/S  1``) are ignored if only one event can be meant.

    Raises
    ------
    EpochsError
        If an event is missing or ambiguous.

    Examples
    --------
    >>> matched_events({"left": 769, "right": "s1"}, ["769", "Stimulus/S  1"])
    {'left': '769', 'right': 'Stimulus/S  1'}
    """
    names = list(events)
    matched = {}
    for label, event in classes.items():
        wanted = str(event)
        close = [wanted] if wanted in names else [name for name in names if _key(wanted) in _keys(name)]
        if len(close) != 1:
            known = listed(names, 20) or "there are none"
            why = (
                f"could be {' or '.join(map(repr, close))}" if close else f"is not among its events: {known}"
            )
            raise EpochsError(
                f"The event {wanted!r} of class {label!r} {why}.{'' if close else did_you_mean(wanted, names)}"
            )
        matched[str(label)] = close[0]
    double = [event for event, count in Counter(matched.values()).items() if count > 1]
    if double:
        raise EpochsError(f"The event {double[0]!r} is given for two classes; use each event once.")
    return matched


def with_classes(epochs: "mne.BaseEpochs", classes: Mapping[str, object] | None) -> "mne.BaseEpochs":
    """Return only the epochs of these classes, with these names; ``None`` returns all unchanged.

    Raises
    ------
    EpochsError
        If an event is missing or ambiguous.
    """
    if classes is None:
        return epochs
    matched = matched_events(classes, epochs.event_id)
    event_id = epochs.event_id
    chosen = epochs[list(matched.values())]
    chosen.event_id = {label: event_id[event] for label, event in matched.items()}
    return chosen


def mapping_remedy(class_names: Sequence[str], event_id: Mapping[str, int]) -> str:
    """Return code that renames events to the classes of a network, if they can be matched.

    Examples
    --------
    >>> mapping_remedy(["left", "right"], {"769": 769, "770": 770})
    " If the events are these classes in this order: `epochs.event_id = {'left': 769, 'right': 770}`, or `--classes
    left=769,right=770`."
    >>> mapping_remedy(["left", "right"], {"RIGHT": 1, "LEFT": 2})
    " If the events are these classes: `epochs.event_id = {'left': 2, 'right': 1}`, or `--classes
    left=LEFT,right=RIGHT`."
    """
    events = [event for event, _ in sorted(event_id.items(), key=lambda item: item[1])]
    pairs, by_name = likely_pairs(class_names, events)
    if not pairs:
        return ""
    mapping = {label: int(event_id[event]) for label, event in pairs.items()}
    option = ",".join(f"{shown(label)}={shown(event)}" for label, event in pairs.items())
    if any(character in option for character in " '\""):
        option = f'"{option}"'
    order = "" if by_name else " in this order"
    return f" If the events are these classes{order}: `epochs.event_id = {mapping}`, or `--classes {option}`."


def likely_pairs(class_names: Sequence[str], labels: Sequence[str]) -> tuple[dict[str, str], bool]:
    """Return which label probably means which class, and whether they were matched by name.

    Labels are matched by name: equal ones, those that differ only in case and separators, and those of which one is
    part of the other. If no name matches, they are matched by order. If some names match but not all, nothing is
    returned.

    Examples
    --------
    >>> likely_pairs(["left_hand", "feet"], ["Feet", "left"])
    ({'left_hand': 'left', 'feet': 'Feet'}, True)
    >>> likely_pairs(["left", "right"], ["left", "feet"]), likely_pairs(["left", "right"], ["769", "770"])
    (({}, False), ({'left': '769', 'right': '770'}, False))
    """
    if not class_names or len(class_names) != len(labels):
        return {}, False
    pairs: dict[str, str] = {}
    for alike in (str.__eq__, _are_spelt_alike, _is_part):
        free = [label for label in labels if label not in pairs.values()]
        close = {
            name: [label for label in free if alike(name, label)] for name in class_names if name not in pairs
        }
        taken = Counter(label for names in close.values() for label in names)
        pairs |= {name: near[0] for name, near in close.items() if len(near) == 1 and taken[near[0]] == 1}
    if len(pairs) == len(class_names):
        return {name: pairs[name] for name in class_names}, True
    if any(
        _are_spelt_alike(name, label) or _is_part(name, label) for name in class_names for label in labels
    ):
        return {}, False
    return dict(zip(class_names, labels, strict=True)), False


def _letters(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def _are_spelt_alike(one: str, other: str) -> bool:
    return _letters(one) == _letters(other)


def _is_part(one: str, other: str) -> bool:
    short, long = sorted((_letters(one), _letters(other)), key=len)
    return len(short) >= _LEAST_LETTERS and short in long


def _key(name: str) -> str:
    return "".join(name.casefold().split())


def _keys(name: str) -> set[str]:
    return {_key(name), _key(name.rpartition("/")[2])}
