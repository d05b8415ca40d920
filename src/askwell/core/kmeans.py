"""k-means that compiles: a fixed number of Lloyd steps, and a number of groups that may be traced.

scikit-learn's k-means is the better choice on the host; inside an episode's scan it cannot run.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

STEPS = 10


def seeds(key: PRNGKeyArray, x: Float[Array, "n d"], k: int) -> Int[Array, " k"]:
    """k-means++ seeding (Arthur & Vassilvitskii 2007): rows, each drawn by squared distance to those before."""

    def draw(nearest: Float[Array, " n"], chance: Float[Array, ""]):
        mass = jnp.cumsum(nearest)
        # Where every point coincides with a seed there is no mass, and row 0 serves as well as any.
        row = jnp.argmax(mass > chance * mass[-1])
        return jnp.minimum(nearest, jnp.sum((x - x[row]) ** 2, axis=1)), row

    first = jax.random.randint(key, (), 0, x.shape[0])
    nearest = jnp.sum((x - x[first]) ** 2, axis=1)
    _, rest = jax.lax.scan(draw, nearest, jax.random.uniform(key, (k - 1,)))
    return jnp.concatenate([first[None], rest])


def kmeans(
    key: PRNGKeyArray, x: Float[Array, "n d"], k: int, active: Int[Array, ""] | int
) -> tuple[Float[Array, "k d"], Int[Array, " n"]]:
    """Centres and the group of each point; of the `k` groups only the first `active` are used."""
    used = jnp.arange(k) < active
    norm = jnp.sum(x * x, axis=1)[:, None]

    def assign(centres: Float[Array, "k d"]) -> Int[Array, " n"]:
        d = norm - 2 * x @ centres.T + jnp.sum(centres**2, axis=1)
        return jnp.argmin(jnp.where(used, d, jnp.inf), axis=1)

    def step(centres: Float[Array, "k d"], _):
        group = assign(centres)
        count = jnp.zeros(k).at[group].add(1.0)[:, None]
        total = jnp.zeros_like(centres).at[group].add(x)
        return jnp.where(count > 0, total / jnp.maximum(count, 1), centres), None

    centres, _ = jax.lax.scan(step, x[seeds(key, x, k)], None, length=STEPS)
    return centres, assign(centres)
