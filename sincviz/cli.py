"""The commands: ``sincviz train``, ``sincviz inspect``, ``sincviz demo``."""

import gc
import json
import os
import re
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from sincviz._version import __version__
from sincviz.errors import SincvizError
from sincviz.terminal import (
    console,
    print_agreement,
    print_bands,
    print_findings,
    print_network,
    print_summary,
)

app = typer.Typer(
    name="sincviz",
    help="Read what a sinc-convolution EEG network has learned.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files of an earlier run.")]
Seed = Annotated[
    int,
    typer.Option(
        min=0, max=2**31 - 1, help="Seed of the weights, the split, the order of trials and the dropout."
    ),
]
Runs = Annotated[str, typer.Option(help="eegbci: runs; 4,8,12 is left against right fist imagery.")]
DataPath = Annotated[Path | None, typer.Option(help="eegbci: the folder that holds MNE-eegbci-data.")]
Download = Annotated[bool, typer.Option("--download", help="eegbci: fetch recordings that are missing.")]

# Click's base class, which typer holds inside or beside itself, depending on its version.
_UsageError: Any = typer.BadParameter.__mro__[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; bad input is one line on the error stream and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a dash must not lose the table.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    warnings.showwarning = _warn
    try:
        sys.exit(app(arguments, standalone_mode=False) or 0)
    except _UsageError as error:
        _stop(error.format_message(), code=2)
    except (SincvizError, ValueError, OSError) as error:
        _stop(str(error), code=2)
    except (KeyboardInterrupt, typer.Abort):
        _stop("Interrupted.", code=130)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Say a warning in one line, without the line of code that it came from."""
    text = escape(" ".join(str(message).split()))
    Console(stderr=True).print(f"[bold yellow]Warning:[/] {text}", highlight=False, soft_wrap=True)


def _stop(message: str, *, code: int) -> NoReturn:
    """Say why in one line, and leave."""
    # Two lines of code stay two statements.
    one_line = " ".join(re.sub(r"\)\n\s+(?=\w+[.(])", "); ", message).split())
    Console(stderr=True).print(f"[bold red]Error:[/] {escape(one_line)}", highlight=False, soft_wrap=True)
    sys.exit(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print(f"sincviz {__version__}", highlight=False)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        console.print(context.get_help(), markup=False, highlight=False)


@app.command()
def train(
    data: Annotated[
        str,
        typer.Argument(help="'simulated', 'eegbci' (PhysioNet imagery), or a file of MNE epochs (-epo.fif)."),
    ] = "simulated",
    out: Annotated[Path, typer.Option("--out", "-o", help="The checkpoint to write.")] = Path(
        "network.safetensors"
    ),
    subjects: Annotated[str, typer.Option(help="eegbci: subjects to train on, such as 2,7,29.")] = "",
    test_subjects: Annotated[
        str, typer.Option(help="eegbci: subjects to test on; never used in training or early stopping.")
    ] = "",
    runs: Runs = "4,8,12",
    data_path: DataPath = None,
    download: Download = False,
    reference: Annotated[
        str, typer.Option(help="'average' subtracts the mean of the channels, 'recorded' leaves them.")
    ] = "average",
    kernel_seconds: Annotated[
        float, typer.Option(help="Length of the temporal filters; short ones cannot tell bands apart.")
    ] = 0.4,
    num_time_filters: Annotated[int, typer.Option(help="Number of temporal filters.")] = 32,
    max_epochs: Annotated[int, typer.Option(help="Passes over the training trials, at most.")] = 50,
    validation: Annotated[
        float,
        typer.Option(help="Share of the trials held out to stop early and keep the best weights; 0: none."),
    ] = 0.0,
    patience: Annotated[
        int, typer.Option(help="Passes without a better validation loss before training stops.")
    ] = 30,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Train a SincShallowNet and save it with all that is needed to read it."""
    import torch

    from sincviz.checkpoints import save_checkpoint
    from sincviz.classes import class_order
    from sincviz.datasets import simulate_motor_imagery
    from sincviz.models.checks import finite_float
    from sincviz.models.sinc_shallow import SincShallowNet
    from sincviz.recordings import eeg_channels
    from sincviz.training import fit
    from sincviz.trial_sources import average_referenced, epochs_of_file, numbers, recordings

    if out.is_dir():
        raise IsADirectoryError(f"{str(out)!r} is a folder; name a file with `--out`.")
    if out.exists() and not overwrite:
        raise FileExistsError(
            f"{str(out)!r} exists. Pass `--overwrite`, or choose another name with `--out`."
        )
    if not out.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(out.parent)!r} does not exist; create it first.")
    if reference not in ("average", "recorded"):
        raise ValueError(f"`--reference` must be 'average' or 'recorded'; got {reference!r}.")
    finite_float("--kernel-seconds", kernel_seconds, above=0, advice=0.4)
    if data == "eegbci":
        both = sorted(set(numbers("--subjects", subjects)) & set(numbers("--test-subjects", test_subjects)))
        if both:
            raise ValueError(f"Subjects {both} are in training and test; name each in one of the two.")
        epochs = recordings(subjects, runs, path=data_path, download=download)
        test_epochs = (
            recordings(test_subjects, runs, path=data_path, download=download) if test_subjects else None
        )
    elif subjects or test_subjects:
        raise ValueError(f"`--subjects` and `--test-subjects` are for 'eegbci'; the data are {data!r}.")
    elif data == "simulated":
        epochs, test_epochs = (
            simulate_motor_imagery(seed=seed)[0],
            simulate_motor_imagery(seed=seed + 1_000_000)[0],
        )
    else:
        epochs, test_epochs = epochs_of_file(Path(data)), None
    if reference == "average":
        epochs = average_referenced(epochs)
        test_epochs = None if test_epochs is None else average_referenced(test_epochs)

    torch.manual_seed(seed)
    sfreq = float(epochs.info["sfreq"])
    model = SincShallowNet(
        num_time_filters=num_time_filters,
        time_filter_len=2 * round(kernel_seconds * sfreq / 2) + 1,
        n_outputs=len(class_order(epochs)),
        n_times=len(epochs.times),
        sfreq=sfreq,
        chs_info=eeg_channels(epochs),
    )
    several = validation and data == "eegbci" and epochs.metadata["subject"].nunique() > 1
    classifier = fit(
        model,
        epochs,
        groups=epochs.metadata["subject"] if several else None,
        max_epochs=max_epochs,
        validation=validation,
        patience=patience,
        seed=seed,
    )
    save_checkpoint(classifier, out)
    losses = classifier.history[:, "valid_loss"] if validation else []
    best = f", best validation loss {min(losses):.3f}" if losses else ""
    console.print(
        f"Trained on {len(epochs)} trials ({reference} reference), {len(classifier.history)} epochs{best}."
    )
    if test_epochs is not None:
        console.print(
            f"Accuracy on {len(test_epochs)} trials never used in training: {classifier.score(test_epochs):.3f} "
            f"(chance {1 / model.n_outputs:.2f})."
        )
    command = f"sincviz inspect {shlex.quote(str(out))}"
    console.print(f"Saved {out}. Read it with: {command}", markup=False, soft_wrap=True)


