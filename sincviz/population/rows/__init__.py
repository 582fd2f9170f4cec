"""One network of a manifest: how it is read, stored and judged."""
