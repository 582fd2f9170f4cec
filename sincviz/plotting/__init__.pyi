from .ablation import plot_ablation
from .band_use import plot_band_use
from .bands import plot_bands
from .benchmark import plot_benchmark
from .canvas.figure_file import save_figure
from .canvas.journals import JOURNALS
from .canvas.style import journal
from .clusters import plot_cluster_spectrum, plot_cluster_times, plot_cluster_topomaps
from .confusion import plot_confusion_matrix
from .cutoffs import plot_cutoff_history
from .dashboards import plot_filter_dashboards
from .decisions import plot_decisions
from .deletion import plot_deletion
from .drift import plot_drift
from .filter_pairs import plot_filter_pairs
from .filter_stability import plot_filter_stability
from .findings import plot_findings, plot_notice
from .learning_curves import plot_learning_curves
from .overlap import plot_overlap
from .overview import plot_overview
from .predictions import plot_predictions
from .randomization import plot_randomization
from .relevance import plot_relevance
from .responses import plot_cumulative_response, plot_responses
from .roles import plot_roles
from .run_agreement import plot_run_agreement
from .seeds import plot_seed_relevance
from .sensitivity import plot_sensitivity
from .shortcuts import plot_shortcuts
from .spectral_relevance import plot_spectral_relevance
from .temporal_relevance import plot_temporal_relevance
from .time_frequency_relevance import plot_time_frequency_relevance
from .topomaps import plot_spatial_filters_and_patterns, plot_topomaps

__all__ = [
    "JOURNALS",
    "journal",
    "plot_ablation",
    "plot_band_use",
    "plot_bands",
    "plot_benchmark",
    "plot_cluster_spectrum",
    "plot_cluster_times",
    "plot_cluster_topomaps",
    "plot_confusion_matrix",
    "plot_cumulative_response",
    "plot_cutoff_history",
    "plot_decisions",
    "plot_deletion",
    "plot_drift",
    "plot_filter_dashboards",
    "plot_filter_pairs",
    "plot_filter_stability",
    "plot_findings",
    "plot_learning_curves",
    "plot_notice",
    "plot_overlap",
    "plot_overview",
    "plot_predictions",
    "plot_randomization",
    "plot_relevance",
    "plot_responses",
    "plot_roles",
    "plot_run_agreement",
    "plot_seed_relevance",
    "plot_sensitivity",
    "plot_shortcuts",
    "plot_spatial_filters_and_patterns",
    "plot_spectral_relevance",
    "plot_temporal_relevance",
    "plot_time_frequency_relevance",
    "plot_topomaps",
    "save_figure",
]
