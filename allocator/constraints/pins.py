"""A person's decision about a pair stands.

    x[i, j] = 1   for every pair pinned with `fix`
    x[i, j] = 0   for every pair pinned with `forbid`

Pins come from the scenario's `pins` table and from the policy's `pins`, each with its reason, author and last day. A pin that has expired is
ignored. Pins that contradict each other, the openings, a commitment, or an eligibility rule are found before anything is solved, and named.

Why: staff know things that no table holds; the computer works around them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation
from allocator.errors import Fault
from allocator.pairs import listed, reasons
from allocator.plan import Plan
from allocator.problem import CLOSED_STATUSES, FROZEN_STATUSES, Problem
from allocator.program import Draft, Rows
from allocator.records import table_path
from allocator.scenario import Positions


class PinnedPair(BaseModel):
    """One decision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeker_id: str = Field(description="Whose.")
    slot_id: str = Field(description="Which slot.")
    action: Literal["fix", "forbid"] = Field(description="fix: they get it; forbid: they do not.")
    reason: str = Field("", description="Why, in the words of whoever decided.")
    author: str = Field("", description="Who decided.")
    expires: date | None = Field(None, description="Last day on which the pin holds; for good where absent.")


class Decision(NamedTuple):
    """A pin in force, by position, with the words that name it."""

    seeker: int
    slot: int
    action: str
    words: str
    path: str
    """Where it is told, as change sets write it: `pins[S1,J1]`."""


