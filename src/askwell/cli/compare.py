"""`askwell compare`."""

import logging
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from askwell.cli.labels import Encoder
from askwell.cli.terminal import console, names, numbers, program, progress, settings


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"


def compare(
    data: Annotated[
        list[str] | None, typer.Argument(help="Dataset names (see `askwell list datasets`) or files.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Column that holds the labels (files).")] = None,
    id: Annotated[str | None, typer.Option(help="Column that names the rows (files).")] = None,
    strategies: Annotated[
        str | None, typer.Option(help="Names with commas, see `askwell list strategies`.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Strategy that the others are compared to. [random]")
    ] = None,
    learner: Annotated[
        str | None, typer.Option(help="Classifier, or several with commas. [logistic]")
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Batches asked in an episode. [10]")] = None,
    batch: Annotated[
        str | None, typer.Option(help="Labels asked in a round, or several sizes with commas. [10]")
    ] = None,
    labels: Annotated[
        int | None, typer.Option(help="Labels asked in an episode, whatever the batch; instead of --rounds.")
    ] = None,
    game: Annotated[
        str | None, typer.Option(help="What is played, see `askwell list games`. [batch]")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A setting of the game, as error=0.5; can be repeated."),
    ] = None,
    splits: Annotated[int | None, typer.Option(help="Pool / selection / report splits. [20]")] = None,
    pool: Annotated[
        int | None, typer.Option(help="Most points to choose from. [1000, or the budget]")
    ] = None,
    start: Annotated[int | None, typer.Option(help="Random labels before the first round. [0]")] = None,
    noise: Annotated[float | None, typer.Option(help="Probability that an answer is wrong. [0]")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides splits, wrong answers and ties. [0]")] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="Judged by accuracy, balanced-accuracy, macro-f1 or log-loss. [accuracy]"),
    ] = None,
    encoder: Encoder = None,
    out: Annotated[Path | None, typer.Option(help="Keep records here; a stopped run goes on.")] = None,
    spec: Annotated[
        Path | None, typer.Option(help="TOML file with these settings; options replace them.")
    ] = None,
    executor: Annotated[
        str, typer.Option(help="Where it is played: threads, ray, or ray://HOST:PORT (a Ray cluster).")
    ] = "threads",
    format: Annotated[Format, typer.Option(help="What to print.")] = Format.table,
) -> None:
    """Play active learning with several strategies and compare them."""
    from askwell.comparison import compare as play

    chosen: dict[str, Any] = {
        "label": label,
        "id": id,
        "strategies": names(strategies),
        "baseline": baseline,
        "game": game,
        "game_settings": settings(setting),
        "learners": names(learner),
        "rounds": rounds,
        "labels": labels,
        "batches": numbers(batch, "--batch"),
        "splits": splits,
        "pool": pool,
        "start": start,
        "noise": noise,
        "seed": seed,
        "metric": metric,
        "encoder": None if encoder is None else str(encoder),
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    # JAX logs the traceback of a classifier that fails; the user gets a sentence instead.
    logging.getLogger("jax._src.callback").setLevel(logging.CRITICAL)
    with progress() as watch:
        result = play(data, out=out, spec=spec, progress=watch, executor=executor, **given)
    for note in result.notes:
        console(stderr=True).print(f"Note: {note}")
    if format is Format.json:
        print(result.json())
    else:
        _print(result, out)


def _print(result, out: Path | None) -> None:
    screen = console()
    screen.print(result.rich(screen.width))
    screen.print()
    for verdict in result.verdicts():
        screen.print(verdict.said)
    for sentence in result.below_majority():
        screen.print(sentence)
    ranks = result.ranks()
    if ranks is not None:
        listed = ", ".join(f"{name} {rank:.1f}" for name, rank in ranks.mean.items())
        over = f"{len(ranks.datasets)} datasets"
        screen.print(f"Mean ranks over {over}: {listed} (Friedman p = {ranks.p_value:.2g}).")
        different = ranks.pairs.filter(ranks.pairs["p_holm"] < 0.05)
        for a, b, _, p in different.iter_rows():
            screen.print(f"{a} ranks above {b} (Wilcoxon, Holm-corrected p = {p:.2g}).")
    if result.run_seconds:
        spent = f"{result.compile_seconds:.1f} s compiling and {result.run_seconds:.1f} s playing"
        screen.print(f"It took {spent}, summed over threads.")
    else:
        screen.print("Every cell was finished before; nothing was played.")
    if out is not None:
        command = f"{program()} {shlex.join(['report', str(out)])}"
        screen.print(f"Records are in {out}; to see them:\n{command}", soft_wrap=True)
