"""What the field knows without a network: bands, electrodes, regions of the scalp."""
