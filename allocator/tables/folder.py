"""A folder of CSV and Parquet files, or of one workbook where it has none of these."""

from __future__ import annotations

from pathlib import Path

from allocator.domain import TABLES
from allocator.errors import Fault, InputError
from allocator.tables.csv_file import read_csv
from allocator.tables.headers import normalise
from allocator.tables.ledger import Ledger
from allocator.tables.parquet_file import read_parquet
from allocator.tables.source import Source, parse_settings, take_settings, unknown_table
from allocator.tables.workbook import read_workbook

READERS = {".csv": read_csv, ".parquet": read_parquet}
SETTINGS_FILE = "scenario.toml"
WORKBOOK = ".xlsx"


def read_folder(path: Path, ledger: Ledger) -> Source:
    """Every table in the folder; those of its workbook where it holds neither CSV nor Parquet. Other files are none of our business.

    Raises:
        InputError: The workbook is damaged, or is locked with a password.
    """
    source = Source(name=path.resolve().name)
    files: dict[str, list[Path]] = {}
    seen = [file for file in sorted(path.iterdir()) if not file.is_dir() and not file.name.startswith((".", "~"))]
    books = [file for file in seen if file.suffix.lower() == WORKBOOK]
    if books and not any(file.suffix.lower() in READERS for file in seen):
        source = _read_books(books, ledger)
    for file in seen:
        if file.suffix.lower() in READERS:
            table = normalise(file.stem)
            if table in TABLES:
                files.setdefault(table, []).append(file)
            else:
                ledger.add(unknown_table(file.stem, file.name))
    for table in TABLES:
        if table in files:
            _read_table(source, table, files[table], ledger)
    _read_settings(source, path / SETTINGS_FILE, ledger)
    return source


def _read_books(books: list[Path], ledger: Ledger) -> Source:
    if len(books) > 1:
        names = " and ".join(file.name for file in books)
        raise InputError([Fault("two_files", f"There is more than one workbook: {names}.", "Keep one of them.", books[0].name)])
    return read_workbook(books[0], ledger)


def _read_table(source: Source, table: str, files: list[Path], ledger: Ledger) -> None:
    source.broken.add(table)
    if len(files) > 1:
        names = " and ".join(file.name for file in files)
        ledger.add(Fault("two_files", f"The table {table} is there more than once: {names}.", "Keep one of the files.", files[0].name))
        return
    try:
        source.sheets[table] = READERS[files[0].suffix.lower()](files[0])
        source.broken.discard(table)
    except InputError as error:
        ledger.add(*error.faults)
    except OSError as error:
        ledger.add(cannot_read(files[0], error))


def _read_settings(source: Source, path: Path, ledger: Ledger) -> None:
    if not path.exists():
        return
    try:
        take_settings(source, parse_settings(path.read_text("utf-8")), ledger, path.name)
    except RecursionError:
        ledger.add(Fault("bad_settings", "The file is nested too deeply.", 'Write lines such as as_of = "2026-11-02".', path.name))
    except ValueError as error:
        ledger.add(Fault("bad_settings", f"The file is not TOML: {error}.", 'Write lines such as as_of = "2026-11-02".', path.name))
    except OSError as error:
        ledger.add(cannot_read(path, error))


def cannot_read(path: Path, error: OSError) -> Fault:
    """The fault for a file that the system will not let us read."""
    return Fault("cannot_read", f"{path} cannot be read: {error.strerror or error}.", "Check the path and who may read it.", path.name)
