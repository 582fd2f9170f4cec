"""The sinc layer, the network, and what an analysis sees of any network."""
