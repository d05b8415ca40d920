"""The laws of learners."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.learners import FLOOR, AbstractLearner
from askwell.testing.pools import CLASSES, N, agree, hold, law, make_pool, stack

POOL = make_pool()
ROWS = {
    "no label": (),
    "one class": (1,),
    "two of three classes": (0, 2),
    "all classes": (0, 1, 2),
}


def _weight(classes: tuple[int, ...]) -> Float[Array, " n"]:
    """Half of the points of those classes are labelled."""
    return (jnp.isin(POOL.y, jnp.array(classes)) & (jnp.arange(N) < N // 2)).astype(float)


def _fit(
    learner: AbstractLearner,
    key: PRNGKeyArray,
    x: Float[Array, "n d"],
    y: Int[Array, " n"],
    weight: Float[Array, " n"],
) -> Float[Array, "m c"]:
    return learner.fit(key, x, y, weight, CLASSES).log_proba(POOL.report_x)


_compiled = eqx.filter_jit(_fit)


def _plain(learner: AbstractLearner, weight: Float[Array, " n"], seed: int = 0) -> Float[Array, "m c"]:
    return _compiled(learner, jax.random.key(seed), POOL.x, POOL.y, weight)


def probabilities(learner: AbstractLearner) -> None:
    """Finite, summing to one; ``FLOOR`` for classes never answered; uniform without labels."""
    for kind, classes in ROWS.items():
        log_proba = np.asarray(_plain(learner, _weight(classes)))
        proba = np.exp(log_proba.astype(float))
        law(np.isfinite(log_proba).all(), f"Log-probabilities are not finite with {kind}.")
        law(np.allclose(proba.sum(1), 1, atol=1e-5), f"Probabilities do not sum to one with {kind}.")
        unseen = [c for c in range(CLASSES) if c not in classes]
        expected = FLOOR if classes else 1 / CLASSES
        law(
            np.allclose(proba[:, unseen], expected, rtol=1e-3),
            f"With {kind}, classes never answered must have probability {expected:g}.",
        )


def weight_zero_counts_for_nothing(learner: AbstractLearner) -> None:
    """Whatever stands in rows of weight 0, the result is the same."""
    weight = _weight((0, 1, 2))
    noise = 100 * jax.random.normal(jax.random.key(1), POOL.x.shape)
    x = jnp.where(weight[:, None] > 0, POOL.x, noise)
    y = jnp.where(weight > 0, POOL.y, (POOL.y + 1) % CLASSES)
    plain, other = _plain(learner, weight), _compiled(learner, jax.random.key(0), x, y, weight)
    law(agree(plain, other), "Rows of weight 0 changed the result.")


def weights_matter(learner: AbstractLearner) -> None:
    """Labels change the result: more of them, and weights above others."""
    some, heavy = _weight((0, 1, 2)), jnp.where(POOL.y == 0, 20.0, 1.0)
    few, every, weighted = (_plain(learner, weight) for weight in (some, jnp.ones(N), heavy))
    law(not agree(few, every), "The result does not change with the labels.")
    law(not agree(every, weighted), "The result does not change with the weights.")


def same_key_same_result(learner: AbstractLearner) -> None:
    """A fit depends on its arguments alone: neither earlier fits nor tracing anew change it."""
    weight = _weight((0, 1, 2))
    first = _plain(learner, weight)
    _plain(learner, jnp.ones(N), seed=1)
    law(agree(first, _plain(learner, weight), 0), "A fit changed after another fit in between.")
    anew = jax.jit(lambda key: _fit(learner, key, POOL.x, POOL.y, weight))(jax.random.key(0))
    law(agree(first, anew), "A fit changed when it was compiled anew.")


def jitted_equals_eager(learner: AbstractLearner) -> None:
    """Compiling changes no probability."""
    weight = _weight((0, 1, 2))
    eager = _fit(learner, jax.random.key(0), POOL.x, POOL.y, weight)
    law(agree(jnp.exp(eager), jnp.exp(_plain(learner, weight))), "A compiled fit is not the eager one.")


def vmapped_equals_looped(learner: AbstractLearner) -> None:
    """Fitting many at once changes no probability."""
    weights = [_weight(classes) for classes in ROWS.values()]
    looped = stack([jnp.exp(_plain(learner, weight)) for weight in weights])
    vmapped = jax.jit(jax.vmap(lambda w: _fit(learner, jax.random.key(0), POOL.x, POOL.y, w)))(stack(weights))
    law(agree(looped, jnp.exp(vmapped)), "Fits under vmap are not those of a loop.")


def refits_are_fits(learner: AbstractLearner) -> None:
    """`refit` gives the probabilities of `fit`, whether it starts at zeros or at another fit."""
    key, some = jax.random.key(0), _weight((0, 1, 2))
    fit = eqx.filter_jit(lambda weight: learner.fit(key, POOL.x, POOL.y, weight, CLASSES))
    refit = eqx.filter_jit(
        lambda fitted: learner.refit(fitted, key, POOL.x, POOL.y, some, CLASSES).log_proba(POOL.report_x)
    )
    own, other = fit(some), fit(_weight((1,)))
    nothing = jax.tree.map(lambda leaf: jnp.zeros_like(leaf) if eqx.is_array(leaf) else leaf, own)
    plain = jnp.exp(_plain(learner, some))
    law(agree(plain, jnp.exp(refit(nothing))), "A refit from zeros is not the fit.")
    law(agree(plain, jnp.exp(refit(other))), "A refit from another fit gives other probabilities.")


LEARNER_LAWS: tuple[Callable[[AbstractLearner], None], ...] = (
    probabilities,
    weight_zero_counts_for_nothing,
    weights_matter,
    same_key_same_result,
    jitted_equals_eager,
    vmapped_equals_looped,
    refits_are_fits,
)


def check_learner(learner: AbstractLearner) -> None:
    """Hold a learner to every law.

    Raises:
        AssertionError: a sentence that says which law is broken, and how.
    """
    hold(learner, LEARNER_LAWS)
