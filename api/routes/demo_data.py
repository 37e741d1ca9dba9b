"""Demo data: ready request bodies, so that whoever tries the service has something to send."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field

from api.demo import DEMOS, body_of
from api.problems import not_found
from api.routing import Router
from api.sent import NewDataset

router = Router(tags=["datasets"])


class DemoData(BaseModel):
    """A set of demo data."""

    id: str
    about: str
    links: dict[str, str] = Field(description="`body` is what to send to POST /v1/datasets.")


@router.operation("GET", "/v1/demo-data", "read")
def list_demo_data() -> list[DemoData]:
    """The demo data there are. Nobody in them is real."""
    return [DemoData(id=name, about=demo.about, links={"body": f"/v1/demo-data/{name}"}) for name, demo in DEMOS.items()]


@router.operation("GET", "/v1/demo-data/{demo_id}", "read", response_model=NewDataset)
def read_demo_data(demo_id: str) -> Response:
    """A body for POST /v1/datasets, to be sent as it is."""
    if demo_id not in DEMOS:
        raise not_found("set of demo data", demo_id)
    return Response(_body(demo_id), media_type="application/json")


@lru_cache(maxsize=8)
def _body(demo_id: str) -> bytes:
    found: dict[str, Any] = body_of(demo_id)
    return NewDataset(**found).model_dump_json(exclude_defaults=True).encode()
