"""From one network to many: the manifest, what is kept of a row, who reads rows, what they share."""
