"""`train`: a policy from a spec; resumable to the bit, interruptible."""

import concurrent.futures
import dataclasses
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import polars as pl

from askwell.core import AskwellError
from askwell.execution import Program, compilation_cache, side_by_side, workers
from askwell.policies import AbstractPolicy, load_policy, make_head, make_strategy
from askwell.training import programs, warn
from askwell.training.spec import TrainingSpec
from askwell.training.state import advance, begin, dot, norm, whitened
from askwell.training.store import TrainingStore

KEEP = 10
"""Updates between checkpoints."""

PROBES = 5
"""Looks at the decisions on the fixed pool between two validations."""

AGREEING = 8
"""Tasks of each source that the agreement of groups and classes is a mean of."""

Watch = Callable[[dict[str, Any]], None]
"""Called with each new row of a history: the kind of row under "history"."""


@dataclass(frozen=True)
class Trained:
    """What a training run gave: the policy that validated best, its card, and the histories by name."""

    policy: AbstractPolicy
    card: dict[str, Any]
    histories: dict[str, pl.DataFrame]


class Run:
    """A training run in memory: what is played, the state, and the rows written so far."""

    def __init__(self, spec: TrainingSpec):
        self.spec, self.trainer = spec, spec.make_trainer()
        made = [_first(spec, seed) for seed in spec.seeds]
        split = [eqx.partition(policy, eqx.is_inexact_array) for policy in made]
        self.static = split[0][1]
        params = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[params for params, _ in split])
        self.state = begin(spec, params)
        self.sources = [(source.game(), source.tasks()) for source in spec.sources]
        self.gradients = [programs.gradients(self.trainer, game, self.static) for game, _ in self.sources]
        self.rows: dict[str, list[dict[str, Any]]] = {"training": [], "decisions": [], "validation": []}
        self._validation: list[Any] | None = None
        self._probe: Any = None

    def update(self, number: int, pool: concurrent.futures.Executor) -> None:
        """One step of every seed's policy."""
        start = time.perf_counter()
        spec, state = self.spec, self.state
        chunks = spec.tasks // spec.chunk
        share = np.array([source.share for source in spec.sources])
        where = np.random.default_rng([number, len(share)]).choice(len(share), chunks, p=share / share.sum())

        def play(chunk: int):
            source = where[chunk]
            pools = [self.sources[source][1].draw((seed, number, chunk), spec.chunk) for seed in spec.seeds]
            keys = jnp.stack(
                [jax.random.fold_in(jax.random.fold_in(jax.random.key(s), number), chunk) for s in spec.seeds]
            )
            pools = jax.tree.map(lambda *leaves: jnp.stack(leaves), *pools)
            known = state.params, state.scale[source], state.usual[source]
            return jax.block_until_ready(self.gradients[source](*known, keys, pools))

        played = list(
            pool.map(play, range(chunks))
        )  # in the order of chunks: sums must not depend on who was first
        halves = [
            [_sum([played[c][kind] for c in range(side, chunks, 2)]) for side in (0, 1)] for kind in (0, 1)
        ]
        right, shuffled = (jax.tree.map(lambda a, b: (a + b) / spec.tasks, *half) for half in halves)
        seen = [one for _, _, one in played]
        spread, worth = (
            [
                _mean([getattr(seen[c], name) for c in range(chunks) if where[c] == source])
                for source in range(len(share))
            ]
            for name in ("spread", "worth")
        )
        lengths = norm(right)
        if not np.all(np.isfinite(lengths)):
            raise AskwellError(
                f"The gradient of update {number} is not finite; the last good checkpoint is kept: try a smaller "
                "step, a smaller clip or another learner."
            )
        fisher = _mean([one.fisher for one in seen])
        self.state = advance(spec, state, right, spread, worth, jnp.asarray(number), fisher)
        seconds = time.perf_counter() - start
        halves = [[whitened(one, fisher) for one in half] for half in halves]
        agree = [np.asarray(dot(*half) / (norm(half[0]) * norm(half[1]) + 1e-12)) for half in halves]
        flat = _mean([jax.tree.map(lambda leaf: jnp.mean(leaf, axis=-1), one) for one in seen])
        for place, seed in enumerate(spec.seeds):
            row = {
                "seed": seed,
                "update": number,
                "seconds": seconds,
                "reward": float(flat.reward[place]),
                "spread": float(jnp.sqrt(flat.spread[place])),
                "entropy": float(flat.entropy[place]),
                **{
                    name: float(getattr(flat.decisions, name)[place])
                    for name in ("groups", "classes", "largest", "redundancy")
                },
                "gradient": float(lengths[place]),
                "shuffled": float(norm(shuffled)[place]),
                "agreement": float(agree[0][place]),
                "chance": float(agree[1][place]),
            }
            own = [old for old in self.rows["training"] if old["seed"] == seed]
            self.rows["training"].append({**row, "warning": warn.warning([*own, row], spec)})

    def validate(self, update: int) -> None:
        """Judge the averaged weights on fixed tasks, and keep the best."""
        if self._validation is None:
            self._validation = [self._world(place, source) for place, source in enumerate(self._judged())]
        areas = [np.asarray(judge(self.state.mean, key, pools)) for judge, key, pools, _ in self._validation]
        for place, seed in enumerate(self.spec.seeds):
            for name in self.spec.against:
                gaps = [
                    own[place] - others[name]
                    for own, (*_, others) in zip(areas, self._validation, strict=True)
                ]
                gap = np.concatenate(gaps)
                error = 1.96 * gap.std(ddof=1) / len(gap) ** 0.5
                self.rows["validation"].append(
                    {
                        "seed": seed, "update": update, "against": name, "difference": float(gap.mean()),
                        "low": float(gap.mean() - error), "high": float(gap.mean() + error),
                    }
                )  # fmt: skip
        score = jnp.asarray(np.mean([own.mean(axis=1) for own in areas], axis=0))
        better = score > self.state.score
        best = jax.tree.map(
            lambda old, new: jnp.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old),
            self.state.best,
            self.state.mean,
        )
        self.state = dataclasses.replace(self.state, best=best, score=jnp.maximum(score, self.state.score))

    def _judged(self):
        fresh = {"selection": 1, "report": 1024}
        return self.spec.validation or [w.model_copy(update=fresh) for w in self.spec.sources]

    def _world(self, place: int, source: Any):
        game, key = source.game(), jax.random.key(place)
        pools = jax.tree.map(jnp.asarray, source.tasks().draw((2**31, place), self.spec.judged))
        others = {}
        for name in self.spec.against:
            strategy = make_strategy(name)
            play = Program(lambda key, pools, s=strategy: programs.areas(game, s, key, pools))
            others[name] = np.asarray(play(key, pools))
        return programs.judge(game, self.static), key, pools, others

    def look(self, update: int) -> None:
        """Write down what the policies decide on one fixed pool."""
        game, tasks = self.sources[0]
        if self._probe is None:
            pool = jax.tree.map(lambda leaf: jnp.asarray(leaf)[0], tasks.draw((2**31, 2**31), 1))
            self._probe = programs.probe(game, self.static), pool, programs.shares_of(game, pool)
        play, pool, priors = self._probe
        for kind, shares, prior in zip(
            ("group", "class"), play(self.state.params, pool), priors, strict=True
        ):
            for (place, round, index), share in np.ndenumerate(np.asarray(shares)):
                self.rows["decisions"].append(
                    {
                        "seed": self.spec.seeds[place], "update": update, "round": round + 1, "kind": kind,
                        "index": index, "share": float(share), "prior": float(prior[index]),
                    }
                )  # fmt: skip

    def agreement(self, source: int) -> float:
        """How well a source's groups agree with its classes, over a few tasks: what a policy over groups assumes."""
        game, tasks = self.sources[source]
        return programs.agreement(game, tasks.draw((2**31, source), AGREEING))


