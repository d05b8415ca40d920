"""Which metric helps in a domain, and which strategy? Judged on past classes, or past tasks, that are left out."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from askwell.core import ACCURACY, metric_of
from askwell.data import Table
from askwell.encoders.candidates import CANDIDATES, NONE
from askwell.encoders.domain import Domain
from askwell.encoders.metric import Metric
from askwell.encoders.network import Network
from askwell.execution import Program, compilation_cache
from askwell.games import BatchGame, OneOf
from askwell.learners import make_learner
from askwell.policies import make_strategy
from askwell.training.past import DEALS, Deal, deals, encoded, kept
from askwell.training.programs import areas

ROUNDS, BATCH = 10, 10
"""Of a game with all classes. With some of them the batch is as much smaller, since few classes are told apart soon,
and then all metrics look alike."""

FEWEST_LABELS = 2
"""Labels of a batch, at least."""

SURE = 2
"""Standard errors by which a metric or a strategy must be better: with one, shuffled labels still taught something."""

FEWEST = 4
"""Past classes, or twice as many past tasks as are needed to leave any out: below that nothing can be chosen."""

STRATEGIES = ("uherding", "margin-herding", "learned", "badge", "typiclust", "margin", "random")
"""To choose from. The first of them plays to judge metrics."""


def led_by(first: str) -> tuple[str, ...]:
    """`STRATEGIES`, with this one before the others."""
    return first, *(name for name in STRATEGIES if name != first)


class Candidate(NamedTuple):
    """A metric, or a strategy, that was tried.

    Attributes:
        name: of it.
        score: mean over the left-out tasks, of the metric that the user wants, over the labels.
        gain: how much better than no metric, or than the first strategy, that is; positive is better, whatever the
            metric.
        se: the standard error of the gain over deals of the classes.
    """

    name: str
    score: float
    gain: float
    se: float


class Learned(NamedTuple):
    """What a history teaches.

    Attributes:
        domain: what encodes further pools; None where no metric helps.
        name: of the metric that is kept, `NONE` where none helps.
        candidates: all metrics that were tried, the best first.
        reason: why this one, in a sentence.
        strategy: the strategy to play in that metric.
        strategies: all that were tried there, the best first.
        why: why this strategy, in a sentence.
    """

    domain: Domain | None
    name: str
    candidates: tuple[Candidate, ...]
    reason: str
    strategy: str
    strategies: tuple[Candidate, ...]
    why: str


def learn_metric(
    history: Table,
    tasks: np.ndarray | None = None,
    *,
    features: int = 64,
    strategies: Sequence[str] = STRATEGIES,
    metric: str = ACCURACY,
    seed: int = 0,
    family: Mapping[str, Metric | Network] = CANDIDATES,
    watch: Callable[[int, int], None] = lambda done, whole: None,
) -> Learned:
    """The metric in which a learner gets on best with classes, or tasks, that it has not seen; and the strategy there.

    Half of the past classes are left out in turn: each candidate is fitted to the others, and the first of the
    `strategies` plays pools of those. A game has 10 rounds from nothing, of 10 labels if it had all classes, and of
    fewer in proportion, or where rows are few. With `tasks`, tasks are left out instead.
    No metric at all, with the rows encoded by themselves, is always a candidate, and is kept unless another is better
    by `SURE` standard errors. In the metric that is kept the other strategies play the same games, and one of them
    takes the place of the first if it is better by as much.

    Args:
        history: rows with labels.
        tasks: ``int [N]``, which task each row belongs to; by default classes are left out.
        features: most features that are kept.
        strategies: what plays.
        metric: what counts, see `askwell.core.METRICS`.
        seed: decides the deals.
        family: metrics to choose from; what encodes further pools knows those of `CANDIDATES` alone.
        watch: called with steps done and in all: a step is a deal that is encoded, or a candidate that played.

    Raises:
        AskwellError: for a history with too few rows to play.
    """
    compilation_cache()
    y = np.unique(np.asarray(history.labels, str), return_inverse=True)[1].astype(np.int32)
    groups = y if tasks is None else tasks
    count, what = len(np.unique(groups)), "classes" if tasks is None else "tasks"
    least = FEWEST if tasks is None else FEWEST // 2
    if count < least:
        few = f"The history has {count} {what}; with fewer than {least} none can be left out."
        return Learned(None, NONE, (), few, strategies[0], (), few)
    made, fewest = [], 2 * ROUNDS * FEWEST_LABELS
    for fit, played in deals(y, groups, tasks is not None, seed, fewest):
        made.append(encoded(history, y, fit, played, features))
        watch(len(made), DEALS + len(family) + len(strategies))  # at most
    wide = max(deal.own.shape[1] for deal in made) > features
    names = [NONE, *(name for name, one in family.items() if wide or not one.wide)]
    whole = DEALS + len(names) + len(strategies) - 1
    steps = iter(range(DEALS + 1, whole + 1))
    play = _player(made, strategies, metric, features, seed)
    scores = {}
    for name in names:
        scores[name] = play(family.get(name), 0)
        watch(next(steps), whole)
    about = metric_of(metric)
    name, candidates = _chosen(scores, about.sign)
    in_it = {strategies[0]: scores[name]}
    for at, other in enumerate(strategies[1:], 1):
        in_it[other] = play(family.get(name), at)
        watch(next(steps), whole)
    strategy, tried = _chosen(in_it, about.sign)
    reason = (
        f"No metric was better than none by more than {SURE} standard errors on {what} that were left out."
    )
    if name != NONE:
        reason = f"On {what} that were left out, {metric} over the labels was {_better(candidates[0], 'no metric')}."
    why = f"No other strategy was better than {strategy} by more than {SURE} standard errors there."
    if strategy != strategies[0]:
        why = f"There {strategy} reached {_better(tried[0], strategies[0])}."
    domain = None
    if name != NONE:
        domain = Domain(name, kept(history, np.arange(len(y))), features, history.name)
    return Learned(domain, name, candidates, reason, strategy, tried, why)


def _player(
    made: Sequence[Deal], strategies: Sequence[str], metric: str, features: int, seed: int
) -> Callable[[Metric | Network | None, int], np.ndarray]:
    """What plays one of the strategies in a metric: its score in each deal."""
    width = max(min(x.shape[1], features) for deal in made for x in (deal.raw, deal.own))
    share = len(np.unique(made[0].classes)) / made[0].known
    batch = min(max(round(BATCH * share), FEWEST_LABELS), len(made[0].tasks[0][0]) // (2 * ROUNDS))
    game, players = BatchGame(make_learner("logistic"), ROUNDS, batch), tuple(map(make_strategy, strategies))
    column = metric_of(metric).column
    program = Program(lambda key, pools, place: areas(game, OneOf(players, place), key, pools, column))

    def play(one: Metric | Network | None, place: int) -> np.ndarray:
        pools = [pool for deal in made for pool in deal.pools(one, features, width)]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *pools)
        played = np.asarray(program(jax.random.key(seed), stacked, np.int32(place)))
        return played.reshape(len(made), -1).mean(axis=1)

    return play


def _chosen(scores: Mapping[str, np.ndarray], sign: int) -> tuple[str, tuple[Candidate, ...]]:
    """The first, unless the best is better by `SURE` standard errors; and all, the best first."""
    first = next(iter(scores))
    tried = []
    for name, score in scores.items():
        gains = sign * (score - scores[first])
        se = float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
        tried.append(Candidate(name, float(score.mean()), float(gains.mean()), se))
    tried.sort(key=lambda one: -one.gain)
    best = tried[0]
    return best.name if best.gain > SURE * best.se else first, tuple(tried)


def _better(best: Candidate, other: str) -> str:
    return f"{best.score:.3f}, better than {other} by {best.gain:.3f} (standard error {best.se:.3f})"
