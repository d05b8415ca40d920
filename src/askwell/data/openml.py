"""OpenML's sets, for those who have a network."""

import warnings
from typing import Any

from askwell.core import AskwellError
from askwell.data.columns import Cells, Raw
from askwell.data.table import Table, assemble


def read_openml(which: str, *, label: str | None, id: str | None, role: str) -> Table:
    """``openml:NAME`` or ``openml:ID``; scikit-learn keeps a copy in its data home.

    Raises:
        AskwellError: without a network, for an unknown set, or for one without a single target.
    """
    import pandas as pd  # both are slow to import
    from sklearn import datasets

    title = f"openml:{which}"
    key: dict[str, Any] = {"data_id": int(which)} if which.isdecimal() else {"name": which}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            bunch: Any = datasets.fetch_openml(
                **key, target_column=label or "default-target", as_frame=True, parser="auto"
            )
        except Exception as error:  # URLError, HTTPError, OpenMLError, a damaged download, …
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise AskwellError(
                f"{title} could not be fetched from OpenML ({reason}); check the name and the network, "
                "or use an installed set (askwell list datasets)."
            ) from error
    if not isinstance(bunch.target, pd.Series):
        raise AskwellError(f"{title} has no single target column; name one with --label.")
    frame: pd.DataFrame = bunch.data
    names = [str(name) for name in frame.columns]
    target = str(bunch.target.name)
    if target in names:
        raise AskwellError(
            f"{title}: column '{target}' is both a feature and the label; name another with --label."
        )
    cells: list[Cells] = [*(_cells(frame[name]) for name in frame.columns), _cells(bunch.target)]
    raw = Raw(title, [*names, target], cells, mend=True)
    table = assemble(raw, name=title, label=target, id=id, role=role)
    notes = tuple(" ".join(str(warning.message).split()) for warning in caught)
    return Table(**{**vars(table), "notes": table.notes + notes})


def _cells(column: Any) -> list[Any]:
    """Plain Python values, None where missing."""
    return column.astype(object).where(column.notna(), None).tolist()
