"""What a constraint says twice: as rows over pair columns, and as law over a handful of assignments."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from allocator.rule import Rule

if TYPE_CHECKING:
    from allocator.plan import Plan
    from allocator.problem import Problem
    from allocator.program import Draft, Rows

SEAT = 1_000_000
"""The price of bending a rule by one seat; other units are priced against it when nothing fits."""
UNITS = {"staff_capacity": "points", "budget": "cents"}
"""What the rows of a kind of rule count, where it is not people."""
MILLIONTHS = 1_000_000
"""Shares have six decimals at most."""


@dataclass(frozen=True)
class Give:
    """One side of one row that gives way when nothing fits: the row's `key`, whether it is the `lower` side, what is asked and what is possible."""

    key: str
    lower: bool
    asked: int
    possible: int


@dataclass(frozen=True)
class Mend:
    """One change that a repair makes: `op` (set or remove) at `path`, as change sets have it; `note` where it changes more than what gives way."""

    op: Literal["set", "remove"]
    path: str
    value: Any = None
    note: str = ""


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

    # -- when nothing fits --------------------------------------------------------------------------------------------

    def in_words(self, problem: Problem, key: str) -> str:
        """What a row limits or promises, as people call it in a sentence: "the staff time of ANN"."""
        return f"{self.name} for {key}" if key else self.name

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        """What one side of a row says, as part of a sentence: what stands in another rule's way."""
        where = f" for {key}" if key else ""
        return f"{self.name} asks for at {'least' if lower else 'most'} {value}{where}"

    def gives(self, problem: Problem, give: Give) -> str:
        """How far a row can be kept, as a sentence without its full stop."""
        where = f" for {give.key}" if give.key else ""
        if give.lower:
            return f"At most {give.possible} of the {give.asked} that {self.name} asks for{where} can be reached"
        return f"{self.name} would have to allow {give.possible} rather than {give.asked}{where}"

    def firm(self) -> Constraint:
        """The rule with nothing in it that may be missed."""
        return self

    def terms(self, plan: Plan, give: Give) -> tuple[int, int]:
        """What is promised and what is possible in the planner's units, where the row counts in others; `plan` is one that the bends allow."""
        return give.asked, give.possible

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        """The rule's own parameters (or the facts it reads) changed so that it asks for no more than what is possible. `plan` is one that the bends allow.

        A rule that cannot say so is switched off.
        """
        yield Mend("set", self.place("enabled"), False, f"{self.name} has no parameter that could say it, and is switched off.")

    def place(self, field: str) -> str:
        """Where a parameter of this entry is, as `--set` has it."""
        return f"{self.folder}.{self.name}.{field}"

    def standing(
        self, key: str, achieved: int, *, at_least: int | None = None, at_most: int | None = None, unit: str = "people", hard: bool = True
    ) -> Standing:
        """A standing of this entry."""
        return Standing(self.kind, self.label or self.kind, key, int(achieved), at_least, at_most, unit, hard)

    def violation(self, key: str, message: str, excess: int = 0, unit: str = "people") -> Violation:
        """A violation of this entry."""
        return Violation(self.kind, self.label or self.kind, key, message, int(excess), unit)


def furthest(fits: Callable[[Decimal], bool], *, largest: bool) -> Decimal | None:
    """The largest (or smallest) share that fits; None where no share does. What fits at one share fits at every smaller (or larger) one."""
    low, high = (0, MILLIONTHS) if largest else (MILLIONTHS, 0)
    if not fits(Decimal(low) / MILLIONTHS):
        return None
    while abs(high - low) > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(Decimal(middle) / MILLIONTHS) else (low, middle)
    if fits(Decimal(high) / MILLIONTHS):
        low = high
    return Decimal(low) / MILLIONTHS


def shortest(share: Decimal, same: Callable[[Decimal], bool], *, down: bool) -> Decimal:
    """The share cut to as few decimals as leave it the same for all that matters, rounded down or up."""
    rounding = ROUND_FLOOR if down else ROUND_CEILING
    for decimals in range(7):
        cut = share.quantize(Decimal(1).scaleb(-decimals), rounding)
        if 0 <= cut <= 1 and same(cut):
            return cut.normalize() if cut else Decimal(0)
    return share
