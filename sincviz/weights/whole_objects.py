"""Pickles of whole objects: why they are rejected, and code that converts them to weights."""

from pathlib import Path
from typing import Any

from sincviz._utils.text import listed
from sincviz.errors import CheckpointError
from sincviz.weights.content_walk import Place, walked
from sincviz.weights.pickle_scan import Scanned, Unread
from sincviz.weights.stored_tensor import StoredTensor
from sincviz.weights.torch_pickle import is_attack, is_plain

TORCH = "torch.load({!r}, weights_only=False)"
JOBLIB = "joblib.load({!r})"
_ARRAYS = "{{key: torch.as_tensor(value) for key, value in {}.items()}}"
_JOBLIB_ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper"
_OF_TORCH = ("torch.", "skorch.", "braindecode.")
_SIGN = "sinc_filter_layer.low_freqs"
_LONGEST_CODE = 200
_SKORCH = (
    "__cuda_dependent_attributes__"  # an attribute of skorch's pickled classifiers, which hold a network
)


class RefusedError(CheckpointError):
    """A file is rejected for the objects in it, not for damage; ``names`` are their classes and functions."""

    def __init__(self, message: str, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names


def stored_tensors(root: Any) -> list[StoredTensor]:
    """Return every tensor that a pickle describes."""
    return [place.node for place in walked(root) if isinstance(place.node, StoredTensor)]


def check_objects(path: Path, scan: Scanned) -> None:
    """Reject a pickle that would run programs, and one of a whole object without separate weights.

    Raises
    ------
    CheckpointError
        With the contents, and code that converts them to weights.
    """
    if attacks := [name for name in scan.names if is_attack(name)]:
        raise RefusedError(
            f"{path} is rejected: it calls {listed(attacks)}, which no file of weights needs. Programs that open "
            "pickles would run that code; none of it was run here. Do not open the file elsewhere; get the "
            "weights from whoever trained the network.",
            tuple(attacks),
        )
    if scan.damage:
        return
    by_items = [place for place in walked(scan.root) if not any(step.is_attribute for step in place.steps)]
    if states := [place for place in by_items if _is_state_dict(place.node)]:
        if all(_holds_arrays(place.node) for place in states):
            raise RefusedError(refusal(path, scan), scan.names)
        return
    if any(isinstance(place.node, StoredTensor) for place in by_items) and not _networks(scan.root):
        return
    of_a_program = not all(map(is_plain, scan.names))
    if (isinstance(scan.root, Unread) and of_a_program) or _networks(scan.root):
        raise RefusedError(refusal(path, scan), scan.names)


def refusal(path: Path, scan: Scanned, opener: str = TORCH) -> str:
    """Return why a pickle of whole objects is rejected, and how to convert it to a file of weights."""
    objects = [name for name in scan.names if not is_plain(name)]
    wanted = listed(objects or scan.names) or "an unnamed class"
    safe = str(path.with_name(f"{path.stem}_weights.pt"))
    name, weights = _weights_in(scan)
    lines = [f"{name} = {opener.format(str(path))}", f"torch.save({weights}, {safe!r})"]
    unknown = weights in ("checkpoint", _ARRAYS.format("checkpoint"))
    advice = "\nIf the weights are stored under a key, save that entry." if unknown else ""
    return (
        f"{path} contains whole objects, not only weights: it needs {wanted}. "
        "Opening it would run the code in it, so it is rejected. If you trust its source, these two lines (they "
        f"run that code) convert it to a safe file:\n    {lines[0]}\n    {lines[1]}{advice}"
    )


def _weights_in(scan: Scanned) -> tuple[str, str]:
    """Return a variable name for the opened file, and code that gets the weights from it."""
    networks = [place for place in _networks(scan.root) if len(place.code) < _LONGEST_CODE]
    if networks:
        place = networks[0]
        code = f"{place.code}.module_" if _is_skorch(place.node) else place.code
        name = "checkpoint" if code.startswith("[") else "model"
        return name, f"{name}{code}.state_dict()"
    state = next((place for place in walked(scan.root) if _is_state_dict(place.node)), None)
    if state is not None and len(state.code) < _LONGEST_CODE:
        name = "checkpoint" if state.code else "weights"
        weights = f"{name}{state.code}"
        if _holds_arrays(state.node):
            weights = _ARRAYS.format(weights)
        return name, weights
    # joblib stores arrays inside its pickle, which is scanned only up to the first of them.
    if _JOBLIB_ARRAY in scan.names and not any(name.startswith(_OF_TORCH) for name in scan.names):
        return "checkpoint", _ARRAYS.format("checkpoint")
    if isinstance(scan.root, Unread) and not scan.damage:
        return "model", "model.state_dict()"
    return "checkpoint", "checkpoint"


def _networks(root: Any) -> list[Place]:
    """Return the outermost torch modules and skorch classifiers, those with sinc filters first."""
    networks = [place for place in walked(root) if _is_module(place.node) or _is_skorch(place.node)]
    outermost = [place for place in networks if not _lies_in_a_module(place)]
    return sorted(outermost, key=lambda place: "sinc_filter_layer" not in _submodules(place.node))


def _lies_in_a_module(place: Place) -> bool:
    above = place.above
    while above is not None:
        if _is_module(above.node):
            return True
        above = above.above
    return False


def _is_module(node: Any) -> bool:
    return isinstance(node, Unread) and isinstance(node.state, dict) and "_modules" in node.state


def _is_skorch(node: Any) -> bool:
    return isinstance(node, Unread) and isinstance(node.state, dict) and _SKORCH in node.state


def _submodules(node: Unread) -> Any:
    modules = node.state.get("_modules", {})
    return modules if isinstance(modules, dict) else {}


def _is_state_dict(node: Any) -> bool:
    return isinstance(node, dict) and any(isinstance(key, str) and key.endswith(_SIGN) for key in node)


def _holds_arrays(state: Any) -> bool:
    """Return whether this is a state dict of NumPy arrays."""
    values = [value for key, value in state.items() if isinstance(key, str) and key.endswith(_SIGN)]
    return all(isinstance(value, Unread) and value.name.startswith("numpy.") for value in values)
