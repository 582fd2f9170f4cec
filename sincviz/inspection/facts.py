"""Facts about a network and its trials, in words and numbers that JSON can hold."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sincviz.analysis.labels import class_labels
from sincviz.networks.front_ends import FrontEnd
from sincviz.trials.epochs import EpochsOrArray, input_batches
from sincviz.trials.recordings import recording_facts

_REMEMBERED: dict[str, Any] = {
    **dict.fromkeys(("highpass_hz", "lowpass_hz"), int | float),
    **dict.fromkeys(("reference", "data_sha256", "format"), str),
    "n_training_trials": int,
    "assumed": dict,
}


def network_facts(front_end: FrontEnd, model: object) -> dict[str, Any]:
    """Return sizes, names, units and the hash of the weights of a network."""
    filters, depth, channels = front_end.spatial.shape
    provenance = front_end.provenance
    return {
        "kind": type(model).__name__,
        "n_filters": filters,
        "n_taps": front_end.kernels.shape[1],
        "depth": depth,
        "n_chans": channels,
        "n_outputs": front_end.n_outputs,
        "n_times": front_end.n_times,
        "sfreq_hz": front_end.sfreq,
        "padding": front_end.padding,
        "ch_names": front_end.ch_names,
        "class_names": class_labels(front_end, front_end.n_outputs),
        "units_per_volt": front_end.units_per_volt,
        "weights_sha256": front_end.weights_sha256,
        "training": {
            name: provenance[name]
            for name, kind in _REMEMBERED.items()
            if isinstance(provenance.get(name), kind)
        },
    }


def trial_facts(
    front_end: FrontEnd, trials: EpochsOrArray, codes: NDArray[np.int64] | None
) -> dict[str, Any]:
    """Return number, classes, preparation and hash of trials, as the network sees them."""
    digest, n_trials, n_times = hashlib.sha256(), 0, 0
    for batch in input_batches(front_end, trials):
        digest.update(np.ascontiguousarray(batch, np.float32).tobytes())
        n_trials, n_times = n_trials + len(batch), batch.shape[2]
    names = class_labels(front_end, front_end.n_outputs)
    counts = None if codes is None else np.bincount(codes, minlength=len(names)).tolist()
    return {
        "n_trials": n_trials,
        "n_times": n_times,
        "classes": None if counts is None else dict(zip(names, counts, strict=True)),
        "sha256": digest.hexdigest(),
        **recording_facts(trials),
    }
