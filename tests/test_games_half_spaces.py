"""Half-space questions: what the annotator answers, what reaches the learner, and the rules for half-spaces."""

import re
from html import unescape

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import askwell
from askwell import testing
from askwell.core import NOT_ASKED, AbstractCutStrategy, AskwellError, Pool
from askwell.core.geometry import cut
from askwell.games import BatchGame, HalfSpaceQueries, make_game
from askwell.report import report
from askwell.strategies import STRATEGIES, BisectingCuts, CapCuts, Margin, RandomCuts, RowCuts
from askwell.testing import players as laws
from askwell.testing.pools import D, N, at, make_pool, replay

KEY = jax.random.key(0)
RULES = {name: kind() for name, kind in STRATEGIES.items() if issubclass(kind, AbstractCutStrategy)}
X = np.array([[0, 0], [1, 0], [2, 0], [3, 1], [4, 1], [5, 5]], np.float32)
Y = np.array([0, 1, 1, 2, 2, 0], np.int32)
TINY = Pool(*map(jnp.asarray, (X, Y, X, Y, X, Y)), classes=3)
CUTS = jnp.array([[1, 0, 0.5], [-1, 0, -2.5], [0, 1, 9], [1, 0, 2.5]], jnp.float32)
"""Beyond lie all rows but the first; the first three; none; the last three."""


@pytest.mark.parametrize("law", testing.PLAYER_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", RULES)
def test_law(name, law):
    law(RULES[name])


class Nowhere(AbstractCutStrategy):
    """Names no half-space."""

    name = "nowhere"

    def cuts(self, key, view, q):
        return jnp.full((q, view.x.shape[1] + 1), jnp.nan)


def answered(**settings):
    """What is told of `CUTS` on the tiny pool."""
    game = HalfSpaceQueries(BatchGame(rounds=1, batch=4), **settings)
    state = game.reset(KEY, TINY)
    return [np.asarray(part) for part in game.told(state, CUTS)]


def test_the_annotator_names_the_class_that_rules_beyond():
    x, y, weight = answered()
    assert y.tolist() == [1, 1, 0, 2]  # the first of equally frequent classes; of an empty region any
    assert weight.tolist() == [1, 1, 0, 1]
    np.testing.assert_allclose(x[[0, 1, 3]], [[1.5, 0], [1.5, 0], [3.5, 1]])
    x = answered(point="region")[0]
    np.testing.assert_allclose(x[[0, 1, 3]], [[3, 1.4], [1, 0], [4, 7 / 3]], rtol=1e-6)


def test_layers_are_intersections_with_those_before():
    x, y, weight = answered(layers=2, point="region")
    np.testing.assert_allclose(x[:2], [[3, 1.4], [1.5, 0]])  # rows 1 and 2 lie beyond both of the first two
    assert (y[1], weight.tolist()) == (1, [1, 1, 0, 0])
    assert answered(layers=4)[2].tolist() == [1, 1, 0, 0]


def test_points_that_are_no_rows_reach_the_learner():
    game = HalfSpaceQueries(BatchGame(rounds=1, batch=4))
    views, outcome = replay(game, KEY, TINY, CUTS[None])
    state, _ = game.step(KEY, game.reset(KEY, TINY), CUTS)
    view = game.view(state)
    assert (np.asarray(view.y) == NOT_ASKED).all()
    assert (np.asarray(outcome.bought) == len(Y)).all()
    assert (int(view.cost), outcome.cost.tolist(), bool(at(views, 0).cold)) == (4, [4], True)
    np.testing.assert_allclose(view.evidence.x[3], [3.5, 1])
    x, y, weight = map(jnp.asarray, answered())
    fitted = game.game.learner.fit(KEY, x, y, weight, 3)
    np.testing.assert_allclose(view.log_proba, fitted.log_proba(TINY.x), atol=1e-3)
    assert np.asarray(view.log_proba).argmax(axis=1).tolist() == [1, 1, 1, 2, 2, 2]


def test_a_cut_has_as_many_rows_beyond_as_it_says():
    pool = make_pool()
    normals = jax.random.normal(KEY, (3, D))
    made = cut(pool.x, normals, jnp.array([1, 20, N - 1]))
    assert np.sum(made[:, :-1] @ pool.x.T > made[:, -1:], axis=1).tolist() == [1, 20, N - 1]


@pytest.fixture(scope="module")
def view():
    actions = jnp.asarray(np.random.default_rng(3).normal(size=(6, 4, D + 1)).astype(np.float32))
    return at(replay(HalfSpaceQueries(BatchGame(rounds=6, batch=4)), KEY, make_pool(), actions)[0], 5)


def shares(rule, view):
    """The learner's mass of each class in the regions that a rule asks about, and how many rows they have."""
    cuts = jax.jit(jax.vmap(lambda key: rule.cuts(key, view, 4)))(jax.random.split(KEY, 20)).reshape(
        -1, D + 1
    )
    beyond = np.asarray(cuts[:, :-1] @ view.x.T > cuts[:, -1:])
    return beyond @ np.asarray(view.proba) / beyond.sum(axis=1, keepdims=True), beyond.sum(axis=1)


def test_rules_ask_for_one_row_for_a_cap_and_for_an_even_belief(view):
    assert (shares(RowCuts(), view)[1] == 1).all()
    assert (shares(CapCuts(), view)[1] == 3).all()  # a twentieth of 64
    top = lambda rule: np.sort(shares(rule, view)[0], axis=1)
    even, random = (np.mean(top(rule)[:, -1] - top(rule)[:, -2]) for rule in (BisectingCuts(), RandomCuts()))
    assert even < 0.3 * random
    assert len(np.unique(shares(RandomCuts(), view)[1])) > 20


def test_what_does_not_fit_is_refused():
    for settings, said in (
        ({"layer": 2}, "Unknown setting of the game 'half-spaces' 'layer'.*Did you mean 'layers'"),
        ({"layers": 0}, "layers are a whole number of at least 1; 0 was given"),
        ({"layers": 1.5}, "layers are a whole number of at least 1; 1.5 was given"),
        ({"point": "middle"}, "Unknown point 'middle'.*class, region"),
    ):
        with pytest.raises(AskwellError, match=said):
            make_game("half-spaces", settings, rounds=1, batch=1)
    play = lambda rule: askwell.compare(
        "iris", game="half-spaces", strategies={"mine": rule}, baseline="mine", rounds=1, splits=1
    )
    with pytest.raises(AskwellError, match=r"'mine' decides about rows, .* is half-spaces.*random-cuts"):
        play(Margin())
    with pytest.raises(AskwellError, match=r"'mine' gave numbers that are not finite .*split 0, round 1"):
        play(Nowhere())
    with pytest.raises(AssertionError, match="no number"):
        laws.acts_in_its_space(Nowhere())


def test_a_run_has_a_report(tmp_path):
    settings = {
        "strategies": ["random-cuts", "cap-cuts"],
        "rounds": 2,
        "splits": 2,
        "learners": "sklearn:GaussianNB",
    }
    result = askwell.compare("iris", game="half-spaces", out=tmp_path / "run", **settings)
    assert result.records["labels"].unique().sort().to_list() == [10, 20]
    assert result.records["picks"].list.len().sum() == 0
    said = unescape(re.sub(r"<(script|style).*?</\1>", "", report(tmp_path / "run").read_text(), flags=re.S))
    assert 'data-name="learning-curves"' in said
    assert "Where it asks, iris: The answers in the game 'half-spaces' are about no row of the pool" in said
