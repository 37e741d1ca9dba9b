"""What a sweep moves: a place in the policy, as `--set` has it, and the values it takes there.

constraints.reservation[partner].share=0:0.6:0.02       from, to and by how much: both ends, in exact decimals
constraints.reservation[partner].mode=minimum_hard,cap   a list: numbers or words
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from allocator.errors import Fault, InputError

OPTION = "--over"
MOST = 2_000
"""Points of a sweep at most."""
SYNTAX = "Write PLACE=START:STOP:STEP or PLACE=VALUE,VALUE, for example constraints.reservation[partner].share=0:0.6:0.02."

_OVER = re.compile(r"(?P<place>(?:[^\[\]=]|\[.*?\](?=\.))+)=(?P<values>.*)", re.DOTALL)

Value = int | float | bool | str


@dataclass(frozen=True)
class Over:
    """A place in the policy and its values, as they are written after `--set PLACE=`."""

    place: str
    texts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Over:
        """From `PLACE=START:STOP:STEP` or `PLACE=VALUE,VALUE`. Raises InputError where it is neither."""
        parsed = _OVER.fullmatch(text)
        if parsed is None:
            raise InputError([_fault(text, f"{text!r} does not say what to sweep over which values.", SYNTAX)])
        place, values = parsed["place"].strip(), parsed["values"].strip()
        parts = [part.strip() for part in values.split(":")]
        numbers = [_number(part) for part in parts]
        known = [number for number in numbers if number is not None]
        if len(parts) == 3 and len(known) == 3:
            return cls(place, tuple(_range(text, *known)))
        if (len(parts) > 1 and len(known) == len(parts)) or (len(parts) == 3 and len(known) > 1):
            raise InputError([_fault(text, f"{values} is not a range.", "A range is START:STOP:STEP, all three numbers, for example 0:0.6:0.02.")])
        listed = list(_split(values))
        if not all(listed):
            raise InputError([_fault(text, "A value is missing in the list.", SYNTAX)])
        return cls(place, tuple(dict.fromkeys(listed)))

    def sets(self, number: int) -> str:
        """The change that puts one of the values there, as `--set` has it."""
        return f"{self.place}={self.texts[number]}"

    @property
    def values(self) -> tuple[Value, ...]:
        """The values as JSON has them."""
        return tuple(value_of(text) for text in self.texts)


def read_overs(texts: Sequence[str]) -> tuple[Over, ...]:
    """The parameters of a sweep, one or two. Raises InputError with everything that is wrong."""
    faults: list[Fault] = []
    overs: list[Over] = []
    for text in texts:
        try:
            overs.append(Over.of(text))
        except InputError as error:
            faults += error.faults
    if not texts or len(texts) > 2:
        faults.append(_fault("", f"A sweep has one or two parameters; there {'are ' + str(len(texts)) if texts else 'is none'}.", SYNTAX))
    if len(overs) == 2 and overs[0].place == overs[1].place:
        faults.append(_fault(overs[0].place, f"Both parameters are {overs[0].place}.", "Put all the values into one of them."))
    points = 1
    for over in overs:
        points *= len(over.texts)
    if points > MOST:
        faults.append(_fault("", f"That makes {points:,} points; a sweep has {MOST:,} at most.", "Take a larger step, or a shorter range."))
    if faults:
        raise InputError(faults)
    return tuple(overs)


def value_of(text: str) -> Value:
    """A value as JSON has it: a number, true or false, else the word itself."""
    if text in ("true", "false"):
        return text == "true"
    number = _number(text)
    if number is None:
        return text.strip('"')
    return int(number) if number == number.to_integral_value() and "." not in text else float(number)


def exact_value(text: str) -> Any:
    """A value as a policy has it: what TOML reads, with exact decimals; a bare word where TOML reads nothing."""
    try:
        parsed = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _number(text: str) -> Decimal | None:
    """A plain decimal number; None where the text is none."""
    try:
        number = Decimal(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text) else None
    except InvalidOperation:
        return None
    return number


def _range(text: str, start: Decimal, stop: Decimal, step: Decimal) -> Iterator[str]:
    """From start to stop, both included, whether or not the last step reaches it."""
    if step == 0:
        raise InputError([_fault(text, "The step is 0.", "Take a step above 0.")])
    if step < 0 or start > stop:
        forward = ":".join(_plain(part) for part in (min(start, stop), max(start, stop), abs(step)))
        raise InputError([_fault(text, "The range runs backwards.", f"Write it forwards: {forward}.")])
    steps = int((stop - start) / step)
    if steps >= MOST:
        raise InputError([_fault(text, f"That makes {steps + 1:,} values; a sweep has {MOST:,} points at most.", "Take a larger step.")])
    for number in range(steps + 1):
        yield _plain(start + number * step)
    if start + steps * step < stop:
        yield _plain(stop)


def _plain(number: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _split(text: str) -> Iterator[str]:
    """The parts between commas that are inside neither brackets nor quotes."""
    depth, quoted, part = 0, "", ""
    for sign in text:
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "\"'":
            quoted = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        if sign == "," and not quoted and depth <= 0:
            yield part.strip()
            part = ""
        else:
            part += sign
    yield part.strip()


def _fault(place: str, message: str, fix: str) -> Fault:
    return Fault("bad_over", message, fix, file=OPTION, value=place)
