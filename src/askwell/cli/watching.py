"""A training run in the terminal: progress, figures, and on demand what the policy decides."""

from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from askwell.training.spec import TrainingSpec

WIDTH = 40
SHOWN = {"reward": "accuracy", "entropy": "entropy", "groups": "groups"}
"""The metrics beside the bar, where a trainer tells them."""


class Watching:
    """Shows the rows that `train` hands out; quiet, but for warnings and validation, where there is no terminal."""

    def __init__(self, spec: TrainingSpec, console: Console, bars: bool = False):
        self._console, self._bars = console, bars
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
        )
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("compiling", total=spec.updates)
        self._shares: dict[int, tuple[float, float]] = {}
        self._live = Live(console=console, transient=True, get_renderable=self._show)

    def __enter__(self) -> "Watching":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._live.stop()

    def __call__(self, row: dict[str, Any]) -> None:
        """Take in one row."""
        match row["history"]:
            case "training":
                text = " · ".join(f"{said} {row[name]:.3f}" for name, said in SHOWN.items() if name in row)
                self._progress.update(self._task, completed=row["update"] + 1, description=text)
                if row["warning"]:
                    self._console.print(f"Update {row['update'] + 1}: {row['warning']}", style="yellow")
            case "interrupted":
                self._console.print("Ctrl-C heard: stopping. What was finished is kept.", style="yellow")
            case "validation":
                gap = f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]"
                self._console.print(f"Update {row['update']}: {gap} against {row['against']}")
            case "decisions" if row["kind"] == "group" and row["round"] == 1:
                self._shares[row["index"]] = row["share"], row["prior"]

    def _show(self) -> Group:
        lines = []
        if self._bars and self._shares:
            lines.append(
                Text("Share of the first batch by k-means group of a fixed pool (│: the group's share)")
            )
            most = max(max(pair) for pair in self._shares.values())
            for index, (share, prior) in sorted(self._shares.items()):
                bar = list("█" * round(WIDTH * share / most) + " " * (WIDTH - round(WIDTH * share / most)))
                bar[min(round(WIDTH * prior / most), WIDTH - 1)] = "│"
                lines.append(Text(f"{index:3d} {''.join(bar)} {share:.2f}"))
        return Group(*lines, self._progress)
