"""Intervals, permutation tests and agreement, over trials, runs and subjects."""
