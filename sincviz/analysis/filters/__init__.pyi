from .bands import learned_bands
from .drift import cutoff_drift, cutoff_history
from .filter_matching import filter_stability, match_filters
from .membership import band_membership
from .movements import exchanged_occupancy, movement_test
from .occupancy import band_occupancy
from .overlap import filter_overlap, resolvability
from .pairs import filter_pairs
from .response import filter_response

__all__ = [
    "band_membership",
    "band_occupancy",
    "cutoff_drift",
    "cutoff_history",
    "exchanged_occupancy",
    "filter_overlap",
    "filter_pairs",
    "filter_response",
    "filter_stability",
    "learned_bands",
    "match_filters",
    "movement_test",
    "resolvability",
]
