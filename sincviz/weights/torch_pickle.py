"""PyTorch pickles: how ``torch.save`` writes tensors, and which functions a pickle of plain data names."""

from typing import Any

import torch

from sincviz.weights.stored_tensor import MOST_DIMENSIONS, Storage, StoredTensor, is_size

DTYPES = {
    "torch.BoolStorage": torch.bool,
    "torch.ByteStorage": torch.uint8,
    "torch.CharStorage": torch.int8,
    "torch.ShortStorage": torch.int16,
    "torch.IntStorage": torch.int32,
    "torch.LongStorage": torch.int64,
    "torch.HalfStorage": torch.float16,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.FloatStorage": torch.float32,
    "torch.DoubleStorage": torch.float64,
    "torch.ComplexFloatStorage": torch.complex64,
    "torch.ComplexDoubleStorage": torch.complex128,
}
_TENSORS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
_PARAMETERS = ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state")
_SUBCLASS = "torch._tensor._rebuild_from_type_v2"
_PLAIN = (
    *(f"builtins.{name}" for name in ("set", "frozenset", "complex", "bytes", "bytearray", "slice", "range")),
    *(f"builtins.{name}" for name in ("int", "float", "str", "bool", "list", "tuple", "dict", "object")),
    *(f"collections.{name}" for name in ("OrderedDict", "defaultdict", "Counter", "deque")),
    *(f"datetime.{name}" for name in ("date", "datetime", "time", "timedelta", "timezone")),
    *(f"pathlib.{name}" for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")),
    *("_codecs.encode", "argparse.Namespace", "types.SimpleNamespace", "decimal.Decimal", "uuid.UUID"),
    *("copyreg._reconstructor", "copy_reg._reconstructor"),
    *("pathlib._local.PosixPath", "pathlib._local.WindowsPath", "fractions.Fraction"),
    *("numpy.dtype", "numpy.ndarray", "numpy.bool_", "numpy.float64", "numpy.float32", "numpy.int64"),
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *(f"numpy.{core}.numeric._frombuffer" for core in ("core", "_core")),
    *(
        "torch.Size",
        "torch.device",
        "torch.Tensor",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
    ),
    *(*_TENSORS, *_PARAMETERS, _SUBCLASS, *DTYPES),
)
_BY_TORCH = (
    "collections.OrderedDict",
    "collections.Counter",
    "builtins.set",
    "builtins.bytearray",
    "_codecs.encode",
)
_RUNS_PROGRAMS = {
    *("os", "posix", "nt", "subprocess", "_posixsubprocess", "pty", "runpy", "importlib", "ctypes", "sys"),
    *("socket", "shutil", "webbrowser", "pip", "pdb", "bdb"),
}
_CODE = (
    *(
        f"builtins.{name}"
        for name in ("eval", "exec", "execfile", "compile", "__import__", "open", "breakpoint")
    ),
    *(f"{module}.{name}" for module in ("io", "_io", "_pyio") for name in ("open", "open_code", "FileIO")),
)


def is_plain(name: str) -> bool:
    """Return whether a function or class is plain data, which is built without running a program's code.

    Examples
    --------
    >>> is_plain("argparse.Namespace"), is_plain("torch.nn.modules.linear.Linear")
    (True, False)
    """
    # Not with `getattr`, which makes torch import submodules.
    known = vars(torch).get(name.removeprefix("torch.")) if name.startswith("torch.") else None
    return name in _PLAIN or isinstance(known, torch.dtype)


def opens_weights_only(name: str) -> bool:
    """Return whether ``torch.load`` calls a function or class with ``weights_only=True``.

    Examples
    --------
    >>> opens_weights_only("collections.OrderedDict"), opens_weights_only("argparse.Namespace")
    (True, False)
    """
    return name in _BY_TORCH or (name.startswith("torch.") and is_plain(name))


def is_attack(name: str) -> bool:
    """Return whether a function is useless in a file of weights but useful for running programs.

    Examples
    --------
    >>> is_attack("posix.system"), is_attack("builtins.eval"), is_attack("argparse.Namespace")
    (True, True, False)
    """
    return name.partition(".")[0] in _RUNS_PROGRAMS or name in _CODE


def rebuilt(name: str, arguments: Any) -> Any:
    """Return the tensor or sizes that a torch function builds from its arguments; ``None`` for other functions.

    Raises
    ------
    ValueError
        If it is such a function, but called as ``torch.save`` never calls it.
    """
    if not isinstance(arguments, tuple):
        return None
    if name in _TENSORS and len(arguments) >= 4 and isinstance(arguments[0], Storage):
        return _tensor(*arguments[:4])
    if name in _PARAMETERS and arguments and isinstance(arguments[0], StoredTensor):
        return arguments[0]
    if name == _SUBCLASS and len(arguments) >= 3:
        return rebuilt(str(getattr(arguments[0], "name", "")), arguments[2])
    if name == "torch.Size" and len(arguments) == 1 and isinstance(arguments[0], tuple):
        sizes = arguments[0]
        return sizes if len(sizes) <= MOST_DIMENSIONS and all(map(is_size, sizes)) else None
    return None


def _tensor(storage: Storage, offset: Any, shape: Any, strides: Any) -> StoredTensor:
    if not (type(shape) is type(strides) is tuple and len(shape) == len(strides) <= MOST_DIMENSIONS):
        raise ValueError("a tensor does not have as many strides as dimensions, or has too many")
    if not all(map(is_size, (offset, *shape, *strides, storage.n_values))):
        raise ValueError("the size or offset of a tensor is not a natural number within limits")
    return StoredTensor(storage, offset, shape, strides)
