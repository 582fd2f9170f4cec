from .ablation import plot_ablation
from .bands import plot_bands
from .cutoffs import plot_cutoff_history
from .deletion import plot_deletion
from .figure_file import save_figure
from .findings import plot_findings, plot_notice
from .journals import JOURNALS
from .overlap import plot_overlap
from .randomization import plot_randomization
from .relevance import plot_relevance
from .responses import plot_cumulative_response, plot_responses
from .spectral_relevance import plot_spectral_relevance
from .style import journal
from .topomaps import plot_spatial_filters_and_patterns, plot_topomaps

__all__ = [
    "JOURNALS",
    "journal",
    "plot_ablation",
    "plot_bands",
    "plot_cumulative_response",
    "plot_cutoff_history",
    "plot_deletion",
    "plot_findings",
    "plot_notice",
    "plot_overlap",
    "plot_randomization",
    "plot_relevance",
    "plot_responses",
    "plot_spatial_filters_and_patterns",
    "plot_spectral_relevance",
    "plot_topomaps",
    "save_figure",
]
