"""Scores of an attribution: agreement with the known truth, calibration, faithfulness, sensitivity."""
