"""Relevance over seeds: what the networks of several trainings rest on, and how far they agree."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from sincviz._utils.progress import followed, shows_progress
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.attribution.convergence import TOLERANCE
from sincviz.analysis.labels import decoder_origin
from sincviz.analysis.statistics.crossed import crossed_intervals
from sincviz.analysis.statistics.intervals import LEVEL
from sincviz.analysis.statistics.two_classes import first_minus_second
from sincviz.errors import EpochsError
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.ensembles import members
from sincviz.networks.front_ends import FrontEnd
from sincviz.opening.ensemble_members import opened_members
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import EpochsOrArray
from sincviz.trials.numeric_targets import Targets, are_numbers

UNITS = "standard deviations of the network's score"


@shows_progress
def seed_relevance(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
    level: float = LEVEL,
    progress: bool = True,
) -> xr.Dataset:
    """Return the contrast of relevance of every seed, with intervals over trainings and trials together.

    An interval over trials says what further trials would show of these networks. It does not say what another training
    would rest on: that varies with initial weights, order of trials and dropout. Here both are counted.

    Parameters
    ----------
    model : Ensemble | SeedClassifier
        Networks that differ in their seed only, as :func:`sincviz.training.fit_many` trains them; five or more.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs, or of a network that predicts numbers what each
        output should be; ``None`` takes ``epochs.event_id``.
    bands : mapping of str to (float, float) | None
        Bands in Hz, low included, high excluded; ``None`` means delta to gamma. What they leave out is ``other``.
    n_steps : int | None
        Steps of integrated gradients; ``None`` takes as many as needed, for each network.
    tolerance : float
        Largest completeness error, as for :func:`sincviz.spectral_relevance`.
    level : float
        Coverage of the intervals, between 0 and 1.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.Dataset, dims (seed, target, band, channel)
        Integrated gradients of each class against the others; of two classes one target, first against second. To let
        no network weigh more because its scores are larger, the relevance of each is divided by the standard deviation
        of its score over these trials (``score_sd``, dims (seed, target)).

        - ``of_seeds``, dims (seed, target, band, channel): the contrast of each network;
        - ``relevance``, ``ci_low``, ``ci_high``, dims (target, band, channel): their mean, with the interval of
          :func:`sincviz.statistics.crossed_intervals`, which gives its coverage;
        - ``seed_se``, ``trial_se``, ``interaction_se``: which part of the uncertainty is of seeds, and which of trials.

    Raises
    ------
    TypeError
        If it is a single network.
    ValueError
        If there is one seed only, the classes are not known, or all trials are of one.
    EpochsError
        If the epochs do not fit the network.

    Notes
    -----
    What is estimated is the mean over all trainings and trials, which the mean over these seeds approaches. So an
    interval does not say that every single network rests on a cell, nor that networks trained on other people would.
    Intervals are of single cells and not corrected for their number.

    Of 80 small SincShallowNets, trained on the same 200 simulated trials (6 channels), 60 random sets of 3, 5 or 10
    were compared with what all others rest on in 2000 fresh trials: on 60 or 200 other trials 95 to 98 % of the
    intervals of all cells covered, and 93 to 95 % of those of the largest (1 % or more of the sum of sizes). Intervals
    over trials alone covered in 89 to 94 % and 87 to 93 % (``benchmarks/seed_intervals.py``).

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> from sincviz.networks import Ensemble
    >>> networks = [SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128).eval() for _ in range(3)]
    >>> x = np.random.default_rng(0).standard_normal((20, 3, 256))
    >>> found = seed_relevance(Ensemble(networks), x, [0, 1] * 10, progress=False)
    >>> dict(found.sizes)
    {'seed': 3, 'target': 1, 'band': 6, 'channel': 3}
    """
    n_seeds = len(members(model))
    if n_seeds < 2:
        raise ValueError(
            "One training does not show what another seed would do; got an ensemble of one network. Train more: "
            "`sincviz.training.fit_many(model, epochs, seeds=5)`."
        )
    network, epochs, y = analysis_inputs(model, epochs, y)
    codes = classes_if_known(network, epochs, y, needed=True)
    return seed_relevance_of(
        network, epochs, codes, bands=bands, n_steps=n_steps, tolerance=tolerance, level=level
    )


def seed_relevance_of(
    network: FrontEnd | BlackBox,
    epochs: EpochsOrArray,
    codes: Targets | None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    n_steps: int | None = None,
    tolerance: float = TOLERANCE,
    level: float = LEVEL,
) -> xr.Dataset:
    """Return the same for an ensemble that was opened, and trials with codes of their classes, or numeric targets."""
    numbered = codes is not None and are_numbers(codes)
    if not numbered and len(np.unique(np.asarray(codes))) < 2:
        raise ValueError(
            "All trials are of one class, so there is no contrast. Pass trials of two or more classes."
        )
    networks = opened_members(network)
    if len({one.weights_sha256 for one in networks}) < len(networks):
        raise ValueError(
            "Two networks of the ensemble have the same weights, so they are one training. Leave one of them out: "
            "`sincviz.networks.Ensemble(others)`."
        )
    single: list[xr.DataArray] = []
    deviations: list[xr.DataArray] = []
    for member in followed(networks, "Explaining", "seed"):
        cells = cell_relevance(member, epochs, codes, bands=bands, n_steps=n_steps, tolerance=tolerance)
        cells = cells if numbered else first_minus_second(cells)
        deviation = cells.sum(("band", "channel")).std("trial", ddof=1)
        if not (np.isfinite(deviation) & (deviation > 0)).all():
            raise EpochsError(
                f"Network {len(single)} of the ensemble says the same of every trial, so its relevance has no scale. "
                "Leave it out: `sincviz.networks.Ensemble(others)`."
            )
        single.append((cells / deviation).assign_attrs(cells.attrs))
        deviations.append(deviation)
    seeds = _names_of_seeds(network, len(single))
    stacked = xr.concat(
        single, xr.DataArray(seeds, dims="seed", name="seed"), coords="minimal", compat="override"
    )
    stacked = stacked.transpose("seed", "trial", "target", ...)
    found = crossed_intervals(stacked, level=level).rename(mean="relevance")
    scale = np.stack([one.to_numpy() for one in deviations])
    found["score_sd"] = (("seed", "target"), scale, {"units": "score"})
    for name in ("relevance", "ci_low", "ci_high", "of_seeds", "seed_se", "trial_se", "interaction_se"):
        found[name].attrs["units"] = UNITS
    normalised = "relevance of each network over the standard deviation of its score"
    return found.assign_attrs(
        decoder_origin(network) | found.attrs | {"units": UNITS, "normalised": normalised}
    )


def _names_of_seeds(network: FrontEnd | BlackBox, n_seeds: int) -> list[int]:
    """Return the seeds, or the numbers of the networks if they are not known."""
    known = network.provenance.get("seeds")
    return [int(seed) for seed in known] if known and len(known) == n_seeds else list(range(n_seeds))
