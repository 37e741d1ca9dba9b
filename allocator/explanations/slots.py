"""Why a slot is full, or has openings left."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from allocator.explanations.explanation import Explanation, Verdict
from allocator.explanations.fixes import room_for
from allocator.explanations.ground import Ground
from allocator.explanations.swaps import swapped
from allocator.pairs import eligible
from allocator.scenario import Integers

VERDICT: dict[str, Verdict] = {
    "slot_full": "placed", "slot_closed": "blocked", "slot_refuses": "ineligible", "slot_no_pair": "ineligible", "slot_blocked": "blocked",
    "slot_all_placed": "outbid", "slot_goal": "blocked", "slot_undecided": "blocked", "slot_equal": "tie", "slot_lottery": "tie",
}  # fmt: skip


def of_slot(ground: Ground, slot: int, *, exactly: bool = True) -> Explanation:
    """One slot. `exactly` asks what filling an opening costs, where no row is plainly in the way."""
    name, mine = str(ground.slot_ids[slot]), ground.of_slot(slot)
    openings, taken = int(ground.problem.openings[slot]), int(ground.taken[slot])
    waiting = mine[ground.pair_of[ground.pairs.seeker[mine]] < 0]
    numbers: dict[str, Any] = {"slot": name, "openings": openings, "open": openings - taken, "eligible": len(mine), "waiting": len(waiting)}
    numbers["holders"] = ground.holders(slot)
    if openings == 0:
        return _told(name, "slot_closed", numbers)
    if taken >= openings:
        return _told(name, "slot_full", numbers)
    if not len(mine):
        refused = _refused(ground, slot)
        return _told(name, "slot_refuses" if refused else "slot_no_pair", {**numbers, "refused": refused})
    elsewhere = mine[(ground.columns[mine] == 0) & (ground.pair_of[ground.pairs.seeker[mine]] >= 0)]
    if len(waiting):
        return _waiting(ground, name, waiting, numbers, exactly)
    if len(elsewhere):
        nearest = ground.regrets.nearest(elsewhere)
        cost = ground.least_cost(nearest)
        if exactly:
            told = ground.ask_one_of(elsewhere)
            cost = ground.cost(told)
            if told.telling in ("equal", "better") and told.columns is not None:
                mover = int(elsewhere[told.columns[elsewhere] > 0][0])
                return _told(name, "slot_equal", {**numbers, "nearest": ground.seeker_id(mover)})
        return _told(name, "slot_all_placed", {**numbers, "cost": cost})
    return _told(name, "slot_all_placed", numbers)


def _waiting(ground: Ground, name: str, waiting: Integers, numbers: dict[str, Any], exactly: bool) -> Explanation:
    """People without a slot could take the opening: what stops them."""
    judged = swapped(ground.room, [waiting], [np.full(len(waiting), -1, dtype=np.int64)])
    fine = judged.best(np.arange(len(waiting)))
    if fine < 0:
        row = Counter(judged.row.tolist()).most_common(1)[0][0]
        fix = room_for(ground, waiting)
        return Explanation("slot_id", name, "blocked", "slot_blocked", {**numbers, "row": ground.row(row)}, fix)
    goal, amount = judged.first
    if goal[fine] < 0 or amount[fine] > 0:
        return _told(name, "slot_equal", {**numbers, "nearest": ground.seeker_id(int(waiting[fine]))})
    if exactly:
        told = ground.ask_one_of(waiting)
        if told.telling in ("equal", "better") and told.columns is not None:
            return _told(name, "slot_equal", {**numbers, "nearest": ground.seeker_id(int(waiting[told.columns[waiting] > 0][0]))})
        if told.telling == "worse":
            return _told(name, "slot_goal", {**numbers, "cost": ground.cost(told)})
        return _told(name, "slot_undecided", numbers)
    nearest = ground.regrets.nearest(waiting)
    cost = ground.least_cost(nearest)
    return _told(name, "slot_undecided" if cost is None else "slot_goal", {**numbers, "cost": cost})


def _told(name: str, code: str, numbers: dict[str, Any]) -> Explanation:
    return Explanation("slot_id", name, VERDICT[code], code, numbers)


def _refused(ground: Ground, slot: int) -> dict[str, int]:
    """How many people each rule is the first to refuse for this slot."""
    facts = ground.problem.scenario
    if facts.has("pairs"):
        listed = np.flatnonzero(facts.link("pairs", "slot_id") == slot)
        seekers = facts.link("pairs", "seeker_id")[listed]
    else:
        seekers = np.arange(facts.size("seekers"), dtype=np.int32)
    left, refused = np.ones(len(seekers), dtype=bool), {}
    for rule, may in eligible(ground.problem, seekers, np.full(len(seekers), slot, dtype=np.int32)):
        first = int((left & ~may).sum())
        if first:
            refused[rule.name] = first
        left &= may
    return refused
