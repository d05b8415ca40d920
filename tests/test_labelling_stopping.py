"""When a session advises to stop, and why."""

import numpy as np
import pytest

import askwell
from askwell.asking.assess import Assessment
from askwell.asking.estimate import Estimate
from askwell.asking.expected import Expected
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
