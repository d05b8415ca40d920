"""What all policy gradients share: reward scales, running baselines, shuffled rewards, and the step uphill."""

import abc
import dataclasses
from collections.abc import Sequence
from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray, PyTree

from askwell.core import AbstractSpace, AskwellError, Packed, Pool, Rows, View, unknown
from askwell.games import AbstractGame
from askwell.policies import AbstractHead, AbstractPolicy, Act
from askwell.strategies import pickers
from askwell.strategies.classes.base import members
from askwell.training.base import AbstractTrainer, AbstractTrainerState, Task
from askwell.training.decisions import Decisions
from askwell.training.estimators import divergence
from askwell.training.optimiser import dot, norm, whitened

T = TypeVar("T")

FIRST_SCALE = 0.02
"""Guess at the standard deviation of a return in accuracy, until it has been seen."""

PRIORS = ("none", "classes", "groups")


class Metrics(eqx.Module):
    """What the play of one task showed, by turn.

    Attributes:
        accuracy: on the selection split, mean over what was drawn.
        returns: of what was drawn in that turn, mean.
        spread: variance of the returns in that turn, one state for all.
        entropy: of a decision, in nats.
        decisions: see `Decisions`; mean over what was drawn. None where an action is no batch.
        fisher: second moments of the gradients of log-probability among actions that are compared, summed over
            turns; None where it is not told. Weights in the order of `ravel_pytree`.
    """

    accuracy: Float[Array, " r"]
    returns: Float[Array, " r"]
    spread: Float[Array, " r"]
    entropy: Float[Array, " r"]
    decisions: Decisions | None = None
    fisher: Float[Array, "p p"] | None = None


class PolicyGradientState(AbstractTrainerState):
    """Everything that the next update needs.

    Attributes:
        newest: the policy; `mean` the running average of its weights.
        optimiser: its own state.
        scale: standard deviation of the returns, by game and turn; `baseline` their running mean.
        count: updates so far.
    """

    newest: Packed[AbstractPolicy]
    mean: Packed[AbstractPolicy]
    optimiser: PyTree
    scale: tuple[Float[Array, " _"], ...]
    baseline: tuple[Float[Array, " _"], ...]
    count: Int[Array, ""]


