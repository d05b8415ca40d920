"""k-means that compiles: a fixed number of Lloyd steps, and a number of groups that may be traced.

scikit-learn's k-means is the better choice on the host; inside an episode's scan it cannot run.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

STEPS = 10


def seeds(key: PRNGKeyArray, x: Float[Array, "n d"], k: int) -> Int[Array, " k"]:
    """k-means++ seeding (Arthur & Vassilvitskii 2007): rows, each drawn by squared distance to those before."""
    norm = jnp.sum(x * x, axis=1)

    def distance(row: Int[Array, ""]) -> Float[Array, " n"]:
        return jnp.maximum(norm + norm[row] - 2 * x @ x[row], 0.0)

    def draw(nearest: Float[Array, " n"], chance: Float[Array, ""]):
        mass = jnp.cumsum(nearest)
        # Where every point coincides with a seed there is no mass, and row 0 serves as well as any.
        row = jnp.where(mass[-1] > 0, jnp.searchsorted(mass, chance * mass[-1], side="right"), 0)
        row = jnp.minimum(row, len(x) - 1)
        return jnp.minimum(nearest, distance(row)), row

    first = jax.random.randint(key, (), 0, x.shape[0])
    _, rest = jax.lax.scan(draw, distance(first), jax.random.uniform(key, (k - 1,)))
    return jnp.concatenate([first[None], rest])


def kmeans(
    key: PRNGKeyArray, x: Float[Array, "n d"], k: int, active: Int[Array, ""] | int
) -> tuple[Float[Array, "k d"], Int[Array, " n"]]:
    """Centres and the group of each point; of the `k` groups only the first `active` are used."""
    unused = jnp.where(jnp.arange(k) < active, 0.0, jnp.inf)
    across = x.T  # points run along the last axis: that is what the processor vectorises

    def distance(centres: Float[Array, "k d"]) -> Float[Array, "k n"]:
        """Squared, less what is the same for all centres of a point."""
        return (jnp.sum(centres**2, axis=1) + unused)[:, None] - 2 * centres @ across

    def step(centres: Float[Array, "k d"], _):
        apart = distance(centres)
        # A point as near to two centres counts for both; an argmin would take longer than all the rest.
        member = (apart == jnp.min(apart, axis=0)).astype(x.dtype)
        count = jnp.sum(member, axis=1)[:, None]
        return jnp.where(count > 0, member @ x / jnp.maximum(count, 1), centres), None

    centres, _ = jax.lax.scan(step, x[seeds(key, x, k)], None, length=STEPS)
    return centres, jnp.argmin(distance(centres), axis=0)
