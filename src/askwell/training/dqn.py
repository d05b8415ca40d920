"""Q-learning: what a label brings in its round and in those after it, foretold from what was seen of its point."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from askwell.core import AbstractSpace, AskwellError, Packed, Points, Pool, Rows
from askwell.core.extreme import argmax
from askwell.games import AbstractGame, Turn, trajectory
from askwell.policies import AbstractForeteller, AbstractHead
from askwell.training import replay
from askwell.training.base import AbstractTrainer, AbstractTrainerState, Task
from askwell.training.estimators import returns
from askwell.training.optimiser import Optimiser


class Moves(eqx.Module):
    """Actions that were taken: what was seen of each, its reward, and what was seen of `k` actions in the next state.

    `live` says whether there was a next state. `earned` is what the rest of the episode brought, for a metric.
    """

    x: Float[Array, "*s f"]
    reward: Float[Array, "*s"]
    after: Float[Array, "*s k f"]
    live: Bool[Array, "*s"]
    earned: Float[Array, "*s"]


class DQNState(AbstractTrainerState):
    """The head and its running average, the optimiser's state, and a buffer of the newest moves.

    `unit` is the spread of the first update's rewards: all are counted in it. `seen` counts the moves that ever were
    put in.
    """

    newest: Packed[AbstractForeteller]
    mean: Packed[AbstractForeteller]
    optimiser: PyTree
    kept: Moves
    unit: Float[Array, ""]
    seen: Int[Array, ""]


class DQN(AbstractTrainer[DQNState]):
    """A network learns the return of single labels from a replay buffer (DQN, Mnih et al. 2015), as LAL-RL does it.

    LAL-RL is of Konyushkova, Sznitman and Fua 2018. The return is the reward and, `discount` times, that of the best
    action in the next state: chosen by the network, valued by the network as it was before the update (double
    Q-learning, van Hasselt et al. 2016). With rewards of accuracy the return is the area under the learning curve,
    discounted. In half of the episodes actions are random, in the other half the best of `k` random ones is taken.

    Attributes:
        k: actions that are looked at in each state; 2 or more.
        discount: what a reward counts that comes a label later; 0: rewards alone, as `regression`.
        episodes: played on each task.
        buffer: moves that are kept, the newest.
        steps: steps of the optimiser an update, each on `minibatch` moves of the buffer.
        shuffled: rewards change places: a run that must not learn.
    """

    name: ClassVar[str] = "dqn"
    heads: ClassVar[type[AbstractHead]] = AbstractForeteller
    spaces: ClassVar[tuple[type[AbstractSpace], ...]] = (Rows, Points)
    k: int = eqx.field(static=True, default=16)
    discount: float = eqx.field(static=True, default=0.9)
    episodes: int = eqx.field(static=True, default=8)
    buffer: int = eqx.field(static=True, default=8192)
    steps: int = eqx.field(static=True, default=32)
    minibatch: int = eqx.field(static=True, default=256)
    shuffled: bool = eqx.field(static=True, default=False)
    optimiser: Optimiser = Optimiser()

    def __check_init__(self):
        """Refuse settings that nothing can be learned with."""
        counts = (self.episodes, self.buffer, self.steps, self.minibatch)
        if self.k < 2 or min(counts) < 1 or not 0 <= self.discount <= 1:
            raise AskwellError(
                "Q-learning looks at 2 actions or more, counts of episodes, buffer, steps and minibatch are 1 or more, "
                f"and the discount is in 0..1; given k = {self.k}, {', '.join(map(str, counts))} and {self.discount}."
            )

    def init(self, key: PRNGKeyArray, head: AbstractHead, games: Sequence[Task]) -> DQNState:
        """See `AbstractTrainer.init`; the buffer is empty."""
        self.check(type(head), [game for game, _ in games])
        assert isinstance(head, AbstractForeteller)
        replay.one_label(self.name, games)
        packed: Packed[AbstractForeteller] = Packed.of(head)
        start = self.optimiser.over(self.steps).init(eqx.filter(head, eqx.is_inexact_array))
        s, f = self.buffer, len(head.inputs)
        nothing = jnp.zeros(s)
        kept = Moves(jnp.zeros((s, f)), nothing, jnp.zeros((s, self.k, f)), jnp.zeros(s, bool), nothing)
        return DQNState(packed, packed, start, kept, jnp.ones(()), jnp.zeros((), int))

    def collect(
        self, key: PRNGKeyArray, state: DQNState, place: int, game: AbstractGame, pools: Pool
    ) -> tuple[Moves, Float[Array, ""]]:
        """See `AbstractTrainer.collect`: the moves of all episodes, and the mean accuracy after them."""
        head = state.newest.open()

        def act(turn: Turn, now: Any, own: Array):
            view = game.view(now)
            actions = head.candidates(turn.act, view, self.k)
            x = head.seen(view, actions)
            best = jnp.where(own, argmax(head.foretold(x)), 0)
            now, outcome = game.step(turn.game, now, actions[best][None])
            return now, own, (x, x[best], outcome.reward, outcome.selection.accuracy)

        def play(key: PRNGKeyArray, pool: Pool):
            game_key, act_key = jax.random.split(key)
            own = jax.random.bernoulli(jax.random.fold_in(act_key, game.turns(len(pool.y))))
            x, taken, reward, accuracy = trajectory(game, act, (game_key, act_key), pool, memory=own)[0]
            live = jnp.arange(len(reward)) < len(reward) - 1
            return Moves(taken, reward, jnp.roll(x, -1, 0), live, returns(reward, self.discount)), accuracy

        moves, accuracy = replay.episodes(key, play, pools, self.episodes)
        return moves, jnp.mean(accuracy)

    def learn(
        self,
        key: PRNGKeyArray,
        state: DQNState,
        places: Sequence[int],
        collected: Sequence[tuple[Moves, Float[Array, ""]]],
    ) -> tuple[DQNState, dict[str, Float[Array, ""]]]:
        """See `AbstractTrainer.learn`.

        `foretold` is the correlation of what episodes earned with what was foretold of it before it was learned from.
        """
        moves, accuracy = replay.joined(collected)
        state, found = _learned(self, key, state, moves)
        return state, {"reward": accuracy, **found}

    def head(self, state: DQNState) -> AbstractForeteller:
        """See `AbstractTrainer.head`: the head with the averaged weights."""
        return state.mean.open()


def double(
    discount: float,
    reward: Float[Array, ""],
    live: Bool[Array, ""],
    online: Float[Array, " k"],
    held: Float[Array, " k"],
) -> Float[Array, ""]:
    """What double Q-learning takes an action to be worth: ``r + γ Q'(s', argmax Q(s', ·))``.

    `online` are the values of the next state's actions to the network that learns, `held` to the one that stands still.
    """
    return reward + discount * jnp.where(live, held[argmax(online)], 0.0)


@eqx.filter_jit
def _learned(
    trainer: DQN, key: PRNGKeyArray, state: DQNState, moves: Moves
) -> tuple[DQNState, dict[str, Float[Array, ""]]]:
    params, rest = eqx.partition(state.newest.open(), eqx.is_inexact_array)
    mean = eqx.filter(state.mean.open(), eqx.is_inexact_array)
    moves, unit, found = replay.counted(key, moves, state.unit, state.seen, trainer.shuffled)
    kept, seen = replay.put(state.kept, state.seen, moves), state.seen + len(moves.reward)
    held = state.newest.open()
    found["foretold"] = replay.correlation(held.foretold(moves.x), moves.earned)
    transformation = trainer.optimiser.over(trainer.steps)

    def loss(params: PyTree, some: Moves) -> Float[Array, ""]:
        head = eqx.combine(params, rest)
        online, other = (jax.vmap(one.foretold)(some.after) for one in (head, held))
        worth = jax.vmap(partial(double, trainer.discount))(some.reward, some.live, online, other)
        return jnp.mean((head.foretold(some.x) - jax.lax.stop_gradient(worth)) ** 2)

    def step(carry: tuple[PyTree, PyTree, PyTree], key: PRNGKeyArray):
        params, optimiser, mean = carry
        error, down = jax.value_and_grad(loss)(params, replay.some(key, kept, seen, trainer.minibatch))
        change, optimiser = transformation.update(jax.tree.map(jnp.negative, down), optimiser)
        params = optax.apply_updates(params, change)
        mean = replay.towards(mean, params, trainer.optimiser.average / trainer.steps)
        return (params, optimiser, mean), error

    start = (params, state.optimiser, mean)
    (params, optimiser, mean), error = jax.lax.scan(step, start, jax.random.split(key, trainer.steps))
    newest, averaged = (Packed.of(eqx.combine(part, rest)) for part in (params, mean))
    return DQNState(newest, averaged, optimiser, kept, unit, seen), found | {"error": jnp.mean(error)}
