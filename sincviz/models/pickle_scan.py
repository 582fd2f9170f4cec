"""What the pickle of a torch file would build, told without building anything."""

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_OPERATIONS = 400_000  # a checkpoint with the states of its optimizer has thousands
MOST_DIMENSIONS = 64
_LARGEST_SIZE = 2**63
_LARGEST_KEY = 2**32  # the hashes of larger numbers can be made to be all the same
STORAGES = {
    **{f"torch {name}Storage": 1 for name in ("Bool", "Byte", "Char")},
    **{f"torch {name}Storage": 2 for name in ("Half", "BFloat16", "Short")},
    **{f"torch {name}Storage": 4 for name in ("Float", "Int")},
    **{f"torch {name}Storage": 8 for name in ("Double", "Long", "ComplexFloat")},
    "torch ComplexDoubleStorage": 16,
}
_CALLED = (
    "collections OrderedDict",
    "collections Counter",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch Size",
    "torch device",
)
_PLAIN = tuple(
    f"torch {name}"
    for name in (
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "int8",
        "uint8",
        "int16",
        "int32",
        "int64",
        "bool",
    )
)
_KNOWN = {*STORAGES, *_CALLED, *_PLAIN}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_SCALARS = ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING")


class ForeignCodeError(ValueError):
    """A pickle wants functions or classes that no weights need."""


@dataclass(frozen=True)
class Storage:
    """A run of values in the file: its entry's name, and how long the pickle says it is."""

    key: str
    kind: str
    n_values: int

    @property
    def n_bytes(self) -> int:
        """Number of bytes that the values take."""
        return self.n_values * STORAGES[self.kind]


@dataclass(frozen=True)
class StoredTensor:
    """A tensor: where in a storage its values lie."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def n_values(self) -> int:
        """Number of values of the tensor once it is copied: more than its storage's where they are shared."""
        return 0 if 0 in self.shape else math.prod(self.shape)

    @property
    def inside(self) -> bool:
        """Whether every value lies in the storage."""
        if 0 in self.shape:
            return 0 <= self.offset <= self.storage.n_values
        last = self.offset + sum(
            (size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)
        )
        return last < self.storage.n_values


@dataclass(frozen=True)
class _Named:
    """A function or class, by name only."""

    name: str


@dataclass(frozen=True)
class _Built:
    """Something that was built, of which only the kind matters."""

    kind: str


def stored_tensors(pickled: bytes) -> list[StoredTensor]:
    """Return every tensor that a pickle describes; nothing is imported, called or allocated.

    Only what ``torch.save`` needs for weights, numbers and text is understood.

    Raises
    ------
    ForeignCodeError
        If the pickle wants anything but tensors and plain containers; the message names it.
    ValueError
        If it is damaged, or written by another pickle protocol than torch's.
    """
    scan = _Scan()
    try:
        for number, (operation, argument, _) in enumerate(pickletools.genops(pickled)):
            if number >= MOST_OPERATIONS:
                raise ValueError(f"its pickle has more than {MOST_OPERATIONS} operations")
            scan.follow(operation.name, argument)
    except Exception as error:
        # What was wanted before the scan lost its way says more than where it did.
        if not scan.foreign:
            raise ValueError(f"its pickle is damaged or of another kind: {error!s:.200}") from error
    if scan.foreign:
        names = list(dict.fromkeys(scan.foreign))
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        raise ForeignCodeError(", ".join(f"{name:.80}" for name in names[:4]) + more)
    return scan.tensors


