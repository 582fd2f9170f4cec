"""The command ``sincviz train``."""

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    band_pass,
    listed,
    numbers,
    subjects_named,
    trials_of_file,
)
from sincviz.cli.terminal import console

if TYPE_CHECKING:
    import mne

    from sincviz.training.seeds import SeedClassifier


EEGBCI_BAND, NO_BAND = "4-38", "none"


def train(
    data: Annotated[
        str,
        typer.Argument(
            help="'simulated', 'eegbci' (PhysioNet imagery), or a file: epochs of MNE (-epo.fif) or EEGLAB (.set), a "
            "recording to cut by --tmax and --classes, or arrays (.npz, .mat, .csv)."
        ),
    ] = "simulated",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Checkpoint to write; of several seeds a folder.")
    ] = Path("network.safetensors"),
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
    band: Annotated[
        str | None,
        typer.Option(
            help="Band-pass in Hz, such as 4-38; 4- is a high-pass, -38 a low-pass, 'none' neither. Default: 4-38 for "
            "'eegbci', where eye movements towards the cue are slower; none for all others.",
            show_default=False,
        ),
    ] = None,
    align: Annotated[
        bool,
        typer.Option(
            "--align", help="Align people: make the mean covariance of each one's trials the identity."
        ),
    ] = False,
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
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            help="Train so many networks, with seeds from --seed on, and write them to the folder --out: together they "
            "show what holds over seeds.",
        ),
    ] = 1,
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
    from sincviz.preparation.steps import EuclideanAlignment, SetEEGReference, Step, preparation_words
    from sincviz.training.fitting import fit
    from sincviz.training.live import LiveTraining
    from sincviz.training.seeds import fit_many
    from sincviz.trials.classes import class_order
    from sincviz.trials.recordings import eeg_channels

    if seeds > 1:
        if live or log_dir:
            raise ValueError(
                "`--live` and `--log-dir` show one training, not `--seeds`. Leave them out, or `--seeds`."
            )
        out = Path("network") if out == Path("network.safetensors") else out
        if out.suffix.lower() == ".safetensors":
            raise ValueError(
                f"Several seeds are written to a folder; got the name of a file, {str(out)!r}. Try `--out "
                f"{out.with_suffix('')}`."
            )
    elif out.is_dir():
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
    steps: list[Step] = [SetEEGReference("average")] if reference == "average" else []
    band = (EEGBCI_BAND if data == "eegbci" else NO_BAND) if band is None else band
    steps += [band_pass(band)] if band != NO_BAND else []
    steps += [EuclideanAlignment()] if align else []
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
        if seeds > 1:
            trained = fit_many(
                model,
                epochs,
                seeds=range(seed, seed + seeds),
                groups=epochs.metadata["subject"] if several else None,
                preparation=steps,
                max_epochs=max_epochs,
                validation=validation,
                patience=patience,
            )
            save_checkpoint(trained, out)
            _say_seeds(trained, out, test_epochs)
            return
        classifier = fit(
            model,
            epochs,
            groups=epochs.metadata["subject"] if several else None,
            preparation=steps,
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
        f"Trained on {len(epochs)} trials ({preparation_words(steps) or 'as recorded'}), "
        f"{counted(len(classifier.history), 'epoch')}{best}."
    )
    if test_epochs is not None:
        console.print(
            f"Accuracy on {len(test_epochs)} trials never used in training: {classifier.score(test_epochs):.3f} "
            f"(chance {1 / model.n_outputs:.2f})."
        )
    command = f"sincviz inspect {shlex.quote(str(out))}"
    console.print(f"Saved {out}. Read it with: {command}", markup=False, soft_wrap=True)


def _say_seeds(trained: "SeedClassifier", out: Path, test_epochs: "mne.BaseEpochs | None") -> None:
    """Print how well single seeds and their mean decode, and where they were saved."""
    seeds = trained.module_.provenance["seeds"]
    console.print(f"Trained {len(seeds)} networks, with seeds {seeds[0]} to {seeds[-1]}.")
    if test_epochs is not None:
        single = [one.score(test_epochs) for one in trained.classifiers_]
        console.print(
            f"Accuracy on {len(test_epochs)} trials never used in training: single seeds "
            f"{sum(single) / len(single):.3f} on average ({min(single):.3f} to {max(single):.3f}), "
            f"all together {trained.score(test_epochs):.3f} "
            f"(chance {1 / len(trained.classes_):.2f})."
        )
    command = f"sincviz inspect {shlex.quote(str(out))}"
    console.print(f"Saved the folder {out}. Read it with: {command}", markup=False, soft_wrap=True)
