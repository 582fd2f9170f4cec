"""Collectors: other views of an attribution at the input, kept in the pass in which it is computed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from sincviz.analysis.attribution.explanation import Attribution
from sincviz.analysis.attribution.input_relevance import Labels, Split
from sincviz.analysis.labels import class_of_trials
from sincviz.analysis.statistics.trial_average import trial_weights
from sincviz.networks.decoder import Decoder
from sincviz.trials.numeric_targets import Targets

_OF_ALL = (
    *("method", "explain", "baseline", "baseline_reason", "n_steps", "tolerance"),
    *("membership", "window_width_s", "units", "outputs", "weights_sha256", "sincviz_version"),
)
"""Attributes of a relevance that hold for single trials, too."""


def of_single_trials(values: xr.DataArray) -> xr.DataArray:
    """Return values of single trials with the attributes that hold for these."""
    plain = values.drop_vars("completeness_error", errors="ignore")
    plain.attrs = {name: value for name, value in plain.attrs.items() if name in _OF_ALL}
    return plain


class TrialShares:
    """The shares of every trial, as ``kept_as`` leaves them: summed over bands, or over windows of time.

    Parameters
    ----------
    network : Decoder
        The network.
    codes : array | None
        Class or targets of each trial.
    split : Split
        Over what relevance is split.
    kept_as : callable
        From (trial, target, channel, ...) to what is kept.
    """

    def __init__(
        self,
        network: Decoder,
        codes: Targets | None,
        split: Split,
        kept_as: Callable[[xr.DataArray], xr.DataArray],
    ) -> None:
        self._network, self._codes, self._labels, self._kept_as = (
            network,
            codes,
            Labels(network, split),
            kept_as,
        )
        self._split = split
        self._kept: list[xr.DataArray] = []

    def add(self, attribution: Attribution, which: slice) -> None:
        """Take a batch."""
        values = _mean_shares(self._split, attribution).transpose(0, 1).cpu().numpy()
        kept = self._kept_as(self._labels.named(values, per_trial=True))
        self._kept.append(kept.astype(values.dtype))

    def shares(self, like: xr.DataArray) -> xr.DataArray:
        """Return the shares, dims (trial, target, ...), with attributes of a relevance of the same trials."""
        first = self._kept[0]
        values = np.concatenate([one.to_numpy() for one in self._kept])
        coords: Any = first.isel(trial=0, drop=True).coords
        named = xr.DataArray(values, coords, first.dims, first.name, like.attrs | first.attrs)
        of_trials = class_of_trials(self._network, self._codes, named.sizes["target"])
        return of_single_trials(named.assign_coords(of_trials))


class AverageShares:
    """Averages over trials of the shares of another split.

    Parameters
    ----------
    network : Decoder
        The network.
    codes : array | None
        Class or targets of each trial.
    n_trials : int
        How many there are.
    split : Split
        Over what relevance is split.
    trials : {"all", "contrast"}
        What is averaged.
    """

    def __init__(
        self, network: Decoder, codes: Targets | None, n_trials: int, split: Split, trials: str
    ) -> None:
        self._labels, self._split, self._codes = Labels(network, split), split, codes
        self._trials, self._n_trials = trials, n_trials
        self._weights: NDArray[np.float64] | None = None
        self._total: Any = 0.0

    def add(self, attribution: Attribution, which: slice) -> None:
        """Take a batch."""
        if self._weights is None:
            n_classes = attribution.scores.shape[1]
            self._weights = trial_weights(self._trials, self._n_trials, n_classes, self._codes)
        shares = _mean_shares(self._split, attribution)
        weights = torch.from_numpy(self._weights[:, which]).to(shares)
        self._total = self._total + torch.einsum("kb,kb...->k...", weights, shares).double().cpu()

    def shares(self, like: xr.DataArray) -> xr.DataArray:
        """Return the averages, dims (target, channel, ...), with the attributes of a relevance of the same trials."""
        named = self._labels.named(self._total.numpy(), per_trial=False)
        if "completeness_error" in like.coords:
            named = named.assign_coords(completeness_error=like["completeness_error"])
        return named.assign_attrs(like.attrs | self._split.attrs)


def _mean_shares(split: Split, attribution: Attribution) -> Tensor:
    """Return the shares of a batch, (classes, batch, channels, ...), the mean over paths."""
    total: Tensor | None = None
    for path in attribution.paths:
        shares = split.share(path.signal, path.gradients)
        total = shares if total is None else total.add_(shares)
    assert total is not None  # at the input there are paths
    return total / len(attribution.paths)
