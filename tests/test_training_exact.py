"""Gradients against exact enumeration: every episode of a game of 2 rounds of 2 is written down.

Rows are asked of 5 points: of 4 all would be asked, and every episode's return would be the same. Classes are asked of
6 points, two of each class; which of the two the labeller finds is written down as well.
"""

import itertools
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from askwell.core import AbstractFitted, AbstractLearner, Pool
from askwell.games import BatchGame, ClassQueries
from askwell.policies import Groups, Linear, Pointwise
from askwell.policies.features import CONTEXT, FEATURES
from askwell.policies.groups import MODES
from askwell.policies.pointwise import RULES, AbstractPointwise
from askwell.training import Imitation, Reinforce, Siblings
from askwell.training.estimators import returns
from askwell.training.optimiser import Optimiser, natural

KEYS = 4096
APART = 4.5
"""Standard errors that a component of a mean gradient may be off by; passed by chance once in 10⁵."""


class Nearest(AbstractFitted):
    x: jax.Array
    y: jax.Array
    weight: jax.Array
    classes: int = eqx.field(static=True)

    def log_proba(self, x):
        near = self.weight * jnp.exp(-jnp.sum((x[:, None] - self.x) ** 2, axis=2))
        mass = near @ jax.nn.one_hot(self.y, self.classes) + 0.05
        return jnp.log(mass / jnp.sum(mass, axis=1, keepdims=True))


class Kernel(AbstractLearner):
    """A learner without chance or loops: class shares of the labels around."""

    name = "kernel"

    def fit(self, key, x, y, weight, classes):
        return Nearest(x, y, weight, classes)


def make_pool(
    weights: tuple[int, ...],
    x=((0.0, 0.0), (0.7, 0.2), (2.0, 1.1), (1.0, 2.3), (-1.0, 1.5)),
    y=(0, 0, 1, 2, 3),
):
    """A pool of the points `x` with the labels `y`; around each, so many evaluation points as its weight says."""
    rng = np.random.default_rng(3)
    x, y = np.array(x, np.float32), np.array(y, np.int32)
    of = np.repeat(np.arange(len(x)), weights)
    far = (x[of] + 0.5 * rng.normal(size=(len(of), 2))).astype(np.float32)
    return Pool(*map(jnp.asarray, (x, y, far, y[of], far, y[of])), classes=int(y.max()) + 1)


def make_pairs(weights: tuple[int, ...]) -> Pool:
    """Two points of each of three classes."""
    x = ((0.0, 0.0), (0.9, 0.3), (2.0, 1.1), (1.6, 0.7), (1.0, 2.3), (1.2, 2.0))
    return make_pool(weights, x, (0, 0, 1, 1, 2, 2))


def perturbed(policy, size: float):
    """The policy with noise on every weight."""
    params, rest = eqx.partition(policy, eqx.is_inexact_array)
    flat, back = ravel_pytree(params)
    return eqx.combine(back(flat + size * jax.random.normal(jax.random.key(2), flat.shape)), rest)


def tie_keys() -> jax.Array:
    """Eight keys, one for each way in which the labeller may prefer one of the two points of each class."""
    keys = jax.random.split(jax.random.key(0), 256)
    luck = jax.vmap(lambda key: jax.random.uniform(jax.random.fold_in(key, 6), (6,)))(keys)
    way = (luck[:, 0::2] > luck[:, 1::2]) @ jnp.array([1, 2, 4])
    return keys[jnp.array([jnp.argmax(way == number) for number in range(8)])]


TIES = tie_keys()
GAME = BatchGame(learner=Kernel(), rounds=2, batch=2, reward="log-loss")
POOLS = {"rows": make_pool((2, 3, 4, 6, 1)), "classes": make_pairs((1, 2, 3, 4, 4, 2))}


def warm(head):
    """The head with nothing held back: it learns in cold rounds too, and what it learned has undone its heuristic."""

    class Warm(head):
        def __init__(self, key):
            super().__init__(key)
            self.base = -jnp.array([RULES[self.rule].get(name, 0.0) for name in FEATURES])

        def score(self, features, context):
            return super().score(features, context.at[CONTEXT.index("cold")].set(0.0))

    return Warm


