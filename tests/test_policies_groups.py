"""The head over classes and groups, and how well groups agree with labels."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from askwell.core import AskwellError, Classes
from askwell.games import annotate
from askwell.policies import Groups
from askwell.policies.group_features import CONTEXT, FEATURES, look, see
from askwell.policies.groups import MODES
from askwell.stats import agreement
from askwell.strategies import Margin
from askwell.testing.pools import (
    BATCH,
    GAME,
    POOLS,
    WARM,
    N,
    agree,
    asking_order,
    at,
    make_pool,
    permuted,
    replay,
    views,
)

KEY = jax.random.key(0)
POOL = make_pool()


def groups(mode="autoregressive", noise=0.0, **settings):
    policy = Groups(jax.random.key(1), mode, **settings)
    params, rest = eqx.partition(policy, eqx.is_inexact_array)
    flat, back = ravel_pytree(params)
    return eqx.combine(back(flat + noise * jax.random.normal(jax.random.key(2), flat.shape)), rest)


def view_of(round=WARM, kind="ordinary"):
    return at(views(Margin(), kind), round)


@eqx.filter_jit
def act(policy, view, key=KEY, decisions=None, q=BATCH):
    return policy.act(key, view, Classes(q), None, decisions)


def of_groups(view, chance):
    return np.asarray(chance) @ np.asarray(jax.nn.one_hot(view.geometry.groups, len(view.geometry.centres)))


@pytest.mark.parametrize("mode", MODES)
def test_at_first_all_groups_with_a_point_left_are_equally_likely(mode):
    view = view_of(N // BATCH - 2)
    left = np.unique(np.asarray(view.geometry.groups)[~np.asarray(view.asked)])
    drawn = act(groups(mode), view)
    assert 1 < len(left) < view.geometry.centres.shape[0]
    assert drawn.log_prob[0] == pytest.approx(-np.log(len(left)), abs=1e-5)
    assert drawn.entropy[0] == pytest.approx(np.log(len(left)), abs=1e-5)
    assert set(np.asarray(drawn.action).tolist()) <= set(left.tolist())


def test_modes_differ_as_they_say():
    view = view_of()
    first, rest = {}, {}
    for mode in MODES:
        policy = groups(mode, noise=1.0, q=BATCH)
        left = jnp.bincount(view.geometry.groups, weights=1.0 - view.asked)
        drawn = act(policy, view, decisions=jnp.full(BATCH, jnp.argmax(left)))  # it does not run out
        chance = of_groups(view, drawn.chance)
        first[mode], rest[mode] = chance[0], chance[1]
    assert np.allclose(first["shared"], rest["shared"], atol=1e-6)
    assert np.allclose(first["repeated"], first["shared"], atol=1e-6)
    assert np.allclose(first["autoregressive"], first["shared"], atol=1e-6)
    for mode in ("joint", "autoregressive"):
        assert not np.allclose(first[mode], rest[mode], atol=1e-2)


def test_a_repeated_decision_fills_the_batch_and_bears_all_of_its_probability():
    drawn = act(groups("repeated", noise=1.0), view_of(0), q=12)
    assert len(set(drawn.action.tolist())) == 1
    np.testing.assert_array_equal(drawn.decisions, drawn.action)
    assert drawn.log_prob[0] < 0
    assert (drawn.log_prob[1:] == 0).all()
    assert (drawn.entropy[1:] == 0).all()


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("mode", MODES)
def test_what_is_drawn_has_finite_figures(mode, kind):
    shown = views(Margin(), kind)
    keys = jax.random.split(KEY, len(shown.round))
    policy = groups(mode, noise=0.3)
    acts = eqx.filter_jit(
        eqx.filter_vmap(lambda key, view: policy.act(key, view, Classes(BATCH)), in_axes=(0, eqx.if_array(0)))
    )(keys, shown)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(acts))
    np.testing.assert_allclose(acts.chance.sum(axis=2), 1, atol=1e-5)
    assert (acts.log_prob <= 1e-6).all()
    assert (acts.entropy >= -1e-6).all()
    assert not (acts.chance * (shown.y != -1)[:, None]).any()


@pytest.mark.parametrize("mode", MODES)
def test_given_decisions_are_as_likely_as_when_they_were_drawn(mode):
    policy, view = groups(mode, noise=0.5), view_of()
    drawn = act(policy, view)
    assert agree(drawn, act(policy, view, decisions=drawn.decisions), 1e-5)
    assert not agree(drawn, act(policy, view, jax.random.key(9)), 1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_groups_come_as_often_as_their_chance_says(mode):
    policy, view, keys = groups(mode, noise=0.5), view_of(), jax.random.split(KEY, 4000)
    acts = jax.jit(jax.vmap(lambda key: policy.act(key, view, Classes(BATCH))))(keys)
    hit = np.asarray(jax.nn.one_hot(acts.action, len(view.geometry.centres)))
    chance = of_groups(view, acts.chance)
    if mode == "repeated":  # its decision fell before the second place
        hit, chance = hit[:, :1], chance[:, :1]
    error = np.sqrt((chance * (1 - chance)).sum(axis=0)) / len(keys)
    off = np.abs((hit - chance).mean(axis=0))
    assert off.max() > 0
    assert (off <= 5 * error + 2 / len(keys)).all()


@pytest.mark.parametrize("mode", MODES)
def test_gradients_of_log_probability_by_finite_differences(mode):
    with jax.enable_x64(True):
        double = lambda tree: jax.tree.map(lambda a: a.astype(float) if eqx.is_inexact_array(a) else a, tree)
        view, policy = double(view_of()), double(groups(mode, noise=0.5))
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        flat, back = ravel_pytree(params)
        drawn = act(policy, view).decisions
        log_prob = jax.jit(
            lambda flat: jnp.sum(act(eqx.combine(back(flat), rest), view, KEY, drawn).log_prob)
        )
        gradient = jax.grad(log_prob)(flat)
        along = jax.random.normal(KEY, (4, len(flat)))
        step = 1e-5
        slopes = [(log_prob(flat + step * v) - log_prob(flat - step * v)) / (2 * step) for v in along]
        np.testing.assert_allclose(along @ gradient, jnp.stack(slopes), rtol=1e-5, atol=1e-7)
        assert float(jnp.max(jnp.abs(gradient))) > 1e-2


def test_the_order_of_groups_says_nothing():
    view = view_of()
    order = np.random.default_rng(0).permutation(view.geometry.centres.shape[0])
    geometry = dataclasses.replace(
        view.geometry,
        groups=jnp.argsort(jnp.asarray(order))[view.geometry.groups],
        centres=view.geometry.centres[order],
    )
    policy, empty = groups("joint", noise=0.5), jnp.zeros(len(order))
    before, after = (
        policy.logits(look(v), empty, BATCH) for v in (view, dataclasses.replace(view, geometry=geometry))
    )
    np.testing.assert_allclose(before[:, order], after, atol=1e-4)
    assert before.std() > 0.1


def test_features_are_free_of_scale_and_of_the_order_of_rows():
    game, empty = dataclasses.replace(GAME, rounds=2), jnp.zeros(16)
    order = asking_order(POOL)[4:6]
    shown, scaled = (
        see(look(at(replay(game, KEY, dataclasses.replace(POOL, x=POOL.x * f), order)[0], 0)), empty, BATCH)
        for f in (1.0, 8.0)
    )
    np.testing.assert_allclose(shown, scaled, atol=1e-3)
    view = view_of()
    rows = np.random.default_rng(1).permutation(N)
    np.testing.assert_allclose(
        see(look(view), empty, BATCH), see(look(permuted(view, rows)), empty, BATCH), atol=1e-4
    )
    assert shown.shape == (16, len(FEATURES) + len(CONTEXT))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"mode": "jiont"}, "Unknown batch mode 'jiont'. Did you mean 'joint'"), ({"q": 0}, "q = 0")],
)
def test_impossible_settings_are_refused(settings, sentence):
    with pytest.raises(AskwellError, match=sentence):
        Groups(KEY, **settings)


def test_a_batch_beyond_the_outputs_is_refused():
    with pytest.raises(AskwellError, match="at most 3; 4 were wanted"):
        Groups(KEY, "joint", q=3).classes(KEY, view_of(), BATCH)


def test_agreement():
    labels = np.arange(300) % 3
    assert agreement(labels, labels) == pytest.approx(1)
    assert agreement((labels + 1) % 3, labels) == pytest.approx(1)
    chance = [agreement(np.random.default_rng(i).permutation(labels), labels) for i in range(50)]
    assert abs(np.mean(chance)) < 5 * np.std(chance) / 50**0.5
    assert np.std(chance) > 0
    guesses = [annotate(KEY, jnp.asarray(labels), 3, p) for p in (0.1, 0.3, 0.6)]
    noisy = [agreement(np.asarray(guess), labels) for guess in guesses]
    assert 1 > noisy[0] > noisy[1] > noisy[2]
    # With these sizes every table has the same mutual information, so all of it is chance.
    assert agreement([0, 0, 1, 1], [0, 0, 0, 1]) == pytest.approx(0, abs=1e-9)
