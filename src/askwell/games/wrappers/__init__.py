"""Games around the batch game, one a file; `askwell.games` lists them."""
