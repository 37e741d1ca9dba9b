"""What is said of runs side by side, of groups, and of those who moved."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from allocator.comparing.inputs import Difference, TableCount
from allocator.equity import EquityLine
from api.documents.judged import ViolationLine
from api.documents.result import Amount

Verdict = Literal["better", "worse", "same", "unknown"]


class SideLine(BaseModel):
    """One of the runs."""

    name: str = Field(description="The run's id.")
    about: str = Field(description="The run's scenario by name and version, and the run's note.")
    scenario: str
    as_of: str
    status: str
    has_plan: bool
    placed: int
    pool: int
    broken: list[ViolationLine]


class Decided(BaseModel):
    """The first goal in which two runs differ."""

    goal: str
    verdict: Verdict


class UnprovedLine(BaseModel):
    """The first goal in which a run is not proved best."""

    side: str = Field(description="The run's id.")
    goal: str
    gap: float | None = Field(description="Distance of value and bound, relative to the bound; null where no bound is known.")


class InputsDiffer(BaseModel):
    """What went in and is not the same."""

    same: bool
    tables: list[TableCount]
    facts: list[Difference]
    policy: list[Difference]
    settings: list[Difference]


class GoalBeside(BaseModel):
    """A goal on both sides; null on a side that does not have it or does not know it."""

    kind: str
    label: str
    unit: str
    base: Amount | None
    other: Amount | None
    difference: Amount | None
    verdict: Verdict


class RuleSide(BaseModel):
    """A line of a rule on one side."""

    achieved: int
    at_least: int | None
    at_most: int | None
    hard: bool
    missed_by: int | None


class RuleBeside(BaseModel):
    """A line of a rule on both sides."""

    kind: str
    label: str
    key: str
    unit: str
    base: RuleSide | None
    other: RuleSide | None
    difference: int | None
    verdict: Verdict


class GroupSide(BaseModel):
    """People of a group on one side."""

    pool: int
    placed: int
    rate: float | None


class GroupBeside(BaseModel):
    """A group on both sides."""

    dimension: str
    group: str
    base: GroupSide
    other: GroupSide
    difference: float | None


class StaffSide(BaseModel):
    """A staff member's load on one side."""

    people: int | None
    points: int | None
    room: int | None


class StaffBeside(BaseModel):
    """A staff member on both sides."""

    staff_id: str
    role: str
    rule: str
    base: StaffSide
    other: StaffSide


class ComparedRun(BaseModel):
    """A run seen from the base."""

    other: SideLine
    sentence: str = Field(description="What it comes to, and what of that is not proved.")
    decided_by: Decided | None = Field(description="The first goal in which the two differ; null where they are equally good, or cannot be compared.")
    unproved: list[UnprovedLine] = Field(
        description="Where a run is not proved best up to the goal that decides: what differs may then come from the search, not from what was changed."
    )
    inputs: InputsDiffer
    goals: list[GoalBeside]
    rules: list[RuleBeside]
    flow: dict[str, int] = Field(description="People newly_placed, lost, moved, same, arrived, left; empty where one of the two has no plan.")
    people: list[dict[str, Any]] = Field(
        description="Everybody who is asked for, with `seeker_id`, `change`, `from`, `to`, `score_from`, `score_to`, `score_change`, `tier`."
    )
    people_total: int = Field(description="How many people are asked for; more than `people` has where `limit` cuts it.")
    matrix: list[dict[str, Any]] = Field(description="People from each slot to each: `from`, `to`, `people`.")
    groups: list[GroupBeside]
    staff: list[StaffBeside]


class ComparisonDocument(BaseModel):
    """Runs against one of them."""

    base: SideLine
    comparisons: list[ComparedRun]
    next_cursor: str | None = Field(description="Cursor of the next piece of every run's `people`; null at the end, or where nothing was cut.")


class EquityDocument(BaseModel):
    """Selection rates by group; small numbers, and what would give them away, are hidden."""

    plans: list[str]
    test: str
    source: str
    least_shown: int
    significant: float
    lines: list[EquityLine]
    verdicts: dict[str, str] = Field(description="What each verdict says.")


class MovedLine(BaseModel):
    """Somebody who does not hold what they held in the reference."""

    seeker_id: str
    from_: str = Field(alias="from")
    to: str | None
    cause: str
    sentence: str
    proved: bool
    numbers: dict[str, Any]


class CurveDocument(BaseModel):
    """What it would cost to move fewer people."""

    counted: int
    unavoidable: int
    points: list[dict[str, Any]] = Field(description="`at_most` people move (null: no limit), `status`, `moved`, and the goals with their difference.")


class StabilityDocument(BaseModel):
    """What became of everybody in the run's reference."""

    counts: dict[str, int] = Field(description="People who hold the same, moved, lost their slot, and whom no limit counts.")
    causes: dict[str, int]
    people: list[MovedLine] = Field(description="Those who do not hold the same.")
    curve: CurveDocument | None
