"""What several commands share: options, and how they are read."""

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

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

Classes = Annotated[
    str,
    typer.Option(
        help="Events that stand for classes, such as left=T1,right=T2 or left=769,right=770; others are left out."
    ),
]
Tmin = Annotated[
    float | None, typer.Option(help="Start of a trial in seconds after its event; of a recording 0.")
]
Tmax = Annotated[
    float | None, typer.Option(help="End of a trial in seconds after its event; a recording needs it.")
]
Rate = Annotated[
    float | None, typer.Option("--sfreq", min=0, help="Sampling rate in Hz of arrays that do not tell it.")
]
Units = Annotated[str, typer.Option(help="Of arrays: V, mV or uV; else what their values show.")]


def listed(text: str) -> list[str]:
    """Return the parts of an option with commas between."""
    return [part.strip() for part in text.split(",") if part.strip()]


@contextmanager
def hushed(*, warned: bool, bars: bool) -> Iterator[None]:
    """Give no warnings, or show no progress bars, inside; leave the process as it was."""
    from sincviz._utils.progress import (
        silenced,  # loads tqdm before its switch is set, so that its own default stays
    )

    with warnings.catch_warnings(), nullcontext() if bars else silenced():
        if not warned:
            warnings.simplefilter("ignore")
        yield


@contextmanager
def importing() -> Iterator[None]:
    """Spare what is imported from garbage collections, which take a second of a short command."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
