"""Deterministic policy gradient in the data space: critics learn returns, the actor follows their slope."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from askwell.core import AbstractSpace, AskwellError, Packed, Points, Pool, Rows
from askwell.games import AbstractGame, Turn, trajectory
from askwell.policies import AbstractHead, PointActor
from askwell.policies.gain import HIDDEN
from askwell.policies.point_actor import Rated
from askwell.training import replay
from askwell.training.base import AbstractTrainer, AbstractTrainerState, Task
from askwell.training.estimators import returns
from askwell.training.optimiser import Optimiser

DELAY, SLOW = 2, 0.005
"""Steps of the critics for each of the actor, and how far the targets follow a step, as in the paper."""


class Moves(eqx.Module):
    """Points that were named: `m` rows as they were seen, their weights in the point, and its reward.

    `later` is what was seen of the rows in the next state, and which were left; `live` says whether there was one.
    `earned` is what the rest of the episode brought, for a metric.
    """

    rated: Rated
    weight: Float[Array, "*s m"]
    reward: Float[Array, "*s"]
    later: tuple[Float[Array, "*s m f"], Bool[Array, "*s m"]]
    live: Bool[Array, "*s"]
    earned: Float[Array, "*s"]

    @property
    def after(self) -> Rated:
        """The rows in the next state; they lie where they did."""
        return Rated(*self.later, self.rated.apart)


class Learner(eqx.Module):
    """An actor and its two critics, as arrays."""

    actor: Packed[PointActor]
    critics: Packed[eqx.nn.MLP]


class TD3State(AbstractTrainerState):
    """What learns, what slowly follows it (the targets), the actor's running average, and a buffer of the newest moves.

    `unit` is the spread of the first update's rewards: all are counted in it. `seen` counts the moves that ever were
    put in.
    """

    newest: Learner
    target: Learner
    mean: Packed[PointActor]
    optimisers: tuple[PyTree, PyTree]
    kept: Moves
    unit: Float[Array, ""]
    seen: Int[Array, ""]


class TD3(AbstractTrainer[TD3State]):
    """A deterministic actor climbs what two critics foretell at its point (TD3, Fujimoto et al. 2018).

    A critic learns the reward and, `discount` times, what the more cautious of two slowly following critics foretells
    at the target actor's point in the next state, with some noise on the point. Noise is drawn in the rows' own
    spread: a point moves towards some rows and away from others. Half of the episodes start from random rows in place
    of the actor's point.

    What is seen at a point is what is seen of the rows near it, softly (`askwell.policies.point_actor.Rated`). Features
    such as those of `point-gain` have a slope as well, but poles and cusps at each row, and only with learners that can
    be differentiated; and a move that remembers them would have to remember pool and learner.

    Attributes:
        rows: of the pool that a point is made of while training; in play it is made of all.
        noise: of the points that are tried, in the pool's spread.
        smoothing: of the points in targets, cut off at `2.5` times as much.
        discount: what a reward counts that comes a label later.
        episodes: played on each task.
        buffer: moves that are kept, the newest.
        steps: steps of the actor an update; the critics take twice as many, each on `minibatch` moves of the buffer.
        shuffled: rewards change places: a run that must not learn.
    """

    name: ClassVar[str] = "td3"
    heads: ClassVar[type[AbstractHead]] = PointActor
    spaces: ClassVar[tuple[type[AbstractSpace], ...]] = (Points,)
    rows: int = eqx.field(static=True, default=32)
    noise: float = eqx.field(static=True, default=0.2)
    smoothing: float = eqx.field(static=True, default=0.2)
    discount: float = eqx.field(static=True, default=0.9)
    episodes: int = eqx.field(static=True, default=8)
    buffer: int = eqx.field(static=True, default=8192)
    steps: int = eqx.field(static=True, default=16)
    minibatch: int = eqx.field(static=True, default=256)
    shuffled: bool = eqx.field(static=True, default=False)
    optimiser: Optimiser = Optimiser()

    def __check_init__(self):
        """Refuse settings that nothing can be learned with."""
        counts = (self.episodes, self.buffer, self.steps, self.minibatch)
        if (
            self.rows < 2
            or min(counts) < 1
            or min(self.noise, self.smoothing) < 0
            or not 0 <= self.discount <= 1
        ):
            raise AskwellError(
                "TD3 needs 2 rows or more, counts of episodes, buffer, steps and minibatch of 1 or more, noise and "
                f"smoothing of 0 or more and a discount in 0..1; given rows = {self.rows}, "
                f"{', '.join(map(str, counts))}, {self.noise}, {self.smoothing} and {self.discount}."
            )

    def init(self, key: PRNGKeyArray, head: AbstractHead, games: Sequence[Task]) -> TD3State:
        """See `AbstractTrainer.init`; the buffer is empty."""
        self.check(type(head), [game for game, _ in games])
        assert isinstance(head, PointActor)
        replay.one_label(self.name, games)
        short = min(pool.y.shape[0] - game.budget for game, pool in games)
        if short < self.rows:
            raise AskwellError(
                f"The trainer '{self.name}' makes a point of {self.rows} rows, and a pool has only {short} that are "
                "never asked; set rows lower, or give its source a larger pool."
            )
        s, m, f = self.buffer, self.rows, len(head.inputs)
        make = lambda key: eqx.nn.MLP(f, 1, HIDDEN, 2, jnp.tanh, key=key)
        critics = eqx.filter_vmap(make)(jax.random.split(key))
        learner = Learner(Packed.of(head), Packed.of(critics))
        begin = lambda tree: self.optimiser.over(self.steps).init(eqx.filter(tree, eqx.is_inexact_array))
        rated = Rated(jnp.zeros((s, m, f)), jnp.zeros((s, m), bool), jnp.zeros((s, m, m)))
        nothing = jnp.zeros(s)
        later = rated.seen, rated.left
        kept = Moves(rated, jnp.zeros((s, m)), nothing, later, jnp.zeros(s, bool), nothing)
        optimisers = begin(head), begin(critics)
        return TD3State(learner, learner, learner.actor, optimisers, kept, jnp.ones(()), jnp.zeros((), int))

    def collect(
        self, key: PRNGKeyArray, state: TD3State, place: int, game: AbstractGame, pools: Pool
    ) -> tuple[Moves, Float[Array, ""]]:
        """See `AbstractTrainer.collect`: the moves of all episodes, and the mean accuracy after them."""
        actor = state.newest.actor.open()

        def act(turn: Turn, now: Any, memory: tuple[Array, Array]):
            own, rows = memory
            view = game.view(now)
            rated = actor.rated(view, rows)
            start_key, noise_key = jax.random.split(turn.act)
            start = jax.random.categorical(start_key, jnp.where(rated.left, 0.0, -jnp.inf))
            weight = jnp.where(own, actor.weights(rated.seen, rated.left), jax.nn.one_hot(start, self.rows))
            weight = moved(noise_key, weight, self.noise, jnp.inf)
            now, outcome = game.step(turn.game, now, weight[None] @ view.x[rows])
            return now, memory, (rated, weight, outcome.reward, outcome.selection.accuracy)

        def play(key: PRNGKeyArray, pool: Pool):
            game_key, act_key = jax.random.split(key)
            own_key, row_key = jax.random.split(jax.random.fold_in(act_key, game.turns(len(pool.y))))
            start = game.reset(jax.random.fold_in(game_key, 0), pool)
            memory = jax.random.bernoulli(own_key), Rows(self.rows).sample(row_key, game.view(start))
            told = trajectory(game, act, (game_key, act_key), start=start, memory=memory)[0]
            rated, weight, reward, accuracy = told
            later = jax.tree.map(lambda leaf: jnp.roll(leaf, -1, axis=0), (rated.seen, rated.left))
            live = jnp.arange(len(reward)) < len(reward) - 1
            return Moves(rated, weight, reward, later, live, returns(reward, self.discount)), accuracy

        moves, accuracy = replay.episodes(key, play, pools, self.episodes)
        return moves, jnp.mean(accuracy)

    def learn(
        self,
        key: PRNGKeyArray,
        state: TD3State,
        places: Sequence[int],
        collected: Sequence[tuple[Moves, Float[Array, ""]]],
    ) -> tuple[TD3State, dict[str, Float[Array, ""]]]:
        """See `AbstractTrainer.learn`.

        `foretold` is the correlation of what episodes earned with what was foretold of it before it was learned from,
        `sharp` the largest weight of a row in the actor's point, in the mean.
        """
        moves, accuracy = replay.joined(collected)
        state, found = _learned(self, key, state, moves)
        return state, {"reward": accuracy, **found}

    def head(self, state: TD3State) -> PointActor:
        """See `AbstractTrainer.head`: the actor with the averaged weights."""
        return state.mean.open()


def moved(key: PRNGKeyArray, weight: Float[Array, " m"], noise: float, most: float) -> Float[Array, " m"]:
    """The weights of a point some way off: a random sum of the steps from it to each row.

    Such a step has the spread of the rows about the point, times `noise`; no row's part in it is larger than `most`
    times the noise. The weights still sum to 1, and some may be negative.
    """
    m = len(weight)
    part = noise * jnp.clip(jax.random.normal(key, (m,)), -most, most) / m**0.5
    return weight * (1 - jnp.sum(part)) + part


def values(critics: eqx.nn.MLP, seen: Float[Array, " f"]) -> Float[Array, "2"]:
    """What both critics foretell at a point."""
    return eqx.filter_vmap(lambda critic: critic(seen)[0])(critics)


def cautious(
    trainer: TD3, target: tuple[PointActor, eqx.nn.MLP], key: PRNGKeyArray, move: Moves
) -> Float[Array, ""]:
    """What a move is taken to be worth: its reward, and what the lower critic says of the actor's next point, moved."""
    actor, critics = target
    weight = moved(key, actor.weights(move.after.seen, move.after.left), trainer.smoothing, 2.5)
    later = jnp.min(values(critics, move.after.at(weight)))
    return move.reward + trainer.discount * jnp.where(move.live, later, 0.0)


