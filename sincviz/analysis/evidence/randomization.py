"""Randomization test: whether a relevance changes when the layers of the network are drawn anew."""

import itertools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import scipy
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from torch import nn

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import shows_progress, silenced, switched_off, tqdm
from sincviz.analysis.attribution.baselines import Baseline
from sincviz.analysis.attribution.sinc_layer import relevance
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.evidence.random_networks import changeable_copy, layers_with_weights, with_random_layers
from sincviz.analysis.filters.membership import band_membership
from sincviz.analysis.labels import decoder_origin
from sincviz.analysis.statistics.exchangeability import structure_of
from sincviz.analysis.statistics.ranks import spearman
from sincviz.analysis.trial_evidence import trial_evidence
from sincviz.eeg.sums import sum_over_bands
from sincviz.opening.inputs import analysis_inputs
from sincviz.opening.network import network as opened
from sincviz.trials.classes import check_codes, labelled_trials
from sincviz.trials.epochs import EpochsOrArray, sampling_rate_hz
from sincviz.trials.identity import trial_fingerprints
from sincviz.trials.numeric_targets import are_numbers

SINC_LAYER_ONLY = ("gradient_x_activation", "gradient")
THRESHOLD = 0.5
"""The relevance of a fully random network must agree less than this with that of the trained one."""

MORE_DRAWS = 4
"""Factor on the number of draws for the deciding row, in which every layer is random."""

_FEW_CELLS = 7  # all orders of so many can be listed

Cells: TypeAlias = Callable[[nn.Module, NDArray[np.floating], Any], xr.DataArray]
"""From network, trials and classes to the relevance of cells, an array ([target,] band, channel)."""


