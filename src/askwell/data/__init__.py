"""From raw rows to pools: sources, the encoder and the splits."""

from askwell.data.catalogue import Entry, catalogue
from askwell.data.encode import Dataset, encode
from askwell.data.load import load
from askwell.data.split import Splits, split
from askwell.data.table import Table

__all__ = ["Dataset", "Entry", "Splits", "Table", "catalogue", "encode", "load", "split"]
