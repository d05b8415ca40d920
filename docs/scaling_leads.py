"""What docs/scaling.py says of strategies: their leads over random, in tables, words and panels."""

from itertools import groupby
from typing import Any

import numpy as np
import polars as pl
from results import over_sets, table

from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style
from askwell.stats import Interval, bootstrap, judge

FAMILIES = {"worlds": "In worlds", "real sets": "On real sets"}
SAID = {
    "better": "better than random",
    "worse": "worse than random",
    "equivalent": "equivalent to random",
    "not enough evidence": "not told apart from random",
    "not played": "not played",
}
UNITS = {
    "noise": "share of wrong answers",
    "copies": "share of near-copies",
    "classes": "classes",
    "features": "features",
    "pool": "points in the pool, in hundreds",
    "batch": "labels in a batch",
}
Leads = dict[tuple[str, float, str, str], Interval]


def leads(rows: list[dict], shared: bool = False) -> Leads:
    """By axis, value, family and strategy: the mean lead over random, and its interval.

    It is taken on the tasks that both played or, if `shared`, on those that all strategies played.
    """
    played = {(r["axis"], r["value"], r["strategy"]): r for r in rows if "aulc" in r}
    found = {}
    for (axis, value, strategy), row in played.items():
        random, all_of = (
            played[axis, value, "random"],
            [r for key, r in played.items() if key[:2] == (axis, value)],
        )
        fewest = min(all_of, key=lambda r: len(r["units"])) if shared else row
        for family in FAMILIES:
            by_unit: dict[str, list[float]] = {}
            units, own = of(row, family, "aulc", fewest)
            for unit, mine, base in zip(units, own, of(random, family, "aulc", fewest)[1], strict=True):
                by_unit.setdefault(unit, []).append(mine - base)
            if strategy != "random" and by_unit:
                found[axis, value, family, strategy] = bootstrap([np.array(v) for v in by_unit.values()])
    return found


def of(row: dict, family: str, field: str, like: dict | None = None) -> tuple[list[str], list[float]]:
    """Units and numbers of a family; of worlds only those that the row `like` played, too."""
    units = [u for u, f in zip(row["units"], row["families"], strict=True) if f == family]
    values = [v for v, f in zip(row[field], row["families"], strict=True) if f == family]
    count = len(units) if like is None else sum(f == family for f in like["families"])
    return units[:count], values[:count]


def number(value: float) -> str:
    """A value of an axis."""
    return f"{value:,}"


def signed(value: float) -> str:
    """A lead."""
    return f"{value:+.3f}"


def shown(interval: Interval, form: str = "+.3f") -> str:
    """An estimate with its interval, where that is known."""
    estimate, low, high = interval
    return f"{estimate:{form}}" + ("" if low is None or high is None else f" [{low:{form}}, {high:{form}}]")


def words(values: list[float], verdicts: list[str]) -> str:
    """Where verdicts change, along an axis: "better than random up to 30, equivalent to random from 60 on"."""
    parts, at = [], 0
    for word, group in groupby(verdicts):
        here = values[at : at + len(list(group))]
        first, last, at = at == 0, at + len(here) == len(values), at + len(here)
        if first and last:
            place = "at every value"
        elif len(here) == 1:
            place = f"at {number(here[0])}"
        elif first:
            place = f"up to {number(here[-1])}"
        else:
            place = f"from {number(here[0])} on" if last else f"from {number(here[0])} to {number(here[-1])}"
        parts.append(f"{SAID[word]} {place}")
    return ", ".join(parts)


def trend(known: list[tuple[float, Interval]], what: str = "the lead", form: str = "+.3f") -> str:
    """Whether something differs along an axis: intervals do not overlap, of the ends, or of the peak and an end."""
    (first, a), (last, b) = known[0], known[-1]
    ends = f"{a.estimate:{form}} at {number(first)}, {b.estimate:{form}} at {number(last)}"
    top, peak = max(known, key=lambda place: place[1].estimate)
    if a.low is None or b.low is None or a.high is None or b.high is None or peak.low is None:
        return f"{what} is {ends}"
    lower = [number(value) for value, end in ((first, a.high), (last, b.high)) if end < peak.low]
    apart = a.low > b.high or b.low > a.high
    if top not in (first, last) and len(lower) > apart:
        where = (
            f"highest at {number(top)} ({peak.estimate:{form}}) and clearly lower at {' and '.join(lower)}"
        )
        return f"{what} is {where} ({ends})"
    if not apart:
        return f"{what} has no clear trend ({ends})"
    steps = np.sign(np.diff([interval.estimate for _, interval in known]))
    steady = "at every step" if abs(steps.sum()) == len(steps) else "but not at every step"
    return f"{what} {'falls' if b.estimate < a.estimate else 'rises'} {steady} ({ends})"


def short(axis: dict, strategies: list[str], found: Leads, shared: Leads) -> str:
    """Who leads at both ends of an axis in worlds (on those that all played), and whose lead is not shown any more."""
    along = {
        name: [(v, i) for v in axis["values"] if (i := found.get((axis["name"], v, "worlds", name)))]
        for name in strategies
    }
    best = []
    for value in (axis["values"][0], axis["values"][-1]):
        lead = {k[3]: i.estimate for k, i in shared.items() if k[:3] == (axis["name"], value, "worlds")}
        name = max(lead, key=lambda name: lead[name])
        best.append(f"{name} at {number(value)} ({signed(lead[name])})")
    lost, never = [], []
    for name, known in along.items():
        better = [k for k, (_, i) in enumerate(known) if judge(i) == "better"]
        if not better:
            never.append(name)
        elif better[-1] + 1 < len(known):
            lost.append(f"{name} beyond {number(known[better[-1]][0])}")
    text = f"- **{axis['name']}.** Furthest above random: {', '.join(best)}."
    text += f" No evidence of a lead any more: {', '.join(lost)}." if lost else ""
    return text + (f" No evidence at any value: {', '.join(never)}." if never else "")


