"""`Session`: the game with a person in the annotator's place."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from askwell.asking.answers import collect
from askwell.asking.ask import chooser_of
from askwell.asking.belief import read_proba
from askwell.asking.defaults import default_strategy
from askwell.asking.notes import notes
from askwell.asking.pool import Reading, encode_pool, located, open_pool, read_pool
from askwell.asking.stopping import DEFAULT, Stop
from askwell.core import ACCURACY, AskwellError, unknown
from askwell.data.kept import KeptTable
from askwell.encoders import unused
from askwell.execution import compilation_cache
from askwell.labelling import saved, told
from askwell.labelling.log import EXCLUDE, HOW, Event, Log
from askwell.labelling.predictions import decided
from askwell.labelling.standing import Standing
from askwell.labelling.status import Status, status_of
from askwell.learners import as_learner
from askwell.strategies.audited import Audited


class Session:
    """A person's labelling of one pool, round after round; docs/label.md shows one.

    The same pool, settings, seed and answers give the same batches. All is decided by the log of what was asked and
    answered, which `save` writes.

    Attributes:
        rows: the pool, not encoded.
        ids: ``object [N]`` of str, the rows' names.
        log: what was asked, told, skipped and taken back, in order.
        strategy: chooses the batches.
        standing: what follows from the log.
        stop: when `status` advises to stop.
        notes: what the user should know of the pool and its labels or, after `ask`, of how the batch was chosen, in
            sentences.
    """

    def __init__(
        self,
        X: Any,
        strategy: Any = None,
        learner: Any = "logistic",
        ids: Any = None,
        classes: Sequence[str] | None = None,
        seed: int = 0,
        *,
        labels: Any = None,
        proba: Any = None,
        id: str | None = None,
        label: str | None = None,
        features: int = 64,
        ignore: Sequence[str] | None = None,
        features_from: Sequence[str] | None = None,
        audit: float = 0.0,
        stop: Stop = DEFAULT,
        metric: str = ACCURACY,
        encoder: str | Path | None = None,
        embeddings: str | Path | None = None,
    ):
        """Read and encode the pool; labels that it brings along count as told.

        Args:
            X: a path (.csv .tsv .parquet .jsonl .npy .npz), numbers ``[N, d]`` (NumPy, SciPy sparse), a frame (pandas,
                Polars), or N texts.
            strategy: a name, a strategy, ``package.module:Name``, or a function ``query(X, labels, q)``, which is slow;
                by default the one that was best in `metric` on other data (docs/choose.md).
            learner: a name, a learner, or a scikit-learn classifier with `predict_proba`; not used with `proba`.
            ids: N names, all different; by default the id column, else a frame's own index, else numbers from 0.
            classes: all classes that may be told, in the order of probabilities; by default those that were told,
                sorted, numbers by size.
            seed: decides ties.
            labels: what was labelled before: a table with ids and labels, or ``{id: label}``.
            proba: class probabilities ``[N, c]`` of your own model, a path or an array; `classes` then names columns.
            id: the id column of a file or frame.
            label: the column of labels that the pool brings along; by default label, target, class or y.
            features: most features that are kept, as in `askwell.compare`.
            ignore: columns that are left out.
            features_from: columns that are features; by default all but label and id.
            audit: the share of each batch that is drawn at random, at least one row if it is above 0: then `status`
                has an interval for the accuracy that holds whatever the data are.
            stop: when `status` advises to stop.
            metric: what counts in the end, see `askwell.core.METRICS`; it decides the default strategy, and what
                `predict` says of rows that may be of a rare class (docs/unbalanced.md).
            encoder: the directory that ``askwell train --history`` wrote: the metric of your domain (docs/history.md).
                Or "sentences": prose is encoded by a small sentence encoder, too (the extra `sentences`).
            embeddings: a file of numbers that stand for the rows, by id or in their order (.npy, .npz, .parquet); the
                pool's own columns are then only shown.

        Raises:
            AskwellError: one sentence on what is wrong with the input.
        """
        compilation_cache()
        standard = default_strategy(metric)
        strategy = standard if strategy is None else strategy
        chosen = chooser_of(strategy, proba is not None)
        self._audit = Audited(chosen, audit) if audit else None
        self.strategy = self._audit or chosen
        only = None if features_from is None else tuple(features_from)
        files = [located(one) for one in (encoder, embeddings)]
        reading = Reading(label, id, labels is not None, tuple(ignore or ()), only, features, *files)
        self._pool, (rows, x) = (X, reading, ids), open_pool(X, reading, ids)
        self._encoder = None
        if x is None:
            assert not isinstance(rows, KeptTable)
            self._encoder, x = encode_pool(X, reading, rows)
        self.rows, self.ids, self._place = rows, rows.ids, {name: row for row, name in enumerate(rows.ids)}
        given = None if proba is None else read_proba(proba, len(self.ids))
        declared = told.declared(classes, None if given is None else given.shape[1])
        self.standing = Standing(as_learner(learner), seed, x, self._place, given, declared)
        self.stop, self.metric = stop, metric
        self._settings = {
            "pool": str(Path(X).expanduser().resolve()) if isinstance(X, str | Path) else None,
            "strategy": strategy if isinstance(strategy, str) else None,
            "learner": learner if isinstance(learner, str) else None,
            "proba": proba is not None,
            "classes": declared,
            "seed": seed,
            "id": id,
            "label": label,
            "features": features,
            "ignore": reading.ignore,
            "features_from": only,
            "encoder": reading.encoder,
            "embeddings": reading.embeddings,
            "audit": audit,
            "metric": metric,
            "stop": dataclasses.asdict(stop),
        }
        before = collect(rows, labels, label=label, id=id, classes=declared)
        self.notes = (*unused(encoder), *notes(rows, before, label))
        self.log = Log(told.before(self.ids, before))

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the columns of `predict_proba`."""
        return self.standing.classes(self.log)

    def ask(self, q: int = 10) -> list[str]:
        """The ids of the `q` rows to label next, the most wanted first; fewer if fewer are left.

        Asked again before anything was told, it gives the same batch.

        Raises:
            AskwellError: if no row is left, or the strategy or the learner fails.
        """
        if q < 1:
            raise AskwellError(f"q is {q}; ask for at least 1 row.")
        if self.log.open_batch and len(self.log.open_batch) == q:
            return list(self.log.open_batch)
        standing = self.standing
        choice = standing.choose(self.strategy, standing.snapshot(self.log), q)
        self.notes = () if choice.note is None else (choice.note,)
        names = tuple(str(name) for name in self.ids[choice.rows])
        self.log.add(Event("ask", names, audit=names[len(names) - self.drawn(len(names)) :]))
        return list(names)

    def drawn(self, q: int) -> int:
        """How many rows at the end of a batch of `q` are drawn at random, as part of the audit."""
        return self._audit.drawn(q) if self._audit else 0

    def tell(self, ids: Any, labels: Any = None) -> None:
        """Take in labels: ``tell(ids, labels)``, ``tell({id: label})`` or ``tell(id, label)``; all of them or none.

        Rows need not have been asked; `status` counts those that were not.

        Raises:
            AskwellError: for an unknown id, a missing label, a class that was not declared, or a row that has another
                label (`untell` takes it back).
        """
        names, words = told.pairs(ids, labels)
        new = told.new_labels(self._known(names), words, self.log.labels, self.standing.declared)
        if new:
            self.log.add(Event("tell", tuple(new), tuple(new.values())))

    def skip(self, ids: Any, how: str = EXCLUDE) -> None:
        """Pass over rows.

        Args:
            ids: one id or several.
            how: what it means for the pool. "exclude": the row does not belong to it, and is never asked again.
                "unsure": it belongs, but nobody can tell its class; never asked again. "later": not in the next batch;
                it can be asked again after that.

        Raises:
            AskwellError: for an unknown id or `how`, or a row that has a label.
        """
        if how not in HOW:
            raise AskwellError(unknown("how", how, HOW))
        names = self._known(ids)
        if done := [name for name in names if name in self.log.labels]:
            raise AskwellError(
                f"'{done[0]}' is labelled '{self.log.labels[done[0]]}'; untell it before you skip it."
            )
        self.log.add(Event("skip", tuple(names), how=how))

    def untell(self, ids: Any) -> None:
        """Take back the labels, or the skips, of rows; they can be asked again.

        Raises:
            AskwellError: for an unknown id, or a row that has neither.
        """
        names = self._known(ids)
        if strange := [
            name for name in names if name not in self.log.labels and name not in self.log.skipped
        ]:
            raise AskwellError(
                f"'{strange[0]}' has no label and was not skipped, so there is nothing to take back."
            )
        self.log.add(Event("untell", tuple(names)))

    def status(self) -> Status:
        """Where the session stands; print it for sentences.

        Raises:
            AskwellError: if the learner fails.
        """
        found = self.standing.assess(self.standing.snapshot(self.log, self.stop.rounds), self.stop.rounds)
        return status_of(self.log, self.standing, self.strategy.name, self.stop, found)

    def predict_proba(self) -> np.ndarray:
        """Class probabilities ``[N, c]`` of every row of the pool, columns as `classes`.

        Raises:
            AskwellError: without a label, or if the learner fails.
        """
        log_proba, _ = self.standing.belief(self.standing.snapshot(self.log))
        proba = np.exp(log_proba[:, : len(self.classes)])
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self) -> np.ndarray:
        """The class of every row of the pool, ``object [N]`` of str: the likeliest, or what is best by the metric."""
        found = decided(self.predict_proba(), self.standing.weights(self.log, self.metric))
        return np.array(self.classes, dtype=object)[found]

    def estimator(self) -> Any:
        """The classifier as it stands, for raw rows: see `askwell.labelling.classifier.PoolClassifier`.

        Raises:
            AskwellError: without a label, or with `proba`, where the classifier is yours.
        """
        from askwell.labelling.classifier import PoolClassifier  # scikit-learn is slow to import
        from askwell.labelling.models import portable

        _, fitted = self.standing.belief(self.standing.snapshot(self.log))
        if fitted is None:
            raise AskwellError("The probabilities came from a model of your own (proba); use that model.")
        if self._encoder is None:  # its numbers were kept, and the encoder was not
            self._encoder, _ = encode_pool(*self._pool[:2], read_pool(*self._pool))
        model = portable(fitted, len(self.classes))
        weights = self.standing.weights(self.log, self.metric)
        return PoolClassifier(self._encoder, model, self.classes, weights)

    def save(self, path: str | Path) -> None:
        """Write settings and answers to a .json file, whole or not at all. The pool itself is not in it.

        Raises:
            AskwellError: if it cannot be written.
        """
        saved.write(Path(path).expanduser(), self._settings, len(self.ids), self.log)

    @classmethod
    def load(cls, path: str | Path, X: Any = None, **settings: Any) -> "Session":
        """Take up a saved session.

        Args:
            path: what `save` wrote.
            X: the pool, if it was no file, or the file has moved.
            **settings: what no file can hold: `strategy`, `learner`, `proba` or `ids`, where they were objects.

        Raises:
            AskwellError: if the file is damaged or of another version, something that is not in it was not given, or
                the pool is another.
        """
        own, rows, log = saved.read(Path(path).expanduser(), X is not None, settings)
        pool, own["stop"] = own.pop("pool"), Stop(**own.get("stop", {}))
        session = cls(pool if X is None else X, **{**own, **settings})
        if rows != len(session.ids) or not log.names <= set(session._place):
            raise AskwellError(
                f"{path} is a session with a pool of {rows} rows, and this one has {len(session.ids)} rows or other "
                "ids; give the same pool."
            )
        session.log = log
        return session

    def _known(self, ids: Any) -> list[str]:
        return told.known(told.listed(ids), self._place, str(self.ids[0]))
