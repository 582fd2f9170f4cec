"""Relevance at the input of any network, split over what the caller asks for: frequencies, times or both."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sincviz.analysis.attribution.baselines import Baseline, needs_classes
from sincviz.analysis.attribution.convergence import TOLERANCE, Question, explain_converged
from sincviz.analysis.attribution.explained import explained, explained_words
from sincviz.analysis.attribution.explanation import Attribution, Collector, Path
from sincviz.analysis.attribution.gradients import Gradients, input_gradients
from sincviz.analysis.attribution.methods import INPUT_METHODS, check_applies, checked_method
from sincviz.analysis.attribution.sinc_layer import attribution_settings
from sincviz.analysis.labels import channel_coords, class_labels, class_of_trials, decoder_origin
from sincviz.networks.decoder import Decoder
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import EpochsOrArray, is_epochs, sampling_rate
from sincviz.trials.numeric_targets import Targets


@dataclass(frozen=True)
class Sampling:
    """When the samples of the trials were taken.

    Attributes
    ----------
    times : array, shape (times,)
        In seconds, as the epochs say, or from 0; numbers of samples if no rate is known.
    rate_hz : float
        Sampling rate, 1 if unknown.
    known : bool
        Whether it is known.
    """

    times: NDArray[np.float64]
    rate_hz: float
    known: bool

    @property
    def frequency_unit(self) -> str:
        """The unit of frequencies."""
        return "Hz" if self.known else "cycles per sample"

    @property
    def time_unit(self) -> str:
        """The unit of times."""
        return "s" if self.known else "samples"


class Split(NamedTuple):
    """How the product of signal and gradient is split within each channel.

    Attributes
    ----------
    name : str
        Name of the result.
    share : callable
        From signal and gradient, (..., times), to shares, (..., *dims).
    coords : dict
        Coordinates of the dimensions that follow the channels, in their order: values and attributes.
    attrs : dict
        Attributes of the result.
    """

    name: str
    share: Callable[[Tensor, Tensor], Tensor]
    coords: dict[str, tuple[NDArray[np.floating[Any]], dict[str, str]]]
    attrs: dict[Hashable | None, Any]


@dataclass(frozen=True)
class InputSetting:
    """What is explained and how; see :func:`sincviz.spectral_relevance` for what each means."""

    method: str = "integrated_gradients"
    explain: str = "score"
    trials: str = "all"
    baseline: Baseline = "auto"
    n_steps: int | None = None
    tolerance: float = TOLERANCE
    sfreq: float | None = None


@dataclass(frozen=True)
class Labels:
    """What names the values of a network's input: its classes, its channels and what they are split over."""

    network: Decoder
    split: Split

    def named(self, values: NDArray[Any], *, per_trial: bool) -> xr.DataArray:
        """Return values, ([trials,] classes, channels, ...), with their names."""
        n_own = len(self.split.coords)
        coords: dict[str, Any] = channel_coords(self.network, values.shape[-1 - n_own])
        coords |= {"target": class_labels(self.network, values.shape[-2 - n_own])}
        coords |= {name: (name, *of_dim) for name, of_dim in self.split.coords.items()}
        dims = [*(["trial"] if per_trial else []), "target", "channel", *self.split.coords]
        return xr.DataArray(values, coords, dims, self.split.name)


@dataclass
class Also:
    """What else is kept while trials are explained, and the collectors that kept it, once that is done."""

    collectors: Callable[[Decoder, Targets | None, Sampling], Sequence[Collector]]
    kept: Sequence[Collector] = field(default_factory=tuple)


