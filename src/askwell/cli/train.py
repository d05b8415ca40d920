"""`askwell train`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from askwell.cli.terminal import console, numbers, program


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

    from askwell.cli.watching import Watching
    from askwell.core.errors import AskwellError
    from askwell.policies import files
    from askwell.training import TrainingSpec
    from askwell.training import train as learn

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
            f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}] in mean accuracy over the labels "
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
