"""A share of the openings is promised to some seekers.

Let X(G, S) be the assignments of beneficiaries G to the slots in scope S, c(S) the openings there, and q the promise in seats.

    minimum_best_effort   X(G, S) + short >= q; the total shortfall is made smallest before anything else is improved
    minimum_hard          X(G, S) >= q, or nothing fits
    minimum_soft          X(G, S) + short >= q; each seat short costs `price` points of match quality
    set_aside             X(others, S) <= c(S) - q: promised seats stay empty rather than go to others
    cap                   X(G, S) <= q
    over_and_above        X(G, S) >= n + q, where n is what the beneficiaries win when the rule is off and q seats of S are closed to all

The promise: with denominator `openings`, q = share x c(S) rounded; with `applicants`, q = c(S) x beneficiaries in the pool / pool (x share)
rounded; with `filled`, X(G, S) >= share x X(all, S), exactly: satisfied by filling nothing. `count` gives q itself; once slots have been
released, at most what their seats and those of the remaining ones can hold, rung by rung.
Rounding is `floor`, `ceil`, `half_up`, or `largest_remainder` jointly over the reservations that share a scope and a denominator.

Release: when a step fires, a slot leaves the promise (its openings no longer count) and enters the scope of the step's beneficiaries, at the same share;
after a step to `open` it is promised to nobody. Seats that beneficiaries already hold (offered, accepted or started) stay counted where they were.

A best-effort promise above what its eligible members could possibly take is clipped to that, and the report says so. An assignment counts for every promise
it fits, unless several of them are `stackable = false`: it then counts for one of those only.

Why: partners bring their customers because seats are kept for them. What "30 % reserved" means differs between these readings by up to the whole effect
of the rule, so each has its name.
Source: Hafalir, Yenmez and Yildirim 2013 (minimum guarantees); Dur, Kominers, Pathak and Sönmez 2018 (over-and-above);
percentages and periods are local contracts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from allocator.bent_promise import because, gives, mended, terms
from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation
from allocator.errors import Fault
from allocator.groups import Beneficiaries, Scope, unknown_names
from allocator.pairs import Pairs
from allocator.plan import Plan
from allocator.problem import COMMITTED_STATUSES, Problem
from allocator.program import FREE, Draft, Rows, Slack
from allocator.release import Release
from allocator.rule import Count
from allocator.scenario import Integers, Mask, Positions
from allocator.share_out import share_out
from allocator.supply import eligible_supply

Mode = Literal["minimum_best_effort", "minimum_hard", "minimum_soft", "set_aside", "cap", "over_and_above"]
MINIMUMS = ("minimum_best_effort", "minimum_hard", "minimum_soft", "over_and_above")


@dataclass(frozen=True, eq=False)
class Rung:
    """One step of a reservation's ladder: who it is for, which slots, how many seats those have."""

    number: int
    who: Beneficiaries
    members: Mask
    slots: Mask
    seats: int
    kept: Integers
    """Pairs (seeker x slots + slot) that committed members hold in released slots; counted in rung 0, in no other."""

    def counts(self, seeker: Positions, slot: Positions, *, others: bool = False) -> Mask:
        """Which of these pairs count for the rung's promise (or, `others`, take its seats without being members)."""
        inside = self.slots[slot] & (~self.members[seeker] if others else self.members[seeker])
        if len(self.kept) == 0:
            return inside
        held = np.isin(seeker.astype(np.int64) * len(self.slots) + slot, self.kept)
        return inside | (held & (not others)) if self.number == 0 else inside & ~held

    def filled(self, seeker: Positions, slot: Positions) -> Mask:
        """Which of these pairs take one of the rung's seats, members or not."""
        return self.counts(seeker, slot) | self.counts(seeker, slot, others=True)


