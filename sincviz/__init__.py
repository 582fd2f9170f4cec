"""sincviz."""
