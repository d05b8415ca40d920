"""A session: the same answers, the same batches; nothing that a person said is lost."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import askwell
from askwell.labelling.models import load_model, save_model

N, Q = 90, 5
RNG = np.random.default_rng(0)
TRUTH = np.array(["ant", "bee", "cat"])[RNG.integers(0, 3, N)]
X = RNG.normal(size=(N, 6)) + 2 * np.eye(6)[np.searchsorted(["ant", "bee", "cat"], TRUTH)]
WORDS = [f"{word} {word}s number {i % 7} on a mat" for i, word in enumerate(TRUTH)]
FRAME = pd.DataFrame(X, columns=list("abcdef")).assign(
    kind=np.where(RNG.random(N) < 0.2, None, "k" + pd.Series(TRUTH))
)


def truth(ids):
    return [TRUTH[int(name)] for name in ids]


def played(session, rounds=3, q=Q):
    for _ in range(rounds):
        ids = session.ask(q)
        session.tell(ids, truth(ids))
    return session


@pytest.fixture
def session():
    return played(askwell.Session(X, strategy="margin"))


@pytest.mark.parametrize("strategy", ["random", "margin", "learned"])
def test_the_first_batch_is_that_of_ask_and_so_are_the_next(strategy):
    session, labels = askwell.Session(X, strategy=strategy), {}
    for _ in range(3):
        ids = session.ask(Q)
        assert tuple(ids) == askwell.ask(X, labels=labels, strategy=strategy, batch=Q, seed=len(labels)).ids
        labels |= dict(zip(ids, truth(ids), strict=True))
        session.tell(ids, truth(ids))


def test_the_same_answers_give_the_same_batches_in_whatever_order_they_come(session):
    other = askwell.Session(X, strategy="margin")
    pairs = list(session.log.labels.items())
    other.tell(dict(pairs[::-1]))
    assert other.ask(Q) == session.ask(Q)


def test_asked_twice_before_an_answer_it_gives_the_same_batch(session):
    first = session.ask(Q)
    assert session.ask(Q) == first
    session.tell(first[0], truth(first[:1])[0])
    assert first[0] not in session.ask(Q)


def test_no_row_is_asked_that_has_a_label_until_none_is_left(session):
    while (status := session.status()).left:
        ids = session.ask(20)
        assert len(set(ids)) == len(ids) == min(20, status.left)
        assert not set(ids) & set(session.log.labels)
        session.tell(ids, truth(ids))
    with pytest.raises(askwell.AskwellError, match=f"All {N} rows have a label"):
        session.ask()


def test_it_predicts_as_scikit_learn_does_with_the_same_labels(session):
    session.tell({str(row): TRUTH[row] for row in range(40) if str(row) not in session.log.labels})
    rows = [int(name) for name in session.log.labels]
    x = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)
    model = LogisticRegression().fit(x[rows], TRUTH[rows])
    np.testing.assert_allclose(session.predict_proba(), model.predict_proba(x), atol=2e-3)
    assert session.classes == tuple(model.classes_)


POOLS = {"numbers": X, "texts": WORDS, "frame": FRAME, "sparse": scipy.sparse.csr_matrix(np.maximum(X, 0))}


@pytest.mark.parametrize("learner", ["logistic", GaussianNB(), "mlp"])
@pytest.mark.parametrize("kind", POOLS)
def test_its_estimator_says_of_raw_rows_what_the_session_says(kind, learner, tmp_path):
    pool = POOLS[kind]
    session = played(askwell.Session(pool, strategy="random", learner=learner))
    model = session.estimator()
    proba = model.predict_proba(pool)
    np.testing.assert_allclose(proba, session.predict_proba(), atol=1e-4)
    assert model.predict(pool[:7]).tolist() == session.predict()[:7].tolist()
    if learner == "mlp":
        with pytest.raises(askwell.AskwellError, match="cannot be written"):
            save_model(model, tmp_path / "model.skops")
    else:
        save_model(model, tmp_path / "model.skops")
        np.testing.assert_array_equal(load_model(tmp_path / "model.skops").predict_proba(pool), proba)


@pytest.mark.parametrize(("metric", "power"), [("balanced-accuracy", 1.0), ("macro-f1", 0.5)])
def test_where_classes_count_alike_one_with_few_labels_is_said_sooner(tmp_path, metric, power):
    """Probabilities are divided by a power of the classes' shares: in a session, its model and its file alike."""
    rows = [*np.flatnonzero(TRUTH == "ant")[:20], *np.flatnonzero(TRUTH == "bee")[:3]]
    answers = {str(row): TRUTH[row] for row in rows}
    plain = askwell.Session(X, strategy="random", classes=("ant", "bee", "cat"))
    session = askwell.Session(X, strategy="random", classes=("ant", "bee", "cat"), metric=metric)
    plain.tell(answers)
    session.tell(answers)
    proba = session.predict_proba()
    np.testing.assert_array_equal(proba, plain.predict_proba())
    names = np.array(session.classes)
    expected = names[np.argmax(proba / np.array([20.5, 3.5, 0.5]) ** power, axis=1)]
    assert session.predict().tolist() == expected.tolist()
    assert plain.predict().tolist() == names[np.argmax(proba, axis=1)].tolist()
    assert (session.predict() == "bee").sum() > (plain.predict() == "bee").sum()
    assert session.estimator().predict(X).tolist() == expected.tolist()
    save_model(session.estimator(), tmp_path / "model.skops")
    assert load_model(tmp_path / "model.skops").predict(X).tolist() == expected.tolist()
    session.save(tmp_path / "s.json")
    assert askwell.Session.load(tmp_path / "s.json", X).predict().tolist() == expected.tolist()


