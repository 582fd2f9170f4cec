from .mne_objects import to_evoked, to_spatial_filter
from .spatial import relative_maps, spatial_filters, spatial_patterns
from .unit_clusters import cluster_units
from .unit_importance import importance, most_important

__all__ = [
    "cluster_units",
    "importance",
    "most_important",
    "relative_maps",
    "spatial_filters",
    "spatial_patterns",
    "to_evoked",
    "to_spatial_filter",
]
