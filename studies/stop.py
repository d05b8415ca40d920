"""When should one stop if each label has a price? `python studies/stop.py --policy runs/stop --out runs/stop.json`.

Stopping ends an episode of uherding and changes nothing before (tests/test_stop.py), so each episode is played once to
its end, and every rule says where it would have stopped. Settings of rules are chosen by price on synthetic tasks and
on the meta-validation sets, which the policy was trained and chosen on, too; judged is on held-out sets.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from askwell import stats
from askwell.core import Packed, Pool
from askwell.data import encode, load, split
from askwell.data.catalogue import META_VALIDATION, ROLES
from askwell.execution import compilation_cache
from askwell.games import BatchGame, Stop, Turn, trajectory
from askwell.policies import load_policy
from askwell.strategies.stopping.stop_gain import SHARE
from askwell.training import TrainingSpec

HOME = Path(__file__).parent
PRICES = (0.0002, 0.0005, 0.001, 0.002)
GAME = Stop(BatchGame(rounds=10, batch=10))
CHOSEN_ON = tuple(name for name, role in ROLES.items() if role == META_VALIDATION)
JUDGED_ON = (
    *("digits", "breast_cancer", "letter", "satimage", "texture", "vowel", "splice", "phoneme", "chess"),
    *("german", "movement_libras"),
)
POOL, SPLITS, SYNTHETIC, SEED = 500, 12, 64, 17
FIXED = tuple(range(10, 101, 10))
STABLE = [(t, k) for t in (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99) for k in (1, 2, 3)]
GAIN = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
NEVER, BASE = "never stop", "fixed budget"


class Course(NamedTuple):
    """Episodes played to their end.

    Attributes:
        accuracy: on the report split, before the first round and after each, ``[e, r + 1]``.
        agreement: of the predictions before and after each round, 0 where it began cold, ``[e, r]``.
        stops: whether the policy stops before a round, by price, ``[e, r, p]``.
    """

    accuracy: Any
    agreement: Any
    stops: Any


@jax.jit  # the weights are an argument, so that another policy finds the programs in the cache
def play(packed: Packed, keys: jax.Array, pools: Pool) -> Course:
    """Courses of some episodes."""
    policy = packed.open()

    def episode(key: jax.Array, pool: Pool) -> Course:
        def act(turn: Turn, state: Any, memory: None):
            view = GAME.view(state)

            def stops(price: jax.Array):
                priced = eqx.tree_at(lambda v: v.stopping.price, view, price)
                return policy.stop(turn.act, priced, GAME.game.batch)

            rows = policy.strategy.select(turn.act, view, GAME.game.batch)
            before = state.inner.report.accuracy
            state, outcome = GAME.step(turn.game, state, rows)
            return state, memory, (before, outcome.report.accuracy, jax.vmap(stops)(jnp.array(PRICES)))

        (before, after, stops), last, _ = trajectory(GAME, act, tuple(jax.random.split(key)), pool)
        return Course(jnp.append(before[:1], after), last.agreement, stops)

    return jax.vmap(episode)(keys, pools)


def played(packed: Packed, name: str, spec: TrainingSpec) -> Course:
    """The episodes on a set, or on synthetic tasks, which are drawn with a seed that training does not use."""
    if name == "synthetic":
        source = spec.sources[0].model_copy(update={"selection": 1, "report": 2048, "pool": POOL})
        pools = source.tasks().draw((SEED, 0), SYNTHETIC)
    else:
        pools = split(encode(load(name)), seed=SEED, splits=SPLITS, pool=POOL, budget=GAME.budget).pools
    keys = jax.random.split(jax.random.key(SEED), len(pools.y))
    parts = [slice(i, i + 4) for i in range(0, len(keys), 4)]
    found = [
        play(packed, keys[part], jax.tree.map(lambda leaf, p=part: jnp.asarray(leaf[p]), pools))
        for part in parts
    ]
    return Course(*(np.concatenate(leaves) for leaves in zip(*found, strict=True)))


def net(course: Course, price: float) -> np.ndarray:
    """The net of an episode that stops before a round, or never, ``[e, r + 1]``."""
    return course.accuracy - price * GAME.game.batch * np.arange(course.accuracy.shape[1])


def last(course: Course, rounds: int) -> np.ndarray:
    """The agreements of the last rounds before each round, ``[e, r, k]``; 0 before the first."""
    known = np.pad(course.agreement, ((0, 0), (rounds, 0)))
    return np.stack([known[:, i : i + course.agreement.shape[1]] for i in range(rounds)], axis=2)


def when(rule: str, setting: Any, course: Course, place: int) -> np.ndarray:
    """Before which round each episode stops; the number of rounds if it never does."""
    episodes, rounds = course.agreement.shape
    if rule == NEVER:
        return np.full(episodes, rounds)
    if rule == BASE:
        return np.full(episodes, setting // GAME.game.batch)
    if rule == "clairvoyant":
        return np.argmax(net(course, PRICES[place]), axis=1)
    if rule == "stable":
        holds = np.all(last(course, setting[1]) >= setting[0], axis=2)
    elif rule in ("gain", "start"):
        changed = 1 - last(course, 2).mean(axis=2)
        holds = setting * changed < PRICES[place] * GAME.game.batch
    else:
        holds = course.stops[:, :, place]
    return np.where(holds.any(axis=1), np.argmax(holds, axis=1), rounds)


RULES: dict[str, Any] = {
    BASE: FIXED, NEVER: (None,), "stable": STABLE, "gain": GAIN, "start": (SHARE,),
    "learned": (None,), "clairvoyant": (None,),
}  # fmt: skip


def ended(rule: str, setting: Any, course: Course, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Net and labels of each episode."""
    at = when(rule, setting, course, place)
    return net(course, PRICES[place])[np.arange(len(at)), at], at * GAME.game.batch


