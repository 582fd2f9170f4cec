"""EEG basics that need no network: bands, electrodes, regions of the scalp."""
