"""The metric of a domain: what it is, when it is chosen, and that every door takes it."""

import json
import sys

import numpy as np
import polars as pl
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import askwell
from askwell import AskwellError
from askwell.cli import main
from askwell.data import as_matrix, load, rows_of
from askwell.encoders import encode_table
from askwell.encoders.candidates import CANDIDATES, NETWORK, NONE
from askwell.encoders.domain import Domain, fit_together, load_domain
from askwell.encoders.metric import Metric, between, within
from askwell.execution.workers import OPTIONS
from askwell.labelling.models import load_model, save_model
from askwell.training import TaskSource
from askwell.training.history import learn_metric
from askwell.training.past import deals

ONE = ("uherding",)
"""Where the strategy is not what is tested: others would be compiled, too."""


@pytest.fixture(scope="module", autouse=True)
def _compiled_with_care():
    """Here programs run for longer than they compile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPTIONS, "xla_backend_optimization_level", "1")
        yield


def classes_in_noise(classes=12, each=90, loud=6.0, seed=0):
    """Classes that differ in four directions, and six in which each of them is only loud."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(classes), each)
    quiet = 1.5 * rng.normal(size=(classes, 4))[y] + 0.5 * rng.normal(size=(len(y), 4))
    x = np.hstack([quiet, loud * rng.normal(size=(len(y), 6))])
    return ((x - x.mean(0)) / np.sqrt(x.var(0).mean())).astype(np.float32), y


def history(x, y):
    return rows_of("history", x, y, labelled=True)


def test_whitening_agrees_with_scikit_learn():
    x, y = classes_in_noise()
    model = LinearDiscriminantAnalysis(solver="lsqr", store_covariance=True).fit(x, y)
    projection = within(0.0)(x, y)
    assert np.allclose(projection @ model.covariance_ @ projection, np.eye(10), atol=1e-3)
    assert np.allclose(projection, projection.T, atol=1e-6)


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_keeps_the_scale_of_encodings(name):
    x, y = classes_in_noise()
    variance = np.mean(np.var(CANDIDATES[name](x, y)(x), axis=0))
    assert np.isclose(variance, 4.0 if "twice" in name else 1.0, rtol=1e-4)


def test_a_loud_direction_is_learned_away_and_new_classes_profit():
    x, y = classes_in_noise()
    found = learn_metric(history(x, y), strategies=ONE)
    assert "within-class whitening" in found.name
    best, none = found.candidates[0], next(one for one in found.candidates if one.name == NONE)
    assert best.score > none.score + 0.05
    assert (none.gain, none.se) == (0.0, 0.0)
    strength = np.linalg.norm(found.domain.encoder(history(x, y)).metric.projection, axis=1)
    assert strength[:4].min() > 2 * strength[4:].max()


def test_a_network_learns_what_no_linear_map_tells_of_classes_to_come():
    rng = np.random.default_rng(0)
    y, angle = np.repeat(np.arange(12), 60), rng.uniform(0, 2 * np.pi, 720)
    x = ((1 + y) * [np.cos(angle), np.sin(angle)]).T + 0.1 * rng.normal(
        size=(720, 2)
    )  # rings, by their radius
    x /= np.sqrt(x.var(axis=0).mean())
    past, right = y % 2 == 0, {}
    for name in (NETWORK, "within-class whitening, shrunk by 0.1"):
        z = CANDIDATES[name](x[past], y[past])(x[~past])
        means = np.stack([z[y[~past] == one].mean(axis=0) for one in range(1, 12, 2)])
        nearest = np.square(z[:, None] - means).sum(axis=-1).argmin(axis=1)
        right[name] = np.mean(2 * nearest + 1 == y[~past])
    assert right[NETWORK] > 0.8
    assert right["within-class whitening, shrunk by 0.1"] < 0.5


def test_the_same_rows_teach_a_network_the_same():
    x, y = classes_in_noise()
    maps = [CANDIDATES[NETWORK](x[y < 5], y[y < 5]) for _ in range(2)]
    assert all(np.array_equal(a, b) for a, b in zip(*maps, strict=True))
    assert np.abs(maps[0].outer).max() > 0.01


