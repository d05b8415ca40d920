"""The command line: one command a file, quick to answer, since everything heavy is imported inside its command."""

from askwell.cli.main import app, main

__all__ = ["app", "main"]