STARTS = {"pointwise": warm(Pointwise), "linear": warm(Linear), "autoregressive": Groups}
HEADS = {name: perturbed(STARTS[name](jax.random.key(0)), 0.2) for name in ("pointwise", "linear")} | {
    mode: perturbed(Groups(jax.random.key(1), mode, q=2), 0.5) for mode in MODES
}
SIBLINGS = Siblings(k=3, entropy=0.0)
EPISODES = Reinforce(episodes=3, entropy=0.0)
OTHERS = {
    "siblings as they are": (Siblings(k=3, entropy=0.0, centred=False), 0.0),
    "running": (Reinforce(episodes=3, entropy=0.0, baseline="running"), 1.0),
    "none": (Reinforce(episodes=3, entropy=0.0, baseline="none"), 1.0),
    "discounted": (Reinforce(episodes=3, entropy=0.0, discount=0.5), 0.5),
}


DISCOUNTS = (0.0, 0.5, 1.0)


def of_rows(policy) -> bool:
    return isinstance(policy, AbstractPointwise)


def game_of(policy, batch: BatchGame = GAME):
    return batch if of_rows(policy) else ClassQueries(batch, error=0.0)


def pool_of(policy):
    return POOLS["rows" if of_rows(policy) else "classes"]


def enumerate_all(policy, batch, pool):
    """Log-probabilities and rewards ``[s, r]`` of every sequence of decisions, and which are possible ``[s, r]``."""
    game, ties = game_of(policy, batch), TIES[: 1 if of_rows(policy) else 8]
    choices = len(pool.y) if of_rows(policy) else pool.classes
    every = itertools.product(range(choices), repeat=batch.rounds * batch.batch)
    drawn = itertools.product(range(len(ties)), repeat=batch.rounds)
    decisions, tied = zip(*itertools.product(every, drawn), strict=True)
    decisions = jnp.array(decisions).reshape(-1, batch.rounds, batch.batch)

    def episode(decisions, keys):
        def play(state, given):
            decisions, key = given
            view = game.view(state)
            act = policy.act(jax.random.key(0), view, game.space, None, decisions)
            real = act.log_prob > -jnp.inf
            log_prob = jnp.sum(jnp.where(real, act.log_prob, 0.0)) - jnp.log(len(ties))
            state, outcome = game.step(key, state, act.action)
            possible = outcome.legal & jnp.all(real & (act.decisions == decisions))
            return state, (log_prob, outcome.reward, possible)

        return jax.lax.scan(play, game.reset(jax.random.key(0), pool), (decisions, keys))[1]

    return jax.vmap(episode)(decisions, ties[jnp.array(tied)])


@cache
def exact(head: str):
    """By enumeration: the probability of each possible episode, and the gradients of all that is climbed.

    What returns are discounted by names a gradient: 0 is the expected reward of a batch, states as they come; None is
    the plain derivative of the expected return.
    """
    params, rest = eqx.partition(HEADS[head], eqx.is_inexact_array)

    def climbed(params):
        policy = eqx.combine(params, rest)
        log_prob, reward, possible = enumerate_all(policy, GAME, pool_of(policy))
        whole = jnp.where(jnp.all(possible, axis=1), jnp.exp(jnp.sum(log_prob, axis=1)), 0.0)
        fixed = jax.lax.stop_gradient(whole)[:, None]

        def weighed(discount):
            return jnp.sum(fixed * log_prob * jax.vmap(lambda reward: returns(reward, discount))(reward))

        return jnp.stack([*map(weighed, DISCOUNTS), whole @ jnp.sum(reward, axis=1)]), whole

    gradient, whole = jax.jit(jax.jacrev(climbed, has_aux=True))(params)
    rows = jax.vmap(lambda tree: ravel_pytree(tree)[0])(gradient)
    return np.asarray(whole), dict(zip((*DISCOUNTS, None), np.asarray(rows), strict=True))


@eqx.filter_jit
def gradients(trainer, policy):
    """Of many keys ``[k, w]``: the direction of ascent, and the same with shuffled rewards."""
    baseline, scale = jnp.full(GAME.rounds, 0.2), jnp.ones(GAME.rounds)

    def one(key):
        right, other, _ = trainer.gradient(policy, game_of(policy), scale, key, pool_of(policy), baseline)
        return ravel_pytree(right)[0], ravel_pytree(other)[0]

    return jax.lax.map(one, jax.random.split(jax.random.key(4), KEYS), batch_size=512)


def meets(sample, target) -> float:
    """How many standard errors the worst component of a mean is off."""
    sample = np.asarray(sample, float)
    error = sample.std(axis=0, ddof=1) / len(sample) ** 0.5
    off = np.abs(sample.mean(axis=0) - target)
    # Rounding is no chance: some weights hardly move anything.
    return float((off / (error + 0.02 * error.max())).max())


