"""The command ``sincviz compare``."""

import re
from pathlib import Path
from typing import Annotated

import typer

from sincviz.cli.browser import open_page
from sincviz.cli.network_class import Model, ModelArgs, input_errors, named_class
from sincviz.cli.options import (
    Classes,
    Open,
    Overwrite,
    Rate,
    Tmax,
    Tmin,
    Units,
    hushed,
    importing,
    listed,
    trials_of_file,
)
from sincviz.cli.terminal import console, print_comparison


def compare(
    checkpoint: Annotated[str, typer.Argument(help="A checkpoint, as for `sincviz inspect`.")],
    other: Annotated[str, typer.Argument(help="The checkpoint to compare it with.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for report, tables, arrays and figures; default: <checkpoint>-and-<other>.",
        ),
    ] = None,
    epochs: Annotated[
        Path | None,
        typer.Option(
            help="Epochs, a recording or arrays, as for `sincviz inspect`: adds decisions and relevance."
        ),
    ] = None,
    tmin: Tmin = None,
    tmax: Tmax = None,
    classes: Classes = "",
    sfreq: Rate = None,
    units: Units = "",
    channels: Annotated[
        str,
        typer.Option(
            help="Names of the networks' channels in order, such as Fz,C3,Cz,C4; with arrays, of theirs."
        ),
    ] = "",
    montage: Annotated[
        str, typer.Option(help="Places the channels: a montage of MNE, such as standard_1005.")
    ] = "",
    model: Model = "",
    model_args: ModelArgs = "",
    names: Annotated[str, typer.Option(help="What to call the networks, such as before,after.")] = "",
    reference: Annotated[
        str, typer.Option(help="'trained' as the first network was trained, 'average', or 'recorded'.")
    ] = "trained",
    held_out: Annotated[
        bool,
        typer.Option("--held-out", help="State that neither network was trained on these trials."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of intervals.")] = 0,
    overwrite: Overwrite = False,
    opens: Open = False,
) -> None:
    """Compare two networks: filters, scalp maps, relevance, and the trials on which they decide differently."""
    with hushed(warned=True, bars=True):
        with importing():
            from sincviz.comparison.comparison import compare as compare_networks
            from sincviz.comparison.contents import CONTENTS
            from sincviz.networks.attributes import known_attributes
            from sincviz.networks.front_ends import front_end
            from sincviz.opening.checkpoints import load_checkpoint
            from sincviz.report.folder import check_folder
            from sincviz.trials.cutting import cut_to
            from sincviz.trials.files import holds_arrays
            from sincviz.trials.reference import referenced_as_trained

        if epochs is None and (classes or units or (tmin, tmax, sfreq) != (None, None, None)):
            raise ValueError("`--tmin`, `--tmax`, `--classes`, `--sfreq` and `--units` are for `--epochs`.")
        called = listed(names) or _names(checkpoint, other)
        if len(called) != 2 or called[0] == called[1]:
            raise ValueError(f"`--names` must be two different names; got {names!r}. Try before,after.")
        folder = Path(_folder_name(called)) if out is None else out
        check_folder(folder, CONTENTS, overwrite=overwrite)
        of_class = named_class(model, model_args)
        of_channels, arrays = listed(channels) or None, epochs is not None and holds_arrays(epochs)
        trials = None
        if epochs is not None:
            trials = trials_of_file(
                epochs,
                classes=classes,
                tmin=tmin,
                tmax=tmax,
                sfreq=sfreq,
                ch_names=of_channels if arrays else None,
                units=units,
            )
        with input_errors():
            first, second = (
                load_checkpoint(
                    one, None if arrays else of_channels, epochs=trials, montage=montage or None, **of_class
                )
                for one in (checkpoint, other)
            )
            for network in (first, second):
                front_end(network)  # only networks whose filters can be read are compared
        if trials is not None:
            if tmax is not None:
                trials = cut_to(trials, known_attributes(first)["n_times"])
            trials = referenced_as_trained(trials, first, reference)
        comparison = compare_networks(
            first, second, trials, names=(called[0], called[1]), held_out=held_out, seed=seed
        )
        written = comparison.save(folder, overwrite=overwrite)
        opened = opens and open_page(folder / "report.html")
        print_comparison(comparison)
        console.print(
            f"Wrote {folder / 'report.html'}, and {len(written) - 1} tables, arrays and figures beside it.",
            markup=False,
            soft_wrap=True,
            highlight=False,
        )
        if opens and not opened:
            console.print("There is no display to open it on.")


def _folder_name(names: list[str]) -> str:
    """Return the name of a folder below the current one.

    Examples
    --------
    >>> _folder_name(["before", "after"]), _folder_name(["../a", "b c"])
    ('before-and-after', 'a-and-b c')
    """
    plain = (re.sub(r'[\x00-\x1f\\/:*?"<>|]+', "-", name).strip("-. ")[:60] for name in names)
    return "-and-".join(plain)


def _names(checkpoint: str, other: str) -> list[str]:
    """Return short names of two checkpoints: those of the files, with their folders where these are the same."""
    paths = [Path(one) for one in (checkpoint, other)]
    stems = [path.stem for path in paths]
    if stems[0] == stems[1]:
        stems = [f"{path.resolve().parent.name}-{path.stem}" for path in paths]
    return stems if stems[0] != stems[1] else ["first", "second"]
