"""docs/formulations.md and its picture, from runs: `python docs/formulations.py --runs runs`. All is computed here."""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from formulations_learned import duels, path_on_plane, synthesised
from formulations_text import (
    ACTOR_TEXT,
    CLASSES_TEXT,
    CORRELATION_TEXT,
    DQN_TEXT,
    INTRODUCTION,
    POINTS_TEXT,
    REGRESSION_TEXT,
    SYNTHESIS_TEXT,
    VERDICT,
)
from results import bounds, fixed, interval, table

from askwell import stats
from askwell.comparison import reopen
from askwell.data import load
from askwell.games import GAMES
from askwell.plots import files
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import CLASSES
from askwell.policies import card
from askwell.training import TrainingSpec, histories

HOME = Path(__file__).parent
VARIANTS = ("naive", "centred", "prior", "entropy", "noise")
ERRORS = ("0", "0.2", "0.5", "0.81")
LEARNED = ("classes", "classes-prior", "classes-autoregressive", "regression", "dqn", "point-gain", "td3")
SKEWED = "satimage"


def games() -> list[str]:
    """Which games there are."""
    rows = [
        {
            "game": name,
            "an action is": game.make({}).space.name,
            "rules to compare with": ", ".join(game.opponents),
        }
        for name, game in GAMES.items()
    ]
    return table(pl.DataFrame(rows))


def correlation(path: Path) -> list[str]:
    """How much of an outcome its action decides."""
    share = lambda found: f"{found[0]:.0%} [{found[1]:.0%}, {found[2]:.0%}]"
    rows = [
        {
            "an action chooses": row["choice"],
            "spread of a round's reward": fixed(row["spread"]),
            "decided by the action": share(row["reward"]),
            "of the return": share(row["return"]),
            "foreseen on other sets": f"{row['foreseen']:.0%}",
        }
        for row in sorted(json.loads(path.read_text()), key=lambda row: -row["reward"][0])
    ]
    return table(pl.DataFrame(rows))


def difference(row: dict) -> str:
    """A difference in validation, with its interval."""
    return f"{fixed(row['difference'], 4, True)} {bounds(row['low'], row['high'])}"


def shorter(strategy: str) -> str:
    """A policy by its run's name."""
    return strategy.removeprefix("policy:../runs/").removeprefix("policy:runs/")


def played(root: Path) -> pl.DataFrame:
    """The records of all formulations; the formulation is told in the strategy's name."""
    parts = {"rows": root / "formulations" / "rows", "points": root / "formulations" / "points"}
    parts["skip"] = root / "streams"
    parts |= {f"classes, p = {p}": root / "formulations" / f"classes-{p}" for p in ERRORS}
    found = []
    for name, path in parts.items():
        records = reopen(path).records
        names = {old: f"{name}: {shorter(old)}" for old in records["strategy"].unique()}
        found.append(records.with_columns(pl.col("strategy").replace_strict(names)))
    sets = set.intersection(*(set(part["dataset"]) for part in found))
    return pl.concat(found).filter(pl.col("dataset").is_in(sets))


def compared(records: pl.DataFrame) -> list[str]:
    """The area under the learning curve of each, and less that of random rows, paired by split."""
    baseline = "rows: random"
    mean = stats.summarise(records).group_by("strategy", maintain_order=True).agg(pl.col("aulc").mean())
    area = dict(mean.iter_rows())
    found = {v.strategy: v for v in stats.verdicts(records, baseline)}
    rows = []
    for strategy in area:
        formulation, who = strategy.split(": ", 1)
        verdict = found.get(strategy)
        rows.append(
            {
                "formulation": formulation,
                "who chooses": who,
                "mean AULC": fixed(area[strategy]),
                "less random rows": fixed(verdict.difference, 4, True) if verdict else "",
                "95 %": interval(verdict),
                "verdict": verdict.verdict if verdict else "",
            }
        )
    best = max((name for name in area if name.startswith("rows")), key=lambda name: area[name])
    said = []
    for kind in dict.fromkeys(name.split(": ")[0] for name in area):
        if kind == "rows":
            continue
        top = max((name for name in area if name.startswith(f"{kind}: ")), key=lambda name: area[name])
        only = records.filter(pl.col("strategy").is_in([top, best]))
        (verdict,) = stats.verdicts(only, best)
        said.append(f"- {verdict.said} ({fixed(verdict.difference, 4, True)} {interval(verdict)}).")
    return [
        *table(pl.DataFrame(rows)),
        "The best of each formulation against the best choice of rows:",
        "",
        *said,
        "",
    ]


def shares(root: Path, picture: Path) -> str:
    """What share of the labels of rounds 6 to 10 each class has, by how often the labeller is wrong; a figure."""
    truth = load(SKEWED)
    names, number = np.unique(truth.labels.astype(str), return_inverse=True)
    label = dict(zip(truth.ids.tolist(), number.tolist(), strict=True))
    pool = np.bincount(number) / len(number)
    found: dict[str, list[np.ndarray]] = {}
    for p in ERRORS:
        records = reopen(root / "formulations" / f"classes-{p}").records.filter(
            pl.col("round") > 5, dataset=SKEWED
        )
        for (who,), part in records.group_by("strategy", maintain_order=True):
            bought = [label[row] for row in part["picks"].explode()]
            found.setdefault(shorter(str(who)), []).append(
                np.bincount(bought, minlength=len(names)) / len(bought)
            )
    at = np.array([float(p) for p in ERRORS])
    panels = []
    for who, each in found.items():
        lines = [
            Line(f"{name} ({pool[k]:.0%})", at, np.array([share[k] for share in each]), colour=CLASSES[k])
            for k, name in enumerate(names)
        ]
        panels.append(Lines(who, "share of wrong guesses", "share of labels", tuple(lines), floor=0.0))
    files.draw_all(panels).savefig(picture)
    spread = {who: np.abs(each[0] - pool).sum() / 2 for who, each in found.items()}
    far, near = max(spread, key=lambda who: spread[who]), min(spread, key=lambda who: spread[who])
    return (
        f"{SKEWED}, rounds 6 to 10; behind each class its share of the pool. With a labeller who is never wrong, "
        f"{far} moves {spread[far]:.0%} of the labels to other classes than the pool has, {near} {spread[near]:.0%}."
    )


