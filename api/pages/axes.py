"""Places of a policy as people call them: a promise by its name and what of it is meant, so that nobody has to read or write a path."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from allocator import Fault
from api.pages.render import number
from api.pages.rule_names import rule_name
from api.pages.words import say
from api.problems import ProblemError

Value = bool | int | float | str
_PLACE = re.compile(r"\w+\.(?P<kind>\w+)(?:\[(?P<label>.*)\])?\.(?P<key>\w+)")
MOVABLE = ("share", "count", "at_most", "minimum", "goal", "maximum", "available")
"""Keys of promises and limits that are asked about by moving them."""
LONGEST = 20
"""Signs, and digits, of the longest number that is taken for one."""
STEPS = 12
"""About how many steps a range has that nobody has chosen yet."""


def axis_of(path: str) -> dict[str, Any]:
    """A place by its name: `name` of the promise, `about` in words what is moved, `share` whether its values are shares."""
    found = _PLACE.fullmatch(path)
    if found is None:
        return {"path": path, "name": path, "about": "", "share": False, "words": path}
    name, key = rule_name(found["kind"], found["label"] or ""), found["key"]
    about = say(f"tradeoffs.of.{key}") if key in MOVABLE else plain(key)
    return {"path": path, "name": name, "about": about, "share": key == "share", "words": say("tradeoffs.axis", promise=name, about=about)}


def promise_of(path: str) -> str | None:
    """The label of the promise that a place is of, where its words can be read in several ways; None where they cannot."""
    found = _PLACE.fullmatch(path)
    return (found["label"] or found["kind"]) if found is not None and found["kind"] == "reservation" else None


def movable(policy: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every promise and limit of a policy that can be moved, with its value now and a range to begin with."""
    for rule in policy.get("constraints") or ():
        kind, label = rule["kind"], rule["label"]
        name = kind if label in ("", kind) else f"{kind}[{label}]"
        for key in MOVABLE if rule.get("enabled", True) else ():
            if rule.get(key) is not None:
                yield {
                    **(axis := axis_of(f"constraints.{name}.{key}")),
                    "present": rule[key],
                    "shown": shown(rule[key], axis),
                    "range": _range(rule[key], axis),
                }


def _range(present: Any, axis: Mapping[str, Any]) -> dict[str, str]:
    """From nothing to twice of what there is, in whole steps."""
    top = max(1, min(100, round(Decimal(str(present)) * 200))) if axis["share"] else max(1, round(Decimal(str(present)) * 2))
    step = next((each for each in (1, 2, 5, 10, 20, 25, 50) if top / each <= STEPS), max(1, round(top / STEPS)))
    return {"from": "0", "to": str(-(-top // step) * step if not axis["share"] else min(100, -(-top // step) * step)), "step": str(step)}


def asked(axis: Mapping[str, Any], given: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """What a form says of an axis, as the API takes it. ProblemError where a field is no number."""
    parts, wrong = [], []
    for field in ("from", "to", "step"):
        text = str(given.get(prefix + field, "")).strip().replace(",", "").removesuffix("%").strip()
        try:
            value = Decimal(text)
            # Neither too long to be read nor, as 1e999999999 is, to be written out.
            if not value.is_finite() or len(text) > LONGEST or abs(value.adjusted()) > LONGEST:
                raise InvalidOperation
            parts.append(format(value / 100 if axis["share"] else value, "f"))
        except InvalidOperation:
            told = say("tradeoffs.no_number", label=say(f"tradeoffs.{field}"), promise=axis["name"])
            wrong.append(Fault("not_a_number", told, say("tradeoffs.no_number_fix"), column=prefix + field))
    if wrong:
        raise ProblemError("faulty-input", say("tradeoffs.no_range"), faults=wrong)
    return {"path": axis["path"], "range": ":".join(parts)}


def shown(value: Any, axis: Mapping[str, Any]) -> str:
    """A value of an axis as people read it."""
    if isinstance(value, bool):
        return say("tradeoffs.yes") if value else say("tradeoffs.no")
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return say("tradeoffs.percent", value=f"{(exact * 100).normalize():f}") if axis["share"] else number(float(exact))


def slider(values: Sequence[Value]) -> dict[str, str] | None:
    """Ends and step of a slider through values; None where they are no numbers, or not evenly apart."""
    if len(values) < 2 or any(isinstance(value, bool | str) for value in values):
        return None
    numbers = [Decimal(str(value)) for value in values]
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    if len(steps) != 1 or (step := steps.pop()) <= 0:
        return None
    return {"min": f"{numbers[0]:f}", "max": f"{numbers[-1]:f}", "step": f"{step:f}"}


def same(value: Value, text: str) -> bool:
    """Whether a value of an axis is the one that an address writes so."""
    if isinstance(value, bool | str):
        return (str(value).lower() if isinstance(value, bool) else value) == text
    try:
        return Decimal(str(value)) == Decimal(text)
    except InvalidOperation:
        return False


def plain(word: str) -> str:
    """A name of the policy's own as a word."""
    return word.replace("_", " ")
