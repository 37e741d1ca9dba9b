"""What is said of a plan that somebody made, and of who else could have a slot."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from allocator.candidate import Cost, Exact, Move
from allocator.evaluate import GoalValue, OpenSlot, Refused, Use, Waiting
from allocator.promises import ReservationLine
from api.documents.result import Amount, StandingLine


class ViolationLine(BaseModel):
    """One way in which a plan breaks a rule."""

    kind: str
    label: str
    key: str
    message: str
    excess: int
    unit: str


class Pair(BaseModel):
    """A person and a slot."""

    seeker_id: str
    slot_id: str


class DistanceLine(BaseModel):
    """One goal of a plan beside what the run reached and proved."""

    kind: str
    label: str
    unit: str
    value: Amount | None
    result: Amount | None
    bound: Amount | None
    behind: Amount | None = Field(description="How far the plan is behind the run; negative: ahead.")
    behind_bound: Amount | None = Field(description="How far it can be behind the best there is; null where the bound does not speak of it.")


class FirstGoal(BaseModel):
    """The goal in which two plans differ first."""

    kind: str
    label: str


class AgainstDocument(BaseModel):
    """A plan against the run's."""

    verdict: Literal["as good", "worse", "better", "not comparable"]
    first: FirstGoal | None
    proved: bool = Field(description="Whether the plan is proved to be that far from the best there is.")
    goals: list[DistanceLine]


class EvaluationDocument(BaseModel):
    """A plan, judged by the law and counted in every goal. Nothing is placed."""

    keeps_every_rule: bool
    assignments: int
    seekers: int
    openings: int
    goals: list[GoalValue]
    violations: list[ViolationLine]
    rules: list[StandingLine]
    reservations: list[ReservationLine]
    plan: list[dict[str, Any]] = Field(description="Each assignment with what it is worth: eligible, score, tier and the score's components.")
    refused: list[Refused] = Field(description="Assignments that may not stand, and are left out of the goals.")
    duplicates: list[Pair]
    uses: list[Use] = Field(description="What assignments take of staff time and money.")
    open_slots: list[OpenSlot]
    waiting: Waiting
    seed: int
    digests: dict[str, str]
    digest: str = Field(description="Digest of the facts.")
    against: AgainstDocument | None = Field(description="The distance to the run's plan, where the plan is judged under a run that has one.")


class CandidateLine(BaseModel):
    """A pair that the plan does not have, and what it would mean for everybody else."""

    rank: int
    seeker_id: str
    slot_id: str
    score: float
    tier: str
    components: dict[str, float | None]
    holds: str | None
    seat_open: bool
    in_the_way: list[str]
    least: Cost | None = Field(description="What every plan with this pair gives up at least, or something in an earlier goal; null where no price tells.")
    move: Move | None = Field(description="A few steps that bring it about and keep every rule.")
    why: str
    exact: Exact | None = Field(description="What a solve with the pair forced says.")
    proved: bool = Field(description="Whether no plan with this pair costs less than the move.")


class RecommendationDocument(BaseModel):
    """The best slots for a seeker, or the best seekers for a slot, by what it takes to bring them about."""

    seeker_id: str | None
    slot_id: str | None
    held: list[str]
    seats_open: int | None
    eligible: int
    settled: int
    refused: dict[str, int]
    left_out: int | None
    candidates: list[CandidateLine]
    seconds: float
