"""The Bayesian signed-rank test: how probable it is that a strategy is better."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from askwell.core import AskwellError

SAMPLES = 50_000
"""Monte-Carlo draws; a probability's standard error is then at most 0.0022."""


class Posterior(NamedTuple):
    """Probabilities of better, equivalent (within ``±delta``) and worse; they sum to one."""

    better: float
    equivalent: float
    worse: float


def bayes_signed_rank(
    differences: Sequence[float] | np.ndarray,
    delta: float,
    seed: int = 0,
    prior: float = 1.0,
    samples: int = SAMPLES,
) -> Posterior:
    """Posterior of the Bayesian signed-rank test (Benavoli et al. 2017, JMLR 18, section 4.2).

    Datasets are a sample from a distribution of differences with a Dirichlet process prior: one
    pseudo-dataset of weight `prior` whose difference is 0. A draw ``w ~ Dirichlet(prior, 1, …, 1)`` gives
    three shares ``Σ wᵢ wⱼ`` of the pairs ``i, j``: those with ``(zᵢ + zⱼ) / 2`` above ``delta``, within
    ``±delta`` and below ``-delta`` (pairs just on a bound count half on either side). The probability of
    "better" is how often the first share is the largest; and so on. Like the signed-rank test it speaks of
    datasets; the splits' noise in their means is not modelled.

    Args:
        differences: one mean difference per dataset ``[k]``; splits, learners and batches are averaged first.
        delta: differences smaller than this do not matter.
        seed: of the draws.
        prior: weight of the pseudo-dataset, in datasets; 1 is a little more cautious than the authors' 0.5.
        samples: draws; memory grows with ``samples × k``.

    Raises:
        AskwellError: if there is no difference, one is not finite, or `delta` or `prior` is not positive.
    """
    z = np.asarray(differences, float)
    if z.ndim != 1 or not z.size or not np.isfinite(z).all():
        raise AskwellError(
            f"The differences have shape {z.shape}; give one finite mean per dataset, at least one."
        )
    if delta <= 0 or prior <= 0:
        raise AskwellError(f"delta is {delta} and prior is {prior}, but both must be positive.")
    z = np.append(0.0, z)
    sums = np.add.outer(z, z)
    # Accuracies are counts over counts, so pairs on a bound do occur: rounding must not push them off it.
    above = np.heaviside(np.round(sums - 2 * delta, 12), 0.5)
    below = np.heaviside(np.round(-sums - 2 * delta, 12), 0.5)
    weights = np.random.default_rng(seed).dirichlet(np.append(prior, np.ones(len(z) - 1)), samples)
    better = np.sum(weights @ above * weights, axis=1)
    worse = np.sum(weights @ below * weights, axis=1)
    shares = np.stack([better, 1 - better - worse, worse])
    wins = np.bincount(np.argmax(shares, axis=0), minlength=3) / samples
    return Posterior(*wins.tolist())