def train(spec: TrainingSpec, out: Path | str, watch: Watch = lambda row: None) -> Trained:
    """Train a policy, or go on where an earlier run in `out` stopped: the weights will be the same to the bit.

    Raises:
        AskwellError: one sentence on a wrong spec, an `out` of another spec, or a gradient that is not finite.
        KeyboardInterrupt: after Ctrl-C, once the update is ended and a checkpoint is kept.
    """
    compilation_cache()
    store = TrainingStore(out)
    store.open(spec)
    run = Run(spec)
    with side_by_side(workers()) as pool, interrupts() as interrupted:
        for number in range(store.restore(run), spec.updates):
            known = {name: len(rows) for name, rows in run.rows.items()}
            if number % max(1, spec.every // PROBES) == 0:
                run.look(number)
            run.update(number, pool)
            done, last = number + 1, number + 1 == spec.updates
            if done % spec.every == 0 or last:
                run.validate(done)
            if last:
                run.look(done)
            for name, rows in run.rows.items():
                for row in rows[known[name] :]:
                    watch({"history": name, **row})
            stop = bool(interrupted)  # once, so that no Ctrl-C stops without a checkpoint
            if done % KEEP == 0 or last or stop:
                store.checkpoint(run, done)
            if stop and not last:
                raise KeyboardInterrupt
    return Trained(*store.finish(run))


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Ctrl-C fills the list that this gives, and stops at once only when it comes a second time."""
    caught: list[int] = []

    def catch(number: int, frame: Any) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)

    if threading.current_thread() is not threading.main_thread():  # only there may signals be caught
        yield caught
        return
    before = signal.signal(signal.SIGINT, catch)
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, before)


def _first(spec: TrainingSpec, seed: int) -> AbstractPolicy:
    """The policy before the first update."""
    fresh = make_head(spec.head, jax.random.key(seed), spec.policy)
    if not spec.start:
        return fresh
    start = load_policy(spec.start)
    if jax.tree.structure(start) != jax.tree.structure(fresh):
        raise AskwellError(
            f"start is '{spec.start}', a policy of head '{start.name}' or with other settings than this spec's "
            f"head '{spec.head}'; start from one made alike, or leave start out."
        )
    return start


def _sum(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]), *trees)


def _mean(trees: list[Any]) -> Any:
    return jax.tree.map(lambda leaf: leaf / len(trees), _sum(trees)) if trees else None
