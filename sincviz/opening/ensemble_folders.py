"""Folders of ensembles: one file for each network, and an index of them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sincviz._utils.files import staging
from sincviz._version import __version__
from sincviz.errors import CheckpointError
from sincviz.networks.black_boxes import weights_hash
from sincviz.networks.ensembles import Ensemble, members
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.opening.network import network as opened
from sincviz.opening.network import own_network
from sincviz.weights.network_file import write_network
from sincviz.weights.safetensors_file import LONGEST_JSON, parsed_json

INDEX = "ensemble.json"
_SUFFIX = ".safetensors"


def write_ensemble(model: object, folder: str | os.PathLike[str]) -> None:
    """Write the networks of an ensemble to a folder, one file each, and an index with the hashes of their weights.

    Files are written beside and then moved; the index is moved last, so it never lists files that are not there.

    Raises
    ------
    TypeError
        If one of the networks is not a SincShallowNet.
    ValueError
        If the path has the suffix of a file, or the networks have different settings.
    FileExistsError
        If there is a file of this name.
    FileNotFoundError
        If the folder around it does not exist.
    """
    target, networks = Path(folder), members(model)
    if target.suffix.lower() == _SUFFIX:
        raise ValueError(
            f"An ensemble is stored in a folder, one file for each of its {len(networks)} networks; got the name of a "
            f"file, {str(target)!r}. Try {str(target.with_suffix(''))!r}."
        )
    if target.exists() and not target.is_dir():
        raise FileExistsError(
            f"{str(target)!r} is a file, but an ensemble is stored in a folder. Choose another name."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(target.parent)!r} does not exist; create it first.")
    whole, listed = opened(model), []
    owned = [own_network(member) for member in networks]
    configs = [own.get_config() for own in owned]
    differing = sorted(key for key in configs[0] if len({repr(config[key]) for config in configs}) > 1)
    if differing:
        raise ValueError(
            f"A folder holds networks that differ only in their seed; these differ in {', '.join(differing)}. Save "
            "them one by one."
        )
    with staging(target, last=INDEX) as scratch:
        for number, own in enumerate(owned, 1):
            # What was set on the ensemble holds for all.
            own.class_names, own.scale, own.chs_info = whole.class_names, whole.units_per_volt, whole.chs_info
            own.preparation = whole.preparation
            name = f"network-{number:0{max(2, len(str(len(networks))))}d}{_SUFFIX}"
            write_network(own, scratch / name)
            listed.append({"file": name, "weights_sha256": weights_hash(own)})
        index = {"version": __version__, "networks": listed}
        (scratch / INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")


def is_ensemble_folder(path: str | os.PathLike[str]) -> bool:
    """Return whether :func:`write_ensemble` wrote this folder."""
    return (Path(path) / INDEX).is_file()


def read_ensemble(folder: str | os.PathLike[str], read: Callable[[Path], Any]) -> Ensemble:
    """Read the networks of a folder as an ensemble, in evaluation mode.

    Parameters
    ----------
    folder : path-like
        What :func:`write_ensemble` wrote.
    read : callable
        From the path of a file to its network.

    Raises
    ------
    CheckpointError
        If the index or a file is damaged, a file is missing or was exchanged, or a network has other settings than the
        first; the message names the file.
    """
    folder = Path(folder)
    networks: list[SincShallowNet] = []
    for name, expected in _listed(folder / INDEX):
        path = folder / name
        if not path.is_file():
            raise CheckpointError(
                f"{path} is missing: {INDEX} lists it. Copy the whole folder again from its source."
            )
        network = read(path)
        if not isinstance(network, SincShallowNet) or weights_hash(network) != expected:
            raise CheckpointError(
                f"{path} is not the network that was stored there: its weights have another hash than in {INDEX}. Copy "
                "the whole folder again from its source."
            )
        networks.append(network)
        differing = [
            key
            for key, value in networks[0].get_config().items()
            if repr(network.get_config()[key]) != repr(value)
        ]
        if differing:
            raise CheckpointError(
                f"{path} has other settings than the first network of its folder: {', '.join(differing)}. An ensemble "
                "is of networks that differ only in their seed; open the files one by one."
            )
    try:
        return Ensemble(networks).eval()
    except ValueError as error:
        raise CheckpointError(f"The networks in {folder} do not belong together. {error}") from error


def _listed(index: Path) -> list[tuple[str, str]]:
    """Return names and hashes of the files in an index."""
    try:
        with index.open("rb") as file:
            entries = parsed_json(file.read(LONGEST_JSON + 1))["networks"]
        found = [(entry["file"], entry["weights_sha256"]) for entry in entries]
        if not found or not all(isinstance(one, str) for pair in found for one in pair):
            raise ValueError("it lists no files")
        # A name must not lead out of the folder.
        if strange := [name for name, _ in found if name != Path(name).name or name in ("", ".", "..")]:
            raise ValueError(f"{strange[0]!r:.100} is no name of a file")
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        reason = " ".join(str(error).split()).removesuffix(".") or type(error).__name__
        raise CheckpointError(
            f"{index} is damaged: {reason:.300}. Copy the folder again, or open its files one by one."
        ) from error
    return found
