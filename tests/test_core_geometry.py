"""Distances, neighbours and landmarks against scikit-learn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from askwell.core import measure
from askwell.core.geometry import GROUPS, LANDMARKS, NEIGHBOURS, SCALE, square_distance


def points(n, d=5, shift=0.0):
    return jnp.asarray(np.random.default_rng(0).normal(size=(n, d)) + shift, jnp.float32)


def test_square_distances():
    a, b = points(30), points(50)[20:]
    expected = pairwise_distances(a, b, "sqeuclidean")
    np.testing.assert_allclose(square_distance(a, b), expected, rtol=1e-4, atol=1e-5)
    assert square_distance(a, a).min() >= 0


# Far from the origin float32 loses the distances, if the mean is not taken off first.
@pytest.mark.parametrize(("n", "shift"), [(100, 0.0), (100, 300.0), (1500, 0.0)])
def test_neighbours_and_landmarks(n, shift):
    x = points(n, shift=shift)
    g = jax.jit(measure)(x)
    expected = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(x).kneighbors(x)[0][:, 1:]
    np.testing.assert_allclose(g.neighbour_distance, expected, rtol=1e-2, atol=1e-3)
    landmarks = np.asarray(g.landmarks)
    assert len(set(landmarks.tolist())) == min(n, LANDMARKS)
    expected = pairwise_distances(x, x[landmarks], "sqeuclidean")
    np.testing.assert_allclose(g.square_distance, expected, rtol=1e-2, atol=1e-3)
    width = float(g.widths[1])
    some = landmarks if n <= LANDMARKS else landmarks[:SCALE]
    np.testing.assert_allclose(width, np.asarray(g.neighbour_distance)[some].mean(), rtol=1e-4)
    np.testing.assert_allclose(g.similarity, np.exp(-expected / (2 * width**2)), atol=1e-3)
    order = np.argsort(np.asarray(g.neighbour_distance).mean(1))
    assert (np.diff(np.asarray(g.density)[order]) <= 0).all()  # the closer the neighbours, the denser
    assert len(np.unique(g.groups)) == GROUPS


@pytest.mark.parametrize("x", [points(1), points(2), jnp.ones((30, 3))], ids=["one", "two", "equal"])
def test_tiny_and_equal_pools_are_finite(x):
    g = measure(x)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(g))
    assert (g.widths > 0).all()
