"""Where the extremes stand, against NumPy."""

import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core.extreme import argmax, argmin


@pytest.mark.parametrize(("shape", "axis"), [((7,), -1), ((5, 9), 0), ((5, 9), 1), ((2, 3, 4), -2)])
@pytest.mark.parametrize("kind", [int, float, bool])
def test_as_numpy_with_many_ties(shape, axis, kind):
    value = np.random.default_rng(0).integers(0, 3, shape).astype(kind)
    np.testing.assert_array_equal(argmax(jnp.asarray(value), axis), value.argmax(axis))
    np.testing.assert_array_equal(argmin(jnp.asarray(value), axis), value.argmin(axis))


def test_infinities_and_what_is_no_number():
    assert argmax(jnp.full(4, -jnp.inf)) == 0
    assert argmin(jnp.array([jnp.inf, -jnp.inf, 0.0])) == 1
    assert argmax(jnp.array([1.0, jnp.nan, 2.0])) == 2  # a place of the array all the same
