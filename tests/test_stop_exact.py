"""The gradient of the head that stops, against every course that a tiny game can take, and with shuffled rewards.

Batches are picked by uherding, which has no ties on this pool, so the round in which it stops settles an episode.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from askwell.games import BatchGame, Stop, rollout
from askwell.policies import make_head
from askwell.strategies import UHerding
from askwell.training import Reinforce
from askwell.training.estimators import returns
from test_training_exact import APART, KEYS, POOLS, SEEDS, Kernel, ascend, meets, perturbed

ROUNDS = 5
GAME = Stop(BatchGame(learner=Kernel(), rounds=ROUNDS, batch=1, reward="log-loss"), 0.1)
POOL = POOLS["rows"]
POLICY = perturbed(make_head("stop", jax.random.key(0), {}), 0.3)
TRAINERS = {
    "leave-one-out": Reinforce(episodes=3, entropy=0.0),
    "none": Reinforce(episodes=3, entropy=0.0, baseline="none"),
}


def courses(policy):
    """Of each course (stop in a round, or never): log-probability, rewards and what is possible, each ``[s, r]``."""

    def episode(decisions):
        def play(state, decision):
            act = policy.act(jax.random.key(0), GAME.view(state), GAME.space, None, decision[None])
            state, outcome = GAME.step(jax.random.key(1), state, act.action)
            return state, (act.log_prob[0], outcome.reward, act.decisions[0] == decision)

        return jax.lax.scan(play, GAME.reset(jax.random.key(0), POOL), decisions)[1]

    return jax.vmap(episode)(jnp.eye(ROUNDS + 1, ROUNDS, dtype=int))


def expected(policy):
    """The expected return, its derivative by returns that weigh each decision, and the probabilities."""
    log_prob, reward, possible = courses(policy)
    chance = jnp.where(jnp.all(possible, axis=1), jnp.exp(jnp.sum(log_prob, axis=1)), 0.0)
    weighed = jnp.sum(jax.lax.stop_gradient(chance)[:, None] * log_prob * jax.vmap(returns)(reward))
    return chance @ jnp.sum(reward, axis=1), (weighed, chance, jnp.sum(reward, axis=1))


def test_chance_picks_no_batch():
    play = jax.jit(jax.vmap(lambda key: rollout(GAME, UHerding(), key, POOL).bought))
    assert len(np.unique(np.asarray(play(jax.random.split(jax.random.key(3), 64))), axis=0)) == 1


def test_courses_are_all_there_and_weighing_is_the_derivative():
    params, rest = eqx.partition(POLICY, eqx.is_inexact_array)
    value = jax.jit(lambda params: expected(eqx.combine(params, rest)))
    _, (_, chance, _) = value(params)
    assert float(chance.sum()) == pytest.approx(1, abs=1e-5)
    assert (np.asarray(chance) > 1e-3).sum() >= 4
    plain, weighed = (
        ravel_pytree(jax.grad(pick)(params))[0] for pick in (lambda p: value(p)[0], lambda p: value(p)[1][0])
    )
    np.testing.assert_allclose(weighed, plain, atol=1e-4 * float(jnp.abs(plain).max()))


@pytest.mark.parametrize("name", TRAINERS)
def test_reinforce_climbs_the_expected_return(name):
    params, rest = eqx.partition(POLICY, eqx.is_inexact_array)
    target = ravel_pytree(jax.jit(jax.grad(lambda p: expected(eqx.combine(p, rest))[0]))(params))[0]

    @jax.jit
    def gradients(keys):
        def one(key):
            right, other, _ = TRAINERS[name].gradient(POLICY, GAME, jnp.ones(ROUNDS), key, POOL)
            return ravel_pytree(right)[0], ravel_pytree(other)[0]

        return jax.lax.map(one, keys, batch_size=512)

    right, other = gradients(jax.random.split(jax.random.key(4), KEYS))
    assert meets(right, 0.0) > 2 * APART, "the true gradient must stand out, or the next line says nothing"
    assert meets(right, target) < APART
    assert meets(other, 0.0) < APART


def test_when_to_stop_is_learned_and_shuffled_rewards_teach_nothing():
    params, rest = eqx.partition(POLICY, eqx.is_inexact_array)
    trainer, optimiser = Reinforce(episodes=8, entropy=0.01), ascend(0.02)

    def run(key, true):
        def update(carry, key):
            params, state = carry
            right, other, _ = trainer.gradient(
                eqx.combine(params, rest), GAME, jnp.full(ROUNDS, 0.1), key, POOL
            )
            up = jax.tree.map(lambda a, b: jnp.where(true, a, b), right, other)
            step, state = optimiser.update(up, state)
            return (eqx.apply_updates(params, step), state), None

        keys = jax.random.split(key, 100)
        (last, _), _ = jax.lax.scan(update, (params, optimiser.init(params)), keys)
        return expected(eqx.combine(last, rest))[0]

    both = jax.jit(jax.vmap(jax.vmap(run, (0, None)), (None, 0)))
    learned, shuffled = np.asarray(both(jax.random.split(jax.random.key(7), SEEDS), jnp.array([True, False])))
    start, (_, chance, value) = eqx.filter_jit(expected)(POLICY)
    best = float(jnp.max(jnp.where(chance > 0, value, -jnp.inf)))
    assert best - start > 0.05
    assert np.all(learned > start + 0.8 * (best - start))
    gained = shuffled - start
    assert gained.std() > 0
    assert gained.mean() < 4 * gained.std(ddof=1) / SEEDS**0.5
    assert gained.mean() < 0.3 * (best - start)
