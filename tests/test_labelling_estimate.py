"""Estimates of accuracy: right on average, as wide as they say, and the same as independent implementations."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestNeighbors
from statsmodels.stats.proportion import proportion_confint

import askwell
from askwell.asking import crossfit, expected
from askwell.asking.estimate import FEATURES, Regression, audited, features, jeffreys, shipped
from askwell.asking.indicators import PROBE, Indicators, indicate, probe_rows, temperature
from askwell.core import View
from askwell.learners import make_learner
from askwell.strategies import STRATEGIES, Margin
from askwell.strategies.audited import Audited

N = 200
RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 3, N)
X = (RNG.normal(size=(N, 5)) + 1.5 * np.eye(5)[TRUTH]).astype(np.float32)
NAMES = np.array(["ant", "bee", "cat"])


def played(session, rounds, q=10):
    for _ in range(rounds):
        ids = session.ask(q)
        session.tell(ids, NAMES[TRUTH[[int(name) for name in ids]]].tolist())
    return session


@pytest.mark.parametrize("b", [25, 128, 140])
def test_out_of_fold_is_cross_validation_as_scikit_learn_does_it(b):
    x, y = X[:b], TRUTH[:b]
    fold = crossfit.folds(y)
    ours = np.exp(crossfit.out_of_fold(0, make_learner("logistic"), x, y, 3))[:, :3]
    cuts = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(crossfit.FOLDS)]
    theirs = cross_val_predict(
        LogisticRegression(C=1.0, tol=1e-8, max_iter=10_000), x, y, cv=cuts, method="predict_proba"
    )
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_folds_spread_every_class():
    y = RNG.choice(5, 173, p=[0.5, 0.3, 0.1, 0.05, 0.05])
    fold = crossfit.folds(y)
    for part in [fold, *(fold[y == name] for name in range(5))]:
        count = np.bincount(part, minlength=crossfit.FOLDS)
        assert count.max() - count.min() <= 1


@pytest.mark.parametrize(("hits", "count"), [(1, 10), (7, 10), (45, 50), (2, 3)])
def test_an_audit_is_a_share_with_jeffreys_interval(hits, count):
    found = audited([i < hits for i in range(count)])
    assert found.value == pytest.approx(hits / count)
    assert (found.low, found.high) == pytest.approx(
        proportion_confint(hits, count, 0.1, "jeffreys"), abs=1e-6
    )


def test_what_was_drawn_is_judged_by_learners_that_were_not_fitted_to_it():
    session = played(askwell.Session(X, strategy="margin", audit=0.4), 5)
    names = list(session.log.labels)
    rows = np.array([int(name) for name in names])
    held_out = crossfit.out_of_fold(0, make_learner("logistic"), session.standing.x[rows], TRUTH[rows], 3)
    right = dict(zip(names, np.argmax(held_out, axis=1) == TRUTH[rows], strict=True))
    drawn = [name for batch in session.log.batches for name in batch.audit]
    assert len(drawn) == 20
    found = session.status().assessment.audit
    assert found == audited([right[name] for name in drawn])
    session.untell(drawn[:5])
    assert session.status().assessment.audit != found


def test_the_interval_covers_at_its_rate():
    p = np.linspace(0.05, 0.95, 46)
    for count in (5, 20, 60):
        low, high = np.array([jeffreys(hits / count, count) for hits in range(count + 1)]).T
        chance = stats.binom.pmf(np.arange(count + 1)[:, None], count, p)
        covered = (chance * ((low[:, None] <= p) & (p <= high[:, None]))).sum(axis=0)
        assert covered.mean() == pytest.approx(0.9, abs=0.02)
        assert covered.min() > 0.8
    assert jeffreys(1.0, 8)[1] == 1.0
    assert jeffreys(0.0, 8)[0] == 0.0


def test_audited_batches_are_drawn_uniformly_and_chosen_as_the_strategy_would():
    n, q = 8, 4
    x, proba = X[:n], np.random.default_rng(1).dirichlet(np.ones(3), n).astype(np.float32)
    y = np.full(n, -1, np.int32)
    y[[0, 1]] = 0, 1
    rows = jnp.array([0, 1, n, n, n, n])
    strategy = Audited(Margin(), 0.25)
    given = jnp.asarray(x), jnp.log(proba), jnp.asarray(y), rows

    def select(key):
        return strategy.select(key, View.of(*given), q)

    picks = np.asarray(jax.jit(jax.vmap(select))(jax.random.split(jax.random.key(0), 6000)))
    assert strategy.drawn(q) == 1
    count = np.bincount(picks[:, -1], minlength=n)
    assert count[:2].sum() == 0
    assert stats.chisquare(count[2:]).pvalue > 1e-4
    top = np.sort(proba, axis=1)
    order = [row for row in np.argsort(top[:, -1] - top[:, -2]) if row > 1]
    for one in np.unique(picks, axis=0):
        assert one[:-1].tolist() == [row for row in order if row != one[-1]][: q - 1]


@pytest.mark.parametrize(("share", "q", "drawn"), [(0.1, 10, 1), (0.1, 3, 1), (0.25, 10, 2), (1.0, 7, 7)])
def test_how_many_of_a_batch_are_drawn(share, q, drawn):
    session = askwell.Session(X, strategy="margin", audit=share)
    ids = session.ask(q)
    assert len(set(ids)) == q
    assert session.log.batches[-1].audit == tuple(ids[-drawn:])


def test_indicators_are_what_they_say():
    rows = np.arange(40)
    model = LogisticRegression().fit(X[rows], TRUTH[rows])
    log_proba = model.predict_log_proba(X)
    held_out = cross_val_predict(LogisticRegression(), X[rows], TRUTH[rows], cv=5, method="predict_log_proba")
    before = np.zeros(N, int)
    found = indicate(X, log_proba, X[rows], TRUTH[rows], held_out, before)
    hit = held_out.argmax(axis=1) == TRUTH[rows]
    nearest = NearestNeighbors(n_neighbors=1).fit(X[rows]).kneighbors(X, return_distance=False)[:, 0]
    assert found.weighted_cv == pytest.approx(hit[nearest].mean())
    assert found.effective == pytest.approx(1 / np.sum((np.bincount(nearest, minlength=40) / N) ** 2))
    assert found.cv == pytest.approx(hit.mean())
    assert found.balanced_cv == pytest.approx(np.mean([hit[TRUTH[rows] == k].mean() for k in range(3)]))
    assert found.confidence == pytest.approx(model.predict_proba(X).max(axis=1).mean(), abs=1e-6)
    assert found.agreement == pytest.approx(np.mean(model.predict(X) == 0))
    assert found.majority == pytest.approx(np.bincount(model.predict(X)).max() / N)
    t = temperature(held_out, TRUTH[rows])

    def loss(t):
        logits = held_out / t
        return -np.mean((logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))[rows, TRUTH[rows]])

    assert loss(t) <= min(loss(one) for one in np.geomspace(0.1, 10, 200)) + 1e-4


def test_large_pools_are_probed():
    assert probe_rows(500, 0).tolist() == list(range(500))
    rows = probe_rows(10_000, 3)
    assert len(set(rows.tolist())) == PROBE
    assert rows.tolist() == probe_rows(10_000, 3).tolist() != probe_rows(10_000, 4).tolist()


def test_a_regression_is_linear_in_log_odds():
    found = Indicators(50, 3, 0.4, 0.8, 0.7, 0.75, 0.9, 0.85, float("nan"), 30.0)
    assert len(features(found)) == len(FEATURES)
    assert np.all(np.isfinite(features(found._replace(cv=1.0, weighted_cv=0.0, agreement=1.0))))
    weights = (0.5, *np.linspace(-1, 1, len(FEATURES)))
    made = Regression(weights, (-1.0, -0.5), 1.5)(found)
    odds = 0.5 + features(found) @ np.linspace(-1, 1, len(FEATURES))
    half = 1.5 * np.exp(-1 - 0.5 * np.log(50))
    assert made[:3] == pytest.approx(1 / (1 + np.exp(-odds - np.array([0, -half, half]))))


def test_the_shipped_regressions_are_sane():
    made = shipped()
    assert set(made) == {"accuracy", "balanced_accuracy"}
    good = Indicators(100, 3, 0.4, 0.95, 0.95, 0.95, 0.95, 0.95, 0.99, 50.0)
    bad = good._replace(
        cv=0.5, balanced_cv=0.5, weighted_cv=0.5, confidence=0.5, calibrated=0.5, agreement=0.6
    )
    for one in made.values():
        assert one(bad).high < one(good).value
        assert 0 < one(good).low < one(good).value < one(good).high < 1


@pytest.mark.parametrize("audit", [0.0, 0.3])
def test_a_session_says_how_good_it_is(tmp_path, audit):
    session = played(askwell.Session(X, strategy="margin-herding", audit=audit), 6)
    status = session.status()
    right = np.mean(session.predict() == NAMES[TRUTH])
    assert status.accuracy.source == ("audit" if audit else "labels")
    assert status.accuracy.low < right < status.accuracy.high
    assert status.balanced_accuracy.low < right < status.balanced_accuracy.high
    assert f"Accuracy now: {status.accuracy}{' by the audit' if audit else ''};" in str(status)
    session.save(tmp_path / "s.json")
    assert askwell.Session.load(tmp_path / "s.json", X).status() == status


def test_it_says_so_where_nothing_can_be_told():
    session = askwell.Session(X, strategy="margin")
    assert (session.status().accuracy, session.status().stop) == (None, False)
    session.tell({"0": "ant", "1": "bee", "2": "cat"})
    said = "How good the classifier is cannot be told yet: that takes two classes, and one of them twice."
    assert session.status().assessment.unknown == said
    assert said in str(session.status())
    session.tell({"3": "ant"})
    assert session.status().accuracy is not None
    given = askwell.Session(X, strategy="margin", proba=np.full((N, 3), 1 / 3), classes=NAMES)
    given.tell({"0": "ant", "1": "bee", "2": "ant"})
    assert "only you can fit it without some of the labels" in str(given.status())


@pytest.mark.parametrize("audit", [-0.1, 1.5])
def test_an_audit_is_a_share(audit):
    with pytest.raises(askwell.AskwellError, match="audit is"):
        askwell.Session(X, audit=audit)


def test_the_expected_gain_shrinks_and_is_none_beyond_its_reach():
    found = Indicators(100, 3, 0.4, 0.8, 0.8, 0.8, 0.8, 0.8, 0.95, 50.0)
    made = expected.shipped()
    few, many = made(found, 0.8, 10), made(found, 0.8, 50)
    late = made(found._replace(labels=400), 0.8, 10)
    assert 0 <= late.expected < few.expected < many.expected < 0.2
    assert few.expected < few.most < many.most
    assert made(found, 0.999, 10).expected <= 0.001
    session = played(askwell.Session(X, strategy="margin"), 1, 6)
    session.ask(31)
    assert session.status().assessment.gain is None
    session.tell(
        session.log.events[-1].ids, NAMES[TRUTH[[int(name) for name in session.log.events[-1].ids]]].tolist()
    )
    assert session.status().assessment.gain.more == 31
    assert " 31 more labels will probably bring +0.0" in str(session.status())


def test_a_file_of_asked_rows_tells_the_batches_too(tmp_path):
    rows = [f"{i},{NAMES[TRUTH[i]]},{i % 10 + 1}" for i in range(40)] + ["41,ant,"]
    (tmp_path / "next.csv").write_text("\n".join(["id,label,rank", *rows]) + "\n")
    session = askwell.Session(X, strategy="margin", labels=tmp_path / "next.csv")
    assert session.log.rounds == 4
    assert [len(session.log.labelled_before(batch)) for batch in session.log.batches] == [1, 11, 21, 31]
    assert (session.status().labels, session.status().unasked) == (41, 0)
    assert len(session.status().assessment.agreement) == 3
    notes = askwell.ask(X, labels=tmp_path / "next.csv", batch=5).notes
    assert any(note.startswith("Accuracy now: ") for note in notes)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_an_audit_goes_round_in_the_file_of_asked_rows(tmp_path, suffix):
    out = tmp_path / f"next.{suffix}"
    for _ in range(3):
        asked = askwell.ask(X, batch=10, audit=0.3, out=out, seed=1)
        assert asked.frame["drawn"].to_list() == [False] * 7 + [True] * 3
        frame = pl.read_csv(out) if suffix == "csv" else pl.read_ndjson(out)
        words = NAMES[TRUTH[frame["id"].cast(pl.Int64).to_numpy()]]
        filled = frame.with_columns(label=pl.Series(words))
        (filled.write_csv if suffix == "csv" else filled.write_ndjson)(out)
    assert any(" by the audit;" in note for note in askwell.ask(X, batch=10, out=out).notes)
    session = askwell.Session(X, labels=out)
    assert [len(batch.audit) for batch in session.log.batches] == [3, 3, 3]
    drawn = [name for batch in session.log.batches for name in batch.audit]
    assert sorted(drawn) == sorted(frame.filter("drawn")["id"].cast(pl.String).to_list())
    assert session.status().accuracy.source == "audit"


def test_of_very_many_labels_some_suffice(monkeypatch):
    session = played(askwell.Session(X, strategy="margin", audit=0.2), 6)
    whole = session.status().assessment
    monkeypatch.setattr("askwell.asking.assess.MOST", 40)
    part = session.status().assessment
    assert (part.indicators.labels, part.indicators.classes) == (60, 3)
    assert part.indicators != whole.indicators
    count = {found.audit: round(found.audit.value * 12, 9) for found in (whole, part)}
    assert all(value.is_integer() for value in count.values())  # all twelve that were drawn are judged


@pytest.mark.parametrize("learner", ["mlp", GaussianNB(), RandomForestClassifier(20, random_state=0)])
def test_every_learner_is_judged(learner):
    status = played(askwell.Session(X, strategy="margin", learner=learner), 4).status()
    assert 0 < status.accuracy.low < status.accuracy.value < status.accuracy.high < 1


def test_an_audited_strategy_looks_at_as_much_as_it_would_alone():
    for strategy in ("margin", "typiclust", "margin-herding"):
        assert Audited(STRATEGIES[strategy](), 0.1).large == STRATEGIES[strategy]().large
    assert len({Audited(STRATEGIES[name](), 0.1).large for name in ("margin", "mixture")}) == 2
