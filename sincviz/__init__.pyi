from . import datasets, plotting, training
from ._version import __version__
from .analysis.ablation import ablate
from .analysis.bands import learned_bands
from .analysis.cluster_test import cluster_table, cluster_test
from .analysis.data_contrast import band_power_contrast, csp_accuracy
from .analysis.decision_basis import leading_bands, leading_filters
from .analysis.deletion import deletion_curve
from .analysis.doctor import diagnose
from .analysis.drift import cutoff_drift, cutoff_history
from .analysis.established import corrected_p
from .analysis.filter_matching import filter_stability, match_filters
from .analysis.grouping import (
    band_membership,
    group_by_band,
    group_by_region,
    group_frequencies,
    sort_by_region,
)
from .analysis.importance import importance, most_important
from .analysis.intervals import bootstrap_intervals
from .analysis.methods import applicable_methods
from .analysis.mne_objects import to_evoked, to_spatial_filter
from .analysis.occupancy import band_occupancy
from .analysis.predictions import accuracies, predictions
from .analysis.randomization import randomization_test
from .analysis.rank_agreement import rank_agreement
from .analysis.relevance import relevance
from .analysis.resolvability import filter_overlap, resolvability
from .analysis.response import filter_response
from .analysis.run_agreement import agreement_by_subject, run_agreement
from .analysis.spatial import relative_maps, spatial_filters, spatial_patterns
from .analysis.spectral_relevance import spectral_relevance
from .analysis.subject_test import subject_test
from .checkpoints import load_checkpoint, save_checkpoint
from .errors import (
    CheckpointError,
    DownloadNeededError,
    EpochsError,
    MethodError,
    MissingDependencyError,
    PositionsError,
    SincvizError,
)
from .front_ends import FrontEnd, front_end
from .groups import Group, group
from .inspection import Inspection, inspect
from .models.sinc_conv import SincConv
from .models.sinc_shallow import SincShallowNet
from .networks import network
from .recalibration import recalibrate_batch_norm

__all__ = [
    "CheckpointError",
    "DownloadNeededError",
    "EpochsError",
    "FrontEnd",
    "Group",
    "Inspection",
    "MethodError",
    "MissingDependencyError",
    "PositionsError",
    "SincConv",
    "SincShallowNet",
    "SincvizError",
    "__version__",
    "ablate",
    "accuracies",
    "agreement_by_subject",
    "applicable_methods",
    "band_membership",
    "band_occupancy",
    "band_power_contrast",
    "bootstrap_intervals",
    "cluster_table",
    "cluster_test",
    "corrected_p",
    "csp_accuracy",
    "cutoff_drift",
    "cutoff_history",
    "datasets",
    "deletion_curve",
    "diagnose",
    "filter_overlap",
    "filter_response",
    "filter_stability",
    "front_end",
    "group",
    "group_by_band",
    "group_by_region",
    "group_frequencies",
    "importance",
    "inspect",
    "leading_bands",
    "leading_filters",
    "learned_bands",
    "load_checkpoint",
    "match_filters",
    "most_important",
    "network",
    "plotting",
    "predictions",
    "randomization_test",
    "rank_agreement",
    "recalibrate_batch_norm",
    "relative_maps",
    "relevance",
    "resolvability",
    "run_agreement",
    "save_checkpoint",
    "sort_by_region",
    "spatial_filters",
    "spatial_patterns",
    "spectral_relevance",
    "subject_test",
    "to_evoked",
    "to_spatial_filter",
    "training",
]
