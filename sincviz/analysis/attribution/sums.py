"""Sums of relevance over bands, regions and windows of time; plots sum the same way, below any analysis."""

from sincviz.eeg.sums import sort_by_region, sum_over_bands, sum_over_regions, sum_over_times

__all__ = ["sort_by_region", "sum_over_bands", "sum_over_regions", "sum_over_times"]
