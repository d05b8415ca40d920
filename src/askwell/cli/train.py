"""`askwell train`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from askwell.cli.terminal import console, numbers, program


def train(
    out: Annotated[Path, typer.Option(help="Directory of the run; a stopped run goes on there.")],
    spec: Annotated[
        list[Path] | None,
        typer.Argument(help="TOML file; without it, the shipped policy's. Of several, each is trained."),
    ] = None,
    updates: Annotated[
        int | None, typer.Option(help="Steps of the optimiser, instead of the spec's.")
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="Seeds with commas: one policy each, the best is kept.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Seeds with commas: a run each, in the directory OUT/SPEC-SEED.")
    ] = None,
    executor: Annotated[
        str,
        typer.Option(
            help="Where several runs are played: threads (one by one), ray, or ray://HOST:PORT (a Ray cluster)."
        ),
    ] = "threads",
    history: Annotated[
        Path | None,
        typer.Option(
            help="Table of what you labelled before: learns your domain's metric and strategy, not a policy."
        ),
    ] = None,
    label: Annotated[str | None, typer.Option(help="With --history: its column of labels.")] = None,
    id: Annotated[str | None, typer.Option(help="With --history: its column of ids.")] = None,
    task: Annotated[
        str | None,
        typer.Option(help="With --history: the column that tells its tasks apart. [classes are left out]"),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="With --history: what counts, as in `ask`. [accuracy]")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="With --history: 'sentences' encodes prose by a small sentence encoder, too."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show what the policy decides as it learns.")
    ] = False,
    watch_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve the report, as it grows, on this machine's port."),
    ] = None,
) -> None:
    """Train a policy, or learn the metric of your domain."""
    from contextlib import ExitStack

    from askwell.cli.watching import Watching
    from askwell.core import AskwellError, metric_of
    from askwell.policies import files
    from askwell.training import TrainingSpec
    from askwell.training import train as learn

    specs = spec or []
    of_history = {"label": label, "id": id, "task": task, "metric": metric, "encoder": encoder}
    if history is not None:
        if specs or seeds or executor != "threads" or updates is not None or watch or watch_port is not None:
            raise AskwellError(
                "--history learns a metric; a spec, --updates, --seeds, --executor and --watch are for policies."
            )
        first, *others = numbers(seed, "--seed") or (0,)
        if others:
            raise AskwellError(f"--seed is '{seed}'; with --history give one whole number.")
        _learn(history, out, first, {name: value for name, value in of_history.items() if value})
        return
    if any(value is not None for value in of_history.values()):
        raise AskwellError(
            "--label, --id, --task, --metric and --encoder go with --history; give it, or leave them out."
        )
    given: dict[str, Any] = {"updates": updates, "seeds": numbers(seed, "--seed")}
    changes = {name: value for name, value in given.items() if value is not None}
    if len(specs) > 1 or seeds is not None:
        if not specs or seed is not None or watch or watch_port is not None:
            raise AskwellError(
                "For several runs give specs, or one and --seeds; --seed, --watch and --watch-port are for one run."
            )
        _each(specs, numbers(seeds, "--seeds"), changes, out, executor)
        return
    if executor != "threads":
        raise AskwellError(
            f"--executor is '{executor}', and one run is trained on this machine; give several specs, or --seeds."
        )
    if not specs:
        shipped = files.SHIPPED.get("learned")
        if shipped is None:
            raise AskwellError("No policy is shipped with this version; give a training spec (TOML).")
        read = TrainingSpec.make(**{**files.card(shipped)["spec"], **changes})
    else:
        read = TrainingSpec.read(specs[0], **changes)
    with ExitStack() as stack:
        if watch_port is not None:
            from askwell.report.serve import serving

            url = stack.enter_context(serving(out, watch_port))
            console(stderr=True).print(f"Watch it at {url} (new figures after each checkpoint).")
        seen = stack.enter_context(Watching(read, console(stderr=True), bars=watch))
        trained = learn(read, out, seen)
    show, goal = console(), metric_of(read.metric).words
    priced = (read.validation or read.sources)[0].price is not None
    what = f"net {goal}" if priced else f"mean {goal} over the labels"
    for row in trained.card["validation"]:
        show.print(
            f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}] in {what} "
            f"against {row['against']} (validation tasks)"
        )
    if trained.card["agreement"]:  # what a policy over groups stands on
        told = ", ".join(f"{value:.2f}" for value in trained.card["agreement"])
        show.print(
            f"Groups agree with classes at {told} by source of tasks (adjusted mutual information; 0 is chance, 1 the "
            "same)."
        )
    for sentence in trained.card["warnings"]:
        show.print(f"Warning: {sentence}")
    show.print(f"The policy is {out / 'policy.safetensors'}; to judge it on data that it never saw:")
    show.print(f"{program()} evaluate {out} digits breast_cancer letter", soft_wrap=True)


def _each(
    specs: list[Path], seeds: tuple[int, ...] | None, changes: dict[str, Any], out: Path, executor: str
) -> None:
    from rich.table import Table

    from askwell.cli.terminal import progress
    from askwell.training.many import planned, train_each

    plan = planned(specs, seeds, **changes)
    with progress("update") as watch:
        cards = train_each(plan, out, watch, executor)
    table = Table(title="On validation tasks: the policy less each")
    for name in ("run", "update", "against", "difference", "95 %"):
        table.add_column(name, justify="left" if name in ("run", "against") else "right")
    for name, card in cards.items():
        for row in card["validation"]:
            gap = f"{row['difference']:+.4f}", f"[{row['low']:+.4f}, {row['high']:+.4f}]"
            table.add_row(name, str(card["update"]), row["against"], *gap)
    show = console()
    show.print(table)
    for name, card in cards.items():
        for sentence in card["warnings"]:
            show.print(f"Warning: {name}: {sentence}")
    show.print(
        f"Each is a training run; to judge one on data that it never saw:\n{program()} evaluate "
        f"{out / next(iter(cards))} digits breast_cancer letter",
        soft_wrap=True,
    )


def _learn(history: Path, out: Path, seed: int, given: dict[str, Any]) -> None:
    from askwell.asking.defaults import default_strategy
    from askwell.cli.terminal import progress
    from askwell.training.domain import learn_domain
    from askwell.training.history import led_by

    first = default_strategy(given.get("metric", "accuracy"))
    with progress() as watch:
        card = learn_domain(
            history,
            out,
            strategies=led_by(first),
            seed=seed,
            watch=lambda done, whole: watch(done, whole, "metrics and strategies"),
            **given,
        )
    print(f"{card['rows']} rows of {len(card['classes'])} classes.", end=" ")
    if card["encoder"] is None:
        print(f"No metric is used: {card['reason'][0].lower()}{card['reason'][1:]}")
    else:
        print(f"Metric: {card['encoder']}. {card['reason']}")
    if card["strategies"]:
        print(f"Strategy: {card['strategy']}. {card['why']}")
    use = [] if card["encoder"] is None else [f"--encoder {out}"]
    use += [] if card["strategy"] == first else [f"--strategy policy:{out}"]
    if use:
        print(f"It is in {out}; label with it:")
        print(f"{program()} label POOL {' '.join(use)}")
