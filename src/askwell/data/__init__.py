"""From raw rows to pools: sources, the encoder and the splits."""

from askwell.data.catalogue import Entry, catalogue
from askwell.data.encode import Dataset, encode, encode_features, fit_encoder
from askwell.data.given import rows_of
from askwell.data.load import load
from askwell.data.matrix import Matrix, encode_matrix
from askwell.data.pools import as_matrix, load_pool
from askwell.data.split import Splits, split
from askwell.data.synthetic import Synthetic
from askwell.data.table import Table
from askwell.data.thinned import thinned

__all__ = [
    "Dataset",
    "Entry",
    "Matrix",
    "Splits",
    "Synthetic",
    "Table",
    "as_matrix",
    "catalogue",
    "encode",
    "encode_features",
    "encode_matrix",
    "fit_encoder",
    "load",
    "load_pool",
    "rows_of",
    "split",
    "thinned",
]
