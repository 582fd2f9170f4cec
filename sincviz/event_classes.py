"""Which event stands for which class: ``left=769,right=770``."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sincviz.errors import EpochsError, did_you_mean
from sincviz.shown_text import listed

if TYPE_CHECKING:
    import mne


def parsed_classes(text: str) -> dict[str, str]:
    """Return class to event of an option such as ``left=T1,right=T2``.

    Raises
    ------
    ValueError
        If it is not of that form, or names a class or an event twice.

    Examples
    --------
    >>> parsed_classes("left=769, right=770")
    {'left': '769', 'right': '770'}
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, event = (piece.strip() for piece in part.partition("="))
        if not (name and equals and event):
            raise ValueError(
                f"`--classes` must be CLASS=EVENT with commas between; got {text!r}. Try left=T1,right=T2."
            )
        if name in found or event in found.values():
            raise ValueError(f"`--classes` names {name if name in found else event!r} twice; got {text!r}.")
        found[name] = event
    return found


def matched_events(classes: Mapping[str, object], events: Iterable[str]) -> dict[str, str]:
    """Return class to event as the recording writes it.

    Blanks, upper and lower case and what stands before a slash (``Stimulus/S  1``) do not matter where only one event
    can be meant.

    Raises
    ------
    EpochsError
        If an event is missing or could be several.

    Examples
    --------
    >>> matched_events({"left": 769, "right": "s1"}, ["769", "Stimulus/S  1"])
    {'left': '769', 'right': 'Stimulus/S  1'}
    """
    names = list(events)
    found = {}
    for label, event in classes.items():
        wanted = str(event)
        close = [wanted] if wanted in names else [name for name in names if _key(wanted) in _keys(name)]
        if len(close) != 1:
            known = listed(names, 20) or "there are none"
            why = f"could be {' or '.join(map(repr, close))}" if close else f"is none of its events: {known}"
            raise EpochsError(
                f"The event {wanted!r} of class {label!r} {why}.{'' if close else did_you_mean(wanted, names)}"
            )
        found[str(label)] = close[0]
    double = [event for event, count in Counter(found.values()).items() if count > 1]
    if double:
        raise EpochsError(f"The event {double[0]!r} stands for two classes; name each event once.")
    return found


def with_classes(epochs: "mne.BaseEpochs", classes: Mapping[str, object] | None) -> "mne.BaseEpochs":
    """Return the epochs of these classes alone, under these names; ``None`` leaves all as they are.

    Raises
    ------
    EpochsError
        If an event is missing, or could be several.
    """
    if classes is None:
        return epochs
    found = matched_events(classes, epochs.event_id)
    own = epochs.event_id
    chosen = epochs[list(found.values())]
    chosen.event_id = {label: own[event] for label, event in found.items()}
    return chosen


def mapping_remedy(class_names: Sequence[str], event_id: Mapping[str, int]) -> str:
    """Return the lines that name events as a network names its classes, if these are as many; else nothing.

    Examples
    --------
    >>> mapping_remedy(["left", "right"], {"769": 769, "770": 770})
    " If the events are these classes in this order: `epochs.event_id = {'left': 769, 'right': 770}`, or `--classes
    left=769,right=770`."
    """
    if not class_names or len(class_names) != len(event_id):
        return ""
    pairs = list(zip(class_names, sorted(event_id.items(), key=lambda item: item[1]), strict=True))
    mapping = {label: code for label, (_, code) in pairs}
    option = ",".join(f"{label}={event}" for label, (event, _) in pairs)
    if any(character in option for character in " '\""):
        option = f'"{option}"'
    return f" If the events are these classes in this order: `epochs.event_id = {mapping}`, or `--classes {option}`."


def _key(name: str) -> str:
    return "".join(name.casefold().split())


def _keys(name: str) -> set[str]:
    return {_key(name), _key(name.rpartition("/")[2])}
