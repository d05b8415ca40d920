"""`askwell list`."""

from enum import StrEnum
from typing import Annotated

import typer

from askwell.cli.terminal import console


class Kind(StrEnum):
    """What can be listed."""

    strategies = "strategies"
    learners = "learners"
    datasets = "datasets"
    games = "games"
    figures = "figures"


def list_(kind: Annotated[Kind, typer.Argument(help="Which names.")]) -> None:
    """List the names that there are, with a word on each."""
    from rich.table import Table

    listing = _listing(kind)
    table = Table(box=None, pad_edge=False)
    for column in listing:
        table.add_column(column, no_wrap=column == "name")
    for row in zip(*listing.values(), strict=True):
        table.add_row(*row)
    console().print(table)


def _listing(kind: Kind) -> dict[str, list[str]]:
    """Columns of a list, by heading."""
    if kind is Kind.datasets:
        from askwell.data import catalogue

        entries = catalogue()
        return {
            "name": [entry.name for entry in entries],
            "source": [entry.source for entry in entries],
            "role": [entry.role for entry in entries],
            "installed": ["yes" if entry.installed else "no" for entry in entries],
        }
    if kind is Kind.figures:
        from askwell.plots import FIGURES

        summaries = [(module.__doc__ or "").split("\n")[0] for module in FIGURES.values()]
        return {"name": list(FIGURES), "summary": summaries}
    from askwell.core.registry import summary

    if kind is Kind.strategies:
        from askwell.policies import SHIPPED, load_policy
        from askwell.strategies import STRATEGIES

        known = {**{name: type(load_policy(path)) for name, path in SHIPPED.items()}, **STRATEGIES}
        return {
            "name": list(known),
            "summary": [summary(strategy) for strategy in known.values()],
            "needs": [", ".join(strategy.needs) or "features" for strategy in known.values()],
            "decides about": [strategy.space.name for strategy in known.values()],
        }
    if kind is Kind.learners:
        from askwell.learners import LEARNERS as registry

        return {"name": list(registry), "summary": [summary(one) for one in registry.values()]}
    from askwell.games import GAMES

    return {
        "name": list(GAMES),
        "summary": [summary(game) for game in GAMES.values()],
        "an action is": [game.make({}).space.name for game in GAMES.values()],
    }
