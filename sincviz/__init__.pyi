from . import datasets, plotting, training
from ._version import __version__
from .analysis.bands import learned_bands
from .analysis.response import filter_response
from .checkpoints import load_checkpoint, save_checkpoint
from .errors import (
    CheckpointError,
    DownloadNeededError,
    EpochsError,
    MissingDependencyError,
    SincvizError,
)
from .front_ends import FrontEnd, front_end
from .models.sinc_conv import SincConv
from .models.sinc_shallow import SincShallowNet

__all__ = [
    "CheckpointError",
    "DownloadNeededError",
    "EpochsError",
    "FrontEnd",
    "MissingDependencyError",
    "SincConv",
    "SincShallowNet",
    "SincvizError",
    "__version__",
    "datasets",
    "filter_response",
    "front_end",
    "learned_bands",
    "load_checkpoint",
    "plotting",
    "save_checkpoint",
    "training",
]
