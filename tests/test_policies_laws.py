"""Every head is held to the laws of strategies, untrained and with noise on every weight, and to those of `act`."""

from pathlib import Path
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from askwell import testing
from askwell.core import NOT_ASKED, AbstractStrategy, Rows
from askwell.policies import HEADS, AbstractRowsPolicy, load_policy, make_head
from askwell.policies.files import to_bytes
from askwell.testing.pools import BATCH, POOLS, WARM, N, agree, at, permuted, views

SETTINGS = [
    ("pointwise", {}),
    ("linear", {"context": ["slot", "round"]}),
]
NAMES = [" ".join([name, *map(str, settings.values())]) for name, settings in SETTINGS]
KEY = jax.random.key(3)


def make(name, settings, noise: float):
    policy = make_head(name, jax.random.key(1), settings)
    params, rest = eqx.partition(policy, eqx.is_inexact_array)
    flat, back = ravel_pytree(params)
    return eqx.combine(back(flat + noise * jax.random.normal(jax.random.key(2), flat.shape)), rest)


POLICIES = {
    f"{name}{kind}": make(*setting, noise)
    for name, setting in zip(NAMES, SETTINGS, strict=True)
    for kind, noise in (("", 0.0), (", perturbed", 0.3))
}
PERTURBED = [name for name in POLICIES if name.endswith("perturbed")]


@eqx.filter_jit
def acted(policy, key, view, decisions=None, rows=None):
    return policy.act(key, view, Rows(BATCH), rows, decisions)


@eqx.filter_jit
def acted_each(policy, keys, views):
    return eqx.filter_vmap(lambda key, view: policy.act(key, view, Rows(BATCH)))(keys, views)


def test_every_head_is_here():
    over_rows = {name for name, head in HEADS.items() if issubclass(head, AbstractRowsPolicy)}
    assert {name for name, _ in SETTINGS} == over_rows


@pytest.mark.parametrize("law", testing.STRATEGY_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", POLICIES)
def test_law(name, law):
    law(POLICIES[name])


class FromFile(AbstractStrategy):
    """Policies travel as files: their networks cannot be pickled."""

    name: ClassVar[str] = "from-file"
    path: Path = eqx.field(static=True)

    def select(self, key, view, q):
        return load_policy(self.path).select(key, view, q)


def test_all_pick_the_same_in_another_process(tmp_path):
    paths = [tmp_path / f"{number}.safetensors" for number in range(len(SETTINGS))]
    for path, name, (_, settings) in zip(paths, PERTURBED, SETTINGS, strict=True):
        path.write_bytes(to_bytes(POLICIES[name], settings))
        view = at(views(POLICIES[name]), WARM)
        loaded = FromFile(path).select(KEY, view, BATCH)
        np.testing.assert_array_equal(loaded, POLICIES[name].select(KEY, view, BATCH))
    testing.same_picks_in_another_process(*map(FromFile, paths))


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("name", POLICIES)
def test_what_is_drawn_is_a_batch_with_finite_figures(name, kind):
    shown = views(POLICIES[name], kind)
    acts = acted_each(POLICIES[name], jax.random.split(KEY, len(shown.round)), shown)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(acts))
    for picks, asked in zip(np.asarray(acts.action), np.asarray(shown.y) != NOT_ASKED, strict=True):
        assert len(set(picks.tolist())) == BATCH
        assert not asked[picks].any()
    np.testing.assert_allclose(acts.chance.sum(axis=2), 1, atol=1e-5)
    assert (acts.log_prob <= 1e-6).all()
    assert (acts.entropy >= -1e-6).all()
    assert not (acts.chance * (shown.y != NOT_ASKED)[:, None]).any()


@pytest.mark.parametrize("name", PERTURBED)
def test_given_decisions_are_as_likely_as_when_they_were_drawn(name):
    view = at(views(POLICIES[name]), WARM)
    drawn = acted(POLICIES[name], KEY, view)
    assert agree(drawn, acted(POLICIES[name], KEY, view, drawn.decisions), 1e-5)
    assert not agree(drawn, acted(POLICIES[name], jax.random.key(9), view), 1e-5)


@pytest.mark.parametrize("name", PERTURBED)
def test_points_come_as_often_as_their_chance_says(name):
    policy, keys = POLICIES[name], jax.random.split(KEY, 4000)
    view = at(views(policy), WARM)
    acts = jax.jit(jax.vmap(lambda key: policy.act(key, view, Rows(BATCH))))(keys)
    chance = np.asarray(acts.chance, float)
    hit = np.asarray(acts.action)[..., None] == np.arange(N)
    # Given those before it, each pick is as likely as said: what is left after subtracting has mean 0.
    error = np.sqrt((chance * (1 - chance)).sum(axis=0)) / len(keys)
    off = np.abs((hit - chance).mean(axis=0))
    assert off.max() > 0
    assert (off <= 5 * error + 2 / len(keys)).all()
    told = np.take_along_axis(chance, np.asarray(acts.action)[..., None], axis=2)[..., 0]
    assert (told > 0).all()


@pytest.mark.parametrize("name", PERTURBED)
def test_permuting_the_pool_permutes_the_chances(name):
    order = np.random.default_rng(2).permutation(N)
    for round in (0, WARM):
        view = at(views(POLICIES[name]), round)
        other = permuted(view, order)
        before, after = (acted(POLICIES[name], KEY, v).chance[0] for v in (view, other))
        assert np.ptp(before) > 0.01
        np.testing.assert_allclose(before[order], after, atol=1e-4)


def test_candidates_limit_the_pointwise_choice():
    policy = POLICIES["pointwise, perturbed"]
    view, rows = at(views(policy), 0), jnp.array([3, 9, 11, 20, 41, 60])
    act = acted(policy, KEY, view, None, rows)
    assert set(np.asarray(act.action).tolist()) <= set(rows.tolist())
    assert float(jnp.sum(act.chance[:, rows])) == pytest.approx(BATCH, abs=1e-5)


@pytest.mark.parametrize("name", PERTURBED)
def test_gradients_of_log_probability_by_finite_differences(name):
    with jax.enable_x64(True):
        double = lambda tree: jax.tree.map(lambda a: a.astype(float) if eqx.is_inexact_array(a) else a, tree)
        view, policy = double(at(views(POLICIES[name]), WARM)), double(POLICIES[name])
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        flat, back = ravel_pytree(params)
        drawn = policy.act(KEY, view, Rows(BATCH)).decisions

        @jax.jit
        def log_prob(flat):
            return jnp.sum(eqx.combine(back(flat), rest).act(KEY, view, Rows(BATCH), None, drawn).log_prob)

        gradient = jax.grad(log_prob)(flat)
        along = jax.random.normal(KEY, (4, len(flat)))
        step = 1e-5
        slopes = [(log_prob(flat + step * v) - log_prob(flat - step * v)) / (2 * step) for v in along]
        np.testing.assert_allclose(along @ gradient, jnp.stack(slopes), rtol=1e-5, atol=1e-7)
        assert float(jnp.max(jnp.abs(gradient))) > 1e-2
