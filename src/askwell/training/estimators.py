"""From rewards to what each decision's log-probability is weighed with. Pure functions."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


def leave_one_out(reward: Float[Array, "k ..."]) -> Float[Array, "k ..."]:
    """Each reward less the mean of the others (RLOO, Kool et al. 2019): zero-centred, and unbiased."""
    k = reward.shape[0]
    return (reward - jnp.mean(reward, axis=0)) * (k / (k - 1))


def shuffled(key: PRNGKeyArray, reward: Float[Array, "k ..."], among: bool) -> Float[Array, "k ..."]:
    """Rewards of other draws: an estimator that is given them follows no signal, and its mean is 0.

    `among` says that each is compared to the others. Then any permutation will do; else none may stay in its place,
    or one in `k` would, and bring that share of the signal with it.
    """
    if among:
        return jax.random.permutation(key, reward)
    return jnp.roll(reward, jax.random.randint(key, (), 1, len(reward)), axis=0)


def returns(reward: Float[Array, " r"], discount: float = 1.0) -> Float[Array, " r"]:
    """What is earned from each round on; a round later counts `discount` times as much."""

    def earn(later: Array, now: Array) -> tuple[Array, Array]:
        total = now + discount * later
        return total, total

    return jax.lax.scan(earn, jnp.zeros(()), reward, reverse=True)[1]


def area(reward: Float[Array, " h"]) -> Float[Array, ""]:
    """The mean height of the curve whose steps the rewards are: what they add to the area under it."""
    return jnp.mean(jnp.cumsum(reward))


def divergence(share: Float[Array, " g"], prior: Float[Array, " g"]) -> Float[Array, ""]:
    """The prior penalty: Kullback–Leibler divergence of the shares asked for from the assumed ones, in nats."""
    floor = 1e-6
    return jnp.sum(share * (jnp.log(share + floor) - jnp.log(prior + floor)))
