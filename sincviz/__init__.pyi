from . import datasets, plotting, training
from ._version import __version__
from .analysis.attribution.leading import leading_bands, leading_filters
from .analysis.attribution.methods import applicable_methods
from .analysis.attribution.sinc_layer import relevance
from .analysis.attribution.spectral import spectral_relevance
from .analysis.doctor.doctor import diagnose
from .analysis.evidence.ablation import ablate
from .analysis.evidence.data_contrast import band_power_contrast, csp_accuracy
from .analysis.evidence.deletion import deletion_curve
from .analysis.evidence.prediction import accuracies, predictions
from .analysis.evidence.randomization import randomization_test
from .analysis.filters.bands import learned_bands
from .analysis.filters.drift import cutoff_drift, cutoff_history
from .analysis.filters.filter_matching import filter_stability, match_filters
from .analysis.filters.occupancy import band_occupancy
from .analysis.filters.overlap import filter_overlap, resolvability
from .analysis.filters.response import filter_response
from .analysis.grouping import (
    band_membership,
    group_by_band,
    group_by_region,
    group_frequencies,
    sort_by_region,
)
from .analysis.maps.mne_objects import to_evoked, to_spatial_filter
from .analysis.maps.spatial import relative_maps, spatial_filters, spatial_patterns
from .analysis.maps.unit_importance import importance, most_important
from .analysis.statistics.clusters import cluster_table, cluster_test
from .analysis.statistics.established import corrected_p
from .analysis.statistics.intervals import bootstrap_intervals
from .analysis.statistics.ranks import rank_agreement
from .analysis.statistics.runs import agreement_by_subject, run_agreement
from .analysis.statistics.subjects import subject_test
from .errors import (
    CheckpointError,
    DownloadNeededError,
    EpochsError,
    MethodError,
    MissingDependencyError,
    PositionsError,
    SincvizError,
)
from .inspection.inspection import Inspection, inspect
from .networks.front_ends import FrontEnd, front_end
from .networks.sinc_conv import SincConv
from .networks.sinc_shallow import SincShallowNet
from .opening.checkpoints import load_checkpoint, save_checkpoint
from .opening.network import network
from .population.group import Group, group
from .training.recalibration import recalibrate_batch_norm

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
