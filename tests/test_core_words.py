"""Numbers and what they count."""

import numpy as np
import pytest

from askwell.core import counted


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 labels"), (1, "1 label"), (np.int64(1), "1 label"), (2, "2 labels")]
)
def test_one_is_singular(count, said):
    assert counted(count, "label") == said
