"""Rules that choose half-spaces: for the game half-spaces."""
