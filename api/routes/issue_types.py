"""Every kind of fault that an upload, a policy or a change can have."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.issue_types import ISSUE_TYPES
from api.problems import not_found
from api.routing import Router

router = Router(tags=["datasets"])


class IssueType(BaseModel):
    """A kind of fault."""

    code: str
    area: Literal["uploads", "files", "cells", "policy", "changes", "plans"] = Field(description="What such a fault is a fault of.")
    meaning: str
    mend: str = Field(description="What to do about it.")


@router.operation("GET", "/v1/issue-types", "read")
def list_issue_types() -> list[IssueType]:
    """Every kind of fault: what it means, and what to do about it."""
    return [IssueType(code=code, **of._asdict()) for code, of in ISSUE_TYPES.items()]


@router.operation("GET", "/v1/issue-types/{code}", "read")
def read_issue_type(code: str) -> IssueType:
    """A kind of fault."""
    if code not in ISSUE_TYPES:
        raise not_found("kind of fault", code)
    return IssueType(code=code, **ISSUE_TYPES[code]._asdict())
