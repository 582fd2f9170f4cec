from .classifier import EpochsClassifier
from .fitting import fit
from .live import LiveTraining, lightning_callback
from .recalibration import recalibrate_batch_norm

__all__ = ["EpochsClassifier", "LiveTraining", "fit", "lightning_callback", "recalibrate_batch_norm"]
