from .bands import plot_bands
from .cutoffs import plot_cutoff_history
from .figure_file import save_figure
from .findings import plot_findings, plot_notice
from .overlap import plot_overlap
from .responses import plot_cumulative_response, plot_responses
from .topomaps import plot_spatial_filters_and_patterns, plot_topomaps

__all__ = [
    "plot_bands",
    "plot_cumulative_response",
    "plot_cutoff_history",
    "plot_findings",
    "plot_notice",
    "plot_overlap",
    "plot_responses",
    "plot_spatial_filters_and_patterns",
    "plot_topomaps",
    "save_figure",
]
