"""The least that would have to give way for a person to have a place, named only with a plan at hand that has it and is not worse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import numpy as np

from allocator.constraints.reservation import Reservation
from allocator.engines.completed import completed
from allocator.engines.regret import Difference, difference, values
from allocator.engines.warm import Change
from allocator.explanations.explanation import Fix
from allocator.explanations.ground import Ground
from allocator.program import FREE
from allocator.scenario import Integers

MOST_TRIED = 6
"""Pairs of one person that are tried."""
MOST_ROWS = 3
"""Rows that a fix names at most."""
FIRM = ("one_slot_each",)
"""Rows that never give way."""

Gives = dict[int, int]
"""By how much rows give way: positive over their upper side, negative under their lower one."""


def room_for(ground: Ground, mine: Integers, told: Difference | None = None) -> Fix | None:
    """What would have to give way for an unplaced person to be added to the plan as it is; else, where promises are what it costs, smaller promises."""
    count, price = (part[mine] for part in ground.broken)
    near = mine[np.lexsort((mine, -ground.pairs.score[mine], price, count))]
    near = near[(ground.broken[0][near] > 0) & (ground.broken[0][near] <= MOST_ROWS)][:MOST_TRIED]
    for pair in near.tolist():
        added = ground.room.with_pair(pair)
        if added is not None and _may_give(ground, added.gives) and added.values >= ground.room.values:
            return _fix(ground, pair, added.gives)
    return None if told is None else _smaller_promise(ground, mine, told)


def room_to_move(ground: Ground, pair: int, told: Difference) -> Fix | None:
    """What would have to give way for a person to have this pair, whatever they hold now."""
    held = int(ground.pair_of[ground.pairs.seeker[pair]])
    if held < 0:
        return room_for(ground, np.array([pair]), told)
    chosen = np.union1d(ground.chosen[ground.chosen != held], [pair])
    columns = completed(ground.program, chosen)
    if columns is not None:
        gives = _gives(ground, columns)
        if gives and len(gives) <= MOST_ROWS and _may_give(ground, gives) and values(ground.program, columns) >= ground.room.values:
            return _fix(ground, pair, gives)
    return _smaller_promise(ground, np.array([pair]), told)


def _gives(ground: Ground, columns: Integers) -> Gives:
    """The rows that a solution breaks."""
    activity = ground.room.activity_of(columns)
    over, under = activity - ground.room.upper, activity - ground.room.lower
    return {int(row): int(over[row] if over[row] > 0 else under[row]) for row in np.flatnonzero((over > 0) | (under < 0))}


def _may_give(ground: Ground, gives: Gives) -> bool:
    return bool(gives) and not any(ground.room.block(row)[0].kind in FIRM or ground.room.block(row)[0].label == "one credit each" for row in gives)


def _smaller_promise(ground: Ground, mine: Integers, told: Difference) -> Fix | None:
    """Promises that the plan with the person falls short of, made smaller by as much; asked again, and named where the answer is no worse."""
    if told.telling != "worse" or told.columns is None or ground.program.objectives[told.goal].kind not in ("shortfall", "match_quality"):
        return None
    gives: Gives = {}
    for row, column, coefficient in ground.room.columns_of_one_row():
        more = int(told.columns[column] - ground.columns[column]) * coefficient
        if more > 0 and FREE > ground.room.lower[row] > 0 and coefficient == 1:
            gives[row] = -more
    if not gives or len(gives) > MOST_ROWS:
        return None
    change = Change(at_least={row: int(ground.room.lower[row]) + by for row, by in gives.items()}, any_of=(mine,))
    again = difference(ground.warm, change, clock=ground.clock(), restricts=False)
    if again.telling not in ("equal", "better") or again.columns is None:
        return None
    return _fix(ground, int(mine[again.columns[mine] > 0][0]), gives)


def _fix(ground: Ground, pair: int, gives: Gives) -> Fix:
    rows: dict[str, tuple[Literal["at_least", "at_most"], int]] = {}
    giving, changes = [], []
    for row, by in sorted(gives.items()):
        told = ground.row(row)
        rows[told["name"]] = ("at_most" if by > 0 else "at_least", by)
        words, change = _words(ground, row, by)
        giving.append({**told, "by": abs(by), **words})
        changes.append(change)
    numbers = {"seeker": ground.seeker_id(pair), "slot": ground.slot_id(pair), "giving": giving}
    told_as = tuple(change for change in changes if change is not None)
    return Fix("fix_rows", numbers, told_as if len(told_as) == len(changes) else (), rows)


def _words(ground: Ground, row: int, by: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """How a row that gives way is said, and the change of the scenario or policy that is just that; None where no single value is."""
    told = ground.row(row)
    kind, key = told["kind"], told["key"]
    side = int(ground.room.upper[row] if by > 0 else ground.room.lower[row])
    entry = next((rule for rule in ground.problem.policy.constraints if rule.kind == kind and (rule.label or rule.kind) == told["label"]), None)
    if kind == "slot_openings":
        moves = any(getattr(rule, "share", None) is not None for rule in ground.problem.policy.constraints)
        return {}, None if moves else {"op": "set", "path": f"slots[{key}].openings", "value": side + by}
    if kind == "staff_capacity":
        facts = ground.problem.scenario
        place = facts.position("staff", key)
        used = int(facts.integers("staff", "used")[place])
        return {}, {"op": "set", "path": f"staff[{key}].capacity", "value": max(int(facts.integers("staff", "capacity")[place]), used) + by}
    if isinstance(entry, Reservation):
        return _promise(ground, entry, key, side, by)
    if kind in ("reverse_referral_cap", "change_limit") and entry is not None and getattr(entry, "at_most", None) is not None:
        limit = int(entry.at_most)  # type: ignore[attr-defined]
        return {}, {"op": "set", "path": f"constraints.{entry.name}.at_most", "value": limit + abs(by)}
    if kind in ("pins", "commitments", "change_limit", "employer_limit", "budget", "reverse_referral_cap"):
        return {}, None
    return {"now": side, "then": side + by}, None


def _promise(ground: Ground, rule: Reservation, key: str, side: int, by: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A promise that gives way, in seats and, where it is one, as a share."""
    problem = ground.problem
    rungs, promises = rule.rungs(problem), rule.promises(problem)
    number = next((k for k, rung in enumerate(rungs) if rule.key(rung) == key), None)
    if number is None or rule.denominator == "filled":
        return {}, None
    now = promises[number]
    # Setting fewer seats aside widens an upper side; a cap that rises widens one as well.
    then = now - by if rule.mode == "set_aside" else now + by
    if rule.mode == "minimum_best_effort":
        then = side + by  # a promise beyond its supply was clipped before it was a row
    words: dict[str, Any] = {"now": now, "then": then}
    if then < 0 or len(rungs) > 1 or rule.rounding == "largest_remainder":
        return words, None
    if rule.count is not None:
        return words, {"op": "set", "path": f"constraints.{rule.name}.count", "value": then}
    share = _share(ground, rule, then, rungs[number].seats)
    if share is None or rule.share is None:
        return words, None
    words |= {"share_now": _percent(rule.share), "share_then": _percent(share)}
    return words, {"op": "set", "path": f"constraints.{rule.name}.share", "value": float(share)}


def _share(ground: Ground, rule: Reservation, then: int, seats: int) -> Decimal | None:
    """A share, as round as can be, that promises just so many seats."""
    if rule.denominator != "openings" or not seats:
        return None
    for digits in (2, 3, 4):
        for nudge in (0, -1, 1):
            share = round(Decimal(then) / Decimal(seats), digits) + nudge * Decimal(1).scaleb(-digits)
            if 0 <= share <= 1 and rule.model_copy(update={"share": share}).promises(ground.problem) == [then]:
                return share
    return None


def _percent(share: Decimal) -> str:
    return f"{float(share * 100):g} %"
