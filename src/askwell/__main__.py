"""``python -m askwell``: the command line, where the command ``askwell`` is not on the path."""

from askwell.cli.main import main

main()
