"""Who am I, to the service?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.access.roles import ROLES, Role, Scope
from api.routing import Me, Router

router = Router(tags=["api-keys"])


class MeDocument(BaseModel):
    """Who asks, and what they may."""

    id: str = Field(description="How the audit trail names the asker: a key, or a person who came through the issuer.")
    name: str
    board: str
    role: Role
    scopes: list[Scope] = Field(description="What the role may, as operations name it in `x-scope`.")
    by: Literal["key", "session"] = Field(description="Whether the key was sent itself, or a login to the pages speaks.")
    expires_at: datetime | None


@router.operation("GET", "/v1/me", "read")
def read_me(me: Me) -> MeDocument:
    """Who asks, with which role, for which board."""
    return MeDocument(
        id=me.id, name=me.name, board=me.board, role=me.role, scopes=sorted(ROLES[me.role]), by="session" if me.session else "key", expires_at=me.expires_at
    )