def variants(root: Path) -> list[str]:
    """Policies over groups that were trained by whole episodes, one row a variant."""
    rows, apart = [], []
    for name in VARIANTS:
        run = root / f"groups-{name}"
        kept, spec = histories(run), TrainingSpec.read(run / "spec.toml")
        training, about = kept["training"], card(run / "policy.safetensors")
        last, start = (
            kept["validation"].filter(pl.col("update") == spec.updates, against=name).to_dicts()[0]
            for name in ("pool-shares", "equal-shares")
        )
        end = training.tail(10)
        side = "better" if start["low"] > 0 else "worse" if start["high"] < 0 else ""
        apart += [f"{name} ({side})"] if side else []
        rows.append(
            {
                "variant": name,
                "after it, less pool-shares": difference(last),
                "less equal-shares, its start": difference(start),
                "entropy, first → last": f"{training['entropy'][0]:.2f} → {end['entropy'].mean():.2f}",
                "effective groups": f"{training['groups'][0]:.1f} → {end['groups'].mean():.1f}",
                "gradient above shuffled": f"{(training['agreement'] > training['chance']).mean():.0%}",
                "groups ~ classes": fixed(about["agreement"][0], 2) if about.get("agreement") else "",
                "warnings": " ".join(sentence.split(":")[0] for sentence in about.get("warnings", []))
                or "none",
            }
        )
    said = (
        f"Those that differ reliably from equal shares, which all start from: {', '.join(apart)}."
        if apart
        else "This is a null result: none of the variants differs reliably from equal shares, which all start from."
    )
    return [said, "", *table(pl.DataFrame(rows))]


def gains(path: Path) -> list[str]:
    """How well gains are foretold, by model."""
    rows: dict[str, dict[str, str]] = {}
    for row in json.loads(path.read_text()):
        own = rows.setdefault(row["foretold by"], {"foretold by": row["foretold by"]})
        own[f"rank, {row['tasks']}"] = f"{row['rank']:.3f} ± {1.96 * row['error']:.3f}"
        own[f"won, {row['tasks']}"] = f"{row['won']:.0%}"
    return table(pl.DataFrame(list(rows.values())))


def trained(root: Path) -> list[str]:
    """What training took, and what it brought on the tasks that it was judged on."""
    rows = []
    for name in LEARNED:
        run = root / name
        kept, about = histories(run), card(run / "policy.safetensors")
        for row in kept["validation"].filter(pl.col("update") == about["update"]).to_dicts():
            rows.append(
                {
                    "run": name,
                    "update": about["update"],
                    "minutes": fixed(float(kept["training"]["seconds"].sum()) / 60, 1),
                    "against": row["against"],
                    "difference": difference(row),
                }
            )
    return table(pl.DataFrame(rows))


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    page = [INTRODUCTION, *games(), CLASSES_TEXT, "### What shares they converge to", ""]
    said = shares(runs, HOME / "class-shares.png")
    page += ["![Shares of classes among the labels](class-shares.png)", "", said, ""]
    page += [POINTS_TEXT, ACTOR_TEXT, *path_on_plane(runs / "point-path.json", HOME / "point-path.png")]
    page += [SYNTHESIS_TEXT, *synthesised(runs)]
    page += [CORRELATION_TEXT, *correlation(runs / "correlation.json"), REGRESSION_TEXT]
    page += [*gains(runs / "gain.json"), DQN_TEXT]
    page += ["## What training took, and what it brought", ""]
    page += [f"`askwell train studies/{name}.toml --out runs/{name}`  " for name in LEARNED]
    page += ["", "On the tasks that the policy was chosen on (the meta-validation sets):", "", *trained(runs)]
    page += ["## All formulations on the same splits", ""]
    page += ["`askwell compare --spec studies/formulations.toml --out runs/formulations/rows`  "]
    page += ["`askwell compare --spec studies/streams.toml --out runs/streams`  "]
    page += ["`askwell compare --spec studies/point-queries.toml --out runs/formulations/points`  "]
    page += [
        f"`askwell compare --spec studies/class-queries.toml --setting error={p} --out runs/formulations/classes-{p}`  "
        for p in ERRORS
    ]
    records = played(runs)
    page += [
        "",
        "Five held-out sets, 20 splits each, 100 labels from a cold start.",
        "",
        *compared(records),
        *duels(records),
    ]
    page += ["## What makes whole episodes learn", ""]
    page += [f"`askwell train studies/groups-{name}.toml --out runs/groups-{name}`  " for name in VARIANTS]
    page += ["", *variants(runs), VERDICT]
    (HOME / "formulations.md").write_text("\n".join(page).replace("\n\n\n", "\n\n"))


if __name__ == "__main__":
    main()
