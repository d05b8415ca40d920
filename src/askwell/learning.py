"""The commands that train a policy and judge one. As in `cli`, everything heavy is imported inside them."""

import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

OPPONENTS = "random,margin,badge,typiclust,uherding,margin-herding,oracle"


def train(
    out: Annotated[Path, typer.Option(help="Directory of the run; a stopped run goes on there.")],
    spec: Annotated[Path | None, typer.Argument(help="TOML file; without it, the shipped policy's.")] = None,
    updates: Annotated[
        int | None, typer.Option(help="Steps of the optimiser, instead of the spec's.")
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="Seeds with commas: one policy each, the best is kept.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show what the policy decides as it learns.")
    ] = False,
    watch_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve the report, as it grows, on this machine's port."),
    ] = None,
) -> None:
    """Train a policy."""
    from contextlib import ExitStack

    from askwell.cli import console, numbers
    from askwell.core.errors import AskwellError
    from askwell.experiments import TrainingSpec
    from askwell.experiments import train as learn
    from askwell.experiments.watch import Watching
    from askwell.policies import files

    given: dict[str, Any] = {"updates": updates, "seeds": numbers(seed, "--seed")}
    changes = {name: value for name, value in given.items() if value is not None}
    if spec is None:
        shipped = files.SHIPPED.get("learned")
        if shipped is None:
            raise AskwellError("No policy is shipped with this version; give a training spec (TOML).")
        read = TrainingSpec.make(**{**files.card(shipped)["spec"], **changes})
    else:
        read = TrainingSpec.read(spec, **changes)
    with ExitStack() as stack:
        if watch_port is not None:
            from askwell.report.serve import serving

            url = stack.enter_context(serving(out, watch_port))
            console(stderr=True).print(f"Watch it at {url} (new figures after each checkpoint).")
        seen = stack.enter_context(Watching(read, console(stderr=True), bars=watch))
        trained = learn(read, out, seen)
    show = console()
    for row in trained.card["validation"]:
        show.print(
            f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}] accuracy over the rounds against "
            f"{row['against']} (validation tasks)"
        )
    if trained.card["agreement"]:  # what a policy over groups stands on
        told = ", ".join(f"{value:.2f}" for value in trained.card["agreement"])
        show.print(
            f"Groups agree with classes at {told} by world (adjusted mutual information; 0 is chance, 1 the same)."
        )
    for sentence in trained.card["warnings"]:
        show.print(f"Warning: {sentence}")
    show.print(f"The policy is {out / 'policy.safetensors'}; to judge it on data that it never saw:")
    show.print(f"{command()} evaluate {out} digits breast_cancer letter", soft_wrap=True)


def evaluate(
    policy: Annotated[str, typer.Argument(help="A policy's file or its run's directory, or `learned`.")],
    data: Annotated[
        list[str] | None, typer.Argument(help="Dataset names (see `askwell list datasets`) or files.")
    ] = None,
    fresh: Annotated[
        int | None,
        typer.Option(min=4, help="Instead of data: so many new tasks of the worlds that it was trained on."),
    ] = None,
    strategies: Annotated[str, typer.Option(help="Opponents, with commas.")] = OPPONENTS,
    baseline: Annotated[str, typer.Option(help="The one it is compared to.")] = "margin-herding",
    label: Annotated[str | None, typer.Option(help="Column that holds the labels (files).")] = None,
    rounds: Annotated[int, typer.Option(help="Batches asked in an episode.")] = 10,
    batch: Annotated[str, typer.Option(help="Labels asked in a round, or several sizes with commas.")] = "10",
    splits: Annotated[int, typer.Option(help="Pool / selection / report splits.")] = 24,
    seed: Annotated[int, typer.Option(help="Of splits, or of the fresh tasks.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Keep records here; a stopped run goes on.")] = None,
) -> None:
    """Judge a policy: `compare` with the opponents that matter."""
    from askwell.cli import compare
    from askwell.core.errors import AskwellError
    from askwell.policies import SHIPPED

    name = policy if policy in SHIPPED or policy.startswith("policy:") else f"policy:{policy}"
    if bool(data) == bool(fresh):
        raise AskwellError(
            "Give either datasets to judge the policy on, or --fresh N for new synthetic tasks."
        )
    if fresh:
        # Ceilings are left out: fresh tasks have a selection split of one point.
        honest = [
            one.strip() for one in strategies.split(",") if one.strip() not in ("oracle", "clairvoyant")
        ]
        _fresh(name, honest, fresh, seed, out)
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
        out=out,
    )


def command() -> str:
    """How to call Askwell from here: by name, or by the path that it was called by where the name is not found."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "askwell" and shutil.which("askwell") is None else "askwell"


def _fresh(policy: str, strategies: list[str], tasks: int, seed: int, out: Path | None) -> None:
    import io

    from rich.progress import Progress
    from rich.table import Table

    from askwell.cli import console
    from askwell.core import write_whole
    from askwell.experiments import against, fresh

    screen = console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
        bar = progress.add_task("Fresh tasks", total=None)
        areas = fresh(
            policy, strategies, tasks, seed, lambda d, n: progress.update(bar, completed=d, total=n)
        )
    if out is not None:
        buffer = io.BytesIO()
        areas.write_parquet(buffer)
        write_whole(out / "fresh.parquet", buffer.getvalue())
    rows = against(areas, policy)
    table = Table(
        title=f"AULC on {rows['tasks'][0]} fresh synthetic tasks; the policy less each, paired by task"
    )
    for name in ("strategy", "AULC", "policy less it", "95 % interval"):
        table.add_column(name, justify="left" if name == "strategy" else "right")
    for row in rows.to_dicts():
        gap = (f"{row['difference']:+.4f}", f"{row['difference_low']:+.4f} .. {row['difference_high']:+.4f}")
        table.add_row(
            row["strategy"], f"{row['aulc']:.4f}", *(gap if row["strategy"] != policy else ("", ""))
        )
    console().print(table)
