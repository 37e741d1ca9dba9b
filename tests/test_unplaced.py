"""Who stands in the way of an open seat: the first rule, and the pair worth speaking of."""

import numpy as np

from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import build
from allocator.unplaced import unplaced
from tests.worlds import orders, people, scores, world

BUDGET = {"kind": "budget", "available": 100}
COST = {"cost_cents": 8_000}


def told(points: dict[tuple[str, str], float], *rules: dict[str, object], held: tuple[tuple[str, str], ...] = ()):
    """Everybody unplaced when just these pairs are held, in a world of three people and two slots with two seats each."""
    brought = [record | COST for record in scores(points)]
    facts = world(seekers=people(3, partner_id="A"), slots=orders(2, 2), pairs=brought)
    problem = Problem(facts, Policy.from_dict({"constraints": list(rules), "goals": [{"kind": "match_quality"}]}))
    pairs = find_pairs(problem)
    program = build(problem, pairs)
    columns = np.zeros(program.size, dtype=np.int64)
    taken = [(facts.position("seekers", one), facts.position("slots", other)) for one, other in held]
    columns[[k for k in range(len(pairs)) if (pairs.seeker[k], pairs.slot[k]) in taken]] = 1
    return [(one.seeker_id, one.reason, one.detail) for one in unplaced(problem, program, columns, proved=True)]


def test_the_best_score_is_spoken_of_and_of_equals_the_first():
    points = {("S1", "J1"): 3, ("S1", "J2"): 5, ("S2", "J1"): 4, ("S2", "J2"): 4}
    assert told(points) == [
        ("S1", "no_gain", "J2 is open, but filling it would better no goal"),
        ("S2", "no_gain", "J1 is open, but filling it would better no goal"),
        ("S3", "no_pair", ""),
    ]


def test_an_unblocked_seat_goes_before_a_better_one_that_is_blocked():
    forbidden = {"kind": "pins", "pins": [{"seeker_id": "S1", "slot_id": "J2", "action": "forbid"}]}
    assert told({("S1", "J1"): 3, ("S1", "J2"): 5}, forbidden)[0] == ("S1", "no_gain", "J1 is open, but filling it would better no goal")


def test_of_several_rules_in_the_way_the_first_is_named():
    points = {("S1", "J1"): 3, ("S2", "J1"): 5}
    cap = {"kind": "reservation", "label": "cap", "mode": "cap", "beneficiaries": "partner:A", "count": 1}
    spent = ("S2", "J1")
    assert told(points, BUDGET, cap, held=(spent,))[0] == ("S1", "blocked", told_by("budget"))
    assert told(points, cap, BUDGET, held=(spent,))[0] == ("S1", "blocked", told_by("reservation[cap]"))


def told_by(rule: str) -> str:
    return f"J1 is open, but {rule} is at its limit"
