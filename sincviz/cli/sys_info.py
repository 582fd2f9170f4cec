"""The command ``sincviz sys-info``."""

import json
from typing import Annotated

import typer

from sincviz.cli.options import importing
from sincviz.cli.terminal import console


def sys_info(
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON and nothing else.")] = False,
) -> None:
    """Print versions of sincviz, Python and libraries, and what this machine has: paste it into a bug report."""
    with importing():
        from sincviz.report.machine import system_information

        facts = system_information()
    if as_json:
        print(json.dumps(facts, ensure_ascii=True))
        return
    width = max(len(name) for rows in facts.values() for name in rows)
    for heading, rows in facts.items():
        console.print(f"\n{heading}", style="bold", highlight=False)
        for name, value in rows.items():
            console.print(
                f"  {name:<{width}}  {value}", markup=False, highlight=False, soft_wrap=True, no_wrap=True
            )
