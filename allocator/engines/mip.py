"""The program as a mixed-integer program: the general engine at a board's size.

For each goal, in order:

1. The linear relaxation of the whole program gives a bound (`branch_and_cut`).
2. A look ahead to the later goals finds a first solution.
3. Cuts bring the bound down; most goals are proved by then.
4. What is left between that and the bound is divided into cases, in the columns that the prices leave open (reduced-cost
   fixing). HiGHS looks for better solutions there where the tree does not end soon, and CP-SAT takes turns with the tree.

Every bound is a proof in exact integers; HiGHS only finds solutions, and they are judged exactly.

Source: reduced-cost fixing: Dantzig, Fulkerson and Johnson 1954; Nemhauser and Wolsey 1988, section II.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from allocator.engines.ahead import wish_of
from allocator.engines.base import Clock, Hold, Watch
from allocator.engines.branch_and_cut import Relaxation
from allocator.engines.closing import Distance, Question
from allocator.engines.goal_by_goal import GoalByGoal, Step
from allocator.engines.integer import Model, highs
from allocator.engines.linear import glop
from allocator.program import FREE, Program
from allocator.scenario import Integers

AHEAD_COLUMNS, AHEAD_NODES, AHEAD_GAP = 2_000, 50, Fraction(1, 1_000)
"""How hard to look ahead: columns beside the likely ones, nodes of the search tree, and a gap that is good enough for a first solution.
Nodes, not seconds: the same program must give the same answer on a busy machine."""


class Mip(GoalByGoal):
    """The general engine: any linear program of ours, exact."""

    name = "mip"

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        question = Question.of(program, goal, holds)
        distance = Distance(question, Relaxation(question.model, clock), clock, seed, watch, hint)
        if (distance.glance() or distance.relax(rounds=0)) and not distance.closed and not clock.over:
            _look_ahead(distance)
            if not distance.closed:
                distance.relax()
        if not distance.empty:
            distance.close()
        return taken(distance)


def taken(distance: Distance) -> Step:
    """The step that was taken by a distance."""
    if distance.known is None:
        return Step("infeasible" if distance.empty else "no_solution", None, None, tuple(distance.proofs))
    bound = None if distance.bound >= FREE else distance.question.reached(distance.bound)
    return Step("optimal" if distance.closed else "feasible", distance.question.whole(distance.known), bound, tuple(distance.proofs))


def _look_ahead(distance: Distance) -> None:
    """Look for a solution that is good for this goal and those after it.

    A goal such as "nobody short" leaves most columns equally good, and gives an integer solver nothing to hold on to. The goals after it do: the
    columns that they like best are few, and usually hold a solution that this goal cannot beat either.
    """
    question = distance.question
    program = question.program
    later = program.objectives[len(question.holds) + 1 :]
    if not later:
        return
    wish = wish_of(later, program.size)
    for at_least in (question.reached(distance.bound) if distance.bound < FREE else None, None):
        if distance.closed or (distance.known is not None and at_least is None):
            break
        holds = question.holds if at_least is None else (*question.holds, Hold(question.goal, at_least))
        distance.take(_ahead(Model.of(program, wish, holds), len(program.pairs), distance.clock, distance.seed))


def _ahead(model: Model, pairs: int, clock: Clock, seed: int) -> Integers | None:
    relaxed = glop(model, clock)
    if relaxed is None:
        return None
    values, prices = relaxed
    reduced = model.goal - model.matrix.T @ prices
    likely = values > 1e-9
    room = min(len(likely), 2 * int(likely.sum()) + AHEAD_COLUMNS)
    if not room:
        return None
    distance = np.where(likely | (np.arange(len(likely)) >= pairs), 0.0, np.abs(reduced))
    keep = distance <= np.partition(distance, room - 1)[room - 1]
    nothing = np.zeros(len(likely), dtype=np.int64)
    found = highs(model.core(keep, nothing), 0, clock.within(AHEAD_GAP), seed, nodes=AHEAD_NODES, presolve=True)
    if found.columns is None:
        return None
    nothing[keep] = found.columns
    return nothing
