"""The trace of a run: true to what the engine told, thin, and ending where the result ends."""

from __future__ import annotations

import json
import math

import pytest

from allocator.engines.base import Silent
from allocator.result import write_result
from allocator.solve import solve
from allocator.trace import MOST, Moment, Recorder, thinned
from tests.random_worlds import random_problem


def test_moments_are_passed_on_and_remembered_without_repeats() -> None:
    told: list[tuple[str, float | None, float | None]] = []

    class Listener(Silent):
        def incumbent(self, goal: str, value: float | None, bound: float | None) -> None:
            told.append((goal, value, bound))

    recorder = Recorder(Listener())
    for value, bound in ((None, 9), (3, 9), (3, 9), (4, math.inf), (7, 7)):
        recorder.incumbent("placements", value, bound)
    assert len(told) == 5
    assert [(m.goal, m.value, m.bound) for m in recorder.trace] == [
        ("placements", None, 9), ("placements", 3, 9), ("placements", 4, None), ("placements", 7, 7),
    ]  # fmt: skip
    assert [m.seconds for m in recorder.trace] == sorted(m.seconds for m in recorder.trace)


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 50_000])
def test_a_long_run_keeps_200_moments_with_the_first_and_last_of_each_goal(count: int) -> None:
    recorder = Recorder(Silent())
    for number in range(count):
        recorder.incumbent("first" if number < count // 3 else "second", number, count)
    trace = recorder.trace
    assert len(trace) == min(count, MOST)
    for goal, numbers in (("first", range(count // 3)), ("second", range(count // 3, count))):
        kept = [moment.value for moment in trace if moment.goal == goal]
        assert kept == sorted(kept)
        assert (kept[0], kept[-1]) == (numbers[0], numbers[-1]) if numbers else not kept


def test_thinning_keeps_the_ends_even_where_they_are_too_many() -> None:
    moments = [Moment(k, f"goal {k // 2}", k, k) for k in range(20)]
    assert thinned(moments, 5) == moments


@pytest.mark.parametrize("engine", ["auto", "mip", "cp_sat"])
def test_the_trace_ends_with_what_the_result_says(engine: str, tmp_path) -> None:
    ended = 0
    for seed in range(70_000, 70_012):
        problem = random_problem(seed)
        if any(fault.severity == "error" for fault in problem.faults()):
            continue
        result = solve(problem.scenario, problem.policy, seed=seed, engine=engine)
        if result.status != "optimal":
            continue
        last = {moment.goal: (moment.value, moment.bound) for moment in result.trace}
        for goal in result.goals:
            if goal.label in last:
                assert last[goal.label] == (pytest.approx(goal.value), pytest.approx(goal.bound)), (seed, goal)
                ended += 1
        write_result(result, tmp_path)
        assert json.loads((tmp_path / "result.json").read_text())["trace"] == [moment.as_dict() for moment in result.trace]
    assert ended >= 5
