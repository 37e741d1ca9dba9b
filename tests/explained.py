"""Explanations of random worlds, and what bears each of them out: brute force, and solving again with the fix applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from allocator.engines.regret import values
from allocator.engines.warm import Change, Warm
from allocator.errors import InputError
from allocator.explain import Explainer
from allocator.explanations.explanation import VERDICTS, Explanation, Fix
from allocator.opened import Opened
from allocator.pairs import find_pairs
from allocator.problem import Problem
from allocator.program import Program
from allocator.reference import every_rule
from allocator.solve import solve
from tests.random_worlds import random_problem

RULES = [page.kind for page in every_rule()]
NAMES = rf"\b({'|'.join(kind for kind in RULES if '_' in kind)})\b|\b({'|'.join(RULES)})\["
"""Names of the policy's grammar, which have no place where staff read: a kind with an underscore, `kind[label]`."""


def explained(seed: int) -> tuple[Opened, Explainer] | None:
    """A random world with its explainer; None where the world has no plan."""
    problem = random_problem(seed, bare=True)
    try:
        result = solve(problem.scenario, problem.policy, seed=seed)
    except InputError:
        return None
    if not result.verified:
        return None
    opened = Opened.of(problem.scenario, result)
    return opened, Explainer(opened, seconds=None)


def bear_out(opened: Opened, told: Explanation, *, exactly: bool = True) -> None:
    """Solve again as the explanation says, and compare. Raises AssertionError where a claim does not hold."""
    assert told.verdict in VERDICTS
    for register in ("internal", "seeker"):
        if register == "internal" or told.subject == "seeker_id":
            sentence = told.sentence(register)
            assert sentence, told
            assert "{" not in sentence, sentence
    if told.subject == "seeker_id":
        _bear_out_person(opened, told, exactly)
        if told.fix is not None:
            _bear_out_fix(opened, told, told.fix)


def best(program: Program, change: Change) -> list[int] | None:
    """Goal values of the best plan under a change, from nothing; None where there is none."""
    outcome = Warm(program).ask(change)
    return None if outcome.columns is None else values(change.of(program), outcome.columns)


def _bear_out_person(opened: Opened, told: Explanation, exactly: bool) -> None:
    program, held = opened.program, values(opened.program, opened.columns)
    seeker = opened.scenario.position("seekers", told.name)
    mine = np.flatnonzero(program.pairs.seeker == seeker)
    holds = mine[opened.columns[mine] > 0]
    if told.code == "placed":
        assert len(holds) == 1
        _bear_out_next(opened, told, held, seeker)
        return
    if told.code.startswith("why_not"):
        slot = opened.scenario.position("slots", str(told.numbers["slot"]))
        asked = mine[program.pairs.slot[mine] == slot]
    else:
        assert not len(holds)
        asked = mine
    if told.verdict == "ineligible":
        assert not len(asked)
        return
    if told.code == "why_not_holds":
        assert set(asked) == set(holds)
        return
    found = best(program, Change(any_of=(asked,)))
    if told.code in ("blocked_impossible", "why_not_impossible", "why_not_kept_rows"):
        assert found is None, told
        return
    if found is None:
        assert not exactly or told.code == "kept_rows", told  # of everybody at once, only what is likely to be a tie is asked
        return
    first = next((k for k in range(len(held)) if found[k] != held[k]), -1)
    lost = held[first] - found[first]
    kind = program.objectives[first].kind if first >= 0 else ""
    if told.code in ("tie_equal", "why_not_equal"):
        assert first < 0, (told, found, held)
    elif told.code in ("tie_lottery", "why_not_lottery"):
        assert first < 0 or kind == "lottery", (told, found, held)
    elif told.code in ("kept_goal", "why_not_kept"):
        assert kind == "stability", (told, found, held)
    elif exactly:
        assert first >= 0, (told, found, held)
    _bear_out_cost(program, told.numbers.get("cost"), first, lost, kind, exactly)


