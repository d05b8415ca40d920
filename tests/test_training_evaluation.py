"""Fresh tasks: a policy and fixed strategies on the same tasks, none of which training saw."""

import json

import jax
import numpy as np
import pytest

from askwell import AskwellError
from askwell.policies import Pointwise
from askwell.policies.files import to_bytes
from askwell.training import TrainingSpec, against, fresh

WORLDS = (
    {"rounds": 2, "batch": 3, "pool": 32, "features": 3, "classes": 3, "share": 3.0},
    {"rounds": 2, "batch": 2, "pool": 24, "features": 4, "classes": 2},
    {"datasets": "iris", "pool": 60, "features": 4, "classes": 3},
)


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> str:
    """An untrained policy, which decides as margin-herding does."""
    path = tmp_path_factory.mktemp("policy") / "start.safetensors"
    path.write_bytes(to_bytes(Pointwise(jax.random.key(0)), {}))
    spec = TrainingSpec.make(sources=WORLDS).model_dump(exclude_none=True, mode="json")
    path.with_suffix(".json").write_text(json.dumps({"spec": spec}))
    return f"policy:{path}"


@pytest.fixture(scope="module")
def areas(policy):
    return fresh(policy, ["random", "margin-herding"], tasks=32)


def test_tasks_come_from_the_synthetic_worlds_by_their_shares(areas):
    assert areas.group_by("source").len().sort("source").rows() == [(0, 3 * 24), (1, 3 * 8)]
    assert areas["aulc"].is_between(0, 1).all()


def test_tasks_are_paired_and_the_seed_decides(policy, areas):
    again = fresh(policy, ["random"], tasks=32)
    assert again.filter(strategy="random").equals(areas.filter(strategy="random"))
    other = fresh(policy, ["random"], tasks=32, seed=1)
    assert not np.allclose(other["aulc"], again["aulc"])


def test_the_differences_are_the_mean_gaps(policy, areas):
    rows = {row["strategy"]: row for row in against(areas, policy).to_dicts()}
    own, other = (areas.filter(strategy=name)["aulc"].to_numpy() for name in (policy, "random"))
    gap = own - other
    assert rows["random"]["difference"] == pytest.approx(gap.mean())
    half = 2.0395 * gap.std(ddof=1) / 32**0.5  # Student's t, 31 degrees of freedom
    assert rows["random"]["difference_high"] == pytest.approx(gap.mean() + half, abs=1e-6)
    assert rows[policy]["difference"] == 0
    assert abs(rows["margin-herding"]["difference"]) < 0.03


def test_a_policy_without_synthetic_worlds_is_one_sentence(tmp_path, policy):
    bare = tmp_path / "bare.safetensors"
    bare.write_bytes(to_bytes(Pointwise(jax.random.key(0)), {}))
    for name in (f"policy:{bare}", "margin"):
        with pytest.raises(AskwellError, match="names no synthetic sources"):
            fresh(name, ["random"], tasks=4)
