"""Safety check of a file of weights, and its contents, without reading any values."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sincviz._utils.text import listed, shown_name
from sincviz.errors import CheckpointError
from sincviz.weights.content_walk import left_unread
from sincviz.weights.deduction import check_outline, check_precision, shape_sizes
from sincviz.weights.file_content import FileContent
from sincviz.weights.foreign_weights import other_weights
from sincviz.weights.known_architectures import recognised
from sincviz.weights.network_file import CONFIG, HEADER, weights_in_folder
from sincviz.weights.state_dict import NoNetworkError, bare_weights
from sincviz.weights.torch_pickle import is_plain
from sincviz.weights.weights_file import read_weights_file
from sincviz.weights.whole_objects import RefusedError

HOLDS_NETWORK, OTHER, UNREADABLE, HOLDS_CODE = range(4)


@dataclass(frozen=True)
class FileCheck:
    """Result of checking a file.

    Attributes
    ----------
    exit_code : int
        0 safe and a network; 1 safe, but something else; 2 unreadable; 3 not safe everywhere.
    facts : dict
        ``safe`` (``None`` if it cannot be determined), ``network``, ``format``, sizes, ``objects`` and ``reason``.
    lines : list of str
        The same as text.
    """

    exit_code: int
    facts: dict[str, Any]
    lines: list[str]


def checked(path: str | os.PathLike[str]) -> FileCheck:
    """Return whether a file or folder is safe, and what it contains.

    Parameters
    ----------
    path : path-like
        A file of weights, or a folder of the Hugging Face Hub.

    Returns
    -------
    FileCheck
        Values are not read, so a flipped bit in them is not detected here, but when the file is opened.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import tempfile, torch
    >>> from sincviz import SincShallowNet
    >>> name = tempfile.mkdtemp() + "/weights.pt"
    >>> torch.save(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128).state_dict(), name)
    >>> check = checked(name)
    >>> check.exit_code, check.facts["safe"], check.facts["n_filters"]
    (0, True, 32)
    """
    path = Path(os.path.expanduser(path))
    if not path.exists():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    try:
        file = weights_in_folder(path) if path.is_dir() else path
        content = read_weights_file(file)
    except RefusedError as error:
        return _result(HOLDS_CODE, False, "not safe", reason=str(error), objects=list(error.names))
    except CheckpointError as error:
        return _result(UNREADABLE, None, "cannot be determined", reason=str(error))
    objects = [shown_name(name) for name in content.names if not is_plain(name)]
    facts = _network_facts(path, content)
    if objects:
        words = "not safe everywhere"
        facts["reason"] = (
            f"It contains objects of programs: {listed(objects)}. Opening it as a pickle runs their code; "
            f"`load_checkpoint` runs none of it. {facts.get('reason', '')}"
        ).strip()
        return _result(HOLDS_CODE, False, words, objects=objects, **facts)
    return _result(
        HOLDS_NETWORK if facts["network"] else OTHER, True, "safe: nothing in it runs code", **facts
    )


def _network_facts(path: Path, content: FileContent) -> dict[str, Any]:
    try:
        outline, kind = bare_weights(content.outline)
        check_outline(outline)
        check_precision(outline)
    except NoNetworkError:
        return _architecture_facts(content)
    except ValueError as error:
        return {"network": False, "reason": f"It does not contain a usable network: {error}."}
    sizes = shape_sizes(outline)
    is_configured = HEADER in content.metadata or (path.is_dir() and (path / CONFIG).is_file())
    return {
        "network": True,
        "format": "sincviz file" if HEADER in content.metadata else kind,
        "configuration": "stored" if is_configured else "not stored: `load_checkpoint` says what it assumes",
        "n_filters": sizes["num_time_filters"],
        "n_taps": sizes["time_filter_len"],
        "n_chans": sizes["n_chans"],
        "n_outputs": sizes["n_outputs"],
        "left_unread": left_unread(content.outline),
    }


def _architecture_facts(content: FileContent) -> dict[str, Any]:
    """Return what is known of weights that are not those of a SincShallowNet."""
    try:
        found = recognised(content.outline)
        if found is None:
            return {"network": False, "reason": other_weights(content)}
        architecture, outline, kind = found
        sizes = architecture.sizes({name: weight.shape for name, weight in outline.items()})
    except ValueError as error:
        return {"network": False, "reason": f"It does not contain a usable network: {error}."}
    return {
        "network": True,
        "architecture": architecture.name,
        "format": kind,
        "configuration": "not stored: `load_checkpoint` says what it assumes",
        "n_chans": sizes["n_chans"],
        "n_outputs": sizes["n_outputs"],
        "left_unread": left_unread(content.outline),
    }


def _result(exit_code: int, safe: bool | None, words: str, **facts: Any) -> FileCheck:
    lines = [f"Safety: {words}."]
    if facts.get("architecture"):
        lines.append(
            f"It contains a network of braindecode, {facts['architecture']} ({facts['format']}): {facts['n_chans']} "
            f"channels, {facts['n_outputs']} outputs; it opens where braindecode is installed. Configuration: "
            f"{facts['configuration']}."
        )
    elif facts.get("network"):
        lines.append(
            f"It contains a SincShallowNet ({facts['format']}): {facts['n_filters']} filters of {facts['n_taps']} "
            "samples, "
            f"{facts['n_chans']} channels, {facts['n_outputs']} outputs. Configuration: {facts['configuration']}."
        )
    if facts.get("reason"):
        lines.append(facts["reason"])
    if facts.get("left_unread"):
        lines.append(f"Left unread: {listed(facts['left_unread'], 20)}.")
    return FileCheck(exit_code, {"safe": safe, "network": False, "exit_code": exit_code, **facts}, lines)
