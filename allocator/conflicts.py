"""Which rows cannot hold together: minimal sets of them, found for each row that bends, and joined where they share a row.

For a row that bends, the others that bend are let off as far as they do, and the question is how far the row itself could go with some of the rules and
without the others. The relaxation's prices name rows that are enough to stop it; then each is left out in turn, and stays out where the rest stops the row
as well (deletion filter). Every set is confirmed by solving again: with it the row stops where it stops, and without any one of its members it goes further
(in large programs only the first: the rows that the relaxation prices are named).
Sets at the side as the rule has it and at the first step beyond what is possible both count: the first are the reasons why the promise
cannot be kept in full, the second why not even a little more of it.

Source: Chinneck and Dravnieks 1991 (deletion filter); Reiter 1987 (one set from another by leaving its members out); Gleeson and Ryan 1990 (prices of an
impossible program name a minimal set).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.bends import Bending, Bent
from allocator.engines.base import Clock, Outcome
from allocator.engines.bihierarchy import counts_people
from allocator.engines.warm import Change, Limit, Warm
from allocator.program import FREE, Objective, Program, Rows
from allocator.scenario import Floats, Integers

ALWAYS_HOLD = ("one_slot_each", "slot_openings")
"""Rules that are behind every conflict: they are told as people and openings, never as somebody's wish."""
MOST_SETS, MOST_QUESTIONS = 12, 150
"""Sets of rows that are looked for, and questions that are asked, for each row that bends."""
MOST_PAIRS = 20_000
"""Pairs of a program in which every member of a set is confirmed by solving without it."""
PRICED = 1e-7
"""A relative price below which a row has no part in a proof."""


@dataclass(frozen=True)
class Cut:
    """A proof by counting: the rows of `asked` want `need` people together, who can only be in the seats of `given` and `slots` or be among `people`."""

    need: int
    reach: int
    asked: tuple[int, ...]
    given: tuple[int, ...]
    slots: tuple[int, ...]
    people: int


@dataclass(frozen=True, eq=False)
class Reason:
    """Why one row bends: rows (by number in the program) without any one of which this would be no reason, and a cut that proves it where there is one."""

    bent: Bent
    rows: tuple[int, ...]
    cut: Cut | None


@dataclass(frozen=True, eq=False)
class Clash:
    """Rows that cannot hold together, none of which has to do with another clash; `minimal` where each was confirmed to have a part in it."""

    rows: tuple[int, ...]
    reasons: tuple[Reason, ...]
    minimal: bool

    @property
    def price(self) -> int:
        """What its bends cost, in millionths of a seat."""
        return sum(bent.price for bent in {reason.bent.row: reason.bent for reason in self.reasons}.values())


def clashes(program: Program, bending: Bending, clock: Clock, seed: int) -> list[Clash]:
    """The independent conflicts that a set of bends resolves, dearest first."""
    if not bending.bent:
        return []
    inquiry = _Inquiry.of(program, bending, clock, seed)
    found = [inquiry.into(bent) for bent in bending.bent]
    joined: list[tuple[set[int], list[int]]] = []
    for number, bent in enumerate(bending.bent):
        rows, members = {bent.row, *(row for reason in found[number][0] for row in reason.rows)}, [number]
        for other in [other for other in joined if other[0] & rows]:
            joined.remove(other)
            rows, members = rows | other[0], members + other[1]
        joined.append((rows, members))
    told = [
        Clash(tuple(sorted(rows)), tuple(reason for number in sorted(members) for reason in found[number][0]), all(found[number][1] for number in members))
        for rows, members in joined
    ]
    return sorted(told, key=lambda clash: (-clash.price, clash.rows))


def unbendable(program: Program, clock: Clock, seed: int) -> tuple[int, ...]:
    """Rows that cannot bend and cannot hold together, when every rule that may bend is left out: none can be spared. Empty where they can hold."""
    kept = [number for number, (block, _) in enumerate(rows_of(program)) if not block.bend and block.kind not in ALWAYS_HOLD]
    warm = Warm(_without(program, np.array(kept, dtype=np.int64)), clock=clock, seed=seed)
    if warm.outcome.status != "infeasible":
        return ()
    for number in reversed(kept):
        rest = [other for other in kept if other != number]
        if Warm(_without(program, np.array(rest, dtype=np.int64)), clock=clock, seed=seed).outcome.status == "infeasible":
            kept = rest
    return tuple(kept)


