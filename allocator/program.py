"""The 0-1 program, in no solver's language: columns, blocks of rows, objectives. Integers only.

Column k < len(pairs) is 1 where pair k is assigned. Further columns are what rules add: seats short, credits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from allocator.pairs import Pairs
from allocator.problem import Problem
from allocator.scenario import Integers, Mask, Names, Positions

FREE = 1 << 60
"""A bound that does not bind."""
WORD = 62
"""Bits of a machine integer that sums may use."""


def total_of(values: Integers) -> int:
    """Sum of integers of any size, exactly."""
    if values.dtype == object:
        return int(sum(values.tolist()))
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def dot(left: Integers, right: Integers) -> int:
    """Sum of products of two arrays of integers of any size, exactly."""
    used = np.flatnonzero(left)
    left, right = left[used], right[used]
    if left.dtype == object or right.dtype == object:
        return int(sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True)))
    most = float(np.abs(left).max(initial=0)) * float(np.abs(right).max(initial=0))
    if most * max(1, len(left)) < 2.0**WORD:
        return int(left @ right)
    return int(sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True)))


@dataclass(frozen=True, eq=False)
class Slack:
    """Columns beside the pairs in a block of rows: `row[k]` has `coefficient[k]` times `column[k]`."""

    row: Integers
    column: Integers
    coefficient: Integers

    @classmethod
    def none(cls) -> Slack:
        """No such columns."""
        empty = np.empty(0, dtype=np.int64)
        return cls(empty, empty, empty)

    def and_also(self, row: Integers, column: Integers, coefficient: int) -> Slack:
        """These and further ones that share a coefficient."""
        more = np.full(len(row), coefficient, dtype=np.int64)
        return Slack(np.concatenate([self.row, row]), np.concatenate([self.column, column]), np.concatenate([self.coefficient, more]))


@dataclass(frozen=True, eq=False)
class People:
    """Assignments of each seeker and of each slot."""

    of_seeker: Integers
    of_slot: Integers

    @classmethod
    def of(cls, pairs: Pairs, chosen: Integers) -> People:
        """The totals of some pairs, by number."""
        seekers, slots = int(pairs.seeker.max(initial=-1)) + 1, int(pairs.slot.max(initial=-1)) + 1
        return cls(np.bincount(pairs.seeker[chosen], minlength=seekers), np.bincount(pairs.slot[chosen], minlength=slots))


def _total(group: Positions | Integers | None, values: Integers, groups: int) -> Integers:
    """Sum of values by group, exactly; group -1 counts nowhere, and elements beyond the values have none."""
    assert group is not None
    total = np.zeros(groups, dtype=np.int64)
    at = np.flatnonzero(values)
    inside = group[at] >= 0
    np.add.at(total, group[at][inside], values[at][inside])
    return total


@dataclass(frozen=True, eq=False)
class Rows:
    """A block of rows of one rule: lower <= sum of coefficients times columns <= upper.

    The pairs of a block are said in one of three ways: `of_seeker` (row of each seeker, -1 for none: all pairs of the seeker
    are in that row), `of_slot` (the same for slots), or `pair` with `row` (and `coefficient`, ones where None).
    `bend` is the price of breaking a row by one unit when nothing fits; 0 where it cannot bend.
    """

    kind: str
    label: str
    names: Sequence[str] | Names
    lower: Integers
    upper: Integers
    of_seeker: Positions | None = None
    of_slot: Positions | None = None
    pair: Integers | None = None
    row: Integers | None = None
    coefficient: Integers | None = None
    slack: Slack = field(default_factory=Slack.none)
    bend: int = 0

    def __len__(self) -> int:
        return len(self.lower)

    def entries(self, pairs: Pairs) -> tuple[Integers, Integers, Integers]:
        """The pairs of the block as (row, pair, coefficient)."""
        if self.pair is not None and self.row is not None:
            ones = np.ones(len(self.pair), dtype=np.int64)
            return self.row, self.pair, ones if self.coefficient is None else self.coefficient
        row = self.of_seeker[pairs.seeker] if self.of_seeker is not None else self.of_slot[pairs.slot]  # type: ignore[index]
        inside = np.flatnonzero(row >= 0)
        return row[inside].astype(np.int64), inside, np.ones(len(inside), dtype=np.int64)

    def activity(self, pairs: Pairs, columns: Integers, people: People) -> Integers:
        """What the pairs of a solution add up to in each row. `people` are the solution's totals, counted once for all blocks."""
        if self.pair is not None and self.row is not None:
            used = columns[self.pair]
            weighted = used if self.coefficient is None else used * self.coefficient
            return _total(self.row, weighted, len(self))
        return _total(self.of_seeker, people.of_seeker, len(self)) if self.of_seeker is not None else _total(self.of_slot, people.of_slot, len(self))

    def has_pairs(self, pairs: Pairs, options: People) -> Mask:
        """Which rows have a pair at all. `options` counts the pairs of each seeker and slot."""
        if self.row is not None:
            return np.bincount(self.row, minlength=len(self)) > 0
        return self.activity(pairs, np.empty(0, dtype=np.int64), options) > 0

    def row_name(self, number: int) -> str:
        """The full name of one row, `kind[label][key]`."""
        key = self.names[number] if len(self.names) else ""
        label = "" if self.label in ("", self.kind) else f"[{self.label}]"
        return f"{self.kind}{label}[{key}]" if key else f"{self.kind}{label}"


