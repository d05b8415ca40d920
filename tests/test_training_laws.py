"""Every registered trainer is held to the laws, and the laws reject what breaks them."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import pytest

from askwell.core import AskwellError
from askwell.games import BatchGame, ClassQueries, LabelOrSkip, PointQueries
from askwell.policies import Gain, Groups, Linear, PointActor, PointGain, SkipPolicy
from askwell.testing import TRAINER_LAWS
from askwell.testing import trainers as laws
from askwell.training import DQN, TD3, TRAINERS, Regression, Reinforce, Siblings, SiblingsReplay
from askwell.training.optimiser import Optimiser

GAME = BatchGame(rounds=2, batch=3)
CLASSES = ClassQueries(GAME)
STREAM = LabelOrSkip(BatchGame(rounds=2, batch=3), every=8)
CASES = {
    "siblings": (Siblings(k=3), Linear, GAME),
    "siblings, natural": (Siblings(k=3, optimiser=Optimiser("natural", step=0.1)), Linear, GAME),
    "siblings of classes": (Siblings(k=3), Groups, CLASSES),
    "reinforce": (Reinforce(episodes=3), Groups, CLASSES),
    "reinforce on a stream": (Reinforce(episodes=3), SkipPolicy, STREAM),
    "regression": (Regression(k=4, buffer=64, steps=1), Gain, BatchGame(rounds=3, batch=1)),
    "regression of points": (
        Regression(k=4, buffer=64, steps=1),
        PointGain,
        PointQueries(BatchGame(rounds=3, batch=1)),
    ),
    "dqn": (DQN(k=4, buffer=64, steps=1, minibatch=8), Gain, BatchGame(rounds=3, batch=1)),
    "td3": (
        TD3(rows=8, buffer=64, steps=1, minibatch=8),
        PointActor,
        PointQueries(BatchGame(rounds=3, batch=1)),
    ),
    "siblings-replay": (SiblingsReplay(k=3, buffer=6, steps=2, minibatch=3), Linear, GAME),
    "imitation": (TRAINERS["imitation"](), Linear, GAME),
}


@pytest.fixture(scope="module")
def cases():
    made = {}

    def of(name: str) -> laws.Case:
        if name not in made:
            trainer, head, game = CASES[name]
            made[name] = laws.Case(trainer, head(jax.random.key(1)), game)
        return made[name]

    return of


def test_every_trainer_is_here():
    assert {trainer.name for trainer, _, _ in CASES.values()} == set(TRAINERS)


@pytest.mark.parametrize("law", TRAINER_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", CASES)
def test_law(cases, name, law):
    law(cases(name))


class Stubborn(Reinforce):
    name: ClassVar[str] = "stubborn"

    def learn(self, key, state, places, collected):
        return state, super().learn(key, state, places, collected)[1]


class Retypes(Reinforce):
    name: ClassVar[str] = "retypes"

    def init(self, key, head, games):
        state = super().init(key, head, games)
        return dataclasses.replace(state, baseline=tuple(jnp.full(a.shape, 0.0) for a in state.baseline))


class Resets(Reinforce):
    name: ClassVar[str] = "resets"

    def init(self, key, head, games):
        return super().init(key, jax.tree.map(lambda a: a + 1 if hasattr(a, "dtype") else a, head), games)


class PeeksAtTheReport(Reinforce):
    name: ClassVar[str] = "peeks"

    def collect(self, key, state, place, game, pools):
        gradient, *rest = super().collect(key, state, place, game, pools)
        return jax.tree.map(lambda g: g + jnp.mean(pools.report_x), gradient), *rest


class Silent(Reinforce):
    name: ClassVar[str] = "silent"

    def learn(self, key, state, places, collected):
        state, metrics = super().learn(key, state, places, collected)
        return state, {"reward": metrics["reward"] * jnp.nan}


class AlwaysTheSame(Reinforce):
    name: ClassVar[str] = "always-the-same"

    def collect(self, key, state, place, game, pools):
        return super().collect(jax.random.key(0), state, place, game, pools)


calls = [0.0]


class Remembers(Reinforce):
    name: ClassVar[str] = "remembers"

    def learn(self, key, state, places, collected):
        def count():
            calls[0] += 1
            return jnp.float32(calls[0])

        times = jax.pure_callback(count, jax.ShapeDtypeStruct((), jnp.float32), vmap_method="sequential")
        state, metrics = super().learn(key, state, places, collected)
        mean = dataclasses.replace(state.mean, arrays=[a + times for a in state.mean.arrays])
        return dataclasses.replace(state, mean=mean), metrics


class MixesSeeds(Reinforce):
    name: ClassVar[str] = "mixes-seeds"

    def learn(self, key, state, places, collected):
        state, metrics = super().learn(key, state, places, collected)
        centred = lambda a: jax.pure_callback(
            lambda b: b + (b.ndim > a.ndim), a, a, vmap_method="broadcast_all"
        )
        mean = dataclasses.replace(state.mean, arrays=[centred(a) for a in state.mean.arrays])
        return dataclasses.replace(state, mean=mean), metrics


@pytest.mark.parametrize(
    ("trainer", "law", "sentence"),
    [
        (Resets, laws.starts_at_what_it_is_given, "changed the head"),
        (Stubborn, laws.an_update_changes_the_weights, "changed no weight"),
        (Retypes, laws.a_state_keeps_its_types, "types of the state"),
        (Silent, laws.metrics_are_finite_numbers, "no finite number"),
        (AlwaysTheSame, laws.the_key_is_all_chance, "changes nothing"),
        (Remembers, laws.the_key_is_all_chance, "the second time"),
        (Remembers, laws.a_state_can_be_written_down, "went through a file"),
        (PeeksAtTheReport, laws.report_is_never_read, "influence on an update"),
        (MixesSeeds, laws.seeds_side_by_side, "not those of a loop"),
    ],
)
def test_a_broken_trainer_is_rejected(trainer, law, sentence):
    with pytest.raises(AssertionError, match=sentence):
        law(laws.Case(trainer(episodes=2), Linear(jax.random.key(1)), BatchGame(rounds=1, batch=3)))


@pytest.mark.parametrize("prior", ["classe", ""])
def test_an_unknown_prior_is_refused(prior):
    with pytest.raises(AskwellError, match="Unknown prior"):
        Siblings(prior=prior)


def test_the_natural_gradient_needs_what_can_be_compared():
    with pytest.raises(AskwellError, match="compares sibling batches"):
        Reinforce(optimiser=Optimiser("natural"))
    with pytest.raises(AskwellError, match="Unknown optimiser 'adams'"):
        Optimiser("adams")
