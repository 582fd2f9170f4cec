"""Walk through the contents of a file, which may be circular: every container once, with the path to it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sincviz._utils.text import shown_name
from sincviz.weights.pickle_scan import OTHER_KEYS, Named, Unread
from sincviz.weights.stored_tensor import StoredTensor
from sincviz.weights.torch_pickle import is_plain

MOST_LISTED = 20
_DEEPEST = 12  # steps; weights do not lie deeper


@dataclass(frozen=True, eq=False)
class Place:
    """An object in a file, and the step that leads to it from its container."""

    node: Any
    above: "Place | None" = None
    key: Any = None
    is_attribute: bool = False

    @property
    def depth(self) -> int:
        """Number of steps from the top."""
        return 0 if self.above is None else self.above.depth + 1

    @property
    def steps(self) -> list["Place"]:
        """The places from the first below the top down to this one."""
        return [] if self.above is None else [*self.above.steps, self]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys on the path."""
        return tuple(shown_name(step.key) for step in self.steps)

    @property
    def code(self) -> str:
        """The path as Python code, such as ``['net'].module_``."""
        return "".join(f".{step.key}" if step.is_attribute else f"[{step.key!r}]" for step in self.steps)


def walked(root: Any, *, into_objects: bool = True) -> Iterator[Place]:
    """Yield containers, tensors, and objects that were not built, the nearest first.

    Examples
    --------
    >>> [place.code for place in walked({"a": [{"b": 1}], "c": {}})]
    ['', "['a']", "['c']", "['a'][0]"]
    """
    waiting = deque([Place(root)])
    seen: set[int] = set()
    while waiting:
        place = waiting.popleft()
        node = place.node
        if id(node) in seen or not isinstance(node, dict | list | tuple | StoredTensor | Named):
            continue
        seen.add(id(node))
        yield place
        if (isinstance(node, Unread) and not into_objects) or place.depth == _DEEPEST:
            continue
        if isinstance(node, dict):
            waiting.extend(Place(value, place, key) for key, value in node.items() if key is not OTHER_KEYS)
        elif isinstance(node, list | tuple):
            waiting.extend(Place(value, place, number) for number, value in enumerate(node))
        if isinstance(node, Unread):
            for part in node.state if isinstance(node.state, tuple) else (node.state,):
                if isinstance(part, dict):
                    seen.add(id(part))
                    waiting.extend(
                        Place(value, place, key, True)
                        for key, value in part.items()
                        if isinstance(key, str) and key.isidentifier()
                    )


def left_unread(root: Any) -> list[str]:
    """Return what was left unread, as text: objects, and entries of dicts whose keys are not read.

    Examples
    --------
    >>> import argparse, pickle
    >>> from sincviz.weights.pickle_scan import scanned
    >>> left_unread(scanned(pickle.dumps({"args": argparse.Namespace(), 0.5: 3})).root)
    ['1 entry under a key that is not text, a small number or a short tuple', 'args: argparse.Namespace']
    """
    words = []
    for place in walked(root, into_objects=False):
        where = f"{'/'.join(place.keys)}: " if place.keys else ""
        if isinstance(place.node, Unread) or (
            isinstance(place.node, Named) and not is_plain(place.node.name)
        ):
            words.append(f"{where}{shown_name(place.node.name)}")
        if isinstance(place.node, dict) and (number := place.node.get(OTHER_KEYS, 0)):
            entries = f"{number} entr{'ies' if number > 1 else 'y'}"
            words.append(f"{where}{entries} under a key that is not text, a small number or a short tuple")
    return [
        *words[:MOST_LISTED],
        *([f"and {len(words) - MOST_LISTED} more"] if len(words) > MOST_LISTED else []),
    ]
