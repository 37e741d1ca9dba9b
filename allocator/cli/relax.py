"""`ojt relax`: what would have to give way for a policy to fit, why, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import NOTHING_FOUND, SOLVED, reported, say_json, screen
from allocator.cli.options import AsOf, Changes, Debug, Json, Policy, Reference, Scenario, Seed, Sets
from allocator.inputs import read_inputs

if TYPE_CHECKING:
    from allocator.relax import Reach
    from allocator.repair import Repair


def relax(
    scenario: Scenario,
    policy: Policy = None,
    sets: Sets = None,
    changes: Changes = None,
    as_of: AsOf = None,
    reference: Reference = None,
    seed: Seed = 0,
    time_limit: Annotated[float | None, typer.Option("--time-limit", metavar="SECONDS", min=0, help="Seconds for solving; the policy's where absent.")] = None,
    far: Annotated[
        str | None, typer.Option("--how-far", metavar="LABEL", help="How far this promise or limit could go, up and down, with everything else kept.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Find the cheapest set of bends that makes a policy fit, every conflict behind it, and the changes to make.

    Nothing is written. `ojt allocate` says the same of a policy that nothing fits, and writes the changes as repair.toml; `ojt allocate --repair` makes them.

    Exit codes: 0 answered (also where the policy fits as it is), 2 bad input, 4 not settled in time, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.relax import how_far
        from allocator.relax import relax as relaxed

        inputs = read_inputs(scenario, policy, sets, as_of, reference, changes)
        facts, wishes = inputs.scenario, inputs.layers.policy
        if far is not None:
            reach = inputs.placing(lambda: how_far(facts, wishes, far, seed=seed, time_limit=time_limit))
            say_json({"reach": [vars(line) for line in reach]}) if as_json else _print_reach(reach)
        else:
            repair = inputs.placing(lambda: relaxed(facts, wishes, seed=seed, time_limit=time_limit))
            say_json(repair.as_dict()) if as_json else _print(repair)
            if not repair.settled:
                raise typer.Exit(NOTHING_FOUND)
        raise typer.Exit(SOLVED)


def _print(repair: Repair) -> None:
    from allocator.cli.printout import print_repair

    console = screen()
    if repair.feasible and not repair.bends:
        console.print("The policy fits as it is: some plan keeps every rule. Nothing has to bend.")
        return
    if not repair.settled:
        console.print("Not settled in time: no plan was found, nor a proof that there is none. Give it more with --time-limit.")
        return
    console.print("No plan keeps every rule of this policy; proved.")
    print_repair(repair, console)
    if repair.feasible:
        console.print()
        console.print("Make them with ojt allocate SCENARIO --repair, or let ojt allocate write them as repair.toml and look at them first.")


def _print_reach(reach: list[Reach]) -> None:
    from rich import box
    from rich.table import Table

    from allocator.wording import with_unit

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("rule", "asks for", "can be as low as", "can be as high as"):
        table.add_column(name, overflow="fold")
    for line in reach:
        asked = f"at {'least' if line.at_least else 'most'} {with_unit(line.asked, line.unit)}"
        ends = ("unknown" if end is None else with_unit(end, line.unit) for end in (line.least, line.most))
        table.add_row(line.name, asked, *ends)
    console = screen()
    console.print(table)
    if any(line.most is None for line in reach):
        console.print("Unknown: the rest of the policy has no plan even without this rule, or time was up.")
    else:
        console.print("With every other rule kept. Each row by itself: what the rule counts could be brought so low, and so high.")
