"""Sums of relevance over bands and regions; plots sum the same way, below any analysis."""

from sincviz.eeg.sums import sort_by_region, sum_over_bands, sum_over_regions

__all__ = ["sort_by_region", "sum_over_bands", "sum_over_regions"]
