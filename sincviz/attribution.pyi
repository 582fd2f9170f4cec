from .analysis.attribution import *