@dataclass(frozen=True, eq=False)
class _Inquiry:
    """A program in which everything fits, since what bends has been let off; and questions about it."""

    program: Program
    bent: Program
    warm: Warm
    near: Integers
    clock: Clock
    wishes: Integers
    """Rows that a question may leave out: all but people and openings."""

    @property
    def exact(self) -> bool:
        """Whether each member of a set is confirmed, and other sets are looked for; in a large program the relaxation's prices have to do."""
        return len(self.program.pairs) <= MOST_PAIRS

    @classmethod
    def of(cls, program: Program, bending: Bending, clock: Clock, seed: int) -> _Inquiry:
        """With the bends' own plan to start from."""
        off = Change({b.row: b.possible for b in bending.bent if b.lower}, {b.row: b.possible for b in bending.bent if not b.lower}, ())
        bent = off.of(program)
        warm = Warm(bent, clock=clock, seed=seed) if bending.warm is None else bending.warm.succeed(bent, near=bending.columns, clock=clock)
        # Rows of a promise that is best effort have a column for what is short: they always hold, and stand in nobody's way.
        wishes = [n for n, (block, _) in enumerate(rows_of(program)) if block.kind not in ALWAYS_HOLD and (block.bend or not len(block.slack.row))]
        return cls(program, bent, warm, bending.columns, clock, np.array(wishes, dtype=np.int64))

    def into(self, bent: Bent) -> tuple[list[Reason], bool]:
        """Every reason why a row bends, first the one that lets it go no further, and whether each row of them was confirmed to have a part in it."""
        question = _Question(self, bent, bent.possible + (1 if bent.lower else -1))
        others = self.wishes[self.wishes != bent.row]
        first = question.minimal(others)
        reasons = [Reason(bent, tuple(first or ()), None if first is None else question.cut(first))]
        whole = question if bent.amount == 1 else _Question(self, bent, bent.required)
        for known in whole.sets(others, first if whole is question else None):
            if set(known) not in [set(reason.rows) for reason in reasons]:
                reasons.append(Reason(bent, tuple(known), whole.cut(known)))
        return reasons, question.sure and whole.sure and first is not None


