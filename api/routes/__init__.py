"""The routes, one resource a file; each translates and calls."""

from __future__ import annotations

from fastapi import APIRouter


def every_router() -> list[APIRouter]:
    """The routers of all resources, and of logging in."""
    from api.pages import login
    from api.routes import api_keys, audit, evaluations, health, me, rules, runs

    return [each.router for each in (health, me, rules, evaluations, runs, api_keys, audit, login)]
