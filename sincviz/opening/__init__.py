"""Opening of networks and trials: any file or live network, and any trials, for every analysis."""
