from .leading import leading_bands, leading_filters
from .methods import applicable_methods
from .shares_compared import compare_shares
from .sinc_layer import relevance
from .spectral import spectral_relevance
from .sums import sort_by_region, sum_over_bands, sum_over_regions

__all__ = [
    "applicable_methods",
    "compare_shares",
    "leading_bands",
    "leading_filters",
    "relevance",
    "sort_by_region",
    "spectral_relevance",
    "sum_over_bands",
    "sum_over_regions",
]
