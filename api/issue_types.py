"""Every kind of fault that the service can tell of: the library's, and those of uploads."""

from __future__ import annotations

from typing import NamedTuple

from allocator.fault_codes import CODES


class IssueType(NamedTuple):
    """A kind of fault: what it is a fault of, what it means, what to do about it."""

    area: str
    meaning: str
    mend: str


UPLOADS = {
    "damaged_archive": IssueType("uploads", "The archive cannot be unpacked.", "Pack the files again, as a plain zip archive."),
    "duplicate_name": IssueType("uploads", "Two files of the upload have the same name.", "Keep one of them."),
    "link_in_archive": IssueType("uploads", "The archive holds a link in place of a file.", "Pack the file itself."),
    "locked_archive": IssueType("uploads", "The archive is locked with a password.", "Pack the files without one."),
    "mixed_upload": IssueType("uploads", "A workbook comes together with other tables.", "Send either one workbook or files of single tables."),
    "nested_archive": IssueType("uploads", "The archive holds another archive.", "Pack the files themselves."),
    "too_many_columns": IssueType("uploads", "A file has more columns than any table.", "Leave out what the allocation does not need."),
    "too_many_records": IssueType("uploads", "A table holds more records than an upload may have.", "Leave out what the allocation does not need."),
    "unsafe_name": IssueType("uploads", "A file has not a plain name, or one that points elsewhere.", "Name files as their tables are: seekers.csv."),
}  # fmt: skip

ISSUE_TYPES = dict(sorted({**UPLOADS, **{code: IssueType(*found) for code, found in CODES.items()}}.items()))
