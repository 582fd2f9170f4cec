"""The errors that callers may want to catch."""


class SincvizError(Exception):
    """Base of every error that sincviz defines."""


class CheckpointError(SincvizError, ValueError):
    """A checkpoint cannot be read, or does not hold what it claims to hold."""


class EpochsError(SincvizError, ValueError):
    """Epochs do not fit the network: a channel is missing, another rate, length or class."""


class DownloadNeededError(SincvizError):
    """Recordings are not on this disk and nobody has allowed a download."""


class MissingDependencyError(SincvizError, ImportError):
    """An optional library is needed for this; the message says what to install."""


class PositionsError(SincvizError, ValueError):
    """Electrode positions are missing or cannot be used for a scalp map."""
