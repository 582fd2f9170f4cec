"""Trials from epochs, arrays and files, prepared for a network; their labels and identity."""
