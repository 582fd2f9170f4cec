"""Roles: which cells a network uses, which tell the classes by themselves, and which do one without the other."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import shows_progress
from sincviz.analysis.attribution.collectors import TrialShares, of_single_trials
from sincviz.analysis.attribution.cross_spectra import cross_spectra
from sincviz.analysis.attribution.input_relevance import Also, InputSetting, Sampling, Split, input_relevance
from sincviz.analysis.attribution.pattern import over_patterns
from sincviz.analysis.attribution.spectral import over_frequencies
from sincviz.analysis.attribution.temporal import over_times
from sincviz.analysis.evidence.cell_roles import roles_of
from sincviz.analysis.evidence.target_trials import permutations_of
from sincviz.analysis.statistics.exchangeability import exchangeable_trials, structure_of
from sincviz.eeg.bands import bands_apart, check_covered
from sincviz.eeg.sums import sum_over_bands, sum_over_times
from sincviz.networks.decoder import Decoder
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.classes import labelled_trials
from sincviz.trials.epochs import EpochsOrArray, sampling_rate_hz

__all__ = ["roles", "roles_in_time", "roles_of"]

WIDTH_S = 0.1
"""Windows of time: shorter ones hold too few samples to know a power."""


@shows_progress
def roles(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> xr.Dataset:
    """Return of each band of each channel whether the network uses it, and whether it is informative by itself.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training; a hundred or more, for with few trials most cells are "not shown".
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    bands : mapping of str to (float, float) | None
        Bands in Hz, low included, high excluded; ``None`` means delta to gamma. What they leave out is ``other``.
    sfreq : float | None
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs.
    seed : int
        Seed of resamples and permutations.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.Dataset, dims (target, band, channel)
        Of each class against the others; of two classes one target, first against second.

        - ``relevance``, in units of the score: the contrast of the relevance
          (:func:`sincviz.spectral_relevance`), and ``p_used``, corrected for the number of cells;
        - ``spread``: the standard deviation over the trials of a class of the cell's relevance, which is how far the
          cell moves the score from trial to trial;
        - ``used``: "yes", "no" or "not shown";
        - ``power_area``: the area under the ROC curve with which the logarithm of the cell's power tells the class, 0.5
          if not at all, below 0.5 if the class has less power; ``evoked_area``: that of the projection on the
          difference of the classes' mean signals in this cell, in other trials; ``p_informative``, of both, corrected
          for the number of cells;
        - ``shared_power_area``, ``shared_evoked_area``: upper limits of the areas that components telling the classes
          leave to this channel by itself, whichever class has more: six of power over all channels, and all time
          courses of evoked responses; what further components tell may be more;
        - ``informative``: "yes", "no" or "not shown";
        - ``pattern``: contrast of the pattern relevance;
        - ``role``: "used and informative", "suppressor" (used, not informative), "redundant" (informative, not used),
          "neither" or "not shown".

        Relevance, spread, pattern and areas have 95 % intervals over trials, ``_ci_low`` and ``_ci_high``. Limits of
        bands are the coordinates ``band_low_hz`` and ``band_high_hz``; all thresholds are in ``attrs``, and the number
        of permutations of ``p_used`` (``n_permutations``) and of ``p_informative`` (``n_permutations_informative``).

    Raises
    ------
    TypeError
        If ``bands`` is not a mapping.
    ValueError
        If the outputs are numbers, the classes are unknown, there are fewer than two of them, the sampling rate is
        unknown, or no frequency of these trials lies in a band of your own.
    EpochsError
        If the epochs do not fit the network.

    Notes
    -----
    *Used*. A cell whose contrast of relevance is established (corrected p below 0.05) is used: it makes the scores of
    the classes differ. So is, if any cell's contrast is established, one that moves the score by a tenth or more of
    what the strongest cell does: a channel from which a network takes the noise of another one moves every score, but
    what it adds is the same in all classes, so its contrast is zero. A cell is not used if both are below 2 % of the
    strongest cell's. The relevance is exact for each trial, so all that is uncertain is the trials.

    *Informative*. The corrected p of the two areas is below 0.05; or, without it, what tells the classes anywhere in
    this band, seen in this channel, surely (corrected for the number of cells) leaves it an area above 0.55 by power,
    or 0.6 by evoked responses, and its own area agrees (95 % interval beyond 0.5 on the same side; 20 trials or more of
    the class and of the others). The former is known much better than the latter, for it follows from how the channel
    covaries with components that are nearly free of its noise [1]_. "No" means that areas beyond 0.67 by power (below
    0.33 if the class has less) and above 0.77 by evoked responses are excluded, not that the cell tells nothing. The 95
    % intervals of its own areas must reach 0.5, but not these, nor may the upper limit of all time courses of its
    evoked response.

    Simulated channels whose power has an area of 0.65 were called "no" in 5 % of data sets of 100 trials and 3 % of 200
    (200 channels each, alpha), those with 0.7 never, those with 0.6 in 14 % and 26 %, and empty channels in 42 % and 94
    %. Those with an evoked response whose best projection has an area of 0.74 to 0.77 were called "no" in at most 6 %
    (theta and beta, 120 channels each).

    Of three classes or more, each is compared with all others together, where a class in the middle is not told. So
    "no" is only said where the cell tells no other class from the others, nor this class from any other one (99 %
    interval).

    Differences between subjects or recordings are removed where these are known. A trial in which a channel is flat
    counts as the one with the least power there.

    What the words do not mean:

    - *Used and informative* cells need not contribute what they know by themselves: a channel may tell the classes
      weakly, and serve mainly to remove noise from others.
    - *Suppressors* are used without telling anything by themselves that these trials show, so in these trials they show
      no source of what the classes differ in. Whether it removes noise of others, or is noise that
      the network lets in, is what :func:`sincviz.ablate` says: only without the former is the network worse. The word
      is used only where some cell of the same target is used and informative.
    - *Redundant* means informative by itself and not used by this network; it does not mean that another network
      would lose nothing without it, nor that nothing is to be gained by using it.
    - *Neither* may still be informative jointly with others: a difference between two channels may tell the classes
      where neither does, and so may the coupling of two bands.
    - *Not shown* is not "no". It may need more trials.
    - "By itself" is about power and evoked responses. Information that is in neither, such as in the shape of bursts,
      is not found, nor that in how much power varies from trial to trial, or in power that is neither large nor small.

    References
    ----------
    .. [1] Haufe, S., et al. (2014). On the interpretation of weight vectors of linear models in multivariate
       neuroimaging. NeuroImage, 87, 96-110.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> x = np.random.default_rng(0).standard_normal((60, 3, 256))
    >>> x[::2, 1] *= 2  # the first class is louder in the second channel
    >>> found = roles(model, x, [0, 1] * 30, progress=False)
    >>> found["informative"].sel(band="alpha", channel="1").item()
    'yes'
    """
    chosen = bands_apart(bands)

    def split_of(sampling: Sampling) -> Split:
        check_covered(chosen, len(sampling.times), sampling.rate_hz)
        return over_frequencies()(sampling)

    return _of(
        *(model, epochs, y, split_of, lambda spectra: sum_over_bands(spectra, bands), sfreq, seed),
        with_pattern=True,
    )


@shows_progress
def roles_in_time(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    width_s: float = WIDTH_S,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> xr.Dataset:
    """Return the same as :func:`sincviz.evidence.roles` of each channel in each window of time.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training; a hundred or more.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    width_s : float
        Width of the windows in seconds.
    sfreq : float | None
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs.
    seed : int
        Seed of resamples and permutations.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.Dataset, dims (target, channel, time)
        The variables of :func:`sincviz.evidence.roles`, without ``pattern``. Power is that of all frequencies, within
        the window. Limits of windows are the coordinates ``time_low_s`` and ``time_high_s``.

    Raises
    ------
    ValueError, EpochsError
        As for :func:`sincviz.evidence.roles`.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128)
    >>> x = np.random.default_rng(0).standard_normal((60, 3, 128))
    >>> x[::2, 1, 64:96] += 1  # the first class has a potential in the second channel
    >>> found = roles_in_time(model, x, [0, 1] * 30, width_s=0.25, progress=False)
    >>> found["informative"].sel(channel="1").values.tolist()
    [['not shown', 'not shown', 'yes', 'not shown']]
    """
    return _of(
        *(model, epochs, y, over_times, lambda course: sum_over_times(course, width_s), sfreq, seed),
        with_pattern=False,
    )


def _of(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None,
    split_of: Callable[[Sampling], Split],
    summed: Callable[[xr.DataArray], xr.DataArray],
    sfreq: float | None,
    seed: int,
    *,
    with_pattern: bool,
) -> xr.Dataset:
    """Explain the trials, and return the roles of their cells."""
    seed = checked_seed(seed)
    network, epochs, y = analysis_inputs(model, epochs, y)
    x, codes = _classes(network, epochs, y)
    rate_hz = sampling_rate_hz(network.sfreq, epochs, sfreq)
    also = Also(lambda _, targets, sampling: [TrialShares(network, targets, pattern_of(sampling), summed)])

    def pattern_of(sampling: Sampling) -> Split:
        return over_patterns(split_of(sampling), cross_spectra(network, epochs))

    setting = InputSetting(sfreq=sfreq)
    shares = of_single_trials(
        input_relevance(
            *(network, epochs, codes, split_of, setting),
            per_trial=True,
            kept_as=summed,
            also=also if with_pattern else None,
        )
    )
    pattern = next((one.shares(shares) for one in also.kept if isinstance(one, TrialShares)), None)
    structure = structure_of(network, epochs, x)
    permuted, strata = permutations_of(structure, codes, seed)
    units = exchangeable_trials(structure, codes)["unit"].to_numpy()
    return roles_of(
        *(shares, x, rate_hz), pattern=pattern, permuted_codes=permuted, strata=strata, units=units, seed=seed
    )


def _classes(
    network: Decoder, epochs: EpochsOrArray, y: ArrayLike | None
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    if network.numeric:
        raise ValueError(
            "`roles` compares classes, but the outputs of this network are numbers. Try `band_power_contrast` for what "
            "single cells tell of a number, and `relevance(..., trials='contrast')` for what the network uses."
        )
    x, codes = labelled_trials(network, epochs, y)
    if len(np.unique(codes)) < 2:
        raise ValueError(
            f"`roles` compares classes; got {len(codes)} trials of one class. Pass trials of two classes or more."
        )
    return x, np.asarray(codes, np.int64)
