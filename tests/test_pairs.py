"""Pairs as columns: finding them again, and finding them in the table that the user brought."""

import numpy as np

from allocator.pairs import Pairs, listed, records
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import orders, people, world


def positions(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def test_what_has_no_position_is_no_pair():
    # Two seekers, three slots: (1, -1) would share the number 2 with (0, 2), and (-1, 5) too.
    pairs = Pairs(3, positions(0, 0, 1), positions(0, 2, 1), np.zeros(3, dtype=np.int64))
    assert pairs.find(positions(0, 0, 1, 0), positions(0, 2, 1, 1)).tolist() == [0, 1, 2, -1]
    assert pairs.find(positions(1, -1, -1), positions(-1, 5, -1)).tolist() == [-1, -1, -1]


def problem(*brought: tuple[str, str, int | None]) -> Problem:
    pairs = [{"seeker_id": one, "slot_id": other, "score": 50, "staff_points": points} for one, other, points in brought]
    return Problem(world(seekers=people(3), slots=orders(1, 1), pairs=pairs), Policy.from_dict({}))


def test_pairs_are_found_in_the_table():
    there = problem(("S1", "J1", 3), ("S1", "J2", None), ("S3", "J2", 7))
    seekers, slots = positions(2, 0, 1, 0, 1, -1), positions(1, 1, 0, 0, -1, 3)
    assert records(there, seekers, slots).tolist() == [2, 1, -1, 0, -1, -1]
    assert listed(there, seekers, slots).tolist() == [True, True, False, True, False, False]


def test_a_table_of_no_pairs_lists_none():
    assert listed(problem(), positions(0, 1), positions(0, 1)).tolist() == [False, False]


def test_a_table_may_stand_in_any_order():
    # Seekers keep their own order, S3 before S1, so that the order of the ids in pairs is not the order of the positions.
    there = problem(("S1", "J1", 3), ("S3", "J2", 7))
    frame = there.scenario.tables["seekers"].iloc[::-1].reset_index(drop=True)
    turned = Problem(type(there.scenario)("turned", there.scenario.as_of, {**there.scenario.tables, "seekers": frame}), there.policy)
    assert records(turned, positions(0, 1, 2), positions(1, 0, 0)).tolist() == [1, -1, 0]


def test_what_a_pair_brings_goes_with_the_plan():
    there = problem(("S1", "J1", 3), ("S1", "J2", None), ("S3", "J2", 7))
    plan = Plan(there, positions(2, 1, 0), positions(1, 0, 1))
    assert plan.brought("staff_points").tolist() == [7, -1, -1]
    assert plan.brought("cost_cents").tolist() == [-1, -1, -1]
