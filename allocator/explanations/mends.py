"""What would make somebody eligible: changes of their own facts, each verified by asking every rule again.

Only what can be done about a person is named (a workshop, a consent, a credential); facts of the employer, the opening or the past are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from allocator.eligibility.base import Eligibility
from allocator.explanations.explanation import Fix
from allocator.geography import minutes
from allocator.pairs import eligible
from allocator.problem import CLOSED_STATUSES, Problem
from allocator.scenario import Mask, Positions


@dataclass(frozen=True)
class Mend:
    """One change of a seeker's fact: what kind, said with what, and the column's new value."""

    kind: str
    column: str
    value: Any
    what: str = ""


def fixes(problem: Problem, seekers: Positions, slots: Positions) -> list[Fix | None]:
    """For each refused pair what would make it eligible; None where nothing about the person does. Each seeker at most once.

    All of them are tried together in a scenario that has been changed so, and only those that every rule then admits are named.
    """
    wanted: list[list[Mend] | None] = [[] for _ in range(len(seekers))]
    for rule, may in eligible(problem, seekers, slots):
        for k in np.flatnonzero(~may).tolist():
            so_far, more = wanted[k], _MENDS.get(rule.kind, _nothing)(Refused(problem, int(seekers[k]), int(slots[k])))
            wanted[k] = None if so_far is None or more is None else [*so_far, *more]
    tried = np.array([k for k, mends in enumerate(wanted) if mends], dtype=np.int64)
    if not len(tried):
        return [None] * len(seekers)
    changed = _changed(problem, {int(seekers[k]): wanted[k] or [] for k in tried})
    admitted = np.ones(len(tried), dtype=bool)
    for _, may in eligible(changed, seekers[tried], slots[tried]):
        admitted &= may
    good = set(tried[admitted].tolist())
    return [_fix(problem, int(seekers[k]), int(slots[k]), wanted[k] or []) if k in good else None for k in range(len(seekers))]


def mendable(rule: Eligibility, problem: Problem) -> bool:
    """Whether a rule's refusals can be mended by the person at all."""
    return rule.kind in _MENDS and not (rule.kind == "commute" and not problem.scenario.has("commutes"))


class Refused(NamedTuple):
    """A pair that a rule refuses, by position."""

    problem: Problem
    seeker: int
    slot: int


def _nothing(_: Refused) -> list[Mend] | None:
    """There is nothing that the person could do."""
    return None


def _added(kind: str, column: str, asked: str) -> Callable[[Refused], list[Mend] | None]:
    def mend(refused: Refused) -> list[Mend] | None:
        problem, seeker, slot = refused
        held = problem.scenario.lists("seekers", column).at(seeker)
        missing = [code for code in problem.scenario.lists("slots", asked).at(slot) if code not in held]
        return [Mend(kind, column, [*held, *missing], " and ".join(missing))]

    return mend


def _wage_floor(refused: Refused) -> list[Mend] | None:
    problem, seeker, slot = refused
    wage, floor = problem.scenario.numbers("slots", "wage")[slot], problem.scenario.numbers("seekers", "wage_floor")[seeker]
    return [Mend("wage_floor", "wage_floor", float(wage), f"{wage:.2f}")] if wage < floor else None


def _commute(refused: Refused) -> list[Mend] | None:
    problem, seeker, slot = refused
    journey = int(minutes(problem, np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32))[0])
    limit = int(problem.scenario.integers("seekers", "max_commute_min")[seeker])
    return [Mend("commute", "max_commute_min", journey, str(journey))] if journey >= 0 and limit >= 0 else None


def _schedule(refused: Refused) -> list[Mend] | None:
    problem, seeker, slot = refused
    facts, mends = problem.scenario, []
    shifts, shift = facts.lists("seekers", "shifts").at(seeker), facts.coded("slots", "shift").text(slot)
    if shift is not None and shifts and "any" not in shifts and shift not in (*shifts, "any"):
        mends.append(Mend("shift", "shifts", [*shifts, shift], shift))
    asked, free = facts.numbers("slots", "hours_per_week")[slot], facts.numbers("seekers", "hours_available")[seeker]
    if asked > free:
        mends.append(Mend("hours", "hours_available", float(asked), f"{asked:g}"))
    return mends or None


