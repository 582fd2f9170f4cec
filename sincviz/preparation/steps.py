"""Steps of a preparation, with the names and parameters of MNE's and braindecode's preprocessing."""

import dataclasses
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from sincviz._utils.checks import finite_float, positive_int
from sincviz.errors import did_you_mean

Array: TypeAlias = NDArray[Any]

_NO_VARIATION = 1e-9
"""Share of the largest standard deviation in a trial, below which a channel has none."""


@dataclass(frozen=True)
class Filter:
    """Band-pass, high-pass or low-pass, as ``epochs.filter`` of MNE does it by default (zero-phase FIR).

    Parameters
    ----------
    l_freq, h_freq : float | None
        Lower and upper edge of the pass band in Hz; ``None`` leaves that side open. Epochs that were recorded or
        filtered within an edge already, by ``info["highpass"]`` and ``info["lowpass"]``, are not filtered there again.

    Examples
    --------
    >>> Filter(4, 38)
    Filter(l_freq=4.0, h_freq=38.0)
    """

    name: ClassVar[str] = "filter"
    l_freq: float | None = None
    h_freq: float | None = None

    def __post_init__(self) -> None:
        """Check the edges."""
        for edge in ("l_freq", "h_freq"):
            if getattr(self, edge) is not None:
                value = finite_float(edge, getattr(self, edge), above=0, advice=4 if edge == "l_freq" else 38)
                object.__setattr__(self, edge, value)
        if self.l_freq is None and self.h_freq is None:
            raise ValueError("`l_freq` or `h_freq` must be given; got neither. Try `l_freq=4, h_freq=38`.")
        if None not in (self.l_freq, self.h_freq) and self.l_freq >= self.h_freq:  # type: ignore[operator]
            raise ValueError(
                f"`l_freq` must be below `h_freq`; got {self.l_freq:g} and {self.h_freq:g} Hz. Exchange them."
            )

    def apply(self, data: Array, sfreq: float, *, highpass: float = 0.0, lowpass: float = np.inf) -> Array:
        """Return filtered trials, shape (trials, channels, times), that were high- and low-passed at these edges."""
        import mne

        l_freq = None if self.l_freq is None or highpass >= self.l_freq * (1 - 1e-6) else self.l_freq
        h_freq = None if self.h_freq is None or lowpass <= self.h_freq * (1 + 1e-6) else self.h_freq
        if h_freq is not None and h_freq >= sfreq / 2:
            raise ValueError(
                f"`h_freq` must be below half the sampling rate; got {h_freq:g} Hz at {sfreq:g} Hz. Try "
                f"`h_freq={0.4 * sfreq:g}`."
            )
        if l_freq is None and h_freq is None:
            return data
        # Padded as `epochs.filter` does it.
        filtered: Array = mne.filter.filter_data(
            data, sfreq, l_freq, h_freq, copy=True, pad="edge", verbose="error"
        )
        return filtered

    def words(self) -> str:
        """Return the step as text."""
        if self.h_freq is None:
            return f"high-pass at {self.l_freq:g} Hz"
        if self.l_freq is None:
            return f"low-pass at {self.h_freq:g} Hz"
        return f"band-pass {self.l_freq:g}–{self.h_freq:g} Hz"


@dataclass(frozen=True)
class Resample:
    """Another sampling rate, as ``epochs.resample`` of MNE makes it.

    Parameters
    ----------
    sfreq : float
        Sampling rate in Hz. Trials that have it stay as they are.
    """

    name: ClassVar[str] = "resample"
    sfreq: float

    def __post_init__(self) -> None:
        """Check the rate."""
        object.__setattr__(self, "sfreq", finite_float("sfreq", self.sfreq, above=0, advice=128))

    def apply(self, data: Array, sfreq: float) -> Array:
        """Return trials, shape (trials, channels, times), at the new rate."""
        import mne

        if np.isclose(sfreq, self.sfreq, rtol=1e-5):
            return data
        # Padded as `epochs.resample` does it.
        resampled: Array = mne.filter.resample(
            data, self.sfreq, sfreq, npad="auto", pad="edge", verbose="error"
        )
        return resampled

    def words(self) -> str:
        """Return the step as text."""
        return f"resampling to {self.sfreq:g} Hz"


