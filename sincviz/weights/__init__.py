"""Files of weights, the Hub and what they hold; nothing in them is run."""
