"""What other libraries attribute to every channel and sample of a trial: peers of `benchmarks.known_latency`.

A peer is a function of a module that returns one number per trial, and of trials; it returns an array of the shape of
the trials. Times are those that the library gives: an image over frequency and time is summed over frequencies, and
every sample takes an equal part of the nearest column.
"""

import contextlib
import io
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import mne
import numpy as np
import torch
from captum import attr
from torch import Tensor, nn

import sincviz

STEPS, DRAWS, BATCH = 50, 16, 50
CROSS_DOMAIN = "cross_domain_saliency_maps"

Peer = Callable[[nn.Module, Tensor, Tensor, float], np.ndarray]
"""From a module, trials, trials of the training and the sampling rate to attributions (trials, channels, times)."""


class Margin(nn.Module):
    """The score of the first class minus that of the second, as a column, which all libraries can explain."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        """Return the difference, shape (trials, 1)."""
        scores = self.module(x)
        return scores[:, :1] - scores[:, 1:]


def _by_captum(attribute: Callable[[nn.Module, Tensor, Tensor], Tensor]) -> Peer:
    def peer(module: nn.Module, x: Tensor, others: Tensor, sfreq: float) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # captum sets hooks and required gradients, and says so
            found = [attribute(module, batch, others).detach() for batch in x.split(BATCH)]
        return torch.cat(found).numpy()

    return peer


def _occlusion(module: nn.Module, x: Tensor, others: Tensor, sfreq: float) -> np.ndarray:
    """Return what silence in one channel for 50 ms costs; every sample has the value of its window."""
    window = (1, round(0.05 * sfreq))
    with torch.no_grad():
        return attr.Occlusion(module).attribute(x, window, window, target=0).numpy()


def _shap(module: nn.Module, x: Tensor, others: Tensor) -> Tensor:
    return attr.GradientShap(module).attribute(x, others, n_samples=DRAWS, target=0)


def _cross_domain_time(module: nn.Module, x: Tensor, others: Tensor, sfreq: float) -> np.ndarray:
    from cross_domain_saliency_maps.torch_ig.captum_integrated_gradients import CaptumTimeIG

    engine = CaptumTimeIG(module, STEPS, 0, torch.device("cpu"))
    parts = [engine.run(one, np.zeros_like(one), internal_batch_size=BATCH).detach() for one in _arrays(x)]
    return torch.cat(parts).numpy()


def _cross_domain_stft(module: nn.Module, x: Tensor, others: Tensor, sfreq: float) -> np.ndarray:
    image, hop = stft_image(module, x, sfreq)
    return over_samples(image.sum(2), x.shape[2], hop)


def over_samples(columns: np.ndarray, n_times: int, hop: int) -> np.ndarray:
    """Return values of columns, (..., columns), as those of samples: equal parts of that of the nearest column."""
    nearest = np.minimum((np.arange(n_times) + hop // 2) // hop, columns.shape[-1] - 1)
    return columns[..., nearest] / np.bincount(nearest)[nearest]


def stft_image(module: nn.Module, x: Tensor, sfreq: float, window_s: float = 0.5) -> tuple[np.ndarray, int]:
    """Return STFT-IG of cross-domain-saliency-maps, (trials, channels, frequencies, columns), and its step."""
    from cross_domain_saliency_maps.torch_ig.captum_integrated_gradients import CaptumSTFTIG

    size = round(window_s * sfreq)
    engine = CaptumSTFTIG(module, STEPS, 0, torch.device("cpu"), size, size // 4, size)
    parts = [
        engine.run(one, np.zeros_like(one), internal_batch_size=BATCH).detach().numpy() for one in _arrays(x)
    ]
    return np.concatenate(parts), size // 4


def fourier_shares(module: nn.Module, x: Tensor, n_steps: int, *, by_captum: bool) -> np.ndarray:
    """Return FourierIG of cross-domain-saliency-maps, both signs of a frequency summed: (trials, channels, bins)."""
    device = torch.device("cpu")
    if by_captum:
        from cross_domain_saliency_maps.torch_ig.captum_integrated_gradients import CaptumFourierIG

        engine = CaptumFourierIG(module, n_steps, 0, device)
        runs = [engine.run(one, np.zeros_like(one), internal_batch_size=BATCH) for one in _arrays(x)]
    else:
        from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import FourierIG

        runs = _one_by_one(FourierIG(module, n_steps, 0, device), x)
    return both_signs(torch.cat([run.detach() for run in runs]).numpy())


def _one_by_one(engine: Any, x: Tensor) -> list[Tensor]:
    """Return what an engine that takes single trials finds, without its bar for each of them."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.filterwarnings("ignore", "Casting complex values to real")
        return [engine.run(one, np.zeros_like(one)) for one in np.split(x.numpy(), len(x))]


