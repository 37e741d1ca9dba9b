"""`ojt compare`: two or more answers side by side, and what becomes of whom."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import SOLVED, at_option, reported, say_json, screen
from allocator.cli.options import Debug, Json
from allocator.errors import Fault, InputError
from allocator.inputs import tried

if TYPE_CHECKING:
    from allocator.compare import Side
    from allocator.opened import Opened
    from allocator.problem import Problem
    from allocator.program import Program

FILES = (".csv", ".parquet", ".xlsx")
"""Endings of hand-made plans."""


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="Output folder of ojt allocate, or a plan (CSV, Parquet, .xlsx).", show_default=False)],
    others: Annotated[list[Path] | None, typer.Argument(metavar="[OTHER]...", help="What to compare with it; as many as you like.", show_default=False)] = None,
    baselines: Annotated[bool, typer.Option("--baselines", help="Also greedy, first come first served and a lottery, on the base's data and rules.")] = False,
    only_differences: Annotated[bool, typer.Option("--only-differences", help="Leave out what is the same.")] = False,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", metavar="PATH", help="The scenario of plans that stand alone; of results, where it is now.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare answers: inputs, goals, rules, people flow, groups, staff.

    The first is the base; everything else is seen from it. A plan in a file is judged under the policy of the first result that is named, or of --scenario.

    Exit codes: 0 compared, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.compare import baselines as of_baselines
        from allocator.compare import compare as compared
        from allocator.compare import document

        paths = [base, *(others or [])]
        if len(paths) == 1 and not baselines:
            raise at_option("OTHER", f"There is nothing to compare {base} with.", "Name another result, or add --baselines.", "nothing_to_compare")
        sides, judge = _read(paths, scenario)
        if baselines:
            sides += of_baselines(judge.problem, judge.program)
        comparisons = [compared(sides[0], other) for other in sides[1:]]
        if as_json:
            say_json(document(comparisons, only_differences=only_differences))
        else:
            from allocator.cli.comparison import print_comparisons

            print_comparisons(comparisons, screen(), only_differences=only_differences)
        raise typer.Exit(SOLVED)


class Judge:
    """The wishes that hand-made plans and baselines are judged under: the first result's, else those of the scenario that is named."""

    def __init__(self, first: Opened | None, scenario: Path | None) -> None:
        self.first, self.scenario = first, scenario

    @cached_property
    def problem(self) -> Problem:
        """Facts and wishes together, settled."""
        if self.first is not None:
            return self.first.problem
        if self.scenario is None:
            raise at_option("--scenario", "A plan in a file does not say which scenario it is for.", "Name it with --scenario, or name a result first.")
        from allocator.inputs import read_inputs
        from allocator.settled import settled

        return settled(read_inputs(self.scenario, None, None, None).problem())

    @cached_property
    def program(self) -> Program:
        """The problem's program."""
        if self.first is not None:
            return self.first.program
        from allocator.pairs import find_pairs
        from allocator.program import build

        return build(self.problem, find_pairs(self.problem))

    def side(self, name: str, path: Path) -> Side:
        """A plan in a file."""
        from allocator.cli.plan_file import read_plan_file
        from allocator.compare import Side
        from allocator.plan import Plan

        return Side.of_plan(name, self.problem, self.program, Plan.of(self.problem, read_plan_file(self.problem.scenario, path, once=True)))


def _read(paths: list[Path], scenario: Path | None) -> tuple[list[Side], Judge]:
    """Every side, and who judges plans; InputError with all that is wrong with any of them."""
    from allocator.compare import Side
    from allocator.opened import open_result

    faults: list[Fault] = []
    names = _names(paths)
    opened = {path: tried(partial(open_result, path, scenario), faults) for path in paths if not _is_plan(path)}
    judge = Judge(next((result for result in opened.values() if result is not None), None), scenario)
    sides = []
    for name, path in zip(names, paths, strict=True):
        result = opened.get(path)
        if result is not None:
            sides.append(Side.of(name, result))
        elif _is_plan(path) and not faults:
            side = tried(partial(judge.side, name, path), faults)
            sides += [] if side is None else [side]
    if faults:
        raise InputError(faults)
    return sides, judge


def _is_plan(path: Path) -> bool:
    return path.suffix.lower() in FILES and not path.is_dir()


def _names(paths: list[Path]) -> list[str]:
    """What each is called: its last part, or all of it where several end alike."""
    short = [path.resolve().stem if _is_plan(path) else path.resolve().name for path in paths]
    return [name if short.count(name) == 1 else str(path) for name, path in zip(short, paths, strict=True)]