def test_a_model_of_ones_own_decides_as_it_does():
    proba = np.tile([0.6, 0.3, 0.1], (N, 1))
    session = askwell.Session(
        X, strategy="margin", proba=proba, metric="balanced-accuracy", classes=("a", "b", "c")
    )
    session.tell({"0": "a", "1": "a", "2": "b"})
    assert set(session.predict()) == {"a"}


@pytest.mark.parametrize("labels", [["ant"] * 4, ["ant", "bee", "ant", "bee"]])
def test_one_class_or_two_are_told_apart_as_far_as_they_go(labels):
    session = askwell.Session(X)
    session.tell([0, 1, 2, 3], labels)
    np.testing.assert_allclose(session.estimator().predict_proba(X), session.predict_proba(), atol=1e-4)
    assert set(session.predict()) == set(labels)


def test_a_file_of_the_pool_is_predicted_too(tmp_path):
    FRAME.assign(
        id=[f"r{i}" for i in range(N)], label=[w if i < 9 else None for i, w in enumerate(TRUTH)]
    ).to_csv(tmp_path / "pool.csv", index=False)
    session = askwell.Session(tmp_path / "pool.csv")
    assert session.status().labels == 9
    assert session.status().unasked == 0  # they were there before
    assert session.estimator().predict(tmp_path / "pool.csv").tolist() == session.predict().tolist()
    assert session.estimator().predict(FRAME.iloc[3:5]).tolist() == session.predict()[3:5].tolist()


@pytest.mark.parametrize(
    ("how", "next_batch", "after"),
    [("exclude", False, False), ("unsure", False, False), ("later", False, True)],
)
def test_what_is_skipped_is_asked_again_or_not(how, next_batch, after):
    session = askwell.Session(X, strategy=lambda pool, labels, q: np.flatnonzero(labels == -1)[:q])
    session.skip(session.ask(3)[0], how)
    ids = session.ask(3)
    assert ("0" in ids) is next_batch
    session.tell(ids, truth(ids))
    assert ("0" in session.ask(3)) is after
    assert session.status().skipped == {how: 1}
    assert session.status().left == N - 3 - (how != "later")


def test_rows_put_off_come_back_at_once_when_nothing_else_is_left():
    session = askwell.Session(X[:4], strategy="random")
    session.skip(session.ask(4), "later")
    assert sorted(session.ask(4)) == ["0", "1", "2", "3"]


def test_a_skip_teaches_the_learner_nothing(session):
    before = session.predict_proba()
    session.skip([name for name in map(str, range(N)) if name not in session.log.labels][:5], "unsure")
    np.testing.assert_array_equal(session.predict_proba(), before)


