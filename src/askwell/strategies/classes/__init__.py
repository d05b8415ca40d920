"""Rules that say of which classes the points of a batch shall be: for the game class-queries."""
