"""What a network loses when a band of one channel is taken from it."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike
from tqdm.auto import tqdm

from sincviz._version import __version__
from sincviz.epochs import EpochsOrArray, class_codes, gathered, is_epochs, network_input, trial_labels
from sincviz.front_ends import front_end, unwrapped
from sincviz.models.sinc_shallow import SincShallowNet
from sincviz.rhythms import checked_rhythms

_BATCH = 256


def ablate(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    channels: Sequence[str] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> xr.Dataset:
    """Replace one band of one channel by that of another trial and see what the decision loses.

    The replacement comes from a random other trial, whatever its class, so the statistics of the signal are
    kept and only its information about the trial is broken.

    Parameters
    ----------
    model : SincShallowNet | classifier
        The network.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, best such that were not used in training.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    bands : mapping of str to (float, float) | None
        Bands in Hz, low included, high excluded; ``None`` means delta to gamma.
    channels : sequence of str | None
        Channels to take; ``None`` means all.
    seed : int
        Seed of the choice of the other trials.
    progress : bool
        Show a progress bar.

    Returns
    -------
    xarray.Dataset
        Over ``band`` and ``channel``: ``accuracy_loss``, and ``score_loss``, the mean loss of the margin between
        the true class's score and the best other's.

    Raises
    ------
    ValueError
        If a channel or a class is unknown, a band's limits are not two increasing numbers, labels and trials
        differ in number, or there are fewer than two trials.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> network = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> loss = ablate(network, np.random.default_rng(0).standard_normal((10, 3, 256)), [0, 1] * 5, progress=False)
    >>> dict(loss.sizes)
    {'band': 5, 'channel': 3}
    """
    network = unwrapped(model)
    if not isinstance(network, SincShallowNet):
        raise TypeError(f"Only a SincShallowNet can be ablated; got {type(network).__name__}.")
    epochs = gathered(epochs)
    trials = torch.from_numpy(network_input(network, epochs))
    if len(trials) < 2:
        raise ValueError(
            f"Ablation takes a band from another trial, so it needs two or more; got {len(trials)}."
        )
    if y is None and not is_epochs(epochs):
        raise ValueError("`y` is missing: an array does not know its labels. Pass one label per trial.")
    target = torch.from_numpy(class_codes(network, trial_labels(epochs) if y is None else np.asarray(y)))
    if target.shape != (len(trials),):
        raise ValueError(
            f"`y` must have one label per trial; got the shape {tuple(target.shape)} for {len(trials)} trials."
        )
    chosen_bands = checked_rhythms(bands)
    names = network.ch_names or [str(index) for index in range(network.n_chans)]
    chosen_channels = list(names if channels is None else channels)
    unknown = [name for name in chosen_channels if name not in names]
    if unknown:
        raise ValueError(f"The network has no channel {', '.join(unknown)}. It has {', '.join(names)}.")

    other = _others(len(trials), np.random.default_rng(seed))
    masks = _masks(list(chosen_bands.values()), network)
    was_training = network.training
    network.eval()
    try:
        margin, correct = _margin(network, trials, target)
        losses = np.empty((2, len(chosen_bands), len(chosen_channels)))
        for column, name in enumerate(
            tqdm(chosen_channels, "Ablating", unit="channel", disable=not progress)
        ):
            for row, replaced in enumerate(_replaced(trials[:, names.index(name)], other, masks)):
                ablated = trials.clone()
                ablated[:, names.index(name)] = replaced
                new_margin, new_correct = _margin(network, ablated, target)
                losses[:, row, column] = correct - new_correct, margin - new_margin
    finally:
        network.train(was_training)
    dims = ("band", "channel")
    return xr.Dataset(
        {"accuracy_loss": (dims, losses[0]), "score_loss": (dims, losses[1])},
        coords={"band": list(chosen_bands), "channel": chosen_channels},
        attrs={
            "method": "replacement by another trial",
            "n_trials": len(trials),
            "accuracy": correct,
            "seed": seed,
            "sincviz_version": __version__,
            "weights_sha256": front_end(network).weights_sha256,
        },
    )


def _others(n_trials: int, rng: np.random.Generator) -> torch.Tensor:
    """Return another trial for each trial: the next one in a random order."""
    order = rng.permutation(n_trials)
    other = np.empty(n_trials, np.int64)
    other[order] = np.roll(order, 1)
    return torch.from_numpy(other)


def _masks(bands: Sequence[tuple[float, float]], network: SincShallowNet) -> torch.Tensor:
    frequency_hz = torch.fft.rfftfreq(network.n_times, 1 / network.sfreq)
    return torch.stack([(frequency_hz >= low) & (frequency_hz < high) for low, high in bands])


def _replaced(signal: torch.Tensor, other: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Return the signal with each band taken from the other trial, shape (bands, trials, times)."""
    spectrum = torch.fft.rfft(signal)
    change = masks[:, None, :] * (spectrum[other] - spectrum)
    replaced: torch.Tensor = signal + torch.fft.irfft(change, signal.shape[-1])
    return replaced


@torch.no_grad()
def _margin(network: SincShallowNet, trials: torch.Tensor, target: torch.Tensor) -> tuple[float, float]:
    """Return the mean margin of the true class and the accuracy."""
    device = network.final_layer.weight.device
    scores = torch.cat([network(batch.to(device)).cpu() for batch in torch.split(trials, _BATCH)])
    true_score = scores.gather(1, target[:, None])[:, 0]
    best_other = scores.scatter(1, target[:, None], -torch.inf).amax(1)
    margin = true_score - best_other
    return float(margin.mean()), float((margin > 0).double().mean())
