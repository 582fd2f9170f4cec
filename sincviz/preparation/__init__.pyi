from .prepared_epochs import prepare
from .steps import (
    EuclideanAlignment,
    ExponentialMovingStandardize,
    Filter,
    Resample,
    SetEEGReference,
    StandardizeTrials,
)

__all__ = [
    "EuclideanAlignment",
    "ExponentialMovingStandardize",
    "Filter",
    "Resample",
    "SetEEGReference",
    "StandardizeTrials",
    "prepare",
]
