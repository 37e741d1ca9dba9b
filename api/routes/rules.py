"""Which rules there are."""

from __future__ import annotations

from typing import Any

from allocator.reference import every_rule
from api.routing import Router

router = Router(tags=["rules"])


@router.operation("GET", "/v1/rules", "read")
def rules() -> list[dict[str, Any]]:
    """Every rule and goal with its law and parameters."""
    return [page.as_dict() for page in every_rule()]
