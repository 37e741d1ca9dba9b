"""Plain data as TOML text: what `tomllib` reads back to the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any


def toml_document(document: Mapping[str, Any]) -> str:
    """A document with sections, such as a policy: plain keys first, then each entry of each section under its own header. Keys without a value are left out."""
    lines = [_line(name, value) for name, value in document.items() if value is not None and not _is_section(value)]
    for section, entries in document.items():
        for entry in entries if _is_section(entries) else ():
            lines += ["", f"[[{toml_key(section)}]]", *(_line(name, value) for name, value in entry.items() if value is not None)]
    return "\n".join(lines) + "\n"


def _line(name: str, value: Any) -> str:
    return f"{toml_key(name)} = {toml_value(value)}"


def _is_section(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def toml_value(value: Any) -> str:
    """A value on one line: text, numbers, days, lists, tables. Keys without a value are left out, as TOML has no word for none.

    Raises
    ------
    TypeError
        TOML cannot say it: None on its own, or an object that is no plain data.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Decimal):
        return str(value).replace("E", "e").replace("NaN", "nan").replace("Infinity", "inf")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        parts = [f"{toml_key(str(key))} = {toml_value(part)}" for key, part in value.items() if part is not None]
        return f"{{ {', '.join(parts)} }}" if parts else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(toml_value(part) for part in value)}]"
    raise TypeError(f"{value!r} cannot be written as TOML")


def toml_key(key: str) -> str:
    """A key, in quotes where it must be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)