class Reservation(Constraint):
    """A promise of seats to beneficiaries, in one of six named readings."""

    kind: Literal["reservation"] = "reservation"
    beneficiaries: Beneficiaries = Field(description="Who the promise is for.")
    scope: Scope = Field(Scope(), description="Which slots it is about; all where absent.")
    share: Decimal | None = Field(None, ge=0, le=1, decimal_places=6, description="Promised share, 0 to 1.")
    count: Count | None = Field(None, description="Promised seats, in place of a share.")
    denominator: Literal["openings", "filled", "applicants"] = Field("openings", description="What the share is of.")
    mode: Mode = Field("minimum_best_effort", description="How the promise is read.")
    rounding: Literal["floor", "ceil", "half_up", "largest_remainder"] = Field("half_up", description="How a fraction of a seat is rounded.")
    release: Release | None = Field(None, description="When unfilled slots leave the promise, and to whom.")
    stackable: bool = Field(True, description="false: an assignment counts for one of the reservations that say so only.")
    weight: Decimal = Field(Decimal(1), gt=0, le=10_000, decimal_places=2, description="Best effort: how heavy one seat short is against other promises.")
    price: Decimal | None = Field(None, gt=0, le=1_000_000, decimal_places=2, description="minimum_soft: points of match quality that one seat short costs.")
    merit_count: tuple[Count, ...] | None = Field(None, description="over_and_above: what beneficiaries win without the rule, per rung; computed where absent.")

    @model_validator(mode="after")
    def _well_formed(self) -> Reservation:
        if self.count is not None and self.share is not None:
            raise ValueError("give share or count, not both")
        if self.count is None and self.share is None and self.denominator != "applicants":
            raise ValueError("give share or count")
        if self.denominator == "filled" and (self.share is None or self.mode in ("set_aside", "over_and_above")):
            raise ValueError('denominator = "filled" needs a share, and goes with minimum modes and cap only')
        if self.denominator == "applicants" and self.count is not None:
            raise ValueError('denominator = "applicants" computes the promise; leave count out')
        if (self.price is None) == (self.mode == "minimum_soft"):
            raise ValueError("minimum_soft needs a price, and only minimum_soft takes one")
        if self.mode == "cap" and self.release is not None:
            raise ValueError("a cap has no release")
        return self

    def faults(self, problem: Problem) -> Iterator[Fault]:
        yield from unknown_names(self, problem, self.beneficiaries, "beneficiaries")
        yield from unknown_names(self, problem, self.scope, "scope")
        if self.release is not None:
            yield from self.release.faults(self, problem)
        if self.count is not None:
            yield from self._beyond_openings(problem)
        else:
            yield from self._moved_by_rounding(problem)

    def _beyond_openings(self, problem: Problem) -> Iterator[Fault]:
        seats = sum(rung.seats for rung in self.rungs(problem))
        if self.count is not None and 0 < seats < self.count:
            message = f"A promise of {self.count} seats in {self.scope.describe()} is above the {seats} openings there, so it cannot be kept in full."
            yield self.fault("beyond_openings", message, "Lower the count, or widen the scope.", field="count", severity="warning")

    def _moved_by_rounding(self, problem: Problem) -> Iterator[Fault]:
        for rung, promise in zip(self.rungs(problem), self.promises(problem), strict=True):
            exact = self._exact(problem, rung)
            if exact and self.denominator != "filled" and abs(promise - exact) > exact / 5:
                change = float(abs(promise - exact) / exact)
                message = f"Rounding turns a promise of {float(exact):.2f} seats for {rung.who.describe()} into {promise}, a change of {change:.0%}."
                yield self.fault("rounding", message, "Pool small scopes, or state a count.", field="share", severity="warning")

    # -- the promise --------------------------------------------------------------------------------------------

    def rungs(self, problem: Problem) -> list[Rung]:
        """The ladder as it stands on the day: rung 0 is the promise itself, further ones hold released slots."""
        return problem.once(("rungs", self.beneficiaries, self.scope, self.release), lambda: self._climb(problem))

    def _climb(self, problem: Problem) -> list[Rung]:
        scope = self.scope.members(problem)
        reached = self.release.rungs(problem) if self.release else np.zeros(len(scope), dtype=np.int64)
        first = self.beneficiaries.members(problem)
        held = problem.commitments(COMMITTED_STATUSES)
        stays = first[held.seeker] & scope[held.slot] & (reached[held.slot] > 0)
        kept = held.seeker[stays].astype(np.int64) * len(scope) + held.slot[stays]
        kept_seats = np.minimum(np.bincount(held.slot[stays], minlength=len(scope)), problem.openings)
        here = scope & (reached == 0)
        rungs = [Rung(0, self.beneficiaries, first, here, int(problem.openings[here].sum() + kept_seats.sum()), kept)]
        for number in range(1, (len(self.release.steps) if self.release else 0) + 1):
            who = self.release.to(number) if self.release else None
            slots = scope & (reached == number)
            if who is not None and slots.any():
                seats = int((problem.openings - kept_seats)[slots].sum())
                rungs.append(Rung(number, who, who.members(problem), slots, seats, kept))
        return rungs

    def promises(self, problem: Problem) -> list[int]:
        """Promised seats of each rung. With denominator `filled` the promise moves with the plan: see `promise_in`."""
        rungs = self.rungs(problem)
        if self.count is not None:
            left, promised = self.count, []
            for rung in rungs:
                promised.append(min(left, rung.seats))
                left -= promised[-1]
            if self.mode != "set_aside" and (rungs[0].slots == self.scope.members(problem)).all():
                promised[0] += left
            return promised
        if self.rounding == "largest_remainder":
            return [self._joint(problem, rung) for rung in rungs]
        return [_round(self._exact(problem, rung), self.rounding) for rung in rungs]

    def promise_in(self, plan: Plan) -> list[int]:
        """Promised seats of each rung in a plan."""
        if self.denominator != "filled":
            return self.promises(plan.problem)
        filled = [int(rung.filled(plan.seeker, plan.slot).sum()) for rung in self.rungs(plan.problem)]
        return [floor(self.exact_share * n) if self.mode == "cap" else ceil(self.exact_share * n) for n in filled]

    @property
    def exact_share(self) -> Fraction:
        """The share as a fraction."""
        return Fraction(1 if self.share is None else self.share)

    def _exact(self, problem: Problem, rung: Rung) -> Fraction:
        """The rung's promise before rounding."""
        if self.count is not None:
            return Fraction(next(promise for other, promise in zip(self.rungs(problem), self.promises(problem), strict=True) if other.number == rung.number))
        if self.denominator == "applicants":
            pool = int(problem.in_pool.sum())
            return self.exact_share * rung.seats * Fraction(int((rung.members & problem.in_pool).sum()), max(pool, 1))
        return self.exact_share * rung.seats

    def _joint(self, problem: Problem, rung: Rung) -> int:
        """Largest remainders: peers' promises add up to their exact total rounded half up; ties go by label."""
        peers = [rule for rule in problem.policy.constraints if isinstance(rule, Reservation) and rule._rounds_with(self)]
        exact = {rule.label: rule._exact(problem, same) for rule in peers for same in rule.rungs(problem) if same.number == rung.number}
        spare = _round(sum(exact.values(), Fraction(0)), "half_up") - sum(floor(value) for value in exact.values())
        luckiest = sorted(exact, key=lambda label: (floor(exact[label]) - exact[label], label))[:spare]
        return floor(exact[self.label]) + (self.label in luckiest)

    def exact(self, plan: Plan, rung: Rung) -> Fraction:
        """A rung's promise before rounding."""
        if self.denominator == "filled":
            return self.exact_share * int(rung.filled(plan.seeker, plan.slot).sum())
        return self._exact(plan.problem, rung)

    def _rounds_with(self, other: Reservation) -> bool:
        """Whether two reservations share one largest-remainder rounding."""
        return self.rounding == other.rounding and self.scope == other.scope and self.denominator == other.denominator and self.count is None

    # -- mathematics --------------------------------------------------------------------------------------------

    def rows(self, draft: Draft) -> Iterator[Rows]:
        rungs = self.rungs(draft.problem)
        for rung, promise in zip(rungs, self.promises(draft.problem), strict=True):
            key = self.key(rung)
            if self.mode == "set_aside":
                yield self._row(draft, rung, key, upper=rung.seats - promise, others=True)
            elif self.denominator == "filled":
                yield self._ratio(draft, rung, key)
            elif self.mode == "cap":
                yield self._row(draft, rung, key, upper=promise)
            else:
                yield self._row(draft, rung, key, lower=self.asked(draft.problem, draft.pairs, rung, promise))
        if self._competes and self._pool(draft.problem)[-1].label == self.label:
            yield from self._one_credit_each(draft)

    def asked(self, problem: Problem, pairs: Pairs, rung: Rung, promise: int) -> int:
        """The right-hand side of a minimum: clipped where only best effort is asked, on top of merit where so read."""
        if self.mode == "over_and_above":
            return promise + self.merit(rung)
        return min(promise, self.supply(problem, pairs, rung)) if self.mode == "minimum_best_effort" else promise

    def _row(self, draft: Draft, rung: Rung, key: str, *, lower: int = -FREE, upper: int = FREE, others: bool = False) -> Rows:
        least, most = np.array([lower]), np.array([upper])
        slack = Slack.none() if lower == -FREE else self._short(draft, np.array([max(lower, 0)]), 1)
        bend = self._bend(SEAT)
        if self._competes:
            credited, credits = self._credits(draft, rung)
            zeros = np.zeros(len(credited), dtype=np.int64)
            slack = slack.and_also(np.zeros(len(credits), dtype=np.int64), credits, 1)
            return Rows(self.kind, self.label, [key], least, most, pair=credited, row=zeros, slack=slack, bend=bend)
        if len(rung.kept) == 0 and rung.slots.all():
            whose = np.where(~rung.members if others else rung.members, 0, -1).astype(np.int32)
            return Rows(self.kind, self.label, [key], least, most, of_seeker=whose, slack=slack, bend=bend)
        inside = np.flatnonzero(rung.counts(draft.pairs.seeker, draft.pairs.slot, others=others))
        return Rows(self.kind, self.label, [key], least, most, pair=inside, row=np.zeros(len(inside), dtype=np.int64), slack=slack, bend=bend)

    def _ratio(self, draft: Draft, rung: Rung, key: str) -> Rows:
        """whole x X(G, S) - parts x X(all, S) >= 0 (cap: <= 0), for share = parts / whole."""
        parts, whole = self.exact_share.as_integer_ratio()
        zero = np.zeros(1, dtype=np.int64)
        everyone = np.flatnonzero(rung.filled(draft.pairs.seeker, draft.pairs.slot))
        slack = Slack.none() if self.mode == "cap" else self._short(draft, np.array([rung.seats]), whole)
        if self._competes:
            members, credits = self._credits(draft, rung)
            slack = slack.and_also(np.zeros(len(credits), dtype=np.int64), credits, whole)
        else:
            members = np.flatnonzero(rung.counts(draft.pairs.seeker, draft.pairs.slot))
        pair = np.concatenate([everyone, members])
        coefficient = np.concatenate([np.full(len(everyone), -parts), np.full(len(members), whole)])
        lower, upper = (-FREE, 0) if self.mode == "cap" else (0, FREE)
        row = np.zeros(len(pair), dtype=np.int64)
        return Rows(
            self.kind,
            self.label,
            [key],
            zero + lower,
            zero + upper,
            pair=pair,
            row=row,
            coefficient=coefficient,
            slack=slack,
            bend=self._bend(max(1, SEAT // whole)),
        )

    def _bend(self, price: int) -> int:
        """A promise with a column for seats short always holds; only the others need to bend."""
        return 0 if self.mode in ("minimum_best_effort", "minimum_soft") else price

    def _short(self, draft: Draft, most: Integers, each: int) -> Slack:
        """The column of seats short and what it is charged to; none where the promise is hard."""
        if self.mode not in ("minimum_best_effort", "minimum_soft"):
            return Slack.none()
        columns = draft.columns(most)
        if self.mode == "minimum_soft" and self.price is not None:
            draft.penalty("match_quality", columns, int(self.price * 100))
        else:
            draft.penalty("shortfall", columns, int(self.weight * 100))
        return Slack(np.zeros(1, dtype=np.int64), columns, np.array([each]))

    def _pool(self, problem: Problem) -> list[Reservation]:
        """The minimums that an assignment may count for only one of."""
        return [rule for rule in problem.policy.constraints if isinstance(rule, Reservation) and rule._competes]

    @property
    def _competes(self) -> bool:
        """Whether an assignment may have to choose between this promise and another."""
        return not self.stackable and self.mode in MINIMUMS

    def _credits(self, draft: Draft, rung: Rung) -> tuple[Integers, Integers]:
        """Pairs that count for this rung alone, and credit columns for those that another unstackable promise wants too."""
        counted = np.flatnonzero(rung.counts(draft.pairs.seeker, draft.pairs.slot))
        wanted = draft.problem.once(("wanted", draft.pairs), lambda: _wanted(draft, self._pool(draft.problem)))
        contested = counted[wanted[counted] > 1]
        columns = draft.columns(np.ones(len(contested), dtype=np.int64))
        draft.credits.append((contested, columns))
        return counted[wanted[counted] == 1], columns

    def _one_credit_each(self, draft: Draft) -> Iterator[Rows]:
        """The credits of an assignment add up to at most the assignment."""
        pairs, row = np.unique(np.concatenate([pair for pair, _ in draft.credits]), return_inverse=True)
        columns = np.concatenate([column for _, column in draft.credits])
        if len(pairs):
            slack = Slack(row.astype(np.int64), columns, np.ones(len(columns), dtype=np.int64))
            minus = np.full(len(pairs), -1, dtype=np.int64)
            yield Rows(
                self.kind,
                "one credit each",
                [],
                np.full(len(pairs), -FREE),
                np.zeros(len(pairs), dtype=np.int64),
                pair=pairs,
                row=np.arange(len(pairs)),
                coefficient=minus,
                slack=slack,
            )

    # -- law ----------------------------------------------------------------------------------------------------

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for rung, line in zip(self.rungs(plan.problem), self.standings(plan), strict=True):
            if not line.hard:
                continue
            who, where = rung.who.describe(), self.scope.describe()
            if line.at_least is not None and line.achieved < line.at_least:
                yield self.violation(
                    line.key, f"{line.achieved} assignments of {who} in {where}; at least {line.at_least} are promised.", line.at_least - line.achieved
                )
            elif line.at_most is not None and line.achieved > line.at_most:
                group = f"others than {who}" if self.mode == "set_aside" else who
                yield self.violation(
                    line.key, f"{line.achieved} assignments of {group} in {where}; at most {line.at_most} are allowed.", line.achieved - line.at_most
                )

    def standings(self, plan: Plan) -> Iterator[Standing]:
        credited = self._credited(plan) if self._competes else None
        for rung, promise in zip(self.rungs(plan.problem), self.promise_in(plan), strict=True):
            if self.mode == "set_aside":
                taken = int(rung.counts(plan.seeker, plan.slot, others=True).sum())
                yield self.standing(self.key(rung), taken, at_most=rung.seats - promise)
                continue
            placed = int(rung.counts(plan.seeker, plan.slot).sum()) if credited is None else credited[rung.number]
            if self.mode == "cap":
                yield self.standing(self.key(rung), placed, at_most=promise)
            else:
                hard = self.mode in ("minimum_hard", "over_and_above")
                merit = self.merit(rung) if self.mode == "over_and_above" else 0
                yield self.standing(self.key(rung), placed, at_least=promise + merit, hard=hard)

    def _credited(self, plan: Plan) -> dict[int, int]:
        """Assignments credited to each rung, when each counts for one unstackable promise only, as well as can be.

        Needs are filled in the order of hardness, then weight, then price; a rung that is full takes what nobody else needs.
        """
        needs: list[tuple[tuple[str, int], int, list[int]]] = []
        order = sorted(
            self._pool(plan.problem),
            key=lambda rule: (rule.mode not in ("minimum_hard", "over_and_above"), rule.mode == "minimum_soft", -(rule.price or rule.weight)),
        )
        for rule in order:
            for rung, promise in zip(rule.rungs(plan.problem), rule.promise_in(plan), strict=True):
                merit = rule.merit(rung) if rule.mode == "over_and_above" else 0
                needs.append(((rule.label, rung.number), promise + merit, np.flatnonzero(rung.counts(plan.seeker, plan.slot)).tolist()))
        held = share_out(needs)
        return {number: count for (label, number), count in held.items() if label == self.label}

    # -- when nothing fits ---------------------------------------------------------------------------------------

    def in_words(self, problem: Problem, key: str) -> str:
        cap = self.mode == "cap"
        whose = f"{'on' if cap else 'to'} {self.beneficiaries.describe()}" if self.label in ("", self.kind) else f'"{self.label}"'
        return f"the {'limit' if cap else 'promise'} {whose}" + (f", {key}" if key else "")

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return because(self, problem, key, value)

    def gives(self, problem: Problem, give: Give) -> str:
        return gives(self, problem, give)

    def firm(self) -> Reservation:
        may_be_missed = self.mode in ("minimum_best_effort", "minimum_soft")
        return self.model_copy(update={"mode": "minimum_hard", "price": None}) if may_be_missed else self

    def terms(self, plan: Plan, give: Give) -> tuple[int, int]:
        return terms(self, plan, give)

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        return mended(self, plan, gives)

    # -- report -------------------------------------------------------------------------------------------------

    def supply(self, problem: Problem, pairs: Pairs, rung: Rung) -> int:
        """Most beneficiaries that could be in the rung's slots at once."""
        return problem.once(("supply", rung, pairs), lambda: eligible_supply(pairs, rung.counts(pairs.seeker, pairs.slot), problem.openings))

    def merit(self, rung: Rung) -> int:
        """What the rung's beneficiaries win without the rule (over_and_above)."""
        if self.merit_count is None:
            raise ValueError(f"{self.name}: merit_count is not settled; see allocator.settle.")
        return self.merit_count[rung.number] if rung.number < len(self.merit_count) else 0

    def key(self, rung: Rung) -> str:
        """What reports call a rung: nothing for the promise itself."""
        return "" if rung.number == 0 else f"released to {rung.who.describe()}"


def _wanted(draft: Draft, pool: Sequence[Reservation]) -> Integers:
    """For each pair, how many of the pool's promises it counts for."""
    wanted = np.zeros(len(draft.pairs), dtype=np.int64)
    for rule in pool:
        for rung in rule.rungs(draft.problem):
            wanted += rung.counts(draft.pairs.seeker, draft.pairs.slot)
    return wanted


def _round(exact: Fraction, how: str) -> int:
    return {"floor": floor(exact), "ceil": ceil(exact)}.get(how, floor(exact + Fraction(1, 2)))
