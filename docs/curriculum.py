"""docs/curriculum.md and its picture: `python docs/curriculum.py --runs runs`. All is computed here."""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from curriculum_gaps import (
    ARMS,
    EASY,
    FRESH,
    HARD,
    RANDOM,
    REAL,
    Gap,
    Trainings,
    crossed,
    reached,
    word,
)
from results import bounds, fixed, table

from askwell.plots import files
from askwell.plots.chart import Line, Lines, alt
from askwell.training import Siblings

HOME = Path(__file__).parent
LOOKS = {EASY: ("#d55e00", "D"), RANDOM: ("#0072b2", "o"), HARD: ("#009e73", "^")}
"""Colour and marker of each arm."""
LEVELS = {"half of the way": 0.5, "nine tenths of the way": 0.9, "the rule's level": 1.0}
"""Where a training has to come to, as shares of the way from no rule to the rule."""

HEAD = """# From easy to hard tasks

Written by `python docs/curriculum.py --runs runs` from what this command made ({minutes:.0f} minutes on a busy core):

```
python studies/curriculum.py --spec studies/curriculum.toml --out runs/curriculum
```

Does a policy learn more, or with less play, when its tasks get harder step by step? Each training has {updates}
updates.

- *easy to hard*: {stages} stages of {each} updates, each of which goes on from the weights of the last:
{listed}
- *at random*: each update draws tasks of all {stages} stages. In the mean it plays as many tasks of each, and as many
  labels, as the curriculum; only the order is another.
- *hard alone*: the last stage from the start, as many labels, so fewer tasks.

All arms start from the same weights: the head `{head}` with its rule taken out, so it asks at random as soon as it has
seen two classes. (In the first round it covers the pool, and nothing is learned.) Only so is there much to learn: a
training that starts from the rule gains a few thousandths at most ([policies](policies.md)). After each {each} updates
the optimiser (Adam) starts anew, in all arms, as it does in a run with `start`.

Before that the settings were looked at in short trials of *hard alone*, and all arms were tried with one update a
stage, to see that the study works. Its first version was stopped after two trainings by `siblings`, in which the
curriculum was behind: it had the natural gradient, and one falling step for all stages. Both may hurt a curriculum (the
natural gradient's step is measured by the episode, so short episodes change decisions more, and hard tasks came when
steps were smallest), so both were taken out.

{seeds} seeds. Weights are judged after {looks} updates on the same tasks for all: {fresh} new tasks of the hardest
stage, and {splits} splits of each of {sets} meta-validation sets
({names}). Nothing is chosen by them. All are played
with {rounds} rounds of {batch} labels. AULC is the mean accuracy over these rounds.

The intervals are at 95 % and allow for both: other seeds, and other sets (other tasks in the hardest stage). A set
counts once, whatever the number of its splits.
"""

GAPS = """*Along the way* is the mean AULC over the play of a training, so it is higher for whoever learns sooner.
*Could have told* is the true difference that such a study would find with a chance of about four in five. Each row
stands on its own: of twenty without any difference, one is found to differ.
"""
SOONER = """Thousands of labels bought (those of all siblings), the median over seeds and their range, until the level
is first reached. The way goes from the head without its rule to the rule.
"""


def fallen(own: Trainings, arm: str, where: str) -> int:
    """How many seeds end below where they began."""
    curves = own.areas(arm, where).mean(axis=2)
    return int(np.sum(curves[:, -1] < curves[:, 0]))


def ends(found: dict[str, Trainings]) -> list[str]:
    """Each arm in the end, against the rule."""
    rows = []
    for trainer, own in found.items():
        for where in (FRESH, REAL):
            rule = own.untrained["the rule"][where]
            for arm in ARMS:
                last = own.areas(arm, where)[:, -1]
                gap = crossed(last - rule)
                row = {"trainer": trainer, "judged on": where, "arm": arm, "AULC": fixed(float(last.mean()))}
                row["seeds below their start"] = f"{fallen(own, arm, where)} of {len(last)}"
                rows.append(
                    row | {"less the rule's": fixed(gap.mean, 4, True), "95 %": bounds(gap.low, gap.high)}
                )
    first = next(iter(found.values())).untrained
    said = " and ".join(
        f"{fixed(float(first['the rule'][w].mean()))} with its rule and "
        f"{fixed(float(first['no rule'][w].mean()))} without it on the {w}"
        for w in (FRESH, REAL)
    )
    return [f"Before training the head has an AULC of {said}.", "", *table(pl.DataFrame(rows))]


