"""What keeps a network or its trials from being read at their word."""
