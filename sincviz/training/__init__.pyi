from .classifier import EpochsClassifier
from .fitting import fit
from .live import LiveTraining, lightning_callback
from .recalibration import recalibrate_batch_norm
from .seeds import SeedClassifier, fit_many

__all__ = [
    "EpochsClassifier",
    "LiveTraining",
    "SeedClassifier",
    "fit",
    "fit_many",
    "lightning_callback",
    "recalibrate_batch_norm",
]
