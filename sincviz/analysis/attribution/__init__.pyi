from .leading import leading_bands, leading_filters
from .methods import applicable_methods
from .pattern import pattern_relevance
from .phase_locking import evoked_and_induced, evoked_shares
from .shares_compared import compare_shares
from .sinc_layer import relevance
from .spectral import spectral_relevance
from .sums import sort_by_region, sum_over_bands, sum_over_regions, sum_over_times
from .temporal import temporal_relevance
from .time_frequency import time_frequency_relevance

__all__ = [
    "applicable_methods",
    "compare_shares",
    "evoked_and_induced",
    "evoked_shares",
    "leading_bands",
    "leading_filters",
    "pattern_relevance",
    "relevance",
    "sort_by_region",
    "spectral_relevance",
    "sum_over_bands",
    "sum_over_regions",
    "sum_over_times",
    "temporal_relevance",
    "time_frequency_relevance",
]
