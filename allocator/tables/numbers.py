"""Numbers out of text, and their ranges."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import Column
from allocator.scenario import Floats, Integers, Mask
from allocator.tables.cells import Cells
from allocator.tables.wrong import Wrong, wrongs

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_WHOLE = r"^[+-]?[0-9]{1,18}(\.0*)?$"
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_LARGEST_EXACT = 2.0**53


def numbers(column: Column, cells: Cells) -> tuple[Floats, list[Wrong]]:
    """A decimal for each distinct value, and the values that are none."""
    if cells.typed:
        data = np.asarray(cells.values, dtype=np.float64)
        finite = np.isfinite(data)
        wrong = [] if finite.all() else [Wrong("not_finite", np.flatnonzero(~finite), lambda k: _not_finite(column.name, cells.value(k)))]
        return data, wrong + _range(column, cells, data, finite)
    data, good = _floats(cells.values)
    return data, _not_numbers(column, cells, ~good) + _range(column, cells, data, good)


def wholes(column: Column, cells: Cells) -> tuple[Integers, list[Wrong]]:
    """An integer for each distinct value, and the values that are none."""
    if cells.typed and cells.values.dtype == np.int64:
        data = cells.values
        return data, _range(column, cells, data, np.ones(len(data), dtype=bool))
    if cells.typed:
        exact = np.zeros(len(cells.values), dtype=bool)
        whole, floats = np.zeros(len(exact), dtype=np.int64), np.asarray(cells.values, dtype=np.float64)
        good = np.isfinite(floats)
        wrong = [] if good.all() else [Wrong("not_finite", np.flatnonzero(~good), lambda k: _not_finite(column.name, cells.value(k)))]
    else:
        exact = np.asarray(pc.match_substring_regex(cells.values, _WHOLE).to_numpy(zero_copy_only=False), dtype=bool)
        digits = pc.replace_substring_regex(pc.if_else(pa.array(exact), cells.values, "0"), r"^\+|\.0*$", "")
        whole = digits.cast(pa.int64()).to_numpy().copy()
        floats, good = _floats(cells.values)
        wrong = _not_numbers(column, cells, ~good)
    integral = good & ~exact & (floats == np.rint(floats)) & (np.abs(floats) <= _LARGEST_EXACT)
    whole[integral] = floats[integral].astype(np.int64)
    broken = good & ~exact & (floats != np.rint(floats))
    if broken.any():
        say = f"{column.name} is {{}}, which is not a whole number."
        wrong.append(Wrong("not_whole", np.flatnonzero(broken), lambda k: (say.format(cells.value(k)), "Write a number without decimals.")))
    checked = np.where(good & ~broken & ~exact & ~integral, floats, whole)  # what is beyond the integers is out of range by any measure
    return whole, wrong + _range(column, cells, checked, good & ~broken)


def _floats(texts: pa.Array) -> tuple[Floats, Mask]:
    good = np.asarray(pc.match_substring_regex(texts, _NUMBER).to_numpy(zero_copy_only=False), dtype=bool)
    plain = pc.replace_substring_regex(pc.if_else(pa.array(good), texts, "0"), r"^\+", "")
    data = plain.cast(pa.float64()).to_numpy().copy()
    return data, good


def _range(column: Column, cells: Cells, data: Floats | Integers, good: Mask) -> list[Wrong]:
    wrong = []
    least, most = column.least, column.most
    bounds = "" if least is None else f"{_plain(least)} or more" if most is None else f"from {_plain(least)} to {_plain(most)}"
    if least is not None and (low := np.flatnonzero(good & (data < least))).size:
        wrong.append(Wrong("too_small", low, lambda k: (f"{column.name} is {cells.value(k)}; it must be {_plain(least)} or more.", _range_fix(column, bounds))))
    if most is not None and (high := np.flatnonzero(good & (data > most))).size:
        wrong.append(Wrong("too_large", high, lambda k: (f"{column.name} is {cells.value(k)}; it must be {_plain(most)} or less.", _range_fix(column, bounds))))
    return wrong


def _range_fix(column: Column, bounds: str) -> str:
    return f"Write a value {bounds}{f' ({column.unit})' if column.unit else ''}{'' if column.required else ', or leave the cell empty'}."


def _plain(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else str(value)


def _not_numbers(column: Column, cells: Cells, bad: Mask) -> list[Wrong]:
    def judge(text: str) -> tuple[str, str, str]:
        bare = text.replace(",", "").replace(" ", "").replace("\u00a0", "").replace("_", "").lstrip("$€£").strip()
        if _NOT_FINITE.fullmatch(text):
            return ("not_finite", *_not_finite(column.name, text))
        number = re.fullmatch(r"[+-]?[0-9]+\.?[0-9]*", bare)
        if number and re.search(r"\d[,\s_]\d{3}", text) and not text.startswith(("$", "€", "£")):
            return "thousands_separator", f"{column.name} is “{text}”: thousands are not separated here.", f"Write {bare}."
        if re.fullmatch(r"[+-]?[0-9]+,[0-9]{1,2}", text):
            return "not_a_number", f"{column.name} is “{text}”, which is not a number.", f"Write it with a decimal point: {text.replace(',', '.')}."
        if number:
            return "not_a_number", f"{column.name} is “{text}”, which is not a number.", f"Write the number alone: {bare}."
        if (percent := re.fullmatch(r"([0-9]+(\.[0-9]+)?)\s*%", text)) is not None:
            return "not_a_number", f"{column.name} is “{text}”, which is not a number.", f"Write it as a share: {float(percent[1]) / 100:g}."
        otherwise = "Write digits." if column.required else "Write digits, or leave the cell empty if it is not known."
        return "not_a_number", f"{column.name} is “{text}”, which is not a number.", otherwise

    return wrongs(cells, bad, judge)


def _not_finite(name: str, text: str) -> tuple[str, str]:
    return f"{name} is {text}, which is not a finite number.", "Write the number, or leave the row out if there is none."