class Pins(Constraint):
    """In force as soon as the scenario has a pins table or the policy lists pins."""

    kind: Literal["pins"] = "pins"
    pins: tuple[PinnedPair, ...] = Field((), description="Pins of the policy, beside those in the scenario's pins table.")

    def faults(self, problem: Problem) -> Iterator[Fault]:
        for said in self.pins:
            for table, name in (("seekers", said.seeker_id), ("slots", said.slot_id)):
                if problem.scenario.position(table, name) < 0:
                    yield self.fault(
                        "unknown_pin",
                        f"The pin of {said.seeker_id} and {said.slot_id} names {name}, which {table} does not have.",
                        "Correct the id or delete the pin.",
                        field="pins",
                        value=name,
                    )
        decisions = self._decisions(problem)
        entries = [rule for rule in problem.policy.constraints if isinstance(rule, Pins)]
        if entries[0].label == self.label:
            every = {(pin.seeker, pin.slot, pin.action): pin for entry in entries for pin in entry._decisions(problem)}
            yield from self._contradictions(problem, list(every.values()))
        fixed = [pin for pin in decisions if pin.action == "fix"]
        for pin in fixed:
            refused = reasons(problem, pin.seeker, pin.slot)
            if refused:
                kind, why = refused[0]
                yield self.fault(
                    "pin_ineligible",
                    f"{pin.words} cannot hold: {kind} refuses the pair. {why}",
                    "Delete the pin, or mend the facts.",
                    field="pins",
                    value=pin.path,
                )
        if problem.scenario.has("pairs"):
            there = listed(problem, *_positions(fixed))
            for pin, brought in zip(fixed, there.tolist(), strict=True):
                if not brought:
                    yield self.fault(
                        "pin_without_pair",
                        f"{pin.words} cannot hold: the pair is not in pairs.",
                        "Add the pair with its score, or delete the pin.",
                        field="pins",
                        value=pin.path,
                    )

    def _contradictions(self, problem: Problem, decisions: list[Decision]) -> Iterator[Fault]:
        facts, begun, closed = problem.scenario, problem.commitments(FROZEN_STATUSES), problem.commitments(CLOSED_STATUSES)
        of_pair: dict[tuple[int, int], list[Decision]] = defaultdict(list)
        of_seeker: dict[int, list[Decision]] = defaultdict(list)
        of_slot: dict[int, list[Decision]] = defaultdict(list)
        started = [
            Decision(one, other, "fix", f"the begun pair {who} at {where}", table_path("commitments", (who, where)))
            for one, other in zip(begun.seeker.tolist(), begun.slot.tolist(), strict=True)
            for who, where in [(str(facts.ids("seekers")[one]), str(facts.ids("slots")[other]))]
        ]
        ended = set(zip(closed.seeker.tolist(), closed.slot.tolist(), strict=True))
        for pin in [*started, *decisions]:
            of_pair[pin.seeker, pin.slot].append(pin)
            if pin.action == "fix" and not any((other.seeker, other.slot) == (pin.seeker, pin.slot) for other in of_seeker[pin.seeker]):
                of_seeker[pin.seeker].append(pin)
                of_slot[pin.slot].append(pin)
        mend = "Delete one of them."
        for pair, pins in of_pair.items():
            of_action = {pin.action: pin for pin in reversed(pins)}
            if len(of_action) > 1:
                yield self.fault("pins_conflict", f"{of_action['fix'].words} contradicts {of_action['forbid'].words}.", mend, field="pins", value=_paths(pins))
            if "fix" in of_action and pair in ended:
                name = f"{facts.ids('seekers')[pair[0]]} at {facts.ids('slots')[pair[1]]}"
                yield self.fault("pins_conflict", f"{of_action['fix'].words} contradicts the ended pair {name}.", mend, field="pins", value=_paths(pins))
        for seeker, pins in of_seeker.items():
            if len(pins) > 1:
                yield self.fault(
                    "pins_conflict",
                    f"{facts.ids('seekers')[seeker]} cannot hold two slots: {' and '.join(pin.words for pin in pins)}.",
                    mend,
                    field="pins",
                    value=_paths(pins),
                )
        for slot, pins in of_slot.items():
            openings = int(problem.openings[slot])
            if len(pins) > openings:
                yield self.fault(
                    "pins_conflict",
                    f"{facts.ids('slots')[slot]} has {openings} openings but {len(pins)} fixed people: {' and '.join(pin.words for pin in pins)}.",
                    mend,
                    field="pins",
                    value=_paths(pins),
                )

    def rows(self, draft: Draft) -> Iterator[Rows]:
        decisions = self._decisions(draft.problem)
        number = draft.pairs.find(*_positions(decisions))
        there = np.flatnonzero(number >= 0)
        bound = np.array([pin.action == "fix" for pin in decisions], dtype=np.int64)
        names = [pin.words for pin in decisions]
        yield Rows(self.kind, self.label, names, bound, bound, pair=number[there], row=there, bend=SEAT)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        planned = set(zip(plan.seeker.tolist(), plan.slot.tolist(), strict=True))
        for pin in self._decisions(plan.problem):
            if ((pin.seeker, pin.slot) in planned) is not (pin.action == "fix"):
                yield self.violation(pin.words, f"{pin.words} is not kept.", 1)

    def standings(self, plan: Plan) -> Iterator[Standing]:
        decisions = self._decisions(plan.problem)
        broken = sum(1 for _ in self.violations(plan))
        yield self.standing("pins kept", len(decisions) - broken, at_least=len(decisions), unit="pins")

    def in_words(self, problem: Problem, key: str) -> str:
        return key

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"{key} stands"

    def gives(self, problem: Problem, give: Give) -> str:
        return f"T{give.key.removeprefix('t')} cannot be kept"

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        facts, dropped = plan.problem.scenario, {give.key for give in gives}
        pairs = {(pin.seeker, pin.slot, pin.action) for pin in self._decisions(plan.problem) if pin.words in dropped}
        ids = sorted((str(facts.ids("seekers")[seeker]), str(facts.ids("slots")[slot]), action) for seeker, slot, action in pairs)
        kept = [pin for pin in self.pins if (pin.seeker_id, pin.slot_id, pin.action) not in ids]
        if len(kept) < len(self.pins):
            yield Mend("set", self.place("pins"), [pin.model_dump(mode="json", exclude_defaults=True) for pin in kept])
        if facts.has("pins"):
            said = facts.tables["pins"]
            there = set(zip(said["seeker_id"], said["slot_id"], said["action"], strict=True))
            yield from (Mend("remove", f"pins[{seeker},{slot}]") for seeker, slot, action in ids if (seeker, slot, action) in there)

    def _decisions(self, problem: Problem) -> list[Decision]:
        """Pins in force on the day, from the table and from the policy; a pin said twice counts once."""
        facts = problem.scenario
        found: dict[tuple[int, int, str], Decision] = {}
        said = [(pin.seeker_id, pin.slot_id, pin.action, pin.reason, pin.author, pin.expires) for pin in self.pins]
        if facts.has("pins"):
            table = facts.tables["pins"].reindex(columns=["seeker_id", "slot_id", "action", "reason", "author", "expires"]).astype(object)
            table = table.where(table.notna(), None)
            said += [(*row[:5], row[5].date() if row[5] is not None else None) for row in table.itertuples(index=False, name=None)]
        for seeker_id, slot_id, action, reason, author, expires in said:
            seeker, slot = facts.position("seekers", seeker_id), facts.position("slots", slot_id)
            if seeker >= 0 and slot >= 0 and (expires is None or expires >= facts.as_of):
                words = f"the pin {'fixing' if action == 'fix' else 'forbidding'} {seeker_id} at {slot_id}"
                words += f" by {author}" if author else ""
                words += f" ({reason})" if reason else ""
                found.setdefault((seeker, slot, action), Decision(seeker, slot, action, words, table_path("pins", (seeker_id, slot_id))))
        return list(found.values())


def _paths(decisions: list[Decision]) -> str:
    """Where decisions are told."""
    return ", ".join(dict.fromkeys(pin.path for pin in decisions))


def _positions(decisions: list[Decision]) -> tuple[Positions, Positions]:
    """Seekers and slots of the decisions, as columns."""
    return np.array([pin.seeker for pin in decisions], dtype=np.int32), np.array([pin.slot for pin in decisions], dtype=np.int32)
