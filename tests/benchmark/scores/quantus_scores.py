"""Scores of Quantus, in an interpreter of its own: ``python quantus_scores.py arrays.npz scores.npz``."""

import sys
import warnings

import numpy as np
import torch
from torch import nn


def main(source, result):
    """Read arrays, and write what Quantus makes of them."""
    import quantus  # not at the top: this file can be read where there is none

    warnings.simplefilter("ignore")
    given = np.load(source)
    values, true, x = given["values"][:, None], given["true"][:, None], given["x"]
    quiet = {"disable_warnings": True, "display_progressbar": False}
    plain = {"abs": False, "normalise": False, **quiet}
    nothing = nn.Identity()
    trials = np.zeros_like(values, dtype=np.float32)
    classes = np.zeros(len(values), int)

    def localised(metric, maps):
        return np.array(
            metric(model=nothing, x_batch=trials, y_batch=classes, a_batch=maps, s_batch=true), float
        )

    found = {
        "area": localised(quantus.AUC(**plain), values),
        "mass": localised(quantus.RelevanceMassAccuracy(**plain), np.clip(values, 0, None)),
        "rank_accuracy": localised(quantus.RelevanceRankAccuracy(**plain), values),
        "pointing": localised(quantus.PointingGame(**plain), values),
    }

    def attribute(model, inputs, targets, **unused):
        return np.asarray(inputs, float) ** 3

    # One trial at a time, so that it is known which change belongs to which call.
    found["sensitivity"] = []
    for number, trial in enumerate(x):
        calls = iter(given["changes"][:, number])

        def changed(arr, calls=calls, **unused):
            return arr + next(calls).reshape(arr.shape)

        metric = quantus.MaxSensitivity(
            nr_samples=len(given["changes"]),
            perturb_func=changed,
            **plain,
        )
        found["sensitivity"] += metric(
            model=nothing,
            x_batch=trial[None],
            y_batch=classes[:1],
            explain_func=attribute,
            a_batch=trial[None] ** 3,
            batch_size=1,
        )

    network = nn.Sequential(nn.Flatten(), nn.Linear(x[0].size, 2, bias=False))
    network[1].weight.data = torch.from_numpy(given["weight"]).float()
    metric = quantus.Completeness(perturb_func=lambda arr, **unused: np.zeros_like(arr), **plain)
    for name in ("complete", "incomplete"):
        found[name] = metric(
            model=network.eval(),
            x_batch=given["whole"].astype(np.float32),
            y_batch=np.zeros(len(x), int),
            a_batch=given[name],
        )
    np.savez(result, **{name: np.array(scores, float) for name, scores in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
