"""Epochs, arrays and files of trials, as a network takes them; their labels and identity."""
