"""The last distance between a known solution and a bound: ever more work, by several methods in turn, until it is closed.

The relaxation with cuts comes first, then the tree of cases (`branch_and_cut`): most distances are closed in a few cases. Where the tree does not end
soon, HiGHS looks for a better solution, and CP-SAT, which computes in integers, takes turns with the tree, each time with several times as much
work as before. Work is counted in cases and in CP-SAT's own measure, never in seconds, so that the same program has the same answer on
every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from allocator.engines.base import Clock, Hold, Watch
from allocator.engines.branch_and_cut import Case, Relaxation, Tree, part_of
from allocator.engines.cp_sat import searched_exactly
from allocator.engines.integer import Model, highs
from allocator.engines.proofs import Proof, Reduction, SearchProof
from allocator.program import FREE, Program, dot
from allocator.scenario import Integers, Mask

CASES, MORE = 60, 5
"""Cases that the tree may look at in its first turn; how many times more in each turn after that."""
MOMENTS = 0.5
"""CP-SAT's own measure of work (about a second of one processor) in its first turn."""
FLAT = 3
"""A goal with so few different coefficients only counts."""
NEARBY = 4_000
"""Columns among which a better solution is looked for first."""
NODES = 200
"""Nodes of HiGHS's tree in its first turn."""
FIRST_ALLOWANCE, WIDER = 5e-5, 8
"""Distance from the bound, as a part of it, at which a first solution is expected, and how much further the next look goes."""


