"""What a constraint says twice: as rows over pair columns, and as law over a handful of assignments."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from allocator.rule import Rule

if TYPE_CHECKING:
    from allocator.plan import Plan
    from allocator.program import Draft, Rows

SEAT = 1_000_000
"""The price of bending a rule by one seat; other units are priced against it when nothing fits."""


@dataclass(frozen=True)
class Standing:
    """Where one promise or limit stands in a plan: what is asked, what is reached. Integers in `unit`."""

    kind: str
    label: str
    key: str
    achieved: int
    at_least: int | None = None
    at_most: int | None = None
    unit: str = "people"
    hard: bool = True

    @property
    def required(self) -> int | None:
        """The bound that the plan comes closest to (or breaks)."""
        if self.at_least is None or (self.at_most is not None and self.at_most - self.achieved < self.achieved - self.at_least):
            return self.at_most
        return self.at_least

    @property
    def slack(self) -> int | None:
        """Room left to that bound; negative where it is missed."""
        if self.required is None:
            return None
        return self.required - self.achieved if self.required is self.at_most else self.achieved - self.required

    def as_dict(self) -> dict[str, Any]:
        """The standing as plain JSON data, one line of `rules.csv`."""
        line = asdict(self)
        bounds = {name: line.pop(name) for name in ("at_least", "at_most")}
        return {**line, "required": self.required, "slack": self.slack, **bounds}


@dataclass(frozen=True)
class Violation:
    """One way in which a plan breaks a rule: which rule, where, by how much, in one sentence."""

    kind: str
    label: str
    key: str
    message: str
    excess: int = 0
    unit: str = "people"

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """The violation as plain JSON data."""
        return asdict(self)


class Constraint(Rule):
    """A rule over many pairs at once."""

    folder: ClassVar[str] = "constraints"

    @abstractmethod
    def rows(self, draft: Draft) -> Iterator[Rows]:
        """The rule as mathematics: rows over the pair columns, vectorised, and columns of its own where it needs them."""

    @abstractmethod
    def violations(self, plan: Plan) -> Iterator[Violation]:
        """The rule as law: every way in which the plan breaks it. Knows assignments and tables; no pairs, no solver."""

    @abstractmethod
    def standings(self, plan: Plan) -> Iterator[Standing]:
        """Where each of the rule's promises and limits stands, kept or not."""

    def standing(
        self, key: str, achieved: int, *, at_least: int | None = None, at_most: int | None = None, unit: str = "people", hard: bool = True
    ) -> Standing:
        """A standing of this entry."""
        return Standing(self.kind, self.label or self.kind, key, int(achieved), at_least, at_most, unit, hard)

    def violation(self, key: str, message: str, excess: int = 0, unit: str = "people") -> Violation:
        """A violation of this entry."""
        return Violation(self.kind, self.label or self.kind, key, message, int(excess), unit)
