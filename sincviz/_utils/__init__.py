"""Helpers that know nothing of EEG: files, progress bars, argument checks, JSON and text."""