@dataclass(frozen=True, eq=False)
class Question:
    """One goal of a program with the goals before it held: all of it, or what a reduction leaves open of it.

    Values of `model` are in its own units: less what is settled, divided by its divisor.
    """

    program: Program
    goal: Integers
    holds: tuple[Hold, ...]
    model: Model
    reduction: Reduction | None = None

    @classmethod
    def of(cls, program: Program, goal: Integers, holds: Sequence[Hold], reduction: Reduction | None = None) -> Question:
        """The question of a program, in the columns that a reduction leaves open."""
        pairs, settled = (None, None) if reduction is None else (reduction.pairs, reduction.settled)
        model = Model.of(program, goal, holds, pairs=pairs, settled=settled).tightened()
        return cls(program, goal, tuple(holds), model, reduction)

    @property
    def already(self) -> int:
        """What the settled pairs are worth."""
        return 0 if self.reduction is None else int(self.goal[self.reduction.settled].sum())

    def reached(self, value: int) -> int:
        """A value of the model as a value of the goal."""
        return value * self.model.divisor + self.already

    def beyond(self, cutoff: int) -> int:
        """The least value of the goal that is out of reach, where `cutoff` is in the model; a reduction speaks of nothing below its own."""
        told = self.reached(cutoff - 1) + 1
        return told if self.reduction is None else max(told, self.reduction.beyond)

    def least(self, value: int) -> int:
        """The least value of the model that is this value of the goal, or more."""
        return -((self.already - value) // self.model.divisor)

    def whole(self, columns: Integers) -> Integers:
        """A solution of the model as one of the program."""
        if self.reduction is None:
            return columns
        told = np.zeros(self.program.size, dtype=np.int64)
        told[self.reduction.settled] = 1
        told[self.reduction.pairs] = columns[: len(self.reduction.pairs)]
        told[len(self.program.pairs) :] = columns[len(self.reduction.pairs) :]
        return told


@dataclass(eq=False)
class Distance:
    """The distance of a question between the best solution known and the bound proved, both in the model's units.

    Only solutions of `floor` or more are looked for; what is below is no answer.
    """

    question: Question
    relaxation: Relaxation
    clock: Clock
    seed: int
    watch: Watch
    known: Integers | None = None
    floor: int = -FREE
    bound: int = FREE
    proofs: list[Proof] = field(default_factory=list)
    empty: bool = False
    """Whether it was proved that there is no solution at all."""

    @property
    def model(self) -> Model:
        return self.question.model

    @property
    def value(self) -> int | None:
        """The value of the best solution known."""
        return None if self.known is None else dot(self.model.goal, self.known)

    @property
    def cutoff(self) -> int:
        """The least value that would be an answer."""
        value = self.value
        return self.floor if value is None else value + 1

    @property
    def closed(self) -> bool:
        """Whether nothing better can be found, or what is known is good enough."""
        if self.bound < self.cutoff:
            return True
        value = self.value
        return value is not None and self.clock.close_enough(self.question.reached(value), self.question.reached(self.bound))

    def take(self, found: Integers | None) -> bool:
        """Take a better solution, judged exactly."""
        if found is None or dot(self.model.goal, found) < self.cutoff or not self.model.keeps(found):
            return False
        self.known = found
        self.tell()
        return True

    def tell(self) -> None:
        """Tell whoever watches."""
        value = self.value
        bound = None if self.bound >= FREE else float(self.question.reached(self.bound))
        self.watch.saw(None if value is None else float(self.question.reached(value)), bound)

    def glance(self) -> bool:
        """Look at the relaxation quickly, where the goal only counts; whether it has an answer."""
        if len(np.unique(self.model.goal)) > FLAT or not len(self.model.goal):
            return False
        values = self.relaxation.glance()
        if values is not None:
            self._take_bound()
            self.take(np.rint(values).astype(np.int64))
            self.tell()
        return values is not None

    def _take_bound(self) -> None:
        if self.relaxation.prices is not None and self.relaxation.bound < self.bound:
            self.bound = self.relaxation.bound
            self._prove_plainly(max(self.bound + 1, self.floor), Case(self.relaxation.prices, empty=False))

    def relax(self, rounds: int | None = None) -> bool:
        """Solve the relaxation, with rounds of cuts; whether it has an answer. Its bound is taken, and its solution where it is whole."""
        ending = self.relaxation.tighten(lambda: self.cutoff) if rounds is None else self.relaxation.tighten(lambda: self.cutoff, rounds)
        if ending == "infeasible":
            case = self.relaxation.empty()
            if case is not None:
                self._prove_plainly(None if self.question.reduction is None else self.floor, case)
                self.empty, self.bound = self.question.reduction is None, min(self.bound, self.cutoff - 1)
            return False
        self._take_bound()
        if ending == "optimal":
            self.take(np.rint(self.relaxation.linear.values).astype(np.int64))
        self.tell()
        return ending == "optimal"

    def _prove_plainly(self, beyond: int | None, case: Case) -> None:
        told = None if beyond is None else self.question.beyond(beyond)
        self.proofs = [SearchProof.plain(told, self.relaxation.rows, case, self.question.reduction)]

    def close(self) -> None:
        """Close the distance, or make it as small as was asked for, or as time allows."""
        if not self.closed and not self.clock.over:
            self._search_nearby()
        turn, allowance, tree = 0, max(1, round(FIRST_ALLOWANCE * abs(self.bound))), None
        while not self.clock.over and not self.closed:
            value, cutoff = self.value, self.cutoff
            if value is None and self.bound < FREE:
                # Where nothing is known, a first solution is looked for near the bound, then ever further from it.
                cutoff = max(cutoff, self.bound - allowance + 1)
            if tree is None or tree.cutoff != cutoff:
                tree = self._tree(cutoff)
            if self._looked_at(tree, cutoff, turn):
                # Nothing reaches `cutoff` beyond what is known by now.
                self.bound = min(self.bound, max(cutoff, self.cutoff) - 1)
                allowance *= WIDER
                if self.value is None and cutoff <= -FREE:
                    self.empty = True
                    return
            elif self.value == value:
                turn += 1

    def _search_nearby(self) -> None:
        """A better solution among the columns that lack least, with the relaxation's cuts."""
        relaxation, model = self.relaxation, self.model
        lacks = np.abs(relaxation.worth.astype(np.float64))
        room = min(len(lacks), NEARBY)
        if relaxation.prices is None or not room:
            return
        free = lacks <= np.partition(lacks, room - 1)[room - 1]
        at = np.where(free, 0, np.where(relaxation.worth > 0, model.most, 0))
        part = part_of(relaxation.rows, model.goal, free, at, None if self.cutoff <= -FREE else self.cutoff)
        asked = Model(part.matrix, part.lower, part.upper, model.most[free], model.goal[free], 1)
        found = highs(asked, dot(model.goal, at), self.clock, self.seed, nodes=NODES, presolve=True)
        if found.columns is not None:
            self.take(_put(found.columns, free, at))

    def _tree(self, cutoff: int) -> Tree:
        """The tree of cases for a value, in the columns that the relaxation's prices leave open."""
        relaxation, model = self.relaxation, self.model
        free, at = np.ones(len(model.goal), dtype=bool), np.zeros(len(model.goal), dtype=np.int64)
        fixing = None
        if relaxation.prices is not None and cutoff > -FREE:
            (free, at), fixing = relaxation.free(cutoff), relaxation.prices
        return Tree(relaxation.rows, model.goal, model.most, cutoff, free, at, fixing, self.clock, model.keeps)

    def _looked_at(self, tree: Tree, cutoff: int, turn: int) -> bool:
        """Whether it was proved that no solution reaches `cutoff` but such as are known by the end, with the work of one turn."""
        model, free, at, work = self.model, tree.free, tree.at, MORE**turn
        ended = tree.search(CASES * work)
        self.take(tree.found)
        if ended:
            nothing = cutoff <= -FREE and tree.found is None
            beyond = None if nothing else self.question.beyond(tree.cutoff)
            self.proofs.append(SearchProof.of_tree(beyond, tree, self.question.reduction))
            return True
        if tree.found is not None or self.clock.over:
            return False
        already = dot(model.goal, at)
        asked = Model(tree.part.matrix, tree.part.lower, tree.part.upper, model.most[free], model.goal[free], 1)
        found = highs(asked, already, self.clock, self.seed, nodes=NODES * work)
        if (found.columns is not None and self.take(_put(found.columns, free, at))) or self.clock.over:
            return False
        wanted = model.core(free, at)
        wanted = wanted if cutoff <= -FREE else wanted.reaching(cutoff - already)
        answer = searched_exactly(wanted, self.clock, self.seed, MOMENTS * work)
        if answer.columns is not None:
            self.take(_put(answer.columns, free, at))
        if answer.status not in ("infeasible", "optimal"):
            return False
        least = cutoff if answer.bound is None else answer.bound + already + 1
        beyond = None if answer.bound is None and cutoff <= -FREE else self.question.beyond(least)
        self.proofs.append(SearchProof.of_method(beyond, tree.rows, tree.fixing, "CP-SAT", self.question.reduction))
        return True


def _put(columns: Integers, free: Mask, at: Integers) -> Integers:
    told = at.copy()
    told[free] = columns
    return told
