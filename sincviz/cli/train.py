"""The command ``sincviz train``."""

import shlex
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sincviz.cli.options import (
    Classes,
    DataPath,
    Download,
    Overwrite,
    Rate,
    Runs,
    Seed,
    Tmax,
    Tmin,
    Units,
    listed,
    numbers,
    subjects_named,
    trials_of_file,
)
from sincviz.cli.terminal import console


def train(
    data: Annotated[
        str,
        typer.Argument(
            help="'simulated', 'eegbci' (PhysioNet imagery), or a file: epochs of MNE (-epo.fif) or EEGLAB (.set), a "
            "recording to cut by --tmax and --classes, or arrays (.npz, .mat, .csv)."
        ),
    ] = "simulated",
    out: Annotated[Path, typer.Option("--out", "-o", help="The checkpoint to write.")] = Path(
        "network.safetensors"
    ),
    tmin: Tmin = None,
    tmax: Tmax = None,
    classes: Classes = "",
    sfreq: Rate = None,
    channels: Annotated[str, typer.Option(help="Names of the channels of arrays, such as C3,Cz,C4.")] = "",
    units: Units = "",
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
        float, typer.Option(help="Length of the temporal filters; short ones cannot separate bands.")
    ] = 0.4,
    num_time_filters: Annotated[int, typer.Option(help="Number of temporal filters.")] = 32,
    max_epochs: Annotated[int, typer.Option(help="Maximum number of training epochs.")] = 50,
    validation: Annotated[
        float,
        typer.Option(
            help="Share of the trials held out for early stopping and choosing the best weights; 0: none."
        ),
    ] = 0.0,
    patience: Annotated[
        int, typer.Option(help="Training stops after this many epochs without a better validation loss.")
    ] = 30,
    seed: Seed = 0,
    live: Annotated[
        bool, typer.Option("--live", help="Show the bands move, in place of a progress bar.")
    ] = False,
    log_dir: Annotated[
        Path | None,
        typer.Option("--log-dir", help="Folder for TensorBoard: numbers and figures of every epoch."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Train a SincShallowNet and save it with everything that is needed to interpret it."""
    import torch

    from sincviz._utils.checks import finite_float
    from sincviz._utils.text import counted
    from sincviz.cli.live import TerminalTraining
    from sincviz.datasets import eegbci, simulate_motor_imagery
    from sincviz.errors import did_you_mean
    from sincviz.networks.sinc_shallow import SincShallowNet
    from sincviz.opening.checkpoints import save_checkpoint
    from sincviz.training.fitting import fit
    from sincviz.training.live import LiveTraining
    from sincviz.trials.classes import class_order
    from sincviz.trials.recordings import eeg_channels
    from sincviz.trials.reference import average_referenced

    if out.is_dir():
        raise IsADirectoryError(f"{str(out)!r} is a folder; name a file with `--out`.")
    if out.exists() and not overwrite:
        raise FileExistsError(
            f"{str(out)!r} exists. Pass `--overwrite`, or choose another name with `--out`."
        )
    if not out.parent.is_dir():
        raise FileNotFoundError(f"The folder {str(out.parent)!r} does not exist; create it first.")
    if reference not in ("average", "recorded"):
        raise ValueError(
            f"`--reference` must be 'average' or 'recorded'; got {reference!r}."
            f"{did_you_mean(reference, ('average', 'recorded'))}"
        )
    # A missing dependency is reported before any data are read.
    watching = (
        [TerminalTraining(log_dir=log_dir)] if live else [LiveTraining(log_dir=log_dir)] if log_dir else []
    )
    finite_float("--kernel-seconds", kernel_seconds, above=0, advice=0.4)
    of_file = classes or channels or units or (tmin, tmax, sfreq) != (None, None, None)
    if of_file and data in ("eegbci", "simulated"):
        raise ValueError(
            "`--tmin`, `--tmax`, `--classes`, `--sfreq`, `--channels` and `--units` are for files; the data are "
            f"{data!r}."
        )
    if data == "eegbci":
        chosen, tested = numbers("--subjects", subjects), numbers("--test-subjects", test_subjects)
        both = sorted(set(chosen) & set(tested))
        if both:
            raise ValueError(f"Subjects {both} are in both training and test; name each in only one of them.")
        read = partial(eegbci, runs=numbers("--runs", runs), path=data_path, download=download)
        epochs, test_epochs = read(subjects_named(subjects)), read(tested) if tested else None
    elif subjects or test_subjects:
        raise ValueError(f"`--subjects` and `--test-subjects` are for 'eegbci'; the data are {data!r}.")
    elif data == "simulated":
        epochs, test_epochs = (
            simulate_motor_imagery(seed=seed)[0],
            simulate_motor_imagery(seed=(seed + 1_000_000) % 2**31)[0],
        )
    else:
        test_epochs = None
        epochs = trials_of_file(
            data,
            classes=classes,
            tmin=tmin,
            tmax=tmax,
            sfreq=sfreq,
            ch_names=listed(channels) or None,
            units=units,
        )
    if reference == "average":
        epochs = average_referenced(epochs)
        test_epochs = None if test_epochs is None else average_referenced(test_epochs)

    torch.manual_seed(seed)
    rate = float(epochs.info["sfreq"])
    model = SincShallowNet(
        num_time_filters=num_time_filters,
        time_filter_len=2 * round(kernel_seconds * rate / 2) + 1,
        n_outputs=len(class_order(epochs)),
        n_times=len(epochs.times),
        sfreq=rate,
        chs_info=eeg_channels(epochs),
    )
    several = validation and data == "eegbci" and epochs.metadata["subject"].nunique() > 1
    try:
        classifier = fit(
            model,
            epochs,
            groups=epochs.metadata["subject"] if several else None,
            max_epochs=max_epochs,
            validation=validation,
            patience=patience,
            seed=seed,
            callbacks=watching,
            progress=not live,
        )
    finally:
        for one in watching:
            one.finish()  # where training failed, too, the terminal gets its cursor back
    save_checkpoint(classifier, out)
    losses = classifier.history[:, "valid_loss"] if validation else []
    best = f", best validation loss {min(losses):.3f}" if losses else ""
    console.print(
        f"Trained on {len(epochs)} trials ({reference} reference), {counted(len(classifier.history), 'epoch')}{best}."
    )
    if test_epochs is not None:
        console.print(
            f"Accuracy on {len(test_epochs)} trials never used in training: {classifier.score(test_epochs):.3f} "
            f"(chance {1 / model.n_outputs:.2f})."
        )
    command = f"sincviz inspect {shlex.quote(str(out))}"
    console.print(f"Saved {out}. Read it with: {command}", markup=False, soft_wrap=True)