class _Scan:
    """The stack of a pickle machine that holds descriptions in place of objects."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.tensors: list[StoredTensor] = []
        self.storages: dict[str, Storage] = {}
        self.foreign: list[str] = []
        self.steps: dict[str, Callable[[Any], None]] = {
            "PROTO": self._protocol,
            "MARK": self._mark,
            "GLOBAL": self._global,
            "REDUCE": self._reduce,
            "BUILD": self._build,
            "BINPERSID": self._storage,
            "EMPTY_DICT": lambda _: self.stack.append(_Built("dict")),
            "EMPTY_LIST": lambda _: self.stack.append(_Built("list")),
            "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "TUPLE": lambda _: self._tuple(self._since_mark()),
            "TUPLE1": lambda _: self._tuple(self._popped(1)),
            "TUPLE2": lambda _: self._tuple(self._popped(2)),
            "TUPLE3": lambda _: self._tuple(self._popped(3)),
            "APPEND": lambda _: self._extend(self._popped(1)),
            "APPENDS": lambda _: self._extend(self._since_mark()),
            "SETITEM": lambda _: self._set(self._popped(2)),
            "SETITEMS": lambda _: self._set(self._since_mark()),
            "STOP": lambda _: None,
        }
        self.steps |= dict.fromkeys(_SCALARS, lambda value: self.stack.append(value))
        self.steps |= dict.fromkeys(("BINPUT", "LONG_BINPUT"), self._remember)
        self.steps |= dict.fromkeys(("BINGET", "LONG_BINGET"), lambda at: self.stack.append(self.memo[at]))

    def follow(self, operation: str, argument: Any) -> None:
        if operation in _CONSTANTS:
            self.stack.append(_CONSTANTS[operation])
            return
        if operation not in self.steps:
            raise ValueError(f"it uses the operation {operation}, which no weights need")
        self.steps[operation](argument)

    def _protocol(self, version: int) -> None:
        if version != 2:
            raise ValueError(f"it has the pickle protocol {version}, torch.save's is 2")

    def _mark(self, _: Any) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def _since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def _popped(self, number: int) -> list[Any]:
        if len(self.stack) < number:
            raise ValueError("its stack is empty")
        items = self.stack[-number:]
        del self.stack[-number:]
        return items

    def _tuple(self, items: list[Any]) -> None:
        self.stack.append(tuple(items))

    def _remember(self, at: int) -> None:
        self.memo[at] = self.stack[-1]

    def _global(self, name: str) -> None:
        if name not in _KNOWN:
            self.foreign.append(name.replace(" ", "."))
        self.stack.append(_Named(name))

    def _extend(self, _: list[Any]) -> None:
        if self.stack[-1] != _Built("list"):
            raise ValueError("it appends to what is no list")

    def _set(self, items: list[Any]) -> None:
        if self.stack[-1] not in (_Built("dict"), _Built("collections OrderedDict")):
            raise ValueError("it sets items of what is no dict")
        # The hash of a tuple of tuples can take years; that of many numbers can be the same.
        if len(items) % 2 or not all(map(_is_key, items[::2])):
            raise ValueError("a key of a dict is neither a name nor a small whole number")

    def _build(self, _: Any) -> None:
        _, built = self._popped(1), self.stack[-1]
        if built != _Built("collections OrderedDict"):
            raise ValueError("it gives attributes to what is no state dict")

    def _storage(self, _: Any) -> None:
        (identifier,) = self._popped(1)
        word, kind, key, _, n_values = identifier
        # Text is all that may be compared or printed: of a tuple of tuples that takes years.
        if word != "storage" or kind.name not in STORAGES or type(key) is not str or not _is_size(n_values):
            raise ValueError("it refers to what is no storage")
        storage = Storage(key, kind.name, n_values)
        if self.storages.setdefault(storage.key, storage) != storage:
            raise ValueError(f"it describes the storage {key:.40} twice, differently")
        self.stack.append(storage)

    def _reduce(self, _: Any) -> None:
        function, arguments = self._popped(2)
        if not isinstance(function, _Named):
            raise ValueError("it calls what is no function")
        match function.name, arguments:
            case "torch._utils _rebuild_tensor_v2", (Storage() as storage, offset, shape, strides, bool(), _):
                if not (
                    type(shape) is type(strides) is tuple and len(shape) == len(strides) <= MOST_DIMENSIONS
                ):
                    raise ValueError("a tensor has not as many strides as dimensions, or too many")
                if not all(map(_is_size, (offset, *shape, *strides))):
                    raise ValueError("the size or place of a tensor is no natural number that fits")
                built: Any = StoredTensor(storage, offset, shape, strides)
                self.tensors.append(built)
            case "torch._utils _rebuild_parameter", (StoredTensor() as built, bool(), _):
                pass
            case "collections OrderedDict", ():
                built = _Built(function.name)
            case "collections Counter", (_Built(kind="dict"),):
                built = _Built(function.name)
            case "torch Size", (tuple(sizes),) if len(sizes) <= MOST_DIMENSIONS and all(map(_is_size, sizes)):
                built = _Built(function.name)
            case "torch device", (str(),) | (str(), int()):
                built = _Built(function.name)
            case _ if self.foreign:
                built = _Built("unknown")
            case _:
                raise ValueError(
                    f"it calls {function.name.replace(' ', '.')} in a way that torch.save does not"
                )
        self.stack.append(built)


def _is_size(number: Any) -> bool:
    return type(number) is int and 0 <= number < _LARGEST_SIZE


def _is_key(key: Any) -> bool:
    return key is None or isinstance(key, str) or (isinstance(key, int) and abs(key) < _LARGEST_KEY)
