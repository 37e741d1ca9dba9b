"""solve(): a scenario and a policy in, a proven and checked result out."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version

import numpy as np
import pandas as pd

from allocator.check import violations
from allocator.engines.base import Clock, Outcome, Progress, Silent
from allocator.engines.choose import choose
from allocator.errors import Fault, InputError, InternalError
from allocator.pairs import Pairs, find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.promises import promises
from allocator.result import Bend, GoalResult, Result
from allocator.scenario import Integers, Scenario
from allocator.settle import settle, unsettled
from allocator.unplaced import unplaced

LIBRARIES = ("ojt-allocator", "ortools", "pulp", "numpy", "pandas", "pyarrow")


def solve(
    scenario: Scenario, policy: Policy, *, seed: int = 0, time_limit: float | None = None, gap: Decimal | float | None = None, engine: str = "auto",
    progress: Progress | None = None,
) -> Result:  # fmt: skip
    """The best assignment of a scenario's seekers to its slots under a policy.

    Parameters
    ----------
    seed
        Decides what chance decides (the lottery, the solvers' own choices); recorded in the result.
    time_limit
        Seconds for solving; the policy's where None. A network is solved to its end in any case.
    gap
        Relative gap at which a goal counts as done; the policy's where None.
    engine
        auto, network, mip, cp_sat or pulp.

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
    clock_limits = (policy.limits.time if time_limit is None else time_limit, Fraction(policy.limits.gap if gap is None else Decimal(str(gap))))
    problem = Problem(scenario, policy, seed)
    warnings = _refuse_faults(problem)
    with watch("pairs"):
        pairs = find_pairs(problem)
    clock = Clock(*clock_limits)
    settled = True
    with watch("build"):
        if unsettled(problem.policy):
            problem, settled = settle(problem, pairs, lambda first: choose(first, engine).engine.solve(first, clock, seed, watch.progress))
        program = build(problem, pairs)
    with watch("solve"):
        chosen = choose(program, engine)
        outcome = chosen.engine.solve(program, clock, seed, watch.progress)
        bends = _bends(program, Clock(*clock_limits), seed, watch.progress) if outcome.status == "infeasible" else []
    with watch("check"):
        plan = _checked(problem, program, outcome)
    answer = Result(
        status=outcome.status if settled or outcome.status != "optimal" else "feasible", stop_reason=outcome.stop_reason if settled else "time_limit",
        engine=chosen.engine.name, engine_reason=chosen.reason, verified=outcome.columns is not None,
        seekers=scenario.size("seekers"), openings=int(problem.openings.sum()), pairs=len(pairs), considered=pairs.considered,
        assignments=_assignments(problem, pairs, outcome), unplaced=(), goals=[GoalResult.of(goal) for goal in outcome.goals], rules=(), reservations=(), bends=bends,
        reverse_referrals=int(problem.reverse_referrals[plan.slot].sum()), refusals=pairs.refusals, warnings=[*scenario.warnings, *warnings],
        policy=problem.policy, scenario_name=scenario.name, seed=seed, as_of=scenario.as_of.isoformat(),
        digests={"scenario": scenario.digest, "policy": policy.digest}, versions=_versions(), timings=watch.seconds,
    )  # fmt: skip
    return answer if outcome.columns is None else _with_reasons(answer, problem, program, outcome.columns, plan)


def _refuse_faults(problem: Problem) -> list[Fault]:
    """Warnings about the policy; errors are raised, all at once."""
    faults = list(problem.faults())
    if any(fault.severity == "error" for fault in faults):
        raise InputError(faults)
    return faults


def _checked(problem: Problem, program: Program, outcome: Outcome) -> Plan:
    """The outcome as a plan that passed the law, or an InternalError: whatever an engine claims, nothing leaves unchecked."""
    columns = np.zeros(program.size, dtype=np.int64) if outcome.columns is None else outcome.columns
    chosen = np.flatnonzero(columns[: len(program.pairs)])
    plan = Plan(problem, program.pairs.seeker[chosen], program.pairs.slot[chosen])
    if outcome.columns is not None:
        broken = [str(violation) for violation in violations(plan)] or list(program.broken_rows(columns))
        if broken:
            raise InternalError("The engine's answer breaks the rules: " + "; ".join(broken[:5]))
    return plan


def _bends(program: Program, clock: Clock, seed: int, progress: Progress) -> list[Bend]:
    """The cheapest bending of the same rows that leaves a solution: each rule's shortest fall."""
    elastic, bending = program.elastic()
    outcome = choose(elastic).engine.solve(elastic, clock, seed, progress)
    if outcome.columns is None:
        return []
    found = []
    for block, short, over in bending:
        for row in range(len(block)):
            for column, required, sign in ((short[row], block.lower[row], -1), (over[row], block.upper[row], 1)):
                amount = int(outcome.columns[column]) if column >= 0 else 0
                if amount:
                    unit = {"staff_capacity": "points", "budget": "cents"}.get(block.kind, "people")
                    key = str(block.names[row]) if len(block.names) else ""
                    found.append(Bend(block.kind, block.label, key, block.row_name(row), int(required), int(required) + sign * amount, amount, unit))
    return found


def _assignments(problem: Problem, pairs: Pairs, outcome: Outcome) -> pd.DataFrame:
    facts = problem.scenario
    chosen = np.flatnonzero(outcome.columns[: len(pairs)]) if outcome.columns is not None else np.empty(0, dtype=np.int64)
    seekers, slots = pairs.seeker[chosen], pairs.slot[chosen]
    columns = {
        "seeker_id": facts.ids("seekers")[seekers],
        "slot_id": facts.ids("slots")[slots],
        "score": pairs.score[chosen] / 100,
        "tier": np.array(problem.tier_names, dtype=object)[problem.tiers[seekers]],
    }
    if not facts.has("pairs"):
        for name, fit in problem.policy.match_quality.components(problem, seekers, slots).items():
            columns[name] = np.where(fit >= 0, fit / 100, np.nan)
    return pd.DataFrame(columns)


def _with_reasons(answer: Result, problem: Problem, program: Program, columns: Integers, plan: Plan) -> Result:
    """Where every promise and limit stands, and why each unplaced person is unplaced."""
    return replace(
        answer,
        unplaced=unplaced(problem, program, columns, proved=answer.status == "optimal"),
        rules=[line for rule in problem.policy.constraints for line in rule.standings(plan)],
        reservations=list(promises(plan, program.pairs)),
    )


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


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
