"""`askwell label`."""

import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from askwell.cli.labels import (
    Audit,
    Embeddings,
    Encoder,
    Features,
    FeaturesFrom,
    Id,
    Ignore,
    Label,
    Labels,
    Learner,
    Metric,
    Pool,
    Strategy,
    open_session,
)
from askwell.cli.terminal import names

OF_THE_PAGE = ("db", "batch", "annotators", "overlap", "show", "image_hosts", "host", "port", "token", "open")
"""Options that a session does not take."""


def label(
    pool: Pool,
    db: Annotated[
        Path | None, typer.Option(help="File that keeps the answers. [the pool's name with .sqlite, here]")
    ] = None,
    labels: Labels = None,
    classes: Annotated[str | None, typer.Option(help="All classes, with commas. [typed on the page]")] = None,
    strategy: Strategy = None,
    metric: Metric = "accuracy",
    batch: Annotated[int, typer.Option(help="How many rows a person gets at once.")] = 10,
    annotators: Annotated[int, typer.Option(help="How many people batches are prepared for, at least.")] = 1,
    overlap: Annotated[int, typer.Option(help="How many people are asked for each row.")] = 1,
    learner: Learner = "logistic",
    id: Id = None,
    label: Label = None,
    features: Features = 64,
    ignore: Ignore = None,
    features_from: FeaturesFrom = None,
    encoder: Encoder = None,
    embeddings: Embeddings = None,
    show: Annotated[str | None, typer.Option(help="Columns to show, with commas. [all]")] = None,
    image_hosts: Annotated[
        str | None, typer.Option(help="Hosts that pictures may come from, with commas. [none]")
    ] = None,
    audit: Audit = 0.0,
    seed: Annotated[int, typer.Option(help="Decides ties.")] = 0,
    host: Annotated[str, typer.Option(help="Address to serve on; one that others reach needs a --token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port to serve on; 0: any free one.")] = 8000,
    token: Annotated[
        list[str] | None,
        typer.Option(
            help="What people must know to label; NAME:TOKEN is NAME's own. May be given several times."
        ),
    ] = None,
    open: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Label a pool on a page, alone or with others."""
    given: dict[str, Any] = {name: value for name, value in locals().items() if name not in OF_THE_PAGE}
    from askwell.core.errors import AskwellError

    for module in ("fastapi", "uvicorn", "cleanlab", "krippendorff"):
        if find_spec(module) is None:
            raise AskwellError(
                f"The page needs {module}, which is not installed: pip install 'askwell[label]'."
            )
    from askwell.labelling.web import serve
    from askwell.labelling.web.opening import open_desk

    serve.save_memory()
    parts = [one.rpartition(":") for one in token or ()]
    tokens = {secret: name for name, _, secret in parts}
    access = serve.access_of(host, tokens)
    with closing(serve.bind(host, port)) as socket:
        desk = open_desk(
            open_session(classes=names(given.pop("classes")), **given),
            pool,
            db or Path(f"{pool.stem}.sqlite"),
            batch=batch,
            people=annotators,
            overlap=overlap,
            show=names(show),
            hosts=names(image_hosts) or (),
        )
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{socket.getsockname()[1]}/"
        addresses = [f"{address}?token={one}" for one in tokens] or [address]
        print(
            f"Label at {' or '.join(addresses)} (Ctrl-C ends; answers are kept in {desk.project.database.path})"
        )
        sys.stdout.flush()
        serve.serve(desk, access, socket, addresses[0] if open else None)
