"""relax(): the cheapest set of bends that makes a policy fit, the conflicts behind them, and the changes to apply; and how far one promise could go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from allocator.bends import Bending, Bent, cheapest_bends
from allocator.changes import resolve
from allocator.check import violations
from allocator.conflicts import ALWAYS_HOLD, Clash, Cut, Reason, activity, clashes, rows_of, unbendable
from allocator.constraints.base import SEAT, UNITS, Constraint, Give, Mend
from allocator.engines.base import Clock, Engine, Progress, Silent
from allocator.engines.choose import choose
from allocator.engines.warm import Change
from allocator.errors import Fault, InputError, InternalError
from allocator.layers import Layers
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import FREE, Program, build
from allocator.promises import among_kept
from allocator.repair import NOT_SETTLED, Bend, Conflict, Party, Repair, changes_of, joined
from allocator.scenario import Scenario
from allocator.settle import settle

ROUNDS = 6
"""Times that a repair is repaired, where changing one rule makes another ask for more (shares rounded jointly, promises on top of merit)."""
MOST_NAMED = 4
"""Slots named in a sentence."""


def relax(scenario: Scenario, policy: Policy, *, seed: int = 0, time_limit: float | None = None, progress: Progress | None = None) -> Repair:
    """What would make a policy fit; a repair without bends where it fits as it is.

    Raises
    ------
    InputError
        The policy does not fit the facts: an unknown partner, pins in conflict, a missing column; all at once.
    """
    progress = progress or Silent()
    problem = Problem(scenario, policy, seed)
    problem.require_sound()
    clock = Clock(policy.limits.time if time_limit is None else time_limit)
    progress.phase("pairs")
    whole = _Whole.of(problem, clock)
    progress.phase("solve")
    fits = whole.fits(clock, progress)
    if fits is None:
        return NOT_SETTLED
    return Repair(proved=True, feasible=True) if fits else repair(problem, whole.problem, whole.program, clock, progress)


@dataclass(frozen=True)
class Reach:
    """How far one promise or limit can go with everything else kept: between `least` and `most`, in `unit`; None where the rest cannot hold by itself, or
    time was up. `asked` is what it asks for now (`at_least`, or at most)."""

    rule: str
    label: str
    key: str
    name: str
    at_least: bool
    asked: int
    least: int | None
    most: int | None
    unit: str


def how_far(scenario: Scenario, policy: Policy, label: str, *, seed: int = 0, time_limit: float | None = None) -> list[Reach]:
    """How far the promises and limits of the entry with this label (or name) could go with everything else kept: exact, in both directions.

    Raises
    ------
    InputError
        No entry, or more than one, answers to the label; or the policy does not fit the facts.
    """
    problem = Problem(scenario, policy, seed)
    problem.require_sound()
    rule = _entry(problem, label)
    clock = Clock(policy.limits.time if time_limit is None else time_limit)
    firm = Problem(scenario, problem.policy.replacing([rule.firm()]), seed)
    whole = _Whole.of(firm, clock)
    rows = [(n, block) for n, (block, _) in enumerate(rows_of(whole.program)) if (block.kind, block.label) == (rule.kind, rule.label)]
    return [_reach_of(whole, number, clock) for number, block in rows if block.bend]


def _reach_of(whole: _Whole, number: int, clock: Clock) -> Reach:
    """The ends of what one row can add up to when it holds no more."""
    block, at = rows_of(whole.program)[number]
    open_side = Change({number: None}, {number: None}, ())
    ends: list[int | None] = []
    for largest in (False, True):
        program = replace(open_side.of(whole.program), objectives=(activity(whole.program, number, largest=largest),))
        outcome = choose(program).engine.solve(program, clock, whole.problem.seed, Silent())
        ends.append(outcome.goals[0].value if outcome.status == "optimal" else None)
    lower = int(block.lower[at]) > -FREE
    key = str(block.names[at]) if len(block.names) else ""
    asked = int((block.lower if lower else block.upper)[at])
    return Reach(block.kind, block.label, key, block.row_name(at), lower, asked, ends[0], ends[1], UNITS.get(block.kind, "people"))


def _entry(problem: Problem, label: str) -> Constraint:
    rules = [rule for rule in problem.policy.constraints if rule.kind not in ALWAYS_HOLD]
    found = [rule for rule in rules if label in (rule.label, rule.name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(rule.name for rule in found or rules)
    said = f"{len(found)} entries answer to {label!r}." if found else f"No promise or limit of the policy answers to {label!r}."
    raise InputError([Fault("unknown_label", said, f"Say which: {names}.", file="--how-far", value=label)])


def repair(asked: Problem, problem: Problem, program: Program, clock: Clock, progress: Progress, proof: Engine | None = None) -> Repair:
    """The way out of a program that was found impossible. `asked` is the problem before its promises on top of merit were settled, `problem` after.

    `proof` is the engine that found the program impossible, if that is at hand.
    """
    found = _Found.of(problem, program, clock, progress, proof)
    if found is None:
        return _no_way_out(problem, program, clock)
    bends, conflicts, changes, notes = {bend.name: bend for bend in found.bends()}, found.conflicts(clock), dict[str, Mend](), dict[str, None]()
    proved, feasible = found.bending.proved, False
    for _ in range(ROUNDS):
        for change in found.changes():
            changes[change.path] = change
            notes |= {change.note: None} if change.note else {}
        after = resolve(asked.scenario, Layers.of(asked.policy), changes_of(changes.values(), bends.values()))
        changed = Problem(after.scenario, after.layers.policy, asked.seed)
        again = found.still_fits(changed, clock, progress)
        if not isinstance(again, _Found):
            feasible = again is True
            break
        found, proved = again, False
        bends |= {bend.name: _further(bends.get(bend.name), bend) for bend in found.bends()}
    return Repair(tuple(bends.values()), tuple(conflicts), changes_of(changes.values(), bends.values()), tuple(notes), proved, feasible)


def _further(first: Bend | None, then: Bend) -> Bend:
    """A bend that has to give way once more."""
    if first is None:
        return then
    return replace(first, possible=then.possible, short=abs(first.promised - then.possible), price=round(first.price + then.price, 6))


def _no_way_out(problem: Problem, program: Program, clock: Clock) -> Repair:
    """No bending helps, or none was found in time: the rules that cannot bend and cannot hold together."""
    if clock.over:
        return Repair()
    rows = unbendable(program, clock.again(), problem.seed)
    if not rows:
        return Repair()
    parties = tuple(_party(problem, program, row) for row in rows)
    said = f"These cannot hold together, and none of them can bend: {joined([party.says for party in parties])}."
    return Repair(conflicts=(Conflict(parties, (said,), (), 0.0, True),), proved=True)


@dataclass(frozen=True, eq=False)
class _Whole:
    """A problem, settled, with its program."""

    problem: Problem
    program: Program

    @classmethod
    def of(cls, problem: Problem, clock: Clock) -> _Whole:
        pairs = find_pairs(problem)
        settled, _ = settle(problem, pairs, lambda first: choose(first).engine.solve(first, clock, problem.seed, Silent()))
        return cls(settled, build(settled, pairs))

    def fits(self, clock: Clock, progress: Progress) -> bool | None:
        """Whether there is a plan; None where time ran out before one was found, or was proved not to be."""
        bare = replace(self.program, objectives=())
        outcome = choose(bare).engine.solve(bare, clock, self.problem.seed, progress)
        return True if outcome.columns is not None else False if outcome.status == "infeasible" else None


@dataclass(frozen=True, eq=False)
class _Found:
    """The cheapest bends of a program, and a plan that they allow."""

    problem: Problem
    program: Program
    bending: Bending
    clashes: list[Clash]

    @classmethod
    def of(cls, problem: Problem, program: Program, clock: Clock, progress: Progress, proof: Engine | None = None) -> _Found | None:
        bending = cheapest_bends(program, clock, problem.seed, progress, proof)
        return None if bending is None else cls(problem, program, bending, clashes(program, bending, clock, problem.seed))

    @property
    def plan(self) -> Plan:
        """A plan under the bends."""
        pairs = self.program.pairs
        chosen = np.flatnonzero(self.bending.columns[: len(pairs)])
        return Plan(self.problem, pairs.seeker[chosen], pairs.slot[chosen])

    def bends(self) -> Iterator[Bend]:
        """What gives way, in the order of the policy."""
        why = {reason.bent.name: _why(self.problem, self.program, reason) for clash in self.clashes for reason in reversed(clash.reasons)}
        for bent in self.bending.bent:
            block, plan = bent.block, self.plan
            promised, possible = _rule(self.problem, bent.block.kind, bent.block.label).terms(plan, _give(bent))
            row, pair, _ = block.entries(self.program.pairs)
            people = len(np.unique(self.program.pairs.seeker[pair[row == bent.number]]))
            least = bent.lower if block.kind not in ("change_limit",) else False
            yield Bend(
                block.kind, block.label, bent.key, bent.name, least, promised, possible, abs(promised - possible), UNITS.get(block.kind, "people"),
                bent.price / SEAT, people, why.get(bent.name, ""),
            )  # fmt: skip

    def conflicts(self, clock: Clock) -> list[Conflict]:
        """The conflicts, in words."""
        told = []
        for clash in self.clashes:
            said, before = [], None
            for reason in clash.reasons:
                why = _why(self.problem, self.program, reason)
                rule = _rule(self.problem, reason.bent.block.kind, reason.bent.block.label)
                said.append(_sentence(f"also, {why}" if reason.bent is before else f"{rule.gives(self.problem, _give(reason.bent))}: {why}"))
                before = reason.bent
            bends = tuple(dict.fromkeys(reason.bent.name for reason in clash.reasons))
            parties = tuple(_party(self.problem, self.program, row) for row in clash.rows)
            told.append(Conflict(parties, tuple(said), bends, clash.price / SEAT, clash.minimal))
        return told

    def changes(self) -> Iterator[Mend]:
        """Every bent rule's own changes."""
        plan = self.plan
        for rule in self.problem.policy.constraints:
            gives = [_give(bent) for bent in self.bending.bent if (bent.block.kind, bent.block.label) == (rule.kind, rule.label)]
            if gives:
                yield from rule.mended(plan, gives)

    def still_fits(self, changed: Problem, clock: Clock, progress: Progress) -> _Found | bool | None:
        """True where a plan keeps every rule of the changed problem, None where time ran out before that was known; else what would have to give way there."""
        changed.require_sound()
        whole = _Whole.of(changed, clock)
        plan = self.plan
        fits = next(violations(Plan(whole.problem, plan.seeker, plan.slot)), None) is None or whole.fits(clock, progress)
        if fits is not False:
            return fits
        found = _Found.of(whole.problem, whole.program, clock, progress)
        if found is None:
            message = "A repair cannot be repaired."
            raise InternalError(message)
        return found


