"""Spatial filters: weights, patterns, which units matter."""
