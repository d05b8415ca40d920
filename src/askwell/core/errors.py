"""The one kind of error that a user can cause and mend."""


class AskwellError(ValueError):
    """Bad input: one sentence that says what was given, what is allowed and what to do.

    The command line prints it without a traceback and leaves with exit code 2.
    """
