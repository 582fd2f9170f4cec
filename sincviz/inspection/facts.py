"""Facts about a network and its trials, in words and numbers that JSON can hold."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sincviz.analysis.labels import class_labels
from sincviz.analysis.statistics.numeric_contrast import NUMBERS
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.units import FrontEnd
from sincviz.networks.wrappers import unwrapped
from sincviz.trials.epochs import EpochsOrArray, input_batches
from sincviz.trials.numeric_targets import Targets, are_numbers
from sincviz.trials.recordings import recording_facts

_REMEMBERED: dict[str, Any] = {
    **dict.fromkeys(("highpass_hz", "lowpass_hz"), int | float),
    **dict.fromkeys(("reference", "data_sha256", "format"), str),
    "n_training_trials": int,
    "assumed": dict,
}


def network_facts(network: FrontEnd | BlackBox) -> dict[str, Any]:
    """Return sizes, names, units and the hash of the weights of a network."""
    provenance = network.provenance
    return {
        "kind": network.kind or type(unwrapped(network)).__name__,
        **(_filter_facts(network) if isinstance(network, FrontEnd) else {}),
        "n_chans": network.n_chans,
        "n_outputs": network.n_outputs,
        "n_times": network.n_times,
        "sfreq_hz": network.sfreq,
        "ch_names": network.ch_names,
        "class_names": class_labels(network, network.n_outputs or 0),
        **({"outputs": NUMBERS} if network.numeric else {}),
        "units_per_volt": network.units_per_volt,
        **({"preparation": [step.words() for step in network.preparation]} if network.preparation else {}),
        **({"alignment": str(provenance["alignment"])} if provenance.get("alignment") else {}),
        "weights_sha256": network.weights_sha256,
        "training": {
            name: provenance[name]
            for name, kind in _REMEMBERED.items()
            if isinstance(provenance.get(name), kind)
        },
    }


def _filter_facts(front_end: FrontEnd) -> dict[str, Any]:
    """Return numbers and sizes of the filters, whether units are products of them, and how they were found."""
    filters, depth, _ = front_end.spatial.shape
    return {
        "n_filters": filters,
        "n_taps": front_end.kernels.shape[1],
        "depth": depth,
        "padding": front_end.padding,
        "stride": front_end.stride,
        "separable": front_end.unit_kernels is None,
        "separability": float(front_end.separability.nanmedian()),
        "traced": dict(front_end.traced),
    }


def trial_facts(network: FrontEnd | BlackBox, trials: EpochsOrArray, codes: Targets | None) -> dict[str, Any]:
    """Return number, classes, preparation and hash of trials, as the network sees them."""
    digest, n_trials, n_times = hashlib.sha256(), 0, 0
    for batch in input_batches(network, trials):
        digest.update(np.ascontiguousarray(batch, np.float32).tobytes())
        n_trials, n_times = n_trials + len(batch), batch.shape[2]
    names = class_labels(network, network.n_outputs or 0)
    counts, of_numbers = None, {}
    if are_numbers(codes):
        of_numbers = {
            "targets": {name: _summary(column) for name, column in zip(names, codes.T, strict=True)}
        }
    elif codes is not None:
        counts = np.bincount(np.asarray(codes, np.int64), minlength=len(names)).tolist()
    return {
        "n_trials": n_trials,
        "n_times": n_times,
        "classes": None if counts is None else dict(zip(names, counts, strict=True)),
        "sha256": digest.hexdigest(),
        **of_numbers,
        **recording_facts(trials, network.preparation),
    }


def _summary(targets: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(getattr(targets, name)()) for name in ("mean", "std", "min", "max")}
