"""Sums over trials and groups of trials, from which evoked and induced relevance follow."""

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from sincviz.analysis.attribution.explanation import Attribution
from sincviz.analysis.attribution.input_relevance import Labels, Split
from sincviz.analysis.statistics.jackknife import trial_groups
from sincviz.analysis.statistics.trial_average import trial_weights
from sincviz.analysis.statistics.two_classes import against
from sincviz.networks.decoder import Decoder
from sincviz.networks.fast.trial_blocks import trial_blocks

PARTS = ("evoked", "induced")
NONE = -1
"""Number of the group that is left out where none is."""


class PhaseLockedSums:
    """A collector: sums over the trials of each class, so that memory does not grow with the number of trials.

    Parameters
    ----------
    network : Decoder
        The network.
    codes : array of int, shape (trials,)
        Class of each trial.
    split : Split
        Over what relevance is split.
    trials : {"all", "contrast"}
        What is averaged.
    grouped : bool
        Keep the sums of ten groups of consecutive trials apart, so that each can be left out.
    """

    def __init__(
        self, network: Decoder, codes: NDArray[np.int64], split: Split, trials: str, *, grouped: bool = False
    ) -> None:
        counts = np.bincount(codes)
        if (counts == 1).any():
            raise ValueError(
                "What is phase-locked needs two trials of every class to be told from the rest; got one of class "
                f"{int(np.argmax(counts == 1))}. Pass more trials."
            )
        self._labels, self._codes, self._split, self._trials = Labels(network, split), codes, split, trials
        self._groups = trial_groups(codes) if grouped else np.zeros(len(codes), np.int64)
        self.n_groups, self._n_codes = int(self._groups.max()) + 1, len(counts)
        self._signals: list[Tensor] = []
        self._gradients: list[Tensor] = []
        self._starts: list[Tensor] = []
        self._shares = torch.zeros(())

    def add(self, attribution: Attribution, which: slice) -> None:
        """Take a batch."""
        paths = attribution.paths
        if not self._signals:
            self._begin(attribution)
        places = torch.from_numpy(self._groups[which] * self._n_codes + self._codes[which])
        n_values = self._shares[0, 0].numel()
        for number, (signal, gradients, _) in enumerate(paths):
            at = places.to(signal.device)
            self._signals[number].index_add_(0, at, signal)
            self._gradients[number].index_add_(0, at, gradients.transpose(0, 1))
            start = 0
            for block in trial_blocks(signal, n_values):
                these = slice(start, start + len(block))
                shares = self._split.share(block, gradients[:, these]).transpose(0, 1)
                self._shares.index_add_(0, at[these], shares / len(paths))
                start += len(block)

    def _begin(self, attribution: Attribution) -> None:
        signal, gradients, _ = attribution.paths[0]
        n_places, n_classes = self.n_groups * self._n_codes, len(gradients)
        shape = self._split.share(signal[:1], gradients[:, :1]).shape[2:]
        self._shares = signal.new_zeros(n_places, n_classes, *shape)
        for path in attribution.paths:
            shared = len(path.start) == 1
            self._starts.append(path.start if shared else torch.zeros_like(path.start[:1]))
            self._signals.append(signal.new_zeros(n_places, *signal.shape[1:]))
            self._gradients.append(signal.new_zeros(n_places, n_classes, *signal.shape[1:]))

    def parts(self, like: xr.DataArray, without: int = NONE) -> xr.DataArray:
        """Return both parts, dims (target, part, channel, ...), with the attributes of another result.

        Parameters
        ----------
        like : xarray.DataArray
            The relevance of the same trials, of every class.
        without : int
            Number of a group of trials to leave out.
        """
        kept = [group for group in range(self.n_groups) if group != without]
        signals, gradients, (shares,) = (
            [one.reshape(self.n_groups, self._n_codes, *one.shape[1:])[kept].sum(0) for one in sums]
            for sums in (self._signals, self._gradients, [self._shares])
        )
        counts = np.bincount(self._codes[self._groups != without], minlength=self._n_codes)
        # A baseline that all trials share is in every gradient, so it is left out of what two trials have in common.
        n = torch.from_numpy(counts).to(signals[0])[:, None, None]
        whole = [one + n * start for one, start in zip(signals, self._starts, strict=True)]
        products, of_starts = (
            torch.stack([self._split.share(a[:, None], b) for a, b in zip(one, gradients, strict=True)]).mean(
                0
            )
            for one in (whole, self._starts)
        )
        both = self._contrasts(products - of_starts, shares, counts)
        named = xr.concat([self._labels.named(part, per_trial=False) for part in both], "part")
        named = named.assign_coords(part=list(PARTS)).transpose("target", "part", ...)
        if "completeness_error" in like.coords:
            named = named.assign_coords(completeness_error=like["completeness_error"])
        return against(named.rename("evoked_and_induced").assign_attrs(like.attrs | self._split.attrs))

    def _contrasts(self, products: Tensor, shares: Tensor, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return both parts of every target, of sums over the trials of each class, (classes, targets, ...)."""
        n = counts.reshape(-1, *[1] * (products.ndim - 1)).astype(float)
        product, share = (one.double().cpu().numpy() for one in (products, shares))
        codes = np.repeat(np.arange(self._n_codes), counts)
        weights = trial_weights(self._trials, len(codes), products.shape[1], codes)
        of_classes = np.stack([weights[:, codes == code].sum(1) for code in range(self._n_codes)])
        with np.errstate(divide="ignore", invalid="ignore"):
            evoked = np.where(n > 1, (product - share) / (n * (n - 1)), 0.0)
            induced = np.where(n > 1, share / n, 0.0) - evoked
        return np.stack([np.einsum("jk,jk...->k...", of_classes, part) for part in (evoked, induced)])
