"""Rules that choose points of the data space: for the game point-queries."""
