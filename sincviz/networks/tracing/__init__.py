"""The affine, time-invariant front of any network: found by tracing its operations, measured by probing."""
