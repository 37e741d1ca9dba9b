"""`ojt check`: judge any plan, also a hand-made or partial one, by the law alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import BROKEN, SOLVED, reported, say_json, screen
from allocator.cli.inputs import read_inputs
from allocator.cli.options import AsOf, Changes, Debug, Json, Policy, Reference, Scenario, Seed, Sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from allocator.constraints.base import Standing, Violation
    from allocator.scenario import Scenario as Facts

MOST_SHOWN = 60
"""Violations in the table; `--json` has all of them."""


def check(
    scenario: Scenario,
    assignments: Annotated[Path, typer.Argument(metavar="ASSIGNMENTS", help="CSV, Parquet or .xlsx with seeker_id and slot_id.", show_default=False)],
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
        from allocator.cli.settled import settled
        from allocator.plan import Plan

        inputs = read_inputs(scenario, policy, sets, as_of, reference, changes)
        pairs = _known_pairs(inputs.scenario, assignments)
        problem = settled(inputs.problem(seed))
        plan = Plan.of(problem, pairs)
        broken = list(violations(plan))
        if as_json:
            standings = [line.as_dict() for rule in problem.policy.constraints for line in rule.standings(plan)]
            digests = {"scenario": inputs.scenario.digest, "policy": inputs.layers.policy.digest}
            said = [violation.as_dict() for violation in broken]
            say_json({"keeps_every_rule": not broken, "assignments": len(plan), "violations": said, "rules": standings, "digests": digests})
        else:
            _print(broken, len(plan))
            _print_missed([line for rule in problem.policy.constraints for line in rule.standings(plan) if not line.hard and (line.slack or 0) < 0])
        raise typer.Exit(BROKEN if broken else SOLVED)


def _known_pairs(facts: Facts, path: Path) -> list[tuple[str, str]]:
    """The plan's pairs; ids that the scenario does not have are faults, with their rows."""
    from allocator.errors import Fault, InputError
    from allocator.read import read_assignments

    frame = read_assignments(path)
    faults = []
    for table, column in (("seekers", "seeker_id"), ("slots", "slot_id")):
        for row in _strangers(facts, table, frame[column]):
            name = str(frame[column].iloc[row])
            faults.append(Fault("unknown_id", f"{table} has no {name}.", "Correct the id.", path.name, row=row + 2, column=column, value=name))
    if faults:
        raise InputError(faults)
    return list(zip(frame["seeker_id"], frame["slot_id"], strict=True))


def _strangers(facts: Facts, table: str, ids: pd.Series) -> list[int]:
    return [int(row) for row in (facts.positions(table, ids.to_numpy(dtype=object)) < 0).nonzero()[0]]


def _print_missed(missed: Sequence[Standing]) -> None:
    """Promises and targets that bend and are not reached: no violations, but not to be overlooked."""
    console = screen()
    for line in missed:
        name = line.kind if line.label in ("", line.kind) else f"{line.kind}[{line.label}]"
        aim = f"at least {line.at_least}" if line.required == line.at_least else f"at most {line.at_most}"
        console.print(f"Not reached, though no rule is broken: {name} {line.key}".rstrip() + f" stands at {line.achieved}; it asks for {aim}.")


def _print(broken: Sequence[Violation], assignments: int) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = screen()
    people = f"{assignments:,} assignment{'' if assignments == 1 else 's'}"
    if not broken:
        console.print(Text(f"The plan keeps every rule: {people} checked.", style="bold green"))
        return
    rules = len({(violation.kind, violation.label) for violation in broken})
    count = f"{len(broken):,} violation{'' if len(broken) == 1 else 's'} of {rules} rule{'' if rules == 1 else 's'}"
    console.print(Text(f"The plan breaks the policy: {count} in {people}.", style="bold red"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("rule", style="cyan", overflow="fold")
    table.add_column("how it is broken", overflow="fold")
    for violation in broken[:MOST_SHOWN]:
        name = violation.kind if violation.label in ("", violation.kind) else f"{violation.kind}[{violation.label}]"
        table.add_row(name, violation.message)
    console.print(table)
    if len(broken) > MOST_SHOWN:
        console.print(f"… and {len(broken) - MOST_SHOWN:,} more; --json lists all of them.")
