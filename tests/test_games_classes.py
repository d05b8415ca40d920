"""Class queries: the labeller, what is found, and the rules that say which classes are wanted."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import askwell
from askwell import testing
from askwell.core import AbstractClassStrategy, AskwellError, Classes
from askwell.games import BatchGame, ClassQueries, make_game, rollout
from askwell.policies import Groups
from askwell.strategies import STRATEGIES, Margin, uncertainty
from askwell.strategies.classes.base import AbstractShares, label_counts
from askwell.testing import players as laws
from askwell.testing.pools import N, agree, at, make_pool, replay, without_truth

KEY = jax.random.key(0)
POOL = make_pool()
RULES = {name: kind() for name, kind in STRATEGIES.items() if issubclass(kind, AbstractClassStrategy)}
NAMED = ClassQueries(BatchGame(rounds=6, batch=4), error=0.3)


@pytest.mark.parametrize("law", testing.PLAYER_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", [*RULES, "groups"])
def test_law(name, law):
    law(RULES.get(name) or Groups(KEY))


class Nobody(AbstractClassStrategy):
    """Asks for a class that there is not."""

    name = "nobody"

    def classes(self, key, view, q):
        return jnp.full(q, 3)


def test_a_broken_rule_is_rejected():
    with pytest.raises(AssertionError, match="does not exist"):
        laws.acts_in_its_space(Nobody())


@eqx.filter_jit
def reset(game, key, pool=POOL):
    return game.reset(key, pool)


def playing(game, actions, key=KEY, pool=POOL):
    views, outcomes = replay(game, key, pool, jnp.asarray(actions))
    return without_truth(views), outcomes


@pytest.mark.parametrize("p", [0.0, 0.3, 0.81, 1.0])
def test_a_labeller_guesses_as_often_wrong_as_said(p):
    pool = make_pool(n=600)
    state = reset(ClassQueries(BatchGame(rounds=1, batch=1), error=p), KEY, pool)
    guess, centres = np.asarray(state.geometry.groups), np.asarray(state.geometry.centres)
    wrong = (guess != np.asarray(pool.y)).mean()
    assert abs(wrong - p) <= 5 * (p * (1 - p) / 600) ** 0.5
    x = np.asarray(pool.x - pool.x.mean(axis=0))
    np.testing.assert_allclose(centres, [x[guess == g].mean(axis=0) for g in range(3)], atol=1e-4)
    np.testing.assert_array_equal(state.answers, pool.y)  # the annotator is somebody else


def test_the_labeller_changes_nothing_else_and_is_the_same_for_all():
    batch = BatchGame(rounds=2, batch=4, start=4, noise=0.2)
    game = ClassQueries(batch, error=0.81)
    without, first, again = reset(batch, KEY), reset(game, KEY), reset(game, KEY)
    other = reset(game, jax.random.key(1))
    rest = lambda state: (state.answers, state.rows, state.log_proba, state.selection)
    assert agree(rest(without), rest(first), 0)
    np.testing.assert_array_equal(first.geometry.groups, again.geometry.groups)
    assert (first.geometry.groups != other.geometry.groups).any()
    by_group = reset(dataclasses.replace(game, by="group"), KEY)
    np.testing.assert_array_equal(by_group.geometry.groups, without.geometry.groups)


def test_what_is_wanted_is_found_as_long_as_there_is_some():
    game = ClassQueries(BatchGame(rounds=6, batch=4), error=0.0)
    size = int((POOL.y == 2).sum())
    outcomes = playing(game, np.full((6, 4), 2))[1]
    answers, bought = np.asarray(outcomes.answers).ravel(), np.asarray(outcomes.bought).ravel()
    assert size == 21
    assert (answers[:size] == 2).all()
    assert (answers[size:] != 2).all()  # any other point, so that each round buys its batch
    assert len(set(bought.tolist())) == 24
    assert bool(outcomes.legal.all())


@pytest.mark.parametrize("wrong", [[0, 1, 2, 3], [-1, 0, 0, 0]])
def test_a_class_that_there_is_not_is_illegal(wrong):
    assert not bool(playing(NAMED, [wrong])[1].legal.any())


def test_the_points_of_a_class_come_in_random_order():
    game = ClassQueries(BatchGame(rounds=1, batch=1), error=0.0)
    state = reset(game, KEY)
    step = jax.jit(jax.vmap(lambda key: game.step(key, state, jnp.array([1]))[1].bought[0]))
    count = np.bincount(np.asarray(step(jax.random.split(KEY, 4000))), minlength=N)
    of_class = np.asarray(POOL.y) == 1
    assert (count[~of_class] == 0).all()
    expected = 4000 / of_class.sum()
    assert np.abs(count[of_class] - expected).max() < 5 * expected**0.5


@pytest.mark.parametrize("within", ["centre", "uncertain"])
def test_the_best_point_of_the_class_is_found(within):
    game = dataclasses.replace(NAMED, within=within)
    wanted = np.random.default_rng(0).integers(0, 3, (6, 4))
    views, outcomes = playing(game, wanted)
    for turn in range(6):
        view, gone = at(views, turn), np.asarray(at(views, turn).asked).copy()
        x = view.x - view.x.mean(axis=0)
        near = jnp.sqrt(jnp.sum((x - view.geometry.centres[view.geometry.groups]) ** 2, axis=1))
        score = np.asarray(uncertainty.margin(view) if within == "uncertain" else -near)
        for row, group in zip(np.asarray(outcomes.bought[turn]), wanted[turn], strict=True):
            there = ~gone & (np.asarray(view.geometry.groups) == group)
            assert there[row]
            assert score[row] >= score[there].max() - 2e-3
            gone[row] = True


def test_hidden_labels_show_in_the_guesses_alone():
    """With the same guesses, other hidden labels change no view before they are bought."""
    actions = jnp.asarray(np.random.default_rng(0).integers(0, 3, (6, 4)))
    step = jax.jit(NAMED.step)

    def views(state):
        shown = []
        for turn, action in enumerate(actions):
            shown.append(NAMED.view(state))
            state = step(jax.random.fold_in(KEY, turn), state, action)[0]
        return shown

    start = reset(NAMED, KEY)
    before, changed = views(start), []
    for view in before:
        other = jnp.where(view.asked, start.answers, (start.answers + 1) % 3)
        changed.append(views(eqx.tree_at(lambda state: state.answers, start, other)))
    assert all(agree(view, changed[turn][turn], 0) for turn, view in enumerate(before))
    assert not agree(before[3].y, changed[0][3].y)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"error": 1.5}, r"0\.\.1; 1\.5"),
        ({"error": "often"}, r"0\.\.1; often"),
        ({"by": "clas"}, "Did you mean 'class'"),
        ({"within": "center"}, "Did you mean 'centre'"),
        ({"labeller": 0.2}, "Unknown setting of the game 'class-queries' 'labeller'.*by, error, within"),
    ],
)
def test_impossible_settings_are_refused(settings, sentence):
    with pytest.raises(AskwellError, match=sentence):
        make_game("class-queries", settings, rounds=1, batch=1)


def test_a_whole_number_is_a_probability_too():
    game = make_game("class-queries", {"error": 1}, rounds=1, batch=1)
    guess = reset(game, KEY).geometry.groups
    assert (guess != POOL.y).all()


def test_a_batch_strategy_cannot_ask_for_classes():
    with pytest.raises(
        AskwellError, match=r"'margin' decides about rows, .* 'class-queries' is classes.*pool-shares"
    ):
        askwell.compare("iris", game="class-queries", strategies={"margin": Margin()}, baseline="pool-shares")


class Given(AbstractShares):
    """Wants what it is told."""

    name = "given"
    wanted: jax.Array

    def shares(self, view, q):
        return self.wanted


@eqx.filter_jit
def drawn(rule, view, q, many=2000):
    return jax.vmap(lambda key: rule.classes(key, view, q))(jax.random.split(KEY, many))


@pytest.mark.parametrize("wanted", [[0.5, 0.3, 0.2], [7.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
def test_a_batch_holds_the_shares_rounded_down_or_up(wanted):
    view = at(playing(NAMED, np.zeros((6, 4), int))[0], 0)
    count = np.asarray(jax.nn.one_hot(drawn(Given(jnp.array(wanted)), view, 7), 3).sum(axis=1))
    share = 7 * (np.array(wanted) / np.sum(wanted) if np.sum(wanted) else np.full(3, 1 / 3))
    assert (count >= np.floor(share - 1e-4)).all()
    assert (count <= np.ceil(share + 1e-4)).all()
    assert np.abs(count.mean(axis=0) - share).max() < 5 * 0.5 / 2000**0.5


def test_what_the_rules_want():
    views, _ = playing(NAMED, np.random.default_rng(0).integers(0, 3, (6, 4)))
    view = at(views, 5)
    left, group = ~np.asarray(view.asked), np.asarray(view.geometry.groups)
    want = {name: np.asarray(rule.shares(view, 4)) for name, rule in RULES.items()}
    np.testing.assert_allclose(want["pool-shares"], np.bincount(group[left], minlength=3))
    assert (want["equal-shares"] == want["equal-shares"][0]).all()
    margin = np.asarray(uncertainty.margin(view))
    np.testing.assert_allclose(
        want["needed-shares"], [margin[left & (group == g)].sum() for g in range(3)], rtol=1e-4
    )
    answers = np.bincount(np.asarray(view.y)[~left], minlength=3)
    np.testing.assert_allclose(label_counts(view), answers)
    np.testing.assert_allclose(want["filling-shares"], np.maximum(24 / 3 - answers, 0))


def test_filling_evens_out_what_the_labeller_gets_wrong():
    game = ClassQueries(BatchGame(rounds=8, batch=4), error=0.4)
    pool = dataclasses.replace(
        make_pool(n=300), y=jnp.asarray(np.repeat([0, 1, 2], [200, 60, 40]).astype(np.int32))
    )
    play = eqx.filter_jit(eqx.filter_vmap(rollout, in_axes=(None, None, 0, None)))
    spread = {}
    for name in ("equal-shares", "filling-shares"):
        answers = play(game, RULES[name], jax.random.split(KEY, 32), pool).answers.reshape(32, -1)
        spread[name] = float(jnp.std(jnp.mean(jax.nn.one_hot(answers, 3), axis=(0, 1))))
    assert spread["filling-shares"] < 0.8 * spread["equal-shares"]


def test_the_space_draws_every_group():
    view = at(playing(NAMED, np.zeros((6, 4), int))[0], 0)
    found = jax.vmap(lambda key: Classes(4).sample(key, view))(jax.random.split(KEY, 200))
    assert set(np.unique(found)) == {0, 1, 2}
