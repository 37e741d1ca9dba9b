"""Warm programs: whatever was asked before, the next answer is the one that a solve from nothing gives."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from allocator.engines import sifting
from allocator.engines.base import Clock, Outcome, Silent
from allocator.engines.choose import choose
from allocator.engines.sifting import State
from allocator.engines.warm import Change, Warm
from allocator.pairs import Pairs
from allocator.program import FREE, Objective, Program, Rows
from allocator.scenario import Integers
from tests.engines.test_sifting import generated, values, worlds


def cold(program: Program, change: Change) -> Outcome:
    """The changed program by another engine, with forced pairs as rows of their own."""
    changed = change.of(program)
    if any((block.lower > block.upper).any() for block in changed.rows):
        return Outcome("infeasible", "proved", None, ())
    forced = np.unique(change.forced).astype(np.int64)
    if len(forced):
        ones = np.ones(len(forced), dtype=np.int64)
        block = Rows("asked", "asked", (), ones, ones, pair=forced, row=np.arange(len(forced)))
        changed = replace(changed, rows=(*changed.rows, block))
    return choose(changed, "mip").engine.solve(changed, Clock(), 0, Silent())


def any_change(program: Program, draw: np.random.Generator) -> Change:
    """One or two things changed."""
    lower, upper = (np.concatenate([getattr(block, side) for block in program.rows]) for side in ("lower", "upper"))
    at_least: dict[int, float | None] = {}
    at_most: dict[int, float | None] = {}
    forced, forbidden, closed = (np.empty(0, dtype=np.int64) for _ in range(3))
    objectives: tuple[Objective, ...] | None = None
    for kind in draw.choice(["promise", "capacity", "score", "forced", "forbidden", "closed"], size=draw.integers(1, 3), replace=False):
        if kind == "promise" and (promised := np.flatnonzero(lower > -FREE)).size:
            row = int(draw.choice(promised))
            at_least[row] = int(max(0, lower[row] + draw.integers(-2, 3))) if draw.random() < 0.8 else None
        elif kind == "capacity" and (limited := np.flatnonzero((upper < FREE) & (upper >= 0))).size:
            row = int(draw.choice(limited))
            at_most[row] = int(max(0, upper[row] + draw.integers(-2, 3)))
        elif kind == "score":
            objectives = tuple(replace(each, coefficient=each.coefficient + draw.integers(0, 4, len(each.coefficient))) for each in program.objectives)
        elif kind == "forced":
            forced = draw.integers(0, len(program.pairs), draw.integers(1, 3))
        elif kind == "forbidden":
            forbidden = draw.integers(0, len(program.pairs), draw.integers(1, 4))
        else:
            closed = draw.choice(program.pairs.slot, 1).astype(np.int64)
    return Change(at_least, at_most, objectives, forced, forbidden, closed)


def ask_many(programs: list[Program], questions: int, seed: int) -> int:
    """Ask each program several questions; how many had an answer."""
    draw, answered = np.random.default_rng(seed), 0
    for number, program in enumerate(programs):
        warm = Warm(program)
        if warm.outcome.columns is None:
            continue
        for question in range(questions):
            change = any_change(program, draw)
            answer = warm.ask(change)
            assert values(answer) == values(cold(program, change)), f"world {number}, question {question}: {change}"
            if answer.columns is not None:
                answered += 1
                assert not list(change.of(program).broken_rows(answer.columns))
                assert answer.columns[change.forced].all()
    return answered


@pytest.fixture
def _few_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "SMALL", 0)
    monkeypatch.setattr(sifting, "TOP", 1)


@pytest.mark.usefixtures("_few_inside")
@pytest.mark.parametrize("part", range(3))
def test_any_sequence_of_questions_is_answered_as_from_nothing(part: int) -> None:
    assert ask_many(worlds(50_000 + part * 1_000, 50), 4, part) > 60


@pytest.mark.slow
@pytest.mark.usefixtures("_few_inside")
@pytest.mark.parametrize("part", range(20))
def test_thousands_of_questions_are_answered_as_from_nothing(part: int) -> None:
    assert ask_many(worlds(60_000 + part * 1_000, 60), 8, part) > 100


def test_questions_with_every_rule_stand_against_another_engine() -> None:
    program, draw = generated(400, 60, 6, 2), np.random.default_rng(1)
    warm, within = Warm(program, clock=Clock(gap=Fraction(1, 1000))), Clock(gap=Fraction(1, 1000))
    for _ in range(8):
        change = any_change(program, draw)
        mine = warm.ask(change, clock=within)
        other = cold(program, change) if mine.columns is None else None
        if other is not None:
            assert other.status == "infeasible"
            continue
        assert not list(change.of(program).broken_rows(mine.columns))
        if change.objectives is None and not len(change.forced):
            held = choose(program, "mip").engine.solve(change.of(program), within, 0, Silent())
            for one, two in ((mine, held), (held, mine)):
                assert one.goals[-1].value <= two.goals[-1].bound


def test_what_is_asked_leaves_the_program_as_it_was_and_what_is_kept_does_not() -> None:
    program = next(program for program in worlds(50_000, 60) if program.objectives[0].kind == "placements" or len(program.pairs) > 8)
    warm = Warm(program)
    before = values(warm.outcome)
    assert warm.outcome.columns is not None
    change = Change(forbidden=np.flatnonzero(warm.outcome.columns[: len(program.pairs)]))
    asked = values(warm.ask(change))
    assert values(warm.ask()) == before
    if isinstance(asked, list):
        assert values(warm.keep(change)) == asked
        assert values(warm.ask()) == asked
        assert warm.program is not program


def test_a_limit_is_the_optimum_of_the_relaxation() -> None:
    draw = np.random.default_rng(9)
    for seed in (1, 2):
        program = generated(300, 40, 5, seed)
        warm = Warm(program, clock=Clock(gap=Fraction(1, 100)))
        (row,) = (program.row_number(block.row_name(0)) for block in program.rows[:1])
        for change in (Change(at_least={row: 2}), Change(forbidden=draw.integers(0, len(program.pairs), 30)), Change()):
            limit = warm.limit(change)
            changed = change.of(program)
            fresh, dense = State(changed), [objective.dense(program.size) for objective in changed.objectives]
            assert warm.outcome.columns is not None
            held = [sifting.Hold(each, int(each @ warm.outcome.columns)) for each in dense[:-1]]
            goal = fresh.goal(dense[-1], held)
            relaxed = fresh.relax(goal, Clock(), 0.0)
            assert limit is not None
            assert not isinstance(relaxed, str)
            assert limit.value == pytest.approx(relaxed.limit * goal.level.unit, rel=1e-7)


def without(program: Program, gone: Integers, draw: np.random.Generator) -> tuple[Program, Integers]:
    """The program without some seekers, the others numbered anew; and the old number of each."""
    people = int(program.pairs.seeker.max()) + 1
    stay = draw.permutation(np.setdiff1d(np.arange(people), gone))
    new = np.full(people, -1)
    new[stay] = np.arange(len(stay))
    old_pairs = np.flatnonzero(new[program.pairs.seeker] >= 0)
    old_pairs = old_pairs[np.lexsort((program.pairs.slot[old_pairs], new[program.pairs.seeker[old_pairs]]))]
    number = np.full(program.size, -1)
    number[old_pairs] = np.arange(len(old_pairs))
    number[len(program.pairs) :] = len(old_pairs) + np.arange(program.size - len(program.pairs))
    pairs = Pairs(program.pairs.slots, new[program.pairs.seeker[old_pairs]].astype(np.int32), program.pairs.slot[old_pairs], program.pairs.score[old_pairs])
    rows = []
    for block in program.rows:
        of_seeker = None if block.of_seeker is None else block.of_seeker[:people][stay]
        told = replace(block, of_seeker=of_seeker, slack=replace(block.slack, column=number[block.slack.column]))
        if block.pair is not None:
            assert block.row is not None
            inside = np.flatnonzero(number[block.pair] >= 0)
            coefficient = None if block.coefficient is None else block.coefficient[inside]
            told = replace(told, pair=number[block.pair[inside]], row=block.row[inside], coefficient=coefficient)
        rows.append(told)
    objectives = []
    for each in program.objectives:
        inside = np.flatnonzero(number[each.column] >= 0)
        objectives.append(replace(each, column=number[each.column[inside]], coefficient=each.coefficient[inside]))
    upper = np.concatenate([np.ones(len(old_pairs), dtype=np.int64), program.upper[len(program.pairs) :]])
    return Program(pairs, upper, tuple(rows), tuple(objectives)), stay


@pytest.mark.usefixtures("_few_inside")
def test_a_program_that_succeeds_another_is_solved_as_from_nothing() -> None:
    draw, solved = np.random.default_rng(3), 0
    for program in worlds(52_000, 60):
        warm, people = Warm(program), int(program.pairs.seeker.max()) + 1
        other, stay = without(program, draw.integers(0, people, max(1, people // 4)), draw)
        if not len(other.pairs):
            continue
        later = warm.succeed(other, seekers=stay)
        assert values(later.outcome) == values(choose(other, "mip").engine.solve(other, Clock(), 0, Silent()))
        assert values(warm.succeed(program).outcome) == values(warm.outcome)
        solved += later.outcome.columns is not None
    assert solved > 20


def test_questions_from_several_threads_wait_for_one_another() -> None:
    program = generated(300, 40, 5, 1)
    warm = Warm(program, clock=Clock(gap=Fraction(1, 100)))
    changes = [Change(forbidden=np.arange(10 * k, 10 * k + 10)) for k in range(12)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(warm.limit, changes))
    for change, answer in zip(changes, together, strict=True):
        alone = warm.limit(change)
        assert answer is not None
        assert alone is not None
        assert answer.value == pytest.approx(alone.value, rel=1e-9)


def test_it_stays_in_its_process() -> None:
    warm = Warm(worlds(50_000, 5)[0])
    with pytest.raises(TypeError, match="stays in its process"):
        pickle.dumps(warm)
    warm._process = os.getpid() + 1  # as after a fork
    with pytest.raises(RuntimeError, match="hold it there anew"):
        warm.ask()


def test_numbers_that_the_program_has_not_are_refused() -> None:
    warm = Warm(worlds(50_000, 5)[0])
    for change, what in ((Change(at_least={10**6: 1}), "row"), (Change(forced=np.array([-1])), "pair"), (Change(closed=np.array([10**6])), "slot")):
        with pytest.raises(ValueError, match=f"there is no {what} "):
            warm.ask(change)
    with pytest.raises(ValueError, match="whole numbers"):
        warm.ask(Change(at_most={0: 0.5}))
    with pytest.raises(ValueError, match="as pins"):
        warm.keep(Change(forced=np.array([0])))
    with pytest.raises(KeyError):
        warm.program.row_number("reservation[nobody]")


def test_a_promise_beyond_its_own_cap_cannot_be() -> None:
    program = generated(300, 40, 5, 1)
    row = next(number for number, block in enumerate(program.rows) if block.upper[0] < FREE)
    number = program.row_number(program.rows[row].row_name(0))
    warm = Warm(program, clock=Clock(gap=Fraction(1, 100)))
    assert warm.ask(Change(at_least={number: int(program.rows[row].upper[0]) + 1})).status == "infeasible"
    assert warm.limit(Change(at_least={number: int(program.rows[row].upper[0]) + 1})) is None
