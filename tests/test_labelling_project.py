"""Several people on one pool: what counts, what is kept, who is asked what."""

import sqlite3

import numpy as np
import pytest

import askwell
from askwell import AskwellError
from askwell.labelling.background import start
from askwell.labelling.batches import Batches
from askwell.labelling.database import Database
from askwell.labelling.judging import Judge
from askwell.labelling.leases import Leases
from askwell.labelling.project import Project
from askwell.labelling.votes import GIVEN, Answer, Votes

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 3, 120)
X = np.eye(3)[TRUTH] * 3 + RNG.normal(size=(120, 3))


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def opened(path, clock=None, overlap=1, batch=10, people=1, **settings):
    database = Database(path)
    session = askwell.Session(X, strategy="margin", **settings)
    project = Project(session, database, overlap=overlap, clock=clock or Clock())
    judge = Judge(project, batch)
    return project, Batches(project, judge, batch, people), judge


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.sqlite"


def state(project):
    log = project.session.log
    return log.labels, log.skipped, [(e.does, e.ids, e.labels, e.how, e.audit) for e in log.events]


def handed(batches, name, within=None):
    return [pick.id for pick in batches.hand_out(name, within).picks]


def answer_all(project, name, ids):
    for id in ids:
        project.put(id, name, str(TRUTH[int(id)]), seconds=1.5)


def test_what_was_said_is_there_again_in_the_same_order(path):
    project, batches, judge = opened(path, audit=0.2)
    batches.choose()
    ids = handed(batches, "anna")
    assert len(ids) == len(set(ids)) == 10
    answer_all(project, "anna", ids[:6])
    project.put(ids[6], "anna", None, "unsure")
    project.put(ids[7], "anna", None, "later")
    project.put(ids[0], "anna", "2")
    project.take_back(ids[1], "anna")
    judge.look()
    curve, before = judge.curve, state(project)
    project.database.close()
    again, later, judged = opened(path, audit=0.2)
    assert state(again) == before
    assert again.leases.of("anna") == project.leases.of("anna") == [*ids[8:], ids[1]]
    assert handed(later, "anna") == [*ids[8:], ids[1]]  # nobody gets another batch for a restart
    assert judged.curve == curve
    assert len(again.session.log.batches[0].audit) == 2


def test_the_same_answer_again_changes_nothing(path):
    project, _, _ = opened(path)
    for _ in range(3):
        project.put("5", "anna", "1")
    project.take_back("5", "anna")
    project.take_back("5", "anna")
    project.put("6", "anna", None, "exclude")
    project.put("6", "anna", None, "exclude")
    assert [row[2:4] for row in project.database.events()] == [("tell", "5"), ("untell", "5"), ("skip", "6")]


@pytest.mark.parametrize(
    ("overlap", "given", "counts"),
    [
        (1, [("anna", "x"), ("bo", "y")], "y"),
        (3, [("anna", "x"), ("bo", "y")], "x"),
        (3, [("anna", "x"), ("bo", "y"), ("cy", "y")], "y"),
        (3, [("anna", "x"), ("bo", "y"), ("anna", "y")], "y"),
        (2, [(GIVEN, "z"), ("bo", "y")], "y"),
        (2, [(GIVEN, "z")], "z"),
        (2, [("anna", None), ("bo", "y")], "y"),
    ],
)
def test_the_answer_that_counts(overlap, given, counts):
    votes = Votes(overlap)
    for name, label in given:
        votes.put(Answer("1", name, label, "" if label else "unsure"))
    assert votes.resolved("1").label == counts


def test_agreement_is_krippendorffs():
    """The nominal example of Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section B."""
    votes = Votes(2)
    first, second = "b b b a a b b b b b".replace(" ", ""), "b b b a b b b b a b".replace(" ", "")
    said = []
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        votes.put(Answer(str(row), "anna", one))
        votes.put(Answer(str(row), "bo", other))
        said.append(one == other)
    n, counts = 20, {"a": (first + second).count("a"), "b": (first + second).count("b")}
    expected = 1 - sum(c * (c - 1) for c in counts.values()) / (n * (n - 1))
    observed = 1 - sum(said) / len(said)
    assert votes.agreement() == pytest.approx(1 - observed / expected)
    assert votes.disputed() == ["4", "8"]
    assert Votes(2).agreement() is None


def test_two_people_do_not_get_the_same_row_until_one_of_them_is_gone(path):
    clock = Clock()
    project, batches, _ = opened(path, clock, people=2)
    batches.choose()
    anna, bo = handed(batches, "anna"), handed(batches, "bo")
    assert len(anna) == len(bo) == 10
    assert not set(anna) & set(bo)
    clock.now += 300
    answer_all(project, "bo", bo)
    clock.now += 400  # anna was not heard of for 700 s, bo for 400
    batches.choose()
    everything = set()
    while ids := set(handed(batches, "bo")):
        everything |= ids
        answer_all(project, "bo", ids)
        batches.choose()
    assert everything == {str(row) for row in range(120)} - set(bo)
    found = batches.hand_out("bo")
    assert found.nothing == "All 120 rows are done: 120 have a label, 0 were skipped."
    project.put(anna[0], "anna", "0")  # an answer that comes late still counts
    assert project.session.log.labels[anna[0]] == "0"


