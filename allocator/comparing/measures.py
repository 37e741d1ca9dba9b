"""Goals and rules of two plans side by side, each with who does better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from allocator.comparing.side import Side
from allocator.constraints.base import Standing
from allocator.goals.base import Goal
from allocator.registry import discover
from allocator.result import Amount, GoalResult

Verdict = Literal["better", "worse", "same", "unknown"]
"""The other against the base."""


@dataclass(frozen=True)
class GoalLine:
    """A goal on both sides, in its unit; None on a side that does not have it or does not know it."""

    kind: str
    label: str
    unit: str
    base: Amount | None
    other: Amount | None
    smaller_is_better: bool

    @property
    def difference(self) -> Amount | None:
        """The other's value less the base's."""
        if self.base is None or self.other is None:
            return None
        difference = self.other - self.base
        return difference if isinstance(difference, int) else round(difference, 2)

    @property
    def verdict(self) -> Verdict:
        """Whether the other is better."""
        if self.difference is None:
            return "unknown"
        return "same" if self.difference == 0 else "better" if (self.difference < 0) is self.smaller_is_better else "worse"

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        return {
            "kind": self.kind, "label": self.label, "unit": self.unit, "base": self.base, "other": self.other,
            "difference": self.difference, "verdict": self.verdict,
        }  # fmt: skip


@dataclass(frozen=True)
class RuleLine:
    """One line of a rule on both sides; None on a side that does not have it."""

    kind: str
    label: str
    key: str
    unit: str
    base: Standing | None
    other: Standing | None

    @property
    def missed(self) -> tuple[int | None, int | None]:
        """By how much each side misses it; 0 where it is kept."""
        before, after = (None if line is None else max(0, -(line.slack or 0)) for line in (self.base, self.other))
        return before, after

    @property
    def verdict(self) -> Verdict:
        """Whether the other misses it by less: what is kept on both sides is the same, whatever room is left."""
        before, after = self.missed
        if before is None or after is None:
            return "unknown"
        return "same" if before == after else "better" if after < before else "worse"

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return self.base != self.other

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        sides = (
            None if line is None else {"achieved": line.achieved, "at_least": line.at_least, "at_most": line.at_most, "hard": line.hard, "missed_by": missed}
            for line, missed in zip((self.base, self.other), self.missed, strict=True)
        )
        base, other = sides
        difference = None if self.base is None or self.other is None else self.other.achieved - self.base.achieved
        return {
            "kind": self.kind, "label": self.label, "key": self.key, "unit": self.unit, "base": base, "other": other,
            "difference": difference, "verdict": self.verdict,
        }  # fmt: skip


def goals(base: Side, other: Side) -> Iterator[GoalLine]:
    """The base's goals in their order, then those that only the other has."""
    before, after = ({(goal.kind, goal.label): goal for goal in side.goals} for side in (base, other))
    for kind, label in dict.fromkeys([*before, *after]):
        here, there = before.get((kind, label)), after.get((kind, label))
        said = cast(GoalResult, here or there)
        smaller = cast(type[Goal], discover("goals")[kind]).smaller_is_better
        yield GoalLine(kind, label, said.unit, here.value if here else None, there.value if there else None, smaller)


def rules(base: Side, other: Side) -> Iterator[RuleLine]:
    """The base's rules in their order, line by line, then those that only the other has."""
    before, after = ({(line.kind, line.label, line.key): line for line in side.rules} for side in (base, other))
    for kind, label, key in dict.fromkeys([*before, *after]):
        here, there = before.get((kind, label, key)), after.get((kind, label, key))
        yield RuleLine(kind, label, key, cast(Standing, here or there).unit, here, there)
