"""Stop as an action: players that stop are held to the laws, the end is final, the price is counted, net judges."""

import dataclasses
import itertools
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

from askwell import compare, stats, testing
from askwell.core import AbstractStopStrategy, AskwellError, Rows, RowsOrStop
from askwell.games import BatchGame, Stop, fits, make_game, rollout
from askwell.learners import Mlp
from askwell.policies import make_head
from askwell.policies.stop import INPUTS, look
from askwell.strategies import STRATEGIES, Margin, Random, StopAfter, StopGain, StopStable, UHerding
from askwell.testing import players as laws
from askwell.testing.pools import make_pool
from askwell.training import programs

RULES = {name: kind() for name, kind in STRATEGIES.items() if issubclass(kind, AbstractStopStrategy)}
RULES["stop"] = make_head("stop", jax.random.key(0), {})
POOL = make_pool(n=100)
GAME = Stop(BatchGame(rounds=5, batch=4), 0.002)
KEY = jax.random.key(5)


@pytest.mark.parametrize("law", testing.PLAYER_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", RULES)
def test_law(name, law):
    law(RULES[name])


class Half(AbstractStopStrategy):
    """Half a batch, which is neither a batch nor a stop."""

    name: ClassVar[str] = "half"
    strategy: Random = Random()

    def stop(self, key, view, q):
        return jnp.arange(q) % 2 == 0


def test_half_a_stop_is_rejected():
    with pytest.raises(AssertionError, match="no batch of rows never asked, and no stop"):
        laws.acts_in_its_space(Half())


def play(player, game=GAME):
    return jax.jit(lambda key: rollout(game, player, key, POOL))(KEY)


@pytest.mark.parametrize("learner", [BatchGame().learner, Mlp()], ids=["logistic", "mlp"])
def test_an_episode_that_stops_is_the_beginning_of_one_that_does_not(learner):
    """To the bit, also with a learner that begins at random; then nothing changes any more."""
    game = dataclasses.replace(GAME, game=dataclasses.replace(GAME.game, learner=learner))
    whole, ended = play(Margin(), game), play(StopAfter(8, Margin()), game)
    assert np.asarray(ended.cost).tolist() == [4, 4, 0, 0, 0]
    assert (np.asarray(ended.bought)[2:] == 100).all()
    np.testing.assert_array_equal(whole.bought[:2], ended.bought[:2])
    for part in ("selection", "report"):
        one, other = (getattr(played, part).log_loss for played in (whole, ended))
        np.testing.assert_array_equal(one[:2], other[:2])
        assert len(set(np.asarray(other)[1:].tolist())) == 1
    np.testing.assert_array_equal(ended.reward[2:], 0)
    assert bool(ended.legal.all())


def test_who_stopped_cannot_go_on():
    state, n = GAME.reset(KEY, POOL), 100
    step = jax.jit(lambda state, action: GAME.step(KEY, state, action))
    rows, stop = jnp.arange(4), jnp.full(4, n)
    state, _ = step(state, rows)
    assert not bool(GAME.over(state))
    for action in (stop, rows + 4):
        state, outcome = step(state, action)
        assert bool(GAME.over(state))
        assert bool(GAME.view(state).stopping.ended)
        assert (int(outcome.cost), float(outcome.reward)) == (0, 0)


@pytest.mark.parametrize("reward", ["accuracy", "log-loss", "final-accuracy", "relative"])
def test_a_reward_is_the_batch_games_less_the_price(reward):
    inner = BatchGame(rounds=5, batch=4, reward=reward)
    with_price, without = play(Margin(), Stop(inner, 0.01)), play(Margin(), inner)
    np.testing.assert_allclose(with_price.reward, without.reward - 0.04, atol=1e-6)
    ended = play(StopAfter(12, Margin()), Stop(inner, 0.01))
    np.testing.assert_allclose(ended.reward[:3], with_price.reward[:3], atol=1e-6)
    last = float(ended.selection.accuracy[-1]) if reward == "final-accuracy" else 0.0
    np.testing.assert_allclose(ended.reward[3:], [0, last], atol=1e-6)


@pytest.mark.parametrize("wrong", [[3, 3, 4, 5], [1, 2, 100, 100], [-1, 3, 4, 5], [3, 4, 5, 200]])
def test_an_action_that_is_neither_batch_nor_stop_is_told(wrong):
    outcome = GAME.step(KEY, GAME.reset(KEY, POOL), jnp.array(wrong))[1]
    assert not bool(outcome.legal)


@pytest.mark.parametrize(
    "settings",
    [{"price": -0.001}, {"price": "much"}, {"price": float("nan")}, {"prize": 0.1}, {"price": True}],
)
def test_settings_that_it_cannot_have(settings):
    with pytest.raises(AskwellError, match=r"price, the accuracy given up for one label, 0 or more"):
        make_game("stop", settings)


def test_rules_check_their_settings():
    for wrong in (
        lambda: StopAfter(-1),
        lambda: StopStable(0.0),
        lambda: StopStable(0.9, 0),
        lambda: StopGain(0.0),
    ):
        with pytest.raises(AskwellError, match=r"given|give"):
            wrong()


def test_rows_play_here_but_nobody_stops_in_the_batch_game():
    assert isinstance(GAME.space, Rows)
    fits(GAME, Margin(), "margin")
    with pytest.raises(
        AskwellError, match=r"'stop-after' decides about rows or stop, and .* 'batch' is rows"
    ):
        fits(BatchGame(), StopAfter(), "stop-after")


def shown(agreement, round=3, price=0.002):
    views = laws._views(RowsOrStop)
    view = laws.at(views, round)
    known = jnp.zeros(16).at[jnp.arange(len(agreement))].set(jnp.array(agreement))
    stopping = dataclasses.replace(view.stopping, agreement=known, price=jnp.array(price))
    return dataclasses.replace(view, stopping=stopping)


def test_agreement_is_the_share_of_predictions_that_stayed():
    state, before = GAME.reset(KEY, POOL), []
    for round in range(4):
        before.append((np.asarray(state.inner.log_proba).argmax(axis=1), bool(GAME.view(state).cold)))
        state, _ = GAME.step(KEY, state, jnp.arange(4 * round, 4 * round + 4))
    before.append((np.asarray(state.inner.log_proba).argmax(axis=1), False))
    expected = [0.0 if cold else np.mean(was == now) for (was, cold), (now, _) in itertools.pairwise(before)]
    assert before[0][1]
    assert 0 < expected[-1] < 1
    np.testing.assert_allclose(state.agreement, [*expected, 0.0], atol=1e-6)


def test_rules_do_as_they_say():
    stop = lambda rule, *given, **more: bool(rule.stop(KEY, shown(*given, **more), 4))
    stable = StopStable(0.95, 2)
    assert [stop(stable, a) for a in ([1, 0.95, 0.95], [1, 0.94, 0.99], [1, 0.99, 0.94])] == [
        True,
        False,
        False,
    ]
    assert not stop(StopStable(0.95, 3), [1, 1], round=2)  # the rounds before the first do not count
    assert [stop(StopGain(0.5), [0, 0.98, 0.99], price=p) for p in (0.0018, 0.002)] == [False, True]
    assert [stop(StopAfter(labels), []) for labels in (12, 13)] == [True, False]  # 3 rounds of 4


def test_the_untrained_policy_is_a_soft_stop_gain_that_sees_price_and_agreement():
    policy = RULES["stop"]
    for agreement in ([0, 0.9, 0.9], [0, 0.99, 0.99], [0, 1.0, 1.0]):
        for price in (0.0005, 0.005):
            view = shown(agreement, price=price)
            assert bool(policy.stop(KEY, view, 4)) == bool(StopGain().stop(KEY, view, 4))
    one, other = look(shown([0, 0.9, 0.9]), 4), look(shown([0, 0.9, 0.9], price=0.02), 4)
    assert {INPUTS[at] for at in np.flatnonzero(np.asarray(one) != np.asarray(other))} == {"excess", "cost"}
    draws = jax.vmap(lambda key: policy.act(key, shown([0, 0.95, 0.95]), GAME.space))(
        jax.random.split(KEY, 2000)
    )
    share, chance = (
        float(draws.decisions.mean()),
        float(jax.nn.sigmoid(policy.logit(shown([0, 0.95, 0.95]), 4))),
    )
    assert 0.02 < chance < 0.98
    assert share == pytest.approx(chance, abs=0.05)
    assert float(policy.act(KEY, shown([0, 0.9, 0.9], round=0), GAME.space).entropy[0]) == 0  # cold


def test_net_judges_and_the_report_says_so(tmp_path):
    settings = {
        "game": "stop",
        "game_settings": {"price": 0.01},
        "rounds": 4,
        "batches": 3,
        "splits": 3,
        "start": 2,
    }
    players = {"uherding": UHerding(), "early": StopAfter(5)}
    result = compare("iris", strategies=players, baseline="uherding", out=tmp_path, **settings)
    ends = result.records.filter(round=4)
    net = ends.with_columns(net=pl.col("accuracy") - 0.01 * (pl.col("labels") - 2))
    by_hand = dict(net.group_by("strategy").agg(pl.col("net").mean()).rows())
    table = result.table()
    assert dict(table.select("strategy", "net").rows()) == pytest.approx(by_hand)
    assert dict(table.select("strategy", "labels").rows()) == {"uherding": 14, "early": 5}
    (verdict,) = result.verdicts()
    assert verdict.difference == pytest.approx(by_hand["early"] - by_hand["uherding"])
    assert '"net":' in result.json()
    assert "aulc" not in result.json()
    from askwell.report import render
    from askwell.report.run import open_run

    page = render(open_run(tmp_path))
    assert "judged by their net: accuracy at the end less 0.01" in page
    assert "difference in net" in page
    assert "difference in AULC" not in page


def test_validation_judges_by_the_same_net():
    outcome = play(StopAfter(8))
    expected = float(outcome.report.accuracy[-1]) - 0.002 * 8
    assert float(programs.area(GAME, outcome)) == pytest.approx(expected, abs=1e-6)


def test_where_lower_is_better_the_price_is_added():
    records = pl.DataFrame(
        {"dataset": "d", "strategy": "s", "learner": "l", "batch": 2, "split": 0, "round": [1, 2],
         "labels": [2, 2], "budget": 4, "picks": [["a", "b"], []], "log_loss": [0.9, 0.5]}
    )  # fmt: skip
    assert stats.net(records, 0.1, "log-loss")["log_loss"].to_list() == pytest.approx([0.7])