@shows_progress
@torch.enable_grad()
@torch.inference_mode(False)
def randomization_test(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    method: str | Cells = "integrated_gradients",
    explain: str = "score",
    trials: str = "contrast",
    bands: Mapping[str, tuple[float, float]] | None = None,
    n_draws: int = 5,
    n_steps: int = 8,
    most_layers: int = 12,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Compare the relevance of a network with that of networks whose layers were drawn anew [1]_.

    Layers are drawn anew from the output to the input, each together with those behind it (cascading), and each alone
    (independent); the sinc layer with random cut-offs. A relevance that stays the same does not depend on the network.

    Parameters
    ----------
    model : torch.nn.Module | classifier
        Any network that maps (batch, channels, times) to class scores; it is not changed.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials. They are all held in memory.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers (see :func:`sincviz.network`), what each should be, shape (trials,) or (trials, outputs).
    method : str | callable
        A method of :func:`sincviz.spectral_relevance`, which separates bands by the frequencies of the input;
        ``"gradient_x_activation"`` or ``"gradient"`` of :func:`sincviz.relevance`, which separates them by the filters'
        kernels; or a function of network, trials (array) and classes (array of int) that returns an array over
        ([target,] band, channel).
    explain, trials : str
        As for :func:`sincviz.relevance`.
    bands : mapping of str to (float, float) | None
        Bands in Hz; ``None`` means delta to gamma.
    n_draws : int
        Random networks for each row of the table, at least 2; four times as many where every layer is random, which
        decides.
    n_steps : int
        Steps of integrated gradients.
    most_layers : int
        Of networks with more layers, neighbours are drawn together, so that there are so many steps from the output to
        the input.
    sfreq : float | None
        Sampling rate in Hz, if neither the network nor the epochs know it.
    seed : int
        Seed of the draws.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row per layer and ``kind``. ``similarity`` is Spearman's correlation over (band, channel) cells, mean over
        classes and draws; ``magnitude_similarity`` is that of absolute values; ``ci_low`` and ``ci_high``,
        ``magnitude_ci_low`` and ``magnitude_ci_high`` are 95 % intervals of the mean over draws. The last row,
        ``"wrong class"``, compares with the relevance for a wrong class: the next one's score over the same
        trials (of outputs that are numbers ``"wrong targets"``: those of other trials).
        Magnitudes always agree somewhat: cells without power have no relevance in any network.

        ``attrs["outcome"]`` is about fully random networks, and about the absolute value of the correlation: the same
        map with its sign flipped is the same map. ``attrs["size"]`` is its mean over draws, ``size_ci_low`` and
        ``size_ci_high`` a 95 % interval. ``"differs"`` if the interval ends below ``attrs["threshold"]``; ``"stays"``
        if it begins above, and above the size that so few cells have by chance (``chance_size``); else
        ``"inconclusive"``.

    Raises
    ------
    TypeError
        If there is no module with layers to draw anew.
    ValueError
        If a setting is unknown, or the classes are not known.
    EpochsError
        If the epochs do not fit the network.

    References
    ----------
    .. [1] Adebayo, J., et al. (2018). Sanity checks for saliency maps. NeurIPS, 31.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128, num_time_filters=4, time_filter_len=17)
    >>> x, y = np.random.default_rng(0).standard_normal((10, 3, 128)), [0, 1] * 5
    >>> table = randomization_test(model, x, y, n_draws=2, progress=False)
    >>> table.kind.value_counts().to_dict()
    {'cascading': 5, 'independent': 5, 'wrong class': 1}
    """
    network, epochs, y = analysis_inputs(model, epochs, y)
    module = changeable_copy(network)
    n_draws, seed = positive_int("n_draws", n_draws, minimum=2), checked_seed(seed)
    rate_hz = sampling_rate_hz(network.sfreq, epochs, sfreq)
    x, codes = labelled_trials(network, epochs, y)
    tensor = torch.from_numpy(x).to(network.device)
    with torch.no_grad():
        scores = torch.cat([network.scores(batch).cpu() for batch in torch.split(tensor, 128)])
        check_codes(codes, scores.shape[1])
    cells_of = method
    if not callable(cells_of):
        names = network.class_names if network.numeric else None
        cells_of = _cells_by_name(cells_of, explain, trials, bands, n_steps, rate_hz, names)

    trained = cells_of(module, x, codes)
    backwards = layers_with_weights(module, tensor)[::-1]
    n_stages = min(len(backwards), positive_int("most_layers", most_layers))
    ends = np.linspace(0, len(backwards), n_stages + 1).round().astype(int).tolist()
    stages = [backwards[start:end] for start, end in itertools.pairwise(ends)]
    names = [stage[0] if len(stage) == 1 else f"{stage[0]} to {stage[-1]}" for stage in stages]
    cases = [("cascading", name, backwards[:end]) for name, end in zip(names, ends[1:], strict=True)]
    cases += [("independent", name, stage) for name, stage in zip(names, stages, strict=True)]
    # The output layer is the first of both kinds.
    n_draws_of = {tuple(drawn): n_draws for _, _, drawn in cases}
    n_draws_of[tuple(backwards)] = MORE_DRAWS * n_draws
    similarities = {}
    hidden = bool(switched_off())
    with (
        tqdm(total=sum(n_draws_of.values()), desc="Drawing layers anew", disable=hidden) as bar,
        silenced(),  # of what is computed of each network
    ):
        for drawn, n_own in n_draws_of.items():
            of_draws = []
            for draw in range(n_own):
                other = with_random_layers(module, list(drawn), tensor, seed + draw)
                of_draws.append(_similarities(trained, cells_of(other, x, codes)))
                bar.update()
            similarities[drawn] = np.array(of_draws)
    rows = [
        {"kind": kind, "layer": name} | _summary(similarities[tuple(drawn)]) for kind, name, drawn in cases
    ]
    wrong = trained
    if are_numbers(codes) and (trials == "contrast" or callable(method)):
        # The targets of other trials.
        wrong = cells_of(module, x, np.roll(codes, len(codes) // 2, axis=0))
    elif not are_numbers(codes) and (trials == "contrast" or callable(method)):
        # The next class's score, contrasted over the trials of the class.
        wrong = cells_of(module, x, (codes + 1) % max(int(codes.max()) + 1, trained.sizes.get("target", 0)))
    if "target" in trained.dims and not network.numeric:
        wrong = wrong.roll(target=-1)
    kind = "wrong targets" if network.numeric else "wrong class"
    if wrong is not trained or not network.numeric:
        rows.append({"kind": kind, "layer": ""} | _summary(np.array([_similarities(trained, wrong)])))

    table = pd.DataFrame(rows)
    n_cells = trained.isel(target=0).size if "target" in trained.dims else trained.size
    signed = similarities[tuple(backwards)][:, 0]
    table.attrs = (
        decoder_origin(network)
        | trial_evidence(
            network, codes, scores.double().numpy(), trial_fingerprints(x), structure_of(network, epochs, x)
        )
        | {
            "method": method if isinstance(method, str) else "the user's own",
            "explain": explain,
            "trials": trials,
            "n_draws": n_draws,
            "threshold": THRESHOLD,
            "seed": seed,
        }
        | _outcome(signed, chance_size(n_cells))
    )
    return table


def _cells_by_name(
    method: str,
    explain: str,
    trials: str,
    bands: Mapping[str, tuple[float, float]] | None,
    n_steps: int,
    rate_hz: float,
    output_names: list[str] | None,
) -> Cells:
    """Return the function that computes a relevance of (target, band, channel) cells by a method of sincviz."""
    baseline: Baseline = "auto"

    def cells_of(module: nn.Module, x: NDArray[np.floating], codes: Any) -> xr.DataArray:
        nonlocal baseline
        network = module if output_names is None else opened(module, output_names=output_names)
        with warnings.catch_warnings():
            # How complete the shares of a random network are is not the question.
            warnings.filterwarnings("ignore", "The shares of", RuntimeWarning)
            if method in SINC_LAYER_ONLY:
                shares = relevance(network, x, codes, method=method, explain=explain, trials=trials)
                return sum_over_bands(shares, band_membership(network, bands=bands, by="measured_energy"))
            shares = spectral_relevance(
                network,
                x,
                codes,
                method=method,
                explain=explain,
                trials=trials,
                baseline=baseline,
                n_steps=n_steps,
                sfreq=rate_hz,
            )
            # The network itself is first: random ones are compared with the baseline that suits it.
            baseline = "surrogates" if shares.attrs.get("baseline") == "surrogates" else "zero"
            return sum_over_bands(shares, bands)

    return cells_of


def _similarities(one: xr.DataArray, other: xr.DataArray) -> tuple[float, float]:
    """Return Spearman's correlation over cells, and that of absolute values, each the mean over classes."""
    one, other = (array if "target" in array.dims else array.expand_dims("target") for array in (one, other))
    pairs = zip(one.to_numpy(), other.transpose(*one.dims).to_numpy(), strict=True)
    correlations = [(spearman(a, b), spearman(np.abs(a), np.abs(b))) for a, b in pairs]
    # A class without trials has no relevance to compare.
    known = np.array([pair for pair in correlations if np.isfinite(pair).all()] or [(np.nan, np.nan)])
    signed, absolute = known.mean(0)
    return float(signed), float(absolute)