@dataclass(frozen=True)
class SetEEGReference:
    """Another reference, as ``epochs.set_eeg_reference`` sets it.

    Parameters
    ----------
    ref_channels : {"average"} | sequence of str
        The mean of these channels is subtracted from all; ``"average"`` is the mean of the network's channels.
    """

    name: ClassVar[str] = "set_eeg_reference"
    ref_channels: str | tuple[str, ...] = "average"

    def __post_init__(self) -> None:
        """Check the names."""
        if isinstance(self.ref_channels, str):
            if self.ref_channels != "average":
                raise ValueError(
                    f"`ref_channels` must be 'average' or a list of channels; got {self.ref_channels!r}. Try "
                    f"['{self.ref_channels}']."
                )
            return
        names = tuple(str(name) for name in self.ref_channels)
        if not names:
            raise ValueError("`ref_channels` must name at least one channel; got none. Try 'average'.")
        object.__setattr__(self, "ref_channels", names)

    def apply(self, data: Array, ch_names: Sequence[str], averaged: Sequence[str]) -> Array:
        """Return trials, shape (trials, channels, times), minus the mean of the reference channels."""
        wanted = averaged if isinstance(self.ref_channels, str) else self.ref_channels
        places = [list(ch_names).index(name) for name in wanted]
        referenced: Array = data - data[:, places].mean(1, keepdims=True)
        return referenced

    def words(self) -> str:
        """Return the step as text."""
        return (
            "average reference"
            if isinstance(self.ref_channels, str)
            else f"reference {', '.join(self.ref_channels)}"
        )


@dataclass(frozen=True)
class StandardizeTrials:
    """Each channel of each trial gets mean 0 and standard deviation 1; a channel without variation becomes 0."""

    name: ClassVar[str] = "standardize_trials"

    def apply(self, data: Array) -> Array:
        """Return standardised trials, shape (trials, channels, times)."""
        centred = data - data.mean(2, keepdims=True)
        deviation = centred.std(2, keepdims=True)
        # Rounding leaves a little in a channel without variation.
        varies = deviation > _NO_VARIATION * deviation.max(1, keepdims=True)
        standardised: Array = np.divide(centred, deviation, out=np.zeros_like(centred), where=varies)
        return standardised

    def words(self) -> str:
        """Return the step as text."""
        return "standardisation of each trial"


@dataclass(frozen=True)
class ExponentialMovingStandardize:
    """Each channel minus its exponential moving mean, over its exponential moving standard deviation.

    The mean is ``m_t = factor_new · x_t + (1 - factor_new) · m_(t-1)``, the variance the same of ``(x - m)²``, both
    with the weights normalised to 1 at the beginning of a trial, as in ``braindecode.preprocessing``
    (Schirrmeister et al. 2017).

    Parameters
    ----------
    factor_new : float
        Weight of a new sample.
    init_block_size : int | None
        Number of first samples that are standardised by their own mean and standard deviation; ``None`` for none.
    eps : float
        Smallest standard deviation to divide by, in the network's units.
    """

    name: ClassVar[str] = "exponential_moving_standardize"
    factor_new: float = 1e-3
    init_block_size: int | None = None
    eps: float = 1e-4

    def __post_init__(self) -> None:
        """Check the numbers."""
        factor = finite_float("factor_new", self.factor_new, above=0, advice=1e-3)
        if factor >= 1:
            raise ValueError(f"`factor_new` must be below 1; got {factor:g}. Try 0.001.")
        object.__setattr__(self, "factor_new", factor)
        object.__setattr__(self, "eps", finite_float("eps", self.eps, above=0, advice=1e-4))
        if self.init_block_size is not None:
            size = positive_int("init_block_size", self.init_block_size, minimum=2, advice=1000)
            object.__setattr__(self, "init_block_size", size)

    def apply(self, data: Array) -> Array:
        """Return standardised trials, shape (trials, channels, times)."""
        import pandas as pd

        table = pd.DataFrame(data.reshape(-1, data.shape[2]).T)
        centred = table - table.ewm(alpha=self.factor_new).mean()
        deviation = centred.pow(2).ewm(alpha=self.factor_new).mean().pow(0.5)
        standardised: Array = (
            (centred / deviation.clip(lower=self.eps)).to_numpy(copy=True).T.reshape(data.shape)
        )
        if self.init_block_size is not None:
            block = slice(None, self.init_block_size)
            first = data[..., block] - data[..., block].mean(2, keepdims=True)
            standardised[..., block] = first / np.maximum(self.eps, data[..., block].std(2, keepdims=True))
        return standardised

    def words(self) -> str:
        """Return the step as text."""
        return f"exponential moving standardisation (factor {self.factor_new:g})"


