"""The commands, one module each; `sincviz.cli` binds them."""
