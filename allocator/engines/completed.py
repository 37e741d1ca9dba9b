"""The columns beside the pairs, for assignments that somebody has made: people short, credits, at their lexicographic best.

A plan says who goes where and nothing else. What it is worth in each goal also depends on the columns that rules add; they follow from a small program
of their own, in which the assignments are settled.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.engines.base import Clock, Silent
from allocator.engines.cp_sat import CpSat
from allocator.pairs import Pairs
from allocator.program import FREE, Objective, Program, Rows, Slack
from allocator.scenario import Integers


def completed(program: Program, chosen: Integers) -> Integers | None:
    """All columns of a program in which just the pairs `chosen` (by number) are assigned; None where no columns beside them keep the rows they are in.

    Rows without such columns are not looked at: whether the plan keeps them is for the law to say.
    """
    pairs = len(program.pairs)
    columns = np.zeros(program.size, dtype=np.int64)
    columns[chosen] = 1
    if program.size == pairs:
        return columns
    objectives = tuple(_beside(objective, pairs) for objective in program.objectives)
    rest = Program(_no_pairs(program), program.upper[pairs:], tuple(_rows(program, columns)), objectives)
    outcome = CpSat().solve(rest, Clock(), 0, Silent())
    if outcome.columns is None:
        return None
    columns[pairs:] = outcome.columns
    return columns


def _rows(program: Program, columns: Integers) -> list[Rows]:
    """The rows that have columns beside, less what the assignments add up to in them."""
    people, empty, kept = program.people(columns), np.empty(0, dtype=np.int64), []
    for block in program.rows:
        if not len(block.slack.row):
            continue
        activity = block.activity(program.pairs, columns, people)
        rows, row = np.unique(block.slack.row, return_inverse=True)
        lower, upper = block.lower[rows], block.upper[rows]
        kept.append(
            Rows(
                block.kind, block.label, [block.row_name(int(number)) for number in rows],
                np.where(lower <= -FREE, lower, lower - activity[rows]), np.where(upper >= FREE, upper, upper - activity[rows]),
                pair=empty, row=empty, slack=Slack(row.astype(np.int64), block.slack.column - len(program.pairs), block.slack.coefficient),
            )
        )  # fmt: skip
    return kept


def _beside(objective: Objective, pairs: int) -> Objective:
    """What a goal says of the columns beside."""
    inside = objective.column >= pairs
    return replace(objective, column=objective.column[inside] - pairs, coefficient=objective.coefficient[inside])


def _no_pairs(program: Program) -> Pairs:
    nobody = np.empty(0, dtype=np.int32)
    return Pairs(program.pairs.slots, nobody, nobody, np.empty(0, dtype=np.int64))
