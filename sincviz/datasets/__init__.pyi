from .mother_of_bci import moabb as moabb
from .physionet import eegbci as eegbci
from .simulated import simulate_motor_imagery as simulate_motor_imagery
from .simulated_erp import simulate_erp as simulate_erp

__all__ = ["eegbci", "moabb", "simulate_erp", "simulate_motor_imagery"]
