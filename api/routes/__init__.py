"""The routes, one resource a file; each translates and calls."""

from __future__ import annotations

from fastapi import APIRouter


def every_router() -> list[APIRouter]:
    """The routers of all resources."""
    from api.routes import evaluations, health, rules, runs, webhooks

    return [each.router for each in (health, rules, evaluations, runs, webhooks)]
