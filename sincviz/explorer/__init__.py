"""One inspection as arrays, and the page module that shows and recomputes it."""