class _Question:
    """Can a row reach a value when only some of the other rows hold?"""

    def __init__(self, inquiry: _Inquiry, bent: Bent, target: int) -> None:
        self.inquiry, self.bent, self.target = inquiry, bent, target
        self.sure, self.asked = True, 0
        self.proofs: dict[tuple[int, ...], Floats] = {}
        """Prices that prove of some rows that they are enough."""
        self.objective = activity(inquiry.program, bent.row, largest=bent.lower)

    def sets(self, among: Integers, first: Sequence[int] | None) -> Iterator[list[int]]:
        """Minimal sets of rows that keep the row from its target, each found by leaving out a member of another."""
        queue: list[frozenset[int]] = [frozenset()]
        seen: set[frozenset[int]] = {frozenset()}
        found: list[list[int]] = []
        for left_out in queue:
            known = next((one for one in found if left_out.isdisjoint(one)), None)
            if known is None:
                fresh = first is None or left_out
                known = self.minimal(np.setdiff1d(among, list(left_out))) if fresh else list(first or ())
                if known is None:
                    continue
                found.append(known)
                yield known
            if not self.inquiry.exact or len(found) >= MOST_SETS or self.asked >= MOST_QUESTIONS:
                return
            for member in known:
                further = left_out | {member}
                if further not in seen:
                    seen.add(further)
                    queue.append(further)

    def minimal(self, among: Integers) -> list[int] | None:
        """A set of these rows that keeps the row from its target, and no member of which can be spared; None where all of them together do not."""
        enough = self.stops(among)
        if enough is None:
            return None
        if not self.inquiry.exact:
            self.sure = False
            return enough.tolist()
        # From the end of the policy backwards: of equally good reasons the earlier rules are named. All rows but one stay in, so that the relaxation hardly
        # changes from one question to the next; a row without which the others do not suffice is needed in every smaller set as well.
        kept, needed = among, set[int]()
        while left := [row for row in enough[::-1].tolist() if row not in needed]:
            fewer = self.stops(kept[kept != left[0]])
            if fewer is None:
                needed.add(left[0])
            else:
                kept, enough = kept[kept != left[0]], fewer
        return [int(row) for row in enough]

    def stops(self, rows: Integers) -> Integers | None:
        """Which of these rows are enough to keep the row from its target; None where it gets there with all of them."""
        self.asked += 1
        change = self.change(rows)
        limit = self.limit(change)
        if limit is not None and limit.bound is not None and self.beyond(limit.bound):
            enough = rows[np.abs(limit.prices[rows]) > PRICED * max(1.0, float(np.abs(limit.prices).max(initial=0)))]
            self.proofs[tuple(enough.tolist())] = limit.prices
            return enough
        outcome = self.reaches(change)
        if outcome.status in ("optimal", "feasible"):
            return None
        if outcome.status != "infeasible":
            self.sure = False  # time is up: nobody knows, and the rows stay named
            return None
        return rows

    def beyond(self, bound: int) -> bool:
        """Whether a bound on the row's own sum is short of the target."""
        return bound < self.target if self.bent.lower else bound > self.target

    def change(self, rows: Integers) -> Change:
        """Only these rows hold, and not the row itself."""
        free: dict[int, float | None] = dict.fromkeys(np.setdiff1d(self.inquiry.wishes, rows).tolist())
        return Change(free, free)

    def limit(self, change: Change) -> Limit | None:
        """How far the row's own sum can go, by the relaxation; None where it does not say."""
        try:
            return self.inquiry.warm.limit(replace(change, objectives=(self.objective,)))
        except ArithmeticError:
            return None

    def reaches(self, change: Change) -> Outcome:
        """Whether the row gets to the target."""
        lower, upper = dict(change.at_least), dict(change.at_most)
        (lower if self.bent.lower else upper)[self.bent.row] = self.target
        return self.inquiry.warm.ask(replace(change, at_least=lower, at_most=upper, objectives=()), clock=self.inquiry.clock, near=self.inquiry.near)

    def cut(self, among: Sequence[int]) -> Cut | None:
        """The proof by counting, where the row is stopped by whole people in whole seats; None where the numbers do not tell it exactly."""
        program, rows = self.inquiry.bent, np.array(among, dtype=np.int64)
        if not self.bent.lower or self.bent.block.coefficient is not None:
            return None
        proof = self.proofs.get(tuple(among))
        if proof is None:
            return None
        price = np.rint(proof).astype(np.int64)
        if np.abs(proof - price).max(initial=0) > 1e-6 or not np.isin(price, (-1, 0, 1)).all():
            return None
        used, sides = np.flatnonzero(price), rows_of(program)
        told = {*rows.tolist(), *(row for row in used.tolist() if sides[row][0].kind == "slot_openings")}
        if not told.issuperset(used.tolist()) or not all(counts_people(sides[row][0]) for row in used.tolist()):
            return None
        worth = np.zeros(program.size, dtype=np.int64)
        worth[self.objective.column] = self.objective.coefficient
        asked, need, reach = [self.bent.row], self.target, 0
        given: list[int] = []
        slots: list[int] = []
        start = 0
        for block in program.rows:
            here = price[start : start + len(block)]
            if here.any():
                row, pair, coefficient = block.entries(program.pairs)
                np.subtract.at(worth, pair, here[row] * coefficient)
                np.subtract.at(worth, block.slack.column, here[block.slack.row] * block.slack.coefficient)
            for number in np.flatnonzero(here).tolist():
                if here[number] < 0:
                    need += int(block.lower[number])
                    asked.append(start + number)
                else:
                    reach += int(block.upper[number])
                    (slots if block.kind == "slot_openings" else given).append(start + number)
            start += len(block)
        best = np.zeros(int(program.pairs.seeker.max(initial=-1)) + 1, dtype=np.int64)
        np.maximum.at(best, program.pairs.seeker, worth[: len(program.pairs)])
        if (worth[len(program.pairs) :] > 0).any() or need > FREE or reach + int(best.sum()) >= need:
            return None
        return Cut(need - self.target + self.bent.required, reach + int(best.sum()), tuple(sorted(asked)), tuple(given), tuple(slots), int(best.sum()))


def activity(program: Program, number: int, *, largest: bool) -> Objective:
    """What a row adds up to, as a goal: to be made as large as can be, or as small."""
    block, at = rows_of(program)[number]
    row, pair, coefficient = block.entries(program.pairs)
    here, beside = row == at, block.slack.row == at
    columns = np.concatenate([pair[here], block.slack.column[beside]])
    return Objective("activity", block.row_name(at), columns, np.concatenate([coefficient[here], block.slack.coefficient[beside]]), maximize=largest)


def _without(program: Program, kept: Integers) -> Program:
    """The program with just these rows holding, beside people and openings."""
    rows, start = [], 0
    for block in program.rows:
        if block.kind not in ALWAYS_HOLD:
            holds = np.isin(np.arange(start, start + len(block)), kept)
            block = replace(block, lower=np.where(holds, block.lower, -FREE), upper=np.where(holds, block.upper, FREE))
        start += len(block)
        rows.append(block)
    return replace(program, rows=tuple(rows), objectives=())


def rows_of(program: Program) -> list[tuple[Rows, int]]:
    """Every row as its block and its number there, in the program's numbering."""
    return [(block, number) for block in program.rows for number in range(len(block))]
