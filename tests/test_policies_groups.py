"""The head over groups, the noisy labeller that may name them, and how well groups agree with labels."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core import AskwellError, Rows
from askwell.games import BatchGame, annotate, rollout, sequential
from askwell.policies import Groups
from askwell.policies.group_features import CONTEXT, FEATURES, look, see
from askwell.policies.groups import MODES, WITHIN
from askwell.stats import agreement
from askwell.strategies import Margin, uncertainty
from askwell.testing.pools import BATCH, GAME, WARM, N, asking_order, at, make_pool, permuted, replay, views

KEY = jax.random.key(0)
POOL = make_pool()
PLAYED = [mode for mode in MODES if mode != "sequential"]


def groups(mode="autoregressive", within="random", noise=0.0, **settings):
    policy = Groups(jax.random.key(1), mode, within, **settings)
    last = policy.network.layers[-1]
    weight = last.weight + noise * jax.random.normal(jax.random.key(2), last.weight.shape)
    return eqx.tree_at(lambda p: p.network.layers[-1].weight, policy, weight)


@eqx.filter_jit
def reset(game, key, pool=POOL):
    return game.reset(key, pool)


def view_of(round=WARM):
    return at(views(Margin()), round)


def act(policy, view, key=KEY, decisions=None, q=BATCH):
    return eqx.filter_jit(lambda p, k, v, d: p.act(k, v, Rows(q), None, d))(policy, key, view, decisions)


@pytest.mark.parametrize("mode", PLAYED)
def test_at_first_all_groups_with_a_point_left_are_equally_likely(mode):
    view = view_of(N // BATCH - 2)
    left = np.unique(np.asarray(view.geometry.groups)[~np.asarray(view.asked)])
    drawn = act(groups(mode), view)
    assert 1 < len(left) < view.geometry.centres.shape[0]
    assert drawn.log_prob[0] == pytest.approx(-np.log(len(left)), abs=1e-5)
    assert drawn.entropy[0] == pytest.approx(np.log(len(left)), abs=1e-5)


def test_modes_differ_as_they_say():
    view = view_of()
    first, rest = {}, {}
    for mode in PLAYED:
        policy = groups(mode, "centre", noise=2.0, q=BATCH)
        left = jnp.bincount(view.geometry.groups, weights=1.0 - view.asked)
        one = jnp.full(BATCH, jnp.argmax(left))  # it does not run out
        drawn = act(policy, view, decisions=one)
        chance = drawn.chance @ jax.nn.one_hot(view.geometry.groups, view.geometry.centres.shape[0])
        first[mode], rest[mode] = chance[0], chance[1]
    assert np.allclose(first["shared"], rest["shared"], atol=1e-6)
    assert np.allclose(first["repeated"], first["shared"], atol=1e-6)
    assert np.allclose(first["autoregressive"], first["shared"], atol=1e-6)
    for mode in ("joint", "autoregressive"):
        assert not np.allclose(first[mode], rest[mode], atol=1e-2)


def test_a_repeated_decision_fills_the_batch_from_one_group_then_from_the_nearest():
    view = view_of(0)
    centres, group = np.asarray(view.geometry.centres), np.asarray(view.geometry.groups)
    drawn = act(groups("repeated", noise=1.0), view, q=12)
    size, order = np.bincount(group), np.argsort(((centres - centres[drawn.decisions[0]]) ** 2).sum(axis=1))
    np.testing.assert_array_equal(drawn.decisions, np.repeat(order, size[order])[:12])
    assert len(set(drawn.decisions.tolist())) > 1
    np.testing.assert_array_equal(drawn.decisions, group[drawn.action])
    assert (drawn.log_prob[1:] == 0).all()
    assert (drawn.entropy[1:] == 0).all()


@pytest.mark.parametrize("within", [w for w in WITHIN if w != "random"])
@pytest.mark.parametrize("mode", PLAYED)
def test_the_point_within_the_group(mode, within):
    view = view_of()
    drawn = act(groups(mode, within, noise=1.0), view)
    x = view.x - view.x.mean(axis=0)
    near = jnp.sqrt(jnp.sum((x - view.geometry.centres[view.geometry.groups]) ** 2, axis=1))
    score = np.asarray(uncertainty.margin(view) if within == "uncertain" else -near)
    gone = np.asarray(view.asked).copy()
    for pick, group in zip(drawn.action, drawn.decisions, strict=True):
        there = ~gone & (np.asarray(view.geometry.groups) == int(group))
        assert there[pick]
        assert score[pick] >= score[there].max() - 2e-3
        gone[pick] = True


def test_the_order_of_groups_says_nothing():
    view = view_of()
    order = np.random.default_rng(0).permutation(view.geometry.centres.shape[0])
    geometry = dataclasses.replace(
        view.geometry,
        groups=jnp.argsort(jnp.asarray(order))[view.geometry.groups],
        centres=view.geometry.centres[order],
    )
    policy = groups("joint", noise=1.0)
    before, after = (
        policy.logits(*look(v), BATCH) for v in (view, dataclasses.replace(view, geometry=geometry))
    )
    np.testing.assert_allclose(before[:, order], after, atol=1e-4)
    assert before.std() > 0.1


def test_features_are_free_of_scale_and_of_the_order_of_rows():
    game = dataclasses.replace(GAME, rounds=2)
    order = asking_order(POOL)[4:6]
    shown, scaled = (
        see(*look(at(replay(game, KEY, dataclasses.replace(POOL, x=POOL.x * f), order)[0], 0)), BATCH)
        for f in (1.0, 8.0)
    )
    np.testing.assert_allclose(shown, scaled, atol=1e-3)
    view = view_of()
    rows = np.random.default_rng(1).permutation(N)
    np.testing.assert_allclose(see(*look(view), BATCH), see(*look(permuted(view, rows)), BATCH), atol=1e-4)
    assert shown.shape == (16, len(FEATURES) + len(CONTEXT))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"mode": "jiont"}, "Unknown batch mode 'jiont'. Did you mean 'joint'"),
        ({"within": "center"}, "Did you mean 'centre'"),
        ({"q": 0}, "q = 0"),
    ],
)
def test_impossible_settings_are_refused(settings, sentence):
    with pytest.raises(AskwellError, match=sentence):
        Groups(KEY, **settings)


@pytest.mark.parametrize(("mode", "most"), [("joint", 3), ("sequential", 1)])
def test_a_batch_beyond_the_mode_is_refused(mode, most):
    with pytest.raises(AskwellError, match=f"at most {most}; 4 were wanted"):
        Groups(KEY, mode, q=3).select(KEY, view_of(), BATCH)


def test_sequential_pays_the_same_budget_one_label_at_a_time():
    game = BatchGame(rounds=2, batch=3, start=1)
    one = sequential(game)
    assert (one.rounds, one.batch, one.budget) == (6, 1, game.budget)
    outcome = eqx.filter_jit(rollout)(one, groups("sequential", noise=1.0), KEY, POOL)
    assert len(set(np.asarray(outcome.bought).ravel().tolist())) == 6


@pytest.mark.parametrize("p", [0.0, 0.3, 0.81, 1.0])
def test_a_labeller_names_the_groups(p):
    pool = make_pool(n=600)
    state = reset(BatchGame(rounds=1, batch=1, labeller=p), KEY, pool)
    guess, centres = np.asarray(state.geometry.groups), np.asarray(state.geometry.centres)
    wrong = (guess != np.asarray(pool.y)).mean()
    assert abs(wrong - p) <= 5 * (p * (1 - p) / 600) ** 0.5
    x = np.asarray(pool.x - pool.x.mean(axis=0))
    np.testing.assert_allclose(centres, [x[guess == g].mean(axis=0) for g in range(3)], atol=1e-4)
    np.testing.assert_array_equal(state.answers, pool.y)  # the annotator is somebody else


def test_guesses_are_the_same_for_all_strategies_and_change_nothing_else():
    plain, game = (BatchGame(rounds=2, batch=4, start=4, noise=0.2, labeller=p) for p in (None, 0.81))
    without, first, again, other = (
        reset(*given) for given in ((plain, KEY), (game, KEY), (game, KEY), (game, jax.random.key(1)))
    )
    np.testing.assert_array_equal(without.answers, first.answers)
    np.testing.assert_array_equal(without.rows, first.rows)
    np.testing.assert_array_equal(without.log_proba, first.log_proba)
    np.testing.assert_array_equal(first.geometry.groups, again.geometry.groups)
    assert (first.geometry.groups != other.geometry.groups).any()


def test_an_impossible_labeller_is_refused():
    with pytest.raises(AskwellError, match=r"1\.5"):
        BatchGame(labeller=1.5)


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
