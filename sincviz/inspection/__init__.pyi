from .inspection import Inspection
from .results import InspectionResults

__all__ = ["Inspection", "InspectionResults"]
