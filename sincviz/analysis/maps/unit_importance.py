"""Importance of filters and units for the classifier."""

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from sincviz._utils.checks import positive_int
from sincviz._utils.progress import shows_progress
from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.labels import class_labels, map_coords, origin
from sincviz.analysis.maps.mean_replacement import replacement_variances
from sincviz.networks.front_ends import FrontEnd
from sincviz.opening.inputs import with_or_without_trials
from sincviz.trials.epochs import EpochsOrArray, input_batches


@shows_progress
def importance(model: object, epochs: EpochsOrArray | None = None, *, progress: bool = True) -> xr.Dataset:
    """Return how much each filter and each of its units moves the class scores.

    A unit adds ``weights · pooled features`` to the score of each class. What it adds to all classes alike has no
    effect on the decision, so the mean over classes is subtracted from the weights first. The contribution of the unit
    is how much the rest varies from trial to trial.

    Where the head is not linear, or not known, the contribution is how much the scores change from trial to trial when
    the unit's map is replaced with its mean over trials and times. With a linear head both are the same.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        Trials to measure how much each pooled feature varies; ``None`` assumes equal variance, so only weights count,
        which needs a linear head.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.Dataset
        - ``contribution`` (target, filter, depth): standard deviation over trials of what the unit adds to the
          class's score, in units of the score; without epochs the norm of its weights.
        - ``importance`` (filter, depth): root mean square of that over classes; 0 for a unit without weight.
        - ``filter_importance`` (filter): the same for what all units of a filter add together (without epochs:
          the norm of all their weights).
        - ``weight_norm`` (filter, depth), of a linear head: norm of the unit's weights over classes and windows.
        - ``feature_std`` (filter, depth), of a linear head, with epochs only: standard deviation over trials of the
          pooled feature, root mean square over windows.

    Raises
    ------
    TypeError
        If the network has no front end, or without trials no linear head with two or more scores.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> dataset = importance(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> dataset.importance.dims, dataset.filter_importance.sizes["filter"]
    (('filter', 'depth'), 32)
    """
    attrs: dict[str, str | int]
    front_end, epochs, _ = with_or_without_trials(model, epochs)
    if not has_linear_head(front_end):
        if epochs is None:
            raise TypeError(
                "The head of this network is not linear, or not known, so what a unit adds to the scores can only be "
                "measured on trials. Pass epochs: `sincviz.importance(model, epochs)`."
            )
        n_trials, by_unit, by_filter = replacement_variances(front_end, epochs)
        attrs = {
            "classes": _relative_to(front_end),
            "spread": "over trials",
            "n_trials": n_trials,
            "units": "output" if front_end.numeric else "class score",
            "method": "change of the scores when the unit is replaced with its mean",
        }
        return _dataset(front_end, by_unit, by_filter, {}, attrs)
    assert front_end.head is not None  # has_linear_head
    head = front_end.head.cpu().double()
    weights = head if front_end.numeric else head - head.mean(0)
    norm = weights.square().sum((0, 3)).sqrt()
    attrs = {"classes": _relative_to(front_end)}
    variables: dict[str, tuple[tuple[str, ...], NDArray[np.float64]]] = {
        "weight_norm": (("filter", "depth"), norm.numpy())
    }
    if epochs is None:
        by_unit = weights.square().sum(3)
        by_filter = by_unit.sum(2)
        attrs |= {"spread": "assumed equal for all features", "units": "norm of weights"}
    else:
        n_trials, by_unit, by_filter, spread = _variances(front_end, weights, epochs)
        attrs |= {
            "spread": "over trials",
            "n_trials": n_trials,
            "units": "output" if front_end.numeric else "class score",
        }
        variables["feature_std"] = (("filter", "depth"), spread.sqrt().numpy())
    return _dataset(front_end, by_unit, by_filter, variables, attrs)


def _relative_to(front_end: FrontEnd) -> str:
    return "outputs as they are" if front_end.numeric else "scores relative to their mean over classes"


