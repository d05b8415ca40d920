"""Episodes seen again are the episodes that were played, and random samples vary by what they should."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

from askwell import compare
from askwell.comparison import Spec
from askwell.core import AskwellError
from askwell.data import encode, load, split
from askwell.games import rollout
from askwell.learners import Logistic, make_learner
from askwell.report import open_run
from askwell.report.replay import GRID, choose
from askwell.report.samples import LEARNERS, SAMPLES, SPLITS, play, samples
from askwell.strategies import STRATEGIES


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("replay") / "run"
    settings = {"rounds": 3, "batches": (2, 4, 25), "splits": 2, "start": 3, "noise": 0.1, "learners": "mlp"}
    compare("iris", strategies=["random", "margin"], out=out, **settings)
    return open_run(out)


def test_a_replay_believes_what_was_believed(run):
    found = run.replay(split=1)
    assert [scene.strategy for scene in found.scenes] == ["margin", "random"]
    assert found.plane == "PCA"
    # 3 at the start, batches of 4: the largest that can be numbered.
    assert found.scenes[0].labels.tolist() == [7, 11, 15]
    game = run.spec.batch_game(make_learner("mlp"), 4)
    dataset = encode(load("iris"))
    pools = split(dataset, seed=0, splits=1, first=1, budget=run.spec.budget(4))
    pool = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), pools.pools)
    key = jax.random.fold_in(jax.random.key(0), 1)
    game_key = jax.random.split(key)[0]
    for scene in found.scenes:
        # The picks are the very ones that the game is played with, and the beliefs those of its states.
        outcome = rollout(game, STRATEGIES[scene.strategy](), key, pool)
        np.testing.assert_array_equal(scene.picks, outcome.bought)
        np.testing.assert_allclose(scene.accuracy, outcome.report.accuracy, atol=1e-6)
        state = game.reset(jax.random.fold_in(game_key, 0), pool)
        for at, picks in enumerate(scene.picks):
            log_proba = game.view(state).log_proba
            np.testing.assert_array_equal(scene.belief[at], jnp.argmax(log_proba, axis=1))
            np.testing.assert_allclose(scene.confidence[at], jnp.exp(log_proba.max(axis=1)), atol=1e-5)
            np.testing.assert_array_equal(found.start, state.rows[:3])
            state, _ = game.step(jax.random.fold_in(game_key, at + 1), state, jnp.asarray(picks))


def test_the_plane_of_two_columns_is_the_data_with_regions(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 2))
    label = np.where(x[:, 0] > 0, "right", "left")
    pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "label": label}).write_csv(tmp_path / "two.csv")
    compare(tmp_path / "two.csv", strategies="random", rounds=2, batches=8, splits=1, out=tmp_path / "run")
    found = open_run(tmp_path / "run").replay()
    (scene,) = found.scenes
    assert (found.plane, scene.regions.shape) == ("data", (2, GRID, GRID))
    assert [scene.knows(0), scene.knows(1)] == [False, True]
    # Left is "left": the learner has seen eight labels, and the far sides of the map are clear.
    assert found.classes[int(scene.regions[1][GRID // 2, 0])] == "left"
    assert found.classes[int(scene.regions[1][GRID // 2, -1])] == "right"
    assert scene.score[1].min() >= 0
    assert scene.score[1].max() <= 1


def test_what_is_not_in_the_run_is_said(run):
    for settings, words in (
        ({"dataset": "wine"}, "Unknown dataset 'wine'"),
        ({"strategies": ["entropy"]}, "Unknown strategy 'entropy'"),
        ({"split": 7}, "no finished episode of iris, split 7"),
        ({"plane": "umap"}, "must be pca or tsne"),
    ):
        with pytest.raises(AskwellError, match=words):
            run.replay(**settings)


def test_changed_data_is_refused(tmp_path):
    table = pl.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) ** 2, "label": ["x", "y"] * 20})
    table.write_csv(tmp_path / "mine.csv")
    compare(tmp_path / "mine.csv", strategies="random", rounds=1, batches=4, splits=1, out=tmp_path / "run")
    table.with_columns(pl.col("a") * 2 + pl.col("b")).write_csv(tmp_path / "mine.csv")
    with pytest.raises(AskwellError, match="The data of mine changed"):
        open_run(tmp_path / "run").replay()


def test_four_are_chosen():
    aulc = {"margin": 0.6, "random": 0.5, "oracle": 0.9, "coreset": 0.4, "uherding": 0.8, "clairvoyant": 1.0}
    assert choose(list(aulc), aulc) == ["uherding", "margin", "random", "oracle"]
    assert choose(["learned", *aulc], aulc) == ["learned", "margin", "random", "oracle"]
    assert choose(["a", "b", "c", "d", "e"], {"a": 1, "b": 5, "c": 3, "d": 4, "e": 2}) == ["b", "d", "c", "e"]


def test_samples_are_paired_learning_curves():
    spec = Spec.make(datasets="iris", rounds=2, batches=5, start=4)
    frame = samples(spec, encode(load("iris")), "logistic", 5)
    assert len(frame) == SPLITS * SAMPLES * LEARNERS * 2
    assert frame["labels"].unique().sort().to_list() == [9, 14]
    by_sample = frame.group_by("split", "labels").agg(pl.col("accuracy").n_unique())
    assert by_sample["accuracy"].max() > 1  # samples of one split differ
    # The start labels depend on the learner's key, so even a learner without chance sees two of them.
    assert frame["training_loss"].is_between(0, 2).all()


def test_no_label_is_bought_twice():
    game = Spec.make(datasets="iris", rounds=2, batches=5, start=6).batch_game(Logistic(), 5)
    pools = split(encode(load("iris")), seed=0, splits=1, budget=16)
    pool = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), pools.pools)
    key = jax.random.key(1)
    start = game.reset(jax.random.fold_in(key, 0), pool).rows[:6]
    rest = jnp.setdiff1d(jnp.arange(len(pool.y)), start)
    # Asking for the start labels first is the same as not asking for them at all.
    first, last = (play(game, key, jnp.concatenate(order), pool) for order in ((start, rest), (rest, start)))
    for one, other in zip(first, last, strict=True):
        np.testing.assert_array_equal(one, other)
