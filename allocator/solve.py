"""solve(): a scenario and a policy in, a proven and checked result out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

import numpy as np

from allocator.answer import Run, answer
from allocator.check import violations
from allocator.engines.base import Clock, Outcome, Progress, Silent
from allocator.engines.choose import choose
from allocator.errors import InternalError
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.relax import repair
from allocator.repair import NO_REPAIR
from allocator.result import Result
from allocator.scenario import Scenario
from allocator.settle import settle
from allocator.trace import Recorder


def solve(
    scenario: Scenario,
    policy: Policy,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    gap: Decimal | float | None = None,
    memory_limit: float | None = None,
    cancelled: Callable[[], bool] | None = None,
    engine: str = "auto",
    progress: Progress | None = None,
) -> Result:
    """The best assignment of a scenario's seekers to its slots under a policy.

    Parameters
    ----------
    seed
        Decides what chance decides (the lottery, the solvers' own choices); recorded in the result.
    time_limit
        Seconds for solving; the policy's where None. A network is solved to its end in any case, and where nothing fits, the search for
        a way out may take as long again.
    gap
        Relative gap at which a goal counts as done; the policy's where None.
    memory_limit
        Gigabytes (10^9 bytes) that this process may hold before solving ends with the best so far; the policy's where None. It is looked at
        as engines go, so that it may be exceeded for a moment; the network engine and PuLP do not look.
    cancelled
        Asked now and then, possibly from another thread, whether to end with the best so far; the network engine and PuLP do not ask.
    engine
        auto, network, sifting, mip, cp_sat or pulp.

    Raises
    ------
    InputError
        The policy does not fit the facts: an unknown partner, pins in conflict, a missing column; all at once.
    UnfitEngineError
        The engine that was asked for cannot solve this program.
    InternalError
        Our mistake: an engine's answer breaks a rule.
    """
    watch = _Stopwatch(progress or Silent())
    seconds = policy.limits.time if time_limit is None else time_limit
    good_enough = Fraction(policy.limits.gap if gap is None else Decimal(str(gap)))
    asked = problem = Problem(scenario, policy, seed)
    warnings = problem.require_sound()
    with watch("pairs"):
        pairs = find_pairs(problem)
    gigabytes = policy.limits.memory if memory_limit is None else memory_limit
    clock = Clock(seconds, good_enough, None if gigabytes is None else round(gigabytes * 1e9), cancelled)
    with watch("build"):
        problem, unsettled = settle(problem, pairs, lambda first: choose(first, engine).engine.solve(first, clock, seed, watch.progress))
        program = build(problem, pairs)
    with watch("solve"):
        chosen = choose(program, engine)
        recorder = Recorder(watch.progress)
        outcome = chosen.engine.solve(program, clock, seed, recorder)
        impossible = outcome.status == "infeasible" and not unsettled
        way_out = repair(asked, problem, program, clock.again(), watch.progress, chosen.engine) if impossible else NO_REPAIR
    with watch("check"):
        plan = checked(problem, program, outcome)
    with watch("explain"):
        return answer(Run(problem, policy, program, chosen, outcome, plan, way_out, unsettled, warnings, watch.seconds, recorder.trace))


def checked(problem: Problem, program: Program, outcome: Outcome) -> Plan:
    """An engine's outcome as a plan that has passed the law, empty where there is none.

    Whatever an engine claims, nothing leaves unchecked: an answer that breaks a rule raises InternalError.
    """
    columns = np.zeros(program.size, dtype=np.int64) if outcome.columns is None else outcome.columns
    chosen = np.flatnonzero(columns[: len(program.pairs)])
    plan = Plan(problem, program.pairs.seeker[chosen], program.pairs.slot[chosen])
    if outcome.columns is not None:
        broken = [str(violation) for violation in violations(plan)] or list(program.broken_rows(columns))
        broken += [f"{goal.objective.label} is not {goal.value}" for goal in outcome.goals if goal.objective.value(columns) != goal.value]
        if broken:
            raise InternalError("The engine's answer breaks the rules: " + "; ".join(broken[:5]))
    return plan


class _Stopwatch:
    """Times phases, and tells whoever watches that one has begun."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        self.progress.phase(phase)
        started = time.perf_counter()
        yield
        self.seconds[phase] = time.perf_counter() - started
