"""Who for this slot, which slot for this person, now?"""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.documents.judged import RecommendationDocument
from api.routes.explanations import FAILS, SLACK, asked
from api.routing import Me, Router, Use
from api.runs import planned, run_of

router = Router(tags=["recommendations"])
MOST_EXACT = 10
"""Candidates whose exact cost may be asked for at once."""
Name = Annotated[str, Field(min_length=1, max_length=200)]


class NewRecommendation(BaseModel):
    """What is to be recommended: slots for a seeker, or seekers for a slot."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"run_id": "run_0", "slot_id": "J1", "k": 3}, {"run_id": "run_0", "seeker_id": "S1", "exactly": True, "seconds": 5}]},
    )

    run_id: str = Field(max_length=64)
    seeker_id: Name | None = None
    slot_id: Name | None = None
    k: int = Field(5, ge=1, le=50, description="Candidates at most.")
    exactly: bool = Field(False, description=f"Also what each candidate costs exactly, by solving with the pair forced; {MOST_EXACT} candidates at most.")
    seconds: float = Field(10.0, gt=0, le=60, allow_inf_nan=False, description="Time for all exact answers together; an interval where it runs out.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.seeker_id is None) == (self.slot_id is None):
            raise ValueError("Give seeker_id or slot_id, one of the two")
        if self.exactly and self.k > MOST_EXACT:
            raise ValueError(f"Exact costs are found for {MOST_EXACT} candidates at most")
        return self


@router.operation("POST", "/v1/recommendations", "compute", fails=(404, *FAILS), response_model=RecommendationDocument)
def recommend(new: NewRecommendation, me: Me, service: Use) -> Response:
    """The best slots for a seeker, or the best seekers for a slot, and what each would mean for everybody else. Nothing is kept.

    The first question about a run finds out what serves all later ones, and may take half a minute on a large one; the others take a moment.
    """
    run = planned(run_of(service, me.board, new.run_id))
    arguments = new.model_dump(exclude={"run_id"})
    return Response(asked(service, run, "recommend", seconds=new.seconds + SLACK, arguments=arguments), media_type="application/json")
