"""The command ``sincviz group``."""

from pathlib import Path
from typing import Annotated

import typer

from sincviz.cli.options import (
    DataPath,
    Download,
    Overwrite,
    Runs,
    hushed,
    importing,
    listed,
    network_parameters,
    numbers,
)
from sincviz.cli.terminal import console, print_findings, print_group


def group(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="A CSV file, one row per network: checkpoint, epochs (a file of trials) "
            "or dataset (eegbci, simulated), subject, and where there are several seed, fold, condition."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for the report and for the stored result of each network."),
    ],
    backend: Annotated[
        str, typer.Option(help="'processes' of this machine, or 'dask' workers of a cluster.")
    ] = "processes",
    scheduler: Annotated[
        str, typer.Option(help="Address of the dask scheduler, such as tcp://127.0.0.1:8786.")
    ] = "",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", help="Networks at a time; -1: as many as cores or workers.")
    ] = -1,
    runs: Runs = "4,8,12",
    data_path: DataPath = None,
    download: Download = False,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Declare that no network was trained on its trials; needed for checkpoints that do not store "
            "their training trials.",
        ),
    ] = False,
    reference: Annotated[
        str, typer.Option(help="'trained' as each network was trained, 'average', or 'recorded'.")
    ] = "trained",
    channels: Annotated[
        str, typer.Option(help="Names of the networks' channels in their order, such as Fz,C3,Cz,C4.")
    ] = "",
    montage: Annotated[
        str, typer.Option(help="MNE montage that gives the positions of the channels, such as standard_1005.")
    ] = "",
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            help="A parameter that the checkpoints do not store, such as min_freq=0.5; may be repeated.",
        ),
    ] = None,
    only: Annotated[
        str,
        typer.Option(
            help="Sections of `sincviz inspect` to compute; default: those that are compared "
            "(bands,maps,relevance)."
        ),
    ] = "",
    alpha: Annotated[float, typer.Option(help="Family-wise error of each test of maps.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of every random draw.")] = 0,
    figure_format: Annotated[
        str, typer.Option("--format", help="Formats of the figures, comma-separated: png, pdf, svg.")
    ] = "png",
    style: Annotated[
        str, typer.Option(help="Widths and fonts of the figures: sincviz, neuroimage, nature, ieee.")
    ] = "sincviz",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Inspect many networks, average the runs of each subject, and test over subjects what they share.

    The result of each network is stored at once: the same command continues where an earlier one stopped.
    """
    with hushed(warned=not quiet, bars=not quiet):
        with importing():
            from sincviz.plotting import journal
            from sincviz.population.contents import CONTENTS
            from sincviz.population.group import group as group_networks
            from sincviz.report.folder import check_folder
            from sincviz.report.pictures import checked_formats

        check_folder(out, CONTENTS, overwrite=overwrite)
        formats = checked_formats(listed(figure_format))
        if not formats:
            raise ValueError(f"`--format` names no format; got {figure_format!r}. Try png.")
        with journal(style):
            pass  # an unknown style is refused before anything is computed
        population = group_networks(
            manifest,
            out,
            only=listed(only) or None,
            reference=reference,
            ch_names=listed(channels) or None,
            montage=montage or None,
            parameters=network_parameters(parameter or ()),
            runs=numbers("--runs", runs),
            data_path=data_path,
            download=download,
            held_out=held_out,
            alpha=alpha,
            seed=seed,
            n_jobs=jobs,
            backend=backend,
            scheduler=scheduler or None,
            progress=not quiet,
        )
        # Two runs on one folder write the same: the second replaces what the first wrote meanwhile.
        written = population.save(out, formats=formats, style=style, overwrite=True, progress=not quiet)
        if quiet:
            return
        print_group(population)
        print_findings(population.findings)
        console.print(
            f"Wrote {out / 'report.html'}, and {len(written) - 1} tables, arrays and figures next to it.",
            markup=False,
            soft_wrap=True,
            highlight=False,
        )
