"""Weights in files and on the Hugging Face Hub; nothing in a file is executed."""
