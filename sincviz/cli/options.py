"""Options that several commands share, and the only place where their text is read."""

import gc
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import mne

    from sincviz.preparation.steps import Filter

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files of an earlier run.")]
Seed = Annotated[
    int,
    typer.Option(
        min=0, max=2**31 - 1, help="Seed of the weights, the split, the order of trials and the dropout."
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser, where there is a display.")]
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
    float | None, typer.Option(help="Start of a trial in seconds after its event; 0 for a recording.")
]
Tmax = Annotated[
    float | None, typer.Option(help="End of a trial in seconds after its event; required for a recording.")
]
Rate = Annotated[
    float | None, typer.Option("--sfreq", min=0, help="Sampling rate in Hz of arrays that do not store it.")
]
Units = Annotated[str, typer.Option(help="Units of arrays: V, mV or uV; else inferred from their values.")]

MOST_NUMBERS = 10_000
_RANGE = re.compile(r"(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?")
_BAND = re.compile(r"(\d+(?:\.\d+)?)?\s*[-–]\s*(\d+(?:\.\d+)?)?(?:\s*Hz)?")


def listed(text: str) -> list[str]:
    """Return the items of a comma-separated option."""
    return [part.strip() for part in text.split(",") if part.strip()]


def numbers(option: str, text: str) -> list[int]:
    """Return the numbers of an option such as ``2,7,29-32``.

    Raises
    ------
    ValueError
        If they are not comma-separated whole numbers or ranges.

    Examples
    --------
    >>> numbers("--subjects", "2,7,29-32")
    [2, 7, 29, 30, 31, 32]
    """
    parsed: list[int] = []
    for part in text.split(","):
        if not part.strip():
            continue
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last or last - first >= MOST_NUMBERS:
            raise ValueError(
                f"`{option}` must be comma-separated numbers or ranges; got {text!r}. Try 2,7,29-32."
            )
        parsed += range(first, last + 1)
    return parsed


def band_pass(text: str) -> "Filter":
    """Return the filter of an option such as ``4-38``, ``4-`` or ``-38``.

    Raises
    ------
    ValueError
        If it is none of these, or its edges are not allowed.

    Examples
    --------
    >>> band_pass("4-38"), band_pass("-38")
    (Filter(l_freq=4.0, h_freq=38.0), Filter(l_freq=None, h_freq=38.0))
    """
    from sincviz.preparation.steps import Filter

    match = _BAND.fullmatch(text.strip())
    if match is None or not (match[1] or match[2]):
        raise ValueError(f"`--band` must be two edges in Hz; got {text!r}. Try 4-38, 4-, -38 or none.")
    return Filter(*(float(edge) if edge else None for edge in match.groups()))


def subjects_named(text: str) -> list[int]:
    """Return the numbers of ``--subjects``, of which there must be one.

    Raises
    ------
    ValueError
        If there is none, or they are not comma-separated whole numbers or ranges.
    """
    parsed = numbers("--subjects", text)
    if not parsed:
        raise ValueError("`--subjects` is missing. Try --subjects 29,32.")
    return parsed


def parsed_classes(text: str) -> dict[str, str]:
    """Return class to event of an option such as ``left=T1,right=T2``.

    Raises
    ------
    ValueError
        If it is not of that form, or names a class or an event twice.

    Examples
    --------
    >>> parsed_classes("left=769, right=770")
    {'left': '769', 'right': '770'}
    """
    parsed: dict[str, str] = {}
    for part in text.split(","):
        name, equals, event = (piece.strip() for piece in part.partition("="))
        if not (name and equals and event):
            raise ValueError(
                f"`--classes` must be comma-separated CLASS=EVENT; got {text!r}. Try left=T1,right=T2."
            )
        if name in parsed or event in parsed.values():
            raise ValueError(f"`--classes` names {name if name in parsed else event!r} twice; got {text!r}.")
        parsed[name] = event
    return parsed


def parameters_of(options: Sequence[str]) -> dict[str, Any]:
    """Return the parameters given by options such as ``"pool_size=30"``.

    Raises
    ------
    ValueError
        If one is not of that form.

    Examples
    --------
    >>> parameters_of(["pool_size=30", "min_freq=0.5", "padding=valid", "class_names=left,right"])
    {'pool_size': 30, 'min_freq': 0.5, 'padding': 'valid', 'class_names': ['left', 'right']}
    """
    parameters: dict[str, Any] = {}
    for option in options:
        name, equals, text = (part.strip() for part in option.partition("="))
        if not (name and equals and text):
            raise ValueError(f"`--parameter` must be NAME=VALUE; got {option!r}. Try pool_size=30.")
        if name in parameters:
            raise ValueError(f"`--parameter` names {name!r} twice. Pass it once.")
        names = [part.strip() for part in text.split(",")]
        if name == "class_names" and "" in names:
            raise ValueError(f"`class_names` must be comma-separated names; got {text!r}.")
        parameters[name] = names if name == "class_names" else _value(text)
    return parameters


def network_parameters(options: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of :func:`parameters_of`, if these are parameters of a network.

    Raises
    ------
    ValueError
        If an option is not ``NAME=VALUE``, or the name is not a parameter of a network.
    """
    from sincviz.opening.checkpoints import check_parameters
    from sincviz.weights.known_architectures import ARCHITECTURES

    parameters = parameters_of(options)
    others = {name for architecture in ARCHITECTURES for name in architecture.settable}
    try:
        check_parameters({name: value for name, value in parameters.items() if name not in others})
    except TypeError as error:
        raise ValueError(f"`--parameter`: {error}") from error
    return parameters


@contextmanager
def hushed(*, warned: bool, bars: bool) -> Iterator[None]:
    """Suppress warnings or progress bars inside the context, and restore them afterwards."""
    # Loads tqdm before its switch is set, so that its own default stays.
    from sincviz._utils.progress import silenced_process

    with warnings.catch_warnings(), nullcontext() if bars else silenced_process():
        if not warned:
            warnings.simplefilter("ignore")
        yield


@contextmanager
def importing() -> Iterator[None]:
    """Exclude imported objects from garbage collection, which takes a second of a short command."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def trials_of_file(
    path: str | Path,
    *,
    classes: str,
    tmin: float | None,
    tmax: float | None,
    sfreq: float | None,
    ch_names: list[str] | None,
    units: str,
) -> "mne.BaseEpochs":
    """Return the trials of a file, as options describe them; see :func:`sincviz.trials.files.epochs_of_file`."""
    from sincviz.trials.files import epochs_of_file

    return epochs_of_file(
        path,
        classes=parsed_classes(classes) if classes else None,
        tmin=tmin,
        tmax=tmax,
        sfreq=sfreq,
        ch_names=ch_names,
        units=units or None,
    )
