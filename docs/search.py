"""Write docs/search.md and its pictures from a search.

python docs/search.py --runs runs
"""

import argparse
from pathlib import Path

from askwell.core import write_whole
from askwell.plots import FIGURES, save
from askwell.report import open_run
from askwell.report.search import SearchRun, last, settings

HERE = Path(__file__).parent
PAGE = """# Search

Written by `python docs/search.py --runs runs` from what this command found:

```
askwell search studies/search.toml --hours 0.5 --out runs/search
```

Many settings decide what a policy learns, and nobody knows the best ones. `askwell search` tries settings for as long
as you say, on [Optuna](https://optuna.org). The spec (`studies/search.toml`) names a training spec, the settings with
their options or ranges, and the sets that the winner is judged on. The first trial is the training spec as it is; all
others are compared to it on the same validation tasks.

A trial is judged several times while it trains. It is stopped when it is not in the better half and worse by more than
a standard error of the difference on the same tasks than the last of that half. Raw scores would stop trials for the
luck of their tasks. Ctrl-C stops the search; the same command goes on, and a later one with `--hours` adds time. The
storage is Optuna's own: `optuna-dashboard runs/search/optuna.journal` opens it. `--executor ray` plays trials side by
side on a [cluster](cluster.md). `askwell report runs/search` makes a page of what was found.

The best of many trials is partly lucky, and would look good even if all settings were alike. So the winner is judged
again, on splits that no trial has seen.

## What half an hour found
{facts}

{more}

![Every trial against the spec as it is](search-trials.png)

{trials}

![How much each setting matters](search-importance.png)

{importance}

| trial | better by (AULC), ± 1.96 standard errors | at update | state | settings that differ |
| --- | --- | --- | --- | --- |
{rows}
"""


def table(run: SearchRun) -> str:
    """A line a trial, the best at its last validation first; of its settings those that differ from the spec's."""
    first, lines = run.found["settings"][0], []
    for row in last(run):
        own = {name: v for name, v in run.found["settings"][row["trial"]].items() if first[name] != v}
        gap = f"{row['difference']:+.4f} ± {1.96 * row['error']:.4f}" if row["trial"] else "as it is"
        lines.append(f"| {row['trial']} | {gap} | {row['update']} | {row['state']} | {settings(own)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the search, draw, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    run = open_run(parser.parse_args().runs / "search")
    assert isinstance(run, SearchRun)
    said, found = {}, run.found
    for name in ("trials", "importance"):
        source = run.source("search")
        save(name, source, HERE / f"search-{name}.png")
        said[name] = FIGURES[name].caption(FIGURES[name].data(source))
    facts = [f"- On fresh splits of {', '.join(run.spec['datasets'])}: **{found['verdict']}**."]
    if found["low"] is not None:
        facts.append(
            f"- The difference there is {found['difference']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}] in AULC "
            f"({run.spec['splits']} splits a set)."
        )
    if found["winner"] is not None:
        facts.append(
            f"- The winner is trial {found['winner']}: {settings(found['settings'][found['winner']])}."
        )
    page = PAGE.format(facts="\n".join(facts), more=found["more"], rows=table(run), **said)
    write_whole(HERE / "search.md", page.encode())


if __name__ == "__main__":
    main()
