"""What a finding is, and what the checks of the doctor look at."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.analysis.transfer_function import Floats
from sincviz.front_ends import FrontEnd
from sincviz.signal_moments import Moments

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing to know about a checkpoint; what was found, on what grounds, and what to do."""

    check: str
    severity: str
    finding: str
    evidence: str
    remedy: str
    filters: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class WeightFacts:
    """What a network says without data."""

    parts: FrontEnd
    bands: pd.DataFrame
    resolvability: pd.DataFrame
    drift: pd.DataFrame
    importance: xr.Dataset | None


@dataclass(frozen=True, eq=False)
class DataFacts:
    """What the network makes of trials."""

    parts: FrontEnd
    bands: pd.DataFrame
    recording: dict[str, float | str | None]
    of_filters: Moments
    of_units: Moments
    frequency_hz: Floats
    spectrum: Floats
    patterns: xr.DataArray
    importance: xr.Dataset | None
    n_correct: int | None
    class_counts: tuple[int, ...]


def listed(filters: Iterable[int], most: int = 8) -> str:
    """Return numbers with commas between, the surplus counted."""
    numbers = [str(number) for number in filters]
    return ", ".join(numbers[:most]) + (f" and {len(numbers) - most} more" if len(numbers) > most else "")


def where(flags: object) -> tuple[int, ...]:
    """Return the numbers of the filters for which a flag holds."""
    return tuple(int(index) for index in np.flatnonzero(np.asarray(flags)))
