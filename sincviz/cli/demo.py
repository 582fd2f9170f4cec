"""The command ``sincviz demo``."""

from pathlib import Path
from typing import Annotated

import typer

from sincviz.cli.options import Overwrite, Seed
from sincviz.cli.terminal import console, print_agreement, print_bands, print_findings


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for checkpoint, table and figures.")
    ] = Path("sincviz-demo"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Train on simulated EEG, inspect the network, and compare what it uses with the known truth."""
    from sincviz.cli.demonstration import run

    console.print("Simulating motor imagery with known sources, training, inspecting (about a minute) ...")
    demonstration = run(out, seed=seed, overwrite=overwrite)
    print_bands(demonstration.bands)
    print_findings(demonstration.findings)
    print_agreement(demonstration)
    console.print(f"Checkpoint, tables and figures are in {out}", markup=False, soft_wrap=True)
    if not demonstration.passed:
        raise typer.Exit(1)
