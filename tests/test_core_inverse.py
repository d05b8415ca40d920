"""Our inverse against NumPy's in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core.inverse import inverse, solved


@pytest.mark.parametrize("size", [1, 2, 17, 65])
@pytest.mark.parametrize("ridge", [1e-2, 1.0])
def test_inverse(size, ridge):
    x = np.random.default_rng(size).normal(size=(3, 100, size)).astype(np.float32)
    matrix = np.einsum("bnd,bne->bde", x, x) / 20 + ridge * np.eye(size, dtype=np.float32)
    exact = np.linalg.inv(matrix.astype(np.float64))
    ours = jax.jit(jax.vmap(inverse))(matrix)
    # Elimination errs by about eps times the condition number (Higham 2002, chapter 14).
    allowed = (
        np.finfo(np.float32).eps
        * np.linalg.cond(matrix.astype(np.float64))
        * np.linalg.norm(exact, 2, (1, 2))
    )
    assert np.all(np.abs(ours - exact).max(axis=(1, 2)) <= allowed)


@pytest.mark.parametrize("size", [1, 2, 10])
def test_one_system(size):
    rng = np.random.default_rng(size)
    x = rng.normal(size=(50, 30, size))
    matrix, right = np.einsum("bnd,bne->bde", x, x) / 20 + 0.1 * np.eye(size), rng.normal(size=(50, size))
    exact = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    ours = jax.jit(jax.vmap(solved))(matrix.astype(np.float32), right.astype(np.float32))
    sizes = np.linalg.norm(exact, axis=1)
    assert np.all(
        np.abs(ours - exact).max(axis=1) <= np.finfo(np.float32).eps * np.linalg.cond(matrix) * sizes
    )


def test_a_hundred_times_flatter_in_some_directions():
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    matrix = (basis * np.geomspace(1e-2, 1e2, 30)) @ basis.T
    found = inverse(jnp.asarray(matrix, jnp.float32)) @ matrix
    np.testing.assert_allclose(found, np.eye(30), atol=2e-2)
