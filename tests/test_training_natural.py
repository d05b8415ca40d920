"""The natural gradient: its matrix against exact enumeration, its step against NumPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from askwell.training import Siblings
from askwell.training.optimiser import RIDGE, Optimiser, natural
from test_training_exact import APART, BANDIT, HEADS, KEYS, enumerate_all, game_of, meets, pool_of


def test_the_fisher_matrix_is_that_of_all_batches():
    """Among k siblings, second moments about their mean are those about zero less a k-th."""
    policy, k = HEADS["autoregressive"], 3
    game, pool = game_of(policy, BANDIT), pool_of(policy)
    params, rest = eqx.partition(policy, eqx.is_inexact_array)
    flat, back = ravel_pytree(params)

    @jax.jit
    def log_probs(flat):
        log_prob, _, possible = enumerate_all(eqx.combine(back(flat), rest), BANDIT, pool)
        return jnp.where(possible, log_prob, -jnp.inf)[:, 0]

    log_prob, scores = log_probs(flat), jnp.nan_to_num(jax.jit(jax.jacrev(log_probs))(flat))
    weight = jnp.where(log_prob > -jnp.inf, jnp.exp(log_prob), 0.0)
    some = jax.random.normal(jax.random.key(3), (6, len(flat)))
    exact = jnp.sum(weight[:, None] * (scores @ some.T) ** 2, axis=0)

    def one(key):
        fisher = (
            Siblings(k=k, optimiser=Optimiser("natural"))
            .gradient(policy, game, jnp.ones(1), key, pool)[2]
            .fisher
        )
        return jnp.einsum("ip,pq,iq->i", some, fisher, some) * k / (k - 1)

    assert jnp.min(exact) > 0.01
    sample = jax.lax.map(jax.jit(one), jax.random.split(jax.random.key(4), KEYS), batch_size=512)
    assert meets(sample, exact) < APART


def test_a_natural_step_is_as_long_as_it_says():
    fisher = jnp.array([[2.0, 1.0], [1.0, 3.0]])
    optimiser = natural(lambda count: 0.3)
    state = optimiser.init({"w": jnp.zeros(2)})
    slopes = np.array([[1.0, -2.0], [0.5, 4.0]])
    for count, slope in enumerate(np.cumsum(slopes, axis=0) / [[1], [2]]):
        change, state = optimiser.update({"w": jnp.asarray(slopes[count], float)}, state, fisher=fisher)
        direction = np.linalg.solve(fisher + RIDGE * np.diag(np.diag(fisher)), slope)
        np.testing.assert_allclose(
            change["w"] / np.linalg.norm(change["w"]), direction / np.linalg.norm(direction), rtol=1e-5
        )
        assert float(change["w"] @ fisher @ change["w"]) == pytest.approx(0.09)