def comparisons(found: dict[str, Trainings]) -> dict[tuple[str, str, str, str], Gap]:
    """The curriculum less each other arm: by trainer, place, other arm, and in the end or along the way."""
    gaps = {}
    for trainer, own in found.items():
        for where in (FRESH, REAL):
            for other in (RANDOM, HARD):
                a, b = own.areas(EASY, where)[:, -1], own.areas(other, where)[:, -1]
                gaps[trainer, where, other, "in the end"] = crossed(a - b)
                a, b = own.along(EASY, where), own.along(other, where)
                gaps[trainer, where, other, "along the way"] = crossed(a - b)
    return gaps


def compared(gaps: dict[tuple[str, str, str, str], Gap]) -> list[str]:
    """The same as a table."""
    return table(
        pl.DataFrame(
            {
                "trainer": trainer,
                "judged on": where,
                "easy to hard less": other,
                "when": when,
                "difference": fixed(gap.mean, 4, True),
                "95 %": bounds(gap.low, gap.high),
                "could have told": fixed(gap.told),
                "": word(gap),
            }
            for (trainer, where, other, when), gap in gaps.items()
        )
    )


def stages(found: dict[str, Trainings], count: int, each: int) -> list[str]:
    """The arms after each stage of so many updates."""
    rows = []
    for trainer, own in found.items():
        for where in (FRESH, REAL):
            for stage in range(1, count + 1):
                look = own.updates.index(stage * each) + 1
                now = {arm: own.areas(arm, where)[:, look] for arm in ARMS}
                gap = crossed(now[EASY] - now[RANDOM])
                row = {"trainer": trainer, "judged on": where, "after stage": stage}
                row |= {arm: fixed(float(area.mean())) for arm, area in now.items()}
                row |= {f"{EASY} less {RANDOM}": fixed(gap.mean, 4, True), "95 %": bounds(gap.low, gap.high)}
                rows.append(row)
    return table(pl.DataFrame(rows))


def sooner(found: dict[str, Trainings], labels: int) -> tuple[list[str], str]:
    """How much play each arm needed to get to a level, as a table; and how often the curriculum needed least."""
    rows, first = [], 0
    for trainer, own in found.items():
        for where in (FRESH, REAL):
            low, high = (float(own.untrained[name][where].mean()) for name in ("no rule", "the rule"))
            for name, share in LEVELS.items():
                level, middle = low + share * (high - low), {}
                row = {"trainer": trainer, "judged on": where, "level": name}
                for arm in ARMS:
                    curves = zip(own.play(arm), own.areas(arm, where).mean(axis=2), strict=True)
                    times = np.array([reached(play, curve, level) for play, curve in curves]) * labels / 1000
                    middle[arm] = float(np.median(times))
                    got = times[np.isfinite(times)]
                    text = f"{middle[arm]:.1f}" if np.isfinite(middle[arm]) else "more than was played"
                    row[arm] = text + (f" [{got.min():.1f}, {times.max():.1f}]" if len(got) == len(times) else
                                       f", {len(got)} of {len(times)} seeds got there")  # fmt: skip
                first += np.isfinite(middle[EASY]) and middle[EASY] < min(middle[RANDOM], middle[HARD])
                rows.append(row)
    said = (
        f"With less play? To {first} of {len(rows)} levels the curriculum came first, by the median seed; "
        f"{len(rows) / len(ARMS):.0f} would be chance."
    )
    return table(pl.DataFrame(rows)), said


