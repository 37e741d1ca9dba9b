"""Lines of the lists of a result."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class Listed(BaseModel, Generic[T]):
    """A piece of a list, and how long the whole list is."""

    items: list[T]
    next_cursor: str | None = Field(None, description="Cursor of the next piece; null at the end.")
    total: int = Field(description="Lines of the whole list, as far as they match.")


class AssignmentLine(BaseModel):
    """Who goes where, with the facts that are looked up most."""

    seeker_id: str
    tier: str
    partner_id: str | None
    center_id: str | None
    coach_id: str | None
    slot_id: str
    employer_id: str | None
    naics: str | None
    onet_soc: str | None
    representative_id: str | None
    start_date: str | None = Field(description="First day, as YYYY-MM-DD.")
    wage: float | None
    hours_per_week: float | None
    training_hours: int | None
    obligation: float | None = Field(description="Dollars that the assignment obligates; null where not known.")
    score: float | None
    reverse_referral: bool
    commitment: str | None


class UnplacedLine(BaseModel):
    """Who holds no slot, and why."""

    seeker_id: str
    tier: str
    partner_id: str | None
    center_id: str | None
    coach_id: str | None
    waited: int | None = Field(description="Days in the pool.")
    options: int = Field(description="Slots that would admit them.")
    reason: str
    reason_text: str
    detail: str


class SlotLine(BaseModel):
    """A job order with its openings."""

    slot_id: str
    openings: int
    taken: int
    left: int
    eligible: int = Field(description="People whom it would admit.")
    employer_id: str | None
    naics: str | None
    onet_soc: str | None
    center_id: str | None
    county_fips: str | None
    representative_id: str | None
    funding_stream: str | None
    origin: str | None
    posted_date: str | None
    fill_by: str | None
    start_date: str | None
    wage: float | None
    reverse_referral: bool


class SheetColumn(BaseModel):
    """A column of a sheet."""

    name: str
    title: str
    kind: str = Field(description="text, standing, whole, number, money, percent, day, flag or amount.")
    unit: str


class SheetPage(BaseModel):
    """A sheet of the workbook, a piece at a time."""

    name: str
    title: str
    about: str
    columns: list[SheetColumn]
    items: list[dict[str, Any]]
    next_cursor: str | None = None
    total: int
