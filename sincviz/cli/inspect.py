"""The command ``sincviz inspect``."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sincviz.cli.browser import open_page
from sincviz.cli.network_class import Model, ModelArgs, input_errors, named_class
from sincviz.cli.options import (
    Classes,
    DataPath,
    Download,
    Open,
    Overwrite,
    Rate,
    Runs,
    Tmax,
    Tmin,
    Units,
    hushed,
    importing,
    listed,
    network_parameters,
    numbers,
    subjects_named,
    trials_of_file,
)
from sincviz.cli.terminal import console, print_bands, print_findings, print_network, print_summary

if TYPE_CHECKING:
    from sincviz.inspection.inspection import Inspection


def inspect(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="A checkpoint of sincviz, braindecode, skorch or Lightning, a state dict, or a Hugging Face folder "
            "or repository."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for report, tables, arrays and figures; default: <checkpoint>-inspection.",
        ),
    ] = None,
    epochs: Annotated[
        Path | None,
        typer.Option(
            help="Epochs of MNE (-epo.fif) or EEGLAB (.set), a recording to cut by --tmax and --classes (.edf, .gdf, "
            ".vhdr, .fif ...), or arrays (.npz, .mat, .csv): adds accuracy, patterns, relevance and the evidence."
        ),
    ] = None,
    tmin: Tmin = None,
    tmax: Tmax = None,
    classes: Classes = "",
    sfreq: Rate = None,
    units: Units = "",
    data: Annotated[
        str, typer.Option(help="'eegbci': use PhysioNet imagery instead of a file of epochs.")
    ] = "",
    subjects: Annotated[str, typer.Option(help="eegbci: subjects, such as 56,62.")] = "",
    runs: Runs = "4,8,12",
    data_path: DataPath = None,
    download: Download = False,
    reference: Annotated[
        str, typer.Option(help="'trained' as the network was trained, 'average', or 'recorded'.")
    ] = "trained",
    channels: Annotated[
        str,
        typer.Option(
            help="Names of the network's channels in order, such as Fz,C3,Cz,C4; with arrays, of their channels."
        ),
    ] = "",
    montage: Annotated[
        str, typer.Option(help="MNE montage that gives the positions of the channels, such as standard_1005.")
    ] = "",
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            help="A parameter that the checkpoint does not store, such as min_freq=0.5; may be repeated.",
        ),
    ] = None,
    model: Model = "",
    model_args: ModelArgs = "",
    only: Annotated[
        str,
        typer.Option(
            help="Sections, comma-separated: bands, responses, training, maps, relevance, time, roles, seeds, "
            "evidence, shortcuts, sensitivity, explorer."
        ),
    ] = "",
    figure_format: Annotated[
        str, typer.Option("--format", help="Formats of the figures, comma-separated: png, pdf, svg.")
    ] = "png",
    style: Annotated[
        str, typer.Option(help="Widths and fonts of the figures: sincviz, neuroimage, nature, ieee.")
    ] = "sincviz",
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="State that the network was not trained on these trials, if the checkpoint does not "
            "store its training trials.",
        ),
    ] = False,
    sensitivity: Annotated[
        Path | None,
        typer.Option(
            help="Trials to train on, none of which is in --epochs: train the network anew on them under other "
            "preparations and without single people, and say what changes. Takes as long as up to 40 trainings."
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**31 - 1, help="Seed of the trials that the evidence uses, and of intervals."
        ),
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the contents of inspection.json and nothing else.")
    ] = False,
    overwrite: Overwrite = False,
    opens: Open = False,
) -> None:
    """Open any checkpoint, print what the network has learned, and write a report with tables, arrays and figures."""
    with hushed(warned=not quiet, bars=not (quiet or as_json)):
        with importing():
            from sincviz._utils.strict_json import seen
            from sincviz.datasets import eegbci
            from sincviz.errors import did_you_mean
            from sincviz.inspection.contents import CONTENTS, SECTIONS
            from sincviz.inspection.inspection import inspect as inspect_network
            from sincviz.networks.attributes import known_attributes
            from sincviz.opening.checkpoints import load_checkpoint
            from sincviz.plotting import journal
            from sincviz.report.contents import chosen_sections
            from sincviz.report.folder import check_folder, facts_of
            from sincviz.report.pictures import checked_formats
            from sincviz.trials.cutting import cut_to
            from sincviz.trials.files import holds_arrays
            from sincviz.trials.reference import referenced_as_trained

        if data not in ("", "eegbci"):
            raise ValueError(
                f"`--data` must be 'eegbci'; got {data!r}.{did_you_mean(data, ['eegbci'])} A file of epochs goes to "
                "`--epochs`."
            )
        if data and epochs is not None:
            raise ValueError("Pass `--epochs` or `--data`, not both.")
        if epochs is None and (classes or units or (tmin, tmax, sfreq) != (None, None, None)):
            raise ValueError("`--tmin`, `--tmax`, `--classes`, `--sfreq` and `--units` are for `--epochs`.")
        if sensitivity is not None and epochs is None and not data:
            raise ValueError(
                "`--sensitivity` names trials to train on, and networks must be read on others. Pass these: `--epochs "
                "test-epo.fif`."
            )
        if subjects and not data:
            raise ValueError("`--subjects` is for `--data eegbci`.")
        source = Path(os.path.expanduser(checkpoint))
        if not source.name:  # such as "."
            source = source.resolve()
        folder = source.with_name(f"{source.stem}-inspection") if out is None else out
        check_folder(folder, CONTENTS, overwrite=overwrite)
        formats = checked_formats(listed(figure_format))
        if not formats:
            raise ValueError(f"`--format` names no format; got {figure_format!r}. Try png.")
        sections = listed(only) or None
        chosen_sections(SECTIONS, sections)
        with journal(style):
            pass  # an unknown style is refused before anything is computed
        talks = not (quiet or as_json)
        parameters = network_parameters(parameter or ()) | named_class(model, model_args)
        names, arrays = listed(channels) or None, epochs is not None and holds_arrays(epochs)
        trials = None
        if data:
            trials = eegbci(
                subjects_named(subjects),
                numbers("--runs", runs),
                path=data_path,
                download=download,
                progress=talks,
            )
        elif epochs is not None:
            trials = trials_of_file(
                epochs,
                classes=classes,
                tmin=tmin,
                tmax=tmax,
                sfreq=sfreq,
                ch_names=names if arrays else None,
                units=units,
            )
        # Names of an array's channels are the network's only if it has none of its own.
        with input_errors():
            network = load_checkpoint(
                checkpoint, None if arrays else names, epochs=trials, montage=montage or None, **parameters
            )
        if trials is not None and tmax is not None:
            trials = cut_to(trials, known_attributes(network)["n_times"])
        if trials is not None:
            trials = referenced_as_trained(trials, network, reference)
        training = None
        if sensitivity is not None:
            training = trials_of_file(
                sensitivity,
                classes=classes,
                tmin=tmin,
                tmax=tmax,
                sfreq=sfreq,
                ch_names=names if holds_arrays(sensitivity) else None,
                units=units,
            )
            if tmax is not None:
                training = cut_to(training, known_attributes(network)["n_times"])
            training = referenced_as_trained(training, network, reference)
        inspection = inspect_network(
            network,
            trials,
            only=sections,
            held_out=held_out,
            sensitivity=training,
            seed=seed,
            progress=talks,
        )
        inspection = _with_paths(inspection, checkpoint, epochs)
        written = inspection.save(
            folder, formats=formats, title=source.name, style=style, overwrite=overwrite, progress=talks
        )
        if as_json:
            print(
                seen(json.dumps(facts_of(inspection, CONTENTS) | {"folder": str(folder)}, ensure_ascii=False))
            )
        opened = opens and open_page(folder / "report.html")
        if not talks:
            return
        print_network(inspection)
        if inspection.bands is not None:
            print_bands(inspection.bands)
        print_summary(inspection)
        print_findings(inspection.findings)
        console.print(
            f"Wrote {folder / 'report.html'}, and {len(written) - 1} tables, arrays and figures next to it.",
            markup=False,
            soft_wrap=True,
            highlight=False,
        )
        if opens and not opened:
            console.print("There is no display to open it on.")


def _with_paths(inspection: "Inspection", checkpoint: str, epochs: Path | None) -> "Inspection":
    """Return an inspection whose explorer names the files in the code that it gives."""
    if inspection.explorer is None:
        return inspection
    files = {"model": checkpoint, "epochs": None if epochs is None else str(epochs)}
    known = inspection.explorer.attrs["python"] | files
    return replace(inspection, explorer=inspection.explorer.assign_attrs(python=known))
