"""The contract of a training algorithm: from one task to a gradient."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PRNGKeyArray, PyTree

from askwell.core import Pool, View
from askwell.games import AbstractGame
from askwell.policies import AbstractPolicy, Act
from askwell.strategies import pickers
from askwell.training.decisions import Decisions
from askwell.training.estimators import divergence

PRIORS = ("none", "classes", "groups")


class Seen(eqx.Module):
    """What one episode of training showed, by round.

    Attributes:
        reward: the scored accuracy on the selection split, mean over what was drawn.
        worth: what the batches of that round were worth to the algorithm, mean over what was drawn.
        spread: variance of what the batches of that round were worth, one state for all.
        entropy: of a decision, in nats.
        decisions: see `Decisions`; mean over what was drawn.
        fisher: second moments of the gradients of log-probability among batches that are compared, summed over
            rounds; None where it is not told. Weights in the order of `ravel_pytree`.
    """

    reward: Float[Array, " r"]
    worth: Float[Array, " r"]
    spread: Float[Array, " r"]
    entropy: Float[Array, " r"]
    decisions: Decisions
    fisher: Float[Array, "p p"] | None = None


class AbstractTrainer(eqx.Module):
    """Plays tasks with a policy and says in which direction its weights should go.

    Attributes:
        candidates: the policy chooses among so many random points (all, where there are fewer).
        entropy: weight of the entropy bonus, per nat and decision; rewards count in units of their spread.
        penalty: weight of the prior penalty: the divergence of the shares that a batch is expected to ask for from
            the assumed ones, for `prior` "classes" (the selection split's) or "groups" (the pool's).
    """

    name: ClassVar[str]
    candidates: eqx.AbstractVar[int]
    entropy: eqx.AbstractVar[float]
    penalty: eqx.AbstractVar[float]
    prior: eqx.AbstractVar[str]

    @abc.abstractmethod
    def gradient(
        self,
        policy: AbstractPolicy,
        game: AbstractGame,
        scale: Float[Array, " r"],
        key: PRNGKeyArray,
        pool: Pool,
        usual: Float[Array, " r"] | None = None,
    ) -> tuple[PyTree, PyTree, Seen]:
        """Of one task: the direction of ascent, the same with shuffled rewards, and what was seen.

        `scale` is the standard deviation of a batch's worth that each round's rewards are divided by, `usual` its
        mean so far, for algorithms that compare to it (0 where it is not known). Both must be known before the task.
        """

    def draw(
        self, policy: AbstractPolicy, view: View, keys: Key[Array, " k"], q: int, some: PRNGKeyArray
    ) -> Act:
        """One batch for each key, all from the same candidates."""
        n = view.x.shape[0]
        rows = None
        if self.candidates < n:
            rows = pickers.gumbel_top_k(some, jnp.zeros(n), view.asked, self.candidates)
        return jax.vmap(lambda key: policy.act(key, view, q, rows))(keys)

    def bonus(self, act: Act, view: View, prior: Float[Array, " c"]) -> Float[Array, ""]:
        """What a draw of batches is worth apart from rewards: entropy, less the prior penalty."""
        value = self.entropy * jnp.mean(act.entropy)
        if self.prior != "none" and self.penalty:
            kinds = view.proba if self.prior == "classes" else groups_of(view)
            share = jnp.mean(act.chance, axis=(0, 1)) @ kinds
            value -= self.penalty * divergence(
                share, prior if self.prior == "classes" else jnp.mean(kinds, axis=0)
            )
        return value


def groups_of(view: View) -> Float[Array, "n g"]:
    """Which k-means group each point belongs to, one-hot."""
    return jax.nn.one_hot(view.geometry.groups, view.geometry.centres.shape[0])


def class_shares(pool: Pool) -> Float[Array, " c"]:
    """The classes' shares in the selection split."""
    return jnp.mean(jax.nn.one_hot(pool.selection_y, pool.classes), axis=0)
