"""Cells: one column as the numbers of its distinct values, so that every check looks at each value once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import Kind
from allocator.scenario import Integers, Mask, Positions
from allocator.tables.sheet import cell_text

_TEXT = pa.large_string()


class Cells:
    """`values[codes[k]]` is what stands in record k; code -1 is a blank cell.

    `values` is an Arrow array of distinct, trimmed texts or, where the file had the right type already, the numpy
    array of the records' values themselves (`typed`).
    """

    def __init__(self, codes: Positions, values: Any, *, typed: bool = False) -> None:
        self.codes = codes
        self.values = values
        self.typed = typed

    @classmethod
    def of(cls, column: Any, kind: Kind) -> Cells:
        """The cells of an Arrow column for a column of this kind.

        Raises:
            TypeError: The column holds something that is not a cell: a struct, a map, bytes.
        """
        return _typed(column, kind) or _texts(column)

    @property
    def blank(self) -> Mask:
        """Which records have nothing here."""
        return np.asarray(self.codes < 0)

    def records(self, where: Integers) -> Integers:
        """The records whose value is one of these."""
        wanted = np.zeros(len(self.values) + 1, dtype=bool)  # the last one stands for code -1
        wanted[where] = True
        return np.flatnonzero(wanted[self.codes])

    def keep(self, kept: Mask) -> Cells:
        """The same cells for some of the records."""
        return Cells(self.codes[kept], self.values, typed=self.typed)

    def value(self, position: int) -> str:
        """A distinct value as text."""
        return cell_text(self.values[position] if self.typed else self.values[position].as_py())


def _typed(column: Any, kind: Kind) -> Cells | None:
    """Where the file's type is the wanted one, its values as they are."""
    of = column.type
    if kind in ("whole", "number") and pa.types.is_integer(of):
        filled = column.fill_null(0)
        values = filled.to_numpy().astype(np.int64 if kind == "whole" and not pa.types.is_uint64(of) else np.float64)
    elif kind in ("whole", "number") and pa.types.is_floating(of):
        values = column.cast(pa.float64()).fill_null(0.0).to_numpy()
    elif kind == "flag" and pa.types.is_boolean(of):
        values = column.fill_null(False).to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.fill_null(False).to_numpy()
    elif kind == "day" and (pa.types.is_date(of) or pa.types.is_timestamp(of)):
        local = pc.local_timestamp(column) if pa.types.is_timestamp(of) and of.tz else column
        values = local.cast(pa.timestamp("us"), safe=False).fill_null(0).to_numpy().astype("datetime64[D]").astype("datetime64[us]")
    else:
        return None
    codes = np.arange(len(column), dtype=np.int32)
    if column.null_count:
        codes[column.is_null().to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.is_null().to_numpy()] = -1
    return Cells(codes, values, typed=True)


def _texts(column: Any) -> Cells:
    encoded = _encoded(column)
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int32)
    written = encoded.dictionary
    distinct = pa.types.is_string(written.type) or pa.types.is_large_string(written.type)
    if not distinct:
        written = pa.array([cell_text(value) for value in written.to_pylist()], type=_TEXT)
    if not distinct or pa.types.is_dictionary(column.type):  # a dictionary from elsewhere may name a value twice
        distinct = pc.count_distinct(written).as_py() == len(written)
    written = written.cast(_TEXT)
    trimmed = pc.utf8_trim_whitespace(written)
    if distinct and _place_of_blank(trimmed) < 0 and trimmed.equals(written):
        return Cells(codes, written)
    numbers, kept = pd.factorize(trimmed.to_pandas(), use_na_sentinel=True)
    values = pa.array(kept, type=_TEXT)
    if (blank := _place_of_blank(values)) >= 0:
        numbers = np.where(numbers == blank, -1, numbers)
    return Cells(np.append(numbers, -1).astype(np.int32)[codes], values)


def _place_of_blank(values: Any) -> int:
    return int(pc.index(values, pa.scalar("", _TEXT)).as_py())


def _encoded(column: Any) -> Any:
    """The column as one Arrow dictionary array."""
    of = column.type
    if pa.types.is_null(of):
        column = column.cast(_TEXT)
    elif pa.types.is_list(of) or pa.types.is_large_list(of):
        lists = column.to_pylist()
        column = pa.array([None if items is None else ";".join(cell_text(item) for item in items if item is not None) for items in lists], type=_TEXT)
    elif pa.types.is_nested(of) or pa.types.is_binary(of) or pa.types.is_large_binary(of):
        raise TypeError(str(of))
    if pa.types.is_dictionary(of):
        column = column.unify_dictionaries() if isinstance(column, pa.ChunkedArray) else column
    else:
        column = column.dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column
