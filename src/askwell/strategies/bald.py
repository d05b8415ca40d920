"""Bayesian active learning by disagreement."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.disagreement import mutual_information
from askwell.strategies.pickers import top_k
from askwell.strategies.refit import committee_score


class Bald(AbstractStrategy):
    """Most informative about which of several refits is right (Houlsby et al. 2011); random in a cold round.

    Mutual information between label and committee member, top `q`. The committee stands for the posterior
    that Gal et al. (2017) draw by dropout: `members` refits to the labels under the Bayesian bootstrap.

    With few labels and a linear learner it can be far below random: on digits (4 splits) its batches of
    10 held 7 to 9 points of one class in rounds 2 to 6 (random 2 to 4), with norms a fifth above the pool's, and
    7 of 10 classes had been seen after 50 labels, where random had seen all. Which of these is the cause was not
    tested. The score does not penalise redundancy, nor does it favour classes not seen.
    """

    name: ClassVar[str] = "bald"
    needs: ClassVar[tuple[str, ...]] = ("learner",)
    large: ClassVar[bool] = True
    members: int = eqx.field(static=True, default=10)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        committee_key, tie_key = jax.random.split(key)
        score = committee_score(committee_key, view, self.name, self.members, mutual_information)
        score = jnp.where(view.cold, 0.0, score)
        return top_k(tie_key, score, view.asked, q)
