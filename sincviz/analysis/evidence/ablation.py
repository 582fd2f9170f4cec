"""Ablation: what a network loses without a band of a channel or a region; the causal answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import shows_progress, switched_off, tqdm
from sincviz.analysis.evidence.band_replacement import ReplaceableTrials, in_bands, replaceable_trials
from sincviz.analysis.evidence.cell_information import told_by_bands
from sincviz.analysis.labels import channel_coords, decoder_origin
from sincviz.analysis.statistics.intervals import mean_intervals
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import check_covered, checked_bands
from sincviz.eeg.role_words import NO, NOT_SHOWN, YES
from sincviz.trials.epochs import EpochsOrArray


@shows_progress
def ablate(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    channels: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    replacement: str = "other_trial",
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> xr.Dataset:
    """Replace one band of one channel with that of another trial, and measure what the decision loses.

    The replacement comes from a random other trial of any class, which keeps the statistics of the signal and removes
    only its information about the trial.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials, preferably not used in training. They are all held in memory.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of outputs that
        are numbers (see :func:`sincviz.network`), what each should be, shape (trials,) or (trials, outputs).
    bands : mapping of str to (float, float) | None
        Bands in Hz, low included, high excluded; ``None`` means delta to gamma.
    channels : sequence of str | mapping of str to sequence of str | None
        Channels to ablate, one at a time; ``None`` means all. A mapping names regions, whose channels are ablated
        together.
    replacement : {"other_trial", "zero"}
        ``"zero"`` removes the band, which makes signals unlike any that the network has seen: it may then assign all
        trials to one class.
    sfreq : float | None
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs.
    seed : int
        Seed of the choice of the other trials.
    progress : bool
        Show a progress bar.

    Returns
    -------
    xarray.Dataset
        Over ``band`` and ``channel`` (regions are channels here): ``accuracy_loss``, and ``score_loss``, the mean loss
        of the margin between the true class's score and the best other's; each with ``_ci_low`` and ``_ci_high``, a 95
        % bootstrap interval over trials. Of outputs that are numbers, ``correlation_loss``, and ``score_loss``, the
        loss of the mean product of standardised target and prediction, in standard deviations of the predictions for
        unchanged trials (for these it is the correlation).

        Of classes also ``power_area`` and ``evoked_area``, how well the cell tells the classes by itself (ROC area, 0.5
        if not at all), with ``_ci_low`` and ``_ci_high``, and ``informative``: "yes", "no" or "not shown"; see
        :func:`sincviz.evidence.roles`. What costs most may tell nothing by itself. Of a region these are those of its
        most informative channel (the intervals do not account for that choice, ``informative`` does), and of more than
        two classes those of the class that is told best from the others; "no" is "no" for all of them. They need no
        passes through the network: of 160 trials, 22 channels and four classes they take 1.5 s, where all takes 5 s
        with a small network, and with more trials their square.

        NaN for those of the bands delta to gamma without any frequency of these trials. Limits of bands are the
        coordinates ``band_low_hz`` and ``band_high_hz``; bands may overlap, and each is taken as a whole.

    Raises
    ------
    TypeError
        If ``bands`` is not a mapping.
    ValueError
        If a channel or a class is unknown, a band's limits are not two increasing numbers, no frequency of these trials
        lies in a custom band, labels and trials differ in number, or there are fewer than two trials.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> network = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> loss = ablate(network, np.random.default_rng(0).standard_normal((10, 3, 256)), [0, 1] * 5, progress=False)
    >>> dict(loss.sizes)
    {'band': 5, 'channel': 3}
    """
    chosen_bands = checked_bands(bands)
    if not chosen_bands:
        raise ValueError("`bands` is empty. Pass bands, or None for delta to gamma.")
    seed = checked_seed(seed)
    trials = replaceable_trials(model, epochs, y, replacement=replacement, sfreq=sfreq, seed=seed)
    coords = channel_coords(trials.network, trials.trials.shape[1])
    names = list(coords["channel"])
    regions = _regions(channels, names)
    masks = in_bands(list(chosen_bands.values()), trials.trials.shape[2], trials.sfreq_hz)
    check_covered(chosen_bands, trials.trials.shape[2], trials.sfreq_hz)

    before = trials.measures()
    losses = {name: np.empty((len(trials.trials), len(chosen_bands), len(regions))) for name in before}
    shown = tqdm(regions.values(), "Ablating", unit="channel", disable=bool(switched_off()))
    for column, members in enumerate(shown):
        for row, mask in enumerate(masks):
            cells = np.zeros((len(names), len(mask)), bool)
            cells[[names.index(name) for name in members]] = mask
            if not mask.any():
                for loss_of in losses.values():
                    loss_of[:, row, column] = np.nan  # no frequency of these trials lies in the band
                continue
            after = trials.measures_without(cells)
            for name, loss_of in losses.items():
                loss_of[:, row, column] = before[name] - after[name]

    dims = ("band", "channel")
    variables: dict[str, tuple[Any, ...]] = {}
    for name, values in ((f"{quantity}_loss", of_trials) for quantity, of_trials in losses.items()):
        low, high = mean_intervals(values, seed=seed)
        variables |= {
            name: (dims, values.mean(0)),
            f"{name}_ci_low": (dims, low),
            f"{name}_ci_high": (dims, high),
        }
    loss = xr.Dataset(
        variables,
        coords={"band": list(chosen_bands), "channel": list(regions)},
        attrs=decoder_origin(trials.network)
        | trials.evidence()
        | {
            "method": "replacement by another trial"
            if replacement == "other_trial"
            else "replacement by zero",
            "seed": seed,
        },
    )
    loss = with_band_limits(loss, chosen_bands)
    if not trials.network.numeric:
        loss = loss.merge(
            _informative(trials, masks, [[names.index(name) for name in of] for of in regions.values()])
        )
    if isinstance(channels, Mapping):
        return loss
    picks = [names.index(name) for name in regions]
    return loss.assign_coords(
        {
            name: (coord[0], np.asarray(coord[1])[picks], *coord[2:])
            for name, coord in coords.items()
            if isinstance(coord, tuple)
        }
    )


def _informative(
    trials: ReplaceableTrials, masks: NDArray[np.bool_], members: Sequence[Sequence[int]]
) -> xr.Dataset:
    """Return what the cells tell of the classes by themselves, of regions that of the channel that tells most."""
    assert trials.structure is not None  # replaceable_trials knows it
    told = told_by_bands(
        trials.trials.numpy(), trials.codes.numpy(), masks, trials.structure, trials.seed
    ).transpose("target", "channel", "band")
    distance = np.fmax(np.abs(told["power_area"].to_numpy() - 0.5), told["evoked_area"].to_numpy() - 0.5)
    words = told["informative"].to_numpy()
    names = [f"{of}_area{end}" for of in ("power", "evoked") for end in ("", "_ci_low", "_ci_high")]
    found = {name: np.empty((len(masks), len(members))) for name in names}
    informative = np.empty((len(masks), len(members)), words.dtype)
    for column, picks in enumerate(members):
        of_region = np.nan_to_num(distance[:, picks], nan=-1.0).reshape(-1, len(masks))
        best = of_region.argmax(0)[None]
        for name in names:
            values = told[name].to_numpy()[:, picks].reshape(-1, len(masks))
            found[name][:, column] = np.take_along_axis(values, best, 0)[0]
        answers = words[:, picks].reshape(-1, len(masks))
        informative[:, column] = np.where(
            (answers == YES).any(0), YES, np.where((answers == NO).all(0), NO, NOT_SHOWN)
        )
    dims = ("band", "channel")
    return xr.Dataset({name: (dims, of) for name, of in found.items()} | {"informative": (dims, informative)})


def _regions(
    channels: Sequence[str] | Mapping[str, Sequence[str]] | None, names: Sequence[str]
) -> dict[str, list[str]]:
    """Return the channels of each region; single channels are their own regions."""
    if channels is not None and len(channels) == 0:
        raise ValueError("`channels` is empty. Pass names, or None for all.")
    if isinstance(channels, Mapping):
        wrong = [
            region for region, members in channels.items() if isinstance(members, str) or len(members) == 0
        ]
        if wrong:
            raise TypeError(f"Each region must be a list of one channel or more; these are not: {wrong}.")
        regions = {region: list(members) for region, members in channels.items()}
    else:
        if isinstance(channels, str):
            raise TypeError(
                f"`channels` must be a list of names, or a mapping; got {channels!r}. Try [{channels!r}]."
            )
        chosen = [str(name) for name in (names if channels is None else channels)]
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"`channels` must name each channel once; got {', '.join(chosen)}.")
        regions = {name: [name] for name in chosen}
    unknown = sorted({name for members in regions.values() for name in members} - set(names))
    if unknown:
        raise ValueError(f"The network has no channel {', '.join(unknown)}. It has {', '.join(names)}.")
    return regions
