"""`ojt validate`: read everything, solve nothing."""

from __future__ import annotations

import typer

from allocator.cli.ending import SOLVED, reported, say_json, screen, show_fault_lines
from allocator.cli.options import AsOf, Changes, Debug, Json, Policy, Reference, Scenario, Sets
from allocator.errors import Fault
from allocator.inputs import Inputs, read_inputs


def validate(
    scenario: Scenario,
    policy: Policy = None,
    sets: Sets = None,
    changes: Changes = None,
    as_of: AsOf = None,
    reference: Reference = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a scenario and its policy, and list everything that is wrong or odd.

    Exit codes: 0 usable (there may be warnings), 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        inputs = read_inputs(scenario, policy, sets, as_of, reference, changes)
        told = [inputs.layers.placed(fault) for fault in inputs.problem().faults()]
        warnings = [*inputs.scenario.warnings, *told]
        if as_json:
            say_json({"faults": [], "warnings": [fault.as_dict() for fault in warnings], **_facts(inputs)})
        else:
            _print(inputs, warnings)
        raise typer.Exit(SOLVED)


def _facts(inputs: Inputs) -> dict[str, object]:
    scenario = inputs.scenario
    return {
        "scenario": scenario.name,
        "as_of": scenario.as_of.isoformat(),
        "tables": {name: len(frame) for name, frame in scenario.tables.items()},
        "digests": {"scenario": scenario.digest, "policy": inputs.layers.policy.digest},
    }


def _print(inputs: Inputs, warnings: list[Fault]) -> None:
    from rich.text import Text

    console, scenario, policy = screen(), inputs.scenario, inputs.layers.policy.resolved(inputs.scenario)
    console.print(Text(f"{scenario.name} is usable, as of {scenario.as_of}.", style="bold green"))
    console.print("tables     " + ", ".join(f"{name} {len(frame):,}" for name, frame in scenario.tables.items()))
    counts = (len(policy.eligibility or ()), len(policy.constraints), len(policy.goals or ()))
    console.print("policy     {} eligibility rules, {} constraints, {} goals".format(*counts))
    console.print(f"digests    scenario {scenario.digest[:12]}, policy {inputs.layers.policy.digest[:12]}")
    if warnings:
        console.print(Text(f"\n{len(warnings)} warning{'' if len(warnings) == 1 else 's'}", style="bold"))
        show_fault_lines(warnings, console)
