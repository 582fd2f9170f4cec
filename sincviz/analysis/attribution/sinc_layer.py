"""Relevance of every filter and channel for every class, in closed form."""

from collections.abc import Callable, Hashable
from typing import Any

import torch
import xarray as xr
from numpy.typing import ArrayLike
from torch import Tensor

from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.baselines import Baseline, needs_classes
from sincviz.analysis.attribution.convergence import TOLERANCE, Question, explain_converged
from sincviz.analysis.attribution.explained import explained, explained_words
from sincviz.analysis.attribution.explanation import Attribution, Explanation
from sincviz.analysis.attribution.map_gradients import MapGradients, map_gradients
from sincviz.analysis.attribution.methods import SINC_LAYER_METHODS, checked_method
from sincviz.analysis.attribution.path_gradients import AT_THE_END, gauss_legendre
from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.labels import class_labels, class_of_trials, map_coords, origin
from sincviz.analysis.statistics.two_classes import against
from sincviz.networks.fast.trial_blocks import trial_blocks
from sincviz.networks.front_ends import FrontEnd
from sincviz.opening.inputs import front_end_inputs
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import EpochsOrArray


@shows_progress
@torch.enable_grad()
@torch.inference_mode(False)
def relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    method: str = "integrated_gradients",
    explain: str = "score",
    trials: str = "all",
    baseline: Baseline = "auto",
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
    per_trial: bool = False,
    progress: bool = True,
) -> xr.DataArray:
    r"""Return the relevance of each filter and channel for each class.

    The sinc layer's output is filters × channels signals. Their gradient is :math:`\sum_d w_{fdc}\, g_{fdt}`, with the
    spatial weights :math:`w` (normalisation folded in) and the gradient :math:`g` at the units. So nothing of the
    size filters × channels × times is needed: the gradient of the units goes back through the kernels and is multiplied
    with the input.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training. Epochs on disk are read batch by batch.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers (see :func:`sincviz.network`), what each should be, shape (trials,) or (trials, outputs).
    method : {"integrated_gradients", "gradient_x_activation", "gradient"}
        ``"integrated_gradients"`` [1]_ adds up to the change of what is explained from the baseline to the trial.
        ``"gradient_x_activation"`` is the same with the gradient at the trial alone: signed, summed over time.
        ``"gradient"`` is the root mean square of the gradient over time: not a share, and biased towards high
        frequencies.
    explain : {"score", "margin", "log_probability"}
        The class score, its margin over the best other class, or the logarithm of the softmax.
    trials : {"all", "contrast"}
        The mean over all trials, or the mean over the trials of the class minus the mean over the others, which
        cancels what the classes share. Of outputs that are numbers the mean of the trials times their standardised
        target (:func:`sincviz.analysis.statistics.trial_average.trial_weights`), which cancels what all trials share.
    baseline : {"auto", "zero", "surrogates", "channel_mean", "class_mean"} | array, shape (channels, times)
        What trials are compared with: silence; four signals with the average spectra and cross-spectra of the trials
        and random phases, over which the result is averaged; each trial's mean over time; the mean trial of its class;
        or a signal of your own in the network's units. ``"auto"`` takes surrogates if 16 steps from silence miss more
        than 1 % of what up to eight trials change, and from a surrogate less than a fifth of that, as in networks that
        take the logarithm of power; else silence. ``attrs["baseline_reason"]`` says what was measured.
    n_steps : int | None
        Steps of integrated gradients (Gauss-Legendre); ``None`` takes 16, and doubles them until shares add up;
        surrogates divide them among them.
    tolerance : float
        Largest completeness error where ``n_steps`` is ``None``, of every target.
    per_trial : bool
        Return every trial's relevance, not an average.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims ([trial,] target, filter, channel)
        In units of what is explained. ``attrs`` hold the method, the evidence (accuracy with its interval, chance
        level, whether the trials were held out) and, if values are shares, the completeness error, which is
        also a coordinate of ``target``. The contrasts of two classes would mirror each other, so there is one target,
        ``left against right``: the difference of what is explained, first minus second, in the trials of the first
        class minus those of the second. It is positive where the input separates the classes as the trials are
        labelled, for whichever class that speaks (``"gradient"`` returns sizes, of each class).
        :func:`sincviz.attribution.sum_over_bands` sums it over the filters of each band.

    Raises
    ------
    TypeError
        If the network's front end is unknown; :func:`sincviz.spectral_relevance` takes any network.
    MethodError
        If the method does not work here, or integrated gradients do not add up within 256 steps; the message says why.
    ValueError
        If a setting is unknown, or the contrast lacks labels.
    EpochsError
        If the epochs do not fit the network.

    Warns
    -----
    RuntimeWarning
        If the shares of another method, or of a number of steps that you chose, miss more than 5 % of what they should
        explain.

    References
    ----------
    .. [1] Sundararajan, M., Taly, A., & Yan, Q. (2017). Axiomatic attribution for deep networks. ICML, 70, 3319-3328.

    Examples
    --------
    >>> import numpy as np
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> shares = relevance(model, np.random.default_rng(0).standard_normal((10, 3, 256)))
    >>> shares.dims, shares.attrs["completeness_error"] < 1e-3
    (('target', 'filter', 'channel'), True)
    """
    front_end, epochs, y = front_end_inputs(model, epochs, y)
    checked_method(method, SINC_LAYER_METHODS, front_end)
    what = explained_words(front_end, explain)
    codes = classes_if_known(front_end, epochs, y, needed=needs_classes(trials, baseline))

    def attribution_in(steps: int) -> Callable[[Tensor, Tensor], Attribution]:
        rule = gauss_legendre(steps) if method == "integrated_gradients" else AT_THE_END
        gradients_of = map_gradients(front_end, explain, rule)
        shares = method != "gradient"
        return lambda x, start: _attribution(front_end, x, start, gradients_of, explain, shares=shares)

    question = Question(attribution_in, front_end, epochs, codes, method, trials, per_trial=per_trial)
    explanation, of_path = explain_converged(
        question, baseline=baseline, n_steps=n_steps, tolerance=tolerance
    )
    settings = attribution_settings(method, what, trials, of_path)
    of_trials = class_of_trials(front_end, codes, explanation.values.shape[-3]) if per_trial else None
    return against(_labelled(front_end, explanation, of_trials, settings))


