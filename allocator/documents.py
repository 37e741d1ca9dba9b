"""A TOML or JSON file as plain data, or the fault that says why not."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from allocator.errors import Fault, InputError

Document = dict[str, Any]

_WHERE = re.compile(r" ?\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def read_document(path: Path, name: str, faults: list[Fault], *, what: str = "policy", by: str = "") -> Document | None:
    """One file as plain data, numbers with a point as Decimal; None, and a fault, where it cannot be had.

    `name` stands for the file in faults, `what` says what it is meant to be, and `by` which file speaks of it.
    """
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        extended = f" that {by} extends" if by else ""
        fix = "The path is relative to the file that extends." if by else "Check the path."
        faults.append(Fault("not_found", f"There is no {what} file {path}{extended}.", fix, file=by or name, column="extends" if by else ""))
        return None
    try:
        raw = path.read_bytes()
        document = _parse_json(raw.decode("utf-8-sig")) if path.suffix.lower() == ".json" else _parse_toml(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        faults.append(Fault("not_utf8", "The file is not UTF-8 text.", "Save it as UTF-8.", file=name, row=line))
    except InputError as error:
        faults += error.faults
    except json.JSONDecodeError as error:
        faults.append(Fault("bad_json", f"This is not JSON: {error.msg}.", "Mend the line.", file=name, row=error.lineno, column=str(error.colno)))
    except RecursionError:
        faults.append(Fault("cannot_read", f"The file is nested too deeply to be a {what}.", "Mend the file.", file=name))
    except (ValueError, OSError) as error:
        faults.append(Fault("cannot_read", f"The file cannot be read: {error}.", "Mend the file.", file=name))
    else:
        if isinstance(document, dict):
            return document
        faults.append(Fault("not_a_table", f"A {what} must be a table of keys, not a list or a single value.", file=name))
    return None


def _parse_toml(text: str, name: str) -> Any:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        where = _WHERE.search(str(error))
        line = int(where["line"]) if where and where["line"] else text.count("\n") + 1
        column = where["column"] if where and where["column"] else ""
        said = f"This is not TOML: {_WHERE.sub('', str(error))}."
        raise InputError([Fault("bad_toml", said, "Mend the line.", file=name, row=line, column=column)]) from None


def _parse_json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> Document:
        twice = sorted({key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1})
        if twice:
            raise ValueError(f"the key {twice[0]!r} is there twice")
        return dict(pairs)

    return json.loads(text, parse_float=Decimal, object_pairs_hook=once)