@app.command()
def inspect(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="A checkpoint: of sincviz, braindecode, skorch or Lightning; a state dict; a folder or repository of "
            "Hugging Face."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder for report, tables, arrays and figures; else <checkpoint>-inspection."
        ),
    ] = None,
    epochs: Annotated[
        Path | None,
        typer.Option(
            help="Epochs of MNE (-epo.fif) or EEGLAB (.set): adds accuracy, patterns, relevance and the evidence."
        ),
    ] = None,
    data: Annotated[
        str, typer.Option(help="'eegbci' takes PhysioNet imagery instead of a file of epochs.")
    ] = "",
    subjects: Annotated[str, typer.Option(help="eegbci: subjects, such as 56,62.")] = "",
    runs: Runs = "4,8,12",
    data_path: DataPath = None,
    download: Download = False,
    reference: Annotated[
        str, typer.Option(help="'trained' as the network was trained, 'average', or 'recorded'.")
    ] = "trained",
    channels: Annotated[
        str, typer.Option(help="Names of the network's channels in its order, such as Fz,C3,Cz,C4.")
    ] = "",
    montage: Annotated[
        str, typer.Option(help="Places the channels: a montage of MNE, such as standard_1005.")
    ] = "",
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            help="What the checkpoint does not tell, as min_freq=0.5; once for each parameter.",
        ),
    ] = None,
    only: Annotated[
        str,
        typer.Option(
            help="Sections, with commas between: bands, responses, maps, relevance, evidence, training."
        ),
    ] = "",
    figure_format: Annotated[
        str, typer.Option("--format", help="Of the figures: png, pdf, svg, with commas between.")
    ] = "png",
    style: Annotated[
        str, typer.Option(help="Widths and fonts of the figures: sincviz, neuroimage, nature, ieee.")
    ] = "sincviz",
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**31 - 1, help="Seed of the trials that the evidence takes, and of intervals."
        ),
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the contents of inspection.json and nothing else.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Open any checkpoint, print what it has learned, write a report with tables, arrays and figures."""
    if quiet:
        warnings.simplefilter("ignore")
    if quiet or as_json:
        os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported: no bar of any step
    with _importing():
        from sincviz.inspection import inspect as inspect_network
        from sincviz.measuring import checked_sections
        from sincviz.network_sources import opened
        from sincviz.plotting import journal
        from sincviz.report.folder import check_folder, checked_formats, facts_of
        from sincviz.trial_sources import epochs_of_file, recordings, referenced_as_trained

    if data not in ("", "eegbci"):
        raise ValueError(f"`--data` must be 'eegbci'; got {data!r}. A file of epochs goes to `--epochs`.")
    if data and epochs is not None:
        raise ValueError("Pass `--epochs` or `--data`, not both.")
    if subjects and not data:
        raise ValueError("`--subjects` is for `--data eegbci`.")
    source = Path(checkpoint)
    if not source.name:  # such as "."
        source = source.resolve()
    folder = source.with_name(f"{source.stem}-inspection") if out is None else out
    check_folder(folder, overwrite=overwrite)
    formats = checked_formats(_listed(figure_format))
    if not formats:
        raise ValueError(f"`--format` names no format; got {figure_format!r}. Try png.")
    sections = checked_sections(_listed(only) or None)
    with journal(style):
        pass  # an unknown style is refused before anything is computed
    talks = not (quiet or as_json)
    trials = None
    if data:
        trials = recordings(subjects, runs, path=data_path, download=download, progress=talks)
    elif epochs is not None:
        trials = epochs_of_file(epochs)
    model = opened(checkpoint, trials, channels=channels, montage=montage, parameters=parameter or ())
    if trials is not None:
        trials = referenced_as_trained(trials, model, reference)
    found = inspect_network(model, trials, only=sections, seed=seed, progress=talks)
    written = found.save(
        folder, formats=formats, title=source.name, style=style, overwrite=overwrite, progress=talks
    )
    if as_json:
        print(json.dumps(facts_of(found) | {"folder": str(folder)}, ensure_ascii=False))
    if not talks:
        return
    print_network(found)
    if found.bands is not None:
        print_bands(found.bands)
    print_summary(found)
    print_findings(found.findings)
    console.print(
        f"Wrote {folder / 'report.html'}, and {len(written) - 1} tables, arrays and figures beside it.",
        markup=False,
        soft_wrap=True,
        highlight=False,
    )


@contextmanager
def _importing() -> Iterator[None]:
    """Spare what is imported from garbage collections, which take a second of a short command."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for checkpoint, table and figures.")
    ] = Path("sincviz-demo"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Train on simulated EEG, inspect the network, and compare what it uses with the known truth."""
    from sincviz.demo import run

    console.print("Simulating motor imagery with known sources, training, inspecting (about a minute) ...")
    found = run(out, seed=seed, overwrite=overwrite)
    print_bands(found.bands)
    print_findings(found.findings)
    print_agreement(found)
    console.print(f"Checkpoint, tables and figures are in {out}", markup=False, soft_wrap=True)
    if not found.passed:
        raise typer.Exit(1)
