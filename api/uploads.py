"""The files of an upload: out of what was sent, or out of the one archive among it; nothing that could harm the machine comes through.

Names are plain names of files, each there once; an archive holds no archive, no link, nothing locked, and does not swell beyond its limits. Whatever is
wrong is told at once, and then nothing is kept.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from allocator import Fault
from api.problems import ProblemError
from api.settings import Settings

KINDS = (".csv", ".parquet", ".xlsx", ".toml")
"""What an upload may consist of; other files are passed over."""
ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".7z", ".rar")
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LITTER = ("__MACOSX/",)
"""What the systems of those who pack add on their own."""
LONGEST_NAME = 120
SMALL = 1_000_000
"""Up to this size a file may grow as much as it likes."""
CHUNK = 1 << 20


class Part(NamedTuple):
    """A file as it was sent."""

    name: str
    content: bytes


class _Budget:
    """What may still be unpacked."""

    def __init__(self, settings: Settings) -> None:
        self.ratio, self.files, self.most = settings.unpacked_ratio, settings.upload_files, int(settings.unpacked_mb * 1e6)
        self.left = self.most

    def take(self, size: int) -> None:
        """Use up some of it; ProblemError where it is not there."""
        self.left -= size
        if self.left < 0:
            raise ProblemError("too-large", f"An upload may hold {self.most / 1e6:g} MB when it is unpacked.")

    def require_files(self, count: int) -> None:
        """ProblemError where there are more files than an upload may have."""
        if count > self.files:
            raise ProblemError("too-large", f"An upload may hold {self.files} files; this one holds {count:,}.")

    def require_ratio(self, name: str, packed: int, size: int) -> None:
        """ProblemError where a file grows as no honest one does."""
        if size > SMALL and size > self.ratio * max(packed, 1):
            raise ProblemError("too-large", f"{name!r} grows more than {self.ratio:g} times when it is unpacked.")


def files_of(parts: Sequence[Part], settings: Settings) -> dict[str, bytes]:
    """The files by their names.

    Raises
    ------
    ProblemError
        They are more, or larger, than an upload may be; or they are no files of tables, with everything that is wrong with them.
    """
    budget, faults = _Budget(settings), list[Fault]()
    budget.require_files(len(parts))
    found: list[Part] = []
    for part in parts:
        if PurePosixPath(part.name.lower()).suffix == ".zip":
            found += _unpacked(part, budget, faults)
        else:
            budget.take(len(part.content))
            found.append(part)
    files = _by_name(found, faults)
    for name, content in files.items():
        if name.lower().endswith(".xlsx"):
            _check_workbook(name, content, budget)
    books = sum(name.lower().endswith(".xlsx") for name in files)
    tables = sum(name.lower().endswith((".csv", ".parquet")) for name in files)
    if not faults and not books and not tables:
        message = "There is no table in the upload."
        faults.append(Fault("nothing_here", message, "Send a zip archive of CSV or Parquet files, one .xlsx workbook, or the CSV files themselves."))
    if books and (tables or books > 1):
        message = "There is a workbook together with other tables." if tables else "There is more than one workbook."
        faults.append(Fault("mixed_upload", message, "Send either one workbook or files of single tables."))
    if faults:
        raise ProblemError("faulty-input", "The upload cannot be read.", faults=faults)
    return files


def _by_name(parts: Sequence[Part], faults: list[Fault]) -> dict[str, bytes]:
    """The parts that are of use; the same name twice, or one that is no plain name, is a fault."""
    files: dict[str, bytes] = {}
    seen: set[str] = set()
    for part in parts:
        if fault := _name_fault(part.name):
            faults.append(fault)
        elif PurePosixPath(part.name.lower()).suffix not in KINDS or part.name.startswith((".", "~")):
            continue
        elif part.name.lower() in seen:
            faults.append(Fault("duplicate_name", f"{part.name!r} is in the upload twice.", "Keep one of them.", file=part.name))
        else:
            seen.add(part.name.lower())
            files[part.name] = part.content
    return files


def _name_fault(name: str) -> Fault | None:
    if not name or name in (".", "..") or any(not letter.isprintable() or letter in '/\\:*?"<>|' for letter in name):
        return Fault("unsafe_name", f"{ascii(name)[:LONGEST_NAME]} is not the plain name of a file.", "Name files as their tables are: seekers.csv.")
    if len(name.encode()) > LONGEST_NAME:
        return Fault("unsafe_name", f"The name {name[:40]!r}… is longer than {LONGEST_NAME} bytes.", "Name files as their tables are: seekers.csv.")
    if PurePosixPath(name.lower()).suffix in ARCHIVES:
        return Fault("nested_archive", f"{name!r} is an archive inside the upload.", "Pack the files themselves.", file=name)
    return None


# -- archives -------------------------------------------------------------------------------------------------------


def _unpacked(part: Part, budget: _Budget, faults: list[Fault]) -> list[Part]:
    """The files of an archive. Where all of them lie in one folder, it is as if they did not; files in other folders are passed over."""
    try:
        with zipfile.ZipFile(io.BytesIO(part.content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and not entry.filename.startswith(LITTER)]
            budget.require_files(len(entries))
            before = len(faults)
            faults += _entry_faults(entries)
            if len(faults) > before:
                return []
            top = _top(entries)
            plain = [entry for entry in entries if "/" not in entry.filename.removeprefix(top)]
            return [Part(entry.filename.removeprefix(top), _content(archive, entry, budget)) for entry in plain]
    # zipfile raises each of these for damaged archives.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, struct.error) as error:
        message = f"The archive cannot be unpacked: {_first_line(error)}."
        faults.append(Fault("damaged_archive", message, "Pack it again, as a plain zip archive.", file=part.name))
        return []


def _entry_faults(entries: Sequence[zipfile.ZipInfo]) -> Iterator[Fault]:
    for entry in entries:
        name = entry.filename
        shown = name if name.isprintable() and len(name) <= LONGEST_NAME else ascii(name)[:LONGEST_NAME]
        steps = name.split("/")
        if name.startswith("/") or ".." in steps or "" in steps or any(not letter.isprintable() or letter in "\\:" for letter in name):
            yield Fault("unsafe_name", f"{shown!r} points outside the archive, or is not a plain name.", "Pack plain files with plain names.", file=shown)
        elif stat.S_ISLNK(entry.external_attr >> 16):
            yield Fault("link_in_archive", f"{shown!r} is a link to another file.", "Pack the file itself.", file=shown)
        elif entry.flag_bits & 0x1:
            yield Fault("locked_archive", f"{shown!r} is locked with a password.", "Pack it without one.", file=shown)
        elif entry.compress_type not in PLAIN:
            yield Fault("damaged_archive", f"{shown!r} is packed in a way that is not understood.", "Pack it as a plain zip archive (deflate).", file=shown)


def _top(entries: Sequence[zipfile.ZipInfo]) -> str:
    """The folder that everything lies in, with its slash; nothing where something does not."""
    tops = {entry.filename.partition("/")[0] if "/" in entry.filename else "" for entry in entries}
    return f"{tops.pop()}/" if len(tops) == 1 and "" not in tops else ""


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget) -> bytes:
    """What a file holds, counted while it is unpacked, because what an archive says of itself need not be true."""
    budget.require_ratio(entry.filename, entry.compress_size, entry.file_size)
    found, size = [], 0
    with archive.open(entry) as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            budget.take(len(chunk))
            budget.require_ratio(entry.filename, entry.compress_size, size)
            found.append(chunk)
    return b"".join(found)


def _check_workbook(name: str, content: bytes, budget: _Budget) -> None:
    """ProblemError where a workbook, which is an archive too, would swell. What it says of itself is believed: it is read under a limit of memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    # zipfile raises each of these for damaged archives.
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, struct.error):
        return  # who reads it says what is wrong with it
    for entry in entries:
        budget.require_ratio(name, entry.compress_size, entry.file_size)
    budget.take(sum(entry.file_size for entry in entries))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")[:120] or type(error).__name__