def test_untell_takes_labels_and_skips_back(session):
    other = askwell.Session(X, strategy="margin")
    told = dict(session.log.labels)
    other.tell({**told, "80": "cat"} if "80" not in told else told)
    skipped = next(name for name in map(str, range(N)) if name not in told and name != "80")
    other.skip(skipped)
    other.untell(["80", skipped] if "80" not in told else [skipped])
    assert other.log.labels == told
    assert other.ask(Q) == session.ask(Q)
    session.untell(next(iter(told)))
    assert session.status().labels == len(told) - 1


def test_a_class_may_appear_in_any_round(session):
    name = session.ask(1)[0]
    session.tell(name, "dog")
    assert session.classes == ("ant", "bee", "cat", "dog")
    assert session.predict_proba().shape == (N, 4)
    assert len(session.ask(Q)) == Q


def test_declared_classes_keep_their_order():
    session = played(askwell.Session(X, classes=["cat", "bee", "ant", "eel"]))
    assert session.classes == ("cat", "bee", "ant", "eel")
    assert session.predict_proba()[:, 3].max() < 1e-4
    assert session.estimator().classes_.tolist() == ["cat", "bee", "ant", "eel"]


def test_probabilities_of_your_own_stand_for_a_learner():
    proba = RNG.dirichlet(np.ones(3), N)
    session = askwell.Session(X, strategy="margin", proba=proba, classes=["ant", "bee", "cat"])
    top = np.sort(proba, axis=1)
    assert session.ask(1) == [str(np.argmin(top[:, -1] - top[:, -2]))]
    np.testing.assert_allclose(session.predict_proba(), proba, atol=1e-5)
    with pytest.raises(askwell.AskwellError, match="a model of your own"):
        session.estimator()


def test_the_status_counts_and_says_so(session):
    session.tell({name: "ant" for name in session.ask(2)})
    extra = next(name for name in map(str, range(N)) if name not in session.log.labels)
    session.tell(extra, "bee")
    status = session.status()
    labels = list(session.log.labels.values())
    assert status.counts == {
        name: labels.count(name) for name in sorted(set(labels), key=lambda n: -labels.count(n))
    }
    assert (status.labels, status.rounds, status.unasked) == (18, 4, 1)
    name, share = status.majority
    assert share == labels.count(name) / 18
    said = str(status)
    assert f"18 of {N} rows have a label" in said
    assert f"always saying '{name}'" in said
    assert "1 of the labels was not asked for" in said
    assert "No class is known yet" in str(askwell.Session(X).status())


@pytest.mark.parametrize("pool", [X, WORDS, FRAME])
def test_a_saved_session_goes_on_where_it_was(pool, tmp_path):
    session = played(askwell.Session(pool, strategy="margin-herding", seed=3), 2)
    session.skip(session.ask(Q)[0], "later")
    session.save(tmp_path / "s.json")
    again = askwell.Session.load(tmp_path / "s.json", pool)
    assert again.log.events == session.log.events
    np.testing.assert_array_equal(again.predict_proba(), session.predict_proba())
    assert again.ask(Q) == session.ask(Q)
    again.save(tmp_path / "s.json")
    assert askwell.Session.load(tmp_path / "s.json", pool).ask(Q) == session.ask(Q)


def test_objects_are_given_anew(tmp_path):
    session = played(askwell.Session(X, strategy="random", learner=GaussianNB()), 1)
    session.save(tmp_path / "s.json")
    with pytest.raises(askwell.AskwellError, match="the pool was no file"):
        askwell.Session.load(tmp_path / "s.json")
    with pytest.raises(askwell.AskwellError, match="the learner was an object"):
        askwell.Session.load(tmp_path / "s.json", X)
    again = askwell.Session.load(tmp_path / "s.json", X, learner=GaussianNB())
    np.testing.assert_array_equal(again.predict_proba(), session.predict_proba())


def damaged(change):
    def write(path):
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    return write


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "damaged"),
        (lambda path: path.write_text("[]"), "no saved session"),
        (lambda path: path.unlink(), "cannot be read"),
        (damaged(lambda content: content.update({"askwell session": 99})), "format 99"),
        (damaged(lambda content: content.pop("events")), "damaged"),
        (damaged(lambda content: content["events"][1].pop("labels")), "damaged"),
        (damaged(lambda content: content["events"][0].update(does="dance")), "damaged"),
        (damaged(lambda content: content["events"][0]["ids"].append("nobody")), "the same pool"),
        (damaged(lambda content: content.update(rows=5)), "the same pool"),
    ],
)
def test_a_damaged_session_is_one_sentence(session, tmp_path, write, said):
    path = tmp_path / "s.json"
    session.save(path)
    write(path)
    with pytest.raises(askwell.AskwellError, match=said):
        askwell.Session.load(path, X)


