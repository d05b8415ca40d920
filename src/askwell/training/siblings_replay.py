"""Sibling batches that are remembered: off-policy, with importance weights, several steps on each episode."""

from collections.abc import Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from askwell.core import AbstractSpace, AskwellError, Packed, Pool, Rows, View, measure
from askwell.games import AbstractGame, AbstractState, Turn, trajectory
from askwell.policies import AbstractHead, AbstractPolicy
from askwell.training import replay
from askwell.training.base import AbstractTrainer, AbstractTrainerState, Task
from askwell.training.estimators import leave_one_out, shuffled
from askwell.training.optimiser import Optimiser, norm
from askwell.training.policy_gradient import some_rows

ROOM = 2**31
"""Bytes that a buffer may take; every checkpoint holds it."""

RECENT = 0.03
"""Share of the newest tasks in the running variance of the returns."""


class Episode(eqx.Module):
    """An episode, and what its siblings earned; turns before siblings. A buffer has a leading axis of episodes.

    Attributes:
        x: the pool's features, which no turn changes.
        view: what else was known, but for the geometry, which follows from `x`.
        rows: what the policy chose among; None: all rows.
        decisions: of each sibling; the episode went on from the first.
        log_prob: of these, to the policy that drew them.
        returns: what each was followed by.
    """

    x: Float[Array, "n d"]
    view: Packed[View]
    rows: Int[Array, "r m"] | None
    decisions: Int[Array, "r k q"]
    log_prob: Float[Array, "r k"]
    returns: Float[Array, "r k"]


class Told(eqx.Module):
    """What is told of the play of some tasks, means over them: accuracy, entropy, and the returns' variance by turn."""

    accuracy: Float[Array, ""]
    entropy: Float[Array, ""]
    spread: Float[Array, " r"]


class SiblingsReplayState(AbstractTrainerState):
    """Everything that the next update needs.

    Attributes:
        newest: the policy; `mean` the running average of its weights.
        optimiser: its own state.
        scale: standard deviation of the returns, by game and turn.
        kept: a buffer for each game, and `seen`, how many episodes came into it.
    """

    newest: Packed[AbstractPolicy]
    mean: Packed[AbstractPolicy]
    optimiser: PyTree
    scale: tuple[Float[Array, " _"], ...]
    kept: tuple[Episode, ...]
    seen: tuple[Int[Array, ""], ...]