@dataclass(frozen=True, eq=False)
class Objective:
    """One level of the lexicographic order: maximise (or minimise) a sum of integer coefficients over columns.

    A value divided by `scale` is in the policy's `unit`.
    """

    kind: str
    label: str
    column: Integers
    coefficient: Integers
    maximize: bool = True
    scale: int = 1
    unit: str = "people"
    _dense: dict[int, Integers] = field(default_factory=dict, init=False, repr=False)

    def value(self, columns: Integers) -> int:
        """The objective at a solution, exactly."""
        return dot(self.coefficient, columns[self.column])

    def dense(self, size: int) -> Integers:
        """Coefficients over all columns, to be maximised; made once, and not to be written to."""
        if size not in self._dense:
            whole = np.zeros(size, dtype=np.int64)
            np.add.at(whole, self.column, self.coefficient if self.maximize else -self.coefficient)
            whole.setflags(write=False)
            self._dense.clear()
            self._dense[size] = whole
        return self._dense[size]


@dataclass(frozen=True, eq=False)
class Program:
    """The whole program. Pair columns come first and are 0 or 1; further columns run from 0 to `upper`."""

    pairs: Pairs
    upper: Integers
    rows: tuple[Rows, ...]
    objectives: tuple[Objective, ...]

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.upper)

    @cached_property
    def row_count(self) -> int:
        """Number of rows."""
        return sum(len(block) for block in self.rows)

    def matrix(self) -> tuple[Integers, Integers, Integers, Integers, Integers]:
        """The rows as one sparse matrix: (row, column, coefficient, lower, upper), blocks one after the other."""
        empty = np.empty(0, dtype=np.int64)
        row, column, coefficient, lower, upper = [empty], [empty], [empty], [empty], [empty]
        start = 0
        for block in self.rows:
            r, c, a = block.entries(self.pairs)
            row += [r + start, block.slack.row + start]
            column += [c, block.slack.column]
            coefficient += [a, block.slack.coefficient]
            lower.append(block.lower)
            upper.append(block.upper)
            start += len(block)
        return np.concatenate(row), np.concatenate(column), np.concatenate(coefficient), np.concatenate(lower), np.concatenate(upper)

    @cached_property
    def starts(self) -> Integers:
        """The first row of each block, and at the end how many rows there are."""
        return np.cumsum([0, *map(len, self.rows)])

    def block_of(self, row: int) -> tuple[Rows, int]:
        """The block of a row, counted through all blocks, and its place in it."""
        block = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.rows[block], row - int(self.starts[block])

    def row_number(self, name: str) -> int:
        """The number of a row, as in `matrix()`, by its full name (`kind[label][key]`).

        Raises KeyError where no row has the name.
        """
        start = 0
        for block in self.rows:
            if name.startswith(block.kind):
                for number in range(len(block)):
                    if block.row_name(number) == name:
                        return start + number
            start += len(block)
        raise KeyError(name)

    def broken_rows(self, columns: Integers) -> Iterator[str]:
        """Names of rows that a solution breaks, in exact arithmetic."""
        people = self.people(columns)
        for block in self.rows:
            activity = block.activity(self.pairs, columns, people)
            np.add.at(activity, block.slack.row, block.slack.coefficient * columns[block.slack.column])
            for number in np.flatnonzero((activity < block.lower) | (activity > block.upper)):
                yield block.row_name(int(number))

    def people(self, columns: Integers) -> People:
        """Assignments of each seeker and slot in a solution."""
        return People.of(self.pairs, np.flatnonzero(columns[: len(self.pairs)]))


@dataclass(eq=False)
class Draft:
    """A program in the making: what rules and goals see and add to."""

    problem: Problem
    pairs: Pairs
    size: int = 0
    uppers: list[Integers] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    penalties: dict[str, list[tuple[Integers, Integers]]] = field(default_factory=dict)
    credits: list[tuple[Integers, Integers]] = field(default_factory=list)
    """Pairs that several promises compete for, with the credit columns of one of those promises."""

    def __post_init__(self) -> None:
        self.size = len(self.pairs)
        self.uppers.append(np.ones(self.size, dtype=np.int64))

    def columns(self, upper: Integers) -> Integers:
        """Add columns that run from 0 to `upper`; their numbers."""
        numbers = np.arange(self.size, self.size + len(upper), dtype=np.int64)
        self.size += len(upper)
        self.uppers.append(upper)
        return numbers

    def penalty(self, goal: str, columns: Integers, each: int) -> None:
        """Charge a goal (`shortfall` or `match_quality`) with `each` hundredths per unit of these columns.

        A price in points falls to `shortfall` where the policy has no goal `match_quality` to pay it from.
        """
        if goal == "match_quality" and not any(entry.kind == "match_quality" for entry in self.problem.goals):
            goal = "shortfall"
        self.penalties.setdefault(goal, []).append((columns, np.full(len(columns), each, dtype=np.int64)))

    def charged(self, goal: str) -> tuple[Integers, Integers]:
        """What rules have charged to a goal: (columns, hundredths)."""
        empty = np.empty(0, dtype=np.int64)
        charged = self.penalties.get(goal, [])
        return np.concatenate([empty, *(columns for columns, _ in charged)]), np.concatenate([empty, *(each for _, each in charged)])


def build(problem: Problem, pairs: Pairs) -> Program:
    """The program of a problem: rows of every constraint, then the objectives of every goal, in order."""
    draft = Draft(problem, pairs)
    for constraint in problem.policy.constraints:
        draft.rows.extend(constraint.rows(draft))
    objectives = [objective for goal in problem.goals for objective in goal.objectives(draft)]
    return Program(pairs, np.concatenate(draft.uppers), tuple(draft.rows), tuple(objectives))