class AbstractPolicyGradient(AbstractTrainer[PolicyGradientState]):
    """Makes actions with higher returns more likely. Of each task: the gradient, and that of shuffled rewards.

    Attributes:
        candidates: the policy chooses among so many random points (all, where there are fewer).
        entropy: weight of the entropy bonus, per nat and decision; rewards count in units of their spread.
        penalty: weight of the prior penalty: the divergence of the shares that a batch is expected to ask for from
            the assumed ones, for `prior` "classes" (the selection split's) or "groups" (the pool's).
    """

    heads: ClassVar[type[AbstractHead]] = AbstractPolicy
    candidates: eqx.AbstractVar[int]
    entropy: eqx.AbstractVar[float]
    penalty: eqx.AbstractVar[float]
    prior: eqx.AbstractVar[str]

    def __check_init__(self):
        """Refuse an unknown prior."""
        if self.prior not in PRIORS:
            raise AskwellError(unknown("prior", self.prior, PRIORS))

    @abc.abstractmethod
    def gradient(
        self,
        policy: AbstractPolicy,
        game: AbstractGame,
        scale: Float[Array, " r"],
        key: PRNGKeyArray,
        pool: Pool,
        baseline: Float[Array, " r"] | None = None,
    ) -> tuple[PyTree, PyTree, Metrics]:
        """Of one task: the direction of ascent, the same with shuffled rewards, and the metrics.

        `scale` is the standard deviation of the returns that each turn's are divided by, `baseline` their mean so
        far, for algorithms that compare to it (0 where it is not known). Both must be known before the task.
        """

    def init(self, key: PRNGKeyArray, head: AbstractHead, games: Sequence[Task]) -> PolicyGradientState:
        """See `AbstractTrainer.init`; no chance is needed."""
        self.check(type(head), [game for game, _ in games])
        assert isinstance(head, AbstractPolicy)
        packed: Packed[AbstractPolicy] = Packed.of(head)
        start = self.optimiser.transformation().init(eqx.filter(head, eqx.is_inexact_array))
        turns = [game.turns(pool.y.shape[0]) for game, pool in games]
        scale, baseline = (tuple(jnp.full(t, value, float) for t in turns) for value in (FIRST_SCALE, 0.0))
        return PolicyGradientState(packed, packed, start, scale, baseline, jnp.zeros((), int))

    def collect(
        self, key: PRNGKeyArray, state: PolicyGradientState, place: int, game: AbstractGame, pools: Pool
    ) -> tuple[PyTree, PyTree, Metrics, Float[Array, ""]]:
        """See `AbstractTrainer.collect`: sums of gradients, real and shuffled, mean metrics, and how many tasks."""
        policy, tasks = state.newest.open(), pools.x.shape[0]
        scale, baseline = state.scale[place], state.baseline[place]
        gradient = lambda k, pool: self.gradient(policy, game, scale, k, pool, baseline)
        right, shuffled, metrics = jax.vmap(gradient)(jax.random.split(key, tasks), pools)
        total = lambda tree: jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), tree)
        mean = jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), metrics)
        return total(right), total(shuffled), mean, jnp.array(float(tasks))

    def learn(
        self,
        key: PRNGKeyArray,
        state: PolicyGradientState,
        places: Sequence[int],
        collected: Sequence[tuple[PyTree, PyTree, Metrics, Float[Array, ""]]],
    ) -> tuple[PolicyGradientState, dict[str, Float[Array, ""]]]:
        """See `AbstractTrainer.learn`.

        `agreement` is the cosine between the gradients of two halves of the tasks, `chance` the same with shuffled
        rewards; both are left out where there is but one part.
        """
        right, shuffled, halves, flat, fisher = _pooled(collected)
        seen = [metrics for _, _, metrics, _ in collected]
        state = self._scaled(self._step(state, right, fisher), places, seen)
        found = {
            "reward": flat.accuracy,
            "spread": jnp.sqrt(flat.spread),
            "entropy": flat.entropy,
            "gradient": norm(right),
            "shuffled": norm(shuffled),
        }
        if flat.decisions is not None:
            found |= {
                name: getattr(flat.decisions, name) for name in ("groups", "classes", "largest", "redundancy")
            }
        if len(collected) > 1:
            for name, half in zip(("agreement", "chance"), halves, strict=True):
                one, other = (whitened(part, fisher) for part in half)
                found[name] = dot(one, other) / (norm(one) * norm(other) + 1e-12)
        return state, found

    def head(self, state: PolicyGradientState) -> AbstractPolicy:
        """See `AbstractTrainer.head`: the policy with the averaged weights."""
        return state.mean.open()

    def _step(
        self, state: PolicyGradientState, gradient: PyTree, fisher: Float[Array, "p p"] | None
    ) -> PolicyGradientState:
        params, rest = eqx.partition(state.newest.open(), eqx.is_inexact_array)
        mean = eqx.filter(state.mean.open(), eqx.is_inexact_array)
        change, own = self.optimiser.transformation().update(gradient, state.optimiser, fisher=fisher)
        params = optax.apply_updates(params, change)
        share = jnp.maximum(self.optimiser.average, 1 / (state.count + 1))
        mean = jax.tree.map(lambda m, p: m + share * (p - m), mean, params)
        newest, averaged = (Packed.of(eqx.combine(part, rest)) for part in (params, mean))
        return PolicyGradientState(newest, averaged, own, state.scale, state.baseline, state.count + 1)

    def _scaled(
        self, state: PolicyGradientState, places: Sequence[int], seen: Sequence[Metrics]
    ) -> PolicyGradientState:
        """With new scales and baselines of the games that were played."""
        scales, baselines = list(state.scale), list(state.baseline)
        for place in dict.fromkeys(places):
            own = [metrics for at, metrics in zip(places, seen, strict=True) if at == place]
            spread, returns = _mean([one.spread for one in own]), _mean([one.returns for one in own])
            scales[place] = jnp.sqrt(0.9 * scales[place] ** 2 + 0.1 * jnp.maximum(spread, 1e-8))
            # The first returns are taken as they are: nothing was known before.
            share = jnp.where(jnp.all(baselines[place] == 0), 1.0, 0.1)
            baselines[place] = baselines[place] + share * (returns - baselines[place])
        return dataclasses.replace(state, scale=tuple(scales), baseline=tuple(baselines))

    def draw(
        self,
        policy: AbstractPolicy,
        view: View,
        keys: Key[Array, " k"],
        space: AbstractSpace,
        some: PRNGKeyArray,
    ) -> Act:
        """One action for each key, all from the same candidates."""
        rows = some_rows(some, view, space, self.candidates)
        return jax.vmap(lambda key: policy.act(key, view, space, rows))(keys)

    def bonus(self, act: Act, view: View, prior: Float[Array, " c"]) -> Float[Array, ""]:
        """What is added to the rewards of a draw of actions: the entropy bonus, less the prior penalty."""
        value = self.entropy * jnp.mean(act.entropy)
        if self.prior != "none" and self.penalty:
            if act.chance is None:
                raise AskwellError(
                    "The prior penalty is on the shares of a batch, and an action here is none."
                )
            kinds = view.proba if self.prior == "classes" else members(view)
            share = jnp.mean(act.chance, axis=(0, 1)) @ kinds
            value -= self.penalty * divergence(
                share, prior if self.prior == "classes" else jnp.mean(kinds, axis=0)
            )
        return value


