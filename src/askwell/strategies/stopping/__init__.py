"""Rules that say when to stop, one a file; `askwell.strategies` lists them."""
