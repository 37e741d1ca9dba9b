"""A point of a sweep: the policy at one value of each parameter, solved and judged, and how it compares with the other points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from allocator.engines.base import Status, StopReason
from allocator.engines.series import Road
from allocator.over import Value, value_of
from allocator.result import GoalResult
from allocator.variants import Variant


class Answer(Protocol):
    """What came of a policy, as much as a point tells: solved here (`Variant`), or read back (`Kept`)."""

    @property
    def status(self) -> Status: ...
    @property
    def stop_reason(self) -> StopReason: ...
    @property
    def found(self) -> bool: ...
    @property
    def goals(self) -> Sequence[GoalResult]: ...
    @property
    def maximized(self) -> Sequence[bool]: ...
    @property
    def of_filled(self) -> frozenset[str]: ...
    @property
    def placed(self) -> frozenset[str]: ...
    @property
    def road(self) -> Road: ...


@dataclass(frozen=True)
class Promise:
    """Where the promise (or limit) that is moved stands at a point, in `unit`; `short` is what a promise lacks, None for a limit."""

    label: str
    key: str
    promised: int
    filled: int
    short: int | None
    unit: str = "people"


@dataclass(frozen=True)
class Price:
    """By how much a goal's value changes with one more `per`, going down to the point (`below`) and on from it (`above`); None at the ends.

    `method` is `difference`, the quotient of two solved points that lie `below_step` and `above_step` apart, `exact` where both are proved; or `slope`,
    the piece of the linear relaxation's frontier that ends or begins here.
    """

    goal: str
    label: str
    unit: str
    parameter: str
    per: str
    method: Literal["difference", "slope"]
    below: float | None
    above: float | None
    below_step: float | None = None
    above_step: float | None = None
    exact: bool = True


@dataclass(frozen=True)
class Unoptimized:
    """What a way of filling slots that does not optimize reaches at a point; `keeps_every_rule` is about hard rules."""

    name: str
    placed: int
    keeps_every_rule: bool
    goals: tuple[GoalResult, ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        goals = [{"kind": goal.kind, "label": goal.label, "value": goal.value} for goal in self.goals]
        return {"name": self.name, "placed": self.placed, "keeps_every_rule": self.keeps_every_rule, "goals": goals}


@dataclass(frozen=True)
class Served:
    """People of a group in the pool, and those placed."""

    dimension: str
    group: str
    pool: int
    placed: int


@dataclass(frozen=True, eq=False)
class Point:
    """The policy at one value of each parameter, solved and judged. `newly_placed` and `lost` count people against the point before (None for the first)."""

    texts: tuple[str, ...]
    answer: Answer
    promises: tuple[Promise, ...]
    seconds: float
    prices: tuple[Price, ...] = ()
    newly_placed: int | None = None
    lost: int | None = None
    dominated: bool = False
    dominated_by: tuple[Value, ...] | None = None
    baselines: tuple[Unoptimized, ...] = ()
    served: tuple[Served, ...] = ()

    @property
    def variant(self) -> Variant:
        """The answer with its program and plan, where it was solved here. Raises AttributeError where it was read back."""
        if isinstance(self.answer, Variant):
            return self.answer
        raise AttributeError("The point was read back; its program and plan are not here.")

    @property
    def values(self) -> tuple[Value, ...]:
        """The parameters' values."""
        return tuple(value_of(text) for text in self.texts)

    @property
    def status(self) -> Status:
        """As a result has it."""
        return self.answer.status

    @property
    def stop_reason(self) -> StopReason:
        """As a result has it."""
        return self.answer.stop_reason

    @property
    def verified(self) -> bool:
        """Whether there is a plan; every plan was judged by the law of its own policy."""
        return self.answer.found

    @property
    def placed(self) -> int | None:
        """People placed; None where there is no plan."""
        return len(self.answer.placed) if self.verified else None

    @property
    def goals(self) -> tuple[GoalResult, ...]:
        """Each goal with its value and bound."""
        return tuple(self.answer.goals)

    @property
    def promised(self) -> int | None:
        """Seats promised in all by what is moved; None where it promises none."""
        asked = [promise.promised for promise in self.promises if promise.short is not None]
        return sum(asked) if asked else None

    @property
    def kept(self) -> int:
        """Promised seats that are filled."""
        return sum(min(promise.promised, promise.filled) for promise in self.promises if promise.short is not None)

    def value(self, number: int) -> float | None:
        """A goal's value by its number; None where there is none."""
        return self.goals[number].value if number < len(self.goals) else None

    def maximizes(self, number: int) -> bool:
        """Whether more is better in a goal."""
        return self.answer.maximized[number]

    def as_dict(self) -> dict[str, Any]:
        """The point as plain JSON data."""
        return {
            "value": self.values[0],
            "values": list(self.values),
            "status": self.status,
            "stop_reason": self.stop_reason,
            "verified": self.verified,
            "placed": self.placed,
            "promises": [asdict(promise) for promise in self.promises],
            "goals": [vars(goal) for goal in self.goals],
            "prices": [asdict(price) for price in self.prices],
            "newly_placed": self.newly_placed,
            "lost": self.lost,
            "dominated": self.dominated,
            "dominated_by": None if self.dominated_by is None else list(self.dominated_by),
            "baselines": [baseline.as_dict() for baseline in self.baselines],
            "served": self._served(),
            "road": self.answer.road,
            "seconds": round(self.seconds, 4),
        }

    def _served(self) -> dict[str, dict[str, dict[str, int]]]:
        told: dict[str, dict[str, dict[str, int]]] = {}
        for each in self.served:
            told.setdefault(each.dimension, {})[each.group] = {"pool": each.pool, "placed": each.placed}
        return told
