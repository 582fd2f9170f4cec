"""Safe scan of a pickle: what it would build, building only plain containers, numbers and text."""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sincviz.weights.stored_tensor import Storage
from sincviz.weights.torch_pickle import DTYPES, rebuilt

MOST_OPERATIONS = 400_000  # a checkpoint with optimizer states has thousands
_LARGEST_KEY = 2**32  # the hashes of larger numbers can be made to collide
_LONGEST_TUPLE = 4  # of text and numbers, such as a subject and a fold
_MOST_TUPLES = 1000  # whose hashes can be made to collide too
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_SCALARS = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
)
_DICTS = ("collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.dict")
_RECONSTRUCTORS = ("copyreg._reconstructor", "copy_reg._reconstructor")


class Unread(dict[Any, Any]):
    """An object that was not built, with the name of its class or of the function that would build it.

    Its items are those that the pickle sets, if it is some kind of dict.

    Attributes
    ----------
    name : str
        Such as ``"argparse.Namespace"``.
    state : object
        The attributes that it would have had.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.state: Any = None

    # Comparing hostile contents could take years.
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        """Return whether this is the same object."""
        return self is other


@dataclass(frozen=True)
class Named:
    """A function or class, by name only."""

    name: str


@dataclass(frozen=True)
class Scanned:
    """Contents of a pickle.

    ``root`` is made of dicts, lists, tuples, numbers, text, :class:`~sincviz.weights.stored_tensor.StoredTensor`,
    :class:`Unread` and :class:`Named`, and may be circular; ``names`` are all functions and classes that it names;
    ``damage`` says where the scan ended early, and is empty if it did not.
    """

    root: Any
    names: tuple[str, ...]
    damage: str = ""


def scanned(pickled: bytes) -> Scanned:
    """Return the contents of a pickle; nothing is imported, called or allocated.

    Examples
    --------
    >>> import argparse, pickle
    >>> scan = scanned(pickle.dumps({"epoch": 3, "args": argparse.Namespace(lr=0.1)}))
    >>> scan.root["epoch"], scan.root["args"].name, scan.names
    (3, 'argparse.Namespace', ('argparse.Namespace',))
    """
    scan = _Scan()
    damage = ""
    try:
        for number, (operation, argument, _) in enumerate(pickletools.genops(pickled)):
            if number >= MOST_OPERATIONS:
                raise ValueError(f"it has more than {MOST_OPERATIONS} operations")
            scan.follow(operation.name, argument)
        if len(scan.stack) != 1 or scan.marks:
            raise ValueError("it ends with something left to do")
    except Exception as error:  # a damaged pickle can make the reader raise nearly anything
        damage = f"{error!s:.200}" or type(error).__name__
    bottom = scan.marks[0] if scan.marks else scan.stack
    return Scanned(bottom[0] if bottom else None, tuple(scan.names), damage)


class _Scan:
    """A pickle machine whose stack holds descriptions instead of objects."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, Storage] = {}
        self.names: dict[str, None] = {}
        self.n_pairs = 0
        self.n_tuples = 0
        self.steps: dict[str, Callable[[Any], None]] = {
            **dict.fromkeys(("PROTO", "FRAME", "STOP", "READONLY_BUFFER"), lambda _: None),
            **dict.fromkeys(_SCALARS, self._push),
            **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), self._remember),
            **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda at: self._push(self.memo[int(at)])),
            **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), self._made(lambda: Unread("bytes"))),
            **dict.fromkeys(
                ("EXT1", "EXT2", "EXT4"), lambda code: self._name("copyreg", f"extension_{code}")
            ),
            "MEMOIZE": lambda _: self._remember(len(self.memo)),
            "BYTEARRAY8": self._made(lambda: Unread("bytearray")),
            "NEXT_BUFFER": self._made(lambda: Unread("buffer outside the pickle")),
            "MARK": self._mark,
            "POP": self._pop,
            "POP_MARK": self._drop,
            "DUP": lambda _: self._push(self.stack[-1]),
            "GLOBAL": lambda name: self._name(*name.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._name(*self._popped(2)),
            "REDUCE": lambda _: self._reduce(*self._popped(2)),
            "NEWOBJ": lambda _: self._reduce(*self._popped(2)),
            "NEWOBJ_EX": lambda _: self._reduce(*self._popped(3)[:2]),
            "OBJ": lambda _: self._instance(self._since_mark()),
            "INST": lambda name: self._named_instance(name),
            "BUILD": lambda _: self._build(*self._popped(1)),
            "PERSID": lambda _: self._storage(None),
            "BINPERSID": lambda _: self._storage(*self._popped(1)),
            "EMPTY_DICT": self._made(dict),
            "EMPTY_LIST": self._made(list),
            "EMPTY_TUPLE": self._made(tuple),
            "EMPTY_SET": self._made(lambda: Unread("set")),
            "FROZENSET": self._frozenset,
            "ADDITEMS": self._drop,
            "TUPLE": lambda _: self._push(tuple(self._since_mark())),
            "TUPLE1": lambda _: self._push(tuple(self._popped(1))),
            "TUPLE2": lambda _: self._push(tuple(self._popped(2))),
            "TUPLE3": lambda _: self._push(tuple(self._popped(3))),
            "LIST": lambda _: self._push(self._since_mark()),
            "DICT": self._dict,
            "APPEND": lambda _: self._extend(self._popped(1)),
            "APPENDS": lambda _: self._extend(self._since_mark()),
            "SETITEM": lambda _: self._set(self._popped(2)),
            "SETITEMS": lambda _: self._set(self._since_mark()),
        }

    def follow(self, operation: str, argument: Any) -> None:
        if operation in _CONSTANTS:
            self.stack.append(_CONSTANTS[operation])
        else:
            self.steps[operation](argument)

    def _push(self, value: Any) -> None:
        self.stack.append(value)

    def _made(self, make: Callable[[], Any]) -> Callable[[Any], None]:
        return lambda _: self._push(make())

    def _drop(self, _: Any) -> None:
        self._since_mark()

    def _frozenset(self, _: Any) -> None:
        self._since_mark()
        self.stack.append(Unread("frozenset"))

    def _mark(self, _: Any) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def _since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def _pop(self, _: Any) -> None:
        # If nothing follows a mark, this removes the mark.
        if self.stack or not self.marks:
            self._popped(1)
        else:
            self._since_mark()

    def _popped(self, number: int) -> list[Any]:
        if len(self.stack) < number:
            raise ValueError("its stack is empty")
        items = self.stack[-number:]
        del self.stack[-number:]
        return items

    def _remember(self, at: Any) -> None:
        self.memo[int(at)] = self.stack[-1]

    def _name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise ValueError("it has a name that is not text")
        full = f"{module}.{name}".replace("__builtin__.", "builtins.")
        self.names[full] = None
        self.stack.append(Named(full))

    def _named_instance(self, name: str) -> None:
        arguments = self._since_mark()
        self._name(*name.split(" ", 1))
        self._instance([self.stack.pop(), *arguments])

    def _instance(self, items: list[Any]) -> None:
        if not items:
            raise ValueError("its stack is empty")
        self._reduce(items[0], tuple(items[1:]))

    def _reduce(self, function: Any, arguments: Any) -> None:
        name = function.name if isinstance(function, Named | Unread) else "something that is not a function"
        given = arguments[0] if isinstance(arguments, tuple) and arguments else None
        made = None
        if isinstance(function, Named):
            if name in _RECONSTRUCTORS and isinstance(given, Named):
                name = given.name
            made = self._dict_of(given) if name in _DICTS else rebuilt(name, arguments)
        self.stack.append(Unread(name) if made is None else made)

    def _dict_of(self, given: Any) -> dict[Any, Any]:
        """Return a dict from pairs, as in Python 2, or from a dict; a factory adds no items."""
        if isinstance(given, dict):
            return given
        pairs = given if isinstance(given, list) else []
        self.n_pairs += len(pairs)
        if self.n_pairs > MOST_OPERATIONS:
            raise ValueError(f"its dicts are made of more than {MOST_OPERATIONS} pairs")
        self.stack.append({})
        self._set(
            [part for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2 for part in pair]
        )
        made: dict[Any, Any] = self.stack.pop()
        return made

    def _build(self, state: Any) -> None:
        built = self.stack[-1]
        if isinstance(built, Unread):
            built.state = state
        elif not isinstance(built, dict):
            raise ValueError("it sets attributes of something that has none")

    def _storage(self, identifier: Any) -> None:
        known = isinstance(identifier, tuple) and len(identifier) == 5 and isinstance(identifier[1], Named)
        # Only text may be compared or printed: for a tuple of tuples that can take years.
        if not (
            known and type(identifier[0]) is str and identifier[0] == "storage" and type(identifier[2]) is str
        ):
            self.stack.append(Unread("persistent id"))
            return
        _, kind, key, _, n_values = identifier
        if kind.name not in DTYPES:
            self.stack.append(Unread(kind.name))
            return
        storage = Storage(key, DTYPES[kind.name], n_values if type(n_values) is int else -1)
        if self.storages.setdefault(key, storage) != storage:
            raise ValueError(f"it describes the storage {key:.40} twice and differently")
        self.stack.append(storage)

    def _dict(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append({})
        self._set(items)

    def _extend(self, items: list[Any]) -> None:
        grown = self.stack[-1]
        if type(grown) is list:
            grown.extend(items)
        elif not isinstance(grown, Unread):
            raise ValueError("it appends to something that is not a list")

    def _set(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise ValueError("it sets items of something that is not a dict")
        entries = [
            (key, value) for key, value in zip(items[::2], items[1::2], strict=True) if self._is_key(key)
        ]
        # Other keys are not even compared: the hash of nested tuples can take years.
        target.update(entries)
        if n_others := len(items) // 2 - len(entries):
            target[OTHER_KEYS] = target.get(OTHER_KEYS, 0) + n_others

    def _is_key(self, key: Any) -> bool:
        if type(key) is not tuple:
            return _is_simple(key)
        self.n_tuples += 1
        return self.n_tuples <= _MOST_TUPLES and len(key) <= _LONGEST_TUPLE and all(map(_is_simple, key))


class _OtherKeys:
    """The key of a dict under which unread keys are counted."""


OTHER_KEYS = _OtherKeys()


def _is_simple(key: Any) -> bool:
    return key is None or type(key) is str or (type(key) in (int, bool) and abs(key) < _LARGEST_KEY)
