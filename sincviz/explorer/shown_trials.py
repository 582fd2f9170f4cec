"""Shown trials: as many as a page can carry, with what the network says of each and what it rests on."""

from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.text import counted
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.explorer.payload import payload_text
from sincviz.explorer.recomputation import NotRecomputableError, network_arrays, recomputed_scores
from sincviz.explorer.signals import coded_signals, n_page_bytes
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, is_epochs, n_trials_of, network_input, some_of
from sincviz.trials.selection import evenly_drawn

FEWEST = 8
"""Fewer than these are not left out for want of room."""

_AT_ONCE = 16  # trials, whose every frequency is in memory


def with_trials(
    contents: xr.Dataset,
    front_end: FrontEnd,
    epochs: EpochsOrArray,
    codes: NDArray[np.int64] | None,
    *,
    numbers: NDArray[np.int64],
    cell_relevance: xr.DataArray | None,
    predictions: pd.DataFrame | None,
    most_trials: int,
    most_bytes: float,
    seed: int,
) -> xr.Dataset:
    """Return the contents of an explorer with trials, and with the network if it can be computed from its arrays.

    Fewer trials if they take too many bytes, or if a decision on one would change by rounding its signals.
    """
    n_all = n_trials_of(epochs)
    n_shown = min(most_trials, n_all)
    while True:
        of_class = np.zeros(n_all, np.int64) if codes is None else codes
        chosen = evenly_drawn(of_class, n_shown, seed)
        signals = network_input(front_end, some_of(epochs, chosen))
        network, why_not = _network(front_end, signals)
        shown = contents.assign(_of_trials(front_end, signals, contents))
        shown["trial_number"] = ("trial", numbers[chosen])
        if codes is not None:
            shown["code"] = ("trial", codes[chosen])
        if predictions is not None and "seen_in_training" in predictions:
            shown["seen"] = ("trial", predictions["seen_in_training"].to_numpy(bool)[numbers[chosen]])
        if cell_relevance is not None:
            dims = ("trial", "target", "band", "channel")
            shown["trial_relevance"] = (dims, cell_relevance.transpose(*dims).to_numpy()[chosen])
        if network is not None:
            shown = shown.merge(network, compat="override", combine_attrs="override")
        room = most_bytes - len(payload_text(shown))
        coded = coded_signals(signals, room)
        error = None
        if network is not None:
            again, scores = recomputed_scores(network, coded.decoded), shown["scores"].to_numpy()
            error = float(np.abs(again - scores).max())
            if (again.argmax(1) != scores.argmax(1)).any():
                why_not = "Some decisions change when signals are rounded to what fits in a page."
        fits = n_page_bytes(coded.integers) <= room and (network is None or why_not is None)
        if fits or n_shown <= FEWEST:
            break
        n_shown = max(FEWEST, n_shown * 3 // 4)
    if why_not is not None and network is not None:
        shown, network = shown.drop_vars(network.variables), None
    shown["signals"] = (("trial", "channel", "time"), coded.integers)
    shown["signal_scale"] = (("trial", "channel"), coded.scale)
    shown.attrs |= {
        "unit": "µV" if is_epochs(epochs) and front_end.units_per_volt == 1e6 else "",
        "trials_words": trials_words(len(chosen), n_all, of_classes=codes is not None),
        "can_recompute": network is not None,
        "why_not": why_not,
        "can_edit_cutoffs": network is not None and "cutoffs_hz" in network,
        "score_error": error if network is not None else None,
        **({} if network is None else network.attrs),
    }
    return shown


def trials_words(n_shown: int, n_all: int, *, of_classes: bool) -> str:
    """Return how many of how many trials are shown.

    Examples
    --------
    >>> trials_words(90, 450, of_classes=True), trials_words(4, 4, of_classes=True)
    ('90 of 450 trials, drawn evenly from the classes', 'all 4 trials')
    """
    if n_shown == n_all:
        return f"all {counted(n_all, 'trial')}" if n_all > 1 else "1 trial"
    drawn = "evenly from the classes" if of_classes else "at random"
    return f"{n_shown} of {counted(n_all, 'trial')}, drawn {drawn}"


def _network(front_end: FrontEnd, signals: NDArray[np.floating]) -> tuple[xr.Dataset | None, str | None]:
    """Return the arrays of the network, or why there are none."""
    try:
        return network_arrays(front_end, signals), None
    except NotRecomputableError as error:
        return None, str(error)


def _of_trials(
    front_end: FrontEnd, signals: NDArray[np.floating], contents: xr.Dataset
) -> dict[str, tuple[tuple[str, ...], NDArray[Any]]]:
    """Return scores and decisions, and what each frequency of each trial is worth."""
    scores, spectra = [], []
    with_relevance = "relevance" in contents
    for start in range(0, len(signals), _AT_ONCE):
        some = signals[start : start + _AT_ONCE]
        with torch.no_grad():
            scores.append(
                front_end.scores(torch.from_numpy(some).to(front_end.device)).double().cpu().numpy()
            )
        if with_relevance:
            spectrum = spectral_relevance(
                front_end,
                some,
                explain=contents["relevance"].attrs["explain"],
                per_trial=True,
                progress=False,
            )
            spectra.append(spectrum.sum("channel").to_numpy())
    values = np.concatenate(scores)
    arrays: dict[str, tuple[tuple[str, ...], NDArray[Any]]] = {
        "scores": (("trial", "class"), values),
        "predicted": (("trial",), values.argmax(1)),
    }
    if with_relevance:
        arrays["trial_spectrum"] = (("trial", "target", "frequency"), np.concatenate(spectra))
    return arrays
