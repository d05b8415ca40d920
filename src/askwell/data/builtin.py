"""The sets that come with scikit-learn."""

import numpy as np

from askwell.data.columns import Raw
from askwell.data.table import Table, assemble

NAMES = ("breast_cancer", "digits", "iris", "wine")


def read_builtin(name: str, role: str) -> Table:
    """One of `NAMES`."""
    from sklearn import datasets  # slow to import

    bunch = getattr(datasets, f"load_{name}")()
    labels = np.asarray(bunch.target_names).astype(str)[bunch.target]
    columns = [*np.asarray(bunch.data, dtype=float).T, labels.tolist()]
    raw = Raw(name, [*(str(feature) for feature in bunch.feature_names), "class"], columns, mend=True)
    return assemble(raw, name=name, label="class", id=None, role=role)
