"""What differs between two plans, why, and for whom: inputs, goals, rules, people flow, groups, staff.

A plan may be the answer of a run, a hand-made one, or a baseline; the two may be of different scenarios (last night's and tonight's).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from allocator.comparing.doubt import Doubt
from allocator.comparing.flow import Flow
from allocator.comparing.groups import GroupLine, groups
from allocator.comparing.inputs import InputsDiffer
from allocator.comparing.measures import GoalLine, RuleLine, goals, rules
from allocator.comparing.side import Side, baselines
from allocator.comparing.staff import StaffLine, staff
from allocator.wording import goal_words, with_unit

__all__ = ["Comparison", "Side", "baselines", "compare", "document"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """The base, another plan, and what differs. Everything is computed when it is asked for."""

    base: Side
    other: Side

    @cached_property
    def inputs(self) -> InputsDiffer:
        """What went in and is not the same."""
        return InputsDiffer(self.base, self.other)

    @cached_property
    def goals(self) -> list[GoalLine]:
        """Goals side by side."""
        return list(goals(self.base, self.other))

    @cached_property
    def rules(self) -> list[RuleLine]:
        """Rules side by side."""
        return list(rules(self.base, self.other))

    @cached_property
    def flow(self) -> Flow:
        """What becomes of each person."""
        return Flow.between(self.base, self.other)

    @cached_property
    def groups(self) -> list[GroupLine]:
        """Who is served."""
        return list(groups(self.base, self.other))

    @cached_property
    def staff(self) -> list[StaffLine]:
        """Staff load."""
        return list(staff(self.base, self.other))

    @property
    def decided_by(self) -> GoalLine | None:
        """The first goal in which the two differ; None where they are equally good, or have not the same goals with known values."""
        if [(goal.kind, goal.label) for goal in self.base.goals] != [(goal.kind, goal.label) for goal in self.other.goals]:
            return None
        return next((line if line.verdict != "unknown" else None for line in self.goals if line.verdict != "same"), None)

    @property
    def doubt(self) -> Doubt:
        """What the two leave open, so that nobody blames a change for what the search did."""
        return Doubt(self.base, self.other, self.decided_by)

    @property
    def comparable(self) -> bool:
        """Whether both have a plan. Nobody has lost a slot to a run that has none."""
        return self.base.has_plan and self.other.has_plan

    @property
    def sentence(self) -> str:
        """What it comes to, in a few sentences: what differs, and what of that is not proved."""
        for side in (self.base, self.other):
            if not side.has_plan:
                return f"{side.name} has no plan to compare: it is {side.status.replace('_', ' ')}."
        return f"{self._differs} {self.doubt.sentence}".rstrip()

    @property
    def _differs(self) -> str:
        more, decided = self.other.placed - self.base.placed, self.decided_by
        said = "As many placed" if more == 0 else f"{abs(more):,} {'more' if more > 0 else 'fewer'} placed"
        said = f"{said} ({self.other.placed:,} and {self.base.placed:,})."
        if self.other.broken:
            said += f" It breaks {len(self.other.broken):,} hard rule{'' if len(self.other.broken) == 1 else 's'}, so it is no plan to carry out."
        if decided is not None:
            by = with_unit(abs(decided.difference or 0), decided.unit)
            return f"{said} {decided.verdict.capitalize()} by {by} in {goal_words(decided.kind, decided.label)}, the first goal in which they differ."
        return f"{said} Equally good in every goal." if self.goals and all(line.verdict == "same" for line in self.goals) else said

    def as_dict(self, *, only_differences: bool = False) -> dict[str, Any]:
        """The comparison as plain JSON data; `only_differences` leaves out lines and people that are the same.

        Where one of the two has no plan, nothing is said of rules, people, groups and staff.
        """
        decided = self.decided_by
        told = {
            "base": _side(self.base),
            "other": _side(self.other),
            "sentence": self.sentence,
            "decided_by": None if decided is None else {"goal": decided.label, "verdict": decided.verdict},
            "unproved": [asdict(line) for line in self.doubt.lines] if self.comparable else [],
            "inputs": self.inputs.as_dict(),
            "goals": [line.as_dict() for line in self.goals if line.verdict != "same" or not only_differences],
        }
        if not self.comparable:
            return {**told, "rules": [], "flow": {}, "people": [], "matrix": [], "groups": [], "staff": []}
        return {
            **told,
            "rules": [line.as_dict() for line in self.rules if line.differs or not only_differences],
            "flow": self.flow.counts,
            "people": list(self.flow.lines(only_differences=only_differences)),
            "matrix": list(self.flow.moves(only_differences=only_differences)),
            "groups": [line.as_dict() for line in self.groups if line.differs or not only_differences],
            "staff": [line.as_dict() for line in self.staff if line.differs or not only_differences],
        }


def compare(base: Side, other: Side) -> Comparison:
    """Two plans, `other` seen from `base`."""
    return Comparison(base, other)


def document(comparisons: Sequence[Comparison], *, only_differences: bool = False) -> dict[str, Any]:
    """Several comparisons against one base as one JSON document: the first one's keys, and all of them under `results`."""
    told = [comparison.as_dict(only_differences=only_differences) for comparison in comparisons]
    return {**told[0], "results": told}


def _side(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "about": side.about,
        "scenario": side.scenario.name,
        "as_of": side.scenario.as_of.isoformat(),
        "status": side.status,
        "has_plan": side.has_plan,
        "placed": side.placed,
        "pool": int(side.pool.sum()),
        "broken": [violation.as_dict() for violation in side.broken],
    }
