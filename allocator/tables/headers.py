"""Headers: which of a sheet's columns is which of the table's, and which must not be there at all."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from allocator.domain import PERSONAL_HEADERS, Row
from allocator.tables.ledger import Ledger, shown
from allocator.tables.sheet import Sheet

_PERSONAL_WORDS = frozenset({"ssn", "dob", "birthdate", "birthday", "surname", "lastname", "firstname", "lname", "fname", "email", "itin", "nombre"})
_PERSONAL_ENDINGS = frozenset({"address", "addr", "street", "telephone", "phone", "mobile", "birth"})
_WHOSE = frozenset({"client", "customer", "participant", "seeker", "applicant", "person", "contact", "legal", "preferred", "last", "first"})
"""In a table of people, whose name it is, and what a header ends in that says how to find the person."""
_PERSONAL_PHRASES = tuple(f"_{header}_" for header in sorted(PERSONAL_HEADERS) if "_" in header and header != "social_security")
_PERSONAL_SQUEEZED = frozenset(header.replace("_", "") for header in PERSONAL_HEADERS)

_TABLES_OF_PEOPLE = ("seekers", "demographics", "assignments")


def normalise(header: str) -> str:
    """A header as the aliases spell it: lower case, with one underscore for whatever stands between its words."""
    text = unicodedata.normalize("NFKC", header).replace("\ufeff", "").lower()
    return re.sub(r"[\W_]+", "_", text).strip("_")


def is_personal(header: str, table: str = "") -> bool:
    """Whether a normalised header of this table names a person, a birth date, a social security number or the like."""
    words = [word.rstrip("0123456789") or word for word in header.split("_")]
    return (
        (table in _TABLES_OF_PEOPLE and (words == ["name"] or words[-1] in _PERSONAL_ENDINGS or ("name" in words and not _WHOSE.isdisjoint(words))))
        or ("birth" in words)
        or ("soc" in words and "sec" in words)
        or (words[0] == "ss" and len(words) == 1)
        or any(word.endswith("ssn") for word in words)
        or header in PERSONAL_HEADERS
        or header.replace("_", "") in _PERSONAL_SQUEEZED
        or not _PERSONAL_WORDS.isdisjoint(words)
        or any(phrase in f"_{header}_" for phrase in _PERSONAL_PHRASES)
    )


@cache
def spellings(model: type[Row]) -> Mapping[str, str]:
    """Every accepted header of a table, normalised, with the column it means."""
    return {normalise(spelling): name for name, column in model.columns().items() for spelling in (name, *column.aliases)}


def match(model: type[Row], sheet: Sheet, ledger: Ledger, *, extra: bool = False) -> dict[str, int] | None:
    """Where in the sheet each column of the table is. None if row 1 is not a header at all.

    `extra` tolerates columns that the table does not know; otherwise each is a warning.
    """
    known = spellings(model)
    headers = [normalise(header) for header in sheet.headers]
    _refuse_personal(model, sheet, headers, ledger)
    means = [known.get(header) for header in headers]
    if not set(model.keys) & set(means) and _not_a_header(model, sheet, known, any(means), ledger):
        return None
    _refuse_doubles(sheet, headers, means, ledger)
    found = {name: k for k, name in reversed(list(enumerate(means))) if name is not None}
    _require(model, sheet, found, ledger)
    if not extra:
        _warn_unknown(model, sheet, headers, known, ledger)
    return found


def _refuse_personal(model: type[Row], sheet: Sheet, headers: list[str], ledger: Ledger) -> None:
    for written, header in zip(sheet.headers, headers, strict=True):
        if is_personal(header, model.table):
            message = (
                f"The column “{shown(written.strip())}” holds personal identifiers, which must not travel with this data (TEGL 39-11); none of it was read."
            )
            ledger.add(sheet.fault("personal_identifier", message, "Remove the column; a pseudonymous id is enough.", row=1, column=written.strip()))


def _not_a_header(model: type[Row], sheet: Sheet, known: Mapping[str, str], some: bool, ledger: Ledger) -> bool:
    """Say so where row 1 is a title, or cells are separated by something else than commas."""
    first = sheet.headers[0] if len(sheet.headers) == 1 else ""
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if mark in first and any(normalise(part) in known for part in first.split(mark)):
            message = f"The cells are separated by {word}, not by commas."
            ledger.add(sheet.fault("wrong_separator", message, "Save the file as “CSV UTF-8 (comma delimited)”.", row=1))
            return True
    for number, cells in enumerate(sheet.top[1:], start=2):
        if set(model.keys) <= {known.get(normalise(cell)) for cell in cells}:
            fix = "Remove row 1." if number == 2 else f"Remove rows 1 to {number - 1}."
            ledger.add(sheet.fault("header_not_found", f"Row 1 is not the header; the header is in row {number}.", fix, row=1))
            return True
    if not some:
        # Row 1 may be somebody's record, so its cells are not repeated.
        close = [name for header in sheet.headers for name in get_close_matches(normalise(header), known, n=1, cutoff=0.8)]
        meant = f" Did you mean {', '.join(dict.fromkeys(known[name] for name in close))}?" if close else ""
        message = f"No header found: none of the {len(sheet.headers)} cells of row 1 is a column of {model.table}.{meant}"
        ledger.add(sheet.fault("header_not_found", message, f"Start with a header row: {', '.join(_compulsory(model))} and any other columns.", row=1))
    return not some


def _refuse_doubles(sheet: Sheet, headers: list[str], means: list[str | None], ledger: Ledger) -> None:
    for header, count in Counter(headers).items():
        if count > 1 and header:
            message = f"The header “{shown(header)}” is there {count} times."
            ledger.add(sheet.fault("duplicate_header", message, "Keep one of the columns.", row=1, column=header))
    for name, count in Counter(means).items():
        written = {headers[k]: sheet.headers[k].strip() for k, mean in enumerate(means) if mean == name}
        if name is not None and count > 1 and len(written) > 1:
            message = f"The headers {' and '.join(f'“{header}”' for header in written.values())} both mean {name}."
            ledger.add(sheet.fault("two_columns_for_one", message, f"Keep one of them, best named {name}.", row=1, column=name))


def _require(model: type[Row], sheet: Sheet, found: Mapping[str, int], ledger: Ledger) -> None:
    for name in _compulsory(model):
        if name not in found:
            aliases = model.columns()[name].aliases
            also = f" Also accepted: {', '.join(aliases)}." if aliases else ""
            message = f"The compulsory column {name} is missing; the headers are {_listed(sheet.headers)}."
            ledger.add(sheet.fault("missing_column", message, f"Add it.{also}", row=1, column=name))


def _warn_unknown(model: type[Row], sheet: Sheet, headers: list[str], known: Mapping[str, str], ledger: Ledger) -> None:
    for k, header in enumerate(headers):
        if header not in known and not is_personal(header, model.table) and not (not header and sheet.columns[k].null_count == len(sheet)):
            close = get_close_matches(header, known, n=1, cutoff=0.8)
            written = sheet.headers[k].strip()
            what = f"The column “{shown(written)}”" if header else f"Column {k + 1}, which has no header,"
            fix = f"If it is meant as {known[close[0]]}, rename it so." if close else "Nothing, if it is not needed; docs/data.md lists the known columns."
            ledger.add(sheet.fault("unknown_column", f"{what} is not known in {model.table} and is not used.", fix, row=1, column=written, severity="warning"))


def _compulsory(model: type[Row]) -> list[str]:
    return [name for name, column in model.columns().items() if column.required]


def _listed(headers: list[str]) -> str:
    told = ", ".join(shown(header.strip()) or "(blank)" for header in headers[:12])
    return (told or "nothing") + (f" and {len(headers) - 12} more" if len(headers) > 12 else "")
