"""docs/stopping.md from a training and what studies/stop.py wrote: `python docs/stopping.py --runs runs`."""

import argparse
import json
from pathlib import Path
from typing import Any

import polars as pl
from results import bounds, fixed, table

from askwell.policies import card
from askwell.training import TrainingSpec, histories

HOME = Path(__file__).parent
NAMES = {
    "fixed budget": "fixed budget, `stop-after`",
    "never stop": "never stop, `uherding`",
    "stable": "stable predictions, `stop-stable`",
    "gain": "expected gain below the price, `stop-gain`",
    "start": "head `stop` untrained: `stop-gain`, the same at all prices",
    "learned": "learned, head `stop`",
    "clairvoyant": "clairvoyant (a bound: it sees the report split)",
}
SHORT = {"fixed budget": "the fixed budget", "stable": "`stop-stable`", "gain": "`stop-gain`"} | {
    "learned": "the learned policy",
    "start": "its start",
}

TEXT = """# Stop as an action

Written by `python docs/stopping.py --runs runs` from what these commands made:

```sh
askwell compare digits breast_cancer --game stop --setting price=0.001
askwell train studies/stop.toml --out runs/stop                # one network for all prices
python studies/stop.py --policy runs/stop --out runs/stop.json # this page's table
```

In the batch game the budget is given. In the game `stop` each label costs `price` (accuracy given up for one label),
and a player says when to end. An action is a batch, or row `n` in every place: stop. So each strategy plays this game
and never stops; what stops wraps a strategy and leaves its batches as they are. A run is judged by its *net*: accuracy
at the end less what the labels cost. AULC says nothing where budgets differ.

| rule | stops |
| --- | --- |
| any strategy over rows | never, before the last round |
| `stop-after` | after so many labels |
| `stop-stable` | when the last rounds left a share of the predictions as it was (Bloodgood and Vijay-Shanker 2009) |
| `stop-gain` | when a share of the predictions that the last two rounds changed is less than what a batch costs |
| head `stop` | starts as a soft `stop-gain`; learns by `reinforce`, with the price as an input |

In Gymnasium it is `askwell/Stop-v0`, with the action `MultiDiscrete([2] + [n] * q)`: first 1 to go on or 0 to stop.

## What knowing when to stop brings
"""


def trained(run: Path) -> str:
    """What training took, and what validation says of the policy that it kept."""
    kept, about, spec = histories(run), card(run / "policy.safetensors"), TrainingSpec.read(run / "spec.toml")
    validation = kept["validation"].filter(pl.col("update") == about["update"]).to_dicts()
    told = " and ".join(
        f"{fixed(row['difference'], 4, True)} {bounds(row['low'], row['high'])} from `{row['against']}`"
        for row in validation
    )
    warnings = " ".join(f"It warned: {sentence}" for sentence in about["warnings"])
    minutes = kept["training"]["seconds"].sum() / 60
    return (
        f"Training took {minutes:.1f} minutes beside other work. Validation kept update {about['update']} of "
        f"{spec.updates}; its net differs by {told}. {warnings}"
    )


def against(row: dict[str, Any], other: str) -> str:
    """A difference with its interval and verdict."""
    found = row.get(f"less {other}")
    if found is None:
        return ""
    return f"{fixed(found['estimate'], 4, True)} {bounds(found['low'], found['high'])} {found['verdict']}"


def setting(row: dict[str, Any]) -> str:
    """What was chosen for a rule."""
    value = row["setting"]
    return "" if value is None else " in ".join(map(str, value)) if isinstance(value, list) else str(value)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def said(rows: list[dict[str, Any]]) -> list[str]:
    """The verdicts in words."""

    def told(rule: str, other: str) -> str:
        """What one rule is against another, price by price."""
        words: dict[str, list[str]] = {}
        for row in rows:
            if row["rule"] == rule:
                words.setdefault(row[f"less {other}"]["verdict"], []).append(f"{row['price']:g}")
        return "; ".join(f"{word} at {', '.join(prices)}" for word, prices in words.items())

    pairs = [("stable", "fixed budget"), ("gain", "fixed budget"), ("learned", "fixed budget")]
    pairs += [("learned", other) for other in ("stable", "gain", "start")]
    lines = [
        f"- {_capital(SHORT[rule])} against {SHORT[other]}: {told(rule, other)}." for rule, other in pairs
    ]
    ahead = [told("learned", other).startswith("better") for other in ("stable", "gain", "start")]
    if not any(ahead) and not any(
        "; better" in told("learned", other) for other in ("stable", "gain", "start")
    ):
        lines.append(
            "- **Learning is a null result**: at no price is the learned policy better than the rules that look at the "
            "predictions, nor than the rule that it started as."
        )
    bound, best = {}, {}
    for row in rows:
        held = bound if row["rule"] == "clairvoyant" else best
        held[row["price"]] = max(row["net"], held.get(row["price"], 0.0))
    left = [bound[price] - best[price] for price in bound]
    lines.append(
        f"- The clairvoyant is {min(left):.3f} to {max(left):.3f} above the best of the others. Part of that is luck: "
        "it stops where the report split happens to be kind."
    )
    return lines


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    runs = parser.parse_args().runs
    found = json.loads((runs / "stop.json").read_text())
    shown = [
        {
            "price": f"{row['price']:g}",
            "rule": NAMES[row["rule"]],
            "setting": setting(row),
            "labels": fixed(row["labels"], 1),
            "net": fixed(row["net"]),
            "less fixed budget": against(row, "fixed budget"),
            "less its start": against(row, "start"),
        }
        for row in found["rows"]
    ]
    page = [
        trained(runs / "stop"),
        "",
        f"{len(found['sets'])} held-out sets ({', '.join(found['sets'])}), {found['splits']} splits each, pools of up "
        f"to {found['pool']}, 10 rounds of 10 labels from a cold start, batches by uherding. Settings were chosen for "
        "each price on synthetic tasks and the meta-validation sets. Intervals (95 %) are over datasets and splits "
        f"(`askwell.stats.bootstrap`). {found['cpu seconds'] / 60:.1f} CPU minutes.",
        "",
        *table(pl.DataFrame(shown)),
        *said(found["rows"]),
        "",
    ]
    (HOME / "stopping.md").write_text(TEXT + "\n" + "\n".join(page))


if __name__ == "__main__":
    main()
