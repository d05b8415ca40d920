"""What each bought label did, against fits by scikit-learn; the figure of it; what the learners foretell."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest
from jax.flatten_util import ravel_pytree
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from askwell import cli, compare
from askwell.core import AskwellError
from askwell.data import encode, load, split
from askwell.learners import Logistic, Mlp
from askwell.learners.mlp import DAMPING
from askwell.plots import FIGURES, Effects
from askwell.report import open_run
from askwell.report.replay import bought

SETTINGS = {"rounds": 3, "batches": 8, "splits": 2, "start": 6}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("effects") / "run"
    compare("wine", strategies=["random", "margin"], noise=0.2, out=out, **SETTINGS)
    return open_run(out)


@pytest.fixture(scope="module")
def found(run):
    return run.source("effects", split=None, dataset=None, strategies=None, plane="pca")


def test_an_effect_is_what_scikit_learn_finds_without_the_label(run, found):
    dataset = encode(load("wine"))
    pools = split(dataset, seed=0, splits=1, first=1, budget=run.spec.budget(8))
    pool = pools.pools
    key = jax.random.split(jax.random.fold_in(jax.random.key(0), 1))[0]
    game = run.spec.batch_game(Logistic(), 8)
    state = game.reset(jax.random.fold_in(key, 0), jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), pool))
    episode = run.records.filter(strategy="margin", split=1).sort("round")
    picks = bought(dataset, pools.rows[0], 1, episode)
    own = np.concatenate([np.asarray(state.rows[:6]), *picks])
    x, answers = pool.x[0].astype(float), np.asarray(state.answers)

    def loss(rows):
        model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x[rows], answers[rows])
        return log_loss(pool.report_y[0], model.predict_proba(pool.report_x[0]), labels=range(3))

    told = found.labels.filter(strategy="margin", split=1)
    assert told["labels"].to_list() == [14] * 8 + [22] * 8 + [30] * 8
    for place in range(8):  # the labels of the last round, when it was played
        row = told.row(16 + place, named=True)
        less = loss(np.delete(own, 22 + place)) - loss(own)
        assert row["effect"] == pytest.approx(less, abs=2e-3)
        assert row["in_the_end"] == pytest.approx(row["effect"], abs=1e-4)
        assert row["wrong"] == (answers[own[22 + place]] != pool.y[0][own[22 + place]])
    assert told["log_loss"][-1] == pytest.approx(episode["log_loss"][-1], abs=1e-3)
    first = told.row(0, named=True)
    less = loss(np.delete(own[:14], 6)) - loss(own[:14])
    assert first["effect"] == pytest.approx(less, abs=2e-3)


def test_one_step_foretells_the_effects(found):
    late = found.labels.filter(pl.col("round") > 0)
    assert np.corrcoef(late["effect"], late["foretold"])[0, 1] > 0.95


def test_the_figure_says_what_helped_and_where_wrong_answers_are(found):
    module = FIGURES["influence"]
    data = module.data(found)
    rounds = data.rounds
    np.testing.assert_allclose(rounds["helped"] + rounds["hurt"] + rounds["nothing"], 1, atol=1e-9)
    assert rounds["agreement"].min() > 0.5
    wrong = found.labels.filter("wrong", strategy="random")
    place = found.labels.filter(strategy="random").with_columns(
        place=pl.col("in_the_end").rank().over("split")
    )
    harmful = place.filter(pl.col("place") <= 0.2 * 24)
    share = len(harmful.filter("wrong")) / len(wrong)
    assert dict(data.wrong.rows())["random"] == pytest.approx(share)
    assert "among the 20% most harmful labels" in module.caption(data)
    assert len(module.charts(data)) == 5
    assert len(module.plotly(data)) == 5


def test_without_wrong_answers_and_foretelling_there_are_three_panels(tmp_path):
    compare("iris", strategies="random", learners="in-context", out=tmp_path, **SETTINGS)
    effects = open_run(tmp_path).source("effects")
    assert isinstance(effects, Effects)
    data = FIGURES["influence"].data(effects)
    assert [panel.title for panel in FIGURES["influence"].charts(data)] == [
        "Labels that hurt",
        "What a label does",
        "Sampling bias",
    ]
    assert "One step" not in FIGURES["influence"].caption(data)


def test_where_points_come_one_at_a_time_every_label_has_its_effect(tmp_path):
    compare("iris", strategies="label-all", game="label-or-skip", rounds=2, batches=5, splits=1, out=tmp_path)
    found = open_run(tmp_path)
    count = found.records.group_by("strategy").agg(pl.col("picks").list.len().sum())
    effects = found.source("effects").labels
    for scene in found.source("reach").scenes:
        bought = dict(count.rows())[scene.strategy]
        assert len(effects.filter(strategy=scene.strategy)) == bought
        assert len(scene.change) == bought


def test_learners_from_scikit_learn_are_refused(tmp_path):
    compare(
        "iris",
        strategies="random",
        learners="sklearn:GaussianNB",
        out=tmp_path,
        splits=1,
        rounds=1,
        batches=8,
    )
    with pytest.raises(AskwellError, match="takes too long with sklearn:GaussianNB; play logistic or mlp"):
        open_run(tmp_path).source("effects")


def test_the_command_line_draws_both_figures(run, tmp_path, monkeypatch, capsys):
    for name, said in (
        ("influence", "wine: of the labels that were bought by margin"),
        ("reach", "Blue: the label"),
    ):
        out = tmp_path / f"{name}.png"
        monkeypatch.setattr("sys.argv", ["askwell", "plot", name, str(run.root), "--out", str(out)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 0
        assert said in capsys.readouterr().out
        assert out.read_bytes().startswith(b"\x89PNG")


def test_a_label_adds_what_the_classifier_loses_without_it(run):
    replay = run.replay(split=0, reach=True)
    for scene in replay.scenes:
        assert scene.change.shape == (24, len(replay.y))
    reach = FIGURES["reach"].data(replay)
    assert [one.scene.strategy for one in reach] == [scene.strategy for scene in replay.scenes]
    own = [reach[0].change[i, row] for i, row in enumerate(reach[0].rows)]
    believed = replay.scenes[0].belief[-1][reach[0].rows] == replay.y[reach[0].rows]
    assert np.mean(np.array(own)[believed] > 0) > 0.8  # a label mostly supports itself


def test_where_a_label_reaches_is_not_known_of_every_learner(tmp_path):
    compare("iris", strategies="random", learners="in-context", out=tmp_path, **SETTINGS)
    with pytest.raises(AskwellError, match="known only of learners that foretell it: play logistic or mlp"):
        FIGURES["reach"].data(open_run(tmp_path).source("reach"))


@pytest.mark.parametrize("at", [2, 5])
def test_a_network_takes_the_damped_gauss_newton_step(at):
    rng = np.random.default_rng(0)
    x, y = jnp.asarray(rng.normal(size=(12, 2)), jnp.float32), jnp.asarray(np.arange(12) % 3)
    learner, weight = Mlp(width=3), jnp.ones(12).at[7].set(2.0)
    fitted = learner.fit(jax.random.key(0), x, y, weight, 3)
    params, unravel = ravel_pytree(fitted.network.layers)

    def logits(params, x):
        first, second = unravel(params)
        return second.weight @ jax.nn.relu(first.weight @ x + first.bias) + second.bias

    slope = np.asarray(jax.vmap(jax.jacobian(logits), (None, 0))(params, x), float)
    proba = np.exp(np.asarray(fitted.log_proba(x), float))
    share = np.asarray(weight, float) / 13
    bend = np.stack([np.diag(p) - np.outer(p, p) for p in proba])
    curved = np.einsum("n,nip,nij,njq->pq", share, slope, bend, slope) + DAMPING * np.eye(len(params))
    step = np.linalg.solve(curved, share[at] * slope[at].T @ (proba[at] - np.eye(3)[y[at]]))
    less = learner.without(fitted, x, y, weight)(jnp.array(at))
    moved = np.asarray(ravel_pytree(less.network.layers)[0] - params)
    np.testing.assert_allclose(moved, step, atol=2e-3 * np.abs(step).max())


def test_a_label_that_a_network_is_sure_of_moves_nothing():
    x = jnp.linspace(-3, 3, 20)[:, None] * jnp.ones(5)
    evidence = x, (x[:, 0] > 0).astype(int), jnp.ones(20)
    learner = Mlp(steps=1000)
    fitted = learner.fit(jax.random.key(0), *evidence, 2)
    less = jax.vmap(lambda place: learner.without(fitted, *evidence)(place).log_proba(x))(jnp.arange(20))
    # Far from the boundary the gradient's square is 0 in single precision.
    np.testing.assert_allclose(np.exp(less[0]), np.exp(fitted.log_proba(x)), atol=1e-4)
    assert np.isfinite(less).all()


@pytest.mark.parametrize("learner", [Logistic(), Mlp()], ids=lambda learner: learner.name)
def test_a_class_whose_only_label_is_taken_away_is_not_seen(learner):
    x, y = (
        jnp.asarray(np.random.default_rng(1).normal(size=(6, 2)), jnp.float32),
        jnp.array([0, 0, 0, 1, 1, 2]),
    )
    evidence = x, y, jnp.ones(6)
    less = learner.without(learner.fit(jax.random.key(0), *evidence, 3), *evidence)(jnp.array(5))
    proba = np.exp(np.asarray(less.log_proba(x)))
    np.testing.assert_allclose(proba[:, 2], 1e-6, rtol=1e-3)
