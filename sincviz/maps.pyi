from .analysis.maps import *
