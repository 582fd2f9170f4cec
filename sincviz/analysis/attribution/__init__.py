"""Relevance of filters, channels and frequencies for each class."""
