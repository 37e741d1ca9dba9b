"""Sifting: bounds that hold whatever the prices, the same answer as an engine that sees every pair at once, and a start by blocks that loses nothing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from allocator.engines import blocks, sifting
from allocator.engines.base import Clock, Outcome, Silent
from allocator.engines.choose import choose
from allocator.engines.sieve import Goal, Level, Prices, Sieve
from allocator.engines.sifting import Sifting, State
from allocator.generate import generate
from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Objective, Program, build
from tests.random_worlds import random_problem


def worlds(first: int, count: int) -> list[Program]:
    """Programs of random worlds that have a pair at all."""
    programs = []
    for seed in range(first, first + count):
        problem = random_problem(seed, bare=True)
        if not any(fault.severity == "error" for fault in problem.faults()):
            program = build(problem, find_pairs(problem))
            if len(program.pairs) and program.objectives:
                programs.append(program)
    return programs


def generated(seekers: int, slots: int, each: int, seed: int) -> Program:
    """A generated world with every rule."""
    scenario, document = generate(seekers, slots, each, "full", seed)
    problem = Problem(scenario, Policy.from_dict(document))
    return build(problem, find_pairs(problem))


def solved(program: Program, engine: str) -> Outcome:
    return choose(program, engine).engine.solve(program, Clock(), 0, Silent())


def values(outcome: Outcome) -> list[int | None] | str:
    return outcome.status if outcome.columns is None else [goal.value for goal in outcome.goals]


def agree(programs: list[Program], other: str) -> None:
    for number, program in enumerate(programs):
        mine = solved(program, "sifting")
        assert values(mine) == values(solved(program, other)), f"world {number}"
        assert mine.status in ("optimal", "infeasible")
        if mine.columns is not None:
            assert not list(program.broken_rows(mine.columns))


def test_every_price_gives_a_bound_that_holds() -> None:
    draw = np.random.default_rng(5)
    judged = 0
    for program in worlds(30_000, 150):
        outcome = solved(program, "cp_sat")
        if outcome.columns is None:
            continue
        sieve, dense = Sieve.of(program), [objective.dense(program.size) for objective in program.objectives]
        levels = [Level.of(each, len(sieve)) for each in dense]
        reached = [int(each @ outcome.columns) for each in dense]
        for stage, level in enumerate(levels):
            goal = Goal(level, tuple((held, value / held.unit) for held, value in zip(levels[:stage], reached[:stage], strict=True)))
            for _ in range(5):
                rows = draw.normal(0, 30, len(sieve.lower)) * (draw.random(len(sieve.lower)) < 0.6)
                rows[~np.isin(np.arange(len(rows)), sieve.priced)] = 0.0
                prices = Prices(rows, -draw.random(stage) * 3)
                worth = sieve.worth(goal, prices)
                bound = sieve.bound(goal, prices, worth, sieve.best_of_seeker(worth))
                assert bound * level.unit >= reached[stage] - 1e-6 * (1 + abs(reached[stage]))
                judged += np.isfinite(bound)
    assert judged > 100


def test_worth_is_what_a_pair_adds_less_what_its_rows_cost() -> None:
    draw = np.random.default_rng(6)
    for program in worlds(31_000, 60):
        sieve = Sieve.of(program)
        row, column, coefficient, _, _ = program.matrix()
        prices = draw.normal(0, 5, program.row_count)
        prices[~np.isin(np.arange(len(prices)), sieve.priced)] = 0.0
        pairs = column < len(program.pairs)
        cost = np.bincount(column[pairs], weights=(coefficient * (prices * sieve.scale)[row])[pairs], minlength=len(program.pairs))
        level = Level.of(program.objectives[-1].dense(program.size), len(sieve))
        assert sieve.worth(Goal(level), Prices(prices, np.empty(0))) == pytest.approx(level.pairs - cost, abs=1e-9)


def test_it_agrees_where_few_pairs_start_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "SMALL", 0)
    monkeypatch.setattr(sifting, "TOP", 1)
    agree(worlds(32_000, 250), "mip")


def test_a_start_by_blocks_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "SMALL", 0)
    fell_apart = 0
    for seed in range(1, 9):
        program = generated(600, 150, 4, seed)
        dense = program.objectives[-1].dense(program.size)
        whole = State(program)
        with monkeypatch.context() as small:
            for name, value in (("WORTH_IT", 0), ("BLOCK", 20), ("LONG", 8)):
                small.setattr(blocks, name, value)
            parted = State(program)
        assert whole.blocks is None
        fell_apart += parted.blocks is not None
        limits = []
        for state in (whole, parted):
            relaxed = state.relax(state.goal(dense, ()), Clock(), 0.0)
            assert not isinstance(relaxed, str)
            limits.append(relaxed.limit)
        assert limits[1] == pytest.approx(limits[0], rel=1e-7)
    assert fell_apart > 2


def test_what_cannot_be_is_proved_by_prices_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "SMALL", 0)
    program = generated(500, 70, 10, 1)
    (block,) = [block for block in program.rows if block.kind == "slot_openings"]
    goal = Objective("all", "all", np.arange(len(program.pairs)), np.ones(len(program.pairs), dtype=np.int64))
    everyone = [np.full(len(rows), int(block.upper.sum()) + 1) if rows.kind == "business_target" else rows.lower for rows in program.rows]
    rows = tuple(replace(rows, lower=lower, upper=np.maximum(lower, rows.upper)) for rows, lower in zip(program.rows, everyone, strict=True))
    impossible = Program(program.pairs, program.upper, rows, (goal,))
    outcome = Sifting().solve(impossible, Clock(), 0, Silent())
    assert (outcome.status, outcome.stop_reason) == ("infeasible", "proved")


def test_the_same_seed_gives_the_same_plan() -> None:
    program = generated(500, 70, 10, 3)
    first, second = (solved(program, "sifting") for _ in range(2))
    assert first.columns is not None
    assert second.columns is not None
    assert (first.columns == second.columns).all()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_it_agrees_on_thousands_of_random_worlds(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "SMALL", 0)
    monkeypatch.setattr(sifting, "TOP", 1)
    agree(worlds(40_000 + part * 1_000, 400), "cp_sat")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 101))
def test_neither_engine_proves_the_other_wrong_on_two_thousand_seekers_with_every_rule(seed: int) -> None:
    program = generated(2_000, 300, 12, seed)
    mine, other = (choose(program, engine).engine.solve(program, Clock(gap=Fraction(1, 10_000)), 0, Silent()) for engine in ("sifting", "mip"))
    for one, two in ((mine, other), (other, mine)):
        assert one.columns is not None
        assert not list(program.broken_rows(one.columns))
        assert one.goals[0].value == two.goals[0].value == 0
        value, bound = one.goals[-1].value, two.goals[-1].bound
        assert value is not None
        assert bound is not None
        assert value <= bound
