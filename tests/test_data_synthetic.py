import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from askwell.core import AskwellError, Pool
from askwell.data.synthetic import Synthetic

SMALL = Synthetic(n=64, selection=32, report=48, d=5, classes=4)
NONE = (0.0, 0.0)


def draw(family: Synthetic, tasks: int, seed: int = 0) -> Pool:
    sample = jax.jit(family.sample)  # a loop, as `vmap` takes longer to compile than it saves
    pools = [sample(key) for key in jax.random.split(jax.random.key(seed), tasks)]
    return jax.tree.map(lambda *leaves: np.stack(leaves), *pools)


@pytest.fixture(scope="module")
def many() -> Pool:
    return draw(Synthetic(), 200)


def labels(pool: Pool) -> np.ndarray:
    return np.concatenate([pool.y, pool.selection_y, pool.report_y], axis=-1)


def accuracy(pool: Pool, model, rows=slice(None)) -> np.ndarray:
    tasks = zip(pool.x, pool.y, pool.report_x, pool.report_y, strict=True)
    return np.array([model.fit(x[rows], y[rows]).score(rx, ry) for x, y, rx, ry in tasks])


def test_shapes_and_dtypes():
    pool = SMALL.sample(jax.random.key(0))
    assert pool.x.shape == (64, 5)
    assert pool.selection_x.shape == (32, 5)
    assert pool.report_x.shape == (48, 5)
    assert (pool.y.shape, pool.selection_y.shape, pool.report_y.shape) == ((64,), (32,), (48,))
    assert pool.classes == 4
    assert pool.x.dtype == jnp.float32
    assert jnp.issubdtype(pool.y.dtype, jnp.integer)


def test_the_key_decides():
    first, again, other = (SMALL.sample(jax.random.key(seed)) for seed in (1, 1, 2))
    jax.tree.map(np.testing.assert_array_equal, first, again)
    assert not np.allclose(first.x, other.x)


def test_jitted_is_eager_and_vmapped_is_looped():
    keys = jax.random.split(jax.random.key(3), 4)
    mapped = jax.jit(jax.vmap(SMALL.sample))(keys)
    jitted = jax.jit(SMALL.sample)
    for i, key in enumerate(keys):
        for pool in (SMALL.sample(key), jitted(key)):
            one = jax.tree.map(lambda leaf, i=i: leaf[i], mapped)
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), one, pool)


def test_class_counts_vary_and_labels_stay_in_range(many):
    every = labels(many)
    assert every.min() == 0
    drawn = every.max(axis=1) + 1
    assert set(drawn) == set(range(2, 9))
    missing = [len(np.unique(y)) < c for y, c in zip(many.y, drawn, strict=True)]
    assert np.mean(missing) <= 0.02


def test_class_shares_follow_the_imbalance_and_its_floor():
    even = draw(Synthetic(classes=2, imbalance=NONE, noise=NONE, duplicates=NONE), 100)
    skewed = draw(Synthetic(classes=2, imbalance=(9.0, 10.0), noise=NONE, rarest=0.1), 100)
    assert abs(labels(even).mean() - 0.5) < 0.01
    rare = np.minimum(labels(skewed).mean(axis=1), 1 - labels(skewed).mean(axis=1))
    assert 0.08 < np.median(rare) < 0.14
    assert rare.min() > 0.04


def test_standardised_by_the_pool(many):
    np.testing.assert_allclose(many.x.mean(axis=1), 0, atol=1e-3)
    np.testing.assert_allclose(many.x.std(axis=1), 1, atol=1e-3)
    assert abs(many.report_x.mean()) < 0.05
    assert 0.9 < many.report_x.std() < 1.1


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_far_apart_classes_are_limited_by_label_noise_alone(noise):
    easy = Synthetic(separation=(40.0, 40.0), scatter=NONE, irrelevant=NONE, noise=(noise, noise), classes=4)
    pool, model = draw(easy, 30), LinearDiscriminantAnalysis()
    for x, y in [(pool.x, pool.y), (pool.selection_x, pool.selection_y), (pool.report_x, pool.report_y)]:
        scores = [model.fit(*task[:2]).score(*task[2:]) for task in zip(pool.x, pool.y, x, y, strict=True)]
        assert abs(np.mean(scores) - (1 - noise)) < 0.025


def test_overlapping_classes_are_hopeless():
    pool = draw(Synthetic(separation=NONE, anisotropy=NONE, classes=2, imbalance=NONE), 30)
    assert abs(accuracy(pool, LinearDiscriminantAnalysis()).mean() - 0.5) < 0.03


@pytest.mark.parametrize(("share", "useless"), [(0.0, 0), (0.5, 8), (1.0, 15)])
def test_irrelevant_features_do_not_tell_classes_apart(share, useless):
    family = Synthetic(
        classes=2,
        irrelevant=(share, share),
        separation=(40.0, 40.0),
        scatter=NONE,
        noise=NONE,
        imbalance=NONE,
    )
    for x, y in zip(*(lambda p: (p.x, p.y))(draw(family, 20)), strict=True):
        gap = np.abs(x[y == 0].mean(axis=0) - x[y == 1].mean(axis=0))
        # Useless features differ by sampling noise, about 2 / sqrt(n) = 0.125; a few relevant ones may, too.
        assert useless <= np.sum(gap < 0.6) <= useless + 5