def check(head, trainer, discount):
    target = exact(head)[1][discount]
    right, other = gradients(trainer, HEADS[head])
    assert meets(right, 0.0) > 2 * APART, "the true gradient must stand out, or the next line says nothing"
    assert meets(right, target) < APART
    assert meets(other, 0.0) < APART


@pytest.mark.parametrize("head", HEADS)
def test_probabilities_of_all_batches_sum_to_one(head):
    whole = exact(head)[0]
    assert whole.sum() == pytest.approx(1, abs=1e-5)
    assert (whole > 1e-3).sum() > 3


@pytest.mark.parametrize("head", HEADS)
def test_weighing_with_returns_is_the_derivative_of_the_expected_return(head):
    gradients = exact(head)[1]
    np.testing.assert_allclose(gradients[1.0], gradients[None], atol=1e-4 * np.abs(gradients[None]).max())
    assert not np.allclose(gradients[0.0], gradients[1.0], atol=1e-2 * np.abs(gradients[None]).max())


@pytest.mark.parametrize("head", HEADS)
def test_siblings_climb_the_expected_reward_of_a_batch(head):
    check(head, SIBLINGS, 0.0)


@pytest.mark.parametrize("head", HEADS)
def test_reinforce_climbs_the_expected_return(head):
    check(head, EPISODES, 1.0)


@pytest.mark.parametrize("name", OTHERS)
def test_every_baseline_climbs_the_same(name):
    check("autoregressive", *OTHERS[name])


BANDIT = BatchGame(learner=Kernel(), rounds=1, batch=2, reward="log-loss")
CLEAR = {True: make_pool((1, 1, 7, 6, 1)), False: make_pairs((0, 1, 4, 4, 4, 3))}
"""Here nearly all depends on the third and the fourth point, or on the second and the third class."""

SEEDS, UPDATES = 8, 200


def ascend(step: float):
    return optax.with_extra_args_support(optax.chain(optax.scale(-1), optax.adam(step)))


def trained(policy, trainer, optimiser):
    """Expected reward at the start, the best batch's, and that after training, ``[2, s]``: true, then shuffled."""
    params, rest = eqx.partition(policy, eqx.is_inexact_array)
    game, pool = game_of(policy, BANDIT), CLEAR[of_rows(policy)]

    def expected(params):
        log_prob, reward, possible = enumerate_all(eqx.combine(params, rest), BANDIT, pool)
        chance = jnp.where(possible, jnp.exp(log_prob), 0.0)
        return jnp.sum(chance * reward), jnp.max(jnp.where(possible, reward, -jnp.inf))

    def run(key, true):
        def update(carry, key):
            params, state = carry
            right, other, metrics = trainer.gradient(
                eqx.combine(params, rest), game, jnp.full(1, 0.1), key, pool
            )
            up = jax.tree.map(lambda a, b: jnp.where(true, a, b), right, other)
            step, state = optimiser.update(up, state, fisher=metrics.fisher)
            return (optax.apply_updates(params, step), state), None

        keys = jax.random.split(key, UPDATES)
        (last, _), _ = jax.lax.scan(update, (params, optimiser.init(params)), keys)
        return expected(last)[0]

    both = jax.vmap(jax.vmap(run, (0, None)), (None, 0))
    after = jax.jit(both)(jax.random.split(jax.random.key(7), SEEDS), jnp.array([True, False]))
    return *map(float, jax.jit(expected)(params)), np.asarray(after)


LEARNERS = {
    "siblings": (Siblings(k=8, entropy=0.05), ascend(0.01)),
    "imitation": (Imitation(exchanges=10), ascend(0.02)),
    "natural": (Siblings(k=8, entropy=0.0, optimiser=Optimiser("natural")), natural(lambda count: 0.05)),
}
# The natural gradient is for few weights: seven comparisons an update say too little about many.
PAIRS = [
    ("pointwise", "siblings"),
    ("pointwise", "imitation"),
    ("autoregressive", "siblings"),
    ("linear", "natural"),
]


@pytest.mark.parametrize(("head", "trainer"), PAIRS)
def test_a_bandit_is_solved_and_shuffled_rewards_teach_nothing(head, trainer):
    policy = STARTS[head](jax.random.key(head == "autoregressive"))
    start, best, (learned, shuffled) = trained(policy, *LEARNERS[trainer])
    assert best - start > 0.2
    assert np.all(learned > start + 0.9 * (best - start))
    # Chance may well carry a policy away from where it started, but not uphill.
    gained = shuffled - start
    assert gained.std() > 0
    assert gained.mean() < 4 * gained.std(ddof=1) / SEEDS**0.5
    assert gained.mean() < 0.2 * (best - start)