def both_signs(shares: np.ndarray) -> np.ndarray:
    """Return shares of the bins of ``fft`` as those of ``rfft``."""
    n_times = shares.shape[-1]
    bins = np.minimum(np.arange(n_times), n_times - np.arange(n_times))
    summed = np.zeros((*shares.shape[:-1], n_times // 2 + 1), shares.dtype)
    np.add.at(summed, (..., bins), shares)
    return summed


def _arrays(x: Tensor) -> list[np.ndarray]:
    return [batch.numpy() for batch in x.split(BATCH)]


PEERS: dict[str, Peer] = {
    "captum, saliency": _by_captum(
        lambda module, x, _: attr.Saliency(module).attribute(x, target=0, abs=False)
    ),
    "captum, input × gradient": _by_captum(
        lambda module, x, _: attr.InputXGradient(module).attribute(x, target=0)
    ),
    f"captum, integrated gradients, {STEPS} steps": _by_captum(
        lambda module, x, _: attr.IntegratedGradients(module).attribute(
            x, target=0, n_steps=STEPS, internal_batch_size=BATCH
        )
    ),
    "captum, DeepLIFT": _by_captum(lambda module, x, _: attr.DeepLift(module).attribute(x, target=0)),
    f"captum, gradient SHAP, {DRAWS} draws": _by_captum(_shap),
    "captum, occlusion of 50 ms": _occlusion,
    f"cross-domain-saliency-maps, time, {STEPS} steps": _cross_domain_time,
    f"cross-domain-saliency-maps, STFT, {STEPS} steps": _cross_domain_stft,
}

NO_SHARES = ("captum, saliency", "captum, occlusion of 50 ms")
"""Peers whose values need not sum to anything."""


def installed_peers() -> dict[str, Peer]:
    """Return the peers whose packages are installed."""
    return {
        name: peer for name, peer in PEERS.items() if not name.startswith("cross") or find_spec(CROSS_DOMAIN)
    }


def equal_shares(
    module: nn.Module, network: object, epochs: mne.EpochsArray, x: Tensor
) -> Iterator[dict[str, object]]:
    """Yield how far every method's shares are from ours in 400 steps, from silence, for the margin of single trials.

    `difference` is the sum of absolute differences over the sum of absolute shares, of all trials, channels and bins.
    """
    margin = Margin(module).eval()
    with torch.no_grad():
        change = (margin(x) - margin(torch.zeros_like(x[:1])))[:, 0].numpy()

    def ours(function: str, n_steps: int | None) -> np.ndarray:
        found = getattr(sincviz, function)(
            network, epochs, n_steps=n_steps, baseline="zero", per_trial=True, progress=False
        )
        return (found.isel(target=0) - found.isel(target=1)).to_numpy()

    def of_time(n_steps: int) -> np.ndarray:
        from cross_domain_saliency_maps.torch_ig.cross_domain_integrated_gradients import TimeIG

        return torch.cat(_one_by_one(TimeIG(margin, n_steps, 0, torch.device("cpu")), x)).detach().numpy()

    spectral, temporal = "spectral_relevance", "temporal_relevance"
    tasks: dict[str, dict[str, Callable[[], np.ndarray]]] = {
        "frequency": {
            "sincviz, 400 steps": lambda: ours(spectral, 400),
            "sincviz, as many steps as needed": lambda: ours(spectral, None),
            "FourierIG, 400 steps": lambda: fourier_shares(margin, x, 400, by_captum=False),
            "FourierIG, 1600 steps": lambda: fourier_shares(margin, x, 1600, by_captum=False),
            "CaptumFourierIG, 50 steps": lambda: fourier_shares(margin, x, 50, by_captum=True),
            "CaptumFourierIG, 400 steps": lambda: fourier_shares(margin, x, 400, by_captum=True),
        },
        "time": {
            "sincviz, 400 steps": lambda: ours(temporal, 400),
            "sincviz, as many steps as needed": lambda: ours(temporal, None),
            "TimeIG, 400 steps": lambda: of_time(400),
        },
    }
    for over, methods in tasks.items():
        reference: np.ndarray | None = None
        for method, task in methods.items():
            begin = time.perf_counter()
            found = task()
            took = time.perf_counter() - begin
            reference = found if reference is None else reference
            apart = np.abs(found - reference)
            missed = np.abs(found.sum((1, 2), dtype=np.float64) - change).sum()
            yield {
                "over": over,
                "method": method,
                "difference": apart.sum() / np.abs(reference).sum(),
                "largest_difference": apart.max() / np.abs(reference).max(),
                "completeness_error": missed / np.abs(change).sum(),
                "seconds_per_trial": took / len(x),
            }