@torch.enable_grad()
@torch.inference_mode(False)
def input_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None,
    split_of: Callable[[Sampling], Split],
    setting: InputSetting,
    *,
    per_trial: bool = False,
    kept_as: Callable[[xr.DataArray], xr.DataArray] = lambda values: values,
    also: Also | None = None,
) -> xr.DataArray:
    """Return the relevance of the input, for every class.

    Parameters
    ----------
    model, epochs, y, per_trial
        As for :func:`sincviz.spectral_relevance`.
    split_of : callable
        From the sampling of the trials to how their relevance is split.
    setting : InputSetting
        What is explained and how.
    kept_as : callable
        What is kept of single trials, from (trial, target, channel, ...), of each batch.
    also : Also | None
        What else is kept.

    Returns
    -------
    xarray.DataArray, dims ([trial,] target, channel, ...)
        Also where a contrast of two classes is one.
    """
    network, epochs, y = analysis_inputs(model, epochs, y)
    method, explain = setting.method, setting.explain
    checked_method(method, INPUT_METHODS, network)
    what = explained_words(network, explain)
    codes = classes_if_known(network, epochs, y, needed=needs_classes(setting.trials, setting.baseline))
    sampling = sampling_of(network, epochs, setting.sfreq)
    split = split_of(sampling)
    labels = Labels(network, split)

    def attribution_in(steps: int, method: str = method) -> Callable[[Tensor, Tensor], Attribution]:
        gradients_of: Gradients | None = None

        def attribute(x: Tensor, start: Tensor) -> Attribution:
            nonlocal gradients_of
            if gradients_of is None:
                check_applies(method, network, x, start.expand_as(x))
                gradients_of = input_gradients(
                    network, network, method=method, explain=explain, n_steps=steps
                )
            gradients = gradients_of(x, start)
            with torch.no_grad():
                path = Path(x if method == "amplitude_gradient" else x - start, gradients, start)
                scores = network.scores(x)
                change = explained(scores, explain) - explained(network.scores(start), explain)
                values = split.share(path.signal, path.gradients).transpose(0, 1)
            return Attribution(values, scores, None if method == "amplitude_gradient" else change, (path,))

        return attribute

    shown: xr.DataArray | None = None

    def kept(values: NDArray[Any]) -> NDArray[Any]:
        nonlocal shown
        shown = kept_as(labels.named(values, per_trial=True))
        return shown.to_numpy()

    question = Question(
        attribution_in,
        network,
        epochs,
        codes,
        method,
        setting.trials,
        per_trial=per_trial,
        kept_as=kept,
        also=tuple if also is None else lambda: also.collectors(network, codes, sampling),
        path_in=lambda steps: attribution_in(steps, "integrated_gradients"),
    )
    explanation, of_path = explain_converged(
        question, baseline=setting.baseline, n_steps=setting.n_steps, tolerance=setting.tolerance
    )
    if also is not None:
        also.kept = explanation.also
    values = explanation.values
    if shown is None:
        found = labels.named(values, per_trial=per_trial)
    else:
        found = xr.DataArray(
            values, shown.isel(trial=0, drop=True).coords, shown.dims, shown.name, shown.attrs
        )
    n_classes = found.sizes["target"]
    if per_trial:
        found = found.assign_coords(class_of_trials(network, codes, n_classes))
    if explanation.completeness_error is not None:
        found = found.assign_coords(completeness_error=("target", explanation.completeness_error))
    units = what.replace("_", " ")
    if method == "amplitude_gradient":
        units += " per unit of amplitude"
    attrs = decoder_origin(network) | {"units": units, "sfreq_hz": sampling.rate_hz} | found.attrs
    settings = attribution_settings(method, what, setting.trials, of_path)
    return found.assign_attrs(attrs | split.attrs | settings | explanation.evidence)


def sampling_of(network: Decoder, epochs: EpochsOrArray, sfreq: float | None) -> Sampling:
    """Return when the samples of these trials were taken."""
    rate_hz, unit = sampling_rate(network.sfreq, epochs, sfreq)
    times = (
        np.asarray(epochs.times, float)
        if is_epochs(epochs)
        else np.arange(np.atleast_1d(np.asarray(epochs)).shape[-1])
        / rate_hz  # other shapes are refused when they are read
    )
    return Sampling(times, rate_hz, unit == "Hz")