def chance_size(n_cells: int) -> float:
    """Return the mean absolute Spearman correlation of this many cells in two unrelated orders.

    Examples
    --------
    >>> round(chance_size(3), 3), round(chance_size(100), 3)
    (0.667, 0.08)
    """
    if n_cells < 2:
        return 1.0
    if n_cells > _FEW_CELLS:
        return float(np.sqrt(2 / np.pi / (n_cells - 1)))
    places = np.array(list(itertools.permutations(range(n_cells))), float)
    return float(np.abs(_centred(places) @ _centred(places[:1]).T).mean())


def _centred(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = rows - rows.mean(1, keepdims=True)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    return centred


def _outcome(signed: NDArray[np.float64], by_chance: float) -> dict[str, str | float]:
    """Return whether a relevance differs in fully random networks, from its similarity in each draw."""
    sizes = np.abs(signed[np.isfinite(signed)])
    mean = low = high = float("nan")
    if len(sizes) > 1:
        mean, low, high = _mean_interval(sizes)
    outcome = "inconclusive"
    if high < THRESHOLD:
        outcome = "differs"
    elif low > max(THRESHOLD, by_chance):
        outcome = "stays"
    return {
        "outcome": outcome,
        "size": mean,
        "size_ci_low": low,
        "size_ci_high": high,
        "chance_size": by_chance,
    }


def _mean_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean of draws, each from −1 to 1, and its t interval."""
    mean = float(values.mean())
    half = float(scipy.stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def _summary(similarities: NDArray[np.float64]) -> dict[str, float]:
    """Return mean and interval over draws, of similarity and of that of absolute values."""
    row: dict[str, float] = {}
    for prefix, values in (("", similarities[:, 0]), ("magnitude_", similarities[:, 1])):
        mean = low = high = float(values.mean())
        if len(values) > 1:
            mean, low, high = _mean_interval(values)
        row |= {f"{prefix}similarity": mean, f"{prefix}ci_low": low, f"{prefix}ci_high": high}
    return row
