"""Messages about trials with implausible values: not finite, or in other units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sincviz._utils.text import listed

UNITS = "These trials look as if they were in "
"""Beginning of a warning about probably wrong units."""

LEAST_UV = 1e-3  # typical standard deviation; an amplifier's own noise is a hundred times as large
MOST_V = 0.02  # a hundred times a large EEG, and more than amplifiers take
MOST_LISTED = 20


def not_finite_message(finite: NDArray[np.bool_], ch_names: Sequence[str] | None, *, in_epochs: bool) -> str:
    """Return which channels or trials have values that are not finite, and code that removes them.

    Parameters
    ----------
    finite : array of bool, shape (trials, channels)
        Whether all values are finite; for all trials, not one batch.
    ch_names : sequence of str | None
        Names of the channels; ``None`` numbers them.
    in_epochs : bool
        Whether the trials are ``mne.Epochs``.

    Examples
    --------
    >>> finite = np.ones((40, 3), bool)
    >>> finite[7, 2] = False
    >>> not_finite_message(finite, ["C3", "Cz", "C4"], in_epochs=True)
    '1 trial holds values that are not finite, trial 7 (in C4). Drop it: `epochs.drop([7])`.'
    """
    names = [str(number) for number in range(finite.shape[1])] if ch_names is None else list(ch_names)
    share = (~finite).mean(0)
    broken = np.flatnonzero(share > 0.5)
    if len(broken) and len(finite) > 1:
        return _of_channels(finite, broken, names, in_epochs=in_epochs, named=ch_names is not None)
    trials = np.flatnonzero(~finite.all(1)).tolist()
    channels = [names[index] for index in np.flatnonzero(~finite.all(0))]
    few = len(trials) <= MOST_LISTED
    one = len(trials) == 1
    where = (
        f"trial{'' if one else 's'} {', '.join(map(str, trials))}"
        if few
        else f"the first is trial {trials[0]}"
    )
    numbers = str(trials)
    if not few and in_epochs:
        numbers = "np.flatnonzero(~np.isfinite(epochs.get_data()).all((1, 2)))"
    elif not few:
        numbers = "np.flatnonzero(~np.isfinite(x).all((1, 2)))"
    line = (
        f"`epochs.drop({numbers})`"
        if in_epochs
        else f"`x = np.delete(x, {numbers}, axis=0)`, and the same for `y`"
    )
    return (
        f"{len(trials)} trial{' holds' if one else 's hold'} values that are not finite, {where} (in "
        f"{listed(channels) if ch_names is not None else f'channel {listed(channels)}'}). Drop "
        f"{'it' if one else 'them'}: {line}."
    )


def _of_channels(
    finite: NDArray[np.bool_], broken: NDArray[np.int64], names: list[str], *, in_epochs: bool, named: bool
) -> str:
    channels = [names[index] for index in broken]
    n_bad = int((~finite[:, broken]).any(1).sum())
    one = len(channels) == 1
    what = (
        f"Channel{'' if one else 's'} {listed(channels)} ({len(channels)} of {finite.shape[1]}) "
        f"hold{'s' if one else ''} values that are not finite in {n_bad} of {len(finite)} trials. "
    )
    if len(channels) > finite.shape[1] / 2:
        return what + "Too many to interpolate: look for the cause, such as a division by zero."
    if in_epochs and named:
        return what + (
            f"Interpolate {'it' if one else 'them'}: `epochs.info['bads'] += {channels}` and "
            "`epochs.interpolate_bads()`; or train without."
        )
    return what + f"Interpolate {'it' if one else 'them'} before making the array, or train without."


def units_message(size: float, units_per_volt: float | None, *, in_epochs: bool) -> str | None:
    """Return a message if trials seem to be in other units than the network's, else ``None``.

    Parameters
    ----------
    size : float
        Typical standard deviation of a channel in a trial of the network's input.
    units_per_volt : float | None
        The network's units.
    in_epochs : bool
        Whether the trials are ``mne.Epochs``, which have been multiplied by ``units_per_volt``.

    Examples
    --------
    >>> units_message(1e-5, 1e6, in_epochs=False)[:91]
    'These trials look as if they were in volts: their standard deviation is typically 1e-05 and'
    >>> units_message(20.0, 1e6, in_epochs=False) is None
    True
    """
    if units_per_volt is None or units_per_volt <= 0:
        return None
    if in_epochs:
        if size / units_per_volt < MOST_V:
            return None
        return (
            f"{UNITS}microvolts where MNE keeps volts: their standard deviation is typically "
            f"{size / units_per_volt:.2g} V. `epochs.apply_function(lambda x: x * 1e-6)` converts microvolts to volts."
        )
    # For a network in volts, or nearly so, volts are what is expected.
    if units_per_volt < 1e3 or not 0 < size / units_per_volt < LEAST_UV * 1e-6:
        return None
    return (
        f"{UNITS}volts: their standard deviation is typically {size:.1g} and the network takes {units_per_volt:g} per "
        f"volt. Multiply the array by {units_per_volt:g}; if the network was trained on such arrays, set "
        "`model.scale = 1`."
    )
