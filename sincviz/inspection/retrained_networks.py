"""Retrained networks: how each decodes the same trials, and what it rests on in them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.evidence.roc_areas import area_intervals, roc_areas
from sincviz.analysis.statistics.intervals import LEVEL
from sincviz.inspection.retrained_table import Reading
from sincviz.inspection.variations import people_in
from sincviz.preparation.prepared_epochs import alignment_in
from sincviz.trials.classes import classes_if_known

if TYPE_CHECKING:
    import mne

    from sincviz.training.classifier import EpochsClassifier


def reading_of(
    classifier: "EpochsClassifier", epochs: "mne.BaseEpochs", y: ArrayLike | None, n_trained: int
) -> Reading:
    """Return what one network, trained on so many trials, does on these."""
    network = classifier.module_
    codes = np.asarray(classes_if_known(network, epochs, y, needed=True), np.int64)
    if len(np.unique(codes)) < 2:
        raise ValueError(
            "All trials to be read are of one class, so there is no contrast. Pass trials of two or more."
        )
    scores = classifier.predict_proba(epochs)
    area, low, high = _areas(scores, codes)
    people = people_in(epochs, network.preparation) if alignment_in(network.preparation) is not None else None
    # An aligned network is read for one person at a time; shares of trials stay what they are.
    parts = [np.arange(len(epochs))] if people is None else _parts(people)
    cells = [cell_relevance(network, epochs[part], codes[part]) for part in parts]
    order = np.argsort(np.concatenate(parts))
    together = xr.concat(cells, "trial", coords="minimal", compat="override").isel(trial=order)
    return Reading(
        correct=scores.argmax(1) == codes,
        area=(area, low, high),
        contrast=_contrast(together.transpose("trial", "target", "band", "channel"), codes),
        majority=float(np.unique(codes, return_counts=True)[1].max() / len(codes)),
        n_trained=n_trained,
    )


def _parts(people: pd.Series) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(people == person) for person in people.unique()]


def _areas(scores: NDArray[Any], codes: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return the area under the ROC curve and its interval; of several classes means of each against the rest."""
    logits = np.log(np.clip(np.asarray(scores, float), 1e-300, None))
    targets = [1] if scores.shape[1] == 2 else [code for code in range(scores.shape[1]) if code in codes]
    areas = []
    for target in targets:
        value = logits[:, target] - (logits[:, 0] if scores.shape[1] == 2 else 0.0)
        members = codes == target
        low, high = area_intervals(value, members, LEVEL)
        areas.append((float(roc_areas(value, members[None])[0]), float(low), float(high)))
    area, low, high = np.mean(areas, axis=0)
    return float(area), float(low), float(high)


def _contrast(cells: xr.DataArray, codes: NDArray[np.int64]) -> xr.DataArray:
    """Return each class against the others; of two classes the difference of their scores, which is one target."""
    if cells.sizes["target"] == 2:
        difference = cells.isel(target=[0]).copy(data=cells.to_numpy()[:, :1] - cells.to_numpy()[:, 1:])
        cells, targets = difference, [0]
    else:
        targets = [code for code in range(cells.sizes["target"]) if code in codes]
        cells = cells.isel(target=targets)
    contrasts = [
        cells.isel(target=number, trial=codes == code).mean("trial")
        - cells.isel(target=number, trial=codes != code).mean("trial")
        for number, code in enumerate(targets)
    ]
    return xr.concat(contrasts, "target", coords="minimal", compat="override")