def verdict(gaps: dict[tuple[str, str, str, str], Gap]) -> list[str]:
    """The verdict in words: the curriculum against random order, with the power that there was."""
    words = {other: [word(g) for key, g in gaps.items() if key[2] == other] for other in (RANDOM, HARD)}
    main = words[RANDOM]
    better, worse = main.count("better"), main.count("worse")
    if not better and not worse:
        short = f"Null: none of {len(main)} comparisons tells the curriculum from the random order"
    elif not better:
        short = f"No help: of {len(main)} comparisons to the random order the curriculum lost {worse} and won none"
    else:
        short = f"Of {len(main)} comparisons to the random order the curriculum won {better} and lost {worse}"
    lines = [f"**{short}.** On the meta-validation sets:", ""]
    said = {"not told apart": "not told from", "equivalent": "equivalent to"}
    for (trainer, where, other, when), gap in gaps.items():
        if where == REAL and other == RANDOM:
            lines.append(
                f"- `{trainer}`, {when}: {said.get(word(gap), f'{word(gap)} than')} the random order, "
                f"{fixed(gap.mean, 4, True)} {bounds(gap.low, gap.high)}. A difference of {fixed(gap.told)} could have "
                "been told."
            )
    counts = ", ".join(f"{words[HARD].count(w)} {w}" for w in dict.fromkeys(words[HARD]))
    return [*lines, "", f"Against *{HARD}*, of {len(words[HARD])} comparisons: {counts}.", ""]


def panels(found: dict[str, Trainings], labels: int) -> list[Lines]:
    """AULC against play, an arm a line with the range of its seeds; the rule beside them."""
    made = []
    for trainer, own in found.items():
        for where in (FRESH, REAL):
            rule = float(own.untrained["the rule"][where].mean())
            lines, most = [], 0.0
            for arm, (colour, marker) in LOOKS.items():
                x = own.play(arm).mean(axis=0) * labels / 1000
                y = own.areas(arm, where).mean(axis=2)
                lines.append(Line(arm, x, y.mean(axis=0), y.min(axis=0), y.max(axis=0), colour, marker))
                most = max(most, x[-1])
            lines.append(Line("the untrained rule", np.array([0, most]), np.array([rule] * 2), dash=True))
            made.append(
                Lines(f"{trainer}, {where}", "labels bought while training, thousands", "AULC", tuple(lines))
            )
    return made


def listed(spec: dict) -> str:
    """The stages in words, a line each."""
    said = []
    for number, s in enumerate(spec["sources"], 1):
        classes, (_, noise) = s["classes"], s["synthetic"]["noise"]
        most = f"2 to {classes} classes" if classes > 2 else "2 classes"
        wrong = f"up to {100 * noise:.0f} % wrong labels" if noise else "no wrong labels"
        said.append(f"  {number}. {most}, {wrong}, {s['rounds']} rounds;")
    return "\n".join(said)[:-1] + "."


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    study = json.loads((options.parse_args().runs / "curriculum" / "curriculum.json").read_text())
    spec = study["spec"]
    found = {name: Trainings(study, name) for name in dict.fromkeys(r["trainer"] for r in study["trained"])}
    count, hardest, (sets,) = len(spec["sources"]), spec["sources"][-1], spec["validation"]
    labels = Siblings().k * hardest["batch"]  # as many as REINFORCE has episodes of a task
    first = next(iter(found.values()))
    gaps, (levels, first_of) = comparisons(found), sooner(found, labels)
    page = [
        HEAD.format(
            minutes=sum(row["seconds"] for row in study["trained"]) / 60,
            updates=count * spec["updates"], stages=count, each=spec["updates"], listed=listed(spec),
            head=spec["head"], seeds=len(first.seeds), looks=", ".join(map(str, first.updates)),
            fresh=len(first.untrained["no rule"][FRESH]), splits=spec["judged"], sets=len(sets["datasets"]),
            names=", ".join(sets["datasets"]), rounds=hardest["rounds"], batch=hardest["batch"],
        ),
        "## Verdict", "", *verdict(gaps), first_of, "",
    ]  # fmt: skip
    drawn = panels(found, labels)
    files.draw_all(drawn).savefig(HOME / "curriculum.png")
    page += [f"![{alt(drawn)}](curriculum.png)", ""]
    page += [
        f"Means over seeds; bands go from the lowest to the highest seed. Stages end at the last {count} points.",
        "",
    ]
    page += ["## In the end, against the rule", "", *ends(found)]
    page += ["## The curriculum less the others", ""]
    page += [GAPS, *compared(gaps)]
    page += ["## After each stage", "", *stages(found, count, spec["updates"])]
    page += ["## How much play to get to a level?", "", SOONER, *levels]
    (HOME / "curriculum.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