class SiblingsReplay(AbstractTrainer[SiblingsReplayState]):
    """As `siblings`, but episodes are kept, and each is learned from many times.

    Refits are what an update waits for. An old episode needs none: what the policy saw and decided is kept, with how
    likely that was then. The policy of today decides otherwise, so a batch counts as much more as it has become more
    likely, and a state as much more as the batches that led to it have (importance weights; Meuleau et al. 2000).
    Without `cap` that is exact in the mean, and wild; with it (Wang et al. 2017) it is calm, and a little off.

    Views are kept whole, so this is for small pools, such as the labels bought so far.

    Attributes:
        k: batches from each state; 2 or more.
        candidates: the policy chooses among so many random points (all, where there are fewer).
        entropy: weight of the entropy bonus, per nat and decision; rewards count in units of their spread.
        buffer: episodes of each source that are kept, the newest.
        steps: steps of the optimiser an update, each on `minibatch` episodes of each source's buffer.
        cap: the most that a batch, or a state, counts; what did not change counts 1.
        shuffled: returns change places among siblings: a run that must not learn.
    """

    name: ClassVar[str] = "siblings-replay"
    heads: ClassVar[type[AbstractHead]] = AbstractPolicy
    spaces: ClassVar[tuple[type[AbstractSpace], ...]] = (Rows,)
    k: int = eqx.field(static=True, default=8)
    candidates: int = eqx.field(static=True, default=96)
    entropy: float = eqx.field(static=True, default=0.01)
    buffer: int = eqx.field(static=True, default=512)
    steps: int = eqx.field(static=True, default=4)
    minibatch: int = eqx.field(static=True, default=32)
    cap: float = eqx.field(static=True, default=2.0)
    shuffled: bool = eqx.field(static=True, default=False)
    optimiser: Optimiser = Optimiser()

    def __check_init__(self):
        """Refuse settings that nothing can be learned with."""
        counts = (self.buffer, self.steps, self.minibatch)
        if self.k < 2 or min(counts) < 1 or self.cap < 1:
            raise AskwellError(
                "Remembered siblings are 2 batches or more from each state, buffer, steps and minibatch are 1 or more, "
                f"and so is the cap; given k = {self.k}, {', '.join(map(str, counts))} and cap = {self.cap:g}."
            )

    def init(self, key: PRNGKeyArray, head: AbstractHead, games: Sequence[Task]) -> SiblingsReplayState:
        """See `AbstractTrainer.init`; the buffers are empty.

        Raises:
            AskwellError: if they would be too large.
        """
        self.check(type(head), [game for game, _ in games])
        assert isinstance(head, AbstractPolicy)
        # The game is no argument: its settings are to stay numbers.
        one = lambda game: lambda key, pool: self.played(key, head, game, pool)[0]
        shapes = [jax.eval_shape(one(game), key, pool) for game, pool in games]
        room = self.buffer * sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(shapes))
        if room > ROOM:
            raise AskwellError(
                f"The trainer '{self.name}' keeps all that was seen in {self.buffer} episodes of each source, "
                f"{room / 2**30:.1f} GiB, and {ROOM / 2**30:g} GiB is the most; set buffer or the pools smaller."
            )
        empty = lambda leaf: jnp.zeros((self.buffer, *leaf.shape), leaf.dtype)
        kept = tuple(jax.tree.map(empty, shape) for shape in shapes)
        scale = tuple(jnp.ones(len(shape.returns)) for shape in shapes)
        packed: Packed[AbstractPolicy] = Packed.of(head)
        start = self.optimiser.over(self.steps).init(eqx.filter(head, eqx.is_inexact_array))
        return SiblingsReplayState(packed, packed, start, scale, kept, (jnp.zeros((), int),) * len(kept))

    def played(
        self, key: PRNGKeyArray, policy: AbstractPolicy, game: AbstractGame, pool: Pool
    ) -> tuple[Episode, Told]:
        """One episode with the policy as it stands."""

        def act(turn: Turn, state: AbstractState, memory: None):
            view = game.view(state)
            some, shuffle, draws = jax.random.split(turn.act, 3)
            rows = some_rows(some, view, game.space, self.candidates)
            draw = jax.vmap(lambda key: policy.act(key, view, game.space, rows))
            act = draw(jax.random.split(draws, self.k))
            after, outcome = jax.vmap(lambda action: game.step(turn.game, state, action))(act.action)
            returns = shuffled(shuffle, outcome.reward, True) if self.shuffled else outcome.reward
            seen: Packed[View] = Packed.of(eqx.tree_at(lambda v: (v.x, v.geometry), view, (None, None)))
            kept = seen, rows, act.decisions, jnp.sum(act.log_prob, axis=1), returns
            told = jnp.mean(outcome.selection.accuracy), jnp.mean(act.entropy), jnp.var(returns, ddof=1)
            return jax.tree.map(lambda leaf: leaf[0], after), memory, (kept, told)

        game_key, act_key = jax.random.split(key)
        (kept, (accuracy, entropy, spread)), *_ = trajectory(game, act, (game_key, act_key), pool)
        return Episode(pool.x, *kept), Told(jnp.mean(accuracy), jnp.mean(entropy), spread)

    def collect(
        self, key: PRNGKeyArray, state: SiblingsReplayState, place: int, game: AbstractGame, pools: Pool
    ) -> tuple[Episode, Told]:
        """See `AbstractTrainer.collect`: an episode of each task, and what is told of all."""
        policy = state.newest.open()
        keys = jax.random.split(key, len(pools.y))
        episodes, told = jax.vmap(lambda key, pool: self.played(key, policy, game, pool))(keys, pools)
        return episodes, jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), told)

    def likelihood(
        self, policy: AbstractPolicy, episode: Episode
    ) -> tuple[Float[Array, "r k"], Float[Array, ""]]:
        """How likely the remembered batches are to a policy (logarithms), and the mean entropy of its decisions."""
        whole = (episode.x, measure(episode.x))

        def turn(seen: Packed[View], rows: Array | None, decisions: Int[Array, "k q"]):
            gaps = lambda v: (v.x, v.geometry)
            view: Any = eqx.tree_at(gaps, seen.open(), whole, is_leaf=lambda leaf: leaf is None)
            space = Rows(decisions.shape[1])
            # The key draws nothing where decisions are given.
            again = jax.vmap(lambda one: policy.act(jax.random.key(0), view, space, rows, one))
            act = again(decisions)
            return jnp.sum(act.log_prob, axis=1), jnp.mean(act.entropy)

        log_prob, entropy = jax.vmap(turn)(episode.view, episode.rows, episode.decisions)
        return log_prob, jnp.mean(entropy)

    def weights(self, now: Float[Array, "r k"], then: Float[Array, "r k"]) -> Float[Array, "r k"]:
        """The importance of each batch to a policy, from its log-probabilities now and when it was drawn."""
        change = now - then
        before = jnp.cumsum(change[:, 0]) - change[:, 0]
        capped = lambda logarithm: jnp.minimum(jnp.exp(logarithm), self.cap)
        return capped(before)[:, None] * capped(change)

    def gradient(
        self, policy: AbstractPolicy, episode: Episode, scale: Float[Array, " r"]
    ) -> tuple[PyTree, Float[Array, "r k"]]:
        """The direction of ascent from one remembered episode, and the importance of its batches."""
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        earned = leave_one_out(episode.returns.T).T / scale[:, None]

        def climbed(params: PyTree):
            log_prob, entropy = self.likelihood(eqx.combine(params, rest), episode)
            weight = jax.lax.stop_gradient(self.weights(log_prob, episode.log_prob))
            bonus = self.entropy * entropy * len(earned)
            return jnp.sum(weight * earned * log_prob) / self.k + bonus, weight

        return jax.grad(climbed, has_aux=True)(params)

    def learn(
        self,
        key: PRNGKeyArray,
        state: SiblingsReplayState,
        places: Sequence[int],
        collected: Sequence[tuple[Episode, Told]],
    ) -> tuple[SiblingsReplayState, dict[str, Float[Array, ""]]]:
        """See `AbstractTrainer.learn`.

        `effective` is the share of the remembered batches that as many equally important ones would make (Kish): it
        falls as the buffer gets older than the policy.
        """
        kept, seen, scale = list(state.kept), list(state.seen), list(state.scale)
        for place, (episodes, told) in zip(places, collected, strict=True):
            kept[place] = replay.put(kept[place], seen[place], episodes)
            # The first spread is taken as it is: nothing was known before.
            share = jnp.where(seen[place] == 0, 1.0, RECENT)
            variance = (1 - share) * scale[place] ** 2 + share * jnp.maximum(told.spread, 1e-8)
            scale[place], seen[place] = jnp.sqrt(variance), seen[place] + len(episodes.x)
        moved = (state.newest, state.mean, state.optimiser)
        newest, mean, optimiser, found = _learned(self, key, moved, tuple(scale), tuple(kept), tuple(seen))
        told = [told for _, told in collected]
        average = lambda of: jnp.mean(jnp.stack([jnp.mean(of(one)) for one in told]))
        found |= {"reward": average(lambda one: one.accuracy), "entropy": average(lambda one: one.entropy)}
        found["spread"] = jnp.sqrt(average(lambda one: one.spread))
        return SiblingsReplayState(newest, mean, optimiser, tuple(scale), tuple(kept), tuple(seen)), found

    def head(self, state: SiblingsReplayState) -> AbstractPolicy:
        """See `AbstractTrainer.head`: the policy with the averaged weights."""
        return state.mean.open()