def test_the_last_rows_may_be_with_others(path):
    project, batches, _ = opened(path, people=1)
    answer_all(project, "bo", [str(row) for row in range(115)])
    batches.choose()
    assert sorted(handed(batches, "anna")) == ["115", "116", "117", "118", "119"]
    assert batches.hand_out("bo").nothing.startswith("The last 5 rows are with other people")


def test_with_an_overlap_a_row_is_asked_so_often(path):
    project, batches, _ = opened(path, overlap=2)
    batches.choose()
    ids = handed(batches, "anna")
    answer_all(project, "anna", ids)
    assert handed(batches, "bo") == ids
    answer_all(project, "bo", ids)
    batches.choose()
    third = handed(batches, "cy")
    assert third
    assert not set(third) & set(ids)


def test_rows_within_a_class_are_the_likeliest(path):
    project, batches, judge = opened(path)
    with pytest.raises(AskwellError, match="Nothing is known of '1' yet"):
        batches.hand_out("anna", "1")
    answer_all(project, "anna", [str(row) for row in range(40)])
    judge.look()
    ids = handed(batches, "anna", "1")
    proba, classes = judge.believed
    rest = [row for row in range(40, 120)]
    best = sorted(rest, key=lambda row: -proba[row, classes.index("1")])[:10]
    assert ids == [str(row) for row in best]
    with pytest.raises(AskwellError, match="class 'nine'"):
        batches.hand_out("anna", "nine")


def test_batches_come_without_waiting_and_the_classifier_is_judged(path):
    project, batches, judge = opened(path)
    workers = start(project, batches, judge)
    try:
        for _ in range(4):
            with project.changed:
                while not (ids := handed(batches, "anna")):
                    assert project.changed.wait(timeout=60)
            answer_all(project, "anna", ids)
        with project.changed:
            while not judge.curve:  # a first look at very few labels makes no point of the curve
                assert project.changed.wait(timeout=60)
    finally:
        for worker in workers:
            worker.end()
            worker.join(timeout=60)
    assert not any(worker.is_alive() for worker in workers)
    assert judge.curve[0]["low"] < judge.curve[0]["value"] < judge.curve[0]["high"]
    assert batches.trouble is judge.trouble is None


def test_what_cannot_be_taken_in_leaves_nothing(path):
    project, _, _ = opened(path, classes=["0", "1", "2"])
    wrong = [
        (("nowhere", "anna", "1"), "not in the pool"),
        (("1", "anna", "nine"), "class 'nine'"),
        (("1", "  ", "1"), "give one of 1 to 200 characters"),
        (("1", "x" * 300, "1"), "give one of 1 to 200 characters"),
        (("1", GIVEN, "1"), "other than 'given'"),
        (("1", "anna", None, "perhaps"), "skip 'perhaps'"),
    ]
    for given, sentence in wrong:
        with pytest.raises(AskwellError, match=sentence):
            project.put(*given)
    with pytest.raises(AskwellError, match="class 'nine'"):
        project.put_all([Answer("1", "anna", "1"), Answer("2", "anna", "nine")])
    assert list(project.database.events()) == []
    assert project.answers == 0


def test_an_answer_that_cannot_be_written_does_not_count(path):
    project, _, _ = opened(path)
    with sqlite3.connect(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(AskwellError, match=r"cannot be written \(database is locked\); another program"):
            project.put("1", "anna", "1")
        assert not project.session.log.labels
        other.rollback()
    project.put("1", "anna", "1")
    assert project.session.log.labels == {"1": "1"}


def test_a_database_belongs_to_one_server_and_one_pool(path, tmp_path):
    project, _, _ = opened(path)
    with pytest.raises(AskwellError, match="Another server has"):
        Database(path)
    project.database.close()
    other = Database(path)
    with pytest.raises(AskwellError, match="holds the labels of another pool"):
        Project(askwell.Session(X[:60]), other)
    other.close()
    (tmp_path / "torn.sqlite").write_text("this is no database, but long enough to be looked at as one" * 20)
    with pytest.raises(AskwellError, match="cannot be opened"):
        Database(tmp_path / "torn.sqlite")
    for wrong in ({"overlap": 0}, {"batch": 0}, {"people": 0}):
        with pytest.raises(AskwellError, match="give at least 1"):
            opened(tmp_path / f"{'-'.join(wrong)}.sqlite", **wrong)


def test_leases_last_as_long_as_somebody_is_heard_of():
    leases = Leases(100)
    leases.hold("anna", ["1", "2"], 0)
    leases.hold("bo", ["2"], 50)
    assert leases.held(60) == {"1": 1, "2": 2}
    assert leases.held(60, but="anna") == {"2": 1}
    leases.hear("anna", 90)
    assert leases.held(160) == {"1": 1, "2": 1}
    assert (leases.active(95), leases.active(120)) == (2, 1)
    leases.hear("cy", 300)
    assert leases.held(300) == {}
