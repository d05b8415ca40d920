"""Rules that say of one point after another whether to label it, one a file; `askwell.strategies` lists them."""