def climbed(actor: PointActor, critics: eqx.nn.MLP, rated: Rated) -> Float[Array, ""]:
    """What the actor climbs: the first critic at its point."""
    return values(critics, rated.at(actor.weights(rated.seen, rated.left)))[0]


@eqx.filter_jit
def _learned(
    trainer: TD3, key: PRNGKeyArray, state: TD3State, moves: Moves
) -> tuple[TD3State, dict[str, Float[Array, ""]]]:
    moves, unit, found = replay.counted(key, moves, state.unit, state.seen, trainer.shuffled)
    kept, seen = replay.put(state.kept, state.seen, moves), state.seen + len(moves.reward)
    both = lambda learner: (learner.actor.open(), learner.critics.open())
    split = lambda tree: eqx.partition(tree, eqx.is_inexact_array)
    newest, rest = split(both(state.newest))
    whole = lambda params: eqx.combine(params, rest)
    own = lambda learner, rated: jax.vmap(learner[0].weights)(rated.seen, rated.left)
    told = jax.vmap(lambda move: values(whole(newest)[1], move.rated.at(move.weight))[0])(moves)
    found["foretold"] = replay.correlation(told, moves.earned)
    found["sharp"] = jnp.mean(jnp.max(own(whole(newest), moves.rated), axis=1))
    transformation = trainer.optimiser.over(trainer.steps)

    def error(critics: PyTree, some: Moves, worth: Float[Array, " b"]) -> Float[Array, ""]:
        critics = eqx.combine(critics, rest[1])
        told = jax.vmap(lambda move: values(critics, move.rated.at(move.weight)))(some)
        return jnp.mean(jnp.sum((told - worth[:, None]) ** 2, axis=1))

    def ascent(actor: PyTree, critics: PyTree, some: Moves) -> Float[Array, ""]:
        return jnp.mean(jax.vmap(partial(climbed, *whole((actor, critics))))(some.rated))

    def step(carry: Any, key: PRNGKeyArray):
        (actor, critics), target, mean, (of_actor, of_critics) = carry
        wrong, some = jnp.zeros(()), moves
        for number in range(DELAY):
            some_key, noise_key = jax.random.split(jax.random.fold_in(key, number))
            some = replay.some(some_key, kept, seen, trainer.minibatch)
            keys = jax.random.split(noise_key, trainer.minibatch)
            worth = jax.vmap(partial(cautious, trainer, whole(target)))(keys, some)
            wrong, down = jax.value_and_grad(error)(critics, some, worth)
            change, of_critics = transformation.update(jax.tree.map(jnp.negative, down), of_critics)
            critics = optax.apply_updates(critics, change)
        up = jax.grad(ascent)(actor, critics, some)
        change, of_actor = transformation.update(up, of_actor)
        actor = optax.apply_updates(actor, change)
        target = replay.towards(target, (actor, critics), SLOW)
        mean = replay.towards(mean, actor, trainer.optimiser.average / trainer.steps)
        return ((actor, critics), target, mean, (of_actor, of_critics)), wrong

    target, mean = split(both(state.target))[0], split(state.mean.open())[0]
    start = newest, target, mean, state.optimisers
    (newest, target, mean, optimisers), wrong = jax.lax.scan(
        step, start, jax.random.split(key, trainer.steps)
    )
    packed = lambda params: Learner(*map(Packed.of, whole(params)))
    average = Packed.of(eqx.combine(mean, rest[0]))
    after = TD3State(packed(newest), packed(target), average, optimisers, kept, unit, seen)
    return after, found | {"error": jnp.mean(wrong)}
