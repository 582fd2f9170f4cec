"""``sincviz check``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sincviz.cli.options import importing
from sincviz.cli.terminal import console


def check(
    file: Annotated[Path, typer.Argument(help="A file of weights, or a folder of Hugging Face.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON and nothing else.")] = False,
) -> None:
    """Say whether a file of weights is safe and what it holds, without loading it.

    Exit code 0: safe, and it holds a network that opens here. 1: safe, but it holds something else. 2: damaged, or of a
    kind that is not read here. 3: it is refused for the programs that it calls, or holds objects whose code runs where
    pickles are opened; sincviz runs none of it.
    """
    with importing():
        from sincviz.weights.file_check import checked

    found = checked(file)
    if as_json:
        print(json.dumps({"file": str(file), **found.facts}, ensure_ascii=True))
    else:
        for line in found.lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(found.exit_code)
