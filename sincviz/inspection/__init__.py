"""Everything that is read from one network."""
