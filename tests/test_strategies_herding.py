"""Herding: the picks of the plain greedy, sooner; and in pools with landmarks without the whole kernel."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.comparison.play import WIDEST, chunk_size
from askwell.core import Pool
from askwell.core.geometry import LANDMARKS
from askwell.strategies import MarginHerding, Random, coverage, uncertainty
from askwell.strategies.pickers import greedy
from test_strategies_diversity import KEY, make_view


def full_herd(view, kernel, q, factor=1.0, weight=1.0):
    return greedy(
        KEY,
        coverage.covered(view, lambda rows: kernel[rows]),
        lambda cover: factor * jnp.sum(weight * coverage.gain(kernel, cover), axis=1),
        lambda cover, row: jnp.maximum(cover, kernel[row]),
        view.asked,
        q,
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weights", ["none", "factor", "weight"])
def test_herding_picks_as_the_full_greedy_does(seed, weights):
    view = make_view(n=400, seed=seed)
    kernel = view.geometry.similarity
    unsure = uncertainty.margin(view)
    given = {"none": {}, "factor": {"factor": unsure}, "weight": {"weight": unsure}}[weights]
    picks = coverage.herd(KEY, view, lambda rows: kernel[rows], 60, **given)
    assert picks.tolist() == full_herd(view, kernel, 60, **given).tolist()


def test_herding_breaks_ties_as_the_full_greedy_does_once_all_is_covered():
    # Whole numbers, so sums are exact in any order: a hundred clouds of four equal points.
    view = make_view(n=400)
    kernel = (jnp.arange(400)[:, None] // 4 == jnp.arange(400) // 4).astype(jnp.float32)
    picks = coverage.herd(KEY, view, lambda rows: kernel[rows], 150)
    assert picks.tolist() == full_herd(view, kernel, 150).tolist()
    many = jax.vmap(lambda key: coverage.herd(key, view, lambda rows: kernel[rows], 10))(
        jax.random.split(KEY, 200)
    )
    assert len(np.unique(many)) > 350


@pytest.mark.parametrize("labels", [6, 2 * coverage.BLOCK])
def test_of_a_pool_with_landmarks_what_is_worked_out_is_what_would_be_written_down(labels):
    view = make_view(n=LANDMARKS + 500, labels=labels)
    kernel, similar = view.geometry.similarity, coverage.similarity(view)
    np.testing.assert_allclose(similar(jnp.array([7, 1400])), kernel[jnp.array([7, 1400])], atol=1e-4)
    asked = np.asarray(view.rows)[np.asarray(view.rows) < len(view.x)]
    np.testing.assert_allclose(coverage.covered(view, similar), np.asarray(kernel)[asked].max(0), atol=1e-4)
    every = coverage.each(view, lambda rows: jnp.sum(similar(rows), axis=1))
    np.testing.assert_allclose(every, jnp.sum(kernel, axis=1), rtol=1e-4)
    unsure = uncertainty.margin(view)
    picks = coverage.herd(KEY, view, similar, 20, factor=unsure)
    assert picks.tolist() == full_herd(view, kernel, 20, factor=unsure).tolist()


@pytest.mark.parametrize(("n", "geometry"), [(256, WIDEST), (1000, 1)])
def test_kernels_that_fill_the_cache_are_played_alone(n, geometry):
    x, y = np.zeros((1, n, 4), "f4"), np.zeros((1, n), "i4")
    pools = Pool(x, y, x, y, x, y, 3)
    assert chunk_size(pools, MarginHerding()) == geometry
    assert chunk_size(pools, Random()) == WIDEST
