"""`result.json` and its parts, as the library writes them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from allocator.promises import ReservationLine
from allocator.repair import Bend, Conflict
from api.problems import FaultDocument

Amount = int | float
OutcomeStatus = Literal["optimal", "feasible", "infeasible", "no_solution"]


class GoalLine(BaseModel):
    """What was reached in one goal, in the policy's units."""

    kind: str
    label: str
    unit: str
    value: Amount | None
    bound: Amount | None = Field(description="What no plan exceeds, or falls below where less is better; proved.")
    gap: float | None = Field(description="Distance of value and bound, relative to the bound; 0 where it is proved best.")


class StandingLine(BaseModel):
    """Where one promise or limit stands."""

    kind: str
    label: str
    key: str
    achieved: int
    unit: str
    hard: bool
    required: int | None = Field(description="The side that the plan comes closest to.")
    slack: int | None = Field(description="Room left to it; negative where it is missed.")
    at_least: int | None
    at_most: int | None


class MomentLine(BaseModel):
    """What was known of a goal at a time."""

    seconds: float
    goal: str
    value: Amount | None
    bound: Amount | None


class RestrictionDocument(BaseModel):
    """What the proofs do not speak of."""

    pairs_per_seeker: int
    left_out: int


class ChangeSetDocument(BaseModel):
    """Changes to facts and policy, as scenarios have them."""

    name: str
    note: str
    changes: list[dict[str, Any]] = Field(description="Each `op` (set, add, remove), `path`, and mostly a `value`.")


class ResultDocument(BaseModel):
    """The answer of a run, as `result.json` has it; the assignments are in a list of their own."""

    schema_: int = Field(alias="schema", description="Version of this document; raised when a key changes its meaning or goes.")
    scenario: str
    status: OutcomeStatus
    stop_reason: str
    engine: str
    engine_reason: str
    verified: bool = Field(description="Whether the plan was checked against every rule by the independent checker.")
    placed: int
    reverse_referrals: int
    seekers: int
    openings: int
    pairs: int
    pairs_considered: int
    restriction: RestrictionDocument | None
    refusals: dict[str, int] = Field(description="Pairs that each eligibility rule refused.")
    goals: list[GoalLine]
    rules: list[StandingLine]
    reservations: list[ReservationLine]
    bends: list[Bend]
    bends_proved: bool
    conflicts: list[Conflict]
    changes: ChangeSetDocument = Field(description="The repair, where nothing fits.")
    repaired: list[Bend]
    warnings: list[FaultDocument]
    policy: dict[str, Any] = Field(description="The policy as solved, defaults written out.")
    seed: int
    as_of: str
    digests: dict[str, str]
    inputs: dict[str, str | None]
    versions: dict[str, str]
    timings: dict[str, float] = Field(description="Seconds by phase.")
    trace: list[MomentLine]


class Kpis(BaseModel):
    """A run in a few numbers."""

    run_id: str
    status: OutcomeStatus
    verified: bool
    as_of: str
    seekers: int
    openings: int
    placed: int = Field(description="People who hold a slot, as the headline counts them: reverse referrals are among them.")
    placements: int = Field(description="`placed` without `reverse_referrals`.")
    reverse_referrals: int = Field(description="Of those placed, people whom the employer of their slot had named.")
    openings_filled: float | None = Field(description="Share of the openings that are taken; null where there are none.")
    without_slot: dict[str, int] = Field(description="People without a slot by reason.")
    promises: int = Field(description="Reservations, rung by rung.")
    promises_kept: int = Field(description="Of these promises, those that lack nobody.")
    people_short: int = Field(
        description="People whom the promises lack, added up; 0 exactly where all are kept. The goal `shortfall` is another figure: it counts best-effort "
        "promises only, each by its weight, and only what their eligible people could fill."
    )
    rules_missed: int = Field(
        description="Lines of `rules` that may bend and are missed: promises that are missed among them, and limits too. Seats that are set aside and stay "
        "empty are short of people and no missed line, since the rule only keeps others out."
    )
    goals: list[GoalLine]
    goals_proved: int = Field(description="Goals with a gap of 0.")
    seconds: float = Field(description="Seconds of solving.")


class Standings(BaseModel):
    """Where every promise and limit stands."""

    items: list[StandingLine]


class Reservations(BaseModel):
    """What became of every reservation, rung by rung."""

    items: list[ReservationLine]


class Trace(BaseModel):
    """How value and bound of each goal closed in on each other."""

    items: list[MomentLine]
    goals: list[GoalLine]


class Infeasibility(BaseModel):
    """Why nothing fits, and the cheapest way out."""

    run_id: str
    proved: bool = Field(description="Whether no cheaper set of bends exists.")
    repairable: bool = Field(description="Whether the changes below make it fit.")
    price: float = Field(description="What all bends cost together, in seats.")
    people_affected: int = Field(description="People with an eligible pair that the promises that bend are about, promise by promise added up.")
    conflicts: list[Conflict] = Field(description="Rules that cannot hold together, each with the certificate that says why.")
    bends: list[Bend] = Field(description="What has to give way, and how far.")
    changes: ChangeSetDocument = Field(description="The repair as a change set.")
