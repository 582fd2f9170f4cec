"""Methods of sincviz as the benchmark calls them, and references that need no method."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sincviz.benchmark.calls import fingerprint
from sincviz.benchmark.scores.grid import GRID, WINDOW_WIDTH_S

Values = NDArray[np.floating[Any]]


class Entry(Protocol):
    """A method with what tables say of it."""

    label: str
    note: str
    domain: str

    def __call__(self, model: nn.Module, x: Tensor, target: int) -> Any:
        """Return the attribution of one class."""
        ...


def _entered(function: Callable[..., Any], label: str, domain: str, note: str = "") -> Entry:
    """Return a function as an entry of the benchmark."""
    entry: Any = function
    entry.label, entry.domain, entry.note = label, domain, note
    return entry  # type: ignore[no-any-return]


def of_all_classes(
    compute: Callable[[nn.Module, Tensor], Values],
) -> Callable[[nn.Module, Tensor, int], Values]:
    """Return a method of one class; the classes of the same trials and network are computed together, once."""
    last: list[tuple[int, Tensor, Values]] = []

    def of_one(model: nn.Module, x: Tensor, target: int) -> Values:
        network = fingerprint(model)
        if not (last and last[0][0] == network and torch.equal(last[0][1], x)):
            last[:] = [(network, x.clone(), compute(model, x))]
        return np.asarray(last[0][2][target])

    return of_one


def _by_frequency(method: str) -> Callable[[nn.Module, Tensor, int], Values]:
    def compute(model: nn.Module, x: Tensor) -> Values:
        from sincviz.analysis.attribution.spectral import spectral_relevance

        found = spectral_relevance(model, x.numpy(), method=method, sfreq=_rate_hz(model), per_trial=True)
        return found.transpose("target", "trial", "channel", "frequency").to_numpy()

    return of_all_classes(compute)


def _over_time(method: str) -> Callable[[nn.Module, Tensor, int], Values]:
    def compute(model: nn.Module, x: Tensor) -> Values:
        from sincviz.analysis.attribution.temporal import temporal_relevance

        found = temporal_relevance(model, x.numpy(), method=method, sfreq=_rate_hz(model), per_trial=True)
        return found.transpose("target", "trial", "channel", "time").to_numpy()

    return of_all_classes(compute)


def _pattern_relevance(model: nn.Module, x: Tensor) -> Values:
    from sincviz.analysis.attribution.pattern import pattern_relevance

    found = pattern_relevance(model, x.numpy(), sfreq=_rate_hz(model), per_trial=True)
    return found.transpose("target", "trial", "channel", "frequency").to_numpy()


integrated_gradients_by_frequency = _entered(
    _by_frequency("integrated_gradients"), "Integrated gradients", "frequency"
)
gradient_x_input_by_frequency = _entered(_by_frequency("gradient_x_input"), "Gradient × input", "frequency")
gradient_shap_by_frequency = _entered(_by_frequency("gradient_shap"), "Gradient SHAP", "frequency")
deep_lift_by_frequency = _entered(_by_frequency("deep_lift"), "DeepLIFT", "frequency")
amplitude_gradient = _entered(_by_frequency("amplitude_gradient"), "Amplitude gradient", "frequency")
pattern_relevance = _entered(of_all_classes(_pattern_relevance), "Pattern relevance", "frequency")
integrated_gradients_over_time = _entered(_over_time("integrated_gradients"), "Integrated gradients", "time")
gradient_x_input_over_time = _entered(_over_time("gradient_x_input"), "Gradient × input", "time")


def _ablation_by_frequency(model: nn.Module, x: Tensor) -> Values:
    """Return what each class score loses without a band of a channel, shared equally by the bins of the band."""
    donors = _donors(len(x))
    n_times = x.shape[2]
    spectrum = torch.fft.rfft(x)
    frequency_hz = np.fft.rfftfreq(n_times, 1 / _rate_hz(model))
    lost = np.zeros((2, len(x), x.shape[1], len(frequency_hz)))
    for low_hz, high_hz in GRID.values():
        bins = torch.from_numpy(np.flatnonzero((frequency_hz >= low_hz) & (frequency_hz < high_hz)))
        part = torch.zeros_like(spectrum)
        part[..., bins] = (spectrum[donors] - spectrum)[..., bins]
        difference = torch.fft.irfft(part, n=n_times)
        lost[..., bins.numpy()] = (_losses(model, x, difference) / len(bins))[..., None]
    return lost


def _ablation_over_time(model: nn.Module, x: Tensor) -> Values:
    """Return what each class score loses without a window of a channel, shared equally by its samples."""
    donors = _donors(len(x))
    lost = np.zeros((2, *x.shape))
    width = max(1, round(WINDOW_WIDTH_S * _rate_hz(model)))
    for first in range(0, x.shape[2], width):
        window = slice(first, first + width)
        difference = torch.zeros_like(x)
        difference[..., window] = (x[donors] - x)[..., window]
        lost[..., window] = (_losses(model, x, difference) / len(range(x.shape[2])[window]))[..., None]
    return lost


def _losses(model: nn.Module, x: Tensor, difference: Tensor) -> Values:
    """Return what scores lose when a difference is added to one channel, shape (classes, trials, channels)."""
    n_chans = x.shape[1]
    with torch.no_grad():
        before = model(x)
        lost = []
        for channel in range(n_chans):
            changed = x.clone()
            changed[:, channel] += difference[:, channel]
            lost.append(before - model(changed))
    return torch.stack(lost, -1).movedim(1, 0).numpy()


def _donors(n_trials: int) -> NDArray[np.intp]:
    """Return for each trial another one, at random; no trial gives to itself."""
    order = np.random.default_rng(0).permutation(n_trials)
    donors = np.empty(n_trials, np.intp)
    donors[order] = np.roll(order, 1)
    return donors


ablation_by_frequency = _entered(
    of_all_classes(_ablation_by_frequency), "Ablation", "frequency", "the cell of another trial in its place"
)
ablation_over_time = _entered(
    of_all_classes(_ablation_over_time), "Ablation", "time", "the cell of another trial in its place"
)


def random_by_frequency(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return random numbers for every bin: what a score is worth without any information."""
    return torch.randn(len(x), x.shape[1], x.shape[2] // 2 + 1)


def random(model: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return random numbers for every sample: what a score is worth without any information."""
    return torch.randn_like(x)


def class_contrast_by_frequency(model: nn.Module, x: Tensor, target: int, y: Tensor) -> Values:
    """Return how much the classes differ in log power, as |t| of each band and channel: no network is used."""
    power = torch.fft.rfft(x).abs().square().numpy()
    frequency_hz = np.fft.rfftfreq(x.shape[2], 1 / _rate_hz(model))
    found = np.zeros(power.shape[1:])
    for low_hz, high_hz in GRID.values():
        bins = np.flatnonzero((frequency_hz >= low_hz) & (frequency_hz < high_hz))
        log_power = np.log(power[..., bins].sum(-1) + np.finfo(np.float32).tiny)
        found[:, bins] = _t_size(log_power, y.numpy() == target)[:, None] / len(bins)
    return found


def class_contrast_over_time(model: nn.Module, x: Tensor, target: int, y: Tensor) -> Values:
    """Return how much the classes differ in amplitude or log power of each channel and window, as the larger |t|."""
    signal = x.numpy()
    found = np.zeros(signal.shape[1:])
    width = max(1, round(WINDOW_WIDTH_S * _rate_hz(model)))
    for first in range(0, signal.shape[2], width):
        part = signal[..., first : first + width]
        power = np.log((part**2).mean(-1) + np.finfo(np.float32).tiny)
        sizes = [_t_size(values, y.numpy() == target) for values in (part.mean(-1), power)]
        found[:, first : first + width] = np.maximum(*sizes)[:, None] / part.shape[-1]
    return found


def _t_size(values: Values, is_target: NDArray[np.bool_]) -> Values:
    """Return the size of Welch's t between two groups of trials, shape (trials, channels) to (channels,)."""
    one, other = values[is_target], values[~is_target]
    error = np.sqrt(one.var(0, ddof=1) / len(one) + other.var(0, ddof=1) / len(other))
    return np.asarray(np.abs(one.mean(0) - other.mean(0)) / np.maximum(error, np.finfo(np.float32).tiny))


def _rate_hz(model: nn.Module) -> float:
    return float(model.sfreq)  # type: ignore[arg-type]


_entered(random_by_frequency, "Random numbers", "frequency", "reference")
_entered(random, "Random numbers", "time", "reference")
_entered(class_contrast_by_frequency, "Class contrast of data", "frequency", "reference, uses no network")
_entered(class_contrast_over_time, "Class contrast of data", "time", "reference, uses no network")

OWN_METHODS = (
    "integrated_gradients_by_frequency",
    "gradient_x_input_by_frequency",
    "gradient_shap_by_frequency",
    "deep_lift_by_frequency",
    "amplitude_gradient",
    "pattern_relevance",
    "ablation_by_frequency",
    "integrated_gradients_over_time",
    "gradient_x_input_over_time",
    "ablation_over_time",
    "random_by_frequency",
    "random",
    "class_contrast_by_frequency",
    "class_contrast_over_time",
)
"""Names of all that are here: ``sincviz.benchmark.own_methods:<name>``."""