def _dataset(
    front_end: FrontEnd,
    by_unit: torch.Tensor,
    by_filter: torch.Tensor,
    variables: dict[str, tuple[tuple[str, ...], NDArray[np.float64]]],
    attrs: dict[str, str | int],
) -> xr.Dataset:
    """Return the variances of what units and filters add to the scores as labelled standard deviations."""
    variables = variables | {
        "contribution": (("target", "filter", "depth"), by_unit.sqrt().numpy()),
        "importance": (("filter", "depth"), by_unit.mean(0).sqrt().numpy()),
        "filter_importance": (("filter",), by_filter.mean(0).sqrt().numpy()),
    }
    coords = map_coords(front_end, learned_bands(front_end))
    on_units = {name: value for name, value in coords.items() if name not in ("channel", "x", "y", "z")}
    return xr.Dataset(
        variables, {"target": class_labels(front_end, len(by_unit)), **on_units}, origin(front_end) | attrs
    )


def has_linear_head(front_end: FrontEnd) -> bool:
    """Return whether the contribution of units to scores is known, of which there are two or more, or to numbers."""
    known = front_end.head is not None and front_end.features is not None
    return known and (front_end.numeric or len(front_end.head) > 1)  # type: ignore[arg-type]


def _variances(
    front_end: FrontEnd, weights: torch.Tensor, epochs: EpochsOrArray
) -> tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the number of trials and the variances over them: unit's and filter's contributions, features."""
    assert front_end.features is not None  # checked above
    n_trials = 0
    sums: list[torch.Tensor] = []
    squares: list[torch.Tensor] = []
    first: list[torch.Tensor] = []
    for batch in input_batches(front_end, epochs):
        with torch.no_grad():
            x = torch.from_numpy(batch).to(front_end.spatial.device)
            features = front_end.features(front_end.maps(x)).cpu().double()
        units = torch.einsum("kfdw,bfdw->bkfd", weights, features)
        values = [units, units.sum(3), features]
        if n_trials == 0:
            # A variance needs a point near the mean to keep its digits.
            first = [value[:1] for value in values]
            sums = squares = [torch.zeros_like(value[0]) for value in values]
        deviations = [value - start for value, start in zip(values, first, strict=True)]
        sums = [total + part.sum(0) for total, part in zip(sums, deviations, strict=True)]
        squares = [total + part.square().sum(0) for total, part in zip(squares, deviations, strict=True)]
        n_trials += len(batch)
    of_units, of_filters, of_features = (
        (square / n_trials - (total / n_trials).square()).clamp(min=0)
        for total, square in zip(sums, squares, strict=True)
    )
    return n_trials, of_units, of_filters, of_features.mean(2)


def most_important(maps: xr.DataArray, found: xr.Dataset, most: int | None = None) -> xr.DataArray:
    """Return the maps of units in order of importance, most important first.

    Parameters
    ----------
    maps : xarray.DataArray, dims (filter, depth, ...)
        Such as :func:`sincviz.spatial_patterns` returns.
    found : xarray.Dataset
        What :func:`importance` returned.
    most : int | None
        How many to keep; ``None`` keeps all.

    Returns
    -------
    xarray.DataArray, dims (unit, ...)
        ``filter``, ``depth``, ``importance`` and the filters' bands are coordinates of ``unit``.

    Raises
    ------
    ValueError
        If ``most`` is below 1, or maps and importance have different units.

    Examples
    --------
    >>> from sincviz import SincShallowNet, spatial_filters
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> most_important(spatial_filters(model), importance(model), 8).dims
    ('unit', 'channel')
    """
    if {dim: maps.sizes.get(dim) for dim in ("filter", "depth")} != dict(found["importance"].sizes):
        raise ValueError(
            f"`maps` and `importance` must have the same units; got {dict(maps.sizes)} and "
            f"{dict(found['importance'].sizes)}."
        )
    stacked = maps.assign_coords(importance=found["importance"]).stack(unit=("filter", "depth"))
    order = np.argsort(-stacked["importance"].to_numpy(), kind="stable")
    kept = order[: None if most is None else positive_int("most", most)]
    rest = [dim for dim in maps.dims if dim not in ("filter", "depth")]
    return stacked.isel(unit=kept).reset_index("unit").transpose("unit", *rest)
