"""``python -m askwell.cli``."""

from askwell.cli.main import main

main()
