from .analysis.evidence import *
