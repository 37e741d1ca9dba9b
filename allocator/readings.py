"""A reservation under one reading, and how it compares with the present one, in a sentence for planners. Sentences count people; they name none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allocator.engines.base import Status
from allocator.result import GoalResult

MODES = {
    "minimum_best_effort": "a best-effort minimum",
    "minimum_hard": "a hard minimum",
    "minimum_soft": "a priced minimum",
    "set_aside": "a set-aside",
    "cap": "a cap",
    "over_and_above": "over and above",
}
"""How sentences call a reading."""
DENOMINATORS = {"openings": "the openings", "filled": "the filled seats", "applicants": "the applicants' part of the pool"}


@dataclass(frozen=True)
class Reading:
    """The reservation under another reading: seats promised, filled and short over all its rungs, openings in its scope left empty, people placed, goals.

    `gained` are people who would hold a slot then and hold none now, `lost` the other way round. None where there is no plan.
    """

    mode: str
    denominator: str
    status: Status
    promised: int | None
    filled: int | None
    short: int | None
    empty: int | None
    placed: int | None
    goals: tuple[GoalResult, ...]
    gained: tuple[str, ...] | None
    lost: tuple[str, ...] | None
    note: str
    sentence: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The reading as plain JSON data."""
        return {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "goals": [vars(goal) for goal in self.goals]}


def name_of(reading: Reading) -> str:
    """The reading as a table names it."""
    name = MODES[reading.mode].removeprefix("a ")
    return name if reading.denominator == "openings" else f"{name} of {DENOMINATORS[reading.denominator]}"


def say_present(now: Reading) -> str:
    """What the promise as it is read now has come to."""
    if now.mode == "cap":
        return f"Read as {_called(now)}, it lets at most {_seats(now.promised)} go to its beneficiaries; they hold {now.filled}."
    short = f" {now.short} short." if now.short else " Kept in full."
    return f"Read as {_called(now)}, it promises {_seats(now.promised)}, and its beneficiaries hold {now.filled}.{short}"


def say_off(off: Reading, now: Reading) -> str:
    """What would be without the rule."""
    if off.placed is None:
        return "Without it there would be no plan at all." if off.status == "infeasible" else "What would be without it was not found in time."
    held = [f"left its beneficiaries with {_seats(off.filled)} instead of {now.filled}"] if off.filled != now.filled else []
    return _sentence("Switching it off", [*held, *_differences(off, now)], off)


def say_other(other: Reading, now: Reading) -> str:
    """What another reading would have done, against what the present one did."""
    name = _called(other)
    name = name[:1].upper() + name[1:] + (f" ({other.note})" if other.note else "")
    if other.placed is None:
        if other.status == "infeasible":
            return f"{name} would have been impossible: no plan keeps it together with all other rules."
        return f"{name}: nothing was found in time."
    parts = []
    if other.mode == "cap":
        parts.append(f"given its beneficiaries {_seats(other.filled)} of at most {other.promised}")
    elif (other.promised, other.filled) != (now.promised, now.filled):
        parts.append(f"filled {other.filled} of {other.promised} promised seats")
    return _sentence(name, [*parts, *_differences(other, now)], other)


def _called(reading: Reading) -> str:
    of = "" if reading.denominator == "openings" else f" of {DENOMINATORS[reading.denominator]}"
    return MODES[reading.mode] + of


def _sentence(subject: str, parts: list[str], reading: Reading) -> str:
    """What it would have done, and who comes and goes."""
    gained, lost = len(reading.gained or ()), len(reading.lost or ())
    if not parts and not gained and not lost:
        return f"{subject} would have changed nothing."
    doubt = " (as far as was found in time; not proved)" if reading.status == "feasible" else ""
    joined = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else "met every goal as well"
    who = f"{_people(gained)} would gain a slot and {_people(lost)} would lose theirs" if gained or lost else "the same people would be placed"
    return f"{subject} would have {joined}; {who}{doubt}."


def _differences(reading: Reading, now: Reading) -> list[str]:
    """Seats left empty and the goals' values, where they differ from now."""
    told = []
    if reading.empty is not None and now.empty is not None and reading.empty != now.empty:
        more = reading.empty - now.empty
        told.append(f"left {_seats(more)} more empty" if more > 0 else f"filled {_seats(-more)} that {'is' if more == -1 else 'are'} empty now")
    for label, unit, change, better in _better(reading, now):
        told.append(f"made {label} {abs(change):,.10g} {unit} {'better' if better else 'worse'}")
    return told


def _better(reading: Reading, now: Reading) -> list[tuple[str, str, float, bool]]:
    """Goals that both have and whose best values are proved to differ: (label, unit, change, whether for the better).

    What lies between a value and its bound is not known, and nothing is said of it.
    """
    before = {goal.label: goal for goal in now.goals}
    found = []
    for goal in reading.goals:
        old = before.get(goal.label)
        if old is None or goal.kind == "lottery" or None in (old.value, old.bound, goal.value, goal.bound):
            continue
        (least, most), (old_least, old_most) = _between(goal), _between(old)
        if least > old_most or most < old_least:
            change = float(round((goal.value or 0) - (old.value or 0), 2))
            found.append((goal.label, goal.unit, change, (change < 0) == (goal.kind == "shortfall")))
    return found


def _between(goal: GoalResult) -> tuple[float, float]:
    """Where the goal's best value lies."""
    value, bound = goal.value or 0, goal.bound or 0
    return min(value, bound), max(value, bound)


def _seats(count: int | None) -> str:
    return f"{count} seat{'' if count == 1 else 's'}"


def _people(count: int) -> str:
    return "nobody" if count == 0 else f"{count} {'person' if count == 1 else 'people'}"