@pytest.mark.parametrize("count", [4, 5, 13])
def test_half_of_the_classes_are_left_out_each_about_as_often(count):
    y = np.repeat(np.arange(count), 100)
    left = [np.unique(y[np.concatenate(tasks[0])]) for _, tasks in deals(y, y, False, 0, 40)]
    assert {len(some) for some in left} == {count // 2}
    times = np.bincount(np.concatenate(left), minlength=count)
    assert times.max() - times.min() <= max(2, len(left) // 3)


def test_labels_that_say_nothing_teach_nothing():
    x, y = classes_in_noise()
    found = learn_metric(history(x, np.random.default_rng(1).permutation(y)), strategies=ONE)
    assert found.domain is None
    assert "No metric was better" in found.reason


def test_tasks_are_left_out_instead_of_classes():
    x, y = classes_in_noise(classes=4, each=300)
    tasks = np.arange(len(y)) % 4
    found = learn_metric(history(x, y), tasks, strategies=ONE)
    assert found.domain is not None
    assert "On tasks that were left out" in found.reason


def test_too_little_history_is_said():
    x, y = classes_in_noise(classes=3)
    assert "with fewer than 4 none can be left out" in learn_metric(history(x, y)).reason
    with pytest.raises(AskwellError, match="The history is too small"):
        learn_metric(history(*classes_in_noise(classes=6, each=8)))


def table(x, y, keep):
    frame = pl.DataFrame({f"v{i}": x[:, i] for i in range(x.shape[1])})
    frame = frame.with_columns(
        kind=pl.Series(["ab"[i % 2] for i in range(len(y))]), label=pl.Series([f"k{v}" for v in y])
    )
    return frame.with_columns(id=pl.Series([f"r{i}" for i in range(len(y))])).filter(
        pl.Series(np.isin(y, keep))
    )


@pytest.fixture(scope="module")
def domain(tmp_path_factory):
    """A history, a pool of other classes, and what was learned."""
    home = tmp_path_factory.mktemp("domain")
    x, y = classes_in_noise()
    table(x, y, range(6)).write_parquet(home / "past.parquet")
    table(x, y, range(6, 12)).write_parquet(home / "new.parquet")
    given = sys.argv
    sys.argv = ["askwell", "train", "--history", str(home / "past.parquet"), "--out", str(home / "learned")]
    with pytest.raises(SystemExit) as ended:
        main()
    sys.argv = given
    assert not ended.value.code
    return home


def test_the_card_says_what_was_chosen_and_from_what(domain):
    card = json.loads((domain / "learned" / "encoder.json").read_text())
    assert "within-class whitening" in card["encoder"]
    assert (card["rows"], card["classes"]) == (540, [f"k{i}" for i in range(6)])
    assert card["candidates"][0]["name"] == card["encoder"]
    assert set(card["columns"]) == {*(f"v{i}" for i in range(10)), "kind"}


def test_columns_come_in_any_order_and_new_ones_are_not_read(domain, tmp_path):
    pool = pl.read_parquet(domain / "new.parquet").drop("label")
    pool.select(reversed(pool.columns)).with_columns(new=pl.lit(3.0)).write_csv(tmp_path / "mixed.csv")
    pool.write_csv(tmp_path / "pool.csv")
    asked = [
        askwell.ask(tmp_path / f"{n}.csv", encoder=domain / "learned", batch=5).ids for n in ("mixed", "pool")
    ]
    assert asked[0] == asked[1]
    assert asked[0] != askwell.ask(tmp_path / "pool.csv", batch=5).ids


def test_what_does_not_fit_is_refused_in_a_sentence(domain, tmp_path):
    learned, pool = domain / "learned", pl.read_parquet(domain / "new.parquet").drop("label")
    with pytest.raises(AskwellError, match="lacks 'v0', 'v3', which the history of"):
        askwell.ask(pool.drop("v0", "v3"), encoder=learned)
    with pytest.raises(AskwellError, match="column 'v0' holds words, and was numbers"):
        askwell.ask(pool.with_columns(v0=pl.lit("loud")), encoder=learned)
    with pytest.raises(AskwellError, match="is a matrix of 11 columns without names"):
        askwell.ask(np.zeros((20, 11)), encoder=learned)
    with pytest.raises(AskwellError, match=r"is no directory that .* \(encoder\.json is not there\)"):
        askwell.ask(pool, encoder=tmp_path)
    card = (learned / "encoder.json").read_text()
    for text, rows, sentence in (
        ('{"encoder": "x"}', b"", "of another version"),
        (card, b"PAR1" + 18 * b"\0", "is damaged"),
        (card[:20], b"", "is damaged"),
    ):
        (tmp_path / "encoder.json").write_text(text)
        (tmp_path / "history.parquet").write_bytes(rows)
        with pytest.raises(AskwellError, match=sentence):
            askwell.ask(pool, encoder=tmp_path)


def test_a_session_its_file_and_its_classifier_keep_the_metric(domain, tmp_path):
    new = pl.read_parquet(domain / "new.parquet")
    truth = dict(new.select("id", "label").iter_rows())
    new.drop("label").write_parquet(tmp_path / "pool.parquet")
    right = {}
    for encoder in (None, domain / "learned"):
        session = askwell.Session(tmp_path / "pool.parquet", encoder=encoder)
        for _ in range(3):
            ids = session.ask(10)
            session.tell({name: truth[name] for name in ids})
        right[encoder] = np.mean(
            [truth[name] == said for name, said in zip(session.ids, session.predict(), strict=True)]
        )
    assert right[domain / "learned"] > right[None] + 0.05
    session.save(tmp_path / "s.json")
    again = askwell.Session.load(tmp_path / "s.json")
    assert again.predict().tolist() == session.predict().tolist()
    save_model(session.estimator(), tmp_path / "m.skops")
    assert (
        load_model(tmp_path / "m.skops").predict(tmp_path / "pool.parquet").tolist()
        == session.predict().tolist()
    )


def test_every_strategy_of_a_comparison_plays_in_the_metric(domain):
    kept = {"strategies": ["random", "margin"], "splits": 3, "rounds": 3}
    plain = askwell.compare(domain / "new.parquet", **kept)
    metric = askwell.compare(domain / "new.parquet", encoder=str(domain / "learned"), **kept)
    for name in ("random", "margin"):
        means = [found.records.filter(strategy=name)["accuracy"].mean() for found in (plain, metric)]
        assert means[1] > means[0] + 0.05


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--label", "label"], "go with --history"),
        (["--history", "past.parquet", "--updates", "3"], "are for policies"),
        (["--history", "past.parquet", "--task", "town"], "--task: "),
        (["--history", "past.parquet", "--metric", "f2"], "metric 'f2'"),
        (["--history", "nothing.parquet"], "nothing.parquet"),
    ],
)
def test_bad_options(domain, given, sentence, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(domain)
    monkeypatch.setattr(sys, "argv", ["askwell", "train", "--out", str(tmp_path / "out"), *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out" / "encoder.json").exists()


def test_a_history_that_teaches_nothing_changes_nothing(domain, tmp_path):
    x, y = classes_in_noise(classes=3)
    table(x, y, range(3)).write_parquet(tmp_path / "past.parquet")
    from askwell.training.domain import learn_domain

    card = learn_domain(tmp_path / "past.parquet", tmp_path / "out")
    assert card["encoder"] is None
    assert load_domain(tmp_path / "out") is None
    pool = pl.read_parquet(domain / "new.parquet").drop("label")
    asked = askwell.ask(pool, encoder=tmp_path / "out", batch=5)
    assert asked.ids == askwell.ask(pool, batch=5).ids
    assert "taught no metric" in asked.notes[0]


def test_embeddings_without_names_are_taken_by_their_width(tmp_path):
    from askwell.training.domain import learn_domain

    x, y = classes_in_noise()
    np.savez(tmp_path / "past.npz", x=x[y < 6], y=y[y < 6])
    np.save(tmp_path / "pool.npy", x[y >= 6])
    assert learn_domain(tmp_path / "past.npz", tmp_path / "learned", strategies=ONE)["encoder"] is not None
    session = askwell.Session(tmp_path / "pool.npy", encoder=tmp_path / "learned")
    session.tell(session.ask(2), ["a", "b"])
    model = session.estimator()
    for rows in (tmp_path / "pool.npy", x[y >= 6]):
        assert model.predict(rows).tolist() == session.predict().tolist()


@pytest.mark.parametrize("name", ["within-class whitening, shrunk by 0.1", NETWORK])
def test_a_matrix_is_encoded_as_a_table_of_the_same_numbers_is(domain, name):
    pool = pl.read_parquet(domain / "new.parquet")
    numbers = pool.select(f"v{i}" for i in range(10)).to_numpy() * 100 + 7
    old = rows_of("past", numbers[:300], ["a", "b", "c"] * 100, labelled=True)
    made = Domain(name, old, 64, "past")
    table = rows_of("pool", numbers[300:], ["a", "b"] * 120, labelled=True)
    matrix = as_matrix("pool", numbers[300:])
    encoder = made.encoder(matrix)
    assert np.allclose(encoder.encode(matrix), encoder.encode(table), atol=1e-4)
    numbers[400, 3] = np.nan
    with pytest.raises(AskwellError, match="NaN or infinite"):
        encoder.encode(as_matrix("pool", numbers[300:]))


def test_the_spread_of_past_classes_is_discriminant_analysis():
    x, y = classes_in_noise(classes=4)
    projection = between(0.0, 0.0)(x, y)
    model = LinearDiscriminantAnalysis(solver="eigen").fit(x, y)
    theirs = x @ model.scalings_[:, :3]
    # Three directions tell four classes apart; the others have length 0, and the span of the three is the same.
    size = np.linalg.norm(projection, axis=0)
    assert (size[:-3] < 1e-3 * size[-3:].min()).all()
    ours = x @ projection[:, -3:]
    fitted = theirs @ np.linalg.lstsq(theirs, ours, rcond=None)[0]
    assert np.allclose(fitted, ours, atol=1e-2 * np.abs(ours).max())


def test_of_many_directions_those_are_kept_in_which_past_classes_differ():
    x, y = classes_in_noise()
    kept = Metric(between(0.1, 0.1), 2.0)(x, y, 4).projection
    assert kept.shape == (10, 4)
    assert np.isclose(np.mean(np.var(x @ kept, axis=0)), 4.0, rtol=1e-4)
    loud = np.linalg.norm(kept[4:], axis=1) * np.std(x[:, 4:], axis=0)
    quiet = np.linalg.norm(kept[:4], axis=1) * np.std(x[:, :4], axis=0)
    assert quiet.min() > 3 * loud.max()


@pytest.mark.parametrize("columns", [9, 10, 100])
def test_the_first_features_vary_most_however_many_columns_there_are(columns):
    rng = np.random.default_rng(0)
    x = np.hstack([rng.normal(size=(200, columns - 2)), np.repeat(rng.normal(size=(200, 1)), 2, axis=1)])
    rows = history(x, np.arange(200) % 4)
    found = fit_together(rows, rows, 8, "past")[1]
    assert found.shape == (
        400,
        min(columns, 32) - (columns < 32),
    )  # of two equal columns one axis has no variance
    assert (np.diff(found.var(axis=0)) < 1e-4).all()


def test_unit_is_a_length():
    x, y = classes_in_noise()
    assert np.allclose(Metric(within(0.1), 2.0)(x, y)(x), 2 * Metric(within(0.1))(x, y)(x))


def test_a_policy_may_go_on_learning_on_the_history_in_its_metric(domain):
    past, learned = str(domain / "past.parquet"), str(domain / "learned")
    about = {
        "datasets": (past,),
        "encoder": learned,
        "subsets": True,
        "pool": 150,
        "selection": 40,
        "features": 11,
    }
    pools = TaskSource.make(**about).tasks().draw((0,), 4)
    assert pools.x.shape == (4, 150, 11)
    assert len({len(np.unique(y)) for y in pools.y}) > 1  # random classes of the past
    rows = {row.tobytes() for row in encode_table(load(past), 11, learned).x}
    assert all(row.tobytes() in rows for row in pools.x.reshape(-1, 11))
    with pytest.raises(AskwellError, match="has 11 features in that encoder and its source has room for 4"):
        TaskSource.make(**about | {"features": 4}).tasks()


@pytest.fixture
def embedded(tmp_path):
    """Texts that say nothing, and numbers that say all, by id and in another order."""
    x, y = classes_in_noise(classes=4)
    ids = [f"t{i}" for i in range(len(y))]
    pl.DataFrame({"id": ids, "text": [f"a text number {i}" for i in range(len(y))]}).write_csv(
        tmp_path / "texts.csv"
    )
    order = np.random.default_rng(0).permutation(len(y))
    by_id = pl.DataFrame({"id": [ids[i] for i in order], "embedding": x[order].tolist()})
    by_id.write_parquet(tmp_path / "by-id.parquet")
    np.save(tmp_path / "in-order.npy", x)
    return tmp_path, x, y


def test_embeddings_stand_for_the_rows_by_id_or_in_order(embedded):
    home, x, _ = embedded
    asked = [
        askwell.ask(home / "texts.csv", embeddings=home / name, batch=8).ids
        for name in ("by-id.parquet", "in-order.npy")
    ]
    plain = askwell.ask(x, batch=8).ids
    assert asked[0] == asked[1] == tuple(f"t{i}" for i in plain)


def test_a_session_on_embeddings_shows_texts_and_predicts_embeddings(embedded):
    home, x, y = embedded
    session = askwell.Session(home / "texts.csv", embeddings=home / "in-order.npy")
    ids = session.ask(40)
    session.tell(ids, [str(y[int(name[1:])]) for name in ids])
    assert "text" in session.rows.readable
    assert np.mean(session.predict() == y.astype(str)) > 0.6
    assert session.estimator().predict(x).tolist() == session.predict().tolist()
    session.save(home / "s.json")
    assert askwell.Session.load(home / "s.json").predict().tolist() == session.predict().tolist()


def test_embeddings_of_other_rows_are_refused(embedded):
    home, x, _ = embedded
    np.save(home / "short.npy", x[:-1])
    pl.read_parquet(home / "by-id.parquet").head(100).write_parquet(home / "few.parquet")
    for name, sentence in (
        ("short.npy", "has 359 rows and no ids, and the pool has 360"),
        ("few.parquet", "lacks 260 of the pool's 360 ids, such as 't"),
        ("texts.csv", "is no table of numbers alone"),
        ("nothing.npy", "nothing.npy"),
    ):
        with pytest.raises(AskwellError, match=sentence):
            askwell.ask(home / "texts.csv", embeddings=home / name)
