"""The flagship head: where it starts, what its features do not depend on, and large pools."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core import AskwellError, Rows, View
from askwell.policies import Linear, Pointwise, narrow
from askwell.policies.features import CONTEXT, FEATURES, add, look, see
from askwell.strategies import STRATEGIES
from askwell.testing.pools import BATCH, GAME, WARM, at, views

ROUNDS = [0, 1, WARM, GAME.rounds - 2]


@pytest.fixture(scope="module")
def policy() -> Pointwise:
    """A policy with weights all over the place."""
    return moved(Pointwise(jax.random.key(0)))


def moved(start):
    """The policy with other weights."""
    leaves, tree = jax.tree.flatten(eqx.filter(start, eqx.is_inexact_array))
    keys = jax.random.split(jax.random.key(1), len(leaves))
    other = [leaf + 0.3 * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)]
    return eqx.combine(jax.tree.unflatten(tree, other), start)


@eqx.filter_jit
def pick(strategy, key, view):
    return strategy.select(key, view, BATCH)


@eqx.filter_jit
def seen(view, picks=()):
    """Features and context after some picks."""
    sight, batch = look(view, BATCH, jnp.arange(view.x.shape[0]))
    for row in picks:
        batch = add(sight, batch, jnp.asarray(row))
    return see(sight, batch, BATCH)


def view_of(round):
    margin = STRATEGIES["margin"]()
    return at(views(margin), round)


@pytest.mark.parametrize("head", [Pointwise, Linear])
@pytest.mark.parametrize("round", ROUNDS)
@pytest.mark.parametrize("rule", ["margin-herding", "uherding"])
def test_an_untrained_policy_is_its_rule(rule, round, head):
    view = view_of(round)
    ours = pick(head(jax.random.key(5), rule=rule), jax.random.key(0), view)
    theirs = pick(STRATEGIES[rule](), jax.random.key(0), view)
    assert np.array_equal(ours, theirs)


def test_the_rule_in_the_middle_is_both_rules_geometric_mean():
    features, context = seen(view_of(ROUNDS[-1]), (3, 9))
    both, one, other = (
        Pointwise(jax.random.key(5), rule=rule).score(features, context)
        for rule in ("herding", "margin-herding", "uherding")
    )
    np.testing.assert_allclose(both, (one + other) / 2, rtol=1e-5)
    with pytest.raises(AskwellError, match=r"Unknown rule 'hrding'\. Did you mean 'herding'"):
        Pointwise(jax.random.key(5), rule="hrding")


@pytest.mark.parametrize("round", ROUNDS)
def test_features_are_finite_and_moderate(round):
    features, context = seen(view_of(round), (3, 9))
    assert features.shape == (64, len(FEATURES))
    assert context.shape == (len(CONTEXT),)
    assert np.all(np.isfinite(features))
    assert np.all(np.abs(features) < 15)
    assert np.all(np.abs(context) < 5)


@pytest.mark.parametrize("round", ROUNDS)
def test_names_of_classes_say_nothing(round):
    view, order = view_of(round), jnp.array([2, 0, 1])
    named = dataclasses.replace(
        view,
        log_proba=view.log_proba[:, jnp.argsort(order)],
        y=jnp.where(view.asked, order[jnp.maximum(view.y, 0)], view.y),
        evidence=view.evidence._replace(y=order[view.evidence.y]),
    )
    for one, other in zip(seen(view, (3, 9)), seen(named, (3, 9)), strict=True):
        assert np.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("round", [WARM])
def test_a_class_that_never_occurs_says_nothing(round):
    view = view_of(round)
    more = jnp.concatenate([view.log_proba, jnp.full((64, 4), jnp.log(1e-6))], axis=1)
    for one, other in zip(seen(view), seen(dataclasses.replace(view, log_proba=more)), strict=True):
        assert np.allclose(one, other, atol=1e-2)


def test_moving_features_follow_the_batch():
    view = view_of(WARM)
    before, _ = seen(view)
    after, context = seen(view, (3,))
    column = {name: FEATURES.index(name) for name in FEATURES}
    # What has been covered once has less to add; what is predicted variance has shrunk.
    for name in ("coarse", "fine", "weighted", "leverage"):
        assert np.all(after[:, column[name]] <= before[:, column[name]] + 1e-4), name
    assert after[3, column["similarity"]] == pytest.approx(1)
    assert np.all(before[:, column["similarity"]] == 0)
    assert context[CONTEXT.index("slot")] == pytest.approx(1 / BATCH)
    # Leverage by hand: the same as refitting the linear model with the picked point added.
    rows = [*np.flatnonzero(np.asarray(view.asked)), 3]
    x = np.concatenate([np.asarray(view.x, np.float64), np.ones((64, 1))], axis=1)
    variance = np.linalg.inv(x[rows].T @ x[rows] + np.eye(x.shape[1]))
    leverage = np.log(np.einsum("nd,de,ne->n", x, variance, x) + 1e-5)
    difference = np.asarray(after[:, column["leverage"]]) - leverage
    assert np.ptp(difference) < 1e-2  # centred, so up to a constant


def test_a_limited_choice_is_kept_to(policy):
    view, rows = view_of(WARM), jnp.array([40, 41, 50, 3, 60, 22])
    left = [int(row) for row in rows if not view.asked[row]]
    act = eqx.filter_jit(policy.act)(jax.random.key(0), view, Rows(2), rows)
    assert set(np.asarray(act.action).tolist()) <= set(left)
    assert np.allclose(act.chance.sum(axis=1), 1, atol=1e-5)
    assert np.all(np.delete(np.asarray(act.chance), left, axis=1) == 0)


def test_of_a_large_pool_the_asked_points_and_a_sample_are_seen(policy, monkeypatch):
    monkeypatch.setattr(narrow, "MOST", 32)
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(5000, 4)), jnp.float32)
    y = jnp.full(5000, -1).at[jnp.array([7, 4000])].set(jnp.array([0, 1]))
    small = view_of(WARM)
    rows = jnp.array([7, 4000, 5000, 5000, 5000, 5000])
    view = View.of(x, jax.nn.log_softmax(x[:, :3]), y, rows, WARM, small.rounds, learner=small.learner)
    few, rows = narrow.narrow(jax.random.key(0), view, 4)
    assert few.x.shape == (32, 4)
    assert np.array_equal(few.x, view.x[rows])
    for one, other in zip(few.evidence, view.evidence, strict=True):
        assert np.array_equal(one[:2], other[:2])
    assert np.array_equal(few.evidence[2], view.evidence[2])
    assert few.asked.sum() == 2
    picks = np.asarray(pick(policy, jax.random.key(0), view))
    assert len(set(picks)) == BATCH
    assert not set(picks) & {7, 4000}
    assert set(picks) <= set(range(5000))


def test_weights_may_shift_with_what_describes_a_round_and_nothing_else():
    policy = Linear(jax.random.key(0), ("slot", "round"))
    assert policy.shift.shape == (2, len(FEATURES))
    moved = eqx.tree_at(lambda p: p.shift, policy, policy.shift.at[0, 3].set(2.0))
    features, context = jnp.eye(len(FEATURES)), jnp.zeros(len(CONTEXT)).at[CONTEXT.index("slot")].set(0.5)
    added = moved.score(features, context) - policy.score(features, context)
    assert np.allclose(added, 0.5 * 2.0 * np.eye(len(FEATURES))[3])
    cold = context.at[CONTEXT.index("cold")].set(1.0)
    assert np.array_equal(moved.score(features, cold), policy.score(features, cold))
    with pytest.raises(AskwellError, match=r"Unknown context 'slots'\. Did you mean 'slot'"):
        Linear(jax.random.key(0), ("slots",))
