from .comparison import Comparison
from .results import ComparisonResults

__all__ = ["Comparison", "ComparisonResults"]