def _bear_out_next(opened: Opened, told: Explanation, held: list[int], seeker: int) -> None:
    """The alternative named costs what is said."""
    slot = told.numbers.get("next")
    if slot is None:
        return
    place = opened.scenario.position("slots", str(slot))
    pair = opened.program.pairs.find(np.array([seeker], dtype=np.int32), np.array([place], dtype=np.int32))
    found = best(opened.program, Change(forced=pair))
    if found is None:
        return
    first = next((k for k in range(len(held)) if found[k] != held[k]), -1)
    assert not told.numbers.get("next_equal") or first < 0
    kind = opened.program.objectives[first].kind if first >= 0 else ""
    _bear_out_cost(opened.program, told.numbers.get("next_cost"), first, held[first] - found[first], kind, False)


def _bear_out_cost(program: Program, cost: Any, first: int, lost: int, kind: str, exactly: bool) -> None:
    if not cost:
        return
    assert first >= 0
    labels = [objective.label or objective.kind for objective in program.objectives]
    claimed = labels.index(cost["label"])
    if cost["first"]:
        assert cost["kind"] == kind, (cost, kind)
    if first == claimed:
        scale = program.objectives[first].scale
        assert round(cost["least"] * scale) <= lost, (cost, lost)
        if cost["most"] is not None:
            assert round(cost["most"] * scale) >= lost, (cost, lost)
        if exactly:
            assert cost["least"] == cost["most"], cost
    else:
        assert first < claimed
        assert not cost["first"]


def _bear_out_fix(opened: Opened, told: Explanation, fix: Fix) -> None:
    """With the fix the pair is eligible; or a plan with the pair is feasible and not worse."""
    seeker, slot = str(fix.numbers["seeker"]), str(fix.numbers["slot"])
    if fix.code == "fix_eligible":
        bear_out_together(opened, [fix])
        return
    program = opened.program
    one, other = opened.scenario.position("seekers", seeker), opened.scenario.position("slots", slot)
    pair = program.pairs.find(np.array([one], dtype=np.int32), np.array([other], dtype=np.int32))
    sides: dict[str, dict[int, float | None]] = {"at_least": {}, "at_most": {}}
    _, _, _, lower, upper = program.matrix()
    for name, (side, by) in fix.rows.items():
        row = program.row_number(name)
        sides[side][row] = int((lower if side == "at_least" else upper)[row]) + by
    found = best(program, Change(sides["at_least"], sides["at_most"], forced=pair))
    assert found is not None, (told, fix)
    assert found >= values(program, opened.columns), (told, fix, found)


def bear_out_together(opened: Opened, fixes: Sequence[Fix]) -> None:
    """With all of these fixes of facts each pair is eligible. Each seeker has one at most, so that none can lean on another."""
    changes = [change for fix in fixes for change in fix.changes]
    changed = Problem(_with_facts(opened, changes), opened.policy, opened.result.seed)
    pairs = find_pairs(changed)
    seekers = changed.scenario.positions("seekers", [fix.numbers["seeker"] for fix in fixes])
    slots = changed.scenario.positions("slots", [fix.numbers["slot"] for fix in fixes])
    assert (pairs.find(seekers, slots) >= 0).all()


def _with_facts(opened: Opened, changes: Sequence[Mapping[str, Any]]) -> Any:
    """The scenario with facts of seekers changed."""
    seekers = opened.scenario.tables["seekers"].copy()
    for change in changes:
        key, column = str(change["path"]).removeprefix("seekers[").split("].")
        value = change["value"]
        if isinstance(value, list):
            value = ";".join(value)
        if column.endswith(("_date", "_until")):
            value = pd.Timestamp(value)
        seekers.loc[seekers["seeker_id"] == key, column] = value
    return replace(opened.scenario, tables={**opened.scenario.tables, "seekers": seekers}, _memory={})
