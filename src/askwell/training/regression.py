"""Regression of gains: what a label brought, foretold from what was seen of its point."""

from collections.abc import Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from askwell.core import AbstractSpace, AskwellError, Packed, Points, Pool, Rows
from askwell.games import AbstractGame, Turn, trajectory
from askwell.policies import AbstractForeteller, AbstractHead
from askwell.training import replay
from askwell.training.base import AbstractTrainer, AbstractTrainerState, Task
from askwell.training.optimiser import Optimiser


class RegressionState(AbstractTrainerState):
    """The head and its running average, the optimiser's state, and a buffer of what was tried in `s` states.

    `x` holds what was seen of each of `k` points, `gain` what their labels brought less the mean of the `k`, in units
    of their spread; `seen` counts the states that ever were put in.
    """

    newest: Packed[AbstractForeteller]
    mean: Packed[AbstractForeteller]
    optimiser: PyTree
    x: Float[Array, "s k f"]
    gain: Float[Array, "s k"]
    seen: Int[Array, ""]


class Regression(AbstractTrainer[RegressionState]):
    """In each state so many random actions of one label are tried; a network learns to tell their gains apart.

    The experience is kept, and each update learns from all that the buffer holds. Gains are compared within a state
    only, so what a state is worth need not be foretold. Half of the episodes go on with a random point (*LAL
    independent* of Konyushkova et al. 2017), half with the one that the network likes best (*LAL iterative*): the
    states that it meets in play are then among those that it was trained on.

    Attributes:
        k: points tried in each state; 2 or more.
        buffer: states that are kept, the newest.
        steps: steps of the optimiser an update, each on `minibatch` states of the buffer.
        shuffled: gains change places within a state: a run that must not learn.
    """

    name: ClassVar[str] = "regression"
    heads: ClassVar[type[AbstractHead]] = AbstractForeteller
    spaces: ClassVar[tuple[type[AbstractSpace], ...]] = (Rows, Points)
    k: int = eqx.field(static=True, default=16)
    buffer: int = eqx.field(static=True, default=8192)
    steps: int = eqx.field(static=True, default=32)
    minibatch: int = eqx.field(static=True, default=64)
    shuffled: bool = eqx.field(static=True, default=False)
    optimiser: Optimiser = Optimiser()

    def __check_init__(self):
        """Refuse settings that nothing can be learned with."""
        if self.k < 2 or min(self.buffer, self.steps, self.minibatch) < 1:
            raise AskwellError(
                f"Regression compares 2 points or more, and keeps and learns from 1 state or more; given k = {self.k}, "
                f"buffer = {self.buffer}, steps = {self.steps}, minibatch = {self.minibatch}."
            )

    def init(self, key: PRNGKeyArray, head: AbstractHead, games: Sequence[Task]) -> RegressionState:
        """See `AbstractTrainer.init`; the buffer is empty."""
        self.check(type(head), [game for game, _ in games])
        assert isinstance(head, AbstractForeteller)
        replay.one_label(self.name, games)
        packed: Packed[AbstractForeteller] = Packed.of(head)
        start = self.optimiser.over(self.steps).init(eqx.filter(head, eqx.is_inexact_array))
        x, gain = jnp.zeros((self.buffer, self.k, len(head.inputs))), jnp.zeros((self.buffer, self.k))
        return RegressionState(packed, packed, start, x, gain, jnp.zeros((), int))

    def collect(
        self, key: PRNGKeyArray, state: RegressionState, place: int, game: AbstractGame, pools: Pool
    ) -> tuple[Float[Array, "s k f"], Float[Array, "s k"], Float[Array, ""]]:
        """See `AbstractTrainer.collect`: what was seen and gained in each state, and the mean accuracy there."""
        head = state.newest.open()

        def act(turn: Turn, now: Any, own: Array):
            view = game.view(now)
            draws, shuffle = jax.random.split(turn.act)
            actions = head.candidates(draws, view, self.k)
            x = head.seen(view, actions)
            after, outcome = jax.vmap(lambda one: game.step(turn.game, now, one[None]))(actions)
            gain = jax.random.permutation(shuffle, outcome.reward) if self.shuffled else outcome.reward
            best = jnp.where(own, jnp.argmax(head.foretold(x)), 0)
            now = jax.tree.map(lambda leaf: leaf[best], after)
            return now, own, (x, gain, jnp.mean(outcome.selection.accuracy))

        def play(key: PRNGKeyArray, pool: Pool):
            game_key, act_key = jax.random.split(key)
            own = jax.random.bernoulli(jax.random.fold_in(act_key, game.turns(len(pool.y))))
            return trajectory(game, act, (game_key, act_key), pool, memory=own)[0]

        x, gain, accuracy = jax.vmap(play)(jax.random.split(key, pools.x.shape[0]), pools)
        flat = lambda a: a.reshape(-1, *a.shape[2:])
        return flat(x), flat(gain), jnp.mean(accuracy)

    def learn(
        self,
        key: PRNGKeyArray,
        state: RegressionState,
        places: Sequence[int],
        collected: Sequence[tuple[Float[Array, "s k f"], Float[Array, "s k"], Float[Array, ""]]],
    ) -> tuple[RegressionState, dict[str, Float[Array, ""]]]:
        """See `AbstractTrainer.learn`.

        `foretold` is the correlation of gains with what was foretold of them before they were learned from.
        """
        x, gain = (jnp.concatenate([part[i] for part in collected]) for i in (0, 1))
        state, found = _learned(self, key, state, x, gain)
        return state, {"reward": jnp.mean(jnp.stack([part[2] for part in collected])), **found}

    def head(self, state: RegressionState) -> AbstractForeteller:
        """See `AbstractTrainer.head`: the head with the averaged weights."""
        return state.mean.open()


