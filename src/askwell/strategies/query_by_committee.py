"""Query by committee."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, AskwellError, View
from askwell.strategies import disagreement
from askwell.strategies.pickers import top_k
from askwell.strategies.refit import committee_score

MEASURES = {"votes": disagreement.vote_entropy, "kl": disagreement.mutual_information}


class QueryByCommittee(AbstractStrategy):
    """Where refits to reweighted labels differ most (McCallum & Nigam 1998); random in a cold round.

    Vote entropy (``measure="votes"``, Engelson & Dagan 1996), top `q` with the many ties broken at random, or
    the mean KL divergence to the members' mean (``measure="kl"``), which is the same number as BALD's.
    """

    name: ClassVar[str] = "qbc"
    needs: ClassVar[tuple[str, ...]] = ("learner",)
    large: ClassVar[bool] = True
    members: int = eqx.field(static=True, default=10)
    measure: str = eqx.field(static=True, default="votes")

    def __check_init__(self):
        """Refuse an unknown measure."""
        if self.measure not in MEASURES:
            raise AskwellError(f"qbc's measure is '{self.measure}'; choose one of {', '.join(MEASURES)}.")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        committee_key, tie_key = jax.random.split(key)
        score = committee_score(committee_key, view, self.name, self.members, MEASURES[self.measure])
        score = jnp.where(view.cold, 0.0, score)
        return top_k(tie_key, score, view.asked, q)
