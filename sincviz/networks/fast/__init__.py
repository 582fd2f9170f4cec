"""Fast kernels for the forward pass: the same numbers with less arithmetic and memory."""
