"""Estimators and figures against numbers worked out by hand, and what trainers refuse."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core import AskwellError, Classes
from askwell.games import BatchGame, ClassQueries
from askwell.policies import Groups, Linear
from askwell.strategies import Margin
from askwell.testing.pools import agree, at, make_pool, views
from askwell.training import TRAINERS, Reinforce, Siblings
from askwell.training.decisions import decided, effective
from askwell.training.estimators import area, divergence, leave_one_out, returns, shuffled
from askwell.training.policy_gradient import AbstractPolicyGradient

KEY = jax.random.key(0)
POOL = make_pool()


@pytest.mark.parametrize(
    ("discount", "expected"), [(1.0, [7.0, 6.0, 4.0]), (0.5, [3.0, 4.0, 4.0]), (0.0, [1.0, 2.0, 4.0])]
)
def test_returns(discount, expected):
    np.testing.assert_allclose(returns(jnp.array([1.0, 2.0, 4.0]), discount), expected)


def test_leave_one_out():
    np.testing.assert_allclose(leave_one_out(jnp.array([1.0, 2.0, 6.0])), [-3.0, -1.5, 4.5], rtol=1e-6)
    apart = leave_one_out(jnp.array([[1.0, 5.0], [3.0, 5.0]]))
    np.testing.assert_allclose(apart, [[-2.0, 0.0], [2.0, 0.0]])


def test_area():
    assert area(jnp.array([1.0, 2.0, -1.0])) == pytest.approx((1 + 3 + 2) / 3)
    assert area(jnp.array([2.0, 0.0, 0.0])) == 2


def test_divergence():
    half, quarter = jnp.array([0.5, 0.5]), jnp.array([0.25, 0.75])
    assert divergence(half, half) == pytest.approx(0, abs=1e-6)
    assert divergence(half, quarter) == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3), abs=1e-5)
    assert divergence(jnp.array([1.0, 0.0]), half) == pytest.approx(np.log(2), abs=1e-5)
    # At the prior itself the penalty does not push.
    np.testing.assert_allclose(jax.grad(divergence)(quarter, quarter), [1.0, 1.0], atol=1e-4)


def test_shuffled_rewards_are_those_of_others():
    reward = jnp.arange(10.0).reshape(5, 2)
    for among in (True, False):
        drawn = [np.asarray(shuffled(jax.random.key(i), reward, among)) for i in range(40)]
        assert all(np.array_equal(np.sort(d[:, 0]), reward[:, 0]) for d in drawn)
        assert all(np.array_equal(d[:, 1] - d[:, 0], np.ones(5)) for d in drawn)
        stays = np.array([(d[:, 0] == reward[:, 0]).mean() for d in drawn])
        assert among == bool(stays.any())


def test_effective_number():
    assert effective(jnp.array([0.25] * 4)) == pytest.approx(4, rel=1e-5)
    assert effective(jnp.array([1.0, 0.0, 0.0])) == pytest.approx(1)
    assert effective(jnp.array([0.75, 0.25])) == pytest.approx(4 / 3**0.75, rel=1e-5)


def test_figures_of_a_batch():
    view = at(views(Margin()), 0)
    width = 1 / jnp.sqrt(2.0)
    line = jnp.zeros_like(view.x).at[:4, 0].set(jnp.array([0.0, 1.0, 3.0, 3.0]))
    view = eqx.tree_at(
        lambda v: (v.x, v.geometry.groups, v.geometry.widths),
        view,
        (line, view.geometry.groups.at[:4].set(jnp.array([5, 5, 5, 2])), jnp.stack([width / 2, width])),
    )
    figures = decided(view, jnp.arange(4), jnp.array([0, 1, 0, 1]))
    assert figures.groups == pytest.approx(4 / 3**0.75, rel=1e-5)
    assert figures.largest == 0.75
    assert figures.classes == pytest.approx(2, rel=1e-5)
    assert figures.redundancy == pytest.approx((2 * np.exp(-1) + 2) / 4, rel=1e-5)


@pytest.mark.parametrize("settings", [{"baseline": "mean"}, {"episodes": 1}, {"discount": 1.1}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(AskwellError, match=str(next(iter(settings.values())))):
        Reinforce(**settings)


@eqx.filter_jit
def gradient(trainer, policy, game):
    return trainer.gradient(policy, game, jnp.full(game.turns(len(POOL.y)), 0.1), KEY, POOL)


@pytest.mark.parametrize(
    "name", [name for name, kind in TRAINERS.items() if issubclass(kind, AbstractPolicyGradient)]
)
def test_what_a_trainer_sees(name):
    game = BatchGame(rounds=3, batch=4)
    game, policy = (game, Linear(KEY)) if name == "imitation" else (ClassQueries(game), Groups(KEY))
    right, other, metrics = gradient(TRAINERS[name](), policy, game)
    assert not agree(right, other, 1e-6)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((right, other, metrics)))
    assert jax.tree.structure(right) == jax.tree.structure(eqx.filter(policy, eqx.is_inexact_array))
    assert {leaf.shape for leaf in jax.tree.leaves(metrics)} == {(3,)}
    assert (np.diff(metrics.accuracy) > -0.1).all()
    assert (metrics.spread > 0).all()
    # The cold state is worth 1/3; undiscounted changes of accuracy telescope.
    last = metrics.accuracy[-1] if name == "reinforce" else metrics.accuracy[0]
    assert metrics.returns[0] == pytest.approx(float(last) - 1 / 3, abs=1e-5)


def test_looking_ahead_ends_with_the_episode():
    game = ClassQueries(BatchGame(rounds=2, batch=4))
    now, ahead = (gradient(Siblings(k=4, lookahead=h), Groups(KEY), game)[2].returns for h in (0, 3))
    assert now[1] == pytest.approx(float(ahead[1]), abs=1e-5)
    assert abs(now[0] - ahead[0]) > 1e-3


@pytest.mark.parametrize("prior", ["classes", "groups"])
def test_the_prior_penalty_pulls_towards_the_prior(prior):
    """With no reward to follow, penalised ascent lowers the divergence that it is a penalty of."""
    game = ClassQueries(BatchGame(rounds=1, batch=4, start=32), error=0.0)
    policy = eqx.tree_at(lambda p: p.network.layers[-1].weight, Groups(KEY, "shared"), jnp.full((1, 16), 4.0))
    trainer = Siblings(k=16, entropy=0.0, penalty=1.0, prior=prior)
    view = game.view(game.reset(jax.random.fold_in(jax.random.split(KEY)[0], 0), POOL))  # as the trainer's
    kinds = view.proba if prior == "classes" else jax.nn.one_hot(view.geometry.groups, 3)
    wanted = jnp.bincount(POOL.selection_y if prior == "classes" else view.geometry.groups, length=3)

    @eqx.filter_jit
    def apart(policy):
        share = jnp.mean(policy.act(KEY, view, Classes(4)).chance, axis=0) @ kinds
        return divergence(share, wanted / wanted.sum())

    far = apart(policy)
    climb = eqx.filter_jit(lambda p: trainer.gradient(p, game, jnp.full(1, 1e9), KEY, POOL)[0])
    for _ in range(80):
        policy = eqx.apply_updates(policy, jax.tree.map(lambda g: 0.01 * g, climb(policy)))
    assert far > 0.02
    assert apart(policy) < 0.5 * far
