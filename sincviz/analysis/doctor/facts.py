"""Facts that the checks of the doctor look at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sincviz.analysis.doctor.trial_signals import TrialSignals
from sincviz.analysis.filters.transfer_function import Floats
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.units import FrontEnd, RecordedStatistics
from sincviz.trials.moments import Moments


@dataclass(frozen=True, eq=False)
class WeightFacts:
    """Facts about a network without data."""

    front_end: FrontEnd
    bands: pd.DataFrame
    resolvability: pd.DataFrame
    drift: pd.DataFrame
    importance: xr.Dataset | None


@dataclass(frozen=True, eq=False)
class FilterFacts:
    """Facts about the filters of a network on trials.

    ``fast_variance`` is the variance of the filters' outputs without slow drift; ``of_standardised`` are the moments of
    the filters' outputs if every channel of every trial had a standard deviation of 1, given only if amplitudes do not
    fit.
    """

    bands: pd.DataFrame
    recorded: RecordedStatistics | None
    of_filters: Moments
    of_units: Moments
    fast_variance: Floats
    patterns: xr.DataArray
    importance: xr.Dataset | None
    of_standardised: Moments | None = None


@dataclass(frozen=True, eq=False)
class DataFacts:
    """Facts about a network on trials; outlying ones count in ``signals``, ``chance`` and ``predictions`` only.

    ``filters`` are ``None`` for a network without a front end; ``chance`` is the result of
    :func:`sincviz.analysis.accuracy.chance_test` for the ``predictions``, if classes are known. ``confusion`` counts
    trials by class and by answer, shape (classes, outputs). ``source`` is ``"array"``, ``"epochs"`` or ``"file"``
    (epochs that are not loaded); ``numbered`` says that the labels are numbers of outputs, ``projectors`` which are not
    applied, and ``own_names`` what the epochs call the network's channels.
    """

    network: FrontEnd | BlackBox
    recording: dict[str, float | str | None]
    filters: FilterFacts | None
    chance: dict[str, Any] | None
    predictions: pd.DataFrame
    signals: TrialSignals
    confusion: NDArray[np.int64] | None = None
    correlations: pd.DataFrame | None = None
    source: str = "array"
    numbered: bool = False
    projectors: tuple[str, ...] = ()
    own_names: list[str] | None = None


def where(flags: object) -> tuple[int, ...]:
    """Return the numbers of the filters for which a flag holds."""
    return tuple(int(index) for index in np.flatnonzero(np.asarray(flags)))
