"""Text, ids, codes and flags out of distinct texts."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import Column
from allocator.scenario import Mask
from allocator.tables.cells import Cells
from allocator.tables.forms import FORMS
from allocator.tables.ledger import shown
from allocator.tables.wrong import Wrong, wrongs

LONGEST = 10_000
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_HIDDEN = r"[\x00-\x1f\x7f-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}\x{feff}]"
_SPREADSHEET_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")
_SSN = r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$"
_FLAGS = {"yes": 1, "y": 1, "true": 1, "t": 1, "1": 1, "no": 0, "n": 0, "false": 0, "f": 0, "0": 0, "9": -1, "unknown": -1, "not_disclosed": -1}


def unreadable(column: Column, cells: Cells) -> list[Wrong]:
    """Cells that no kind of column can hold: overlong, with control characters, a spreadsheet's error."""
    name = column.name
    checks = (
        (
            "overlong_cell",
            _mask(pc.greater(pc.utf8_length(cells.values), LONGEST)),
            _say_overlong(name, cells),
            "Shorten it; perhaps a quotation mark is missing.",
        ),
        ("control_character", _mask(pc.match_substring_regex(cells.values, _CONTROL)), f"{name} holds a control character.", "Type the cell again."),
        (
            "spreadsheet_error",
            _mask(pc.is_in(cells.values, pa.array(_SPREADSHEET_ERRORS, pa.large_string()))),
            f"{name} is a spreadsheet's error, not a value.",
            "Mend the formula, or leave the cell empty.",
        ),
    )
    return [Wrong(code, np.flatnonzero(bad), _saying(say, fix)) for code, bad, say, fix in checks if bad.any()]


def ids(column: Column, cells: Cells) -> list[Wrong]:
    """What an id must not hold, because lists are written with it or because nobody could see it."""
    name = column.name
    checks = (
        ("bad_id", r"[;|]", f"{name} holds “;” or “|”, which separate the items of a list.", "Use another character in ids."),
        ("control_character", _HIDDEN, f"{name} holds a control character or another one that cannot be seen.", "Type the id again."),
        (
            "looks_like_ssn",
            _SSN,
            f"{name} has the form of a social security number, which must not be used here (TEGL 39-11).",
            "Give each seeker a pseudonymous id.",
        ),
    )
    found = []
    for code, pattern, say, fix in checks:
        if (bad := _mask(pc.match_substring_regex(cells.values, pattern))).any() and (code != "looks_like_ssn" or name == "seeker_id"):
            found.append(Wrong(code, np.flatnonzero(bad), _saying(say, fix)))
    return found


def texts(column: Column, cells: Cells) -> tuple[Any, list[Wrong]]:
    """Each distinct text in its tidy spelling; wrong are those not among the column's codes or not of its form."""
    form = FORMS.get(column.name)
    if not column.among and form is None:
        return cells.values, []
    tidy = [_tidy(column, text) for text in cells.values.to_pylist()]
    bad = np.array([not _fits(column, text) for text in tidy], dtype=bool)
    return pa.array(tidy, pa.large_string()), wrongs(cells, bad, lambda text: _judge(column, text)) if bad.any() else []


def codes(column: Column, cells: Cells) -> tuple[Any, list[Wrong]]:
    """Each distinct list as `a;b;c`: trimmed, each item once, in the order given."""
    lists = [tuple(dict.fromkeys(_tidy(column, item) for part in re.split(r"[;|,]", text) if (item := part.strip()))) for text in cells.values.to_pylist()]
    data = pa.array([";".join(items) for items in lists], pa.large_string())
    if not column.among and column.name not in FORMS:
        return data, []
    first = {k: next((item for item in items if not _fits(column, item)), None) for k, items in enumerate(lists)}
    bad = np.array([item is not None for item in first.values()], dtype=bool)
    by_text = {shown(cells.value(k)): item for k, item in first.items() if item is not None}
    return data, wrongs(cells, bad, lambda text: _judge(column, by_text[text] or "")) if bad.any() else []


def flags(column: Column, cells: Cells) -> tuple[Any, list[Wrong]]:
    """1 yes, 0 no, -1 unknown for each distinct text."""
    if cells.typed:
        return cells.values.astype(np.int8), []
    known = [_FLAGS.get(re.sub(r"\.0+$", "", text.lower()).replace(" ", "_").replace("-", "_")) for text in cells.values.to_pylist()]
    data = np.array([-1 if value is None else value for value in known], dtype=np.int8)
    bad = np.array([value is None for value in known], dtype=bool)
    fix = "Write yes or no; leave the cell empty, or write unknown, if it is not known."
    return data, wrongs(cells, bad, lambda text: ("not_a_flag", f"{column.name} is “{text}”, which is neither yes nor no.", fix)) if bad.any() else []


def _tidy(column: Column, text: str) -> str:
    if column.among:
        return re.sub(r"[\s_-]+", "_", text.lower())
    form = FORMS.get(column.name)
    return text if form is None else form.tidy(text)


def _fits(column: Column, text: str) -> bool:
    form = FORMS.get(column.name)
    return text in column.among if column.among else form is None or form.pattern.fullmatch(text) is not None


def _judge(column: Column, text: str) -> tuple[str, str, str]:
    form = FORMS.get(column.name)
    if column.among or form is None:
        close = get_close_matches(_tidy(column, text), column.among, n=1)
        return (
            "unknown_code",
            f"{column.name} is “{shown(text)}”; it must be one of {', '.join(column.among)}.",
            f"Did you mean {close[0]}?" if close else "Write one of these.",
        )
    message, fix = form.say(text)
    return form.code, f"{column.name} is “{shown(text)}”; {message}", fix


def _mask(found: Any) -> Mask:
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _saying(say: Any, fix: str) -> Any:
    return lambda k: (say(k) if callable(say) else say, fix)


def _say_overlong(name: str, cells: Cells) -> Any:
    return lambda k: f"{name} holds {len(cells.value(k)):,} characters; {LONGEST:,} are the most a cell may hold."
