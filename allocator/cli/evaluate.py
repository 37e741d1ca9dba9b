"""`ojt evaluate`: what a hand-made plan is worth, goal by goal, which rules it breaks, and what is still open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import BROKEN, SOLVED, reported, say_json, screen
from allocator.cli.options import AsOf, Changes, Debug, Json, Policy, Reference, Scenario, Seed, Sets
from allocator.cli.plan_file import PlanFile, print_missed, print_violations, read_plan_file
from allocator.inputs import read_inputs

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.against import Against
    from allocator.evaluate import Evaluation

MOST_SHOWN = 12
"""Rows of a table on the screen; `--json` has all of them."""


def evaluate(
    scenario: Scenario,
    assignments: PlanFile,
    policy: Policy = None,
    sets: Sets = None,
    changes: Changes = None,
    as_of: AsOf = None,
    seed: Seed = 0,
    reference: Reference = None,
    beside: Annotated[
        Path | None, typer.Option("--against", metavar="OUT", help="Also the distance to a solved result of the same facts and policy, in each goal.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Score and check a plan made by hand, also a partial one, without solving.

    Exit codes: 0 keeps every rule, 3 breaks some, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.evaluate import Evaluator
        from allocator.settled import settled

        inputs = read_inputs(scenario, policy, sets, as_of, reference, changes)
        pairs = read_plan_file(inputs.scenario, assignments)
        evaluation = Evaluator(settled(inputs.problem(seed))).evaluate(pairs)
        compared = None if beside is None else _against(evaluation, beside)
        if as_json:
            document = evaluation.as_dict()
            document["digests"]["policy"] = inputs.layers.policy.digest
            say_json({**document, "against": None if compared is None else compared.as_dict()})
        else:
            _print(evaluation, compared)
        raise typer.Exit(SOLVED if evaluation.keeps_every_rule else BROKEN)


def _against(evaluation: Evaluation, folder: Path) -> Against:
    from allocator.against import against
    from allocator.stored import read_result

    return against(evaluation, read_result(folder))


def _print(evaluation: Evaluation, compared: Against | None) -> None:
    from allocator.cli.printout import print_promises

    console = screen()
    print_violations(evaluation.violations, len(evaluation.assignments))
    console.print(_counts(evaluation))
    _print_refused(evaluation, console)
    _print_goals(evaluation, compared, console)
    print_promises(evaluation.reservations, console)
    console.print()
    print_missed([line for line in evaluation.rules if line.kind != "reservation"])
    _print_open(evaluation, console)


def _counts(evaluation: Evaluation) -> str:
    placed, seekers = evaluation.assignments["seeker_id"].nunique(), evaluation.seekers
    waiting, open_seats = evaluation.waiting, sum(slot.left for slot in evaluation.open_slots)
    told = f"{placed:,} of {seekers:,} people placed; {open_seats:,} of {evaluation.openings:,} openings left."
    parts = [
        f"{count:,} {words}"
        for count, words in (
            (waiting.could_take, "could take an open seat now"),
            (waiting.blocked, "are kept from every open seat by a rule"),
            (waiting.full, "find every slot that admits them full"),
            (waiting.no_pair, "have no slot that admits them"),
        )
        if count
    ]
    return f"{told} Of the others, {', '.join(parts)}." if parts else told


def _print_refused(evaluation: Evaluation, console: Console) -> None:
    from allocator.cli.tables import table_of, title

    if not evaluation.refused:
        return
    one = len(evaluation.refused) == 1
    title(console, f"{len(evaluation.refused):,} assignment{'' if one else 's'} that may not stand, and {'is' if one else 'are'} left out of the goals")
    table = table_of("seeker", "slot", "refused by", "why")
    for line in evaluation.refused[:MOST_SHOWN]:
        table.add_row(line.seeker_id, line.slot_id, line.rule, line.why)
    console.print(table)
    _more(len(evaluation.refused), console)


def _print_goals(evaluation: Evaluation, compared: Against | None, console: Console) -> None:
    from allocator.cli.tables import amount, table_of, title

    title(console, "Goals, in their order")
    if compared is None:
        table = table_of("goal", ">value", "unit")
        for goal in evaluation.goals:
            table.add_row(_name(goal.kind, goal.label), amount(goal.value), goal.unit)
    else:
        table = table_of("goal", ">value", ">result", ">bound", "unit", ">behind the result")
        for line in compared.goals:
            table.add_row(_name(line.kind, line.label), amount(line.value), amount(line.result), amount(line.bound), line.unit, amount(line.behind))
    console.print(table)
    if compared is not None:
        console.print(compared.sentence)


def _print_open(evaluation: Evaluation, console: Console) -> None:
    from allocator.cli.tables import table_of, title

    if not evaluation.open_slots:
        return
    title(console, "What is still open")
    table = table_of("slot", ">openings", ">left", ">could take one", ">blocked by a rule")
    for slot in sorted(evaluation.open_slots, key=lambda slot: (-slot.could_take, slot.slot_id))[:MOST_SHOWN]:
        table.add_row(slot.slot_id, *(f"{number:,}" for number in (slot.openings, slot.left, slot.could_take, slot.blocked)))
    console.print(table)
    _more(len(evaluation.open_slots), console)


def _more(count: int, console: Console) -> None:
    if count > MOST_SHOWN:
        console.print(f"… and {count - MOST_SHOWN:,} more; --json lists all of them.")


def _name(kind: str, label: str) -> str:
    return kind if label == kind else f"{kind}, {label}"
