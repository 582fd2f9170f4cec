from .mother_of_bci import moabb as moabb
from .physionet import eegbci as eegbci
from .simulated import simulate_motor_imagery as simulate_motor_imagery

__all__ = ["eegbci", "moabb", "simulate_motor_imagery"]
