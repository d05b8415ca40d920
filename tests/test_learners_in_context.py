"""The learner that is a network: what it may not depend on, what it is good for, and damaged files."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from askwell.core import AskwellError, View
from askwell.data import Synthetic, encode, load, split
from askwell.learners import InContext, Logistic, make_learner
from askwell.learners.in_context import SHIPPED
from askwell.strategies import Boundary
from askwell.strategies.boundary import divergence

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def learner():
    return InContext()


@pytest.fixture(scope="module")
def wine():
    return jax.tree.map(
        lambda leaf: np.asarray(leaf[0]), split(encode(load("wine")), seed=0, splits=1, budget=30).pools
    )


def told(learner, x, y, at, weight=None, classes=3):
    weight = np.ones(len(y)) if weight is None else weight
    fitted = learner.fit(KEY, jnp.asarray(x), jnp.asarray(y), jnp.asarray(weight, jnp.float32), classes)
    return np.exp(np.asarray(fitted.log_proba(jnp.asarray(at)), float))


@pytest.mark.parametrize("count", [9, 30])  # fewer labels than features, and more
def test_the_order_of_points_features_and_classes_does_not_matter(learner, wine, count):
    x, y, at = wine.x[:count], wine.y[:count], wine.report_x[:40]
    plain, rng = told(learner, x, y, at), np.random.default_rng(0)
    points, features, classes = rng.permutation(count), rng.permutation(x.shape[1]), np.array([2, 0, 1])
    np.testing.assert_allclose(told(learner, x[points], y[points], at), plain, atol=2e-4)
    np.testing.assert_allclose(told(learner, x[:, features], y, at[:, features]), plain, atol=2e-4)
    np.testing.assert_allclose(told(learner, x, classes[y], at)[:, classes], plain, atol=2e-4)


def test_features_of_zeros_and_classes_without_points_change_nothing(learner, wine):
    x, y, at = wine.x[:20], wine.y[:20], wine.report_x[:40]
    plain = told(learner, x, y, at)
    wider = [np.pad(a, ((0, 0), (0, 20))) for a in (x, at)]
    np.testing.assert_allclose(told(learner, wider[0], y, wider[1]), plain, atol=2e-4)
    np.testing.assert_allclose(told(learner, x, y, at, classes=5)[:, :3], plain, atol=2e-4)


def test_a_weight_counts_as_so_many_points(learner, wine):
    x, y, at = wine.x[:20], wine.y[:20], wine.report_x[:40]
    twice = told(learner, np.repeat(x, 2, axis=0), np.repeat(y, 2), at)
    weighted = told(learner, x, y, at, weight=np.full(20, 2.0))
    np.testing.assert_allclose(weighted, twice, atol=2e-4)


def test_from_few_labels_it_is_better_than_logistic_regression_on_what_it_was_taught():
    world = Synthetic(n=64, selection=128, report=1, network=0.35, tree=0.1)
    pools = jax.jit(jax.vmap(world.sample))(jax.random.split(jax.random.key(12345), 96))

    def losses(one):
        def loss(pool):
            fitted = one.fit(KEY, pool.x[:20], pool.y[:20], jnp.ones(20), 8)
            own = jnp.take_along_axis(fitted.log_proba(pool.selection_x), pool.selection_y[:, None], axis=1)
            # Of classes without a label both know nothing.
            known = jnp.isin(pool.selection_y, pool.y[:20])
            return -jnp.sum(own[:, 0] * known) / jnp.maximum(jnp.sum(known), 1)

        return np.asarray(jax.jit(jax.vmap(loss))(pools))

    gain = losses(make_learner("logistic")) - losses(make_learner("in-context"))
    assert gain.mean() > 3 * gain.std(ddof=1) / len(gain) ** 0.5


def test_more_labels_and_classes_than_it_was_taught_with_do_no_harm():
    world = Synthetic(n=256, selection=256, report=1, classes=26, separation=(4.0, 10.0), noise=(0.0, 0.05))
    pools = jax.jit(jax.vmap(world.sample))(jax.random.split(jax.random.key(5), 32))

    def hits(one, count):
        def hit(pool):
            fitted = one.fit(KEY, pool.x[:count], pool.y[:count], jnp.ones(count), 26)
            return jnp.mean(jnp.argmax(fitted.log_proba(pool.selection_x), axis=1) == pool.selection_y)

        return np.asarray(jax.jit(jax.vmap(hit))(pools))

    for count in (100, 250):
        gain = hits(make_learner("in-context"), count) - hits(make_learner("logistic"), count)
        assert gain.mean() > 3 * gain.std(ddof=1) / len(gain) ** 0.5


def test_a_network_of_ones_own_is_named_by_its_file(tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(SHIPPED.read_bytes())
    mine = make_learner(f"in-context:{tmp_path}/mine.safetensors")
    assert isinstance(mine, InContext)
    assert isinstance(make_learner("logistic"), Logistic)


@pytest.mark.parametrize("keep", [0, 100, 2000])
def test_damaged_files_are_refused(tmp_path, keep):
    (tmp_path / "mine.safetensors").write_bytes(SHIPPED.read_bytes()[:keep])
    with pytest.raises(AskwellError, match="no network that Askwell wrote, or was cut short; train it again"):
        InContext(tmp_path / "mine.safetensors")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AskwellError, match=r"no network file .*none\.safetensors; check the path"):
        make_learner(f"in-context:{tmp_path}/none.safetensors")


def test_disagreement_is_scipy_s_jensen_shannon_divergence():
    rng = np.random.default_rng(0)
    a, b = rng.dirichlet(np.ones(4), (2, 20))
    found = divergence(jnp.log(jnp.asarray(a)), jnp.log(jnp.asarray(b)))
    np.testing.assert_allclose(found, jensenshannon(a, b, axis=1, base=2) ** 2, atol=1e-5)
    same = jnp.log(jnp.asarray(a))
    np.testing.assert_allclose(divergence(same, same), 0, atol=1e-6)


def test_boundary_asks_where_network_and_classifier_disagree(wine):
    rows, x = jnp.arange(20), jnp.asarray(wine.x)
    known = jnp.where(jnp.arange(len(x)) < 20, jnp.asarray(wine.y), -1)
    fitted = Logistic().fit(KEY, x[:20], known[:20], jnp.ones(20), 3)
    view = View.of(x, fitted.log_proba(x), known, rows)
    theirs = told(InContext(), x[:20], known[:20], x)
    apart = jensenshannon(theirs, np.exp(np.asarray(view.log_proba, float)), axis=1, base=2)
    apart[:20] = -1
    assert set(np.asarray(Boundary().select(KEY, view, 5))) == set(np.argsort(-apart)[:5])
