"""What a promise did, and what other readings of it would have done, as the API tells it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from allocator.promises import ReservationLine


class ReadingGoal(BaseModel):
    """A goal under a reading."""

    kind: str
    label: str
    unit: str
    value: int | float | None
    bound: int | float | None
    gap: float | None


class ReadingDocument(BaseModel):
    """A reservation under a reading; null where there is no plan."""

    mode: str
    denominator: str
    status: Literal["optimal", "feasible", "infeasible", "no_solution"]
    promised: int | None
    filled: int | None
    short: int | None
    empty: int | None = Field(description="Openings in the promise's scope that stay empty.")
    placed: int | None
    goals: list[ReadingGoal]
    gained: list[str] | None = Field(description="People who would hold a slot then and hold none now.")
    lost: list[str] | None
    note: str
    sentence: str


class SeatPriceDocument(BaseModel):
    """By how much a goal changes with one seat more, and one less, promised."""

    goal: str
    label: str
    unit: str
    more: float | None
    less: float | None
    exact: bool


class Semantics(BaseModel):
    """A reservation as it is read now, switched off, and under every other reading that can be."""

    label: str
    lines: list[ReservationLine]
    prices: list[SeatPriceDocument]
    present: ReadingDocument
    off: ReadingDocument
    others: list[ReadingDocument]
    left_out: list[str] = Field(description="Readings that cannot be, with the reason.")
