"""Learners: the classifiers that the labels are for. To add one, write its file and import it here."""

from typing import Any

from askwell.core import AbstractFitted, AbstractLearner, AskwellError, collect, imported
from askwell.learners.base import FLOOR
from askwell.learners.in_context import InContext
from askwell.learners.logistic import Logistic
from askwell.learners.mlp import Mlp
from askwell.learners.sklearn import SklearnLearner

LEARNERS = collect("learner", globals(), AbstractLearner)


def make_learner(name: str) -> AbstractLearner:
    """The learner of that name with its default settings.

    ``sklearn:CLASSNAME`` wraps scikit-learn's, ``package.module:Name`` is one of your own.

    Raises:
        AskwellError: for an unknown name, listing the known ones.
    """
    kind, _, rest = name.partition(":")
    if rest and kind not in LEARNERS:
        found = imported("learner", name)
        return as_learner(found() if isinstance(found, type) else found)
    learner = LEARNERS[kind]
    if learner is SklearnLearner:
        return SklearnLearner.named(rest or "LogisticRegression")
    if rest and learner is InContext:
        return InContext(rest)
    if rest:
        raise AskwellError(f"The learner '{kind}' takes nothing after a colon, and '{rest}' was given.")
    return learner()


def as_learner(given: Any, name: str = "") -> AbstractLearner:
    """The learner that a name, a learner or a scikit-learn classifier stands for; errors call it `name`.

    Raises:
        AskwellError: for an unknown name, a classifier without `predict_proba`, or anything else.
    """
    if isinstance(given, str):
        return make_learner(given)
    if isinstance(given, AbstractLearner):
        return given
    if hasattr(given, "fit") and not isinstance(given, type):
        return SklearnLearner(given)
    called = f" '{name}'" if name else ""
    raise AskwellError(
        f"The learner{called} is {given!r}; give a name (askwell list learners), or a classifier with fit and "
        "predict_proba."
    )


__all__ = [
    "FLOOR",
    "LEARNERS",
    "AbstractFitted",
    "AbstractLearner",
    "InContext",
    "Logistic",
    "Mlp",
    "SklearnLearner",
    "as_learner",
    "make_learner",
]
