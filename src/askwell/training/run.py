"""`train`: a policy from a spec; resumable to the bit, interruptible."""

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl

from askwell.core import (
    AbstractBatchSpace,
    AbstractPlayer,
    AbstractStopStrategy,
    AskwellError,
    Packed,
    metric_of,
)
from askwell.execution import Interrupts, Program, compilation_cache, interrupts, side_by_side, workers
from askwell.games import OneOf, fits
from askwell.policies import HEADS, AbstractHead, AbstractPolicy, load_policy, make_head, make_strategy
from askwell.training import programs, warn
from askwell.training.spec import TrainingSpec
from askwell.training.state import RunState
from askwell.training.store import TrainingStore

KEEP = 10
"""Updates between checkpoints."""

PROBES = 5
"""Looks at the decisions on the fixed pool between two validations."""

AGREEING = 8
"""Tasks of each source that the agreement of groups and classes is a mean of."""

Watch = Callable[[dict[str, Any]], None]
"""Called with each new row of a history: the kind of row under "history"."""

Judged = Callable[[int, list[np.ndarray]], None]
"""Called after each validation, once it is kept: with the update, and for each validation source the areas under the
learning curve ``[seeds, tasks]``. The tasks are the same for all runs with the same validation."""


@dataclass(frozen=True)
class Trained:
    """What a training run gave: the policy that validated best, its card, and the histories by name."""

    policy: AbstractHead
    card: dict[str, Any]
    histories: dict[str, pl.DataFrame]


class Run:
    """A training run in memory: what is played, the state, and the rows written so far."""

    def __init__(self, spec: TrainingSpec):
        self.spec, self.trainer = spec, spec.make_trainer()
        self.sources = [(source.make_game(), source.tasks()) for source in spec.sources]
        heads = [_first(spec, seed) for seed in spec.seeds]
        games = [(game, source.like()) for (game, _), source in zip(self.sources, spec.sources, strict=True)]
        begin = lambda seed, head: self.trainer.init(jax.random.key(seed), head, games)
        self.state = RunState(
            _stacked([begin(seed, head) for seed, head in zip(spec.seeds, heads, strict=True)]),
            _stacked([Packed.of(head) for head in heads]),
            jnp.full(len(heads), -jnp.inf),
        )
        self._collectors = [
            programs.collector(self.trainer, game, place) for place, (game, _) in enumerate(self.sources)
        ]
        self.rows: dict[str, list[dict[str, Any]]] = {"training": [], "decisions": [], "validation": []}
        self.opponents = self._opponents()
        self.areas: list[np.ndarray] = []
        self._validation: list[Any] | None = None
        self._probe: Any = None

    @property
    def heads(self) -> Packed[AbstractHead]:
        """Each seed's head as it stands."""
        return jax.vmap(lambda state: Packed.of(self.trainer.head(state)))(self.state.trainer)

    def update(self, number: int, pool: Executor, stop: Interrupts) -> bool:
        """One step of every seed's policy; False if Ctrl-C came before, and nothing changed."""
        start = time.perf_counter()
        spec, state = self.spec, self.state.trainer
        chunks = spec.tasks // spec.chunk
        share = np.array([source.share for source in spec.sources])
        where = np.random.default_rng([number, len(share)]).choice(len(share), chunks, p=share / share.sum())
        seeds = [jax.random.fold_in(jax.random.key(seed), number) for seed in spec.seeds]

        def play(chunk: int):
            place = where[chunk]
            pools = [self.sources[place][1].draw((seed, number, chunk), spec.chunk) for seed in spec.seeds]
            keys = jnp.stack([jax.random.fold_in(key, chunk) for key in seeds])
            pools = jax.tree.map(lambda *leaves: jnp.stack(leaves), *pools)
            return jax.block_until_ready(self._collectors[place](keys, state, pools))

        # In the order of chunks: sums must not depend on who was first.
        collected = stop.results([pool.submit(play, chunk) for chunk in range(chunks)])
        if collected is None:
            return False
        learn = lambda key, state, collected: self.trainer.learn(key, state, where.tolist(), collected)
        keys = jnp.stack([jax.random.fold_in(key, chunks) for key in seeds])
        after, metrics = jax.vmap(learn)(keys, state, collected)
        metrics = {name: np.asarray(values) for name, values in metrics.items()}
        odd = [name for name, values in metrics.items() if not np.all(np.isfinite(values))]
        if odd:
            raise AskwellError(
                f"The {odd[0]} of update {number} is not finite; the last good checkpoint is kept: try a smaller step, "
                "a smaller clip or another learner."
            )
        self.state = dataclasses.replace(self.state, trainer=after)
        seconds = time.perf_counter() - start
        for place, seed in enumerate(spec.seeds):
            own = [old for old in self.rows["training"] if old["seed"] == seed]
            row = {"seed": seed, "update": number, "seconds": seconds}
            row |= {name: float(values[place]) for name, values in metrics.items()}
            self.rows["training"].append({**row, "warning": warn.warning([*own, row], spec)})
        return True

    def validate(self, update: int) -> None:
        """Judge the heads on fixed tasks, and keep the best."""
        if self._validation is None:
            self._validation = [self._judge(place, source) for place, source in enumerate(self._judged())]
        heads, sign = self.heads, metric_of(self.spec.metric).sign
        self.areas = [np.asarray(judge(heads, key, pools)) for judge, key, pools, _ in self._validation]
        for place, seed in enumerate(self.spec.seeds):
            for name in self.spec.against:
                gaps = [
                    sign * (own[place] - others[name])
                    for own, (*_, others) in zip(self.areas, self._validation, strict=True)
                ]
                gap = np.concatenate(gaps)
                error = 1.96 * gap.std(ddof=1) / len(gap) ** 0.5
                self.rows["validation"].append(
                    {
                        "seed": seed, "update": update, "against": name, "difference": float(gap.mean()),
                        "low": float(gap.mean() - error), "high": float(gap.mean() + error),
                    }
                )  # fmt: skip
        score = sign * jnp.asarray(np.mean([own.mean(axis=1) for own in self.areas], axis=0))
        self.state = self.state.better(heads, score)

    def _judged(self):
        fresh = {"selection": 1, "report": 1024}
        return self.spec.validation or [w.model_copy(update=fresh) for w in self.spec.sources]

    def _opponents(self) -> dict[str, AbstractPlayer]:
        """The strategies that validation compares to.

        Raises:
            AskwellError: if one cannot act in a game that is judged.
        """
        players = {name: make_strategy(name) for name in self.spec.against}
        for source in self._judged():
            game = source.make_game()
            for name, player in players.items():
                fits(game, player, name)
        return players

    def _judge(self, place: int, source: Any):
        game, key, column = source.make_game(), jax.random.key(place), metric_of(self.spec.metric).column
        pools = jax.device_put(source.tasks().draw((2**31, place), self.spec.judged))
        players = tuple(self.opponents.values())
        play = Program(lambda key, pools, i: programs.areas(game, OneOf(players, i), key, pools, column))
        others = {name: np.asarray(play(key, pools, np.int32(i))) for i, name in enumerate(self.opponents)}
        return programs.judge(game, column), key, pools, others

    def look(self, update: int) -> None:
        """Write down what the policies decide on one fixed pool, where they decide about batches."""
        game, tasks = self.sources[0]
        if not isinstance(game.space, AbstractBatchSpace) or not issubclass(
            self.trainer.heads, AbstractPolicy
        ):
            return
        if issubclass(HEADS[self.spec.head], AbstractStopStrategy):  # its batches are not its own
            return
        if self._probe is None:
            pool = jax.tree.map(lambda leaf: jax.device_put(leaf[0]), tasks.draw((2**31, 2**31), 1))
            self._probe = programs.probe(game), pool, programs.shares_of(game, pool)
        play, pool, priors = self._probe
        for kind, shares, prior in zip(("group", "class"), play(self.heads, pool), priors, strict=True):
            for (place, round, index), share in np.ndenumerate(np.asarray(shares)):
                self.rows["decisions"].append(
                    {
                        "seed": self.spec.seeds[place], "update": update, "round": round + 1, "kind": kind,
                        "index": index, "share": float(share), "prior": float(prior[index]),
                    }
                )  # fmt: skip

    def agreements(self) -> list[float]:
        """How well each source's groups agree with its classes, over a few tasks: what a policy over groups assumes."""
        drawn = [tasks.draw((2**31, place), AGREEING) for place, (_, tasks) in enumerate(self.sources)]
        return [programs.agreement(game, pools) for (game, _), pools in zip(self.sources, drawn, strict=True)]


