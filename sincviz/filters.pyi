from .analysis.filters import *
