"""Ray's workers give what threads give, whatever is lost on the way."""

import os
import signal
import sys
import time
import types
from pathlib import Path

import pytest

import askwell
from askwell.core import AskwellError
from askwell.execution import Ray, Threads, executor, make_executor
from askwell.training import TrainingSpec, train_each
from test_training_train import TINY, same

# Ray's own, and JAX's that the test's second machine is forked off a process with threads.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{name}")
    for name in ("DeprecationWarning", "FutureWarning", "ResourceWarning", "RuntimeWarning")
]
pytestmark.append(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(scope="module")
def cluster():
    """A head and a second machine, of a core each, in processes of this one."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cores = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    found = Cluster(initialize_head=True, head_node_args=cores)
    found.cores = cores
    os.environ["RAY_ADDRESS"] = found.address
    yield found
    ray.shutdown()
    found.shutdown()
    del os.environ["RAY_ADDRESS"]


@pytest.fixture
def works(cluster):
    return Ray("ray")


def square(job):
    return job**2


def test_every_job_comes_back_once(works):
    for one in (works, Threads(2)):
        kept = []
        assert dict(one.map(square, range(20), kept.append)) == {job: job**2 for job in range(20)}
        assert sorted(kept) == sorted(job**2 for job in range(20))
        assert list(one.map(square, [])) == []


def test_no_more_jobs_are_given_out_than_the_cluster_can_hold(works):
    given = []

    def jobs():
        for job in range(100):
            given.append(job)
            yield job

    results = works.map(square, jobs())
    next(results)
    assert len(given) <= executor.AHEAD
    results.close()


def test_the_records_are_those_of_threads(works, tmp_path):
    settings = {"strategies": ["random", "margin"], "rounds": 2, "batches": 5, "noise": 0.2, "splits": 6}
    here = askwell.compare("iris", **settings)
    there = askwell.compare("iris", **settings, executor="ray", out=tmp_path / "run")
    assert there.records.drop("seconds").equals(here.records.drop("seconds"))
    assert len(list((tmp_path / "run").rglob("*.parquet"))) == 12
    assert there.run_seconds > 0
    again = askwell.compare("iris", **settings, executor="ray", out=tmp_path / "run")
    assert again.run_seconds == 0
    assert again.records.equals(there.records)


def test_trainings_give_the_weights_of_one_after_another(works, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the workers are not
    specs = {f"a-{seed}": TrainingSpec.make(**TINY | {"updates": 2, "seeds": (seed,)}) for seed in (0, 1)}
    here = train_each(specs, "here")
    there = train_each(specs, "there", executor="ray")
    for name in specs:
        assert there[name] == here[name]
        same(tmp_path / "here" / name, tmp_path / "there" / name)


class Once:
    """Kills its own worker at one job, the first time."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __call__(self, job):
        if job == 3 and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return job


def test_a_worker_that_is_killed_loses_no_job_and_doubles_none(works, tmp_path):
    mark = tmp_path / "killed"
    assert sorted(job for job, _ in works.map(Once(mark), range(8))) == list(range(8))
    assert mark.exists()


def slow(job):
    time.sleep(0.3)
    return job


def test_a_machine_that_is_lost_loses_no_job(cluster, works):
    second = cluster.add_node(**cluster.cores)
    cluster.wait_for_nodes()
    found = []
    for job, _ in works.map(slow, range(14)):
        found.append(job)
        if len(found) == 4:
            cluster.remove_node(second, allow_graceful=False)
    assert sorted(found) == list(range(14))


class Fails:
    def __call__(self, job):
        if job == 2:
            raise AskwellError("Job 2 cannot be done.")
        return job


def test_what_a_job_raises_is_raised_here(works):
    for one in (works, Threads(1)):
        with pytest.raises(AskwellError, match=r"^Job 2 cannot be done\.$"):
            list(one.map(Fails(), range(5)))


def test_a_module_that_is_not_there_is_named(works, monkeypatch):
    module = types.ModuleType("only_here")
    exec("def play(job):\n    return job", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    with pytest.raises(
        AskwellError, match="has no module 'only_here'; install Askwell, and modules of your own"
    ):
        list(works.map(module.play, [1]))


def always(job):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_job_that_always_kills_its_worker_is_named(works, monkeypatch):
    monkeypatch.setattr(executor, "RETRIES", 1)
    with pytest.raises(AskwellError, match="Ray lost the job 7 2 times"):
        list(works.map(always, [7]))


def test_other_versions_are_refused():
    with pytest.raises(AskwellError, match="install the same versions on all machines"):
        executor._play("name", square, "askwell 0.0.1", 1)


@pytest.mark.parametrize("name", ["rya", "", "http://here"])
def test_other_names_are_refused(name):
    with pytest.raises(AskwellError, match=f"The executor is '{name}'; give 'threads', 'ray'"):
        make_executor(name)


def test_without_ray_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(AskwellError, match=r"needs Ray: pip install 'askwell\[ray\]'"):
        make_executor("ray")


def test_nobody_at_an_address(monkeypatch):
    ray = pytest.importorskip("ray")
    ray.shutdown()
    with pytest.raises(AskwellError, match=r"No Ray cluster could be used at 'ray://127\.0\.0\.1:1'"):
        make_executor("ray://127.0.0.1:1")