def judged(courses: dict[str, Course], place: int) -> list[dict[str, Any]]:
    """One row a rule at one price: its setting, and on the held-out sets its net and what it is less fixed budgets."""

    def mean(rule: str, setting: Any) -> float:
        """Half of it counts what is synthetic, half the meta-validation sets."""
        on = {
            name: float(ended(rule, setting, courses[name], place)[0].mean())
            for name in (*CHOSEN_ON, "synthetic")
        }
        return (on.pop("synthetic") + float(np.mean(list(on.values())))) / 2

    chosen = {rule: max(settings, key=lambda s, r=rule: mean(r, s)) for rule, settings in RULES.items()}
    nets = {
        rule: [ended(rule, setting, courses[name], place) for name in JUDGED_ON]
        for rule, setting in chosen.items()
    }
    rows = []
    for rule, found in nets.items():
        row = {
            "price": PRICES[place],
            "rule": rule,
            "setting": chosen[rule],
            "net": float(np.mean([value.mean() for value, _ in found])),
            "labels": float(np.mean([labels.mean() for _, labels in found])),
        }
        for other in (BASE, "stable", "gain", "start"):
            if rule != other:
                gaps = [own[0] - base[0] for own, base in zip(found, nets[other], strict=True)]
                interval = stats.bootstrap(gaps)
                row[f"less {other}"] = {**interval._asdict(), "verdict": stats.judge(interval)}
        rows.append(row)
    return rows


def main() -> None:
    """Play, choose, judge and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", type=Path, default=Path("runs/stop"))
    parser.add_argument("--out", type=Path, default=Path("runs/stop.json"))
    given = parser.parse_args()
    compilation_cache()
    spec, start = TrainingSpec.read(HOME / "stop.toml"), time.process_time()
    packed, courses = Packed.of(load_policy(given.policy)), {}
    for name in ("synthetic", *CHOSEN_ON, *JUDGED_ON):
        courses[name] = played(packed, name, spec)
        print(f"{name}: accuracy {courses[name].accuracy.mean(axis=0).round(3)}", flush=True)
    rows = [row for place in range(len(PRICES)) for row in judged(courses, place)]
    spent = time.process_time() - start
    about = {"sets": JUDGED_ON, "splits": SPLITS, "pool": POOL, "cpu seconds": spent, "rows": rows}
    given.out.write_text(json.dumps(about, indent=1))
    for row in rows:
        print(
            {key: value for key, value in row.items() if not key.startswith("less")},
            row.get("less fixed budget"),
        )


if __name__ == "__main__":
    main()
