"""Why not this slot for this person: the pair is forced, and the plan solved again as far as it takes to tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from allocator.bends import Elastic
from allocator.constraints.commitments import BEGUN
from allocator.engines.base import Silent
from allocator.engines.choose import choose
from allocator.explanations.direct import cheapest, settled
from allocator.explanations.explanation import Explanation, Verdict
from allocator.explanations.fixes import room_to_move
from allocator.explanations.ground import KEEPING, Ground
from allocator.explanations.mends import fixes
from allocator.explanations.seekers import refusals_of
from allocator.pairs import listed, reasons
from allocator.problem import CLOSED_STATUSES
from allocator.program import Rows
from allocator.row_words import row_told

VERDICT: dict[str, Verdict] = {
    "why_not_holds": "placed", "why_not_refused": "ineligible", "why_not_unlisted": "ineligible", "why_not_cut": "ineligible", "why_not_ended": "ineligible",
    "why_not_impossible": "blocked", "why_not_kept_rows": "kept", "why_not_costs": "outbid", "why_not_equal": "tie", "why_not_better": "tie",
    "why_not_lottery": "tie", "why_not_kept": "kept", "why_not_open": "outbid", "why_not_unsettled": "outbid",
}  # fmt: skip


def why_not(ground: Ground, seeker: int, slot: int) -> Explanation:
    """What a plan with this pair would cost, or why there is none."""
    who, what = str(ground.seeker_ids[seeker]), str(ground.slot_ids[slot])
    one, other = np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32)
    numbers: dict[str, Any] = {"seeker": who, "slot": what}
    pair = int(ground.pairs.find(one, other)[0])
    if pair < 0:
        return _not_a_pair(ground, seeker, slot, numbers)
    if ground.columns[pair]:
        return _told(who, "why_not_holds", numbers)
    held = int(ground.pair_of[seeker])
    numbers |= {"holds": None if held < 0 else ground.slot_id(held), "score": float(ground.pairs.score[pair] / 100)}
    told, _ = settled(ground, np.array([pair]), seeker, asked=np.array([pair]))
    assert told is not None
    if told.telling == "impossible":
        rows, fix = _in_the_way(ground, pair), room_to_move(ground, pair, told)
        kept = bool(rows) and all(row["kind"] in KEEPING for row in rows)
        return _told(who, "why_not_kept_rows" if kept else "why_not_impossible", {**numbers, "rows": rows}, fix)
    # A swap that costs the same says it with fewer people: a plan that was forced is only as good as the goal that told.
    swap = cheapest(ground, np.array([pair]), held).best
    alike = swap is not None and told.proved and (swap.goal, swap.loss) == (told.goal, told.most)
    columns = swap.columns(ground) if swap is not None and alike else told.columns
    if columns is not None:
        numbers["moves"] = ground.moves(columns, but=seeker)
    numbers["cost"] = ground.cost(told)
    if told.telling == "equal":
        return _told(who, "why_not_equal", {**numbers, "cost": None})
    if told.telling == "better":
        return _told(who, "why_not_better", {**numbers, "cost": None})
    if told.telling == "open":
        return _told(who, "why_not_open" if numbers["cost"] else "why_not_unsettled", numbers)
    kind = ground.program.objectives[told.goal].kind if told.first and told.columns is not None else ""
    if kind == "lottery":
        return _told(who, "why_not_lottery", numbers)
    return _told(who, "why_not_kept" if kind == "stability" else "why_not_costs", numbers, room_to_move(ground, pair, told))


def _not_a_pair(ground: Ground, seeker: int, slot: int, numbers: dict[str, Any]) -> Explanation:
    """The two cannot be together at all: why, and what about the person would change that."""
    problem = ground.problem
    one, other = np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32)
    who = numbers["seeker"]
    ended = problem.commitments(CLOSED_STATUSES)
    if ((ended.seeker == seeker) & (ended.slot == slot)).any():
        return _told(who, "why_not_ended", numbers)
    if problem.scenario.has("pairs") and not listed(problem, one, other)[0]:
        return _told(who, "why_not_unlisted", numbers)
    said = reasons(problem, seeker, slot)
    if not said:
        return _told(who, "why_not_cut", numbers)
    told = {**numbers, "reasons": [sentence for _, sentence in said], "rules": [rule for rule, _ in said], "refusing": refusals_of(ground, seeker, slot)}
    return _told(who, "why_not_refused", told, fixes(problem, one, other)[0])


def _in_the_way(ground: Ground, pair: int) -> list[dict[str, Any]]:
    """The rows of a cheapest set of bends with which the pair is possible, as plain data. Openings bend last
    of all: they may be what is missing."""
    one = np.ones(1, dtype=np.int64)
    forced = Rows("asked", "asked", (), one, one, pair=np.array([pair]), row=np.zeros(1, dtype=np.int64))
    rows_of = [replace(block, bend=10 * BEGUN) if block.kind == "slot_openings" else block for block in ground.program.rows]
    elastic = Elastic.of(replace(ground.program, rows=(*rows_of, forced)))
    outcome = choose(elastic.program).engine.solve(elastic.program, ground.clock(), 0, Silent())
    if outcome.columns is None:
        return []
    short, over = (np.where(side >= 0, outcome.columns[side], 0) for side in (elastic.short, elastic.over))
    bent = short + over
    rows, start = [], 0
    for block in elastic.program.rows:
        for place in np.flatnonzero(bent[start : start + len(block)]).tolist():
            rows.append({**row_told(ground.problem, block, place), "by": int(bent[start + place])})
        start += len(block)
    return rows


def _told(who: str, code: str, numbers: dict[str, Any], fix: Any = None) -> Explanation:
    return Explanation("seeker_id", who, VERDICT[code], code, numbers, fix)
