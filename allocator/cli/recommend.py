"""`ojt recommend`: the best slots for a seeker or the best seekers for a slot, now, from a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import SOLVED, at_option, reported, say_json, screen
from allocator.cli.options import Debug, Json
from allocator.wording import refusals

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.candidate import Candidate, Exact, Recommendation


def recommend(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a result, as `ojt allocate` writes it.", show_default=False)],
    seeker: Annotated[str | None, typer.Option("--seeker", metavar="ID", help="The best slots for this person.")] = None,
    slot: Annotated[str | None, typer.Option("--slot", metavar="ID", help="The best people for this slot.")] = None,
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="Candidates at most.")] = 5,
    exact: Annotated[bool, typer.Option("--exact", help="Also what each candidate costs exactly, by solving with the pair forced.")] = False,
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", min=0, help="Time for each exact answer; an interval where it runs out.")] = 30.0,
    scenario: Annotated[Path | None, typer.Option("--scenario", metavar="PATH", help="Where the scenario is now, if not where the run read it.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Recommend slots for a seeker, or seekers for a slot, and say what each would mean for everybody else.

    Exit codes: 0 recommended (there may be no candidate), 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        if (seeker is None) == (slot is None):
            raise at_option("--seeker", "Give --seeker or --slot, one of the two.", "ojt recommend OUT --seeker S1")
        from allocator.opened import open_result
        from allocator.recommend import Recommender

        answer = Recommender(open_result(out, scenario)).recommend(seeker_id=seeker, slot_id=slot, k=k, exact=exact, seconds=seconds)
        if as_json:
            say_json(answer.as_dict())
        else:
            _print(answer, screen())
        raise typer.Exit(SOLVED)


def _print(answer: Recommendation, console: Console) -> None:
    from allocator.cli.tables import table_of, title

    console.print(_head(answer))
    if not answer.candidates:
        console.print(_nobody(answer))
        return
    who = "slot" if answer.seeker_id is not None else "seeker"
    title(console, f"The best {who}s, by what it takes to bring them about")
    table = table_of(
        ">", who, ">score", *(["tier", "holds now"] if who == "seeker" else []), "gives up at least", "a move costs", *(["exactly"] * _solved(answer))
    )
    for one in answer.candidates:
        name = one.slot_id if who == "slot" else one.seeker_id
        own = [one.tier, one.holds or ""] if who == "seeker" else []
        least = "" if one.least is None else str(one.least)
        costs = "" if one.move is None else f"{one.move.cost}{', proved' if one.proved else ''}"
        table.add_row(str(one.rank), name, f"{one.score:.2f}", *own, least, costs, *([] if one.exact is None else [_said(one.exact)]))
    console.print(table)
    title(console, "What each would mean")
    for one in answer.candidates:
        console.print(f"{one.rank}. {_why(one)}")


def _head(answer: Recommendation) -> str:
    if answer.seeker_id is not None:
        now = f"holds {answer.held[0]}" if answer.held else "has no slot"
        cut = f" {answer.left_out:,} more were left out by the cap of pairs." if answer.left_out else ""
        return f"{answer.seeker_id} {now}; {answer.eligible:,} slot{'' if answer.eligible == 1 else 's'} would admit them.{cut}"
    taken = f"held by {', '.join(answer.held)}" if answer.held else "held by nobody"
    seats = answer.seats_open or 0
    still = f"{seats:,} seat{'' if seats == 1 else 's'} open" if seats else "full"
    return f"{answer.slot_id} is {taken}; {still}. {answer.eligible:,} {'person is' if answer.eligible == 1 else 'people are'} eligible for it."


def _nobody(answer: Recommendation) -> str:
    refused = f": refused for {refusals(answer.refused)}" if answer.refused else ""
    other = "other " if answer.held else ""
    if answer.settled:
        return (
            f"There is no {other}candidate: {answer.settled:,} eligible pair{' is' if answer.settled == 1 else 's are'} settled by a pin or by what has begun."
        )
    return f"There is no {other}candidate{refused}."


def _solved(answer: Recommendation) -> int:
    return int(any(one.exact is not None for one in answer.candidates))


def _said(exact: Exact) -> str:
    if exact.telling == "impossible":
        return "impossible"
    if exact.telling == "equal":
        return "nothing"
    if exact.telling == "open":
        return f"not settled in {exact.seconds:.0f} s" + (f"; at most {exact.most}" if exact.most else "")
    amount = f"{exact.least}" if exact.proved else f"{exact.least} at least" + (f", {exact.most} at most" if exact.most else "")
    return amount if exact.telling == "worse" else f"better by {amount}"


def _why(one: Candidate) -> str:
    return f"{one.seeker_id} at {one.slot_id}: {one.why}"
