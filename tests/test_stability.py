"""Who moved and why: every claim is solved again; no more people move than a limit allows; a limit that binds nobody costs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from allocator.change_curve import change_curve
from allocator.engines.base import Outcome
from allocator.engines.warm import Change
from allocator.errors import InputError
from allocator.moved import Moved
from allocator.opened import Opened
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.solve import solve
from allocator.stability import against, stability
from tests.random_worlds import random_problem
from tests.twins import policy
from tests.worlds import frame, orders, people, scores, world

EVERYBODY = {("S1", "J1"): 1, ("S1", "J2"): 5, ("S2", "J2"): 1, ("S2", "J1"): 5, ("S3", "J3"): 2}


def opened(count: int) -> Iterator[tuple[int, Opened]]:
    """Solved random worlds that have a reference."""

    def drawn() -> Iterator[tuple[int, Opened]]:
        for seed in range(50_000, 50_000 + 40 * count):
            problem = random_problem(seed, bare=True)
            if problem.scenario.has("reference") and not any(fault.severity == "error" for fault in problem.faults()):
                result = solve(problem.scenario, problem.policy, seed=seed)
                if result.verified:
                    yield seed, Opened.of(problem.scenario, result)

    return islice(drawn(), count)


def told(reference: dict[str, str], *constraints: dict, goals: tuple[str, ...] = ("match_quality",), **tables: object) -> dict[str, Moved]:
    said = [{"seeker_id": one, "slot_id": other} for one, other in reference.items()]
    facts = world(**{"seekers": people(3), "slots": orders(1, 1, 1), "pairs": scores(EVERYBODY), "reference": said} | tables)  # type: ignore[arg-type]
    return {line.seeker_id: line for line in stability(Opened.of(facts, solve(facts, policy(*constraints, goals=goals)))).people}


def test_what_the_facts_say_comes_first() -> None:
    begun = {"commitments": [{"seeker_id": "S3", "slot_id": "J3", "status": "started"}]}
    seekers = [*people(3), {"seeker_id": "S4", "status": "exited"}]
    lines = told({"S1": "gone", "S2": "J3", "S3": "J1", "S4": "J1", "S5": "J1"}, seekers=seekers, **begun)
    assert {name: line.cause for name, line in lines.items()} == {
        "S1": "slot_gone", "S2": "not_eligible", "S3": "begun", "S4": "left_pool", "S5": "left_pool",
    }  # fmt: skip


def test_a_promise_that_needed_it_is_named() -> None:
    promise = {"kind": "reservation", "label": "p", "beneficiaries": "seeker:S2", "count": 1}
    line = told({"S1": "J1"}, promise, slots=orders(1), pairs=scores({("S1", "J1"): 9, ("S2", "J1"): 1}), seekers=people(2))["S1"]
    assert (line.cause, line.goal, line.cost, line.proved) == ("promise", "shortfall", 1, True)
    assert line.sentence == "Leaving them at J1 would leave promises and targets further short, by at least 1 person."


def test_a_better_total_is_named_with_its_cost() -> None:
    line = told({"S1": "J1", "S2": "J2"})["S1"]
    assert (line.cause, line.goal, line.cost) == ("better_total", "match_quality", 8)


def test_a_tie_is_called_one() -> None:
    equal = scores({("S1", "J1"): 3, ("S1", "J2"): 3, ("S2", "J1"): 3, ("S2", "J2"): 3})
    moved = 0
    for reference in ({"S1": "J1", "S2": "J2"}, {"S1": "J2", "S2": "J1"}):
        causes = Counter(line.cause for line in told(reference, pairs=equal, seekers=people(2), slots=orders(1, 1)).values())
        assert set(causes) <= {"same", "tie"}
        moved += causes["tie"]
    assert moved == 2  # one of the two references is the plan, the other is not


def test_every_claim_is_borne_out_by_solving_again() -> None:
    claims: Counter[str] = Counter()
    for seed, one in opened(20):
        base = one.outcome
        for line in stability(one).people:
            seeker, slot = (one.scenario.position(table, name) for table, name in (("seekers", line.seeker_id), ("slots", line.held)))
            number = int(one.program.pairs.find(np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32))[0])
            claims[line.cause] += 1
            if line.cause in ("slot_gone", "not_eligible", "ended"):
                assert number < 0, seed
            elif line.cause in ("no_plan", "full", "decided"):
                assert number < 0 or _kept(one, number).status == "infeasible", (seed, line)
            elif line.cause in ("promise", "better_total", "tie"):
                assert line.proved
                _bears_out(line, base, _kept(one, number))
    assert claims["better_total"] >= 2


def _kept(one: Opened, number: int) -> Outcome:
    """The best plan in which a pair is kept, from nothing."""
    return one.warm().ask(Change(forced=np.array([number])))


def _bears_out(line: Moved, base: Outcome, kept: Outcome) -> None:
    assert kept.status == "optimal"
    losses = [
        ((1 if goal.objective.maximize else -1) * ((now.value or 0) - (goal.value or 0)) / goal.objective.scale, goal.objective.label or goal.objective.kind)
        for goal, now in zip(kept.goals, base.goals, strict=True)
    ]
    first = next(((loss, name) for loss, name in losses if loss), None)
    if line.cause == "tie":
        assert first is None
        return
    assert first is not None
    assert first[0] > 0
    if (line.goal or "").split(", ")[-1] == first[1]:
        assert first[0] == pytest.approx(line.cost) if line.how == "" else first[0] >= (line.cost or 0) - 1e-9
    else:
        assert line.how == "at least"  # lost in a goal before it


def test_no_more_move_than_the_limit_allows_and_a_loose_limit_costs_nothing() -> None:
    for seed, one in opened(8):
        curve = change_curve(one)
        assert curve.free.moved is not None
        for point in curve.points[:-1]:
            assert point.at_most is not None
            if point.moved is not None:
                assert point.moved <= point.at_most, seed
            if point.at_most >= curve.free.moved:
                assert point.goals == curve.free.goals
            assert (point.status == "infeasible") if point.at_most < curve.unavoidable else True


def test_the_curve_is_what_independent_solves_say() -> None:
    compared = 0
    for seed, one in opened(8):
        own = one.policy
        rules = [rule for rule in own.to_dict()["constraints"] if rule["kind"] != "change_limit"]
        goals = [goal for goal in own.to_dict()["goals"] if goal["kind"] != "stability"]
        for point in change_curve(one, (0, 1, 2)).points[:-1]:
            wishes = Policy.from_dict(own.to_dict() | {"constraints": [*rules, {"kind": "change_limit", "at_most": point.at_most}], "goals": goals})
            again = solve(one.scenario, wishes, seed=one.result.seed)
            assert [goal.value for goal in again.goals] == [goal.value for goal in point.goals], (seed, point.at_most)
            compared += 1
    assert compared == 24


def test_a_reference_and_a_plan_are_needed() -> None:
    facts = world(seekers=people(1), slots=orders(1), pairs=scores({("S1", "J1"): 1}))
    one = Opened.of(facts, solve(facts, policy()))
    with pytest.raises(InputError, match="There is no reference"):
        stability(one)
    later = against(one, frame("reference", [{"seeker_id": "S1", "slot_id": "J1"}]))
    assert [line.cause for line in stability(later).people] == ["same"]
    assert Problem(later.scenario, later.policy).reference[0].tolist() == [0]
