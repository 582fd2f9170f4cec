from .decoder import BlackBox
from .front_ends import FrontEnd, RecordedStatistics, front_end
from .sinc_conv import SincConv
from .sinc_shallow import SincShallowNet

__all__ = ["BlackBox", "FrontEnd", "RecordedStatistics", "SincConv", "SincShallowNet", "front_end"]
