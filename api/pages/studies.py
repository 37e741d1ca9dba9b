"""Studies that were kept: what can be done to them on the pages that list them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from api.pages.ask import Ask
from api.pages.frame import Pages

pages = Pages()
LISTED = {"comparison": "/compare", "tradeoff": "/tradeoffs"}


@pages.action("/studies/{study_id}/delete", "scenarios")
async def delete(api: Ask, study_id: Annotated[str, Path(max_length=64, pattern=r"^\w+$")]) -> str:
    """Keep a study no longer; back to where it was listed."""
    study = await api.get("/v1/studies/{study_id}", study_id=study_id)
    await api.ask("DELETE", "/v1/studies/{study_id}", study_id=study_id)
    return LISTED[study["kind"]]
