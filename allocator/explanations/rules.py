"""What each rule asks, what is reached, and what one more or one less would change.

    kept      what is asked is reached
    blocked   it is not: something stands in the way of the promise

`rule_binding` is said of a rule that has nothing to spare and is worth something: one more or one less may change the plan.
"""

from __future__ import annotations

from typing import Any

from allocator.constraints.base import Standing
from allocator.engines.warm import Change
from allocator.explanations.explanation import Explanation, Verdict
from allocator.explanations.ground import Ground
from allocator.program import FREE
from allocator.row_words import rule_words

UNPRICED = ("one_slot_each", "slot_openings")
"""Rules whose standings are no row of their own."""


def of_rule(ground: Ground, line: Standing, *, exactly: bool = True) -> Explanation:
    """One line of a rule. `exactly` solves again with one more and one less; else the relaxation's price is told."""
    rows = _rows(ground, line)
    name = _name(line)
    numbers: dict[str, Any] = {
        "rule": name, "words": rule_words(ground.problem, line.kind, line.label, line.key) or name, "kind": line.kind, "label": line.label, "key": line.key,
        "required": line.required, "achieved": _amount(line.achieved, line.unit),
        "asks": _asks(line), "room": _amount(abs(line.slack or 0), line.unit), "slack": line.slack, "unit": line.unit, "hard": line.hard,
        "binding": line.slack == 0 and any(ground.binds(row) for row in rows),
    }  # fmt: skip
    numbers["more_less"] = {} if len(rows) != 1 else _exactly(ground, rows[0]) if exactly else _by_price(ground, rows[0])
    short = line.slack is not None and line.slack < 0
    verdict: Verdict = "blocked" if short else "kept"
    return Explanation("rule", name, verdict, "rule_short" if short else "rule_binding" if numbers["binding"] else "rule_kept", numbers)


def _rows(ground: Ground, line: Standing) -> list[int]:
    """The rows of a standing: those of its rule with its key; all of its rule's, where it has one only."""
    if line.kind in UNPRICED:
        return []
    same, of_rule = [], []
    for start, block in zip(ground.program.starts.tolist(), ground.program.rows, strict=False):
        if block.kind == line.kind and (block.label or block.kind) == (line.label or line.kind):
            of_rule += [start + k for k in range(len(block))]
            same += [start + k for k in range(len(block)) if len(block.names) and str(block.names[k]) == line.key]
    return same or (of_rule if len(of_rule) == 1 else [])


def _exactly(ground: Ground, row: int) -> dict[str, Any]:
    """The plan solved again with the row one unit wider, and one unit narrower: `more` is more room, or a larger promise."""
    upper, lower = int(ground.room.upper[row]), int(ground.room.lower[row])
    both = {}
    for side, step in (("more", 1), ("less", -1)):
        if upper < FREE:
            change, wider = Change(at_most={row: max(0, upper + step)}), step > 0
        elif lower > -FREE:
            change, wider = Change(at_least={row: lower + step}), step < 0
        else:
            continue
        told = ground.ask(change, restricts=not wider)
        both[side] = {"telling": told.telling, **(ground.amount(told.goal, told.least, told.most, first=told.first) if told.goal >= 0 else {})}
    return both


def _by_price(ground: Ground, row: int) -> dict[str, Any]:
    """What one unit of the side that binds is worth by the relaxation: one more of a limit brings it, and one less of a promise."""
    price = ground.price(row) if ground.binds(row) else None
    side = "more" if ground.room.upper[row] < FREE and ground.room.activity[row] >= ground.room.upper[row] else "less"
    return {} if price is None else {side: {"telling": "price", **price}}


def _name(line: Standing) -> str:
    """The full name of a line, as reports have it."""
    label = "" if line.label in ("", line.kind) else f"[{line.label}]"
    return f"{line.kind}{label}[{line.key}]" if line.key else f"{line.kind}{label}"


def _asks(line: Standing) -> str:
    """What is asked, as it follows what is reached."""
    if line.required is None:
        return ""
    least = line.required == line.at_least
    count = f"${line.required / 100:,.2f}" if line.unit == "cents" else f"{line.required:,}"
    return (
        f" where at least {count} {'is' if line.required == 1 else 'are'} asked"
        if least
        else f" where at most {count} {'is' if line.required == 1 else 'are'} allowed"
    )


def _amount(value: int, unit: str) -> str:
    if unit == "cents":
        return f"${value / 100:,.2f}"
    one = {"people": "person"}.get(unit, unit.removesuffix("s"))
    return f"{value:,} {one if value == 1 else unit}"


def lines_of(ground: Ground, label: str) -> list[Standing]:
    """The lines of a rule: by its label, its kind, its name `kind[label]`, or the full name of one line."""
    found = [line for line in ground.result.rules if label in (_name(line), line.label, line.kind, f"{line.kind}[{line.label}]")]
    exact = [line for line in found if label == _name(line)]
    return exact or found


def shown(lines: list[Standing]) -> list[Standing]:
    """The lines that are worth telling of everybody at once: not the two that always hold."""
    return [line for line in lines if line.kind not in UNPRICED]
