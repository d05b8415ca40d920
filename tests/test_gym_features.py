"""What an agent sees: scale-free, equivariant, and without a hidden label."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="the extra askwell[gym] is not installed")

import jax
import jax.numpy as jnp

from askwell.data import Dataset
from askwell.gym import FEATURES, GameEnv, Setup, observe
from askwell.testing.pools import permuted


def blobs(scale=1.0):
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = (rng.normal(0, 1, (120, 4)) + 2 * np.eye(4)[y]).astype(np.float32) * scale
    return Dataset("blobs", x, y.astype(np.int32), ("a", "b", "c"), np.arange(120).astype(str).astype(object))


def test_a_hidden_label_changes_no_feature():
    setup = Setup(dataset=blobs(), rounds=3, batch=4, splits=1)
    key, pool = jax.random.key(0), jax.tree.map(lambda field: field[0], setup.pools)
    asked = jnp.array([0, 1, 2, 3])
    other = dataclasses.replace(
        pool,
        y=jnp.where(jnp.arange(len(pool.y)) > 3, (pool.y + 1) % 3, pool.y),
        selection_y=(pool.selection_y + 1) % 3,
        report_y=(pool.report_y + 1) % 3,
    )
    game = setup.game
    one, two = (observe(game.view(game.step(key, game.reset(key, p), asked)[0])) for p in (pool, other))
    np.testing.assert_array_equal(one, two)


def test_features_are_scale_free():
    found = [GameEnv(dataset=blobs(scale), rounds=3, batch=4).reset(seed=0)[0] for scale in (1.0, 100.0)]
    columns = [i for i, name in enumerate(FEATURES) if name not in ("top", "second", "entropy")]
    np.testing.assert_allclose(found[0][:, columns], found[1][:, columns], atol=1e-3)


def test_permuting_the_pool_permutes_the_features():
    setup = Setup(dataset=blobs(), rounds=3, batch=4, splits=1)
    game, key = setup.game, jax.random.key(0)
    pool = jax.tree.map(lambda field: field[0], setup.pools)
    state, _ = game.step(key, game.reset(key, pool), jnp.array([0, 1, 2, 3]))
    view = game.view(state)
    n = len(view.y)
    order = np.random.default_rng(0).permutation(n)
    np.testing.assert_allclose(observe(view)[order], observe(permuted(view, order)), atol=1e-5)
    # By hand: four asked, half of them their own nearest, three classes at most.
    columns = dict(zip(FEATURES, np.asarray(observe(view)).T, strict=True))
    assert columns["asked"].sum() == 4
    np.testing.assert_allclose(columns["nearness"][:4], 1, atol=1e-3)
    np.testing.assert_allclose(columns["progress"], 1 / 3)
    np.testing.assert_allclose(columns["top"], np.max(view.proba, axis=1), atol=1e-6)
    assert columns["group_size"].sum() == pytest.approx(
        np.sum(np.bincount(np.asarray(view.geometry.groups)) ** 2) / n, rel=1e-5
    )
