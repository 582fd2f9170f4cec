from .inspection import Inspection
from .results import InspectionResults
from .retraining import preparation_sensitivity

__all__ = ["Inspection", "InspectionResults", "preparation_sensitivity"]
