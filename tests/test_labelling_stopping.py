"""When a session advises to stop, and why."""

import math

import numpy as np
import pytest

import askwell
from askwell.asking.assess import Assessment
from askwell.asking.estimate import Estimate
from askwell.asking.expected import Expected
from askwell.asking.savings import Random, random_batches
from askwell.asking.stopping import Stop

AUDIT = Estimate(0.9, 0.86, 0.93, "audit")


@pytest.mark.parametrize(
    ("stop", "found", "labels", "why"),
    [
        (Stop(0.99, 3), Assessment(agreement=(0.9, 0.99, 0.995, 1.0)), 50, "each of the last 3 batches changed"),
        (Stop(0.99, 3), Assessment(agreement=(0.99, 0.98, 1.0)), 50, None),
        (Stop(0.99, 3), Assessment(agreement=(0.99, 1.0)), 50, None),
        (Stop(0.9, 1), Assessment(agreement=(0.92,)), 50, "the last batch changed at most 8.0%"),
        (Stop(None, 3), Assessment(agreement=(1.0, 1.0, 1.0)), 50, None),
        (Stop(None, gain=0.002), Assessment(gain=Expected(10, 0.0019, 0.01)), 50, "10 more labels will probably bring"),
        (Stop(None, gain=0.002), Assessment(gain=Expected(10, 0.0021, 0.01)), 50, None),
        (Stop(None, width=0.08), Assessment(audit=AUDIT), 50, "the audit tells the accuracy to within 0.07"),
        (Stop(None, width=0.06), Assessment(audit=AUDIT), 50, None),
        (Stop(None, width=0.5), Assessment(accuracy=AUDIT._replace(source="labels")), 50, None),
        (Stop(None, labels=100), Assessment(), 100, "there are 100 labels, and the budget is 100"),
        (Stop(None, labels=101), Assessment(), 100, None),
    ],
)  # fmt: skip
def test_each_criterion_gives_its_reason(stop, found, labels, why):
    said = stop.reasons(found, labels)
    assert len(said) == (why is not None)
    assert all(one.startswith(why) for one in said)


def test_any_one_of_them_suffices():
    both = Stop(0.9, 1, width=0.1, labels=10).reasons(Assessment(agreement=(1.0,), audit=AUDIT), 10)
    assert len(both) == 3


@pytest.mark.parametrize(
    "bad", [{"agreement": 0.0}, {"agreement": 1.1}, {"rounds": 0}, {"width": -1}, {"gain": 0}, {"labels": 0}]
)
def test_what_can_never_hold_is_refused(bad):
    with pytest.raises(askwell.AskwellError, match=f"stop: {next(iter(bad))} is"):
        Stop(**bad)


def test_a_session_stops_once_nothing_changes(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 150)
    x = rng.normal(size=(150, 3)) + 8 * np.eye(3)[truth]
    session = askwell.Session(x, strategy="random", stop=Stop(0.99, 2))
    stops = []
    for _ in range(4):
        ids = session.ask(10)
        session.tell(ids, truth[[int(name) for name in ids]])
        stops.append(session.status().stop)
    assert stops == [False, False, True, True]  # two batches must have changed nothing
    assert "You may stop: each of the last 2 batches changed at most 0.0% of the predictions." in str(
        session.status()
    )
    session.save(tmp_path / "s.json")
    assert askwell.Session.load(tmp_path / "s.json", x).status() == session.status()
    session.untell(list(session.log.labels)[-25:])
    assert not session.status().stop


@pytest.mark.parametrize("labels", [10, 37, 100, 200])
def test_what_random_batches_do_lies_between_what_was_measured(labels):
    found = random_batches("uherding", "logistic", labels, 0.8)
    assert found is not None
    assert 0 <= found.accuracy_low <= found.accuracy <= found.accuracy_high <= 1
    assert 0 < found.labels_low <= found.labels <= found.labels_high
    assert abs(found.accuracy - 0.8) < 0.1
    assert found.sets > 10
    # A classifier that is always right is as good with random batches, a bad one never worse than always wrong.
    assert random_batches("uherding", "logistic", labels, 1.0)[:3] == (1.0, 1.0, 1.0)
    assert min(random_batches("uherding", "logistic", labels, 0.0)[:3]) == 0.0


@pytest.mark.parametrize(
    ("strategy", "learner", "labels"),
    [
        ("audited", "logistic", 50),
        ("margin", "mlp", 50),
        ("margin", "logistic", 9),
        ("margin", "logistic", 201),
    ],
)
def test_nothing_is_said_of_what_was_never_measured(strategy, learner, labels):
    assert random_batches(strategy, learner, labels, 0.8) is None


def test_the_saving_is_told_in_whole_labels():
    one = Random(0.7, 0.6, 0.75, 60.0, 41.4, 88.6, 24)
    said = "By what half of 24 other sets showed, random batches would need {} for that."
    assert one.text() == said.format("41 to 89 labels")
    assert one._replace(labels_high=math.inf).text() == said.format("41 labels or more")
    assert one._replace(labels_low=math.inf, labels_high=math.inf).text() == ""


def test_only_labels_that_batches_asked_for_count_as_chosen():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 100)
    session = askwell.Session(rng.normal(size=(100, 3)) + np.eye(3)[truth], strategy="margin")
    for _ in range(2):
        ids = session.ask(10)
        session.tell(ids, truth[[int(name) for name in ids]])
    assert session.status().random is not None
    assert "random batches would need" in str(session.status())
    free = next(name for name in session.ids if name not in session.log.labels)
    session.tell(free, "0")
    assert session.status().random is None
