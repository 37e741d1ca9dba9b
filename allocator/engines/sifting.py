"""Sifting: general rules at sizes where a solver cannot hold the whole program.

For each goal: the relaxation over all pairs, solved over few (`relaxation`), with a start by blocks where the program is large (`blocks`); a first solution by
rounding; then the exact core, widened until the distance between value and bound is closed, or small enough for what was asked (`core`). All that
is kept warm from one goal to the next. A goal that the ones after it do not hurt is settled together with them: where what they like best reaches
this goal's bound, nothing is left to prove.

Every bound holds over all pairs of the program, whatever was left out on the way: it is computed from prices alone (`sieve`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from allocator.engines.ahead import wish_of
from allocator.engines.base import Clock, Hold, Outcome, Progress, Watch
from allocator.engines.blocks import Blocks, start_by_blocks
from allocator.engines.branch_and_cut import Relaxation as CutRelaxation
from allocator.engines.closing import Distance, Question
from allocator.engines.core import Core, is_whole
from allocator.engines.cp_sat import CpSat
from allocator.engines.exact import ProgramPrices, Valuation, valued
from allocator.engines.goal_by_goal import GoalByGoal, Step, ceiling
from allocator.engines.knapsacks import Knapsacks, sharpened
from allocator.engines.master import Basis
from allocator.engines.mip import Mip
from allocator.engines.neighbourhoods import likely, searched
from allocator.engines.proofs import KnapsackProof, PriceProof, Proof, Reduction
from allocator.engines.relaxation import Relaxation, Sifter
from allocator.engines.sieve import Goal, Level, Prices, Sieve
from allocator.program import FREE, Objective, Program, dot
from allocator.scenario import Floats, Integers

TOP = 3
"""Pairs of a slot that start inside the relaxation, for each of its openings."""
SMALL = 3_000
"""Programs with no more pairs start with all of them."""
CLOSE = 0.05
"""The relaxation may stop at this part of the gap that was asked for."""
FINE = 2e-6
"""What rounding may lose, as a part of the bound, where no gap was asked for."""
FIRST_ALLOWANCE = 1e-5
"""Distance from the bound, as a part of it, at which the first core expects a solution."""
WIDER = 4
"""How much further the next core looks."""
SHARPENING, SEARCHING, TRYING = 0.25, 0.6, 0.9
"""Parts of the time left for a sharper bound, then for better solutions nearby, then for better ones of the likeliest pairs, where knapsacks leave a
distance; the rest is for closing it."""
DIRECT = 20_000
"""Pairs of a program whose core is small enough to be asked at once."""
FEW = 3
"""Units of a goal that what a program much like this one knew may be short of the bound, for the core to be asked at once."""
REMEMBERED = 24
"""Goals that were held once and keep a row in the warm relaxation; with more of them it is made anew from where it stands."""


class Sifting(GoalByGoal):
    """The engine for general rules at any size."""

    name = "sifting"

    def __init__(self, state: State | None = None) -> None:
        self.state = state

    def solve(self, program: Program, clock: Clock, seed: int, progress: Progress) -> Outcome:
        if len(program.pairs) == 0:
            return CpSat().solve(program, clock, seed, progress)
        self._state_of(program)
        return super().solve(program, clock, seed, progress)

    def known(self, program: Program) -> Integers | None:
        state = self._state_of(program)
        return state.last if state.last is not None and keeps(program, state.wanted, state.last) else None

    def wanted(self) -> Sequence[Hold]:
        return () if self.state is None else self.state.wanted

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        return _Stage(self._state_of(program), goal, tuple(holds), clock, seed, watch).best(hint)

    def _state_of(self, program: Program) -> State:
        if self.state is None or self.state.program is not program:
            self.state = State(program)
        return self.state


class State:
    """What is kept from one goal, and from one question, to the next: the sieve, the warm relaxation, the blocks, the last solution."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.sieve = Sieve.of(program)
        self.last: Integers | None = None
        """A solution to start from, of this program or of one much like it."""
        self.wanted: tuple[Hold, ...] = ()
        """What is held besides the goals: pairs that somebody wants in."""
        self._levels: list[tuple[Integers, Level]] = []
        self._sifter: Sifter | None = None
        self._openings = _openings(program)
        self.blocks = Blocks.of(self.sieve)
        self.knapsacks = Knapsacks.of(program)

    def go_under(self, program: Program, wanted: tuple[Hold, ...] = ()) -> bool:
        """Take another program with the same pairs and rows: other bounds, other goals. `wanted` is held besides its goals.

        False, and nothing changes, where it lets seekers have several slots and this one did not, or the other way round.
        """
        sieve = self.sieve.under(program)
        if sieve is None:
            return False
        self.program, self.sieve, self.wanted = program, sieve, wanted
        if self._sifter is not None:
            self._sifter.go_under(self.sieve)
        return True

    def start_from(self, basis: Basis) -> None:
        """Start from where the relaxation of a program much like it stood, told by this one's numbers."""
        nothing = Goal(Level(np.zeros(len(self.sieve)), np.zeros(len(self.sieve.beside_upper)), 1.0))
        self._sifter = Sifter(self.sieve, basis.pairs)
        self._sifter.start_from(basis, nothing)

    def level(self, dense: Integers) -> Level:
        """Coefficients over all columns, scaled; the same object for the same coefficients."""
        for known, level in self._levels:
            if known is dense or np.array_equal(known, dense):
                return level
        level = Level.of(dense, len(self.sieve), may_fail=any(dense is hold.coefficients for hold in self.wanted))
        self._levels = [*self._levels[-REMEMBERED:], (dense, level)]
        return level

    def goal(self, dense: Integers, holds: Sequence[Hold]) -> Goal:
        """A goal under holds, scaled."""
        held = [(self.level(hold.coefficients), hold.at_least) for hold in holds]
        return Goal(self.level(dense), tuple((level, at_least / level.unit) for level, at_least in held))

    def relax(self, goal: Goal, clock: Clock, close: float) -> Relaxation | str:
        """The relaxation for a goal, from wherever the last one ended."""
        if self._sifter is None:
            self._sifter = Sifter(self.sieve, self._promising(goal))
            if self.blocks is not None:
                start_by_blocks(self.sieve, goal, self._sifter, self.blocks, self.top, lambda: clock.over)
        elif self._sifter.master.held > REMEMBERED:
            self._sifter = self._sifter.renewed(goal)
        return self._sifter.relax(goal, lambda: clock.over, close)

    def exact_prices(self, goal: Integers, holds: Sequence[Hold], scaled: Goal, prices: Prices, spare: int = 0) -> ProgramPrices:
        """A relaxation's prices as exact ones of the program, in the goal's integers."""
        unit = scaled.level.unit
        held = np.array([price * unit / level.unit for price, (level, _) in zip(prices.holds.tolist(), scaled.held, strict=True)])
        return ProgramPrices.of(self.program, goal, holds, prices.rows * self.sieve.scale * unit, held, spare)

    def prices_against(self, holds: Sequence[Hold]) -> ProgramPrices | None:
        """The prices that showed that the rows cannot hold, as exact ones; None where there are none."""
        against = None if self._sifter is None else self._sifter.against
        if against is None:
            return None
        nothing = np.zeros(self.program.size, dtype=np.int64)
        return self.exact_prices(nothing, holds, self.goal(nothing, holds), against)

    def stand(self) -> Basis | None:
        """Where the relaxation stands; None where nothing was relaxed yet."""
        return None if self._sifter is None else self._sifter.master.stand()

    def _promising(self, goal: Goal) -> Integers:
        everything = np.arange(len(self.sieve))
        if len(everything) <= SMALL:
            return everything
        return self.top(goal.level.pairs, everything)

    def top(self, worth: Floats, among: Integers) -> Integers:
        """Of each slot the pairs that are worth most, a few for each opening, in order."""
        slot = self.sieve.slot[among]
        order = np.lexsort((-worth[among], slot))
        here = slot[order]
        first = np.flatnonzero(np.r_[True, here[1:] != here[:-1]])
        rank = np.arange(len(here)) - np.repeat(first, np.diff(np.r_[first, len(here)]))
        return np.sort(among[order[rank < TOP * self._openings[here]]])