def some_rows(key: PRNGKeyArray, view: View, space: AbstractSpace, most: int) -> Int[Array, " m"] | None:
    """Random rows that a policy may choose among, as `AbstractPolicy.act` takes them; None: among all."""
    n = view.x.shape[0]
    if not isinstance(space, Rows) or most >= n:
        return None
    return pickers.gumbel_top_k(key, jnp.zeros(n), view.asked, most)


def class_shares(pool: Pool) -> Float[Array, " c"]:
    """The classes' shares in the selection split."""
    return jnp.mean(jax.nn.one_hot(pool.selection_y, pool.classes), axis=0)


Part = tuple[PyTree, PyTree, Float[Array, ""], Metrics, Float[Array, "p p"] | None]
"""Sums of gradients, real and shuffled; how many tasks; means of the metrics over turns; the Fisher matrix."""


def _pooled(
    collected: Sequence[tuple[PyTree, PyTree, Metrics, Float[Array, ""]]],
) -> tuple[PyTree, PyTree, list[list[PyTree]], Metrics, Float[Array, "p p"] | None]:
    """Mean gradients, real and shuffled; of both the sums over two halves of the parts; means of metrics and Fisher."""
    return _totals(
        [
            (right, shuffled, count, _over_turns(dataclasses.replace(metrics, fisher=None)), metrics.fisher)
            for right, shuffled, metrics, count in collected
        ]
    )


# Sums are compiled: op by op they took a twentieth of each update, and seconds of the first. They alone: XLA may round
# a product and a sum as one, and two calls of LAPACK in a program can wait for each other (see `execution.workers`).
@eqx.filter_jit
def _totals(
    parts: Sequence[Part],
) -> tuple[PyTree, PyTree, list[list[PyTree]], Metrics, Float[Array, "p p"] | None]:
    tasks = _sum([part[2] for part in parts])
    halves = [
        [_sum([part[kind] for part in parts[side::2]]) for side in range(min(len(parts), 2))]
        for kind in (0, 1)
    ]
    right, shuffled = (jax.tree.map(lambda total: total / tasks, _sum(half)) for half in halves)
    return right, shuffled, halves, *_mean([part[3:] for part in parts])


@eqx.filter_jit
def _over_turns(metrics: Metrics) -> Metrics:
    return jax.tree.map(lambda leaf: jnp.mean(leaf, axis=-1), metrics)


def _sum(trees: Sequence[T]) -> T:
    """In order: sums must not depend on who was first."""
    return jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]), *trees)


def _mean(trees: Sequence[T]) -> T:
    return jax.tree.map(lambda leaf: leaf / len(trees), _sum(trees))
