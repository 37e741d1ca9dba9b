"""How the service is doing, for Prometheus."""

from __future__ import annotations

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from api.routing import Router

router = Router(tags=["health"])
TEXT = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The metrics in Prometheus's text format."}}


@router.operation("GET", "/metrics", "metrics", fails=(503,), response_class=Response, responses=TEXT)
def metrics(request: Request) -> Response:
    """Runs, waits, gaps, nights, deliveries and the canary, counted in the store; durations of requests, counted in this process."""
    return Response(request.app.state.meters.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
