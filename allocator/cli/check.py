"""`ojt check`: judge any plan, also a hand-made or partial one, by the law alone."""

from __future__ import annotations

import typer

from allocator.cli.ending import BROKEN, SOLVED, reported, say_json
from allocator.cli.options import AsOf, Changes, Debug, Json, Policy, Reference, Scenario, Seed, Sets
from allocator.cli.plan_file import PlanFile, print_missed, print_violations, read_plan_file
from allocator.inputs import read_inputs


def check(
    scenario: Scenario,
    assignments: PlanFile,
    policy: Policy = None,
    sets: Sets = None,
    changes: Changes = None,
    as_of: AsOf = None,
    seed: Seed = 0,
    reference: Reference = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a plan against every rule of a policy.

    Exit codes: 0 keeps every rule, 3 breaks some, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.check import violations
        from allocator.plan import Plan
        from allocator.settled import settled

        inputs = read_inputs(scenario, policy, sets, as_of, reference, changes)
        pairs = read_plan_file(inputs.scenario, assignments)
        problem = settled(inputs.problem(seed))
        plan = Plan.of(problem, pairs)
        broken = list(violations(plan))
        standings = [line for rule in problem.policy.constraints for line in rule.standings(plan)]
        if as_json:
            digests = {"scenario": inputs.scenario.digest, "policy": inputs.layers.policy.digest}
            said, rules = [violation.as_dict() for violation in broken], [line.as_dict() for line in standings]
            say_json({"keeps_every_rule": not broken, "assignments": len(plan), "violations": said, "rules": rules, "digests": digests})
        else:
            print_violations(broken, len(plan))
            print_missed(standings)
        raise typer.Exit(BROKEN if broken else SOLVED)
