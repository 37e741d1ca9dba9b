"""A Parquet file as a sheet: its types are kept."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from allocator.errors import Fault, InputError
from allocator.tables.sheet import Sheet


def read_parquet(path: Path) -> Sheet:
    """The file's headers and typed columns.

    Raises:
        InputError: The file is not Parquet, or is damaged.
    """
    try:
        # Texts as numbers of distinct texts, which is how the file has them and how the checks want them.
        schema = pq.read_schema(path)
        texts = [name for name in dict.fromkeys(schema.names) if schema.names.count(name) == 1 and _is_text(schema.field(name).type)]
        table = pq.ParquetFile(path, read_dictionary=texts).read()
    except (pa.ArrowException, ValueError) as error:
        message = f"The file cannot be read as Parquet: {str(error).splitlines()[0]}"
        raise InputError([Fault("damaged_file", message, "Write it again, or give the table as CSV.", path.name)]) from None
    # pandas leaves its row labels behind; they are nobody's data.
    kept = [name for name in table.column_names if not name.startswith("__index_level_")]
    places = [k for k, name in enumerate(table.column_names) if name in set(kept)]
    return Sheet(path.name, "", [table.column_names[k] for k in places], [table.column(k) for k in places])


def _is_text(of: pa.DataType) -> bool:
    return bool(pa.types.is_string(of) or pa.types.is_large_string(of))
