"""Any file or live network, and any trials, as every analysis takes them."""
