"""Gates: what must hold before a plan is published. Each looks at figures alone, and tells its verdict in a sentence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from api.night.schedule import Gates

Figures = dict[str, Any]


@dataclass(frozen=True)
class Tonight:
    """What gates look at: figures of tonight's plan, and of the last publication where there is one."""

    now: datetime
    outcome: str
    violations: int
    placed: int
    gap: float | None
    counts: Mapping[str, int]
    short: Mapping[str, int] = field(default_factory=dict)
    """Seats that each reservation is short of what it promised."""
    moved: int | None = None
    newest: datetime | None = None
    last: Last | None = None


@dataclass(frozen=True)
class Last:
    """The same of the last publication."""

    placed: int
    counts: Mapping[str, int]
    short: Mapping[str, int]


@dataclass(frozen=True)
class Verdict:
    """What a gate says."""

    gate: str
    passed: bool
    sentence: str
    figures: Figures


class Gate(ABC):
    """One gate: a name, and what it says of tonight."""

    name: ClassVar[str]
    about: ClassVar[str]

    @abstractmethod
    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        """Whether it lets tonight's plan pass, the sentence that says why, and the figures it is about."""

    def verdict(self, tonight: Tonight) -> Verdict:
        """What it says of tonight."""
        return Verdict(self.name, *self.judge(tonight))


class NoViolation(Gate):
    """Always asked; nobody can publish a plan past it."""

    name, about = "no_violation", "The plan breaks no hard rule, by the independent checker."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        broken = tonight.violations
        said = "The plan keeps every hard rule." if not broken else f"The plan breaks hard rules in {_times(broken)}."
        return not broken, said, {"violations": broken}


@dataclass(frozen=True)
class Proof(Gate):
    """How good the plan is proved to be."""

    gap: float
    name, about = "proof", "Every goal is proved, or within the gap of its bound."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        figures = {"outcome": tonight.outcome, "gap": tonight.gap, "allowed": self.gap}
        if tonight.outcome == "optimal":
            return True, "The plan is proved best.", figures
        if tonight.gap is None:
            return False, f"How far the plan is from the best is not known; at most {self.gap:.2%} is allowed.", figures
        return tonight.gap <= self.gap, f"The plan is within {tonight.gap:.2%} of the best; {self.gap:.2%} is allowed.", figures


@dataclass(frozen=True)
class Placed(Gate):
    """Fewer people placed than yesterday is a reason to look."""

    share: float
    name, about = "placed", "At least a share of the people placed by the last publication is placed."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        if tonight.last is None:
            return True, f"{_people(tonight.placed)} placed; there is no publication before to compare with.", {"placed": tonight.placed}
        before = tonight.last.placed
        figures = {"placed": tonight.placed, "before": before, "share": self.share}
        return (
            tonight.placed >= self.share * before,
            f"{_people(tonight.placed)} placed, {before:,} last time; at least {self.share:.0%} of that is asked for.",
            figures,
        )


@dataclass(frozen=True)
class Fresh(Gate):
    """A plan of old facts is worth less than none."""

    hours: float
    name, about = "fresh", "The newest record or file of the source is not older than so many hours."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        if tonight.newest is None:
            return False, "How old the facts are is not known; let the source tell when its newest record was written.", {"hours": self.hours}
        age = max(timedelta(0), tonight.now - tonight.newest).total_seconds() / 3600
        figures = {"age_hours": round(age, 2), "hours": self.hours}
        return age <= self.hours, f"The newest facts are {age:.1f} hours old; at most {self.hours:g} are allowed.", figures


@dataclass(frozen=True)
class Moved(Gate):
    """People who were told of a slot are not to lose it in numbers."""

    most: int
    name, about = "moved", "At most so many people of the last publication hold another slot, or none, now."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        figures = {"moved": tonight.moved, "most": self.most}
        if tonight.moved is None:
            return True, "Nobody was published before who could have moved.", figures
        return tonight.moved <= self.most, f"{_people(tonight.moved)} of the last publication moved; at most {self.most:,} may.", figures


@dataclass(frozen=True)
class Counts(Gate):
    """Half the records gone is a broken export, not a quiet night."""

    within: float
    name, about = "counts", "The records of each table are as many as last time, within a share."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        if tonight.last is None:
            return True, "There is no publication before whose records could be compared.", {"counts": dict(tonight.counts)}
        before = {table: count for table, count in tonight.last.counts.items() if table in LOOKED_AT}
        now = {table: tonight.counts.get(table, 0) for table in before}
        far = [table for table in before if abs(now[table] - before[table]) > self.within * max(before[table], 1)]
        figures = {"counts": now, "before": before, "within": self.within}
        if not far:
            return True, f"Every table has about as many records as last time, within {self.within:.0%}.", figures
        told = ", ".join(f"{table} has {now[table]:,} records, {before[table]:,} last time" for table in far)
        return False, f"{_first(told)}; {self.within:.0%} is allowed.", figures


@dataclass(frozen=True)
class Tables(Gate):
    """A table that is empty tonight was not written."""

    tables: tuple[str, ...]
    name, about = "tables", "The tables that must have records have some."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        empty = [table for table in self.tables if not tonight.counts.get(table, 0)]
        figures = {"tables": list(self.tables), "empty": empty}
        return not empty, f"No records in {', '.join(empty)}." if empty else "Every table that must have records has some.", figures


class Promises(Gate):
    """A promise that was kept yesterday is not dropped in the dark."""

    name, about = "promises", "No reservation is shorter of what it promised than last time."

    def judge(self, tonight: Tonight) -> tuple[bool, str, Figures]:
        if tonight.last is None:
            return True, "There is no publication before whose promises could be compared.", {"short": dict(tonight.short)}
        before = tonight.last.short
        worse = {label: seats for label, seats in tonight.short.items() if label in before and seats > before[label]}
        figures = {"short": dict(tonight.short), "before": dict(before)}
        if not worse:
            return True, "No promise is shorter than last time.", figures
        told = ", ".join(f"{label!r} is {seats:,} short, {before[label]:,} last time" for label, seats in worse.items())
        return False, f"{_first(told)}.", figures


LOOKED_AT = ("seekers", "slots", "employers", "partners", "centers", "staff", "pairs")
"""Tables that the board keeps from day to day; commitments, pins and references come and go."""


def gates(wanted: Gates) -> Iterator[Gate]:
    """The gates that a schedule asks for, in the order in which they are told."""
    yield NoViolation()
    yield from (Proof(wanted.gap),) if wanted.gap is not None else ()
    yield from (Placed(wanted.placed),) if wanted.placed is not None else ()
    yield from (Fresh(wanted.fresh_hours),) if wanted.fresh_hours is not None else ()
    yield from (Moved(wanted.moved),) if wanted.moved is not None else ()
    yield from (Counts(wanted.counts),) if wanted.counts is not None else ()
    yield from (Tables(tuple(wanted.tables)),) if wanted.tables else ()
    yield from (Promises(),) if wanted.promises else ()


def judged(wanted: Gates, tonight: Tonight) -> list[dict[str, Any]]:
    """Every verdict as plain data."""
    return [asdict(gate.verdict(tonight)) for gate in gates(wanted)]


def failed(verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdicts of the gates that do not let the plan pass."""
    return [verdict for verdict in verdicts if not verdict["passed"]]


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _times(count: int) -> str:
    return "one place" if count == 1 else f"{count:,} places"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]
