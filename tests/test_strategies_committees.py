"""Strategies of committees, against scikit-activeml and exact enumeration."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from skactiveml.pool import average_kl_divergence, batch_bald
from skactiveml.pool import vote_entropy as peer_vote_entropy

from askwell.core import AbstractFitted, AbstractLearner
from askwell.strategies import Random, batchbald, disagreement
from askwell.strategies.refit import committee, committee_score, fitted_of
from askwell.testing.pools import WARM, N, at, views

KEY = jax.random.key(0)


@pytest.fixture
def view():
    return at(views(Random()), WARM)


def random_committee(k, n, c, seed=0):
    logits = 2 * np.random.default_rng(seed).normal(size=(k, n, c))
    return np.asarray(jax.nn.softmax(jnp.asarray(logits, jnp.float32)), float)


def test_block_by_block_the_score_is_that_of_the_whole_committee(view, monkeypatch):
    whole = disagreement.mutual_information(committee(KEY, view, "test", 4))
    monkeypatch.setattr("askwell.strategies.refit.BLOCK", 30)
    assert N % 30
    score = committee_score(KEY, view, "test", 4, disagreement.mutual_information)
    np.testing.assert_allclose(score, whole, atol=1e-6)


def test_disagreement_is_that_of_scikit_activeml():
    proba = random_committee(6, 50, 4)
    log_proba = jnp.log(jnp.asarray(proba, jnp.float32))
    ours = disagreement.mutual_information(log_proba)
    np.testing.assert_allclose(ours, batch_bald(proba.copy(), 1)[0], atol=1e-5)
    np.testing.assert_allclose(ours, average_kl_divergence(proba.copy()), atol=1e-5)
    votes = proba.argmax(2).T
    np.testing.assert_allclose(
        disagreement.vote_entropy(log_proba), peer_vote_entropy(votes, np.arange(4)), atol=1e-6
    )


def test_equal_votes_for_other_classes_tie_exactly():
    votes = np.array([[0, 0, 1], [1, 2, 2], [2, 1, 1], [0, 2, 0]])  # point × member
    log_proba = jnp.log(jnp.eye(3)[votes.T] * 0.9 + 0.03)
    assert len(set(np.asarray(disagreement.vote_entropy(log_proba)).tolist())) == 1


class Tell(AbstractFitted):
    weight: jax.Array

    def log_proba(self, x):
        return jnp.broadcast_to(self.weight, (x.shape[0], len(self.weight)))


class Tells(AbstractLearner):
    """Returns the weights it was fitted with in place of a belief."""

    name: ClassVar[str] = "tells"

    def fit(self, key, x, y, weight, classes):
        return Tell(weight)


def test_a_committee_reweighs_the_labels_and_hides_none(view):
    view = dataclasses.replace(view, learner=Tells())
    weight = np.asarray(committee(KEY, view, "test", 200))[:, 0]
    used = np.asarray(view.rows) < N
    assert (weight[:, ~used] == 0).all()
    assert (weight[:, used] > 0).all()
    np.testing.assert_allclose(weight.sum(1), used.sum(), rtol=1e-4)
    assert len(np.unique(weight[:, 0])) == 200
    np.testing.assert_allclose(weight[:, used].mean(0), 1.0, atol=0.35)  # standard error 0.07


def test_the_fit_in_the_view_is_the_game_s_own_belief(view):
    np.testing.assert_allclose(fitted_of(view, "test").log_proba(view.x), view.log_proba, atol=1e-6)


def greedy_information(proba, picks, configurations, key=KEY):
    """The gains that BatchBALD sees in each slot of a given batch."""
    k, _, c = proba.shape
    slots, total = batchbald.exact_slots(c, configurations)
    doubt, now, gains = disagreement.entropy(proba), batchbald.no_labels(total, k), []
    for row in picks:
        gains.append(batchbald.information(proba, doubt, now))
        now = batchbald.answered(key, proba[:, row], now, slots)
    return np.stack(gains)


def test_batchbald_is_scikit_activeml_s_while_exact():
    proba = random_committee(5, 12, 3)
    theirs = batch_bald(proba.copy(), 4, n_MC_samples=1000, random_state=0)
    picks = np.nanargmax(theirs, axis=1)
    gains = greedy_information(jnp.asarray(proba, jnp.float32), picks, 81)
    before = 0.0
    for slot, row in enumerate(picks):
        np.testing.assert_allclose(
            np.where(np.isnan(theirs[slot]), np.nan, gains[slot] + before), theirs[slot], atol=2e-5
        )
        before = theirs[slot][row]


def test_batchbald_s_sampled_slots_are_unbiased():
    proba = jnp.asarray(random_committee(5, 12, 3), jnp.float32)
    picks = np.array([3, 1, 7, 2])
    exact = greedy_information(proba, picks, 81)[3]
    sample = jax.vmap(lambda key: _last_gain(proba, picks, key))(jax.random.split(KEY, 400))
    error = np.std(sample, axis=0) / 20
    assert (np.abs(np.mean(sample, axis=0) - exact) < 5 * error + 1e-5).all()
    assert np.abs(sample - exact).max() > 1e-3  # they are samples


def _last_gain(proba, picks, key):
    slots, total = batchbald.exact_slots(3, 10)
    assert (slots, total) == (2, 9)
    doubt, now = disagreement.entropy(proba), batchbald.no_labels(total, 5)
    for row in picks[:3]:
        now = batchbald.answered(key, proba[:, row], now, slots)
    return batchbald.information(proba, doubt, now)


def test_batchbald_asks_no_duplicate_where_bald_does():
    proba = random_committee(4, 10, 2)
    proba[:, 1] = proba[:, 0] = [[0.999, 0.001], [0.999, 0.001], [0.001, 0.999], [0.001, 0.999]]
    log_proba = jnp.log(jnp.asarray(proba, jnp.float32))
    assert set(np.argsort(disagreement.mutual_information(log_proba))[-2:].tolist()) == {0, 1}
    gains = greedy_information(jnp.exp(log_proba), [0, 1], 16)
    assert gains[1][1] < 0.02 < gains[1][2:].max()