def _funding_stream(refused: Refused) -> list[Mend] | None:
    problem, seeker, slot = refused
    stream = problem.scenario.coded("slots", "funding_stream").text(slot)
    held = problem.scenario.lists("seekers", "funding_streams").at(seeker)
    return None if stream is None else [Mend("funding_stream", "funding_streams", [*held, stream], stream)]


_MENDS: Mapping[str, Callable[[Refused], list[Mend] | None]] = {
    "workshop": lambda refused: [Mend("workshop", "ojt_workshop_date", refused.problem.scenario.as_of)],
    "in_pool": lambda _: [Mend("in_pool", "status", "active")],
    "consent": lambda refused: [Mend("consent", "consent_until", refused.problem.scenario.as_of)],
    "credentials": _added("credentials", "credentials", "required_credentials"),
    "language": _added("language", "languages", "required_languages"),
    "wage_floor": _wage_floor,
    "commute": _commute,
    "schedule": _schedule,
    "funding_stream": _funding_stream,
}
"""How a refusal is mended, by the kind of the rule that refuses."""


def _changed(problem: Problem, mends: Mapping[int, Sequence[Mend]]) -> Problem:
    """The problem with the seekers' facts changed."""
    facts = problem.scenario
    seekers = facts.tables["seekers"].copy()
    by_column: dict[str, dict[int, Any]] = {}
    for seeker, wanted in mends.items():
        for mend in wanted:
            by_column.setdefault(mend.column, {})[seeker] = _cell(mend.value)
    for column, cells in by_column.items():
        whole = seekers[column].astype(object) if column in seekers else pd.Series([None] * len(seekers), dtype=object)
        for seeker, cell in cells.items():
            whole.iloc[seeker] = cell
        seekers[column] = whole.astype(seekers[column].dtype) if column in seekers else whole
    return replace(problem, scenario=replace(facts, tables={**facts.tables, "seekers": seekers}, _memory={}), _memory={})


def _cell(value: Any) -> Any:
    """A value as the seekers' frame holds it."""
    if isinstance(value, list):
        return ";".join(value)
    return pd.Timestamp(value) if hasattr(value, "isoformat") else value


def _fix(problem: Problem, seeker: int, slot: int, mends: Sequence[Mend]) -> Fix:
    who, what = str(problem.scenario.ids("seekers")[seeker]), str(problem.scenario.ids("slots")[slot])
    changes = tuple({"op": "set", "path": f"seekers[{who}].{mend.column}", "value": _json(mend.value)} for mend in mends)
    told = [{"kind": mend.kind, "what": mend.what} for mend in mends]
    return Fix("fix_eligible", {"seeker": who, "slot": what, "mends": told}, changes)


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def least_refused(problem: Problem, seekers: Positions, options: tuple[Positions, Positions] | None, better: Mask) -> Positions:
    """For each seeker the slot that the fewest rules refuse, all of them mendable by the person; a `better` slot, if it can be. -1 for none.

    `options` are pairs to choose from (seeker, slot), where not everything is possible.
    """
    slots = problem.scenario.size("slots")
    chosen = np.full(len(seekers), -1, dtype=np.int32)
    if options is None:
        who, where = np.repeat(np.arange(len(seekers)), slots), np.tile(np.arange(slots, dtype=np.int32), len(seekers))
    else:
        place = np.full(problem.scenario.size("seekers"), -1, dtype=np.int64)
        place[seekers] = np.arange(len(seekers))
        inside = place[options[0]] >= 0
        who, where = place[options[0][inside]], options[1][inside]
    refusals, beyond = np.zeros(len(who), dtype=np.int64), (problem.openings[where] == 0)
    for rule, may in eligible(problem, seekers[who], where):
        refusals += ~may
        if not mendable(rule, problem):
            beyond = beyond | ~may
    ended = problem.commitments(CLOSED_STATUSES)
    beyond = beyond | np.isin(seekers[who].astype(np.int64) * slots + where, ended.seeker.astype(np.int64) * slots + ended.slot)
    near = np.flatnonzero(~beyond & (refusals > 0))
    order = near[np.lexsort((where[near], ~better[where[near]], refusals[near], who[near]))]
    first = order[np.flatnonzero(np.diff(who[order], prepend=-1))]
    chosen[who[first]] = where[first]
    return chosen