class _Stage:
    """One goal of a program, with the goals before it held."""

    def __init__(self, state: State, goal: Integers, holds: tuple[Hold, ...], clock: Clock, seed: int, watch: Watch) -> None:
        self.state, self.goal, self.holds = state, goal, (*holds, *state.wanted)
        self.clock, self.seed, self.watch = clock, seed, watch
        self.program = state.program
        self.later = self.program.objectives[len(holds) + 1 :]
        self.proofs: list[Proof] = []

    def best(self, known: Integers | None) -> Step:
        """The best solution there is, or the best found in time with an honest bound. `known` is a solution to start from."""
        later = self.later
        if later and (known is None or dot(self.goal, known) < ceiling(self.program, self.goal)):
            most = ceiling(self.program, self.goal)
            ahead = self._look_ahead(later, most)
            if ahead is not None and dot(self.goal, ahead) >= most:
                return Step("optimal", ahead, most)  # `ceiling` is a proof that whoever asks has
            known = self._better(known, ahead)
        scaled = self.state.goal(self.goal, self.holds)
        relaxed = self.state.relax(scaled, self.clock, CLOSE * float(self.clock.gap))
        if relaxed == "infeasible" and known is None:
            return self._impossible()
        if isinstance(relaxed, str):
            return self._lost(known)
        unit = scaled.level.unit
        prices = self.state.exact_prices(self.goal, self.holds, scaled, relaxed.prices)
        valuation = valued(self.program, self.goal, self.holds, prices)
        if valuation is None:
            return self._lost(known)
        self.proofs.append(PriceProof(prices))
        target = valuation.bound
        self._saw(known, target)
        if known is None or not self._enough(known, target):
            known = self._better(known, self._whole(relaxed))
        if known is not None and self._is_direct() and self._is_near(known, target):
            return self._close(valuation, prices, known, target)
        if later and (known is None or dot(self.goal, known) < target):
            known = self._better(known, self._look_ahead(later, target))
        if self.state.last is not None and (known is None or not self._enough(known, target)):
            known = self._better(known, self._mended(relaxed, known if known is not None else self.state.last, target))
        if known is None or not (self._enough(known, target) or self._is_direct()):
            self._saw(known, target)
            known = self._better(known, self._round(self.goal, self.holds, relaxed, unit))
        if known is not None and self._enough(known, target):
            return self._step(known, target)
        if known is not None and self.state.knapsacks is not None:
            relaxed = sharpened(self.state.knapsacks, self.state.sieve, scaled, relaxed, dot(self.goal, known) / unit, self.clock.part(SHARPENING))
            target = min(target, self._filled(scaled, relaxed, target))
            known = self._searched(self.state.knapsacks, relaxed, known, target)
            if self._enough(known, target):
                return self._step(known, target)
        self._saw(known, target)
        return self._close(valuation, prices, known, target)

    def _step(self, known: Integers | None, bound: int | None) -> Step:
        if known is None:
            return Step("no_solution", None, bound, tuple(self.proofs))
        return Step("optimal" if bound is not None and dot(self.goal, known) >= bound else "feasible", known, bound, tuple(self.proofs))

    def _impossible(self) -> Step:
        """No solution, with the prices that prove it; where they do not in exact arithmetic, another road."""
        nothing = np.zeros(self.program.size, dtype=np.int64)
        prices = self.state.prices_against(self.holds)
        if prices is not None:
            proof = PriceProof(prices)
            found = valued(self.program, nothing, self.holds, prices)
            if found is not None and found.total < 0:
                return Step("infeasible", None, None, (proof,))
        return self._exactly(None)

    def _filled(self, scaled: Goal, relaxed: Relaxation, target: int) -> int:
        """The bound that filled knapsacks prove, exactly."""
        if relaxed.filled is None:
            return target
        rows, own = relaxed.filled
        spare = max(1, len(own)).bit_length()
        prices = self.state.exact_prices(self.goal, self.holds, scaled, Prices(rows, relaxed.prices.holds), spare)
        if prices.rows.dtype == object:
            return target
        proof = KnapsackProof(prices, np.rint(np.ldexp(np.maximum(own, 0.0) * scaled.level.unit, prices.bits)).astype(np.int64))
        bound = proof.bound(self.program, self.goal, self.holds)
        if bound is None:
            return target
        self.proofs.append(proof)
        return bound

    def _is_direct(self) -> bool:
        """Whether the core may be asked without looking for better first: it is small, and most of what a program much like this one knew is best here, too,
        which only the core can prove. To look and find nothing takes several times as long."""
        return self.state.last is not None and self.state.knapsacks is None and len(self.state.sieve) <= DIRECT

    def _is_near(self, known: Integers, target: int) -> bool:
        """Whether what is known falls short of the bound by a few of the goal's units only."""
        unit = math.gcd(*(int(number) for number in np.unique(self.goal[self.goal != 0])))
        return not self._enough(known, target) and target - dot(self.goal, known) <= FEW * max(1, unit)

    def _close(self, valuation: Valuation, prices: ProgramPrices, known: Integers | None, target: int) -> Step:
        """Close the distance between what is known and the bound, in the pairs that prices leave open: ever more of them."""
        allowance = max(1, round(FIRST_ALLOWANCE * abs(target)))
        while not self.clock.over:
            least = -FREE if known is None else dot(self.goal, known) + 1
            if least > target or (known is not None and self._enough(known, target)):
                break
            beyond = max(least, target - allowance + 1)
            reduction = Reduction.of(self.program, valuation, prices, beyond)
            if known is None and len(reduction.pairs) == len(self.program.pairs):
                return self._exactly(None, target)
            question = Question.of(self.program, self.goal, self.holds, reduction)
            distance = Distance(question, CutRelaxation(question.model, self.clock), self.clock, self.seed, self.watch, floor=question.least(beyond))
            if distance.relax() or not distance.closed:
                distance.close()
            self.proofs += distance.proofs
            if distance.known is not None:
                known = self._better(known, question.whole(distance.known))
            if distance.bound < FREE:
                target = min(target, max(question.reached(distance.bound), beyond - 1))
            if known is not None:
                target = max(target, dot(self.goal, known))
            self._saw(known, target)
            allowance *= WIDER
        return self._step(known, target)

    def _look_ahead(self, later: Sequence[Objective], at_least: int) -> Integers | None:
        """A solution that is good for the goals after this one and reaches `at_least` here; None where none is found quickly.

        A goal such as "nobody short" leaves most pairs equally good; the goals after it tell them apart.
        """
        wish = later[0].dense(self.program.size) if len(later) == 1 else wish_of(later, self.program.size)
        holds = (*self.holds, Hold(self.goal, at_least))
        scaled = self.state.goal(wish, holds)
        relaxed = self.state.relax(scaled, self.clock, CLOSE * float(self.clock.gap))
        if isinstance(relaxed, str):
            return None
        found = self._whole(relaxed, holds)
        return found if found is not None else self._round(wish, holds, relaxed, scaled.level.unit)

    def _round(self, goal: Integers, holds: tuple[Hold, ...], relaxed: Relaxation, unit: float) -> Integers | None:
        distance = max(float(self.clock.gap) * 0.3, FINE) * abs(relaxed.limit) * unit
        columns = Core(self.program, self.state.sieve, holds).rounded(goal, relaxed, distance, self.clock, self.seed)
        return columns if columns is not None and self._keeps(columns, holds) else None

    def _mended(self, relaxed: Relaxation, last: Integers, target: int) -> Integers | None:
        enough = target - float(self.clock.gap) * max(abs(target), 1)
        columns = Core(self.program, self.state.sieve, self.holds).mended(self.goal, relaxed, last, math.ceil(enough), self.clock, self.seed)
        return columns if columns is not None and self._keeps(columns) else None

    def _searched(self, knapsacks: Knapsacks, relaxed: Relaxation, known: Integers, target: int) -> Integers:
        core = Core(self.program, self.state.sieve, self.holds)
        enough = math.ceil(target - float(self.clock.gap) * max(abs(target), 1))

        def saw(columns: Integers) -> None:
            self._saw(columns, target)

        known = searched(core, knapsacks, self.goal, relaxed, known, enough, self.clock.part(SEARCHING), self.seed, saw)
        if dot(self.goal, known) < enough:
            wanting = Core(self.program, self.state.sieve, (*self.holds, Hold(self.goal, dot(self.goal, known) + 1)))
            found = wanting.among(self.goal, likely(relaxed.margin(self.state.sieve), self.state.sieve), self.clock.part(TRYING), self.seed)
            known = found if found is not None and self._keeps(found) else known
        return known

    def _whole(self, relaxed: Relaxation, holds: tuple[Hold, ...] | None = None) -> Integers | None:
        """The relaxation's own solution, where it is whole."""
        if not relaxed.whole or not is_whole(relaxed.value).all() or not is_whole(relaxed.beside).all():
            return None
        columns = np.zeros(self.program.size, dtype=np.int64)
        columns[relaxed.pairs] = np.rint(relaxed.value)
        columns[len(self.state.sieve) :] = np.rint(relaxed.beside)
        return columns if self._keeps(columns, holds) else None

    def _better(self, known: Integers | None, found: Integers | None) -> Integers | None:
        if found is None or known is None:
            return known if found is None else found
        return found if dot(self.goal, found) > dot(self.goal, known) else known

    def _enough(self, known: Integers, bound: int) -> bool:
        value = dot(self.goal, known)
        return value >= bound or self.clock.close_enough(value, bound)

    def _lost(self, known: Integers | None, bound: int | None = None) -> Step:
        """No answer in time, or numbers that went astray: then the whole program goes to the general engine."""
        return self._step(known, bound) if self.clock.over else self._exactly(known, bound)

    def _exactly(self, known: Integers | None, bound: int | None = None) -> Step:
        step = Mip().maximize(self.program, self.goal, self.holds, known, self.clock, self.seed, self.watch)
        bounds = [b for b in (bound, step.bound) if b is not None]
        columns = step.columns if step.columns is not None else known
        return Step(step.status, columns, min(bounds, default=None), (*self.proofs, *step.proofs))

    def _keeps(self, columns: Integers, holds: tuple[Hold, ...] | None = None) -> bool:
        """Whether the columns keep every row and every hold, in exact arithmetic."""
        return keeps(self.program, self.holds if holds is None else holds, columns)

    def _saw(self, known: Integers | None, bound: int) -> None:
        self.watch.saw(None if known is None else float(self.goal @ known), float(bound))


def keeps(program: Program, holds: Sequence[Hold], columns: Integers) -> bool:
    """Whether the columns keep every row and every hold, in exact arithmetic."""
    if (columns < 0).any() or (columns > program.upper).any():
        return False
    return all(dot(hold.coefficients, columns) >= hold.at_least for hold in holds) and next(program.broken_rows(columns), None) is None


def _openings(program: Program) -> Integers:
    """Openings of each slot, as far as a row says; at least 1."""
    slots = int(program.pairs.slot.max(initial=-1)) + 1
    for block in program.rows:
        if block.kind == "slot_openings" and block.of_slot is not None:
            row = block.of_slot[:slots]
            return np.where(row >= 0, np.clip(block.upper[np.maximum(row, 0)], 1, 100), 3)
    return np.full(slots, 3)
