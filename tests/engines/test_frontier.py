"""Frontiers: corners where the relaxation has them, points that a solve from nothing confirms, slopes that are differences."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.engines.frontier import frontier
from allocator.engines.sifting import State
from allocator.engines.warm import Change, Warm
from allocator.program import Program
from tests.engines.test_sifting import generated, values


def single(seed: int, seekers: int = 120, slots: int = 16) -> tuple[Program, int, int]:
    """A generated program with its last goal alone; its largest promise to partners and where that stands."""
    program = generated(seekers, slots, 5, seed)
    promised = [(int(block.lower[0]), block.row_name(0)) for block in program.rows if block.kind == "reservation" and block.of_seeker is not None]
    most, name = max(promised)
    program = replace(program, objectives=program.objectives[-1:])
    return program, program.row_number(name), most


def limit_at(program: Program, row: int, at: float) -> float | None:
    """The relaxation from nothing."""
    changed = Change(at_least={row: at}).of(program)
    state = State(changed)
    goal = state.goal(changed.objectives[-1].dense(changed.size), [])
    relaxed = state.relax(goal, Clock(), 0.0)
    return None if isinstance(relaxed, str) else relaxed.limit * goal.level.unit


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_between_its_corners_the_relaxation_is_straight(seed: int) -> None:
    program, row, most = single(seed)
    found = frontier(Warm(program, clock=Clock(gap=Fraction(1, 100))), row, range(most + 12), gap=Fraction(1, 100))
    assert found.complete
    slopes = np.diff(found.limit) / np.diff(found.side)
    assert (np.diff(slopes) < 1e-6).all()
    for at in np.random.default_rng(seed).uniform(found.side[0], found.side[-1], 25):
        assert limit_at(program, row, at) == pytest.approx(np.interp(at, found.side, found.limit), rel=1e-7)
    for point in found.points:
        assert (point.limit is None) == (point.outcome.status == "infeasible")
        assert limit_at(program, row, point.at) == (None if point.limit is None else pytest.approx(point.limit, rel=1e-7))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_point_has_the_slopes_of_its_two_sides(seed: int) -> None:
    program, row, most = single(seed)
    found = frontier(Warm(program, clock=Clock(gap=Fraction(1, 100))), row, range(most + 1), gap=Fraction(1, 100))
    little = 1e-3
    assert found.points[0].slope_below is None
    assert found.points[-1].slope_above is None
    for point in found.points[1:-1]:
        assert point.limit is not None
        below, above = (limit_at(program, row, point.at + step) for step in (-little, little))
        assert below is not None
        assert above is not None
        assert point.slope_below == pytest.approx((point.limit - below) / little, abs=0.1)
        assert point.slope_above == pytest.approx((above - point.limit) / little, abs=0.1)


def test_points_are_what_solves_from_nothing_find() -> None:
    for seed in (5, 6):
        program, row, most = single(seed, 60, 10)
        found = frontier(Warm(program), row, range(most + 8), gap=Fraction(0))
        for point in found.points:
            changed = Change(at_least={row: point.at}).of(program)
            assert values(point.outcome) == values(choose(changed, "mip").engine.solve(changed, Clock(), 0, Silent()))


def test_a_cap_has_a_frontier_too_and_one_value_is_enough() -> None:
    program, row, most = single(1)
    warm = Warm(program, clock=Clock(gap=Fraction(1, 100)))
    capped = Change(at_least={row: None})
    free = warm.keep(capped).goals[-1].value
    found = frontier(warm, row, [0, most], side="at_most", gap=Fraction(1, 100))
    assert free is not None
    assert all(point.limit is not None for point in found.points)
    slopes = np.diff(found.limit) / np.diff(found.side)
    assert (slopes > -1e-6).all()
    (alone,) = frontier(warm, row, [most], gap=Fraction(1, 100)).points
    assert alone.slope_below is None
    assert alone.slope_above is None
    with pytest.raises(ValueError, match="at least one value"):
        frontier(warm, row, [])