def test_decay_leaves_few_directions_and_the_classes():
    """The effective dimension of what is mixed is that of the weights: (sum of squares)² over sum of fourth powers."""
    plain = Synthetic(
        d=30, classes=3, separation=(8.0, 8.0), anisotropy=NONE, noise=NONE, duplicates=NONE, irrelevant=NONE
    )
    flat, steep = (dataclasses.replace(plain, decay=(much, much)) for much in (1e-9, 1.5))

    def dimension(family: Synthetic) -> float:
        spectra = [np.linalg.eigvalsh(np.corrcoef(x.T)) for x in draw(family, 20).x]
        return float(np.mean([values.sum() ** 2 / (values**2).sum() for values in spectra]))

    assert dimension(steep) < 4 < 6 < dimension(flat)
    pool = draw(dataclasses.replace(steep, separation=(40.0, 40.0), scatter=NONE), 20)
    assert accuracy(pool, LinearDiscriminantAnalysis()).mean() > 0.95


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9])
def test_share_of_near_duplicates(share):
    pool = draw(Synthetic(duplicates=(share, share), irrelevant=NONE, anisotropy=NONE, noise=NONE), 20)
    for x, y in zip(pool.x, pool.y, strict=True):
        distance, neighbour = NearestNeighbors(n_neighbors=2).fit(x).kneighbors(x)
        near = (
            distance[:, 1] < 0.5
        )  # jitter 0.05 in 16 features: copies of one point are about 0.2 to 0.3 apart
        # Sources have a near neighbour as well, but no more of them than copies, nor than originals.
        assert share - 0.01 <= near.mean() <= min(2 * share, 1) + 0.03
        assert np.all(y[near] == y[neighbour[near, 1]])


def test_modes_scatter_makes_tasks_less_linear():
    linear, scattered = (
        Synthetic(classes=3, modes=(4, 4), scatter=(s, s), separation=(8.0, 8.0), noise=NONE)
        for s in (0.0, 1.0)
    )
    model = LinearDiscriminantAnalysis()
    assert accuracy(draw(linear, 20), model).mean() > accuracy(draw(scattered, 20), model).mean() + 0.1


def test_tasks_are_neither_trivial_nor_hopeless(many):
    model = LogisticRegression(max_iter=1000)
    hundred, full = accuracy(many, model, slice(100)), accuracy(many, model)
    majority = np.array(
        [np.mean(r == np.bincount(y).argmax()) for y, r in zip(many.y, many.report_y, strict=True)]
    )
    assert majority.mean() + 0.2 < hundred.mean() < full.mean() < 0.9
    assert np.mean(hundred < majority) < 0.05
    assert full.max() < 1


def test_smallest_sizes_and_extremes_stay_finite():
    tiny = Synthetic(
        n=2, selection=1, report=1, d=1, classes=2, duplicates=(0.95, 0.95), irrelevant=(1.0, 1.0)
    )
    extreme = Synthetic(n=16, classes=40, modes=(32, 32), rarest=0.0, imbalance=(10.0, 10.0), jitter=0)
    for pool in (draw(tiny, 20), draw(extreme, 20)):
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(pool))


def test_lists_are_ranges_too():
    assert hash(Synthetic(noise=[0.0, 0.1])) == hash(Synthetic(noise=(0.0, 0.1)))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"n": 1}, r"n is 1; give a whole number of at least 2\."),
        ({"d": 2.0}, r"d is 2\.0; give a whole number of at least 1\."),
        ({"classes": 1}, "classes is 1; give a whole number of at least 2"),
        ({"noise": (0.3, 0.1)}, r"noise is \(0\.3, 0\.1\); give the lowest and highest: numbers in 0\.\.1\."),
        ({"noise": (0.0, float("nan"))}, "noise is"),
        ({"duplicates": (0.0, 1.0)}, r"numbers in 0\.\.0\.95"),
        ({"modes": (1, 2.5)}, r"whole numbers in 1\.\.32"),
        ({"separation": 3.0}, "separation is 3.0"),
        ({"irrelevant": ("a", "b")}, "irrelevant is"),
        ({"rarest": 0.2, "classes": 8}, r"rarest is 0\.2; give a number in 0\.\.0\.125\."),
        ({"jitter": -1.0}, r"jitter is -1\.0"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(wrong, sentence):
    with pytest.raises(AskwellError, match=sentence):
        Synthetic(**wrong)


def test_bent_features_are_skewed_sparse_or_stepped_and_nothing_else_changes():
    family = dict(n=400, selection=1, report=1, d=30, classes=2, duplicates=NONE)
    smooth, bent = (draw(Synthetic(**family, bent=(share, share)), 4) for share in (0.0, 1.0))
    np.testing.assert_array_equal(smooth.y, bent.y)
    most = lambda pool: np.array([[np.unique(c, return_counts=True)[1].max() for c in x.T] for x in pool.x])
    skew = lambda pool: np.abs(np.mean(pool.x**3, axis=1))
    assert most(smooth).max() < 5
    some = most(bent) > 20  # half of the points at zero, or few steps
    assert 0.5 < some.mean() < 0.8
    assert np.median(skew(bent)[~some]) > 1 > np.median(skew(smooth))
