"""What two plans leave open: where one of them is not proved best, what differs may come from the search and not from what was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allocator.comparing.measures import GoalLine
from allocator.comparing.side import Side
from allocator.result import Amount, GoalResult

UNPROVED = "feasible"
"""Status of a run whose answer keeps every rule and is not proved best. A plan that somebody made claims nothing, so nothing of it is open."""


@dataclass(frozen=True)
class Unproved:
    """The first goal in which a run is not proved best; `gap` is None where no bound is known."""

    side: str
    goal: str
    gap: float | None

    @property
    def words(self) -> str:
        """As a part of a sentence."""
        return f"{self.side} has no known bound in {self.goal}" if self.gap is None else f"{self.side} has a gap of {self.gap:.2%} in {self.goal}"


@dataclass(frozen=True, eq=False)
class Doubt:
    """Where the two sides are not proved best, up to the goal that decides between them (in all goals, where none does)."""

    base: Side
    other: Side
    decided: GoalLine | None

    @property
    def lines(self) -> list[Unproved]:
        """The first such goal of each side."""
        return [Unproved(side.name, goal.label or goal.kind, goal.gap) for side in (self.base, self.other) for goal in self._open(side)]

    @property
    def sentence(self) -> str:
        """What may not be concluded; empty where everything is proved that counts."""
        lines = self.lines
        if not lines:
            return ""
        said = "; ".join(line.words for line in lines)
        if self._certain():
            return f"Which of the two can be better is proved, by how much is not: {said}."
        return f"What differs may lie within what is not proved, and come from the search, not from what was changed: {said}."

    def _open(self, side: Side) -> Iterator[GoalResult]:
        if side.status != UNPROVED:
            return
        for goal in side.goals:
            if goal.gap != 0:
                yield goal
                return
            if self._decides(goal):
                return

    def _decides(self, goal: GoalResult) -> bool:
        return self.decided is not None and (goal.kind, goal.label) == (self.decided.kind, self.decided.label)

    def _certain(self) -> bool:
        """Whether the best of the one and the best of the other lie apart, wherever they are between value and bound. In a later goal than the first that
        is open, nothing of that is known."""
        first = [goal for side in (self.base, self.other) for goal in self._open(side)]
        if self.decided is None or not all(self._decides(goal) for goal in first):
            return False
        ranges = [_range(side, next(goal for goal in side.goals if self._decides(goal))) for side in (self.base, self.other)]
        return all(ranges) and (max(ranges[0]) < min(ranges[1]) or max(ranges[1]) < min(ranges[0]))


def _range(side: Side, goal: GoalResult) -> Sequence[Amount]:
    """From what is reached to what is proved; empty where that is not known. Of a plan that claims nothing, only what it reaches."""
    if goal.value is None or (side.status == UNPROVED and goal.bound is None):
        return ()
    return (goal.value,) if side.status != UNPROVED or goal.bound is None else (goal.value, goal.bound)
