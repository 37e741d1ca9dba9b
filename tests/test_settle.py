"""`over_and_above` in two passes: by hand, and against trying every assignment twice on random worlds."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from allocator.check import violations
from allocator.constraints.reservation import Reservation
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.errors import InputError
from allocator.pairs import Pairs, find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.settle import settle, unsettled
from allocator.solve import solve
from tests.brute_force import _values, every_plan
from tests.constraints.test_reservation import LADDER, posted
from tests.random_worlds import random_problem
from tests.twins import in_order, policy, proved, values
from tests.worlds import orders, scores, world

WORLDS = 80
PARTS = 4


def rule(label, who, **more):
    return {"kind": "reservation", "mode": "over_and_above", "label": label, "beneficiaries": who, **more}


def merit(result):
    return {rule.label: rule.merit_count for rule in result.policy.constraints if isinstance(rule, Reservation)}


# A's S4, then B's S3, are the best; then two whom nobody sent, then a second one of A's and of B's.
POINTS = {"S4": 60, "S3": 50, "S5": 40, "S6": 30, "S1": 20, "S2": 10}
PARTNERS = {"S4": "A", "S1": "A", "S3": "B", "S2": "B"}


def facts(openings):
    seekers = [{"seeker_id": name, "partner_id": PARTNERS.get(name)} for name in POINTS]
    return world(seekers=seekers, slots=orders(openings), pairs=scores({(name, "J1"): points for name, points in POINTS.items()}))


def test_one_rule_by_hand():
    # Four seats, one promised to A. Three open ones by merit: S4, S3, S5; n = 1. Then A's two, S4 and S1, and the best two others: S3, S5.
    result = solve(facts(4), policy(rule("A", "partner:A", count=1)))
    assert merit(result) == {"A": (1,)}
    assert values(result) == [60 + 20 + 50 + 40]


def test_two_rules_by_hand_in_the_order_listed():
    # A first, B's rule off: three open seats to S4, S3, S5; n = 1, so A is promised two. Then B, with A's promise in force:
    # three open seats, two of them A's (S4, S1), one for S3; n = 1, so B is promised two. All four seats are spoken for.
    result = solve(facts(4), policy(rule("A", "partner:A", count=1), rule("B", "partner:B", count=1)))
    assert merit(result) == {"A": (1,), "B": (1,)}
    assert values(result) == [60 + 20 + 50 + 10]


def test_the_order_listed_decides():
    # Three seats. A first: two open ones to S4 and S3, n = 1, two promised; then B: two open seats are both A's, n = 0, one promised.
    result = solve(facts(3), policy(rule("A", "partner:A", count=1), rule("B", "partner:B", count=1)))
    assert merit(result) == {"A": (1,), "B": (0,)}
    assert values(result) == [60 + 20 + 50]
    # B first: n = 1, two promised; then A: the two open seats are both B's, n = 0, one promised.
    result = solve(facts(3), policy(rule("B", "partner:B", count=1), rule("A", "partner:A", count=1)))
    assert merit(result) == {"B": (1,), "A": (0,)}
    assert values(result) == [60 + 50 + 10]


def test_a_promise_beyond_the_members_fits_nothing():
    # Two open seats are won by S4 and S3; A would need 1 + 2 and has two.
    result = solve(facts(4), policy(rule("A", "partner:A", count=2)))
    assert result.status == "infeasible"
    assert [(bend.rule, bend.label, bend.promised, bend.possible, bend.short) for bend in result.bends] == [("reservation", "A", 3, 2, 1)]


def test_among_equals_those_who_win_most_are_meant():
    # Two of A's and one other are equal; of the two open seats A's may win two, one of them or, with the other, one: two are meant.
    seekers = [{"seeker_id": "S1", "partner_id": "A"}, {"seeker_id": "S2", "partner_id": "A"}, {"seeker_id": "S3"}, {"seeker_id": "S4", "partner_id": "A"}]
    there = world(seekers=seekers, slots=orders(3), pairs=scores({(f"S{k}", "J1"): 7 for k in range(1, 5)}))
    result = solve(there, policy(rule("A", "partner:A", count=1)))
    assert merit(result) == {"A": (2,)}
    assert values(result) == [21]


def test_a_count_given_in_the_policy_is_not_settled_again():
    result = solve(facts(4), policy(rule("A", "partner:A", count=1, merit_count=[0])))
    assert merit(result) == {"A": (0,)}
    # One of A's is promised, and S4 is among the best four anyhow.
    assert values(result) == [60 + 50 + 40 + 30]


def test_the_law_needs_a_settled_policy():
    with pytest.raises(ValueError, match="merit_count is not settled"):
        list(violations(Plan.of(Problem(facts(2), policy(rule("A", "partner:A", count=1))), [])))


def test_a_settled_policy_solves_to_the_same_answer():
    first = solve(facts(4), policy(rule("A", "partner:A", share="0.3"), rule("B", "partner:B", share="0.3")))
    again = solve(facts(4), Policy.from_dict(first.policy.to_dict()))
    assert values(again) == values(first)
    assert again.policy == first.policy


def test_shares_that_are_rounded_jointly_can_be_over_and_above():
    # Half and half of three: one seat each, and the third to A. First pass: the one open seat is S4's, n = 1; A is promised three and has two.
    joint = {"share": "0.5", "rounding": "largest_remainder"}
    assert solve(facts(3), policy(rule("A", "partner:A", **joint), rule("B", "partner:B", **joint))).status == "infeasible"
    # 0.3 and 0.2 of four: 1.2 and 0.8 make two: one each. That is the world of the two rules above.
    result = solve(facts(4), policy(rule("A", "partner:A", **joint | {"share": "0.3"}), rule("B", "partner:B", **joint | {"share": "0.2"})))
    assert merit(result) == {"A": (1,), "B": (1,)}


def test_release_settles_each_rung():
    # J1 is any partner's by now, J2 still A's; each has two seats, half of them promised. Three of A's and B's could win by merit.
    seekers = [{"seeker_id": name, "partner_id": PARTNERS.get(name)} for name in POINTS]
    slots = posted(7, 0, openings=2)
    every = scores({(name, slot): points for name, points in POINTS.items() for slot in ("J1", "J2")})
    result = solve(world(seekers=seekers, slots=slots, pairs=every), policy(rule("A", "partner:A", share="0.5", release=LADDER)))
    # One open seat in each: S4 at J2 and S3 at J1 (most for the beneficiaries): n = 1 and 1. Then two of A's at J2, two of any at J1.
    assert merit(result) == {"A": (1, 1)}
    assert values(result) == [60 + 20 + 50 + 10]


# -- random worlds -----------------------------------------------------------------------------------------------------


def with_over_and_above(seed: int) -> Problem:
    """A random problem with one or two rules over and above on top of whatever else it has."""
    draw = np.random.default_rng(seed)
    base = random_problem(seed)
    who = ["partner:P1", "any_partner", "population:homeless", "tier:2"]
    scopes = ["all", "sector:62", "funding_stream:adult"]
    steps = [{"to": "any_partner", "after_days": 10}, {"before_start_days": 5}]
    roundings = ["half_up", "floor", "ceil", "largest_remainder"]
    extra = [
        rule(f"over {k}", who[int(draw.integers(4))], scope=scopes[int(draw.integers(3))], rounding=str(draw.choice(roundings)))
        | ({"count": int(draw.integers(0, 3))} if draw.random() < 0.4 else {"share": int(draw.integers(0, 9)) / 10})
        | ({"release": steps[: int(draw.integers(1, 3))]} if draw.random() < 0.3 else {})
        | ({"stackable": False} if draw.random() < 0.2 else {})
        for k in range(int(draw.integers(1, 3)))
    ]  # fmt: skip
    document = base.policy.to_dict()
    document["constraints"] = [entry for entry in document["constraints"] if entry["kind"] not in ("one_slot_each", "slot_openings", "commitments")]
    return Problem(base.scenario, Policy.from_dict(document | {"constraints": [*document["constraints"], *extra]}), seed)


def two_passes(problem: Problem, pairs: Pairs) -> Problem:
    """The problem settled by trying every assignment, rule by rule: the rule off, its seats closed; the best there is; most of its people."""
    while unsettled(problem.policy):
        rule = unsettled(problem.policy)[0]
        waiting = [entry.label for entry in unsettled(problem.policy)]
        off = tuple(entry for entry in problem.policy.constraints if not (isinstance(entry, Reservation) and entry.label in waiting))
        first = Problem(problem.scenario, problem.policy.model_copy(update={"constraints": off}), problem.seed)
        rungs, promised = rule.rungs(problem), rule.promises(problem)
        best: tuple[float, ...] | None = None
        for chosen, plan in every_plan(first, pairs):
            room = all(int(rung.slots[plan.slot].sum()) <= max(0, int(problem.openings[rung.slots].sum()) - q) for rung, q in zip(rungs, promised, strict=True))
            if room and next(violations(plan), None) is None:
                won = [float(rung.counts(plan.seeker, plan.slot).sum()) for rung in rungs]
                worth = (*(value for goal in first.goals for value in _values(goal.kind, first, pairs, chosen, plan)), *won)
                best = worth if best is None or worth > best else best
        merit = [0] * (rungs[-1].number + 1)
        for rung, won in zip(rungs, best[-len(rungs) :] if best else [0] * len(rungs), strict=True):
            merit[rung.number] = int(won)
        problem = Problem(problem.scenario, problem.policy.replacing([rule.model_copy(update={"merit_count": tuple(merit)})]), problem.seed)
    return problem


def best_lawful(problem: Problem, pairs: Pairs) -> list[float] | None:
    lawful = [
        tuple(value for goal in problem.goals for value in _values(goal.kind, problem, pairs, chosen, plan))
        for chosen, plan in every_plan(problem, pairs)
        if next(violations(plan), None) is None
    ]
    return list(max(lawful)) if lawful else None


@pytest.mark.parametrize("part", range(PARTS))
def test_every_engine_settles_as_two_passes_of_trying_everything_do(part: int) -> None:
    promised = 0
    for seed in range(50_000 + part * WORLDS // PARTS, 50_000 + (part + 1) * WORLDS // PARTS):
        problem = with_over_and_above(seed)
        if any(fault.severity == "error" for fault in problem.faults()):
            with pytest.raises(InputError):
                solve(problem.scenario, problem.policy)
            continue
        pairs = find_pairs(problem)
        expected = two_passes(problem, pairs)
        promised += any(sum(rule.merit_count or ()) for rule in expected.policy.constraints if isinstance(rule, Reservation))
        best = best_lawful(expected, pairs)
        assert proved(expected, "mip") == pytest.approx(best, abs=1e-9), seed
        for engine in ("auto", "cp_sat"):
            result = solve(problem.scenario, problem.policy, seed=seed, engine=engine)
            assert merit(result) == merit(expected), f"seed {seed}, {engine}"
            assert result.status == ("infeasible" if best is None else "optimal")
            if best is not None:
                assert in_order(result) == pytest.approx(best, abs=1e-9), f"seed {seed}, {engine}"
    assert promised >= WORLDS // PARTS // 10


def test_settling_leaves_other_rules_alone():
    problem = Problem(facts(4), policy(rule("A", "partner:A", count=1), {"kind": "employer_limit", "at_most": 9, "enabled": False}))
    settled, unproved = settle(problem, find_pairs(problem), _solved)
    assert unproved is None
    assert [entry.kind for entry in settled.policy.constraints] == [entry.kind for entry in problem.policy.constraints]


def _solved(program):
    return choose(program).engine.solve(program, Clock(), 0, Silent())


def test_a_count_that_is_not_proved_leaves_nothing_proved(monkeypatch):
    """A first pass that was cut short may overrate what is won: neither "best" nor "impossible" may be claimed on it."""
    from allocator.settle import settle as settle_truly

    def cut_short(problem, pairs, solve_first):
        answer, _ = settle_truly(problem, pairs, solve_first)
        return answer, "time_limit"

    module = sys.modules["allocator.solve"]
    monkeypatch.setattr(module, "settle", cut_short)
    fits = solve(facts(4), policy(rule("A", "partner:A", count=1)))
    assert (fits.status, fits.stop_reason) == ("feasible", "time_limit")
    fits_not = solve(facts(4), policy(rule("A", "partner:A", count=4)))
    assert (fits_not.status, fits_not.stop_reason, list(fits_not.bends)) == ("no_solution", "time_limit", [])


def test_rules_without_labels_are_told_apart():
    """Two rules built in Python, without labels, are two rules."""
    rules = [Reservation(beneficiaries=f"partner:{name}", count=1, mode="over_and_above") for name in ("A", "B")]
    result = solve(facts(4), Policy(constraints=tuple(rules)))
    assert [str(entry.beneficiaries.describe()) for entry in result.policy.constraints if entry.kind == "reservation"] == ["partner A", "partner B"]
