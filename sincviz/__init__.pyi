from . import (
    attribution,
    datasets,
    evidence,
    filters,
    maps,
    networks,
    plotting,
    preparation,
    statistics,
    training,
)
from ._version import __version__
from .analysis.attribution.sinc_layer import relevance
from .analysis.attribution.spectral import spectral_relevance
from .analysis.attribution.temporal import temporal_relevance
from .analysis.attribution.time_frequency import time_frequency_relevance
from .analysis.doctor.doctor import diagnose
from .analysis.doctor.shortcuts import shortcut_audit
from .analysis.evidence.ablation import ablate
from .analysis.evidence.deletion import deletion_curve
from .analysis.evidence.randomization import randomization_test
from .analysis.filters.bands import learned_bands
from .analysis.filters.response import filter_response
from .analysis.maps.spatial import spatial_filters, spatial_patterns
from .comparison.comparison import compare
from .errors import (
    CheckpointError,
    DownloadNeededError,
    EpochsError,
    FrontEndError,
    MethodError,
    MissingDependencyError,
    PositionsError,
    SincvizError,
)
from .inspection.inspection import inspect
from .networks.sinc_shallow import SincShallowNet
from .opening.checkpoints import load_checkpoint, save_checkpoint
from .opening.network import network
from .population.group import group

__all__ = [
    "CheckpointError",
    "DownloadNeededError",
    "EpochsError",
    "FrontEndError",
    "MethodError",
    "MissingDependencyError",
    "PositionsError",
    "SincShallowNet",
    "SincvizError",
    "__version__",
    "ablate",
    "attribution",
    "compare",
    "datasets",
    "deletion_curve",
    "diagnose",
    "evidence",
    "filter_response",
    "filters",
    "group",
    "inspect",
    "learned_bands",
    "load_checkpoint",
    "maps",
    "network",
    "networks",
    "plotting",
    "preparation",
    "randomization_test",
    "relevance",
    "save_checkpoint",
    "shortcut_audit",
    "spatial_filters",
    "spatial_patterns",
    "spectral_relevance",
    "statistics",
    "temporal_relevance",
    "time_frequency_relevance",
    "training",
]
