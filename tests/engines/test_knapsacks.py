"""Knapsacks: bounds that no solution beats, losses that no solution undercuts, and a search that only ever returns what keeps every row."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from allocator.engines import knapsacks as module
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.engines.knapsacks import Knapsacks, _in_and_out, sharpened
from allocator.engines.sifting import Sifting, State
from allocator.program import FREE, Program
from benchmarks.instances import Spec, generalized_assignment
from tests.engines.test_sifting import generated


@pytest.fixture(autouse=True)
def _small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 0)


def optimum(program: Program) -> int | None:
    outcome = choose(program, "cp_sat").engine.solve(program, Clock(), 0, Silent())
    return None if outcome.columns is None else int(program.objectives[-1].dense(program.size) @ outcome.columns)


def at_most_one_each(program: Program) -> Program:
    """The same with nobody who must be placed, and everybody worth placing."""
    rows = tuple(replace(rows, lower=np.full(len(rows), -FREE)) if rows.kind == "one_slot_each" else rows for rows in program.rows)
    (goal,) = program.objectives
    return replace(program, rows=rows, objectives=(replace(goal, coefficient=200 - goal.coefficient, maximize=True),))


def small(seed: int) -> Program:
    return generalized_assignment(Spec("hard_d" if seed % 2 else "hard_e", 12, 3, 3, seed))


@pytest.mark.parametrize("seed", range(1, 5))
def test_bound_and_losses_hold(seed: int) -> None:
    for program in (small(seed), at_most_one_each(small(seed))):
        best = optimum(program)
        if best is None:
            continue
        state, knapsacks = State(program), Knapsacks.of(program)
        assert knapsacks is not None
        dense = program.objectives[-1].dense(program.size)
        goal = state.goal(dense, [])
        relaxed = state.relax(goal, Clock(), 0.0)
        assert not isinstance(relaxed, str)
        sharp = sharpened(knapsacks, state.sieve, goal, relaxed, best / goal.level.unit, Clock())
        unit = goal.level.unit
        assert best - 1e-6 * abs(best) <= sharp.limit * unit <= relaxed.limit * unit + 1e-9
        assert sharp.loss is not None
        for pair in range(seed % 3, len(program.pairs), 6):
            upper = program.upper.copy()
            mine = program.pairs.seeker == program.pairs.seeker[pair]
            upper[: len(mine)][mine] = 0
            upper[pair] = 1
            # With the seeker's other pairs closed the pair is in where it pays to have it in.
            keen = dense.copy()
            keen[pair] += 10_000
            objective = replace(program.objectives[-1], column=np.arange(program.size), coefficient=keen, maximize=True)
            forced = optimum(replace(program, upper=upper, objectives=(objective,)))
            if forced is not None and forced > 5_000:
                assert forced - 10_000 <= (sharp.limit - sharp.loss[pair]) * unit + 1e-5 * abs(best)


def test_the_bound_is_sharper_than_the_relaxation_where_it_should_be() -> None:
    program = generalized_assignment(Spec("hard_e", 40, 5, 5, 3))
    state, knapsacks = State(program), Knapsacks.of(program)
    assert knapsacks is not None
    goal = state.goal(program.objectives[0].dense(program.size), [])
    relaxed = state.relax(goal, Clock(), 0.0)
    assert not isinstance(relaxed, str)
    known = relaxed.limit - abs(relaxed.limit) * 0.05
    assert sharpened(knapsacks, state.sieve, goal, relaxed, known, Clock()).limit < relaxed.limit - 0.05


def test_filling_in_and_out_equals_trying_everything() -> None:
    draw = np.random.default_rng(4)
    for _ in range(60):
        count, room = int(draw.integers(1, 7)), int(draw.integers(0, 20))
        gain, size = draw.normal(2, 4, count), draw.integers(1, 12, count)
        fillings = [np.array(one, dtype=bool) for one in itertools.product((0, 1), repeat=count)]
        fits = [one for one in fillings if size[one].sum() <= room]
        best = max(gain[one].sum() for one in fits)
        lost_in, lost_out = _in_and_out(gain, size, room)
        for thing in range(count):
            inside = [gain[one].sum() for one in fits if one[thing]]
            assert lost_in[thing] == pytest.approx(best - max(inside) if inside else np.inf)
            assert lost_out[thing] == pytest.approx(best - max(gain[one].sum() for one in fits if not one[thing]))


@pytest.mark.parametrize("seed", range(1, 5))
def test_sifting_proves_what_trying_everything_by_another_engine_finds(seed: int) -> None:
    for program in (small(seed), at_most_one_each(small(seed))):
        outcome = Sifting().solve(program, Clock(), 0, Silent())
        best = optimum(program)
        assert (outcome.status == "infeasible") == (best is None)
        if outcome.columns is not None:
            assert outcome.status == "optimal"
            assert int(program.objectives[-1].dense(program.size) @ outcome.columns) == best


def test_a_search_that_runs_out_of_time_keeps_every_row_and_an_honest_bound() -> None:
    program = generalized_assignment(Spec("hard_d", 60, 10, 10, 2))
    outcome = Sifting().solve(program, Clock(seconds=10), 0, Silent())
    assert outcome.columns is not None
    assert not list(program.broken_rows(outcome.columns))
    (goal,) = outcome.goals
    assert goal.value is not None
    assert goal.bound is not None
    assert goal.bound <= goal.value
    assert goal.value - goal.bound <= 0.02 * goal.value


def test_who_has_knapsacks_and_who_has_not() -> None:
    assert choose(small(1)).engine.name == "sifting"
    program = generated(300, 40, 5, 1)
    assert Knapsacks.of(program) is None
    assert choose(program).engine.name == "mip"
    assert Clock(gap=Fraction(1, 2)).part(0.5).seconds is None