def _rule(problem: Problem, kind: str, label: str) -> Constraint:
    return next(rule for rule in problem.policy.constraints if (rule.kind, rule.label) == (kind, label))


def _give(bent: Bent) -> Give:
    return Give(bent.key, bent.lower, bent.required, bent.possible)


def _says(problem: Problem, program: Program, row: int) -> str:
    """What one row of a program says, as part of a sentence."""
    block, number = rows_of(program)[row]
    key, lower = str(block.names[number]) if len(block.names) else "", int(block.lower[number]) > -FREE
    return _rule(problem, block.kind, block.label).because(problem, key, lower, int((block.lower if lower else block.upper)[number]))


def _party(problem: Problem, program: Program, row: int) -> Party:
    block, number = rows_of(program)[row]
    key = str(block.names[number]) if len(block.names) else ""
    return Party(block.kind, block.label, key, block.row_name(number), _says(problem, program, row))


def _why(problem: Problem, program: Program, reason: Reason) -> str:
    """What stops a row that bends, as part of a sentence."""
    cut = reason.cut
    if cut is not None:
        others = [_says(problem, program, row) for row in cut.asked if row != reason.bent.row]
        reach = f"only {cut.reach} can be filled, by {_reach(problem, program, cut)}"
        if not others:
            return reach + among_kept(program.pairs)
        return f"{joined(others)}, and of the {cut.need} seats that are asked for together {reach}{among_kept(program.pairs)}"
    if reason.rows:
        return joined([_says(problem, program, row) for row in reason.rows])
    return f"no more can be had from the eligible people and the openings{among_kept(program.pairs)}"


def _reach(problem: Problem, program: Program, cut: Cut) -> str:
    """Where those of a cut can go."""
    parts = []
    if cut.people:
        parts.append(f"{cut.people} eligible {'person' if cut.people == 1 else 'people'}")
    if cut.slots:
        rows = rows_of(program)
        openings = sum(int(rows[row][0].upper[rows[row][1]]) for row in cut.slots)
        names = [str(rows[row][0].names[rows[row][1]]) for row in cut.slots]
        named = names if len(names) <= MOST_NAMED else [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
        parts.append(f"the {openings} opening{'' if openings == 1 else 's'} of {joined(named)}")
    words = joined(parts)
    given = joined([_says(problem, program, row) for row in cut.given])
    if given:
        return f"{words}, since {given}" if words else f"those for whom {given}"
    return words or "nobody"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
