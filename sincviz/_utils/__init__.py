"""Tools without EEG: files, progress bars, checks of arguments, JSON, words."""
