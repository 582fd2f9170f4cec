from .analysis.statistics import *
