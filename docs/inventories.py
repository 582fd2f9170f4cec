"""Where other projects document the names that these pages link to: kept as text, so that pages are built offline.

``_inventories/NAME.txt`` begins with a project's title and address; below stand the lines of its inventory
(`objects.inv`) of the names that are linked here: name, kind, priority, page, title. To link another name, add its
line. With a network,

    python docs/inventories.py

takes all lines anew from the published inventories, and names those that are no longer there.
"""

import sys
import urllib.request
import zlib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("_inventories")
HEADER = (
    "# Sphinx inventory version 2\n# Project: {}\n# Version: \n# The remainder is compressed using zlib.\n"
)


class Inventory(NamedTuple):
    """A project's title and address, and lines of its inventory."""

    title: str
    address: str
    lines: list[str]


def read(path: Path) -> Inventory:
    """Return what a text file says of a project."""
    title, address, *lines = path.read_text("utf-8").splitlines()
    return Inventory(title, address, lines)


def key_of(line: str) -> tuple[str, str]:
    """Return the name and the kind that a line is about; names may hold spaces."""
    words = line.split(" ")
    kind = next(number for number, word in enumerate(words) if number and ":" in word)
    return " ".join(words[:kind]), words[kind]


def compressed(inventory: Inventory) -> bytes:
    """Return the file that intersphinx reads."""
    body = "".join(f"{line}\n" for line in inventory.lines)
    return HEADER.format(inventory.title).encode() + zlib.compress(body.encode())


def mapping(target: Path, folder: Path = FOLDER) -> dict[str, tuple[str, str]]:
    """Write the inventories to a folder; return `intersphinx_mapping`, which reads them there and nowhere else."""
    target.mkdir(parents=True, exist_ok=True)
    found = {}
    for path in sorted(folder.glob("*.txt")):
        inventory, file = read(path), target / f"{path.stem}.inv"
        file.write_bytes(compressed(inventory))
        found[path.stem] = (inventory.address, str(file))
    return found


def dotted_names(folder: Path = FOLDER) -> list[str]:
    """Return the names that say themselves where they belong, such as `mne.Epochs`."""
    keys = [key_of(line) for path in sorted(folder.glob("*.txt")) for line in read(path).lines]
    return [name for name, kind in keys if kind.startswith("py:") and "." in name]


def published(address: str) -> dict[tuple[str, str], str]:
    """Return the lines of the inventory that a project publishes, by name and kind."""
    with urllib.request.urlopen(f"{address}objects.inv", timeout=60) as reply:
        body = zlib.decompress(reply.read().split(b"\n", 4)[4]).decode()
    return {key_of(line): line for line in body.splitlines() if line}


def refresh(folder: Path = FOLDER) -> list[str]:
    """Take all lines anew from the published inventories; return the names that are not there, whose lines stay."""
    gone = []
    for path in sorted(folder.glob("*.txt")):
        inventory = read(path)
        there = published(inventory.address)
        gone += [
            f"{path.stem}: {' '.join(key_of(line))}" for line in inventory.lines if key_of(line) not in there
        ]
        lines = [there.get(key_of(line), line) for line in inventory.lines]
        path.write_text("\n".join([inventory.title, inventory.address, *lines]) + "\n", "utf-8")
    return gone


if __name__ == "__main__":
    missing = refresh()
    print("\n".join(missing) or "All names are still there.")
    sys.exit(bool(missing))
