"""Temporal filters: bands, responses, how far they can be told apart, how they moved."""
