"""A strategy from whatever stands for one: a name, an object, a class by its path, or a plain function."""

from typing import Any

from askwell.core import AbstractPlayer, AskwellError, imported, unknown
from askwell.policies.files import SHIPPED, choice, load_policy, located
from askwell.strategies.function import FunctionStrategy


def make_strategy(name: str) -> AbstractPlayer:
    """The strategy of that name.

    ``learned`` is the shipped policy, ``policy:PATH`` one of your own, or what `askwell train --history` chose in that
    directory; ``package.module:Name`` is a class or function of your own.

    Raises:
        AskwellError: for an unknown name, a policy that cannot be loaded, or a path that leads to no strategy.
    """
    path = located(name)
    if path is not None:
        chosen = choice(path)
        return load_policy(path) if chosen is None else make_strategy(chosen)
    from askwell.strategies import STRATEGIES

    if name in STRATEGIES:
        return STRATEGIES[name]()
    if ":" not in name:
        raise AskwellError(unknown("strategy", name, [*SHIPPED, *STRATEGIES]))
    found = imported("strategy", name)
    if isinstance(found, type) and issubclass(found, AbstractPlayer):
        try:
            return found()
        except TypeError as error:
            raise AskwellError(
                f"The strategy '{name}' cannot be made without arguments ({error}); name a variable that holds one."
            ) from error
    return as_strategy(found)


def as_strategy(given: Any, name: str = "") -> AbstractPlayer:
    """The strategy that a name, a strategy or a function ``query(X, labels, q)`` stands for; errors call it `name`.

    Raises:
        AskwellError: as `make_strategy`, or for anything else.
    """
    if isinstance(given, str):
        return make_strategy(given)
    if isinstance(given, AbstractPlayer):
        return given
    if callable(given) and not isinstance(given, type):
        query: Any = given
        return FunctionStrategy(query)
    called = f" '{name}'" if name else ""
    raise AskwellError(
        f"The strategy{called} is {given!r}; give a name (askwell list strategies), a strategy, or a function "
        "query(X, labels, q) that returns row numbers."
    )
