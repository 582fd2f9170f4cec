"""What figures share: style, scalps, tables of maps, lettering, refusals."""