@eqx.filter_jit
def _learned(
    trainer: SiblingsReplay,
    key: PRNGKeyArray,
    moved: tuple[Packed[AbstractPolicy], Packed[AbstractPolicy], PyTree],
    scale: tuple[Float[Array, " _"], ...],
    kept: tuple[Episode, ...],
    seen: tuple[Int[Array, ""], ...],
) -> tuple[Packed[AbstractPolicy], Packed[AbstractPolicy], PyTree, dict[str, Float[Array, ""]]]:
    """Steps on random episodes of every source, in proportion to what came from each."""
    newest, averaged, optimiser = moved
    params, rest = eqx.partition(newest.open(), eqx.is_inexact_array)
    mean = eqx.filter(averaged.open(), eqx.is_inexact_array)
    transformation = trainer.optimiser.over(trainer.steps)
    share = jnp.stack(seen) / sum(seen)

    def of_source(key: PRNGKeyArray, policy: AbstractPolicy, place: int):
        some = replay.some(key, kept[place], seen[place], trainer.minibatch)
        up, weight = jax.vmap(lambda episode: trainer.gradient(policy, episode, scale[place]))(some)
        known = seen[place] > 0  # an empty buffer gives no number
        effective = jnp.sum(weight) ** 2 / (weight.size * jnp.sum(weight**2))
        part = lambda value: jnp.where(known, share[place] * value, 0.0)
        return jax.tree.map(lambda leaf: part(jnp.mean(leaf, axis=0)), up), part(effective)

    def step(carry: tuple[PyTree, PyTree, PyTree], key: PRNGKeyArray):
        params, optimiser, mean = carry
        policy, keys = eqx.combine(params, rest), jax.random.split(key, len(kept))
        parts = [of_source(keys[place], policy, place) for place in range(len(kept))]
        up, effective = jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]), *parts)
        change, optimiser = transformation.update(up, optimiser)
        params = optax.apply_updates(params, change)
        mean = replay.towards(mean, params, trainer.optimiser.average / trainer.steps)
        return (params, optimiser, mean), (norm(up), effective)

    carry, (length, effective) = jax.lax.scan(
        step, (params, optimiser, mean), jax.random.split(key, trainer.steps)
    )
    params, optimiser, mean = carry
    newest, averaged = (Packed.of(eqx.combine(part, rest)) for part in (params, mean))
    return newest, averaged, optimiser, {"gradient": jnp.mean(length), "effective": jnp.mean(effective)}
