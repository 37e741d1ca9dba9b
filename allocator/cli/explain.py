"""`ojt explain`: why everybody and everything stands where it stands, and what would have to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from allocator.cli.ending import at_option, reported, say_json, screen
from allocator.cli.options import Debug, Json

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.explain import Explainer
    from allocator.explanations.explanation import Explanation
    from allocator.inversions import Inversions

MOST_SHOWN = 200
"""Explanations that `--all` prints; `--json` has all of them."""
MOST_GROUPS = 12
"""Groups of inversions that the summary prints."""
ALL_SECONDS = 60.0
"""Seconds for all the questions of `--all` together, where `--seconds` is not given."""


def explain(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that `ojt allocate --out` has written.", show_default=False)],
    seekers: Annotated[list[str] | None, typer.Option("--seeker", metavar="ID", help="Why is this person where they are? May be repeated.")] = None,
    slots: Annotated[list[str] | None, typer.Option("--slot", metavar="ID", help="Why is this slot full, or open? May be repeated.")] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="LABEL", help="What does this rule ask, reach and cost? A label, a kind, kind[label] or a line's full name."),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every seeker, every slot with openings left, every rule.")] = False,
    why_not: Annotated[
        list[str] | None, typer.Option("--why-not", metavar="SLOT", help="With --seeker: why does this person not hold this slot? May be repeated.")
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", metavar="PATH", help="Where the scenario of the result is now, if not where the result says.")
    ] = None,
    register: Annotated[
        Literal["internal", "seeker"],
        typer.Option(
            "--register",
            metavar="internal|seeker",
            help="internal: for staff. seeker: to be said to the person, naming nobody else, no group, and no score but their own.",
        ),
    ] = "internal",
    language: Annotated[Literal["en", "es"], typer.Option("--language", metavar="en|es", help="Language of what is said to a seeker.")] = "en",
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="N", min=0.0, help="Seconds for one question (10); with --all for all of them (60).")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Explain a result: who is where and why, what would have to change, and what that would cost.

    Without a choice: how many people stand where, and who of a higher tier waits while a lower one holds a slot.

    Exit codes: 0 explained, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        _refuse(seekers, [*(slots or []), *(rules or [])], why_not, register, language, everybody=everybody)
        from allocator.explain import SECONDS, Explainer
        from allocator.opened import open_result

        explainer = Explainer(open_result(out, scenario), seconds=SECONDS if seconds is None or everybody else seconds)
        if not (seekers or slots or rules or everybody):
            _summary(explainer, out, as_json)
            return
        told = list(_asked(explainer, seekers or [], slots or [], rules or [], why_not or []))
        if everybody:
            told += explainer.everybody(seconds=ALL_SECONDS if seconds is None else seconds)
        if register == "seeker":
            told = [each for each in told if each.subject == "seeker_id"]
        if as_json:
            say_json([each.as_dict(register, language) for each in told])
        else:
            _print(told, register, language, screen())


def _refuse(seekers: list[str] | None, others: list[str], why_not: list[str] | None, register: str, language: str, *, everybody: bool) -> None:
    """Options that do not go together."""
    if why_not and not seekers:
        raise at_option("--why-not", "--why-not asks about a person.", "Say who, with --seeker.", "no_seeker")
    if register == "seeker" and (others or not (seekers or everybody)):
        message = "What is said to a seeker is about that person; slots, rules and the summary are for staff."
        raise at_option("--register", message, "Use --seeker, or --all.", "not_for_seekers")
    if language != "en" and register != "seeker":
        raise at_option("--language", f"There is no {language} for staff yet.", "Add --register seeker.", "no_translation")


def _asked(explainer: Explainer, seekers: Sequence[str], slots: Sequence[str], rules: Sequence[str], why_not: Sequence[str]) -> Any:
    for seeker in seekers:
        if why_not:
            for slot in why_not:
                yield explainer.why_not(seeker, slot)
        else:
            yield explainer.seeker(seeker)
    for slot in slots:
        yield explainer.slot(slot)
    for rule in rules:
        yield from explainer.rule(rule)


def _summary(explainer: Explainer, out: Path, as_json: bool) -> None:
    """Where everybody stands, in numbers, and the inversions."""
    told = explainer.everybody(seconds=0)
    counts = {"seekers": _counts(told, "seeker_id"), "open_slots": _counts(told, "slot_id"), "rules": _counts(told, "rule")}
    inversions = explainer.inversions()
    if as_json:
        say_json({**counts, "inversions": inversions.as_dict()})
        return
    console = screen()
    _print_counts(counts, console)
    _print_inversions(inversions, console)
    who = next((each.name for each in told if each.verdict != "placed"), told[0].name)
    console.print(f"\nAsk further: ojt explain {out} --seeker {who}, --slot ID, --rule LABEL, --seeker {who} --why-not SLOT, or --all --json.")


def _counts(told: Sequence[Explanation], subject: str) -> dict[str, int]:
    from allocator.explanations.explanation import VERDICTS

    counted = Counter(each.verdict for each in told if each.subject == subject)
    return {verdict: counted[verdict] for verdict in VERDICTS if counted[verdict]}


def _print_counts(counts: dict[str, dict[str, int]], console: Console) -> None:
    for what, words in (("seekers", "People"), ("open_slots", "Slots with openings left"), ("rules", "Lines of rules")):
        if counts[what]:
            said = ", ".join(f"{count:,} {'short' if what == 'rules' and verdict == 'blocked' else verdict}" for verdict, count in counts[what].items())
            console.print(f"{words}: {said}.")


def _print_inversions(inversions: Inversions, console: Console) -> None:
    from rich import box
    from rich.table import Table

    if not len(inversions):
        console.print("Nobody of a lower tier holds a slot that somebody of a higher tier without one could take.")
        return
    people = inversions.cases["seeker_id"].nunique()
    console.print(f"\n{people:,} {'person waits' if people == 1 else 'people wait'} while somebody of a lower tier holds a slot they could take. Why:")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, justify in (("waiting", "left"), ("holding", "left"), ("people", "right"), ("slots", "right"), ("why they do not change places", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for group in inversions.groups[:MOST_GROUPS]:
        table.add_row(f"tier {group.waiting_tier}", f"tier {group.holding_tier}", f"{group.people:,}", f"{group.slots:,}", group.why)
    console.print(table)
    left = len(inversions.groups) - MOST_GROUPS
    if left > 0:
        console.print(f"… and {left} more of these; --json has all of them.")


def _print(told: Sequence[Explanation], register: Literal["internal", "seeker"], language: Literal["en", "es"], console: Console) -> None:
    from rich.text import Text

    for each in told[:MOST_SHOWN]:
        line = Text(f"{each.name}  ", style="cyan")
        line.append(f"{each.verdict}  ", style="bold")
        line.append(each.sentence(register, language), style="default")
        if each.fix is not None:
            line.append(f" {each.fix.as_dict(register, language)['sentence']}", style="green")
        console.print(line)
    if len(told) > MOST_SHOWN:
        console.print(f"… and {len(told) - MOST_SHOWN:,} more; --json has all of them.")
