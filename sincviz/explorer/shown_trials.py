"""Shown trials: as many as a page can carry, with what the network says of each and what it rests on."""

from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.text import counted
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.evidence.edited_prediction import edited_front_end
from sincviz.explorer.payload import payload_text
from sincviz.explorer.recomputation import NotRecomputableError, network_arrays, recomputed_scores
from sincviz.explorer.signals import FINEST, TO_LOOK_AT, coded_signals, n_page_bytes
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, is_epochs, n_trials_of, network_input, some_of
from sincviz.trials.selection import evenly_drawn

FEWEST = 8
"""Fewer than these are not left out for want of room."""

_AT_ONCE = 16  # trials, whose every frequency is in memory
_EQUAL = 1e-5  # of the largest score
_MOVED = 4  # filters


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
    of_class = np.zeros(n_all, np.int64) if codes is None else codes
    n_shown = min(most_trials, n_all)
    while True:
        chosen = evenly_drawn(of_class, n_shown, seed)
        signals = network_input(front_end, some_of(epochs, chosen))
        shown = contents.assign(_of_trials(front_end, signals, contents))
        shown["trial_number"] = ("trial", numbers[chosen])
        if codes is not None:
            shown["code"] = ("trial", codes[chosen])
        if predictions is not None and "seen_in_training" in predictions:
            shown["seen"] = ("trial", predictions["seen_in_training"].to_numpy(bool)[numbers[chosen]])
        if cell_relevance is not None:
            dims = ("trial", "target", "band", "channel")
            cells = cell_relevance.transpose(*dims).to_numpy()[chosen]
            shown["trial_relevance"] = (dims, _against(cells, contents))
        network, why_not = _network(front_end, signals)
        if network is not None:
            shown = shown.merge(network, compat="override", combine_attrs="override")
        room = most_bytes - len(payload_text(shown))
        finest = FINEST if network is not None else TO_LOOK_AT
        coded = coded_signals(signals, front_end.kernels.cpu().numpy(), room, finest)
        if network is not None and _decides_otherwise(network, coded.decoded, shown["scores"].to_numpy()):
            why_not = "Some decisions change when the signals are rounded to what fits in a page."
        fits = n_page_bytes(coded.integers) <= room and (network is None or why_not is None)
        if fits or n_shown <= FEWEST:
            break
        n_shown = max(FEWEST, n_shown * 3 // 4)
    recomputed = network is not None and why_not is None
    if network is not None and not recomputed:
        shown = shown.drop_vars(network.variables)
    shown["signals"] = (("trial", "channel", "time"), coded.integers)
    shown["signal_scale"] = (("trial", "channel"), coded.scale)
    shown.attrs |= {
        "unit": "µV" if is_epochs(epochs) and front_end.units_per_volt == 1e6 else "",
        "trials_words": trials_words(len(chosen), n_all, of_classes=codes is not None),
        "can_recompute": recomputed,
        "why_not": why_not,
        "can_edit_cutoffs": "cutoffs_hz" in shown,
        "score_error": _score_error(front_end, signals, coded.decoded, seed) if recomputed else None,
        **(network.attrs if network is not None and recomputed else {}),
    }
    return shown


def _decides_otherwise(
    network: xr.Dataset, signals: NDArray[np.floating], scores: NDArray[np.float64]
) -> bool:
    """Return whether a decision on signals differs from what these scores say; scores that are equal decide nothing."""
    trials = np.arange(len(scores))
    chosen = recomputed_scores(network, signals).argmax(1)
    return bool((scores.max(1) - scores[trials, chosen] > _EQUAL * np.abs(scores).max(initial=1e-30)).any())


def _score_error(
    front_end: FrontEnd, signals: NDArray[np.floating], decoded: NDArray[np.floating], seed: int
) -> float:
    """Return twice the largest error of a score that rounding made, in the network and with some filters moved."""
    networks, rng = [front_end], np.random.default_rng(seed)
    if front_end.sinc_layer is not None and front_end.cutoffs is not None:
        for number in np.linspace(0, len(front_end.kernels) - 1, _MOVED).astype(int).tolist():
            low_hz, high_hz = np.sort(rng.uniform(0, front_end.sfreq / 2, 2))
            networks.append(edited_front_end(front_end, cutoffs={number: (low_hz, high_hz)}))
    errors = [np.abs(_scores(network, signals) - _scores(network, decoded)).max() for network in networks]
    return 2 * float(max(errors))


def _scores(front_end: FrontEnd, signals: NDArray[np.floating]) -> NDArray[np.float64]:
    batches = [
        torch.from_numpy(signals[start : start + _AT_ONCE]) for start in range(0, len(signals), _AT_ONCE)
    ]
    with torch.no_grad():
        scores = [front_end.scores(batch.to(front_end.kernels)).double().cpu().numpy() for batch in batches]
    return np.concatenate(scores)


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
    scores = _scores(front_end, signals)
    arrays: dict[str, tuple[tuple[str, ...], NDArray[Any]]] = {
        "scores": (("trial", "class"), scores),
        "predicted": (("trial",), scores.argmax(1)),
    }
    if "relevance" not in contents:
        return arrays
    explain = contents["relevance"].attrs["explain"]
    spectra = []
    for start in range(0, len(signals), _AT_ONCE):
        some = signals[start : start + _AT_ONCE]
        spectrum = spectral_relevance(front_end, some, explain=explain, per_trial=True, progress=False)
        spectra.append(spectrum.sum("channel").to_numpy())
    of_targets = _against(np.concatenate(spectra), contents)
    return arrays | {"trial_spectrum": (("trial", "target", "frequency"), of_targets)}


def _against(values: NDArray[np.floating], contents: xr.Dataset) -> NDArray[np.floating]:
    """Return values over (trial, target, ...); of one class against the other where two classes are one target."""
    if contents.sizes.get("target") == 1 and values.shape[1] == 2:
        return values[:, :1] - values[:, 1:]
    return values
