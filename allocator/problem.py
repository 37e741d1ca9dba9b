"""A problem: facts and wishes together, and what follows from both before anything is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from allocator.errors import Fault, InputError
from allocator.registry import discover
from allocator.scenario import YES, Integers, Mask, Positions, Scenario

if TYPE_CHECKING:
    from allocator.eligibility.base import Eligibility
    from allocator.goals.base import Goal
    from allocator.policy import Policy

T = TypeVar("T")

FROZEN_STATUSES = ("accepted", "started")
COMMITTED_STATUSES = ("offered", "accepted", "started")
CLOSED_STATUSES = ("declined", "completed")

STATUTORY_TIERS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True)
class SlotSeeker:
    """Pairs by position: `seeker[k]` with `slot[k]`."""

    seeker: Positions
    slot: Positions


@dataclass(frozen=True, eq=False)
class Problem:
    """A scenario under a policy, with the policy's defaults written out. `seed` decides what chance decides."""

    scenario: Scenario
    policy: Policy
    seed: int = 0
    _memory: dict[object, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policy", self.policy.resolved(self.scenario))

    def once(self, what: object, make: Callable[[], T]) -> T:
        """Compute what follows from the problem alone, and keep it."""
        if what not in self._memory:
            self._memory[what] = make()
        return cast(T, self._memory[what])

    def under(self, policy: Policy) -> Problem:
        """The same facts under another policy. What constraints find out about seats and supply is kept; right only where the two policies differ
        in constraints alone."""
        other = Problem(self.scenario, policy, self.seed)
        other._memory.update({what: found for what, found in self._memory.items() if isinstance(what, tuple) and what[0] in ("rungs", "supply")})
        return other

    @property
    def eligibility(self) -> tuple[Eligibility, ...]:
        """The eligibility rules in force."""
        return self.policy.eligibility or ()

    @cached_property
    def goals(self) -> tuple[Goal, ...]:
        """The goals in order, with `shortfall` first where the policy does not place it."""
        goals = self.policy.goals or ()
        if any(goal.kind == "shortfall" for goal in goals):
            return goals
        return (discover("goals")["shortfall"](kind="shortfall", label="shortfall"), *goals)  # type: ignore[arg-type]

    def require_sound(self) -> list[Fault]:
        """The warnings about the policy; InputError with every fault where it does not fit the facts."""
        faults = list(self.faults())
        if any(fault.severity == "error" for fault in faults):
            raise InputError(faults)
        return faults

    def faults(self) -> Iterator[Fault]:
        """What the rules and goals find wrong with their own parameters, in the light of the facts."""
        for rule in (*self.eligibility, *self.policy.constraints, *self.goals):
            yield from rule.faults(self)

    @cached_property
    def openings(self) -> Integers:
        """Openings of each slot."""
        return self.scenario.integers("slots", "openings", unknown=0)

    @cached_property
    def as_of(self) -> np.datetime64:
        """The day the facts are looked at."""
        return np.datetime64(self.scenario.as_of, "D")

    @cached_property
    def tier_names(self) -> tuple[str, ...]:
        """Names of the priority tiers, first served first: the statutory five, tier 4 split where the policy does."""
        local = self.policy.local_tiers
        if len(local) <= 1:
            return STATUTORY_TIERS
        return ("1", "2", "3", *(f"4{chr(ord('a') + k)}" for k in range(len(local))), "5")

    @cached_property
    def tiers(self) -> Positions:
        """Each seeker's priority tier, as a position in `tier_names`.

        1 veterans and eligible spouses who receive public assistance, have low income or are basic skills deficient;
        2 others in those three groups; 3 other veterans and eligible spouses; 4 groups named by the Governor or the
        local board (`local_tiers`); 5 everyone else. Only what is recorded as yes counts.
        Source: WIOA 134(c)(3)(E), 20 CFR 680.600 and 1010, TEGL 19-16.
        """
        facts = self.scenario
        veteran = facts.flags("seekers", "veteran") == YES
        need = np.zeros(facts.size("seekers"), dtype=bool)
        for column in ("public_assistance", "low_income", "basic_skills_deficient"):
            need |= facts.flags("seekers", column) == YES
        last = len(self.tier_names) - 1
        tier = np.full(facts.size("seekers"), last, dtype=np.int32)
        populations = facts.lists("seekers", "populations")
        for k in reversed(range(len(self.policy.local_tiers))):
            tier[populations.any_of(frozenset(self.policy.local_tiers[k]))] = 3 + k
        tier[veteran] = 2
        tier[need] = 1
        tier[veteran & need] = 0
        return tier

    @cached_property
    def in_pool(self) -> Mask:
        """Seekers whose status is active."""
        status = self.scenario.coded("seekers", "status")
        return np.asarray(status.codes == status.code("active"))

    @cached_property
    def slot_staff(self) -> Positions:
        """Each slot's business services representative: its own, else its employer's; -1 where there is none."""
        own = self.scenario.link("slots", "staff_id")
        employer = self.scenario.link("slots", "employer_id")
        account = self.scenario.link("employers", "staff_id")
        inherited = np.where(employer >= 0, account[employer] if len(account) else -1, -1)
        return np.where(own >= 0, own, inherited).astype(np.int32)

    @cached_property
    def seeker_staff(self) -> Positions:
        """Each seeker's own staff member: the coach, else the liaison of the center; -1 where there is neither."""
        own = self.scenario.link("seekers", "staff_id")
        liaison = np.append(self.scenario.link("centers", "staff_id"), np.int32(-1))
        return np.where(own >= 0, own, liaison[self.scenario.link("seekers", "center_id")]).astype(np.int32)

    @cached_property
    def reverse_referrals(self) -> Mask:
        """Slots whose trainee the employer named."""
        origin = self.scenario.coded("slots", "origin")
        named = self.scenario.coded("slots", "designated_seeker_id").codes >= 0
        return np.asarray((origin.codes == origin.code("reverse_referral")) | named)

    @cached_property
    def reference(self) -> tuple[Positions, Positions]:
        """Who holds what in the reference, as (seeker, slot), for those whom a plan could keep there or move; slot -1 where the slot is gone.

        Left out is who has left the pool since, who has declined or completed that slot, and who has begun at another: no plan moves them.
        """
        facts = self.scenario
        if not facts.has("reference"):
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
        table = facts.tables["reference"]
        seeker = facts.positions("seekers", table["seeker_id"].to_numpy(dtype=object))
        slot = facts.positions("slots", table["slot_id"].to_numpy(dtype=object))
        seeker, slot = seeker[seeker >= 0], slot[seeker >= 0]
        width = facts.size("slots") + 1  # slot -1 is one more

        def among(statuses: tuple[str, ...]) -> tuple[Mask, Mask]:
            listed = self.commitments(statuses)
            here = np.isin(seeker.astype(np.int64) * width + slot, listed.seeker.astype(np.int64) * width + listed.slot)
            return here, np.isin(seeker, listed.seeker)

        begun_here, begun = among(FROZEN_STATUSES)
        ended, _ = among(CLOSED_STATUSES)
        counts = (self.in_pool[seeker] | begun_here) & ~ended & (begun_here | ~begun)
        return seeker[counts], slot[counts]

    def commitments(self, statuses: tuple[str, ...]) -> SlotSeeker:
        """Committed pairs in one of these statuses, whose seeker and slot are both in the scenario."""
        facts = self.scenario
        if not facts.has("commitments"):
            return SlotSeeker(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32))
        status = facts.coded("commitments", "status")
        wanted = np.isin(status.codes, [status.code(name) for name in statuses])
        seeker, slot = facts.link("commitments", "seeker_id"), facts.link("commitments", "slot_id")
        known = wanted & (seeker >= 0) & (slot >= 0)
        return SlotSeeker(seeker[known], slot[known])

    def days_since(self, table: str, column: str) -> Integers:
        """Calendar days from the column's day to `as_of`; -1 where the day is unknown or still ahead."""
        day = self.scenario.days(table, column)
        known = ~np.isnat(day) & (day <= self.as_of)
        count = np.full(len(day), -1, dtype=np.int64)
        count[known] = (self.as_of - day[known]).astype(np.int64)
        return count
