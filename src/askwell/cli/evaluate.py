"""`askwell evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from askwell.cli.compare import compare
from askwell.cli.labels import Encoder
from askwell.cli.terminal import console

OPPONENTS = "random,margin,badge,typiclust,uherding,margin-herding,oracle"


def evaluate(
    policy: Annotated[str, typer.Argument(help="A policy's file or its run's directory, or `learned`.")],
    data: Annotated[
        list[str] | None, typer.Argument(help="Dataset names (see `askwell list datasets`) or files.")
    ] = None,
    fresh: Annotated[
        int | None,
        typer.Option(
            min=4, help="Instead of data: so many new synthetic tasks like those that it was trained on."
        ),
    ] = None,
    strategies: Annotated[str, typer.Option(help="Opponents, with commas.")] = OPPONENTS,
    baseline: Annotated[str, typer.Option(help="The one it is compared to.")] = "margin-herding",
    label: Annotated[str | None, typer.Option(help="Column that holds the labels (files).")] = None,
    rounds: Annotated[int, typer.Option(help="Batches asked in an episode.")] = 10,
    batch: Annotated[str, typer.Option(help="Labels asked in a round, or several sizes with commas.")] = "10",
    splits: Annotated[int, typer.Option(help="Pool / selection / report splits.")] = 24,
    seed: Annotated[int, typer.Option(help="Of splits, or of the fresh tasks.")] = 0,
    metric: Annotated[
        str, typer.Option(help="Judged by accuracy, balanced-accuracy, macro-f1 or log-loss.")
    ] = "accuracy",
    encoder: Encoder = None,
    out: Annotated[Path | None, typer.Option(help="Keep records here; a stopped run goes on.")] = None,
) -> None:
    """Judge a policy: `compare` with the opponents that matter."""
    from askwell.core.errors import AskwellError
    from askwell.policies import SHIPPED

    name = policy if policy in SHIPPED or policy.startswith("policy:") else f"policy:{policy}"
    if bool(data) == bool(fresh):
        raise AskwellError(
            "Give either datasets to judge the policy on, or --fresh N for new synthetic tasks."
        )
    if fresh and encoder is not None:
        raise AskwellError(
            "--encoder is for data of your domain; fresh tasks are synthetic, so leave it out."
        )
    if fresh:
        # Ceilings are left out: fresh tasks have a selection split of one point.
        honest = [
            one.strip() for one in strategies.split(",") if one.strip() not in ("oracle", "clairvoyant")
        ]
        _fresh(name, honest, fresh, seed, metric, out)
        return
    compare(
        data or [],
        strategies=f"{name},{strategies}",
        baseline=baseline,
        label=label,
        rounds=rounds,
        batch=batch,
        splits=splits,
        seed=seed,
        metric=metric,
        encoder=encoder,
        out=out,
    )


def _fresh(policy: str, strategies: list[str], tasks: int, seed: int, metric: str, out: Path | None) -> None:
    import io

    from rich.progress import Progress
    from rich.table import Table

    from askwell.core import ACCURACY, metric_of, write_whole
    from askwell.training import against, fresh
    from askwell.training.evaluation import synthetic

    screen = console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
        bar = progress.add_task("Fresh tasks", total=None)
        areas = fresh(
            policy, strategies, tasks, seed, lambda d, n: progress.update(bar, completed=d, total=n), metric
        )
    if out is not None:
        buffer = io.BytesIO()
        areas.write_parquet(buffer)
        write_whole(out / "fresh.parquet", buffer.getvalue())
    rows = against(areas, policy)
    of = "" if metric == ACCURACY else f", {metric_of(metric).axis},"
    what = "AULC" if synthetic(policy)[0].price is None else "Net"
    table = Table(
        title=f"{what}{of} on {rows['tasks'][0]} fresh synthetic tasks; the policy less each, paired by task"
    )
    for name in ("strategy", what, "policy less it", "95 % interval"):
        table.add_column(name, justify="left" if name == "strategy" else "right")
    for row in rows.to_dicts():
        gap = (f"{row['difference']:+.4f}", f"{row['difference_low']:+.4f} .. {row['difference_high']:+.4f}")
        table.add_row(
            row["strategy"], f"{row['aulc']:.4f}", *(gap if row["strategy"] != policy else ("", ""))
        )
    console().print(table)
