"""What can be said of a scenario before it is solved, as the API tells it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class InForceDocument(BaseModel):
    """A rule or goal as it stands."""

    section: Literal["eligibility", "constraints", "goals"]
    kind: str
    label: str
    name: str = Field(description="As paths of changes have it: `kind`, or `kind[label]`.")
    by: Literal["policy", "default", "law"] = Field(description="The policy says so, nobody has said anything else, or it always holds.")
    enabled: bool
    entry: dict[str, Any] = Field(description="Its parameters; `/v1/rules` says what they mean.")


class PromiseOutlook(BaseModel):
    """A reservation in seats and people."""

    label: str
    who: str
    where: str
    mode: str
    denominator: str
    rounding: str
    seats: int = Field(description="Openings of the promise's scope that it still covers.")
    promised: int | None = Field(description="Null where the promise moves with the plan.")
    people: int = Field(description="Beneficiaries in the pool, or with a seat already.")


class NoticeDocument(BaseModel):
    """Something that cannot be kept in full, found by counting."""

    code: Literal["few_people", "promised_twice"]
    labels: list[str]
    message: str


class OutlookTold(BaseModel):
    """Facts and wishes before they are solved. What is not said may still be impossible: who may take which seat is not looked at."""

    people: int = Field(description="People in the pool.")
    openings: int
    reference: int | None = Field(description="People in the reference; null where the data brings none.")
    needs_reference: bool = Field(description="Whether a rule compares with an earlier plan that the data does not bring, so that a run must name one.")
    rules: list[InForceDocument]
    promises: list[PromiseOutlook]
    notices: list[NoticeDocument]
    pins: list[dict[str, Any]] = Field(description="What people have decided about pairs: the first of them, as records of the table pins.")


class OutlookDocument(OutlookTold):
    """A scenario before it is solved."""

    scenario_id: str
    version: int


class NamedDocument(BaseModel):
    """A name that rules can use."""

    code: str
    name: str = Field(description="What the tables call it; empty where they do not say.")
    count: int = Field(description="People in the pool, or openings, that it is about.")
