"""The laws of trainers."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from askwell.core import Pool
from askwell.core.weights import named_arrays, with_arrays
from askwell.games import AbstractGame
from askwell.policies import AbstractHead
from askwell.testing.pools import agree, law, make_pool, stack
from askwell.training.base import AbstractTrainer

TASKS = 4


def _pools(n: int) -> Pool:
    """Some tasks: one pool, its rows in another order each time."""
    pool = make_pool(n=n)
    orders = [np.random.default_rng(seed).permutation(n) for seed in range(TASKS)]
    return stack([eqx.tree_at(lambda p: (p.x, p.y), pool, (pool.x[o], pool.y[o])) for o in orders])


class Case:
    """A trainer with a head and a game to hold it to its laws on; updates are compiled once."""

    def __init__(self, trainer: AbstractTrainer, head: AbstractHead, game: AbstractGame, n: int = 64):
        self.trainer, self.game = trainer, game
        self.pools = _pools(n)
        self.given = head
        self.state = trainer.init(jax.random.key(0), head, [(game, make_pool(n=n))])
        self._update = jax.jit(lambda key, state, pools: trainer.update(key, state, game, pools))

    def update(self, seed: int = 0, state: Any = None, pools: Pool | None = None):
        """One update, compiled."""
        state = self.state if state is None else state
        return self._update(jax.random.key(seed), state, self.pools if pools is None else pools)


def starts_at_what_it_is_given(case: Case) -> None:
    """Before the first update the head is the one that was given."""
    law(agree(case.trainer.head(case.state), case.given, 0), "`init` changed the head that it was given.")


def an_update_changes_the_weights(case: Case) -> None:
    """After an update the head has the same form and other weights."""
    after = case.trainer.head(case.update()[0])
    law(
        jax.tree.structure(after) == jax.tree.structure(case.given), "An update changed the form of the head."
    )
    law(not agree(after, case.given, 0), "An update changed no weight.")


def a_state_keeps_its_types(case: Case) -> None:
    """An update gives back a state of the same shapes and types, so that the next one needs no other program."""
    types = lambda state: jax.tree.map(jax.typeof, eqx.filter(state, eqx.is_array))
    law(types(case.state) == types(case.update()[0]), "An update changed the shapes or types of the state.")


def metrics_are_finite_numbers(case: Case) -> None:
    """What is told of an update are single finite numbers, and there are some."""
    metrics = case.update()[1]
    law(bool(metrics), "An update told nothing.")
    for name, value in metrics.items():
        law(jnp.shape(value) == () and bool(jnp.isfinite(value)), f"The metric {name} is no finite number.")


def the_key_is_all_chance(case: Case) -> None:
    """The same key and state give the same update; another key gives another."""
    first = case.update()
    law(agree(first, case.update(), 0), "The same update came out differently the second time.")
    law(not agree(first[0], case.update(seed=1)[0], 0), "The key changes nothing.")


def report_is_never_read(case: Case) -> None:
    """An update does not depend on the report split."""
    pools = case.pools
    other = eqx.tree_at(lambda p: (p.report_x, p.report_y), pools, (-pools.report_x, pools.report_y[:, ::-1]))
    law(agree(case.update(), case.update(pools=other), 0), "The report split has an influence on an update.")


def a_state_can_be_written_down(case: Case) -> None:
    """A state that was put into a file and taken out again goes on to the same bits."""
    state = case.update()[0]
    taken = with_arrays(state, named_arrays(state))
    law(
        agree(case.update(1, state), case.update(1, taken), 0),
        "A state that went through a file goes on differently: keep everything that counts in its arrays.",
    )


def seeds_side_by_side(case: Case) -> None:
    """Training two seeds under vmap gives what each gives alone."""
    keys = jax.random.split(jax.random.key(5), 2)
    alone = stack([case._update(key, case.state, case.pools) for key in keys])
    both = jax.jit(jax.vmap(lambda key: case.trainer.update(key, case.state, case.game, case.pools)))(keys)
    law(agree(alone, both), "Seeds under vmap are not those of a loop.")


TRAINER_LAWS: tuple[Callable[[Case], None], ...] = (
    starts_at_what_it_is_given,
    an_update_changes_the_weights,
    a_state_keeps_its_types,
    metrics_are_finite_numbers,
    the_key_is_all_chance,
    report_is_never_read,
    a_state_can_be_written_down,
    seeds_side_by_side,
)


def check_trainer(trainer: AbstractTrainer, head: AbstractHead, game: AbstractGame) -> None:
    """Hold a trainer to every law, with a head that it can train and a game for pools of 64 points.

    Raises:
        AssertionError: a sentence that says which law is broken, and how.
    """
    case = Case(trainer, head, game)
    for rule in TRAINER_LAWS:
        rule(case)
