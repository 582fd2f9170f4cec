from .ablation import ablate
from .confusion import confusion_matrix
from .data_contrast import band_power_contrast, csp_accuracy
from .decision_agreement import compare_decisions
from .deletion import deletion_curve
from .edited_prediction import edited_predictions
from .learning import learning_curves
from .numeric_prediction import correlations
from .prediction import accuracies, predictions
from .randomization import randomization_test
from .seeds import seed_relevance
from .seeds_compared import seed_agreement
from .separation import separating_properties
from .trial_roles import roles, roles_in_time

__all__ = [
    "ablate",
    "accuracies",
    "band_power_contrast",
    "compare_decisions",
    "confusion_matrix",
    "correlations",
    "csp_accuracy",
    "deletion_curve",
    "edited_predictions",
    "learning_curves",
    "predictions",
    "randomization_test",
    "roles",
    "roles_in_time",
    "seed_agreement",
    "seed_relevance",
    "separating_properties",
]