def sentence(axis: dict, strategy: str, found: Leads) -> str:
    """Where a strategy is better than random, and where that ends, in both families."""
    said = []
    for family, start in FAMILIES.items():
        values = [v for v in axis["values"] if any(k[:3] == (axis["name"], v, family) for k in found)]
        intervals = [found.get((axis["name"], v, family, strategy)) for v in values]
        known = [(v, i) for v, i in zip(values, intervals, strict=True) if i]
        if known:
            verdicts = [judge(i) if i else "not played" for i in intervals]
            change = f"; {trend(known)}" if len(known) > 1 else ""
            said.append(f"{start} {words(values, verdicts)}{change}.")
    return f"- **{strategy}.** {' '.join(said)}"


def lead_table(axis: dict, family: str, strategies: list[str], found: Leads, rows: list[dict]) -> list[str]:
    """A row a value: how many tasks, random's own AULC, and each strategy's lead with its interval."""
    lines = []
    for row in rows:
        if row["axis"] != axis["name"] or row.get("strategy") != "random" or family not in row["families"]:
            continue
        own = of(row, family, "aulc")
        line: dict[str, Any] = {axis["varies"]: number(row["value"]), family: len(set(own[0]))}
        line["random, AULC"] = f"{np.mean(own[1]):.3f}"
        for strategy in strategies:
            i = found.get((axis["name"], row["value"], family, strategy))
            line[strategy] = shown(i) if i else ""
        lines.append(line)
    return table(pl.DataFrame(lines)) if lines else []


def broken(axes: list[dict], strategies: list[str], found: Leads, rows: list[dict]) -> list[str]:
    """Where each strategy is worse than random, and where it was not played, and why."""
    lines = []
    for strategy in strategies:
        parts = []
        for family, start in FAMILIES.items():
            bad = [
                f"{axis['name']} {', '.join(places)}"
                for axis in axes
                if (places := [number(v) for v in axis["values"]
                               if (i := found.get((axis["name"], v, family, strategy))) and judge(i) == "worse"])
            ]  # fmt: skip
            parts.append(
                f"{start} worse than random at {'; '.join(bad)}." if bad else f"{start} never worse."
            )
        parts += [f"Not played at {r['axis']} {number(r['value'])}: {r['why']}." for r in rows
                  if r.get("strategy") == strategy and "why" in r]  # fmt: skip
        lines.append(f"- **{strategy}.** {' '.join(parts)}")
    return [*lines, ""]


def seconds(axes: list[dict], strategies: list[str], rows: list[dict]) -> list[str]:
    """Seconds an episode."""
    told = {(r["axis"], r["value"], r["strategy"]): r["episode"] for r in rows if "episode" in r}
    lines = []
    for axis in axes:
        for value in axis["values"]:
            line = {"axis": axis["name"], "value": number(value)}
            for name in strategies:
                cost = told.get((axis["name"], value, name))
                line[name] = "" if cost is None else f"{cost:.3f}"
            lines.append(line)
    return table(pl.DataFrame(lines))


def at_once(axis: dict, strategies: list[str], rows: list[dict]) -> list[str]:
    """What asking all labels at once costs, against one by one: the accuracy in the end, on the same worlds."""
    own = {(r["strategy"], r["value"]): r for r in rows if r["axis"] == axis["name"] and "final" in r}
    lines, values = [], axis["values"]
    for name in ("random", *strategies):
        known = [v for v in values if (name, v) in own]
        count = min(len(of(own[name, v], "worlds", "final")[0]) for v in known)
        ends = {v: np.array(of(own[name, v], "worlds", "final")[1][:count]) for v in known}
        line = {"strategy": name, "worlds": count} | {number(v): f"{ends[v].mean():.3f}" for v in known}
        if known[0] == values[0] and known[-1] == values[-1]:
            line["all at once less one by one"] = over_sets(ends[values[-1]] - ends[values[0]], 3)
        lines.append(line)
    return ["Mean accuracy after the last label, by the size of the batch:", "", *table(pl.DataFrame(lines))]


def panel(axis: dict, family: str, strategies: list[str], found: Leads) -> Lines | None:
    """The leads along an axis."""
    lines = []
    for name in strategies:
        known = [(v, i) for v in axis["values"] if (i := found.get((axis["name"], v, family, name)))]
        if known:
            x, y = np.array([v for v, _ in known], float), np.array([i.estimate for _, i in known])
            x = x / 100 if axis["varies"] == "pool" else x  # their ticks would overlap
            low, high = (
                np.array([np.nan if i[k] is None else i[k] for _, i in known], float) for k in (1, 2)
            )
            lines.append(Line(name, x, y, low, high, *style(name)))
    log = axis["varies"] not in ("noise", "copies")
    if all(len(line.x) < 2 for line in lines):
        return None
    return Lines(
        axis["name"], UNITS[axis["varies"]], "lead over random in AULC", tuple(lines), 0.0, log_x=log
    )
