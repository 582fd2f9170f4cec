"""The command ``sincviz demo``."""

from pathlib import Path
from typing import Annotated

import typer

from sincviz.cli.browser import open_page
from sincviz.cli.options import Open, Overwrite, Seed
from sincviz.cli.terminal import console, print_agreement, print_bands, print_findings


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for checkpoint, table and figures.")
    ] = Path("sincviz-demo"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
    opens: Open = False,
) -> None:
    """Train on simulated EEG, inspect the network, and compare what it uses with the known truth."""
    from sincviz.cli.demonstration import compare, train

    console.print("Simulating motor imagery with known sources, training, inspecting ...")
    trained = train(out, seed=seed, overwrite=overwrite)
    assert trained.inspection.bands is not None  # the demonstration measures them
    print_bands(trained.inspection.bands)
    print_findings(trained.inspection.findings)
    page = out / "report.html"
    console.print(
        f"The page is {page}; checkpoint, tables and figures are beside it.", markup=False, soft_wrap=True
    )
    if opens and not open_page(page):
        console.print("There is no display to open it on.")
    console.print("Comparing what the network uses with the truth, and untrained networks too ...")
    demonstration = compare(trained, seed=seed)
    print_agreement(demonstration)
    if not demonstration.passed:
        raise typer.Exit(1)