def test_a_damaged_model_is_one_sentence(session, tmp_path):
    path = tmp_path / "model.skops"
    save_model(session.estimator(), path)
    path.write_bytes(path.read_bytes()[:-100])
    for given, said in ((path, "damaged"), (tmp_path / "none.skops", "cannot be read")):
        with pytest.raises(askwell.AskwellError, match=said):
            load_model(given)
    with pytest.raises(askwell.AskwellError, match=r"ending in .skops"):
        save_model(session.estimator(), tmp_path / "model.pkl")


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda s: s.tell("nobody", "ant"), "One id is not in the pool, the first being 'nobody'"),
        (lambda s: s.tell(["1", "2"], ["ant"]), "Ids: 2, labels: 1"),
        (lambda s: s.tell({"1": None}), "skip the row"),
        (lambda s: s.tell({"1": float("nan")}), "skip the row"),
        (lambda s: s.tell({"1": "ant"}, ["bee"]), "given twice"),
        (lambda s: s.tell(["80", "80"], ["ant", "bee"]), "'80' is labelled 'ant' and 'bee'"),
        (lambda s: s.tell(next(iter(s.log.labels)), "eel"), "untell it"),
        (lambda s: s.skip(next(iter(s.log.labels))), "untell it before"),
        (lambda s: s.skip("1000"), "not in the pool"),
        (lambda s: s.skip("1", "never"), "Unknown how 'never'"),
        (
            lambda s: s.untell(next(n for n in map(str, range(N)) if n not in s.log.labels)),
            "nothing to take back",
        ),
        (lambda s: s.ask(0), "at least 1"),
        (lambda s: s.save("session.txt"), "ending"),
        (lambda s: s.estimator().predict(X[:, :3]), "3 columns, and the pool had 6"),
        (lambda s: s.estimator().predict(WORDS), "words"),
        (lambda s: s.estimator().fit(X, TRUTH), "comes fitted"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(session, do, said):
    before = list(session.log.events)
    with pytest.raises(askwell.AskwellError, match=said):
        do(session)
    assert session.log.events == before


def test_a_call_is_taken_in_whole_or_not_at_all(session):
    before = dict(session.log.labels)
    fresh = [name for name in map(str, range(N)) if name not in before][:2]
    with pytest.raises(askwell.AskwellError):
        session.tell([*fresh, "nobody"], ["ant"] * 3)
    assert session.log.labels == before


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"strategy": "margn"}, "Did you mean 'margin'"),
        ({"strategy": "oracle"}, "looks at labels"),
        ({"strategy": "fixed-threshold"}, "wants a batch of rows"),
        ({"learner": object()}, "The learner is"),
        ({"learner": LogisticRegression}, "The learner is"),
        ({"classes": ["ant", "ant"]}, "named once"),
        ({"proba": np.full((N, 3), 1 / 3)}, "3 columns and classes has 0 names"),
        ({"ids": ["a"] * N}, "appears twice"),
        ({"features": 0}, "at least 1"),
        ({"X": np.full((3, 2), np.nan)}, "NaN"),
        ({"X": "nowhere.csv"}, "There is no file"),
    ],
)
def test_a_session_that_cannot_be_is_refused(settings, said):
    with pytest.raises(askwell.AskwellError, match=said):
        askwell.Session(**{"X": X, **settings})


def test_an_estimator_without_probabilities_and_a_function_that_raises_are_named(session):
    from sklearn.svm import LinearSVC

    with pytest.raises(askwell.AskwellError, match="LinearSVC has no predict_proba"):
        askwell.Session(X, learner=LinearSVC())
    broken = askwell.Session(X, strategy=lambda pool, labels, q: 1 / 0)
    with pytest.raises(askwell.AskwellError, match="ZeroDivisionError"):
        broken.ask()
    broken.tell("1", "ant")
    assert broken.status().labels == 1
