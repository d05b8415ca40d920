"""Learners: the classifiers that the labels are for. To add one, write its file and import it here."""

from askwell.core import AbstractFitted, AbstractLearner, AskwellError, collect
from askwell.learners.base import FLOOR
from askwell.learners.logistic import Logistic
from askwell.learners.mlp import Mlp
from askwell.learners.sklearn import SklearnLearner

LEARNERS = collect("learner", globals(), AbstractLearner)


def make_learner(name: str) -> AbstractLearner:
    """The learner of that name with its default settings; ``sklearn:CLASSNAME`` wraps scikit-learn's.

    Raises:
        AskwellError: for an unknown name, listing the known ones.
    """
    kind, _, rest = name.partition(":")
    learner = LEARNERS[kind]
    if learner is SklearnLearner:
        return SklearnLearner.named(rest or "LogisticRegression")
    if rest:
        raise AskwellError(f"The learner '{kind}' takes nothing after a colon, and '{rest}' was given.")
    return learner()


__all__ = [
    "FLOOR",
    "LEARNERS",
    "AbstractFitted",
    "AbstractLearner",
    "Logistic",
    "Mlp",
    "SklearnLearner",
    "make_learner",
]
