from .classifier import EpochsClassifier
from .fitting import fit
from .recalibration import recalibrate_batch_norm

__all__ = ["EpochsClassifier", "fit", "recalibrate_batch_norm"]
