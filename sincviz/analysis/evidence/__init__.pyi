from .ablation import ablate
from .confusion import confusion_matrix
from .data_contrast import band_power_contrast, csp_accuracy
from .deletion import deletion_curve
from .learning import learning_curves
from .prediction import accuracies, predictions
from .randomization import randomization_test

__all__ = [
    "ablate",
    "accuracies",
    "band_power_contrast",
    "confusion_matrix",
    "csp_accuracy",
    "deletion_curve",
    "learning_curves",
    "predictions",
    "randomization_test",
]