def train(
    spec: TrainingSpec,
    out: Path | str,
    watch: Watch = lambda row: None,
    judged: Judged = lambda update, areas: None,
) -> Trained:
    """Train a policy, or go on where an earlier run in `out` stopped: the weights will be the same to the bit.

    What `watch` and `judged` raise ends the run; the same call goes on from the last checkpoint.

    Raises:
        AskwellError: one sentence on a wrong spec, an `out` of another spec, or a gradient that is not finite.
        KeyboardInterrupt: after Ctrl-C, once a checkpoint is kept; nothing that compiles is waited for.
    """
    compilation_cache()
    store = TrainingStore(out)
    store.open(spec)
    run = Run(spec)
    heard = lambda: watch({"history": "interrupted"})
    with side_by_side(workers()) as pool, interrupts(heard) as stop:
        run.state, run.rows, done = store.restore(run.state, spec.updates)
        kept = run.state
        for number in range(done, spec.updates):
            known = {name: len(rows) for name, rows in run.rows.items()}
            last = number + 1 == spec.updates
            if (
                number % max(1, spec.every // PROBES) == 0
                and stop.results([pool.submit(run.look, number)]) is None
            ):
                break
            if not run.update(number, pool, stop):
                break
            validated = (number + 1) % spec.every == 0 or last
            due = [run.validate] if validated else []
            due += [run.look] if last else []
            if stop.results([pool.submit(one, number + 1) for one in due]) is None:
                break  # validation is part of the update: it will be repeated
            done, kept = number + 1, run.state
            for name, rows in run.rows.items():
                for row in rows[known[name] :]:
                    watch({"history": name, **row})
            if done % KEEP == 0 or validated:
                store.checkpoint(run.state, run.rows, done)
            if validated:
                judged(done, run.areas)
        if done < spec.updates:
            store.checkpoint(kept, run.rows, done)  # an update that was not ended is played again
            raise KeyboardInterrupt
    return Trained(*store.finish(spec, run.state, run.rows, run.agreements))


def _first(spec: TrainingSpec, seed: int) -> AbstractHead:
    """The head before the first update."""
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


def _stacked(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)
