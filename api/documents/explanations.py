"""What explanations say."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

Verdict = Literal["placed", "ineligible", "outbid", "blocked", "tie", "kept"]


class FixDocument(BaseModel):
    """The smallest thing that would help, verified before it is named; said to a seeker it is no more than a sentence."""

    code: str
    sentence: str
    changes: list[dict[str, Any]] | None = Field(None, description="What to change in facts or policy, as scenarios have it.")
    rows: dict[str, dict[str, Any]] | None = Field(None, description="By how much which rows of the program give way.")


class Explained(BaseModel):
    """What all explanations say."""

    verdict: Verdict
    code: str
    sentence: str
    fix: FixDocument | None
    numbers: dict[str, Any] = Field(description="What the sentence was made from; to a seeker, only what is their own.")


class Timed(BaseModel):
    """How long the answer took, and could have taken. What is not settled by then is said to be so."""

    time_limit: float = Field(description="Seconds that the question may solve.")
    seconds: float


class Spoken(BaseModel):
    """What may be said to the person concerned."""

    sentence: str
    fix: str | None


class SeekerExplanation(Explained, Timed):
    """Why this person is where they are."""

    seeker_id: str
    spoken: dict[str, Spoken] | None = Field(None, description="What may be said to the person, by language, where it was asked for.")


class PairExplanation(Explained, Timed):
    """Why this person does not hold this slot."""

    seeker_id: str
    slot_id: str


class SlotExplanation(Explained, Timed):
    """Why this slot is full, or has openings left."""

    slot_id: str


class RuleLine(Explained):
    """What a line of a rule asks and reaches, and what one more or one less would change."""

    rule: str


class RuleExplanation(Timed):
    """A rule, line by line."""

    items: list[RuleLine]


class Readiness(BaseModel):
    """Whether the first question about a run will be answered at once."""

    state: Literal["open", "opening", "later"] = Field(
        description="`open` where it will, `opening` where that is being worked on, `later` where nobody is free to: the first question then takes longer."
    )


class InversionExample(BaseModel):
    """Somebody who waits, a slot they could take, and who holds it."""

    seeker_id: str
    slot_id: str
    held_by: str


class InversionGroup(BaseModel):
    """Cases that are alike."""

    waiting_tier: str
    holding_tier: str
    cause: str
    rule: str
    rows: list[str]
    cases: int
    people: int
    slots: int
    examples: list[InversionExample]
    sentence: str


class Inversions(BaseModel):
    """Every case in which somebody of a lower tier holds a slot that somebody of a higher tier without one could take, with its cause."""

    cases: int
    groups: list[InversionGroup]
