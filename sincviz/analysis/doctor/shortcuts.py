"""Shortcuts: what else than brain activity tells the classes in these trials and is used by the network."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import shows_progress
from sincviz.analysis.doctor.artefact_components import EYE, LINE, MUSCLE
from sincviz.analysis.doctor.artefact_rows import artefact_row, with_shares
from sincviz.analysis.doctor.audited_trials import (
    BLOCK,
    FOUND,
    NOT_FOUND,
    SUBJECT,
    UNCHECKED,
    audited_trials,
    retraining_of,
)
from sincviz.analysis.doctor.group_rows import group_row
from sincviz.analysis.labels import decoder_origin
from sincviz.opening.inputs import analysis_inputs
from sincviz.trials.epochs import EpochsOrArray

__all__ = ["FOUND", "KINDS", "NOT_FOUND", "UNCHECKED", "shortcut_audit"]

KINDS = (EYE, MUSCLE, LINE, SUBJECT, BLOCK)
COLUMNS = (
    *("status", "reason", "cells", "ranges_hz", "channel_numbers", "share", "p_tells", "p_used", "loss"),
    *("accuracy", "accuracy_without", "ci_low", "ci_high", "obtained"),
)


@shows_progress
def shortcut_audit(
    model: object,
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    training: EpochsOrArray | None = None,
    training_y: ArrayLike | None = None,
    train: Callable[[NDArray[np.floating], NDArray[np.int64]], object] | None = None,
    relevance: xr.DataArray | None = None,
    sfreq: float | None = None,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Look for shortcuts: what else than brain activity tells the classes in these trials and is used by the network.

    Always five rows: eye movements and blinks, muscles, line noise, the subject (where classes differ in frequency
    between subjects), and the block (where they do between runs, blocks or parts of the recording). "Not found" does
    not mean absent: a weak shortcut, or one that is not among these, is not seen.

    Parameters
    ----------
    model : torch.nn.Module | classifier | FrontEnd
        Any network that maps (batch, channels, times) to class scores.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials that were not used in training; subjects, sessions, runs and blocks are read from their ``metadata``.
        They are all held in memory.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    training : mne.BaseEpochs | array | None
        The trials of the training, to train a network that cannot use what was found. Needs ``train``.
    training_y : array | None
        Their classes, as ``y``.
    train : callable | None
        From trials, an array as the network takes them, and the numbers of their classes to a trained network or
        classifier, such as ``functools.partial(sincviz.training.fit, untrained, progress=False)`` with a fresh network
        of the same sizes. It is called once for each shortcut that is found.
    relevance : xarray.DataArray, dims (target, channel, frequency), or None
        What ``spectral_relevance(model, epochs, trials="contrast")`` returned, for the shares; ``None`` computes it
        from 100 trials.
    sfreq : float | None
        Sampling rate in Hz; ``None`` takes the network's, else that of the epochs.
    seed : int
        Seed of exchanges and permutations.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    pandas.DataFrame
        Index ``kind``: ``eye``, ``muscle``, ``line``, ``subject``, ``block``. Columns:

        - ``status``: "found", "not found" or "could not be checked"; ``reason``: why, and for a shortcut that was found
          what limits it;
        - ``cells``: frequencies and channels in words, ``ranges_hz`` and ``channel_numbers`` in numbers;
        - ``share``: of the contrast of relevance in these cells, by absolute values; of subjects and blocks the share
          of the contrast of the scores that what is added for the group makes;
        - ``p_tells``: that it tells the classes; ``p_used``: that the network uses it; ``loss``: the accuracy that is
          lost when trials exchange it (subjects, blocks: when their classes are equally frequent);
        - ``accuracy``: on these trials; ``accuracy_without``: what is expected of a network that cannot use it, with
          ``ci_low`` and ``ci_high`` (95 %), and ``obtained``: how.

    Raises
    ------
    TypeError
        If ``train`` is not a function.
    ValueError
        If the outputs are numbers, the classes or the sampling rate are unknown, or only one of
        ``training`` and ``train`` is given.
    EpochsError
        If the epochs do not fit the network.

    Notes
    -----
    *Eyes and muscles.* Components are the generalised eigenvectors of two covariances over channels, that of the
    artefact's frequencies (below 4 Hz; from 30 Hz) and that of others [1]_, of which those count that lie beside the
    eyes or at the edge of the scalp. Labels do not enter, so a rhythm of the brain that tells the classes is not taken
    for one. What stays or only rises through a whole trial counts as drift. Those whose power or course differs between
    the classes (Kruskal-Wallis test within subjects, p < 0.01, corrected) are removed from all channels, below 13 Hz or
    from there on.

    *Lines* stand out of the spectrum on half of the channels, or, at multiples of 50 and 60 Hz and their aliases, on
    any. 1.5 Hz to both sides are removed.

    *Used.* Trials exchange the artefact: a shortcut lowers the margin (t-test, p < 0.01) and the accuracy by two points
    or more.

    *Subjects and blocks.* Scores are the sum of an effect of the class and one of the group. A network that recognises
    the group adds to the score of a class where that class is frequent (permutation of the groups, p < 0.05; of trials
    if there are fewer than eight groups, which says less, so five points must be lost). A block with trials of one
    class tells nothing of this: where most are of that kind, it cannot be checked.

    *Accuracy without.* Removing a shortcut from a trained network says too little: it may have neglected what it could
    have learned instead. With ``training``, a network is trained anew on trials without the artefact. Otherwise the
    accuracy is that of this network without it (its mean scores are kept), and the interval reaches up to that of
    common spatial patterns in a cross-validation, if these do better. Of subjects and blocks it is that of this network
    without what it adds for the group, or of one that is trained with each class as often as the others in every group
    (trials of rare classes are repeated), whichever is better: a network that never met such groups may know more of
    the classes than both.

    *Measured* on 120 simulated networks (``benchmarks/shortcuts.py``, 16 channels, 400 training trials): of shortcuts
    whose absence costs a retrained network two points or more, all of eyes (8), muscles (9), lines (8) and subjects
    (12) were found, and 3 of 6 of blocks; of 60 networks without a shortcut one was accused. The accuracy by retraining
    was 1.0, 1.6, 0.9, 1.8 and 2.9 points from that of networks that never met the shortcut, on average. Without
    retraining it was 2.1, 8.5, 18.7, 2.5 and 1.9 points off, too low where a network had neglected the rest; its
    interval held the truth in 37 of 40. Pass ``training`` to know more.

    References
    ----------
    .. [1] Nikulin, V. V., Nolte, G., & Curio, G. (2011). A novel method for reliable and fast extraction of neuronal
       EEG/MEG oscillations on the basis of spatio-spectral decomposition. NeuroImage, 55, 1528-1535.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> network = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> x = np.random.default_rng(0).standard_normal((40, 3, 256))
    >>> shortcut_audit(network, x, [0, 1] * 20, progress=False)["status"].to_dict()["line"]
    'not found'
    """
    seed = checked_seed(seed)
    network, epochs, y = analysis_inputs(model, epochs, y)
    trials = audited_trials(network, epochs, y, sfreq, seed)
    again = retraining_of(network, training, training_y, train, sfreq, seed)
    signals = [artefact_row(kind, trials, again) for kind in (EYE, MUSCLE, LINE)]
    groups = [group_row(kind, trials, again) for kind in (SUBJECT, BLOCK)]
    table = pd.DataFrame([*with_shares(signals, trials, relevance), *groups]).set_index("kind")
    table.attrs = decoder_origin(network) | {
        "n_trials": len(trials.x),
        "seed": seed,
        "retrained": again is not None,
    }
    return table[list(COLUMNS)]