@eqx.filter_jit
def _learned(
    trainer: Regression, key: PRNGKeyArray, state: RegressionState, x: Array, gain: Array
) -> tuple[RegressionState, dict[str, Float[Array, ""]]]:
    params, rest = eqx.partition(state.newest.open(), eqx.is_inexact_array)
    mean = eqx.filter(state.mean.open(), eqx.is_inexact_array)
    gain = gain - jnp.mean(gain, axis=1, keepdims=True)
    spread = jnp.sqrt(jnp.mean(gain**2)) + 1e-6
    own = _centred(eqx.combine(params, rest), x)
    found = {
        "spread": spread,
        "foretold": replay.correlation(own.ravel(), gain.ravel()),
    }
    kept = replay.put((state.x, state.gain), state.seen, (x, gain / spread))
    seen = state.seen + len(x)
    transformation = trainer.optimiser.over(trainer.steps)

    def loss(params: PyTree, x: Array, gain: Array) -> Float[Array, ""]:
        return jnp.mean((_centred(eqx.combine(params, rest), x) - gain) ** 2)

    def step(carry: tuple[PyTree, PyTree, PyTree], key: PRNGKeyArray):
        params, optimiser, mean = carry
        down = jax.grad(loss)(params, *replay.some(key, kept, seen, trainer.minibatch))
        up = jax.tree.map(jnp.negative, down)
        change, optimiser = transformation.update(up, optimiser)
        params = optax.apply_updates(params, change)
        mean = replay.towards(mean, params, trainer.optimiser.average / trainer.steps)
        return (params, optimiser, mean), None

    start = (params, state.optimiser, mean)
    (params, optimiser, mean), _ = jax.lax.scan(step, start, jax.random.split(key, trainer.steps))
    newest, averaged = (Packed.of(eqx.combine(part, rest)) for part in (params, mean))
    return RegressionState(newest, averaged, optimiser, *kept, seen), found


def _centred(head: AbstractForeteller, x: Float[Array, "s k f"]) -> Float[Array, "s k"]:
    """What is foretold of the points of each state, less its mean."""
    told = jax.vmap(head.foretold)(x)
    return told - jnp.mean(told, axis=1, keepdims=True)
