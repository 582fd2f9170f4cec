"""The command ``sincviz check``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sincviz.cli.options import importing
from sincviz.cli.terminal import console


def check(
    file: Annotated[Path, typer.Argument(help="A file of weights, or a Hugging Face folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON and nothing else.")] = False,
) -> None:
    """Check whether a file of weights is safe and what it contains, without loading it.

    Exit code 0: safe, with a network that sincviz opens. 1: safe, but with something else. 2: damaged, or of a format
    that sincviz does not read. 3: refused for the programs that it calls, or with objects whose code runs where pickles
    are opened; sincviz runs none of it.
    """
    with importing():
        from sincviz.weights.file_check import checked

    result = checked(file)
    if as_json:
        print(json.dumps({"file": str(file), **result.facts}, ensure_ascii=True))
    else:
        for line in result.lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(result.exit_code)
