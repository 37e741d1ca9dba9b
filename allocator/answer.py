"""From what an engine found to what a person can read: the result of a run."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd

from allocator.engines.base import Outcome, Status, StopReason
from allocator.engines.choose import Choice
from allocator.errors import Fault
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Program
from allocator.promises import promises
from allocator.repair import Repair
from allocator.result import GoalResult, Restriction, Result
from allocator.trace import Moment
from allocator.unplaced import UnplacedPeople, unplaced

LIBRARIES = ("ojt-allocator", "ortools", "pulp", "numpy", "pandas", "pyarrow")


@dataclass(frozen=True, eq=False)
class Run:
    """Everything one call of `solve` went through. `policy` is the user's, `problem.policy` the resolved and settled one."""

    problem: Problem
    policy: Policy
    program: Program
    choice: Choice
    outcome: Outcome
    plan: Plan
    way_out: Repair
    unsettled: StopReason | None
    warnings: list[Fault]
    seconds: dict[str, float]
    trace: list[Moment]


def answer(run: Run) -> Result:
    """The run as a result: where every promise and limit stands, and why each unplaced person is unplaced."""
    problem, program, facts = run.problem, run.program, run.problem.scenario
    status, stop_reason = _status(run)
    found = run.outcome.columns
    return Result(
        status=status,
        stop_reason=stop_reason,
        engine=run.choice.engine.name,
        engine_reason=run.choice.reason,
        verified=found is not None,
        seekers=facts.size("seekers"),
        openings=int(problem.openings.sum()),
        pairs=len(program.pairs),
        considered=program.pairs.considered,
        assignments=_assignments(run),
        unplaced=UnplacedPeople.nobody() if found is None else unplaced(problem, program, found, proved=status == "optimal"),
        goals=[GoalResult.of(goal) for goal in run.outcome.goals],
        rules=[] if found is None else [line for rule in problem.policy.constraints for line in rule.standings(run.plan)],
        reservations=[] if found is None else list(promises(run.plan, program.pairs)),
        reverse_referrals=int(problem.reverse_referrals[run.plan.slot].sum()),
        refusals=program.pairs.refusals,
        warnings=[*facts.warnings, *run.warnings],
        policy=problem.policy,
        scenario_name=facts.name,
        seed=problem.seed,
        as_of=facts.as_of.isoformat(),
        digests={"scenario": facts.digest, "policy": run.policy.digest},
        versions={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        timings=run.seconds,
        trace=run.trace,
        restriction=_restriction(run),
        repair=run.way_out,
    )


def _restriction(run: Run) -> Restriction | None:
    """What the policy's cap left out, where it left out anything."""
    most, cut = run.problem.policy.limits.pairs_per_seeker, run.program.pairs.left_out
    return None if most is None or cut is None or not cut.any() else Restriction(most, int(cut.sum()))


def _status(run: Run) -> tuple[Status, StopReason]:
    """The outcome's own, unless a count that it rests on is not proved: then neither is what follows from it."""
    if run.unsettled is None or run.outcome.status in ("feasible", "no_solution"):
        return run.outcome.status, run.outcome.stop_reason
    return ("feasible" if run.outcome.status == "optimal" else "no_solution"), run.unsettled


def _assignments(run: Run) -> pd.DataFrame:
    """Who goes where, with the score and, where scoring is built in, each of its components (empty where not recorded)."""
    problem, pairs, found = run.problem, run.program.pairs, run.outcome.columns
    facts = problem.scenario
    chosen = np.empty(0, dtype=np.int64) if found is None else np.flatnonzero(found[: len(pairs)])
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
