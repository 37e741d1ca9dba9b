"""The goals to come as one: the first decides, the last may be too far ahead to matter, and no weight outgrows what floating point can tell apart."""

from __future__ import annotations

import numpy as np

from allocator.engines.ahead import HEAVIEST, RATIO, wish_of
from allocator.program import Objective


def goal(*coefficients: int, maximize: bool = True) -> Objective:
    column = np.arange(len(coefficients))
    return Objective("placements", "placements", column, np.array(coefficients), maximize)


def test_goals_weigh_in_their_order_whatever_their_scale() -> None:
    wish = wish_of([goal(0, 1, 1), goal(70_000_000, 0, 7_000_000), goal(0, 0, 3, maximize=False)], 3)
    assert wish.tolist() == [HEAVIEST // RATIO, HEAVIEST, HEAVIEST + HEAVIEST // RATIO // 10 - HEAVIEST // RATIO**2]


def test_the_most_goals_do_not_outgrow_the_weights() -> None:
    wish = wish_of([goal(1)] * 40, 1)
    assert 0 < wish[0] <= HEAVIEST * RATIO / (RATIO - 1)
    assert (wish_of([goal(0, 1)] * 10 + [goal(1, 0)], 2) == [0, *wish]).all(), "what is too far ahead weighs nothing"


def test_without_goals_nothing_is_wished_for() -> None:
    assert wish_of([], 4).tolist() == [0, 0, 0, 0]
    assert wish_of([goal(0, 0)], 2).tolist() == [0, 0]
