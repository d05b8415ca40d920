"""Policies on disk."""

import json

import jax
import numpy as np
import pytest

from askwell import AskwellError
from askwell.policies import HEADS, load_policy, make_head, make_strategy
from askwell.policies.files import to_bytes
from askwell.strategies import STRATEGIES


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "policy.safetensors"
    file.write_bytes(to_bytes(make_head("pointwise", jax.random.key(3), {}), {}))
    return file


def changed(path, **about):
    """Another file whose header says something else."""
    length = int.from_bytes(path.read_bytes()[:8], "little")
    header = json.loads(path.read_bytes()[8 : 8 + length])
    old = json.loads(header["__metadata__"]["askwell"])
    header["__metadata__"]["askwell"] = json.dumps(old | about)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + path.read_bytes()[8 + length :])


@pytest.mark.parametrize("head", list(HEADS))
def test_what_is_written_is_read(head, tmp_path):
    policy = make_head(head, jax.random.key(3), {})
    (tmp_path / "policy.safetensors").write_bytes(to_bytes(policy, {}))
    for given in (tmp_path, tmp_path / "policy.safetensors"):
        read = load_policy(given)
        assert type(read) is type(policy)
        assert all(map(np.array_equal, jax.tree.leaves(read), jax.tree.leaves(policy)))


def test_strategies_by_name(path):
    assert isinstance(make_strategy("margin"), STRATEGIES["margin"])
    assert make_strategy(f"policy:{path}").name == "pointwise"
    with pytest.raises(AskwellError, match=r"Unknown strategy 'margn'\. Did you mean 'margin'"):
        make_strategy("margn")
    with pytest.raises(AskwellError, match="names no file"):
        make_strategy("policy:")


def test_a_missing_file(tmp_path):
    with pytest.raises(AskwellError, match="There is no policy file"):
        load_policy(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("length", [0, 5, 300, -40])
def test_a_file_cut_short(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(AskwellError, match="cut short"):
        load_policy(path)


def test_something_else(path):
    path.write_text("not a policy at all")
    with pytest.raises(AskwellError, match="no policy that Askwell wrote"):
        load_policy(path)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"format": "0"}, "has format 0, and this version of Askwell reads format 1"),
        ({"inputs": '["height"]'}, "trained on other features"),
        ({"head": "heads"}, "Unknown head 'heads'"),
        ({"settings": {"colour": 1}}, "cannot be made with the settings"),
    ],
)
def test_of_another_version(path, about, says):
    changed(path, **about)
    with pytest.raises(AskwellError, match=says):
        load_policy(path)
