"""The sinc network: its filters, its layers, its files."""
