"""Programs that run side by side leave each other their cores."""

import threadpoolctl

from askwell.experiments.workers import side_by_side


def blas() -> list[int]:
    found = [one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
    assert found  # else there was nothing to limit
    return found


def test_linear_algebra_stays_on_its_thread_and_only_there():
    with threadpoolctl.threadpool_limits(2, "blas"):
        with side_by_side(2) as pool:
            assert set(pool.submit(blas).result()) == {1}
        assert set(blas()) == {2}
