"""docs/pool-size.md and its picture: `python docs/pool_size.py --runs runs/pool-size`. All is computed here."""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from results import bounds, fixed, table

from askwell.plots import files
from askwell.plots.chart import Line, Lines, alt
from askwell.stats import mean_intervals

HOME = Path(__file__).parent
FIFTY, AGAIN, BASE = "fifty", "50 again", "margin-herding"
POLICIES = {"learned": "learned, as it is shipped", FIFTY: "trained on pools of 50"}
BOOTSTRAPS = 2000
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")

HEAD = """# What 50 candidates tell about larger pools

Written by `python docs/pool_size.py --runs runs/pool-size` from what these commands made:

```
askwell train studies/pool_size.toml --out runs/pool-size/fifty
python studies/pool_size.py --out runs/pool-size
```

Whoever has labelled 50 points knows all their answers. So they are a small pool to try things in before more labels are
bought: which rule does best there, or what a policy learns there. Does it hold in a pool of 100, 1,000 or 10,000? Here
{tasks} synthetic tasks have pools of 10,000 points. The first 50, 100, 1,000 and all of them are played, five rounds of
four labels from nothing, and judged on the same {report:,} fresh points. That is more than somebody with 50 labels
could do, who has no fresh points to judge by; `adaptive` ([policies](policies.md)) judges by the other half of the
labels. AULC is the mean accuracy over the rounds. Intervals are at 95 %, over tasks.
"""

CHOICE = """*Correlation*: between what a rule is ahead of the mean of all rules in a task's 50 and in its larger pool,
within rules, over tasks. The first row has the same 50 played twice with other luck (ties, and the draws of random
rules); none can be expected to be higher. *Chosen by the 50*: AULC of the rule that did best in the task's 50,
less that of the rule that is best in the mean in pools of this size. *In hindsight* the best rule of each task is taken
after the play, so that part of it is luck.
"""


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """A mean with Student's interval at 95 %."""
    frame = pl.DataFrame({"of": "all", "value": values})
    return mean_intervals(frame, ["of"], "value").select("value", "value_low", "value_high").row(0)


def by_the_50(small: np.ndarray, large: np.ndarray) -> np.ndarray:
    """Of scores ``[rules, tasks]``: the rule that did best in each task's 50, less the best in the mean."""
    return large[small.argmax(axis=0), np.arange(large.shape[1])] - large[large.mean(axis=1).argmax()]


def said(values: np.ndarray) -> str:
    """The same as text."""
    mean, low, high = mean_interval(values)
    return f"{fixed(mean, 4, True)} {bounds(low, high)}"


def correlation(small: np.ndarray, large: np.ndarray) -> tuple[float, float, float]:
    """Of leads ``[rules, tasks]``, within rules; with a bootstrap interval over tasks."""
    a, b = (x - x.mean(axis=0) for x in (small, large))

    def pooled(tasks: np.ndarray) -> float:
        some = [x[:, tasks] - x[:, tasks].mean(axis=1, keepdims=True) for x in (a, b)]
        return float(np.corrcoef(some[0].ravel(), some[1].ravel())[0, 1])

    rng, count = np.random.default_rng(0), a.shape[1]
    draws = [pooled(rng.integers(0, count, count)) for _ in range(BOOTSTRAPS)]
    return pooled(np.arange(count)), *map(float, np.quantile(draws, (0.025, 0.975)))


def choices(scores: dict[str, np.ndarray], rules: list[str]) -> tuple[list[str], dict[str, tuple]]:
    """What the 50 tell of each larger pool, as a table, and its correlations."""
    small, rows, told = scores["50"], [], {}
    for play in (AGAIN, *(name for name in scores if name not in ("50", AGAIN))):
        large = scores[play]
        best = int(large.mean(axis=1).argmax())
        told[play] = correlation(small, large)
        rows.append(
            {
                "pool": play,
                "correlation": f"{fixed(told[play][0], 2, True)} [{told[play][1]:+.2f}, {told[play][2]:+.2f}]",
                "best rule in the mean": rules[best],
                "chosen by the 50": said(by_the_50(small, large)),
                "in hindsight": said(large.max(axis=0) - large[best]),
            }
        )
    return table(pl.DataFrame(rows)), told


def leads(scores: dict[str, np.ndarray], names: list[str]) -> list[str]:
    """Each rule less random, by pool."""
    rows = []
    for at, name in enumerate(names):
        if name not in (FIFTY, "random"):
            rows.append(
                {"strategy": name}
                | {
                    play: said(of[at] - of[names.index("random")])
                    for play, of in scores.items()
                    if play != AGAIN
                }
            )
    return table(pl.DataFrame(rows))


