from .decoder import BlackBox
from .ensembles import Ensemble, members
from .front_ends import FrontEnd, RecordedStatistics, front_end
from .sinc_conv import SincConv
from .sinc_shallow import SincShallowNet

__all__ = [
    "BlackBox",
    "Ensemble",
    "FrontEnd",
    "RecordedStatistics",
    "SincConv",
    "SincShallowNet",
    "front_end",
    "members",
]
