"""The commands: text to typed arguments, results to the terminal."""