def policies(scores: dict[str, np.ndarray], names: list[str]) -> list[str]:
    """The two policies less the rule that both began with."""
    base = names.index(BASE)
    return table(
        pl.DataFrame(
            {"policy": text}
            | {play: said(of[names.index(name)] - of[base]) for play, of in scores.items() if play != AGAIN}
            for name, text in POLICIES.items()
        )
    )


def panels(scores: dict[str, np.ndarray], names: list[str]) -> list[Lines]:
    """Leads of rules over random, and of policies over their rule, against the size of the pool."""
    plays = [play for play in scores if play != AGAIN]
    x = np.array([float(play) for play in plays])

    def line(name: str, other: str, colour: str, marker: str, text: str) -> Line:
        found = [mean_interval(scores[p][names.index(name)] - scores[p][names.index(other)]) for p in plays]
        mean, low, high = map(np.array, zip(*found, strict=True))
        return Line(text, x, mean, low, high, colour, marker)

    shown = ("uherding", "typiclust", "badge", "margin", "coreset")
    rules = tuple(
        line(name, "random", colour, marker, name)
        for name, colour, marker in zip(shown, COLOURS, "os^Dv", strict=False)
    )
    trained = tuple(
        line(name, BASE, colour, marker, text)
        for (name, text), colour, marker in zip(POLICIES.items(), COLOURS, "os", strict=False)
    )
    about = {"x": "points in the pool", "log_x": True, "level": 0.0}
    return [
        Lines("Rules", y="AULC less random's", lines=rules, **about),
        Lines("Policies", y=f"AULC less {BASE}'s", lines=trained, **about),
    ]


def of_choice(scores: dict[str, np.ndarray], told: dict[str, tuple]) -> list[str]:
    """What choosing a rule by the 50 brings, in words."""
    lines = []
    for play in [play for play in told if play != AGAIN]:
        mean, low, high = mean_interval(by_the_50(scores["50"], scores[play]))
        word = "gains" if low > 0 else "loses" if high < 0 else "neither gains nor loses for sure"
        lines.append(
            f"- In a pool of {int(play):,} whoever takes the rule that did best in the 50 {word}: "
            f"{fixed(mean, 4, True)} {bounds(low, high)} against the rule that is best in the mean. What the 50 say of "
            f"a rule and what the pool says correlate at {told[play][0]:+.2f} (the same 50 again: "
            f"{told[AGAIN][0]:+.2f})."
        )
    return lines


def of_policy(scores: dict[str, np.ndarray], names: list[str]) -> list[str]:
    """What the policy that was trained on the smallest pools does in larger ones, in words."""
    lines, base = [], names.index(BASE)
    for play in [play for play in scores if play != AGAIN]:
        mean, low, high = mean_interval(scores[play][names.index(FIFTY)] - scores[play][base])
        word = "ahead of" if low > 0 else "behind" if high < 0 else "not told from"
        lines.append(
            f"- The policy that was trained on pools of 50 is {word} {BASE}, which it began with, in pools of "
            f"{int(play):,}: {fixed(mean, 4, True)} {bounds(low, high)}."
        )
    return lines


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs/pool-size"))
    runs = options.parse_args().runs
    plays = ("50", AGAIN, "100", "1000", "10000")
    found = {play: pl.read_parquet(runs / f"{play}.parquet") for play in plays}
    names = found["50"]["strategy"].unique(maintain_order=True).to_list()
    scores = {
        play: np.stack([of.filter(strategy=name).sort("task")["aulc"].to_numpy() for name in names])
        for play, of in found.items()
    }
    some = [at for at, name in enumerate(names) if name != FIFTY]
    rules, chosen = [names[at] for at in some], {play: of[some] for play, of in scores.items()}
    by_fifty, told = choices(chosen, rules)
    spec = json.loads((runs / FIFTY / "policy.json").read_text())["spec"]
    drawn = panels(scores, names)
    files.draw_all(drawn).savefig(HOME / "pool-size.png")
    page = [
        HEAD.format(tasks=chosen["50"].shape[1], report=2048),
        "## Verdict", "", *of_choice(chosen, told), *of_policy(scores, names), "",
        f"![{alt(drawn)}](pool-size.png)", "",
        "## Choosing a rule by the 50", "", CHOICE, *by_fifty,
        "## Rules, less random", "", *leads(scores, names),
        "## Policies, less the rule that they began with", "",
        f"*Trained on pools of 50*: {spec['updates']} updates of {spec['tasks']} tasks of "
        f"{spec['sources'][0]['pool']} points, in this game.", "", *policies(scores, names),
    ]  # fmt: skip
    (HOME / "pool-size.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