@dataclass(frozen=True)
class EuclideanAlignment:
    """Alignment of people: their trials are multiplied by ``R^(-1/2)``, R the mean covariance of these trials.

    Aligned trials of everyone have the identity as their mean covariance [1]_; labels are not used. Directions without
    variance, such as that which an average reference removes, stay without variance. Estimate it from many trials at
    once: the matrix of a person comes from the trials that are passed, whatever their number.

    Parameters
    ----------
    groups : str
        Column of ``epochs.metadata`` that names the person; epochs without it are taken for those of one person.

    References
    ----------
    .. [1] He & Wu (2020), Transfer learning for brain–computer interfaces: a Euclidean space data alignment approach,
       IEEE Transactions on Biomedical Engineering 67, 399–410.
    """

    name: ClassVar[str] = "euclidean_alignment"
    groups: str = "subject"

    def __post_init__(self) -> None:
        """Check the name of the column."""
        if not isinstance(self.groups, str):
            raise TypeError(
                f"`groups` must name a column of `epochs.metadata`; got {self.groups!r}. Try 'subject'."
            )

    def words(self) -> str:
        """Return the step as text."""
        return "Euclidean alignment of each person"


Step: TypeAlias = (
    Filter
    | Resample
    | SetEEGReference
    | StandardizeTrials
    | ExponentialMovingStandardize
    | EuclideanAlignment
)
STEPS: dict[str, type[Any]] = {
    kind.name: kind
    for kind in (
        Filter,
        Resample,
        SetEEGReference,
        StandardizeTrials,
        ExponentialMovingStandardize,
        EuclideanAlignment,
    )
}
_EXAMPLE = "[sincviz.preparation.Filter(4, 38)]"


def checked_steps(steps: Any) -> tuple[Step, ...]:
    """Return the steps of a preparation, given as such, by name and parameters, or as braindecode's preprocessors.

    Parameters
    ----------
    steps : sequence | None
        Each one is a step of this module; a mapping with its ``name`` and parameters, as in a checkpoint; or a
        ``braindecode.preprocessing.Preprocessor`` of a function of these names.

    Raises
    ------
    TypeError
        If this is not a list of steps.
    ValueError
        If a step is not known, a parameter is not allowed, or an alignment is not the last step.

    Examples
    --------
    >>> checked_steps([{"name": "filter", "l_freq": 4, "h_freq": 38}, EuclideanAlignment()])
    (Filter(l_freq=4.0, h_freq=38.0), EuclideanAlignment(groups='subject'))
    """
    if steps is None:
        return ()
    if isinstance(steps, tuple(STEPS.values())):
        steps = (steps,)
    if isinstance(steps, str | bytes | Mapping) or not isinstance(steps, Sequence):
        raise TypeError(f"`preparation` must be a list of steps; got {steps!r:.80}. Try {_EXAMPLE}.")
    checked = tuple(_checked_step(step) for step in steps)
    if any(isinstance(step, EuclideanAlignment) for step in checked[:-1]):
        raise ValueError(
            "`preparation` must end with its only EuclideanAlignment; got "
            f"{', '.join(type(step).__name__ for step in checked)}. Move it to the end."
        )
    return checked


def as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return steps as :func:`checked_steps` reads them from JSON."""
    described = []
    for step in steps:
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(step).items()
        }
        described.append({"name": step.name} | values)
    return described


def preparation_words(steps: Sequence[Step]) -> str:
    """Return a preparation as text.

    Examples
    --------
    >>> preparation_words([Filter(4, 38), EuclideanAlignment()])
    'band-pass 4–38 Hz, Euclidean alignment of each person'
    """
    return ", ".join(step.words() for step in steps)


def _checked_step(step: Any) -> Step:
    if isinstance(step, tuple(STEPS.values())):
        return cast(Step, step)
    if isinstance(step, Mapping):
        name, parameters = step.get("name"), {key: value for key, value in step.items() if key != "name"}
    elif hasattr(step, "fn") and hasattr(step, "kwargs"):  # braindecode's
        name, parameters = getattr(step.fn, "__name__", step.fn), dict(step.kwargs)
    else:
        raise TypeError(f"`preparation` must be a list of steps; got {step!r:.80} in it. Try {_EXAMPLE}.")
    if name not in STEPS:
        raise ValueError(
            f"The step {name!r:.80} is not known; there are {', '.join(STEPS)}.{did_you_mean(str(name), STEPS)} Apply "
            "other steps to the recording, before it is cut into epochs."
        )
    allowed = {entry.name for entry in dataclasses.fields(STEPS[name])}
    if unknown := sorted(set(map(str, parameters)) - allowed):
        raise ValueError(
            f"The step {name!r} has no parameter {unknown[0]!r}; it has {', '.join(sorted(allowed)) or 'none'}. "
            "Leave it out if it has MNE's default."
        )
    plain = {
        key: value.item() if isinstance(value, np.generic) and isinstance(value, numbers.Number) else value
        for key, value in parameters.items()
    }
    made: Step = STEPS[name](**plain)
    return made
