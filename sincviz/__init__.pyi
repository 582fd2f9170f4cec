from . import datasets, plotting, training
from ._version import __version__
from .analysis.bands import learned_bands
from .analysis.doctor import diagnose
from .analysis.drift import cutoff_drift, cutoff_history
from .analysis.grouping import band_membership, group_by_band
from .analysis.importance import importance, most_important
from .analysis.mne_objects import to_evoked, to_spatial_filter
from .analysis.resolvability import filter_overlap, resolvability
from .analysis.response import filter_response
from .analysis.spatial import relative_maps, spatial_filters, spatial_patterns
from .checkpoints import load_checkpoint, save_checkpoint
from .errors import (
    CheckpointError,
    DownloadNeededError,
    EpochsError,
    MissingDependencyError,
    PositionsError,
    SincvizError,
)
from .front_ends import FrontEnd, front_end
from .inspection import Inspection, inspect
from .models.sinc_conv import SincConv
from .models.sinc_shallow import SincShallowNet
from .recalibration import recalibrate_batch_norm

__all__ = [
    "CheckpointError",
    "DownloadNeededError",
    "EpochsError",
    "FrontEnd",
    "Inspection",
    "MissingDependencyError",
    "PositionsError",
    "SincConv",
    "SincShallowNet",
    "SincvizError",
    "__version__",
    "band_membership",
    "cutoff_drift",
    "cutoff_history",
    "datasets",
    "diagnose",
    "filter_overlap",
    "filter_response",
    "front_end",
    "group_by_band",
    "importance",
    "inspect",
    "learned_bands",
    "load_checkpoint",
    "most_important",
    "plotting",
    "recalibrate_batch_norm",
    "relative_maps",
    "resolvability",
    "save_checkpoint",
    "spatial_filters",
    "spatial_patterns",
    "to_evoked",
    "to_spatial_filter",
    "training",
]
