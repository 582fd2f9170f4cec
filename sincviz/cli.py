"""The commands: ``sincviz train``, ``sincviz inspect``, ``sincviz demo``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sincviz._version import __version__
from sincviz.errors import SincvizError
from sincviz.terminal import console, print_agreement, print_bands, print_network

app = typer.Typer(
    name="sincviz",
    help="Read what a sinc-convolution EEG network has learned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files of an earlier run.")]
Seed = Annotated[
    int, typer.Option(help="Seed of the weights, the split, the order of trials and the dropout.")
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; bad input is one line on the error stream and exit code 2."""
    try:
        app(arguments)
    except (SincvizError, ValueError, OSError) as error:
        Console(stderr=True).print(f"[bold red]Error:[/] {_escaped(error)}", highlight=False, soft_wrap=True)
        sys.exit(2)


def _escaped(error: BaseException) -> str:
    from rich.markup import escape

    return escape(" ".join(str(error).split()))


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print(f"sincviz {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


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
    runs: Annotated[
        str, typer.Option(help="eegbci: runs; 4,8,12 is left against right fist imagery.")
    ] = "4,8,12",
    data_path: Annotated[
        Path | None, typer.Option(help="eegbci: the folder that holds MNE-eegbci-data.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="eegbci: fetch recordings that are missing.")
    ] = False,
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
    from sincviz.epochs import class_order
    from sincviz.models.sinc_shallow import SincShallowNet
    from sincviz.training import fit

    if out.exists() and not overwrite:
        raise FileExistsError(
            f"{str(out)!r} exists. Pass `--overwrite`, or choose another name with `--out`."
        )
    if not out.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(out.parent)!r} does not exist; create it first.")
    if reference not in ("average", "recorded"):
        raise ValueError(f"`--reference` must be 'average' or 'recorded'; got {reference!r}.")

    epochs = _epochs(data, subjects, runs, data_path, download, seed, reference)
    test_epochs = _test_epochs(data, subjects, test_subjects, runs, data_path, download, seed, reference)
    torch.manual_seed(seed)
    sfreq = float(epochs.info["sfreq"])
    model = SincShallowNet(
        num_time_filters=num_time_filters,
        time_filter_len=2 * round(kernel_seconds * sfreq / 2) + 1,
        n_outputs=len(class_order(epochs)),
        n_times=len(epochs.times),
        sfreq=sfreq,
        chs_info=epochs.copy().pick("eeg", exclude=()).info["chs"],
    )
    classifier = fit(
        model,
        epochs,
        max_epochs=max_epochs,
        validation=validation,
        patience=patience,
        seed=seed,
        progress=True,
    )
    save_checkpoint(classifier, out)
    losses = classifier.history[:, "valid_loss"] if validation else []
    best = f", best validation loss {min(losses):.3f}" if losses else ""
    console.print(f"Trained on {len(epochs)} trials, {len(classifier.history)} epochs{best}.")
    if test_epochs is not None:
        console.print(
            f"Accuracy on {len(test_epochs)} trials never used in training: {classifier.score(test_epochs):.3f} "
            f"(chance {1 / model.n_outputs:.2f})."
        )
    console.print(f"Saved {out}. Read it with: sincviz inspect {out}", markup=False)


@app.command()
def inspect(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint that `sincviz train` wrote.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for table and figures; else <checkpoint>-inspection."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Print the bands a network has learned; write them as a table and as figures."""
    from sincviz.checkpoints import load_checkpoint
    from sincviz.inspection import write_inspection

    model = load_checkpoint(checkpoint)
    folder = checkpoint.with_name(f"{checkpoint.stem}-inspection") if out is None else out
    bands = write_inspection(model, folder, overwrite=overwrite)
    print_network(model)
    print_bands(bands)
    console.print(f"Wrote bands.csv, bands and responses (PNG, PDF) to {folder}", markup=False)


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
    print_agreement(found)
    console.print(f"Checkpoint, table and figures are in {out}", markup=False)
    if not found.passed:
        raise typer.Exit(1)


def _numbers(name: str, text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ValueError(f"`{name}` must be numbers with commas between; got {text!r}. Try 2,7,29.") from None


def _epochs(
    data: str, subjects: str, runs: str, path: Path | None, download: bool, seed: int, reference: str
) -> Any:
    """Return epochs by their name on the command line."""
    import mne

    from sincviz.datasets import eegbci, simulate_motor_imagery

    if data == "simulated":
        epochs, _ = simulate_motor_imagery(seed=seed)
    elif data == "eegbci":
        if not subjects:
            raise ValueError("`--subjects` is missing. Try --subjects 29,32.")
        epochs = eegbci(
            _numbers("--subjects", subjects), _numbers("--runs", runs), path=path, download=download
        )
    else:
        if not Path(data).is_file():
            raise FileNotFoundError(f"{data!r} is neither 'simulated', nor 'eegbci', nor a file.")
        epochs = mne.read_epochs(data, verbose="error")
    if reference == "average":
        epochs.set_eeg_reference("average", projection=False, verbose="error")
    return epochs


def _test_epochs(
    data: str,
    subjects: str,
    test_subjects: str,
    runs: str,
    path: Path | None,
    download: bool,
    seed: int,
    reference: str,
) -> Any:
    """Return trials that training never sees, or None where there are none."""
    if data == "simulated":
        return _epochs(data, "", "", None, False, seed + 1_000_000, reference)
    if data != "eegbci" or not test_subjects:
        return None
    both = sorted(set(_numbers("--subjects", subjects)) & set(_numbers("--test-subjects", test_subjects)))
    if both:
        raise ValueError(f"Subjects {both} are in training and test; name each in one of the two.")
    return _epochs(data, test_subjects, runs, path, download, seed, reference)
