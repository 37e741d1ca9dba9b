"""Why a person is where they are: what a place rests on, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from allocator.engines.regret import Difference
from allocator.explanations.direct import settled
from allocator.explanations.explanation import Explanation, Fix, Verdict
from allocator.explanations.fixes import room_for
from allocator.explanations.ground import SOFT_GOALS, Ground
from allocator.explanations.mends import fixes, least_refused
from allocator.pairs import eligible
from allocator.scenario import Integers, Positions

VERDICT: dict[str, Verdict] = {
    "placed": "placed", "refused": "ineligible", "no_pair": "ineligible", "outbid": "outbid", "blocked_row": "blocked", "blocked_impossible": "blocked",
    "blocked_goal": "blocked", "tie_equal": "tie", "tie_lottery": "tie", "not_worse": "tie", "kept_goal": "kept", "kept_rows": "kept",
}  # fmt: skip
MOST_JUDGED = 20_000_000
"""Pairs that are judged again to find what would mend them, over everybody."""


def of_seeker(ground: Ground, seeker: int, *, exactly: bool = True) -> Explanation:
    """One person. `exactly` asks what placing them (or moving them) costs; else only what is known of everybody at once is said, and likely ties asked."""
    if ground.pair_of[seeker] >= 0:
        return _placed(ground, seeker, exactly)
    if not len(ground.of_seeker(seeker)):
        return ineligible(ground, np.array([seeker], dtype=np.int32))[0]
    return _unplaced(ground, seeker, exactly)


# -- placed -----------------------------------------------------------------------------------------------------------------


def _placed(ground: Ground, seeker: int, exactly: bool) -> Explanation:
    pair = int(ground.pair_of[seeker])
    line = ground.result.assignments.iloc[int(np.searchsorted(ground.chosen, pair))]
    others = ground.of_seeker(seeker)
    others = others[others != pair]
    numbers: dict[str, Any] = {
        "seeker": ground.seeker_id(pair),
        "slot": ground.slot_id(pair),
        "score": float(line["score"]),
        "components": {
            str(name): None if np.isnan(line[name]) else float(line[name]) for name in line.index if name not in ("seeker_id", "slot_id", "score", "tier")
        },
        "paid": _prices_paid(ground, pair),
        "alternatives": len(others),
        "no_other": not len(others),
    }
    if len(others):
        numbers |= _next_best(ground, seeker, others, exactly)
    return Explanation("seeker_id", numbers["seeker"], "placed", "placed", numbers)


def _prices_paid(ground: Ground, pair: int) -> list[dict[str, Any]]:
    """The rows of a pair that have nothing to spare, with what a unit of each is worth by the relaxation, where it is worth anything."""
    paid = []
    for row, coefficient in zip(*ground.room.rows_of(pair), strict=True):
        told = ground.row(int(row))
        if told["kind"] != "one_slot_each" and ground.binds(int(row)):
            price = ground.price(int(row), float(coefficient))
            if price is not None:
                paid.append({**told, "price": price})
    return paid


def _next_best(ground: Ground, seeker: int, others: Integers, exactly: bool) -> dict[str, Any]:
    """The alternative that costs least, with its cost: exactly, or as far as the regrets and direct swaps prove it and time allows."""
    told, swaps = settled(ground, others, seeker, asked=others if exactly or (ground.regrets.goal[others] < 0).any() else None)
    if told is None:
        nearest = ground.regrets.nearest(others)
        cost = ground.least_cost(nearest)
        return {"next": ground.slot_id(nearest), "next_cost": cost, "next_open": cost is None, "move": None if swaps.best is None else swaps.best.told(ground)}
    if told.telling == "impossible":
        return {"next_impossible": True}
    nearest = ground.regrets.nearest(others) if told.columns is None else int(others[told.columns[others] > 0][0])
    return {"next": ground.slot_id(nearest), "next_cost": ground.cost(told), "next_equal": told.telling == "equal", "next_open": told.telling == "open"}


# -- no slot admits them ----------------------------------------------------------------------------------------------------


def ineligible(ground: Ground, seekers: Positions) -> list[Explanation]:
    """People without any pair: what refuses them, and the least that would make them eligible somewhere."""
    problem, pairs = ground.problem, ground.pairs
    listed: tuple[Positions, Positions] | None = None
    if problem.scenario.has("pairs"):
        listed = problem.scenario.link("pairs", "seeker_id"), problem.scenario.link("pairs", "slot_id")
    size = len(seekers) * problem.scenario.size("slots") if listed is None else len(listed[0])
    slots = np.full(len(seekers), -1, dtype=np.int32)
    if size <= MOST_JUDGED:
        slots = least_refused(problem, seekers, listed, ground.open)
    mended: dict[int, Fix | None] = {}
    tried = np.flatnonzero(slots >= 0)
    if len(tried):
        mended = dict(zip(seekers[tried].tolist(), fixes(problem, seekers[tried], slots[tried]), strict=True))
    told = []
    for seeker in seekers.tolist():
        who = str(ground.seeker_ids[seeker])
        refused = {rule: int(count[seeker]) for rule, count in sorted(pairs.refused_by.items()) if count[seeker]}
        code = "refused" if refused else "no_pair"
        numbers = {"seeker": who, "refused": refused, "slots": sum(refused.values()), "refusing": _kinds(refused)}
        told.append(Explanation("seeker_id", who, "ineligible", code, numbers, mended.get(seeker)))
    return told


def _kinds(refused: dict[str, int]) -> list[str]:
    """The kinds of the rules that refuse, most first."""
    return list(dict.fromkeys(rule.partition("[")[0] for rule in sorted(refused, key=lambda rule: (-refused[rule], rule))))


# -- unplaced though eligible -----------------------------------------------------------------------------------------------


def _unplaced(ground: Ground, seeker: int, exactly: bool) -> Explanation:
    pairs, mine = ground.pairs, ground.of_seeker(seeker)
    who = str(ground.seeker_ids[seeker])
    code, numbers = _as_it_stands(ground, mine)
    numbers = {"seeker": who, "options": len(mine), **numbers}
    if pairs.left_out is not None and pairs.left_out[seeker]:
        numbers |= {"capped": int(pairs.left_out[seeker])}
    nearest = ground.regrets.nearest(mine)
    goal = ground.regrets.goal[mine]
    soft = [number for number, objective in enumerate(ground.program.objectives) if objective.kind in SOFT_GOALS]
    likely = (goal < 0) | np.isin(goal, soft)
    told, swaps = settled(ground, mine, seeker, asked=mine if exactly or likely.any() else None)
    if told is not None and told.columns is not None and (mine[told.columns[mine] > 0]).size:
        nearest = int(mine[told.columns[mine] > 0][0])
    numbers |= {"nearest": ground.slot_id(nearest), "holders": ground.holders(int(pairs.slot[nearest]))}
    if told is None:
        numbers |= {"cost": ground.least_cost(nearest), "undecided": goal[mine == nearest][0] < 0}
    else:
        code, more = _as_told(ground, mine, code, told)
        numbers |= more
    if swaps.best is not None and code in ("outbid", "blocked_row", "blocked_goal"):
        numbers |= {"swap": swaps.best.told(ground)}
    if swaps.row >= 0:
        numbers |= {"swap_row": ground.row(swaps.row)}
    numbers["undecided"] = bool(numbers.get("undecided", False))
    if code in ("outbid", "blocked_row", "blocked_goal", "blocked_impossible") and ground.without_keeping is not None:
        there = int(ground.without_keeping[seeker])
        if there >= 0:
            code, numbers = "kept_rows", {**numbers, "keeping": ground.keeping, "nearest": ground.slot_id(there)}
    fix = None if VERDICT[code] == "tie" else room_for(ground, mine, told if exactly else None)
    return Explanation("seeker_id", who, VERDICT[code], code, numbers, fix)


def _as_it_stands(ground: Ground, mine: Integers) -> tuple[str, dict[str, Any]]:
    """What can be seen without asking: every slot is full; or one is open, and a row is in the way; or none is."""
    open_ = mine[ground.open[ground.pairs.slot[mine]]]
    if not len(open_):
        return "outbid", {}
    count, price = (part[open_] for part in ground.broken)
    best = int(open_[np.lexsort((open_, -ground.pairs.score[open_], price, count))[0]])
    if ground.broken[0][best] == 0:
        return "blocked_goal", {"open_slot": ground.slot_id(best)}
    added = ground.room.with_pair(best)
    if added is None or not added.gives:
        return "blocked_goal", {"open_slot": ground.slot_id(best)}
    return "blocked_row", {"open_slot": ground.slot_id(best), "rows": [ground.row(row) for row in sorted(added.gives)]}


def _as_told(ground: Ground, mine: Integers, code: str, told: Difference) -> tuple[str, dict[str, Any]]:
    """The verdict that an answer makes, with its numbers."""
    shown = {} if told.columns is None else {"nearest": ground.slot_id(int(mine[told.columns[mine] > 0][0]))}
    if told.telling == "equal":
        return "tie_equal", shown
    if told.telling == "better":
        return "not_worse", shown
    if told.telling == "impossible":
        rows = [ground.row(row) for row in sorted(_in_the_way(ground, mine))]
        return "blocked_impossible", {"rows": rows}
    cost = ground.cost(told)
    kind = ground.program.objectives[told.goal].kind if told.goal >= 0 else ""
    if told.telling == "worse" and told.first and told.columns is not None and kind in SOFT_GOALS:
        return ("tie_lottery" if kind == "lottery" else "kept_goal"), {**shown, "cost": cost}
    if told.telling == "worse":
        return code, {"cost": cost}
    return code, {"undecided": True}


def _in_the_way(ground: Ground, mine: Integers) -> set[int]:
    """Firm rows that adding the person to the plan breaks, wherever they would go."""
    rows: set[int] | None = None
    for pair in mine.tolist():
        added = ground.room.with_pair(pair)
        gives = set() if added is None else {row for row in added.gives if ground.row(row)["kind"] != "one_slot_each"}
        rows = gives if rows is None else rows & gives
    return rows or set()


def refusals_of(ground: Ground, seeker: int, slot: int) -> Sequence[str]:
    """The kinds of the rules that refuse a pair."""
    one, other = np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32)
    return [rule.kind for rule, may in eligible(ground.problem, one, other) if not may[0]]