def _attribution(
    front_end: FrontEnd, x: Tensor, start: Tensor, gradients_of: MapGradients, explain: str, *, shares: bool
) -> Attribution:
    values, scores = [], []
    start_maps = front_end.maps(start)
    size = start_maps[0].numel()
    starts = trial_blocks(start.expand_as(x), size)
    blocks = trial_blocks(x, size)
    maps_of_starts = (
        [start_maps] * len(blocks) if len(start) == 1 else torch.split(start_maps, len(blocks[0]))
    )
    for block, first, first_maps in zip(blocks, starts, maps_of_starts, strict=True):
        maps = front_end.maps(block)
        gradients = gradients_of(first_maps, maps)
        with torch.no_grad():
            scores.append(front_end.tail(maps))
            values.append(
                _shares(front_end, gradients, block - first)
                if shares
                else _root_mean_square(front_end, gradients)
            )
    all_scores = torch.cat(scores)
    with torch.no_grad():
        change = explained(all_scores, explain) - explained(front_end.tail(start_maps), explain)
    return Attribution(torch.cat(values), all_scores, change if shares else None)


def _shares(front_end: FrontEnd, gradients: list[Tensor], signal: Tensor) -> Tensor:
    """Return gradient × activation summed over time, shape (batch, classes, filters, channels)."""
    return torch.stack([front_end.shares(gradient, signal) for gradient in gradients], 1)


def _root_mean_square(front_end: FrontEnd, gradients: list[Tensor]) -> Tensor:
    """Return the root mean square of the gradient over time, shape (batch, classes, filters, channels)."""
    weights = front_end.scale[..., None] * front_end.spatial
    second_moments = torch.stack([g @ g.transpose(-1, -2) / g.shape[-1] for g in gradients])
    square = torch.einsum("fdc,kbfde,fec->bkfc", weights, second_moments, weights)
    return square.clamp(min=0).sqrt()


def attribution_settings(
    method: str, explain: str, trials: str, of_path: dict[Hashable | None, Any]
) -> dict[Hashable | None, Any]:
    """Return the settings that a result carries in its attributes."""
    settings: dict[Hashable | None, Any] = {"method": method, "explain": explain, "trials": trials}
    return settings | ({} if method in ("gradient", "amplitude_gradient") else of_path)


def _labelled(
    front_end: FrontEnd,
    explanation: Explanation,
    of_trials: dict[str, Any] | None,
    settings: dict[Hashable | None, Any],
) -> xr.DataArray:
    dims = [*([] if of_trials is None else ["trial"]), "target", "filter", "channel"]
    n_classes = explanation.values.shape[-3]
    coords = map_coords(front_end, learned_bands(front_end)) | {"target": class_labels(front_end, n_classes)}
    del coords["depth"]
    coords |= of_trials or {}
    if explanation.completeness_error is not None:
        coords["completeness_error"] = ("target", explanation.completeness_error)
    units = settings["explain"].replace("_", " ")
    if settings["method"] == "gradient":
        units += " per unit of the filtered signal"
    attrs = origin(front_end) | {"units": units} | settings | explanation.evidence
    return xr.DataArray(explanation.values, coords, dims, "relevance", attrs)
